"""The tracks of a movie box (ISO/IEC 14496-12; clauses named are its)."""

import struct
from contextlib import suppress
from dataclasses import dataclass

from mock_server.media.boxes import Box, boxes, inside
from mock_server.media.source import Damaged, Source

MOST_TRACKS = 256
MOST_RUNS = 4096  # entries of one `stts` that are read; the rest are taken to be like them


@dataclass(slots=True)
class Track:
    """One `trak`: times in ticks, `timescale` of them a second; sizes in pixels before `turned`; `samples` last `ticks`."""

    number: int = 0
    kind: bytes = b""
    enabled: bool = False
    turned: bool = False
    width: int = 0
    height: int = 0
    timescale: int = 0
    length: int = 0
    samples: int = 0
    ticks: int = 0


def tracks_of(source: Source, moov: Box) -> list[Track]:
    """What can be read of the tracks."""
    tracks: list[Track] = []
    with suppress(Damaged):
        for box in boxes(source, moov.start, moov.end):
            if box.kind == b"trak" and len(tracks) < MOST_TRACKS:
                tracks.append(Track())
                with suppress(Damaged):
                    _fill(source, box, tracks[-1])
    return tracks


def length(version: int, ticks: int) -> int:
    """A duration field; 0 for all ones, which means unknown (8.2.2.3)."""
    return 0 if ticks == (2**64 if version == 1 else 2**32) - 1 else ticks


def turned(source: Source, start: int) -> bool:
    """Whether the matrix at `start` (6.2.2: a b u c d v x y w) turns by 90 or 270 degrees, so that width is height."""
    a, b, _, c, d, *_ = source.unpack(">9i", start)
    return bool(abs(b) + abs(c) > abs(a) + abs(d))


def _fill(source: Source, trak: Box, track: Track) -> None:
    if box := inside(source, trak, b"mdia", b"hdlr"):  # 8.4.3
        (track.kind,) = source.unpack(">8x4s", box.start)
    if box := inside(source, trak, b"tkhd"):  # 8.3.2
        _track_header(source, box, track)
    if box := inside(source, trak, b"mdia", b"mdhd"):  # 8.4.2
        (version,) = source.unpack("B", box.start)
        track.timescale, ticks = source.unpack(">20xIQ" if version == 1 else ">12xII", box.start)
        track.length = length(version, ticks)
    table = inside(source, trak, b"mdia", b"minf", b"stbl")
    if track.kind == b"vide" and not (track.width and track.height) and (box := inside(source, table, b"stsd")):
        track.width, track.height = source.unpack(">40xHH", box.start)  # 12.1.3: the first sample entry
    if box := inside(source, table, b"stts"):  # 8.6.1.2
        _runs(source, box, track)


def _track_header(source: Source, box: Box, track: Track) -> None:
    version, flags = source.unpack(">B2xB", box.start)
    track.enabled = bool(flags & 1)
    (track.number,) = source.unpack(">I", box.start + (20 if version == 1 else 12))
    matrix = box.start + (52 if version == 1 else 40)
    track.turned = turned(source, matrix)
    track.width, track.height = (round(side / 2**16) for side in source.unpack(">II", matrix + 36))  # the size shown


def _runs(source: Source, box: Box, track: Track) -> None:
    """Count samples and ticks in a table of (samples, ticks of each)."""
    (entries,) = source.unpack(">4xI", box.start)
    table = source.at(box.start + 8, 8 * min(entries, MOST_RUNS, (box.end - box.start - 8) // 8))
    for samples, ticks in struct.iter_unpack(">II", table[: len(table) // 8 * 8]):
        track.samples += samples
        track.ticks += samples * ticks
