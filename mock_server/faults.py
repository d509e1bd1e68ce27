"""Faults: the wire lying, armed at a place. They change how an answer is told, never what happened in the world.

A fault says *where* (operation, which call, at which point of the exchange), *what*, and *when* (how often, in which
window of virtual time, with which seeded chance). Each world has a book of them that counts calls and firings;
`mock_server/lying.py` acts them out on a connection.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any

from mock_server.contract import Contract
from mock_server.domain.ids import Dice

#: Points of an exchange, in their order: before the work; a byte of an upload; after the work and before the first byte;
#: after event k of a stream; at byte b of the answer's body; after the last byte.
PLACES = ("before", "upload", "after", "event", "byte", "end")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a fault does: where it can stand, the parameters it takes (name -> default, None: compulsory), and whether it breaks the contract."""

    places: tuple[str, ...]
    params: Mapping[str, Any] = field(default_factory=dict)
    breaks: bool = False


_ENDS = ("before", "upload", "after", "event", "byte", "end")

KINDS: dict[str, Kind] = {
    "latency": Kind(("before", "after", "event", "byte", "end"), {"ms": None, "spread": "fixed", "to_ms": 0}),
    "reset": Kind(_ENDS),
    "close": Kind(_ENDS),
    "half_close": Kind(("before", "after", "event", "byte")),
    "stall": Kind(_ENDS),
    "slow": Kind(("byte",), {"bytes_per_s": None}),
    "status": Kind(("before", "after"), {"status": None, "code": None, "message": "an armed fault", "headers": {}}),
    "gateway": Kind(("before", "after"), {"status": 502}, breaks=True),
    "rate_limit": Kind(("before", "after"), {"retry_after_s": 30}),
    "wrong_length": Kind(("after",), {"by": None}, breaks=True),
    "drop_headers": Kind(("after",), {"names": None}, breaks=True),
    "corrupt": Kind(("byte",), {"bytes": 1}, breaks=True),
    "duplicate": Kind(("event",)),
    "reorder": Kind(("event",)),
}

#: Spreads of a latency between `ms` and `to_ms`; lognormal has its median at `ms` and is cut at `to_ms`.
SPREADS = ("fixed", "uniform", "lognormal")


class FaultError(ValueError):
    """A fault that makes no sense. The message says which part, and the nearest right word."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`number` belongs to the places event (from 1), byte and upload (from 0). `nth` 0: each call. `times` 0: no limit."""

    what: str
    operation: str = "*"
    at: str = "before"
    number: int = 0
    nth: int = 0
    times: int = 0
    from_s: float | None = None  # window of virtual time, seconds since the fault was armed
    to_s: float | None = None
    chance: float = 1.0
    most_in_row: int = 2  # with a chance below 1: never more often in a row
    params: dict[str, Any] = field(default_factory=dict)
    deliberate: bool = False
    name: str = ""


@dataclass(slots=True)
class Armed:
    fault: Fault
    armed_ms: int
    fired: int = 0
    chosen: int = 0  # calls it was chosen for
    row: int = 0  # chosen in a row by chance


@dataclass(slots=True)
class FaultBook:
    """The faults of one world, and how often each operation was called."""

    dice: Dice
    armed: list[Armed] = field(default_factory=list)
    calls: dict[str, int] = field(default_factory=dict)


def book(seed: str) -> FaultBook:
    return FaultBook(Dice(f"faults/{seed}"))


def read(told: Mapping[str, Any], contract: Contract) -> Fault:
    """A fault from plain data, checked against the contract. Raises FaultError for one that cannot fire or lies without saying so."""
    names = {f.name for f in fields(Fault)}
    for key in told:
        if key not in names:
            raise FaultError(f"{key!r} is no part of a fault{_near(key, names)}")
    if "what" not in told:
        raise FaultError(f"'what' is missing: one of {', '.join(KINDS)}")
    _word("what", told["what"], KINDS)
    _word("at", told.get("at", "before"), PLACES)
    kind = KINDS[told["what"]]
    fault = Fault(**{**told, "params": _params(told["what"], kind, told.get("params") or {})})
    _numbers(fault)
    if fault.at not in kind.places:
        raise FaultError(f"{fault.what} cannot happen at {fault.at!r}: only at {', '.join(kind.places)}")
    if fault.operation != "*":
        _word("operation", fault.operation, contract.operations)
        if fault.at == "event" and fault.operation != "run_sse":
            raise FaultError(f"{fault.operation} has no events: only run_sse is a stream")
        if fault.at == "upload" and fault.operation != "upload_files":
            raise FaultError(f"{fault.operation} has no upload: only upload_files has")
    if not fault.deliberate and (breach := _breach(fault, kind, contract)):
        raise FaultError(f"{breach}; say 'deliberate: true' if you mean it")
    return fault


