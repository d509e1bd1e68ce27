"""What crossed the wire of a world and what the world did, in order, in virtual time. It only remembers.

One JSON object a line. Every entry has `seq` (from 1, without gaps), `world`, `at_ms` (virtual) and `kind`:

- request: method, path, query, operation, headers, body | body_bytes; written before anything is judged
- response: of (seq of its request), status, headers, body | body_bytes; written before its last byte leaves
- upload: of, files (filename and size of each); an upload was taken
- stream: of, turn; the head of a stream is sent
- event: of, n, event (its kind), wire (the bytes, as text) unless it is cut in several chunks; written before they leave
- chunk: of, wire or wire_base64 (where a character is cut): bytes that are written at once, when that is not one event
- end: of, by (server, client, control, shutdown, fault), events, bytes, body_base64 (of a small file): how an exchange ended
- fault: of, fault (its name), what, at, number: a fault took effect
- world: what, subject, detail: what the world itself did

The journal keeps the newest lines up to a bound in bytes and counts what it forgot.
"""

import os
import re
from asyncio import Event
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from mock_server.domain.ids import CLAIM_PREFIX, TOKEN_PREFIX

DEFAULT_LIMIT_BYTES = 64 * 2**20

_encode = msgspec.json.Encoder().encode


class Sink:
    """A journal file shared by all worlds. Each line is handed to the operating system at once: killing us loses none."""

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        self.fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)  # it may hold what a user typed

    def write(self, line: bytes) -> None:
        os.write(self.fd, line)

    def close(self) -> None:
        os.close(self.fd)


class Span(NamedTuple):
    """What is remembered: sequence numbers first to last, and how many earlier lines were forgotten."""

    first: int
    last: int
    forgotten: int
    size_bytes: int


class Journal:
    def __init__(self, world: str, sink: Sink | None = None, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> None:
        self.world = world
        self.name = _encode(world)
        self.sink = sink
        self.limit_bytes = limit_bytes
        self.lines: deque[bytes] = deque()
        self.size_bytes = 0
        self.last = 0
        self.watchers: set[Event] = set()

    def add(self, at_ms: int, kind: str, fields: dict[str, Any]) -> int:
        """Remember an entry; gives its `seq`."""
        self.last += 1
        # The head is written by hand: a dictionary of both would be built and thrown away for each line.
        line = b'{"seq":%d,"world":%b,"at_ms":%d,"kind":"%b",%b\n' % (self.last, self.name, at_ms, kind.encode(), _encode(fields)[1:])
        if self.sink is not None:
            self.sink.write(line)
        self.lines.append(line)
        self.size_bytes += len(line)
        while self.size_bytes > self.limit_bytes and len(self.lines) > 1:
            self.size_bytes -= len(self.lines.popleft())
        for watcher in self.watchers:
            watcher.set()
        return self.last

    def span(self) -> Span:
        first = self.last - len(self.lines) + 1
        return Span(first, self.last, first - 1, self.size_bytes)

    def since(self, seq: int = 0) -> Iterator[bytes]:
        """Lines after `seq`, oldest first."""
        skip = max(0, seq - (self.last - len(self.lines)))
        yield from list(islice(self.lines, skip, None))

    def entries(self, since: int = 0, kind: str | None = None, operation: str | None = None) -> Iterator[dict[str, Any]]:
        """Entries after `since`; with `operation`, only the requests of that operation and what belongs to them."""
        wanted: set[int] = set()
        for line in self.since(0 if operation else since):
            entry = msgspec.json.decode(line)
            if operation:
                if entry["kind"] == "request" and entry.get("operation") == operation:
                    wanted.add(entry["seq"])
                if entry["seq"] not in wanted and entry.get("of") not in wanted:
                    continue
            if entry["seq"] > since and (kind is None or entry["kind"] == kind):
                yield entry

    def clear(self) -> None:
        """Forget everything remembered; numbering goes on."""
        self.lines.clear()
        self.size_bytes = 0


#: Headers that carry credentials; the last is the vendor's first scheme, from before bearer tokens.
_SECRET = frozenset(("authorization", "cookie", "proxy-authorization", "x-api-key"))
_FOREIGN_TOKEN = re.compile(r"(?:nmv_usr_|clm_)(?!MOCK)[A-Za-z0-9_\-]+")


def safe_headers(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Headers as the journal keeps them: a credential that is not one of this mock's own is masked, it may be real."""
    return [(field[0], _mask(field[1])) if field[0] in _SECRET else field for field in headers]


def safe_query(query: str) -> str:
    """A query likewise."""
    return _FOREIGN_TOKEN.sub(lambda found: _mask(found[0]), query) if query else query


def _mask(value: str) -> str:
    secret = value.partition(" ")[2] or value
    if secret.startswith((TOKEN_PREFIX, CLAIM_PREFIX)):
        return value
    return value[: len(value) - len(secret)] + secret[:8] + "…" + f"({len(secret)} characters, masked)"
