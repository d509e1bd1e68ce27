"""Histories judged by all rules: objections, and how often each rule had something to judge."""

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from os import cpu_count

from conformance import catalogue
from conformance.trace import Trace
from tests.conformance.legal.client import Client
from tests.conformance.legal.histories import histories

PORTION = 250


@dataclass
class Judged:
    """`met`: by rule, in how many histories. `objections`: seed, rule, why."""

    count: int = 0
    met: Counter[str] = field(default_factory=Counter)
    objections: list[tuple[int, str, str]] = field(default_factory=list)

    def add(self, other: "Judged") -> None:
        self.count += other.count
        self.met += other.met
        self.objections += other.objections


def objections(trace: Trace) -> dict[str, str]:
    """Rule and reason."""
    return {
        rule.id: one.why for rule in catalogue.rules().values() for one in catalogue.judge(rule, trace) if one.verdict == "broken"
    }


def judged(first: int, count: int, of: type[Client] = Client) -> Judged:
    found = Judged()
    for seed, trace in histories(first, count, of):
        found.count += 1
        for rule in catalogue.rules().values():
            evidence = catalogue.judge(rule, trace)
            found.met[rule.id] += any(one.verdict == "met" for one in evidence)
            found.objections += [(seed, rule.id, one.why) for one in evidence if one.verdict == "broken"]
    return found


def side_by_side(count: int, first: int = 0) -> Iterator[Judged]:
    """The same by portions, on all cores."""
    starts = range(first, first + count, PORTION)
    sizes = [min(PORTION, first + count - start) for start in starts]
    with ProcessPoolExecutor(cpu_count(), mp_context=get_context("spawn")) as pool:
        yield from pool.map(judged, starts, sizes)


def never_met(found: Judged) -> list[str]:
    return [rule.id for rule in catalogue.rules().values() if rule.check and not found.met[rule.id]]


def summary(found: Judged) -> Iterable[str]:
    """Lines for people."""
    yield f"{found.count} legal histories, {len(found.objections)} objections"
    for seed, rule, why in found.objections:
        yield f"  seed {seed}: {rule} {catalogue.rules()[rule].name}: {why}"
    told = [f"{rule} {found.met[rule]}" for rule, one in catalogue.rules().items() if one.check]
    yield "In how many of them each rule was met:"
    for at in range(0, len(told), 8):
        yield "  " + "  ".join(f"{one:<12}" for one in told[at : at + 8]).rstrip()
    excluded = [rule for rule, one in catalogue.rules().items() if not one.check]
    yield f"Never met: {', '.join(never_met(found)) or 'none'}; not to be judged: {', '.join(excluded) or 'none'}"
