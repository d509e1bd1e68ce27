"""Writers for how it looks: filters, transitions, and the tasteful default when somebody just wants it better."""

from ..scene import Segment
from . import timeline
from .plan import Plan
from .reading import Reading
from .tools import WATCHER
from .write_levels import default_volume, percent
from .write_music import compose
from .write_text import text_style

TRANSITION_MS = 500


def look(plan: Plan, reading: Reading) -> None:
    if not reading.has("has_look") and reading.has("has_colour") and timeline.segments(plan.draft, "title", "text", "subtitle"):
        return text_style(plan, reading)
    row = timeline.clips(plan.draft)
    chosen = timeline.numbered(row, reading.ordinals) or row
    if not chosen:
        return plan.answer("no_clips")
    key = reading.picks.get("look") or "vivid"
    strength = min(reading.share, 1.0) if reading.share is not None else 0.7
    for clip in chosen:
        clip.style |= {"look": key, "look_strength": round(strength, 2)}
    plan.did("look_set", look=plan.called("look", key), span=plan.span(chosen[0].start_ms, timeline.end(chosen[-1])))
    plan.hint = "hint_look"
    plan.edit("apply_filter", filter=key, strength=strength)


def look_remove(plan: Plan, reading: Reading) -> None:
    dressed = [c for c in timeline.clips(plan.draft) if "look" in c.style]
    if not dressed:
        return plan.answer("no_look")
    for clip in dressed:
        clip.style.pop("look")
        clip.style.pop("look_strength", None)
    plan.did("look_removed", count=len(dressed))
    plan.edit("remove_filter")


def transitions(plan: Plan, reading: Reading) -> None:
    """A transition at the start of every clip but the first."""
    row = timeline.clips(plan.draft)
    if row and reading.picks.get("transition") == "fade_black" and reading.has("at_end"):
        row[-1].style["fade_out"] = min(reading.times.length or 1000, row[-1].duration_ms)
        plan.did("fade_black_set", long=plan.long(row[-1].style["fade_out"]))
        return plan.edit("set_fade", sides=["fade_out"])
    if len(row) < 2:
        return plan.answer("one_clip")
    key = reading.picks.get("transition") or plan.dice.pick("transition", ("crossfade", "slide", "zoom"))
    length = min(reading.times.length or TRANSITION_MS, 3000)
    for clip in row[1:]:
        clip.style |= {"transition": key, "transition_ms": min(length, clip.duration_ms)}
    plan.did("transitions_set", name=plan.called("transition", key), count=len(row) - 1, long=plan.long(length))
    plan.hint = "hint_look"
    plan.edit("add_transitions", transition=key)


def transitions_remove(plan: Plan, reading: Reading) -> None:
    joined = [c for c in timeline.clips(plan.draft) if "transition" in c.style]
    if not joined:
        return plan.answer("no_transition")
    for clip in joined:
        clip.style.pop("transition")
        clip.style.pop("transition_ms", None)
    plan.did("transitions_removed", count=len(joined))
    plan.edit("remove_transitions")


def better(plan: Plan, reading: Reading) -> None:
    """A vague wish: gentle colour, soft joins, and quiet music where there is none."""
    row = timeline.clips(plan.draft)
    if not row:
        return plan.answer("no_clips")
    plan.commit(WATCHER, {"videos": len(row)}, say=plan.say("looking"), weight=0.5)
    key = reading.picks.get("look") or plan.dice.pick("better_look", ("cinematic", "warm", "vivid"))
    for clip in row:
        clip.style |= {"look": key, "look_strength": 0.5}
    plan.did("look_set", look=plan.called("look", key), span=plan.span(0, timeline.total_ms(plan.draft)))
    joins = [clip for clip in row[1:] if "transition" not in clip.style]
    for clip in joins:
        clip.style |= {"transition": "crossfade", "transition_ms": min(TRANSITION_MS, clip.duration_ms)}
    if joins:
        plan.did("transitions_set", name=plan.called("transition", "crossfade"), count=len(joins), long=plan.long(TRANSITION_MS))
    plan.edit("apply_filter", filter=key)
    if not timeline.segments(plan.draft, "music"):
        total = timeline.total_ms(plan.draft)
        asset, name = compose(plan, reading.picks.get("style") or "lofi", total)
        volume = default_volume(plan)
        plan.lay("music", Segment(plan.new_segment_id(), 0, total, name, asset.cdn_url, volume=volume))
        plan.did("music_added", name=name, share=percent(volume), span=plan.span(0, total))
        plan.edit("add_music")
    plan.hint = "hint_better"
