"""Writers for all that is read: titles, texts, subtitles."""

from typing import Any

from ..scene import Segment
from . import timeline
from .plan import Plan
from .reading import Reading
from .taste import COLOURS, SIZES
from .tools import WATCHER

TITLE_MS, CAPTION_MS, MAX_CAPTIONS = 3000, 2500, 60
#: Where each kind stands and how large it is, if nobody says otherwise.
DEFAULTS: dict[str, dict[str, Any]] = {
    "title": {"position": "center", "font_size": 56, "color": "#FFFFFF", "animation": "fade"},
    "text": {"position": "bottom-center", "font_size": 42, "color": "#FFFFFF"},
    "subtitle": {"position": "bottom-center", "font_size": 36, "color": "#FFFFFF"},
}
TITLES = (
    ("Small Journeys", "The Long Way Home", "Ordinary Light", "A Day Like This"),
    ("小小旅程", "慢慢回家", "平凡的光", "这样的一天"),
)
#: Captions: nobody listens here, so these lines stand for what was said.
CAPTIONS = (
    (
        "Here we go",
        "Take a look at this",
        "It all started here",
        "One step at a time",
        "And there it is",
        "Almost done",
        "See you soon",
    ),
    ("我们开始吧", "来看看这里", "一切从这里开始", "一步一步来", "就是它了", "快要完成了", "下次再见"),
)


def title(plan: Plan, reading: Reading) -> None:
    if not reading.quote and timeline.segments(plan.draft, "title"):
        placed = reading.has("has_place") and reading.has("move", "set")
        wanted = placed or reading.has("has_animation") or not reading.has("add")
        return text_style(plan, reading) if wanted else plan.answer("which_text")
    words = reading.quote or plan.draft.title or plan.dice.pick("title", TITLES[plan.chinese])
    if place_text(plan, "title", words, reading) and not plan.draft.title:
        plan.draft.title = words
    plan.edit("add_text", kind="title")


def text(plan: Plan, reading: Reading) -> None:
    if not reading.quote:
        return plan.answer("which_text")
    place_text(plan, "text", reading.quote, reading)
    plan.edit("add_text", kind="text")


def place_text(plan: Plan, role: str, words: str, reading: Reading) -> Segment | None:
    """Lay one text where the clause says; without a time a title stands for its first 3 s, a watermark all the time."""
    total = timeline.total_ms(plan.draft)
    times = reading.times
    untimed = not (times.ranged or times.first is not None or times.last is not None or times.at is not None)
    if times.at is not None:
        stretch = plan.stretch(times) and (times.at, min(times.at + (times.length or TITLE_MS), total))
    elif untimed and reading.has("whole", "watermark"):
        stretch = (0, total)
    elif untimed:
        length = min(times.length or TITLE_MS, total)
        stretch = (total - length, total) if reading.has("at_end") and not reading.has("at_start") else (0, length)
    else:
        stretch = plan.stretch(times)
    if not stretch or stretch[0] >= stretch[1]:
        plan.answer("out_of_range", long=plan.long(total))
        return None
    style = DEFAULTS[role] | ({"position": "bottom-right"} if reading.has("watermark") else {}) | styled(reading)
    start, stop = stretch
    segment = plan.lay(role, Segment(plan.new_segment_id(), start, stop - start, words[:40], text=words[:300], style=style))
    plan.did(f"{role}_added", text=words, span=plan.span(start, stop), extra=described(plan, reading))
    plan.hint = "hint_text"
    return segment


