"""One clause, read: the concepts it speaks of and the values it gives."""

import re
from dataclasses import dataclass

from .numbers import Times, factor, ordinals, plain_text, share, times
from .taste import TABLES, choose
from .words import concepts

#: A stretch in quotation marks stands in a clause as `⟦n⟧`, so that no rule reads what the user only cites.
QUOTE = re.compile(
    r'"([^"\n]{1,300})"|“([^”\n]{1,300})”|「([^」\n]{1,300})」|『([^』\n]{1,300})』|《([^》\n]{1,300})》'
    r"|(?<!\w)'([^'\n]{1,200})'(?!\w)|‘([^’\n]{1,200})’(?!\w)"
)
MARK = re.compile(r"⟦(\d+)⟧")
#: A kind of music that is named by what it lacks.
INSTRUMENTAL = re.compile(
    r"\b(?:without|no|minus|(?:don't|do not) want) (?:any )?(?:vocals?|singing|singers?|lyrics|voices in it)\b|(?:不要|不带|没有|无|别有)(?:人声|歌词|人唱|唱)"
)

#: Words given without quotation marks: after "saying", after a colon, or as a name in capitals.
SAID = (
    re.compile(
        r"\b(?i:saying|that says|says|reads|reading|(?:titled|called|named)|with the (?:text|words?|title|caption|name)|title it|call it)"
        r"[:\s]+(\S.{0,120})"
    ),
    re.compile(r"\b(?i:title|text|caption|subtitle|headline|label|watermark)[^:：\n⟦]{0,30}[:：]\s*(\S.{0,120})"),
    re.compile(r"\b(?i:title|text|caption|headline)\b[^⟦]{0,20}\b(?i:from)\s[^.⟦]{1,60}?\s(?i:to)\s+([^\d\s].{0,80})"),
    re.compile(r"\b(?i:write|display) ((?:[A-Z][\w'&.-]*)(?: [A-Z0-9&][\w'&.-]*)*)"),
    re.compile(
        r"\b(?i:title|text|caption|headline|label|watermark) ((?!Card|Sequence|Track|At |In |On |For )(?:[A-Z0-9@#][\w'&@#.-]*)(?: (?:[A-Z0-9&][\w'&.-]*|(?:of|the|in|and|a)\b))*)"
    ),
    re.compile(r"\b(?i:(?:title|text|caption|headline|label) to) ((?:[A-Z0-9@#][\w'&@#.-]*)(?: [A-Z0-9&][\w'&.-]*)*)"),
    re.compile(
        r"(?:写着?|内容[是为]|文字[是为]|标题[是为叫]|字幕[是为]|水印[是为]|叫做|题为|名为|(?:标题|文字|字幕|水印)\s*[:：]|改[成为]叫)\s*(\S.{0,60})"
    ),
)
#: Where unquoted words end: at what is said about time and place.
SAID_END = re.compile(
    r"\s+(?:at (?:the )?(?:\d|top|bottom|start|beginning|end|centre|center)|in (?:the )?(?:white|black|yellow|red|blue|green|gold|middle|corner|cent)"
    r"|for (?:the )?(?:first |last )?\d|for the (?:first|last)|from \d|between \d|(?:in|on) the (?:top|bottom|upper|lower)|with a\b).*$|[,，。;；]\s*(?:在|放|用|持续).*$"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """`raw` has the words as written, `plain` as `plain_text` gives them with the cited parts as marks."""

    raw: str
    plain: str
    terms: frozenset[str]  # concepts, and `has_...` for each value that is given
    times: Times
    share: float | None
    factor: float | None
    ordinals: tuple[int, ...]
    quote: str
    picks: dict[str, str]  # of the tables of `taste`

    def has(self, *terms: str) -> bool:
        """Whether any of the terms holds."""
        return not self.terms.isdisjoint(terms)


def mask(text: str) -> tuple[str, list[str]]:
    """The text with its cited parts as marks, and these parts."""
    cited: list[str] = []

    def keep(m: re.Match[str]) -> str:
        cited.append(next(part for part in m.groups() if part is not None).strip())
        return f" ⟦{len(cited) - 1}⟧ "

    return re.sub(" {2,}", " ", QUOTE.sub(keep, text)), cited


def unmask(text: str, cited: list[str]) -> str:
    """The marks' parts put back, in double quotes."""
    return MARK.sub(lambda m: f'"{cited[int(m[1])]}"' if int(m[1]) < len(cited) else "", text)


def read(clause: str, cited: list[str]) -> Reading:
    """Read a masked clause."""
    plain = INSTRUMENTAL.sub("instrumental", " ".join(plain_text(clause).split()))
    found = times(plain)
    picks = {table: key for table in TABLES if (key := choose(table, plain))}
    values = {
        "range": found.ranged or None, "first": found.first, "last": found.last, "at": found.at, "length": found.length,
        "share": share(plain), "factor": factor(plain), "ordinal": ordinals(plain) or None, "quote": _quote(clause, cited) or None,
        "to_length": _TO_LENGTH.search(plain), **picks,
    }  # fmt: skip
    terms = concepts(plain) | {f"has_{name}" for name, value in values.items() if value is not None}
    if any(pattern.search(plain) for pattern in GENERATION) and not any(pattern.search(plain) for pattern in OWN_FOOTAGE):
        terms.add("generation")
    return Reading(
        raw=unmask(clause, cited).strip(),
        plain=plain,
        terms=frozenset(terms),
        times=found,
        share=share(plain),
        factor=factor(plain),
        ordinals=ordinals(plain),
        quote=_quote(clause, cited),
        picks=picks,
    )


def _quote(clause: str, cited: list[str]) -> str:
    if m := MARK.search(clause):
        marks = [int(n) for n in MARK.findall(clause)]
        # "change the title from A to B" and 把A改成B mean the last
        return cited[marks[-1]] if marks[-1] < len(cited) else cited[int(m[1])] if int(m[1]) < len(cited) else ""
    for pattern in SAID:
        if m := pattern.search(clause):
            return SAID_END.sub("", m[1]).strip(" .。!！,，:：\"'")[:120]
    return ""


_TO_LENGTH = re.compile(
    r"(?:\bto|\binto|down to|\bexactly|\bunder|\bwithin|\bmax(?:imum)?|为|成|到|在) ?(?:about |only |just |the |a )*⟪"
    r"|(?:make|get|keep) (?:it|this|the \w+|my \w+) (?:about |only |just )?⟪|⟪\d+⟫ ?(?:long|长|以内|内|左右)"
)
_KINDS = (
    r"(?:videos?|clips?|films?|movies?|ads?|adverts?|commercials?|promos?|reels?|shorts?|animations?|vlogs?|trailers?|teasers?|montage|"
    r"cartoons?|explainers?|tutorials?|time-?lapses?|tik ?toks?)"
)
#: What may stand between the verb and the word for a video: anything but a thing that is made *for* a video.
_EN_BETWEEN = r"(?:(?!\b(?:titles?|subtitles?|captions?|voice-?over|narration|music(?! video)|bgm|songs?|soundtrack|text|transitions?|filter)\b)[^.!?]){0,80}?"
_ZH_BETWEEN = r"(?:(?!(?<![带有配])(?:标题|字幕|音乐|配乐|旁白|转场|滤镜)).){0,50}?"
_ZH_KINDS = r"(?:短?视频|短片|动画|宣传片|广告|片子|预告|vlog|大片|mv)"
#: A wish for a new video: a verb of making, something indefinite, and a word for a video within reach.
GENERATION = (
    re.compile(
        r"\b(?:make|create|generat(?:e|ing)|produce|build|film|shoot|design|render|animate|need|want|like|give|do|craft)\b(?: me| us| for me)?"
        rf"(?: please)? (?:a|an|one|another|some|new|short|\d+|⟪\d+⟫){_EN_BETWEEN}\b{_KINDS}\b"
    ),
    re.compile(
        r"^(?:please |now |just )*(?:make|create|generate|produce)(?: me)?(?: new)? videos?\b(?! (?:clips?|brighter|shorter))"
    ),
    re.compile(
        rf"\b(?:video|text)[- ]?(?:generation|to[- ]video)\b|^(?:a|an|⟪\d+⟫) {_EN_BETWEEN}\b{_KINDS} (?:about|of|showing|for|featuring)\b"
    ),
    re.compile(rf"\badd (?:a|an|another) (?:\w+ ){{0,4}}{_KINDS} of (?!my\b|our\b|the\b|these\b)"),
    re.compile(rf"\b(?:make|create|generate|produce) (?:\w+ ){{0,3}}{_KINDS} (?:about|of|showing|featuring|on|where|with)\b"),
    re.compile(
        rf"(?:生成|制作|做|创作|拍|来|想要|我要|需要|弄|出|整|给我)(?:一|1|个|段|条|支|部|份|⟪\d+⟫){_ZH_BETWEEN}{_ZH_KINDS}"
        rf"|(?:生成|制作|创作){_ZH_BETWEEN}{_ZH_KINDS}|文生视频|视频[:：].{{2}}"
    ),
)
#: The wish is for a cut of what the user has, so nothing new is to be filmed.
OWN_FOOTAGE = (
    re.compile(
        r"\b(?:make|turn|put|create|edit|generat(?:e|ing)|build|cut|combine|merge|stitch)\b[^.!?]{0,60}"
        r"\b(?:my|our|these|those|uploaded|the) (?:\w+ ){0,2}(?:clips|footage|photos|pictures|images|pics|files|recordings)\b"
    ),
    re.compile(r"\b(?:make|generat(?:e|ing)|create|edit) (?:my|our|this|these) (?:\w+ )?(?:videos?|clips?)\b"),
    re.compile(
        r"\b(?:from|with|using|out of|of) (?:my|our|these|those|the|this) (?:\w+ ){0,2}(?:clips?|footage|photos?|pictures?|images?|files?|videos?|uploads?)\b"
    ),
    re.compile(r"(?:用|把|将|拿).{0,6}(?:我|上传|这些|这几|素材|照片|图片).{0,30}(?:做|制作|生成|剪|拼|合)"),
)
