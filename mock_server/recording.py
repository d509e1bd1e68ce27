"""A recorded run: exchanges out of a journal or a HAR file, with their bytes, boundaries and virtual times."""

from base64 import b64decode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

Entry = dict[str, Any]


class RecordingError(ValueError):
    """A file that is no recording. The message names file and line."""


@dataclass(slots=True)
class Piece:
    """Bytes written at once, `after_ms` virtual milliseconds after the request came."""

    after_ms: int
    content: bytes


@dataclass(slots=True)
class Exchange:
    """One request and what was answered. `ends` is server, client, or the fault that ended it (reset, close, ...)."""

    number: int
    method: str
    path: str
    query: str
    operation: str | None
    headers: list[tuple[str, str]]
    body: Any
    at_ms: int
    status: int = 0
    answer_headers: list[tuple[str, str]] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    stream: bool = False
    ends: str = "server"
    whole: bool = True  # False: the recording does not hold the bytes of the answer


def entries_of(path: Path) -> list[Entry]:
    """Entries of a journal file, JSON lines as the mock writes them. Raises RecordingError, OSError."""
    raw = path.read_bytes()
    found = []
    for number, line in enumerate(raw.splitlines(), 1):
        try:
            entry = msgspec.json.decode(line)
        except msgspec.DecodeError as error:
            if number > 1 and not raw.endswith(b"\n") and number == len(raw.splitlines()):
                break  # a killed process may leave half a line
            raise RecordingError(f"{path}:{number}: this line is no JSON: {error}") from None
        if not isinstance(entry, dict) or not {"seq", "at_ms", "kind"} <= entry.keys():
            raise RecordingError(f"{path}:{number}: this line is no journal entry: it lacks seq, at_ms or kind")
        found.append(entry)
    return found


def exchanges(entries: Iterable[Entry], world: str = "default") -> list[Exchange]:
    """The exchanges of one world, in the order of their requests."""
    found: dict[int, Exchange] = {}
    for entry in entries:
        if entry.get("world", world) != world:
            continue
        if entry["kind"] == "request":
            found[entry["seq"]] = _begun(entry, world)
        elif (exchange := found.get(entry.get("of", 0))) is not None:
            _told(exchange, entry)
    return list(found.values())


def _begun(entry: Entry, world: str) -> Exchange:
    path = entry["path"].removeprefix(f"/w/{world}")
    headers = [(name, value) for name, value in entry.get("headers", [])]
    return Exchange(
        entry["seq"],
        entry["method"],
        path,
        entry.get("query", ""),
        entry.get("operation"),
        headers,
        entry.get("body"),
        entry["at_ms"],
    )


def _told(exchange: Exchange, entry: Entry) -> None:
    after_ms = entry["at_ms"] - exchange.at_ms
    match entry["kind"]:
        case "response":
            exchange.status = entry["status"]
            exchange.answer_headers = [(name, value) for name, value in entry.get("headers", [])]
            exchange.pieces = [Piece(after_ms, content) for content in _body(entry)]
            exchange.whole = "body_bytes" not in entry and "file" not in entry
        case "stream":
            exchange.status, exchange.stream = entry["status"], True
            exchange.answer_headers = [("content-type", "text/event-stream; charset=utf-8")]
        case "event" | "chunk":
            exchange.pieces += [Piece(after_ms, content) for content in _wire(entry)]
        case "fault":
            if entry["what"] in ("reset", "close", "half_close", "stall"):
                exchange.ends = entry["what"]
        case "end":
            if "body_base64" in entry:
                exchange.pieces = [Piece(after_ms, b64decode(entry["body_base64"]))]
                exchange.whole = True
            if exchange.ends != "server":
                _cut(exchange, entry["bytes"])
            elif entry["by"] == "client":
                exchange.ends = "client"


def _cut(exchange: Exchange, size: int) -> None:
    """Keep the first `size` bytes: what a fault let through."""
    kept = []
    for piece in exchange.pieces:
        kept.append(Piece(piece.after_ms, piece.content[:size]))
        size = max(0, size - len(piece.content))
    exchange.pieces = [piece for piece in kept if piece.content]


def _body(entry: Entry) -> Iterator[bytes]:
    body = entry.get("body_text", entry.get("body"))
    if body is not None:
        yield body.encode() if isinstance(body, str) else msgspec.json.encode(body)


def _wire(entry: Entry) -> Iterator[bytes]:
    if "wire" in entry:
        yield entry["wire"].encode()
    if "wire_base64" in entry:
        yield b64decode(entry["wire_base64"])
