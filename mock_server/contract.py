"""openapi.yaml as router and validator: paths, methods, parameters, bodies and what wrong ones probably meant.

The document is OpenAPI 3.2. Next to the standard's own words it carries `x-instead` (wrong names people use for a
field) and `x-foreign-paths` (paths of other products and generations), from which the hints in refusals come.
"""

import json
import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache, cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote, unquote_to_bytes

import jsonschema_rs
import msgspec

from mock_server.domain.errors import MethodNotAllowed, NotFound, Unprocessable, WrongMediaType

MOST_COMPLAINTS = 8
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@dataclass(frozen=True)
class Operation:
    """One operation of the document. `scope` is what a token needs for it; `bodies` maps a media type to its schema."""

    id: str
    method: str
    path: str
    secured: bool
    scope: str
    parameters: tuple[dict[str, Any], ...]
    bodies: Mapping[str, Mapping[str, Any]]
    components: Mapping[str, Any] = field(repr=False)

    @cached_property
    def body_validator(self) -> jsonschema_rs.Draft202012Validator:
        return self.validator(self.bodies["application/json"])

    def validator(self, schema: Mapping[str, Any]) -> jsonschema_rs.Draft202012Validator:
        return jsonschema_rs.Draft202012Validator({"allOf": [schema], "components": self.components})

    @cached_property
    def checked(self) -> tuple[tuple[str, str, dict[str, Any], jsonschema_rs.Draft202012Validator], ...]:
        """(place, name, parameter, validator) of each parameter that can be wrong: anything may stand in a plain string."""
        rows = []
        for parameter in self.parameters:
            schema = parameter.get("schema", {})
            if set(schema) - {"type", "description", "examples", "example"} or schema.get("type") != "string":
                rows.append((parameter["in"], parameter["name"], parameter, self.validator(schema)))
        return tuple(rows)


@dataclass(frozen=True)
class Foreign:
    pattern: str
    methods: frozenset[str]
    meant: str
    why: str


