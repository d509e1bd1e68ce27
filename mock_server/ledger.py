"""The fidelity ledger: what the mock does, on what it rests, and how to switch what is assumed.

Generated from what binds: the contract's bases, the settings, the variations, and `ledger.yaml` for contradictions,
refusals and behaviours. A test holds that each refusal in the code has its row.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mock_server import contract
from mock_server.domain.settings import FIELDS
from mock_server.domain.variations import VARIATIONS


@dataclass(frozen=True, slots=True)
class Row:
    """`kind`: operation, field, code, timing, limit, path, setting, variation, contradiction, refusal or behaviour."""

    kind: str
    name: str
    basis: str
    source: str
    says: str
    setting: str = ""


@cache
def written() -> dict[str, Any]:
    """The hand-written part."""
    return contract.parsed(Path(__file__).with_suffix(".yaml"))


def rows() -> list[Row]:
    """The whole ledger, in a stable order."""
    document = contract.load().document
    return [*_operations(document), *_fields(document), *_tables(document), *_settings(), *_written()]


def _operations(document: dict[str, Any]) -> Iterator[Row]:
    for operation in contract.load().operations.values():
        told = document["paths"][operation.path][operation.method.lower()]
        says = f"{operation.method} {operation.path}: {told['summary']}"
        yield Row("operation", operation.id, told["x-basis"], told["x-source"], says)


def _fields(document: dict[str, Any]) -> Iterator[Row]:
    for name, schema in document["components"]["schemas"].items():
        for field, told in _properties(schema):
            if "x-basis" in told:
                yield Row("field", f"{name}.{field}", told["x-basis"], told["x-source"], told.get("description", ""))


def _properties(schema: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        for name, told in schema.get("properties", {}).items():
            yield name, told
            for inner, more in _properties(told):
                yield f"{name}.{inner}", more
        for key in ("items", "allOf", "oneOf", "anyOf"):
            yield from _properties(schema.get(key))
    elif isinstance(schema, list):
        for part in schema:
            yield from _properties(part)


def _tables(document: dict[str, Any]) -> Iterator[Row]:
    for code, told in document["x-codes"].items():
        yield Row("code", code, told["x-basis"], told["x-source"], told["meaning"], "error_status" if code > "1000" else "")
    for kind in ("timing", "limit"):
        for name, told in document[f"x-{kind}s"].items():
            yield Row(kind, name, told["x-basis"], told["x-source"], f"{told['value']} {told['unit']}", told.get("setting", ""))
    for told in document["x-foreign-paths"]:
        yield Row("path", told["pattern"], told["x-basis"], told["x-source"], f"404: {told['why']}")


def _settings() -> Iterator[Row]:
    for name, field in FIELDS.items():
        meta = field.metadata
        yield Row("setting", name, meta["basis"], meta["source"], meta["doc"], name)
    for name, variation in VARIATIONS.items():
        yield Row("variation", name, "assumed", variation.clause, variation.does, f"strict_off={name}")


def _written() -> Iterator[Row]:
    for name, told in written()["contradictions"].items():
        says = f"{told['topic']}: {told['a']} | {told['b']} | here: {told['here']}"
        yield Row("contradiction", name, "assumed", "the documents contradict each other", says, told.get("setting", ""))
    for told in written()["refusals"]:
        yield Row("refusal", f"{told['at']}: {told['error']}", told["basis"], "", str(told["why"]), told.get("setting", ""))
    for told in written()["behaviours"]:
        yield Row("behaviour", told["name"], told["basis"], "", told["why"])


def as_data() -> list[dict[str, str]]:
    return [asdict(row) for row in rows()]
