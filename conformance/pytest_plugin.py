"""The kit under pytest: `pytest --pyargs conformance --client "COMMAND"` makes a test of every scenario.

pytest-xdist spreads them over cores or machines. A test fails when a binding MUST is broken in its scenario, or when nothing that
the scenario puts to the test was proven. Nothing is imported as long as nobody asks.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conformance.runner import Bench


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("nemovideo-conformance")
    group.addoption("--client", metavar="COMMAND", help="the client under test; see conformance/CLIENT.md")
    group.addoption("--client-skill", default="music-to-a", metavar="NAME|SKILL.md", help="the skill it follows")
    group.addoption("--client-level", default="seed", choices=("seed", "vendor"), help="vendor: the vendor's rules bind too")
    group.addoption(
        "--client-rate", default=1.0, type=float, help="virtual seconds in a real one, for clients that scale their waits"
    )


@pytest.fixture(scope="session")
def conformance_bench() -> "Iterator[Bench]":
    """The server that all scenarios of a process share."""
    from conformance.runner import bench

    with bench() as it:
        yield it


@pytest.hookimpl(optionalhook=True)
def pytest_nemo_judge(entries: list[dict[str, Any]], marker: dict[str, Any]) -> list[dict[str, str]]:
    """For tests marked `nemo(verdicts=True)` of the mock's plugin: the rules that bind a client of the seed skills. With a list of rules
    instead of True, these alone."""
    from conformance.judging import judge
    from conformance.report.lines import proof
    from conformance.report.masking import masked
    from conformance.trace import Trace

    wanted = marker["verdicts"] if isinstance(marker["verdicts"], list | tuple) else ()
    trace = Trace(entries)
    unknown = ""
    try:
        judged = judge([trace], rules=map(str, wanted))
    except LookupError as error:
        unknown = str(error)
    if unknown:
        pytest.fail(f"@pytest.mark.nemo(verdicts=...): {unknown}", pytrace=False)
    asked = judged.held.asked
    rows = []
    for one in judged.findings:
        if one.rule.id not in asked and (asked or not one.counts):
            continue
        found = one.objections[:1] or one.evidence[:1]
        lines = "".join(f"\n    {row['at_s']:8.1f} s  {row['what']}" for row in proof(trace, found[0])) if one.objections else ""
        rows.append(
            {
                "rule": f"{one.rule.id} {one.rule.name}",
                "verdict": one.verdict,
                "why": masked((found[0].why if found else "") + lines),
            }
        )
    return rows
