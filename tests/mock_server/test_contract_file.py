"""openapi.yaml itself: it is valid, its examples fit their schemas, and everything in it says what it rests on."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from openapi_spec_validator import OpenAPIV32SpecValidator

from mock_server.domain.errors import ERRORS
from mock_server.domain.settings import FIELDS

METHODS = {"get", "put", "post", "delete", "patch", "head", "options", "trace", "query"}
BASES = {"seed", "vendor", "observed", "assumed"}
NAMES = {
    "issue_anonymous_token", "create_session", "run_sse", "upload_files", "get_credits", "get_state", "submit_render",
    "get_render", "cancel_render", "download_render", "issue_claim_token", "get_file", "get_contract",
}  # fmt: skip
OPEN = {"issue_anonymous_token", "get_file", "get_contract"}
ATTRIBUTION = ["X-Skill-Source", "X-Skill-Version", "X-Skill-Platform"]

Json = dict[str, Any]
Place = tuple[str, ...]


@cache
def contract() -> Json:
    text = Path(__file__).parents[2].joinpath("openapi.yaml").read_bytes()
    loaded: Json = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return loaded


def deref(node: Any) -> Any:
    while isinstance(node, dict) and "$ref" in node:
        found: Any = contract()
        for key in node["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        node = found
    return node


@cache
def operations() -> dict[str, tuple[str, str, Json]]:
    """operationId -> path, method, operation."""
    return {
        operation["operationId"]: (path, method, operation)
        for path, item in contract()["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


def replies() -> Iterator[tuple[Place, Json]]:
    for name, (_, _, operation) in operations().items():
        for status, reply in operation["responses"].items():
            yield (name, status), deref(reply)
    for name, reply in contract()["components"]["responses"].items():
        yield ("responses", name), reply


def parameters() -> Iterator[tuple[Place, Json]]:
    for name, (_, _, operation) in operations().items():
        for given in operation.get("parameters", []):
            parameter = deref(given)
            yield (name, parameter["name"]), parameter
    for place, reply in replies():
        for header, given in reply.get("headers", {}).items():
            yield (*place, header), deref(given)


def media() -> Iterator[tuple[Place, Json]]:
    for name, (_, _, operation) in operations().items():
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            yield (name, "body", kind), content
    for place, reply in replies():
        for kind, content in reply["content"].items():
            yield (*place, kind), content


def roots() -> Iterator[tuple[Place, Json]]:
    for name, schema in contract()["components"]["schemas"].items():
        yield ("schemas", name), schema
    for place, content in media():
        for key in ("schema", "itemSchema"):
            if key in content:
                yield (*place, key), content[key]
    for place, parameter in parameters():
        yield (*place, "schema"), parameter["schema"]


def properties(place: Place, schema: Any) -> Iterator[tuple[Place, Json]]:
    """Every property described in a schema. Conditions, and what narrows a referred-to schema, describe nothing anew."""
    if not isinstance(schema, dict):
        return
    for name, sub in schema.get("properties", {}).items():
        yield (*place, name), sub
        yield from properties((*place, name), sub)
    for key in ("items", "contentSchema", "additionalProperties"):
        yield from properties((*place, key), schema.get(key))
    for key in ("allOf", "anyOf", "oneOf"):
        refers = any("$ref" in sub for sub in schema.get(key, []))
        for number, sub in enumerate(schema.get(key, [])):
            for where, found in properties((*place, key, str(number)), sub):
                if not (key == "allOf" and refers and set(found) <= {"const", "enum"}):
                    yield where, found


def unfounded(things: Iterator[tuple[Place, Json]]) -> list[str]:
    """Those that state no basis and source, neither themselves nor where they refer to."""
    bad = []
    for place, thing in things:
        stated = thing if "x-basis" in thing else deref(thing)
        source = stated.get("x-source")
        if stated.get("x-basis") not in BASES or not isinstance(source, str) or not source.strip():
            bad.append("/".join(place))
    return bad


def examples() -> Iterator[tuple[Place, Json, Any]]:
    """Place, schema, value of each example that is one JSON value."""
    for place, content in media():
        for name, given in content.get("examples", {}).items():
            example = deref(given)
            if "schema" in content:
                yield (*place, name), content["schema"], example["value"]
    for place, parameter in parameters():
        if "example" in parameter:
            yield place, parameter["schema"], parameter["example"]


def validator(schema: Json) -> jsonschema_rs.Draft202012Validator:
    """For a schema of the contract, whose references it can follow; the JSON inside strings is validated as well."""

    class Content:
        def __init__(self, parent: Json, value: str, path: list[str | int]) -> None:
            self.inner = validator(parent["contentSchema"])

        def validate(self, instance: Any) -> None:
            self.inner.validate(json.loads(instance))

    whole = {"components": {"schemas": contract()["components"]["schemas"]}, **schema}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True, keywords={"contentMediaType": Content})


def sample(path: str, operation: Json) -> str:
    for given in operation.get("parameters", []):
        parameter = deref(given)
        if parameter["in"] == "path":
            path = path.replace("{" + parameter["name"] + "}", parameter["example"])
    return path


def meant(method: str, path: str) -> str | None:
    for entry in contract()["x-foreign-paths"]:
        if re.search(entry["pattern"], path) and method in entry.get("methods", [method]):
            return str(entry["meant"])
    return None


def test_the_file_is_valid_openapi() -> None:
    assert contract()["openapi"].startswith("3.2.")
    assert [error.message for error in OpenAPIV32SpecValidator(contract()).iter_errors()] == []
    for _, schema in roots():
        validator(schema)


def test_a_comma_in_a_plain_scalar_has_not_made_a_key() -> None:
    def empty(node: Any, place: Place) -> Iterator[Place]:
        if isinstance(node, dict):
            for key, value in node.items():
                if value is None and (key, place[-1]) != ("data", "value"):
                    yield (*place, key)
                yield from empty(value, (*place, key))
        elif isinstance(node, list):
            for number, value in enumerate(node):
                yield from empty(value, (*place, str(number)))

    assert list(empty(contract(), ())) == []


def test_the_operations_are_these_and_open_ones_say_so() -> None:
    assert set(operations()) == NAMES
    assert contract()["security"] == [{"bearer": []}]
    for name, (_, _, operation) in operations().items():
        assert operation.get("security") == ([] if name in OPEN else None), name
        assert ("401" in operation["responses"]) == (name not in OPEN), name
        assert ("x-scope" in operation) == (name not in OPEN), name
        named = [deref(given)["name"] for given in operation.get("parameters", [])]
        assert named[-3:] == ATTRIBUTION or name in {"get_file", "get_contract"}, name


def test_everything_says_what_it_rests_on() -> None:
    root = contract()
    assert unfounded(((name,), operation) for name, (_, _, operation) in operations().items()) == []
    assert unfounded(replies()) == []
    assert unfounded(parameters()) == []
    assert unfounded(found for place, schema in roots() for found in properties(place, schema)) == []
    for table in ("x-codes", "x-timings", "x-limits"):
        assert unfounded(((table, name), entry) for name, entry in root[table].items()) == []
    assert unfounded(((entry["pattern"],), entry) for entry in root["x-foreign-paths"]) == []
    assert unfounded((("security", name), scheme) for name, scheme in root["components"]["securitySchemes"].items()) == []


def test_required_members_are_described() -> None:
    for name, schema in contract()["components"]["schemas"].items():
        if "properties" in schema:
            assert set(schema.get("required", [])) <= set(schema["properties"]), name


def test_every_example_fits_its_schema() -> None:
    errors = []
    for place, schema, value in examples():
        errors += [f"{'/'.join(place)}: {error.message}" for error in validator(schema).iter_errors(value)]
    assert errors == []


def test_every_exchange_has_an_example() -> None:
    bare = ["/".join(place) for place, content in media() if content and not content.get("examples")]
    assert bare == []
    assert [
        place for place, parameter in parameters() if place[0] in NAMES and len(place) == 2 and "example" not in parameter
    ] == []


def test_example_streams_are_events_of_the_contract() -> None:
    content = operations()["run_sse"][2]["responses"]["200"]["content"]["text/event-stream"]
    check = validator(content["itemSchema"])
    for name, example in content["examples"].items():
        blocks = example["value"].strip("\n").split("\n\n")
        assert len(blocks) > 1, name
        for block in blocks:
            fields = [line.partition(":") for line in block.split("\n")]
            check.validate({key: value.removeprefix(" ") for key, _, value in fields})


@pytest.mark.parametrize(
    "event",
    [
        {"data": "{}"},
        {"data": "[DONE]"},
        {"data": '{"type":"text"}'},
        {"data": '{"type":"done"}'},
        {"data": '{"type":"text","content":"a","more":1}'},
        {"data": '{"content":{"parts":[{"text":"a"}]}}'},
        {"event": "heartbeat", "data": '{"text":"a"}'},
        {"event": "message"},
    ],
)
def test_what_is_no_event_is_refused(event: Json) -> None:
    assert not validator({"$ref": "#/components/schemas/StreamEvent"}).is_valid(event)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ("RenderAnswer", {"code": 0, "success": True, "data": {"id": "r", "status": "pending", "progress": 5}}),
        ("RenderAnswer", {"success": True, "data": {"id": "r", "status": "completed", "progress": 100}}),
        ("RenderAnswer", {"id": "r", "status": "failed", "progress": 40}),
        ("RenderAnswer", {"success": True, "data": {"id": "r", "status": "queued", "progress": 5}}),
        ("TokenRefusal", {"code": 1002, "message": "session not found", "data": None}),
        ("Error", {"code": 1001, "message": "token has expired"}),
        ("RenderOrder", {"id": "r", "sessionId": "1", "draft": "{}"}),
        ("RenderOrder", {"id": "r" * 129, "sessionId": "1", "draft": {}}),
        ("ChatOrder", {"session_id": 5720349816604821513, "new_message": {"parts": [{"text": "a"}]}}),
        ("ChatOrder", {"session_id": "1", "new_message": {"parts": []}}),
        ("UrlsUpload", {"urls": ["/home/me/travel.mp4"]}),
    ],
)
def test_what_breaks_a_schema_is_refused(schema: str, value: Json) -> None:
    assert not validator({"$ref": f"#/components/schemas/{schema}"}).is_valid(value)


def test_success_and_refusal_exclude_each_other() -> None:
    for place, schema, value in examples():
        if "oneOf" in schema:
            assert sum(validator(sub).is_valid(value) for sub in schema["oneOf"]) == 1, place


def test_links_lead_to_operations_and_their_parameters() -> None:
    links = {(*place, name): link for place, reply in replies() for name, link in reply.get("links", {}).items()}
    assert {place[0] for place in links} >= {"create_session", "upload_files", "get_state", "submit_render", "get_render"}
    for place, link in links.items():
        _, _, operation = operations()[link["operationId"]]
        known = {deref(given)["name"] for given in operation.get("parameters", [])}
        assert set(link.get("parameters", {})) <= known, place
        if "requestBody" in link:
            body = operation["requestBody"]["content"]["application/json"]["schema"]
            assert set(deref(body)["required"]) <= set(link["requestBody"]), place


def test_codes_are_those_of_the_errors() -> None:
    codes = contract()["x-codes"]
    told = contract()["components"]["schemas"]["Error"]["properties"]["code"]["enum"]
    assert {int(code) for code in codes} == {0, *told}
    assert told == sorted(told)
    for code, error in ERRORS.items():
        assert codes[str(code)]["http"] == error.statuses._asdict(), code
    for code, entry in codes.items():
        assert set(entry) == {"name", "meaning", "http", "client_action", "x-basis", "x-source"}, code


def test_codes_travel_on_declared_statuses_only() -> None:
    """An answer that may carry a code is declared at a status on which some `error_status` lets that code travel."""
    codes = contract()["x-codes"]
    for place, content in media():
        if "examples" not in content or place[0] == "responses":
            continue
        for given in content["examples"].values():
            value = deref(given).get("value")
            if isinstance(value, dict) and "message" in value and place[1] != "body":
                assert int(place[1]) in codes[str(value["code"])]["http"].values(), place


def test_timings_and_limits_are_those_of_the_settings() -> None:
    for table in ("x-timings", "x-limits"):
        for name, entry in contract()[table].items():
            assert (
                {"value", "unit", "x-basis", "x-source"} <= set(entry) <= {"value", "unit", "x-basis", "x-source", "setting"}
            ), name
            if "setting" in entry:
                value = entry["value"]
                known = FIELDS[entry["setting"]]
                assert (tuple(value) if isinstance(value, list) else value) == known.default, name
                assert entry["x-basis"] == known.metadata["basis"], name


def test_wrong_names_are_not_right_ones() -> None:
    for place, schema in roots():
        for where, found in properties(place, schema):
            wrong = (found if "x-instead" in found else deref(found)).get("x-instead", [])
            assert where[-1] not in wrong and len(set(wrong)) == len(wrong), where
    for where, parameter in parameters():
        assert where[-1].lower() not in [wrong.lower() for wrong in parameter.get("x-instead", [])], where


def test_foreign_paths_are_well_formed_and_are_none_of_ours() -> None:
    for entry in contract()["x-foreign-paths"]:
        pattern = entry["pattern"]
        assert all(part.startswith("^") and part.endswith("$") for part in re.split(r"(?<=\$)\|(?=\^)", pattern)), pattern
        re.compile(pattern)
        assert set(entry.get("methods", [])) <= {"GET", "POST"}, pattern
        assert entry["why"].endswith("."), pattern
        assert entry["meant"] in NAMES or (" " in entry["meant"] and entry["meant"].endswith(".")), pattern
    for name, (path, method, operation) in operations().items():
        assert meant(method.upper(), sample(path, operation)) is None, name


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/api/v1/generate", "run_sse"),
        ("POST", "/v1/generate", "run_sse"),
        ("POST", "/v1/run", "run_sse"),
        ("POST", "/run", "run_sse"),
        ("POST", "/api/run_sse", "run_sse"),
        ("POST", "/v1/edit/render", "submit_render"),
        ("POST", "/v1/edit/trim", "run_sse"),
        ("POST", "/v1/upload", "upload_files"),
        ("GET", "/ws/chat", "run_sse"),
        ("POST", "/api/auth/anonymous-tokenwith%20headerX-Client-Id", "issue_anonymous_token"),
        ("POST", "/api/auth/exchange-claim-token", "issue_claim_token"),
        ("POST", "/projects", "create_session"),
        ("POST", "/apps/nemo_agent/users/me/sessions", "create_session"),
        ("POST", "/api/tasks/anon_5b1e07c2a94d83f6/with-session/nemo_agent", "create_session"),
        ("POST", "/api/tasks/me/with-session", "create_session"),
        ("POST", "/api/upload-video/nemo_agent/anon_5b1e07c2a94d83f6/5720349816604821513", "upload_files"),
        ("POST", "/api/upload-video/nemo_agent/me", "upload_files"),
        ("GET", "/api/state", "get_state"),
        ("GET", "/api/state/nemo_agent/me/5720349816604821513", "get_state"),
        ("GET", "/api/state/nemo_agent/anon_5b1e07c2a94d83f6/5720349816604821513/latest", "get_state"),
        ("GET", "/api/credits/balance", "get_credits"),
        ("POST", "/api/render/proxy/draft", "submit_render"),
        ("POST", "/services/v1/render-proxy/lambda", "submit_render"),
        ("GET", "/api/render/proxy/render_1", "get_render"),
        ("GET", "/api/render/proxy/lambda/render_1/download", "download_render"),
        ("POST", "/api/render/proxy/render_1/cancel", "cancel_render"),
        ("GET", "/api/v1/status/job_1", "jobs"),
        ("GET", "/v1/jobs/job_1", "jobs"),
        ("POST", "/api/tokens", "anonymous-token"),
        ("GET", "/workspace/claim", "web site"),
        ("POST", "/mcp", "newest generation"),
        ("POST", "//run_sse", "single slashes"),
        ("POST", "/https://mega-api-prod.nemovideo.ai/run_sse", "whole URL"),
        ("GET", "/api/state/nemo_agent/me/<sid>/latest", "placeholder"),
        ("GET", "/api/state/nemo_agent/me/%3Csid%3E/latest", "placeholder"),
        ("GET", "/api/state/nemo_agent/me/{session_id}/latest", "placeholder"),
        ("GET", "/api/state/nemo_agent/me/$SID/latest", "placeholder"),
        ("GET", "/api/state/nemo_agent/me/undefined/latest", "placeholder"),
        ("POST", "/api/upload-video/nemo_agent/me/null", "placeholder"),
        ("GET", "/api/v2/videos", "version"),
        ("POST", "/run_sse/", "run_sse"),
        ("GET", "/api/render/proxy/lambda/render_1/", "last slash"),
    ],
)
def test_foreign_paths_say_what_was_meant(method: str, path: str, expected: str) -> None:
    told = meant(method, path)
    assert told is not None and (told == expected if expected in NAMES else expected in told)


def test_tokens_and_ids_in_the_file_are_of_the_mock() -> None:
    text = json.dumps(contract())
    assert re.findall(r"nmv_usr_(?!MOCK[A-Za-z0-9_-]{39}\b)[A-Za-z0-9]\w*", text) == []
    assert re.findall(r"clm_(?!MOCK)[A-Za-z0-9]\w*", text) == []
    for number in re.findall(r"\b\d{16,}\b", text):
        assert len(number) == 19 and int(number) > 2**53
