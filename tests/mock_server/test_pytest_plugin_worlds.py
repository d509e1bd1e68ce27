"""Worlds in the hands of tests: their clock, waiting, clients in process and over a port, blocking and not."""

import asyncio
import json
import os
import threading
import warnings

import anyio
import httpx
import pytest
import requests

from mock_server.domain.settings import SettingError
from mock_server.faults import FaultError
from mock_server.pacing import Live
from mock_server.testing import MockWorld, Service, Started, mock_world

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Starlette would rather have httpx2
    from starlette.testclient import TestClient

SEA = "make a 5 second video about the sea"


class Visitor:
    """A blocking client, over a port or in process."""

    def __init__(self, world: MockWorld, http: httpx.Client | requests.Session, base: str) -> None:
        self.http, self.base = http, base
        self.http.headers.update({"Authorization": f"Bearer {world.token()}"})
        made = self.http.post(f"{base}/api/tasks/me/with-session/nemo_agent", json={"task_name": "sea"}).json()
        self.body = {"session_id": made["data"]["session_id"], "new_message": {"parts": [{"text": SEA}]}}

    def say(self) -> str:
        bounds = {} if isinstance(self.http, TestClient) else {"timeout": 20}
        return self.http.post(f"{self.base}/run_sse", json=self.body, **bounds).text


@pytest.fixture
def visitor(nemo_world):
    with requests.Session() as http:
        yield Visitor(nemo_world, http, nemo_world.url)


# the clock


def test_a_blocking_client_waits_for_the_clock(nemo_world, visitor):
    """Nothing happens before time passes; then everything that became due is told."""
    nemo_world.settings(silent_rate=0)
    said = nemo_world.start(visitor.say)
    nemo_world.wait_for("run_sse")
    assert nemo_world.advance(0.5) == [] and not said.done
    with pytest.raises(TimeoutError, match=r"Visitor.say has not ended in 0.05 s; open: POST /run_sse; the next thing is due at"):
        said.result(0.05)

    happened = nemo_world.advance(299.5)

    assert "turn.ended" in [entry["what"] for entry in happened]
    assert '"type":"text"' in said.result()
    assert nemo_world.now_s == 300 and nemo_world.now.isoformat() == "2026-03-20T00:05:00+00:00"
    turn = nemo_world.requests("run_sse")[0]
    assert (turn.status, turn.ended_by, turn.path) == (200, "server", "/run_sse") and "text" in turn.events


def test_httpx_reads_a_stream_as_it_grows(nemo_world):
    """Over a port an event is there as soon as time has brought it."""
    with httpx.Client() as http:
        visitor = Visitor(nemo_world, http, nemo_world.url)
        first, read_on = threading.Event(), threading.Event()

        def read() -> list[str]:
            lines = []
            with http.stream("POST", f"{visitor.base}/run_sse", json=visitor.body, timeout=20) as answer:
                for line in answer.iter_lines():
                    lines.append(line)
                    first.set()
                    read_on.wait(10)
            return lines

        told = nemo_world.start(read)
        nemo_world.wait_for("run_sse")
        nemo_world.advance(15)
        assert first.wait(10) and not told.done
        nemo_world.advance(285)
        read_on.set()
        assert len([line for line in told.result() if line.startswith("data:")]) == len(nemo_world.requests("run_sse")[0].events)


def test_clocks_of_all_kinds(nemo_world, visitor):
    """The clock can be changed under way; what it cannot be is said."""
    nemo_world.clock = "instant"
    visitor.say()
    assert nemo_world.clock == "instant" and nemo_world.now_s > 0
    nemo_world.set_clock("real", 1000.0)
    said = nemo_world.start(visitor.say)
    nemo_world.wait_for(lambda entry: entry["kind"] == "end" and entry["at_ms"] > nemo_world.start_ms)
    said.result()
    with pytest.raises(ValueError, match="did you mean 'manual'"):
        nemo_world.clock = "manuel"
    for wrong in (-1, float("nan"), 1e12):
        with pytest.raises(ValueError, match="rewind to a checkpoint"):
            nemo_world.advance(wrong)


def test_a_client_that_takes_nothing(nemo_world, monkeypatch):
    """Time has passed, but what became due is not written: that is said."""

    async def in_vain(live: Live, until_ms: int) -> bool:
        return False

    monkeypatch.setattr(Live, "advance_and_write", in_vain)
    with pytest.raises(TimeoutError, match="a client does not read its stream"):
        nemo_world.advance(1)
    assert nemo_world.now_s == 1


# waiting


def test_waiting_in_vain_says_what_was_seen(nemo_world, visitor):
    """Nothing is polled; the refusal names what came instead."""
    assert nemo_world.wait_for("create_session")["kind"] == "response"
    with pytest.raises(TimeoutError) as refused:
        nemo_world.wait_for("create_session", timeout_s=0.05, count=2)
    assert "waited 0.05 s in vain for 2 x create_session; no exchange is open" in str(refused.value)
    assert "POST /api/tasks/me/with-session/nemo_agent -> 200" in str(refused.value)
    with pytest.raises(ValueError, match="the API has no operation 'runsse'; did you mean 'run_sse'"):
        nemo_world.wait_for("runsse")


