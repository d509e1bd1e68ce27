"""Answering a client as recorded: the same bytes, boundaries and, if wanted, virtual times. Nothing is simulated."""

import asyncio
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send

from mock_server.recording import Exchange


@dataclass(slots=True)
class Tape:
    """Recorded exchanges and which were answered. Strict: requests must come as recorded, in that order. Lenient: by method
    and path, each once, and the last one again for whoever asks once more."""

    exchanges: list[Exchange]
    lenient: bool = False
    answered: set[int] = field(default_factory=set)

    def find(self, method: str, path: str, query: str, body: Any) -> Exchange | str:
        """The exchange that answers a request, or why none does."""
        open_ = [one for one in self.exchanges if one.number not in self.answered]
        if not self.lenient:
            if not open_:
                return "the recording is over: every exchange has been answered"
            difference = _difference(open_[0], method, path, query, body)
            return (
                f"the recording goes on with {open_[0].method} {open_[0].path}: {difference}"
                if difference
                else self._take(open_[0])
            )
        alike = [one for one in open_ if (one.method, one.path) == (method, path)]
        same = [one for one in alike if one.body == body]
        again = [one for one in self.exchanges if (one.method, one.path) == (method, path)]
        if alike or again:
            return self._take((same or alike or again[-1:])[0])
        near = get_close_matches(f"{method} {path}", sorted({f"{one.method} {one.path}" for one in self.exchanges}), 1, 0.4)
        return f"nothing recorded answers {method} {path}" + (f"; the nearest is {near[0]}" if near else "")

    def _take(self, exchange: Exchange) -> Exchange:
        self.answered.add(exchange.number)
        return exchange


def _difference(exchange: Exchange, method: str, path: str, query: str, body: Any) -> str:
    """What is not as recorded, or nothing. Headers do not count: a client id may differ from run to run."""
    for name, got, recorded in (
        ("method", method, exchange.method),
        ("path", path, exchange.path),
        ("query", query, exchange.query),
    ):
        if got != recorded:
            return f"the {name} is {got[:200]!r}, recorded was {recorded[:200]!r}"
    if body != exchange.body:
        return f"the body is {str(body)[:300]}, recorded was {str(exchange.body)[:300]}"
    return ""


class Player:
    """ASGI callable that plays a tape. `rate` virtual seconds a second; 0: without waiting."""

    def __init__(self, tape: Tape, rate: float = 0.0) -> None:
        self.tape = tape
        self.rate = rate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["raw_path"].decode("latin-1")
        if path.startswith("/w/"):
            path = "/" + path[3:].partition("/")[2]
        found = self.tape.find(scope["method"], path, scope["query_string"].decode("latin-1"), await _body(receive))
        if isinstance(found, str):
            await _json(send, 409, {"code": 409, "message": found, "data": None})
        elif not found.whole or not found.status:
            await _json(send, 404, {"code": 404, "message": "the recording does not hold the bytes of this answer", "data": None})
        else:
            await self.play(found, scope, send)

    async def play(self, exchange: Exchange, scope: Scope, send: Send) -> None:
        waited_ms = 0
        first = exchange.pieces[0].after_ms if exchange.pieces and not exchange.stream else 0
        waited_ms = await self._wait(waited_ms, first)
        skip = ("transfer-encoding", "connection")
        headers = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in exchange.answer_headers if n.lower() not in skip]
        await send({"type": "http.response.start", "status": exchange.status, "headers": headers})
        for piece in exchange.pieces:
            waited_ms = await self._wait(waited_ms, piece.after_ms)
            await send({"type": "http.response.body", "body": piece.content, "more_body": True})
        if exchange.ends in ("server", "client"):
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            await _end(exchange.ends, scope)

    async def _wait(self, waited_ms: int, until_ms: int) -> int:
        if self.rate and until_ms > waited_ms:
            await asyncio.sleep((until_ms - waited_ms) / 1000 / self.rate)
        else:
            await asyncio.sleep(0)
        return max(waited_ms, until_ms)


async def _end(how: str, scope: Scope) -> None:
    """The end that a fault made: on a connection that can be reset, as it was; else the application just stops."""
    from mock_server.lying import reset

    transport: asyncio.Transport | None = scope.get("extensions", {}).get("nemovideo.transport")
    if transport is not None:
        if how == "reset":
            reset(transport)
        elif how != "stall":
            transport.close()


async def _body(receive: Receive) -> Any:
    """The JSON of a body, its text if it is none, None if it is empty or an upload."""
    raw = bytearray()
    while True:
        message = await receive()
        raw += message.get("body", b"")
        if not message.get("more_body"):
            break
    if not raw or raw[:2] == b"--":
        return None
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return raw.decode("utf-8", "backslashreplace")


async def _json(send: Send, status: int, body: dict[str, Any]) -> None:
    content = msgspec.json.encode(body)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
