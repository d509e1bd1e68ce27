"""Worlds for tests, with or without pytest: `with mock_world(scenario="silent-edit") as world:`. TESTING.md tells more."""

from mock_server.testing.exchanges import Exchange
from mock_server.testing.opening import mock_world
from mock_server.testing.plan import PlanError
from mock_server.testing.service import Service
from mock_server.testing.started import Started
from mock_server.testing.world import MockWorld

__all__ = ["Exchange", "MockWorld", "PlanError", "Service", "Started", "mock_world"]
