"""Boxes of ISO base media files and atoms of QuickTime, which are the same (ISO/IEC 14496-12, 4.2).

They are looked for along fixed paths, never recursively, so nesting has no depth to fear.
"""

from collections.abc import Iterator
from typing import NamedTuple

from mock_server.media.source import Source


class Box(NamedTuple):
    """The bytes from `start` up to `end` are its content, as far as its parent and the file have them."""

    kind: bytes
    start: int
    end: int


def boxes(source: Source, start: int, end: int) -> Iterator[Box]:
    """The boxes from `start` up to `end`; none after one that cannot be."""
    end = min(end, source.size)
    while start + 8 <= end:
        size, kind = source.unpack(">I4s", start)
        header = 8
        if size == 1:
            (size,) = source.unpack(">Q", start + 8)
            header = 16
        elif size == 0:
            size = end - start
        if size < header:
            return
        yield Box(kind, start + header, min(start + size, end))
        start += size


def inside(source: Source, box: Box | None, *path: bytes) -> Box | None:
    """The first box at the end of a path of types below `box`."""
    for kind in path:
        box = box and next((b for b in boxes(source, box.start, box.end) if b.kind == kind), None)
    return box
