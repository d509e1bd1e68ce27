"""Edits of the director's private copy of a draft: what a cut, a new order or another speed means for all tracks.

The main track is the first video track. It has no gaps: whatever happens to its clips, the next one begins where
the one before ends. Texts keep to the pictures they were over; music that reached to the end keeps reaching there.
"""

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import replace
from typing import TypeVar

from ..scene import AUDIO, TEXT, VIDEO, Draft, Segment, Track

Thing = TypeVar("Thing")

#: What a track is for: its type and its name in English and Chinese. Tracks of other names are music or text by type.
ROLES: dict[str, tuple[int, str, str]] = {
    "video": (VIDEO, "Video", "视频"),
    "music": (AUDIO, "BGM", "背景音乐"),
    "voice": (AUDIO, "Voiceover", "旁白"),
    "effect": (AUDIO, "Sound effects", "音效"),
    "title": (TEXT, "Title", "标题"),
    "subtitle": (TEXT, "Subtitles", "字幕"),
    "text": (TEXT, "Text", "文字"),
}
#: The keys of a style that join a clip to the one before.
JOIN = ("transition", "transition_ms")
OTHERWISE = {VIDEO: "video", AUDIO: "music", TEXT: "text"}


def copied(draft: Draft) -> Draft:
    """A copy that can be edited. Values inside a style are shared: nobody changes those in place."""
    return replace(draft, tracks=[replace(t, segments=[copied_segment(s) for s in t.segments]) for t in draft.tracks])


def copied_segment(segment: Segment) -> Segment:
    return replace(segment, style=dict(segment.style))


def role(track: Track) -> str:
    """A key of ROLES, or "" for a type nobody documents."""
    named = (key for key, (tt, *names) in ROLES.items() if tt == track.type and track.name in names)
    return next(named, OTHERWISE.get(track.type, ""))


def segments(draft: Draft, *roles: str) -> list[Segment]:
    """All segments of these roles, track by track."""
    return [s for t in draft.tracks if role(t) in roles for s in t.segments]


def clips(draft: Draft) -> list[Segment]:
    """The clips of the main track, in order."""
    track = main(draft)
    return track.segments if track else []


def nth(row: Sequence[Thing], number: int) -> Thing | None:
    """The one of that number, from 1; -1 is the last."""
    index = number - 1 if number > 0 else number
    return row[index] if number and -len(row) <= index < len(row) else None


def numbered(row: Sequence[Thing], numbers: Iterable[int]) -> list[Thing]:
    """Those of the numbers that there are, each once."""
    found: list[Thing] = []
    for number in numbers:
        one = nth(row, number)
        if one is not None and one not in found:
            found.append(one)
    return found


def main(draft: Draft) -> Track | None:
    return next((t for t in draft.tracks if t.type == VIDEO), None)


def end(segment: Segment) -> int:
    return segment.start_ms + segment.duration_ms


def total_ms(draft: Draft) -> int:
    """Where the pictures end; without pictures, where everything ends. 0 for an empty draft."""
    pictures = [end(s) for t in draft.tracks if t.type == VIDEO for s in t.segments]
    return max(pictures or (end(s) for t in draft.tracks for s in t.segments), default=0)


def remove(draft: Draft, gone: Iterable[Segment]) -> None:
    ids = {s.id for s in gone}
    for track in draft.tracks:
        track.segments = [s for s in track.segments if s.id not in ids]
    draft.tracks = [t for t in draft.tracks if t.segments]


def split(draft: Draft, at_ms: int, new_id: Callable[[], str]) -> bool:
    """Part the clip that lies over a time of the timeline; whether there was one."""
    for index, clip in enumerate(clips(draft)):
        if clip.start_ms < at_ms < end(clip):
            left = at_ms - clip.start_ms
            right = copied_segment(clip)
            right.id, right.start_ms, right.duration_ms = new_id(), at_ms, clip.duration_ms - left
            right.source_start_ms += round(left * clip.speed)
            clip.duration_ms = left
            for key in JOIN:
                right.style.pop(key, None)
            clips(draft).insert(index + 1, right)
            return True
    return False


