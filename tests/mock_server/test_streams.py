"""Streams over a real port: each event by itself and in its instant, a turn that goes on without listeners, and how streams end."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from email.utils import formatdate
from itertools import pairwise
from typing import Any

import httpx
import pytest
from httpx_sse import connect_sse

from mock_server import pacing
from mock_server.domain import world as service
from mock_server.domain.settings import FIELDS
from mock_server.pacing import Live
from mock_server.serve import Running, running
from mock_server.worlds import START_MS, Recipe, Worlds
from tests.mock_server.conftest import NO_TLS, Visitor
from tests.mock_server.raw import Peer, dechunk, until

Visit = Callable[..., Visitor]

VIDEO = "Make a 5 second video of the sea"
MUSIC = "add lo-fi background music"
QUESTION = "what can you do?"
CLIP = "https://files.test/clip.mp4"


def live_of(visitor: Visitor) -> Live:
    return visitor.server.worlds.at(visitor.world)


def wait(visitor: Visitor, work: Any) -> Any:
    """Run a coroutine where the worlds live, until it is done."""
    return asyncio.run_coroutine_threadsafe(work, visitor.server.loop).result(30)


def advance(visitor: Visitor, until_ms: int) -> None:
    """Time passes, and all that became due is written before anything else happens."""
    live = live_of(visitor)

    async def work() -> bool:
        whole = await live.advance_and_write(until_ms)
        return whole and all(one.written == len(one.turn.told) and one.turn.ended_ms is None for one in live.streams())

    assert wait(visitor, work())


def next_ms(visitor: Visitor) -> int | None:
    return visitor.server.do(lambda: live_of(visitor).next_ms(work_only=True))


def finish(visitor: Visitor) -> None:
    """Time passes until nothing is under way."""
    while (due_ms := next_ms(visitor)) is not None:
        advance(visitor, due_ms)


def gone(visitor: Visitor) -> None:
    """Wait until the server has noticed that its listeners left."""
    live = live_of(visitor)
    assert wait(visitor, live.until(lambda: not live.streams()))


def arrived(peer: Peer) -> bytes:
    """What lies in the client's socket by now."""
    raw = b""
    peer.socket.setblocking(False)
    with suppress(BlockingIOError):
        while piece := peer.socket.recv(2**20):
            raw += piece
    peer.socket.setblocking(True)
    return raw


def rest(peer: Peer) -> bytes:
    """What comes of a stream from now on to its last chunk."""
    raw = b""
    while not raw.endswith(b"0\r\n\r\n"):
        piece = peer.socket.recv(2**20)
        assert piece, f"the connection ended after {raw[-200:]!r}"
        raw += piece
    return raw


def told(visitor: Visitor) -> list[tuple[int, str]]:
    """Instant and wire bytes of each event, as the journal has them."""
    return [(entry["at_ms"], entry["wire"]) for entry in visitor.journal("event")]


def ends(visitor: Visitor) -> list[str]:
    return [entry["by"] for entry in visitor.journal("end")]


# each event by itself, in its instant


def test_each_event_is_a_chunk_of_its_own(visit: Visit) -> None:
    """The head comes at once; then, whenever time reaches an event, its chunk is in the client's socket, and nothing more."""
    visitor = visit("manual")
    with Peer(visitor) as peer:
        peer.say(VIDEO)
        heard = peer.hear("head")
        assert (heard.status, heard.chunks, heard.whole) == (200, [], False)
        assert heard.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert (heard.headers["cache-control"], heard.headers["transfer-encoding"]) == ("no-cache", "chunked")

        seen: list[tuple[int, str]] = []
        whole = False
        while (due_ms := next_ms(visitor)) is not None:
            assert arrived(peer) == b""
            advance(visitor, due_ms)
            chunks, whole, torn = dechunk(arrived(peer))
            assert torn == b"" and all(chunk.endswith(b"\n\n") and chunk.count(b"\n\n") == 1 for chunk in chunks)
            seen += [(due_ms, chunk.decode()) for chunk in chunks]

        assert whole
        assert seen == told(visitor)
        assert len(seen) > 10 and all(a <= b for (a, _), (b, _) in pairwise(seen))


def test_time_in_one_leap_tells_the_same(visit: Visit) -> None:
    """Whoever skips five minutes finds every event in his socket, each a chunk, in order."""
    stepping, leaping = visit("manual"), visit("manual")
    for visitor in (stepping, leaping):
        with Peer(visitor) as peer:
            peer.say(VIDEO)
            peer.hear("head")
            if visitor is stepping:
                finish(visitor)
            advance(visitor, START_MS + 600_000)
            chunks, whole, _ = dechunk(arrived(peer))
            assert whole and [chunk.decode() for chunk in chunks] == [wire for _, wire in told(visitor)]

    assert [at_ms for at_ms, _ in told(stepping)] == [at_ms for at_ms, _ in told(leaping)]


