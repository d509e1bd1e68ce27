"""Stream cases: what each says a correct parser understands is what one does; and they arrive byte for byte, ending as they say."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import httpx
import httpx_sse
import pytest
import sseclient

from conformance.sse import Parser, parse
from mock_server import cases, contract, faults
from mock_server.cases import CaseError, StreamCase
from tests.mock_server.raw import Peer, until

NAMES = cases.names()
SHORT_BYTES = 400

Event = tuple[str, str, str]
Read = Callable[[list[bytes]], tuple[list[Event], object]]


def wanted(case: StreamCase) -> tuple[list[Event], object]:
    return [(event.data, event.event, event.id) for event in case.understood], case.reconnection_ms


def in_pieces(content: bytes) -> list[bytes]:
    """Byte by byte, or in many pieces where that would take long."""
    step = 1 if len(content) < 10_000 else 1 + len(content) // 100
    return [content[at : at + step] for at in range(0, len(content), step)]


# what they say


def test_there_are_many():
    assert len(NAMES) >= 80
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in NAMES)
    assert sum(bool(cases.load(name).client) for name in NAMES) >= 20


@pytest.mark.parametrize("name", NAMES)
def test_a_correct_parser_understands_it(name):
    """Whole, in small pieces, and cut in two at every place."""
    case = cases.load(name)
    content = case.content

    assert parse(content) == wanted(case)
    assert parse(*in_pieces(content)) == wanted(case)
    for at in range(len(content) if len(content) <= SHORT_BYTES else 0):
        assert parse(content[:at], content[at:]) == wanted(case), at


def test_the_reference_parser_is_linear():
    """5 MiB of one line, in pieces of 4 KiB, within two seconds: a parser that copies its line at each piece needs minutes."""
    content, parser, begun = cases.load("line-of-five-mebibytes").content, Parser(), perf_counter()

    told = [event for at in range(0, len(content), 4096) for event in parser.feed(content[at : at + 4096])]

    assert [len(event.data) for event in told] == [5 * 2**20, 2]
    assert perf_counter() - begun < 2


#: WHATWG HTML, 9.2.5: stream = [ bom ] *event; event = *( comment / field ) end-of-line; each line has its end.
GRAMMAR = re.compile("\ufeff?([^\r\n]+(\r\n|\r|\n)|\r\n|\r|\n)*")


def fits(case: StreamCase) -> bool:
    """Whether the grammar, HTTP and the contract's statuses and media types allow it."""
    if case.ends in ("cut", "reset") or case.missing or case.status != 200:
        return False
    kind, _, charset = case.content_type.partition(";")
    if kind == "application/json":
        return bool(json.loads(case.content))
    try:
        text = case.content.decode()
    except UnicodeDecodeError:
        return False
    closed = not text or re.search(r"(\A|\r\n|\r|\n)(\r\n|\r|\n)\Z", text)
    return kind == "text/event-stream" and charset.strip() in ("", "charset=utf-8") and bool(closed and GRAMMAR.fullmatch(text))


@pytest.mark.parametrize("name", NAMES)
def test_legal_is_what_the_grammar_and_http_allow(name):
    """And what is not legal says where it is met all the same."""
    case = cases.load(name)

    assert case.legal == fits(case)
    assert bool(case.common) == (not case.legal)


def test_every_case_stands_for_something_of_its_own():
    told = [
        (case.content, case.chunks, case.content_type, case.status, case.ends, case.missing) for case in map(cases.load, NAMES)
    ]
    assert len(set(told)) == len(NAMES)
    assert len({cases.load(name).why for name in NAMES}) == len({cases.load(name).case for name in NAMES}) == len(NAMES)


# two parsers written by others


def by_httpx_sse(pieces: list[bytes]) -> tuple[list[Event], object]:
    response = httpx.Response(200, headers={"content-type": "text/event-stream"}, content=iter(pieces))
    found = list(httpx_sse.EventSource(response).iter_sse())
    return [(one.data, one.event, one.id) for one in found], next((one.retry for one in found if one.retry is not None), None)


def by_sseclient(pieces: list[bytes]) -> tuple[list[Event], object]:
    found = list(sseclient.SSEClient(iter(pieces)).events())
    retry = next((one.retry for one in found if one.retry is not None), None)
    return [(one.data, one.event, one.id or "") for one in found], int(retry) if retry and retry.isdecimal() else retry


