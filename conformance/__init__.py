"""A conformance kit for clients of the NemoVideo agent API.

What is promised to Python code is `__all__`; of `catalogue`: `rules`, `find`, `Rule`, `Evidence`; of `skill`: its `__all__`.
RECIPES.md lists it. Each is imported when it is first asked for, so that importing the package is free.
"""

__version__ = "0.1.0"
__all__ = ["Result", "Trace", "__version__", "catalogue", "judge", "skill", "traces"]

TYPE_CHECKING = False  # as type checkers read it; `typing` itself need not be imported
if TYPE_CHECKING:
    from conformance import catalogue, skill
    from conformance.judging import judge, traces
    from conformance.result import Result
    from conformance.trace import Trace
else:
    _HOMES = {
        "Result": "conformance.result",
        "Trace": "conformance.trace",
        "judge": "conformance.judging",
        "traces": "conformance.judging",
    }

    def __getattr__(name):
        from importlib import import_module

        if name in ("catalogue", "skill"):
            return import_module(f"conformance.{name}")
        if name in _HOMES:
            return getattr(import_module(_HOMES[name]), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
