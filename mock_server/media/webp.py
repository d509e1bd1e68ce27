"""WebP (RFC 9649): the size of the picture or canvas, and the delays of the frames."""

from mock_server.media.found import Found, animate, shown_s
from mock_server.media.riff import chunks
from mock_server.media.source import Source

ANIMATED = 0x02


def read(source: Source, found: Found) -> None:
    found.format = "webp"
    frames, seconds, position = 0, 0.0, 12
    for chunk in chunks(source, 12, source.size):
        position = chunk.start + chunk.size
        if chunk.kind == b"VP8 ":
            mark, width, height = source.unpack("<3x3sHH", chunk.start)
            if mark == b"\x9d\x01\x2a":  # RFC 6386, 9.1; the two bits above each size are its scaling
                found.width, found.height = width & 0x3FFF, height & 0x3FFF
            return
        if chunk.kind == b"VP8L":
            mark, bits = source.unpack("<BI", chunk.start)
            if mark == 0x2F:
                found.width, found.height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
            return
        if chunk.kind == b"VP8X":
            flags, width, height = source.unpack("<B3x3s3s", chunk.start)
            found.width, found.height = _uint24(width) + 1, _uint24(height) + 1
            if not flags & ANIMATED:
                return
        elif chunk.kind == b"ANMF" and chunk.end - chunk.start >= 16:
            (delay,) = source.unpack("<12x3s", chunk.start)
            frames, seconds = frames + 1, seconds + shown_s(_uint24(delay) / 1000)
        if source.weary:
            break
    animate(source, found, frames, seconds, position)


def _uint24(data: bytes) -> int:
    return int.from_bytes(data, "little")
