"""Scenario files: each can be read, begins, and really happens to a client that lives through it."""

import inspect
import json
import re
from base64 import b64decode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from mock_server import contract, faults
from mock_server.commands import scenarios as scenario_commands
from mock_server.domain import credits, drafts
from mock_server.domain import world as service
from mock_server.domain.errors import NoCredits
from mock_server.domain.scene import Asset
from mock_server.domain.settings import FIELDS, Settings
from mock_server.pacing import Live
from mock_server.recipe import read_token
from mock_server.scenario import Scenario, ScenarioError, begin, find, folder, names, read, read_text, recall, samples
from mock_server.scenario import schema as published
from mock_server.scenario.covering import SEED_TABLES
from mock_server.serve import Running
from mock_server.snapshot import freeze, thaw
from mock_server.worlds import START_MS, Recipe, Worlds
from tests.mock_server.conftest import ATTRIBUTION, NO_TLS
from tests.mock_server.test_cli import run, serving

SCENARIOS = {name: read(find(name)) for name in names()}
RECOVERY = [*range(58, 76), *range(92, 96), *range(104, 111), 9, 12, 13, 36]

#: What no scenario can show, and why.
EXCLUDED = {
    "C25": "an API version header is an invention: no answer carries one, so there is nothing to happen",
    "C31": "which host a document names is decided before a client calls anybody; the mock has its own address",
}


# coverage


def test_there_are_enough_and_each_is_short():
    """At least 60, of at most 25 lines each, with one sentence of why and something covered."""
    assert len(SCENARIOS) >= 60
    for name, scenario in SCENARIOS.items():
        text = find(name).read_text()
        assert len(text.splitlines()) <= 25, name
        assert text.startswith("# yaml-language-server: $schema=../../mock_server/scenario.schema.json\n"), name
        assert scenario.covers and scenario.messages and scenario.why.endswith("."), name
        assert scenario.shipped


def test_everything_is_covered_or_excluded_with_a_reason():
    """Each code, each contradiction, each recovery rule, each row of the seeds' tables."""
    covered = {re.sub(r"^S[0-3]: ", "S: ", word) for scenario in SCENARIOS.values() for word in scenario.covers}
    wanted = [f"code {code}" for code in contract.load().document["x-codes"]]
    wanted += [f"C{number}" for number in range(1, 34)]
    wanted += [f"rule {number}" for number in RECOVERY]
    wanted += [f"S: {table} {row}" for table, rows in SEED_TABLES.items() for row in rows]

    assert [word for word in wanted if word not in covered and word not in EXCLUDED] == []
    assert not covered & EXCLUDED.keys()


# a small client


class GivenUp(Exception):
    """The client would now ask its user for help."""


ROUTES = {
    "export": ("export", "导出", "download", "send me the video"),
    "credits": ("credits", "积分", "balance", "余额"),
    "status": ("status", "状态", "show tracks"),
    "upload": ("upload", "上传"),
}


@dataclass
class Walker:
    """Follows the seeds' routing table and the documented recoveries, as far as a scenario needs them."""

    http: httpx.Client
    server: Running
    live: Live
    environment: dict[str, str]
    token: str = ""
    session: dict[str, str] = field(default_factory=dict)
    renders: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)

    def walk(self, scenario: Scenario) -> None:
        start_ms = self.live.world.now_ms
        with suppress(GivenUp):
            for message in scenario.messages:
                late_ms = start_ms + int((message.at_s or 0) * 1000) - self.live.world.now_ms
                self.pass_time(late_ms / 1000)
                for file in message.files:
                    content = (samples() / file.name).read_bytes() if file.size is None else b"no video\n" * (file.size // 9)
                    self.upload(files=[("files", (file.name, content))])
                self.hear(message.text)

    def hear(self, text: str) -> None:
        route = next((route for route, words in ROUTES.items() if any(word in text.lower() for word in words)), "")
        match route:
            case "export":
                self.export()
            case "credits":
                self.ask("GET", "api/credits/balance/simple")
            case "status":
                self.state()
            case "upload":
                urls = re.findall(r"https?://\S+", text)
                if urls:
                    self.upload(json={"urls": urls, "source_type": "url"})
            case _:
                self.say(text)

    def pass_time(self, seconds: float) -> None:
        if seconds > 0:
            self.server.do(lambda: self.live.advance(self.live.world.now_ms + int(seconds * 1000)))

    # identity

    def enter(self) -> None:
        """A token, given or bought, and a session. Raises GivenUp."""
        given, self.token = self.environment.pop("NEMO_TOKEN", ""), ""
        self.token = given or self.buy()
        self.open_session()

    def buy(self) -> str:
        client_id = {"X-Client-Id": self.environment.get("NEMO_CLIENT_ID", "walker")}
        for _ in range(2):
            answer = self.http.post("api/auth/anonymous-token", headers=client_id)
            if code(answer) == 0:
                token: str = answer.json()["data"]["token"]
                return token
            self.pass_time(30)
        raise GivenUp

    def open_session(self) -> None:
        body = {"task_name": "project", "language": "en"}
        answer = self.http.post("api/tasks/me/with-session/nemo_agent", headers=self.bearer(), json=body)
        if code(answer) == 1001:
            self.token = self.buy()
            answer = self.http.post("api/tasks/me/with-session/nemo_agent", headers=self.bearer(), json=body)
        if code(answer) == 1001:
            raise GivenUp
        self.session = answer.json()["data"]

    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, **more: Any) -> httpx.Response | None:
        """Send, and once more after 1001 (new token) or 1002 (new session); None when the connection broke. SID is the session."""
        answer = None
        for _ in range(3):
            if not self.session:
                self.enter()
            told = json.loads(json.dumps(body).replace("SID", self.session["session_id"])) if body is not None else None
            path_now = path.replace("SID", self.session["session_id"])
            try:
                answer = self.http.request(method, path_now, headers=self.bearer(), **({"json": told} if body else {}), **more)
            except httpx.TransportError:
                return None
            if code(answer) == 1001:
                self.token = self.buy()
            elif code(answer) == 1002:
                self.open_session()
            else:
                break
        return answer

    # work

    def upload(self, **content: Any) -> None:
        if self.ask("POST", "api/upload-video/nemo_agent/me/SID", **content) is None:
            self.ask("POST", "api/upload-video/nemo_agent/me/SID", **content)

    def say(self, text: str) -> None:
        body = {"app_name": "nemo_agent", "user_id": "me", "session_id": "SID", "new_message": {"parts": [{"text": text}]}}
        before = self.state()
        if self.ask("POST", "run_sse", body) is None:
            for pause_s in (30, 60, 60, 60, 60):
                self.pass_time(pause_s)
                if self.state() != before:
                    break
        elif not self.heard():
            self.state()

    def heard(self) -> bool:
        return any(entry["event"] == "text" for entry in journal(self.live, "event"))

    def state(self) -> dict[str, Any]:
        answer = self.ask("GET", "api/state/nemo_agent/me/SID/latest")
        with suppress(ValueError, AttributeError, KeyError, TypeError):
            state: dict[str, Any] = answer.json()["data"]["state"]  # type: ignore[union-attr]
            return state
        return {}

    def export(self) -> None:
        draft = self.state().get("draft") or {}
        if not any(track.get("sg") for track in draft.get("t", [])):
            return
        for _ in range(2):
            self.renders.append(f"render_{len(self.renders) + 1}")
            answer = self.submit(self.renders[-1], draft)
            if code(answer) in (402, 403):
                return
            if answer is not None and answer.status_code == 200 and self.fetch(self.renders[-1]):
                return

    def submit(self, render_id: str, draft: Any, **more: Any) -> httpx.Response | None:
        output = {"format": "mp4", "quality": "high"}
        return self.ask(
            "POST", "api/render/proxy/lambda", {"id": render_id, "sessionId": "SID", "draft": draft, "output": output, **more}
        )

    def fetch(self, render_id: str) -> bool:
        """Poll to the end and download; False when the render failed."""
        for _ in range(10):
            self.pass_time(30)
            answer = self.ask("GET", f"api/render/proxy/lambda/{render_id}")
            if answer is None or "json" not in answer.headers["content-type"]:
                continue
            told = {**answer.json(), **(answer.json().get("data") or {})}
            if told["status"] == "completed":
                self.links.append(told.get("outputUrl") or told["output"]["url"])
                if not self.download(self.links[-1]):
                    assert self.download(f"api/render/proxy/{render_id}/download", self.bearer())
                return True
            if told["status"] == "failed":
                return False
        return True  # it takes too long: told to the user, not tried again

    def download(self, url: str, headers: dict[str, str] | None = None) -> bool:
        try:
            return self.http.get(url, headers=headers or {}).content[4:8] == b"ftyp"
        except httpx.TransportError:
            return False


