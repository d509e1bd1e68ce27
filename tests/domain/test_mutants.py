"""The world machine sees defects: each planted one makes it fail."""

import pytest
from hypothesis import Phase
from hypothesis.stateful import run_state_machine_as_test

from tests.domain.mutants import BREACHES, MUTANTS
from tests.domain.test_world_machine import WorldMachine, quick

SETTINGS = quick(60, 30, phases=(Phase.generate,), report_multiple_bugs=False)


def test_the_machine_passes_unmutated() -> None:
    """What kills the mutants is the defect in them: the world as it is passes under the same settings."""
    run_state_machine_as_test(WorldMachine, settings=SETTINGS)


@pytest.mark.parametrize("name", MUTANTS)
def test_the_machine_kills(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A world with this defect breaks a law."""
    MUTANTS[name](monkeypatch)

    with pytest.raises(BREACHES):
        run_state_machine_as_test(WorldMachine, settings=SETTINGS)
