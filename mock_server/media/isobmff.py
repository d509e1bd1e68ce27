"""MP4, M4A and MOV: which of them it is, and what the movie box says (ISO/IEC 14496-12; clauses named are its)."""

from mock_server.media import fragments
from mock_server.media.boxes import Box, boxes, inside
from mock_server.media.found import Found, ratio
from mock_server.media.source import Source
from mock_server.media.tracks import Track, length, tracks_of, turned

#: Types of a first box. QuickTime files of before 2001 have no `ftyp`.
OPENING = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
SOUND_BRANDS = (b"M4A ", b"M4B ", b"M4P ")
#: Pictures and raw photographs in the same boxes: HEIF, AVIF, Canon. None of the 13 formats.
OTHER_BRANDS = (b"mif1", b"mif2", b"msf1", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"avif", b"avis", b"crx ")


def read(source: Source, found: Found) -> None:
    brand = b""
    for box in boxes(source, 0, source.size):
        if box.kind == b"ftyp":
            brand = source.at(box.start, 4)
            if brand in OTHER_BRANDS:
                return
            found.format = _format(brand, [])
        elif box.kind == b"moov" and (brand or inside(source, box, b"mvhd")):
            _movie(source, box, brand, found)
            return


def _movie(source: Source, moov: Box, brand: bytes, found: Found) -> None:
    tracks = tracks_of(source, moov)
    found.format = _format(brand, tracks)
    pictures = sorted(_pictures(brand, tracks), key=lambda track: not track.enabled)
    for track in pictures[:1]:
        found.width, found.height = (track.height, track.width) if track.turned else (track.width, track.height)
        found.fps = ratio(track.samples * track.timescale, track.ticks)
    found.duration_s = max((ratio(t.length or t.ticks, t.timescale) or 0 for t in tracks), default=0)
    timescale = _header(source, moov, found)
    if inside(source, moov, b"mvex"):
        fragments.read(source, moov, timescale, tracks, pictures[:1], found)


def _format(brand: bytes, tracks: list[Track]) -> str:
    if brand in (b"qt  ", b""):
        return "mov"
    if _pictures(brand, tracks):
        return "mp4"
    return "m4a" if brand in SOUND_BRANDS or any(t.kind == b"soun" for t in tracks) else "mp4"


def _pictures(brand: bytes, tracks: list[Track]) -> list[Track]:
    """The video tracks. One that is switched off in a sound file is its chapters' pictures."""
    return [t for t in tracks if t.kind == b"vide" and (t.enabled or brand not in SOUND_BRANDS)]


def _header(source: Source, moov: Box, found: Found) -> int:
    """Enter what `mvhd` (8.2.2) says of the whole; its ticks a second, 0 when unknown."""
    box = inside(source, moov, b"mvhd")
    if box is None:
        return 0
    (version,) = source.unpack("B", box.start)
    timescale, ticks = source.unpack(*((">20xIQ", box.start) if version == 1 else (">12xII", box.start)))
    found.duration_s = ratio(length(version, ticks), timescale) or found.duration_s
    if turned(source, box.start + (48 if version == 1 else 36)):
        found.width, found.height = found.height, found.width
    return int(timescale)
