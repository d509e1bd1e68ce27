"""Stream cases: byte sequences with a name, each with what a correct parser understands of them.

A case is one YAML file of `fixtures/streams`, called by the name of its file:

- case, why: what it is, and why it matters
- bytes: the body. A text with the escapes `\\n`, `\\r`, `\\t`, `\\0`, `\\xNN` and `\\\\`, its other characters as UTF-8; or a list of
  such texts and of {repeat: text, times: n}, where `{n}` in a repeated text is its number, from 0
- understood: the events that a parser dispatches, in order: {data, event, id}. Without `event` it is `message`; `id` is the last
  event ID at that time; `data` may be a list as `bytes` is, without escapes; `times` repeats an event
- reconnection_ms: the reconnection time that a parser remembers, where the stream sets one
- client: what a client of this API must understand of it, or do
- rule: the clause; bug: links to clients that got it wrong
- legal: whether bytes, head and end are what the standards and this API's contract allow; `common`: where those that are not
  are met all the same
- status, content_type: the head, where it is not that of a stream
- ends: how the answer ends (`ENDS`); `missing`: how many bytes of an announced length never come
- chunks: what is written at once, as the setting of that name says

A case is played by the fault `instead` (`mock_server/faults.py`): the bytes stand in the place of those that a call of run_sse would
have told, from the first, and the answer ends when its turn has ended. What the turn does stays as it is.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from mock_server.domain.settings import FIELDS

#: How an answer can end. close: as HTTP says, with its last chunk; cut: the connection is closed (FIN) without it; reset: RST instead
#: of it; length: no chunks but a Content-Length, of which `missing` bytes never come before a FIN; eof: neither chunks nor a length,
#: the end of the connection is the end of the body (RFC 9112, 6.3).
ENDS = ("close", "cut", "reset", "length", "eof")

STREAM_TYPE = "text/event-stream; charset=utf-8"
MOST_FILE_BYTES = 64 * 1024
MOST_BYTES = 16 * 2**20
MOST_EVENTS = 10_000

_CHUNKS = re.compile(FIELDS["chunks"].metadata["pattern"])
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.?)", re.DOTALL)
_ESCAPES = {"n": b"\n", "r": b"\r", "t": b"\t", "0": b"\0", "\\": b"\\"}


class CaseError(ValueError):
    """A case that cannot be read, or is not there. The message says where, what is wrong, and the nearest right word."""


@dataclass(frozen=True, slots=True)
class Understood:
    """An event as a correct parser dispatches it; `id` is the last event ID then."""

    data: str
    event: str = "message"
    id: str = ""


@dataclass(frozen=True, slots=True)
class StreamCase:
    """An answer's body with its head and its end. `name` is empty for one that stands in no file."""

    name: str
    content: bytes
    case: str = ""
    why: str = ""
    understood: tuple[Understood, ...] = ()
    reconnection_ms: int | None = None
    client: str = ""
    rule: str = ""
    bug: tuple[str, ...] = ()
    legal: bool = False
    common: str = ""
    status: int = 200
    content_type: str = STREAM_TYPE
    ends: str = "close"
    missing: int = 0
    chunks: str = "event"


# finding


def folder() -> Path:
    """The cases: inside the installed package, or beside it in a checkout."""
    here = Path(__file__).parent
    inside = here / "fixtures" / "streams"
    return inside if inside.is_dir() else here.parent / "fixtures" / "streams"


@cache
def names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in folder().glob("*.yaml")))


@cache
def load(name: str) -> StreamCase:
    """The case of that name. Raises CaseError."""
    if name not in names():
        raise CaseError(f"there is no stream case {name[:80]!r}{_near(name, names())}")
    return read(folder() / f"{name}.yaml")


def _near(word: str, known: Any) -> str:
    near = get_close_matches(word, list(known), 1)
    return f"; did you mean {near[0]!r}?" if near else ""


# reading


def unescape(text: str) -> bytes:
    """Raises ValueError for an escape that there is not."""
    made, last = bytearray(), 0
    for found in _ESCAPE.finditer(text):
        made += text[last : found.start()].encode()
        made += _escaped(found[1])
        last = found.end()
    return bytes(made + text[last:].encode())


def _escaped(letters: str) -> bytes:
    if letters in _ESCAPES:
        return _ESCAPES[letters]
    if letters[:1] == "x" and len(letters) == 3:
        return bytes.fromhex(letters[1:])
    raise ValueError(f"'\\{letters}' is no escape: there are \\n \\r \\t \\0 \\xNN and \\\\")


