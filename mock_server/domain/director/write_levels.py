"""Writers for how loud it is: volumes, fades, mute, noise."""

from ..scene import VIDEO, Segment
from . import timeline
from .plan import Plan
from .reading import Reading

DEFAULT_VOLUME, ALONE_VOLUME, DUCKED_VOLUME = 0.35, 0.6, 0.2  # of music: over the clips' own sound, without it, under a voice
FADE_MS = 2000


def volume(plan: Plan, reading: Reading) -> None:
    targets, spoken = hearable(plan, reading)
    if not targets:
        return plan.answer("no_sounds" if reading.has("music") else "no_sound")
    before = [segment.volume or 0.0 for segment in targets]
    for segment in targets:
        segment.volume = changed_volume(segment.volume or 0.0, reading)
    after = [segment.volume for segment in targets]
    if after == before:
        plan.answer("volume_same", what=spoken, share=percent(before[0]))
    else:
        plan.did("volume_set", what=spoken, share=percent(after[0] or 0), old=percent(before[0]))
    plan.edit("set_volume")


def changed_volume(old: float, reading: Reading) -> float:
    given = level(reading)
    if given is None and reading.has("duck"):
        given = min(old, DUCKED_VOLUME)
    if (
        given is not None
        and reading.has("up", "down")
        and (" by " in reading.plain or "half" in reading.plain or "一半" in reading.plain)
    ):
        given = old * (1 + given) if reading.has("up") else old * (1 - given)
    if given is None:
        given = old + 0.2 if reading.has("up") else old - 0.2 if reading.has("down") else old
        given = max(given, 0.05)
    return round(min(max(given, 0.0), 1.0), 2)


def fade(plan: Plan, reading: Reading) -> None:
    """Fades on music, or on the sound and picture of the clips."""
    if not reading.has("music") and (reading.has("video", "clip") or not timeline.segments(plan.draft, "music")):
        targets, spoken = timeline.clips(plan.draft), plan.say("the_picture")
    else:
        targets, spoken = hearable(plan, reading)
    if not targets:
        return plan.answer("no_sounds" if reading.has("music") else "no_clips")
    sides = [side for side in ("fade_in", "fade_out") if reading.has(side)]
    for side in sides:
        segment = targets[0] if side == "fade_in" else targets[-1]
        length = min(reading.times.length or reading.times.first or reading.times.last or FADE_MS, segment.duration_ms)
        segment.style[side] = length
        plan.did(f"{side}_set", what=spoken, long=plan.long(length))
    plan.edit("set_fade", sides=sides)


def mute(plan: Plan, reading: Reading) -> None:
    if reading.has("music") and not reading.has("sound", "video", "clip"):
        targets, spoken = timeline.segments(plan.draft, "music"), plan.say("the_music")
    elif reading.has("voiceover"):
        targets, spoken = timeline.segments(plan.draft, "voice"), plan.say("the_voice")
    elif reading.has("whole"):
        targets, spoken = [s for t in plan.draft.tracks for s in t.segments if s.volume is not None], plan.say("all_sound")
    else:
        row = timeline.clips(plan.draft)
        targets, spoken = timeline.numbered(row, reading.ordinals) or row, plan.say("the_sound")
    targets = [s for s in targets if s.volume]
    if not targets:
        return plan.answer("no_sound")
    for segment in targets:
        segment.volume = 0.0
    plan.did("muted", what=spoken, span=plan.span(targets[0].start_ms, timeline.end(targets[-1])))
    plan.edit("mute")


def unmute(plan: Plan, reading: Reading) -> None:
    silent = [s for s in [*timeline.clips(plan.draft), *timeline.segments(plan.draft, "music")] if s.volume == 0]
    for segment in silent:
        segment.volume = DEFAULT_VOLUME if segment in timeline.segments(plan.draft, "music") else 1.0
    if not silent:
        return plan.answer("not_muted")
    plan.did("unmuted")
    plan.edit("unmute")


def denoise(plan: Plan, reading: Reading) -> None:
    targets = [c for c in timeline.clips(plan.draft) if c.volume]
    if not targets:
        return plan.answer("no_sound")
    for clip in targets:
        clip.style["denoise"] = True
    plan.did("denoised")
    plan.edit("denoise")


def hearable(plan: Plan, reading: Reading) -> tuple[list[Segment], str]:
    """What a wish about loudness is meant for, and its name: what it says, else the music, else the clips' own sound."""
    tunes = timeline.segments(plan.draft, "music")
    own = [s for t in plan.draft.tracks if t.type == VIDEO for s in t.segments if s.volume is not None]
    if reading.has("voiceover"):
        return timeline.segments(plan.draft, "voice"), plan.say("the_voice")
    if not reading.has("music") and (reading.has("sound", "video") or not tunes):
        return own, plan.say("the_sound")
    return tunes, plan.say("the_music")


def level(reading: Reading) -> float | None:
    """The share that a clause gives, as a volume."""
    return None if reading.share is None else min(max(reading.share, 0.0), 1.0)


def default_volume(plan: Plan) -> float:
    return DEFAULT_VOLUME if any(c.volume for c in timeline.clips(plan.draft)) else ALONE_VOLUME


def percent(share: float) -> str:
    return f"{round(share * 100)}"
