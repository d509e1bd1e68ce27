"""An event stream parser written from the WHATWG standard (HTML, 9.2.5 and 9.2.6) alone: a reference for tests, fed in any pieces."""

import codecs
import re
from collections.abc import Iterator
from typing import NamedTuple

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
