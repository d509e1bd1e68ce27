"""A local reference mock of the NemoVideo agent API.

What is promised to Python code is `__all__`; of `scenario`: `names`, `find`, `read`, `Scenario`, `ScenarioError`.
conformance/RECIPES.md lists it. Each is imported when it is first asked for, so that importing the package is free.
"""

__version__ = "0.1.0"
__all__ = ["MockWorld", "PlanError", "Running", "ServeError", "__version__", "mock_world", "running", "scenario"]

TYPE_CHECKING = False  # as type checkers read it; `typing` itself need not be imported
if TYPE_CHECKING:
    from mock_server import scenario
    from mock_server.serve import Running, ServeError, running
    from mock_server.testing import MockWorld, PlanError, mock_world
else:
    _HOMES = {
        "mock_server.serve": ("Running", "ServeError", "running"),
        "mock_server.testing": ("MockWorld", "PlanError", "mock_world"),
    }

    def __getattr__(name):
        from importlib import import_module

        if name == "scenario":
            return import_module("mock_server.scenario")
        for home, names in _HOMES.items():
            if name in names:
                return getattr(import_module(home), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
