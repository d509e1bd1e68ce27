"""Makes `fixtures/traces` anew: `python tests/conformance/make_traces.py [RULE ...]`, after a rule or a flaw has changed.

For each rule the shortest trace found that keeps it (of the reference client) and one that breaks it and no other rule (of its first
broken client): whole runs, of which every line is left out that the verdict does not need.
"""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

TOP = Path(__file__).parents[2]
sys.path[:0] = [str(TOP), str(TOP / "tests" / "conformance")]

from kit import RATE, broken, objections  # noqa: E402  # the paths come first
from matrix import overlaps  # noqa: E402

from conformance import catalogue, runner  # noqa: E402
from conformance.client import Spec  # noqa: E402
from conformance.trace import Entry, Trace  # noqa: E402

FOLDER = TOP / "fixtures" / "traces"


def renumbered(entries: Sequence[Entry]) -> list[Entry]:
    """With numbers of the journal that have no gaps, so that nothing seems forgotten."""
    new: dict[int, int] = {}
    for one in entries:
        if "seq" in one:
            new[one["seq"]] = len(new) + 1
    told = []
    for one in entries:
        changed = {**one, "seq": new[one["seq"]]} if "seq" in one else dict(one)
        if "of" in one:
            changed["of"] = new.get(one["of"], 0)
        told.append(changed)
    return told


def shortened(entries: list[Entry], fits: Callable[[Trace], bool]) -> list[Entry] | None:
    """The entries without those that do not matter to `fits`; None when even the whole does not fit."""
    kept = renumbered(entries)
    if not fits(Trace(kept)):
        return None
    size = max(1, len(kept) // 2)
    while True:
        place, shrunk = 0, False
        while place < len(kept):
            fewer = renumbered(kept[:place] + kept[place + size :])
            orphans = any("of" in one and not one["of"] for one in fewer)
            if fewer and not orphans and fits(Trace(fewer)):
                kept, shrunk = fewer, True
            else:
                place += size
        if size == 1 and not shrunk:
            return kept
        size = max(1, size // 2)


def keeps(rule: catalogue.Rule, trace: Trace) -> bool:
    return catalogue.verdict(rule, catalogue.judge(rule, trace)) == "met"


def whole_and_met(rule: catalogue.Rule, trace: Trace) -> bool:
    return keeps(rule, trace) and not objections([trace])


def breaks_alone(rule: catalogue.Rule, trace: Trace) -> bool:
    told = catalogue.verdict(rule, catalogue.judge(rule, trace)) == "broken"
    return told and set(objections([trace])) == {rule.id}


def write(path: Path, entries: list[Entry]) -> None:
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in entries).replace(f"{TOP}/", ""))


def main(words: Sequence[str]) -> int:
    """Exit status 1 when a rule has no trace of either kind."""
    FOLDER.mkdir(exist_ok=True)
    loading = broken()
    rules = [one for one in catalogue.rules().values() if one.check and (not words or one.id in words)]
    scenarios = {one.name: one for one in runner.scenarios()}
    exercising = {rule.id: [name for name, one in scenarios.items() if rule.id in runner.rules_of(one)] for rule in rules}
    flaws = {rule.id: next(((n, f) for n, f in loading.flaws().items() if f.rule == rule.id), None) for rule in rules}
    needed = sorted({name for names in exercising.values() for name in names})
    good = {}
    for apart, spec in ((False, Spec(make=loading.client(None))), (True, Spec((sys.executable, str(loading.REFERENCE))))):
        chosen = [scenarios[name] for name in needed if overlaps(scenarios[name]) is apart]
        good |= {trace.name: trace for trace in runner.play(spec, chosen, runner.Play(rate=RATE))}
    wrong = 0
    for rule in rules:
        found = [shortened(good[name].entries, lambda trace, r=rule: whole_and_met(r, trace)) for name in exercising[rule.id][:3]]
        best = min((one for one in found if one), key=lambda one: len(json.dumps(one)), default=None)
        if best:
            write(FOLDER / f"{rule.id}.met.jsonl", best)
        bad = None
        if (known := flaws[rule.id]) is not None:
            name, flaw = known
            chosen = [scenarios[scenario] for scenario in flaw.scenarios]
            apart = any(map(overlaps, chosen))
            spec = Spec((sys.executable, str(loading.HERE), name)) if apart else Spec(make=loading.client(flaw.plant))
            told = runner.play(spec, chosen, runner.Play(rate=RATE))
            cut = [shortened(trace.entries, lambda trace, r=rule: breaks_alone(r, trace)) for trace in told]
            bad = min((one for one in cut if one), key=lambda one: len(json.dumps(one)), default=None)
            if bad:
                write(FOLDER / f"{rule.id}.broken.jsonl", bad)
        if not best or not bad:
            wrong += 1
            print(
                f"{rule.id} {rule.name}: no {'met' if not best else ''}{' and no ' if not best and not bad else ''}{'broken' if not bad else ''} trace"
            )
    print(f"{len(rules)} rules, {wrong} without both traces")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
