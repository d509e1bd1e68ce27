"""Findings as SARIF 2.1.0, the format that code hosts and editors show beside the lines."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from conformance.skill.finding import Finding
from conformance.skill.rules import basis, counts

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def document(found: Mapping[Path, Sequence[Finding]], version: str, by: str) -> dict[str, Any]:
    """A SARIF log of broken findings (errors, or notes for advice) and unproven ones (notes of kind "open")."""
    told = [(path, finding) for path, findings in found.items() for finding in findings if finding.verdict != "met"]
    ids = sorted({finding.rule for _, finding in told})
    rules = [{"id": rule, "properties": {"basis": basis(rule)}} for rule in ids]
    results = [_result(path, finding, ids.index(finding.rule), by) for path, finding in told]
    driver = {"name": "nemovideo-conformance", "version": version, "rules": rules}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
    }


def _result(path: Path, finding: Finding, index: int, by: str) -> dict[str, Any]:
    region: dict[str, Any] = {"startLine": finding.line}
    if finding.column is not None:
        region["startColumn"] = finding.column
        region["snippet"] = {"text": finding.excerpt}
    uri = quote(path.as_posix()) if not path.is_absolute() else path.as_uri()
    broken = finding.verdict == "broken"
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "kind": "fail" if broken else "open",
        "level": ("error" if counts(finding, by) else "note") if broken else "none",
        "message": {"text": f"{finding.what} {finding.hint}".strip()},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}],
    }
