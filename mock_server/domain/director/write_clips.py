"""Writers for the clips: laying uploads, cutting, order, speed."""

from ..scene import VIDEO, Asset, Segment, Track
from . import timeline
from .plan import Plan
from .reading import Reading
from .taste import CANVASES
from .write_sound import compose, stem

IMAGE_MS, UNKNOWN_MS, MOST_CLIPS = 3000, 10000, 100
TIGHTER = 0.8  # what remains when somebody wants it "shorter" and gives no number


def unlaid(plan: Plan) -> list[Asset]:
    """Videos and images that are not on the main track."""
    used = {c.src for c in timeline.clips(plan.draft)}
    return [a for a in plan.assets if a.file_type in ("video", "image") and a.cdn_url not in used]


def lay_all(plan: Plan, assets: list[Asset], image_ms: int = IMAGE_MS, front: bool = False) -> list[Segment]:
    """Put assets on the main track, at its end or its front. The first clip of a draft gives the canvas its shape."""
    track = timeline.main(plan.draft)
    if track is None:
        track = Track(plan.id("track"), VIDEO, plan.track_name("video"))
        plan.draft.tracks.insert(0, track)
        shape(plan, assets[0])
    before = timeline.total_ms(plan.draft)
    laid = []
    for asset in assets[:MOST_CLIPS]:
        video = asset.file_type == "video"
        length = image_ms if not video else max(1, round((asset.duration_s or UNKNOWN_MS / 1000) * 1000))
        segment = Segment(plan.new_segment_id(), 0, length, stem(asset), asset.cdn_url)
        segment.volume = 1.0 if video and not asset.generated else None
        timeline.append(plan.draft, track, segment)
        laid.append(segment)
    if front:
        track.segments[:] = laid + [s for s in track.segments if s not in laid]
    timeline.close(plan.draft, before)
    return laid


def shape(plan: Plan, asset: Asset) -> None:
    """The canvas that fits a picture, within 1080x1920 (seeds: up to 1080x1920)."""
    if asset.width and asset.height:
        ratio = asset.width / asset.height
        plan.draft.width, plan.draft.height = (1080, 1080) if 0.9 < ratio < 1.1 else (1920, 1080) if ratio > 1 else (1080, 1920)


def material(plan: Plan, by_itself: bool) -> bool:
    """Whether there is something to edit. The first edit of a session with uploads lays these by itself."""
    if plan.draft.tracks or by_itself:
        return True
    waiting = unlaid(plan)
    if not waiting:
        plan.answer("no_material")
        return False
    tell_laid(plan, lay_all(plan, waiting))
    return True


def tell_laid(plan: Plan, laid: list[Segment]) -> None:
    if len(laid) == 1:
        plan.did("clip_laid", name=laid[0].name, span=plan.span(laid[0].start_ms, timeline.end(laid[0])))
    else:
        plan.did("clips_laid", count=len(laid), names=plan.names(laid), span=plan.span(laid[0].start_ms, timeline.end(laid[-1])))
    plan.edit("add_clips", count=len(laid))


def lay(plan: Plan, reading: Reading) -> None:
    waiting = unlaid(plan)
    kinds = [a for a in waiting if reading.has(a.file_type)] if reading.has("video") != reading.has("image") else waiting
    named = [a for a in plan.assets if a.filename.lower() in reading.plain and a.file_type != "audio"]
    numbered = [waiting[n - 1 if n > 0 else n] for n in reading.ordinals if n and -len(waiting) <= n <= len(waiting)]
    chosen = named or numbered or kinds or waiting
    if not chosen:
        return plan.answer("all_laid" if timeline.clips(plan.draft) else "no_material")
    tell_laid(plan, lay_all(plan, chosen, reading.times.length or IMAGE_MS, reading.has("at_start") and not numbered))
    plan.hint = "hint_clips"


