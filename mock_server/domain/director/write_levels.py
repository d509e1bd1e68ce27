"""Writers for how loud it is: volumes, fades, mute, noise."""

import re

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
    bound(plan, reading)
    plan.edit("set_volume")


def changed_volume(old: float, reading: Reading) -> float:
    given = level(reading)
    if given is None and reading.has("duck"):
        given = min(old, DUCKED_VOLUME)
    if given is not None and relative(reading):
        given = old * (1 + given) if reading.has("up") else old * (1 - given)
    if given is None:
        given = old + 0.2 if reading.has("up") else old - 0.2 if reading.has("down") else old
        given = max(given, 0.05)
    return round(min(max(given, 0.0), 1.0), 2)


_RELATIVE = re.compile(r" by |half|一半|(?:调[低高大小]|[降减][低小少]|[提增加][高大加]) ?了? ?(?:百分之)?\d", re.ASCII)


def relative(reading: Reading) -> bool:
    """Whether the share is a change and no level: "by 10%", 调低10% (but not 调低到10%)."""
    return bool(_RELATIVE.search(reading.plain)) and reading.has("up", "down")


def bound(plan: Plan, reading: Reading) -> None:
    """Say so where more was asked than there is."""
    if reading.share is not None and reading.share > 1 and not relative(reading):
        plan.answer("volume_bound")


def fade(plan: Plan, reading: Reading) -> None:
    """Fades on music, or on the sound and picture of the clips."""
    if not reading.has("music") and (reading.has("video", "clip") or not timeline.segments(plan.draft, "music")):
        targets, spoken = timeline.clips(plan.draft), plan.say("the_picture")
    else:
        targets, spoken = hearable(plan, reading)
    if not targets:
        return plan.answer("no_sounds" if reading.has("music") else "no_clips")
    sides = fades(reading, reading.times.length or reading.times.first or reading.times.last or FADE_MS)
    for side, asked in sides.items():
        segment = targets[0] if side == "fade_in" else targets[-1]
        length = min(asked, segment.duration_ms)
        segment.style[side] = length
        plan.did(f"{side}_set", what=spoken, long=plan.long(length))
    plan.edit("set_fade", sides=list(sides))


_FADE_TOKENS = re.compile(r"⟪(\d+)⟫|\bover (\d{1,2})\b|(\bin\b|[淡渐]入|渐强)|(\bout\b|[淡渐]出|渐弱)", re.ASCII)


def fades(reading: Reading, length: int) -> dict[str, int]:
    """The sides that fade and how long; each its own length where a clause gives two ("in over 3 s and out over 2")."""
    sides = {side: length for side in ("fade_in", "fade_out") if reading.has(side)}
    tokens = [m.groups() for m in _FADE_TOKENS.finditer(reading.plain)]
    lengths = [int(ms) if ms else int(s) * 1000 for ms, s, *_ in tokens if ms or s]
    order = ["fade_in" if inward else "fade_out" for *_, inward, outward in tokens if inward or outward]
    if len(lengths) == 2 and len(order) == 2 and set(order) == sides.keys():
        return dict(sorted(zip(order, lengths, strict=True)))
    return sides


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
