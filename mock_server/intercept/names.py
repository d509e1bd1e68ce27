"""A name server that knows our hosts and refuses all others, so that it is known who was asked for."""

import asyncio
import struct
from collections import Counter
from collections.abc import Sequence

ADDRESS, ANY = 1, 255  # RFC 1035, 3.2.2 and 3.2.3
NO_SUCH_NAME, NOT_IMPLEMENTED = 3, 4
US = bytes((127, 0, 0, 1))
LIFE_S = 60


def asked(packet: bytes) -> tuple[str, int, int]:
    """The name of the first question (lower case), its type, and where the question ends. Raises ValueError, IndexError."""
    labels, at = [], 12
    while size := packet[at]:
        if size > 63 or at + size >= len(packet):
            raise ValueError("no name")
        labels.append(packet[at + 1 : at + 1 + size].decode("latin-1").lower())
        at += 1 + size
    return ".".join(labels), int.from_bytes(packet[at + 1 : at + 3]), at + 5


def answer(packet: bytes, hosts: Sequence[str], tried: Counter[str]) -> bytes | None:
    """What is said to a question, or nothing to what is none. Counts foreign names in `tried`, once for A and AAAA together."""
    try:
        name, kind, end = asked(packet)
    except (ValueError, IndexError):
        return None
    number, flags = struct.unpack(">HH", packet[:4])
    if flags & 0x8000:
        return None
    code = 0 if name in hosts else NO_SUCH_NAME
    if flags & 0x7800:
        code = NOT_IMPLEMENTED
    elif code and kind != 28:
        tried[name] += 1
    elif code:
        tried[name] += 0
    found = not code and kind in (ADDRESS, ANY)
    head = struct.pack(">HHHHHH", number, 0x8480 | (flags & 0x0100) | code, 1, found, 0, 0)
    record = struct.pack(">HHHIH", 0xC00C, ADDRESS, 1, LIFE_S, 4) + US if found else b""
    return head + packet[12:end] + record


class NameServer(asyncio.DatagramProtocol):
    def __init__(self, hosts: Sequence[str], tried: Counter[str]) -> None:
        self.hosts, self.tried = hosts, tried
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]  # it is one
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        told = answer(data, self.hosts, self.tried)
        if told is not None and self.transport is not None:
            self.transport.sendto(told, addr)
