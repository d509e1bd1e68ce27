"""A skill document as pieces of text that know their place: paragraphs, list items, table rows, headings, code.

Emphasis and backticks are taken out of prose, so a pattern meets words alone; positions survive that.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from conformance.skill import frontmatter
from conformance.skill.finding import SkillError

MOST_BYTES = 200_000
EXCERPT = 80
Kind = Literal["prose", "item", "row", "heading", "code"]
FENCE = re.compile(r"^\s*(```+|~~~+)\s*(\S*)")
ITEM = re.compile(r"^\s*(?:[-*+]|\d+[.)]|\(?[a-z]\))\s+")
SEPARATOR = re.compile(r"^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$")
#: What speaks of this API, however it does.
API = re.compile(
    r"nemovideo\.ai|nemovideo\.com/(?:api|v\d)|/run_sse|/api/(?:auth|tasks|render|state|credits|upload)|NEMO_(?:TOKEN|API|CLIENT|令牌)|"
    r"NEMOVIDEO_API_KEY|X-Skill-|X-Client-Id|anonymous-token|/v1/(?:run|jobs|generate|upload|edit)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Piece:
    """One piece of text. `places` are (offset in text, line, column) at each offset where the source jumps."""

    kind: Kind
    text: str
    language: str
    places: tuple[tuple[int, int, int], ...]
    heading: str = ""

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column, from 1, of the character at `offset`."""
        start, line, column = self.places[bisect_right(self.places, (offset, 1 << 30, 0)) - 1]
        return line, column + offset - start

    @cached_property
    def cells(self) -> list[str]:
        """A table row's cells. A row that lost its first bar still has them."""
        return [cell.strip() for cell in self.text.strip().strip("|").split("|")]

    def sentence(self, start: int, end: int) -> tuple[int, int]:
        """The bounds of the sentence or table cell around [start, end)."""
        cut = re.compile(r"[.!?](?=\s)|[。！？；;\n|]| - (?=[A-Z])")
        before = [match.end() for match in cut.finditer(self.text, 0, start)]
        after = cut.search(self.text, end)
        return (before[-1] if before else 0), (after.start() if after else len(self.text))


@dataclass(frozen=True)
class Document:
    """`lines` is the source; `pieces` cover all of it behind the frontmatter."""

    path: Path
    lines: list[str]
    frontmatter: frontmatter.Frontmatter
    pieces: list[Piece] = field(repr=False)

    @cached_property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def speaks_of_the_api(self) -> bool:
        return API.search(self.text) is not None

    def excerpt(self, line: int, column: int | None) -> str:
        """At most 80 characters of a line, from shortly before a column on."""
        source = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        start = max(0, (column or 1) - 1 - 12) if len(source.strip()) > EXCERPT else 0
        return source[start:].strip()[:EXCERPT]


def read(path: Path) -> Document:
    """The document at `path`. Raises SkillError: unreadable, too large, or no UTF-8."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SkillError(path, None, f"cannot be read: {error.strerror or error}") from None
    if len(content) > MOST_BYTES:
        raise SkillError(path, None, f"has {len(content):,} bytes; a skill document has at most {MOST_BYTES:,}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SkillError(path, line, f"is no UTF-8: byte {content[error.start]:#04x} stands where a character should") from None
    if "\0" in text:
        raise SkillError(path, text.count("\n", 0, text.index("\0")) + 1, "has zero bytes in it: no text")
    return parsed(path, text)


def parsed(path: Path, text: str) -> Document:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    front = frontmatter.read(lines)
    shown = [
        piece for piece in _pieces(lines[: front.end], 0) if piece.kind == "code"
    ]  # some stubs keep their only command in the description
    return Document(path, lines, front, [*shown, *_pieces(lines, front.end)])


def _pieces(lines: list[str], start: int) -> Iterator[Piece]:
    number = start
    heading = ""
    while number < len(lines):
        line = lines[number]
        if fence := FENCE.match(line):
            close = next((n for n in range(number + 1, len(lines)) if lines[n].strip().startswith(fence[1])), len(lines))
            yield _raw(lines[number + 1 : close], number + 2, fence[2].lower(), heading)
            number = close + 1
        elif not line.strip() or SEPARATOR.match(line):
            number += 1
        elif line.lstrip().startswith("#"):
            piece = _clean("heading", [line], number + 1, "")
            heading = piece.text.lstrip("# ").strip()
            yield piece
            number += 1
        elif line.count("|") >= 2 or line.lstrip().startswith("|"):
            yield _clean("row", [line], number + 1, heading)
            number += 1
        else:
            end = number + 1
            while end < len(lines) and _goes_on(lines[end]):
                end += 1
            yield _clean("item" if ITEM.match(line) else "prose", lines[number:end], number + 1, heading)
            number = end


def _goes_on(line: str) -> bool:
    """Whether a line belongs to the paragraph or list item above it."""
    started = FENCE.match(line) or ITEM.match(line) or SEPARATOR.match(line) or line.lstrip().startswith(("#", "|"))
    return bool(line.strip()) and not started and line.count("|") < 2


def _raw(lines: list[str], start: int, language: str, heading: str) -> Piece:
    places, offset = [], 0
    for number, line in enumerate(lines, start):
        places.append((offset, number, 1))
        offset += len(line) + 1
    return Piece("code", "\n".join(lines), language, tuple(places) or ((0, start, 1),), heading)


def _clean(kind: Kind, lines: list[str], start: int, heading: str) -> Piece:
    """Without emphasis and backticks. A lone `*` or `_` inside a name stays."""
    text: list[str] = []
    places = []
    offset = 0
    for number, line in enumerate(lines, start):
        if offset:
            text.append(" ")
            offset += 1
        last = 0
        for mark in [*re.finditer(r"\*\*+|`+|(?<!\w)\*(?=\S)|(?<=\S)\*(?!\w)", line), None]:
            stop = mark.start() if mark else len(line)
            if stop > last or not last:
                places.append((offset, number, last + 1))
                text.append(line[last:stop])
                offset += stop - last
            last = mark.end() if mark else stop
    return Piece(kind, "".join(text).replace("’", "'"), "", tuple(places), heading)