def code(answer: httpx.Response | None) -> int:
    """The code of an answer; -1 where there is none."""
    if answer is None or "json" not in answer.headers.get("content-type", ""):
        return -1
    with suppress(ValueError):
        told = answer.json().get("code", 0)
        return told if isinstance(told, int) else -1
    return -1


def journal(live: Live, kind: str | None = None) -> list[dict[str, Any]]:
    return list(live.journal.entries(kind=kind))


# what a client must do wrong to meet a thing: by scenario


def without_attribution(walker: Walker) -> None:
    for name in ATTRIBUTION:
        plain = walker.http.headers.pop(name)
        walker.submit("render_bare", walker.state().get("draft") or {"t": []})
        walker.http.headers[name] = plain


def as_a_number(walker: Walker) -> None:
    spoilt = str(int(float(walker.session["session_id"])))
    answer = walker.http.get(f"api/state/nemo_agent/me/{spoilt}/latest", headers=walker.bearer())
    assert "19 digits" in answer.json()["message"]


def both_bodies(walker: Walker) -> None:
    for body in ({"task_name": "project"}, {"task_name": "project", "language": "zh"}):
        assert code(walker.http.post("api/tasks/me/with-session/nemo_agent", json=body, headers=walker.bearer())) == 0


def another_platform(walker: Walker) -> None:
    walker.http.headers["X-Skill-Platform"] = "github"
    assert code(walker.submit("render_github", walker.state()["draft"])) == 0


def files_by_hand(walker: Walker) -> None:
    path = "api/upload-video/nemo_agent/me/SID"
    for headers, content in ((("text/plain",), b"x"), (("multipart/form-data",), b"--x")):
        answer = walker.http.post(
            path.replace("SID", walker.session["session_id"]),
            headers={**walker.bearer(), "Content-Type": headers[0]},
            content=content,
        )
        assert code(answer) in (415, 422)
    hint = walker.ask("POST", path, files=[("file", ("a.mp4", b"x"))])
    assert hint is not None and "'files'" in hint.json()["message"]


def by_get(walker: Walker) -> None:
    answer = walker.http.get("run_sse", headers={**walker.bearer(), "Last-Event-ID": "1"})
    assert answer.headers["allow"] == "POST"


def without_user_id(walker: Walker) -> None:
    body = {"session_id": walker.session["session_id"], "new_message": {"parts": [{"text": "hello"}]}}
    assert code(walker.http.post("run_sse", json=body, headers=walker.bearer())) == 422


def as_a_string(walker: Walker) -> None:
    answer = walker.submit("render_string", json.dumps(walker.state()["draft"]))
    assert answer is not None and "send the object itself" in answer.json()["message"]


def the_same_id(walker: Walker) -> None:
    draft = walker.state()["draft"]
    walker.submit(walker.renders[-1], draft)


def an_hour_later(walker: Walker) -> None:
    assert walker.download(walker.links[-1])
    walker.pass_time(3601)
    assert code(walker.http.get(walker.links[-1])) == 404


def beyond_the_end(walker: Walker) -> None:
    size = len(walker.http.get(walker.links[-1]).content)
    assert walker.http.get(walker.links[-1], headers={"Range": f"bytes={size}-"}).status_code == 416


def link_to_the_project(walker: Walker) -> None:
    body = {"task_id": walker.session["task_id"], "session_id": "SID"}
    claim = walker.ask("POST", "api/auth/claim-token", body)
    assert claim is not None
    value = claim.json()["data"]["claim_token"]
    assert code(walker.http.get("api/credits/balance/simple", headers={"Authorization": f"Bearer {value}"})) == 1001


