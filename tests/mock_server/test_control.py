"""The control port, asked over real ports. Every answer of it is held against control.yaml."""

import itertools
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV32SpecValidator

from mock_server import __version__
from mock_server.contract import Contract
from mock_server.control.door import DOCUMENT, HANDLERS, Door, load
from mock_server.domain.errors import ServiceError
from mock_server.domain.settings import FIELDS
from mock_server.pacing import Live
from mock_server.serve import Running, running
from mock_server.store import Store
from mock_server.worlds import START_MS, Recipe, Worlds

Json = dict[str, Any]

ATTRIBUTION = {"X-Skill-Source": "test", "X-Skill-Version": "1", "X-Skill-Platform": "test"}
ORDER = "make a 10 second video of a city at night"
CLIENT = "b6a4c1de-0f7e-4d53-9a55-1f3c7a1f0001"


# the document


def test_document_is_valid() -> None:
    assert not [error.message for error in OpenAPIV32SpecValidator(load().document).iter_errors()]


def test_document_and_functions_agree() -> None:
    assert load().operations.keys() == {*HANDLERS, DOCUMENT}


@pytest.mark.parametrize("change", ["lost", "added"])
def test_disagreement_refuses_to_start(change: str) -> None:
    """Both ways: an operation without a function, and a function without an operation."""
    paths: Json = dict(load().document["paths"])
    gone = paths.pop("/worlds/{name}/reset")
    if change == "added":
        paths |= {
            "/worlds/{name}/reset": gone,
            "/more": {"get": {"operationId": "more", "responses": {"200": {"description": ""}}}},
        }
    with pytest.raises(ValueError, match="reset_world" if change == "lost" else "more"):
        Door(Worlds(), "", Contract({**load().document, "paths": paths}))


@cache
def validator(operation_id: str, status: str) -> jsonschema_rs.Draft202012Validator:
    """Of the JSON answers with this status, which must be declared."""
    rules = load()
    operation = rules.operations[operation_id]
    responses = rules.document["paths"][operation.path][operation.method.lower()]["responses"]
    assert status in responses or f"{status[0]}XX" in responses, f"{operation_id} answers {status}, which is not declared"
    response = rules.resolve(responses.get(status) or responses[f"{status[0]}XX"])
    return operation.validator(response["content"]["application/json"]["schema"])


def check_answer(response: httpx.Response) -> None:
    """The answer is one that the document declares."""
    request = response.request
    try:
        operation, _ = load().route(request.method, request.url.raw_path.decode().partition("?")[0])
    except ServiceError:
        return
    if request.method != "HEAD" and not response.headers["content-type"].startswith("text/event-stream"):
        response.read()
        validator(operation.id, str(response.status_code)).validate(response.json())


# a mock, and worlds in it