def test_silence_is_never_longer_than_a_heartbeat(visit: Visit) -> None:
    """From the first byte to the last, something is told at least once in the interval set."""
    visitor = visit("manual", heartbeat_interval_s=7)
    with Peer(visitor) as peer:
        peer.say(VIDEO)
        peer.hear("head")
        finish(visitor)
        (end,) = visitor.journal("end")
        instants = [START_MS, *(at_ms for at_ms, _ in told(visitor)), end["at_ms"]]
        assert end["at_ms"] - START_MS >= 100_000
        assert max(b - a for a, b in pairwise(instants)) <= 7000


def test_the_connection_can_be_used_again(visit: Visit) -> None:
    """A stream that ended in order leaves its connection to the next request."""
    visitor = visit()
    with Peer(visitor) as peer:
        for _ in range(2):
            peer.say(QUESTION)
            assert peer.hear().whole
        peer.ask_credits()
        assert peer.hear().status == 200


# clocks


def test_the_instant_clock_waits_for_nobody(visit: Visit) -> None:
    """A generation of minutes is told at once, and minutes have passed in the world."""
    visitor = visit("instant")

    with Peer(visitor) as peer:
        peer.say(VIDEO)
        heard = peer.hear()

    assert heard.whole and [chunk.decode() for chunk in heard.chunks] == [wire for _, wire in told(visitor)]
    assert live_of(visitor).world.now_ms - START_MS >= 100_000


