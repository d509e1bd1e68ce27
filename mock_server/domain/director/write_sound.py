"""Writers for all that is heard: music, voice, effects, volumes, fades."""

from dataclasses import replace

from ..scene import VIDEO, Asset, Segment
from . import timeline
from .plan import Plan
from .reading import Reading
from .taste import MUSIC, TUNES

DEFAULT_VOLUME, ALONE_VOLUME, DUCKED_VOLUME = 0.35, 0.6, 0.2  # of music: over the clips' own sound, without it, under a voice
FADE_MS = 2000


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
        stop = min(stop, start + round((asset.duration_s or (stop - start) / 1000) * 1000) or stop)
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
    plan.hint = "hint_music"
    plan.edit("add_music", segment_id=segment.id)


def compose(plan: Plan, style: str, length_ms: int, reading: Reading | None = None) -> tuple[Asset, str]:
    """A new tune: its asset and its name. First looks at the pictures when the music is to match them."""
    name = plan.dice.pick("tune", TUNES[style])[plan.chinese]
    pictures = [c.src for c in timeline.clips(plan.draft)]
    if reading and pictures and reading.has("match", "sync"):
        cuts = [c.start_ms for c in timeline.clips(plan.draft)[1:40]]
        plan.commit("understand_video", {"videos": len(pictures)}, weight=0.5, mood=plan.called("style", style), cuts_ms=cuts)
    filename = TUNES_FILE.format(style=style, number=plan.dice.hex("tune_file", 4))
    asset = plan.generate_asset(filename, "audio", length_ms)
    request = {"prompt": plan.called("style", style), "bpm": int(MUSIC[style].value), "duration": length_ms / 1000, "instrumental": True}
    plan.commit("generate_music_with_suno", request, say=plan.say("composing", style=plan.called("style", style)), asset_id=asset.id, url=asset.cdn_url)
    return asset, name


TUNES_FILE = "bgm_{style}_{number}.mp3"


def music_remove(plan: Plan, reading: Reading) -> None:
    timed = reading.has("has_range", "has_first", "has_last", "has_at")
    stretch = plan.stretch(reading.times) if timed else (0, 2**62)
    gone = timeline.segments(plan.draft, "music")
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
    plan.commit("understand_video", {"videos": len(cuts) + 1}, weight=0.5, cuts_ms=cuts)
    for tune in tunes:
        tune.style["sync"] = "cuts"
    plan.did("music_synced", name=tunes[0].name, cuts=len(cuts))
    plan.edit("sync_music")


def volume(plan: Plan, reading: Reading) -> None:
    targets, spoken = hearable(plan, reading)
    if not targets:
        return plan.answer("no_sound")
    before = targets[0].volume or 0.0
    for segment in targets:
        segment.volume = changed_volume(segment.volume or 0.0, reading)
    if all(s.volume == before for s in targets) and before == targets[0].volume:
        plan.answer("volume_same", what=spoken, share=percent(before))
    else:
        plan.did("volume_set", what=spoken, share=percent(targets[0].volume or 0), old=percent(before))
    plan.edit("set_volume")


def changed_volume(old: float, reading: Reading) -> float:
    given = level(reading)
    if given is None and reading.has("duck"):
        given = min(old, DUCKED_VOLUME)
    if given is not None and reading.has("up", "down") and (" by " in reading.plain or "half" in reading.plain or "一半" in reading.plain):
        given = old * (1 + given) if reading.has("up") else old * (1 - given)
    if given is None:
        given = old + 0.2 if reading.has("up") else old - 0.2 if reading.has("down") else old
        given = max(given, 0.05)
    return round(min(max(given, 0.0), 1.0), 2)


def fade(plan: Plan, reading: Reading) -> None:
    """Fades on music, or on the sound and picture of the clips."""
    if (reading.has("video", "clip") and not reading.has("music")) or not timeline.segments(plan.draft, "music"):
        targets, spoken = timeline.clips(plan.draft), plan.say("the_picture")
    else:
        targets, spoken = hearable(plan, reading)
    if not targets:
        return plan.answer("no_sound")
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
        chosen = [row[n - 1 if n > 0 else n] for n in reading.ordinals if n and -len(row) <= n <= len(row)]
        targets, spoken = chosen or row, plan.say("the_sound")
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


