"""A result for people at a terminal: what was broken first, with its proof; then a summary that fits a screen."""

import shlex
from collections.abc import Iterator

import click

from conformance import __version__
from conformance.catalogue import Evidence, Rule, Verdict
from conformance.report.lines import clock, ended, proof, short, tame
from conformance.report.masking import masked
from conformance.result import BROKEN, MET, Finding, Result
from conformance.trace import Trace

MARKS: dict[Verdict, tuple[str, str]] = {
    "met": ("✓", "green"),
    "broken": ("✗", "red"),
    "unproven": ("?", "yellow"),
    "not applicable": ("·", "bright_black"),
}
#: Proofs of one rule that are told in full; the others are counted.
MOST_PROOFS = 2


def text(result: Result) -> str:
    """With colours; click takes them out where there is no terminal."""
    return masked("\n".join(_lines(result)))


def plain(result: Result) -> str:
    """The same without colours."""
    return click.unstyle(text(result))


def _lines(result: Result) -> Iterator[str]:
    broken = [one for one in result.findings if one.fails]
    warned = [one for one in result.findings if one.verdict == "broken" and one.binds and not one.fails]
    advice = [one for one in result.findings if one.verdict == "broken" and not one.binds]
    for title, findings in (("Broken", broken), ("Warnings, and what the baseline excuses", warned)):
        if findings:
            yield from _section(title, findings, result)
    if advice:
        yield _title(f"Advice: broken, but not binding for {result.held.skill} at level {result.held.level}")
        yield from (f"  {_head(one)}  {one.objections[0].trace}: {short(one.objections[0].why, 90)}" for one in advice)
        yield ""
    missing = [one for one in result.findings if one.missing]
    if missing:
        yield _title("Unproven: put to the test, and nothing to be concluded")
        yield from (f"  {_head(one)}  {_why_unproven(one)}" for one in missing)
        yield ""
    yield from _trouble(result)
    yield from _summary(result)


def _section(title: str, findings: list[Finding], result: Result) -> Iterator[str]:
    yield _title(title)
    for one in findings:
        yield f"  {_head(one)}"
        yield click.style(f"      {one.rule.says}", dim=True)
        yield click.style(f"      {clause(one.rule)}", dim=True)
        for evidence in one.objections[:MOST_PROOFS]:
            yield from _proof(evidence, result)
        if others := one.objections[MOST_PROOFS:]:
            yield f"      and {len(others)} more in {short(', '.join(sorted({each.trace for each in others})), 90)}"
        if one.excused:
            yield f"      expected: {one.excused}"
        if cost := next((str(e.cost) for e in one.objections if str(e.cost)), ""):
            yield f"      cost: {cost}"
        if result.again:
            words = ("nemovideo-conformance", "run", "--only", one.objections[0].trace, *result.again)
            yield click.style(f"      again: {tame(shlex.join(words))}", dim=True)
        yield ""


def _proof(evidence: Evidence, result: Result) -> Iterator[str]:
    yield f"      {click.style(evidence.trace, bold=True)}: {tame(evidence.why)}"
    trace = next((one for one in result.traces if one.name == evidence.trace), Trace([]))
    last_s = None
    for row in proof(trace, evidence)[:6]:
        gap = f"  {row['at_s'] - last_s:+.1f} s" if last_s is not None else ""
        last_s = row["at_s"]
        yield f"        {clock(int(row['at_s'] * 1000))}  {row['what']}{click.style(gap, dim=True)}"


def clause(rule: Rule) -> str:
    """Where a rule stands in the documents."""
    from conformance.sentences import of_rule

    told = of_rule(rule.id)
    places = [f"{place} ({entry.gist})" for entry in told[:1] for place in entry.at[:1]]
    return "; ".join([*places, f"{rule.basis}: {', '.join(rule.sources)}"])


def _head(one: Finding) -> str:
    mark, colour = MARKS[one.verdict]
    return (
        f"{click.style(mark, fg=colour)} {click.style(one.rule.id, bold=True)} {one.rule.name}  {one.rule.level} {one.rule.basis}"
    )


def _why_unproven(one: Finding) -> str:
    told = [evidence.why for evidence in one.evidence if evidence.verdict == "unproven"]
    return short(told[0], 100) if told else "the client never came to the point"


def _trouble(result: Result) -> Iterator[str]:
    rows = [f"{trace.name}: {ended(trace.outcome)}{_last_words(trace)}" for trace in result.traces if not trace.finished]
    rows += [
        f"{trace.name}: never met: {', '.join(trace.outcome['unfired'])}"
        for trace in result.traces
        if trace.outcome.get("unfired")
    ]
    rows += [
        f"{trace.name}: left behind: {', '.join(trace.outcome['left'])}" for trace in result.traces if trace.outcome.get("left")
    ]
    rows += [f"{trace.name}: {trace.incomplete}" for trace in result.traces if trace.incomplete]
    rows += [f"not run any more: {short(', '.join(result.skipped), 90)}"] * bool(result.skipped)
    rows += list(result.complaints) + list(result.notes)
    if rows:
        yield _title("Worth knowing")
        yield from (f"  {row}" for row in rows[:20])
        yield from [f"  and {len(rows) - 20} more"] * (len(rows) > 20)
        yield ""


def _last_words(trace: Trace) -> str:
    said = str(trace.outcome.get("stderr") or "").strip().splitlines()
    return f" ({short(said[-1], 90)})" if said else ""


def _summary(result: Result) -> Iterator[str]:
    yield click.style("─" * 78, dim=True)
    held = result.held
    yield f"nemovideo-conformance {__version__}  skill {held.skill} {held.version}  level {held.level}  rate {result.rate:g}  {len(result.traces)} scenario{'s' * (len(result.traces) != 1)}"
    for words, binds in (("binding", True), ("advice", False)):
        told = [
            click.style(f"{result.count(verdict, binds)} {verdict}", fg=colour if result.count(verdict, binds) else None)
            for verdict, (_, colour) in MARKS.items()
        ]
        yield f"  {words:8} {'   '.join(told)}"
    colour = {MET: "green", BROKEN: "red"}.get(result.exit, "yellow")
    fails = sum(one.fails for one in result.findings)
    missing = sum(one.missing for one in result.findings)
    detail = "; ".join(
        [
            *([f"{fails} binding rule{'s' * (fails != 1)} broken"] if fails else []),
            *([f"{missing} unproven"] if missing else []),
            *(
                [f"{len(result.complaints)} complaint{'s' * (len(result.complaints) != 1)} about the baseline"]
                if result.complaints
                else []
            ),
        ]
    )
    yield click.style(f"  {result.words}", fg=colour, bold=True) + (f": {detail}" if detail else "")


def _title(words: str) -> str:
    return click.style(words, bold=True)
