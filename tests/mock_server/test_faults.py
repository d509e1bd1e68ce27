"""Faults, seen from the other end of the wire; and what they must leave alone."""

import itertools
import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server import contract, faults
from mock_server.domain.ids import Dice
from mock_server.faults import Armed, FaultBook, FaultError
from mock_server.lying import GATEWAY
from mock_server.snapshot import freeze, thaw
from tests.mock_server.conftest import Visitor
from tests.mock_server.raw import Heard, Peer, until

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
EDIT = "cut the first two seconds"
TALK = "what can you do?"


def read(**told: Any) -> faults.Fault:
    return faults.read(told, contract.load())


def arm(visitor: Visitor, **told: Any) -> Armed:
    live = visitor.server.worlds.at(visitor.world)
    fault = read(deliberate=True, **told)
    return visitor.server.do(lambda: faults.arm(live.faults, fault, live.world.now_ms))


def editor(visit: Callable[..., Visitor], **given: Any) -> Visitor:
    """A visitor with a clip to edit, whose edits say something."""
    visitor = visit(**{"silent_rate": 0, "heartbeat_forms": ("comment",), "edit_s": "5", **given})
    visitor.upload("https://example.com/a.mp4")
    return visitor


def disarm(visitor: Visitor) -> None:
    visitor.server.do(lambda: faults.disarm(visitor.server.worlds.at(visitor.world).faults))


def last_end(visitor: Visitor) -> dict[str, Any] | None:
    """The end of the latest exchange, once it is there."""
    entries = visitor.journal()
    exchange = max(entry["seq"] for entry in entries if entry["kind"] == "request")
    return next((entry for entry in entries if entry["kind"] == "end" and entry["of"] == exchange), None)


# ends of a connection, told apart

ASKED: dict[str, Callable[[Peer], None]] = {
    "get_credits": lambda peer: peer.ask_credits(),
    "run_sse": lambda peer: peer.say(TALK),
    # 300 of 5000 bytes: the rest never comes, so that nothing lies unread when the connection ends
    "upload_files": lambda peer: peer.upload("a.png", PNG[:300], announced=5000),
}
POINTS = [
    ("get_credits", "before", 0), ("run_sse", "before", 0), ("upload_files", "upload", 0), ("upload_files", "upload", 250),
    ("get_credits", "after", 0), ("run_sse", "after", 0), ("run_sse", "event", 1), ("get_credits", "byte", 0),
    ("get_credits", "byte", 17), ("run_sse", "byte", 23), ("get_credits", "end", 0), ("run_sse", "end", 0),
]  # fmt: skip
ENDS = ("reset", "close", "half_close", "stall")


def seen(peer: Peer, visitor: Visitor, armed: Armed) -> str:
    """Which of the four the client meets, told from its own socket; the journal says when to look for the one that shows nothing."""
    until(visitor, lambda: armed.fired)
    if armed.fault.what == "stall":
        heard = peer.hear("now")
        assert not heard.end and peer.state == "open"
        return "stall"
    heard = peer.hear("end")
    if heard.end == "RST":
        return "reset"
    # Nobody is there to take more bytes after a close, so they are answered by a reset; after a half-close somebody is.
    assert peer.state == "other side done"
    peer.socket.sendall(b"\r\n")  # an empty line before a request is ignored (RFC 9112, 2.2)
    if armed.fault.what == "half_close":
        return "half_close" if last_end(visitor) is None and peer.state == "other side done" else "neither"
    until(visitor, lambda: peer.state == "dead")
    return "close"


EVERYWHERE = [(what, *point) for what in ENDS for point in POINTS if point[1] in faults.KINDS[what].places]


@pytest.mark.parametrize(("what", "operation", "at", "number"), EVERYWHERE)
def test_ends_are_told_apart(visit, what, operation, at, number):
    """RST, FIN, FIN with somebody still there, and nothing at all: each at each of its places; the exchange ends by the fault."""
    visitor = visit()
    armed = arm(visitor, what=what, operation=operation, at=at, number=number)
    with Peer(visitor) as peer:
        ASKED[operation](peer)
        assert seen(peer, visitor, armed) == what
        if what in ("half_close", "stall"):
            assert last_end(visitor) is None

    end = until(visitor, lambda: last_end(visitor))
    assert end["by"] == "fault"


def test_each_end_has_each_of_its_places():
    """The list above is whole."""
    assert {(what, at) for what, _, at, _ in EVERYWHERE} == {(what, at) for what in ENDS for at in faults.KINDS[what].places}


@pytest.mark.parametrize("at", ["before", "after"])
@pytest.mark.parametrize("more", [b"", b"no request\r\n\r\n"])
def test_a_half_closed_connection_ends_with_its_world(visit, at, more):
    """Whatever its client still says; the server's log stays clean."""
    visitor = visit()
    arm(visitor, what="half_close", operation="get_credits", at=at)
    with Peer(visitor) as peer:
        peer.ask_credits()
        assert peer.hear("end").end == "FIN"
        peer.socket.sendall(more)
        live = visitor.server.worlds.at(visitor.world)
        visitor.server.do(lambda: visitor.server.worlds.delete(visitor.world))
        until(visitor, lambda: list(live.journal.entries(kind="end")))


