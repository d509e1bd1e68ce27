"""From evidence to an exit status: nothing is concluded from nothing, and no surprise passes."""

import json
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance import catalogue, runner
from conformance.__main__ import commands, main
from conformance.baseline import BaselineError, applied, read
from conformance.catalogue import Cost, Evidence, Rule, judge, verdict
from conformance.client import Spec
from conformance.judging import of_lines
from conformance.result import BROKEN, MET, UNPROVEN, Finding, Held, Result, result
from conformance.trace import Trace
from tests.conformance.kit import TOP, broken

REFERENCE = str(TOP / "fixtures" / "clients" / "reference")
ALL = frozenset(f"NV-{number:03}" for number in range(1, 122))
HELD = Held("a skill", "1", ALL)


# rules and evidence


def test_every_number_of_the_catalogue_is_there_once() -> None:
    assert list(catalogue.rules()) == sorted(ALL)
    names = [one.name for one in catalogue.rules().values()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("one", catalogue.rules().values(), ids=lambda one: one.id)
def test_a_rule_says_all_that_is_asked_of_it(one: Rule) -> None:
    assert one.says.endswith(".") and len(one.says) <= 240
    assert one.sources and set(one.seen) <= {"wire", "shown", "time", "files"} and one.seen
    assert (one.check is None) == bool(one.excluded)
    seeds = [source for source in one.sources if source in ("S0", "S1", "S2", "S3")]
    assert bool(seeds) == (one.basis == "seed")


def test_the_documents_of_a_rule_are_those_whose_sentences_carry_it() -> None:
    from conformance.sentences import documents_of

    told = {one.id: [s for s in one.sources if s in ("S0", "S1", "S2", "S3")] for one in catalogue.rules().values()}
    assert told == {rule: documents_of(rule) for rule in told}


def test_every_rule_that_can_be_judged_is_put_to_the_test() -> None:
    tested = {rule for one in runner.scenarios() for rule in runner.rules_of(one)}
    assert {one.id for one in catalogue.rules().values() if one.check} <= tested


@pytest.mark.parametrize("word", ["71", "nv-71", "NV-071", "rule 71", "never-resend-after-a-drop"])
def test_rules_are_found_by_many_names(word: str) -> None:
    assert catalogue.find(word).number == 71


@pytest.mark.parametrize(
    ("word", "hint"), [("never-resend", "'never-resend-after-a-drop'"), ("NV-122", "NV-001 to NV-121"), ("?", "NV-121")]
)
def test_what_is_no_rule_is_answered_with_the_nearest(word: str, hint: str) -> None:
    with pytest.raises(LookupError, match=hint):
        catalogue.find(word)


def proved(kind: str) -> Trace:
    path = TOP / "fixtures" / "traces" / f"NV-071.{kind}.jsonl"
    return Trace([json.loads(line) for line in path.read_text().splitlines()], kind)


def test_of_an_incomplete_record_nothing_good_is_concluded() -> None:
    rule, whole = catalogue.find("71"), proved("met")
    assert verdict(rule, judge(rule, whole)) == "met"

    forgotten = Trace([{**one, "seq": one["seq"] + 40} if "seq" in one else one for one in whole.entries])
    forgotten.entries[:] = [{**one, "of": one["of"] + 40} if "of" in one else one for one in forgotten.entries]

    assert verdict(rule, judge(rule, forgotten)) == "unproven"
    assert judge(rule, forgotten)[0].why == "the journal forgot 40 lines"
    lost = Trace([*proved("broken").entries, {"kind": "outcome", "at_ms": 10**13, "how": "finished", "forgotten": 3}])
    assert verdict(rule, judge(rule, lost)) == "broken"


@pytest.mark.parametrize("word", ["53", "103"])
def test_a_slow_machine_is_no_evidence(word: str) -> None:
    """What breaks a rule about time proves nothing once the machine is known to have been late, and the verdict says how late."""
    rule = catalogue.find(word)
    broke = [json.loads(line) for line in (TOP / "fixtures" / "traces" / f"{rule.id}.broken.jsonl").read_text().splitlines()]
    assert verdict(rule, judge(rule, Trace(broke))) == "broken"

    late = [{"kind": "late", "at_ms": one["at_ms"], "ms": 900_000} for one in broke]
    found = judge(rule, Trace([entry for pair in zip(broke, late, strict=True) for entry in pair]))
    assert verdict(rule, found) == "unproven"
    assert any("late" in one.why for one in found)


def test_evidence_decides() -> None:
    rule = catalogue.find("71")
    good, bad, none = (Evidence(kind, "") for kind in ("met", "broken", "unproven"))  # type: ignore[arg-type]
    assert verdict(rule, []) == "unproven"
    assert verdict(rule, [good]) == verdict(rule, [good, none]) == "met"
    assert verdict(rule, [none]) == "unproven"
    assert verdict(rule, [good, bad]) == "broken"


def test_costs_in_words() -> None:
    assert str(Cost(credits=50, requests=1)) == "50 credits charged for nothing, 1 request wasted"
    assert str(Cost(seconds=29.6, leaked=1, words="a link")) == "30 seconds lost, 1 secret leaked, a link"
    assert str(Cost()) == ""


# a client that does nothing


def test_a_client_that_does_nothing_passes_nothing() -> None:
    traces = runner.play(Spec(make=lambda env, home, show: lambda text, files: None), runner.scenarios(), runner.Play(rate=1000))

    found = result("nobody", HELD, 1000, traces, ALL)
    assert [one.rule.id for one in found.findings if one.verdict == "met"] == []
    assert found.exit in (BROKEN, UNPROVEN)  # it leaves its user without an answer


def test_a_client_that_never_started_proves_nothing() -> None:
    traces = runner.play(
        Spec(("/no/such/client",)), runner.scenarios(["silent-edit", "upload-too-large"]), runner.Play(rate=1000)
    )

    found = result("nobody", HELD, 1000, traces, ALL)
    assert {one.verdict for one in found.findings} <= {"unproven", "not applicable"}
    assert found.exit == UNPROVEN and len(found.not_started) == 2


# exit statuses


def finding(word: str, verdict: str, binds: bool = True, expected: bool = True, scenario: str = "s") -> Finding:
    evidence = (Evidence(verdict, "why", (), Cost(), scenario),) if verdict in ("met", "broken") else ()  # type: ignore[arg-type]
    return Finding(catalogue.find(word), verdict, evidence, binds, expected)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("findings", "status"),
    [
        ([finding("1", "met")], MET),
        ([finding("1", "met"), finding("2", "broken")], BROKEN),
        ([finding("1", "met"), finding("2", "broken", binds=False)], MET),
        ([finding("1", "met"), finding("5", "broken")], MET),  # a SHOULD warns
        ([finding("1", "met"), finding("2", "unproven")], UNPROVEN),
        ([finding("1", "met"), finding("2", "unproven", expected=False)], MET),
        ([finding("1", "met"), finding("2", "unproven", binds=False)], MET),
        ([finding("1", "unproven", expected=False)], UNPROVEN),
        ([finding("1", "met", binds=False)], UNPROVEN),
        ([finding("2", "broken"), finding("1", "unproven")], BROKEN),
        ([], UNPROVEN),
    ],
)
def test_exit_status(findings: list[Finding], status: int) -> None:
    assert Result("", HELD, 1, tuple(findings), ()).exit == status


