"""What an upload is: its format, length, size and frame rate, from its headers and content, never from its name."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from mock_server.media import audio, avi, gif, isobmff, jpeg, matroska, png, wav, webp
from mock_server.media.found import MOST_FPS, MOST_SECONDS, Found, measure, pixels
from mock_server.media.source import Damaged, Source

#: The 13 documented formats, and what kind of file each is.
FORMATS: dict[str, str] = {
    **dict.fromkeys(("mp4", "mov", "avi", "webm", "mkv"), "video"),
    **dict.fromkeys(("jpg", "png", "gif", "webp"), "image"),
    **dict.fromkeys(("mp3", "wav", "m4a", "aac"), "audio"),
}


@dataclass(frozen=True, slots=True)
class Media:
    """What is known of a file; None for what it does not say or what cannot be read.

    `format` is a key of FORMATS and `file_type` its value: "video", "image" or "audio".
    `duration_s` is in seconds to the millisecond; None for stills, the sum of the frames' delays for animations.
    `width` and `height` are in pixels as shown, after rotation and with square pixels.
    `fps` is the mean frame rate to three decimals; animations have one too, sound has none.
    """

    format: str
    file_type: str
    duration_s: float | None
    width: int | None
    height: int | None
    fps: float | None


Reader = Callable[[Source, Found], None]

#: (offset, bytes) that all must be there, and who reads such a file. The first that fits is taken.
SIGNATURES: tuple[tuple[tuple[tuple[int, bytes], ...], Reader], ...] = (
    *((((4, kind),), isobmff.read) for kind in isobmff.OPENING),
    (((0, b"\x1a\x45\xdf\xa3"),), matroska.read),
    (((0, b"RIFF"), (8, b"AVI ")), avi.read),
    (((0, b"RIFF"), (8, b"WEBP")), webp.read),
    *((((0, form), (8, b"WAVE")), wav.read) for form in (b"RIFF", b"RF64", b"BW64")),
    (((0, b"\xff\xd8\xff"),), jpeg.read),
    (((0, b"\x89PNG\r\n\x1a\n"),), png.read),
    (((0, b"GIF87a"),), gif.read),
    (((0, b"GIF89a"),), gif.read),
    ((), audio.read),
)


def probe(path: Path) -> Media | None:
    """What the file at `path` is, or None when its content is none of the 13 formats. Never raises on content."""
    with path.open("rb") as stream:
        return probe_stream(stream)


def probe_stream(stream: BinaryIO) -> Media | None:
    """As `probe`, over any seekable stream of bytes."""
    source, found = Source(stream), Found()
    with suppress(Damaged):  # what was found before the damage counts
        _reader(source.at(0, 16))(source, found)
    if not found.format:
        return None
    return Media(
        format=found.format,
        file_type=FORMATS[found.format],
        duration_s=measure(found.duration_s, MOST_SECONDS),
        width=pixels(found.width),
        height=pixels(found.height),
        fps=measure(found.fps, MOST_FPS),
    )


def _reader(head: bytes) -> Reader:
    return next(read for marks, read in SIGNATURES if all(head.startswith(mark, at) for at, mark in marks))
