"""Raw streams of sound, MP3 and AAC: tags around them, and the frames they are made of."""

from mock_server.media import adts, mp3
from mock_server.media.found import Found
from mock_server.media.frames import Frame, Header, seconds
from mock_server.media.source import Source

HEADERS: dict[str, Header] = {"mp3": mp3.header, "aac": adts.header}
MOST_TAGS = 8  # one after another at the start of a file
MOST_PADDING = 2**16  # bytes between a tag and the first frame


def read(source: Source, found: Found) -> None:
    start = _after_tags(source)
    tagged = start > 0
    if tagged and start >= source.size:
        found.format = "mp3"  # cut off inside its tag
        return
    end = _before_tags(source, start)
    window = source.at(start, MOST_PADDING)
    padding = len(window) - len(window.lstrip(b"\0"))
    at = window.find(b"\xff", padding)
    while at >= 0 and (tagged or at == padding):
        for name, header in HEADERS.items():
            frame = header(window[at : at + 8])
            if frame and (_followed(source, start + at, end, frame, header) or (tagged and start + at + frame.length > end)):
                found.format = name
                told = mp3.told(source, start + at, frame) if name == "mp3" else None
                found.duration_s = told or seconds(source, start + at, end, header)
                return
        at = window.find(b"\xff", at + 1)


def _followed(source: Source, start: int, end: int, frame: Frame, header: Header) -> bool:
    """Whether another frame of the same stream, or the end, is where this frame says: two bytes alone prove nothing."""
    following = start + frame.length
    if following == end:
        return True
    other = header(source.at(following, 8))
    return other is not None and (other.samples, other.rate) == (frame.samples, frame.rate)


def _after_tags(source: Source) -> int:
    """Where the ID3v2 tags at the start end (ID3v2.4 structure, 3.1 and 3.4)."""
    position = 0
    for _ in range(MOST_TAGS):
        head = source.at(position, 10)
        if len(head) < 10 or head[:3] != b"ID3" or max(head[6:10]) > 0x7F:
            break
        size = sum(byte << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
        position += 10 + size + (10 if head[5] & 0x10 else 0)
    return position


def _before_tags(source: Source, start: int) -> int:
    """Where the tags at the end start: ID3v1, and APE before it (whose footer holds its size)."""
    end = source.size
    if source.at(end - 128, 3) == b"TAG":
        end -= 128
    footer = source.at(end - 32, 32)
    if footer[:8] == b"APETAGEX":
        has_header = footer[23] & 0x80
        end -= int.from_bytes(footer[12:16], "little") + (32 if has_header else 0)
    return max(end, start)