def test_what_is_assumed_never_binds() -> None:
    assumed = next(one for one in catalogue.rules().values() if one.basis == "assumed")
    vendor = next(one for one in catalogue.rules().values() if one.basis == "vendor")
    assert not Held("", "", ALL, "vendor", ALL).binds(assumed)
    assert not Held("", "", frozenset()).binds(vendor)
    assert Held("", "", frozenset({vendor.id})).binds(vendor) and Held("", "", frozenset(), "vendor").binds(vendor)
    assert Held("", "", frozenset(), "seed", frozenset({vendor.id})).binds(vendor)


# baselines


def baseline(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "known.yaml"
    path.write_text(text)
    return path


GOOD = "expected:\n  - rule: NV-002\n    reason: issue 41\n    until: 2027-01-31\n"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("- x", ":1: a baseline is a list under the one key 'expected'"),
        ("expected: 1", ":1: a baseline is a list"),
        ("expected: [", ":1: this is no YAML"),
        ("expected: [7]", ":1: an entry has the members"),
        (GOOD.replace("NV-002", "NV-222"), ":2: there is no rule 'NV-222'"),
        (GOOD.replace("reason", "reasn"), ":2: there is no member 'reasn'; did you mean 'reason'?"),
        (GOOD.replace("issue 41", '" "'), ":2: an expected failure needs a reason"),
        (GOOD.replace("2027-01-31", "soon"), ":2: 'until' is the last day"),
        (GOOD + "    scenario: silent-edits\n", ":2: there is no scenario 'silent-edits'; did you mean 'silent-edit'?"),
    ],
)
def test_a_baseline_with_mistakes(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(BaselineError) as error:
        read(baseline(tmp_path, text), runner.names())
    assert complaint in error.value.lines[0]


TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("change", "findings", "excused", "complaint"),
    [
        ("", [finding("2", "broken")], True, ""),
        ("", [finding("2", "met")], False, "is met, though expected to be broken"),
        ("", [finding("2", "unproven")], False, ""),
        ("", [finding("2", "broken", binds=False)], True, "the entry is stale"),
        ("2026-11-20", [finding("2", "broken")], False, "that day is over"),
        ("2026-11-21", [finding("2", "broken")], True, ""),
        ("scenario: silent-edit", [finding("2", "broken", scenario="silent-edit")], True, ""),
        ("scenario: silent-edit", [finding("2", "broken", scenario="another")], False, ""),
        ("scenario: silent-edit", [finding("2", "met", scenario="silent-edit")], False, "is met in silent-edit"),
        ("scenario: upload-too-large", [finding("2", "met", scenario="silent-edit")], False, ""),
    ],
)
def test_a_baseline_and_what_was_found(
    tmp_path: Path, change: str, findings: Sequence[Finding], excused: bool, complaint: str
) -> None:
    text = GOOD + f"    {change}\n" if ":" in change else GOOD.replace("2027-01-31", change or "2027-01-31")
    excuses = read(baseline(tmp_path, text), runner.names())
    reasons, complaints = applied(excuses, findings, {"silent-edit", "another"}, TODAY, "known.yaml")
    assert bool(reasons) == excused
    assert complaint in "".join(complaints) and bool(complaints) == bool(complaint)


