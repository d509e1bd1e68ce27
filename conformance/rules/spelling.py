"""The bytes of a stream: in what they differ from the plainest, and what only a wrong parser would hear in them."""

import json
import re
from base64 import b64decode
from collections.abc import Iterator
from itertools import islice, pairwise

from conformance.trace import Event, Exchange, Trace


def wire(trace: Trace, turn: Exchange) -> list[bytes]:
    """What was written of a stream, piece by piece."""
    return list(pieces(trace, turn))


def pieces(trace: Trace, turn: Exchange) -> Iterator[bytes]:
    """The same, as far as it is asked for."""
    number = trace.entries[turn.line - 1].get("seq")
    for one in islice(trace.entries, turn.line, turn.ended_line or None):
        if one["kind"] in ("event", "chunk") and one.get("of") == number:
            content = b64decode(one["wire_base64"]) if "wire_base64" in one else str(one.get("wire") or "").encode()
            if content:
                yield content


def spelling(trace: Trace, turn: Exchange) -> list[str]:
    """In what a stream differs from the plainest: typed events on one line of `data: ` each, LF, one event at a time."""
    told = wire(trace, turn)
    raw = b"".join(told)
    text = raw.decode("utf-8", "replace")
    lines = re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff"))
    closed = not raw or re.search(rb"(?:\r\n|\r|\n)(?:\r\n|\r|\n)\Z", raw)
    tests = {
        "carriage returns": b"\r" in raw,
        "a byte order mark": "\ufeff" in text,
        "bytes that are no UTF-8": "\ufffd" in text and "\ufffd".encode() not in raw,
        "separators that end no line": re.search("[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", text),
        "comments": any(line.startswith(":") for line in lines),
        "other fields": any(line and not line.startswith((":", "data:")) for line in lines),
        "no space after the colon": any(re.match(r"data:[^ ]", line) for line in lines),
        "data over several lines": any(a.startswith("data") and b.startswith("data") for a, b in pairwise(lines)),
        "a long line": len(text) > 65536 and any(len(line) > 65536 for line in lines),
        "an event that is never closed": not closed,
        "chunks that are no events": any(not piece.endswith((b"\n\n", b"\r\r", b"\r\n\r\n")) or piece.count(b"\n\n") > 1 for piece in told),
        "another dialect": any(_foreign(event) for event in turn.events),
        "several parts in an event": any(len(event.meanings) > 1 for event in turn.events),
        "no media type": "drop_headers" in turn.faults,
    }  # fmt: skip
    return [name for name, found in tests.items() if found]


def _foreign(event: Event) -> bool:
    """It says something, and not as a typed event of the five documented members does."""
    try:
        told = json.loads(event.data)
    except (ValueError, RecursionError):
        return any(meaning.kind != "heartbeat" for meaning in event.meanings) or not event.meanings
    return not isinstance(told, dict) or "type" not in told or bool(told.keys() - {"type", "content", "name", "args", "result"})


_TEXT = re.compile(r'"(?:content|text)"\s*:\s*("(?:[^"\\\x00-\x1f]|\\.)*")')


def unsaid(trace: Trace, turn: Exchange) -> list[str]:
    """Texts that stand in the bytes of a stream and in no event: only a wrong parser hears them."""
    events = "\n".join(event.data for event in turn.events)
    found = []
    for literal in _TEXT.findall(b"".join(wire(trace, turn)).decode("utf-8", "replace")):
        if literal not in events:
            try:
                found.append(str(json.loads(literal)))
            except ValueError:
                continue
    return found
