"""What the state says, and how the user hears of it. A draft is read as far as the documents explain it (`timeline.py`)."""

import re
from collections.abc import Iterator

from conformance.catalogue import Cost, Evidence, broken, met, rule
from conformance.rules import timeline
from conformance.rules.timeline import Segment
from conformance.rules.wishes import messages
from conformance.rules.words import ADMITS_FAILURE, says
from conformance.trace import Exchange, Message, Trace

#: The user hears that there is nothing.
EMPTY = re.compile(
    r"\bnothing (?:to|on|in|here|there|yet)\b|\b(?:is|are|still|currently|looks?) (?:still |currently |completely )?empty\b|\bempty (?:timeline|project|draft)\b|"
    r"\bno (?:tracks?|timeline|draft|project|content|edits?|video) (?:yet|to|on|in|so|found|available|exists?)\b|\bno tracks?\b|"
    r"(?:时间[线轴]|轨道|项目|草稿).{0,4}(?:是|为|还是)?空|没有(?:任何|可以?)?(?:导出|轨道|内容|草稿|时间[线轴])|还没有(?:可|任何|轨道|内容)",
    re.IGNORECASE,
)


def _told(message: Message) -> Exchange | None:
    """The last good answer about the state, if it has tracks with segments."""
    answers = [one for one in message.of("get_state") if one.ok]
    return answers[-1] if answers and timeline.segments(answers[-1].draft) else None


def _named(draft: dict[str, object], shown: str) -> list[Segment]:
    """Segments whose name or text the user could read."""
    text = timeline.plain(shown)
    return [
        one for one in timeline.flat(draft) if any(word and timeline.plain(word)[:24] in text for word in (one.text, one.name))
    ]


@rule(
    85,
    "the-draft-is-in-the-state",
    "The draft is read where it is, at data.state.draft: what lies there is neither overlooked nor told to be missing.",
    level="MUST",
    basis="vendor",
    sources="vendor 4.5.1, vendor 1.9",
    seen="wire shown",
)
def draft_found(trace: Trace) -> Iterator[Evidence]:
    """A render of something else than the draft is for rule 98."""
    for message in messages(trace, "status", "export"):
        if (state := _told(message)) is None:
            continue
        empty = next((say for say in message.says if says(say.text, EMPTY)), None)
        sent = [one for one in message.of("submit_render") if isinstance(one.body, dict) and one.body.get("draft") == state.draft]
        if sent:
            yield met("the draft of the state was rendered", state, sent[0])
        elif _named(state.draft, message.shown):
            yield met("the draft of the state was told", state, *message.says[-1:])
        elif empty and not message.of("submit_render"):
            yield broken("the state has tracks, and the user heard that there are none", state, empty)


@rule(
    86,
    "tracks-are-listed",
    "Tracks are listed with number, type, name, start and end in seconds, volume in percent, and titles in quotation marks.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3",
    seen="shown",
)
def listed(trace: Trace) -> Iterator[Evidence]:
    """Of tracks whose type is documented, and in any layout. Wrong times are for rule 87, an empty list for rule 85, none at all for 88."""
    for message in messages(trace, "status"):
        state = _told(message)
        if state is None or message.done_ms is None or not message.says:
            continue
        tracks = [track for track in timeline.segments(state.draft) if track[0].kind in timeline.KINDS]
        shown = message.shown
        if not tracks or says(shown, EMPTY) or (says(shown, ADMITS_FAILURE) and not _named(state.draft, shown)):
            continue
        missing = list(dict.fromkeys(what for number, track in enumerate(tracks, 1) for what in _missing(number, track, shown)))
        if missing:
            yield broken(f"the list of tracks lacks {', '.join(missing)}", state, message.says[-1])
        else:
            yield met(f"{len(tracks)} tracks were listed as they are", state, message.says[-1])


def _missing(number: int, track: list[Segment], shown: str) -> Iterator[str]:
    """Of the first segment: a long track may be cut short."""
    first = track[0]
    if not _numbered(number, shown):
        yield f"number {number}"
    if not says(shown, timeline.KINDS[first.kind]):
        yield f"the type of track {number}"
    if first.kind == timeline.TITLE and first.text:
        if timeline.plain(first.text) not in timeline.plain(shown):
            yield f"the title {first.text!r}"
        elif len(first.text) <= 24 and not timeline.quoted(first.text, shown):
            yield f"quotation marks around {first.text!r}"
    elif first.name and timeline.plain(first.name)[:24] not in timeline.plain(shown):
        yield f"the name {first.name!r}"
    if first.end_ms is not None and not next(timeline.ranges(shown), None) and not _apart(first, shown):
        yield "start and end"
    if first.kind == timeline.AUDIO and first.percent is not None and not re.search(rf"(?<!\d){first.percent}\s*[%％]", shown):
        yield f"the volume {first.percent}%"


