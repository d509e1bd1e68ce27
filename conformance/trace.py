"""A trace: what crossed the wire and what the world did (the journal), and what the client showed its user (the transcript).

JSON lines, in order, in virtual time. Beside the kinds of a journal (`mock_server/journal.py` lists them) there are those of the kit:

- given: scenario, covers, skill (name, version, platforms, session_body), env (what the client was told), rate,
  started (how often the client is started); the first line
- user: text, files; a message to the client
- say: text; something the user was shown
- done: the client is ready for the next message
- file: path (below HOME), size, text (of a small one); what lies there after the end
- argument: text; the command line of a process of the client that held a secret
- foreign: host, method, path, secret (whether a token went along); a request to a host that is not the service
- late: ms (virtual); the machine was that late, so that much of any delay is not the client's
- outcome: how (finished, crashed, left, hung, flooded, mute, not started), code, stderr, left (processes it left behind), unfired (faults
  that nobody met), forgotten (journal lines that were dropped), jumped_ms (virtual time skipped while the client was idle)

Rules see a `Trace` and nothing else.
"""

import json
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

from conformance.sse import Meaning, Parser, meanings

Entry = dict[str, Any]

#: How faults end a connection before its answer is whole.
DROPS = ("reset", "close", "half_close", "stall")
TOKEN, CLAIM = "nmv_usr_", "clm_"
#: What an entry of a kind cannot be read without, and what members are wherever they are told.
NEEDS: Mapping[str, tuple[str, ...]] = {
    "request": ("seq", "method", "path"),
    "response": ("of", "status"),
    "stream": ("of", "status"),
    "event": ("of",),
    "chunk": ("of",),
    "fault": ("what",),
    "end": ("of", "by"),
    "world": ("what",),
    "user": ("text",),
    "say": ("text",),
    "file": ("path", "size", "text"),
    "argument": ("text",),
    "foreign": ("host", "method", "path"),
    "late": ("ms",),
    "outcome": ("how",),
}
KINDS: Mapping[type, str] = {
    int: "seq of status bytes body_bytes size ms forgotten jumped_ms code",
    str: "method path query operation what by text host how stderr wire turn scenario world",
    list: "headers files covers left unfired",
    dict: "skill env",
    float: "rate",
}
TYPES = {name: kind for kind, names in KINDS.items() for name in names.split()}


@dataclass(frozen=True, slots=True)
class Event:
    """A thing told in a stream, in whatever spelling; a `line` of the trace brought its last byte."""

    line: int
    at_ms: int
    data: str
    event: str
    meanings: tuple[Meaning, ...]


