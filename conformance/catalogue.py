"""The catalogue: every rule for a client, each in one place with its level, its basis and the function that judges traces.

A rule reads a trace and yields evidence. An objection: *broken*. Good evidence only: *met*. None: *unproven*. A rule yields
nothing where its condition never came up, so that silence proves nothing.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from typing import Literal

from conformance.trace import Event, Exchange, Message, Say, Trace

Verdict = Literal["met", "broken", "unproven", "not applicable"]
Level = Literal["MUST", "SHOULD", "MAY"]
#: seed: the four skill documents; vendor: the vendor's own; assumed: our reading, or what others were seen to do.
Basis = Literal["seed", "vendor", "assumed"]
Place = Exchange | Event | Say | Message | int

LAST = 121
ROOMS = (
    "auth",
    "secrets",
    "attribution",
    "sessions",
    "routing",
    "streams",
    "listening",
    "turns",
    "results",
    "recovery",
    "uploads",
    "state",
    "credits",
    "exports",
    "deliveries",
    "reporting",
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a breach cost, or would cost at the real service."""

    credits: int = 0
    requests: int = 0  # that were of no use
    seconds: float = 0.0  # that a user waited for nothing, or that was to be waited and was not
    leaked: int = 0  # secrets
    words: str = ""  # what no number says

    def __str__(self) -> str:
        counts = (
            (self.credits, "credit", "charged for nothing"),
            (self.requests, "request", "wasted"),
            (round(self.seconds), "second", "lost"),
            (self.leaked, "secret", "leaked"),
        )
        told = [f"{number} {noun}{'s' * (number != 1)} {what}" for number, noun, what in counts if number]
        return ", ".join([*told, *([self.words] if self.words else [])])


@dataclass(frozen=True, slots=True)
class Evidence:
    """Lines of a trace with a judgement. `lines` are the fewest that prove it, in their order."""

    verdict: Verdict
    why: str
    lines: tuple[int, ...] = ()
    cost: Cost = Cost()
    trace: str = ""  # the name of the trace


Check = Callable[[Trace], Iterable[Evidence]]


@dataclass(frozen=True, slots=True)
class Rule:
    """`sources`: S0 ... S3 (seeds), "vendor 1.9", "C5" (a contradiction). `seen`: wire, shown, time, files.

    `excluded` says why a rule has no function; its verdict is always *not applicable*.
    """

    number: int
    name: str
    says: str
    level: Level
    basis: Basis
    sources: tuple[str, ...]
    seen: tuple[str, ...]
    room: str
    check: Check | None = field(default=None, compare=False)
    excluded: str = ""

    @property
    def id(self) -> str:
        """NV-001 and so on."""
        return f"NV-{self.number:03}"


_RULES: dict[int, Rule] = {}


def rule(number: int, name: str, says: str, *, level: Level, basis: Basis, sources: str, seen: str) -> Callable[[Check], Check]:
    """Enter the decorated function into the catalogue; `sources` and `seen` are words, `sources` separated by commas."""

    def enter(check: Check) -> Check:
        _enter(Rule(number, name, says, level, basis, _listed(sources), tuple(seen.split()), _room(check.__module__), check))
        return check

    return enter


def excluded(
    number: int, name: str, says: str, why: str, *, room: str, level: Level, basis: Basis, sources: str, seen: str
) -> None:
    """Enter a rule that nobody can judge from a trace, and why."""
    _enter(Rule(number, name, says, level, basis, _listed(sources), tuple(seen.split()), room, None, why))


def _enter(one: Rule) -> None:
    if one.number in _RULES and _RULES[one.number].check is not one.check:
        raise ValueError(f"{one.id} is in the catalogue already")
    _RULES[one.number] = one


def _listed(words: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in words.split(",") if word.strip())


def _room(module: str) -> str:
    return module.rpartition(".")[2]


@cache
def rules() -> Mapping[str, Rule]:
    """All rules by id, in the order of their numbers."""
    for room in ROOMS:
        import_module(f"conformance.rules.{room}")
    return {one.id: one for _, one in sorted(_RULES.items())}


def find(word: str) -> Rule:
    """A rule by id, number or name. Raises LookupError with the nearest."""
    known = rules()
    number = re.fullmatch(r"(?:nv-?|rule ?)?0*(\d+)", word.strip().lower())
    found = known.get(f"NV-{int(number[1]):03}") if number else next((one for one in known.values() if one.name == word), None)
    if found is None:
        names = [one.name for one in known.values()]
        near = [] if number else [name for name in names if word in name][:1] or get_close_matches(word, names, 1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; rules go from NV-001 to NV-{LAST}"
        raise LookupError(f"there is no rule {word!r}{hint}")
    return found


# evidence


def met(why: str, *places: Place) -> Evidence:
    return Evidence("met", why, _lines(places))


def broken(why: str, *places: Place, cost: Cost | None = None) -> Evidence:
    return Evidence("broken", why, _lines(places), cost or Cost())


def unproven(why: str, *places: Place) -> Evidence:
    """Something came up that would prove the rule, and it cannot be told what the client did."""
    return Evidence("unproven", why, _lines(places))


def _lines(places: Iterable[Place]) -> tuple[int, ...]:
    return tuple(sorted({place if isinstance(place, int) else place.line for place in places}))


# judging


def judge(one: Rule, trace: Trace) -> list[Evidence]:
    """What a rule finds in a trace. Of an incomplete record nothing good can be concluded, only what is there."""
    if one.check is None:
        return []
    found = []
    for evidence in one.check(trace):
        if evidence.verdict == "met" and trace.incomplete:
            evidence = Evidence("unproven", trace.incomplete, evidence.lines)
        found.append(Evidence(evidence.verdict, evidence.why, evidence.lines, evidence.cost, trace.name))
    return found


def verdict(one: Rule, evidence: Iterable[Evidence]) -> Verdict:
    """Of all evidence from all traces."""
    found = {each.verdict for each in evidence}
    if one.check is None:
        return "not applicable"
    if "broken" in found:
        return "broken"
    return "met" if "met" in found else "unproven"


def judged(traces: Iterable[Trace]) -> Iterator[tuple[Rule, Verdict, list[Evidence]]]:
    """Every rule of the catalogue with its verdict on these traces and the evidence for it."""
    told = list(traces)
    for one in rules().values():
        evidence = [each for trace in told for each in judge(one, trace)]
        yield one, verdict(one, evidence), evidence