def voiceover(plan: Plan, reading: Reading) -> None:
    """Read a text aloud over the pictures; music makes room for it."""
    text = reading.quote or plan.dice.pick("narration", NARRATION[plan.chinese])
    total = timeline.total_ms(plan.draft)
    start = min(reading.times.at or 0, max(total - 1000, 0))
    per_second = 4 if plan.chinese else 14  # characters read in a second
    length = min(max(1000, 1000 * len(text) // per_second), total - start)
    timeline.remove(plan.draft, timeline.segments(plan.draft, "voice"))
    asset = plan.generate_asset(f"voiceover_{plan.dice.hex('tune_file', 4)}.mp3", "audio", length)
    plan.commit("generate_voiceover", {"text": text}, say=plan.say("narrating"), asset_id=asset.id, url=asset.cdn_url)
    plan.lay("voice", Segment(plan.new_segment_id(), start, length, plan.say("voice_name"), asset.cdn_url, volume=1.0, style={"script": text}))
    plan.did("voice_added", text=text, span=plan.span(start, start + length))
    loud = [m for m in timeline.segments(plan.draft, "music") if (m.volume or 0) > DUCKED_VOLUME]
    for tune in loud:
        tune.volume = DUCKED_VOLUME
    if loud:
        plan.did("ducked", name=loud[0].name, share=percent(DUCKED_VOLUME))
    plan.edit("add_voiceover")


NARRATION = (
    ("Some places stay with you long after you leave.", "Here is a story worth a minute of your day."),
    ("有些风景，离开之后才真正留在心里。", "用一分钟，讲一个值得听的故事。"),
)


def voiceover_remove(plan: Plan, reading: Reading) -> None:
    gone = timeline.segments(plan.draft, "voice")
    if not gone:
        return plan.answer("no_voice")
    timeline.remove(plan.draft, gone)
    plan.did("voice_removed")
    plan.edit("remove_voiceover")


def sound_effects(plan: Plan, reading: Reading) -> None:
    total = timeline.total_ms(plan.draft)
    start = min(reading.times.at or 0, max(total - 500, 0))
    length = min(2000, total - start)
    asset = plan.generate_asset(f"sfx_{plan.dice.hex('tune_file', 4)}.wav", "audio", length)
    name = plan.dice.pick("sfx", (("Whoosh", "嗖声"), ("Soft Chime", "轻铃"), ("Camera Click", "快门声")))[plan.chinese]
    plan.lay("effect", Segment(plan.new_segment_id(), start, length, name, asset.cdn_url, volume=0.8))
    plan.did("effect_added", name=name, span=plan.span(start, start + length))
    plan.edit("add_sound_effect")


def hearable(plan: Plan, reading: Reading) -> tuple[list[Segment], str]:
    """What a wish about loudness is meant for, and its name: what it says, else the music, else the clips' own sound."""
    tunes = timeline.segments(plan.draft, "music")
    own = [s for t in plan.draft.tracks if t.type == VIDEO for s in t.segments if s.volume is not None]
    if reading.has("voiceover"):
        return timeline.segments(plan.draft, "voice"), plan.say("the_voice")
    if (reading.has("sound", "video") and not reading.has("music")) or not tunes:
        return own, plan.say("the_sound")
    return tunes, plan.say("the_music")


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


def level(reading: Reading) -> float | None:
    """The share that a clause gives, as a volume."""
    return None if reading.share is None else min(max(reading.share, 0.0), 1.0)


def default_volume(plan: Plan) -> float:
    return DEFAULT_VOLUME if any(c.volume for c in timeline.clips(plan.draft)) else ALONE_VOLUME


def touches(reading: Reading) -> dict[str, object]:
    """What a clause wants of music besides the tune."""
    style: dict[str, object] = {side: reading.times.length or FADE_MS for side in ("fade_in", "fade_out") if reading.has(side)}
    return style | ({"sync": "cuts"} if reading.has("sync") else {})


def percent(share: float) -> str:
    return f"{round(share * 100)}"


def stem(asset: Asset) -> str:
    """A file's name without its ending, as a label."""
    return asset.filename.rpartition(".")[0].replace("_", " ").replace("-", " ").strip()[:80] or asset.filename[:80]
