"""The writer of a new video, and of what is added to it in the second stage."""

import re

from ..scene import Segment
from . import timeline
from .plan import Plan
from .reading import Reading
from .taste import CANVASES
from .tools import VIDEO_MAKER
from .write_lay import lay_all
from .write_music import compose
from .write_text import DEFAULTS, TITLE_MS

DEFAULT_MS, LEAST_MS, MOST_MS = 10000, 2000, 120000

_EN_TOPIC = re.compile(
    r"\b(?:about|of|on|showing|featuring|that shows|where|in which|starring|for|promoting|introducing)\s+"
    r"(?!\d+ ?(?:s\b|sec|min)|tiktok|instagram|youtube|reels|me\b|us\b)(\S.{0,300})",
    re.IGNORECASE | re.DOTALL,
)
_ZH_TOPIC = (
    re.compile(
        r"(?:关于|主题[是为]|讲述?|展示|介绍|宣传(?!片)|拍摄?)(.{1,80}?)(?:的?(?:\d+ ?秒)?的?(?:竖屏|横屏)?(?:短?视频|短片|动画|宣传片|广告片?|片子)|[，,。;；]|$)"
    ),
    re.compile(r"(?:视频|短片|动画|宣传片|广告片?|片子)\s*[，,:：]\s*(.{1,80}?)(?:[。;；]|$)"),
    re.compile(
        r"(?:生成|制作|做|创作|拍|来|弄|我要|想要)(?:一?[个段条支部份])?(.{1,80}?)的?(?:短?视频|短片|动画|宣传片|广告片?|片子)"
    ),
)
#: Not the subject: length, format, music, and what is about the making.
_TRIMMINGS = re.compile(
    r"\b(?:with|and|plus|using|without)\s+(?:\w+\s+){0,3}(?:music|bgm|soundtrack|voice-?over|captions?|subtitles?|title)\b.*$"
    r"|,?\s*\b(?:vertical|horizontal|portrait|landscape|square)(?: format| video| mode)?\s*$|,?\s*\b(?:no|without) (?:any )?(?:text|music|title|captions|subtitles|sound|voice|filters?|effects?)\b.*$"
    r"|\band (?:append|add|put|attach) (?:it|this|that)\b.*$|\b(?:called|titled|named)\b.*$"
    r"|\bin (?:vertical|horizontal|portrait|landscape|square)\b.*$|\b(?:in|for) (?:9:16|16:9|1:1)\b.*$|,?\s*\b\d+ ?-?(?:s|secs?|seconds?|minutes?|mins?|hours?)(?: long)?\b"
    r"|\b(?:for|on) (?:tik ?tok|instagram|youtube|reels|shorts)\b.*$|[，,]?(?:配上|加上).*$|(?:带|配|有)(?:中文|英文)?(?:字幕|音乐|配乐|标题|旁白)的?|\d+ ?秒钟?的?|[\d一两二三半]+ ?(?:个?小时|分钟)的?|竖屏的?|横屏的?|9:16|16:9",
    re.IGNORECASE | re.DOTALL,
)
_FILLER = re.compile(
    r"^(?:please\s+|can you\s+|could you\s+|i (?:want|need|would like)(?: you)?(?: to)?\s+)*(?:make|create|generate|produce|build|animate|give me|do)?\s*(?:me\s+)?"
    r"(?:(?:a|an|one|some|the|new|short|quick|nice|cool|vertical|horizontal|\d\S{0,20})\s+)*",
    re.IGNORECASE,
)
_KIND = re.compile(
    r"\b(?:videos?|clips?|films?|movies?|ads?|commercials?|promos?|reels?|shorts?|animations?|trailers?|teasers?|cartoons?)\b",
    re.I,
)


def topic(reading: Reading, chinese: bool) -> str:
    """What a new video is to be about, in at most 60 characters; "" if nothing says so."""
    words = reading.raw
    if chinese:
        found = next((m[1] for pattern in _ZH_TOPIC if (m := pattern.search(words))), "")
        found = re.sub(r"^(?:一?[个段条支部份])?(?:关于)?", "", _TRIMMINGS.sub("", found))
    elif m := _EN_TOPIC.search(words):
        found = _TRIMMINGS.sub("", m[1])
    else:
        found = _KIND.sub("", _FILLER.sub("", _TRIMMINGS.sub("", words)))
    found = re.sub(r"(?:[\s,!.]*\b(?:please|thanks|thank you|for me|ok))+[\s,!.]*$", "", found, flags=re.IGNORECASE)
    found = " ".join(re.split(r"[.!?。！？\n]", found)[0].split()).strip(" ,，.-:：\"'的")
    return found[:60].strip()