@pytest.mark.parametrize("what", ENDS)
def test_a_stream_is_cut_after_its_event(visit, what):
    """Event 1 is whole, nothing of event 2 came, and the last chunk did not either."""
    events = told(editor(visit))
    visitor = editor(visit)
    arm(visitor, what=what, operation="run_sse", at="event", number=2)
    with Peer(visitor) as peer:
        peer.say(EDIT)
        until(visitor, lambda: visitor.journal("fault"))
        heard = peer.hear("now" if what == "stall" else "end")

    assert events_of(heard.body) == events[:2] and len(events) > 2
    assert not heard.whole and not heard.torn


def test_a_stalled_call_ends_with_its_world(visit):
    """Nobody hangs for ever: deleting the world closes what stalls in it."""
    visitor = visit()
    arm(visitor, what="stall", operation="get_credits", at="byte", number=5)
    with Peer(visitor) as peer:
        peer.ask_credits()
        until(visitor, lambda: visitor.journal("fault"))
        visitor.server.do(lambda: visitor.server.worlds.delete(visitor.world))
        assert peer.hear("end").end == "FIN"


def test_a_stalled_stream_can_be_cut_and_holds_no_clock_up(visit):
    """Time goes on at once though one stream writes nothing, and whoever cuts it is named."""
    visitor = visit(policy="manual")
    live = visitor.server.worlds.at(visitor.world)
    armed = arm(visitor, what="stall", operation="run_sse", at="event", number=1)
    with Peer(visitor) as peer:
        peer.say(TALK)
        until(visitor, lambda: visitor.journal("stream"))
        visitor.pass_time(100)
        until(visitor, lambda: armed.fired)
        assert visitor.server.do(lambda: all(one.caught_up(live.world.now_ms) for one in live.streams()))
        visitor.server.do(lambda: live.cut(live.streams()[0], "control"))
        assert peer.hear("end").end == "FIN"
        assert until(visitor, lambda: last_end(visitor))["by"] == "control"


def test_a_latency_inside_a_stream_holds_no_clock_up(visit):
    visitor = editor(visit, policy="manual")
    live = visitor.server.worlds.at(visitor.world)
    armed = arm(visitor, what="latency", operation="run_sse", at="event", number=1, params={"ms": 50_000})
    with Peer(visitor) as peer:
        peer.say(EDIT)
        until(visitor, lambda: visitor.journal("stream"))
        visitor.pass_time(40)
        until(visitor, lambda: armed.fired)
        assert visitor.server.do(lambda: live.streams()[0].caught_up(live.world.now_ms))
        assert not peer.hear("now").whole
        visitor.pass_time(60)
        rest = b""
        while not rest.endswith(b"0\r\n\r\n"):
            rest += peer.socket.recv(65536)


# to the byte


def answer_of(visitor: Visitor, operation: str) -> bytes:
    with Peer(visitor) as peer:
        ASKED[operation](peer)
        heard = peer.hear()
        assert heard.whole
        return heard.body


def cut_at(visitor: Visitor, operation: str, byte: int, what: str) -> Heard:
    disarm(visitor)
    armed = arm(visitor, what=what, operation=operation, at="byte", number=byte)
    with Peer(visitor) as peer:
        ASKED[operation](peer)
        heard = peer.hear("end")
    assert armed.fired == 1
    return heard


@pytest.mark.parametrize("what", ["close", "reset"])
def test_exactly_so_many_bytes_of_an_answer(visit, what):
    """For every byte of a short answer, and the one after the last."""
    visitor = visit()
    whole = answer_of(visitor, "get_credits")

    for byte in range(len(whole) + 1):
        heard = cut_at(visitor, "get_credits", byte, what)
        assert (heard.body, heard.end) == (whole[:byte], "RST" if what == "reset" else "FIN"), byte


@pytest.mark.parametrize("plan", ["event", "bytes:7", "hostile"])
@pytest.mark.parametrize("what", ["close", "reset"])
def test_exactly_so_many_bytes_of_a_stream(visit, what, plan):
    """However it is cut into chunks; its last chunk never comes. The same words in each turn, so the same bytes."""
    visitor = visit(chunks=plan, line_end="crlf", heartbeat_forms=("comment",), spice=("emoji",), text_s="5")
    whole = answer_of(visitor, "run_sse")
    between = [match.start() + 1 for match in re.finditer(rb"\r\n", whole)]
    inside = [at for at in range(len(whole)) if whole[at] & 0xC0 == 0x80]
    assert between and len(inside) > 10

    for byte in sorted({*range(0, len(whole), 41), len(whole) - 1, len(whole), *between[:4], *inside[:6]}):
        heard = cut_at(visitor, "run_sse", byte, what)
        assert (heard.body, heard.end, heard.whole, heard.torn) == (
            whole[:byte],
            "RST" if what == "reset" else "FIN",
            False,
            b"",
        ), byte


def test_a_reset_destroys_nothing_on_its_way(visit):
    """One that comes when a client is slow to take what was written waits until it has it."""
    visitor = visit()
    content = PNG + bytes(3 * 2**20)
    url = visitor.upload_files(("a.png", content)).json()["data"]["files"][0]["cdn_url"]
    arm(visitor, what="reset", operation="get_file", at="byte", number=3 * 2**20)
    with Peer(visitor) as peer:
        peer.ask("GET", url.partition(f"/w/{visitor.world}/")[2])
        until(visitor, lambda: visitor.journal("fault"))
        heard = peer.hear("end")

    assert (heard.body, heard.end) == (content[: 3 * 2**20], "RST")


