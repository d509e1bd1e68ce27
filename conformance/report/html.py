"""A result as one page of HTML: no other file, no request, readable without its script."""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from conformance.catalogue import Cost, Evidence
from conformance.report import diagram, tracks
from conformance.report.data import as_data
from conformance.report.lines import clock, counted
from conformance.report.masking import masked
from conformance.report.terminal import clause
from conformance.result import Finding, Result
from conformance.trace import Trace

HERE = Path(__file__).parent
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
VERDICTS = ("broken", "unproven", "met", "not applicable")
#: Evidence of one rule that is told in full: each objection, and so many others.
MOST_GOOD = 3


def page(result: Result) -> str:
    data = as_data(result)
    title = f"NemoVideo conformance: {data['skill']['name']}, {data['verdict']}"
    return "".join(
        [
            f'<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{escape(title)}</title>',
            f"<style>{(HERE / 'page.css').read_text()}</style>",
            "<header>",
            *_head(result, data),
            "</header><main>",
            *_tools(result),
            '<section data-list><h2 id="rules">Rules</h2>',
            *(_rule(finding, rule) for finding, rule in sorted(zip(result.findings, data["rules"], strict=True), key=_order)),
            '<p class="none dim" hidden>No rule fits.</p></section><section data-list><h2 id="scenarios">Scenarios</h2>',
            *(_scenario(trace, result) for trace in result.traces),
            '<p class="none dim" hidden>No scenario fits.</p></section></main>',
            f"<script>{(HERE / 'page.js').read_text()}</script></html>\n",
        ]
    )


def _head(result: Result, data: dict[str, Any]) -> Iterator[str]:
    verdict = {0: "met", 1: "broken"}.get(result.exit, "unproven")
    yield f'<h1>NemoVideo conformance: <span class="{verdict}">{escape(data["verdict"])}</span></h1>'
    skill, kit = data["skill"], data["kit"]
    facts = [
        f"skill {skill['name']} {skill['version']}",
        f"level {data['level']}",
        f"rate {data['rate']:g}",
        counted(len(data["scenarios"]), "scenario"),
        f"{kit['name']} {kit['version']}",
    ]
    yield f'<p class="facts">{escape(" · ".join(facts))}<br><code>{escape(data["client"])}</code></p>'
    yield '<table class="counts">'
    for words, binds in (("binding", True), ("advice", False)):
        cells = "".join(
            f'<td class="{verdict.replace(" ", "-")}"><span class="n">{result.count(verdict, binds)}</span> {verdict}</td>'  # type: ignore[arg-type]
            for verdict in VERDICTS
        )
        yield f'<tr><th scope="row">{words}</th>{cells}</tr>'
    yield "</table>"
    yield from (f'<p class="unproven">{escape(words)}</p>' for words in [*data["complaints"], *data["notes"]])


def _tools(result: Result) -> Iterator[str]:
    yield '<div class="tools" role="toolbar" aria-label="Filter by verdict">'
    for verdict in VERDICTS:
        count = sum(one.verdict == verdict for one in result.findings)
        name = verdict.replace(" ", "-")
        yield f'<button type="button" class="{name}" data-filter="{name}" aria-pressed="false">{verdict} {count}</button>'
    yield '<input id="search" type="search" placeholder="rule, scenario, words" aria-label="Search"></div>'


def _order(pair: tuple[Finding, dict[str, Any]]) -> tuple[bool, int, int]:
    """What fails first, then by verdict and number."""
    finding, _ = pair
    return not finding.fails, VERDICTS.index(finding.verdict), finding.rule.number