# the command line

Run = Callable[..., "object"]


def cli(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(commands, list(words))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run"], "name one client"),
        (["run", "--http", "http://127.0.0.1:9", "--", "x"], "name one client"),
        (["run", "--only", "silent-edits", "--", "x"], "did you mean 'silent-edit'?"),
        (["run", "--shard", "3/2", "--", "x"], "write it like 2/4"),
        (["run", "--shard", "²/3", "--", "x"], "write it like 2/4"),
        (["run", "--http", "127.0.0.1:9"], "write it like http://127.0.0.1:9000/"),
        (["run", "--http", "http://127.0.0.1:abc/"], "write it like http://127.0.0.1:9000/"),
        (["run", "--rate", "nan", "--", "x"], "is no number"),
        (["run", "--env", "=x", "--", "x"], "NAME=VALUE"),
        (["run", "--traces", "/proc/no", "--", "x"], "No such file"),
        (["run", "--skill", "music-to-b", "--", "x"], "did you mean music-to-a?"),
        (["run", "--json", "/no/such/folder/x.json", "--", "x"], "does not exist"),
        (["run", "--baseline", "/no/such/file", "--", "x"], "No such file"),
        (["run", "--env", "NO_SUCH_VARIABLE", "--", "x"], "NAME=VALUE"),
        (["judge", "/no/such/journal"], "No such file"),
        (["explain", "resend"], "did you mean 'never-resend-after-a-drop'?"),
        (["observe", "silent"], "silent"),
        (["rules", "--room", "kitchen"], "there is no room"),
    ],
)
def test_wrong_usage_is_told_in_a_line(words: list[str], said: str) -> None:
    status, output = cli(*words)
    assert status == 2 and said in output and "Traceback" not in output


