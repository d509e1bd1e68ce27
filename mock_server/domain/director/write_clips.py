"""Writers for the clips that are there: cutting, order, speed."""

import re

from . import timeline
from .answers import LEFT
from .plan import Plan
from .reading import Reading
from .words import concepts

MOST_CLIPS = 100
TIGHTER = 0.8  # what remains when somebody wants it "shorter" and gives no number


def cut(plan: Plan, reading: Reading) -> None:
    """Take a stretch of time out of the whole."""
    total, times = timeline.total_ms(plan.draft), reading.times
    if times.first is None and times.last is None and not times.ranged and times.length:
        stretch = (total - times.length, total) if reading.has("at_end") or not reading.has("at_start") else (0, times.length)
        stretch = (max(stretch[0], 0), min(stretch[1], total))
    else:
        stretch = plan.stretch(times) or (0, 0)
    row = timeline.clips(plan.draft)
    if reading.ordinals and (clip := timeline.nth(row, reading.ordinals[0])):
        # "the first 2 seconds of the second clip"
        low, high = clip.start_ms, timeline.end(clip)
        stretch = (
            (max(high - times.last, low), high)
            if times.last is not None
            else (low, min(low + (times.first or times.length or 0), high))
        )
    elif times.first is not None and times.last is not None:
        _take_out(plan, max(total - times.last, 0), total)
    _take_out(plan, *stretch)


def _take_out(plan: Plan, start: int, stop: int) -> None:
    total = timeline.total_ms(plan.draft)
    if start >= stop or not timeline.clips(plan.draft):
        return plan.answer("out_of_range", long=plan.long(total))
    if stop - start >= total:
        return plan.answer("all_gone", long=plan.long(total))
    timeline.cut(plan.draft, start, stop, plan.new_segment_id)
    plan.did("stretch_cut", span=plan.span(start, stop), long=plan.long(timeline.total_ms(plan.draft)))
    plan.edit("cut", from_ms=start, to_ms=stop)


def keep(plan: Plan, reading: Reading) -> None:
    """Keep one stretch and take all else out."""
    total = timeline.total_ms(plan.draft)
    row = timeline.clips(plan.draft)
    stretch, times = plan.stretch(reading.times), reading.times
    if reading.ordinals and (clip := timeline.nth(row, reading.ordinals[0])) and not times.ranged:
        low, high = clip.start_ms, timeline.end(clip)
        if times.last is not None:
            return _take_out(plan, low, max(high - times.last, low))
        if length := times.first or times.length:
            return _take_out(plan, min(low + length, high), high)
        stretch = low, high
    if not stretch or not row:
        return plan.answer("out_of_range", long=plan.long(total))
    start, stop = stretch
    if (start, stop) == (0, total):
        return plan.answer("already_short", long=plan.long(total))
    timeline.cut(plan.draft, stop, total, plan.new_segment_id)
    timeline.cut(plan.draft, 0, start, plan.new_segment_id)
    plan.did("stretch_kept", span=plan.span(start, stop), long=plan.long(timeline.total_ms(plan.draft)))
    plan.edit("keep", from_ms=start, to_ms=stop)


def tighten(plan: Plan, reading: Reading) -> None:
    """Shorter, without a number: each clip loses a fifth at its end."""
    row = timeline.clips(plan.draft)
    if not row:
        return plan.answer("no_clips")
    before = timeline.total_ms(plan.draft)
    for clip in list(row):
        stop = timeline.end(clip)
        timeline.cut(plan.draft, clip.start_ms + max(1, round(clip.duration_ms * TIGHTER)), stop, plan.new_segment_id)
    if timeline.total_ms(plan.draft) == before:
        return plan.answer("already_short", long=plan.long(before))
    plan.did("tightened", old=plan.long(before), long=plan.long(timeline.total_ms(plan.draft)))
    plan.edit("tighten")


def clip_remove(plan: Plan, reading: Reading) -> None:
    row = timeline.clips(plan.draft)
    chosen = timeline.numbered(row, reading.ordinals)
    if not chosen:
        return plan.answer("no_such_clip", count=len(row))
    if len(chosen) >= len(row):
        return plan.answer("all_gone", long=plan.long(timeline.total_ms(plan.draft)))
    for clip in chosen:
        plan.did("clip_removed", name=clip.name, span=plan.span(clip.start_ms, timeline.end(clip)))
    for clip in chosen:
        timeline.cut(plan.draft, clip.start_ms, timeline.end(clip), plan.new_segment_id)
    plan.edit("remove_clips", count=len(chosen))


def split(plan: Plan, reading: Reading) -> None:
    row = timeline.clips(plan.draft)
    times = reading.times
    at = next((t for t in (times.at, times.first, times.length, times.start) if t is not None), None)
    if at is None and row:
        clip = (timeline.nth(row, reading.ordinals[0]) if reading.ordinals else None) or row[0]
        at = clip.start_ms + clip.duration_ms // 2
    if at is None or not timeline.split(plan.draft, at, plan.new_segment_id):
        return plan.answer("out_of_range", long=plan.long(timeline.total_ms(plan.draft)))
    plan.did("clip_split", at=plan.long(at), count=len(timeline.clips(plan.draft)))
    plan.edit("split", at_ms=at)