def test_a_misspelt_question_is_refused_not_answered_with_nothing(nemo_world):
    """`assert not nemo_world.requests("run_ssee")` would hold for ever."""
    for ask in (nemo_world.requests, lambda word: nemo_world.journal(operation=word)):
        with pytest.raises(ValueError, match="the API has no operation 'run_ssee'; did you mean 'run_sse'"):
            ask("run_ssee")
    with pytest.raises(ValueError, match="a journal has no entries of the kind 'requst'; did you mean 'request'"):
        nemo_world.journal("requst")


def test_a_refusal_is_not_told_as_a_failure_of_the_event_loop(nemo_world):
    with pytest.raises(TimeoutError) as refused:
        nemo_world.wait_for("run_sse", timeout_s=0.01)
    assert refused.value.__context__ is None


def test_a_request_that_a_fault_holds_back_has_come(nemo_world, visitor):
    """A latency of the world's clock ends with it."""
    fault = nemo_world.arm("latency", operation="get_credits", ms=5000)
    asked = nemo_world.start(visitor.http.get, f"{visitor.base}/api/credits/balance/simple", timeout=20)
    assert nemo_world.wait_for("get_credits")["kind"] == "fault"
    nemo_world.advance(4.9)
    assert not asked.done
    nemo_world.advance(0.1)
    assert asked.result().status_code == 200
    assert fault.fired == 1 and nemo_world.requests("get_credits")[0].faults == ["latency at before"]


def test_a_condition_may_ask_the_world(nemo_world, visitor):
    """It is called where the worlds live; its errors reach who waits."""
    found = nemo_world.wait_for(lambda entry: entry["kind"] == "response" and nemo_world.now_s == 0)
    assert found["status"] == 200
    with pytest.raises(KeyError):
        nemo_world.wait_for(lambda entry: entry["nonsense"])


# in process


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.mark.anyio
@pytest.mark.nemo(silent_rate=0)
@pytest.mark.parametrize("blocking", [False, True])
async def test_in_process_under_a_running_loop(nemo_world, blocking):
    """The answer comes when the turn has ended, and no event before: ASGITransport gathers the body. A blocking `advance` harms nobody."""
    transport = httpx.ASGITransport(app=nemo_world.app)
    headers = {"Authorization": f"Bearer {nemo_world.token()}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://nemo", headers=headers) as http:
        made = (await http.post("/api/tasks/me/with-session/nemo_agent", json={"task_name": "sea"})).json()["data"]
        answers: list[httpx.Response] = []

        async def ask() -> None:
            body = {"session_id": made["session_id"], "new_message": {"parts": [{"text": SEA}]}}
            answers.append(await http.post("/run_sse", json=body, timeout=20))

        async with anyio.create_task_group() as group:
            group.start_soon(ask)
            await nemo_world.async_wait_for("run_sse")
            await nemo_world.async_advance(15)
            await nemo_world.async_wait_for(lambda entry: entry["kind"] == "event")
            assert not answers
            if blocking:
                nemo_world.advance(285)
            else:
                await nemo_world.async_advance(285)
        assert '"type":"text"' in answers[0].text
        with pytest.raises(RuntimeError, match="await async_wait_for instead"):
            nemo_world.wait_for("run_sse")


def test_a_client_that_gives_up_in_process(nemo_world):
    """The turn goes on, and the journal says who left."""

    async def leave() -> None:
        transport = httpx.ASGITransport(app=nemo_world.app)
        headers = {"Authorization": f"Bearer {nemo_world.token()}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://nemo", headers=headers) as http:
            made = (await http.post("/api/tasks/me/with-session/nemo_agent", json={"task_name": "sea"})).json()["data"]
            body = {"session_id": made["session_id"], "new_message": {"parts": [{"text": SEA}]}}
            asking = asyncio.ensure_future(http.post("/run_sse", json=body))
            await nemo_world.async_wait_for("run_sse")
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            await nemo_world.async_wait_for(lambda entry: entry["kind"] == "end")

    asyncio.run(leave())
    assert nemo_world.requests("run_sse")[0].ended_by == "client"
    assert "turn.ended" in [entry["what"] for entry in nemo_world.advance(300)]


@pytest.mark.nemo(clock="instant", silent_rate=0)
def test_starlettes_client(nemo_world):
    """With its lifespan, an upload, a file; and the same world over a port at the same time."""
    with TestClient(nemo_world.app) as http:
        visitor = Visitor(nemo_world, http, "")
        assert '"type":"text"' in visitor.say()
        url = f"/api/upload-video/nemo_agent/me/{visitor.body['session_id']}"
        taken = http.post(url, files={"files": ("a.png", b"\x89PNG\r\n\x1a\n" + b"x" * 300_000, "image/png")})
        assert taken.request.headers["host"] == "testserver" and taken.status_code < 500
        draft = http.get(f"/api/state/nemo_agent/me/{visitor.body['session_id']}/latest").json()["data"]["state"]["draft"]
        film = http.get(draft["t"][0]["sg"][0]["src"])
        assert film.status_code == 200 and film.content[4:8] == b"ftyp"
        over_port = httpx.get(f"{nemo_world.url}/api/credits/balance/simple", headers=http.headers).json()
        assert over_port == http.get("/api/credits/balance/simple").json()


