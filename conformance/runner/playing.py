"""Which scenarios there are, and playing them side by side."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from threading import Event

from conformance.client import Spec
from conformance.runner.bench import Mode, Play, bench
from conformance.runner.conversation import Conversation
from conformance.trace import Trace
from mock_server import scenario
from mock_server.scenario import Scenario


def scenarios(words: Iterable[str] = ()) -> list[Scenario]:
    """Those that put rules to the test and in which a user speaks; with words, only these, by name or file. Raises ScenarioError."""
    chosen = list(words) or scenario.names()
    told = [_read(scenario.find(word)) for word in chosen]
    return [one for one in told if one.messages and (list(words) or any(word.startswith("rule ") for word in one.covers))]


@cache
def _read(path: Path) -> Scenario:
    return scenario.read(path)


def trouble(mode: Mode) -> str:
    """Why clients cannot be led to the mock in that way on this machine; "" when they can."""
    if mode == "direct":
        return ""
    from mock_server.intercept import sandbox

    if mode == "sandbox" and (rule := sandbox.trouble()):
        return f"there can be no sandbox here: {rule}; --mode env needs none, but leaks what honours no proxy"
    return "" if find_spec("trustme") else "this needs the extra 'tls': pip install 'nemovideo-mock[tls]'"


def names() -> list[str]:
    """Scenarios known by name."""
    return scenario.names()


def rules_of(told: Scenario) -> list[str]:
    """Ids of the rules that a scenario puts to the test."""
    return [f"NV-{int(word.split()[1]):03}" for word in told.covers if word.startswith("rule ")]


def play(
    spec: Spec,
    chosen: Sequence[Scenario],
    how: Play,
    told: Callable[[Scenario, Trace], None] = lambda _one, _trace: None,
    stop: Callable[[], bool] = lambda: False,
) -> list[Trace]:
    """Traces in the order of the scenarios. `told` hears of each as soon as it is there, in a thread of its own; once `stop` says
    so, no other one begins. Raises ServeError."""
    ended = Event()
    with bench(how.seed) as it, ThreadPoolExecutor(min(how.width, len(chosen) or 1)) as pool:

        def one(number: int, which: Scenario) -> Trace | None:
            if ended.is_set() or stop():
                return None
            trace = Conversation(it, how, which, f"c{number}").run(spec)
            told(which, trace)
            return trace

        longest_first = sorted(enumerate(chosen), key=lambda pair: -_length_s(pair[1]))
        futures = {number: pool.submit(one, number, which) for number, which in longest_first}
        try:
            found = [futures[number].result() for number in range(len(chosen))]
        except BaseException:  # Ctrl-C among others: nobody waits for the clients any more
            ended.set()
            it.abandon()
            raise
    return [trace for trace in found if trace is not None]


def _length_s(told: Scenario) -> float:
    """Roughly how long it takes: long turns begin first, so that nothing waits for them in the end."""
    turns = sum(float(turn.takes_s or 0) for turn in told.turns)
    return turns + 60 * len(told.messages)