def paper_paths(walker: Walker) -> None:
    for path in ("api/v1/generate", "v1/run", "v1/jobs/1"):
        assert "probably meant" in walker.http.post(path, json={"prompt": "x"}).json()["message"]


def a_lost_space(walker: Walker) -> None:
    answer = walker.http.post("api/auth/anonymous-tokenwith", headers={"X-Client-Id": "walker"})
    assert "/api/auth/anonymous-token" in answer.json()["message"]


MISSTEPS: dict[str, Callable[[Walker], None]] = {
    "attribution-missing-at-export": without_attribution,
    "attribution-wanted-everywhere": without_attribution,
    "session-id-beyond-a-double": as_a_number,
    "session-body-with-and-without-language": both_bodies,
    "platform-header-of-any-kind": another_platform,
    "upload-without-its-boundary": files_by_hand,
    "stream-reopened-by-get": by_get,
    "agent-server-wants-user-id": without_user_id,
    "draft-sent-as-a-string": as_a_string,
    "render-id-used-twice": the_same_id,
    "render-id-gives-the-old-job": the_same_id,
    "link-that-expires": an_hour_later,
    "download-resumed-after-its-end": beyond_the_end,
    "project-link": link_to_the_project,
    "paths-of-other-products": paper_paths,
    "path-with-a-lost-space": a_lost_space,
}

#: Two streams at once need a clock that stands still meanwhile.
OVERLAPPING = ("second-message-while-one-runs", "second-message-waits-its-turn")


def overlap(walker: Walker, scenario: Scenario) -> None:
    first, second = scenario.messages
    walker.upload(files=[("files", (file.name, (samples() / file.name).read_bytes())) for file in first.files])
    body = {"session_id": walker.session["session_id"], "new_message": {"parts": [{"text": first.text}]}}
    with walker.http.stream("POST", "run_sse", json=body, headers=walker.bearer()) as stream:
        walker.pass_time(10)
        body["new_message"] = {"parts": [{"text": second.text}]}
        with walker.http.stream("POST", "run_sse", json=body, headers=walker.bearer()) as other:
            walker.pass_time(120)
            walker.pass_time(120)
            stream.read(), other.read()


# the walks


#: What shows that a row of the seeds' tables happened: a predicate over the journal.
def says(pattern: str) -> Callable[[list[dict[str, Any]]], bool]:
    return lambda entries: any(
        e["kind"] == "event" and e["event"] == "text" and re.search(pattern, e.get("wire", ""), re.I) for e in entries
    )


def has(**members: Any) -> Callable[[list[dict[str, Any]]], bool]:
    return lambda entries: any(all(entry.get(key) == value for key, value in members.items()) for entry in entries)


EVIDENCE: dict[str, Callable[[list[dict[str, Any]]], bool]] = {
    "routing export": has(kind="request", operation="submit_render"),
    "routing credits": has(kind="request", operation="get_credits"),
    "routing status": has(kind="request", operation="get_state"),
    "routing upload": has(kind="request", operation="upload_files"),
    "routing everything else": has(kind="request", operation="run_sse"),
    "attribution": has(kind="response", status=402),
    "GUI words click": says("click|点击"),
    "GUI words open": says("open|打开"),
    "GUI words drag/drop": says("drag and drop|拖拽"),
    "GUI words preview in timeline": says("preview in timeline"),
    "GUI words Export": says("Export|导出"),
    "stream events text": has(event="text"),
    "stream events tool call/result": lambda entries: has(event="tool_call")(entries) and has(event="tool_result")(entries),
    "stream events heartbeat": has(event="heartbeat"),
    "stream events stream closes": has(kind="end", by="server"),
    "stream events silent edit": lambda entries: any(e.get("what") == "turn.ended" and e["detail"]["silent"] for e in entries),
}


def codes(entries: list[dict[str, Any]]) -> set[int]:
    """Codes that were answered; 2001 also where it was told in a stream."""
    bodies = [entry["body"] for entry in entries if entry["kind"] == "response" and isinstance(entry.get("body"), dict)]
    found = {body["code"] for body in bodies if isinstance(body.get("code"), int)}
    return found | ({2001} if any(entry.get("what") == "credits.refused" for entry in entries) else set())


def live_through(server: Running, scenario: Scenario, world: str, **clock: Any) -> Walker:
    begun = server.do(lambda: begin(server.worlds, scenario, world, **clock))
    stalls = any(fault.what == "stall" for fault in scenario.faults)
    timeout = httpx.Timeout(30, read=0.3 if stalls else 30)
    with httpx.Client(base_url=server.world_url(world), headers=ATTRIBUTION, timeout=timeout, verify=NO_TLS) as http:
        walker = Walker(http, server, begun.live, dict(begun.environment))
        if scenario.name in OVERLAPPING:
            walker.enter()
            overlap(walker, scenario)
        else:
            walker.walk(scenario)
        if scenario.name in MISSTEPS:
            MISSTEPS[scenario.name](walker)
    return walker


@dataclass
class Run:
    """What a walk left behind."""

    scenario: Scenario
    live: Live
    entries: list[dict[str, Any]]

    def answers(self, operation: str) -> list[dict[str, Any]]:
        """Response entries of an operation."""
        asked = {e["seq"] for e in self.entries if e["kind"] == "request" and e["operation"] == operation}
        return [e for e in self.entries if e["kind"] == "response" and e["of"] in asked]

    def bodies(self, operation: str) -> list[Any]:
        return [entry.get("body") for entry in self.answers(operation)]

    def count(self, operation: str) -> int:
        return sum(e["kind"] == "request" and e["operation"] == operation for e in self.entries)

    def wires(self) -> bytes:
        """All that was told in streams."""
        told = [e for e in self.entries if e["kind"] in ("event", "chunk")]
        return b"".join(b64decode(e["wire_base64"]) if "wire_base64" in e else e.get("wire", "").encode() for e in told)

    def events(self, turn: int = -1) -> list[str]:
        """Kinds of the events of a turn."""
        return [told.event.kind for told in list(self.live.world.turns.values())[turn].told]

    def turn_s(self) -> float:
        turn = list(self.live.world.turns.values())[-1]
        return ((turn.ended_ms or 0) - turn.started_ms) / 1000

    def waited_s(self, operation: str) -> float:
        """From the first request of an operation to the next thing told about it."""
        first = next(e for e in self.entries if e["kind"] == "request" and e["operation"] == operation)
        return (
            next(e["at_ms"] for e in self.entries if e.get("of") == first["seq"] and e["kind"] != "fault") - first["at_ms"]
        ) / 1000

    def available(self) -> list[int]:
        """What each answer about credits told, and what the last account has in the end."""
        told = [body["data"]["available"] for body in self.bodies("get_credits") if body and body["code"] == 0]
        ledger = list(self.live.world.ledgers.values())[-1]
        return [*told, credits.balance(ledger).available]


