"""AVI: the main header and the streams' headers (AVI RIFF File Reference)."""

from mock_server.media.found import Found, ratio
from mock_server.media.riff import Chunk, chunks
from mock_server.media.source import Source


def read(source: Source, found: Found) -> None:
    found.format = "avi"
    headers = next((c for c in chunks(source, 12, source.size) if _is_list(source, c, b"hdrl")), None)
    if headers is None:
        return
    for chunk in chunks(source, headers.start + 4, headers.end):  # avih is the first
        if chunk.kind == b"avih":
            _main(source, chunk, found)
        elif _is_list(source, chunk, b"strl"):
            _stream(source, chunk, found)


def _is_list(source: Source, chunk: Chunk, name: bytes) -> bool:
    return chunk.kind == b"LIST" and source.at(chunk.start, 4) == name


def _main(source: Source, chunk: Chunk, found: Found) -> None:
    frame_us, frames, found.width, found.height = source.unpack("<I12xI12xII", chunk.start)
    found.fps = ratio(10**6, frame_us)
    found.duration_s = frame_us * frames / 10**6


def _stream(source: Source, stream: Chunk, found: Found) -> None:
    """A stream's own header is more exact than the main one, and a longer stream makes a longer film."""
    kind = b""
    for chunk in chunks(source, stream.start + 4, stream.end):
        if chunk.kind == b"strh":
            kind, scale, rate, length = source.unpack("<4s16xII4xI", chunk.start)
            if kind in (b"vids", b"auds"):
                found.duration_s = max(found.duration_s or 0, ratio(length * scale, rate) or 0)
            if kind == b"vids":
                found.fps = ratio(rate, scale) or found.fps
        elif chunk.kind == b"strf" and kind == b"vids":
            width, height = source.unpack("<4xii", chunk.start)
            found.width, found.height = width or found.width, abs(height) or found.height  # negative: top row first
