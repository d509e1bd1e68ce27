"""A journal, request by request: for assertions, and for the reader of a report."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Entry = dict[str, Any]

MOST_REQUESTS = 40
MOST_CHARACTERS = 100


@dataclass(slots=True)
class Exchange:
    """A request and its answer. `path` is without the world's prefix; header names are lower-case.

    `operation` is None for a path that is none of the API's. `status` is None as long as nothing is answered; `answer` is the JSON or
    the text of it, if it is no stream and no file. `events` are the kinds told so far. `ended_by`: server, client, control,
    shutdown or fault; "" while it goes on. Times are virtual.
    """

    seq: int
    at_ms: int
    method: str
    path: str
    query: str
    operation: str | None
    headers: dict[str, str]
    body: Any = None
    status: int | None = None
    answer: Any = None
    events: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    ended_by: str = ""
    ended_ms: int | None = None


def exchanges(entries: Iterable[Entry], prefix: str) -> list[Exchange]:
    """Of a journal, whose paths begin with `prefix` or, for clients in process, do not."""
    found: dict[int, Exchange] = {}
    for entry in entries:
        if entry["kind"] == "request":
            path = entry["path"].removeprefix(prefix) or "/"
            known = {name: entry[name] for name in ("seq", "at_ms", "method", "query", "operation")}
            found[entry["seq"]] = Exchange(**known, path=path, headers=dict(entry["headers"]), body=entry.get("body"))
        elif (one := found.get(entry.get("of", 0))) is not None:
            _follow(one, entry)
    return list(found.values())


def _follow(one: Exchange, entry: Entry) -> None:
    match entry["kind"]:
        case "response":
            one.status, one.answer = entry["status"], entry.get("body")
            if "file" not in entry:  # of a file the end is told
                one.ended_by, one.ended_ms = "server", entry["at_ms"]
        case "stream":
            one.status = entry["status"]
        case "event":
            one.events.append(entry["event"])
        case "fault":
            number = f" {entry['number']}" if entry["at"] in ("event", "byte", "upload") else ""
            one.faults.append(f"{entry['what']} at {entry['at']}{number}")
        case "end":
            one.ended_by, one.ended_ms = entry["by"], entry["at_ms"]


def table(found: list[Exchange], start_ms: int) -> list[str]:
    """A line each, of the newest; seconds are virtual, since `start_ms`."""
    left_out = len(found) - MOST_REQUESTS
    head = [f"... {left_out} earlier requests"] if left_out > 0 else []
    return head + [_line(one, start_ms) for one in found[-MOST_REQUESTS:]]


def _line(one: Exchange, start_ms: int) -> str:
    target = one.path + (f"?{one.query}" if one.query else "")
    faults = "".join(f"  ! {fault}" for fault in one.faults)
    return f"{(one.at_ms - start_ms) / 1000:10.3f} s  {one.method} {_short(target)} -> {_answer(one, start_ms)}{faults}"


def _answer(one: Exchange, start_ms: int) -> str:
    if one.ended_ms is None and one.status is None:
        return "no answer yet"
    told = "no answer" if one.status is None else str(one.status)
    envelope = one.answer if isinstance(one.answer, dict) else {}
    if envelope.get("code"):
        told += f" code {envelope['code']}: {_short(str(envelope.get('message', '')))}"
    if one.events:
        kinds = ", ".join(f"{count} {kind}" for kind, count in Counter(one.events).items())
        told += f", a stream of {len(one.events)} events ({kinds})"
    if one.ended_ms is None:
        return f"{told}, still open"
    if one.events or one.ended_by != "server":
        told += f", ended by {one.ended_by} at {(one.ended_ms - start_ms) / 1000:.3f} s"
    return told


def _short(text: str) -> str:
    text = text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