class Mock:
    """A running mock with its control port."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.control = httpx.Client(
            base_url=running.control_url, trust_env=False, timeout=20, event_hooks={"response": [check_answer]}
        )
        self.api = httpx.Client(trust_env=False, timeout=20)

    def ask(self, method: str, path: str, body: Any = None, expect: int = 200, **options: Any) -> Any:
        answer = self.control.request(method, path, json=body, **options)
        assert answer.status_code == expect, answer.text
        return answer.json()

    def refused(self, method: str, path: str, body: Any = None, expect: int = 422, **options: Any) -> str:
        return str(self.ask(method, path, body, expect, **options)["error"])

    def close(self) -> None:
        self.control.close()
        self.api.close()


class Place:
    """A world of the mock, with a client of the API in it."""

    def __init__(self, mock: Mock, name: str) -> None:
        self.mock, self.name, self.at = mock, name, f"/worlds/{name}"
        self.url = mock.running.world_url(name)
        self.token = self.session = ""

    def ask(self, method: str, path: str = "", body: Any = None, expect: int = 200, **options: Any) -> Any:
        return self.mock.ask(method, self.at + path, body, expect, **options)

    def refused(self, method: str, path: str = "", body: Any = None, expect: int = 422, **options: Any) -> str:
        return self.mock.refused(method, self.at + path, body, expect, **options)

    @property
    def live(self) -> Live:
        return self.mock.running.worlds.live[self.name]

    def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        headers = {**ATTRIBUTION, "Authorization": f"Bearer {self.token}"}
        return self.mock.api.request(method, self.url + path, json=body, headers=headers)

    def settle_in(self, **account: Any) -> Json:
        """Get an account, its token and a session."""
        opened: Json = self.ask("POST", "/accounts", account, 201)
        self.token = opened["token"]
        self.session = self.call("POST", "/api/tasks/me/with-session/nemo_agent", {"task_name": "a"}).json()["data"]["session_id"]
        return opened

    @contextmanager
    def talking(self, text: str = ORDER) -> Iterator[httpx.Response]:
        """The open stream of a turn."""
        body = {"session_id": self.session, "new_message": {"parts": [{"text": text}]}}
        headers = {**ATTRIBUTION, "Authorization": f"Bearer {self.token}"}
        with self.mock.api.stream("POST", self.url + "/run_sse", json=body, headers=headers) as stream:
            assert stream.status_code == 200
            yield stream

    def talk(self, text: str = ORDER) -> bytes:
        """All that a turn told, under the manual clock."""
        with self.talking(text) as stream:
            assert self.ask("POST", "/clock/advance", {"by_s": 3600})["all_written"]
            return b"".join(stream.iter_raw())

    def balance(self) -> Json:
        data: Json = self.call("GET", "/api/credits/balance/simple").json()["data"]
        return data

    @contextmanager
    def socket(self) -> Iterator[socket.socket]:
        """A turn asked for over a bare socket, its answer begun."""
        body = json.dumps({"session_id": self.session, "new_message": {"parts": [{"text": ORDER}]}})
        host, port = self.mock.running.url.removeprefix("http://").split(":")
        head = [
            f"POST /w/{self.name}/run_sse HTTP/1.1", f"Host: {host}:{port}", "Connection: close", "Content-Type: application/json",
            f"Authorization: Bearer {self.token}", f"Content-Length: {len(body)}", "", body,
        ]  # fmt: skip
        with socket.create_connection((host, int(port)), timeout=10) as opened:
            opened.sendall("\r\n".join(head).encode())
            began = b""
            while b"\r\n\r\n" not in began:
                began += opened.recv(65536)
            assert began.startswith(b"HTTP/1.1 200")
            yield opened


@pytest.fixture(scope="module")
def mock() -> Iterator[Mock]:
    with running(Worlds(Recipe(policy="manual"))) as server:
        mock = Mock(server)
        yield mock
        mock.close()


_numbers = itertools.count(1)


def make(mock: Mock, **order: Any) -> Place:
    name = order.setdefault("name", f"w{next(_numbers)}")
    order.setdefault("settings", {"silent_rate": 0})
    order.setdefault("seed", "1")  # not made of the name, which depends on which tests run
    mock.ask("POST", "/worlds", order, 201)
    return Place(mock, name)


@pytest.fixture
def place(mock: Mock) -> Place:
    return make(mock)


# who may ask


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:1", "localhost", "LOCALHOST:8748", "[::1]", "[::1]:8748"])
def test_loopback_hosts_are_served(mock: Mock, host: str) -> None:
    assert mock.ask("GET", "/", headers={"Host": host})["version"] == __version__


@pytest.mark.parametrize(
    "host", ["example.com", "127.0.0.1.example.com", "localhost.example.com:8748", "[::2]", "127.0.0.1@evil", "127.0.0.1:x", ""]
)
def test_other_hosts_are_refused(mock: Mock, host: str) -> None:
    assert "header Host" in mock.refused("GET", "/", expect=403, headers={"Host": host})


def test_a_missing_host_is_refused(mock: Mock) -> None:
    host, port = mock.running.control_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as opened:
        opened.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert b" 403 " in opened.recv(65536)


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1", "https://[::1]:1"])
def test_local_pages_are_served(mock: Mock, origin: str) -> None:
    mock.ask("GET", "/", headers={"Origin": origin})


@pytest.mark.parametrize("origin", ["https://example.com", "null", "http://localhost.example.com", "file://", "localhost"])
def test_other_sites_are_refused(mock: Mock, origin: str) -> None:
    assert "header Origin" in mock.refused("POST", "/worlds", {"name": "evil"}, expect=403, headers={"Origin": origin})
    assert "evil" not in mock.running.worlds.live


# the process and its worlds


def test_process(mock: Mock) -> None:
    told = mock.ask("GET", "/")
    assert told["url"] == mock.running.url and told["worlds"] == len(mock.running.worlds.live)
    assert mock.ask("GET", "/openapi.json") == load().document
    assert mock.control.head("/").status_code == 200


def test_making_a_world(mock: Mock) -> None:
    order = {"name": "made", "seed": 7, "settings": {"plan": "free", "edit_s": "1-2"}, "clock": {"policy": "real", "rate": 20}}
    told = mock.ask("POST", "/worlds", {**order, "start": "2026-03-21T01:00:00+01:00"}, 201)
    assert told["name"] == "made" and told["url"] == mock.running.world_url("made") and told["seed"] == "7"
    assert told["clock"] == {"policy": "real", "rate": 20} and told["now"].startswith("2026-03-21T00:00:00")
    assert mock.running.worlds.live["made"].world.settings.edit_s == (1, 2)
    assert "made" in [line["name"] for line in mock.ask("GET", "/worlds")["worlds"]]
    assert "there is a world 'made' already" in mock.refused("POST", "/worlds", {"name": "made"}, 409)
    assert mock.ask("POST", "/worlds", {"name": "plain", "start": START_MS + 5}, 201)["now_ms"] == START_MS + 5


def test_looking_at_a_world(place: Place) -> None:
    place.settle_in()
    with place.talking():
        told = place.ask("GET")
    assert (told["accounts"], told["sessions"], told["turns_running"], told["streams"]) == (1, 1, 1, 1)
    assert told["journal"]["forgotten"] == 0 and told["journal"]["last"] >= 5
    assert told["checkpoints"] == [] and told["renders"] == told["renders_unfinished"] == 0


def test_deleting_a_world_ends_its_streams(place: Place) -> None:
    place.settle_in()
    with place.talking() as stream, place.mock.control.stream("GET", place.at + "/journal?follow=1") as followed:
        assert place.ask("DELETE") == {"deleted": place.name}
        assert b"".join(stream.iter_raw()) == b""
        assert b'"request"' in b"".join(followed.iter_raw())
    assert "there is no world" in place.refused("GET", expect=404)


def test_default_is_there_always(mock: Mock) -> None:
    default = Place(mock, "default")
    default.ask("POST", "/accounts", {}, 201)
    assert default.ask("GET")["url"] == mock.running.url
    default.ask("DELETE")
    assert default.ask("GET")["accounts"] == 0


def test_reset(place: Place) -> None:
    place.settle_in()
    place.ask("PUT", "/clock", {"policy": "instant"})
    place.ask("PATCH", "/settings", {"plan": "free"})
    told = place.ask("POST", "/reset")
    assert (told["accounts"], told["now_ms"], told["clock"]["policy"]) == (0, START_MS, "manual")
    assert place.live.world.settings.plan == "trial"


def test_rewinding_restores_time_dice_and_balances(place: Place) -> None:
    """The same requests then meet the same fate, byte by byte."""
    place.settle_in()
    label = place.ask("POST", "/checkpoints", {"label": "before"}, 201)
    before, fates = place.balance(), []
    for _ in range(2):
        told = place.talk()
        place.call("POST", "/api/tasks/me/with-session/nemo_agent", {"task_name": "b"})
        fates.append((told, place.balance(), place.ask("GET", "/sessions"), place.ask("GET", "/clock")))
        assert place.balance() != before
        rewound = place.ask("POST", "/rewind", {"label": "before"})
        assert rewound["now_ms"] == label["at_ms"] == START_MS and place.balance() == before
    assert fates[0] == fates[1]
    assert [one["label"] for one in place.ask("GET", "/checkpoints")["checkpoints"]] == ["before"]
    assert "did you mean 'before'?" in place.refused("POST", "/rewind", {"label": "befor"}, 404)


def test_rewinding_ends_open_streams(place: Place) -> None:
    place.settle_in()
    place.ask("POST", "/checkpoints", {"label": "x"}, 201)
    with place.talking() as stream:
        assert place.ask("POST", "/rewind", {"label": "x"})["streams"] == 0
        assert b"".join(stream.iter_raw()) == b""


def test_a_fork_is_a_world_of_its_own(place: Place) -> None:
    place.settle_in()
    place.ask("POST", "/checkpoints", {"label": "x"}, 201)
    fork, late = Place(place.mock, place.name + "-b"), Place(place.mock, place.name + "-c")
    told = place.ask("POST", "/fork", {"name": fork.name}, 201)
    assert told["accounts"] == 1 and told["url"] == fork.url and told["seed"] == place.live.world.seed
    first = place.talk()
    assert fork.ask("GET", "/clock")["now_ms"] == START_MS
    place.ask("POST", "/fork", {"name": late.name, "label": "x"}, 201)
    for copy in (fork, late):
        copy.token, copy.session = place.token, place.session
        assert copy.talk().replace(copy.url.encode(), place.url.encode()) == first, "URLs of files alone differ"
        assert copy.balance() == place.balance()
    fork.ask("DELETE", f"/sessions/{fork.session}")
    assert place.ask("GET")["sessions"] == 1
    assert "already" in place.refused("POST", "/fork", {"name": fork.name}, 409)
    assert "no checkpoint" in place.refused("POST", "/fork", {"name": "new", "label": "y"}, 404)


# settings


def test_settings_say_what_they_rest_on(place: Place) -> None:
    told = place.ask("GET", "/settings")["settings"]
    assert told.keys() == FIELDS.keys()
    assert told["silent_rate"] == {
        "value": 0, "default": 0.3, "doc": FIELDS["silent_rate"].metadata["doc"], "basis": "seed",
        "source": FIELDS["silent_rate"].metadata["source"], "choices": [], "range": [0, 1],
    }  # fmt: skip
    assert told["dialect"]["choices"] == ["vendor", "adk", "text"] and told["dialect"]["range"] is None


def test_changed_settings_take_effect(mock: Mock) -> None:
    place = make(mock)
    place.settle_in()
    told = place.ask("PATCH", "/settings", {"dialect": "text", "free_credits": 7})["settings"]
    assert told["free_credits"]["value"] == 7
    assert place.ask("POST", "/accounts", {}, 201)["credits"]["available"] == 7
    assert b'data: {"text":' in place.talk()
    assert not place.live.world.varied
    place.ask("PATCH", "/settings", {"profile": "strict"})
    assert place.live.world.varied
    place.ask("PATCH", "/settings", {"profile": "plain"})
    assert not place.live.world.varied


# time


def test_the_clock_tells_what_is_due(place: Place) -> None:
    told = place.ask("GET", "/clock")
    assert told["next_due"] is None and told["next_work"] is None and told["now_ms"] == START_MS
    place.settle_in()
    assert place.ask("GET", "/clock")["next_due"]["kind"] == "token"
    assert "no turn runs" in place.refused("POST", "/clock/advance", {"next": "work"}, 409)
    with place.talking():
        told = place.ask("GET", "/clock")
        assert told["next_due"] == told["next_work"] and told["next_work"]["kind"] == "turn"
        moved = place.ask("POST", "/clock/advance", {"next": True})
        assert moved["now_ms"] == told["next_due"]["at_ms"]
        moved = place.ask("POST", "/clock/advance", {"next": "work"})
        assert moved["now_ms"] > told["next_due"]["at_ms"]


def test_advancing_writes_what_is_due_before_it_answers(place: Place) -> None:
    """What became due lies in the client's socket when the answer is there: nobody has to wait."""
    place.settle_in()
    with place.socket() as opened:
        opened.setblocking(False)
        with pytest.raises(BlockingIOError):
            opened.recv(65536)
        events = 0
        while place.live.streams():
            told = place.ask("POST", "/clock/advance", {"next": "work"})
            assert told["all_written"]
            events += opened.recv(65536).count(b"data:")
        assert opened.recv(65536) == b""
        assert "turn.ended" in [entry["what"] for entry in told["happened"]]
    wires = [entry["wire"] for entry in place.ask("GET", "/journal?kind=event")["entries"]]
    assert events == sum(wire.count("data:") for wire in wires) > 2