class Contract:
    """The document and its operations by path."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.operations: dict[str, Operation] = {}
        self.literal: dict[str, dict[str, Operation]] = {}
        self.templates: list[tuple[list[str], dict[str, Operation]]] = []
        components = {"schemas": document.get("components", {}).get("schemas", {})}
        for path, item in document["paths"].items():
            shared = item.get("parameters", [])
            methods = {}
            for method in METHODS:
                if (declared := item.get(method)) is None:
                    continue
                operation = self._operation(method.upper(), path, declared, shared, components)
                self.operations[operation.id] = operation
                methods[operation.method] = operation
            if "{" in path:
                self.templates.append((path.split("/"), methods))
            else:
                self.literal[path] = methods
        self.foreign = [
            Foreign(row["pattern"], frozenset(row.get("methods", ())), row["meant"], row["why"])
            for row in document.get("x-foreign-paths", [])
        ]

    def _operation(
        self, method: str, path: str, declared: dict[str, Any], shared: list[dict[str, Any]], components: Mapping[str, Any]
    ) -> Operation:
        body = self.resolve(declared.get("requestBody", {}))
        return Operation(
            id=declared["operationId"],
            method=method,
            path=path,
            secured=declared.get("security", self.document.get("security", [])) != [],
            scope=declared.get("x-scope", ""),
            parameters=tuple(self.resolve(p) for p in [*shared, *declared.get("parameters", [])]),
            bodies={kind: media.get("schema", {}) for kind, media in body.get("content", {}).items()},
            components=components,
        )

    def resolve(self, thing: dict[str, Any]) -> dict[str, Any]:
        """A local `$ref` followed, once or often."""
        while "$ref" in thing:
            target: Any = self.document
            for part in thing["$ref"].removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            thing = cast("dict[str, Any]", target)
        return thing

    def statuses(self, operation_id: str) -> list[str]:
        """The HTTP statuses an operation answers with."""
        operation = self.operations[operation_id]
        return list(self.document["paths"][operation.path][operation.method.lower()]["responses"])

    def answer_schema(self, operation_id: str, status: int, content_type: str) -> dict[str, Any] | None:
        """The schema of an answer's body; None when this status or media type is not declared."""
        operation = self.operations[operation_id]
        responses = self.document["paths"][operation.path][operation.method.lower()]["responses"]
        if str(status) not in responses:
            return None
        content = self.resolve(responses[str(status)]).get("content", {})
        media = content.get(content_type.partition(";")[0].strip().lower(), content.get("*/*"))
        return None if media is None and content else (media or {}).get("schema", {})

    # routing

    def route(self, method: str, raw_path: str) -> tuple[Operation, dict[str, str]]:
        """The operation of a path as it came (percent-encoded), with its path parameters.

        Raises NotFound with what was probably meant, MethodNotAllowed with an Allow header, Unprocessable for bad
        percent-encoding.
        """
        methods = self.literal.get(raw_path)
        parameters: dict[str, str] = {}
        if methods is None:
            check_encoding(raw_path)
            methods, parameters = self._match(raw_path.split("/"))
        if methods is None:
            raise NotFound(self._what_was_meant(method, unquote(raw_path)))
        operation = methods.get("GET" if method == "HEAD" else method)
        if operation is None:
            allowed = sorted({*methods, *(["HEAD"] if "GET" in methods else [])})
            raise MethodNotAllowed(
                f"{raw_path} takes {', '.join(methods)}, not {method}", headers=(("allow", ", ".join(allowed)),)
            )
        return operation, parameters

    def _match(self, parts: list[str]) -> tuple[dict[str, Operation] | None, dict[str, str]]:
        for template, methods in self.templates:
            if len(template) == len(parts) and all(t[:1] == "{" or t == p for t, p in zip(template, parts, strict=True)):
                found = {t[1:-1]: unquote(p) for t, p in zip(template, parts, strict=True) if t[:1] == "{"}
                if all(found.values()):
                    return methods, found
        return None, {}

    def _what_was_meant(self, method: str, path: str) -> str:
        for row in self.foreign:
            if re.search(row.pattern, path) and (not row.methods or method in row.methods):
                operation = self.operations.get(row.meant)
                meant = f"{operation.method} {operation.path}" if operation else row.meant
                return f"there is no {method} {path[:200]} here: {row.why}; probably meant: {meant}"
        near = get_close_matches(path, [op.path for op in self.operations.values()], 1, 0.6)
        return f"there is no {method} {path[:200]} here" + (f"; did you mean {near[0]}?" if near else "")

    # validation

    def check_parameters(self, operation: Operation, query: Mapping[str, list[str]], headers: Mapping[str, str]) -> None:
        """Raises Unprocessable for query values and headers that break their schema. A required header is not asked for here."""
        complaints = []
        for place, name, parameter, validator in operation.checked:
            values = query.get(name, []) if place == "query" else [headers[name.lower()]] if name.lower() in headers else []
            if place == "path":
                continue
            if len(values) > 1:
                complaints.append({"loc": [place, name], "message": "given more than once"})
            elif values and not validator.is_valid(values[0]):
                error = next(iter(validator.iter_errors(values[0])))
                complaints.append({"loc": [place, name], "message": error.message})
            elif not values and parameter.get("required") and place == "query":
                complaints.append({"loc": [place, name], "message": "is missing"})
        refuse(complaints)

    def check_json(self, operation: Operation, body: Any) -> None:
        """Raises Unprocessable, naming what is wrong, where, and what was probably meant."""
        if operation.body_validator.is_valid(body):
            return
        schema = operation.bodies["application/json"]
        refuse(self.complaint(schema, error, body) for error in operation.body_validator.iter_errors(body))

    def media_type(self, operation: Operation, content_type: str) -> str:
        """The declared media type that a Content-Type names. Raises WrongMediaType."""
        given = content_type.partition(";")[0].strip().lower()
        if given in operation.bodies:
            return given
        wanted = " or ".join(operation.bodies)
        raise WrongMediaType(
            f"send the body as {wanted}, with that Content-Type" + (f"; this one says {given[:80]!r}" if given else "")
        )

    def complaint(self, schema: Mapping[str, Any], error: jsonschema_rs.ValidationError, body: Any) -> dict[str, Any]:
        """One violation as {"loc", "message", "meant"?}."""
        path = list(error.instance_path)
        place: Any = body
        for part in path:
            place = place[part]
        row: dict[str, Any] = {"loc": ["body", *path], "message": error.message[:300]}
        missing = re.match(r'"(.+?)" is a required property', error.message)
        if missing and isinstance(place, dict):
            row = {"loc": ["body", *path, missing[1]], "message": "is missing"}
            wrong = self.used_instead(self.at(schema, path), missing[1], place)
            if wrong:
                row["meant"] = f"you sent {wrong!r}; the field is called {missing[1]!r}"
        elif isinstance(place, int) and str(path[-1:]).lower().find("id") > 0 and "is not of type" in error.message:
            row["meant"] = "put it in quotes: 19 digits do not survive as a number"
        elif isinstance(place, str) and "is not of type" in error.message:
            row["message"] = f"a string, where {_types(error.message)} is needed"
            if place.lstrip()[:1] in "{[":
                row["meant"] = "this is JSON inside a string: send the object itself, as data.state gave it"
        return row

    def at(self, schema: Mapping[str, Any], path: Iterable[str | int]) -> Mapping[str, Any]:
        """The schema of the place `path` inside an instance of `schema`; {} where it is not said."""
        found: Any = schema
        for part in path:
            found = self.resolve(dict(found))
            found = found.get("items", {}) if isinstance(part, int) else found.get("properties", {}).get(part, {})
        return self.resolve(dict(found))

    def used_instead(self, schema: Mapping[str, Any], name: str, given: Iterable[str]) -> str | None:
        """Which of the names `given` was probably meant to be `name`."""
        keys = [key for key in given if isinstance(key, str) and key not in schema.get("properties", {})]
        known = schema.get("properties", {}).get(name, {})
        known = known.get("x-instead") or self.resolve(dict(known)).get("x-instead", [])
        exact = [key for key in keys if key in known]
        return next(iter(exact or get_close_matches(name, keys, 1, 0.75)), None)


