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

import logging
import os
import re
from asyncio import Event
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from mock_server.domain.ids import CLAIM_PREFIX, TOKEN_PREFIX

DEFAULT_LIMIT_BYTES = 64 * 2**20

_encode = msgspec.json.Encoder().encode
_HEAD = re.compile(rb'\{"seq":(\d+),"world":"([^"]*)","at_ms":')

log = logging.getLogger("nemovideo_mock")


class Sink:
    """A journal file shared by all worlds. Each line is handed to the operating system at once: killing us loses none.

    Where it cannot be written, the log says so once, `lossy` is true from then on, and the mock goes on.
    """

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        self.path = path
        self.lossy = False
        self.torn = False  # its last line is not whole
        self.fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)  # it may hold what a user typed

    def write(self, line: bytes) -> None:
        rest = whole = b"\n" + line if self.torn else line
        try:
            while rest:
                rest = rest[os.write(self.fd, rest) :]
            self.torn = False
        except OSError as error:
            self.torn = self.torn or len(rest) < len(whole)
            if not self.lossy:
                log.error("the journal file %s lacks lines from here on: %s", self.path, error.strerror)
            self.lossy = True

    def lines(self) -> Iterator[bytes]:
        """The whole lines that are in the file; none where it is a device or a pipe. Raises OSError."""
        if self.path.is_file():
            with self.path.open("rb") as file:
                for line in file:
                    self.torn = not line.endswith(b"\n")
                    if not self.torn:
                        yield line

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
        self.held: list[bytes] | None = None  # lines that the file gets later

    @property
    def lossy(self) -> bool:
        """Whether its file lacks lines."""
        return self.sink is not None and self.sink.lossy

    def add(self, at_ms: int, kind: str, fields: dict[str, Any]) -> int:
        """Remember an entry; gives its `seq`."""
        # The head is written by hand: a dictionary of both would be built and thrown away for each line.
        line = b'{"seq":%d,"world":%b,"at_ms":%d,"kind":"%b",%b\n' % (
            self.last + 1,
            self.name,
            at_ms,
            kind.encode(),
            _encode(fields)[1:],
        )
        if self.held is not None:
            self.held.append(line)
        elif self.sink is not None:
            self.sink.write(line)
        self.take(line)
        for watcher in self.watchers:
            watcher.set()
        return self.last

    def take(self, line: bytes) -> None:
        """Remember a line that stands in the file already."""
        self.last += 1
        self.lines.append(line)
        self.size_bytes += len(line)
        while self.size_bytes > self.limit_bytes and len(self.lines) > 1:
            self.size_bytes -= len(self.lines.popleft())

    def fill(self, lines: Iterable[bytes], last: int) -> None:
        """Remember these lines alone, the newest of which has the number `last`."""
        self.lines = deque(lines)
        self.size_bytes = sum(map(len, self.lines))
        self.last = last

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Lines that are added meanwhile reach the file at the end."""
        self.held = []
        try:
            yield
        finally:
            held, self.held = self.held, None
            if self.sink is not None:
                for line in held:
                    self.sink.write(line)

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


def reconcile(sink: Sink, journals: Iterable[Journal]) -> None:
    """After a restart: a journal takes over the newer lines that only the file has, and the file those that only a journal has.

    A process that was killed has told more than its last snapshot says: the answers and events that left after it. Worlds
    none of whose lines are in the file are left as they are: it comes from another run. Raises OSError.
    """
    known = {line: journal for journal in journals for line in journal.lines}
    found: dict[str, list[bytes]] = {}  # world -> the newest line that both have, and what follows it in the file
    for line in sink.lines():
        if line in known:
            found[known[line].world] = [line]
        elif (head := _HEAD.match(line)) and (world := head[2].decode("utf-8", "replace")) in found:
            found[world].append(line)
    for shared, *more in found.values():
        _agree(sink, known[shared], shared, more)


def _agree(sink: Sink, journal: Journal, shared: bytes, more: list[bytes]) -> None:
    if _seq(shared) < journal.last and not more:
        for line in journal.since(_seq(shared)):
            sink.write(line)
    elif _seq(shared) == journal.last:
        for line in more:
            if _seq(line) == journal.last + 1:
                journal.take(line)


def _seq(line: bytes) -> int:
    head = _HEAD.match(line)
    return int(head[1]) if head else 0


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