def test_bytes_held_back_are_due_too(mock: Mock) -> None:
    place = make(mock, settings={"silent_rate": 0, "chunks": "bytes:20", "chunk_gap_ms": 10})
    place.settle_in()
    with place.talking():
        now_ms = place.ask("POST", "/clock/advance", {"next": "work"})["now_ms"]
        due = place.ask("GET", "/clock")["next_work"]
        assert (due["kind"], due["at_ms"]) == ("stream", now_ms + 10)
        assert place.ask("POST", "/clock/advance", {"next": True})["now_ms"] == due["at_ms"]


def test_advancing_to_an_instant(place: Place) -> None:
    place.settle_in(life_s=60)
    told = place.ask("POST", "/clock/advance", {"to": "2026-03-20T00:01:00"})
    assert told["now_ms"] == START_MS + 60_000
    assert [entry["what"] for entry in told["happened"]] == ["token.expired"]
    assert place.ask("POST", "/clock/advance", {"to": START_MS + 61_000})["happened"] == []
    assert "time never goes back" in place.refused("POST", "/clock/advance", {"to": START_MS}, 409)
    assert "at most 10 years" in place.refused("POST", "/clock/advance", {"to": "2040-01-01"})
    assert "is no instant" in place.refused("POST", "/clock/advance", {"to": "tomorrow"})


