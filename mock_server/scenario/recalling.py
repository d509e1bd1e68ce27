"""From the journal of a run to the text of a scenario that goes the same way: settings, seed, messages, faults, outcomes."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

import yaml

from mock_server import contract, faults
from mock_server.domain.settings import FIELDS
from mock_server.scenario.reading import samples
from mock_server.scenario.schema import FRAMING

Entry = Mapping[str, Any]

#: Where editors find the schema, for a file among those of a checkout.
SCHEMA_LINE = "# yaml-language-server: $schema=../../mock_server/scenario.schema.json\n"

#: A message this long after the one before carries its time.
PAUSE_MS = 600_000
YEAR_MS = 365 * 86_400_000


class RecallError(ValueError):
    """A journal from which no scenario can be made. The message says why."""


def recall(entries: Iterable[Entry], name: str, world: str | None = None) -> str:
    """The text of a scenario `name` from the last run that a journal holds, of one world. Raises RecallError."""
    run = _last_run(list(entries), world)
    created: Mapping[str, Any] = next((e["detail"] for e in run if e.get("what") == "world.created"), {})
    settings = dict(created.get("settings", {}))
    for entry in run:
        if entry.get("what") == "world.settings":
            settings |= entry["detail"]["changed"]
    answers = _Answers(run)
    told: dict[str, Any] = {
        "scenario": name,
        "why": _why(run, answers),
        "covers": [f"code {code}" for code in answers.codes()],
        "seed": created.get("seed"),
        "start": _iso(created["start_ms"]) if "start_ms" in created else None,
        "clock": created.get("clock"),
        "settings": {key: value for key, value in settings.items() if key in FIELDS and key not in FRAMING},
        "framing": {key: value for key, value in settings.items() if key in FRAMING},
        "accounts": list(_accounts(run, answers)),
        "client_ids": list(_client_ids(run)),
        "turns": list(_turns(run)),
        "renders": list(_renders(run)),
        "faults": list(_faults(run, answers)),
        "messages": list(_messages(run, answers)) or ["hello"],  # what led to the first calls never crossed the wire
    }
    kept = {key: value for key, value in told.items() if value not in (None, {}, [])}
    text: str = yaml.safe_dump(kept, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)
    begun = "".join(f"# The run began as the scenario {e['subject']!r} says.\n" for e in run if e.get("what") == "scenario.begun")
    return SCHEMA_LINE + begun + text


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()


def _last_run(entries: Sequence[Entry], world: str | None) -> list[Entry]:
    """The entries of one world since it was last made or reset: the one named, else default, else the first that was asked for anything."""
    asked = list(dict.fromkeys(e.get("world", "default") for e in entries if e["kind"] == "request"))
    if not asked:
        raise RecallError("no request stands in this journal")
    world = world or ("default" if "default" in asked else asked[0])
    if world not in asked:
        raise RecallError(f"nobody asked the world {world!r} for anything in this journal; there is: {', '.join(asked)}")
    own = [entry for entry in entries if entry.get("world", "default") == world]
    starts = [i for i, entry in enumerate(own) if entry.get("what") == "world.created"]
    run = own[starts[-1] :] if starts else own
    resets = [i for i, entry in enumerate(run) if entry.get("what") == "world.reset"]
    return [*run[:1], *run[resets[-1] :]] if resets and starts else run


class _Answers:
    """Requests in order, and what was answered to each."""

    def __init__(self, run: Sequence[Entry]) -> None:
        self.requests = [entry for entry in run if entry["kind"] == "request"]
        self.by_request = {entry["of"]: entry for entry in run if entry["kind"] == "response"}

    def code(self, request: Entry) -> int:
        body = self.body(request)
        code = body.get("code")
        return code if isinstance(code, int) else 0

    def body(self, request: Entry) -> Mapping[str, Any]:
        body = self.by_request.get(request["seq"], {}).get("body")
        return body if isinstance(body, dict) else {}

    def codes(self) -> list[int]:
        """Codes of refusals, each once, in their order."""
        known = contract.load().document["x-codes"]
        seen = dict.fromkeys(self.code(request) for request in self.requests)
        return [code for code in seen if code and str(code) in known]


def _why(run: Sequence[Entry], answers: _Answers) -> str:
    fired = dict.fromkeys(entry["fault"] for entry in run if entry["kind"] == "fault")
    failed = dict.fromkeys(entry["what"] for entry in run if entry.get("what") in ("turn.failed", "render.failed"))
    happened = [*(f"code {code} was answered" for code in answers.codes()), *(f"the fault {name!r} fired" for name in fired)]
    happened += [{"turn.failed": "a turn failed", "render.failed": "a render failed"}[what] for what in failed]
    return f"A recorded run in which {', '.join(happened) or 'nothing was refused'}."


def _accounts(run: Sequence[Entry], answers: _Answers) -> Iterator[dict[str, Any]]:
    """The account whose token the client brought along, if it brought one."""
    bought = {
        answers.body(request).get("data", {}).get("token")
        for request in _of(answers, "issue_anonymous_token")
        if not answers.code(request)
    }
    brought = [request for request in answers.requests if (token := _bearer(request)) and token not in bought]
    if not brought:
        return
    users = (answers.body(request).get("data") for request in brought)
    user = next((data["user_id"] for data in users if isinstance(data, dict) and "user_id" in data), None)
    account: dict[str, Any] = {"name": "the user"}
    for entry in run:
        if entry.get("what") == "account.opened" and user in (None, entry["subject"]):
            account |= {"kind": entry["detail"]["kind"], "credits": entry["detail"]["credits"]}
            user = entry["subject"]
        if entry.get("what") == "token.issued" and entry["subject"] == user:
            life_s = (entry["detail"]["expires_ms"] - entry["at_ms"]) / 1000
            account["token"] = {"scopes": entry["detail"]["scopes"]} | ({"life_s": life_s} if life_s else {"state": "expired"})
        if entry.get("what") == "token.revoked" and entry["subject"] == user and entry["at_ms"] == run[0]["at_ms"]:
            account["token"] = {"scopes": account["token"]["scopes"], "state": "revoked"}
    yield account | {"env": "NEMO_TOKEN"}


def _bearer(request: Entry) -> str:
    value = next((value for name, value in request.get("headers", []) if name == "authorization"), "")
    return str(value).partition(" ")[2].strip()


def _of(answers: _Answers, operation: str) -> list[Entry]:
    return [request for request in answers.requests if request.get("operation") == operation]


def _client_ids(run: Sequence[Entry]) -> Iterator[str]:
    """Ids that were refused a token before they had got one in this run."""
    asked = False
    for entry in run:
        asked |= entry["kind"] == "request"
        if entry.get("what") == "token.issued" and asked:
            return
        if entry.get("what") == "token.refused" and entry["detail"].get("window") == "client":
            yield entry["subject"]
            return


def _turns(run: Sequence[Entry]) -> Iterator[dict[str, Any]]:
    """Each turn that was started, pinned to how it ended."""
    ended = {entry["subject"]: entry for entry in run if entry.get("what") in ("turn.ended", "turn.failed")}
    for entry in run:
        if entry.get("what") == "session.forgotten":
            yield {"session_lost": True}
        if entry.get("what") != "turn.running":
            continue
        last = ended.get(entry["subject"])
        turn: dict[str, Any] = {}
        if last is not None:
            turn["takes_s"] = max(1, last["at_ms"] - entry["at_ms"]) / 1000
            if last["what"] == "turn.failed":
                turn["failed"] = "the service gave up"
            elif last["detail"]["kind"] != "text":
                turn["silent"] = last["detail"]["silent"]
        yield turn


def _renders(run: Sequence[Entry]) -> Iterator[Any]:
    ended = {entry["subject"]: entry for entry in run if entry.get("what") in ("render.completed", "render.failed")}
    for entry in run:
        if entry.get("what") != "render.pending" or "ends_ms" not in entry["detail"]:
            continue
        length_ms = entry["detail"]["ends_ms"] - entry["at_ms"]
        last = ended.get(entry["subject"])
        if length_ms > YEAR_MS:
            yield "stuck"
        elif last is not None and last["what"] == "render.failed":
            yield {"outcome": "failed", "takes_s": length_ms / 1000, "error": last["detail"].get("error") or "render failed"}
        else:
            yield {"outcome": "completed", "takes_s": length_ms / 1000}


def _faults(run: Sequence[Entry], answers: _Answers) -> Iterator[dict[str, Any]]:
    """Those that fired, each at the calls that it met."""
    calls: Counter[str] = Counter()
    numbers: dict[int, tuple[str, int]] = {}
    for request in answers.requests:
        operation = request.get("operation") or "*"
        calls[operation] += 1
        numbers[request["seq"]] = (operation, calls[operation])
    for entry in run:
        if entry["kind"] != "fault":
            continue
        operation, nth = numbers.get(entry["of"], ("*", 0))
        told: dict[str, Any] = {"what": entry["what"], "operation": operation, "at": entry["at"], "nth": nth, "times": 1}
        if entry["number"]:
            told["number"] = entry["number"]
        if params := {key: value for key, value in entry.get("params", {}).items() if value not in (None, {}, "")}:
            told["params"] = params
        yield _fit(told)


def _fit(told: dict[str, Any]) -> dict[str, Any]:
    """What breaks the contract was deliberate, or else it would not have been armed."""
    try:
        faults.read(told, contract.load())
    except faults.FaultError:
        return told | {"deliberate": True}
    return told


# messages


def _messages(run: Sequence[Entry], answers: _Answers) -> Iterator[Any]:
    """What the user must have said: the texts of chat messages, files before the text that follows them, and one export for the
    renders between two messages. A text repeated at once is the client's doing."""
    start_ms = previous_ms = run[0]["at_ms"]
    files: list[Any] = []
    last = ""
    for request in answers.requests:
        files += _files(request, answers)
        said = _said(request)
        if not said or said == last:
            continue
        message: dict[str, Any] = {"text": said}
        if files and said != "export":
            message["files"], files = files, []
        if request["at_ms"] - previous_ms >= PAUSE_MS:
            message["at_s"] = (request["at_ms"] - start_ms) / 1000
        last, previous_ms = said, request["at_ms"]
        yield message if len(message) > 1 else said
    if files:
        yield {"text": "here is another file", "files": files}


