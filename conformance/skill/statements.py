"""Prose against `statements.yaml`: what a document tells the client to do, and what it tells it to do wrong."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path

from conformance.skill.document import Piece
from conformance.skill.notes import Notes

NEGATION = re.compile(
    r"\b(?:never|not|don't|doesn't|do not|must not|cannot|can't|won't|avoid|without|instead of|rather than|no|nor|forbidden)\b|n't\b|不要|不得|禁止|切勿|请勿|绝不|无需",
    re.IGNORECASE,
)

#: Inside a match "no text" is no prohibition, and "never" is.
FORBIDDING = re.compile(r"\b(?:never|do not|must not|cannot)\b|n't\b|不要|不得|禁止|切勿|请勿|绝不", re.IGNORECASE)


@dataclass(frozen=True)
class Says:
    heading: re.Pattern[str] | None
    pattern: re.Pattern[str]


@dataclass(frozen=True)
class Wrong:
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None
    what: str
    hint: str


@dataclass(frozen=True)
class Statement:
    rule: str
    says: Sequence[Says]
    wrong: Sequence[Wrong]


@cache
def statements() -> Sequence[Statement]:
    import yaml

    text = Path(__file__).with_name("statements.yaml").read_text("utf-8")
    rows = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return tuple(
        Statement(
            rule,
            tuple(
                Says(_pattern(said[0]), _needed(said[1])) if isinstance(said, list) else Says(None, _needed(said))
                for said in row.get("says", ())
            ),
            tuple(
                Wrong(_needed(bad["at"]), _pattern(bad.get("unless")), bad["what"], bad["hint"]) for bad in row.get("wrong", ())
            ),
        )
        for rule, row in rows.items()
    )


def _needed(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _pattern(pattern: str | None) -> re.Pattern[str] | None:
    return _needed(pattern) if pattern else None


def check(notes: Notes) -> None:
    pieces = notes.document.pieces
    starts = list(accumulate((len(piece.text) + 1 for piece in pieces), initial=0))
    whole = "\n".join(piece.text for piece in pieces)  # one search for each pattern, not one for each piece

    def where(offset: int) -> tuple[Piece, int]:
        index = bisect_right(starts, offset) - 1
        return pieces[index], offset - starts[index]

    for statement in statements():
        if (said := _said(statement, whole, starts, pieces)) is not None:
            piece, offset = where(said)
            notes.at(piece, offset, statement.rule, "met", "It says so.")
        for wrong in statement.wrong:
            for match in wrong.pattern.finditer(whole):
                piece, offset = where(match.start())
                if not lifted(piece, offset, offset + len(match[0]), wrong.unless):
                    notes.at(piece, offset, statement.rule, "broken", wrong.what, wrong.hint)


def _said(statement: Statement, whole: str, starts: Sequence[int], pieces: Sequence[Piece]) -> int | None:
    """The offset in the whole text where the document says it."""
    for says in statement.says:
        if says.heading is None:
            if match := says.pattern.search(whole):
                return match.start()
            continue
        for piece, start in zip(pieces, starts, strict=False):
            if says.heading.search(piece.heading) and (match := says.pattern.search(piece.text)):
                return start + match.start()
    return None


def lifted(piece: Piece, start: int, end: int, unless: re.Pattern[str] | None = None) -> bool:
    """Whether a sentence forbids what stands between two offsets, or speaks of something else."""
    first, last = piece.sentence(start, end)
    if NEGATION.search(piece.text, first, start) or FORBIDDING.search(piece.text, start, end):
        return True
    return unless is not None and unless.search(piece.text, first, last) is not None
