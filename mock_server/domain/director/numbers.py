"""Numbers, times and places in time, in English and Chinese: from text to milliseconds and shares.

`plain_text` turns every time it finds into a mark `⟪ms⟫`, so that all patterns after it speak of times alone, however
they were written ("0:15", "15 seconds", "fifteen-second", "十五秒", "1分30秒").
"""

import re
from dataclasses import dataclass
from unicodedata import normalize

MAX_MS = 24 * 3600 * 1000


def _re(pattern: str) -> re.Pattern[str]:
    """ASCII, so that a word boundary lies between a Chinese character and a figure."""
    return re.compile(pattern, re.ASCII)


_ONES = {w: n for n, w in enumerate(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"])}  # fmt: skip
_TENS = {w: 10 * n for n, w in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2)}
_HAN = {w: n for n, w in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}

_EN_UNIT = r"(?:hours?\b|hrs?\b|ms\b|s\b|secs?\b|seconds?\b|min(?:ute)?s?\b|percent|per cent|%|x\b|times\b|clips?\b|photos?\b|images?\b|pictures?\b)"
_ENGLISH = _re(
    rf"\b(?:(?P<tens>{'|'.join(_TENS)})(?:[ -](?P<more>{'|'.join(_ONES)}))?|(?P<ones>{'|'.join(_ONES)}))(?=[ -]?{_EN_UNIT})"
)
_CHINESE = _re(
    r"(?:(?<=第)|(?<=百分之))[零〇一二两三四五六七八九十百]{1,5}|[零〇一二两三四五六七八九十百]{1,5}(?=个半|个?小时|分(?!之)|[秒个段条张倍成])"
)

#: Ways of speaking that hold a time without a number.
_SPOKEN = [
    (_re(pattern), said)
    for pattern, said in (
        (r"\bhalf an hour\b|半个?小时", "1800 seconds "),
        (r"\b(?:an|one) hour\b", "3600 seconds "),
        (r"\bhalf a minute\b|半分钟", "30 seconds "),
        (r"\bhalf a second\b|半秒钟?", "0.5 seconds "),
        (r"\ba minute and a half\b|(?:1|一)分(?:钟)?半|(?:1|一)个半分钟", "90 seconds "),
        (r"\b(?:a|one) minute\b", "60 seconds "),
        (r"\b(?:a )?couple (?:of )?seconds\b|两三秒", "2 seconds "),
        (r"\b(?:a )?few seconds\b|几秒钟?", "3 seconds "),
    )
]

_N = r"(\d{1,6}(?:\.\d{1,3})?)"
_SEC = r"(?:seconds?(?![a-z])|secs?(?![a-z])|s(?![a-z])|秒钟?)"
_MIN = r"(?:minutes?(?![a-z])|mins?(?![a-z])|m(?=\d)|分钟|分(?!之|割|成|镜|享|辨))"
#: "5 to 10 seconds": the unit said once belongs to both.
_SHARED = _re(rf"{_N} ?(?:-|–|~|to|until|till|and|到|至) ?(?={_N} ?-?{_SEC})")
_TIMES = _re(
    rf"(?P<clock>\b(?!9:16\b)(?:(\d{{1,2}}):)?(\d{{1,2}}):(\d{{2}}(?:\.\d{{1,3}})?)\b)"
    rf"|{_N} ?-?{_MIN}(?: ?(?:and )?{_N} ?-?{_SEC})?"
    rf"|{_N} ?-?{_SEC}"
    rf"|{_N} ?-?(?:milliseconds?|ms(?![a-z])|毫秒)"
    rf"|{_N} ?-?(?:hours?|hrs?|个?小时)(?![a-z])"
)


def plain_text(text: str) -> str:
    """Lower case, one width of signs, figures for number words where they count something, `⟪ms⟫` for times."""
    text = normalize("NFKC", text).lower().replace("’", "'")
    for pattern, said in _SPOKEN:
        text = pattern.sub(said, text)
    text = _ENGLISH.sub(lambda m: str(_TENS.get(m["tens"], 0) + _ONES.get(m["more"] or m["ones"], 0)), text)
    text = _CHINESE.sub(lambda m: str(han_number(m[0])), text)
    text = _SHARED.sub(r"\1s - ", text)
    return _TIMES.sub(lambda m: f"⟪{_milliseconds(m)}⟫", text)


def han_number(word: str) -> int:
    """A Chinese numeral below a thousand: 十五 is 15, 一百二十 is 120."""
    total, digit = 0, 0
    for sign in word:
        if sign in "十百":
            total += (digit or 1) * (10 if sign == "十" else 100)
            digit = 0
        else:
            digit = digit * 10 + _HAN[sign] if digit else _HAN[sign]
    return total + digit


def _milliseconds(m: re.Match[str]) -> int:
    _, hours, minutes, seconds, long_minutes, long_seconds, short_seconds, tiny, long_hours = m.groups()
    whole = float(hours or long_hours or 0) * 3600 + float(minutes or long_minutes or 0) * 60
    whole += float(seconds or long_seconds or short_seconds or 0) + float(tiny or 0) / 1000
    return min(round(whole * 1000), MAX_MS)


@dataclass(frozen=True, slots=True)
class Times:
    """Times of a clause, ms. `start` and `end` bound a stretch; an `end` or `start` of None then means the draft's own."""

    start: int | None = None
    end: int | None = None
    ranged: bool = False  # "from 5 to 10 s", "everything after 0:20"
    first: int | None = None  # "the first 5 seconds"
    last: int | None = None
    at: int | None = None
    length: int | None = None  # a time that is none of these: "15-second", "for 3 s"


_T = r"⟪(\d+)⟫"
_SLOTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("range", _re(rf"{_T} ?(?:开始|起)?[,，]? ?(?:-|–|—|~|to|until|till|through|and(?: ends? at)?|到|至) ?(?:the |第)?{_T}")),
    (
        "after",
        _re(rf"(?:after|past|beyond|from) (?:the )?{_T} ?(?:on(?:wards?)?\b|(?:to|until|till) (?:the )?(?:very )?end)"),
    ),
    ("after", _re(rf"(?:everything|all|anything|the rest|whatever)(?: that comes)? (?:after|past|beyond) {_T}")),
    ("after", _re(rf"{_T}(?: ?(?:之后|以后|后面|往后)|到(?:最后|结尾|末尾|结束))")),
    ("before", _re(rf"(?:everything|all|anything|whatever)(?: that comes)? (?:before|until|up to) {_T}")),
    ("before", _re(rf"{_T} ?(?:之前|以前)")),
    ("first", _re(rf"(?:first|opening|initial|开头的?|片头的?|最前面?的?|(?<!之)前面?的?) ?{_T}")),
    ("first", _re(rf"{_T} (?:\w+ )?(?:off|from|at) (?:of )?the (?:start|beginning|front|top)")),
    ("last", _re(rf"(?:last|final|closing|最后面?的?|结尾的?|片尾的?|末尾的?|后面的?|(?<![然之以])后) ?{_T}")),
    ("last", _re(rf"{_T} (?:\w+ )?(?:off|from|at) (?:of )?the (?:end|back|tail)")),
    (
        "at",
        _re(
            rf"(?:\bat|around|@|\bby|\bafter|\bfrom|\bon|starting|(?<!控制)在|于|从|第|(?<![剪缩短成])到) ?(?:the |about |第)?{_T}(?! ?(?:long|长))"
        ),
    ),
    ("at", _re(rf"{_T} ?(?:mark|处|的时候|时|的位置|位置|开始)")),
    ("length", _re(_T)),
)