@pytest.mark.nemo(clock="instant")
def test_an_end_of_the_wire_in_process(nemo_world):
    """There is no wire: it is told as an error of the connection."""
    nemo_world.arm("reset", operation="issue_anonymous_token")

    async def ask() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=nemo_world.app), base_url="http://nemo") as http:
            await http.post("/api/auth/anonymous-token", headers={"X-Client-Id": "me"})

    with pytest.raises(ConnectionResetError, match="over a port"):
        asyncio.run(ask())


# what a world is like


def test_changing_a_world(nemo_world):
    """Settings, tokens, faults; and what is misspelt."""
    assert nemo_world.settings(free_credits=7).free_credits == 7
    headers = {"Authorization": f"Bearer {nemo_world.token(credits=300, life_s=60)}"}
    url = f"{nemo_world.url}/api/credits/balance/simple"
    assert httpx.get(url, headers=headers).json()["data"]["available"] == 300
    nemo_world.checkpoint("young")
    nemo_world.advance(61)
    assert httpx.get(url, headers=headers).json()["code"] == 1001
    nemo_world.rewind("young")
    assert nemo_world.now_s == 0 and httpx.get(url, headers=headers).json()["code"] == 0
    nemo_world.arm("status", operation="get_credits", params={"status": 401}, times=1)
    nemo_world.disarm()
    assert httpx.get(url, headers=headers).json()["code"] == 0
    with pytest.raises(FaultError, match="did you mean 'operation'"):
        nemo_world.arm("reset", operatin="run_sse")
    with pytest.raises(FaultError, match="did you mean 'latency'"):
        nemo_world.arm("latencie", ms=1)
    with pytest.raises(SettingError, match="did you mean 'silent_rate'"):
        nemo_world.settings(silent_rates=1)
    with pytest.raises(ValueError, match="neither anonymous nor registered"):
        nemo_world.token(kind="somebody")
    assert [entry["what"] for entry in nemo_world.journal("world")].count("fault.armed") == 1


@pytest.mark.nemo(scenario="token-given-by-the-user")
def test_a_client_in_a_process_is_told_where(nemo_world):
    """The variables of the scenario, and the base URL."""
    given = nemo_world.environment
    headers = {"Authorization": f"Bearer {given['NEMO_TOKEN']}"}
    assert httpx.get(f"{given['NEMO_API_URL']}/api/credits/balance/simple", headers=headers).json()["data"]["available"] == 500
    assert given["NEMO_API_URL"] == nemo_world.url


# the end


def test_the_end_of_a_world_ends_who_waits_in_it():
    """A client that nobody gave time sees its stream end, and a wait for it is over."""
    with mock_world() as world, requests.Session() as http:
        said = world.start(Visitor(world, http, world.url).say)
        world.wait_for("run_sse")
        waiting = Started(lambda: world.wait_for("get_state", 20), "waiting", str)
    with pytest.raises(TimeoutError, match="the world has ended"):
        waiting.result()
    assert said.done


def test_the_same_world_twice_gives_the_same_journal():
    """Names follow from tests, so not even URLs differ, in process."""

    def told() -> list[str]:
        with mock_world(name="test it [a]", clock="instant", seed=5, profile="strict") as world, TestClient(world.app) as http:
            Visitor(world, http, "").say()
            return [json.dumps(entry) for entry in world.journal()]

    assert told() == told()


def test_two_worlds_of_one_name_and_an_unseen_error():
    """The second is called otherwise; the error of a client that nobody looked at is not lost."""
    with pytest.raises(ZeroDivisionError), mock_world() as one, mock_world() as other:
        assert one.url != other.url
        one.start(lambda: 1 // 0).join(10)


def test_a_stopped_service_says_so():
    """And stopping twice is no harm."""
    with Service() as service:
        assert service.url.startswith("http://127.0.0.1:")
    service.close()
    with pytest.raises(RuntimeError, match="has been stopped"):
        service.do(lambda: None)
    with pytest.raises(httpx.ConnectError):
        httpx.get(service.opened)


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")  # Python 3.12 and newer
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_has_a_service_of_its_own(nemo_world):
    """The thread of the first one is not there; its worlds say so, and do not wait for it."""
    with mock_world() as world:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                with pytest.raises(RuntimeError, match="the process that forked this one"):
                    world.advance(1)
                with mock_world() as own:
                    code = 0 if httpx.get(f"{own.url}/nowhere").status_code == 404 else 2
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