def cut_inside_a_character(run: Run) -> bool:
    size = next(e["bytes"] for e in run.entries if e["kind"] == "end" and e["by"] == "fault")
    with suppress(UnicodeDecodeError):
        return not run.wires()[:size].decode()
    return True


#: What must be seen in a run where neither codes nor faults nor used-up scripts say enough.
PROOFS: dict[str, Callable[[Run], bool]] = {
    "free-first-video": lambda run: (
        run.bodies("get_render")[-1]["status"] == "completed" and run.count("issue_anonymous_token") == 1
    ),
    "token-given-by-the-user": lambda run: run.available() == [500, 400, 400] and not run.count("issue_anonymous_token"),
    "token-that-never-ends": lambda run: run.count("issue_anonymous_token") == 1 and run.available() == [100, 100, 100],
    "token-already-expired": lambda run: run.available() == [100, 100],
    "session-id-at-top-level": lambda run: (
        "session_id" in run.bodies("create_session")[0] and "available" in run.bodies("get_credits")[0]
    ),
    "session-body-with-and-without-language": lambda run: (
        {s.language for s in run.live.world.sessions.values()} == {"", "en", "zh"}
    ),
    "chinese-user": lambda run: "背景音乐" in run.wires().decode(),
    "platform-header-of-any-kind": lambda run: len(run.live.world.renders) == 2,
    "attribution-wanted-everywhere": lambda run: 402 in {e["status"] for e in run.answers("get_state")},
    "purse-empty-registered": lambda run: "anon_" not in str(run.bodies("create_session")),
    "purse-empty-told-in-the-stream": lambda run: b"register?bind=anon_" in run.wires(),
    "purse-runs-dry-at-the-second-video": lambda run: run.available()[0] == 0 and len(run.live.world.turns) == 1,
    "purse-empty-export-is-free": lambda run: run.bodies("get_render")[-1]["status"] == "completed" and run.available()[0] == 0,
    "code-2001-under-status-402": lambda run: (402, 2001) in {(e["status"], e["body"]["code"]) for e in run.answers("run_sse")},
    "errors-under-status-200": lambda run: (
        (200, 1001) in {(e["status"], e["body"]["code"]) for e in run.answers("create_session")}
    ),
    "upload-by-url": lambda run: run.bodies("upload_files")[0]["data"]["files"][0]["filename"] == "travel.mov",
    "upload-cut-halfway": lambda run: run.count("upload_files") == 2 and len(run.live.world.blobs) == 1,
    "upload-told-as-files": lambda run: len(run.live.world.blobs) == 3,
    "silent-edit": lambda run: "text" not in run.events() and '"tt":1' in state_text(run),
    "silent-twice": lambda run: "text" not in run.events(0) + run.events(1) and '"v":0.1' in state_text(run),
    "silent-but-for-heartbeats": lambda run: set(run.events()) == {"heartbeat"} and '"tt":1' in state_text(run),
    "silent-and-nothing-changed": lambda run: "text" not in run.events() and '"t":[' not in state_text(run),
    "heartbeats-only-for-fourteen-minutes": lambda run: set(run.events()) == {"heartbeat"} and len(run.events()) == 83,
    "fourteen-minutes-of-work": lambda run: run.turn_s() == 840 and "text" in run.events(),
    "first-byte-after-three-minutes": lambda run: run.waited_s("run_sse") >= 180,
    "temporary-issue-after-success": lambda run: run.events().count("text") > 1 and b"temporary issue" in run.wires(),
    "temporary-issue-alone": lambda run: run.events().count("text") <= 2 and '"t":[' not in state_text(run),
    "error-event-ends-the-turn": lambda run: run.events()[-1] == "error" and run.available()[-1] == 100,
    "error-event-in-the-agent-dialect": lambda run: b'"errorMessage":"backend said \\"no\\"' in run.wires(),
    "error-told-as-text": lambda run: "error" not in run.events() and run.available()[-1] == 100,
    "error-in-the-middle": lambda run: (
        run.events(0).index("error") < run.events(0).index("tool_result") and "Dunes" in state_text(run)
    ),
    "two-stage-generation": lambda run: run.events(0).count("tool_call") > 2 and track_types(run) == [0],
    "one-stage-generation": lambda run: run.events().count("tool_call") == 1,
    "text-that-injects-instructions": lambda run: b"collector.example" in run.wires(),
    "stream-dies-between-two-bytes": lambda run: '"tt":1' in state_text(run, -1),
    "stream-dies-and-nothing-changes": lambda run: run.count("get_state") == 6 and '"t":[' not in state_text(run),
    "stream-cut-inside-a-character": cut_inside_a_character,
    "stream-that-stalls": lambda run: any(e["kind"] == "end" and e["by"] == "fault" for e in run.entries),
    "answer-lost-after-the-work": lambda run: run.available() == [50, 50],
    "second-message-waits-its-turn": lambda run: [t.state for t in run.live.world.turns.values()] == ["ended", "ended"],
    "partials-told-again-whole": lambda run: b'"partial":true' in run.wires(),
    "dialect-of-the-agent-server": lambda run: b'"functionCall"' in run.wires() and b": heartbeat" in run.wires(),
    "dialect-of-bare-text": lambda run: b'data: {"text":' in run.wires(),
    "heartbeats-in-every-form": lambda run: all(
        form in run.wires() for form in (b"data: heartbeat", b"event: heartbeat", b": heartbeat")
    ),
    "stream-spelt-by-the-book": lambda run: run.wires().startswith(b"\xef\xbb\xbf:0\r\n") and b"retry:" in run.wires(),
    "lines-longer-than-a-buffer": lambda run: max(map(len, run.wires().split(b"\n"))) > 70_000,
    "words-pass-unchanged": lambda run: run.scenario.messages[0].text in {t.message for t in run.live.world.turns.values()},
    "requests-that-are-no-editing": lambda run: len(run.live.world.turns) == 2 and run.available() == [100],
    "draft-null-before-first-edit": lambda run: run.bodies("get_state")[0]["data"]["state"]["draft"] is None,
    "draft-absent-before-first-edit": lambda run: "draft" not in run.bodies("get_state")[0]["data"]["state"],
    "unknown-track-types": lambda run: (
        '"tt":5' in state_text(run) and '"tt":11' in state_text(run) and '"lut":"teal"' in state_text(run)
    ),
    "strict-spelling": lambda run: bool(run.live.world.varied) and "completed" in str(run.bodies("get_render")[-1]),
    "answer-that-dribbles": lambda run: run.waited_s("get_state") == 0 and run.live.world.now_ms > START_MS + 1000,
    "answer-without-content-type": lambda run: "text" in run.events(),
    "render-fails-once": lambda run: [r.error == "" for r in run.live.world.renders.values()] == [False, True],
    "render-fails-twice": lambda run: [r.error for r in run.live.world.renders.values()] == ["no node is free"] * 2,
    "render-never-finishes": lambda run: run.count("get_render") == 10 and run.bodies("get_render")[-1]["status"] == "processing",
    "render-takes-four-minutes": lambda run: (
        run.bodies("get_render")[-1]["status"] == "completed" and run.live.world.now_ms >= START_MS + 240_000
    ),
    "render-told-in-data-only": lambda run: run.bodies("get_render")[-1].keys() == {"success", "data"},
    "render-told-at-top-only": lambda run: (
        "data" not in run.bodies("get_render")[-1] and "output" in run.bodies("get_render")[-1]
    ),
    "render-id-gives-the-old-job": lambda run: len(run.live.world.renders) == 1 and run.count("submit_render") == 2,
    "submit-answer-lost": lambda run: len(run.live.world.renders) == 2,
    "gateway-page-on-submit": lambda run: (
        run.answers("submit_render")[0]["body"].startswith("<html>") and len(run.live.world.renders) == 1
    ),
    "exports-in-a-row": lambda run: len(run.live.world.renders) == 2,
    "batch-of-three-clips": lambda run: len(run.live.world.sessions) == 1 and len(run.live.world.blobs) == 3,
    "project-link": lambda run: run.bodies("issue_claim_token")[0]["data"]["expires_in"] == 604800,
    "bad-weather": lambda run: run.bodies("get_render")[-1]["status"] == "completed",
}


