"""Talking to the control port of a running mock, for the command line."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

# A proxy has no business between a user and a loopback port.
_open = build_opener(ProxyHandler({})).open


class Refused(Exception):
    """The control port said no; the message is its own."""


def call(control_url: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """Raises Refused, OSError."""
    content = json.dumps(body).encode() if body is not None else None
    request = Request(control_url + path, content, {"content-type": "application/json"}, method=method)
    try:
        with _open(request, timeout=30) as answer:
            told = answer.read()
            return json.loads(told) if told else None
    except HTTPError as error:
        told = error.read()
        raise Refused(json.loads(told)["error"] if told[:1] == b"{" else f"{error.code} {error.reason}") from None


def entries(control_url: str, world: str, follow: bool, operation: str | None) -> Iterator[dict[str, Any]]:
    """Journal entries, oldest first; with `follow`, without end. Raises Refused, OSError."""
    query = {"operation": operation} if operation else {}
    if not follow:
        yield from call(control_url, "GET", f"/worlds/{world}/journal?{urlencode(query)}")["entries"]
        return
    query["follow"] = "1"
    with _open(Request(f"{control_url}/worlds/{world}/journal?{urlencode(query)}")) as stream:
        for line in stream:
            if line.startswith(b"data:"):
                yield json.loads(line[5:])