AT_THE_END = "tells an event that no blank line closes"
#: Where each reads something else than the standard says, and what it does instead.
DEVIATIONS = {
    by_httpx_sse: {
        "byte-order-mark": "takes it for part of the first field's name",
        "id-without-data": "tells an event without data",
        "type-without-data": "tells an event without data",
        "retry-nonsense": "reads -1 and +5 as numbers",
    },
    by_sseclient: {
        "byte-order-mark": "takes it for part of the first field's name",
        "cr-before-crlf": "closes an event only at two line ends of one kind",
        "id-sticks": "forgets the id after each event",
        "id-without-data": "forgets the id after each block",
        "nul-in-id": "takes it",
        "invalid-utf8": "raises UnicodeDecodeError",
        "retry-nonsense": "keeps whatever text the last one had",
        "no-blank-line-at-the-end": AT_THE_END,
        "last-event-not-closed": AT_THE_END,
        "partial-event-keeps-its-id": AT_THE_END,
        "reset-inside-an-event": AT_THE_END,
        "cut-inside-the-last-event": AT_THE_END,
        "text-only-in-an-open-event": AT_THE_END,
    },
}


def deviates(read: Read, case: StreamCase) -> bool:
    """Whole or in pieces."""
    try:
        return any(read(pieces) != wanted(case) for pieces in ([case.content], in_pieces(case.content)))
    except UnicodeDecodeError:
        return True


@pytest.mark.parametrize("read", DEVIATIONS)
@pytest.mark.parametrize("name", NAMES)
def test_others_deviate_where_it_is_known(read, name):
    """Strict both ways: a new deviation fails, and one that was mended leaves the table."""
    assert deviates(read, cases.load(name)) == (name in DEVIATIONS[read]), DEVIATIONS[read].get(name, "new")


def test_the_table_names_cases_that_exist():
    assert {name for table in DEVIATIONS.values() for name in table} <= set(NAMES)


# over a real port


def arm(visitor, **told):
    live = visitor.server.worlds.at(visitor.world)
    fault = faults.read({"what": "instead", "operation": "run_sse", "at": "after", "times": 1, **told}, contract.load())
    return visitor.server.do(lambda: faults.arm(live.faults, fault, live.world.now_ms))


def ended(case: StreamCase) -> tuple[bool, str]:
    """Whether a case's answer is whole, and the end of its connection as far as that is not left open."""
    if case.status == 204:
        return False, ""
    if case.ends == "close" or (case.ends == "length" and not case.missing):
        return True, ""
    return False, "RST" if case.ends == "reset" else "FIN"


@pytest.mark.parametrize("name", NAMES)
def test_it_arrives_byte_for_byte(visit, name):
    """In the place of a turn's telling, with its head, in its chunks, to its end; and the turn happens as ever."""
    case, visitor = cases.load(name), visit(silent_rate=0)
    armed = arm(visitor, params={"case": name}, deliberate=not case.legal)
    with Peer(visitor) as peer:
        peer.say("cut the first two seconds")
        heard = peer.hear("whole" if case.status != 204 else "head")
        (end,) = until(visitor, lambda: visitor.journal("end"))

    assert (heard.status, heard.headers["content-type"]) == (case.status, case.content_type)
    assert heard.body == case.content
    assert (heard.whole, heard.end, heard.torn) == (*ended(case), b"")
    if heard.chunks and case.chunks == "event":
        assert heard.chunks == [case.content]
    assert ("content-length" in heard.headers) == (case.ends == "length")
    assert ("transfer-encoding" in heard.headers) == (case.ends in ("close", "cut", "reset") and case.status != 204)
    assert end["by"] == ("server" if case.ends == "close" or (case.ends == "length" and not case.missing) else "fault")
    assert armed.fired == 1
    (turn,) = visitor.server.worlds.at(visitor.world).world.turns.values()
    assert turn.state == "ended"


CHUNKED = {"one-byte-chunks": 22, "two-events-over-three-chunks": 3, "blank-line-split": 3, "crlf-split-between-cr-and-lf": 9}