def test_time_has_an_end(place: Place) -> None:
    late = make(place.mock, start="9899-12-31T23:59:59Z")
    late.ask("POST", "/clock/advance", {"by_s": 1})
    assert "at most" in late.refused("POST", "/clock/advance", {"by_s": 1})
    late.settle_in()
    assert late.ask("GET", "/clock")["next_due"]["at"].startswith("after")


def test_worlds_have_clocks_of_their_own(mock: Mock) -> None:
    still, fast, jumping = (
        make(mock),
        make(mock, clock={"policy": "real", "rate": 100_000}),
        make(mock, clock={"policy": "instant"}),
    )
    began = fast.ask("GET", "/clock")["now_ms"]
    while fast.ask("GET", "/clock")["now_ms"] < began + 60_000:
        pass
    jumping.settle_in()
    with jumping.talking() as stream:
        assert b"data:" in b"".join(stream.iter_raw())
    assert jumping.ask("GET", "/clock")["now_ms"] > START_MS
    assert still.ask("GET", "/clock")["now_ms"] == START_MS


def test_the_real_clock_jumps_ahead_and_goes_on(mock: Mock) -> None:
    place = make(mock, clock={"policy": "real", "rate": 0.001})
    assert START_MS + 3600_000 <= place.ask("POST", "/clock/advance", {"by_s": 3600})["now_ms"] < START_MS + 3601_000
    place.ask("PUT", "/clock", {"rate": 100_000})
    now_ms = place.ask("GET", "/clock")["now_ms"]
    while place.ask("GET", "/clock")["now_ms"] == now_ms:
        pass
    stopped = place.ask("PUT", "/clock", {"policy": "manual"})
    assert stopped["rate"] == 100_000 and place.ask("GET", "/clock")["now_ms"] == stopped["now_ms"]


def test_setting_the_clock_wakes_who_waits(place: Place) -> None:
    place.settle_in()
    with place.talking() as stream:
        place.ask("PUT", "/clock", {"policy": "instant"})
        assert b"data:" in b"".join(stream.iter_raw())


# people


