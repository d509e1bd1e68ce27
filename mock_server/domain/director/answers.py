"""Writers of turns that only speak: facts about the draft, and what the documents let clients translate."""

from ..scene import AUDIO, TEXT, VIDEO
from . import timeline
from .plan import Plan
from .reading import Reading

#: Concepts and the phrases that name them.
LEFT = {"music": "the_music", "sound": "the_sound", "voiceover": "the_voice", "title": "the_title", "subtitle": "the_subtitles",
        "text": "the_text", "transition": "the_transitions", "look": "the_look", "clip": "the_clips", "video": "the_video"}  # fmt: skip


def leave(plan: Plan, reading: Reading) -> None:
    """Not to do a thing is a wish that leaves it alone."""
    named = [plan.say(key) for concept, key in LEFT.items() if reading.has(concept)]
    plan.answer("left", what=plan.listed(named or [plan.say("the_rest" if plan.wanted == {"leave"} else "that")]))


def nothing(plan: Plan, reading: Reading) -> None:
    """For what another writer heeds."""


def export(plan: Plan, reading: Reading) -> None:
    plan.answer("export" if plan.draft.tracks else "export_empty")


def status(plan: Plan, reading: Reading) -> None:
    if not plan.draft.tracks:
        return plan.answer("status_empty")
    told = []
    for number, track in enumerate(plan.draft.tracks[:12], 1):
        first, last = track.segments[0], track.segments[-1]
        told.append(f"{number}. {track.name}: {first.text or first.name} ({plan.span(first.start_ms, timeline.end(last))})")
    plan.answer("status", long=plan.long(timeline.total_ms(plan.draft)), tracks="; ".join(told))


def uploaded(plan: Plan, reading: Reading) -> None:
    files = [a for a in plan.assets if not a.generated]
    if not files:
        return plan.answer("upload")
    plan.answer("uploaded", count=len(files), names=", ".join(a.filename for a in files[:8]))


def which_clip(plan: Plan, reading: Reading) -> None:
    plan.answer("which_clip", count=len(timeline.clips(plan.draft)))


def ask_length(plan: Plan, reading: Reading) -> None:
    if not plan.draft.tracks:
        return plan.answer("status_empty")
    plan.answer("length", long=plan.long(timeline.total_ms(plan.draft)))


def ask_count(plan: Plan, reading: Reading) -> None:
    count = {tt: sum(len(t.segments) for t in plan.draft.tracks if t.type == tt) for tt in (VIDEO, TEXT)}
    plan.answer("count", tracks=len(plan.draft.tracks), clips=count[VIDEO], texts=count[TEXT])


def ask_music(plan: Plan, reading: Reading) -> None:
    tunes = [s for t in plan.draft.tracks if t.type == AUDIO for s in t.segments][:10]
    if not tunes:
        return plan.answer("no_sounds")
    told = [f"'{s.name}' {round((s.volume or 0) * 100)} % ({plan.span(s.start_ms, timeline.end(s))})" for s in tunes]
    plan.answer("sounds", names=", ".join(told))


def ask_text(plan: Plan, reading: Reading) -> None:
    texts = [s for t in plan.draft.tracks if t.type == TEXT for s in t.segments][:10]
    if not texts:
        return plan.answer("no_text")
    plan.answer("texts", names=", ".join(f'"{s.text}" ({plan.span(s.start_ms, timeline.end(s))})' for s in texts))


def ask_size(plan: Plan, reading: Reading) -> None:
    plan.answer("size", width=plan.draft.width, height=plan.draft.height, fps=plan.draft.fps)