def reorder(plan: Plan, reading: Reading) -> None:
    """Two numbers swap or name a place ("move clip 3 before clip 1"); one goes to the front or the end."""
    row = timeline.clips(plan.draft)
    ordinals = reading.ordinals or (-1,)
    clip = timeline.nth(row, ordinals[0])
    if clip is None or len(row) < 2:
        return plan.answer("no_such_clip", count=len(row))
    other = timeline.nth(row, ordinals[1]) if len(ordinals) > 1 else None
    if other is not None and reading.has("swap"):
        one, two = sorted((row.index(clip), row.index(other)))
        first, second = row[one], row[two]
        timeline.reorder(plan.draft, second, one)
        timeline.reorder(plan.draft, first, two)
    elif other is not None:
        timeline.reorder(plan.draft, clip, row.index(other))
    else:
        to_end = reading.has("at_end") and ordinals[0] != -1
        timeline.reorder(plan.draft, clip, len(row) - 1 if to_end else 0)
    plan.did("reordered", names=plan.names(timeline.clips(plan.draft)))
    plan.edit("reorder")


def duplicate(plan: Plan, reading: Reading) -> None:
    row = timeline.clips(plan.draft)
    clip = timeline.nth(row, reading.ordinals[0]) if reading.ordinals else row[-1] if row else None
    if clip is None or len(row) >= MOST_CLIPS:
        return plan.answer("no_such_clip", count=len(row))
    before = timeline.total_ms(plan.draft)
    twin = timeline.copied_segment(clip)
    twin.id = plan.new_segment_id()
    row.insert(row.index(clip) + 1, twin)
    timeline.close(plan.draft, before)
    plan.did("duplicated", name=clip.name, span=plan.span(twin.start_ms, timeline.end(twin)))
    plan.edit("duplicate")


def speed(plan: Plan, reading: Reading) -> None:
    row = timeline.clips(plan.draft)
    chosen = timeline.numbered(row, reading.ordinals) or row
    if not chosen or (reading.ordinals and chosen is row):
        return plan.answer("no_such_clip", count=len(row))
    given = reading.factor or (reading.share if reading.share and reading.share >= 0.1 else None)
    by = given or (0.5 if reading.has("slower") else 1.5)
    if reading.has("slower") and given and by > 1:
        by = 1 / by
    asked = chosen[0].speed * by
    timeline.respeed(plan.draft, chosen, by)
    if abs(chosen[0].speed - asked) > 0.001:
        plan.answer("speed_bound", speed=f"{chosen[0].speed:g}")
    total = plan.long(timeline.total_ms(plan.draft))
    plan.did("respeeded", names=plan.names(chosen), speed=f"{chosen[0].speed:g}", long=total)
    plan.edit("set_speed", speed=chosen[0].speed)


def restart(plan: Plan, reading: Reading) -> None:
    if not plan.draft.tracks:
        return plan.answer("nothing_there")
    plan.did("cleared", count=len(plan.draft.tracks))
    plan.draft.tracks = []
    plan.draft.title = ""
    plan.edit("clear")


#: What is named as an exception, and the roles that a name stands for.
EXCEPTED = re.compile(
    r"\b(?:except(?: for)?|besides|other than|apart from|but)\b(.*)|(?<![删去清移])除了?(.+?)(?:以外|之外|外|，|$)", re.ASCII
)
ROLES_OF = {"music": ("music",), "sound": ("music", "voice", "effect"), "voiceover": ("voice",), "title": ("title",), "subtitle": ("subtitle",),
            "text": ("title", "text", "subtitle"), "clip": ("video",), "video": ("video",)}  # fmt: skip


def clear_but(plan: Plan, reading: Reading) -> None:
    """Everything goes, or all of what is named, except what is named as the exception."""
    m = EXCEPTED.search(reading.plain)
    spared = concepts(m[1] or m[2]) if m else set()
    doomed = concepts(reading.plain[: m.start()] + reading.plain[m.end() :]) & ROLES_OF.keys() if m else set()
    roles = {role for name in doomed or ROLES_OF for role in ROLES_OF[name]} | (set() if doomed else {"effect"})
    roles -= {role for name in spared & ROLES_OF.keys() for role in ROLES_OF[name]}
    gone = timeline.segments(plan.draft, *roles)
    kept = plan.listed([plan.say(LEFT[name]) for name in LEFT if name in spared])
    if not gone or not kept:
        return plan.answer("left", what=kept or plan.say("the_rest"))
    timeline.remove(plan.draft, gone)
    plan.did("cleared_but", kept=kept, count=len(gone))
    plan.edit("clear", kept=sorted(spared & ROLES_OF.keys()))
