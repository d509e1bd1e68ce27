"""Cutting a skill document into what can be mapped: sentences, list items, table rows, headings; and the figures in them.

Written for stored copies of such documents: some lost their markup, their blank lines, or the spaces around what was
once set as code. Whatever holds a letter or a digit is part of exactly one piece.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Piece:
    """`line` counts from 1 and is where the piece begins; `text` is free of markup, with single spaces."""

    line: int
    text: str

    @property
    def digest(self) -> str:
        """12 hexadecimal digits. Spaces do not count: a sentence that lost some is still the same sentence."""
        return sha256("".join(self.text.split()).encode()).hexdigest()[:12]

    @property
    def figures(self) -> tuple[str, ...]:
        """Each number with its unit, once, in order."""
        return tuple(dict.fromkeys(found[0] for found in FIGURE.finditer(self.text)))


#: A number that is no part of a name, a path, a version, an index or a section sign; with the unit behind it.
FIGURE = re.compile(
    r"~?(?<![\w§.\[-])\d+(?:[-x]\d+)?(?:\s?%|\s?s\b|p\b|\s?ms\b|\s?MB\b|\s?min\b|[\s-](?:seconds?|minutes?|days?)\b|\s(?:free\s)?credits\b|\s(?:tracks|token)\b)?"
)
MARKER = re.compile(r"^(?:#+|>|-|\*|\d+\.)\s+")
UNFINISHED = re.compile(r"(?:—|\bto)$")
SENTENCE_END = re.compile(r"(?<=[.!?])(?<!e\.g\.)(?<!i\.e\.)\s+")
ORDINAL = re.compile(r"(?:^|(?<=\s))(\d+)\.\s")


def pieces(text: str) -> list[Piece]:
    """All pieces of a document, in order.

    A row of a table is one piece, whatever is in its cells. Other lines are cut after each sentence, and before each
    number of a list that was set in one line. A line that ends in a dash or in "to" goes on in the next.
    """
    found: list[Piece] = []
    for block in _blocks(text):
        for line, words in _cut(block):
            plain = " ".join(MARKER.sub("", words.strip()).split())
            if re.search(r"\w", plain):
                found.append(Piece(line, plain))
    return found


def places(document: str, text: str) -> dict[str, Piece]:
    """Each piece under its place: document, line, and which piece of that line, as in `S0:15.2`."""
    count: Counter[int] = Counter()
    told = {}
    for piece in pieces(text):
        count[piece.line] += 1
        told[f"{document}:{piece.line}.{count[piece.line]}"] = piece
    return told


def _blocks(text: str) -> Iterator[list[tuple[int, str]]]:
    """Lines with their numbers, without emphasis and code marks; those that belong together in one list."""
    block: list[tuple[int, str]] = []
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.replace("`", "").replace("**", "").strip()
        block.append((number, line))
        if not UNFINISHED.search(line):
            yield block
            block = []
    if block:
        yield block


def _cut(block: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    number, line = block[0]
    if len(block) == 1 and (line.startswith("|") or line.endswith("|")):
        yield number, " | ".join(cell.strip() for cell in line.strip("|").split("|"))
        return
    starts, whole = [], ""
    for number, line in block:
        starts.append((len(whole), number))
        whole += MARKER.sub("", line) + " " if not whole else line + " "
    items = _items(whole)
    ends = {found.end() for found in SENTENCE_END.finditer(whole)} - {found.end() for found in items}
    cuts = sorted({0, *ends, *(found.start() for found in items), len(whole)})
    for cut, end in pairwise(cuts):
        yield max(number for start, number in starts if start <= cut), whole[cut:end]


def _items(line: str) -> list[re.Match[str]]:
    """The numbers of a list in one line: they count up from 1."""
    found: list[re.Match[str]] = []
    for ordinal in ORDINAL.finditer(line):
        if int(ordinal[1]) == len(found) + 1:
            found.append(ordinal)
    return found


def line_count(text: str) -> int:
    """A line end after the last line does not begin another."""
    return len(text.removesuffix("\n").split("\n"))
