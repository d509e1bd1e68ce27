"""HAR 1.2, out and in: journals for browsers' and proxies' tools, and their recordings as journal entries.

Secrets are replaced in what goes out: tokens and client ids by words that stay the same throughout one file.
"""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from mock_server import __version__, contract
from mock_server.domain.errors import ServiceError
from mock_server.recording import Entry, Exchange, RecordingError, entries_of, exchanges

#: What must not leave: tokens of any kind, and the id that buys them.
SECRETS = re.compile(r"(?:nmv_usr_|clm_)[A-Za-z0-9_\-]+")
SECRET_HEADERS = ("authorization", "cookie", "set-cookie", "x-client-id", "proxy-authorization", "x-api-key")


class Redactor:
    """Replaces each secret by a word of its own."""

    def __init__(self, keep: bool = False) -> None:
        self.keep = keep
        self.known: dict[str, str] = {}

    def text(self, text: str) -> str:
        return text if self.keep else SECRETS.sub(lambda found: self.word(found[0]), text)

    def header(self, name: str, value: str) -> str:
        if self.keep or name.lower() not in SECRET_HEADERS:
            return self.text(value)
        scheme, space, secret = value.rpartition(" ")
        return scheme + space + self.word(secret)

    def word(self, secret: str) -> str:
        prefix = next((p for p in ("nmv_usr_", "clm_") if secret.startswith(p)), "")
        return self.known.setdefault(secret, f"{prefix}REDACTED{len(self.known) + 1}")


# out


def export(
    entries: Iterable[Entry], world: str = "default", base_url: str = "http://127.0.0.1", keep_secrets: bool = False
) -> dict[str, Any]:
    """A HAR 1.2 document of one world's exchanges, redacted unless told otherwise."""
    redactor = Redactor(keep_secrets)
    creator = {"name": "nemovideo-mock", "version": __version__}
    return {
        "log": {
            "version": "1.2",
            "creator": creator,
            "entries": [_out(one, base_url, redactor) for one in exchanges(entries, world)],
        }
    }


def _out(one: Exchange, base_url: str, redactor: Redactor) -> dict[str, Any]:
    last_ms = max([piece.after_ms for piece in one.pieces], default=0)
    first_ms = one.pieces[0].after_ms if one.pieces else 0
    raw = b"".join(piece.content for piece in one.pieces)
    try:
        content: dict[str, Any] = {"text": redactor.text(raw.decode())}
    except UnicodeDecodeError:
        content = {"text": b64encode(raw).decode(), "encoding": "base64"}
    mime = dict(one.answer_headers).get("content-type", "application/octet-stream")
    request: dict[str, Any] = {
        "method": one.method,
        "url": redactor.text(base_url + one.path + (f"?{one.query}" if one.query else "")),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [{"name": n, "value": redactor.header(n, v)} for n, v in one.headers],
        "queryString": [{"name": n, "value": redactor.text(v)} for n, v in parse_qsl(one.query)],
        "headersSize": -1,
        "bodySize": -1,
    }
    if one.body is not None:
        text = one.body if isinstance(one.body, str) else json.dumps(one.body, ensure_ascii=False)
        request["postData"] = {"mimeType": dict(one.headers).get("content-type", "application/json"), "text": redactor.text(text)}
    return {
        "startedDateTime": datetime.fromtimestamp(one.at_ms / 1000, UTC).isoformat().replace("+00:00", "Z"),
        "time": last_ms,
        "request": request,
        "response": {
            "status": one.status,
            "statusText": HTTPStatus(one.status).phrase if one.status in HTTPStatus._value2member_map_ else "",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": [{"name": n, "value": redactor.header(n, v)} for n, v in one.answer_headers],
            "content": {"size": len(raw), "mimeType": mime, **content},
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": -1,
            **({"_error": one.ends} if one.ends != "server" else {}),
        },
        "cache": {},
        "timings": {"send": 0, "wait": first_ms, "receive": last_ms - first_ms},
    }


# in


