"""A file as the readers see it: bytes at an offset, and an end to how much of it may be asked for.

Every loop over boxes, chunks, elements, blocks or frames asks the source at least once a turn, so these two
bounds bound the work on any content, whatever sizes and counts it claims.
"""

import struct
from dataclasses import dataclass, field
from io import SEEK_END
from typing import Any, BinaryIO

#: Reads of one probe: a few hundredths of a second. A file of ordinary make needs under a hundred.
MOST_READS = 2**16
#: Bytes asked for in one probe.
MOST_BYTES = 2**24


class Damaged(Exception):
    """The content is not what its format asks for, or too much of it would have to be read. What is known stays known."""


@dataclass(slots=True)
class Source:
    """A seekable stream of `size` bytes, and how many `reads` of how many bytes `asked` it has answered."""

    stream: BinaryIO
    size: int = field(init=False)
    reads: int = 0
    asked: int = 0

    def __post_init__(self) -> None:
        self.size = self.stream.seek(0, SEEK_END)

    @property
    def weary(self) -> bool:
        """Three quarters of what may be read is read: time to stop counting and estimate the rest."""
        return self.reads * 4 > MOST_READS * 3 or self.asked * 4 > MOST_BYTES * 3

    def at(self, offset: int, count: int) -> bytes:
        """Up to `count` bytes from `offset`, fewer at the end of the file, none outside it."""
        count = min(count, self.size - offset)
        if count <= 0 or offset < 0:
            return b""
        self.reads += 1
        self.asked += count
        if self.reads > MOST_READS or self.asked > MOST_BYTES:
            raise Damaged
        self.stream.seek(offset)
        return self.stream.read(count)

    def unpack(self, layout: str, offset: int) -> tuple[Any, ...]:
        """The values of a `struct` layout at `offset`; Damaged when the file ends before they do."""
        data = self.at(offset, struct.calcsize(layout))
        try:
            return struct.unpack(layout, data)
        except struct.error:
            raise Damaged from None
