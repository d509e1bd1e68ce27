"""How a check says what it saw: findings made from places in a document."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from conformance.skill import rules
from conformance.skill.calls import Call, Value, calls
from conformance.skill.document import Document, Piece
from conformance.skill.finding import Finding, Level, Verdict


@dataclass
class Notes:
    """A document with its calls, and the findings about it so far."""

    document: Document
    findings: list[Finding] = field(default_factory=list)

    @cached_property
    def calls(self) -> Sequence[Call]:
        return calls(self.document)

    def add(
        self, rule: str, verdict: Verdict, line: int, column: int | None, what: str, hint: str = "", level: Level | None = None
    ) -> None:
        excerpt = self.document.excerpt(line, column) if column is not None else ""
        self.findings.append(Finding(line, rule, verdict, level or rules.level(rule), column, what, excerpt, hint))

    def at(
        self, piece: Piece, offset: int, rule: str, verdict: Verdict, what: str, hint: str = "", level: Level | None = None
    ) -> None:
        self.add(rule, verdict, *piece.place(offset), what, hint, level)

    def of(self, thing: Call | Value, rule: str, verdict: Verdict, what: str, hint: str = "", level: Level | None = None) -> None:
        self.add(rule, verdict, thing.line, thing.column, what, hint, level)

    def absent(self, rule: str, verdict: Verdict, what: str, hint: str = "") -> None:
        """About what the whole document leaves out: it stands at its first line, without a column."""
        self.add(rule, verdict, min(self.document.frontmatter.end + 1, len(self.document.lines)), None, what, hint)

    def said(self, rule: str) -> bool:
        return any(finding.rule == rule and finding.verdict == "met" for finding in self.findings)
