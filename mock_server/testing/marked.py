"""Markers of a pytest test: the world they ask for, and the verdicts at its end."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from mock_server.testing.opening import opened
from mock_server.testing.plan import Plan, PlanError, read_plan
from mock_server.testing.service import Service
from mock_server.testing.world import MockWorld

VERDICTS = "verdicts"
NOBODY = (
    "@pytest.mark.nemo(verdicts=...): nothing here judges a client. Verdicts come from the plugin of the conformance kit "
    "(pytest -p conformance.pytest_plugin), or from a function pytest_nemo_judge(entries, marker) in a conftest.py"
)


def asked_of(item: pytest.Item) -> dict[str, Any]:
    """What all its markers say together; the nearest to the test wins. Fails the test for arguments without a name."""
    asked: dict[str, Any] = {}
    for marker in item.iter_markers("nemo"):
        if marker.args:
            pytest.fail(f"@pytest.mark.nemo({marker.args[0]!r}): give it a name, like scenario={marker.args[0]!r}", pytrace=False)
        asked = {**marker.kwargs, **asked}
    return asked


@contextmanager
def world_of(item: pytest.Item, service: Service) -> Iterator[MockWorld]:
    """Fails the test for a marker that cannot be."""
    asked = asked_of(item)
    verdicts = asked.pop(VERDICTS, False)
    if not isinstance(verdicts, bool | list | tuple):
        pytest.fail(f"@pytest.mark.nemo: verdicts: {verdicts!r} is neither True nor a list of rule ids", pytrace=False)
    if verdicts and not item.ihook.pytest_nemo_judge.get_hookimpls():
        pytest.fail(NOBODY, pytrace=False)
    scenario = asked.get("scenario")
    if isinstance(scenario, str) and (beside := item.path.parent / scenario).is_file():
        asked["scenario"] = beside
    with opened(_plan(asked), item.name, service) as world:
        yield world


def _plan(asked: Mapping[str, Any]) -> Plan:
    try:
        return read_plan(asked, (VERDICTS,))
    except PlanError as error:
        words = str(error)
    pytest.fail(f"@pytest.mark.nemo: {words}", pytrace=False)


def conclude(item: pytest.Item, world: MockWorld) -> None:
    """At the end of a test that passed: raises what a started call raised unseen; fails where a rule is broken."""
    __tracebackhide__ = True
    if (missed := world.missed()) is not None:
        raise missed
    asked = asked_of(item)
    if not asked.get(VERDICTS):
        return
    verdicts = item.ihook.pytest_nemo_judge(item=item, entries=world.trace(), marker=asked)
    if verdicts is None:
        pytest.fail("pytest_nemo_judge: every judge gave None, so there are no verdicts", pytrace=False)
    rows = [_row(one) for one in verdicts]
    item.add_report_section("teardown", "nemo verdicts", "\n".join(" ".join(row) for row in rows) or "none")
    broken = [row for row in rows if row[1] == "broken"]
    if broken:
        pytest.fail(
            "\n".join(["the client breaks documented rules:", *(f"{rule}: {why}" for rule, _, why in broken)]), pytrace=False
        )


def _row(verdict: Any) -> tuple[str, str, str]:
    """Rule, verdict, why: of a mapping, or of an object with such attributes. Fails the test for anything else."""
    names = ("rule", "verdict", "why")
    told = verdict if isinstance(verdict, Mapping) else {n: getattr(verdict, n) for n in names if hasattr(verdict, n)}
    if lacking := [name for name in names if name not in told]:
        pytest.fail(f"pytest_nemo_judge gave {verdict!r:.200}, which lacks {', '.join(lacking)}", pytrace=False)
    return str(told["rule"]), str(told["verdict"]), str(told["why"])
