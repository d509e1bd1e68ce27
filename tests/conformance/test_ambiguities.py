"""What the documents leave open: every reading can be run, and none is failed for being the other one."""

from concurrent.futures import ThreadPoolExecutor

from conformance import catalogue, runner
from conformance.ambiguities import ambiguities
from conformance.client import Spec
from conformance.result import Held, result
from conformance.skill.profile import profile
from tests.conformance.kit import RATE, broken


def test_every_row_can_be_run_and_is_graded() -> None:
    variants, known, scenarios = broken().readings(), catalogue.rules(), runner.names()

    for row in ambiguities():
        assert row.readings and row.graded
        assert set(row.graded) <= known.keys(), row.id
        for reading in row.readings:
            assert bool(reading.scenario) != bool(reading.client), row.id
            assert not reading.scenario or reading.scenario in scenarios, row.id
            assert not reading.client or reading.client == "reference" or reading.client in variants, row.id
    assert variants.keys() <= {reading.client for row in ambiguities() for reading in row.readings}


def test_no_reading_is_failed() -> None:
    """Each variant in its scenarios breaks nothing that binds by any of the four seeds, and does what it says."""
    variants = broken().readings()
    pairs = [(name, scenario) for name, one in variants.items() for scenario in one.scenarios]
    reached: set[str] = set()
    told = {one.name: one for one in runner.scenarios(sorted({scenario for _, scenario in pairs}))}
    with runner.bench() as bench, ThreadPoolExecutor(12) as pool:

        def play(number: int) -> runner.Trace:
            name, scenario = pairs[number]
            spec = Spec(make=broken().client(variants[name].plant, lambda: reached.add(name)))
            return runner.Conversation(bench, runner.Play(rate=RATE), told[scenario], f"r{number}").run(spec)

        traces = list(pool.map(play, range(len(pairs))))
    skill = profile("music-to-a")
    for (name, _), trace in zip(pairs, traces, strict=True):
        found = result("", Held(skill.name, skill.version, skill.carries), RATE, [trace], ())
        assert [one.rule.id for one in found.findings if one.fails] == [], name
    assert reached == set(variants)
