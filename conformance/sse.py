"""An event stream parser written from the WHATWG standard (HTML, 9.2.5 and 9.2.6) alone, fed in any pieces; and what the events of this API mean."""

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

_END = re.compile(r"\r\n|\r|\n")


class Dispatched(NamedTuple):
    data: str
    event: str
    id: str


class Parser:
    """`feed` gives the events that its bytes complete; what is pending when no more come was never said."""

    def __init__(self) -> None:
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.started = False
        self.after_cr = False
        self.line: list[str] = []
        self.data: list[str] = []
        self.event = self.id_buffer = self.last_id = ""
        self.reconnection_ms: int | None = None

    def feed(self, content: bytes) -> Iterator[Dispatched]:
        text = self.decoder.decode(content)
        if text and not self.started:
            self.started = True
            text = text.removeprefix("\ufeff")
        if text and self.after_cr:
            self.after_cr = False
            text = text.removeprefix("\n")
        last = 0
        for end in _END.finditer(text):
            self.line.append(text[last : end.start()])
            last = end.end()
            yield from self.interpret("".join(self.line))
            self.line.clear()
        self.line.append(text[last:])
        self.after_cr = self.after_cr or text.endswith("\r")

    def interpret(self, line: str) -> Iterator[Dispatched]:
        if not line:
            yield from self.dispatch()
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            self.field(name, value.removeprefix(" "))

    def field(self, name: str, value: str) -> None:
        if name == "event":
            self.event = value
        elif name == "data":
            self.data.append(value)
        elif name == "id" and "\0" not in value:
            self.id_buffer = value
        elif name == "retry" and re.fullmatch(r"[0-9]+", value):
            self.reconnection_ms = int(value)

    def dispatch(self) -> Iterator[Dispatched]:
        self.last_id = self.id_buffer
        data, event = self.data, self.event
        self.data, self.event = [], ""
        if data:  # each data line added its LF, of which the last is taken away: one line, even an empty one, is an event
            yield Dispatched("\n".join(data), event or "message", self.last_id)


def parse(*pieces: bytes) -> tuple[list[Dispatched], int | None]:
    """All events of a stream that came in these pieces, and the reconnection time it set."""
    parser = Parser()
    return [event for piece in pieces for event in parser.feed(piece)], parser.reconnection_ms


class Meaning(NamedTuple):
    """What an event says in any spelling of API.md (c). `partial`: a piece of a text that comes whole later."""

    kind: Literal["text", "tool", "error", "heartbeat"]
    text: str
    partial: bool = False


def meanings(data: str, event: str = "message") -> list[Meaning]:
    """Typed (vendor), agent server (ADK) or bare text; what is none of these says nothing, empty data and "heartbeat" that it goes on."""
    if event == "heartbeat" or data.strip() in ("", "heartbeat"):
        return [Meaning("heartbeat", "")]
    try:
        told = json.loads(data)
    except (ValueError, RecursionError):
        return [Meaning("error", data)] if '"error"' in data else []  # old agent servers paste their error unescaped
    return list(_meanings(told)) if isinstance(told, dict) else []


def _meanings(told: dict[str, Any]) -> Iterator[Meaning]:
    kind, content, partial = str(told.get("type", "")), told.get("content"), bool(told.get("partial"))
    wrong = next(
        (told[key] for key in ("errorMessage", "errorCode", "error_message", "error_code", "error") if told.get(key)), None
    )
    if kind == "heartbeat":
        yield Meaning("heartbeat", "")
    elif kind.startswith("tool") or "tool" in told:
        yield Meaning("tool", str(told.get("name") or told.get("tool")))
    elif kind == "error" or wrong is not None:
        yield Meaning("error", str(wrong or content))
    elif isinstance(content, dict):
        parts = content.get("parts")
        for part in parts if isinstance(parts, list) else []:
            if isinstance(part, dict):
                yield from _part(part, partial)
    elif kind in ("", "text", "message", "chunk"):
        text = content if isinstance(content, str) else told.get("text")
        if isinstance(text, str) and text:
            yield Meaning("text", text, partial or kind == "chunk")


def _part(part: dict[str, Any], partial: bool) -> Iterator[Meaning]:
    for key in ("functionCall", "functionResponse"):
        if isinstance(part.get(key), dict):
            yield Meaning("tool", str(part[key].get("name")))
    if isinstance(part.get("text"), str) and part["text"] and not part.get("thought"):
        yield Meaning("text", part["text"], partial)