def times(plain: str) -> Times:
    """The times of a clause that went through `plain_text`. Each mark is used once, by the most telling pattern."""
    found: dict[str, int | bool] = {}
    for slot, pattern in _SLOTS:
        m = pattern.search(plain)
        if not m or slot in found:
            continue
        if slot in ("range", "after", "before"):
            if found.get("ranged"):
                continue
            found["ranged"] = True
            low, high = int(m[1]), int(m[m.lastindex or 1])
            if slot != "before":
                found["start"] = min(low, high)
            if slot != "after":
                found["end"] = max(low, high)
        else:
            found[slot] = int(m[1])
        plain = plain[: m.start()] + " " + plain[m.end() :]
    return Times(**found)  # type: ignore[arg-type]


_PERCENT = _re(r"(\d{1,4}(?:\.\d{1,2})?) ?(?:%|percent|per cent)|百分之(\d{1,4})|(\d)成")
_LEVEL = _re(r"(?:volume|loudness|level|音量)[^\d⟪]{0,12}(\d{1,3}(?:\.\d{1,2})?)(?![\d:x倍秒⟫])")
_SHARES = (
    (_re(r"\bhalf\b|一半"), 0.5), (_re(r"\ba third\b|三分之一"), 0.33), (_re(r"\ba quarter\b|四分之一"), 0.25),
    (_re(r"\b(?:max(?:imum)?|full) volume\b|\b(?:volume|it|music) to (?:the )?max(?:imum)?\b|最大"), 1.0), (_re(r"最小"), 0.05),
)  # fmt: skip


