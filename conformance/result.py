"""What a run comes to: a verdict for each rule, whether it binds this client, and what that means for the exit status."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from conformance.catalogue import Evidence, Rule, Verdict, judged
from conformance.trace import Trace

Level = Literal["seed", "vendor"]
MET, BROKEN, USAGE, UNPROVEN, FAULT = 0, 1, 2, 3, 4


@dataclass(frozen=True, slots=True)
class Held:
    """To what a client is held: the skill it follows, whether the vendor's rules bind it although its text may not carry them, and
    the rules that were asked for by name.

    What rests on an assumption of ours never binds.
    """

    skill: str
    version: str
    carries: frozenset[str]
    level: Level = "seed"
    asked: frozenset[str] = frozenset()

    def binds(self, rule: Rule) -> bool:
        return rule.basis != "assumed" and (self.level == "vendor" or rule.id in self.carries or rule.id in self.asked)


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule, what was found, and what it counts. `expected`: the scenarios that ran put it to the test."""

    rule: Rule
    verdict: Verdict
    evidence: tuple[Evidence, ...]
    binds: bool
    expected: bool
    excused: str = ""  # by the baseline: its reason

    @property
    def counts(self) -> bool:
        """Whether it decides the exit status: a MUST that binds. A SHOULD warns; what does not bind is advice."""
        return self.binds and self.rule.level == "MUST"

    @property
    def objections(self) -> list[Evidence]:
        return [one for one in self.evidence if one.verdict == "broken"]

    @property
    def fails(self) -> bool:
        return self.counts and self.verdict == "broken" and not self.excused

    @property
    def missing(self) -> bool:
        """It should have been proven and was not."""
        return self.counts and self.expected and self.verdict == "unproven" and not self.excused


@dataclass(frozen=True, slots=True)
class Result:
    """`client`: how it was driven. `complaints`: of the baseline, and of what else makes a run worth nothing."""

    client: str
    held: Held
    rate: float
    findings: tuple[Finding, ...]
    traces: tuple[Trace, ...]
    complaints: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    skipped: tuple[str, ...] = field(default=())  # scenarios that were not run any more
    again: tuple[str, ...] = ()  # words of the command that drives this client in the same way; none for what was recorded

    @property
    def not_started(self) -> list[Trace]:
        """Those whose client could not be started."""
        return [trace for trace in self.traces if trace.outcome.get("how") == "not started"]

    @property
    def exit(self) -> int:
        """0 all met, 1 broken, 3 unproven or could not run; wrong usage (2) and a fault of the kit (4) never get here."""
        if any(one.fails for one in self.findings) or self.complaints:
            return BROKEN
        proven = any(one.verdict == "met" and one.binds for one in self.findings)
        if not proven or self.not_started or self.skipped or any(one.missing for one in self.findings):
            return UNPROVEN
        return MET

    @property
    def words(self) -> str:
        """The exit status in words."""
        return {MET: "all met", BROKEN: "broken", UNPROVEN: "unproven"}[self.exit]

    def count(self, verdict: Verdict, binds: bool, levels: Collection[str] = ("MUST", "SHOULD", "MAY")) -> int:
        """How many rules of these levels have that verdict."""
        return sum(one.verdict == verdict and one.binds == binds and one.rule.level in levels for one in self.findings)


def result(
    client: str,
    held: Held,
    rate: float,
    traces: Iterable[Trace],
    expected: Collection[str],
    excused: Mapping[str, str] | None = None,
    **more: Sequence[str],
) -> Result:
    """Judge traces. `expected`: ids of the rules put to the test; `excused`: ids with the baseline's reasons."""
    told = tuple(sorted(traces, key=lambda trace: trace.name))
    findings = tuple(
        Finding(rule, verdict, tuple(evidence), held.binds(rule), rule.id in expected, (excused or {}).get(rule.id, ""))
        for rule, verdict, evidence in judged(told)
    )
    return Result(client, held, rate, findings, told, **{key: tuple(value) for key, value in more.items()})