def test_the_real_clock_follows_the_machine(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a rate of 20, half a second of the machine is ten of the world, and what was due has been told."""
    visitor, machine_s = visit("manual"), [1000.0]
    live = live_of(visitor)
    monkeypatch.setattr(pacing, "monotonic", lambda: machine_s[0])
    with Peer(visitor) as peer:
        peer.say(VIDEO)
        peer.hear("head")
        visitor.server.do(lambda: live.set_clock("real", 20.0))

        machine_s[0] += 0.5
        visitor.credits()

        assert live.world.now_ms == START_MS + 10_000
        until(visitor, lambda: live.streams()[0].caught_up(live.world.now_ms))
        chunks, whole, _ = dechunk(arrived(peer))
        assert (len(chunks), whole) == (sum(at_ms <= START_MS + 10_000 for at_ms, _ in told(visitor)), False)
        visitor.server.do(lambda: live.set_clock("instant", 1.0))
        rest(peer)


def test_the_real_clock_wakes_by_itself(visit: Visit) -> None:
    """Nobody asks anything, and yet each event comes, and the end: here a hundred thousand times faster than life."""
    visitor = visit("manual")
    with Peer(visitor) as peer:
        peer.say(VIDEO)
        peer.hear("head")
        visitor.server.do(lambda: live_of(visitor).set_clock("real", 100_000.0))

        rest(peer)

    gone(visitor)
    assert ends(visitor) == ["server"]


def test_the_date_is_the_worlds(visit: Visit) -> None:
    """In the head of a stream, of JSON, of a refusal and of a file; the machine's own date is nowhere."""
    visitor = visit("manual")
    file = visitor.upload(CLIP).json()["data"]["files"][0]["cdn_url"]
    advance(visitor, START_MS + 86_400_000)
    expected = formatdate((START_MS + 86_400_000) // 1000, usegmt=True)

    dates = [visitor.http.get(path).headers.get_list("date") for path in ("api/credits/balance/simple", "nowhere", file)]
    with Peer(visitor) as peer:
        peer.say(QUESTION)
        dates.append([peer.hear("head").headers["date"]])

    assert dates == [[expected]] * 4


# who leaves, and who stays


def test_a_turn_goes_on_without_its_listener(visit: Visit) -> None:
    """A client that leaves in the middle finds the draft changed all the same, and has paid once."""
    visitor = visit("manual")
    with Peer(visitor) as peer:
        peer.say(VIDEO)
        peer.hear("head")
        advance(visitor, START_MS + 15_000)
        assert dechunk(arrived(peer))[0]
    gone(visitor)
    assert ends(visitor) == ["client"]
    assert (visitor.credits(), visitor.state()["draft"]) == ({"available": 0, "frozen": 100, "total": 100}, {})

    finish(visitor)

    assert visitor.state()["draft"]["t"]
    assert visitor.credits() == {"available": 0, "frozen": 0, "total": 0}
    assert [entry["detail"]["amount"] for entry in visitor.journal("world") if entry["what"] == "credits.settled"] == [100]
    assert len(told(visitor)) == visitor.journal("end")[0]["events"]


def test_a_listener_changes_nothing(visit: Visit) -> None:
    """Draft, credits and instants are the same for who listens to the end and who leaves at once."""
    staying, leaving = visit("manual"), visit("manual")
    for visitor in (staying, leaving):
        with Peer(visitor) as peer:
            peer.say(VIDEO)
            peer.hear("head")
            if visitor is leaving:
                peer.socket.close()
                gone(visitor)
            finish(visitor)

    facts = []
    for visitor in (staying, leaving):
        state = json.dumps(visitor.state()).replace(visitor.world, "w")
        facts.append((state, visitor.credits(), live_of(visitor).world.now_ms))
    assert facts[0] == facts[1]


def test_two_streams_of_one_session_are_told_each_its_own(visit: Visit) -> None:
    """Side by side where that is allowed; an event goes to the listener of its turn alone."""
    visitor = visit("manual", silent_rate=0)
    visitor.upload(CLIP)
    with Peer(visitor) as first, Peer(visitor) as second:
        for peer, message in ((first, MUSIC), (second, QUESTION)):
            peer.say(message)
            peer.hear("head")
        finish(visitor)
        heard = [dechunk(arrived(peer)) for peer in (first, second)]

    assert all(whole for _, whole, _ in heard)
    requests = [entry["of"] for entry in visitor.journal("stream")]
    for (chunks, _, _), request in zip(heard, requests, strict=True):
        own = [entry["wire"] for entry in visitor.journal("event") if entry["of"] == request]
        assert [chunk.decode() for chunk in chunks] == own
    assert b"tool_call" in b"".join(heard[0][0]) and b"tool_call" not in b"".join(heard[1][0])


def test_a_stream_that_waits_is_open(visit: Visit) -> None:
    """In a queue the second stream has its head at once, is told nothing of the first turn, and then its own."""
    visitor = visit("manual", concurrent_turns="queue", text_s=[10, 10])
    with Peer(visitor) as first, Peer(visitor) as second:
        for peer in (first, second):
            peer.say(QUESTION)
            assert peer.hear("head").status == 200
        advance(visitor, START_MS + 10_000)
        assert dechunk(arrived(first))[1]
        assert b"text" not in arrived(second)

        advance(visitor, START_MS + 20_000)

        chunks, whole, _ = dechunk(arrived(second))
        assert whole and b"text" in b"".join(chunks)


# what it says, to an independent reader


def by_httpx_sse(visitor: Visitor, message: str) -> list[str]:
    body = {"session_id": visitor.session_id, "new_message": {"parts": [{"text": message}]}}
    with connect_sse(visitor.http, "POST", "run_sse", json=body) as source:
        return [event.data for event in source.iter_sse()]


SPOKEN: dict[str, Callable[[dict[str, Any]], str]] = {
    "vendor": lambda event: event["content"] if event["type"] == "text" else "",
    "adk": lambda event: event["content"]["parts"][0].get("text", ""),
    "text": lambda event: event.get("text", ""),
}
USED: dict[str, Callable[[dict[str, Any]], str]] = {
    "vendor": lambda event: event["name"] if event["type"] == "tool_call" else "",
    "adk": lambda event: event["content"]["parts"][0].get("functionCall", {}).get("name", ""),
    "text": lambda event: event.get("tool", "") if "args" in event else "",
}


def test_all_dialects_say_the_same(visit: Visit) -> None:
    """Words and tools of a generation, read by httpx-sse: only their spelling differs."""
    stories = []
    for dialect in SPOKEN:
        visitor = visit(dialect=dialect)
        events = [json.loads(data) for data in by_httpx_sse(visitor, VIDEO) if data not in ("", '{"type":"heartbeat"}')]
        stories.append([(SPOKEN[dialect](event), USED[dialect](event)) for event in events])

    assert stories[0] == stories[1] == stories[2]
    assert sum(bool(words) for words, _ in stories[0]) >= 2 and sum(bool(tool) for _, tool in stories[0]) >= 2


@pytest.mark.parametrize("form", [form for form in FIELDS["heartbeat_forms"].metadata["choices"] if form != "mixed"])
def test_every_form_of_heartbeat_passes_an_independent_reader(visit: Visit, form: str) -> None:
    """httpx-sse reads the same story whatever the form, and sees of each heartbeat what the standard says."""
    here = "http://mock.test"
    visitor, plain = visit(heartbeat_forms=[form], public_url=here), visit(heartbeat_forms=["comment"], public_url=here)

    events, story = by_httpx_sse(visitor, VIDEO), by_httpx_sse(plain, VIDEO)

    seen: Any = {"json": '{"type":"heartbeat"}', "empty": "", "space": "", "word": "heartbeat", "event": "", "comment": None}[
        form
    ]
    beats = [entry for entry in visitor.journal("event") if entry["event"] == "heartbeat"]
    assert [data for data in events if data != seen] == [data for data in story if data != seen]
    assert len(beats) > 3
    assert events.count(seen) == (len(beats) if seen is not None else 0)


# how streams end, and what the journal says


def test_the_journal_is_ahead_of_the_wire(visit: Visit) -> None:
    """Request, head, events, end, in this order; an event that a client can read is in the journal already."""
    visitor = visit("manual")
    seen = live_of(visitor).journal.last
    with Peer(visitor) as peer:
        peer.say(QUESTION)
        peer.hear("head")
        assert [entry["kind"] for entry in visitor.journal() if entry["seq"] > seen and entry["kind"] != "world"] == [
            "request",
            "stream",
        ]
        read = b""
        while (due_ms := next_ms(visitor)) is not None:
            advance(visitor, due_ms)
            read += b"".join(dechunk(arrived(peer))[0])
            assert read.decode() == "".join(wire for _, wire in told(visitor))

    entries = [entry for entry in visitor.journal() if entry["seq"] > seen]
    request, stream, *events, end = (entry for entry in entries if entry["kind"] != "world")
    assert (request["kind"], stream["kind"], end["kind"]) == ("request", "stream", "end")
    assert {entry["of"] for entry in (stream, *events, end)} == {request["seq"]}
    assert [entry["n"] for entry in events] == list(range(len(events)))
    assert (end["by"], end["events"], end["bytes"]) == ("server", len(events), len(read))
    assert all(a["at_ms"] <= b["at_ms"] for a, b in pairwise(entries))


def test_requests_stand_before_their_answers(visit: Visit) -> None:
    """Also refused ones, and uploads; every answer says whose it is."""
    visitor = visit()
    visitor.upload(CLIP)
    visitor.http.get("nowhere")
    visitor.http.get("api/credits/balance/simple", headers={"Authorization": "Bearer wrong"})

    open_requests: list[int] = []
    for entry in visitor.journal():
        if entry["kind"] == "request":
            open_requests.append(entry["seq"])
        if entry["kind"] == "response":
            open_requests.remove(entry["of"])
    assert open_requests == []


def leave(visitor: Visitor, peer: Peer) -> None:
    peer.socket.close()


def cut(visitor: Visitor, peer: Peer) -> None:
    live = live_of(visitor)
    visitor.server.do(lambda: live.cut(live.streams()[0], "control"))


def delete(visitor: Visitor, peer: Peer) -> None:
    visitor.server.do(lambda: visitor.server.worlds.delete(visitor.world))


def forget(visitor: Visitor, peer: Peer) -> None:
    live = live_of(visitor)
    visitor.server.do(lambda: service.forget_session(live.world, visitor.session_id))
    visitor.server.do(live.take_note)


ENDINGS: dict[str, tuple[Callable[[Visitor, Peer], None], str]] = {
    "the turn ends": (lambda visitor, peer: finish(visitor), "server"),
    "the client leaves": (leave, "client"),
    "somebody cuts it": (cut, "control"),
    "the world is deleted": (delete, "control"),
    "its session is forgotten": (forget, "server"),
}


@pytest.mark.parametrize("how", ENDINGS)
def test_an_end_says_by_whom(visit: Visit, how: str) -> None:
    """Whatever ends a stream, its client sees the last chunk, and the journal names who it was."""
    visitor = visit("manual")
    live = live_of(visitor)
    end, by = ENDINGS[how]
    with Peer(visitor) as peer:
        peer.say(VIDEO)
        peer.hear("head")
        end(visitor, peer)
        if how != "the client leaves":
            rest(peer)
    assert wait(visitor, live.until(lambda: not live.streams()))

    assert [entry["by"] for entry in visitor.server.do(lambda: list(live.journal.entries(kind="end")))] == [by]


@pytest.mark.parametrize("policy", ["manual", "real"])
def test_stopping_with_open_streams(policy: Any) -> None:
    """The server stops at once; its clients see the end of their answers, and the journal says why."""
    with running(Worlds(Recipe(policy=policy)), control_port=None) as server:
        visitor = arrive(server)
        live = live_of(visitor)
        peers = [Peer(visitor) for _ in range(5)]
        for peer in peers:
            peer.say(QUESTION)
            peer.hear("head")
    for peer in peers:
        rest(peer)
        assert peer.socket.recv(1) == b""
        peer.socket.close()
    assert [entry["by"] for entry in live.journal.entries(kind="end")] == ["shutdown"] * 5


def arrive(server: Running) -> Visitor:
    """A visitor of the world `one`."""
    http = httpx.Client(base_url=server.world_url("one"), timeout=30, verify=NO_TLS)
    with http:
        data = http.post("api/auth/anonymous-token", headers={"X-Client-Id": "visitor"}).json()["data"]
        http.headers["Authorization"] = f"Bearer {data['token']}"
        made = http.post("api/tasks/me/with-session/nemo_agent", json={"task_name": "project"}).json()["data"]
    return Visitor(http, server, "one", data["token"], made["session_id"], made["task_id"], made["user_id"])
