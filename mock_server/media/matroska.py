"""Matroska and WebM (RFC 9559): length, picture size and frame rate; for live recordings, from their clusters."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from mock_server.media.ebml import Element, elements, real, uint
from mock_server.media.found import Found, ratio
from mock_server.media.source import Damaged, Source

EBML, DOC_TYPE = 0x1A45DFA3, 0x4282
SEGMENT, INFO, TRACKS, CLUSTER = 0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675
SCALE, DURATION = 0x2AD7B1, 0x4489
TRACK, NUMBER, TYPE, DEFAULT_DURATION, VIDEO = 0xAE, 0xD7, 0x83, 0x23E383, 0xE0
WIDTH, HEIGHT, SHOWN_WIDTH, SHOWN_HEIGHT, SHOWN_UNIT = 0xB0, 0xBA, 0x54B0, 0x54BA, 0x54B2
PROJECTION, ROLL = 0x7670, 0x7675
TIMESTAMP, SIMPLE_BLOCK, BLOCK_GROUP, BLOCK, BLOCK_DURATION = 0xE7, 0xA3, 0xA0, 0xA1, 0x9B

FORMATS = {b"webm": "webm", b"matroska": "mkv"}
IS_VIDEO = 1  # of Type
NS = 10**9
TAIL_STEP, MOST_TAIL = 2**20, 2**23  # bytes: the last cluster is looked for so far from the end


class Block(NamedTuple):
    """Where a block lies in time, in the segment's ticks."""

    track: int
    start: int
    duration: int


@dataclass(slots=True)
class Segment:
    """What the segment says: ticks of `scale` ns; `steps`: ns of a frame by track number, where told."""

    scale: int = 10**6
    duration: float = 0.0
    video: int = 0
    steps: dict[int, int] = field(default_factory=dict)
    cluster: Element | None = None


def read(source: Source, found: Found) -> None:
    segment = Segment()
    for element in elements(source, 0, source.size):
        if element.number == EBML:
            kinds = {e.number: source.at(e.start, min(e.end - e.start, 16)) for e in elements(source, element.start, element.end)}
            found.format = FORMATS.get(kinds.get(DOC_TYPE, b"").rstrip(b"\0"), "")
            if not found.format:
                return
        elif element.number == SEGMENT:
            with suppress(Damaged):
                _segment(source, element, segment, found)
            break
    found.duration_s = segment.duration * segment.scale / NS
    if step := segment.steps.get(segment.video):
        found.fps = NS / step
    if first := segment.cluster:
        _measure(source, first, segment, found)


def _segment(source: Source, element: Element, segment: Segment, found: Found) -> None:
    """Read up to the first cluster, or beyond while the information or the tracks are still to come."""
    end = element.end if element.sized else source.size
    wanted = {INFO, TRACKS}
    for part in elements(source, element.start, end):
        wanted.discard(part.number)
        if part.number == INFO:
            for e in elements(source, part.start, part.end):
                if e.number == SCALE:
                    segment.scale = uint(source, e)
                elif e.number == DURATION:
                    segment.duration = real(source, e)
        elif part.number == TRACKS:
            for e in elements(source, part.start, part.end):
                if e.number == TRACK:
                    _track(source, e, segment, found)
        elif part.number == CLUSTER:
            segment.cluster = segment.cluster or part
        if segment.cluster and not wanted:
            return


def _track(source: Source, element: Element, segment: Segment, found: Found) -> None:
    parts = {e.number: e for e in elements(source, element.start, element.end)}
    values = {n: uint(source, parts[n]) for n in (NUMBER, TYPE, DEFAULT_DURATION) if n in parts}
    number = values.get(NUMBER, 0)
    if step := values.get(DEFAULT_DURATION):
        segment.steps[number] = step
    if values.get(TYPE) == IS_VIDEO and not segment.video:
        segment.video = number
        if VIDEO in parts:
            _picture(source, parts[VIDEO], found)