def test_accounts(place: Place) -> None:
    opened = place.ask("POST", "/accounts", {"kind": "registered", "plan": "free", "credits": 10, "scopes": ["read"]}, 201)
    place.token = opened["token"]
    assert opened["user_id"].startswith("user_") and opened["credits"] == {"available": 10, "frozen": 0, "total": 10}
    assert place.balance()["available"] == 10
    assert place.call("POST", "/api/tasks/me/with-session/nemo_agent", {"task_name": "a"}).status_code == 403
    at = f"/accounts/{opened['user_id']}"
    assert place.ask("PATCH", at, {"plan": "paid"})["plan"] == "paid"
    assert place.ask("PATCH", at, {"plan": None})["plan"] is None
    assert place.ask("POST", at + "/credits", {"add": 500})["credits"]["available"] == 510
    assert place.ask("POST", at + "/credits", {"add": -1000})["credits"]["available"] == 0
    assert place.ask("POST", at + "/credits", {"set": 33})["credits"]["available"] == 33 == place.balance()["available"]
    assert [one["user_id"] for one in place.ask("GET", "/accounts")["accounts"]] == [opened["user_id"]]
    assert f"did you mean {opened['user_id']!r}?" in place.refused("PATCH", at + "0", {"plan": None}, 404)
    granted = [entry["detail"] for entry in place.ask("GET", "/journal")["entries"] if entry.get("what") == "credits.granted"]
    assert granted[1] == {"amount": -510, "available": 0}


def test_tokens(place: Place) -> None:
    opened = place.settle_in()
    more = place.ask("POST", "/tokens", {"user_id": opened["user_id"], "life_s": 60}, 201)
    assert more["state"] == "valid" and more["scopes"] == ["*"] and more["expires_ms"] == START_MS + 60_000
    assert place.ask("POST", f"/tokens/{opened['token']}/revoke")["state"] == "revoked"
    assert "revoked" in place.call("GET", "/api/credits/balance/simple").json()["message"]
    place.token = more["token"]
    assert place.balance()["available"] == 100
    assert place.ask("POST", f"/tokens/{more['token']}/expire")["expires_ms"] == START_MS
    assert "expired" in place.call("GET", "/api/credits/balance/simple").json()["message"]
    assert [one["state"] for one in place.ask("GET", "/tokens")["tokens"]] == ["revoked", "expired"]
    assert place.ask("POST", f"/tokens/{opened['token']}/expire")["state"] == "revoked"
    assert "there is no token" in place.refused("POST", "/tokens/nmv_usr_x/expire", expect=404)
    assert "there is no account" in place.refused("POST", "/tokens", {"user_id": "x"}, 404)
    place.ask("POST", "/clock/advance", {"by_s": 120})
    ends = [entry for entry in place.ask("GET", "/journal?kind=world")["entries"] if entry["what"] == "token.expired"]
    assert len(ends) == 1, "a token ends once"


def test_sessions(place: Place) -> None:
    opened = place.settle_in()
    with place.talking() as stream:
        (told,) = place.ask("GET", "/sessions")["sessions"]
        assert (told["session_id"], told["user_id"], len(told["running"])) == (place.session, opened["user_id"], 1)
        assert place.ask("DELETE", f"/sessions/{place.session}") == {"deleted": place.session}
        assert b"".join(stream.iter_raw()) == b"", "its stream ends"
    assert place.call("GET", f"/api/state/nemo_agent/me/{place.session}/latest").json()["code"] == 1002
    assert place.balance()["frozen"] == 0
    assert "there is no session" in place.refused("DELETE", f"/sessions/{place.session}", expect=404)


# the journal


def test_reading_the_journal(place: Place) -> None:
    place.settle_in()
    place.talk()
    whole = place.ask("GET", "/journal")
    assert [entry["seq"] for entry in whole["entries"]] == list(range(1, whole["span"]["last"] + 1)) and not whole["more"]
    of_turn = place.ask("GET", "/journal?operation=run_sse")["entries"]
    assert {entry["kind"] for entry in of_turn} == {"request", "stream", "event", "end"}
    assert place.ask("GET", f"/journal?operation=run_sse&since={of_turn[0]['seq']}")["entries"] == of_turn[1:]
    assert place.ask("GET", "/journal?since=2&limit=2") == {**whole, "entries": whole["entries"][2:4], "more": True}
    cleared = place.ask("DELETE", "/journal")["span"]
    assert cleared["forgotten"] == cleared["last"] == whole["span"]["last"]
    assert place.ask("GET", "/journal")["entries"] == []


def entry_of(lines: Iterator[str]) -> tuple[int, Json]:
    number, data, blank = next(lines), next(lines), next(lines)
    assert number.startswith("id: ") and data.startswith("data: ") and blank == ""
    entry: Json = json.loads(data[6:])
    assert entry["seq"] == int(number[4:])
    return entry["seq"], entry