@dataclass(frozen=True, slots=True)
class _Key:
    wanted: str
    fits: Callable[[Any], bool]
    needed: bool = False


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _whole(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


KEYS: dict[str, _Key] = {
    "case": _Key("a text", _text, True),
    "why": _Key("a text", _text, True),
    "bytes": _Key("a text or a list", lambda value: isinstance(value, str | list), True),
    "understood": _Key("a list", lambda value: isinstance(value, list), True),
    "reconnection_ms": _Key("a whole number", _whole(0, 10**12)),
    "client": _Key("a text", _text),
    "rule": _Key("a text", _text, True),
    "bug": _Key(
        "a list of links",
        lambda value: isinstance(value, list) and all(_text(one) and one.startswith("https://") for one in value),
    ),
    "legal": _Key("true or false", lambda value: isinstance(value, bool), True),
    "common": _Key("a text", _text),
    "status": _Key("an HTTP status between 200 and 599", _whole(200, 599)),
    "content_type": _Key("a text", lambda value: _text(value) and value.isascii() and value.isprintable()),
    "ends": _Key(f"one of {', '.join(ENDS)}", lambda value: value in ENDS),
    "missing": _Key("a whole number above 0", _whole(1, MOST_BYTES)),
    "chunks": _Key(FIELDS["chunks"].metadata["doc"], lambda value: isinstance(value, str) and bool(_CHUNKS.fullmatch(value))),
}
_EVENT = ("data", "event", "id", "times")
_REPEAT = ("repeat", "times")


@dataclass(slots=True)
class _Page:
    """A file being read: its values, and on which line each stands."""

    path: Path
    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[tuple[str | int, ...], int] = field(default_factory=dict)

    def wrong(self, place: tuple[str | int, ...], why: str) -> CaseError:
        while place and place not in self.lines:
            place = place[:-1]
        return CaseError(f"{self.path}:{self.lines.get(place, 1)}: {why}")


def read(path: Path) -> StreamCase:
    """Raises CaseError, which names file and line."""
    page = _page(path)
    for key, value in page.values.items():
        if key not in KEYS:
            raise page.wrong((key,), f"there is no key {key!r}{_near(str(key), KEYS)}")
        if not KEYS[key].fits(value):
            raise page.wrong((key,), f"{key}: {str(value)[:80]!r} is not {KEYS[key].wanted}")
    for key, row in KEYS.items():
        if row.needed and key not in page.values:
            raise page.wrong((), f"{key!r} is missing")
    told = dict(page.values)
    if told.get("missing") and told.get("ends") != "length":
        raise page.wrong(("missing",), "missing: only an answer that ends by its length has one")
    if told["legal"] and "common" in told:
        raise page.wrong(("common",), "common: what is legal needs no excuse")
    content = b"".join(_unescaped(page, part) for part in _parts(page, ("bytes",), told.pop("bytes")))
    events = tuple(event for number, one in enumerate(told.pop("understood")) for event in _events(page, number, one))
    if len(events) > MOST_EVENTS:
        raise page.wrong(("understood",), f"understood: more than {MOST_EVENTS} events")
    return StreamCase(path.stem, content, understood=events, **{**told, "bug": tuple(told.get("bug", ()))})


def _page(path: Path) -> _Page:
    """Raises CaseError for what is no mapping, too large, or has a key twice."""
    page = _Page(path)
    raw = path.read_bytes()
    if len(raw) > MOST_FILE_BYTES:
        raise page.wrong((), f"a case has at most {MOST_FILE_BYTES} bytes; write long ones with repeat")
    from mock_server import marked  # with the YAML library, which a start does without

    try:
        read_ = marked.load(raw.decode())
    except UnicodeDecodeError as error:
        raise page.wrong((), f"this is not UTF-8: {error.reason}") from None
    except marked.MarkedError as error:
        page.lines = {(): error.line}
        raise page.wrong((), str(error)) from None
    page.lines = read_.lines
    if not isinstance(read_.data, dict):
        raise page.wrong((), "a case is a mapping of keys to values")
    page.values = read_.data
    return page


def _unescaped(page: _Page, part: str) -> bytes:
    try:
        return unescape(part)
    except ValueError as error:
        raise page.wrong(("bytes",), f"bytes: {error}") from None


def _parts(page: _Page, place: tuple[str | int, ...], told: Any) -> list[str]:
    """A text, or the texts of a list with its repetitions. Raises CaseError."""
    made = []
    for index, item in enumerate(told if isinstance(told, list) else [told]):
        here = (*place, index) if isinstance(told, list) else place
        if isinstance(item, dict):
            _keys(page, here, item, _REPEAT, _REPEAT)
            text, times = item["repeat"], item["times"]
            if not isinstance(text, str) or not _whole(1, MOST_BYTES)(times):
                raise page.wrong(here, "a repetition is {repeat: a text, times: a whole number}")
            if len(text.encode()) * times > MOST_BYTES:
                raise page.wrong(here, f"a body has at most {MOST_BYTES} bytes")
            made.append(_repeated(text, times))
        elif isinstance(item, str):
            made.append(item)
        else:
            raise page.wrong(here, f"{str(item)[:80]!r} is neither a text nor {{repeat, times}}")
    if sum(len(part) for part in made) > MOST_BYTES:
        raise page.wrong(place, f"a body has at most {MOST_BYTES} bytes")
    return made


def _repeated(text: str, times: int) -> str:
    return "".join(text.replace("{n}", str(n)) for n in range(times)) if "{n}" in text else text * times


def _events(page: _Page, number: int, told: Any) -> Iterator[Understood]:
    """An event of `understood`, as often as it says. Raises CaseError."""
    place = ("understood", number)
    if not isinstance(told, dict):
        raise page.wrong(place, f"understood: {str(told)[:80]!r} is no event: {{data, event, id}}")
    _keys(page, place, told, _EVENT, ("data",))
    times = told.get("times", 1)
    if not _whole(1, MOST_EVENTS)(times):
        raise page.wrong((*place, "times"), f"times: {times!r} is not a whole number between 1 and {MOST_EVENTS}")
    for key in ("event", "id"):
        if not isinstance(told.get(key, ""), str):
            raise page.wrong((*place, key), f"{key}: {told[key]!r} is not a text; put it in quotes")
    data = "".join(_parts(page, (*place, "data"), told["data"]))
    for n in range(times):
        yield Understood(data.replace("{n}", str(n)) if times > 1 else data, told.get("event", "message"), told.get("id", ""))


def _keys(
    page: _Page, place: tuple[str | int, ...], told: Mapping[str, Any], known: tuple[str, ...], needed: tuple[str, ...]
) -> None:
    """Raises CaseError for a key that is not `known`, or one of `needed` that lacks."""
    for key in told:
        if key not in known:
            raise page.wrong((*place, key), f"there is no key {key!r} here{_near(str(key), known)}")
    for key in needed:
        if key not in told:
            raise page.wrong(place, f"{key!r} is missing here")
