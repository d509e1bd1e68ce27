"""Clients that cost little: ready bytes out, answers counted. They run in a process and on a core of their own."""

import asyncio
import json
import socket
from collections.abc import Callable
from typing import Any, cast

import uvloop

from benchmarks.processes import Server, request

SESSION = "/api/tasks/me/with-session/nemo_agent"
CONNECTIONS = 32
#: Longest wait for one round.
LIMIT_S = 120


class Caller(asyncio.Protocol):
    """One keep-alive connection: sends the next request when the answer is whole. JSON answers end with a brace."""

    def __init__(
        self, next_request: Callable[[], bytes | None], answered: Callable[[bytes], None], done: Callable[[], None]
    ) -> None:
        self.next_request = next_request
        self.answered = answered
        self.done = done
        self.held = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def begin(self) -> None:
        message = self.next_request()
        if message is None:
            self.done()
        elif self.transport is not None:
            self.transport.write(message)

    def data_received(self, data: bytes) -> None:
        data = self.held + data
        if not data.endswith(b"}"):
            self.held = data
            return
        self.held = b""
        self.answered(data)
        self.begin()


class Load:
    """`count` requests over 32 connections; `cpu_s` is what they cost the server, connections not counted."""

    def __init__(self, server: Server, requests: list[bytes], count: int) -> None:
        self.server = server
        self.requests = requests
        self.left = count
        self.busy = CONNECTIONS
        self.bad = b""
        self.bodies: list[bytes] | None = None
        self.cpu_s = 0.0

    def next_request(self) -> bytes | None:
        if self.left == 0 or self.bad:
            return None
        self.left -= 1
        return self.requests[self.left % len(self.requests)]

    def answered(self, data: bytes) -> None:
        if not data.startswith(b"HTTP/1.1 200"):
            self.bad = data
        if self.bodies is not None:
            self.bodies.append(data.partition(b"\r\n\r\n")[2])

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        finished = loop.create_future()

        def done() -> None:
            self.busy -= 1
            if self.busy == 0:
                finished.set_result(None)

        def caller() -> Caller:
            return Caller(self.next_request, self.answered, done)

        pairs = [await loop.create_connection(caller, "127.0.0.1", self.server.port) for _ in range(CONNECTIONS)]
        before = self.server.cpu_s()
        for _, one in pairs:
            one.begin()
        await asyncio.wait_for(finished, LIMIT_S)
        self.cpu_s = self.server.cpu_s() - before
        for transport, _ in pairs:
            transport.close()


def load(server: Server, requests: list[bytes], count: int) -> float:
    """CPU seconds of the server for `count` requests. Raises RuntimeError when one is not answered 200."""
    return _run(Load(server, requests, count)).cpu_s


def collect(server: Server, message: bytes, count: int) -> list[Any]:
    """The JSON answers to the same request, sent `count` times."""
    work = Load(server, [message], count)
    work.bodies = []
    return [json.loads(body) for body in _run(work).bodies or []]


def _run(work: Load) -> Load:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work._run())
    if work.bad:
        raise RuntimeError(f"answered: {work.bad[:500]!r}")
    return work


def ask(server: Server, method: str, path: str, headers: dict[str, str] | None = None, body: Any = None) -> Any:
    """One JSON request and its answer."""
    content = None if body is None else json.dumps(body).encode()
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as link:
        link.sendall(request(method, path, {**(headers or {}), "connection": "close"}, content))
        answer = _to_the_end(link)
    if not answer.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"{method} {path} is answered {answer[:500]!r}")
    return json.loads(answer.partition(b"\r\n\r\n")[2])


def _to_the_end(link: socket.socket) -> bytes:
    parts = []
    while part := link.recv(2**18):
        parts.append(part)
    return b"".join(parts)


_known: dict[int, dict[str, str]] = {}


def bearer(server: Server) -> dict[str, str]:
    """The header of an account, one a server: a client gets a single token."""
    if server.process.pid not in _known:
        answer = ask(server, "POST", "/api/auth/anonymous-token", {"x-client-id": "benchmark"})
        _known[server.process.pid] = {"authorization": f"Bearer {answer['data']['token']}"}
    return _known[server.process.pid]


def new_session(server: Server, headers: dict[str, str]) -> str:
    answer = ask(server, "POST", SESSION, headers, {"task_name": "benchmark"})
    return str(answer["data"]["session_id"])


def chat(session_id: str, text: str, headers: dict[str, str]) -> bytes:
    """The request of a turn."""
    body = {"app_name": "nemo_agent", "user_id": "me", "session_id": session_id, "new_message": {"parts": [{"text": text}]}}
    return request("POST", "/run_sse", {**headers, "accept": "text/event-stream"}, json.dumps(body).encode())
