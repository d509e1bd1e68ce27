"""A still picture of one colour, as PNG (ISO/IEC 15948)."""

import struct
import zlib


def write_png(*, width: int, height: int, colour: tuple[int, int, int]) -> bytes:
    """Bytes of a PNG of `width` x `height` pixels, one palette colour, one bit a pixel."""
    row = bytes(1 + (width + 7) // 8)  # filter type 0, then palette index 0 throughout
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 3, 0, 0, 0))
        + _chunk(b"PLTE", bytes(colour))
        + _chunk(b"IDAT", zlib.compress(row * height, 9))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
