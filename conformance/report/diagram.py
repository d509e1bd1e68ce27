"""A conversation as a picture: user, client and service as lines, time going down; waits are to scale, events of a stream are ticks."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from html import escape
from typing import Literal

from conformance.report.lines import clock, ended, short, start_ms
from conformance.report.masking import masked
from conformance.trace import Exchange, Trace

#: Where the lines stand, and how wide the picture is, in its own units.
TIME_X, USER_X, CLIENT_X, SERVICE_X, WIDTH = 54, 70, 330, 620, 700
ROW, TOP, PER_S = 19.0, 34.0, 1.0
#: No wait is drawn longer than this; the break says how long it was.
LONGEST = 260.0

Kind = Literal["user", "say", "request", "answer", "event", "end", "foreign", "outcome"]


@dataclass(frozen=True, slots=True)
class Mark:
    """Something at an instant. `line` of the trace; `exchange` it belongs to."""

    at_ms: int
    line: int
    kind: Kind
    words: str
    exchange: Exchange | None = None


def picture(trace: Trace, wrong: Collection[int] = (), right: Collection[int] = ()) -> str:
    """SVG. `wrong` are lines of the trace that prove a breach, `right` those that prove that a rule was kept."""
    marks = sorted(_marks(trace), key=lambda mark: (mark.at_ms, mark.line))
    places = dict(_places(marks))
    bottom = max(places.values(), default=TOP) + 24
    begun = start_ms(trace)
    parts = [
        f'<svg class="seq" viewBox="0 0 {WIDTH} {bottom:.0f}" role="img" aria-label="{escape(f"Sequence of {trace.name}")}">',
        *(_lifeline(x, name, bottom) for x, name in ((USER_X, "user"), (CLIENT_X, "client"), (SERVICE_X, "service"))),
        *_waits(marks, places),
        *_streams(trace, places),
        *(_drawn(mark, places[number], begun, wrong, right) for number, mark in enumerate(marks)),
        "</svg>",
    ]
    return "".join(parts)


def _marks(trace: Trace) -> Iterator[Mark]:
    for number, entry in enumerate(trace.entries, 1):
        at_ms = entry["at_ms"]
        match entry["kind"]:
            case "user":
                files = "".join(f" [{name}]" for name in entry.get("files", ()))
                yield Mark(at_ms, number, "user", short(entry["text"], 40 - min(len(files), 20)) + files)
            case "say":
                yield Mark(at_ms, number, "say", short(entry["text"], 38))
            case "foreign":
                yield Mark(at_ms, number, "foreign", f"{entry['method']} {short(entry['host'], 40)}")
            case "outcome" if entry.get("how") != "finished":
                yield Mark(at_ms, number, "outcome", ended(entry))
    for one in trace.exchanges:
        yield Mark(one.at_ms, one.line, "request", f"{one.method} {short(_path(one), 36)}", one)
        if one.stream:
            yield from (Mark(event.at_ms, event.line, "event", "", one) for event in one.events)
            if one.ended_ms is not None:
                how = one.cut or one.ended_by
                yield Mark(one.ended_ms, one.ended_line, "end", "closes" if how == "server" else how, one)
        elif one.answered_ms is not None:
            code = f" · {one.code}" if one.code not in (0, one.status) else ""
            yield Mark(one.answered_ms, one.answer_line, "answer", f"{one.status}{code}", one)
        elif one.ended_ms is not None:
            yield Mark(one.ended_ms, one.ended_line, "end", one.cut or one.ended_by, one)


def _path(one: Exchange) -> str:
    path = one.path.removeprefix("/api")
    for session in [part for part in path.split("/") if len(part) > 14 and part.isdigit()]:
        path = path.replace(session, "<sid>")
    return path


def _places(marks: list[Mark]) -> Iterator[tuple[int, float]]:
    """How far down each mark stands: at least a row below the one before, longer waits to scale; ticks take no row."""
    y, before = TOP, marks[0].at_ms if marks else 0
    for number, mark in enumerate(marks):
        least = 3.0 if mark.kind == "event" else ROW
        y += min(LONGEST, max(least, (mark.at_ms - before) / 1000 * PER_S))
        before = mark.at_ms
        yield number, y


def _lifeline(x: int, name: str, bottom: float) -> str:
    return f'<line class="life" x1="{x}" x2="{x}" y1="24" y2="{bottom:.0f}"/><text class="who" x="{x}" y="16">{name}</text>'


def _waits(marks: list[Mark], places: dict[int, float]) -> Iterator[str]:
    """The time in which nothing happens, in words, where there is room for it."""
    for number in range(1, len(marks)):
        gap_s = (marks[number].at_ms - marks[number - 1].at_ms) / 1000
        y1, y2 = places[number - 1], places[number]
        if gap_s * PER_S > 1.4 * ROW:
            cut = ' class="wait cut"' if gap_s * PER_S > LONGEST else ' class="wait"'
            yield f'<rect{cut} x="{CLIENT_X - 2}" y="{y1 + 5:.1f}" width="4" height="{y2 - y1 - 10:.1f}"/>'
            left = marks[number].kind not in ("user", "say")  # where the next words are not
            place = f'class="gap left" x="{CLIENT_X - 8}"' if left else f'class="gap" x="{CLIENT_X + 8}"'
            yield f'<text {place} y="{(y1 + y2) / 2 + 3:.1f}">{_span(gap_s)}</text>'


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s"
    return (
        f"{seconds / 60:.1f} min"
        if seconds < 7200
        else f"{seconds / 86400:.1f} days"
        if seconds > 172_800
        else f"{seconds / 3600:.1f} h"
    )


def _streams(trace: Trace, places: dict[int, float]) -> Iterator[str]:
    """A bar for each stream as long as it was open."""
    marks = sorted(_marks(trace), key=lambda mark: (mark.at_ms, mark.line))
    for one in (one for one in trace.exchanges if one.stream):
        own = [places[number] for number, mark in enumerate(marks) if mark.exchange is one]
        yield f'<rect class="stream" x="{SERVICE_X - 4}" y="{min(own):.1f}" width="8" height="{max(own) - min(own):.1f}"/>'


def _drawn(mark: Mark, y: float, begun: int, wrong: Collection[int], right: Collection[int]) -> str:
    proof = " wrong" if mark.line in wrong else " right" if mark.line in right else ""
    words = escape(masked(mark.words))
    if mark.kind == "event":
        kinds = {
            meaning.kind
            for event in (mark.exchange.events if mark.exchange else ())
            if event.line == mark.line
            for meaning in event.meanings
        }
        name = next((kind for kind in ("error", "text", "tool", "heartbeat") if kind in kinds), "heartbeat")
        return f'<line class="tick {name}{proof}" x1="{SERVICE_X - 14}" x2="{SERVICE_X - 4}" y1="{y:.1f}" y2="{y:.1f}"><title>{name}</title></line>'
    time = f'<text class="time" x="{TIME_X}" y="{y + 3:.1f}">{clock(mark.at_ms - begun)}</text>'
    if mark.kind == "outcome":
        return f'<g class="mark{proof or " wrong"}">{time}<text class="lost" x="{CLIENT_X}" y="{y + 3:.1f}">{words}</text></g>'
    start, end = {
        "user": (USER_X, CLIENT_X),
        "say": (CLIENT_X, USER_X),
        "request": (CLIENT_X, SERVICE_X),
        "answer": (SERVICE_X, CLIENT_X),
        "end": (SERVICE_X, CLIENT_X),
        "foreign": (CLIENT_X, WIDTH - 8),
    }[mark.kind]
    lost = mark.kind == "end" and mark.words not in ("closes", "client")
    tip = 5 if end > start else -5
    arrow = f'<path d="M{start} {y:.1f}H{end - tip / 5:.1f}M{end - tip} {y - 3:.1f}L{end} {y:.1f}L{end - tip} {y + 3:.1f}"/>'
    middle = (start + end) / 2
    extra = " lost" if lost else ""
    return f'<g class="mark {mark.kind}{extra}{proof}"><title>line {mark.line}</title>{time}{arrow}<text x="{middle:.0f}" y="{y - 4:.1f}">{words}</text></g>'
