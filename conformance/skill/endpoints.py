"""What the calls of a document would put on the wire: hosts, paths, methods, bodies, form fields."""

import json
import re
from collections.abc import Iterator
from typing import Any

from conformance.skill.calls import Call, Value
from conformance.skill.notes import Notes
from conformance.skill.paths import LOST_SPACE, abbreviates

API_HOST = re.compile(r"^mega-api(?:-prod|-dev)?\.nemovideo\.ai$")
WEB_HOST = re.compile(r"^(?:www\.|dev\.)?nemovideo\.(?:com|ai)$")
LOCAL = re.compile(r"^(?:localhost|127\.|\[::1)")
WEB_PAGE = re.compile(r"^/(?:workspace|register|task|settings|pricing|login|$)")
#: Names that documents use where the contract has another, by operation: wrong -> (right, rule).
WRONG_KEYS = {
    "create_session": {"taskName": ("task_name", "NV-030"), "name": ("task_name", "NV-030"), "title": ("task_name", "NV-030"), "lang": ("language", "NV-031")},
    "run_sse": {
        "appName": ("app_name", "NV-047"), "userId": ("user_id", "NV-047"), "sessionId": ("session_id", "NV-047"), "newMessage": ("new_message", "NV-047"),
        "message": ("new_message.parts[0].text", "NV-048"), "messages": ("new_message.parts[0].text", "NV-048"), "prompt": ("new_message.parts[0].text", "NV-048"),
        "text": ("new_message.parts[0].text", "NV-048"), "input": ("new_message.parts[0].text", "NV-048"), "content": ("new_message.parts[0].text", "NV-048"),
        "sid": ("session_id", "NV-032"),
    },
    "upload_files": {"url": ("urls", "NV-077"), "video_url": ("urls", "NV-077"), "file_url": ("urls", "NV-077"), "sourceType": ("source_type", "NV-077"), "type": ("source_type", "NV-077")},
    "submit_render": {
        "session_id": ("sessionId", "NV-100"), "sid": ("sessionId", "NV-100"), "render_id": ("id", "NV-099"), "renderId": ("id", "NV-099"),
        "timeline": ("draft", "NV-098"), "project": ("draft", "NV-098"),
    },
}  # fmt: skip
NEEDED = {
    "create_session": {"task_name": "NV-030"},
    "run_sse": {"session_id": "NV-032", "new_message": "NV-048"},
    "upload_files": {"urls": "NV-077"},
    "submit_render": {"id": "NV-099", "sessionId": "NV-100", "draft": "NV-098"},
}


def check(notes: Notes) -> None:
    for call in notes.calls:
        if _is_of_the_api(notes, call):
            _path(notes, call)
            if call.body is not None and call.method != "GET":
                _json(notes, call, call.body)
            _form(notes, call)


def _is_of_the_api(notes: Notes, call: Call) -> bool:
    """Whether a call goes to the API. One that carries the token elsewhere is told here."""
    if call.host is None or API_HOST.match(call.host) or LOCAL.match(call.host):
        return True
    if WEB_HOST.match(call.host) and (WEB_PAGE.match(call.path) or call.kind == "mention"):
        return False
    if "nemovideo" in call.host:
        sent = "authorization" in call.headers
        carried = "carries the token" if sent else "goes"
        notes.of(call, "NV-020", "broken", f"The request {carried} to {call.host}, which is not the API's host, and finds nothing there.",
                 "Call https://mega-api-prod.nemovideo.ai.")  # fmt: skip
        if not call.known.operation:
            notes.of(
                call, call.known.rule, "broken", f"{call.path} is {call.known.why or 'no path of the service'}.", call.known.right
            )
        return bool(call.known.operation)
    if "authorization" in call.headers and re.search(r"NEMO|TOKEN", call.headers["authorization"].text):
        notes.of(
            call,
            "NV-020",
            "broken",
            f"The token is sent to {call.host}, which can then act as the user.",
            "Send the token to the API alone.",
        )
    return False


def _path(notes: Notes, call: Call) -> None:
    known = call.known
    if not known.why:
        if known.operation:
            notes.of(call, known.rule, "met", f"It is {known.operation} of the contract.")
            if "/me/" in call.path:
                notes.of(call, "NV-029", "met", "The path says me.")
        return
    if call.kind == "mention" and (
        abbreviates(call.path) or (not known.operation and call.host is None and not call.path.startswith(("/api/", "/v")))
    ):
        return
    rule = known.rule
    if "user id" in known.why and "me" in known.why:
        rule = "NV-029"
    if known.operation == "run_sse" and known.right.startswith("POST") and "takes POST" in known.why:
        rule = "NV-046"
    shown = (f"{call.method} {call.path}" if call.method else call.path)[:120]
    notes.of(call, rule, "broken", f"{shown} answers {405 if 'takes' in known.why else 404}: {known.why.rstrip('.')}.",
             f"Write {known.right}." if re.match(r"[A-Z]+ /", known.right) else known.right)  # fmt: skip


