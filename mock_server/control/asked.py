"""What was asked, read by control.yaml; and a sentence for what does not fit it: what, where, and the nearest right word."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any
from urllib.parse import parse_qsl

import jsonschema_rs
import msgspec
from jsonschema_rs import ValidationErrorKind as Kind

from mock_server.contract import Contract, Operation
from mock_server.domain.errors import Unprocessable
from mock_server.pacing import Live
from mock_server.worlds import Worlds

#: The last instant a world may be told to reach: some years before the dates in answers run out of digits.
LATEST_MS = int(datetime(9900, 1, 1, tzinfo=UTC).timestamp() * 1000)

_NOUNS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}
_WORDS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


@dataclass(slots=True)
class Asked:
    """A request that fits control.yaml. `since` is the Last-Event-ID of a follower that comes back."""

    worlds: Worlds
    url: str
    path: dict[str, str]
    query: dict[str, Any]
    body: dict[str, Any]
    since: int = 0
    world: Live | None = None

    @property
    def live(self) -> Live:
        assert self.world is not None, "the path names no world"
        return self.world


def nearest(word: str, known: Iterable[str]) -> str:
    """The end of a sentence that refuses `word`: what was probably meant, or else what there is."""
    words = list(known)
    some = ", ".join([*words[:12], *(["..."] if len(words) > 12 else [])])
    return near(word, words) or (f"; there is: {some}" if words else "")


def near(word: str, words: Iterable[str]) -> str:
    """What was probably meant, if anything."""
    found = get_close_matches(word[:80], list(words), 1)
    return f"; did you mean {found[0]!r}?" if found else ""


def instant(at_ms: int) -> str:
    """ISO 8601 in UTC, with milliseconds."""
    if at_ms > LATEST_MS:  # a token may be given a life of many thousand years
        return "after the year 9899"
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(name: str, value: str | int) -> int:
    """An instant given as ISO 8601 (UTC where it does not say) or in ms, as ms. Raises Unprocessable."""
    at_ms = value
    if isinstance(value, str):
        try:
            given = datetime.fromisoformat(value)
            at_ms = round((given if given.tzinfo else given.replace(tzinfo=UTC)).timestamp() * 1000)
        except (ValueError, OverflowError):
            raise Unprocessable(f"{name}: {value[:80]!r} is no instant; write it like 2026-03-20T09:30:00Z, or in ms") from None
    if not 0 <= int(at_ms) <= LATEST_MS:
        raise Unprocessable(f"{name}: {value!r} is not between {instant(0)} and {instant(LATEST_MS)}")
    return int(at_ms)


# bodies


def read_body(rules: Contract, operation: Operation, raw: bytes) -> dict[str, Any]:
    """The body of an operation that takes one; none is an empty object. Raises Unprocessable."""
    if not operation.bodies:
        return {}
    try:
        body = msgspec.json.decode(raw or b"{}")
        wrong = [] if operation.body_validator.is_valid(body) else list(operation.body_validator.iter_errors(body))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unprocessable(f"body: this is not JSON: {error}") from None
    except (RecursionError, ValueError):
        raise Unprocessable("body: it is nested too deeply") from None
    if wrong:
        # A wrong word is often why a right one is missing, so it is told first.
        first = min(wrong, key=lambda error: not isinstance(error.kind, Kind.AdditionalProperties))
        raise Unprocessable(complaint(rules, operation.bodies["application/json"], "body", first))
    assert isinstance(body, dict), f"{operation.id} declares a body that is no object"
    return body


def complaint(rules: Contract, schema: Mapping[str, Any], place: str, error: jsonschema_rs.ValidationError) -> str:
    """One violation as a sentence."""
    where = place + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.instance_path)
    known = rules.at(schema, error.instance_path).get("properties", {})
    given = shown(error.instance)
    match error.kind:
        case Kind.AdditionalProperties(unexpected):
            return f"{where}: there is no key {unexpected[0][:80]!r}{nearest(unexpected[0], known)}"
        case Kind.Required(missing):
            return f"{where}.{missing} is missing"
        case Kind.Enum(options):
            words = [option if isinstance(option, str) else shown(option) for option in options]
            return f"{where}: {given} is not one of {', '.join(words)}" + near(str(error.instance), words)
        case Kind.Type(types):
            return f"{where}: {given} is not {' or '.join(_NOUNS[one] for one in types)}"
        case Kind.MinProperties() | Kind.MaxProperties():
            count = "exactly one" if "maxProperties" in rules.at(schema, error.instance_path) else "at least one"
            return f"{where}: give {count} of {', '.join(known)}" if known else f"{where}: it is empty"
        case Kind.Minimum(limit) | Kind.Maximum(limit) | Kind.ExclusiveMinimum(limit):
            verb = {"minimum": "less than", "maximum": "more than"}.get(error.kind.name, "not more than")
            return f"{where}: {given} is {verb} {limit}"
        case _:
            return f"{where}: {error.message[:200]}"


def shown(value: Any) -> str:
    """A value as its JSON, cut short."""
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 80 else text[:79] + "…"


# queries


def read_query(rules: Contract, operation: Operation, raw: str) -> dict[str, Any]:
    """Typed values by name, defaults filled in. Raises Unprocessable."""
    known = {parameter["name"]: parameter["schema"] for parameter in operation.parameters if parameter["in"] == "query"}
    values = {name: schema["default"] for name, schema in known.items() if "default" in schema}
    seen = set()
    for name, text in parse_qsl(raw, keep_blank_values=True):
        if name not in known:
            raise Unprocessable(f"query: there is no parameter {name[:80]!r} here{nearest(name, known)}")
        if name in seen:
            raise Unprocessable(f"query.{name}: given more than once")
        seen.add(name)
        values[name] = read_value(rules, operation, f"query.{name}", known[name], text)
    return values


def read_value(rules: Contract, operation: Operation, place: str, schema: Mapping[str, Any], text: str) -> Any:
    """Raises Unprocessable."""
    value = typed(schema.get("type", "string"), text)
    for error in operation.validator(schema).iter_errors(value):
        raise Unprocessable(complaint(rules, schema, place, error))
    return value


def typed(kind: str, text: str) -> Any:
    """A query's text as `kind`, or unchanged where it is none: its schema then refuses it."""
    if kind == "boolean":
        return _WORDS.get(text.lower(), text)
    if kind == "integer" and re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    if kind == "number" and re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", text):
        return float(text)
    return text