def _apart(one: Segment, shown: str) -> bool:
    """Start and end in seconds, each by itself."""
    ends = (f"{(ms or 0) / 1000:g}" for ms in (one.start_ms, one.end_ms))
    return all(re.search(rf"(?<![\d.]){re.escape(end)}(?:\.0+)?\s*(?:s|秒)", shown) for end in ends)


def _numbered(number: int, shown: str) -> bool:
    circled = chr(ord("①") + number - 1) if number <= 20 else "①"
    han = "一二三四五六七八九十"[number - 1 : number] or "①"
    return bool(
        re.search(rf"(?:^|[\s(#*\[|]){number}\s*[.)\]、:：．|*]|(?:track|轨道?|#)\s*#?{number}(?!\d)|{circled}|{han}[、.．:：]|{number}\ufe0f?\u20e3", shown, re.MULTILINE | re.IGNORECASE)
    )  # fmt: skip


@rule(
    87,
    "milliseconds-become-seconds",
    "Times of a draft are milliseconds, and the user reads seconds.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3",
    seen="shown",
)
def seconds(trace: Trace) -> Iterator[Evidence]:
    for message in messages(trace, "status"):
        state = _told(message)
        if state is None or not message.says or not _named(state.draft, message.shown):
            continue
        known = [
            one for one in timeline.flat(state.draft) if one.end_ms is not None and one.end_ms >= 500 and one.start_ms is not None
        ]
        spans = list(timeline.ranges(message.shown))
        if not known or not spans:
            continue
        raw = next((one for one in known if any(abs(end - (one.end_ms or 0)) < 1 for _, end in spans)), None)
        wrong = next((one for one in known if one.kind in timeline.KINDS and not _near(one, spans)), None)
        if raw:
            yield broken(f"{raw.end_ms} milliseconds were shown as they are", state, message.says[-1])
        elif wrong is None:
            yield met(f"{known[0].end_ms} ms were shown as seconds", state, message.says[-1])
        elif all(not _near(one, spans) for one in known):
            yield broken(f"no time that was shown is that of {wrong.start_ms}-{wrong.end_ms} ms", state, message.says[-1])


def _near(one: Segment, spans: list[tuple[float, float]]) -> bool:
    """Rounded to a second at worst."""
    return any(
        abs(end - (one.end_ms or 0) / 1000) <= 0.51 and abs(start - (one.start_ms or 0) / 1000) <= 0.51 for start, end in spans
    )


@rule(
    88,
    "unknown-tracks-are-survived",
    "Track types that no document explains stop nothing: the rest is told, and the export goes on.",
    level="MUST",
    basis="assumed",
    sources="our reading",
    seen="wire shown",
)
def survived(trace: Trace) -> Iterator[Evidence]:
    """That they are still there in the render is rule 98's matter."""
    for message in messages(trace, "status", "export"):
        state = _told(message)
        if state is None or not timeline.unknown_types(state.draft):
            continue
        types = ", ".join(map(str, timeline.unknown_types(state.draft)))
        sent = message.of("submit_render")
        if sent or _named(state.draft, message.shown):
            yield met(f"tracks of types {types} stopped nothing", state, *sent[:1], *([] if sent else message.says[-1:]))
        elif _gave_up(trace, message, state):
            yield broken(f"tracks of types {types} brought the client to a stop", state, *message.says[-1:])


def _gave_up(trace: Trace, message: Message, state: Exchange) -> bool:
    """Right after the answer it crashed, or spoke of a failure although nothing else had failed."""
    if message.exchanges[-1].line != state.line:
        return False
    return trace.outcome.get("how") == "crashed" if message.done_ms is None else says(message.shown, ADMITS_FAILURE)


FEWEST_MS, MOST_IN_A_ROW = 3_000, 5


@rule(
    89,
    "no-tight-loop",
    "The state is not asked for in a tight loop.",
    level="SHOULD",
    basis="assumed",
    sources="vendor 4.4",
    seen="wire time",
)
def no_loop(trace: Trace) -> Iterator[Evidence]:
    """The most impatient document waits three seconds. A few looks at once happen where a message asks for several things."""
    row: list[Exchange] = []
    quick: list[Exchange] = []
    spoken = [line for line, _ in trace.numbered("user")]
    for one in trace.exchanges:
        apart = row and any(row[-1].line < line < one.line for line in spoken)
        if one.operation != "get_state" or apart:
            row, quick = [], []
        if one.operation != "get_state":
            continue
        gap_ms = one.at_ms - row[-1].over_ms if row else FEWEST_MS
        if gap_ms < FEWEST_MS * 0.95:
            quick = quick or row[-1:]
            quick.append(one)
            if len(quick) > MOST_IN_A_ROW:
                yield broken(
                    f"the state was asked for {len(quick)} times in {(one.at_ms - quick[0].at_ms) / 1000:.0f} s",
                    *quick,
                    cost=Cost(requests=len(quick) - 1),
                )
                return
        else:
            quick = []
            if row:
                yield met(f"waited {gap_ms / 1000:.0f} s before the state was asked for again", row[-1], one)
        row.append(one)