def body_of(text: str) -> Any:
    """A JSON body as documents write it, placeholders and all; None when even so it is no JSON."""
    cleaned = text.replace('\\"', '"').replace("\\n", " ")
    cleaned = re.sub(r"\"'\s*\$?\w*\s*'\"|'\"?\$\{?\w+\}?\"?'", "null", cleaned)
    cleaned = re.sub(
        r"(?<=[:\[,])(\s*)(?:<[^<>\"]*>|\$\{?[\w.]+\}?|\$\([^()]*\)|\{\w[\w ]*\}|[A-Za-z_]\w*(?=\s*[,}\]]))", _stand_in, cleaned
    )
    cleaned = re.sub(r",?\s*(?:…|\.\.\.)\s*(?=[}\]])", "", cleaned)
    cleaned = re.sub(r"//[^\n\"]*$", "", cleaned, flags=re.MULTILINE)
    try:
        return json.loads(cleaned)
    except ValueError:
        return None


def _stand_in(match: re.Match[str]) -> str:
    word = match[0].strip()
    return match[1] + (word if word in ("true", "false", "null") else "null")


def _json(notes: Notes, call: Call, written: Value) -> None:
    if call.operation not in NEEDED or call.known.why not in ("", LOST_SPACE):
        return
    body = body_of(written.text)
    if not isinstance(body, dict):
        if written.text.lstrip().startswith("{"):
            notes.of(written, call.known.rule, "unproven", "The body cannot be read as JSON, so its names are not checked.")
        return
    needed = NEEDED[call.operation]
    wrong = WRONG_KEYS[call.operation]
    told = set()
    for name in body:
        if name in wrong and wrong[name][0].partition(".")[0] not in body:
            right, rule = wrong[name]
            told.add(right.partition(".")[0])
            notes.of(
                _line_of(written, name),
                rule,
                "broken",
                f"The body says {name!r}, a name the service does not know, and is refused.",
                f"Write {right!r}.",
            )
    for name, rule in needed.items():
        if name in body and name != "draft":  # that the object is shown does not say that it goes unchanged
            notes.of(written, rule, "met", f"The body has {name!r}.")
        elif name not in body and name not in told:
            notes.of(written, rule, "broken", f"The body is sent without {name!r}, and is refused.", f"Add {name!r}.")
    for rule, what, hint in _values(call.operation, body):
        notes.of(written, rule, "broken", what, hint)
    for rule, present in (
        ("NV-031", call.operation == "create_session" and "language" in body),
        ("NV-101", isinstance(body.get("output"), dict)),
    ):
        if present:
            notes.of(written, rule, "met", "The body shows it.")
    if {"app_name", "user_id"} <= body.keys():
        notes.of(written, "NV-049", "met", "The body shows both.")
    if call.operation == "upload_files" and "urls" in body and "source_type" not in body:
        notes.of(
            written, "NV-077", "broken", "The body is sent without 'source_type', and is refused.", 'Add "source_type":"url".'
        )


def _line_of(written: Value, name: str) -> Value:
    """The place of a name in a body of several lines."""
    at = written.text.find(f'"{name}"')
    above = written.text.count("\n", 0, at) if at > 0 else 0
    return Value(name, written.line + above, at - written.text.rfind("\n", 0, at)) if above else written


def _values(operation: str, body: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(rule, what, hint) for values that cannot be right."""
    if operation == "submit_render":
        if isinstance(body.get("draft"), str):
            yield (
                "NV-098",
                "The draft is sent as a string in quotes, and the service wants an object.",
                'Write "draft":<json>, without quotes.',
            )
        name = body.get("id")
        if (
            isinstance(name, str)
            and name
            and not re.search(r"[<{$(]|\bts\b|timestamp|uuid|unique|random|\.\.\.|…", name, re.IGNORECASE)
        ):
            yield (
                "NV-099",
                f"Every render is sent with the id {name!r}: the second one is refused, or gets the first one's film.",
                "Write render_<ts>.",
            )
    if operation == "run_sse" and "new_message" in body:
        message = body["new_message"]
        if isinstance(message, str) or (isinstance(message, dict) and not isinstance(message.get("parts"), list)):
            yield (
                "NV-048",
                "The message is not in new_message.parts[0].text, so the turn has no words.",
                '{"new_message":{"parts":[{"text":"<msg>"}]}}',
            )
    if operation == "run_sse" and isinstance(body.get("session_id"), int):
        yield "NV-033", "The session id is sent as a number: 19 digits do not survive in a double.", "Put it in quotes."


def _form(notes: Notes, call: Call) -> None:
    for form in call.forms:
        name = form.text.partition("=")[0].strip()
        if call.operation != "upload_files" or call.known.why:
            continue
        if name == "files":
            notes.of(form, "NV-076", "met", "The multipart field is files.")
        elif "@" in form.text:
            notes.of(
                form,
                "NV-076",
                "broken",
                f"The file is sent in a field called {name!r}, and is not found.",
                "Write -F files=@PATH.",
            )
    if call.forms and "json" in (kind := call.headers.get("content-type", Value("", 0, 0))).text:
        notes.of(
            kind, "NV-078", "broken", "A multipart body is announced as JSON, and cannot be read.", "Leave Content-Type to curl."
        )
