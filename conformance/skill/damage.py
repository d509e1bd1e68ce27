"""Damage done by mirrors: identifiers replaced, translated or garbled. What stood there cannot be known for sure."""

import re

from conformance.skill.document import Piece
from conformance.skill.notes import Notes

REPLACED = re.compile(r"\b(?:INLINE_?CODE|CODE_?BLOCK|CODEBLOCK|PLACEHOLDER|PROTECTED)_?\d+\b")
TRANSLATED = re.compile(
    r"\b(?:NEMO|SKILL|API)_[A-Za-z_]*[一-鿿]+\w*|\b(?:nemo_|run_|session_|new_)[一-鿿]+\w*|[一-鿿]+_(?:id|token|sse)\b"
)
GARBLED = re.compile(r"â€[\"”™œ\u009d\u0080-\u009f]?|ðŸ|å[¯°]¼|ç§¯|\ufffd|Ã[©¨¤¶¼]|ä¸[\u0080-¿]")
STUCK = re.compile(
    r"\b(?:Accept|Authorization|Content-Type)(?:to|set|with|and|header)\b|(?<=[a-z])(?:Authorization|Content-Type): |\bNEMO_TOKEN(?:is|in|set)\b"
)
#: Which rule a damaged place concerns, by the words beside it.
NEAR = (
    (r"header|attribution|X-Skill", "NV-021"), (r"\bbody\b", "NV-030"), (r"client|uuid", "NV-003"), (r"token|auth|bearer", "NV-011"), (r"upload", "NV-040"), (r"credit|balance", "NV-038"),
    (r"export|render|poll", "NV-037"), (r"\bstate\b|track", "NV-039"), (r"session", "NV-028"), (r"sse|stream|message|chat", "NV-041"),
)  # fmt: skip


def rule_near(piece: Piece, offset: int) -> str:
    """By the nearest telling word before a place in its sentence, else by the first behind it."""
    start, end = piece.sentence(offset, offset)
    before = [
        (match.end(), rule) for pattern, rule in NEAR for match in re.finditer(pattern, piece.text[start:offset], re.IGNORECASE)
    ]
    if before:
        return max(before)[1]
    behind = [
        (match.start(), rule) for pattern, rule in NEAR for match in re.finditer(pattern, piece.text[offset:end], re.IGNORECASE)
    ]
    return min(behind)[1] if behind else "NV-041"


def check(notes: Notes) -> None:
    garbled: list[tuple[Piece, int]] = []
    for piece in notes.document.pieces:
        for match in REPLACED.finditer(piece.text):
            notes.at(piece, match.start(), rule_near(piece, match.start()), "broken", f"A mirror put {match[0]} where a name or path stood: a client sends that word, or guesses.",
                     "Restore it from the original.")  # fmt: skip
        for match in TRANSLATED.finditer(piece.text):
            rule = "NV-001" if "NEMO" in match[0] else rule_near(piece, match.start())
            notes.at(
                piece,
                match.start(),
                rule,
                "broken",
                f"The name {match[0]} was translated: nothing is called so, and it is not found.",
                "Restore the name.",
            )
        garbled.extend((piece, match.start()) for match in GARBLED.finditer(piece.text))
    if garbled:
        piece, offset = garbled[0]
        notes.at(
            piece,
            offset,
            rule_near(piece, offset),
            "unproven",
            f"Text of another encoding was garbled in {len(garbled)} places and cannot be read.",
            "Save it as UTF-8.",
        )
