"""Faults: the wire lying, armed at a place. They change how an answer is told, never what happened in the world.

A fault says *where* (operation, which call, at which point of the exchange), *what*, and *when* (how often, in which
window of virtual time, with which seeded chance). Each world has a book of them that counts calls and firings;
`mock_server/lying.py` acts them out on a connection.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from http import HTTPStatus
from typing import Any

from mock_server import cases
from mock_server.cases import StreamCase
from mock_server.contract import Contract
from mock_server.domain.ids import Dice

#: Points of an exchange, in their order: before the work; a byte of an upload; after the work and before the first byte;
#: after event k of a stream; at byte b of the answer's body; after the last byte.
PLACES = ("before", "upload", "after", "event", "byte", "end")
#: Places where `number` says which: event from 1, byte and upload from 0.
NUMBERED = ("event", "byte", "upload")

#: The most faults of one world at a time.
MOST_ARMED = 1000

REQUIRED: Any = object()


@dataclass(frozen=True, slots=True)
class Rule:
    """What a value must be, in words and as a test."""

    wanted: str
    fits: Callable[[Any], bool]


def _number(low: float, high: float) -> Rule:
    return Rule(
        f"a number between {low:g} and {high:g}",
        lambda value: isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high,
    )


def _whole(low: int, high: int = 10**12) -> Rule:
    wanted = f"a whole number of at least {low}" if high == 10**12 else f"a whole number between {low} and {high}"
    return Rule(wanted, lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high)


def _header(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isprintable()


_TEXT = Rule("a text", lambda value: isinstance(value, str))
_STATUS = Rule("an HTTP status between 200 and 599", _whole(200, 599).fits)
_NAMES = Rule("a list of header names", lambda value: isinstance(value, list) and bool(value) and all(map(_header, value)))
_HEADERS = Rule(
    "headers and their values", lambda value: isinstance(value, dict) and all(map(_header, [*value, *value.values()]))
)


@dataclass(frozen=True, slots=True)
class Param:
    default: Any
    rule: Rule


@dataclass(frozen=True, slots=True)
class Kind:
    """What a fault does: where it can stand, the parameters it takes, whether it breaks the contract, and which operation alone has it."""

    places: tuple[str, ...]
    params: Mapping[str, Param] = field(default_factory=dict)
    breaks: bool = False
    only: str = ""


_LATENCY = {
    "ms": Param(REQUIRED, _number(0, 1e9)),
    #: Spreads between `ms` and `to_ms`; lognormal has its median at `ms` and is cut at `to_ms`.
    "spread": Param("fixed", Rule("one of fixed, uniform, lognormal", lambda value: value in ("fixed", "uniform", "lognormal"))),
    "to_ms": Param(0, _number(0, 1e9)),
}
_STATUS_PARAMS = {
    "status": Param(REQUIRED, _STATUS),
    "code": Param(None, Rule("a whole number", lambda value: value is None or _whole(0).fits(value))),
    "message": Param("an armed fault", _TEXT),
    "headers": Param({}, _HEADERS),
}
#: Head and end of an answer, as a stream case says them.
_HEAD = {"status": 200, "content_type": cases.STREAM_TYPE, "ends": "close", "missing": 0, "chunks": "event"}
#: Either a case of `fixtures/streams` by its name, or bytes (escaped as there) with their head and end.
_INSTEAD = {
    "case": Param("", _TEXT),
    "bytes": Param("", _TEXT),
    **{name: Param(default, Rule(cases.KEYS[name].wanted, cases.KEYS[name].fits)) for name, default in _HEAD.items()},
}

KINDS: dict[str, Kind] = {
    "latency": Kind(("before", "after", "event", "byte", "end"), _LATENCY),
    "reset": Kind(PLACES),
    "close": Kind(PLACES),
    "half_close": Kind(("before", "after", "event", "byte")),
    "stall": Kind(PLACES),
    "slow": Kind(("byte",), {"bytes_per_s": Param(REQUIRED, _number(0.001, 1e9))}),
    "status": Kind(("before", "after"), _STATUS_PARAMS),
    "gateway": Kind(("before", "after"), {"status": Param(502, _STATUS)}, breaks=True),
    "rate_limit": Kind(("before", "after"), {"retry_after_s": Param(30, _whole(0, 10**9))}),
    "wrong_length": Kind(("after",), {"by": Param(REQUIRED, _whole(-(10**9), 10**9))}, breaks=True),
    "drop_headers": Kind(("after",), {"names": Param(REQUIRED, _NAMES)}, breaks=True),
    "corrupt": Kind(("byte",), {"bytes": Param(1, _whole(1, 10**9))}, breaks=True),
    "duplicate": Kind(("event",), only="run_sse"),
    "reorder": Kind(("event",), only="run_sse"),
    "instead": Kind(("after",), _INSTEAD, only="run_sse"),
}


class FaultError(ValueError):
    """A fault that makes no sense. The message says which part, and the nearest right word."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`number` belongs to the places event (from 1), byte and upload (from 0). `nth` counts the calls of the operation since the
    fault was armed, from 1; 0: each call. `times` 0: no limit."""

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
    id: int = 0  # its number in its book, from 1; stays when others are disarmed
    fired: int = 0
    chosen: int = 0  # calls it was chosen for
    row: int = 0  # chosen in a row by chance
    calls_before: dict[str, int] = field(default_factory=dict)  # calls of each operation when it was armed


@dataclass(slots=True)
class FaultBook:
    """The faults of one world, how often each operation was called while any was armed, and how many there ever were."""

    dice: Dice
    armed: list[Armed] = field(default_factory=list)
    calls: dict[str, int] = field(default_factory=dict)
    made: int = 0


def book(seed: str) -> FaultBook:
    return FaultBook(Dice(f"faults/{seed}"))


# reading

_SECONDS = Rule("a number of seconds from 0, or nothing", lambda value: value is None or _number(0, 1e12).fits(value))
_FIELDS: dict[str, Rule] = {
    "what": _TEXT,
    "operation": _TEXT,
    "at": _TEXT,
    "number": _whole(0),
    "nth": _whole(0),
    "times": _whole(0),
    "from_s": _SECONDS,
    "to_s": _SECONDS,
    "chance": Rule("between 0 (excluded) and 1", lambda value: _number(0, 1).fits(value) and value > 0),
    "most_in_row": _whole(1),
    "params": Rule("an object", lambda value: isinstance(value, dict) and all(isinstance(key, str) for key in value)),
    "deliberate": Rule("true or false", lambda value: isinstance(value, bool)),
    "name": Rule("a text of at most 80 characters", lambda value: isinstance(value, str) and len(value) <= 80),
}
assert _FIELDS.keys() == {f.name for f in fields(Fault)}


def read(told: Mapping[str, Any], contract: Contract) -> Fault:
    """A fault from plain data, checked against the contract. Raises FaultError for one that cannot fire or lies without saying so."""
    if not isinstance(told, Mapping):
        raise FaultError(f"{str(told)[:80]!r} is no fault: give an object with 'what'")
    for key in told:
        if key not in _FIELDS:
            raise FaultError(f"{key!r} is no part of a fault{_near(key, _FIELDS)}")
    if "what" not in told:
        raise FaultError(f"'what' is missing: one of {', '.join(KINDS)}")
    told = {key: value for key, value in told.items() if key != "params" or value is not None}
    for key, value in told.items():
        _fit(key, value, _FIELDS[key])
    _word("what", told["what"], KINDS)
    kind = KINDS[told["what"]]
    fault = Fault(**{**told, "params": _params(told["what"], kind, told.get("params", {}))})
    _word("at", fault.at, PLACES)
    _place(fault, kind, contract)
    if not fault.deliberate and (breach := _breach(fault, kind, contract)):
        raise FaultError(f"{breach}; say 'deliberate: true' if you mean it")
    return fault


def _params(what: str, kind: Kind, given: Mapping[str, Any]) -> dict[str, Any]:
    for key, value in given.items():
        if key not in kind.params:
            takes = f"; it takes {', '.join(kind.params) or 'none'}"
            raise FaultError(f"{key!r} is no parameter of {what}{_near(key, kind.params) or takes}")
        _fit(f"params.{key}", value, kind.params[key].rule)
    params = {name: given.get(name, param.default) for name, param in kind.params.items()}
    for name, value in params.items():
        if value is REQUIRED:
            raise FaultError(f"{what} needs params.{name}: {kind.params[name].rule.wanted}")
    if what == "instead":
        _instead(params, given)
    if what == "latency" and params["to_ms"] < params["ms"] and (params["to_ms"] or params["spread"] == "uniform"):
        raise FaultError(f"params.to_ms: {params['to_ms']:g} is less than ms, {params['ms']:g}")
    return params


def _instead(params: dict[str, Any], given: Mapping[str, Any]) -> None:
    if ("case" in given) == ("bytes" in given):
        raise FaultError("instead needs either params.case (the name of a stream case) or params.bytes")
    if "case" in given and len(given) > 1:
        raise FaultError(f"params.{next(name for name in given if name != 'case')}: a case has its own")
    if params["missing"] and params["ends"] != "length":
        raise FaultError("params.missing: only an answer that ends by its length has one")
    try:
        told_case(params)
    except ValueError as error:
        raise FaultError(f"params.{'case' if 'case' in given else 'bytes'}: {error}") from None


def told_case(params: Mapping[str, Any]) -> StreamCase:
    """What the fault `instead` has told. Raises ValueError."""
    if params["case"]:
        return cases.load(params["case"])
    return StreamCase("", cases.unescape(params["bytes"]), **{name: params[name] for name in _HEAD})


def _place(fault: Fault, kind: Kind, contract: Contract) -> None:
    """Raises FaultError for a fault that could never fire."""
    if fault.at not in kind.places:
        raise FaultError(f"{fault.what} cannot happen at {fault.at!r}: only at {', '.join(kind.places)}")
    if fault.operation != "*":
        _word("operation", fault.operation, contract.operations)
    only = kind.only or {"event": "run_sse", "upload": "upload_files"}.get(fault.at, "")
    if only and fault.operation not in ("*", only):
        noun = "upload of files" if only == "upload_files" else "events"
        raise FaultError(f"{fault.operation} has no {noun}: {fault.what} at {fault.at!r} belongs to {only}")
    if fault.what == "wrong_length" and fault.operation == "run_sse":
        raise FaultError("run_sse has no Content-Length: it answers in chunks")
    if fault.at == "event" and fault.number < 1:
        raise FaultError("number: events are counted from 1")
    if fault.number and fault.at not in NUMBERED:
        raise FaultError(f"number: there is but one {fault.at!r} in a call; it belongs to {', '.join(NUMBERED)}")
    if fault.to_s is not None and (fault.from_s or 0) >= fault.to_s:
        raise FaultError(f"the window from {fault.from_s or 0:g} to {fault.to_s:g} s is empty: it could never fire")


def _breach(fault: Fault, kind: Kind, contract: Contract) -> str:
    """Why the contract forbids what this fault tells, or nothing."""
    if kind.breaks:
        return f"{fault.what} breaks the contract"
    if fault.what == "instead" and not told_case(fault.params).legal:
        return (
            f"params.case: {fault.params['case']} is not legal"
            if fault.params["case"]
            else "bytes of one's own may break anything"
        )
    status = {"status": fault.params.get("status"), "rate_limit": HTTPStatus.TOO_MANY_REQUESTS}.get(fault.what)
    if status is None:
        return ""
    for operation in contract.operations if fault.operation == "*" else [fault.operation]:
        declared = contract.statuses(operation)
        if str(int(status)) not in declared:
            return f"{operation} never answers {int(status)} by the contract (it answers {', '.join(declared)})"
    return ""


def _fit(place: str, value: Any, rule: Rule) -> None:
    if not rule.fits(value):
        raise FaultError(f"{place}: {str(value)[:80]!r} is not {rule.wanted}{_near(str(value), _words(rule))}")


def _words(rule: Rule) -> list[str]:
    return rule.wanted.removeprefix("one of ").split(", ") if rule.wanted.startswith("one of ") else []


def _word(place: str, word: str, known: Iterable[str]) -> None:
    if word not in known:
        raise FaultError(f"{place}: {word[:80]!r} is not known{_near(word, known) or '; there is: ' + ', '.join(known)}")


def _near(word: Any, known: Iterable[str]) -> str:
    near = get_close_matches(str(word)[:80], list(known), 1)
    return f"; did you mean {near[0]!r}?" if near else ""


# arming and choosing


def check_room(pages: FaultBook, more: int) -> None:
    """Raises FaultError when so many more are too many."""
    if len(pages.armed) + more > MOST_ARMED:
        raise FaultError(f"a world has at most {MOST_ARMED} faults armed; disarm some")


def arm(pages: FaultBook, fault: Fault, now_ms: int) -> Armed:
    """Raises FaultError when there are too many."""
    check_room(pages, 1)
    pages.made += 1
    armed = Armed(fault, now_ms, pages.made, calls_before=dict(pages.calls))
    pages.armed.append(armed)
    return armed


def disarm(pages: FaultBook, called: str | None = None) -> list[Armed]:
    """Take away the faults of that name, or the one of that id, or all; gives those that are gone."""
    gone = [armed for armed in pages.armed if called in (None, str(armed.id), armed.fault.name)]
    ids = {armed.id for armed in gone}
    pages.armed = [armed for armed in pages.armed if armed.id not in ids]
    return gone


def arriving(pages: FaultBook, operation: str, now_ms: int) -> list[Armed]:
    """A call of `operation` begins: which faults will meet it? Decided once, so that equal requests meet equal faults."""
    pages.calls[operation] = pages.calls.get(operation, 0) + 1
    return [armed for armed in pages.armed if _due(pages, armed, operation, now_ms)]


def _due(pages: FaultBook, armed: Armed, operation: str, now_ms: int) -> bool:
    fault, age_s = armed.fault, (now_ms - armed.armed_ms) / 1000
    if fault.operation not in ("*", operation) or (fault.times and armed.chosen >= fault.times):
        return False
    if fault.nth and pages.calls[operation] - armed.calls_before.get(operation, 0) != fault.nth:
        return False
    if (fault.from_s is not None and age_s < fault.from_s) or (fault.to_s is not None and age_s >= fault.to_s):
        return False
    if fault.chance < 1:
        wanted = pages.dice.chance(f"chance/{armed.id}") < fault.chance and armed.row < fault.most_in_row
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
