"""An upload of 500 MB that is kept, against a bare ASGI callable that discards it, in interleaved rounds."""

import json
import os
import socket
import struct
import time
from collections.abc import Iterator
from statistics import median
from urllib.parse import urlsplit

from benchmarks.client import bearer, new_session
from benchmarks.processes import MIB, Server, mock, request, serving
from benchmarks.table import Row, at_least, at_most

BOUNDARY = "benchmark-boundary-0123456789"


def rows(quick: bool) -> Iterator[Row]:
    rounds, size = (3, 100_000_000) if quick else (5, 500_000_000)
    with serving("bare") as bare, mock() as ours:
        headers = bearer(ours)
        path = f"/api/upload-video/nemo_agent/me/{new_session(ours, headers)}"
        before = ours.memory_bytes()
        pairs = [(send(ours, path, headers, size), send(bare, path, headers, size)) for _ in range(rounds)]
        more = (ours.memory_bytes("VmHWM") - before) / MIB
        answer = json.loads(pairs[-1][0][1])
        fetched = fetch(ours, answer["data"]["files"][0]["cdn_url"])
    own, other = [a[0] for a, _ in pairs], [b[0] for _, b in pairs]
    ratio = median(b / a for a, b in zip(own, other, strict=True))
    speed = f"{size / median(own) / 1e6:,.0f} of {size / median(other) / 1e6:,.0f} MB/s"
    yield at_least(f"upload of {size // 10**6} MB, kept and fetched back", speed, ratio, 0.60)
    yield at_most("  its memory", f"{fetched:,} bytes came back", more, 32, "MiB")
    if fetched != size:
        raise RuntimeError(f"{fetched} bytes came back of {size}")


def wave(size: int) -> bytes:
    """The head of a WAV file of `size` bytes."""
    form = struct.pack("<HHIIHH", 1, 2, 48000, 192000, 4, 16)
    return b"RIFF" + struct.pack("<I", size - 8) + b"WAVEfmt \x10\0\0\0" + form + b"data" + struct.pack("<I", size - 44)


def send(server: Server, path: str, headers: dict[str, str], size: int) -> tuple[float, bytes]:
    """(seconds, body of the answer). The content is noise: bytes that look like a boundary's beginning occur as they do in films."""
    part = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="noise.wav"\r\nContent-Type: audio/wav\r\n\r\n'
    )
    tail = f"\r\n--{BOUNDARY}--\r\n".encode()
    fields = {
        **headers,
        "content-type": f"multipart/form-data; boundary={BOUNDARY}",
        "content-length": str(len(part) + size + len(tail)),
        "connection": "close",
    }
    noise = memoryview(os.urandom(MIB))
    with socket.create_connection(("127.0.0.1", server.port), timeout=120) as link:
        began = time.perf_counter()
        link.sendall(request("POST", path, fields) + part.encode())
        head = wave(size)
        link.sendall(head)
        left = size - len(head)
        while left:
            piece = noise[: min(left, MIB)]
            link.sendall(piece)
            left -= len(piece)
        link.sendall(tail)
        answer = read_all(link)
        took = time.perf_counter() - began
    if not answer.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"the upload is answered {answer[:500]!r}")
    return took, answer.partition(b"\r\n\r\n")[2]


def read_all(link: socket.socket) -> bytes:
    answer = bytearray()
    while part := link.recv(2**18):
        answer += part
    return bytes(answer)


def fetch(server: Server, url: str) -> int:
    """How many bytes a URL has."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=120) as link:
        link.sendall(request("GET", urlsplit(url).path, {"connection": "close"}))
        begun, found = bytearray(), 0
        while part := link.recv(2**18):
            if len(begun) < 2**16:
                begun += part
            found += len(part)
    return found - begun.index(b"\r\n\r\n") - 4
