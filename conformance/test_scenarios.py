"""A test for each scenario, with the client that --client names: `pytest --pyargs conformance --client "COMMAND"`."""

import shlex

import pytest

from conformance.client import of_command
from conformance.report import terminal
from conformance.report.lines import ended
from conformance.report.masking import masked
from conformance.result import Held, result
from conformance.runner import Bench, Conversation, Play, rules_of, scenarios, skill_of
from conformance.skill.profile import profile


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    told = scenarios() if metafunc.config.getoption("--client") else []
    metafunc.parametrize("name", [one.name for one in told])


def test_scenario(name: str, conformance_bench: Bench, pytestconfig: pytest.Config, worker_id: str = "") -> None:
    option = pytestconfig.getoption
    skill = profile(option("--client-skill"))
    spec = of_command(shlex.split(option("--client")))
    play = Play(rate=option("--client-rate"), skill=skill_of(skill))
    (told,) = scenarios([name])
    trace = Conversation(conformance_bench, play, told, name).run(spec)
    held = Held(skill.name, skill.version, skill.carries, option("--client-level"))
    expected = set(rules_of(told))
    found = result(str(spec), held, play.rate, [trace], expected)
    if any(one.fails for one in found.findings) or found.not_started:
        pytest.fail(terminal.plain(found), pytrace=False)
    asked = [one for one in found.findings if one.expected and one.counts]
    if asked and not any(one.verdict == "met" for one in asked):
        words = [f"{one.rule.id} {one.rule.name}" for one in asked]
        pytest.fail(masked(f"unproven: {', '.join(words)}; {ended(trace.outcome)}"), pytrace=False)
