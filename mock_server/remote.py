"""Talking to the control port of a running mock, for the command line."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import ProxyHandler, Request, build_opener

# A proxy has no business between a user and a loopback port.
_open = build_opener(ProxyHandler({})).open


class Refused(Exception):
    """The control port said no, in its own words; or there is none. The message says which."""


def call(control_url: str, method: str, path: str, body: dict[str, Any] | None = None, part: str = "") -> Any:
    """What is answered, or one part of it. Raises Refused."""
    with _asked(control_url, method, path, body, 30) as answer:
        content = answer.read()
        told = json.loads(content or b"{}")
        if not isinstance(told, dict) or (part and part not in told):
            raise Refused(_no_control(control_url))
        return told[part] if part else told


def entries(control_url: str, world: str, follow: bool, operation: str | None) -> Iterator[dict[str, Any]]:
    """Journal entries, oldest first; with `follow`, without end. Raises Refused."""
    query = {**({"operation": operation} if operation is not None else {}), **({"follow": "1"} if follow else {})}
    path = f"{world_path(world)}/journal?{urlencode(query, errors='replace')}"
    if not follow:
        yield from call(control_url, "GET", path, part="entries")
        return
    with _asked(control_url, "GET", path) as stream:
        for line in stream:
            if line.startswith(b"data:") and line.endswith(b"\n"):  # a killed mock leaves half a line
                yield json.loads(line[5:])


def world_path(name: str) -> str:
    return f"/worlds/{quote(name, safe='', errors='replace')}"


@contextmanager
def _asked(
    control_url: str, method: str, path: str, body: dict[str, Any] | None = None, timeout_s: float | None = None
) -> Iterator[HTTPResponse]:
    """The answer, to be read. Raises Refused, also for what goes wrong while it is read."""
    content = json.dumps(body).encode() if body is not None else None
    request = Request(_base(control_url) + path, content, {"content-type": "application/json"}, method=method)
    try:
        with _open(request, timeout=timeout_s) as answer:
            yield answer
    except HTTPError as error:
        raise Refused(_said(error) or _no_control(control_url)) from None
    except OSError as error:
        raise Refused(_nobody(control_url, error)) from None
    except (HTTPException, ValueError):  # it does not speak HTTP, or no JSON
        raise Refused(_no_control(control_url)) from None


def _base(control_url: str) -> str:
    """The URL without a slash at its end. Raises Refused for what is none."""
    try:
        parts = urlsplit(control_url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good or not control_url.isascii() or any(character <= " " for character in control_url):
        raise Refused(f"--control-url {control_url!r}: write it like http://127.0.0.1:8748")
    return control_url.rstrip("/")


def _said(error: HTTPError) -> str:
    """The control port's own words, or nothing where it is not one."""
    try:
        told = json.loads(error.read())
    except (OSError, HTTPException, ValueError):
        return ""
    words = told.get("error") if isinstance(told, dict) else None
    return words if isinstance(words, str) else ""


def _nobody(control_url: str, error: OSError) -> str:
    cause = error.reason if isinstance(error, URLError) else error
    why = getattr(cause, "strerror", None) or str(cause)
    return f"no mock answers at {control_url} ({why}); start one with 'nemovideo-mock serve', or name its control port with --control-url"


def _no_control(control_url: str) -> str:
    return f"--control-url {control_url}: this is no control port; the mock names its own when it starts, beside that of the API"
