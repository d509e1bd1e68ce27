"""The length of a stream of frames that says nothing of itself: its frames counted, or the rest estimated by the mean."""

from collections.abc import Callable
from typing import NamedTuple

from mock_server.media.source import Source


class Frame(NamedTuple):
    """`length` in bytes with its header; `samples` of each channel, `rate` of them a second."""

    length: int
    samples: int
    rate: int


#: Reads a header from its first 8 bytes; None when it is none.
Header = Callable[[bytes], Frame | None]


def seconds(source: Source, start: int, end: int, header: Header) -> float:
    """Seconds of the frames from `start`, where one is, up to `end`. What lies behind a damaged spot is like what lies before."""
    total, count, position = 0.0, 0, start
    while position < end and not source.weary:
        frame = header(source.at(position, 8))
        if frame is None or position + frame.length > end:
            break
        total += frame.samples / frame.rate
        count, position = count + 1, position + frame.length
    uncounted = count * (end - position) // (position - start) if count else 0  # whole frames of mean length
    return total + total * uncounted / count if count else 0.0
