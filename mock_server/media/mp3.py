"""MPEG audio layer III (ISO/IEC 11172-3, 2.4.2.3; 13818-3): frame headers, and the length a Xing or VBRI frame tells."""

from mock_server.media.frames import Frame
from mock_server.media.source import Damaged, Source

KBPS = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}  # by the version's bits
LAYER_III = 1
MONO = 3


def header(head: bytes) -> Frame | None:
    """A frame's length, samples and rate. None for free-format streams too: their length is not told."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0 or head[1] >> 1 & 3 != LAYER_III:
        return None
    version, kbps, rate = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or kbps in (0, 15) or rate == 3:
        return None
    samples = 1152 if version == 3 else 576
    hertz = RATES[version][rate]
    length = samples // 8 * KBPS[1 if version == 3 else 2][kbps] * 1000 // hertz + (head[2] >> 1 & 1)
    return Frame(length, samples, hertz)


def told(source: Source, start: int, frame: Frame) -> float | None:
    """Seconds by a Xing, Info or VBRI header in the first frame; None without, or where the file cannot hold so many frames."""
    try:
        version, mono = source.unpack("xBxB", start)
        side = {(True, False): 32, (False, True): 9}.get((version >> 3 & 3 == 3, mono >> 6 == MONO), 17)
        mark, flags, frames = source.unpack(">4sII", start + 4 + side)
        if mark not in (b"Xing", b"Info") or not flags & 1:
            mark, frames = source.unpack(">4s10xI", start + 4 + 32)
            if mark != b"VBRI":
                return None
    except Damaged:
        return None
    return frames * frame.samples / frame.rate if 0 < frames <= source.size // 24 else None  # 24 bytes: 8 kbps at 24 kHz
