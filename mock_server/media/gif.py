"""GIF (GIF89a specification): the screen, and the delays of the frames."""

from mock_server.media.found import Found, animate, shown_s
from mock_server.media.source import Source

EXTENSION, IMAGE, CONTROL = 0x21, 0x2C, 0xF9


def read(source: Source, found: Found) -> None:
    found.format = "gif"
    found.width, found.height, flags = source.unpack("<HHB", 6)
    position = 13 + _table(flags)
    frames, seconds, delay = 0, 0.0, 0.0
    try:
        while not source.weary:
            (block,) = source.unpack("B", position)
            if block == EXTENSION:
                label, delay_cs = source.unpack("<xB2xH", position)
                delay = delay_cs / 100 if label == CONTROL else delay
                position = _after(source, position + 2)
            elif block == IMAGE:
                (flags,) = source.unpack("B", position + 9)
                frames, seconds, delay = frames + 1, seconds + shown_s(delay), 0.0
                position = _after(source, position + 11 + _table(flags))
            else:
                break  # the trailer, or damage: the end either way
    finally:
        animate(source, found, frames, seconds, position)


def _table(flags: int) -> int:
    """Bytes of the colour table these flags announce (18.c: 3 x 2^(size + 1))."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after(source: Source, position: int) -> int:
    """The end of the sub-blocks that start at `position`; or, for a weary source, the end of the last one looked at."""
    while not source.weary:
        (length,) = source.unpack("B", position)
        position += 1 + length
        if not length:
            break
    return position
