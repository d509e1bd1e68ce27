"""The kit's own certificate, in its quick form: rules proved both ways, broken clients that break one rule each, a good client that
breaks none. `make certify` has the full form."""

import json
import re
from collections.abc import Iterator

import pytest

from conformance import catalogue, runner
from conformance.catalogue import Rule, judge, verdict
from conformance.trace import Trace
from tests.conformance import matrix
from tests.conformance.kit import RATE, TOP, broken, explained, objections, of_reference

TRACES = TOP / "fixtures" / "traces"
JUDGED = [one for one in catalogue.rules().values() if one.check]


def stored(rule: Rule, kind: str) -> Trace:
    lines = (TRACES / f"{rule.id}.{kind}.jsonl").read_text("utf-8").splitlines()
    return Trace([json.loads(line) for line in lines], kind)


# both ways


@pytest.mark.parametrize("rule", JUDGED, ids=lambda rule: rule.id)
def test_a_rule_is_proved_both_ways(rule: Rule) -> None:
    """Its one trace keeps it and breaks nothing, its other one breaks it and nothing else; neither can spare a line."""
    kept, broke = stored(rule, "met"), stored(rule, "broken")

    assert verdict(rule, judge(rule, kept)) == "met"
    assert explained(objections([kept])) == ""
    assert set(objections([broke])) == {rule.id}, explained(objections([broke]))


@pytest.mark.parametrize("rule", JUDGED, ids=lambda rule: rule.id)
def test_nothing_proves_nothing(rule: Rule) -> None:
    for entries in ([], [{"kind": "given", "at_ms": 0}], [{"kind": "user", "at_ms": 0, "text": "export", "files": []}]):
        assert not [one for one in judge(rule, Trace(entries)) if one.verdict == "met"]


def test_there_are_no_other_traces() -> None:
    assert {path.name for path in TRACES.iterdir()} == {
        f"{rule.id}.{kind}.jsonl" for rule in JUDGED for kind in ("met", "broken")
    }


# the broken clients

FLAWS = list(broken().flaws())
#: The first of each rule; `make certify` plays all, in every scenario that puts the rule to the test.
SOME = list({flaw.rule: name for name, flaw in reversed(broken().flaws().items())}.values())


@pytest.mark.parametrize("part", [0, 1, 2, 3])
def test_each_flaw_breaks_its_rule_and_no_other(part: int) -> None:
    """A part at a time, so that several processes share them."""
    wrong = [f"{one.name}: {one.wrong}\n{explained(one.found)}" for one in matrix.play(SOME[part::4]) if one.wrong]
    assert wrong == []


def test_there_are_enough_flaws() -> None:
    """At least 120; each rule that can be broken has one."""
    flawed = {flaw.rule for flaw in broken().flaws().values()}
    assert len(FLAWS) >= 120
    assert {rule.id for rule in JUDGED} == flawed


# the good client


@pytest.mark.parametrize("part", [0, 1, 2])
def test_the_reference_client_breaks_nothing_and_proves_every_rule(part: int) -> None:
    """In every scenario. Each rule that a scenario covers is proven there, and each of its faults is met."""
    scenarios = runner.scenarios()[part::3]
    traces = of_reference(scenarios)
    doubtful = [trace.name for trace in traces if objections([trace])]  # played once more, slowly: the machine may have been busy
    traces = [trace for trace in traces if trace.name not in doubtful]
    traces += of_reference([one for one in scenarios if one.name in doubtful], RATE / 2)

    known = catalogue.rules()
    lacking = []
    for trace in traces:
        told = [known[f"NV-{int(word.split()[1]):03}"] for word in trace.given["covers"]]
        verdicts = {
            rule.id: verdict(rule, judge(rule, trace)) for rule in told if "time" not in rule.seen
        }  # a slow machine proves nothing
        lacking += [f"{trace.name}: {rule}" for rule, found in verdicts.items() if found not in ("met", "not applicable")]
    found = {
        "broken": explained(objections(traces)),
        "covered and not proven there": lacking,
        "not finished": [trace.name for trace in traces if not trace.finished],
        "faults never met": [(trace.name, trace.outcome["unfired"]) for trace in traces if trace.outcome["unfired"]],
    }
    assert {what: which for what, which in found.items() if which} == {}


# documents


def sections() -> Iterator[tuple[str, list[str]]]:
    text = (TOP / "conformance" / "MATRIX.md").read_text("utf-8")
    for row in re.findall(r"^\| (NV-\d{3}) [^|]*\|([^|]*)\|", text, re.MULTILINE):
        yield row[0], re.findall(r"`([^`]+)`", row[1])


def test_the_matrix_in_the_documents_is_that_of_the_flaws() -> None:
    """`python tests/conformance/matrix.py --write` makes it anew."""
    told = {f"{rule}.{name}" for rule, names in sections() for name in names}
    assert told == set(FLAWS)


def test_traces_hold_nothing_of_a_machine() -> None:
    for path in sorted(TRACES.iterdir()):
        assert not re.search(
            r"/(home|root|work|Users|tmp)/", path.read_text("utf-8").replace("/tmp/nemovideo-conformance-", "")
        ), path.name
