"""Writers that bring material: uploads onto the timeline, images into a slideshow."""

from ..scene import VIDEO, Asset, Segment, Track
from . import timeline
from .plan import Plan
from .reading import Reading
from .taste import CANVASES
from .write_music import compose, stem

MUSICAL = frozenset(["music", "music_remove"])  # wishes beside which a slideshow gets no music of its own
IMAGE_MS, UNKNOWN_MS, MOST_CLIPS = 3000, 10000, 100


def unlaid(plan: Plan) -> list[Asset]:
    """Videos and images that are not on the main track."""
    used = {c.src for c in timeline.clips(plan.draft)}
    return [a for a in plan.assets if a.file_type in ("video", "image") and a.cdn_url not in used]


def lay_all(plan: Plan, assets: list[Asset], image_ms: int = IMAGE_MS, front: bool = False) -> list[Segment]:
    """Put assets on the main track, at its end or its front. The first clip of a draft gives the canvas its shape."""
    track = timeline.main(plan.draft)
    if track is None:
        track = Track(plan.new_id("track"), VIDEO, plan.track_name("video"))
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
    if asset.width and asset.height and not asset.generated:
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
    numbered = timeline.numbered(waiting, reading.ordinals)
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
    if (
        not timeline.segments(plan.draft, "music")
        and not MUSICAL & plan.wanted
        and "music" not in plan.spared
        and not reading.has("remove")
    ):
        total = timeline.total_ms(plan.draft)
        asset, name = compose(plan, reading.picks.get("style") or "acoustic", total)
        plan.lay("music", Segment(plan.new_segment_id(), 0, total, name, asset.cdn_url, volume=0.6))
        plan.did("music_added", name=name, share="60", span=plan.span(0, total))
        plan.edit("add_music")
    plan.hint = "hint_clips"
