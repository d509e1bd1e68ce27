"""Acting faults out on one connection: between the application and the server's `send`.

Bytes are those of the answer's body, as the application sends them; HTTP chunk framing does not count.
"""

import asyncio
import os
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from mock_server import faults
from mock_server.cases import StreamCase
from mock_server.faults import Armed
from mock_server.pacing import Listener, Live, unsent
from mock_server.values import AnyReply, Reply
from mock_server.varying import header_name

GATEWAY = """<html>
<head><title>{status} {phrase}</title></head>
<body><center><h1>{status} {phrase}</h1></center><hr><center>gateway</center></body>
</html>
"""
PHRASES = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Time-out"}

#: How long (real seconds) the server may take to learn of an end, which waits for a client that does not read.
PATIENCE_S = 2

#: A slow answer is written that often, in virtual ms.
DRIP_MS = 100

#: What does not happen at an instant but changes what is written.
REWRITING = ("duplicate", "reorder", "wrong_length", "drop_headers", "instead", "corrupt", "slow")
#: Answers of these statuses have no body (RFC 9110, 6.4.1).
BODILESS = (204, 304)


class Gone(Exception):
    """A fault ended the connection: there is nobody left to tell."""


class Instead(Exception):
    """A fault has another answer told than the one that was worked out."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply


class Outlet:
    """The `send` of one exchange, which meets the faults chosen for it."""

    def __init__(self, live: Live, scope: Scope, receive: Receive, send: Send) -> None:
        self.live = live
        self.transport: asyncio.Transport | None = scope.get("extensions", {}).get("nemovideo.transport")
        self.receive = receive
        self.send = send
        self.exchange = 0
        self.met: list[Armed] = []
        self.begun: set[int] = set()  # faults that go on for more than one message
        self.sent = 0
        self.room: int | None = None  # so many bytes of the body go through the server; it would refuse or frame the others
        self.ended = False  # a fault ended the connection, or leaves it hanging
        self.listener: Listener | None = None  # of a stream
        self.case: StreamCase | None = None  # told in place of a stream

    def meet(self, exchange: int, met: list[Armed]) -> None:
        self.exchange, self.met = exchange, met

    @property
    def needed(self) -> bool:
        """Whether anything is to be done to what is sent."""
        return bool(self.met or self.live.world.varied)

    async def instead_of(self, reply: AnyReply) -> AnyReply:
        """The reply, or what a fault has told in its place, once the work is done. Raises Gone."""
        if not self.met:
            return reply
        try:
            await self.at("after")
        except Instead as fault:
            return fault.reply
        return reply

    def faults(self, place: str, *what: str) -> list[Armed]:
        """Those met at a place, in the order of their numbers."""
        found = [armed for armed in self.met if armed.fault.at == place and (not what or armed.fault.what in what)]
        return sorted(found, key=lambda armed: armed.fault.number)

    async def at(self, place: str, number: int = 0) -> None:
        """Act out what is armed at a place (and number, of an event). Raises Gone, Instead."""
        for armed in self.faults(place):
            if armed.fault.number == number and armed.fault.what not in REWRITING:
                await self.act(armed)

    def note(self, armed: Armed) -> None:
        armed.fired += 1
        fault = armed.fault
        told = {
            "of": self.exchange,
            "fault": fault.name or fault.what,
            "what": fault.what,
            "at": fault.at,
            "number": fault.number,
            "params": fault.params,
        }
        self.live.journal.add(self.live.world.now_ms, "fault", told)

    def begin(self, armed: Armed) -> None:
        """Note once what lasts longer."""
        if armed.id not in self.begun:
            self.begun.add(armed.id)
            self.note(armed)

    async def act(self, armed: Armed) -> None:
        fault = armed.fault
        self.note(armed)
        match fault.what:
            case "latency":
                await self.live.sleep_until(self.live.world.now_ms + faults.delay_ms(self.live.faults, fault), self.listener)
            case "reset" | "close":
                await self.end(fault.what)
            case "half_close":
                if self.transport is not None:
                    await self.live.patiently(self.written)
                    half_close(self.transport)
                await self.until_the_client_leaves()
            case "stall":
                await self.until_the_client_leaves()
            case "status" | "gateway" | "rate_limit":
                raise Instead(told_instead(fault))

    async def until_the_client_leaves(self) -> None:
        """Or its connection is lost otherwise, or the world closes. Raises Gone, in the end."""
        self.ended = True
        if self.listener is not None:
            self.live.hold(self.listener)

        async def leaves() -> None:
            while (await self.receive())["type"] != "http.disconnect":
                pass

        left, closed = asyncio.ensure_future(leaves()), asyncio.ensure_future(self.live.until_closed(self.listener))
        try:
            await asyncio.wait((left, closed), return_when=asyncio.FIRST_COMPLETED)
            self.close()
            if self.transport is not None:  # before the server knows of the end, it would answer by itself
                await asyncio.wait((left,), timeout=PATIENCE_S)
        finally:
            left.cancel()
            closed.cancel()
        raise Gone

    async def end(self, how: str) -> None:
        """End the connection by a reset or a FIN, once the client's side has all that was written. Raises Gone."""
        self.ended = True
        if self.transport is None:
            raise Gone
        if how == "reset":
            await self.live.patiently(self.delivered)
            self.reset()
        else:
            self.close()
        await self.until_the_client_leaves()

    def written(self) -> bool:
        """Whether the system has all that was written."""
        return self.transport is None or self.transport.is_closing() or not self.transport.get_write_buffer_size()

    def delivered(self) -> bool:
        """Whether nothing is on its way any more: a reset would destroy it."""
        return self.transport is None or self.transport.is_closing() or not unsent(self.transport)

    def reset(self) -> None:
        """RST, at once."""
        if self.transport is not None:
            reset(self.transport)

    def close(self) -> None:
        """FIN, once all that was written is sent."""
        if self.transport is not None:
            self.transport.close()

    # the answer

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._head(message)
        elif not self.met:
            await self.send(message)
        elif message["type"] == "http.response.body":
            await self._body(message)
        else:
            await self.send(message)

    def told_case(self) -> StreamCase | None:
        """The stream case that takes the place of this stream, if one is armed."""
        for armed in self.faults("after", "instead"):
            self.note(armed)
            self.case = faults.told_case(armed.fault.params)
            return self.case
        return None

    async def _head(self, message: Message) -> None:
        varied = self.live.world.varied
        if not self.met and not varied:
            await self.send(message)
            return
        headers = [(header_name(name, varied), value) for name, value in message["headers"]]
        for armed in self.faults("after", "drop_headers"):
            dropped = {name.lower().encode() for name in armed.fault.params["names"]}
            kept = [(name, value) for name, value in headers if name.lower() not in dropped]
            if len(kept) < len(headers):
                self.note(armed)
            headers = kept
        for armed in self.faults("after", "wrong_length"):
            for index, (name, value) in enumerate(headers):
                if name.lower() == b"content-length":
                    self.note(armed)
                    self.room = max(0, int(value) + armed.fault.params["by"])
                    headers[index] = (name, str(self.room).encode())
        if self.case is not None and self.case.ends == "eof":
            self.room = 0
            self._write_raw(unframed(message["status"], headers))
        else:
            await self.send({**message, "headers": headers})

    async def _body(self, message: Message) -> None:
        content, more = message.get("body", b""), message.get("more_body", False)
        content = self._corrupted(content)
        for armed in self.faults("byte"):
            at = armed.fault.number - self.sent
            if armed.fault.what not in REWRITING and (0 <= at < len(content) or (at == len(content) and not more)):
                await self._write(content[:at])
                content = content[at:]
                await self.act(armed)
        await self._write(content)
        if not more:
            await self.at("end")
            if self.room is not None:
                await self.end("close")
            await self.send({"type": "http.response.body", "body": b"", "more_body": False})

    def _corrupted(self, content: bytes) -> bytes:
        """Some bits of each byte of a stretch are turned over."""
        for armed in self.faults("byte", "corrupt"):
            at = armed.fault.number - self.sent
            first, last = max(0, at), min(len(content), at + armed.fault.params["bytes"])
            if first < last:
                self.begin(armed)
                content = content[:first] + bytes(byte ^ 0x55 for byte in content[first:last]) + content[last:]
        return content

    async def _write(self, content: bytes) -> None:
        """Bytes of the body, from some byte on slowly."""
        for armed in self.faults("byte", "slow"):
            if armed.fault.number < self.sent + len(content):
                quick = max(0, armed.fault.number - self.sent)
                await self._pass(content[:quick])
                self.begin(armed)
                await self._drip(content[quick:], armed.fault.params["bytes_per_s"])
                return
        await self._pass(content)

    async def _drip(self, content: bytes, bytes_per_s: float) -> None:
        size = max(1, int(bytes_per_s * DRIP_MS / 1000))
        due_ms: float = self.live.world.now_ms
        for start in range(0, len(content), size):
            piece = content[start : start + size]
            await self._pass(piece)
            due_ms += 1000 * len(piece) / bytes_per_s
            await self.live.sleep_until(int(due_ms), self.listener)

    async def _pass(self, content: bytes) -> None:
        taken = len(content) if self.room is None else max(0, min(len(content), self.room - self.sent))
        if taken:
            await self.send({"type": "http.response.body", "body": content[:taken], "more_body": True})
        if taken < len(content):
            self._write_raw(content[taken:])
        self.sent += len(content)

    def _write_raw(self, content: bytes) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(content)

    # the request

    async def uploaded(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The pieces of an upload, meeting what is armed at one of its bytes. Raises Gone."""
        taken = 0
        waiting = self.faults("upload")
        async for chunk in chunks:
            taken += len(chunk)
            while waiting and waiting[0].fault.number < taken:
                await self.act(waiting.pop(0))
            yield chunk


def reset(transport: asyncio.Transport) -> None:
    """RST: a linger time of zero turns close into a reset (RFC 9293, 3.10.4; socket(7))."""
    with suppress(OSError):
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def half_close(transport: asyncio.Transport) -> None:
    """FIN, while the other direction stays open. The transport is not told: what is written later finds the pipe broken, quietly."""
    with suppress(OSError), socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno())) as same:
        same.shutdown(socket.SHUT_WR)


def unframed(status: int, headers: list[tuple[bytes, bytes]]) -> bytes:
    """The head of an answer that lasts until its connection ends."""
    phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""
    rows = [*((name, value) for name, value in headers if name.lower() != b"connection"), (b"connection", b"close")]
    return f"HTTP/1.1 {status} {phrase}\r\n".encode() + b"".join(b"%s: %s\r\n" % row for row in rows) + b"\r\n"


def told_instead(fault: faults.Fault) -> Reply:
    """The answer that a fault puts in place of the service's."""
    params = fault.params
    if fault.what == "gateway":
        page = GATEWAY.format(status=params["status"], phrase=PHRASES.get(params["status"], "Error"))
        return Reply(page.encode(), params["status"], (("content-type", "text/html"),))
    if fault.what == "rate_limit":
        body: dict[str, Any] = {"code": 429, "message": "rate limit: slow down", "data": None}
        return Reply(body, 429, (("retry-after", str(params["retry_after_s"])),))
    if params["status"] in BODILESS:
        return Reply(b"", params["status"], tuple(params["headers"].items()))
    code = params["code"] if params["code"] is not None else params["status"]
    body = {"code": code, "message": params["message"], "data": None}
    return Reply(body, params["status"], tuple(params["headers"].items()))