def cut(draft: Draft, from_ms: int, to_ms: int, new_id: Callable[[], str]) -> None:
    """Take a stretch out of the pictures and close the gap; nothing happens to a stretch that holds them all."""
    before = total_ms(draft)
    row = clips(draft)
    if not row or (from_ms <= row[0].start_ms and end(row[-1]) <= to_ms):
        return  # nothing would be left
    split(draft, from_ms, new_id)
    opened = next((c for c in row if c.start_ms < to_ms < end(c)), None)
    if split(draft, to_ms, new_id) and opened and opened.start_ms >= from_ms:
        # its beginning goes, and what joins it to the clip before passes to the rest
        row[row.index(opened) + 1].style |= {key: opened.style[key] for key in JOIN if key in opened.style}
    inside = [c for c in row if from_ms <= c.start_ms and end(c) <= to_ms]

    def shifted(ms: int) -> int:
        return min(ms, from_ms) if ms < to_ms else ms - (to_ms - from_ms)

    remove(draft, inside)
    follow(draft, shifted)
    close(draft, before)


def respeed(draft: Draft, chosen: Iterable[Segment], factor: float) -> None:
    """Play these clips `factor` times as fast as now, within 0.25 to 4 times of the original."""
    before = total_ms(draft)
    ids = {c.id for c in chosen}
    old = [copy(c) for c in clips(draft)]
    for clip in clips(draft):
        if clip.id in ids:
            speed = round(min(max(clip.speed * factor, 0.25), 4.0), 4)
            clip.duration_ms = max(1, round(clip.duration_ms * clip.speed / speed))
            clip.speed = speed
    _restart(draft)

    def shifted(ms: int) -> int:
        for was, now in zip(old, clips(draft), strict=True):
            if ms < end(was):
                return now.start_ms + round(max(ms - was.start_ms, 0) * now.duration_ms / was.duration_ms)
        return ms - end(old[-1]) + end(clips(draft)[-1])

    follow(draft, shifted)
    close(draft, before)


def reorder(draft: Draft, clip: Segment, index: int) -> None:
    """Move a clip of the main track to a place in its row. Texts and sounds stay where they are in time."""
    row = clips(draft)
    row.remove(clip)
    row.insert(index, clip)
    _restart(draft)


def append(draft: Draft, track: Track, segment: Segment) -> None:
    """Put a clip at the end of the main track."""
    segment.start_ms = end(track.segments[-1]) if track.segments else 0
    track.segments.append(segment)


def follow(draft: Draft, shifted: Callable[[int], int]) -> None:
    """Let the texts go with the pictures: each of their times becomes `shifted` of it; those left without time go."""
    for track in draft.tracks:
        if track.type != TEXT:
            continue
        for text in track.segments:
            start, stop = shifted(text.start_ms), shifted(end(text))
            text.start_ms, text.duration_ms = start, stop - start
        track.segments = [s for s in track.segments if s.duration_ms > 0]
    draft.tracks = [t for t in draft.tracks if t.segments]


def close(draft: Draft, before_ms: int) -> None:
    """After the pictures changed from `before_ms` to another length: no gaps, and nothing reaches past them."""
    _restart(draft)
    now = total_ms(draft)
    for track in draft.tracks:
        if track.type == VIDEO:
            continue
        for segment in track.segments:
            reached = role(track) == "music" and segment is track.segments[-1] and end(segment) == before_ms
            if reached or end(segment) > now:
                segment.duration_ms = now - segment.start_ms
        track.segments = [s for s in track.segments if s.duration_ms > 0]
    draft.tracks = [t for t in draft.tracks if t.segments]


def _restart(draft: Draft) -> None:
    at = 0
    for clip in clips(draft):
        clip.start_ms = at
        at = end(clip)
