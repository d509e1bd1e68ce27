"""EBML (RFC 8794): elements and their values."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from mock_server.media.source import Source


class Element(NamedTuple):
    """The bytes from `start` up to `end` are its content, as far as its parent and the file have them.

    One of unknown size (6.2) has none of its own: what it holds follows as if it were beside it.
    """

    number: int
    start: int
    end: int
    sized: bool


def elements(source: Source, start: int, end: int) -> Iterator[Element]:
    """The elements from `start` up to `end`; none after one that cannot be."""
    end = min(end, source.size)
    while start < end:
        head = source.at(start, 12)
        id_length, size_length = _length(head, 0), _length(head, _length(head, 0))
        if not 1 <= id_length <= 4 or not size_length or len(head) < id_length + size_length:
            return
        bits = 7 * size_length
        size = int.from_bytes(head[id_length : id_length + size_length], "big") & (1 << bits) - 1
        sized = size != (1 << bits) - 1
        body = start + id_length + size_length
        start = body + size if sized else body
        yield Element(int.from_bytes(head[:id_length], "big"), body, min(start, end), sized)


def _length(head: bytes, at: int) -> int:
    """Bytes of the variable-size number at `at`, 1 to 8 (4.1); 0 when there is none."""
    return 9 - head[at].bit_length() if at < len(head) and head[at] else 0


def uint(source: Source, element: Element) -> int:
    return int.from_bytes(source.at(element.start, min(element.end - element.start, 8)), "big")


def real(source: Source, element: Element) -> float:
    data = source.at(element.start, element.end - element.start if element.end - element.start in (4, 8) else 0)
    layout = {4: ">f", 8: ">d"}.get(len(data))
    return float(struct.unpack(layout, data)[0]) if layout else 0.0
