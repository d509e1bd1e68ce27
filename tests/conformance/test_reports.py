"""Reports of a result: schema and shapes, no secrets, equal files of equal runs, and a page that is looked at in a real browser."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import jsonschema_rs
import pytest

from conformance import catalogue, runner
from conformance.client import Spec
from conformance.report import data, html, junit, markdown, sarif, terminal
from conformance.report.lines import short
from conformance.result import Finding, Held, Result, result
from conformance.skill.profile import profile
from conformance.trace import Trace
from tests.chromium import CHROMIUM, Browser, browser
from tests.conformance.kit import broken

SCENARIOS = ("stream-dies-between-two-bytes", "export-blocked-on-the-free-plan")
SECRET = re.compile(r"(nmv_usr_|clm_)[A-Za-z0-9]")


@pytest.fixture(scope="module")
def traces() -> list[Trace]:
    loading = broken()
    plant = loading.flaws()["NV-071.resends"].plant
    return runner.play(Spec(make=loading.client(plant)), runner.scenarios(SCENARIOS), runner.Play(rate=200))


@pytest.fixture(scope="module")
def found(traces: list[Trace]) -> Result:
    skill = profile("nemo-video")
    return result("a client", Held(skill.name, skill.version, skill.carries, "vendor"), 200, traces, {"NV-071"})


def test_json_fits_its_schema_and_says_what_happened(found: Result) -> None:
    told = json.loads(data.text(found))

    jsonschema_rs.validate(json.loads(data.SCHEMA.read_text()), told)
    assert [rule["id"] for rule in told["rules"]] == sorted(rule["id"] for rule in told["rules"])
    resent = next(rule for rule in told["rules"] if rule["id"] == "NV-071")
    assert (resent["verdict"], resent["binds"], told["exit"]) == ("broken", True, 1)
    evidence = next(one for one in resent["evidence"] if one["verdict"] == "broken")
    assert evidence["scenario"] == "stream-dies-between-two-bytes"
    assert [row["what"][:13] for row in evidence["proof"]] == ["POST /run_sse", "POST /run_sse"]
    assert evidence["proof"][0]["at_s"] < evidence["proof"][1]["at_s"]


def test_junit_counts_what_it_holds(found: Result) -> None:
    root = ElementTree.fromstring(junit.text(found).encode())

    cases = root.findall(".//testcase")
    assert int(root.attrib["tests"]) == len(cases) == len(found.findings)
    assert int(root.attrib["failures"]) == len(root.findall(".//failure")) == sum(one.fails for one in found.findings)
    failure = next(case for case in cases if case.attrib["name"].startswith("NV-071")).find("failure")
    assert failure is not None and "POST /run_sse" in (failure.text or "")
    assert not [case for case in cases if len(case) == 1 and "unproven" in ElementTree.tostring(case, "unicode")]


def test_sarif_has_the_shape_that_scanners_want(found: Result) -> None:
    told = json.loads(sarif.text(found))

    (run,) = told["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert told["version"] == "2.1.0" and run["results"]
    for one in run["results"]:
        assert rules[one["ruleIndex"]]["id"] == one["ruleId"]
        assert one["level"] in ("error", "warning", "note") and one["message"]["text"]
        assert one["locations"][0]["physicalLocation"]["region"]["startLine"] > 0
    assert {one["level"] for one in run["results"] if one["ruleId"] == "NV-071"} == {"error"}


def test_markdown_and_terminal_name_what_failed(found: Result) -> None:
    for text in (markdown.text(found), terminal.plain(found)):
        assert "NV-071" in text and "never-resend-after-a-drop" in text and "stream-dies-between-two-bytes" in text
    last = terminal.plain(found).splitlines()[-4:]
    assert all(len(line) <= 120 for line in last) and last[-1].startswith("  broken: ")


FORMATS = {
    "json": data.text,
    "junit": junit.text,
    "sarif": sarif.text,
    "markdown": markdown.text,
    "html": html.page,
    "terminal": terminal.text,
}


@pytest.mark.parametrize("kind", FORMATS)
def test_no_report_holds_a_secret(found: Result, kind: str) -> None:
    secrets = {secret for trace in found.traces for secret in trace.tokens}
    assert secrets

    text = FORMATS[kind](found)

    assert not SECRET.search(text)
    assert not [secret for secret in secrets if secret[8:] in text]


@pytest.mark.parametrize("kind", FORMATS)
def test_equal_runs_give_equal_files(found: Result, traces: list[Trace], kind: str) -> None:
    again = result(found.client, found.held, found.rate, [Trace(trace.entries) for trace in reversed(traces)], {"NV-071"})

    assert FORMATS[kind](again) == FORMATS[kind](found)


# the page, in a browser


@pytest.fixture(scope="module")
def page(found: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(html.page(found), "utf-8")
    return path


@pytest.fixture(scope="module")
def it() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with browser() as running:
        yield running


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_page_asks_for_nothing_and_can_be_read(it: Browser, page: Path, dark: bool) -> None:
    it.open(page.as_uri(), dark)

    assert it.requests == [page.as_uri()] and it.complaints == []
    assert it.run("matchMedia('(prefers-color-scheme: dark)').matches") is dark
    ratios = it.run(CONTRAST)
    assert min(ratio for ratio, _ in ratios) >= 4.5, [words for ratio, words in ratios if ratio < 4.5][:5]  # WCAG 2.2, 1.4.3
    assert it.run("document.documentElement.scrollWidth <= innerWidth")
    assert it.run("document.querySelectorAll('svg.seq .mark.wrong').length") >= 2
    assert it.run("document.querySelectorAll('svg.seq .tick').length") > 3


#: Contrast of each visible text against what is painted below it.
CONTRAST = """
(() => {
  const light = c => { const [r, g, b] = c.map(v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126 * r + .7152 * g + .0722 * b; };
  const rgb = s => s.match(/[0-9.]+/g).map(Number);
  const below = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c.slice(0, 3); } return [255, 255, 255]; };
  for (const d of document.querySelectorAll('details')) d.open = true;
  return [...document.querySelectorAll('body *')].filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.getClientRects().length && !['STYLE', 'SCRIPT', 'TITLE', 'title'].includes(e.tagName))
    .map(e => { const s = getComputedStyle(e); const a = light(rgb(e.closest('svg') ? s.fill : s.color)), b = light(below(e));
      return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), e.textContent.slice(0, 40)]; });
})()
"""


def test_the_page_is_used_with_the_keyboard_alone(it: Browser, page: Path) -> None:
    it.open(page.as_uri())
    visible = "[...document.querySelectorAll('[data-verdict]')].filter(e => !e.hidden).map(e => e.dataset.verdict)"

    it.key("Tab", 9)
    assert it.run("document.activeElement.dataset.filter") == "broken"
    it.key(" ", 32, " ")
    assert set(it.run(visible)) == {"broken"}
    it.key(" ", 32, " ")
    assert {"broken", "met"} <= set(it.run(visible))
    for _ in range(4):
        it.key("Tab", 9)
    assert it.run("document.activeElement.id") == "search"
    for letter in "resend":
        it.key(letter, 0, letter)
    assert it.run("[...document.querySelectorAll('#rules ~ details:not([hidden])')].map(e => e.id)") == ["NV-071"]
    it.key("Tab", 9)
    it.key("Enter", 13, "\r")
    assert it.run("document.activeElement.closest('details').id") == "NV-071"
    it.run("location.hash = 'stream-dies-between-two-bytes'; new Promise(done => setTimeout(done, 50))")
    assert it.run("document.getElementById('stream-dies-between-two-bytes').open")


@pytest.mark.parametrize(
    ("text", "told"), [("calm music", "calm music"), ("calm music now", "calm musi…"), ("背景音乐很好", "背景音乐…")]
)
def test_what_is_cut_fits_its_columns(text: str, told: str) -> None:
    assert short(text, 10) == told


def test_what_was_skipped_and_how_often_is_told_in_few_words(found: Result) -> None:
    """A rule broken in a hundred scenarios takes a line for the others, not ten."""
    traces = tuple(
        Trace([{"kind": "user", "at_ms": 1, "text": "hello", "files": []}], f"scenario-{number}") for number in range(100)
    )
    evidence = tuple(catalogue.Evidence("broken", "why", (1,), trace=trace.name) for trace in traces)
    rules = (Finding(catalogue.find("71"), "broken", evidence, True, True),)
    told = terminal.plain(Result("c", found.held, 1, rules, traces, skipped=("left-out",)))

    assert "and 98 more in scenario-10, " in told and "not run any more: left-out" in told
    assert max(map(len, told.splitlines())) <= 130


def test_a_terminal_obeys_no_client(found: Result) -> None:
    """Whatever escape sequences a client shows or ends with."""
    rule = catalogue.find("71")
    trace = Trace([{"kind": "say", "at_ms": 1, "text": "a\x1b[2Jb\u202e"}, {"kind": "outcome", "at_ms": 2, "how": "mute"}], "s")
    evidence = catalogue.Evidence("broken", "said \x1b]0;x\x07", (1,), trace="s")
    told = terminal.plain(Result("c", found.held, 1, (Finding(rule, "broken", (evidence,), True, True),), (trace,)))

    assert "shown: a\ufffd[2Jb\ufffd" in told and "the client said nothing" in told
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e]", told)


def test_what_clients_say_is_text_and_no_markup() -> None:
    entries = [
        {"kind": "user", "at_ms": 0, "text": "</script><script>alert(1)</script>", "files": ["<b>.mp4"]},
        {"kind": "say", "at_ms": 5, "text": '"><img src=x onerror=alert(1)>'},
        {"kind": "outcome", "at_ms": 9, "how": "crashed", "stderr": "<i>"},
    ]
    skill = profile("music-to-a")
    text = html.page(result("<u>client", Held(skill.name, skill.version, skill.carries), 1, [Trace(entries, "<x>")], ()))

    for tag in ("<script>alert", "<img", "<b>", "<u>", "<x>", "<i>"):
        assert tag not in text
