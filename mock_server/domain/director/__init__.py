"""The director: turns a message about an edit into a script. Rules and no model, so that equal words give equal turns."""

import re
from collections.abc import Callable, Sequence
from copy import deepcopy

from ..ids import Dice
from ..scene import AUDIO, TEXT, VIDEO, Asset, Draft, Segment
from ..script import Script
from ..settings import Settings
from .plan import Plan
from .stage import hush, play, with_heartbeats

__all__ = ["direct", "with_heartbeats"]


def direct(
    message: str,
    *,
    language: str,
    draft: Draft,
    assets: Sequence[Asset],
    settings: Settings,
    dice: Dice,
    silent: bool,
    new_asset_url: Callable[[str, str], str],
) -> Script:
    """First version: generation, music, title; anything else is a text."""
    chinese = bool(re.search("[\u4e00-\u9fff]", message))
    plan = Plan(deepcopy(draft), list(assets), settings, dice, chinese, new_asset_url)
    words = message.lower()
    kind = "text"
    if re.search("(make|create|generate).{0,40}(video|clip) |生成.{0,40}视频", words):
        kind = "generation"
        asset = plan.generate_asset("generated.mp4", "video", 10000, 1080, 1920)
        plan.lay(VIDEO, "Video", Segment(plan.id("seg"), 0, 10000, "clip", asset.cdn_url))
        plan.done.append("Your raw video is ready.")
        plan.commit("generate_video_with_seedance", {"prompt": message[:200]}, say="Generating your video.")
    else:
        for asset in plan.assets:
            if not plan.draft.tracks and asset.file_type in ("video", "image") and re.search("music|title|音乐|标题", words):
                length = int((asset.duration_s or 3) * 1000)
                plan.lay(VIDEO, "Video", Segment(plan.id("seg"), 0, length, asset.filename, asset.cdn_url, volume=1.0))
    end = max((s.start_ms + s.duration_ms for t in plan.draft.tracks for s in t.segments), default=0)
    if end and (kind == "generation" or re.search("music|bgm|音乐", words)):
        song = plan.generate_asset("lofi_drift.mp3", "audio", end)
        plan.lay(AUDIO, "BGM", Segment(plan.id("seg"), 0, end, "Lo-fi Drift", song.cdn_url, volume=0.35))
        plan.done.append(f"Added BGM 'Lo-fi Drift' at 35 % (0-{end / 1000:g} s). Click the Export button to download it.")
        plan.commit("generate_music_with_suno", {"style": "lo-fi"})
    if end and re.search("title|标题", words):
        plan.lay(TEXT, "Title", Segment(plan.id("seg"), 0, min(end, 3000), "Title", text="Urban Dreams"))
        plan.done.append("Added title 'Urban Dreams' (0-3 s).")
        plan.commit("edit_multitrack", {"operation": "add_text"})
    if not plan.changed():
        low, high = settings.text_s
        ends_ms = int(dice.between("length", low, high) * 1000)
        return Script("text", play("text", [], [plan.say("unclear")], ends_ms, dice), ends_ms)
    kind = "edit" if kind == "text" else kind
    low, high = settings.edit_s if kind == "edit" else settings.generation_s
    ends_ms = int(dice.between("length", low, high) * 1000)
    steps = play(kind, plan.acts, plan.done, ends_ms, dice)  # type: ignore[arg-type]
    if silent and kind == "edit":
        steps = hush(steps, dice.chance("hush") < 0.4)
    return Script(kind, steps, ends_ms, silent and kind == "edit")  # type: ignore[arg-type]