def _rule(finding: Finding, rule: dict[str, Any]) -> str:
    name = finding.verdict.replace(" ", "-")
    words = f"{rule['id']} {rule['name']} {rule['room']} {' '.join(one['scenario'] for one in rule['evidence'] if one['verdict'] == 'broken')}"
    told = [one for one in rule["evidence"] if one["verdict"] == "broken"]
    good = [one for one in rule["evidence"] if one["verdict"] != "broken"]
    binds = "binding" if finding.binds else "advice"
    parts = [
        f'<details id="{rule["id"]}" data-verdict="{name}" data-words="{escape(words.lower())}"{" open" if finding.fails else ""}>',
        f'<summary><span class="id">{rule["id"]}</span><span class="verdict {name}">{finding.verdict}</span> {escape(rule["name"])}',
        f'<span class="tag">{rule["level"]} · {rule["basis"]} · {binds} · {rule["room"]}</span></summary><div>',
        f'<p>{escape(rule["says"])}</p><p class="dim">{escape(clause(finding.rule))}</p>',
        f'<p class="dim">No trace can prove it: {escape(rule["excluded"])}</p>' if rule["excluded"] else "",
        f'<p class="dim">Expected by the baseline: {escape(rule["excused"])}</p>' if rule["excused"] else "",
        *(_evidence(one) for one in [*told, *good[:MOST_GOOD]]),
        f'<p class="dim">and {len(good) - MOST_GOOD} more</p>' if len(good) > MOST_GOOD else "",
        "</div></details>",
    ]
    return "".join(parts)


def _evidence(one: dict[str, Any]) -> str:
    rows = "".join(f"<tr><td>{clock(int(row['at_s'] * 1000))}<td>{escape(row['what'])}" for row in one["proof"])
    cost = str(Cost(**one["cost"]))
    link = f'<a href="#{escape(one["scenario"])}">{escape(one["scenario"])}</a>'
    return (
        f'<p class="why"><span class="{one["verdict"]}">{one["verdict"]}</span> in {link}: {escape(one["why"])}</p>'
        + (f'<p class="cost">cost: {escape(cost)}</p>' if cost and one["verdict"] == "broken" else "")
        + (f'<table class="proof">{rows}</table>' if rows else "")
    )


def _scenario(trace: Trace, result: Result) -> str:
    own: list[tuple[Finding, Evidence]] = [
        (finding, one) for finding in result.findings for one in finding.evidence if one.trace == trace.name
    ]
    wrong = {line for _, one in own if one.verdict == "broken" for line in one.lines}
    right = {line for _, one in own if one.verdict == "met" for line in one.lines} - wrong
    verdict = "broken" if wrong or any(one.verdict == "broken" for _, one in own) else "met" if right else "unproven"
    objections = sorted({finding.rule.id for finding, one in own if one.verdict == "broken"})
    words = f"{trace.name} {' '.join(objections)}".lower()
    how = trace.outcome.get("how", "recorded")
    links = " ".join(f'<a href="#{one}">{one}</a>' for one in objections)
    drafts = [one.draft for one in trace.of("get_state") if one.ok]
    parts = [
        f'<details id="{escape(trace.name)}" data-verdict="{verdict}" data-words="{escape(words)}">',
        f'<summary><span class="verdict {verdict}">{verdict}</span> {escape(trace.name)} {links}',
        f'<span class="tag">{counted(len(trace.messages), "message")} · {counted(len(trace.exchanges), "request")} · {how}</span></summary><div class="cols">',
        f"<div>{diagram.picture(trace, wrong, right)}</div><div>",
        *_talk(trace, wrong),
        *_drafts(drafts),
        "</div></div></details>",
    ]
    return "".join(parts)


def _talk(trace: Trace, wrong: set[int]) -> Iterator[str]:
    yield '<h3>Transcript</h3><ol class="talk">'
    for number, entry in enumerate(trace.entries, 1):
        if entry["kind"] in ("user", "say"):
            kind = entry["kind"] + (" wrong" if number in wrong else "")
            files = "".join(f" [{name}]" for name in entry.get("files", ()))
            yield f'<li class="{kind}">{escape(masked(entry["text"]))}{escape(files)}'
    yield "</ol>"


def _drafts(drafts: list[dict[str, Any]]) -> Iterator[str]:
    if drafts:
        yield "<h3>Draft</h3>"
        for words, draft in (("before", drafts[0]), ("after", drafts[-1])):
            yield f'<p class="dim">{words}{"" if tracks.picture(draft, words) else ": no tracks"}</p>{tracks.picture(draft, f"The draft {words}")}'