def test_a_byte_that_is_not_there(visit):
    """The answer is told as ever, and the fault says that it never fired."""
    visitor = visit()
    arm(visitor, what="reset", operation="get_credits", at="byte", number=10_000, name="too far")
    live = visitor.server.worlds.at(visitor.world)

    assert visitor.credits()["total"] == 100
    assert [(one.fault.name, one.chosen, one.fired) for one in faults.unfired(live.faults)] == [("too far", 1, 0)]


# what is told


def test_corrupt_bytes(visit):
    """Exactly those, though they lie in several chunks; the length stays, and so does the rest."""
    visitor = visit(chunks="bytes:5", text_s="5")
    whole = answer_of(visitor, "run_sse")
    armed = arm(visitor, what="corrupt", operation="run_sse", at="byte", number=8, params={"bytes": 14})

    heard = answer_of(visitor, "run_sse")

    assert [at for at in range(len(whole)) if heard[at] != whole[at]] == list(range(8, 22))
    assert len(heard) == len(whole) and armed.fired == 1


def events_of(body: bytes) -> list[bytes]:
    """The events of a stream, heartbeats left out."""
    return [event for event in re.findall(rb".+?\n\n", body) if not event.startswith(b":")]


def told(visitor: Visitor) -> list[bytes]:
    return events_of(visitor.say(EDIT).content)


def test_duplicate_and_reorder(visit):
    events = told(editor(visit))
    twice, swapped, last = editor(visit), editor(visit), editor(visit)
    arm(twice, what="duplicate", operation="run_sse", at="event", number=2)
    arm(swapped, what="reorder", operation="run_sse", at="event", number=1)
    arm(last, what="reorder", operation="run_sse", at="event", number=len(events))
    assert len(events) >= 3

    assert told(twice) == [*events[:2], *events[1:]]
    assert told(swapped) == [events[1], events[0], *events[2:]]
    assert told(last) == events


@pytest.mark.parametrize("by", [-4, 3])
def test_wrong_length(visit, by):
    """Too short: bytes follow that belong to no answer; too long: the end never comes, but a FIN."""
    visitor = visit()
    whole = answer_of(visitor, "get_credits")
    arm(visitor, what="wrong_length", operation="get_credits", at="after", params={"by": by})
    with Peer(visitor) as peer:
        peer.ask_credits()
        heard = peer.hear("end")

    assert heard.headers["content-length"] == str(len(whole) + by)
    assert (heard.body, heard.end) == (whole, "FIN")


def test_wrong_length_of_a_stream_is_none(visit):
    """It has no length: nothing is changed, and the fault did not fire."""
    visitor = visit()
    armed = arm(visitor, what="wrong_length", at="after", params={"by": 5})

    assert visitor.say(TALK).status_code == 200
    assert not armed.fired


def test_dropped_headers(visit):
    visitor = visit()
    one = arm(visitor, what="drop_headers", operation="get_credits", at="after", params={"names": ["Content-Type", "DATE"]})
    none = arm(visitor, what="drop_headers", operation="get_credits", at="after", params={"names": ["x-nothing"]})
    answer = visitor.http.get("api/credits/balance/simple")

    assert not {"content-type", "date"} & answer.headers.keys() and "server" in answer.headers
    assert answer.json()["code"] == 0
    assert (one.fired, none.fired) == (1, 0)


@pytest.mark.parametrize("at", ["before", "after"])
@pytest.mark.parametrize("status", [502, 503, 504])
def test_gateway_pages(visit, at, status):
    """HTML for people, no JSON anywhere in it."""
    visitor = visit()
    arm(visitor, what="gateway", operation="get_credits", at=at, params={"status": status})
    answer = visitor.http.get("api/credits/balance/simple")

    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html")
    assert answer.text.startswith("<html>") and str(status) in answer.text and GATEWAY[-8:] in answer.text
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_rate_limit_says_when_to_come_back(visit):
    visitor = visit()
    arm(visitor, what="rate_limit", operation="run_sse", at="before", times=1, params={"retry_after_s": 17})
    answer = visitor.say(TALK)

    assert (answer.status_code, answer.headers["retry-after"], answer.json()["code"]) == (429, "17", 429)
    assert visitor.say(TALK).status_code == 200


def test_a_status_of_ones_own(visit):
    visitor = visit()
    params = {"status": 503, "code": 7001, "message": "the house is on fire", "headers": {"X-Sign": "smoke"}}
    arm(visitor, what="status", operation="get_credits", at="before", times=1, params=params)
    answer = visitor.http.get("api/credits/balance/simple")

    assert (answer.status_code, answer.headers["x-sign"]) == (503, "smoke")
    assert answer.json() == {"code": 7001, "message": "the house is on fire", "data": None}


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body(visit, status):
    """It has neither body nor length (RFC 9110, 8.6), and the connection serves the next call."""
    visitor = visit()
    arm(visitor, what="status", operation="get_credits", at="after", times=1, params={"status": status})
    with Peer(visitor) as peer:
        peer.ask_credits()
        empty = peer.hear("head")
        peer.ask_credits()
        assert (empty.status, empty.body, peer.hear().status) == (status, b"", 200)
    assert not {"content-length", "transfer-encoding"} & empty.headers.keys()


# time


def spent_ms(visitor: Visitor, work: Callable[[], Any]) -> int:
    live = visitor.server.worlds.at(visitor.world)
    before = live.world.now_ms
    work()
    return live.world.now_ms - before


