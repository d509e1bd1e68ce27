"""Lines of a trace in words: what a report shows as proof."""

from collections import Counter
from typing import Any

from conformance.catalogue import Evidence
from conformance.report.masking import masked
from conformance.trace import Entry, Exchange, Trace


def clock(ms: int) -> str:
    """Virtual time since the conversation began, like 02:05.3."""
    minutes, rest = divmod(max(0, ms), 60_000)
    return f"{minutes:02}:{rest / 1000:04.1f}"


def start_ms(trace: Trace) -> int:
    """When the conversation began: its first message, else its first line."""
    begun = next((one["at_ms"] for one in trace.entries if one["kind"] == "user"), None)
    return int(begun if begun is not None else trace.entries[0]["at_ms"] if trace.entries else 0)


def proof(trace: Trace, evidence: Evidence) -> list[dict[str, Any]]:
    """The lines of an evidence: `line`, `at_s` since the beginning, `what` in words."""
    begun = start_ms(trace)
    rows = []
    for number in evidence.lines:
        if 0 < number <= len(trace.entries):
            entry = trace.entries[number - 1]
            rows.append({"line": number, "at_s": round((entry["at_ms"] - begun) / 1000, 3), "what": line(trace, number, entry)})
    return rows


def line(trace: Trace, number: int, entry: Entry) -> str:
    match entry["kind"]:
        case "request":
            exchange = next((one for one in trace.exchanges if one.line == number), None)
            return request(exchange) if exchange else str(entry.get("path"))
        case "user":
            files = "".join(f" [{name}]" for name in entry.get("files", ()))
            return masked(f"user: {short(entry['text'])}{files}")
        case "say":
            return masked(f"shown: {short(entry['text'])}")
        case "event" | "chunk":
            return masked(f"stream: {short(str(entry.get('wire', '...')).strip())}")
        case "file":
            return masked(f"file ~/{entry['path']}, {entry['size']} bytes")
        case "foreign":
            return masked(f"{entry['method']} {entry['host']}{entry['path']}, another host")
        case "argument":
            return masked(f"process: {short(entry['text'])}")
        case "world":
            return masked(f"the service: {entry['what']} {entry.get('subject', '')}")
        case "outcome":
            code = entry.get("code")
            return f"the client {entry['how']}" + (f" with {code}" if code else "")
    return str(entry["kind"])


def request(one: Exchange) -> str:
    """A request and its answer, like "POST /run_sse → 200, 9 events, reset"."""
    path = one.path if len(one.path) <= 80 else one.path[:79] + "…"
    if one.status is None:
        answer = "no answer"
    elif one.stream:
        answer = f"{one.status}, {len(one.events)} event{'s' * (len(one.events) != 1)}"
    else:
        answer = f"{one.status}" + (f" code {one.code}" if one.code not in (0, one.status) else "")
    end = one.cut or (one.ended_by if one.ended_by in ("client", "control", "shutdown", "fault") else "")
    return masked(f"{one.method} {path} → {answer}{', ' + end if end else ''}")


def told_events(one: Exchange) -> str:
    """The events of a stream, counted by kind."""
    kinds = Counter(meaning.kind for event in one.events for meaning in event.meanings)
    return ", ".join(f"{count} {kind}" for kind, count in kinds.items())


def short(text: str, most: int = 100) -> str:
    told = " ⏎ ".join(part for part in text.splitlines() if part.strip())
    return told if len(told) <= most else told[: most - 1] + "…"