def subtitles(plan: Plan, reading: Reading) -> None:
    """Captions over the whole length, or over the stretch that the clause names; old ones go."""
    if styled(reading) and not reading.has("add", "make") and timeline.segments(plan.draft, "subtitle"):
        return text_style(plan, reading)
    stretch = plan.stretch(reading.times)
    if stretch is None:
        return plan.answer("out_of_range", long=plan.long(timeline.total_ms(plan.draft)))
    start, stop = stretch
    length = max(CAPTION_MS, -(-(stop - start) // MAX_CAPTIONS))
    lines = reading.quote and [line for line in reading.quote.replace("。", ".").split(".") if line.strip()]
    if lines:
        length = max(1, (stop - start) // len(lines))
    words = lines or CAPTIONS[reading.has("in_chinese") or (plan.chinese and not reading.has("in_english"))]
    timeline.remove(plan.draft, timeline.segments(plan.draft, "subtitle"))
    plan.commit(WATCHER, {"videos": len(timeline.clips(plan.draft)), "transcribe": True}, weight=0.5)
    style = DEFAULTS["subtitle"] | styled(reading)
    count = 0
    for at in range(start, stop, length):
        said = words[count % len(words)].strip()
        plan.lay(
            "subtitle", Segment(plan.new_segment_id(), at, min(length, stop - at), said[:40], text=said[:300], style=dict(style))
        )
        count += 1
    plan.did("subtitles_added", count=count, span=plan.span(start, stop), extra=described(plan, reading))
    plan.hint = "hint_text"
    plan.edit("add_subtitles", count=count)


def text_style(plan: Plan, reading: Reading) -> None:
    """Other looks, another place or another time for texts that are there."""
    targets = meant(plan, reading)
    if not targets:
        return plan.answer("no_text")
    values = styled(reading)
    for segment in targets:
        segment.style.update(values)
    times = reading.times
    timed = times.ranged or times.at is not None or times.first is not None or times.length is not None
    if timed and len(targets) == 1:
        return retime(plan, targets[0], reading)
    if not values:
        return plan.answer("which_style")
    plan.did("text_restyled", text=targets[0].text, count=len(targets), extra=described(plan, reading))
    plan.edit("style_text", **values)


def retime(plan: Plan, segment: Segment, reading: Reading) -> None:
    times = reading.times
    total = timeline.total_ms(plan.draft)
    start = segment.start_ms if times.at is None else times.at
    stretch: tuple[int, int] | None = (start, min(start + (times.length or segment.duration_ms), total))
    if reading.has("vanish") and times.at is not None:
        stretch = (segment.start_ms, min(times.at, total))
    elif times.ranged or times.first is not None:
        stretch = plan.stretch(times)
    if not stretch or stretch[0] >= stretch[1]:
        return plan.answer("out_of_range", long=plan.long(total))
    role = next(timeline.role(t) for t in plan.draft.tracks if segment in t.segments)
    timeline.remove(plan.draft, [segment])
    # a new id, since its old track may be taken at the new time
    segment.id, segment.start_ms, segment.duration_ms = plan.new_segment_id(), stretch[0], stretch[1] - stretch[0]
    plan.lay(role, segment)
    plan.did("text_moved", text=segment.text, span=plan.span(*stretch))
    plan.edit("move_text")


def text_change(plan: Plan, reading: Reading) -> None:
    targets = meant(plan, reading)
    if not targets:
        return title(plan, reading)
    named = [s for s in targets if s.text and s.text.lower() in reading.raw.lower() and s.text != reading.quote]
    segment = (named or targets)[0]
    old, segment.text, segment.name = segment.text, reading.quote[:300], reading.quote[:40]
    segment.style.update(styled(reading))
    if plan.draft.title == old:
        plan.draft.title = reading.quote[:300]
    plan.did("text_changed", old=old, text=reading.quote, span=plan.span(segment.start_ms, timeline.end(segment)))
    plan.edit("change_text")


def text_remove(plan: Plan, reading: Reading) -> None:
    targets = meant(plan, reading)
    if not targets:
        return plan.answer("no_text")
    timeline.remove(plan.draft, targets)
    plan.did("text_removed", text=targets[0].text, count=len(targets))
    plan.edit("remove_text")


def meant(plan: Plan, reading: Reading) -> list[Segment]:
    """The texts that a clause speaks of: those it cites, else those of the kind it names, else (for "text") all."""
    roles = [role for role in ("title", "subtitle") if reading.has(role)] or ["title", "text", "subtitle"]
    found = timeline.segments(plan.draft, *roles)
    cited = [s for s in found if reading.quote and s.text == reading.quote]
    return cited or found


def styled(reading: Reading) -> dict[str, Any]:
    """The values of a clause, with the names that a text's style has here: color, position, font_size, animation."""
    picks = reading.picks
    style: dict[str, Any] = {}
    if "colour" in picks:
        style["color"] = COLOURS[picks["colour"]].value
    if "place" in picks:
        style["position"] = picks["place"]
    if "size" in picks:
        style["font_size"] = int(SIZES[picks["size"]].value)
    if "animation" in picks:
        style["animation"] = picks["animation"]
    return style


def described(plan: Plan, reading: Reading) -> str:
    """What a clause chose, in words: ", yellow, top centre"."""
    words = [
        plan.called(table, reading.picks[table]) for table in ("colour", "size", "place", "animation") if table in reading.picks
    ]
    return "".join(("，" if plan.chinese else ", ") + word for word in words)
