"""Writers for what is heard besides music: a voice that reads, and sound effects."""

from ..scene import Segment
from . import timeline
from .plan import Plan
from .reading import Reading
from .tools import READER
from .write_levels import DUCKED_VOLUME, percent

NARRATION = (
    ("Some places stay with you long after you leave.", "Here is a story worth a minute of your day."),
    ("有些风景，离开之后才真正留在心里。", "用一分钟，讲一个值得听的故事。"),
)


def voiceover(plan: Plan, reading: Reading) -> None:
    """Read a text aloud over the pictures; music makes room for it."""
    text = reading.quote or plan.dice.pick("narration", NARRATION[plan.chinese])
    total = timeline.total_ms(plan.draft)
    start = min(reading.times.at or 0, max(total - 1000, 0))
    per_second = 4 if plan.chinese else 14  # characters read in a second
    length = min(max(1000, 1000 * len(text) // per_second), total - start)
    timeline.remove(plan.draft, timeline.segments(plan.draft, "voice"))
    asset = plan.generate_asset(f"voiceover_{plan.dice.hex('tune_file', 4)}.mp3", "audio", length)
    plan.commit(READER, {"text": text}, say=plan.say("narrating"), asset_id=asset.id, url=asset.cdn_url)
    plan.lay(
        "voice",
        Segment(plan.new_segment_id(), start, length, plan.say("voice_name"), asset.cdn_url, volume=1.0, style={"script": text}),
    )
    plan.did("voice_added", text=text, span=plan.span(start, start + length))
    loud = [m for m in timeline.segments(plan.draft, "music") if (m.volume or 0) > DUCKED_VOLUME]
    for tune in loud:
        tune.volume = DUCKED_VOLUME
    if loud:
        plan.did("ducked", name=loud[0].name, share=percent(DUCKED_VOLUME))
    plan.edit("add_voiceover")


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
