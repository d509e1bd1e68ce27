"""A world for the length of a `with` block."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mock_server.testing.plan import Plan, read_plan
from mock_server.testing.service import Service, shared
from mock_server.testing.world import MockWorld


@contextmanager
def opened(plan: Plan, name: str, service: Service) -> Iterator[MockWorld]:
    live, variables = service.begin(plan, name)
    world = MockWorld(service, live.world.name, plan.scenario, variables)
    try:
        yield world
    finally:
        world.close()


@contextmanager
def mock_world(*, name: str = "world", **asked: Any) -> Iterator[MockWorld]:
    """A world of its own, in a service that all of this process share.

    `asked`: `scenario` (a name or a file), `seed`, `clock` (manual unless said), `rate` (of a real clock), settings by name.
    Raises PlanError for what cannot be, and at the end what a started call raised, if nobody has looked.
    """
    with opened(read_plan(asked), name, shared()) as world:
        yield world
        if (missed := world.missed()) is not None:
            raise missed