@dataclass(slots=True)
class Exchange:
    """A request and how it was answered. Headers have lower-case names; `path` is without the world's prefix.

    `operation` is the contract's, "" for a path that is none of the service's. `code` is that of the envelope, else the HTTP status
    where that is no success, else 0; None without an answer. `ended_by`: server, client, control, shutdown, fault, "" when it never did.
    """

    line: int
    at_ms: int
    method: str
    path: str
    query: str
    operation: str
    headers: dict[str, str]
    body: Any = None
    body_bytes: int = 0
    uploads: list[str] = field(default_factory=list)
    status: int | None = None
    answer_line: int = 0
    answered_ms: int | None = None
    answer_headers: dict[str, str] = field(default_factory=dict)
    answer: Any = None
    stream: bool = False
    turn: str = ""
    events: list[Event] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)  # what was done to it: latency, status, corrupt ...
    cut: str = ""  # of DROPS, when a fault cut the answer
    ended_line: int = 0
    ended_ms: int | None = None
    ended_by: str = ""
    sent_bytes: int = 0

    @property
    def code(self) -> int | None:
        if self.status is None:
            return None
        told = self.answer.get("code") if isinstance(self.answer, dict) else None
        if isinstance(told, int) and not isinstance(told, bool) and told:
            return told
        return self.status if self.status >= 400 else 0

    @property
    def ok(self) -> bool:
        """Answered with success, whole and undamaged."""
        whole = not self.cut and self.ended_by in ("server", "")
        return self.code == 0 and whole and not {"corrupt", "wrong_length", "instead"}.intersection(self.faults)

    @property
    def data(self) -> dict[str, Any]:
        """`data` of the answer's envelope; empty when it has none."""
        told = self.answer.get("data") if isinstance(self.answer, dict) else None
        return told if isinstance(told, dict) else {}

    def told(self, *path: str) -> Any:
        """A member of the answer inside `data` or beside it; None when in neither."""
        for place in (self.data, self.answer):
            for key in path:
                place = place.get(key) if isinstance(place, dict) else None
            if place is not None:
                return place
        return None

    @property
    def token(self) -> str:
        """What follows "Bearer"; "" without it."""
        scheme, _, value = self.headers.get("authorization", "").partition(" ")
        return value.strip() if scheme.lower() == "bearer" else ""

    @property
    def over_ms(self) -> int:
        """When nothing more of it was to come; its start while that is unknown."""
        return next(at for at in (self.ended_ms, self.answered_ms, self.at_ms) if at is not None)

    @property
    def dropped(self) -> bool:
        """The answer never came whole, and not because the client left."""
        return bool(self.cut) or self.ended_by == "fault"

    @property
    def message(self) -> str:
        """The text of a turn's message; "" when it is not where the service looks for it."""
        parts = _at(self.body, "new_message", "parts")
        first = parts[0] if isinstance(parts, list) and parts else None
        text = first.get("text") if isinstance(first, dict) else None
        return text if isinstance(text, str) else ""

    @property
    def texts(self) -> list[str]:
        """Texts that the stream told, each once: pieces are joined unless the whole follows."""
        found: list[str] = []
        pieces: list[str] = []
        for told in (meaning for event in self.events for meaning in event.meanings if meaning.kind == "text"):
            if told.partial:
                pieces.append(told.text)
            else:
                pieces.clear()
                found.append(told.text)
        return [*found, *(["".join(pieces)] if pieces else [])]

    @property
    def tools(self) -> list[str]:
        return [meaning.text for event in self.events for meaning in event.meanings if meaning.kind == "tool"]

    @property
    def errors(self) -> list[str]:
        return [meaning.text for event in self.events for meaning in event.meanings if meaning.kind == "error"]

    @property
    def state(self) -> dict[str, Any]:
        """`data.state` of an answer about the state."""
        told = self.data.get("state")
        return told if isinstance(told, dict) else {}

    @property
    def draft(self) -> dict[str, Any]:
        """The draft in an answer about the state; empty when there is none."""
        told = self.state.get("draft")
        return told if isinstance(told, dict) else {}


@dataclass(frozen=True, slots=True)
class Say:
    line: int
    at_ms: int
    text: str


@dataclass(slots=True)
class Message:
    """One message of the user, and all until the next one: what was shown, what was asked of the service.

    `done_ms` None: the client never said that it is ready again.
    """

    line: int
    at_ms: int
    text: str
    files: list[str]
    says: list[Say] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    done_ms: int | None = None

    @property
    def shown(self) -> str:
        """Everything the user was shown for it."""
        return "\n".join(say.text for say in self.says)

    def of(self, *operations: str) -> list[Exchange]:
        return [one for one in self.exchanges if one.operation in operations]


