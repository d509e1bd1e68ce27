"""RIFF: chunks, and chunks in chunks (Multimedia Programming Interface and Data Specifications 1.0)."""

from collections.abc import Iterator
from typing import NamedTuple

from mock_server.media.source import Source


class Chunk(NamedTuple):
    """The bytes from `start` up to `end` are its data, as far as the file has them; `size` is what it claims."""

    kind: bytes
    start: int
    end: int
    size: int


def chunks(source: Source, start: int, end: int) -> Iterator[Chunk]:
    end = min(end, source.size)
    while start + 8 <= end:
        kind, size = source.unpack("<4sI", start)
        yield Chunk(kind, start + 8, min(start + 8 + size, end), size)
        start += 8 + size + size % 2
