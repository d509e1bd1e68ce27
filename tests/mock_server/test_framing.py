"""However a stream is framed, the story is the same: parsers written by others recover it."""

import json
import re
import socket
from collections.abc import Iterable
from random import Random

import httpx
import pytest
import sseclient
from httpx_sse import ServerSentEvent
from httpx_sse._decoders import SSEDecoder, SSELineDecoder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_server.domain.script import Event
from mock_server.domain.settings import FIELDS, Settings, changed
from mock_server.domain.turns import Told, Turn
from mock_server.framing import Chunk, Framer
from tests.mock_server.test_settings import FRAMING


def framed(program: Settings, events: list[Event], seed: str = "1") -> list[Chunk]:
    framer = Framer(program, Turn("turn_1", "1", "u", "", "", 0), seed)
    return [chunk for number, event in enumerate(events) for chunk in framer.feed(Told(number * 1000, event))] + framer.finish()


# two parsers, neither of them ours


def by_httpx_sse(chunks: Iterable[bytes]) -> list[str]:
    """Data of the events as httpx-sse reads them; bytes are decoded as its own response iterator does."""
    text = b"".join(chunks).decode()
    lines, decoder = SSELineDecoder(), SSEDecoder()
    found: list[ServerSentEvent | None] = [decoder.decode(line) for line in [*lines.decode(text), *lines.flush()]]
    return [event.data for event in found if event is not None]


def by_sseclient(chunks: Iterable[bytes]) -> list[str]:
    """Data of the events as sseclient-py reads them, from the chunks as they were cut.

    Known of it: it cuts events at blank lines of one kind only, and lines by str.splitlines; so it is fed where neither matters.
    """
    return [event.data for event in sseclient.SSEClient(iter(chunks)).events()]


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
PLAIN = st.text(st.characters(codec="ascii", categories=["L", "N", "Zs"]), max_size=40) | st.sampled_from(
    ["豆腐", "é", "👩‍👧", '{"a":"b:c"}']
)
ARGUMENTS = st.dictionaries(st.sampled_from("abc"), st.integers(-5, 5) | PLAIN, max_size=3)


def story(words: st.SearchStrategy[str]) -> st.SearchStrategy[list[Event]]:
    one = st.one_of(
        st.builds(lambda text: Event("text", text), words),
        st.builds(lambda data: Event("tool_call", name="edit_multitrack", call_id="c", data=data), ARGUMENTS),
        st.builds(lambda data: Event("tool_result", name="edit_multitrack", call_id="c", data=data), ARGUMENTS),
        st.just(Event("heartbeat")),
        st.builds(lambda text: Event("error", text), words),
    )
    return st.lists(one, max_size=8)


PLANS = st.sampled_from(["event", "lines", "random", "hostile", "events:3", "bytes:1", "bytes:7", "at:3,9,40"])
PROGRAMS = st.fixed_dictionaries(
    {
        "dialect": st.sampled_from(["vendor", "adk", "text"]),
        "heartbeat_forms": st.lists(st.sampled_from(FIELDS["heartbeat_forms"].metadata["choices"]), min_size=1, max_size=4),
        "line_end": st.sampled_from(["lf", "crlf", "cr", "mixed"]),
        "bom": st.booleans(),
        "colon_space": st.sampled_from(["yes", "no", "mixed"]),
        "comments": st.sampled_from(["none", "before", "inside"]),
        "sse_fields": st.lists(st.sampled_from(["event", "retry", "unknown"]), unique=True),
        "data_lines": st.sampled_from(["one", "many"]),
        "spice": st.lists(st.sampled_from(["ls", "ps", "nel", "nul", "controls", "emoji"]), unique=True),
        "partials": st.booleans(),
        "merge_parts": st.booleans(),
        "chunks": PLANS,
    }
)


def parts_of(payload: dict) -> list[tuple[str, object]]:
    """What one event says, in any dialect."""
    if payload.get("partial"):
        return []
    if "content" in payload and isinstance(payload["content"], dict):
        keys = {"text": "text", "functionCall": "call", "functionResponse": "result"}
        return [
            (keys[key], value if key == "text" else value.get("args", value.get("response")))
            for part in payload["content"]["parts"]
            for key, value in part.items()
        ]
    if "errorMessage" in payload or "error" in payload:
        return [("error", payload.get("errorMessage", payload.get("error")))]
    match payload.get("type"):
        case "tool_call":
            return [("call", payload["args"])]
        case "tool_result":
            return [("result", payload["result"])]
        case "error":
            return [("error", payload["content"])]
        case "text":
            return [("text", payload["content"])]
        case "heartbeat":
            return []
    if "tool" in payload:
        return [("call", payload["args"]) if "args" in payload else ("result", payload["result"])]
    return [("text", payload["text"])]


