"""What the draft of a state says, read with no more than the documents explain, and how a text may tell it.

Documented are five keys: t tracks, tt type, sg segments, d duration in ms, m metadata. Names, start and volume have none, so they are
known only where one of the usual names has them.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

VIDEO, AUDIO, TITLE = 0, 1, 7
KINDS = {
    VIDEO: re.compile(r"\b(?:videos?|clips?|footage|picture|visuals?)\b|视频|片段|画面|影片", re.IGNORECASE),
    AUDIO: re.compile(r"\b(?:bgm|music|audio|sounds?|song|voice)\b|音乐|音频|配乐|声音|音轨", re.IGNORECASE),
    TITLE: re.compile(r"\b(?:titles?|text|captions?|subtitles?)\b|标题|字幕|文字|文本", re.IGNORECASE),
}
_NAMES = ("n", "nm", "lb", "name", "label", "title")
_STARTS = ("s", "st", "at", "o", "start")
_VOLUMES = ("v", "vol", "g", "volume", "gain")
_IDS = ("id", "uid", "k")


class Segment(NamedTuple):
    """None and "": not to be known. `percent` is a volume."""

    kind: Any
    key: str
    name: str
    text: str
    start_ms: int | None
    end_ms: int | None
    percent: int | None
    raw: dict[str, Any]


def segments(draft: dict[str, Any]) -> list[list[Segment]]:
    """Of each track that has any."""
    told = [[_segment(track.get("tt"), one) for one in _dicts(track.get("sg"))] for track in _dicts(draft.get("t"))]
    return [track for track in told if track]


def flat(draft: dict[str, Any]) -> list[Segment]:
    return [one for track in segments(draft) for one in track]


def _segment(kind: Any, one: dict[str, Any]) -> Segment:
    meta = one["m"] if isinstance(one.get("m"), dict) else {}
    start, length = _number(one, _STARTS), _number(one, ("d",))
    volume = _number(one, _VOLUMES)
    return Segment(
        kind,
        _word(one, _IDS),
        _word(one, _NAMES),
        _word(meta, ("text",)),
        None if start is None else round(start),
        None if start is None or length is None else round(start + length),
        None if volume is None or not 0 <= volume <= 1 else round(volume * 100),
        one,
    )


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _word(thing: dict[str, Any], keys: Iterable[str]) -> str:
    return next((thing[key] for key in keys if isinstance(thing.get(key), str) and thing[key].strip()), "")


def _number(thing: dict[str, Any], keys: Iterable[str]) -> float | None:
    found = (thing[key] for key in keys if isinstance(thing.get(key), int | float) and not isinstance(thing[key], bool))
    return next((float(one) for one in found), None)


def unknown_types(draft: dict[str, Any]) -> list[Any]:
    return [track.get("tt") for track in _dicts(draft.get("t")) if track.get("tt") not in KINDS]


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[Segment]:
    """Segments that are there once, or are not the same in both."""
    old, new = ({one.key or f"{number}": one for number, one in enumerate(flat(draft))} for draft in (before, after))
    return [one for key, one in new.items() if key not in old or old[key].raw != one.raw] + [
        one for key, one in old.items() if key not in new
    ]


# in words

_RANGE = re.compile(
    r"(?<![\d.:])(\d+(?::\d+){0,2}(?:\.\d+)?)\s*(?:ms|s|secs?|seconds?|秒|毫秒)?\s*(?:-|–|—|~|～|→|to|until|至|到)\s*(\d+(?::\d+){0,2}(?:\.\d+)?)",
    re.IGNORECASE,
)


def ranges(text: str) -> Iterator[tuple[float, float]]:
    """Spans of time as they are written, "0-10s" or "0:00 - 0:10", in seconds if they are seconds."""
    for found in _RANGE.finditer(text):
        yield _clock(found[1]), _clock(found[2])


def _clock(text: str) -> float:
    *before, seconds = text.split(":")
    return sum(int(one) * 60.0**place for place, one in enumerate(reversed(before), 1)) + float(seconds)


def plain(text: str) -> str:
    """For comparing: no matter which case, quotes and spaces."""
    return re.sub(r"\s+", " ", text).strip().casefold()


def quoted(name: str, text: str) -> bool:
    return bool(re.search(rf"[\"“”«「『《'‘`]\s*{re.escape(name)}\s*[\"“”»」』》'’`]", text, re.IGNORECASE))