@pytest.mark.parametrize("name", CHUNKED)
def test_its_chunks_stand_alone_on_the_wire(visit, name):
    visitor = visit()
    arm(visitor, params={"case": name})
    with Peer(visitor) as peer:
        peer.say("cut the first two seconds")
        heard = peer.hear()

    assert len(heard.chunks) == CHUNKED[name]
    if name == "one-byte-chunks":
        assert {len(chunk) for chunk in heard.chunks} == {1}


def test_it_ends_when_its_turn_has_ended(visit):
    """The bytes are there at once; the end comes when the turn's would."""
    visitor = visit(policy="manual")
    arm(visitor, params={"case": "comment-heartbeat"})
    with Peer(visitor) as peer:
        peer.say("what can you do?")
        came = b""
        while b"data: hi\n\n\r\n" not in came:
            came += peer.socket.recv(65536)
        until(visitor, lambda: visitor.journal("chunk"))
        assert came.endswith(b"data: hi\n\n\r\n") and not peer.hear("now").raw
        visitor.pass_time(60)
        assert peer.socket.recv(65536) == b"0\r\n\r\n"


def test_the_next_call_is_told_as_ever(visit):
    """`times` 1 is the next call alone; what the first one did is there, and was charged once."""
    visitor = visit(silent_rate=0)
    before = visitor.credits()["total"]
    arm(visitor, params={"case": "text-only-in-a-comment"})

    first = visitor.say("make a 10 second video of a city at night")
    assert first.content == cases.load("text-only-in-a-comment").content
    assert visitor.state()["draft"] and visitor.credits()["total"] == before - 100
    assert b'"type":"text"' in visitor.say("what can you do?").content


def test_the_journal_tells_what_was_told(visit):
    visitor = visit()
    arm(visitor, params={"case": "reset-inside-an-event"}, deliberate=True, name="cut it")
    with pytest.raises(httpx.ReadError):
        visitor.say("what can you do?")

    case = cases.load("reset-inside-an-event")
    (stream,), (fired,), (chunk,), end = (visitor.journal(kind) for kind in ("stream", "fault", "chunk", "end"))
    assert (stream["case"], stream["status"]) == (case.name, 200)
    assert (fired["fault"], fired["what"], fired["at"]) == ("cut it", "instead", "after")
    assert chunk["wire"].encode() == case.content
    assert (end[-1]["by"], end[-1]["bytes"], end[-1]["events"]) == ("fault", len(case.content), 0)


@pytest.mark.parametrize("chunks", ["bytes:4", "events:2"])
def test_bytes_of_ones_own(visit, chunks):
    """Escaped as in a case, with a head and an end."""
    visitor = visit()
    params = {
        "bytes": r"data: \xe8\xb1\x86\r\n\0\\",
        "ends": "length",
        "missing": 3,
        "status": 418,
        "content_type": "a/b",
        "chunks": chunks,
    }
    arm(visitor, params=params, deliberate=True)
    with Peer(visitor) as peer:
        peer.say("what can you do?")
        heard = peer.hear()

    assert (heard.status, heard.headers["content-type"], heard.headers["content-length"]) == (418, "a/b", "16")
    assert (heard.body, heard.whole, heard.end) == ("data: 豆\r\n\0\\".encode(), False, "FIN")


def test_a_refusal_is_not_replaced(visit):
    """A case stands in the place of a stream; where there is none, nothing is told instead, and the fault says that it never fired."""
    visitor = visit()
    armed = arm(visitor, params={"case": "plain-lf"})
    visitor.session_id = "1"

    assert visitor.say("hello").json()["code"] == 1002
    assert not armed.fired


# reading


