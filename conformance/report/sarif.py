"""A result as SARIF 2.1.0 (OASIS): each objection is a result; what does not bind is a note. Its place is a line of a trace."""

import json
from typing import Any

from conformance.report.data import as_data
from conformance.result import Result

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def text(result: Result) -> str:
    data = as_data(result)
    rules = [rule for rule in data["rules"] if not rule["excluded"]]
    driver = {
        "name": data["kit"]["name"],
        "version": data["kit"]["version"],
        "rules": [
            {
                "id": rule["id"],
                "name": _pascal(rule["name"]),
                "shortDescription": {"text": rule["says"]},
                "properties": {"level": rule["level"], "basis": rule["basis"], "sources": rule["sources"]},
            }
            for rule in rules
        ],
    }
    results = [
        _result(rule, index, one) for index, rule in enumerate(rules) for one in rule["evidence"] if one["verdict"] == "broken"
    ]
    told = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
    }
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def _result(rule: dict[str, Any], index: int, one: dict[str, Any]) -> dict[str, Any]:
    level = "note" if not rule["binds"] or rule["excused"] else "error" if rule["level"] == "MUST" else "warning"
    told = {
        "ruleId": rule["id"],
        "ruleIndex": index,
        "level": level,
        "message": {"text": f"{one['scenario']}: {one['why']}"},
        "locations": [_location(one["scenario"], row["line"]) for row in one["proof"][-1:]] or [_location(one["scenario"], 1)],
        "partialFingerprints": {"ruleAndScenario/v1": f"{rule['id']}/{one['scenario']}"},
    }
    if len(one["proof"]) > 1:
        steps = [
            {"location": {**_location(one["scenario"], row["line"]), "message": {"text": row["what"]}}} for row in one["proof"]
        ]
        told["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    return told


def _location(scenario: str, line: int) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": {"uri": f"traces/{scenario}.jsonl"}, "region": {"startLine": line}}}


def _pascal(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("-"))
