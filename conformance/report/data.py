"""A result as JSON, after `result.schema.json`."""

import json
from pathlib import Path
from typing import Any

from conformance import __version__
from conformance.catalogue import Cost, Evidence
from conformance.report.lines import proof
from conformance.report.masking import masked_all
from conformance.result import Finding, Result
from conformance.trace import Trace

SCHEMA = Path(__file__).with_name("result.schema.json")


def as_data(result: Result) -> dict[str, Any]:
    """All that other reports say, as plain values, without secrets."""
    traces = {trace.name: trace for trace in result.traces}
    told = {
        "format": 1,
        "kit": {"name": "nemovideo-conformance", "version": __version__},
        "client": result.client,
        "skill": {"name": result.held.skill, "version": result.held.version},
        "level": result.held.level,
        "rate": result.rate,
        "verdict": result.words,
        "exit": result.exit,
        "rules": [_rule(finding, traces) for finding in result.findings],
        "scenarios": [_scenario(trace) for trace in result.traces],
        "skipped": list(result.skipped),
        "complaints": list(result.complaints),
        "notes": list(result.notes),
    }
    masked: dict[str, Any] = masked_all(told)
    return masked


def text(result: Result) -> str:
    return json.dumps(as_data(result), indent=1, ensure_ascii=False) + "\n"


def _rule(finding: Finding, traces: dict[str, Trace]) -> dict[str, Any]:
    rule = finding.rule
    return {
        "id": rule.id,
        "name": rule.name,
        "says": rule.says,
        "verdict": finding.verdict,
        "level": rule.level,
        "basis": rule.basis,
        "sources": list(rule.sources),
        "seen": list(rule.seen),
        "room": rule.room,
        "binds": finding.binds,
        "expected": finding.expected,
        "excluded": rule.excluded,
        "excused": finding.excused,
        "evidence": [_evidence(one, traces) for one in finding.evidence],
    }


def _evidence(one: Evidence, traces: dict[str, Trace]) -> dict[str, Any]:
    return {
        "verdict": one.verdict,
        "scenario": one.trace,
        "why": one.why,
        "proof": proof(traces[one.trace], one) if one.trace in traces else [],
        "cost": _cost(one.cost),
    }


def _cost(cost: Cost) -> dict[str, Any]:
    told = {
        "credits": cost.credits,
        "requests": cost.requests,
        "seconds": round(cost.seconds, 1),
        "leaked": cost.leaked,
        "words": cost.words,
    }
    return {key: value for key, value in told.items() if value}


def _scenario(trace: Trace) -> dict[str, Any]:
    outcome = trace.outcome
    return {
        "name": trace.name,
        "how": outcome.get("how", "recorded"),
        "code": outcome.get("code"),
        "unfired": list(outcome.get("unfired", ())),
        "incomplete": trace.incomplete,
        "messages": len(trace.messages),
        "requests": len(trace.exchanges),
    }
