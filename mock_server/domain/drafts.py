"""Operations on a draft, the facts derived from it, and its JSON in the state.

Every operation is total: naming a track or a segment that is gone does nothing, numbers out of range are
brought into it. So two turns that run at once on one session cannot break the draft, they only surprise.

What always holds after an operation (`settle`): times are at least 0 and durations at least 1 ms; volumes lie
in 0 to 1; ids are unique; the segments of a track, texts too, are sorted and do not overlap (a later one is
pushed back: two texts at one time need two tracks); no track is empty.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from .ids import Dice
from .scene import AUDIO, VIDEO, Draft, Segment, Track
from .script import Effect

MAX_MS = 24 * 3600 * 1000

LIMITS: dict[str, tuple[float, float]] = {
    "start_ms": (0, MAX_MS),
    "duration_ms": (1, MAX_MS),
    "source_start_ms": (0, MAX_MS),
    "volume": (0.0, 1.0),
    "speed": (0.1, 10.0),
}
WORDS = ("name", "src", "text")
CANVAS: dict[str, tuple[int, int]] = {"width": (16, 8192), "height": (16, 8192), "fps": (1, 240)}


# --- operations -----------------------------------------------------------------------------------------------


def add_segment(
    draft: Draft,
    *,
    id: str,
    track_id: str,
    type: int,
    start_ms: int,
    duration_ms: int,
    track_name: str = "",
    track_index: int | None = None,
    **rest: Any,
) -> None:
    """Lay a segment on a track, which is made (at `track_index`, else last) when there is none of that id.

    `rest`: name, src, text, volume, speed, source_start_ms, style. An id that is taken adds nothing.
    With `own` in `rest`, ids of segments of the same source, nothing is added if that source lies on the draft, but
    in none of these: so two turns that both lay an upload, each unaware of the other, lay it once.
    """
    if find_segment(draft, id) or _laid_by_others(draft, rest.get("src", ""), rest.get("own")):
        return
    track = next((t for t in draft.tracks if t.id == track_id), None)
    if track is None:
        track = Track(track_id, type, track_name)
        draft.tracks.insert(len(draft.tracks) if track_index is None else max(0, track_index), track)
    segment = Segment(id, 0, 1)
    _write(segment, {"start_ms": start_ms, "duration_ms": duration_ms, **rest})
    track.segments.append(segment)
    settle(draft)


def update_segment(draft: Draft, *, id: str, **changes: Any) -> None:
    """Change fields of one segment. `style` is merged key by key; a style value of None removes its key."""
    arrange(draft, segments=[{"id": id, **changes}])


def arrange(draft: Draft, *, segments: Sequence[Mapping[str, Any]]) -> None:
    """Change several segments in one go: each `{"id", ...changes}`. Needed where moving them singly would make them collide."""
    for changes in segments:
        segment = find_segment(draft, changes["id"])
        if segment:
            _write(segment, changes)
    settle(draft)


def remove_segment(draft: Draft, *, id: str) -> None:
    """Take a segment away; the others stay where they are."""
    for track in draft.tracks:
        track.segments = [s for s in track.segments if s.id != id]
    settle(draft)


def split_segment(draft: Draft, *, id: str, at_ms: int, new_id: str) -> None:
    """Cut a segment in two at a time of the timeline; the right half is `new_id`. Nothing, if the time is not inside."""
    segment = find_segment(draft, id)
    track = next((t for t in draft.tracks if segment in t.segments), None)
    if not segment or not track or find_segment(draft, new_id) or not segment.start_ms < at_ms < _end(segment):
        return
    left = at_ms - segment.start_ms
    right = Segment(
        new_id, at_ms, segment.duration_ms - left, segment.name, segment.src, segment.text, segment.volume, segment.speed,
        segment.source_start_ms + round(left * segment.speed), dict(segment.style),
    )  # fmt: skip
    segment.duration_ms = left
    track.segments.append(right)
    settle(draft)


def update_track(draft: Draft, *, id: str, name: str) -> None:
    """Rename a track."""
    for track in draft.tracks:
        if track.id == id:
            track.name = name


def remove_track(draft: Draft, *, id: str) -> None:
    draft.tracks = [t for t in draft.tracks if t.id != id]


def update_draft(draft: Draft, *, title: str | None = None, **canvas: int) -> None:
    """Change what the whole draft has: title; width and height in pixels, fps."""
    if title is not None:
        draft.title = title
    for name in CANVAS.keys() & canvas.keys():
        low, high = CANVAS[name]
        setattr(draft, name, min(max(canvas[name], low), high))


OPS: dict[str, Callable[..., None]] = {
    op.__name__: op
    for op in (add_segment, update_segment, arrange, remove_segment, split_segment, update_track, remove_track, update_draft)
}


def apply(draft: Draft, effect: Effect) -> None:
    """Let an effect happen to the draft. Raises KeyError for an op that is none of `OPS` (`add_asset` is the world's)."""
    OPS[effect.op](draft, **effect.args)


def settle(draft: Draft) -> None:
    """Restore order: segments sorted and apart, no empty track."""
    for track in draft.tracks:
        track.segments.sort(key=lambda s: s.start_ms)
        free = 0
        for segment in track.segments:
            segment.start_ms = max(segment.start_ms, free)
            free = _end(segment)
    draft.tracks = [t for t in draft.tracks if t.segments]


def find_segment(draft: Draft, id: str) -> Segment | None:
    return next((s for s in _segments(draft) if s.id == id), None)


def _laid_by_others(draft: Draft, src: str, own: Collection[str] | None) -> bool:
    laid = {s.id for s in _segments(draft) if src and s.src == src}
    return own is not None and bool(laid) and laid.isdisjoint(own)


def _segments(draft: Draft) -> Iterator[Segment]:
    return (segment for track in draft.tracks for segment in track.segments)


def _end(segment: Segment) -> int:
    return segment.start_ms + segment.duration_ms


def _write(segment: Segment, changes: Mapping[str, Any]) -> None:
    for name, value in changes.items():
        if name == "volume" and value is None:
            segment.volume = None
        elif name in LIMITS:
            low, high = LIMITS[name]
            # written so that a NaN, for which every comparison fails, becomes the lower limit
            number = high if value > high else value if value > low else low
            setattr(segment, name, round(number) if name.endswith("_ms") else round(float(number), 4))
        elif name in WORDS:
            setattr(segment, name, value)
        elif name == "style":
            merged = {**segment.style, **value}
            segment.style = {key: item for key, item in merged.items() if item is not None}


# --- facts ----------------------------------------------------------------------------------------------------


def duration_ms(draft: Draft) -> int:
    """The end of the last segment on any track; 0 without segments."""
    return max(map(_end, _segments(draft)), default=0)


def has_audio(draft: Draft) -> bool:
    """Whether a render of it has sound: a segment of an audio or a video track with a volume above 0.

    A picture clip counts, since an uploaded one is taken to have sound of its own; where it has none its volume is None.
    """
    return any((s.volume or 0) > 0 for t in draft.tracks if t.type in (VIDEO, AUDIO) for s in t.segments)


def exportable(draft: Draft) -> bool:
    """The documented test: a track with a non-empty segment list."""
    return any(t.segments for t in draft.tracks)


# --- spelling -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spelling:
    """How the JSON of a draft spells what no document names. `t tt sg d m` and `m`'s title, width, height are fixed."""

    id: str = "id"  # of track and segment
    name: str = "n"  # of track and segment
    start: str = "s"  # ms on the timeline
    source: str = "src"
    volume: str = "v"  # 0 to 1
    speed: str = "sp"
    source_start: str = "ss"  # ms inside the source
    order: Literal["written", "sorted", "reversed"] = "written"  # of the keys in each object
    extras: tuple[str, ...] = ()  # keys of EXTRAS that are added to draft, track and segment
    foreign: tuple[int, ...] = ()  # types of added tracks that no document explains


#: Other names for our invented keys: none is documented, none is the name of another thing in the same object.
NAMES: dict[str, tuple[str, ...]] = {
    "id": ("id", "uid", "k"),
    "name": ("n", "nm", "lb", "name"),
    "start": ("s", "st", "at", "o", "start"),
    "source": ("src", "u", "r", "mat"),
    "volume": ("v", "vol", "g", "volume"),
    "speed": ("sp", "rt", "speed"),
    "source_start": ("ss", "in", "ci"),
}
EXTRAS: dict[str, bool | int | str | None] = {"x": None, "z": 0, "lk": False, "ver": "3.1"}
#: Track types that "presumably exist" (effects, stickers and colour are spoken of) and are undocumented.
FOREIGN_TYPES = (2, 3, 4, 5, 6, 8, 11)


def plain_spelling() -> Spelling:
    return Spelling()


def strict_spelling(dice: Dice) -> Spelling:
    """A spelling drawn by seed: legal by all documents, and different in all they leave open."""
    names = {key: dice.pick(f"spelling_{key}", words) for key, words in NAMES.items()}
    orders: tuple[Literal["written", "sorted", "reversed"], ...] = ("written", "sorted", "reversed")
    return Spelling(
        order=dice.pick("spelling_order", orders),
        extras=tuple(key for key in EXTRAS if dice.chance("spelling_extra") < 0.4),
        foreign=tuple(tt for tt in FOREIGN_TYPES if dice.chance("spelling_foreign") < 0.2),
        **names,
    )


def spell(draft: Draft, spelling: Spelling) -> dict[str, Any]:
    """The JSON of a draft, as the state tells it and a render takes it. `{}` when it has no tracks.

    `{"t": [{"tt", "sg": [{"d", "m"?: {"text", ...style}}]}], "d", "m": {"title", "width", "height"}}`, times in ms;
    all other keys are assumed, and named by `spelling`.
    """
    if not draft.tracks:
        return {}
    total = duration_ms(draft)
    tracks = [_track(track, spelling) for track in draft.tracks]
    for tt in spelling.foreign:
        only = {spelling.id: f"foreign_{tt}_1", spelling.start: 0, "d": total}
        tracks.append(_ordered({spelling.id: f"foreign_{tt}", "tt": tt, "sg": [_ordered(only, spelling)]}, spelling))
    meta = _ordered({"title": draft.title, "width": draft.width, "height": draft.height, "fps": draft.fps}, spelling)
    return _ordered({"t": tracks, "d": total, "m": meta}, spelling)


def _track(track: Track, spelling: Spelling) -> dict[str, Any]:
    segments = [_segment(segment, spelling) for segment in track.segments]
    return _ordered({spelling.id: track.id, "tt": track.type, spelling.name: track.name, "sg": segments}, spelling)


def _segment(segment: Segment, spelling: Spelling) -> dict[str, Any]:
    told: dict[str, Any] = {spelling.id: segment.id, spelling.start: segment.start_ms, "d": segment.duration_ms}
    told[spelling.name] = segment.name
    if segment.src:
        told |= {spelling.source: segment.src, spelling.source_start: segment.source_start_ms, spelling.speed: segment.speed}
    if segment.volume is not None:
        told[spelling.volume] = segment.volume
    meta = ({"text": segment.text} if segment.text else {}) | segment.style
    if meta:
        told["m"] = meta
    return _ordered(told, spelling)


def _ordered(told: dict[str, Any], spelling: Spelling) -> dict[str, Any]:
    told = told | {key: EXTRAS[key] for key in spelling.extras}
    keys = list(told) if spelling.order == "written" else sorted(told, reverse=spelling.order == "reversed")
    return {key: told[key] for key in keys}