def _params(what: str, kind: Kind, given: Mapping[str, Any]) -> dict[str, Any]:
    for key in given:
        if key not in kind.params:
            raise FaultError(
                f"{key!r} is no parameter of {what}{_near(key, kind.params) or '; it takes ' + (', '.join(kind.params) or 'none')}"
            )
    params = {**kind.params, **given}
    lacking = [name for name, default in kind.params.items() if default is None and name not in given and name != "code"]
    if lacking:
        raise FaultError(f"{what} needs params.{lacking[0]}")
    if what == "latency":
        _word("params.spread", params["spread"], SPREADS)
    for name in ("ms", "to_ms", "bytes_per_s", "retry_after_s", "bytes"):
        if name in params and (
            isinstance(params[name], bool) or not isinstance(params[name], int | float) or not 0 <= params[name] <= 1e9
        ):
            raise FaultError(f"params.{name}: {params[name]!r} is not a number between 0 and 1e9")
    if what == "slow" and not params["bytes_per_s"]:
        raise FaultError("params.bytes_per_s: 0 would never end; use stall")
    if "status" in params and (not isinstance(params["status"], int) or not 200 <= params["status"] <= 599):
        raise FaultError(f"params.status: {params['status']!r} is not an HTTP status between 200 and 599")
    return params


def _numbers(fault: Fault) -> None:
    for name, low in (("number", 0), ("nth", 0), ("times", 0), ("most_in_row", 1)):
        value = getattr(fault, name)
        if isinstance(value, bool) or not isinstance(value, int) or value < low:
            raise FaultError(f"{name}: {value!r} is not a whole number of at least {low}")
    if isinstance(fault.chance, bool) or not isinstance(fault.chance, int | float) or not 0 < fault.chance <= 1:
        raise FaultError(f"chance: {fault.chance!r} is not between 0 (excluded) and 1")
    if fault.at == "event" and fault.number < 1:
        raise FaultError("number: events are counted from 1")
    if fault.from_s is not None and fault.to_s is not None and fault.from_s >= fault.to_s:
        raise FaultError(f"the window from {fault.from_s:g} to {fault.to_s:g} s is empty: it could never fire")


def _breach(fault: Fault, kind: Kind, contract: Contract) -> str:
    """Why the contract forbids what this fault tells, or nothing."""
    if kind.breaks:
        return f"{fault.what} breaks the contract"
    if fault.what == "status" and fault.operation != "*":
        declared = contract.statuses(fault.operation)
        if str(fault.params["status"]) not in declared:
            return f"{fault.operation} never answers {fault.params['status']} by the contract (it answers {', '.join(declared)})"
    return ""


def _word(place: str, word: Any, known: Any) -> None:
    if word not in known:
        raise FaultError(f"{place}: {word!r} is not known{_near(str(word), known)}")


def _near(word: str, known: Any) -> str:
    near = get_close_matches(word, list(known), 1)
    return f"; did you mean {near[0]!r}?" if near else ""


def arm(pages: FaultBook, fault: Fault, now_ms: int) -> Armed:
    armed = Armed(fault, now_ms)
    pages.armed.append(armed)
    return armed


def arriving(pages: FaultBook, operation: str, now_ms: int) -> list[Armed]:
    """A call of `operation` begins: which faults will meet it? Decided once, so that equal requests meet equal faults."""
    pages.calls[operation] = pages.calls.get(operation, 0) + 1
    return [armed for number, armed in enumerate(pages.armed) if _due(pages, armed, number, operation, now_ms)]


def _due(pages: FaultBook, armed: Armed, number: int, operation: str, now_ms: int) -> bool:
    fault, age_s = armed.fault, (now_ms - armed.armed_ms) / 1000
    if fault.operation not in ("*", operation) or (fault.times and armed.chosen >= fault.times):
        return False
    if fault.nth and pages.calls[operation] != fault.nth:
        return False
    if (fault.from_s is not None and age_s < fault.from_s) or (fault.to_s is not None and age_s >= fault.to_s):
        return False
    if fault.chance < 1:
        wanted = pages.dice.chance(f"chance/{number}") < fault.chance and armed.row < fault.most_in_row
        armed.row = armed.row + 1 if wanted else 0
        if not wanted:
            return False
    armed.chosen += 1
    return True


def unfired(pages: FaultBook) -> list[Armed]:
    """Faults that never took effect: whoever armed them wants to know."""
    return [armed for armed in pages.armed if not armed.fired]


def delay_ms(pages: FaultBook, fault: Fault) -> int:
    """How long a latency lasts, virtual ms."""
    low, high = fault.params["ms"], max(fault.params["ms"], fault.params["to_ms"])
    match fault.params["spread"]:
        case "uniform":
            return int(pages.dice.between("latency", low, high))
        case "lognormal":
            # Sum of uniform draws stands for the normal variable: close enough, and the same on every machine.
            normal = sum(pages.dice.chance("latency") for _ in range(12)) - 6
            return int(min(low * 2.0**normal, high if high > low else low * 64))
        case _:
            return int(low)