@pytest.mark.parametrize(
    ("operation", "at", "number"),
    [("get_credits", place, 0) for place in ("before", "after", "byte", "end")] + [("run_sse", "event", 1)],
)
def test_latency_takes_its_virtual_time(visit, operation, at, number):
    """And no real time: under the instant clock ten minutes pass as soon as somebody waits for them."""
    visitor = visit(text_s="5", heartbeat_interval_s=3600)
    plain = spent_ms(visitor, lambda: answer_of(visitor, operation))
    armed = arm(visitor, what="latency", operation=operation, at=at, number=number, params={"ms": 600_000})
    live = visitor.server.worlds.at(visitor.world)

    def asked() -> None:
        with Peer(visitor) as peer:
            ASKED[operation](peer)
            until(visitor, lambda: armed.fired and not live.alarms)
            assert peer.hear().whole

    assert spent_ms(visitor, asked) in range(600_000, 600_001 + plain)


SPREADS = {
    "fixed": ({"ms": 300}, 300, 300, 300),
    "uniform": ({"ms": 100, "to_ms": 500, "spread": "uniform"}, 100, 500, 300),
    "lognormal": ({"ms": 200, "to_ms": 3000, "spread": "lognormal"}, 0, 3000, 200),
    "open lognormal": ({"ms": 10, "spread": "lognormal"}, 0, 640, 10),
}


@pytest.mark.parametrize("name", SPREADS)
def test_spreads(name):
    """Within their bounds, around their middle, the same for the same seed."""
    params, low, high, median = SPREADS[name]
    fault = read(what="latency", params=params)
    pages, again, other = faults.book("1"), faults.book("1"), faults.book("2")
    drawn = [faults.delay_ms(pages, fault) for _ in range(2000)]

    assert low <= min(drawn) and max(drawn) <= high
    assert abs(sorted(drawn)[1000] - median) <= median * 0.1
    assert drawn == [faults.delay_ms(again, fault) for _ in range(2000)]
    assert (drawn == [faults.delay_ms(other, fault) for _ in range(2000)]) == (name == "fixed")


@pytest.mark.parametrize("byte", [10, 15])
def test_a_latency_between_two_chunks_is_one(visit, byte):
    """A byte belongs to one chunk: the first of the next, or one in its middle."""
    visitor = visit(chunks="bytes:10")
    armed = arm(visitor, what="latency", operation="run_sse", at="byte", number=byte, params={"ms": 1})
    answer_of(visitor, "run_sse")

    assert armed.fired == 1


def test_slow_is_so_many_bytes_a_virtual_second(visit):
    """From byte 8 on, in drips; all that is due by an instant is there by then."""
    visitor = visit(policy="manual")
    whole = answer_of(visitor, "get_credits")
    arm(visitor, what="slow", operation="get_credits", at="byte", number=8, params={"bytes_per_s": 50})
    live = visitor.server.worlds.at(visitor.world)
    with Peer(visitor) as peer:
        peer.ask_credits()
        came = b""
        for seconds, expected in ((0, 8 + 5), (0.1, 8 + 10), (0.5, 8 + 35), (60, len(whole))):
            visitor.pass_time(seconds)
            until(visitor, lambda: not live.alarms or min(alarm.at_ms for alarm in live.alarms) > live.world.now_ms)
            came += peer.hear("now").raw
            assert came.partition(b"\r\n\r\n")[2] == whole[:expected], seconds


# composition


def test_late_then_spoilt_then_closed(visit):
    """Three faults meet one answer, each at its byte."""
    visitor = visit()
    whole = answer_of(visitor, "get_credits")
    arm(visitor, what="close", operation="get_credits", at="byte", number=30)
    arm(visitor, what="corrupt", operation="get_credits", at="byte", number=12, params={"bytes": 2})
    arm(visitor, what="latency", operation="get_credits", at="byte", number=5, params={"ms": 4000})

    with Peer(visitor) as peer:
        assert spent_ms(visitor, lambda: (peer.ask_credits(), until(visitor, lambda: last_end(visitor)))) == 4000
        heard = peer.hear("end")

    spoilt = bytes(byte ^ 0x55 for byte in whole[12:14])
    assert (heard.body, heard.end) == (whole[:12] + spoilt + whole[14:30], "FIN")
    assert [entry["what"] for entry in visitor.journal("fault")] == ["corrupt", "latency", "close"]


def test_slow_and_then_reset(visit):
    """A slow answer can still be cut at a later byte."""
    visitor = visit()
    whole = answer_of(visitor, "get_credits")
    arm(visitor, what="slow", operation="get_credits", at="byte", number=0, params={"bytes_per_s": 10})
    arm(visitor, what="reset", operation="get_credits", at="byte", number=40)
    with Peer(visitor) as peer:
        peer.ask_credits()
        heard = peer.hear("end")

    assert (heard.body, heard.end) == (whole[:40], "RST")


def test_twice_and_then_reset(visit):
    """Event 2 is told twice, and the connection is reset after event 3."""
    events, visitor = told(editor(visit)), editor(visit)
    arm(visitor, what="duplicate", operation="run_sse", at="event", number=2)
    arm(visitor, what="reset", operation="run_sse", at="event", number=3)
    with Peer(visitor) as peer:
        peer.say(EDIT)
        heard = peer.hear("end")

    assert (events_of(heard.body), heard.end) == ([events[0], events[1], events[1], events[2]], "RST")