def check_encoding(raw_path: str) -> None:
    """Raises Unprocessable for a percent sign without two hex digits, and for bytes that are not UTF-8."""
    if re.search(r"%(?![0-9A-Fa-f]{2})", raw_path):
        raise Unprocessable("the path has a percent sign that is not followed by two hexadecimal digits")
    try:
        unquote_to_bytes(raw_path).decode()
    except UnicodeDecodeError:
        raise Unprocessable("the percent-encoded bytes of the path are not UTF-8") from None


def refuse(complaints: Iterable[dict[str, Any]]) -> None:
    """Raises Unprocessable if there is any."""
    rows = [row for row, _ in zip(complaints, range(MOST_COMPLAINTS), strict=False)]
    if rows:
        first = rows[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Unprocessable(f"{place}: {first['message']}" + (f" ({first['meant']})" if "meant" in first else ""), rows)


def _types(message: str) -> str:
    return " or ".join(re.findall(r'"(\w+)"', message.partition("is not of type")[2])) or "another type"


def older_view(document: dict[str, Any]) -> dict[str, Any]:
    """The same contract as OpenAPI 3.1, for tools that lag: a stream's `itemSchema` becomes `x-item-schema` beside a plain string."""

    def turned(thing: Any) -> Any:
        if isinstance(thing, list):
            return [turned(item) for item in thing]
        if not isinstance(thing, dict):
            return thing
        view = {key: turned(value) for key, value in thing.items()}
        if "itemSchema" in view:
            view["x-item-schema"] = view.pop("itemSchema")
            view.setdefault("schema", {"type": "string", "description": "A stream of events, each as x-item-schema says."})
        return view

    return {**turned(document), "openapi": "3.1.1"}


def find() -> Path:
    """The document: inside the installed package, or at the top of a checkout."""
    here = Path(__file__).parent
    inside = here / "openapi.yaml"
    return inside if inside.exists() else here.parent / "openapi.yaml"


@cache
def load() -> Contract:
    return Contract(parsed(find()))


def parsed(path: Path) -> dict[str, Any]:
    """A YAML document. As with byte code, its parsed form is kept beside it, named by its content: parsing ours takes 50 ms."""
    content = path.read_bytes()
    kept = path.parent / "__pycache__" / f"{path.name}.{blake2b(content, digest_size=12).hexdigest()}.json"
    with suppress(OSError, ValueError):
        return cast("dict[str, Any]", msgspec.json.decode(kept.read_bytes()))
    import yaml

    document = cast("dict[str, Any]", yaml.load(content, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    with suppress(OSError):
        kept.parent.mkdir(exist_ok=True)
        draft = kept.with_suffix(f".{os.getpid()}")
        draft.write_bytes(msgspec.json.encode(document))
        draft.replace(kept)
    return document


@cache
def served(version: str) -> bytes:
    """The document as JSON bytes, `version` 3.2 or 3.1."""
    document = load().document
    return json.dumps(document if version == "3.2" else older_view(document), ensure_ascii=False).encode()