def read(path: Path) -> list[Entry]:
    """Journal entries of a file that is a HAR or a journal. Raises RecordingError, OSError."""
    raw = path.read_bytes()
    if raw.lstrip()[:1] != b"{" or b'"log"' not in raw[:2000]:
        return entries_of(path)
    try:
        return entries(json.loads(raw))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RecordingError(f"{path}: this is no HAR 1.2 file ({type(error).__name__}: {error})") from None


def entries(har: dict[str, Any]) -> list[Entry]:
    """Journal entries of a HAR: requests to the API by path, whatever the host. Raises KeyError, ValueError for what is no HAR."""
    found: list[Entry] = []
    for row in har["log"]["entries"]:
        at_ms = int(datetime.fromisoformat(row["startedDateTime"]).timestamp() * 1000)
        url, request, response = urlsplit(row["request"]["url"]), row["request"], row["response"]
        head = {"world": "default", "at_ms": at_ms}
        number = len(found) + 1
        post = request.get("postData", {}).get("text")
        found.append(
            {
                "seq": number,
                **head,
                "kind": "request",
                "method": request["method"],
                "path": url.path or "/",
                "query": url.query,
                "operation": operation_of(request["method"], url.path or "/"),
                "headers": [(h["name"].lower(), h["value"]) for h in request.get("headers", [])],
                **({"body": _json_or_text(post)} if post else {}),
            }
        )
        content = response.get("content", {})
        text = content.get("text") or ""
        binary = content.get("encoding") == "base64"
        headers = [(h["name"].lower(), h["value"]) for h in response.get("headers", [])]
        later = {"world": "default", "at_ms": at_ms + max(0, int(row.get("time") or 0)), "of": number}
        if (content.get("mimeType") or "").startswith("text/event-stream"):
            found.append({"seq": number + 1, **head, "kind": "stream", "of": number, "turn": "", "status": response["status"]})
            for block in re.findall(r".+?(?:\r\n\r\n|\n\n|\r\r|$)", text, re.DOTALL):
                found.append({"seq": len(found) + 1, **later, "kind": "chunk", "wire": block})
            found.append(
                {"seq": len(found) + 1, **later, "kind": "end", "by": "server", "events": 0, "bytes": len(text.encode())}
            )
        else:
            told = {"status": response["status"], "headers": headers, **({} if binary else {"body": _json_or_text(text)})}
            found.append({"seq": number + 1, **later, "kind": "response", **told})
            if binary:
                size = len(b64decode(text))
                found.append({"seq": number + 2, **later, "kind": "end", "by": "server", "bytes": size, "body_base64": text})
    return found


def operation_of(method: str, path: str) -> str | None:
    try:
        return contract.load().route(method, path)[0].id
    except ServiceError:
        return None


def _json_or_text(text: str) -> Any:
    try:
        return msgspec.json.decode(text.encode())
    except (msgspec.DecodeError, UnicodeEncodeError):
        return text


def contradictions(recorded: Iterable[Entry], world: str = "default") -> list[str]:
    """Where a recording does not fit the contract: one line a place, `#n METHOD path: what`."""
    rules = contract.load()
    found = []
    for one in exchanges(recorded, world):
        place = f"#{one.number} {one.method} {one.path}"
        if one.operation is None:
            found.append(f"{place}: the contract has no such operation")
            continue
        declared = rules.answer_schema(one.operation, one.status, dict(one.answer_headers).get("content-type", ""))
        if declared is None:
            found.append(
                f"{place}: {one.status} with {dict(one.answer_headers).get('content-type', 'no content type')} is not declared"
            )
        elif not one.stream and one.whole and "json" in dict(one.answer_headers).get("content-type", ""):
            body = _json_or_text(b"".join(piece.content for piece in one.pieces).decode("utf-8", "replace"))
            errors = rules.operations[one.operation].validator(declared).iter_errors(body)
            found += [
                f"{place}: {'/'.join(str(p) for p in error.instance_path) or 'body'}: {error.message[:200]}" for error in errors
            ][:3]
    return found
