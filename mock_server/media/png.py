"""PNG (W3C PNG specification, third edition): IHDR, and the delays of an animated one."""

from mock_server.media.found import Found, animate, ratio, shown_s
from mock_server.media.source import Source


def read(source: Source, found: Found) -> None:
    found.format = "png"
    position, animated = 8, False
    frames, seconds = 0, 0.0
    while position + 8 <= source.size and not source.weary:
        length, kind = source.unpack(">I4s", position)
        if kind == b"IHDR":
            found.width, found.height = source.unpack(">II", position + 8)
        elif kind == b"acTL":
            animated = True
        elif kind == b"fcTL" and position + 32 <= source.size:
            above, below = source.unpack(">HH", position + 28)
            seconds += shown_s(ratio(above, below or 100) or 0)  # 11.3.6.2: a denominator of 0 means 100
            frames += 1
        elif kind == b"IEND" or (kind == b"IDAT" and not animated):  # acTL comes before IDAT (11.3.6.1)
            break
        position += 12 + length
    animate(source, found, frames, seconds, position)
