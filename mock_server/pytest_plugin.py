"""The pytest plugin: worlds of the mock as fixtures. TESTING.md tells how to use it.

It is imported in every run of an environment that has the mock installed, so what is heavy is imported by who needs it.
"""

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mock_server.testing import MockWorld, Service

MARKER = (
    "nemo(scenario=..., seed=..., clock='manual'|'instant'|'real', rate=..., verdicts=True, SETTING=...): "
    "how the world of nemo_world begins, and whether its journal is judged at the end"
)
_world: pytest.StashKey["MockWorld"] = pytest.StashKey()
_account: pytest.StashKey[str] = pytest.StashKey()
_failed: pytest.StashKey[bool] = pytest.StashKey()


class Judging:
    """What a judge implements."""

    @pytest.hookspec(firstresult=True)
    def pytest_nemo_judge(self, item: pytest.Item, entries: list[dict[str, Any]], marker: dict[str, Any]) -> list[Any] | None:
        """Judge a client by what its test left behind, called when a test marked `nemo(verdicts=...)` has passed.

        `entries`: the trace: first what the client was given, then the journal with what was said. `marker`: all that the test's
        markers say; `verdicts` is True, or a list of rule ids. Give a list of verdicts, each an object with the keys rule, verdict (met,
        broken, unproven, not applicable) and why; one that is broken fails the test. None: another judge is asked.
        """


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(Judging)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)


@pytest.fixture(scope="session")
def nemo_service() -> Iterator["Service"]:
    """Where all worlds of this process live; started by the first test that uses one."""
    from mock_server.testing import Service

    with Service() as service:
        yield service


@pytest.fixture
def nemo_world(request: pytest.FixtureRequest, nemo_service: "Service") -> Iterator["MockWorld"]:
    """A world of the mock for this test alone, as its `nemo` markers say; deleted when the test ends."""
    from mock_server.testing import marked

    __tracebackhide__ = True
    item: pytest.Item = request.node
    with marked.world_of(item, nemo_service) as world:
        item.stash[_world] = world
        yield world
        try:
            if not item.stash.get(_failed, False):
                marked.conclude(item, world)
        finally:
            item.stash[_account] = world.account()
            del item.stash[_world]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test tells what its world has seen."""
    report = yield
    if report.failed:
        item.stash[_failed] = True
        world = item.stash.get(_world, None)
        told = world.account() if world is not None else item.stash.get(_account, "")
        if told:
            report.sections.append(("nemo world", told))
    return report
