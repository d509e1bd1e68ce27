"""Lines of a trace in words: what a report shows as proof."""

import re
from bisect import bisect_right
from collections import Counter
from itertools import accumulate
from typing import Any
from unicodedata import east_asian_width

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
            return ended(entry)
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


#: What a terminal would obey, and what turns the direction of writing.
_ORDERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def tame(text: str) -> str:
    """A client's or a journal's words as mere text."""
    return _ORDERS.sub("\ufffd", text)


#: How a client ended, in words that follow "the client".
ENDED = {
    "left": "left before it was done",
    "flooded": "flooded its output",
    "mute": "said nothing",
    "not started": "did not start",
}


def ended(outcome: Entry) -> str:
    """Like "the client crashed with 1"."""
    code = outcome.get("code")
    return f"the client {ENDED.get(outcome['how'], outcome['how'])}" + (f" with {code}" if code else "")


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def short(text: str, most: int = 100) -> str:
    """In one line of so many columns: Chinese characters take two."""
    told = " ⏎ ".join(tame(part) for part in text.splitlines() if part.strip())
    wide = list(accumulate(1 + (east_asian_width(one) in "WF") for one in told))
    return told if not wide or wide[-1] <= most else told[: bisect_right(wide, most - 1)] + "…"
