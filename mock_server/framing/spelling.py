"""Blocks to bytes: line ends, byte order mark, the space after the colon, the blank line."""

from mock_server.domain.ids import Dice
from mock_server.domain.settings import Settings
from mock_server.framing.telling import Block

#: Forms of a heartbeat, as lines without ends. Seeds: "heartbeat" and empty data; vendor 4.4: the typed one; the others are legal SSE.
HEARTBEATS: dict[str, list[bytes]] = {
    "json": [b'data:{"type":"heartbeat"}'],
    "empty": [b"data:"],
    "space": [b"data: "],
    "word": [b"data:heartbeat"],
    "event": [b"event:heartbeat", b"data:"],
    "comment": [b":heartbeat"],
}

LINE_ENDS = {"lf": b"\n", "crlf": b"\r\n", "cr": b"\r"}


class Speller:
    """Makes bytes; remembers how the last line ended, since CR and a following LF would be one line end."""

    def __init__(self, settings: Settings, dice: Dice) -> None:
        self.settings = settings
        self.dice = dice
        self.started = False
        self.last_end = b""
        self.waiting = b""  # the blank line of the latest block, where the very last one is to be left out

    def spell(self, block: Block) -> bytes:
        out = bytearray(self.waiting)
        if not self.started and self.settings.bom:
            out += b"\xef\xbb\xbf"
        self.started = True
        for line in HEARTBEATS[block.heartbeat] if block.heartbeat else block.lines:
            out += self._spaced(line, bool(block.heartbeat)) + self._end()
        blank = self._end(after_cr=self.last_end == b"\r")
        if self.settings.last_blank_line:
            return bytes(out + blank)
        self.waiting = blank
        return bytes(out)

    def finish(self) -> bytes:
        return b""

    def _spaced(self, line: bytes, heartbeat: bool) -> bytes:
        """`name:value` with a space after the colon or without; an empty value stays empty, a comment stays as it is."""
        name, colon, value = line.partition(b":")
        if not name or not colon or not value or value == b" ":
            return (b": " + value) if not name and heartbeat else line
        wanted = self.settings.colon_space
        if wanted == "no" or (wanted == "mixed" and self.dice.chance("space") < 0.5):
            return line
        return name + b": " + value

    def _end(self, after_cr: bool = False) -> bytes:
        """The next line end. After a CR, an empty line that ended in a lone LF would vanish into a CR LF."""
        wanted = self.settings.line_end
        if wanted != "mixed":
            self.last_end = LINE_ENDS[wanted]
            return self.last_end
        end = self.dice.pick("end", [b"\n", b"\r\n", b"\r"])
        if after_cr and end == b"\n":
            end = b"\r\n"
        self.last_end = end
        return end