def heading(subject: str, chinese: bool) -> str:
    """A title from a subject: a few of its words."""
    if chinese:
        return re.split(r"[，,、；;]", subject)[0][:10]
    small = {"a", "an", "the", "of", "in", "on", "at", "and", "with", "to", "for", "my", "some"}
    words = [w for w in re.split(r"[,;:]", subject)[0].split()]
    while words and words[0].lower() in small:
        words = words[1:]
    words = words[:5]
    while words and words[-1].lower() in small:
        words.pop()
    return " ".join(w if w.lower() in small and n else w[:1].upper() + w[1:] for n, w in enumerate(words))


def generate(plan: Plan, reading: Reading) -> None:
    """Film it, lay it at the end of the main track and, in two stages, add music, a title and colour where nobody said otherwise."""
    subject = topic(reading, plan.chinese) or plan.dice.pick("subject", SUBJECTS[plan.chinese])
    times = reading.times
    asked = times.length or times.first or DEFAULT_MS
    length = min(max(asked, LEAST_MS), MOST_MS)
    if canvas := reading.picks.get("canvas"):
        if not plan.draft.tracks:
            plan.draft.width, plan.draft.height = (int(n) for n in CANVASES[canvas].value.split("x"))
        elif (size := CANVASES[canvas].value) != f"{plan.draft.width}x{plan.draft.height}":
            plan.answer("aspect_kept", size=size, old=f"{plan.draft.width}x{plan.draft.height}")
    width, height = plan.draft.width, plan.draft.height
    number = plan.dice.hex("video_file", 6)
    asset = plan.generate_asset(f"seedance_{number}.mp4", "video", length, (width, height))
    fresh = not plan.draft.tracks
    clip = lay_all(plan, [asset])[0]
    clip.name = subject[:40]
    request = {"prompt": reading.raw[:500], "duration": length / 1000, "resolution": f"{width}x{height}"}
    facts = {"name": clip.name, "span": plan.span(clip.start_ms, timeline.end(clip)), "size": f"{width}x{height}"}
    plan.commit(
        VIDEO_MAKER,
        request,
        say=plan.say("filming", name=clip.name),
        weight=6.0,
        asset_id=asset.id,
        url=asset.cdn_url,
        duration=length / 1000,
    )
    plan.did("video_made", **facts)
    if asked != length:
        plan.answer("length_bound", long=plan.long(length))
    plan.hint = "hint_generated"
    if plan.settings.two_stage:
        second_stage(plan, reading, clip, subject, fresh)


def second_stage(plan: Plan, reading: Reading, clip: Segment, subject: str, fresh: bool) -> None:
    facts = {"name": clip.name, "span": plan.span(clip.start_ms, timeline.end(clip))}
    parts: list[str] = []
    total = timeline.total_ms(plan.draft)
    acts = len(plan.acts)
    spared = plan.spared | (reading.terms if reading.has("remove") else frozenset())
    if not timeline.segments(plan.draft, "music") and not {"music", "music_remove"} & plan.wanted and "music" not in spared:
        asset, name = compose(
            plan, reading.picks.get("style") or plan.dice.pick("style", ("cinematic", "upbeat", "lofi", "ambient")), total
        )
        plan.lay("music", Segment(plan.new_segment_id(), 0, total, name, asset.cdn_url, volume=0.35, style={"fade_out": 1000}))
        parts.append("part_music")
        plan.did("music_added", name=name, share="35", span=plan.span(0, total))
    untitled = not {"title", "text_remove", "text"} & plan.wanted and not {"title", "text"} & spared
    words = reading.quote or heading(subject, plan.chinese)
    if fresh and untitled and words:
        stop = min(TITLE_MS, total)
        plan.lay("title", Segment(plan.new_segment_id(), 0, stop, words[:40], text=words, style=dict(DEFAULTS["title"])))
        plan.draft.title = plan.draft.title or words
        parts.append("part_title")
        plan.did("title_added", text=words, span=plan.span(0, stop), extra="")
    if not {"look", "look_remove"} & plan.wanted and "look" not in spared:
        key = reading.picks.get("look") or plan.dice.pick("better_look", ("cinematic", "warm", "vivid"))
        clip.style |= {"look": key, "look_strength": 0.5}
        parts.append("part_look")
        plan.did("look_set", look=plan.called("look", key), span=plan.span(clip.start_ms, timeline.end(clip)))
    plan.edit("post_production")
    if len(plan.acts) > acts:
        plan.added = plan.listed([plan.say(part) for part in parts])
        plan.acts[acts].say = plan.say("raw_ready", parts=plan.added, **facts)
        plan.hint = "hint_staged"


SUBJECTS = (("city timelapse", "morning by the sea", "a walk in the woods"), ("城市延时", "海边清晨", "林间散步"))
