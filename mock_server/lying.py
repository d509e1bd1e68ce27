"""Acting faults out on one connection: between the application and the server's `send`.

Bytes are those of the answer's body, as the application sends them; HTTP chunk framing does not count.
"""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import suppress
from socket import SO_LINGER, SOL_SOCKET
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from mock_server import faults
from mock_server.faults import Armed
from mock_server.pacing import Live
from mock_server.values import Reply
from mock_server.varying import header_name

GATEWAY = """<html>
<head><title>{status} {phrase}</title></head>
<body><center><h1>{status} {phrase}</h1></center><hr><center>gateway</center></body>
</html>
"""
PHRASES = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Time-out"}

#: A slow answer is written that often, in virtual ms.
DRIP_MS = 100


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
        self.sent = 0

    def meet(self, exchange: int, met: list[Armed]) -> None:
        self.exchange, self.met = exchange, met

    def faults(self, place: str) -> list[Armed]:
        return [armed for armed in self.met if armed.fault.at == place]

    async def at(self, place: str, number: int = 0) -> None:
        """Act out what is armed at a place (and number, of an event). Raises Gone, Instead."""
        for armed in self.faults(place):
            if armed.fault.number == number and armed.fault.what not in ("duplicate", "reorder", "wrong_length", "drop_headers"):
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
        }
        self.live.journal.add(self.live.world.now_ms, "fault", told)

    async def act(self, armed: Armed) -> None:
        fault = armed.fault
        self.note(armed)
        match fault.what:
            case "latency":
                await self.live.sleep_until(self.live.world.now_ms + faults.delay_ms(self.live.faults, fault))
            case "reset":
                self.reset()
                raise Gone
            case "close":
                self.close()
                raise Gone
            case "half_close":
                if self.transport is not None and self.transport.can_write_eof():
                    self.transport.write_eof()
                await self.until_the_client_leaves()
            case "stall":
                await self.until_the_client_leaves()
            case "status" | "gateway" | "rate_limit":
                raise Instead(told_instead(fault))

    async def until_the_client_leaves(self) -> None:
        """Raises Gone, in the end."""

        async def leaves() -> None:
            while (await self.receive())["type"] != "http.disconnect":
                pass

        ends = [asyncio.ensure_future(leaves()), asyncio.ensure_future(self.live.until_closed())]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
        self.close()
        raise Gone

    def reset(self) -> None:
        """RST, at once."""
        if self.transport is not None:
            reset(self.transport)

    def close(self) -> None:
        """FIN, once all that was written is sent."""
        if self.transport is not None:
            self.transport.close()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._head(message)
        elif not self.met:
            await self.send(message)
        elif message["type"] == "http.response.body":
            await self._body(message)
        else:
            await self.send(message)

    async def _head(self, message: Message) -> None:
        varied = self.live.world.varied
        if not self.met and not varied:
            await self.send(message)
            return
        headers = [(header_name(name, varied), value) for name, value in message["headers"]]
        for armed in self.faults("after"):
            if armed.fault.what == "drop_headers":
                self.note(armed)
                dropped = {name.lower().encode() for name in armed.fault.params["names"]}
                headers = [(name, value) for name, value in headers if name.lower() not in dropped]
            if armed.fault.what == "wrong_length":
                self.note(armed)
                headers = [
                    (name, str(max(0, int(value) + armed.fault.params["by"])).encode() if name == b"content-length" else value)
                    for name, value in headers
                ]
        await self.send({**message, "headers": headers})

    async def _body(self, message: Message) -> None:
        content, more = message.get("body", b""), message.get("more_body", False)
        for armed in sorted(self.faults("byte"), key=lambda one: one.fault.number):
            content = await self._meet_byte(armed, content)
        if any(armed.fault.what == "wrong_length" for armed in self.faults("after")):
            await self._write_raw(content, more)
            return
        if more or not self.faults("end"):
            await self._pass(content, more)
            return
        await self._pass(content, True)
        await self.at("end")
        await self.send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _meet_byte(self, armed: Armed, content: bytes) -> bytes:
        """What is left to send of `content` after a fault at a byte, if that byte is in it."""
        fault = armed.fault
        at = fault.number - self.sent
        if fault.what == "corrupt":
            first, last = max(0, at), min(len(content), at + int(fault.params["bytes"]))
            if first >= last:
                return content
            if at >= 0:
                self.note(armed)
            return content[:first] + bytes(byte ^ 0x55 for byte in content[first:last]) + content[last:]
        if fault.what == "slow":
            if self.sent + len(content) <= fault.number:
                return content
            if at >= 0:
                self.note(armed)
            await self._pass(content[: max(0, at)], True)
            await self._drip(content[max(0, at) :], fault.params["bytes_per_s"])
            return b""
        if not 0 <= at < max(1, len(content)):
            return content
        await self._pass(content[:at], True)
        await self.act(armed)
        return content[at:]

    async def _drip(self, content: bytes, bytes_per_s: float) -> None:
        size = max(1, int(bytes_per_s * DRIP_MS / 1000))
        for start in range(0, len(content), size):
            await self._pass(content[start : start + size], True)
            await self.live.sleep_until(self.live.world.now_ms + int(1000 * min(size, len(content) - start) / bytes_per_s))

    async def _pass(self, content: bytes, more: bool) -> None:
        if content or not more:
            await self.send({"type": "http.response.body", "body": content, "more_body": more})
            self.sent += len(content)

    async def _write_raw(self, content: bytes, more: bool) -> None:
        """Past the server, which would refuse a body of another length than it was told."""
        if self.transport is not None:
            self.transport.write(content)
        self.sent += len(content)
        if not more:
            self.close()
            raise Gone

    async def uploaded(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The pieces of an upload, meeting what is armed at one of its bytes. Raises Gone."""
        taken = 0
        waiting = sorted(self.faults("upload"), key=lambda one: one.fault.number)
        async for chunk in chunks:
            taken += len(chunk)
            while waiting and waiting[0].fault.number < taken:
                await self.act(waiting.pop(0))
            yield chunk


def reset(transport: asyncio.Transport) -> None:
    """RST: a linger time of zero turns close into a reset (RFC 9293, 3.10.4; socket(7))."""
    with suppress(OSError):
        transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def told_instead(fault: faults.Fault) -> Reply:
    """The answer that a fault puts in place of the service's."""
    params = fault.params
    if fault.what == "gateway":
        page = GATEWAY.format(status=params["status"], phrase=PHRASES.get(params["status"], "Error"))
        return Reply(page.encode(), params["status"], (("content-type", "text/html"),))
    if fault.what == "rate_limit":
        body: dict[str, Any] = {"code": 429, "message": "rate limit: slow down", "data": None}
        return Reply(body, 429, (("retry-after", f"{params['retry_after_s']:g}"),))
    code = params["code"] if params["code"] is not None else params["status"]
    body = {"code": code, "message": params["message"], "data": None}
    return Reply(body, params["status"], tuple(params["headers"].items()))
