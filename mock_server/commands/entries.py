"""An entry of the journal as a line to read."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

Entry = dict[str, Any]

MOST_CHARACTERS = 90


def as_line(entry: Entry) -> str:
    at = datetime.fromtimestamp(entry["at_ms"] / 1000, UTC).strftime("%m-%d %H:%M:%S.%f")[:-3]
    tell = _TOLD.get(entry["kind"])
    return f"{entry['seq']:>6}  {at}  {tell(entry) if tell else entry['kind']}"


def _request(entry: Entry) -> str:
    query = f"?{entry['query']}" if entry.get("query") else ""
    return f"-> {entry['method']} {visible(entry['path'] + query)}"


def _event(entry: Entry) -> str:
    """One that is cut in several chunks has no bytes of its own."""
    wire = entry.get("wire", "").strip()
    return f"   | {entry['event']}: {visible(wire)}" if wire else f"   | {entry['event']}"


def _chunk(entry: Entry) -> str:
    if "wire" in entry:
        return f'   : "{visible(entry["wire"])}"  (of {entry["of"]})'
    return f"   : base64 {visible(entry['wire_base64'])}  (of {entry['of']})"


def _fault(entry: Entry) -> str:
    name = f" {visible(entry['fault'])}:" if entry["fault"] != entry["what"] else ""
    number = f" {entry['number']}" if entry["at"] in ("event", "byte", "upload") else ""
    return f"   !{name} {entry['what']} at {entry['at']}{number}  (of {entry['of']})"


def _end(entry: Entry) -> str:
    events = f", {entry['events']} events" if "events" in entry else ""
    return f"<- end by {entry['by']}{events}, {entry.get('bytes', 0)} bytes  (of {entry['of']})"


_TOLD: dict[str, Callable[[Entry], str]] = {
    "request": _request,
    "response": lambda e: f"<- {e['status']}  (of {e['of']})",
    "stream": lambda e: f"<- stream of {e['turn']}  (of {e['of']})",
    "event": _event,
    "chunk": _chunk,
    "fault": _fault,
    "end": _end,
    "world": lambda e: f"   * {e['what']} {visible(e['subject'])}",
}


def visible(text: str) -> str:
    """In one line, cut short; what a terminal would act on is spelt out."""
    text = text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
