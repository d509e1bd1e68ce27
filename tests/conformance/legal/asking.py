"""Requests handed straight to the application, in virtual time that passes only while somebody here waits."""

import asyncio
from collections import deque
from collections.abc import Callable
from json import dumps, loads
from typing import Any
from urllib.parse import urlsplit

from conformance.trace import Entry
from mock_server.app import create_app
from mock_server.pacing import Live
from mock_server.worlds import Worlds

SPINS = 60
STUCK_S = 20


class Lost(Exception):
    """No whole answer came, or none of the service's own."""


class TimeUp(Exception):
    """Nothing came until the instant that was named."""


class Asking:
    """One request and its answer, piece by piece."""

    def __init__(self, desk: "Desk", scope: dict[str, Any], body: bytes) -> None:
        self.desk = desk
        self.scope = scope
        self.pieces = deque([{"type": "http.request", "body": body, "more_body": False}])
        self.out: deque[dict[str, Any]] = deque()
        self.left, self.news = asyncio.Event(), asyncio.Event()
        self.waits = self.finished = self.whole = False
        self.status, self.headers = 0, {}
        self.reads_a_file = scope["path"].endswith("/download") or "/cdn/" in scope["path"]  # in a thread, in real time
        self.task = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        try:
            await self.desk.app(self.scope, self._receive, self._send)
        finally:
            self.finished = True
            self.news.set()

    async def _receive(self) -> dict[str, Any]:
        if self.pieces:
            return self.pieces.popleft()
        self.waits = True
        self.news.set()
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        self.out.append(message)
        self.news.set()

    async def next(self, until_ms: int) -> bytes | None:
        """Bytes of the body, or None at its end. Raises TimeUp, Lost."""
        while True:
            if self.out:
                message = self.out.popleft()
                if message["type"] == "http.response.start":
                    self._begin(message)
                    continue
                self.whole = not message.get("more_body", False)
                if message.get("body"):
                    return bytes(message["body"])
            elif self.finished:
                await self.task
                if not self.whole:
                    raise Lost("the connection ended early")
                return None
            elif not await self._quiet() and not self.desk.on(until_ms):
                raise TimeUp

    async def _quiet(self) -> bool:
        """Let the application work until it has something to say, or nothing is to come before time passes: then False."""
        live, ready = self.desk.live, asyncio.get_running_loop()._ready
        for _ in range(SPINS):
            await asyncio.sleep(0)
            if self.out or self.finished:
                return True
            if not ready:  # nobody else can go on by itself
                break
        now_ms = live.world.now_ms
        if (self.waits and not self.reads_a_file) or live.listeners or any(alarm.at_ms > now_ms for alarm in live.alarms):
            return False
        self.news.clear()
        await asyncio.wait_for(self.news.wait(), STUCK_S)  # a thread reads a file
        return True

    async def head(self, until_ms: int) -> None:
        """Until status and headers are there. Raises TimeUp, Lost."""
        while not self.status:
            if self.out:
                self._begin(self.out.popleft())
            elif self.finished:
                await self.task
                raise Lost("no answer came")
            elif not await self._quiet() and not self.desk.on(until_ms):
                raise TimeUp

    def _begin(self, message: dict[str, Any]) -> None:
        self.status = message["status"]
        self.headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}

    async def leave(self) -> None:
        self.left.set()
        for _ in range(SPINS):
            await asyncio.sleep(0)
            if self.finished:
                return
        await asyncio.wait_for(self.task, STUCK_S)


class Answer:
    def __init__(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.status, self.headers, self.content = status, headers, content

    def json(self) -> Any:
        try:
            return loads(self.content)
        except ValueError:
            return None


class Desk:
    """A world, the way to it, and what is noted beside its journal."""

    def __init__(self, worlds: Worlds, live: Live) -> None:
        self.app, self.live = create_app(worlds), live
        self.base = f"http://127.0.0.1:8747/w/{live.world.name}"
        self.noted: list[tuple[int, Entry]] = []
        self.due: list[tuple[int, Callable[[], None]]] = []  # what the user does by the clock

    @property
    def now_ms(self) -> int:
        return self.live.world.now_ms

    def note(self, kind: str, **told: Any) -> None:
        self.noted.append((self.live.journal.last, {"kind": kind, "at_ms": self.now_ms, **told}))

    def on(self, until_ms: int) -> bool:
        """Time goes on to the next thing that is due, at most to an instant; False when that has come."""
        if self.now_ms >= until_ms:
            return False
        due = [at for at in (self.live.next_ms(), *(at for at, _ in self.due)) if at is not None]
        self.live.advance(max(self.now_ms, min([until_ms, *due])))
        self.serve()
        return True

    def serve(self) -> None:
        while self.due and self.due[0][0] <= self.now_ms:
            self.due.pop(0)[1]()

    async def wait(self, ms: float) -> None:
        until_ms = self.now_ms + max(0, round(ms))
        while self.due and self.due[0][0] <= until_ms:
            self.live.advance(max(self.now_ms, self.due[0][0]))
            self.serve()
        self.live.advance(until_ms)
        await asyncio.sleep(0)

    def open(self, method: str, url: str, headers: list[tuple[str, str]], body: bytes = b"") -> Asking:
        parts = urlsplit(url)
        fields = [("Host", parts.netloc), *headers]
        if body or method == "POST":
            fields.append(("Content-Length", str(len(body))))
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": parts.path,
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in fields],
            "server": ("127.0.0.1", 8747),
            "client": ("127.0.0.1", 50000),
        }
        return Asking(self, scope, body)

    async def ask(
        self, method: str, url: str, headers: list[tuple[str, str]], body: bytes = b"", patience_ms: int = 60_000
    ) -> Answer:
        """A whole answer. Raises Lost."""
        asking = self.open(method, url, headers, body)
        until_ms = self.now_ms + patience_ms
        content = bytearray()
        try:
            while (piece := await asking.next(until_ms)) is not None:
                content += piece
        except TimeUp:
            await asking.leave()
            raise Lost("no answer in time") from None
        if len(content) < int(asking.headers.get("content-length", 0)):
            raise Lost("the answer is shorter than it says")
        return Answer(asking.status, asking.headers, bytes(content))

    def entries(self) -> list[Entry]:
        """The journal, and between its lines what was noted."""
        found: list[Entry] = []
        noted = deque(self.noted)
        for line in self.live.journal.since():
            entry = loads(line)
            while noted and noted[0][0] < entry["seq"]:
                found.append(noted.popleft()[1])
            found.append(entry)
        return [*found, *(one for _, one in noted)]


def as_json(value: Any) -> bytes:
    return dumps(value, ensure_ascii=False).encode()


def as_form(files: list[tuple[str, bytes, str]], boundary: str) -> bytes:
    """A multipart body of `files` fields."""
    parts = []
    for name, content, kind in files:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\nContent-Type: {kind}\r\n\r\n'
        parts.append(head.encode() + content + b"\r\n")
    return b"".join(parts) + f"--{boundary}--\r\n".encode()
