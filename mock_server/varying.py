"""The strict profile on the wire: one value, spelt in another legal way. See domain/variations.py for the clauses."""

import json
from typing import Any

import msgspec

_encode = msgspec.json.Encoder().encode


def encode(body: Any, varied: tuple[str, ...]) -> bytes:
    """JSON bytes of a value, as plain as can be or as the world's variations have it."""
    if not varied:
        return _encode(body)
    if "numbers" in varied:
        body = _other_numbers(body)
    if "key_order" in varied:
        body = _other_order(body)
    indent = 2 if "whitespace" in varied else None
    return json.dumps(body, ensure_ascii="escapes" in varied, indent=indent, separators=None if indent else (",", ":")).encode()


def encode_event(payload: dict[str, Any], varied: tuple[str, ...]) -> bytes:
    """JSON of an event, on one line in any case: its lines are the framing's business."""
    if "extra_fields" in varied:
        payload = {**payload, "x_trace": "t-1"}
    return encode(payload, tuple(name for name in varied if name != "whitespace"))


def with_more(body: Any, varied: tuple[str, ...]) -> Any:
    """A successful answer with members that no document names."""
    if "extra_fields" not in varied or not isinstance(body, dict) or not (body.get("code") == 0 or body.get("success")):
        return body
    data = body.get("data")
    more = {"data": {**data, "x_region": None}} if isinstance(data, dict) else {}
    return {**body, **more, "request_id": "r-1", "x_notes": []}


def header_name(name: bytes, varied: tuple[str, ...]) -> bytes:
    """Names by which the server itself steers (length, encoding, connection) stay as they are."""
    if "header_case" not in varied or name in (b"content-length", b"transfer-encoding", b"connection"):
        return name
    return _Cased(b"-".join(part.capitalize() for part in name.split(b"-")) if len(name) % 2 else name.upper())


class _Cased(bytes):
    """A field name that keeps its case where uvicorn lowers it."""

    def lower(self) -> bytes:
        return self


def _other_order(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _other_order(value[key]) for key in sorted(value, reverse=True)}
    return [_other_order(item) for item in value] if isinstance(value, list | tuple) else value


def _other_numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _other_numbers(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_other_numbers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
