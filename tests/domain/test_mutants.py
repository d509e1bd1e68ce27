"""The world machine sees defects: each planted one makes it fail, in the examples in which the world as it is passes."""

import pytest

from tests.domain.mutants import BREACHES, MUTANTS
from tests.domain.test_world_machine import run_machine


@pytest.mark.parametrize("name", MUTANTS)
def test_the_machine_kills(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A world with this defect breaks a law."""
    MUTANTS[name](monkeypatch)

    with pytest.raises(BREACHES):
        run_machine()
