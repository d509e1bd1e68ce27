"""What a user's message asks for, where nobody could doubt it: the routing table's own words in sentences that say nothing else.

Whatever is less clear is no wish at all, and no rule judges what becomes of it.
"""

import re
from typing import Literal

from conformance.trace import Exchange, Message, Trace

Wish = Literal["export", "credits", "status", "upload", "edit", "foreign", ""]

FORMATS = ("mp4", "mov", "avi", "webm", "mkv", "jpg", "png", "gif", "webp", "mp3", "wav", "m4a", "aac")

_I = re.IGNORECASE
_POLITE = r"\W*(?:(?:please|now|then|ok|okay|hi|hello|can you|could you|请|现在|帮我)\W*)*"
#: A message that is one of these from its first word to its last.
_WHOLE: tuple[tuple[Wish, re.Pattern[str]], ...] = (
    ("export", re.compile(_POLITE + r"(?:(?:export|download)(?: (?:it|this|that|(?:the|my)(?: final)? video|as an? mp4|as mp4|now|please))*|send me the video|导出(?:视频|一下|吧|它)*)\W*", _I)),
    ("credits", re.compile(_POLITE + r"(?:(?:show |check |what is |what's |how much is )?(?:me )?(?:my |the )?(?:credits?(?: balance)?|balance)(?: left| please)*|"
                           r"how many credits (?:are left|are there|do i have|have i got|remain)(?: left| now| please)*|"
                           r"(?:查一?下?|看一?下?|我的?|还有多少|还剩多少|剩余)*(?:积分|余额)(?:多少|还有多少|还剩多少|是多少|呢|吧)*)\W*", _I)),
    ("status", re.compile(_POLITE + r"(?:(?:what is |what's |show |check )?(?:me )?(?:the |my )?(?:project )?status(?: please| now)*|show (?:me )?(?:the |my |all )*tracks(?: please| now)*|"
                          r"(?:查看|看一?下?|项目|当前)*状态(?:怎么样|如何|呢)?)\W*", _I)),
    ("upload", re.compile(_POLITE + r"(?:upload(?: (?:it|this|these|them|my|the|files?|clips?|videos?|https?://\S+))*|上传(?:这个|这些|视频|文件|素材|一下)*(?:https?://\S+)?)\W*", _I)),
)  # fmt: skip
#: A word of the routing table anywhere, so that the message may be about that as well.
ROUTED = re.compile(
    r"\bexport|\bdownload|\bsend (?:me|over)\b|\bcredits?\b|\bbalance\b|\bstatus\b|\bshow\b|\blist\b|\bupload|\brender|导出|下载|积分|余额|状态|上传|发给我",
    _I,
)
_EDIT = re.compile(
    r"\W*(?:(?:please|now|then|and|ok|okay|can you|could you)\W+)*(?:add|make|create|generate|set|remove|delete|put|cut|trim|split|replace|mute|lower|raise|speed up|slow down|"
    r"merge|rotate)\b|^[^a-z]*(?:加|添加|生成|制作|做一|把|删|去掉|剪|换|调)",
    _I,
)
_FOREIGN = re.compile(
    r"\bweather (?:like|today|tomorrow|forecast|in)\b|\b(?:write|compose) (?:me )?an? (?:poem|essay|e-?mail|letter)\b|\btell (?:me )?a joke\b|"
    r"\bstock price|\brecipe for\b|\bcapital of\b|\b(?:python|javascript) (?:code|script|function)\b|\bbook (?:me )?a (?:flight|hotel)\b|"
    r"天气(?:怎么样|如何|预报)|写一?首?诗|写一?篇|讲个?笑话|股票|菜谱|写代码|订机票",
    _I,
)
_VIDEO = re.compile(
    r"\b(?:videos?|clips?|films?|movies?|music|songs?|titles?|captions?|subtitles?|text|tracks?|reels?|vlogs?|footage|scenes?|edit)\b|"
    r"视频|片|音乐|歌|标题|字幕|文字|轨道|画面|配",
    _I,
)
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|「[^」]*」|《[^》]*》")
_MEDIA = re.compile(r"https?://\S+\.(?:" + "|".join(FORMATS) + r")\b", _I)


def wish(message: Message) -> Wish:
    """What the words ask for; "" where that is not beyond doubt."""
    text = message.text.strip()
    for kind, whole in _WHOLE:
        if whole.fullmatch(text):
            return kind
    bare = _QUOTED.sub('""', text)
    if _FOREIGN.search(bare) and not _VIDEO.search(bare) and not message.files:
        return "foreign"
    if _EDIT.match(bare) and not ROUTED.search(bare) and not re.search(r"https?://|\?|？", bare):
        return "edit"
    return ""


def brings_material(message: Message) -> bool:
    """It comes with a file, or with the address of one, of a type that the service takes."""
    return any(name.rpartition(".")[2].lower() in FORMATS for name in message.files) or (
        wish(message) == "upload" and bool(_MEDIA.search(message.text))
    )


def alone(trace: Trace, message: Message) -> bool:
    """No other message was worked on meanwhile: what the trace has between the two is all its own."""
    others = trace.messages
    number = next(number for number, one in enumerate(others) if one.line == message.line)
    before, after = others[:number], others[number + 1 :]
    if any(one.done_ms is None or one.done_ms > message.at_ms for one in before):
        return False
    return not after or (message.done_ms is not None and message.done_ms <= after[0].at_ms)


def messages(trace: Trace, *wishes: Wish) -> list[Message]:
    """Messages that ask for one of these and for nothing else, and that nothing else came between."""
    return [one for one in trace.messages if wish(one) in wishes and alone(trace, one)]


def served(trace: Trace, message: Message) -> bool:
    """The client is done with it, and no call for it was refused or broken: what it did not do it did not want to.

    Not so while it has no token or no session: who was refused them need not ask again for each message.
    """
    doors = trace.before(message.line, "issue_anonymous_token", "create_session")
    if doors and not doors[-1].ok:
        return False
    return message.done_ms is not None and all(one.code == 0 and not one.dropped for one in message.exchanges)


def ran(one: Exchange) -> bool:
    """A turn whose stream was told to its end."""
    return one.operation == "run_sse" and one.stream and one.ended_by == "server" and not one.dropped