class Trace:
    """Entries as values. Lines are counted from 1."""

    def __init__(self, entries: Iterable[Entry], name: str = "") -> None:
        self.entries = list(entries)
        self.name = name or str(self.given.get("scenario") or self._world())

    # what was given, and how it ended

    @cached_property
    def given(self) -> Entry:
        """The entry that says what the client was given; empty in a journal alone."""
        return next((one for one in self.entries if one["kind"] == "given"), {})

    @cached_property
    def outcome(self) -> Entry:
        """The entry that says how the client ended; empty in a journal alone."""
        return next((one for one in reversed(self.entries) if one["kind"] == "outcome"), {})

    @property
    def skill(self) -> Mapping[str, Any]:
        """Name, version, platforms and session_body of the skill that the client follows."""
        told = self.given.get("skill")
        return told if isinstance(told, dict) else {}

    @property
    def env(self) -> Mapping[str, str]:
        """The variables that the client was given."""
        told = self.given.get("env")
        return told if isinstance(told, dict) else {}

    @property
    def rate(self) -> float:
        """Virtual seconds in a real one."""
        return float(self.given.get("rate") or 1.0)

    @cached_property
    def has_transcript(self) -> bool:
        """Whether it is known what the user saw: not so in a journal alone."""
        return any(one["kind"] in ("user", "say") for one in self.entries)

    @property
    def finished(self) -> bool:
        """The client went through the conversation and left by itself; of a journal alone nobody knows better."""
        return str(self.outcome.get("how", "finished")) == "finished"

    @cached_property
    def incomplete(self) -> str:
        """Why something may be missing from the record; "" when nothing is."""
        forgotten = int(self.outcome.get("forgotten") or 0)
        numbers = [one["seq"] for one in self.entries if isinstance(one.get("seq"), int)]
        if numbers and not forgotten:
            forgotten = numbers[0] - 1 + sum(b - a - 1 for a, b in pairwise(numbers) if b > a)
        return f"the journal forgot {forgotten} lines" if forgotten else ""

    def _world(self) -> str:
        return next((str(one["world"]) for one in self.entries if "world" in one), "")

    # the wire

    @cached_property
    def exchanges(self) -> list[Exchange]:
        """All requests with their answers, in the order of the requests."""
        return _exchanges(self.entries)

    def of(self, *operations: str) -> list[Exchange]:
        """Exchanges of these operations, in the order of their requests."""
        return [one for one in self.exchanges if one.operation in operations]

    def after(self, line: int, *operations: str) -> list[Exchange]:
        """Requests later in the trace than `line`."""
        return [one for one in self.exchanges if one.line > line and (not operations or one.operation in operations)]

    def before(self, line: int, *operations: str) -> list[Exchange]:
        """Exchanges before a line; all without operations."""
        return [one for one in self.exchanges if one.line < line and (not operations or one.operation in operations)]

    @cached_property
    def sessions(self) -> list[str]:
        """Ids of the sessions that were made, as the service gave them."""
        return [str(one.told("session_id")) for one in self.of("create_session") if one.told("session_id") is not None]

    @cached_property
    def tokens(self) -> list[str]:
        """Tokens that the client got or was given."""
        got = [str(one.told("token")) for one in self.of("issue_anonymous_token") if one.told("token")]
        own = str(self.env.get("NEMO_TOKEN") or "")
        return [*([own] if own else []), *got]

    def world(self, what: str) -> list[Entry]:
        """What the world itself did: its entries of that name, like "credits.settled"."""
        return [one for one in self.entries if one["kind"] == "world" and one.get("what") == what]

    # the transcript

    @cached_property
    def says(self) -> list[Say]:
        """All that the user was shown."""
        return [Say(n, one["at_ms"], one["text"]) for n, one in self.numbered("say")]

    @cached_property
    def messages(self) -> list[Message]:
        """What the user said, each with what followed it."""
        found: list[Message] = []
        exchanges = {one.line: one for one in self.exchanges}
        for number, one in enumerate(self.entries, 1):
            if one["kind"] == "user":
                found.append(Message(number, one["at_ms"], one["text"], list(one.get("files", ()))))
            elif found and one["kind"] == "say":
                found[-1].says.append(Say(number, one["at_ms"], one["text"]))
            elif found and one["kind"] == "request":
                found[-1].exchanges.append(exchanges[number])
            elif found and one["kind"] == "done":
                waiting = next((message for message in found if message.done_ms is None), found[-1])
                waiting.done_ms = one["at_ms"]
        return found

    @property
    def shown(self) -> str:
        """Everything the user was shown."""
        return "\n".join(say.text for say in self.says)

    def message_of(self, exchange: Exchange) -> Message | None:
        """The user's message during which a request came."""
        return next((one for one in reversed(self.messages) if one.line < exchange.line), None)

    def says_after(self, line: int) -> list[Say]:
        """What the user was shown after a line."""
        return [say for say in self.says if say.line > line]

    def numbered(self, kind: str) -> list[tuple[int, Entry]]:
        """Entries of a kind with their lines."""
        return self._by_kind.get(kind, [])

    @cached_property
    def _by_kind(self) -> dict[str, list[tuple[int, Entry]]]:
        found: dict[str, list[tuple[int, Entry]]] = {}
        for number, one in enumerate(self.entries, 1):
            found.setdefault(one["kind"], []).append((number, one))
        return found

    # time

    def late_ms(self, from_ms: int, to_ms: int) -> int:
        """How late the machine is known to have been in that time, in virtual ms."""
        return sum(
            int(one["ms"]) for one in self.entries if one["kind"] == "late" and from_ms <= one["at_ms"] <= to_ms + one["ms"]
        )

    def slack_ms(self, from_ms: int, to_ms: int) -> int:
        """What no upper bound may blame on the client: a real second, since starting and scheduling take time on any machine, and how
        late this one was."""
        return int(1000 * self.rate) + self.late_ms(from_ms, to_ms)


