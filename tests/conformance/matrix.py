"""Which rules the broken clients break, one flaw each: `python tests/conformance/matrix.py [FLAW or RULE ...]`.

Prints a line for each flaw that was not reached, or broke anything but its own rule. With --full each flaw is played in every
scenario that puts its rule to the test, and has to show in its own; with --write the outcome goes to `conformance/MATRIX.md`.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

TOP = Path(__file__).parents[2]
sys.path[:0] = [str(TOP), str(TOP / "tests" / "conformance")]

from kit import RATE, broken, explained, objections, overlaps  # noqa: E402  # the paths come first

from conformance import catalogue, runner  # noqa: E402
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


def play(names: Sequence[str], full: bool = False) -> Iterator[Outcome]:
    """Each flaw in its scenarios, all at once in one process; what proves nothing then is played once more, slowly and with less beside
    it, since on a busy machine a wait of five virtual seconds may last thirty."""
    for outcome in _played(names, RATE, full):
        yield next(_played([outcome.name], RATE / 4, full)) if outcome.wrong else outcome


def _played(names: Sequence[str], rate: float, full: bool) -> Iterator[Outcome]:
    loading = broken()
    flaws = loading.flaws()
    scenarios = {one.name: one for one in runner.scenarios()}
    exercising: dict[str, list[str]] = {}
    for one in scenarios.values():
        for rule in runner.rules_of(one):
            exercising.setdefault(rule, []).append(one.name)
    pairs = [
        (name, scenario)
        for name in names
        for scenario in sorted({*flaws[name].scenarios, *(exercising.get(flaws[name].rule, ()) if full else ())})
    ]
    reached: set[str] = set()
    from concurrent.futures import ThreadPoolExecutor

    with runner.bench() as bench, ThreadPoolExecutor(12) as pool:

        def one(number: int) -> runner.Trace:
            name, scenario = pairs[number]
            spec = Spec(make=loading.client(flaws[name].plant, lambda: reached.add(name)))
            if overlaps(scenarios[scenario]):
                spec = Spec((sys.executable, str(loading.HERE), name))
            trace = runner.Conversation(bench, runner.Play(rate=rate), scenarios[scenario], f"m{number}").run(spec)
            if "reached" in str(trace.outcome.get("stderr")):
                reached.add(name)
            return trace

        traces = list(pool.map(one, range(len(pairs))))
    for name in names:
        own = [trace for (who, _), trace in zip(pairs, traces, strict=True) if who == name]
        yield Outcome(name, flaws[name].rule, name in reached, dict(objections(own)))


HEAD = """# Rules and broken clients

Each broken client is the reference client with one flaw. It breaks the rule it is named after and no other: `make test` plays
each in the scenarios where it shows, `make certify` in every scenario that puts the rule to the test. Made by
`python tests/conformance/matrix.py --write`, which writes nothing while a flaw proves nothing.

| rule | broken clients | breaks |
|---|---|---|
"""


def table(outcomes: Sequence[Outcome]) -> str:
    """A row for each rule: its flaws, and every rule that any of them broke."""
    rows = []
    for rule in catalogue.rules().values():
        own = [one for one in outcomes if one.rule == rule.id]
        flaws = ", ".join(f"`{one.name.partition('.')[2]}`" for one in own)
        found = sorted({broke for one in own for broke in one.found})
        told = f"excluded: {rule.excluded}" if rule.excluded else f"{flaws} | {', '.join(found)}"
        rows.append(f"| {rule.id} {rule.name} | {told} |" if not rule.excluded else f"| {rule.id} {rule.name} | | {told} |")
    return HEAD + "\n".join(rows) + f"\n\n{len(outcomes)} broken clients, {len(catalogue.rules())} rules.\n"


def main(words: Sequence[str]) -> int:
    asked = [word for word in words if not word.startswith("--")]
    names = [name for name in broken().flaws() if not asked or name in asked or name.split(".")[0] in asked]
    outcomes = list(play(names, full="--full" in words))
    wrong = [outcome for outcome in outcomes if outcome.wrong]
    if "--write" in words and not wrong and not asked:
        (TOP / "conformance" / "MATRIX.md").write_text(table(outcomes), "utf-8")
    for outcome in wrong:
        print(f"{outcome.name}: {outcome.wrong}\n{explained(outcome.found)}")
    print(f"{len(names)} flaws, {len(wrong)} that prove nothing")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