def track_types(run: Run) -> list[int]:
    return [track.type for session in run.live.world.sessions.values() for track in session.draft.tracks]


def state_text(run: Run, number: int = -1) -> str:
    """The state that was told at the `number`th asking, as compact JSON."""
    return json.dumps(run.bodies("get_state")[number]["data"]["state"], separators=(",", ":"), ensure_ascii=False)


@pytest.mark.parametrize("name", SCENARIOS)
def test_it_really_happens(server, name):
    """Played by a small client: faults fire, scripts are used up, the codes are answered, the rows of the tables are seen."""
    scenario = SCENARIOS[name]
    clock = {"policy": "manual"} if name in OVERLAPPING else {} if scenario.policy else {"policy": "instant"}

    live = live_through(server, scenario, f"walk-{name}"[:60], **clock).live
    entries = server.do(lambda: journal(live))

    assert [armed.fault for armed in faults.unfired(live.faults)] == []
    planned = live.world.scripted
    assert (planned.turns, planned.renders, planned.draft) == ([], [], [])
    wanted = {int(word.removeprefix("code ")) for word in scenario.covers if word.startswith("code ")}
    assert wanted <= codes(entries)
    for word in scenario.covers:
        if row := re.fullmatch(r"S\d: (.+)", word):
            shown = next((test for key, test in EVIDENCE.items() if row[1] == key or row[1].startswith(key + " ")), None)
            number = re.fullmatch(r"errors (\d+)", row[1])
            assert int(number[1]) in codes(entries) if number else shown is None or shown(entries), word
    assert 500 not in {entry.get("status") for entry in entries}
    assert PROOFS.get(name, lambda run: True)(Run(scenario, live, entries)), name
    restarted = any(message.restart for message in scenario.messages)
    assert name in PROOFS or wanted - {0} or scenario.faults or scenario.turns or scenario.renders or restarted, (
        "nothing shows that it happened"
    )


# beginning


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_world_that_begins_so_can_be_written_down(name):
    """Scripts, accounts and faults survive a snapshot, and a reset brings them back."""
    worlds = Worlds()
    begun = begin(worlds, SCENARIOS[name], "default")
    live = begun.live
    kept = thaw(freeze(live.world, live.faults))
    assert (kept.world, kept.faults) == (live.world, live.faults)

    live.advance(live.world.now_ms + 1000)
    live.world.scripted.turns.clear()
    live.world.tokens.clear()
    worlds.reset("default")

    assert freeze(live.world, live.faults) == freeze(kept.world, kept.faults)


def test_a_fork_is_reset_to_the_same_beginning():
    """Under its own name."""
    worlds = Worlds()
    begin(worlds, SCENARIOS["purse-empty-registered"], "one")
    fork = worlds.fork("one", "two")
    fork.world.accounts.clear()

    assert worlds.reset("two").world.accounts == worlds.at("one").world.accounts
    assert fork.world.name == "two"


def test_the_same_scenario_begins_the_same_under_any_name():
    """Tokens and all."""
    scenario = SCENARIOS["token-given-by-the-user"]
    one, other = (begin(Worlds(), scenario, name).environment for name in ("default", "another"))

    assert one == other
    assert one["NEMO_TOKEN"].startswith("nmv_usr_MOCK")


def test_what_is_asked_for_wins():
    """The recipe's members, and the settings of the process that are to be kept."""
    worlds = Worlds(Recipe(settings=Settings(render_shape="top", plan="free")))
    scenario = SCENARIOS["render-told-in-data-only"]

    plain = begin(worlds, scenario, "plain").live.world.settings
    kept = begin(worlds, scenario, "kept", ["render_shape"], seed="9", policy="manual").live

    assert (plain.render_shape, plain.plan) == ("data", "free")
    assert (kept.world.settings.render_shape, kept.world.seed, kept.clock.policy) == ("top", "9", "manual")