@pytest.mark.parametrize("by", [-4, 3])
def test_wrong_length_and_a_cut(visit, by):
    visitor = visit()
    whole = answer_of(visitor, "get_credits")
    arm(visitor, what="wrong_length", operation="get_credits", at="after", params={"by": by})
    arm(visitor, what="reset", operation="get_credits", at="byte", number=len(whole) - 1)
    with Peer(visitor) as peer:
        peer.ask_credits()
        heard = peer.hear("end")

    assert (heard.body, heard.end) == (whole[:-1], "RST")


def test_a_case_and_a_cut_inside_it(visit):
    """Bytes are counted in what is told, not in what would have been."""
    visitor = visit()
    arm(visitor, what="instead", operation="run_sse", at="after", params={"case": "data-in-three-lines"})
    arm(visitor, what="close", operation="run_sse", at="byte", number=9)
    with Peer(visitor) as peer:
        peer.say(TALK)
        heard = peer.hear("end")

    assert (heard.body, heard.end) == (b"data: a\nd", "FIN")


# when


def calls_met(book: FaultBook, fault: faults.Fault, calls: int, now_ms: int = 0) -> list[bool]:
    armed = faults.arm(book, fault, now_ms)
    return [armed in faults.arriving(book, "get_credits", now_ms) for _ in range(calls)]


def test_nth_and_times():
    """Counted from when the fault was armed, so that an earlier one changes nothing."""
    book = faults.book("1")
    assert calls_met(book, read(what="reset", nth=3), 5) == [False, False, True, False, False]
    assert calls_met(book, read(what="reset", nth=2), 3) == [False, True, False]
    assert calls_met(book, read(what="reset", times=2), 4) == [True, True, False, False]
    assert calls_met(book, read(what="reset"), 3) == [True] * 3
    assert calls_met(book, read(what="reset", operation="run_sse"), 3) == [False] * 3


def test_nth_counts_each_operation_by_itself():
    book = faults.book("1")
    armed = faults.arm(book, read(what="reset", nth=2), 0)
    met = [
        operation
        for operation in ("get_state", "get_credits", "get_state", "get_credits")
        if armed in faults.arriving(book, operation, 0)
    ]
    assert met == ["get_state", "get_credits"] and book.calls == {"get_state": 2, "get_credits": 2}


def test_windows_of_virtual_time(visit):
    """From 10 s on, until 20 s, counted from when it was armed; the end is not in it."""
    visitor = visit(policy="manual")
    visitor.pass_time(1000)
    arm(visitor, what="status", operation="get_credits", from_s=10, to_s=20, params={"status": 500})
    statuses = []
    for _ in range(5):
        statuses.append(visitor.http.get("api/credits/balance/simple").status_code)
        visitor.pass_time(5)

    assert statuses == [200, 200, 500, 500, 200]


@settings(max_examples=200, deadline=None)
@given(st.floats(0.01, 0.99), st.integers(1, 5), st.text(max_size=5), st.integers(0, 10))
def test_chance_has_a_bound(chance, most, seed, others):
    """Never for more calls in a row than it says, whatever the seed; and equal seeds choose equal calls."""
    fault = read(what="reset", chance=chance, most_in_row=most)
    book, again = faults.book(seed), faults.book(seed)
    met = calls_met(book, fault, 120)

    assert max((len(list(run)) for hit, run in itertools.groupby(met) if hit), default=0) <= most
    for _ in range(others):
        faults.delay_ms(again, read(what="latency", params={"ms": 1, "to_ms": 9, "spread": "uniform"}))
    assert calls_met(again, fault, 120) == met


def test_chance_is_about_what_it_says():
    met = calls_met(faults.book("1"), read(what="reset", chance=0.2, most_in_row=50), 5000)
    assert 900 < sum(met) < 1100
    assert calls_met(faults.book("2"), read(what="reset", chance=0.2, most_in_row=50), 5000) != met


def test_disarming_one_leaves_the_dice_of_another():
    """What a fault by chance chooses does not depend on whether an older one is still there."""
    chance = read(what="reset", chance=0.5, most_in_row=9)
    kept, gone = faults.book("1"), faults.book("1")
    for book in (kept, gone):
        faults.arm(book, read(what="stall", operation="run_sse", name="old"), 0)
    first = calls_met(kept, chance, 40)
    armed = faults.arm(gone, chance, 0)
    met = [armed in faults.arriving(gone, "get_credits", 0) for _ in range(20)]
    assert [one.fault.name for one in faults.disarm(gone, "old")] == ["old"]

    assert met + [armed in faults.arriving(gone, "get_credits", 0) for _ in range(20)] == first
    assert faults.arm(gone, chance, 0).id == 3


def test_there_is_a_bound():
    book = FaultBook(Dice(""), armed=[Armed(read(what="reset"), 0)] * faults.MOST_ARMED)
    with pytest.raises(FaultError, match="at most 1000"):
        faults.arm(book, read(what="reset"), 0)


def test_unfired_faults_are_told(visit):
    visitor = visit()
    arm(visitor, what="reset", operation="run_sse", at="event", number=90, name="never")
    arm(visitor, what="latency", operation="get_credits", params={"ms": 0}, name="once")
    visitor.credits()

    assert [one.fault.name for one in faults.unfired(visitor.server.worlds.at(visitor.world).faults)] == ["never"]


# arming