def share(plain: str) -> float | None:
    """A part of the whole: "30%" and 三成 are 0.3, "volume 0.4" and "volume to 40" 0.4. May exceed 1."""
    if m := _PERCENT.search(plain):
        return float(m[1] or m[2] or float(m[3]) * 10) / 100
    if m := _LEVEL.search(plain):
        value = float(m[1])
        return value if value <= 1 else value / 100
    return next((value for pattern, value in _SHARES if pattern.search(plain)), None)


_FACTOR = _re(r"(?<![\d.])(\d{1,3}(?:\.\d{1,2})?) ?(?:x\b|×|times\b|倍)")
_FACTORS = (
    (_re(r"\b(?:double|twice)\b"), 2.0),
    (_re(r"\bhalf\b|一半|半速"), 0.5),
    (_re(r"\btriple\b"), 3.0),
)


def factor(plain: str) -> float | None:
    """How many times: "1.5x", 两倍, "twice", "half speed"."""
    if m := _FACTOR.search(plain):
        return float(m[1])
    return next((value for pattern, value in _FACTORS if pattern.search(plain)), None)


_ORDINALS = {
    w: n for n, w in enumerate(["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"], 1)
} | {"last": -1, "final": -1}
_THING = r"(?:video )?(?:clips?|segments?|scenes?|shots?|parts?|videos?|photos?|images?|pictures?|one|file|half)\b"
_PAIR = _re(
    rf"\b({'|'.join(_ORDINALS)})(?: {_THING})? and (?:the )?({'|'.join(_ORDINALS)}) {_THING}"
    rf"|\b(?:clips|segments|scenes|shots|parts|videos|photos) (\d{{1,3}}) (?:and|with) (\d{{1,3}})\b"
)
_ORDINAL = _re(
    rf"\b(?P<word>{'|'.join(_ORDINALS)})(?: (?:and|one|\w+))? {_THING}"
    rf"|\b(?P<figure>\d{{1,3}})(?:st|nd|rd|th) {_THING}"
    rf"|\b{_THING} ?(?:#|no\.? ?|number )?(?P<after>\d{{1,3}})\b(?! ?(?:%|x\b|times|倍))"
    rf"|第(?P<han>\d{{1,3}})(?:个|段|条|张|幕|镜|部分)"
    rf"|(?P<end>最后(?:的|1|一)?(?:1|一)?(?:个|段|条|张)|最后(?:的)?(?:片段|镜头))"
)


def ordinals(plain: str) -> tuple[int, ...]:
    """Which ones of a row, from 1; -1 is the last. "swap the first and third clips" gives both."""
    if m := _PAIR.search(plain):
        return tuple(_ORDINALS[word] if word in _ORDINALS else int(word) for word in m.groups() if word)
    found: list[int] = []
    for m in _ORDINAL.finditer(plain):
        figure = m["figure"] or m["after"] or m["han"]
        found.append(-1 if m["end"] else _ORDINALS[m["word"]] if m["word"] else int(figure))
    return tuple(found[:4])