def recovered(data: list[str]) -> list[tuple[str, object]]:
    return [part for item in data if item.strip() not in ("", "heartbeat") for part in parts_of(json.loads(item))]


def expected(events: list[Event]) -> list[tuple[str, object]]:
    names = {"text": "text", "error": "error", "tool_call": "call", "tool_result": "result"}
    return [(names[e.kind], e.text if e.kind in ("text", "error") else e.data) for e in events if e.kind != "heartbeat"]


#: httpx-sse does not skip a byte order mark (WHATWG HTML 9.2.5 wants that); its response decoder would have to.
def without_mark(chunks: list[Chunk]) -> list[bytes]:
    content = b"".join(chunk.content for chunk in chunks)
    return [content.removeprefix(b"\xef\xbb\xbf")]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(PROGRAMS, story(WORDS), st.sampled_from("abc"))
def test_httpx_sse_recovers_every_story(program, events, seed):
    """Any legal program over any events: httpx-sse reads the same story."""
    chunks = framed(changed(Settings(), program), events, seed)

    assert recovered(by_httpx_sse(without_mark(chunks))) == expected(events)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(PROGRAMS, story(PLAIN), st.sampled_from(["lf", "crlf", "cr"]))
def test_sseclient_recovers_every_story(program, events, line_end):
    """And sseclient-py, within its known limits, from any cut of the bytes."""
    tame = program | {"line_end": line_end, "spice": [], "bom": False}
    chunks = framed(changed(Settings(), tame), events)

    assert recovered(by_sseclient(chunk.content for chunk in chunks)) == expected(events)


CHOICES = {
    "dialect": ["vendor", "adk", "text"],
    "line_end": ["lf", "crlf", "cr", "mixed"],
    "colon_space": ["yes", "no", "mixed"],
    "comments": ["none", "before", "inside"],
    "data_lines": ["one", "many"],
    "chunks": ["event", "lines", "random", "hostile", "events:3", "bytes:1", "bytes:7", "at:3,9,40"],
    "bom": [True, False],
    "partials": [True, False],
    "merge_parts": [True, False],
}
SETS = {
    "heartbeat_forms": ["json", "empty", "space", "word", "event", "comment", "mixed"],
    "sse_fields": ["event", "retry", "unknown"],
    "spice": ["ls", "ps", "nel", "nul", "controls", "emoji"],
}
TEXTS = [
    "",
    "done",
    "Hi 豆腐",
    "a\nb\r\nc",
    "x\u2028y\u2029z\x85w",
    "\x00\x1b",
    '{"a": "b:c"}',
    "data: no",
    ": no",
    "👩‍👩‍👧",
    " lead",
    "trail ",
    "é" * 50,
    "\ufeffmark",
]


@pytest.mark.parametrize("quarter", range(4))
def test_ten_thousand_programs(quarter):
    """10,000 seeded pairs of program and story, each read back by httpx-sse, and by sseclient-py where it can."""
    dice = Random(quarter)
    for _ in range(2_500):
        program = {name: dice.choice(values) for name, values in CHOICES.items()}
        program |= {name: dice.sample(values, dice.randint(name == "heartbeat_forms", 3)) for name, values in SETS.items()}
        kinds = [
            dice.choice(["text", "text", "tool_call", "tool_result", "heartbeat", "error"]) for _ in range(dice.randint(0, 6))
        ]
        events = [Event(kind, dice.choice(TEXTS), name="edit_multitrack", data={"a": dice.choice(TEXTS)}) for kind in kinds]
        chunks = framed(changed(Settings(), program), events, str(dice.random()))

        assert recovered(by_httpx_sse(without_mark(chunks))) == expected(events), program
        tame = program["line_end"] != "mixed" and not program["bom"] and not {"ls", "ps", "nel"} & set(program["spice"])
        if tame and not any(char in event.text + event.data["a"] for event in events for char in "\u2028\u2029\x85"):
            assert recovered(by_sseclient(chunk.content for chunk in chunks)) == expected(events), program


@settings(max_examples=60, deadline=None)
@given(PROGRAMS, story(WORDS))
def test_cutting_changes_no_byte(program, events):
    """The chunk plan moves boundaries and nothing else; equal inputs give equal chunks."""
    plan = changed(Settings(), program)
    whole = b"".join(chunk.content for chunk in framed(changed(plan, {"chunks": "event"}), events))
    cut = framed(plan, events)

    assert b"".join(chunk.content for chunk in cut) == whole
    assert framed(plan, events) == cut
    assert all(chunk.content for chunk in cut)


