"""Which rules the broken clients break, one flaw each: `python tests/conformance/matrix.py [FLAW or RULE ...]`.

Prints a line for each flaw that was not reached, or broke anything but its own rule; nothing more when all is well.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

TOP = Path(__file__).parents[2]
sys.path[:0] = [str(TOP), str(TOP / "tests" / "conformance")]

from kit import RATE, broken, explained, objections  # noqa: E402  # the paths come first

from conformance import runner  # noqa: E402
from conformance.client import Spec  # noqa: E402


class Outcome(NamedTuple):
    name: str
    rule: str
    reached: bool
    found: dict[str, list]

    @property
    def wrong(self) -> str:
        """Why this proves nothing; "" when the flaw broke its rule and no other."""
        if not self.reached:
            return "the flaw was never reached"
        if set(self.found) != {self.rule}:
            return f"broke {', '.join(self.found) or 'nothing'} instead of {self.rule} alone"
        return ""


def play(names: Sequence[str], rate: float = RATE) -> Iterator[Outcome]:
    """Each flaw in its scenarios, all at once in one process."""
    loading = broken()
    flaws = loading.flaws()
    scenarios = {one.name: one for one in runner.scenarios(sorted({s for name in names for s in flaws[name].scenarios}))}
    pairs = [(name, scenario) for name in names for scenario in flaws[name].scenarios]
    reached: set[str] = set()
    from concurrent.futures import ThreadPoolExecutor

    with runner.bench() as bench, ThreadPoolExecutor(12) as pool:

        def one(number: int) -> runner.Trace:
            name, scenario = pairs[number]
            spec = Spec(make=loading.client(flaws[name].plant, lambda: reached.add(name)))
            return runner.Conversation(bench, runner.Play(rate=rate), scenarios[scenario], f"m{number}").run(spec)

        traces = list(pool.map(one, range(len(pairs))))
    for name in names:
        own = [trace for (who, _), trace in zip(pairs, traces, strict=True) if who == name]
        yield Outcome(name, flaws[name].rule, name in reached, dict(objections(own)))


def main(words: Sequence[str]) -> int:
    names = [name for name in broken().flaws() if not words or name in words or name.split(".")[0] in words]
    wrong = [outcome for outcome in play(names) if outcome.wrong]
    for outcome in wrong:
        print(f"{outcome.name}: {outcome.wrong}\n{explained(outcome.found)}")
    print(f"{len(names)} flaws, {len(wrong)} that prove nothing")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