def _said(request: Entry) -> str:
    body = request.get("body")
    if request.get("operation") == "submit_render":
        return "export"
    if request.get("operation") == "upload_files" and isinstance(body, dict) and isinstance(body.get("urls"), list):
        return "use " + " ".join(str(url) for url in body["urls"])
    if request.get("operation") != "run_sse" or not isinstance(body, dict):
        return ""
    parts = body.get("new_message", {}).get("parts", [])
    return "\n".join(part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str))


def _files(request: Entry, answers: _Answers) -> Iterator[Any]:
    """Files like those that were sent: samples of their formats; made-up ones where the service refused them."""
    if request.get("operation") != "upload_files" or request.get("body") is not None:
        return
    body = answers.body(request)
    code, message = answers.code(request), str(body.get("message", ""))
    if code == 4001 and (name := re.search(r"'([^'/\\]+)'", message)):
        yield {"name": name[1], "bytes": 100}
    elif code == 4002:
        yield "video.mp4"
    for file in (body.get("data") or {}).get("files", []):
        yield _sample(file["filename"])


def _sample(filename: str) -> str:
    known = sorted(path.name for path in samples().iterdir())
    suffix = PurePosixPath(filename).suffix
    alike = [name for name in known if name.endswith(suffix) and name.startswith(("video", "picture", "sound"))]
    return filename if filename in known else next(iter(alike), "video.mp4")