TALE = [
    Event("text", "Hi 豆腐 👩‍👧"),
    Event("tool_call", name="edit_multitrack", call_id="c", data={"a": 1}),
    Event("heartbeat"),
    Event("text", "done"),
]

EFFECTS = {
    "merge_parts": ({"dialect": "adk", "merge_parts": True}, rb'"text":"Hi [^}]*\},\{"functionCall"'),
    "partials": ({"partials": True}, rb'"content":"Hi [^"]*","partial":true'),
    "line_end": ({"line_end": "cr"}, rb"\A[^\n]+\Z"),
    "bom": ({"bom": True}, rb"\A\xef\xbb\xbfdata"),
    "colon_space": ({"colon_space": "no"}, rb'\Adata:\{'),
    "comments": ({"comments": "before"}, rb"\A:0\n"),
    "sse_fields": ({"sse_fields": "event,id,retry,unknown"}, rb"\Aevent: message\nid: 0\nretry: 3000\nx-mock: 1\ndata"),
    "data_lines": ({"data_lines": "many"}, rb"\Adata: \{\ndata:"),
    "spice": ({"spice": "ls,nul,long"}, b":a\x00b.*a\xe2\x80\xa8b" + rb"x{70000}"),
    "last_blank_line": ({"last_blank_line": False}, rb"[^\n]\n\Z"),
}  # fmt: skip


@pytest.mark.parametrize("name", EFFECTS)
def test_effect(name):
    """Each part of the program does what its setting says, and only when asked."""
    asked, seen = EFFECTS[name]
    plain, done = (b"".join(c.content for c in framed(changed(Settings(), s), TALE)) for s in ({}, asked))

    assert re.search(seen, done, re.DOTALL)
    assert not re.search(seen, plain, re.DOTALL)


def test_every_setting_of_the_framing_has_an_effect_here():
    """The list above is whole."""
    assert EFFECTS.keys() | {"chunks", "chunk_gap_ms"} == FRAMING <= FIELDS.keys()


def test_hostile_cuts_fall_where_parsers_are_weak():
    """Inside every character, between CR and LF, inside every `data`."""
    chunks = [c.content for c in framed(changed(Settings(), {"chunks": "hostile", "line_end": "crlf"}), TALE)]

    assert any(chunk.endswith(b"\r") for chunk in chunks)
    assert any(chunk.endswith(b"da") for chunk in chunks)
    assert sum(1 for chunk in chunks if chunk[0] & 0xC0 == 0x80) >= 10


def raw_chunks(url: str, request: bytes) -> list[bytes]:
    """HTTP chunks (RFC 9112, 7.1) of an answer, as they stand on the wire."""
    with socket.create_connection((httpx.URL(url).host, httpx.URL(url).port), timeout=10) as peer:
        peer.sendall(request)
        wire = b""
        while not wire.endswith(b"0\r\n\r\n"):
            piece = peer.recv(65536)
            assert piece
            wire += piece
    body = wire.partition(b"\r\n\r\n")[2]
    found = []
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        found.append(rest[:length])
        body = rest[length + 2 :]
    return [chunk for chunk in found if chunk]


@pytest.mark.parametrize("plan", ["event", "hostile", "bytes:5", "events:2", "lines"])
def test_chunks_are_http_chunks(visit, plan):
    """What is promised is the HTTP chunk: each stands alone on the wire, as the journal says."""
    visitor = visit(chunks=plan, chunk_gap_ms=20)
    body = json.dumps({"session_id": visitor.session_id, "new_message": {"parts": [{"text": "你好, what can you do?"}]}}).encode()
    head = f"POST /w/{visitor.world}/run_sse HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {visitor.token}\r\nContent-Type: application/json\r\n"

    seen = raw_chunks(visitor.server.url, f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    import base64

    told = [e for e in visitor.journal() if e["kind"] in ("event", "chunk") and ("wire" in e or "wire_base64" in e)]
    assert seen == [e["wire"].encode() if "wire" in e else base64.b64decode(e["wire_base64"]) for e in told]
    assert b"".join(seen).decode()


def test_gaps_between_chunks_are_virtual(visit):
    """A dribbled event takes its virtual time; heartbeats and story stay as they are."""
    quick, slow = visit(), visit(chunks="bytes:10", chunk_gap_ms=500)
    answers = [visitor.say("what can you do?") for visitor in (quick, slow)]

    taken = [v.server.worlds.at(v.world).world.now_ms for v in (quick, slow)]
    assert recovered(by_httpx_sse([answers[0].content])) == recovered(by_httpx_sse([answers[1].content]))
    assert len(answers[1].content) // 10 * 500 * 0.8 < taken[1] - taken[0] + 15_000
