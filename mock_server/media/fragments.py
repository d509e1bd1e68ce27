"""Fragmented movies: the length from `mehd`, a whole-file `sidx`, or the runs of the fragments themselves.

ISO/IEC 14496-12, 8.8 and 8.16; clauses named are its.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from mock_server.media.boxes import Box, boxes, inside
from mock_server.media.found import Found, ratio
from mock_server.media.source import Source
from mock_server.media.tracks import Track

MOST_SAMPLES = 2**14  # entries of one `trun` that are read; the rest are taken to be like them
HAS_OFFSET, HAS_FLAGS, HAS_DURATION = 0x01, 0x04, 0x100  # of `trun` (8.8.8)
OPTIONAL = (0x100, 0x200, 0x400, 0x800)  # members of its entries, 4 bytes each
BEFORE_DURATION = ((0x01, 8), (0x02, 4))  # members of `tfhd` and their sizes (8.8.7)
DEFAULT_DURATION = 0x08


@dataclass(slots=True)
class Told:
    """What one track's fragments told so far, in its ticks."""

    track: Track
    default: int = 0
    start: int | None = None
    end: int = 0
    samples: int = 0
    ticks: int = 0


def read(source: Source, moov: Box, timescale: int, tracks: list[Track], pictures: list[Track], found: Found) -> None:
    """Enter the length of the whole, and the frame rate of `pictures`, from what follows `moov`."""
    told = {t.number: Told(t, start=0 if t.ticks else None, end=t.ticks, samples=t.samples, ticks=t.ticks) for t in tracks}
    for number, default in _defaults(source, moov):
        if number in told:
            told[number].default = default
    stated = _stated(source, moov, timescale)
    first = position = moov.end
    counted = False
    try:
        for box in boxes(source, moov.end, source.size):
            position = box.end
            if box.kind == b"sidx" and not counted:
                stated = max(stated, _indexed(source, box))
            elif box.kind == b"moof":
                counted = True
                _fragment(source, box, told)
            if source.weary or (stated and all(told[t.number].samples for t in pictures)):
                break
    finally:
        share = (source.size - first) / max(position - first, 1) if source.weary else 1
        found.duration_s = max(found.duration_s or 0, stated or _span(told) * share)
        for track in pictures:
            found.fps = ratio(told[track.number].samples * track.timescale, told[track.number].ticks)


def _defaults(source: Source, moov: Box) -> Iterator[tuple[int, int]]:
    """(track number, ticks of a sample) of every `trex` (8.8.3)."""
    if mvex := inside(source, moov, b"mvex"):
        for box in boxes(source, mvex.start, mvex.end):
            if box.kind == b"trex":
                yield source.unpack(">4xI4xI", box.start)


def _stated(source: Source, moov: Box, timescale: int) -> float:
    """Seconds by `mehd` (8.8.2), 0 without."""
    box = inside(source, moov, b"mvex", b"mehd")
    if box is None:
        return 0
    (version,) = source.unpack("B", box.start)
    (ticks,) = source.unpack(">4xQ" if version == 1 else ">4xI", box.start)
    return ratio(ticks, timescale) or 0


def _indexed(source: Source, box: Box) -> float:
    """Seconds by a `sidx` (8.16.3), 0 when it does not index the whole rest of the file."""
    (version,) = source.unpack("B", box.start)
    timescale, offset, count = source.unpack(">8xI8xQ2xH" if version == 1 else ">8xI4xI2xH", box.start)
    start = box.start + (32 if version == 1 else 24)
    table = source.at(start, min(12 * count, box.end - start))
    entries = list(struct.iter_unpack(">II4x", table[: len(table) // 12 * 12]))
    end = box.end + offset + sum(size & 0x7FFFFFFF for size, _ in entries)
    if end != source.size and source.at(end + 4, 4) != b"mfra":
        return 0
    return ratio(sum(ticks for _, ticks in entries), timescale) or 0


def _fragment(source: Source, moof: Box, told: dict[int, Told]) -> None:
    for traf in boxes(source, moof.start, moof.end):
        header = inside(source, traf, b"tfhd") if traf.kind == b"traf" else None
        if header is None:
            continue
        flags, number = source.unpack(">II", header.start)
        one = told.get(number)
        if one is None:
            continue
        default = one.default
        if flags & DEFAULT_DURATION:
            (default,) = source.unpack(">I", header.start + 8 + sum(size for bit, size in BEFORE_DURATION if flags & bit))
        if time := inside(source, traf, b"tfdt"):  # 8.8.12
            (version,) = source.unpack("B", time.start)
            (one.end,) = source.unpack(">4xQ" if version == 1 else ">4xI", time.start)
        one.start = one.end if one.start is None else one.start
        for box in boxes(source, traf.start, traf.end):
            if box.kind == b"trun":
                samples, ticks = _run(source, box, default)
                one.end, one.samples, one.ticks = one.end + ticks, one.samples + samples, one.ticks + ticks


def _run(source: Source, trun: Box, default: int) -> tuple[int, int]:
    """(samples, their ticks) of a run."""
    flags, samples = source.unpack(">II", trun.start)
    if not flags & HAS_DURATION:
        return samples, samples * default
    start = trun.start + 8 + 4 * bool(flags & HAS_OFFSET) + 4 * bool(flags & HAS_FLAGS)
    words = sum(bool(flags & bit) for bit in OPTIONAL)  # the duration is the first
    table = source.at(start, 4 * words * min(samples, MOST_SAMPLES, max(trun.end - start, 0) // (4 * words)))
    seen = len(table) // (4 * words)
    ticks = sum(struct.unpack(f">{seen * words}I", table[: seen * words * 4])[::words])
    return (samples, ticks * samples // seen) if seen else (0, 0)


def _span(told: dict[int, Told]) -> float:
    """Seconds from the earliest start of a track to the latest end."""
    lived = [(one.start, one.end, one.track.timescale) for one in told.values() if one.start is not None and one.track.timescale]
    if not lived:
        return 0
    return max(end / scale for _, end, scale in lived) - min(start / scale for start, _, scale in lived)
