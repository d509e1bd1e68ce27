"""What the reader of skill documents says: findings, and the error for documents that cannot be read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Verdict = Literal["broken", "met", "unproven"]
Level = Literal["must", "should"]


@dataclass(frozen=True)
class Finding:
    """One statement of a document, judged by one rule.

    `line` and `column` count from 1. `what`: what a client following the document does wrong, and what happens then.
    `excerpt`: at most 80 characters of the document. `hint`: what the document should say instead.
    """

    line: int
    rule: str
    verdict: Verdict
    level: Level
    column: int | None
    what: str
    excerpt: str
    hint: str


class SkillError(Exception):
    """A document, or a profile's name, that cannot be read. The text names file and line, and is for people."""

    def __init__(self, path: Path | str, line: int | None, why: str) -> None:
        super().__init__(f"{path}:{line}: {why}" if line else f"{path}: {why}")
