"""The published schema of scenario files: their validator, and what editors complete from.

Settings, kinds of faults and operations are filled in from where they are defined, so that the file cannot disagree with them.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from difflib import get_close_matches
from functools import cache
from pathlib import Path as File
from typing import Any

import jsonschema_rs
from jsonschema_rs import ValidationErrorKind as Kind

from mock_server import contract, faults
from mock_server.domain.settings import FIELDS
from mock_server.faults import Fault
from mock_server.marked import Path

FILE = File(__file__).parents[1] / "scenario.schema.json"

#: Settings that say how events become bytes: they stand under `framing`.
FRAMING = (
    "dialect", "heartbeat_forms", "heartbeat_interval_s", "merge_parts", "partials", "line_end", "bom", "colon_space", "comments",
    "sse_fields", "data_lines", "spice", "last_blank_line", "chunks", "chunk_gap_ms",
)  # fmt: skip

_NOUNS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "nothing",
    "number": "a number",
    "object": "a mapping",
    "string": "a text",
}


@cache
def schema() -> dict[str, Any]:
    """The file's content, with all that is defined elsewhere filled in anew."""
    told: dict[str, Any] = json.loads(FILE.read_text())
    settings = {name: _setting(name) for name in FIELDS}
    for key, which in (("settings", FIELDS.keys() - set(FRAMING)), ("framing", set(FRAMING))):
        told["$defs"][key] = {
            "description": f"{key.capitalize()} of the world; see: nemovideo-mock settings",
            "type": "object",
            "additionalProperties": False,
            "properties": {name: told for name, told in settings.items() if name in which},
        }
    fault = told["$defs"]["fault"]["properties"]
    fault = {field.name: fault.get(field.name, {}) for field in fields(Fault)}
    enums = {"what": [*faults.KINDS], "operation": ["*", *contract.load().operations], "at": [*faults.PLACES]}
    told["$defs"]["fault"]["properties"] = {
        name: {**one, "enum": enums[name]} if name in enums else one for name, one in fault.items()
    }
    return told


def publish() -> None:
    """Write the file anew, after a setting, an operation or a kind of fault has changed."""
    text = json.dumps(schema(), indent=1, ensure_ascii=False)
    FILE.write_text(text + "\n")


def _setting(name: str) -> dict[str, Any]:
    default, meta = FIELDS[name].default, FIELDS[name].metadata
    told = {"description": f"{meta['doc']} ({meta['basis']}: {meta['source']})", "default": default}
    bounds = {"minimum": meta["low"], "maximum": meta["high"]}
    if isinstance(default, bool):
        return {**told, "type": "boolean"}
    if isinstance(default, int | float):
        return {**told, "type": "integer" if isinstance(default, int) else "number", **bounds}
    if isinstance(default, tuple):
        told["default"] = list(default)
        if default and isinstance(default[0], float):
            return {**told, "type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "number", **bounds}}
        return {**told, "type": "array", "uniqueItems": True, "items": {"enum": list(meta["choices"])}}
    if meta["choices"]:
        return {**told, "enum": list(meta["choices"])}
    return {**told, "type": "string", **({"pattern": f"^({meta['pattern']})$"} if meta["pattern"] else {})}


@cache
def _validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema())


def complaints(data: Any) -> Iterator[tuple[Path, str]]:
    """What breaks the schema: place and sentence. Where there is a wrong word, a missing one is not complained about."""
    wrong: set[Path] = set()
    for error in sorted(_validator().iter_errors(data), key=lambda error: isinstance(error.kind, Kind.Required)):
        path = tuple(error.instance_path)
        match error.kind:
            case Kind.AdditionalProperties(unexpected):
                wrong.add(path)
                yield from ((((*path, word)), _unknown(path, word, _around(error).get("properties", {}))) for word in unexpected)
            case Kind.Required():
                if path not in wrong:
                    yield path, _complaint(path, error)
            case _:
                yield path, _complaint(path, error)


def _unknown(path: Path, word: str, known: Mapping[str, Any]) -> str:
    if path in (("settings",), ("framing",)) and word in FIELDS:
        return f"{spoken(path)}{word!r} stands under {'framing' if word in FRAMING else 'settings'}"
    return f"{spoken(path)}there is no {word[:80]!r} here{nearest(word, known)}"


def _complaint(path: Path, error: jsonschema_rs.ValidationError) -> str:
    where, given = spoken(path), shown(error.instance)
    match error.kind:
        case Kind.Required(missing):
            return f"{where}{missing!r} is missing"
        case Kind.Enum(options):
            return f"{where}{given} is not known{nearest(str(error.instance), options)}"
        case Kind.Type(types):
            return f"{where}{given} is not {' or '.join(_NOUNS[one] for one in types)}"
        case Kind.MinProperties() | Kind.MaxProperties():
            return f"{where}one of these is needed: {', '.join(_around(error).get('properties', {}))}"
        case Kind.Pattern(pattern):
            return f"{where}it is empty" if pattern == "\\S" else f"{where}{given} is not of the form {pattern}"
        case _:
            return f"{where}{error.message[:200]}"


def _around(error: jsonschema_rs.ValidationError) -> Mapping[str, Any]:
    """The schema whose keyword was broken."""
    found: Any = schema()
    for part in error.schema_path[:-1]:
        found = found[part]
    return found if isinstance(found, dict) else {}


def spoken(path: Path) -> str:
    """A place in words, like "turns 2, tell 1, text: "; items are counted from 1."""
    words = ""
    for part in path:
        words += f" {part + 1}" if isinstance(part, int) else f"{', ' if words else ''}{part}"
    return f"{words}: " if words else ""


def nearest(word: str, known: Any) -> str:
    """The end of a sentence that refuses `word`: what was probably meant, or else what there is."""
    words = [str(one) for one in known]
    near = get_close_matches(word[:80], words, 1)
    if near:
        return f"; did you mean {near[0]!r}?"
    some = ", ".join([*words[:16], *(["..."] if len(words) > 16 else [])])
    return f"; there is: {some}" if words else ""


def shown(value: Any) -> str:
    """A value as its JSON, cut short."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:79] + "…"
