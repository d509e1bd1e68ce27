"""Bytes to chunks: what is written at once. Each chunk is an HTTP chunk of its own, flushed by itself; what a client's
read returns is up to the network, which may join them."""

import re
from dataclasses import dataclass
from itertools import pairwise

from mock_server.domain.ids import Dice


@dataclass(frozen=True, slots=True)
class Chunk:
    """`gap_ms` virtual milliseconds after the chunk before it."""

    content: bytes
    gap_ms: int = 0


class Cutter:
    """Plans: `event` one event a chunk; `events:N` N of them; `bytes:N` at most N bytes; `lines` one line; `random` sizes by seed;
    `hostile` a cut inside every character, between CR and LF, inside every `data`; `at:N,N` at these bytes of the stream."""

    def __init__(self, plan: str, gap_ms: int, dice: Dice) -> None:
        self.kind, _, rest = plan.partition(":")
        self.numbers = [int(n) for n in rest.split(",")] if rest else []
        self.gap_ms = gap_ms
        self.dice = dice
        self.held: list[bytes] = []
        self.offset = 0

    def feed(self, event: bytes) -> list[Chunk]:
        if not event:
            return []
        if self.kind == "events":
            self.held.append(event)
            return self.finish() if len(self.held) == self.numbers[0] else []
        pieces = self._pieces(event)
        self.offset += len(event)
        return [Chunk(piece, self.gap_ms if index else 0) for index, piece in enumerate(pieces)]

    def finish(self) -> list[Chunk]:
        whole = b"".join(self.held)
        self.held.clear()
        return [Chunk(whole)] if whole else []

    def _pieces(self, event: bytes) -> list[bytes]:
        size = len(event)
        match self.kind:
            case "bytes":
                cuts = list(range(self.numbers[0], size, self.numbers[0]))
            case "lines":
                cuts = [m.end() for m in re.finditer(rb"\r\n|\r|\n", event)]
            case "random":
                cuts, at = [], 0
                while (at := at + 1 + int(self.dice.chance("size") ** 3 * 40)) < size:
                    cuts.append(at)
            case "hostile":
                cuts = [i for i in range(1, size) if event[i] & 0xC0 == 0x80 or event[i - 1 : i + 1] == b"\r\n"]
                cuts += [m.start() + 2 for m in re.finditer(rb"data", event)]
            case "at":
                cuts = [n - self.offset for n in self.numbers]
            case _:
                cuts = []
        edges = [0, *sorted({cut for cut in cuts if 0 < cut < size}), size]
        return [event[a:b] for a, b in pairwise(edges)]
