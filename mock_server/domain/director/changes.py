"""What turns one draft into another, as effects.

The director edits a private copy and hands over the difference, so that what a cut or a new order means is written
once, and an effect says plainly what will be: ids, times, values. Operations are those of the table of `drafts`.
"""

from collections.abc import Set
from dataclasses import fields
from typing import Any

from ..scene import Draft, Segment
from ..script import Effect

FIELDS = [f.name for f in fields(Segment) if f.name not in ("id", "style")]


def changes(before: Draft, after: Draft, unlaid: Set[str] = frozenset()) -> list[Effect]:
    """Effects that make `after` out of `before`: removals, then changes (all in one, lest they collide), then additions.

    `unlaid`: sources that were nowhere on the draft when the turn began. Another turn may lay them meanwhile, so their
    segments are added with the condition `own` of `drafts.add_segment`.
    """
    old = {s.id: s for t in before.tracks for s in t.segments}
    new = {s.id for t in after.tracks for s in t.segments}
    kept_tracks = {t.id for t in after.tracks}
    effects = [Effect("remove_track", {"id": t.id}) for t in before.tracks if t.id not in kept_tracks]
    effects += [
        Effect("remove_segment", {"id": s.id})
        for t in before.tracks
        for s in t.segments
        if t.id in kept_tracks and s.id not in new
    ]
    arranged = [delta for t in after.tracks for s in t.segments if s.id in old and len(delta := _delta(old[s.id], s)) > 1]
    if arranged:
        effects.append(Effect("arrange", {"segments": arranged}))
    own: dict[str, list[str]] = {}
    for s in [s for draft in (before, after) for t in draft.tracks for s in t.segments]:
        own.setdefault(s.src, []).append(s.id)
    for index, track in enumerate(after.tracks):
        place = {"track_id": track.id, "type": track.type, "track_name": track.name, "track_index": index}
        effects += [
            Effect("add_segment", {**place, **_whole(s), **({"own": own[s.src]} if s.src in unlaid else {})})
            for s in track.segments
            if s.id not in old
        ]
    canvas = {
        name: getattr(after, name)
        for name in ("title", "width", "height", "fps")
        if getattr(after, name) != getattr(before, name)
    }
    if canvas:
        effects.append(Effect("update_draft", canvas))
    return effects


def _whole(segment: Segment) -> dict[str, Any]:
    return {"id": segment.id, **{name: getattr(segment, name) for name in FIELDS}, "style": dict(segment.style)}


def _delta(old: Segment, new: Segment) -> dict[str, Any]:
    delta: dict[str, Any] = {"id": new.id}
    delta |= {name: getattr(new, name) for name in FIELDS if getattr(new, name) != getattr(old, name)}
    keys = [key for key in {**old.style, **new.style} if old.style.get(key) != new.style.get(key)]
    if keys:
        delta["style"] = {key: new.style.get(key) for key in keys}
    return delta
