"""Baselines: failures that are known, each with a reason and an end. A file says what is expected, and every surprise fails.

expected:
  - rule: NV-009
    reason: the retry comes with the next release, issue 41
    until: 2027-01-31
    scenario: rate-limited-once   # where alone; without it, everywhere
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from conformance.catalogue import find
from conformance.result import Finding

KEYS = ("rule", "reason", "until", "scenario")


class BaselineError(ValueError):
    """A file that is no baseline. `lines` like "file:line: what"."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = list(lines)
        super().__init__("\n".join(lines))


@dataclass(frozen=True, slots=True)
class Excuse:
    """One expected failure, good until the end of a day. `line`: where it stands."""

    rule: str
    reason: str
    until: date
    scenario: str
    line: int


def read(path: Path, scenarios: Collection[str]) -> list[Excuse]:
    """`scenarios`: the names there are. Raises BaselineError with all that is wrong, OSError."""
    import yaml

    try:
        told = yaml.compose(path.read_text("utf-8"), Loader=yaml.SafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        raise BaselineError(
            [f"{path}:{mark.line + 1 if mark else 1}: this is no YAML: {getattr(error, 'problem', error)}"]
        ) from None
    wrong: list[str] = []
    excuses: list[Excuse] = []
    for line, row in _rows(told, path, wrong):
        excuse = _excuse(row, line, scenarios, path, wrong)
        if excuse is not None:
            excuses.append(excuse)
    if wrong:
        raise BaselineError(wrong)
    return excuses


def _rows(root: Any, path: Path, wrong: list[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Entries of `expected` with their lines."""
    import yaml

    pairs = root.value if isinstance(root, yaml.MappingNode) else None
    if pairs is None or [key.value for key, _ in pairs] != ["expected"] or not isinstance(pairs[0][1], yaml.SequenceNode):
        wrong.append(f"{path}:1: a baseline is a list under the one key 'expected'")
        return
    for node in pairs[0][1].value:
        line = node.start_mark.line + 1
        if not isinstance(node, yaml.MappingNode):
            wrong.append(f"{path}:{line}: an entry has the members {', '.join(KEYS)}")
            continue
        scalar = yaml.ScalarNode
        yield line, {str(key.value): value.value if isinstance(value, scalar) else "" for key, value in node.value}


def _excuse(row: Mapping[str, str], line: int, scenarios: Collection[str], path: Path, wrong: list[str]) -> Excuse | None:
    from difflib import get_close_matches

    def complain(what: str) -> None:
        wrong.append(f"{path}:{line}: {what}")

    before = len(wrong)
    for key in row:
        if key not in KEYS:
            near = get_close_matches(key, KEYS, 1)
            complain(f"there is no member {key!r}" + (f"; did you mean {near[0]!r}?" if near else f": {', '.join(KEYS)}"))
    rule = ""
    try:
        rule = find(row.get("rule", "")).id
    except LookupError as error:
        complain(str(error))
    if not row.get("reason", "").strip():
        complain("an expected failure needs a reason")
    until = date.min
    try:
        until = date.fromisoformat(row.get("until", ""))
    except ValueError:
        complain("'until' is the last day on which it is expected, like 2027-01-31")
    scenario = row.get("scenario", "")
    if scenario and scenario not in scenarios:
        near = get_close_matches(scenario, list(scenarios), 1)
        complain(f"there is no scenario {scenario!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    if len(wrong) > before:
        return None
    return Excuse(rule, row["reason"].strip(), until, scenario, line)


def applied(
    excuses: Sequence[Excuse], findings: Sequence[Finding], played: Collection[str], today: date, path: str
) -> tuple[dict[str, str], list[str]]:
    """Reasons by rule for all objections that are excused, and complaints: what is expired, stale, or passes unexpectedly.

    An entry whose rule or scenario was not put to the test this time is left alone.
    """
    complaints: list[str] = []
    reasons: dict[str, str] = {}
    by_rule = {one.rule.id: one for one in findings}
    for excuse in excuses:
        place = f"{path}:{excuse.line}: {excuse.rule}"
        finding = by_rule[excuse.rule]
        if excuse.until < today:
            complaints.append(f"{place} was expected to be broken until {excuse.until}: that day is over")
        elif not finding.counts:
            complaints.append(f"{place} fails nobody here ({finding.verdict}; it does not bind): the entry is stale")
        elif excuse.scenario and excuse.scenario not in played:
            continue
        elif _met(finding, excuse.scenario):
            where = f" in {excuse.scenario}" if excuse.scenario else ""
            complaints.append(f"{place} is met{where}, though expected to be broken: take the entry out")
    good = [one for one in excuses if one.until >= today]
    for finding in findings:
        excused = [one for one in good if one.rule == finding.rule.id]
        if finding.objections and all(any(one.scenario in ("", each.trace) for one in excused) for each in finding.objections):
            reasons[finding.rule.id] = excused[0].reason
    return reasons, complaints


def _met(finding: Finding, scenario: str) -> bool:
    """In that scenario, or with "" anywhere and broken nowhere."""
    found = {one.verdict for one in finding.evidence if scenario in ("", one.trace)}
    return "met" in found and "broken" not in found