GOOD = """\
case: a
why: b
bytes: 'data: a\\n\\n'
understood:
  - data: a
rule: c
legal: true
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "some-case.yaml"
    path.write_text(text)
    return path


def test_a_case_is_read(tmp_path):
    case = cases.read(written(tmp_path, GOOD))
    assert (case.name, case.content, case.understood, case.status) == ("some-case", b"data: a\n\n", (cases.Understood("a"),), 200)


WRONG = {
    "unknown key": (GOOD + "bugs: []\n", 8, "there is no key 'bugs'; did you mean 'bug'?"),
    "missing key": (GOOD.replace("rule: c\n", ""), 1, "'rule' is missing"),
    "twice": (GOOD + "why: c\n", 8, "'why' is given twice"),
    "wrong kind": (GOOD.replace("true", "perhaps"), 7, "legal: 'perhaps' is not true or false"),
    "empty": (GOOD.replace("why: b", "why: ' '"), 2, "why: ' ' is not a text"),
    "no event": (GOOD.replace("  - data: a", "  - a"), 5, "'a' is no event"),
    "unknown part of an event": (GOOD.replace("  - data: a", "  - data: a\n    name: x"), 6, "there is no key 'name' here"),
    "event without data": (GOOD.replace("  - data: a", "  - event: a"), 5, "'data' is missing here"),
    "id is a number": (GOOD.replace("  - data: a", "  - data: a\n    id: 7"), 6, "id: 7 is not a text; put it in quotes"),
    "too many events": (GOOD.replace("  - data: a", "  - data: a\n    times: 10001"), 6, "times: 10001 is not a whole number"),
    "events in all": (GOOD.replace("  - data: a", "  - {data: a, times: 9999}\n  - {data: a, times: 2}"), 4, "more than 10000 events"),
    "bad escape": (GOOD.replace("\\n\\n", "\\q"), 3, r"bytes: '\q' is no escape"),
    "half an escape": (GOOD.replace("\\n\\n", "\\x4"), 3, r"bytes: '\x' is no escape"),
    "too long": (GOOD.replace("'data: a\\n\\n'", "[{repeat: xx, times: 16777216}]"), 3, "a body has at most 16777216 bytes"),
    "far too long": (GOOD.replace("'data: a\\n\\n'", f"[{{repeat: {'x' * 60_000}, times: 16777216}}]"), 3, "a body has at most 16777216 bytes"),
    "too long in all": (GOOD.replace("'data: a\\n\\n'", "[{repeat: x, times: 16777216}, x]"), 3, "a body has at most 16777216 bytes"),
    "repeat of nothing": (GOOD.replace("'data: a\\n\\n'", "[{repeat: x}]"), 3, "'times' is missing here"),
    "repeat 0": (GOOD.replace("'data: a\\n\\n'", "[{repeat: x, times: 0}]"), 3, "a repetition is"),
    "number for bytes": (GOOD.replace("'data: a\\n\\n'", "[1]"), 3, "'1' is neither a text nor {repeat, times}"),
    "link": (GOOD + "bug: [httpx]\n", 8, "is not a list of links"),
    "ends": (GOOD + "ends: fin\n", 8, "ends: 'fin' is not one of close, cut"),
    "missing without length": (GOOD + "missing: 3\n", 8, "only an answer that ends by its length has one"),
    "excuse": (GOOD + "common: always\n", 8, "what is legal needs no excuse"),
    "chunks": (GOOD + "chunks: sometimes\n", 8, "chunks: 'sometimes' is not"),
    "header": (GOOD + 'content_type: "a\\r\\nb: c"\n', 8, "content_type:"),
    "not a mapping": ("- a\n", 1, "a case is a mapping"),
    "nothing": ("", 1, "a case is a mapping"),
    "no YAML": (GOOD + "  x: [\n", 8, "this is not YAML"),
    "control character": ("case: \x01\n", 1, "this is not YAML"),
    "unhashable key": ("[a]: b\n", 1, "a key must be a word"),
    "alias bomb": ("a: &a [x, x]\nb: &b [*a, *a]\n" + "".join(f"{c}: &{c} [{', '.join(['*' + chr(ord(c) - 1)] * 9)}]\n" for c in "cdefg"), 1, "anchors and aliases are not used here"),
    "endless alias": ("case: &a [*a]\n", 1, "anchors and aliases are not used here"),
    "long file": ("#" * 70_000, 1, "a case has at most 65536 bytes"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_named_with_file_and_line(tmp_path, what):
    text, line, words = WRONG[what]
    path = written(tmp_path, text)

    with pytest.raises(CaseError) as refused:
        cases.read(path)

    assert str(refused.value).startswith(f"{path}:{line}: "), refused.value
    assert words in str(refused.value)


def test_an_unknown_case_is_told_the_nearest():
    with pytest.raises(CaseError, match="there is no stream case 'crlff'; did you mean 'crlf'"):
        cases.load("crlff")


def test_escapes():
    assert cases.unescape(r"\n\r\t\0\\\x00\xFF 豆") == b"\n\r\t\0\\\x00\xff \xe8\xb1\x86"