WRONG = {
    "no kind": ({}, "'what' is missing: one of latency, reset"),
    "unknown kind": ({"what": "rest"}, "what: 'rest' is not known; did you mean 'reset'?"),
    "a far word": ({"what": "explode"}, "what: 'explode' is not known; there is: latency, reset"),
    "unknown part": ({"what": "reset", "operations": "run_sse"}, "'operations' is no part of a fault; did you mean 'operation'?"),
    "unknown operation": ({"what": "reset", "operation": "run_see"}, "operation: 'run_see' is not known; did you mean 'run_sse'?"),
    "unknown place": ({"what": "reset", "at": "bytes"}, "at: 'bytes' is not known; did you mean 'byte'?"),
    "wrong place": ({"what": "slow", "at": "end", "params": {"bytes_per_s": 1}}, "slow cannot happen at 'end': only at byte"),
    "events of no stream": ({"what": "reset", "at": "event", "number": 1, "operation": "get_state"}, "get_state has no events"),
    "upload of none": ({"what": "reset", "at": "upload", "operation": "get_state"}, "get_state has no upload of files"),
    "event 0": ({"what": "reset", "at": "event"}, "number: events are counted from 1"),
    "number of nothing": ({"what": "reset", "number": 4}, "number: there is but one 'before' in a call"),
    "negative": ({"what": "reset", "nth": -1}, "nth: '-1' is not a whole number of at least 0"),
    "fraction": ({"what": "reset", "times": 1.5}, "times: '1.5' is not a whole number"),
    "true is no number": ({"what": "reset", "times": True}, "times: 'True' is not a whole number"),
    "no run": ({"what": "reset", "most_in_row": 0}, "most_in_row: '0' is not a whole number of at least 1"),
    "never": ({"what": "reset", "chance": 0}, "chance: '0' is not between 0 (excluded) and 1"),
    "too sure": ({"what": "reset", "chance": 1.1}, "chance: '1.1' is not between"),
    "no chance": ({"what": "reset", "chance": float("nan")}, "chance: 'nan' is not between"),
    "empty window": ({"what": "reset", "from_s": 5, "to_s": 5}, "the window from 5 to 5 s is empty: it could never fire"),
    "window before now": ({"what": "reset", "to_s": 0}, "the window from 0 to 0 s is empty"),
    "word for a window": ({"what": "reset", "from_s": "soon"}, "from_s: 'soon' is not a number of seconds"),
    "list for a word": ({"what": ["reset"]}, "what: \"['reset']\" is not a text"),
    "name": ({"what": "reset", "name": "x" * 81}, "is not a text of at most 80 characters"),
    "deliberate": ({"what": "reset", "deliberate": "yes"}, "deliberate: 'yes' is not true or false"),
    "params": ({"what": "reset", "params": [1]}, "params: '[1]' is not an object"),
    "unknown parameter": ({"what": "latency", "params": {"mss": 1}}, "'mss' is no parameter of latency; did you mean 'ms'?"),
    "no parameters": ({"what": "reset", "params": {"how": "hard"}}, "'how' is no parameter of reset; it takes none"),
    "missing parameter": ({"what": "latency"}, "latency needs params.ms: a number between 0 and 1e+09"),
    "wrong parameter": ({"what": "latency", "params": {"ms": "3s"}}, "params.ms: '3s' is not a number"),
    "spread": ({"what": "latency", "params": {"ms": 1, "spread": "unifrom"}}, "params.spread: 'unifrom' is not one of fixed, uniform, lognormal; did you mean 'uniform'?"),
    "to before from": ({"what": "latency", "params": {"ms": 9, "to_ms": 3}}, "params.to_ms: 3 is less than ms, 9"),
    "uniform to nowhere": ({"what": "latency", "params": {"ms": 9, "spread": "uniform"}}, "params.to_ms: 0 is less than ms, 9"),
    "for ever": ({"what": "slow", "at": "byte", "params": {"bytes_per_s": 0}}, "params.bytes_per_s: '0' is not a number between 0.001"),
    "status": ({"what": "status", "params": {"status": 99}}, "params.status: '99' is not an HTTP status"),
    "code": ({"what": "status", "params": {"status": 405, "code": "x"}}, "params.code: 'x' is not a whole number"),
    "headers": ({"what": "status", "params": {"status": 405, "headers": {"a": "b\r\nc: d"}}}, "params.headers:"),
    "undeclared status": ({"what": "status", "operation": "run_sse", "params": {"status": 418}}, "run_sse never answers 418 by the contract (it answers 200, 401"),
    "undeclared by one of all": ({"what": "status", "params": {"status": 422}}, "get_credits never answers 422 by the contract"),
    "rate limit": ({"what": "rate_limit", "operation": "run_sse"}, "run_sse never answers 429 by the contract"),
    "gateway": ({"what": "gateway"}, "gateway breaks the contract; say 'deliberate: true' if you mean it"),
    "corrupt": ({"what": "corrupt", "at": "byte"}, "corrupt breaks the contract"),
    "names": ({"what": "drop_headers", "at": "after", "params": {"names": "date"}}, "params.names: 'date' is not a list of header names"),
    "by": ({"what": "wrong_length", "at": "after", "params": {"by": "x"}, "deliberate": True}, "params.by: 'x' is not a whole number"),
    "length of a stream": ({"what": "wrong_length", "operation": "run_sse", "at": "after", "params": {"by": 1}, "deliberate": True}, "run_sse has no Content-Length"),
    "no case": ({"what": "instead", "at": "after"}, "instead needs either params.case"),
    "case and bytes": ({"what": "instead", "at": "after", "params": {"case": "crlf", "bytes": "x"}}, "instead needs either params.case"),
    "case with a head": ({"what": "instead", "at": "after", "params": {"case": "crlf", "status": 200}}, "params.status: a case has its own"),
    "unknown case": ({"what": "instead", "at": "after", "params": {"case": "cr-alnoe"}}, "params.case: there is no stream case 'cr-alnoe'; did you mean 'cr-alone'?"),
    "illegal case": ({"what": "instead", "at": "after", "params": {"case": "invalid-utf8"}}, "params.case: invalid-utf8 is not legal; say 'deliberate: true'"),
    "bytes of one's own": ({"what": "instead", "at": "after", "params": {"bytes": "x"}}, "say 'deliberate: true'"),
    "bad escape": ({"what": "instead", "at": "after", "params": {"bytes": "\\q"}, "deliberate": True}, r"params.bytes: '\q' is no escape"),
    "missing": ({"what": "instead", "at": "after", "params": {"bytes": "x", "missing": 3}, "deliberate": True}, "params.missing: only an answer that ends by its length"),
    "ends": ({"what": "instead", "at": "after", "params": {"bytes": "x", "ends": "rest"}}, "params.ends: 'rest' is not one of close, cut, reset, length, eof; did you mean 'reset'?"),
    "case of no stream": ({"what": "instead", "operation": "get_state", "at": "after", "params": {"case": "crlf"}}, "get_state has no events: instead at 'after' belongs to run_sse"),
    "nothing at all": ([], "'[]' is no fault"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_nonsense_is_refused_when_armed(name):
    """With what is wrong, and the nearest right word."""
    given, words = WRONG[name]
    with pytest.raises(FaultError) as refused:
        faults.read(given, contract.load())
    assert words in str(refused.value)


LEGAL = [
    {"what": "status", "operation": "issue_anonymous_token", "params": {"status": 429}},
    {"what": "rate_limit", "operation": "issue_anonymous_token"},
    {"what": "status", "params": {"status": 405}},
    {"what": "instead", "operation": "run_sse", "at": "after", "params": {"case": "crlf"}},
    {"what": "reset", "at": "upload", "number": 9, "params": None},
]


@pytest.mark.parametrize("given", LEGAL)
def test_what_the_contract_allows_needs_no_excuse(given):
    assert faults.read(given, contract.load()).what == given["what"]


PLAIN = (
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | st.text(max_size=4) | st.lists(st.text(max_size=2), max_size=2)
)
PARAMS = sorted({name for kind in faults.KINDS.values() for name in kind.params})


@settings(max_examples=300, deadline=None)
@given(
    st.fixed_dictionaries(
        {"what": st.sampled_from(list(faults.KINDS))},
        optional={name: PLAIN for name in faults.Fault.__dataclass_fields__ if name not in ("what", "params")}
        | {
            "at": st.sampled_from(faults.PLACES),
            "params": st.dictionaries(st.sampled_from(PARAMS), PLAIN | st.dictionaries(st.text(max_size=2), PLAIN), max_size=3),
        },
    )
)
def test_anything_is_read_or_refused(given):
    """Never another error; and what is read, is kept and comes back."""
    try:
        fault = faults.read(given, contract.load())
    except FaultError:
        return
    book = faults.book("1")
    faults.arm(book, fault, 0)
    faults.arriving(book, "run_sse", 0)
    assert msgspec.json.decode(msgspec.json.encode(book), type=FaultBook) == book


# what faults leave alone

SCRIPT: list[Callable[[Peer], None]] = [
    lambda peer: peer.upload("a.png", PNG),
    lambda peer: peer.say("make a 10 second video of a city at night"),
    lambda peer: peer.ask("GET", f"api/state/nemo_agent/me/{peer.visitor.session_id}/latest"),
    lambda peer: peer.say(EDIT),
    lambda peer: peer.ask_credits(),
]
#: One of each kind at each place after the work; they take no time, or the worlds would differ by the clock alone.
AFTER_THE_WORK = [
    {"what": kind, "at": place, "number": {"event": 2, "byte": 30}.get(place, 0), "params": params}
    for kind, params in {
        "latency": {"ms": 0}, "reset": {}, "close": {}, "half_close": {}, "stall": {}, "slow": {"bytes_per_s": 1e9},
        "status": {"status": 500}, "gateway": {}, "rate_limit": {}, "wrong_length": {"by": 7}, "drop_headers": {"names": ["date"]},
        "corrupt": {"bytes": 20}, "duplicate": {}, "reorder": {}, "instead": {"case": "crlf"},
    }.items()
    for place in faults.KINDS[kind].places
    if place not in ("before", "upload")
]  # fmt: skip


def so_far(visitor: Visitor, known: int) -> set[str]:
    """What the journal says of the exchange that began after entry `known`: its head, its end, faults it met."""
    live = visitor.server.worlds.at(visitor.world)
    entries = visitor.server.do(lambda: list(live.journal.entries(known)))
    return {entry.get("what", entry["kind"]) for entry in entries if "of" in entry}


def lived(visitor: Visitor, fault: dict[str, Any] | None = None) -> bytes:
    """The state of a world after the same requests at the same instants, without its faults."""
    live = visitor.server.worlds.at(visitor.world)
    armed = arm(visitor, **fault) if fault else None
    for ask in SCRIPT:
        known = live.journal.last
        with Peer(visitor) as peer:
            ask(peer)
            until(visitor, partial(so_far, visitor, known))
            visitor.pass_time(1000)
            until(visitor, lambda known=known: so_far(visitor, known) & {"response", "end", "stall", "half_close"})
    assert armed is None or armed.fired
    state = json.loads(visitor.server.do(lambda: freeze(live.world, faults.book(""))))["world"]
    return json.dumps(state | {"name": "", "blobs": sorted(state["blobs"])}).encode()


@pytest.mark.parametrize("fault", AFTER_THE_WORK, ids=lambda fault: f"{fault['what']}-{fault['at']}")
def test_faults_never_change_what_happened(visit, fault):
    """The same requests at the same instants leave the same world, whatever the wire did after the work."""
    one, other = (visit(policy="manual", silent_rate=0, free_credits=500, public_url="http://x") for _ in range(2))

    assert lived(one, fault) == lived(other)


@pytest.mark.parametrize("what", ["reset", "close", "stall", "gateway"])
def test_an_answer_lost_after_the_work(visit, what):
    """The draft has changed and the edit was charged once; so a client that looks need not, and must not, say it again."""
    visitor = editor(visit)
    before = visitor.state()["draft"]
    arm(visitor, what=what, operation="run_sse", at="after", times=1)
    with Peer(visitor) as peer:
        peer.say("add calm background music")
        until(visitor, lambda: visitor.journal("fault"))

    visitor.pass_time(60)
    assert visitor.state()["draft"] != before
    assert visitor.credits() == {"available": 50, "frozen": 0, "total": 50}
    settled = [entry for entry in visitor.journal("world") if entry["what"] == "credits.settled"]
    assert len(settled) == 1 and not visitor.journal("stream")


@pytest.mark.parametrize("what", ["reset", "status"])
def test_a_call_lost_before_the_work(visit, what):
    """Nothing was done and nothing charged."""
    visitor = visit()
    arm(visitor, what=what, operation="run_sse", at="before", times=1, params={"status": 500} if what == "status" else {})
    with Peer(visitor) as peer:
        peer.say(EDIT)
        peer.hear()
    visitor.pass_time(60)

    assert visitor.credits()["total"] == 100
    assert not visitor.server.worlds.at(visitor.world).world.turns


@pytest.mark.parametrize("what", ["reset", "close", "stall"])
@pytest.mark.parametrize("number", [0, 200, 1000])
def test_an_upload_that_is_cut_leaves_nothing_behind(visit, what, number):
    """No file in the session, none on the disk, though half of it was there already."""
    visitor = visit()
    blobs = visitor.server.worlds.blobs
    kept = visitor.server.do(lambda: blobs.size_bytes)
    armed = arm(visitor, what=what, operation="upload_files", at="upload", number=number)
    with Peer(visitor) as peer:
        peer.upload("a.png", PNG[:300], announced=5000)
        if number == 1000:
            until(visitor, lambda: visitor.server.do(lambda: blobs.size_bytes) > kept)
            assert not armed.fired
            peer.socket.sendall(PNG[300:1300])
        until(visitor, lambda: armed.fired)
    until(visitor, lambda: last_end(visitor))

    disarm(visitor)
    assert visitor.state()["video_infos"] == []
    assert visitor.server.do(lambda: blobs.size_bytes) == kept
    assert visitor.upload_files(("a.png", PNG)).json()["code"] == 0


def test_a_rewind_brings_the_dice_of_the_faults_back(visit):
    """The same calls after it meet the same faults: by chance, with the same latencies, counted alike."""
    visitor = visit()
    arm(visitor, what="status", operation="get_credits", at="before", chance=0.5, most_in_row=3, params={"status": 500})
    arm(
        visitor,
        what="latency",
        operation="get_credits",
        at="after",
        nth=9,
        params={"ms": 1, "to_ms": 90_000, "spread": "uniform"},
    )
    worlds = visitor.server.worlds

    def statuses() -> list[Any]:
        codes: list[Any] = [visitor.http.get("api/credits/balance/simple").status_code for _ in range(12)]
        return [*codes, worlds.at(visitor.world).world.now_ms]

    visitor.server.do(lambda: worlds.checkpoint(visitor.world, "here"))
    first = statuses()
    second = statuses()
    visitor.server.do(lambda: worlds.rewind(visitor.world, "here"))

    assert statuses() == first != second
    assert {200, 500} <= set(first)
    assert [one.chosen for one in worlds.at(visitor.world).faults.armed][1] == 1


def test_a_book_is_kept_and_comes_back(visit):
    visitor = visit()
    arm(visitor, what="corrupt", operation="get_credits", at="byte", number=3, chance=0.5, from_s=1, name="x")
    arm(visitor, what="instead", operation="run_sse", at="after", params={"case": "crlf"})
    visitor.credits()
    live = visitor.server.worlds.at(visitor.world)

    assert thaw(freeze(live.world, live.faults)).faults == live.faults


def test_a_fork_meets_the_same_fate(visit):
    visitor = visit()
    arm(visitor, what="status", operation="get_credits", chance=0.5, most_in_row=3, params={"status": 500})
    worlds = visitor.server.worlds
    name = visitor.world + "b"
    visitor.server.do(lambda: worlds.fork(visitor.world, name))

    with httpx.Client(base_url=visitor.server.world_url(name), headers=visitor.http.headers) as there:
        path = "api/credits/balance/simple"
        assert [visitor.http.get(path).status_code for _ in range(20)] == [there.get(path).status_code for _ in range(20)]
