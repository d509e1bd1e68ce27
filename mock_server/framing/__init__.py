"""Events to bytes: a view, which changes nothing of what happened.

Three steps, each pure: `tell` makes blocks of lines from events, `spell` makes bytes from blocks, `cut` makes chunks from bytes.
"Legal" is what the WHATWG standard (HTML, 9.2.5 and 9.2.6) lets every parser read the same way; a program that is not says so
(`Settings.last_blank_line`).
"""

from mock_server.framing.cutting import Chunk, Cutter
from mock_server.framing.spelling import HEARTBEATS, Speller
from mock_server.framing.telling import Block, Teller

__all__ = ["HEARTBEATS", "Block", "Chunk", "Cutter", "Framer", "Speller", "Teller"]

from mock_server.domain.ids import Dice
from mock_server.domain.settings import Settings
from mock_server.domain.turns import Told, Turn


class Framer:
    """One stream's framing: feed it what was told, in order; it gives chunks."""

    def __init__(self, settings: Settings, turn: Turn, seed: str, varied: tuple[str, ...] = ()) -> None:
        dice = Dice(f"framing/{seed}/{turn.id}")
        self.teller = Teller(settings, turn, dice.child("tell"), varied)
        self.speller = Speller(settings, dice.child("spell"))
        self.cutter = Cutter(settings.chunks, settings.chunk_gap_ms, dice.child("cut"))

    def feed(self, told: Told) -> list[Chunk]:
        return [chunk for block in self.teller.feed(told) for chunk in self.cutter.feed(self.speller.spell(block))]

    def finish(self) -> list[Chunk]:
        """What is still held back, once the turn has ended."""
        blocks = self.teller.finish()
        spelt = [self.speller.spell(block) for block in blocks]
        chunks = [chunk for piece in spelt for chunk in self.cutter.feed(piece)]
        return [*chunks, *self.cutter.feed(self.speller.finish()), *self.cutter.finish()]
