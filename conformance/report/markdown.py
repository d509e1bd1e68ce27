"""A result as Markdown, short enough for a pull request."""

from collections.abc import Iterator
from typing import Any

from conformance.report.data import as_data
from conformance.report.lines import counted
from conformance.result import Result

#: The most rules that are told with their proof.
MOST = 20


def text(result: Result) -> str:
    return "\n".join(_lines(result, as_data(result))) + "\n"


def _lines(result: Result, data: dict[str, Any]) -> Iterator[str]:
    sign = {0: "✅", 1: "❌"}.get(result.exit, "❔")
    skill = data["skill"]
    yield f"## {sign} NemoVideo conformance: {data['verdict']}"
    yield ""
    yield f"Skill `{skill['name']}` {skill['version']}, level {data['level']}, rate {data['rate']:g}, {counted(len(data['scenarios']), 'scenario')}."
    yield ""
    yield "| | met | broken | unproven | not applicable |"
    yield "|---|--:|--:|--:|--:|"
    for words, binds in (("binding", True), ("advice", False)):
        counts = [result.count(verdict, binds) for verdict in ("met", "broken", "unproven", "not applicable")]
        yield f"| {words} | {' | '.join(map(str, counts))} |"
    fails = {one.rule.id for one in result.findings if one.fails}
    missing = {one.rule.id for one in result.findings if one.missing}
    broken = [rule for rule in data["rules"] if rule["id"] in fails]
    if broken:
        yield from ("", "### Broken", "")
        for rule in broken[:MOST]:
            yield from _rule(rule)
        if len(broken) > MOST:
            yield f"- and {len(broken) - MOST} more"
    unproven = [rule for rule in data["rules"] if rule["id"] in missing]
    if unproven:
        yield from ("", "### Unproven", "")
        yield from (f"- **{rule['id']}** {rule['name']}" for rule in unproven[:MOST])
    others = [rule for rule in data["rules"] if rule["verdict"] == "broken" and rule["id"] not in fails]
    if others:
        yield from ("", f"<details><summary>{len(others)} warnings and pieces of advice</summary>", "")
        yield from (f"- {rule['id']} {rule['name']}: {_cell(_first(rule)['why'])}" for rule in others)
        yield from ("", "</details>")
    if data["complaints"] or data["notes"]:
        yield ""
        yield from (f"> {_cell(words)}" for words in [*data["complaints"], *data["notes"]])


def _rule(rule: dict[str, Any]) -> Iterator[str]:
    one = _first(rule)
    yield f"- **{rule['id']} {rule['name']}** ({rule['level']}, {rule['basis']}: {', '.join(rule['sources'])}). {rule['says']}"
    yield f"  - `{one['scenario']}`: {_cell(one['why'])}"
    yield from (f"    - {row['at_s']:.1f} s: `{row['what'].replace('`', '´')}`" for row in one["proof"][:4])


def _first(rule: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in rule["evidence"] if one["verdict"] == "broken")
    return found


def _cell(words: str) -> str:
    return words.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