def test_following_the_journal(place: Place) -> None:
    control = place.mock.control
    with control.stream("GET", place.at + "/journal?follow=1&operation=create_session") as followed:
        lines = followed.iter_lines()
        place.settle_in()
        told = [entry_of(lines) for _ in range(2)]
    assert [entry["kind"] for _, entry in told] == ["request", "response"]
    headers = {"Last-Event-ID": str(told[0][0])}
    with control.stream("GET", place.at + "/journal?follow=1&limit=2", headers=headers) as followed:
        place.balance()
        rest = [json.loads(line[6:])["seq"] for line in followed.iter_lines() if line.startswith("data: ")]
    assert rest == [told[0][0] + 1, told[0][0] + 2], "it goes on where the last one ended, and stops at its limit"


def test_time_goes_on_while_somebody_follows(mock: Mock) -> None:
    """Under the real clock, what is due is told without anybody asking."""
    place = make(mock, clock={"policy": "real", "rate": 1000})
    with mock.control.stream("GET", place.at + "/journal?follow=1&kind=world") as followed:
        place.ask("POST", "/accounts", {"life_s": 20}, 201)
        whats = (json.loads(line[6:])["what"] for line in followed.iter_lines() if line.startswith("data: "))
        assert "token.expired" in whats


def test_stopping_ends_followers_waiters_and_streams_at_once() -> None:
    told: list[httpx.Response] = []
    with running(Worlds(Recipe(policy="manual"))) as server:
        mock = Mock(server)
        place = Place(mock, "default")
        place.url = server.url
        place.settle_in()
        waiter = threading.Thread(
            target=lambda: told.append(mock.control.get("/worlds/default/journal/wait?count=99&timeout_s=60"))
        )
        waiter.start()
        until(lambda: bool(place.live.journal.watchers), server)
        follower = mock.control.send(mock.control.build_request("GET", "/worlds/default/journal?follow=1"), stream=True)
        talk = place.talking()
        stream = talk.__enter__()
        began = time.monotonic()
    assert time.monotonic() - began < 2
    waiter.join(5)
    assert told[0].status_code == 503 and "was closed" in told[0].json()["error"]
    follower.read()
    stream.read()
    talk.__exit__(None, None, None)
    mock.close()


def until(condition: Any, server: Running) -> None:
    deadline = time.monotonic() + 10
    while not server.do(condition):
        assert time.monotonic() < deadline


def test_waiting_for_requests(place: Place) -> None:
    """Another thread waits; it wakes when the second request is there, and not before."""
    place.settle_in()
    since = place.ask("GET")["journal"]["last"]
    told: list[Json] = []
    query = f"/journal/wait?operation=get_credits&status=200&count=2&since={since}"
    waiter = threading.Thread(target=lambda: told.append(place.ask("GET", query)))
    waiter.start()
    until(lambda: bool(place.live.journal.watchers), place.mock.running)
    place.balance()
    assert not told
    place.balance()
    waiter.join(10)
    assert [(one["operation"], one["status"]) for one in told[0]["requests"]] == [("get_credits", 200)] * 2
    until(lambda: not place.live.journal.watchers, place.mock.running)


def test_what_was_seen_is_found_at_once(place: Place) -> None:
    place.settle_in()
    path = "/api/credits/balance/simple"
    place.balance()
    for query in (f"path={path}", f"path=/w/{place.name}{path}", "method=GET", f"status=200&path={path}&timeout_s=0"):
        told = place.ask("GET", f"/journal/wait?{query}")
        assert [one["operation"] for one in told["requests"]] == ["get_credits"]
    assert place.ask("GET", f"/journal/wait?since={told['last']}&timeout_s=0", expect=408)["near"] == []


def test_waiting_in_vain_tells_what_came_instead(place: Place) -> None:
    place.settle_in()
    place.token = "wrong"
    place.call("GET", "/api/credits/balance/simple")
    told = place.ask("GET", "/journal/wait?operation=get_credits&status=200&method=GET&timeout_s=0", expect=408)
    assert told["requests"] == [] and len(told["near"]) == 2
    assert told["near"][0]["differences"] == ["status is 401, not 200"]
    assert re.match(r"in 0 s 0 of 1 matching requests came .*; nearest: GET .*, whose status is 401, not 200", told["error"])


# streams


def test_streams(place: Place) -> None:
    place.settle_in()
    with place.talking() as stream:
        place.ask("POST", "/clock/advance", {"next": "work"})
        (told,) = place.ask("GET", "/streams")["streams"]
        assert (told["session_id"], told["turn_state"], told["events"]) == (place.session, "running", 1)
        assert f"did you mean '{told['exchange']}'?" in place.refused("DELETE", f"/streams/{told['exchange']}0", expect=404)
        cut = place.ask("DELETE", f"/streams/{told['exchange']}")
        assert cut == {**told, "ended": True}
        assert len(b"".join(stream.iter_raw())) == told["bytes"]
    assert place.ask("GET", "/streams")["streams"] == []
    assert place.ask("GET")["turns_running"] == 1, "the turn goes on"
    assert place.ask("GET", "/journal?kind=end")["entries"][-1]["by"] == "control"