def slideshow(plan: Plan, reading: Reading) -> None:
    """All images one after another with crossfades and, if nobody minds, music."""
    images = [a for a in unlaid(plan) if a.file_type == "image"]
    if not images:
        return plan.answer("no_images")
    each = reading.times.length or IMAGE_MS
    if reading.has("has_length") and not reading.has("each"):
        each = max(500, each // len(images[:MOST_CLIPS])) if each > 2 * IMAGE_MS else each
    laid = lay_all(plan, images, each)
    if canvas := reading.picks.get("canvas"):
        plan.draft.width, plan.draft.height = (int(n) for n in CANVASES[canvas].value.split("x"))
    for clip in laid[1:]:
        clip.style["transition"] = "crossfade"
    for clip in laid:
        clip.style["look"] = "zoom"
    plan.did("slideshow_made", count=len(laid), each=plan.long(each), span=plan.span(laid[0].start_ms, timeline.end(laid[-1])))
    plan.edit("add_slideshow", count=len(laid))
    if not timeline.segments(plan.draft, "music") and not {"music", "music_remove"} & plan.wanted and not reading.has("remove"):
        total = timeline.total_ms(plan.draft)
        asset, name = compose(plan, reading.picks.get("style") or "acoustic", total)
        plan.lay("music", Segment(plan.new_segment_id(), 0, total, name, asset.cdn_url, volume=0.6))
        plan.did("music_added", name=name, share="60", span=plan.span(0, total))
        plan.edit("add_music")
    plan.hint = "hint_clips"


def cut(plan: Plan, reading: Reading) -> None:
    """Take a stretch of time out of the whole."""
    total, times = timeline.total_ms(plan.draft), reading.times
    if times.first is None and times.last is None and not times.ranged and times.length:
        stretch = (total - times.length, total) if reading.has("at_end") or not reading.has("at_start") else (0, times.length)
        stretch = (max(stretch[0], 0), min(stretch[1], total))
    else:
        stretch = plan.stretch(times) or (0, 0)
    row = timeline.clips(plan.draft)
    if reading.ordinals and (clip := nth(row, reading.ordinals[0])):
        # "the first 2 seconds of the second clip"
        low, high = clip.start_ms, timeline.end(clip)
        stretch = (max(high - times.last, low), high) if times.last is not None else (low, min(low + (times.first or times.length or 0), high))
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
    if reading.ordinals and (clip := nth(row, reading.ordinals[0])) and not times.ranged:
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
    chosen = [clip for n in reading.ordinals if (clip := nth(row, n))]
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
        clip = (nth(row, reading.ordinals[0]) if reading.ordinals else None) or row[0]
        at = clip.start_ms + clip.duration_ms // 2
    if at is None or not timeline.split(plan.draft, at, plan.new_segment_id):
        return plan.answer("out_of_range", long=plan.long(timeline.total_ms(plan.draft)))
    plan.did("clip_split", at=plan.long(at), count=len(timeline.clips(plan.draft)))
    plan.edit("split", at_ms=at)


def reorder(plan: Plan, reading: Reading) -> None:
    """Two numbers swap or name a place ("move clip 3 before clip 1"); one goes to the front or the end."""
    row = timeline.clips(plan.draft)
    ordinals = reading.ordinals or (-1,)
    clip = nth(row, ordinals[0])
    if clip is None or len(row) < 2:
        return plan.answer("no_such_clip", count=len(row))
    other = nth(row, ordinals[1]) if len(ordinals) > 1 else None
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
    clip = nth(row, reading.ordinals[0]) if reading.ordinals else row[-1] if row else None
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
    chosen = [clip for n in reading.ordinals if (clip := nth(row, n))] or row
    if not chosen or (reading.ordinals and chosen is row):
        return plan.answer("no_such_clip", count=len(row))
    given = reading.factor or (reading.share if reading.share and reading.share >= 0.1 else None)
    by = given or (0.5 if reading.has("slower") else 1.5)
    if reading.has("slower") and given and by > 1:
        by = 1 / by
    timeline.respeed(plan.draft, chosen, by)
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


def nth(row: list[Segment], number: int) -> Segment | None:
    """The clip of that number, from 1; -1 is the last."""
    index = number - 1 if number > 0 else number
    return row[index] if number and -len(row) <= index < len(row) else None
