"""Events to blocks: which lines an event has, before anybody thinks of line ends.

A block is the lines of one event without their ends; a blank line closes it.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import msgspec

from mock_server.domain.ids import Dice
from mock_server.domain.settings import Settings
from mock_server.domain.turns import Told, Turn
from mock_server.framing.dialects import DIALECTS
from mock_server.varying import encode_event

#: All forms of a heartbeat; "mixed" takes one of them by seed.
FORMS = ("json", "empty", "space", "word", "event", "comment")

#: Characters that weak parsers take for line ends or choke on, carried by an extra member of the JSON. All are legal inside a line.
SPICES = {
    "ls": "a\u2028b",
    "ps": "a\u2029b",
    "nel": "a\u0085b",
    "controls": "a\u001cb\u000bc\u000cd",  # escaped by JSON
    "emoji": "👩‍👩‍👧‍👦 豆腐 é̂ 🇪🇺",
    "long": "x" * 70_000,  # beyond the 64 KiB line buffer of several libraries
}


@dataclass(slots=True)
class Block:
    """Lines of one event, in order. `heartbeat` names the form, when it is one."""

    lines: list[bytes] = field(default_factory=list)
    heartbeat: str = ""


class Teller:
    """Makes blocks; holds a text back where it may share an event with the tool call that follows."""

    def __init__(self, settings: Settings, turn: Turn, dice: Dice, varied: tuple[str, ...] = ()) -> None:
        self.varied = varied
        self.settings = settings
        self.turn = turn
        self.dice = dice
        self.payload = DIALECTS[settings.dialect]
        self.held: Told | None = None
        self.number = 0
        self.beats = 0

    def feed(self, told: Told) -> list[Block]:
        kind = told.event.kind
        if kind == "heartbeat":
            return [self._heartbeat()]
        blocks = []
        if self.held is not None:
            held, self.held = self.held, None
            if kind == "tool_call":
                return [self._block([held, told])]
            blocks = self._texts(held)
        if kind == "text" and self.settings.merge_parts and self.settings.dialect == "adk":
            self.held = told
            return blocks
        return [*blocks, *(self._texts(told) if kind == "text" else [self._block([told])])]

    def finish(self) -> list[Block]:
        held, self.held = self.held, None
        return self._texts(held) if held is not None else []

    def _heartbeat(self) -> Block:
        forms = self.settings.heartbeat_forms
        form = forms[self.beats % len(forms)]
        self.beats += 1
        return Block(heartbeat=self.dice.pick("heartbeat", FORMS) if form == "mixed" else form)

    def _texts(self, told: Told) -> list[Block]:
        """A text as it is, or sentence by sentence, or told in pieces marked partial and then whole."""
        if "granularity" in self.varied and not self.settings.partials:
            sentences = re.findall(r".+?(?:[.!?。！？](?:\s+|$)|$)", told.event.text, re.DOTALL) or [told.event.text]
            return [self._block([_with_text(told, sentence)]) for sentence in sentences]
        whole = self._block([told])
        words = told.event.text
        if not self.settings.partials or len(words) < 2:
            return [whole]
        count = 2 + int(self.dice.chance("pieces") * 3)
        step = max(1, -(-len(words) // count))
        pieces = [words[i : i + step] for i in range(0, len(words), step)]
        return [*(self._block([_with_text(told, piece)], partial=True) for piece in pieces), whole]

    def _block(self, parts: list[Told], partial: bool = False) -> Block:
        payload = self.payload(parts, self.turn, self.number, partial)
        if self.settings.spice:
            payload["x_spice"] = "".join(SPICES.get(name, "") for name in self.settings.spice)
        lines = self._fields() + [b"data:" + part for part in self._data(payload)]
        if self.settings.comments == "inside" and len(lines) > 1:
            lines.insert(1, b":inside")
        if "nul" in self.settings.spice:  # it has no place in JSON, but in a comment
            lines.insert(0, b":a\x00b")
        if self.settings.comments != "none":
            lines.insert(0, b":" + str(self.number).encode())
        self.number += 1
        return Block(lines)

    def _fields(self) -> list[bytes]:
        made = {
            "event": b"event:message",
            "id": b"id:" + str(self.number).encode(),
            "retry": b"retry:3000",
            "unknown": b"x-mock:1",
        }
        return [made[name] for name in self.settings.sse_fields]

    def _data(self, payload: dict[str, Any]) -> list[bytes]:
        encoded = encode_event(payload, self.varied)
        return msgspec.json.format(encoded, indent=1).split(b"\n") if self.settings.data_lines == "many" else [encoded]


def _with_text(told: Told, text: str) -> Told:
    return Told(told.at_ms, type(told.event)("text", text))