def test_a_run_token_names_the_scenario():
    """So a run of a shipped scenario has a token; a file of one's own is its own recipe."""
    shipped, own = (
        next(
            entry["detail"]["token"]
            for entry in journal(begin(Worlds(), one, "default").live)
            if entry["what"] == "world.created"
        )
        for one in (SCENARIOS["strict-spelling"], read_text("scenario: a\nwhy: x", "a", "a"))
    )

    assert read_token(shipped).scenario == "strict-spelling"
    assert own == ""


def test_a_run_token_begins_the_scenario_again():
    """As `replay` does: what was typed beside the scenario is in the token, what the scenario says is not."""
    scenario = SCENARIOS["purse-empty-registered"]
    worlds = Worlds(Recipe(settings=Settings(error_status="http")))
    first = begin(worlds, scenario, "default", ["error_status"])
    token = next(entry["detail"]["token"] for entry in journal(first.live) if entry["what"] == "world.created")

    again = Worlds(read_token(token))
    exports = scenario_commands.begin(again, read(find(again.recipe.scenario)), ["error_status"])

    assert exports == first.environment
    assert freeze(again.at("default").world, again.at("default").faults) == freeze(first.live.world, first.live.faults)


# scripted turns


def telling(live: Live, messages: list[str]) -> list[list[tuple[int, Any]]]:
    """What is told in the turns of these messages, with times since their start."""
    world = live.world
    account = service.open_account(world, "registered", None, 1000)
    session = service.create_session(world, account, "project", "")
    asset = Asset("a1", "clip.mp4", "video", "mp4", "http://x/clip.mp4", 10.0, 1080, 1920, 30.0)
    service.add_assets(world, session, [asset])
    turns = []
    for message in messages:
        turns.append(service.start_turn(world, account, session, message, "http://x"))
        live.advance(world.now_ms + 3_600_000)
    return [[(told.at_ms - turn.started_ms, told.event) for told in turn.told] for turn in turns]


def scripted(turns: str) -> Live:
    return begin(Worlds(), read_text(f"{GOOD}turns: {turns}\n", "broken", "x"), "default").live


MESSAGES = ["add calm background music", "set the music volume to 10%", "what can you do?"]


def test_an_empty_turn_is_the_services_own():
    """Event for event, instant for instant."""
    assert telling(scripted("[{}, {}, {}]"), MESSAGES) == telling(scripted("[]"), MESSAGES)


def test_turns_that_do_not_fit_are_left_for_later():
    """`match` waits for its words, in any case; the others are taken in their order."""
    told = telling(scripted("[{match: [VOLUME], tell: [{text: two}]}, {tell: [{text: one}]}]"), MESSAGES)

    assert [[event.text for _, event in turn] for turn in told[:2]] == [["one"], ["two"]]