@pytest.mark.parametrize("how", ["close", "reset"])
def test_cuts_as_a_socket_sees_them(place: Place, how: str) -> None:
    place.settle_in()
    with place.socket() as opened:
        (told,) = place.ask("GET", "/streams")["streams"]
        assert place.ask("DELETE", f"/streams/{told['exchange']}?how={how}")["ended"]
        if how == "close":
            assert opened.recv(65536).endswith(b"0\r\n\r\n") and opened.recv(65536) == b""
        else:
            with pytest.raises(ConnectionResetError):
                opened.recv(65536)


# what is refused

REFUSALS: list[tuple[str, str, Any, int, str]] = [
    ("GET", "/wrlds", None, 404, "did you mean /worlds?"),
    ("PUT", "/worlds", None, 405, "takes GET, POST"),
    ("GET", "/worlds/defult", None, 404, "there is no world 'defult'; did you mean 'default'?"),
    ("GET", "/?x=1", None, 422, "query: there is no parameter 'x' here"),
    ("POST", "/worlds", {"nmae": "a"}, 422, "body: there is no key 'nmae'; did you mean 'name'?"),
    ("POST", "/worlds", {}, 422, "body.name is missing"),
    ("POST", "/worlds", None, 422, "body.name is missing"),
    ("POST", "/worlds", [], 422, "body: [] is not an object"),
    ("POST", "/worlds", {"name": 1}, 422, "body.name: 1 is not a string"),
    ("POST", "/worlds", {"name": "../x"}, 422, "body.name: '../x' cannot be the name of a world"),
    ("POST", "/worlds", {"name": "x", "clock": {"polcy": "real"}}, 422, "body.clock: there is no key 'polcy'; did you mean 'policy'?"),
    ("POST", "/worlds", {"name": "x", "clock": {"policy": "manul"}}, 422, "is not one of real, manual, instant; did you mean 'manual'?"),
    ("POST", "/worlds", {"name": "x", "clock": {"rate": 0}}, 422, "body.clock.rate: 0 is less than 0.001"),
    ("POST", "/worlds", {"name": "x", "clock": {}}, 422, "body.clock: give at least one of policy, rate"),
    ("POST", "/worlds", {"name": "x", "settings": {"silent_rat": 1}}, 422, "there is no setting 'silent_rat'; did you mean 'silent_rate'?"),
    ("POST", "/worlds", {"name": "x", "settings": {"free_credits": "inf"}}, 422, "setting free_credits: 'inf' is not a whole number"),
    ("POST", "/worlds", {"name": "x", "start": "soon"}, 422, "body.start: 'soon' is no instant"),
    ("POST", "/worlds", {"name": "x", "start": -1}, 422, "body.start: -1 is not between"),
    ("POST", "/worlds", {"name": "x", "seed": 1.5}, 422, "body.seed: 1.5 is not a whole number or a string"),
    ("PATCH", "/worlds/default/settings", {"dialect": "vendr"}, 422, "setting dialect: 'vendr' is not one of"),
    ("PATCH", "/worlds/default/settings", {}, 422, "body: it is empty"),
    ("PUT", "/worlds/default/clock", {"rate": 1e9}, 422, "body.rate: 1000000000.0 is more than 100000"),
    ("POST", "/worlds/default/clock/advance", {}, 422, "body: give exactly one of by_s, to, next"),
    ("POST", "/worlds/default/clock/advance", {"by_s": 1, "to": 2}, 422, "body: give exactly one of by_s, to, next"),
    ("POST", "/worlds/default/clock/advance", {"by_s": -1}, 422, "body.by_s: -1 is less than 0"),
    ("POST", "/worlds/default/clock/advance", {"by_s": 1e12}, 422, "body.by_s: 1000000000000.0 is more than"),
    ("POST", "/worlds/default/clock/advance", {"next": False}, 422, "body.next: false is not one of true, work"),
    ("POST", "/worlds/default/clock/advance", {"next": True}, 409, "body.next: nothing is due"),
    ("POST", "/worlds/default/rewind", {"label": "x"}, 404, "world 'default' has no checkpoint 'x'"),
    ("POST", "/worlds/default/accounts", {"kind": "annonymous"}, 422, "did you mean 'anonymous'?"),
    ("POST", "/worlds/default/accounts", {"scopes": ["raed"]}, 422, "body.scopes[0]: \"raed\" is not one of *, read"),
    ("POST", "/worlds/default/accounts", {"credits": 1.5}, 422, "body.credits: 1.5 is not a whole number"),
    ("POST", "/worlds/default/accounts/x/credits", {"add": 1}, 404, "there is no account 'x'"),
    ("GET", "/worlds/default/journal?limt=1", None, 422, "there is no parameter 'limt' here; did you mean 'limit'?"),
    ("GET", "/worlds/default/journal?limit=1&limit=2", None, 422, "query.limit: given more than once"),
    ("GET", "/worlds/default/journal?since=x", None, 422, "query.since: \"x\" is not a whole number"),
    ("GET", "/worlds/default/journal?kind=requests", None, 422, "did you mean 'request'?"),
    ("GET", "/worlds/default/journal?operation=run_see", None, 422, "the API has no operation 'run_see'; did you mean 'run_sse'?"),
    ("GET", "/worlds/default/journal/wait?operation=run_see", None, 422, "did you mean 'run_sse'?"),
    ("GET", "/worlds/default/journal/wait?timeout_s=nan", None, 422, "query.timeout_s: \"nan\" is not a number"),
    ("GET", "/worlds/default/journal/wait?status=42", None, 422, "query.status: 42 is less than 100"),
    ("DELETE", "/worlds/default/streams/1?how=cut", None, 422, "query.how: \"cut\" is not one of close, reset"),
    ("DELETE", "/worlds/default/streams/1", None, 404, "no stream '1' is open"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body", "status", "words"), REFUSALS)
def test_refusals_name_what_is_wrong(mock: Mock, method: str, path: str, body: Any, status: int, words: str) -> None:
    assert words in mock.refused(method, path, body, status)


@pytest.mark.parametrize(
    ("raw", "words"),
    [(b"{", "this is not JSON"), (b"\xff", "this is not JSON"), (b"NaN", "this is not JSON"), (b"[" * 5000, "nested too deeply")],
)
def test_bodies_that_are_no_json(mock: Mock, raw: bytes, words: str) -> None:
    answer = mock.control.post("/worlds", content=raw)
    assert answer.status_code == 422 and words in answer.json()["error"]


def test_bodies_are_bounded(mock: Mock) -> None:
    answer = mock.control.post("/worlds", content=b" " * (2**20 + 1))
    assert answer.status_code == 413 and "more than 1048576 bytes" in answer.json()["error"]


def test_there_is_a_bound_to_checkpoints(place: Place) -> None:
    for number in range(64):
        place.ask("POST", "/checkpoints", {"label": str(number)}, 201)
    place.ask("POST", "/checkpoints", {"label": "0"}, 201)
    assert "at most 64" in place.refused("POST", "/checkpoints", {"label": "64"}, 409)


LIMITS = settings(max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
BODIES = {
    operation.id: (operation.method, operation.path, operation.bodies["application/json"])
    for operation in load().operations.values()
    if operation.bodies
}
WORDS = sorted({*re.findall(r"[a-z_]{2,}", str(BODIES)), *FIELDS})[:400]
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from([*WORDS, "inf", "1e999"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@st.composite
def bodies(draw: st.DrawFn) -> tuple[str, str, Any]:
    """A body that is nearly right, or not at all."""
    method, path, schema = BODIES[draw(st.sampled_from(sorted(BODIES)))]
    known = sorted(load().resolve(dict(schema)).get("properties", FIELDS))
    body = draw(st.dictionaries(st.sampled_from(known), values, max_size=3) | values)
    return method, path, body


@LIMITS
@given(bodies())
def test_no_body_makes_it_fail(place: Place, asked: tuple[str, str, Any]) -> None:
    method, path, body = asked
    user = next(iter(place.live.world.accounts), "x")
    answer = place.mock.control.request(method, path.format(name=place.name, user_id=user), content=json.dumps(body))
    assert answer.status_code < 500
    place.ask("GET", "/clock")


@LIMITS
@given(st.dictionaries(st.sampled_from(["since", "kind", "operation", "limit", "count", "x"]), st.text(max_size=9), max_size=3))
def test_no_query_makes_it_fail(place: Place, query: dict[str, str]) -> None:
    assert place.mock.control.get(place.at + "/journal", params=query).status_code < 500
    assert place.mock.control.get(place.at + "/journal/wait", params={**query, "timeout_s": "0"}).status_code < 500


# over restarts


def test_changes_are_kept_in_the_state_file(tmp_path: Path) -> None:
    file = tmp_path / "state"
    worlds = Worlds(Recipe(policy="manual"))
    with running(worlds) as server:
        mock = Mock(server)
        server.do(lambda: setattr(worlds, "store", Store(file)))
        place = make(mock, name="kept")
        place.ask("POST", "/checkpoints", {"label": "x"}, 201)
        place.ask("POST", "/clock/advance", {"by_s": 5})
        place.ask("POST", "/fork", {"name": "copy"}, 201)
        make(mock, name="gone").ask("DELETE")
        found = Store(file)
        assert found.worlds().keys() == {"kept", "copy"}
        found.close()
        mock.close()
    again = Worlds(store=Store(file))
    assert again.at("kept").world.now_ms == again.at("copy").world.now_ms == START_MS + 5000
    assert list(again.at("kept").checkpoints) == ["x"]
    again.close()


def test_the_ledger_can_be_asked_for(mock: Mock) -> None:
    """The same rows as the command prints, and some of them."""
    everything = mock.ask("GET", "/ledger")["rows"]
    some = mock.ask("GET", "/ledger?kind=contradiction&basis=assumed")["rows"]

    assert len(everything) > 200
    assert [row["name"] for row in some] == [f"C{n}" for n in range(1, 34)]