def test_a_run_and_its_reports(tmp_path: Path) -> None:
    loading = str(TOP / "fixtures" / "clients" / "broken")
    files = [f"--{kind}={tmp_path / kind}" for kind in ("json", "junit", "sarif", "markdown", "html")]
    known = baseline(tmp_path, GOOD.replace("NV-002", "NV-071"))
    words = [
        "run",
        "--rate",
        "200",
        "--only",
        "stream-dies-between-two-bytes",
        "--level",
        "vendor",
        "--quiet",
        f"--traces={tmp_path / 'traces'}",
    ]

    status, output = cli(*words, *files, "--", sys.executable, loading, "NV-071.resends")
    assert status == BROKEN and "NV-071 never-resend-after-a-drop" in output
    assert "again: nemovideo-conformance run --only stream-dies-between-two-bytes --rate=200 --level=vendor -- " in output
    assert all((tmp_path / kind).stat().st_size for kind in ("json", "junit", "sarif", "markdown", "html"))
    status, again = cli("judge", str(tmp_path / "traces"), "--level", "vendor")
    assert status == BROKEN and "NV-071 never-resend-after-a-drop" in again and "again: nemovideo" not in again
    status, output = cli(*words, "--baseline", str(known), "--", sys.executable, loading, "NV-071.resends")
    assert "expected: issue 41" in output and status != BROKEN
    status, output = cli(*words, "--baseline", str(known), "--", sys.executable, REFERENCE)
    assert status == BROKEN and "NV-071 is met, though expected to be broken" in output


def test_a_journal_of_the_mock_is_judged(tmp_path: Path) -> None:
    (trace,) = runner.play(Spec(make=broken().client(None)), runner.scenarios(["free-first-video"]), runner.Play(rate=200))
    journal = tmp_path / "journal.jsonl"
    journal.write_text("".join(json.dumps(one) + "\n" for one in trace.entries if "seq" in one))

    status, output = cli("judge", str(journal))
    assert status == MET, output
    journal.write_text("no JSON\n")
    assert cli("judge", str(journal)) == (2, f"Error: {journal}: line 1 is no JSON\n")
    journal.write_text("")
    assert "nothing is recorded" in cli("judge", str(journal))[1]


def test_an_adapter_is_driven_from_the_command_line() -> None:
    status, output = cli("run", "--http", "http://127.0.0.1:9/", "--only", "silent-edit", "--quiet")
    assert status == UNPROVEN and "the client did not start (http://127.0.0.1:9/:" in output


def test_traces_one_after_the_other_are_several(tmp_path: Path) -> None:
    """As `cat traces/*.jsonl` makes them."""
    given = {"kind": "given", "at_ms": 0, "covers": ["rule 1"]}
    lines = "".join(json.dumps({**given, "scenario": name}) + "\n" for name in ("one", "two"))

    assert [trace.name for trace in of_lines(lines.encode().splitlines(), "-")] == ["one", "two"]


@pytest.mark.parametrize(
    "entry",
    [
        {"kind": "request"},
        {"kind": "request", "seq": 1, "method": "GET", "path": "/", "headers": [1]},
        {"kind": "response", "of": 1, "status": "200"},
        {"kind": "say", "text": 3},
        {"kind": "user", "text": "x", "files": 3},
        {"kind": "given", "scenario": 3},
        {"kind": "given", "rate": "fast"},
        {"kind": "outcome", "how": "finished", "forgotten": "x"},
    ],
    ids=str,
)
def test_what_is_no_entry_is_wrong_usage(tmp_path: Path, entry: dict[str, object]) -> None:
    journal = tmp_path / "journal.jsonl"
    journal.write_text(json.dumps({"at_ms": 1, **entry}) + "\n")

    status, output = cli("judge", str(journal))
    assert status == 2 and f"{journal}: line 1 is no entry of a journal" in output


def test_a_long_text_is_judged_in_time_that_grows_with_it() -> None:
    """Were it tried from each place anew, this would take an hour."""
    said = {"kind": "say", "at_ms": 2, "text": "y" * 900_000}
    trace = Trace([{"kind": "user", "at_ms": 1, "text": "hello there"}, said, {"kind": "done", "at_ms": 3}])

    assert [one.verdict for one in judge(catalogue.find("118"), trace)] in ([], ["met"], ["broken"])


def test_a_fault_of_the_kit_is_told_as_one(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("conformance.runner.scenarios", lambda words=(): 1 / 0)
    monkeypatch.setattr(sys, "argv", ["nemovideo-conformance", "explain", "71"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 4 and "a fault of the kit: ZeroDivisionError" in capsys.readouterr().err


def test_explain_and_rules(tmp_path: Path) -> None:
    status, output = cli("explain", "58")
    assert status == 0 and "NV-058" in output and "S0:65" in output and "silent-edit" in output
    status, output = cli("rules", "--json")
    assert len(json.loads(output)) == 121
    status, output = cli("ambiguities")
    assert status == 0 and "A12" in output
