"""A proxy that tunnels to the mock alone: CONNECT to our hosts, 403 for everybody else. It opens no connection to anywhere else."""

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
from urllib.parse import urlsplit

MOST_HEAD_BYTES = 64 * 1024
HEAD_WITHIN_S = 30
PIECE_BYTES = 64 * 1024


class Proxy:
    """To be made and closed on the loop of the mock."""

    def __init__(self, hosts: Sequence[str], port: int, tried: Counter[str]) -> None:
        """Tunnels lead to 127.0.0.1:`port`; who else was asked for is counted in `tried`."""
        self.hosts, self.port, self.tried = hosts, port, tried
        self.open: set[asyncio.StreamWriter] = set()
        self.server: asyncio.Server | None = None

    async def start(self) -> int:
        """Gives its port, on 127.0.0.1. Raises OSError."""
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0, limit=MOST_HEAD_BYTES)
        port: int = self.server.sockets[0].getsockname()[1]
        return port

    def close(self) -> None:
        if self.server is not None:
            self.server.close()
        for writer in self.open:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open.add(writer)
        try:
            async with asyncio.timeout(HEAD_WITHIN_S):
                head = await reader.readuntil(b"\r\n\r\n")
            method, _, rest = head.decode("latin-1").partition(" ")
            target = rest.partition(" ")[0]
            host, port = place(method, target)
            if host in self.hosts and method == "CONNECT" and port == 443:
                await self.tunnel(reader, writer)
                return
            self.tried[f"{host}:{port}"] += 1
            await refuse(writer, f"nemovideo-mock: nothing but https to {', '.join(self.hosts)} leaves here, not {host}:{port}\n")
        except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self.open.discard(writer)
            writer.close()

    async def tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_connection("127.0.0.1", self.port)
        self.open.add(ours)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            await asyncio.gather(relay(reader, ours), relay(theirs, writer))
        finally:
            self.open.discard(ours)
            ours.close()


def place(method: str, target: str) -> tuple[str, int]:
    """Host (lower case, without a last dot) and port that a request of a proxy is for. Raises ValueError."""
    if method == "CONNECT":
        found = re.fullmatch(r"\[?([^\[\]]+?)\]?:(\d+)", target)
        if found is None:
            raise ValueError(target)
        return found[1].lower().rstrip("."), int(found[2])
    parts = urlsplit(target)
    if not parts.hostname:
        raise ValueError(target)
    return parts.hostname.rstrip("."), parts.port or (443 if parts.scheme == "https" else 80)


async def refuse(writer: asyncio.StreamWriter, text: str) -> None:
    body = text.encode("utf-8", "replace")
    status = HTTPStatus.FORBIDDEN
    head = f"HTTP/1.1 {status} {status.phrase}\r\ncontent-type: text/plain\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()


async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Bytes as they come, to the end of that direction; a reset of one side resets the other."""
    try:
        while piece := await reader.read(PIECE_BYTES):
            writer.write(piece)
            await writer.drain()
    except OSError:
        writer.transport.abort()
        return
    with suppress(OSError, NotImplementedError):
        if writer.can_write_eof() and not writer.transport.is_closing():
            writer.write_eof()
