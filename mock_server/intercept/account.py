"""A short account of what a command asked for, and what became of it."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_ROWS = 8
MOST_CHARACTERS = 100
#: What differs from call to call of one operation: ids, names of files.
_ID = re.compile(r"(?<=/)(?:[\w.~%-]*\d[\w.~%-]*|[0-9a-f-]{20,})(?=/|$)")


@dataclass(slots=True)
class Account:
    """`asked`: requests by method and path. `refused`: answers that say no, by status, code, request and message."""

    asked: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)


def account(entries: Iterable[Mapping[str, Any]]) -> Account:
    """Of the entries of a journal."""
    told, requests = Account(), {}
    for entry in entries:
        if entry["kind"] == "request":
            requests[entry["seq"]] = asked = f"{entry['method']} {_ID.sub('*', entry['path'])}"
            told.asked[asked] += 1
        elif entry["kind"] in ("response", "stream") and (no := refusal(entry)):
            told.refused[f"{no[0]}  {requests.get(entry['of'], '?')}  {no[1]}".rstrip()] += 1
    return told


def refusal(entry: Mapping[str, Any]) -> tuple[str, str] | None:
    """Status and code of an answer that says no (the service says it with 200, too), and its message."""
    body = entry.get("body")
    code = body.get("code") if isinstance(body, Mapping) else None
    status = entry.get("status", 200)
    if status < 400 and code in (None, 0):
        return None
    message = str(body.get("message", "")) if isinstance(body, Mapping) else ""
    return f"{status}" + (f" code {code}" if code not in (None, status) else ""), message


def rows(heading: str, counted: Mapping[str, int]) -> list[str]:
    """Lines of a section, the most frequent first; none where nothing is counted."""
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    lines = [cut(f"{count:>6}  {what}") for what, count in ordered[:MOST_ROWS]]
    if more := ordered[MOST_ROWS:]:
        lines.append(f"        and {len(more)} more kinds, {sum(count for _, count in more)} in all")
    return [f"  {heading}", *lines] if lines else []


def cut(text: str) -> str:
    """One line; what a terminal would act on is spelt out."""
    text = "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"
