"""What streams and drafts say, read by this client alone."""

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple


class Word(NamedTuple):
    """kind: text, piece, tool, error, beat."""

    kind: str
    text: str = ""


class Ear:
    """Bytes in, words out; an event that is not closed was never said."""

    def __init__(self) -> None:
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.held = ""
        self.begun = self.after_cr = False
        self.event, self.data = "", []

    def feed(self, content: bytes) -> Iterator[Word]:
        text = self.decoder.decode(content)
        if text and not self.begun:
            self.begun = True
            text = text.removeprefix("\ufeff")
        if text and self.after_cr:
            text = text.removeprefix("\n")
        self.after_cr = text.endswith("\r") or (self.after_cr and not text)
        *lines, self.held = re.split(r"\r\n|\n|\r", self.held + text)
        for line in lines:
            yield from self._line(line)

    def _line(self, line: str) -> Iterator[Word]:
        if not line:
            data, event, self.data, self.event = self.data, self.event, [], ""
            if data:
                yield from words_of("\n".join(data), event)
            return
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self.data.append(value)
        elif field == "event":
            self.event = value


def words_of(data: str, event: str) -> Iterator[Word]:
    if event == "heartbeat" or data.strip() in ("", "heartbeat"):
        yield Word("beat")
        return
    try:
        told = json.loads(data)
    except ValueError:
        yield Word("error" if "error" in data.lower() else "beat", data)
        return
    if isinstance(told, dict):
        yield from _words(told)


def _words(told: dict[str, Any]) -> Iterator[Word]:
    text = "piece" if told.get("partial") else "text"
    kind, content = told.get("type"), told.get("content")
    if kind == "error" or told.get("error") or told.get("errorCode") or told.get("errorMessage"):
        yield Word("error", str(told.get("errorMessage") or told.get("error") or content or ""))
    elif kind in ("tool_call", "tool_result") or "tool" in told:
        yield Word("tool", str(told.get("name") or told.get("tool")))
    elif kind == "heartbeat":
        yield Word("beat")
    elif isinstance(content, dict):
        for part in content.get("parts") or ():
            if part.get("text"):
                yield Word(text, part["text"])
            elif call := part.get("functionCall") or part.get("functionResponse"):
                yield Word("tool", str(call.get("name")))
    elif isinstance(content, str) and kind == "text":
        yield Word(text, content)
    elif isinstance(told.get("text"), str):
        yield Word(text, told["text"])


# drafts


class Piece(NamedTuple):
    """A segment; times in s, volume in percent; None: unknown."""

    track: int
    kind: int
    name: str
    start: float | None
    end: float | None
    volume: int | None
    text: str
    key: str
    raw: dict[str, Any]


def draft_of(state: dict[str, Any]) -> dict[str, Any]:
    found = state.get("draft")
    return found if isinstance(found, dict) else {}


def exportable(draft: dict[str, Any]) -> bool:
    return any(track.get("sg") for track in draft.get("t") or ())


def pieces(draft: dict[str, Any]) -> list[Piece]:
    found = []
    for number, track in enumerate(draft.get("t") or (), 1):
        for one in track.get("sg") or ():
            start = _number(one, "s", "st", "at", "o", "start")
            length = _number(one, "d")
            volume = _number(one, "v", "vol", "g", "volume", "gain")
            name = _text(one, "n", "nm", "lb", "name", "label", "title")
            key = _text(one, "id", "uid", "k") or f"{number}/{len(found)}"
            end = None if start is None or length is None else (start + length) / 1000
            percent = None if volume is None else round(volume * 100)
            shown = (one.get("m") or {}).get("text") or ""
            found.append(
                Piece(number, track.get("tt"), name, None if start is None else start / 1000, end, percent, shown, key, one)
            )
    return found


def _number(one: dict[str, Any], *keys: str) -> float | None:
    return next((float(one[key]) for key in keys if isinstance(one.get(key), int | float)), None)


def _text(one: dict[str, Any], *keys: str) -> str:
    return next((one[key] for key in keys if isinstance(one.get(key), str)), "")


def changes(before: dict[str, Any], after: dict[str, Any]) -> tuple[list[Piece], list[Piece], list[Piece]]:
    """New, altered, gone."""
    old, new = ({one.key: one for one in pieces(draft)} for draft in (before, after))
    altered = [one for key, one in new.items() if key in old and old[key] != one]
    return [one for key, one in new.items() if key not in old], altered, [one for key, one in old.items() if key not in new]