def test_a_turn_that_takes_longer_is_stretched():
    """Ten times as long, with the heartbeats of its length, and the words at the same shares of it."""
    plain, long = (
        telling(scripted(turns), MESSAGES[:1])[0]
        for turns in ("[{silent: false, takes_s: 20}]", "[{silent: false, takes_s: 200}]")
    )

    def words(turn):
        return [(at // 100, event.text) for at, event in turn if event.kind == "text"]

    assert [(at // 10, text) for at, text in words(long)] == words(plain)
    assert sum(event.kind == "heartbeat" for _, event in long) > 10


def test_a_turn_that_is_refused_uses_nothing_up():
    """2001 leaves the script for the message that is paid."""
    live = scripted("[{tell: [{text: a}], kind: generation}]")
    account = service.open_account(live.world, "registered", None, 0)
    session = service.create_session(live.world, account, "project", "")

    with pytest.raises(NoCredits):
        service.start_turn(live.world, account, session, "make a video", "http://x")

    assert len(live.world.scripted.turns) == 1


def test_media_of_a_scripted_turn_can_be_fetched_like_any():
    """A new asset without a URL gets one of the mock's own."""
    line = "{tool_result: generate_music, effects: [{add_asset: {id: g1, filename: tune.mp3, file_type: audio, format: mp3, duration_s: 3}}]}"
    live = scripted(f"[{{tell: [{line}]}}]")
    telling(live, ["compose"])

    asset = next(asset for session in live.world.sessions.values() for asset in session.assets if asset.id == "g1")
    assert asset.cdn_url == "http://x/cdn/g1/tune.mp3"
    assert service.find_file(live.world, "g1", "tune.mp3") is asset


# the schema


def test_the_published_schema_is_the_one_in_force():
    """Where this fails: python -c "from mock_server.scenario.schema import publish; publish()"."""
    told = json.loads(published.FILE.read_text())

    Draft202012Validator.check_schema(told)
    assert told == published.schema()
    assert set(published.FRAMING) < FIELDS.keys()


def test_the_schema_knows_the_operations_of_drafts():
    """Names and arguments, as the functions have them."""
    operations = published.schema()["$defs"]["operation"]["properties"]
    effects = published.schema()["$defs"]["effect"]["properties"]
    rest = {"add_segment": {*drafts.LIMITS, *drafts.WORDS, "style"}, "update_segment": {*drafts.LIMITS, *drafts.WORDS, "style"}}
    rest["update_draft"] = set(drafts.CANVAS)

    assert operations.keys() == drafts.OPS.keys() and effects.keys() == {*drafts.OPS, "add_asset"}
    for name, function in drafts.OPS.items():
        parameters = [p for p in inspect.signature(function).parameters.values() if p.kind == p.KEYWORD_ONLY]
        assert operations[name]["properties"].keys() == {p.name for p in parameters} | rest.get(name, set()), name
        assert set(operations[name].get("required", [])) == {p.name for p in parameters if p.default is p.empty}, name
    assert effects["add_asset"]["properties"].keys() == {f.name for f in fields(Asset)}


def test_every_description_is_there():
    """Whoever writes a scenario in an editor is told what each key means."""
    told = published.schema()
    for name, one in told["properties"].items():
        assert one.get("description") or "$ref" in one, name
    for name in ("account", "turn", "line", "render", "fault"):
        for key, one in told["$defs"][name]["properties"].items():
            assert one.get("description") or "$ref" in one, (name, key)


# broken files

GOOD = "scenario: broken\nwhy: It is broken on purpose.\n"
BROKEN = {
    "an unknown key": (GOOD + "mesages: [hello]\n", 3, "did you mean 'messages'"),
    "an unknown setting": (GOOD + "settings:\n  silent_rat: 1\n", 4, "did you mean 'silent_rate'"),
    "a bad value": (GOOD + "settings:\n  plan: trail\n", 4, "did you mean 'trial'"),
    "a setting out of range": (GOOD + "settings: {silent_rate: 2}\n", 3, "silent_rate"),
    "a span the wrong way round": (GOOD + "settings:\n  plan: free\n  edit_s: [30, 10]\n", 5, "30 is more than 10"),
    "a form that a setting does not have": (GOOD + "framing:\n  chunks: evnt\n", 4, "evnt"),
    "framing among the settings": (GOOD + "settings: {dialect: adk}\n", 3, "stands under framing"),
    "a setting among the framing": (GOOD + "framing: {plan: free}\n", 3, "stands under settings"),
    "an unknown operation": (GOOD + "faults:\n  - what: reset\n    operation: run_see\n", 5, "did you mean 'run_sse'"),
    "an unknown kind of fault": (GOOD + "faults: [{what: rest}]\n", 3, "did you mean 'reset'"),
    "a fault that cannot fire": (GOOD + "faults:\n  - {what: slow, at: before, params: {bytes_per_s: 1}}\n", 4, "only at byte"),
    "a fault with a window that is empty": (GOOD + "faults:\n  - what: reset\n    from_s: 9\n    to_s: 3\n", 4, "empty"),
    "a breach that is not deliberate": (GOOD + "faults:\n\n  - {what: gateway}\n", 5, "deliberate: true"),
    "a parameter of another fault": (GOOD + "faults:\n  - what: latency\n    params:\n      mss: 3\n", 6, "did you mean 'ms'"),
    "two faults of one name": (GOOD + "faults:\n  - {what: reset, name: a}\n  - {what: close, name: a}\n", 5, "already"),
    "an unknown rule": (GOOD + "covers:\n  - rule 1\n  - rule 122\n", 5, "from 1 to 121"),
    "an unknown code": (GOOD + "covers: [code 1003]\n", 3, "did you mean '"),
    "an unknown contradiction": (GOOD + "covers: [C34]\n", 3, "C1 to C33"),
    "an unknown row": (GOOD + "covers: ['S1: errors 2002']\n", 3, "did you mean 'errors"),
    "no form of a rule": (GOOD + "covers: [sixty-one]\n", 3, "rule 61"),
    "an empty why": ("scenario: broken\nwhy: ' '\n", 2, "empty"),
    "two sentences": ("scenario: broken\nwhy: It is broken. On purpose.\n", 2, "one sentence"),
    "no why": ("scenario: broken\n", 1, "'why' is missing"),
    "another name than the file's": ("scenario: bent\nwhy: x\n", 1, "'broken'"),
    "a key twice": (GOOD + "seed: 1\nseed: 2\n", 4, "given twice"),
    "two accounts of one name": (GOOD + "accounts:\n  - name: Ana\n  - name: Ana\n", 5, "already"),
    "two tokens in one variable": (
        GOOD + "accounts:\n  - {name: A, env: NEMO_TOKEN}\n  - {name: B, env: NEMO_TOKEN}\n",
        5,
        "only one",
    ),
    "an unknown scope": (GOOD + "accounts:\n  - name: Ana\n    token: {scopes: [rendr]}\n", 5, "did you mean 'render'"),
    "life in an expired token": (GOOD + "accounts:\n  - name: A\n    token: {state: expired, life_s: 5}\n", 5, "no life left"),
    "a line that is two": (GOOD + "turns:\n  - tell:\n      - {text: a, error: b}\n", 5, "text and error"),
    "arguments without a tool": (GOOD + "turns:\n  - tell:\n      - text: a\n        args: {}\n", 5, "'tool_call' is missing"),
    "a turn both written and changed": (GOOD + "turns:\n  - silent: true\n    tell: [{text: a}]\n", 4, "no room for 'silent'"),
    "a turn that contradicts itself": (GOOD + "turns:\n  - silent: true\n    failed: no\n", 5, "either 'silent' or 'failed'"),
    "an unknown effect": (GOOD + "draft:\n  - add_segmnt: {id: a}\n", 4, "did you mean 'add_segment'"),
    "an effect that lacks something": (
        GOOD + "draft:\n  - add_segment: {id: a, track_id: t, type: 0, start_ms: 0}\n",
        4,
        "'duration_ms'",
    ),
    "an error of a good render": (GOOD + "renders:\n  - {error: x}\n", 4, "outcome failed"),
    "a sample that is not there": (GOOD + "messages:\n  - text: hi\n    files: [vidoe.mp4]\n", 5, "did you mean 'video.mp4'"),
    "time that goes back": (GOOD + "messages:\n  - {text: a, at_s: 9}\n  - {text: b, at_s: 8}\n", 5, "goes back"),
    "no instant": (GOOD + "start: yesterday\n", 3, "2026-03-20T09:30:00Z"),
    "no YAML": (GOOD + "faults: [\n", 4, "not YAML"),
    "an alias": (GOOD + "turns: [&a {silent: true}, *a]\n", 3, "write it out"),
    "no mapping": ("- 1\n", 1, "not a mapping"),
    "nothing": ("", 1, "not a mapping"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_wrong_is_told_with_file_and_line(case):
    """file:line: what is wrong, and the nearest right word."""
    text, line, said = BROKEN[case]

    with pytest.raises(ScenarioError) as caught:
        read_text(text, "broken", "broken.yaml")

    assert caught.value.lines[0].startswith(f"broken.yaml:{line}: "), caught.value.lines
    assert said in caught.value.lines[0]
    assert all("\n" not in told for told in caught.value.lines)


def test_all_complaints_are_told_in_their_order():
    """One line each."""
    text = GOOD + "seed: []\nclock: {polcy: real}\nmessages: [1, a, {txt: b}]\n"

    with pytest.raises(ScenarioError) as caught:
        read_text(text, "broken", "x")

    assert [re.split(r"[: ]+", line)[1] for line in caught.value.lines] == ["3", "4", "5", "5"]


def test_words_that_yaml_would_turn_into_something_else():
    """`no` is a word and 9:16 no number of seconds."""
    scenario = read_text(GOOD + "framing: {colon_space: no}\nmessages: [9:16, yes]\n", "broken", "x")

    assert scenario.settings == {"colon_space": "no"}
    assert [message.text for message in scenario.messages] == ["9:16", "yes"]


# from the journal of a run


RECALLED = (
    "free-first-video", "token-given-by-the-user", "token-expires-mid-session", "session-lost-between-messages", "rate-limited-bootstrap",
    "purse-runs-dry-at-the-second-video", "upload-of-a-document", "upload-cut-halfway", "silent-twice", "error-event-ends-the-turn",
    "stream-dies-between-two-bytes", "first-byte-after-three-minutes", "exports-in-a-row", "strict-spelling", "bad-weather",
)  # fmt: skip


def story(entries: list[dict[str, Any]]) -> dict[str, Any]:
    """What happened in a run, without ids: turns with their outcome, renders, faults, codes, requests that are a user's doing."""
    turns = [
        (e["what"], e["detail"]["kind"], e["detail"]["silent"]) for e in entries if e.get("what") in ("turn.ended", "turn.failed")
    ]
    return {
        "turns": turns,
        "renders": [e["what"] for e in entries if str(e.get("what")).startswith("render.")],
        "faults": [(e["what"], e["at"], e["number"], e["params"]) for e in entries if e["kind"] == "fault"],
        "codes": codes(entries),
        "asked": [
            e["operation"]
            for e in entries
            if e["kind"] == "request" and e["operation"] in ("run_sse", "submit_render", "upload_files")
        ],
    }


@pytest.mark.parametrize("name", RECALLED)
def test_a_run_comes_back_from_its_journal(server, name):
    """`scenario new`: the text passes the check, and the run goes the same way again."""
    before = live_through(server, SCENARIOS[name], f"first-{name}"[:60], policy="instant").live
    entries = server.do(lambda: journal(before))

    text = recall(entries, "again")
    again = read_text(text, "again", "again.yaml")
    after = live_through(server, again, f"again-{name}"[:60], policy="instant").live

    assert story(server.do(lambda: journal(after))) == story(entries), text
    assert {f"code {code}" for code in codes(entries) - {0}} == set(again.covers)


# the command line


@pytest.fixture(scope="module")
def kept_journal(server, tmp_path_factory) -> Path:
    """The journal file of a run that went wrong."""
    live = live_through(server, SCENARIOS["stream-dies-between-two-bytes"], "kept", policy="instant").live
    lines = server.do(lambda: list(live.journal.since()))
    path: Path = tmp_path_factory.mktemp("run") / "Friday night.jsonl"
    path.write_bytes(b"".join(lines))
    return path


def test_list_show_and_check(tmp_path):
    """Names and whys, aligned; one file as it is; complaints with file and line, exit 2."""
    told = run("scenario", "list").stdout.splitlines()
    assert len(told) == len(SCENARIOS)
    assert len({line.index(SCENARIOS[line.split()[0]].why) for line in told}) == 1
    assert run("scenario", "show", "silent-edit").stdout == (folder() / "silent-edit.yaml").read_text()
    (tmp_path / "broken.yaml").write_text(GOOD + "clock: {polcy: real}\n")

    done = run("scenario", "check", str(folder() / "silent-edit.yaml"), str(tmp_path / "broken.yaml"))

    assert done.returncode == 2
    assert f"{tmp_path}/broken.yaml:3: clock: there is no 'polcy' here; did you mean 'policy'?" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["scenario", "show", "silent-edt"], "did you mean 'silent-edit'"),
        (["scenario", "list", "--covers", "rule 200"], "from 1 to 121"),
        (["serve", "--scenario", "silent-edt", "--port", "0", "--control-port", "0"], "did you mean 'silent-edit'"),
        (["scenario", "new", __file__], "is no JSON"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "",
)
def test_wrong_use_is_one_clear_line(words, said):
    """Exit 2, the nearest name, no traceback."""
    done = run(*words)

    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr


def test_new_from_a_journal_file(kept_journal, tmp_path):
    """The printed text, kept under its name, passes the check."""
    done = run("scenario", "new", str(kept_journal), "--name", "friday")
    (tmp_path / "friday.yaml").write_text(done.stdout)

    assert "what: reset" in done.stdout and "add calm background music at 35%" in done.stdout
    assert run("scenario", "check", str(tmp_path / "friday.yaml")).stdout == "1 scenario, all well\n"
    assert "\nscenario: friday-night\n" in run("scenario", "new", str(kept_journal)).stdout


def test_covers_filters():
    """Those that exercise it, and no other."""
    told = run("scenario", "list", "--covers", "code 2001").stdout.split()

    assert "purse-empty-anonymous" in told and "silent-edit" not in told


def test_serve_begins_so(tmp_path):
    """The world `default` is the scenario's; what is typed wins; the token for the client is told in the banner and works."""
    with serving(tmp_path, "--scenario", "token-given-by-the-user", "--setting", "error_status=http", "--clock", "manual") as (
        _,
        ready,
    ):
        accounts = httpx.get(f"{ready['control_url']}/worlds/default/accounts").json()["accounts"]
        tokens = httpx.get(f"{ready['control_url']}/worlds/default/tokens").json()["tokens"]
        bearer = {"Authorization": f"Bearer {tokens[0]['token']}"}
        balance = httpx.get(f"{ready['url']}/api/credits/balance/simple", headers=bearer).json()
        clock = httpx.get(f"{ready['control_url']}/worlds/default/clock").json()
        unknown = httpx.get(f"{ready['url']}/api/state/nemo_agent/me/1/latest", headers=bearer).status_code

    assert [account["kind"] for account in accounts] == ["registered"]
    assert balance["data"]["available"] == 500
    assert (clock["policy"], unknown) == ("manual", 404)