def read(lines: Iterable[str | bytes]) -> list[Entry]:
    """Entries of a file of JSON lines. Raises ValueError with the number of the line."""
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            raise ValueError(f"line {number} is no JSON") from None
        if not isinstance(entry, dict) or not isinstance(entry.get("kind"), str) or type(entry.get("at_ms")) is not int:
            raise ValueError(f"line {number} is no entry of a journal: it has no kind or no at_ms")
        for name in NEEDS.get(entry["kind"], ()):
            if entry.get(name) is None:
                raise ValueError(f"line {number} is no entry of a journal: {entry['kind']} has no {name}")
        for name, kind in TYPES.items():
            if entry.get(name) is not None and type(entry[name]) not in (kind, int if kind is float else kind):
                raise ValueError(f"line {number} is no entry of a journal: {name} is {repr(entry[name])[:40]}")
        for pair in entry.get("headers") or ():
            if not isinstance(pair, list) or len(pair) != 2:
                raise ValueError(f"line {number} is no entry of a journal: {repr(pair)[:40]} is no header")
        found.append(entry)
    return found


def split(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """Entries by world; those of the kit, which name none, belong to the world before them."""
    found: dict[str, list[Entry]] = {}
    current = ""
    for one in entries:
        current = str(one.get("world", current))
        found.setdefault(current, []).append(one)
    return found


def _exchanges(entries: list[Entry]) -> list[Exchange]:
    found: dict[int, Exchange] = {}
    wires: dict[int, list[tuple[int, int, bytes]]] = {}
    for line, one in enumerate(entries, 1):
        if one["kind"] == "request":
            found[int(one["seq"])] = _request(line, one)
        elif (exchange := found.get(int(one.get("of") or 0))) is not None:
            _answer(exchange, line, one, wires.setdefault(exchange.line, []))
    for exchange in found.values():
        if exchange.stream:
            exchange.events = list(_events(exchange, wires[exchange.line]))
    return list(found.values())


def _request(line: int, one: Entry) -> Exchange:
    path = str(one["path"]).removeprefix(f"/w/{one.get('world')}") or "/"
    headers: dict[str, str] = {}
    for name, value in one.get("headers", ()):
        name = str(name).lower()
        headers[name] = f"{headers[name]}, {value}" if name in headers else str(value)
    return Exchange(
        line,
        int(one["at_ms"]),
        str(one["method"]),
        path,
        str(one.get("query") or ""),
        str(one.get("operation") or ""),
        headers,
        one.get("body"),
        int(one.get("body_bytes") or headers.get("content-length", "0") or 0),
    )


def _answer(exchange: Exchange, line: int, one: Entry, wire: list[tuple[int, int, bytes]]) -> None:
    at_ms = int(one["at_ms"])
    match one["kind"]:
        case "upload":
            exchange.uploads = [str(file.get("filename")) for file in one.get("files", ())]
        case "response" | "stream":
            exchange.status, exchange.answered_ms, exchange.answer_line = int(one["status"]), at_ms, line
            exchange.answer_headers = {str(name).lower(): str(value) for name, value in one.get("headers", ())}
            exchange.stream, exchange.turn = one["kind"] == "stream", str(one.get("turn") or "")
            exchange.answer = one.get("body")
            if not exchange.stream:
                exchange.ended_line, exchange.ended_ms, exchange.ended_by = line, at_ms, "server"
        case "event" | "chunk":
            content = b64decode(one["wire_base64"]) if "wire_base64" in one else str(one.get("wire", "")).encode()
            wire.append((line, at_ms, content))
        case "fault":
            exchange.faults.append(str(one["what"]))
            if one["what"] in DROPS:
                exchange.cut, exchange.ended_line, exchange.ended_ms, exchange.ended_by = one["what"], line, at_ms, "fault"
        case "end":
            exchange.sent_bytes = int(one.get("bytes") or 0)
            if not exchange.cut:
                exchange.ended_line, exchange.ended_ms, exchange.ended_by = line, at_ms, str(one["by"])


def _events(exchange: Exchange, wire: list[tuple[int, int, bytes]]) -> Iterator[Event]:
    """Those that arrived whole: a cut connection lets through what it says, and no more."""
    left = exchange.sent_bytes if exchange.cut and exchange.sent_bytes else sum(len(content) for _, _, content in wire)
    parser = Parser()
    for line, at_ms, content in wire:
        for sent in parser.feed(content[:left]):
            yield Event(line, at_ms, sent.data, sent.event, tuple(meanings(sent.data, sent.event)))
        left = max(0, left - len(content))


def _at(value: Any, *path: str) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
