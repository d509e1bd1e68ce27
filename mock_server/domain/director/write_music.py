"""Writers for music: to add, replace, move, sync and take away."""

from dataclasses import replace

from ..scene import Asset, Segment
from . import timeline
from .plan import Plan
from .reading import Reading
from .taste import MUSIC, TUNES
from .tools import MUSIC_MAKER, WATCHER
from .write_levels import FADE_MS, bound, changed_volume, default_volume, fades, level, percent


def music(plan: Plan, reading: Reading) -> None:
    """Add music; where there is some already in that stretch, the new takes its place."""
    fading = reading.has("fade_in", "fade_out")  # then a bare length is the fade's
    stretch = plan.stretch(replace(reading.times, length=None) if fading else reading.times)
    if stretch is None:
        return plan.answer("out_of_range", long=plan.long(timeline.total_ms(plan.draft)))
    start, stop = stretch
    old = [s for s in timeline.segments(plan.draft, "music") if s.start_ms < stop and start < timeline.end(s)]
    if reading.has("audio_file"):
        asset = next((a for a in reversed(plan.assets) if a.file_type == "audio" and not a.generated), None)
        if asset is None:
            return plan.answer("no_audio_upload")
        name = stem(asset)
        stop = min(stop, start + max(1, round((asset.duration_s or (stop - start) / 1000) * 1000)))
    else:
        style = reading.picks.get("style") or plan.dice.pick("style", tuple(MUSIC))
        asset, name = compose(plan, style, stop - start, reading)
    carve(plan, "music", start, stop)
    volume = level(reading) or (old[0].volume if old and reading.has("replace") else None) or default_volume(plan)
    if reading.share is None and reading.has("up", "down"):
        volume = changed_volume(volume, reading)
    segment = Segment(plan.new_segment_id(), start, stop - start, name, asset.cdn_url, volume=volume, style=touches(reading))
    plan.lay("music", segment)
    facts = {"name": name, "share": percent(volume), "span": plan.span(start, stop)}
    if old:
        plan.did("music_replaced", old=old[0].name, **facts)
    else:
        plan.did("music_added", **facts)
    if segment.style.get("sync"):
        plan.did("music_synced", name=name, cuts=max(len(timeline.clips(plan.draft)) - 1, 0))
    bound(plan, reading)
    plan.hint = "hint_music"
    plan.edit("add_music", segment_id=segment.id)


def compose(plan: Plan, style: str, length_ms: int, reading: Reading | None = None) -> tuple[Asset, str]:
    """A new tune: its asset and its name. First looks at the pictures when the music is to match them."""
    name = plan.dice.pick("tune", TUNES[style])[plan.chinese]
    pictures = [c.src for c in timeline.clips(plan.draft)]
    if reading and pictures and reading.has("match", "sync"):
        cuts = [c.start_ms for c in timeline.clips(plan.draft)[1:40]]
        plan.commit(WATCHER, {"videos": len(pictures)}, weight=0.5, mood=plan.called("style", style), cuts_ms=cuts)
    filename = f"bgm_{style}_{plan.dice.hex('tune_file', 4)}.mp3"
    asset = plan.generate_asset(filename, "audio", length_ms)
    request = {
        "prompt": plan.called("style", style),
        "bpm": int(MUSIC[style].value),
        "duration": length_ms / 1000,
        "instrumental": True,
    }
    plan.commit(
        MUSIC_MAKER,
        request,
        say=plan.say("composing", style=plan.called("style", style)),
        asset_id=asset.id,
        url=asset.cdn_url,
    )
    return asset, name


def music_remove(plan: Plan, reading: Reading) -> None:
    timed = reading.has("has_range", "has_first", "has_last", "has_at")
    stretch = plan.stretch(reading.times) if timed else (0, 2**62)
    gone = timeline.segments(plan.draft, "music")
    if not gone and "generate" in plan.wanted:
        return None  # the new video just gets none
    if not gone or stretch is None:
        return plan.answer("no_music") if not gone else plan.answer("out_of_range", long=plan.long(timeline.total_ms(plan.draft)))
    carve(plan, "music", *stretch)
    if timed:
        plan.did("music_carved", name=gone[0].name, span=plan.span(*stretch))
    else:
        plan.did("music_removed", name=gone[0].name)
    plan.edit("remove_music")


def music_move(plan: Plan, reading: Reading) -> None:
    """Let the music play in another stretch: "start the music at 5 s"."""
    tunes = timeline.segments(plan.draft, "music")
    if not tunes:
        return music(plan, reading)
    stretch = plan.stretch(reading.times)
    if stretch is None:
        return plan.answer("out_of_range", long=plan.long(timeline.total_ms(plan.draft)))
    timeline.remove(plan.draft, tunes[1:])
    tunes[0].start_ms, tunes[0].duration_ms = stretch[0], stretch[1] - stretch[0]
    plan.did("music_moved", name=tunes[0].name, span=plan.span(*stretch))
    plan.edit("move_music")


def music_sync(plan: Plan, reading: Reading) -> None:
    tunes = timeline.segments(plan.draft, "music")
    if not tunes:
        return music(plan, reading)
    cuts = [c.start_ms for c in timeline.clips(plan.draft)[1:40]]
    plan.commit(WATCHER, {"videos": len(cuts) + 1}, weight=0.5, cuts_ms=cuts)
    for tune in tunes:
        tune.style["sync"] = "cuts"
    plan.did("music_synced", name=tunes[0].name, cuts=len(cuts))
    plan.edit("sync_music")


def carve(plan: Plan, role: str, start: int, stop: int) -> None:
    """Free a stretch of time on the tracks of a role."""
    for track in plan.draft.tracks:
        if timeline.role(track) != role:
            continue
        kept: list[Segment] = []
        for s in track.segments:
            left, right = min(timeline.end(s), start) - s.start_ms, timeline.end(s) - max(s.start_ms, stop)
            if left > 0 and right > 0:
                tail = timeline.copied_segment(s)
                tail.id, tail.start_ms, tail.duration_ms = plan.new_segment_id(), stop, right
                s.duration_ms = left
                kept += [s, tail]
            elif left > 0 or right > 0:
                s.start_ms, s.duration_ms = (s.start_ms, left) if left > 0 else (max(s.start_ms, stop), right)
                kept.append(s)
        track.segments = kept
    plan.draft.tracks = [t for t in plan.draft.tracks if t.segments]


def touches(reading: Reading) -> dict[str, object]:
    """What a clause wants of music besides the tune."""
    style: dict[str, object] = {**fades(reading, reading.times.length or FADE_MS)}
    return style | ({"sync": "cuts"} if reading.has("sync") else {})


def stem(asset: Asset) -> str:
    """A file's name without its ending, as a label."""
    return asset.filename.rpartition(".")[0].replace("_", " ").replace("-", " ").strip()[:80] or asset.filename[:80]