def _picture(source: Source, video: Element, found: Found) -> None:
    parts = {e.number: e for e in elements(source, video.start, video.end)}
    size = {n: uint(source, e) for n, e in parts.items() if n in (WIDTH, HEIGHT, SHOWN_WIDTH, SHOWN_HEIGHT, SHOWN_UNIT)}
    found.width, found.height = size.get(WIDTH), size.get(HEIGHT)
    shown_width, shown_height = size.get(SHOWN_WIDTH) or found.width, size.get(SHOWN_HEIGHT) or found.height
    if not size.get(SHOWN_UNIT):
        found.width, found.height = shown_width, shown_height
    elif shown_width and shown_height and found.height:  # centimetres, inches or a mere proportion
        found.width = round(found.height * shown_width / shown_height)
    if projection := parts.get(PROJECTION):
        roll = [real(source, e) for e in elements(source, projection.start, projection.end) if e.number == ROLL]
        if roll and 45 < abs(roll[0]) < 135:
            found.width, found.height = found.height, found.width


def _measure(source: Source, first: Element, segment: Segment, found: Found) -> None:
    """Fill in from the blocks what the headers of a live recording could not know yet."""
    opening = list(_blocks(source, first, source.size)) if not (found.fps and found.duration_s) else []
    if not found.fps:
        starts = sorted(b.start for b in opening if b.track == segment.video)
        span = (starts[-1] - starts[0]) * segment.scale if starts else 0
        found.fps = ratio((len(starts) - 1) * NS, span)
    if not found.duration_s and opening and (last := _last_cluster(source, first)):
        ends = [_end_ns(block, segment) for block in _blocks(source, last, source.size)]
        found.duration_s = (max(ends, default=0) - min(b.start for b in opening) * segment.scale) / NS


def _end_ns(block: Block, segment: Segment) -> int:
    return block.start * segment.scale + (block.duration * segment.scale or segment.steps.get(block.track, 0))


def _blocks(source: Source, cluster: Element, end: int) -> Iterator[Block]:
    """The blocks of a cluster, as far as they may be read."""
    base = 0
    with suppress(Damaged):
        for element in elements(source, cluster.start, cluster.end if cluster.sized else end):
            if element.number > 0xFFFFFF or source.weary:
                return  # a number of four bytes: no child of a cluster, but what follows it
            if element.number == TIMESTAMP:
                base = uint(source, element)
            elif element.number == SIMPLE_BLOCK:
                yield from _block(source, element, base, 0)
            elif element.number == BLOCK_GROUP:
                parts = {e.number: e for e in elements(source, element.start, element.end)}
                duration = uint(source, parts[BLOCK_DURATION]) if BLOCK_DURATION in parts else 0
                if BLOCK in parts:
                    yield from _block(source, parts[BLOCK], base, duration)


def _block(source: Source, element: Element, base: int, duration: int) -> Iterator[Block]:
    """10.1: the track's number, of one byte for all of the first 126, and a time relative to the cluster's."""
    track, offset = source.unpack(">Bh", element.start)
    if track & 0x80:
        yield Block(track & 0x7F, base + offset, duration)


def _last_cluster(source: Source, first: Element) -> Element | None:
    """The last cluster, found by its number and its timestamp, for a live one has no index; None when far from the end."""
    mark = CLUSTER.to_bytes(4, "big")
    end = source.size
    while end > first.start and end > source.size - MOST_TAIL and not source.weary:
        start = max(end - TAIL_STEP, first.start - 12, 0)
        window = source.at(start, end - start + len(mark) - 1)
        at = window.rfind(mark)
        while at >= 0:
            cluster = next(elements(source, start + at, source.size), None)
            if cluster and any(e.number == TIMESTAMP for e in islice(elements(source, cluster.start, source.size), 2)):
                return cluster
            at = window.rfind(mark, 0, at + len(mark) - 1)
        end = start
    return None
