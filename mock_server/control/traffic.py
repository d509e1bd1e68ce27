"""The journal: read, followed, waited on; and the open streams, which can be cut."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sse_starlette.sse import EventSourceResponse
from starlette.responses import Response

from mock_server import contract
from mock_server.control.asked import Asked, instant, nearest
from mock_server.domain.errors import NotFound, Unprocessable
from mock_server.journal import Journal
from mock_server.pacing import Listener, Live

Json = dict[str, Any]

MOST_NEAR = 8


# the journal


@dataclass(slots=True)
class Choice:
    """Which entries are wanted: of a kind; of an operation, its requests and what belongs to them."""

    kind: str | None
    operation: str | None
    requests: set[int] = field(default_factory=set)

    def admits(self, entry: Json) -> bool:
        """To be asked about every entry from the first, in order."""
        if self.operation is not None:
            if entry["kind"] == "request" and entry["operation"] == self.operation:
                self.requests.add(entry["seq"])
            if entry["seq"] not in self.requests and entry.get("of") not in self.requests:
                return False
        return self.kind is None or entry["kind"] == self.kind

    def of(self, journal: Journal, seen: int, since: int) -> Iterator[tuple[int, bytes]]:
        """Number and line of the wanted entries after `since`, among those after `seen`."""
        for line in journal.since(seen):
            entry = msgspec.json.decode(line)
            if self.admits(entry) and entry["seq"] > since:
                yield entry["seq"], line


async def get_journal(asked: Asked) -> Json | Response:
    """Raises Unprocessable."""
    query, journal = asked.query, asked.live.journal
    check_operation(query)
    choice = Choice(query.get("kind"), query.get("operation"))
    since, limit = max(query["since"], asked.since), query.get("limit")
    if query["follow"]:
        return EventSourceResponse(follow(asked.live, choice, since, limit), ping=0)
    lines = [line for _, line in choice.of(journal, 0 if choice.operation else since, since)]
    return {
        "entries": [msgspec.Raw(line) for line in lines[:limit]],
        "more": limit is not None and len(lines) > limit,
        "span": journal.span()._asdict(),
    }


async def follow(live: Live, choice: Choice, since: int, limit: int | None) -> AsyncIterator[bytes]:
    """The wanted entries as they come, until the world or the server ends, or `limit` are told."""
    seen, left = 0 if choice.operation else since, limit
    with watching(live) as woken:
        while True:
            woken.clear()
            found, seen = list(choice.of(live.journal, seen, since)), live.journal.last
            for number, line in found if left is None else found[:left]:
                yield b"id: %d\ndata: %s\n\n" % (number, line.rstrip())
            left = None if left is None else left - len(found)
            if live.closed or (left is not None and left <= 0):
                return
            await woken.wait()


async def clear_journal(asked: Asked) -> Json:
    asked.live.journal.clear()
    return {"span": asked.live.journal.span()._asdict()}


@contextmanager
def watching(live: Live) -> Iterator[asyncio.Event]:
    """An event set at each new entry; under the real clock, time goes on while somebody watches."""
    woken = asyncio.Event()
    live.journal.watchers.add(woken)
    live.set_timer()
    try:
        yield woken
    finally:
        live.journal.watchers.discard(woken)


def check_operation(query: Json) -> None:
    """Raises Unprocessable for an operation that the API does not have."""
    name, known = query.get("operation"), contract.load().operations
    if name is not None and name not in known:
        raise Unprocessable(f"query.operation: the API has no operation {name[:80]!r}{nearest(name, known)}")


# waiting for requests


@dataclass(slots=True)
class Watch:
    """Requests since some point, each with the status of its answer, compared with what is waited for."""

    wanted: Json
    prefix: str
    requests: dict[int, Json] = field(default_factory=dict)

    def take(self, entry: Json) -> None:
        if entry["kind"] == "request":
            self.requests[entry["seq"]] = {**entry, "status": None}
        elif "status" in entry and entry.get("of") in self.requests:
            self.requests[entry["of"]]["status"] = entry["status"]

    def differences(self, request: Json) -> list[str]:
        found = {**request, "path": request["path"].removeprefix(self.prefix)}
        return [f"{key} is {found[key]!r}, not {value!r}" for key, value in self.wanted.items() if found[key] != value]

    def matching(self) -> list[Json]:
        return [request for request in self.requests.values() if not self.differences(request)]

    def near(self) -> list[Json]:
        """Those that do not match, the nearest first and of these the latest."""
        compared = [{**request, "differences": self.differences(request)} for request in self.requests.values()]
        told = [one for one in compared if one["differences"]]
        return sorted(told, key=lambda one: (len(one["differences"]), -one["seq"]))[:MOST_NEAR]


async def wait_for_requests(asked: Asked) -> Json | Response:
    """Raises Unprocessable."""
    live, query = asked.live, asked.query
    check_operation(query)
    prefix = f"/w/{asked.path['name']}"
    wanted: Json = {key: query[key] for key in ("operation", "method", "path", "status") if key in query}
    if "path" in wanted:
        wanted["path"] = wanted["path"].removeprefix(prefix)
    watch, seen = Watch(wanted, prefix), query["since"]
    with watching(live) as woken, suppress(TimeoutError):
        async with asyncio.timeout(query["timeout_s"]):
            while not live.closed:
                woken.clear()
                for line in live.journal.since(seen):
                    watch.take(msgspec.json.decode(line))
                seen = live.journal.last
                if len(matching := watch.matching()) >= query["count"]:
                    return {"requests": matching, "last": seen}
                await woken.wait()
            return told(watch, query["count"], "the world was closed, and", 503)
    return told(watch, query["count"], f"in {query['timeout_s']:g} s", 408)


def told(watch: Watch, count: int, when: str, status: int) -> Response:
    """What was seen instead."""
    matching, near = watch.matching(), watch.near()
    what = ", ".join(f"{key} {value}" for key, value in watch.wanted.items()) or "any request"
    error = f"{when} {len(matching)} of {count} matching requests came ({what})"
    if near:
        first = near[0]
        error += f"; nearest: {first['method']} {first['path']} (seq {first['seq']}), whose {' and '.join(first['differences'])}"
    body = msgspec.json.encode({"error": error, "requests": matching, "near": near})
    return Response(body, status, media_type="application/json")


# streams


async def list_streams(asked: Asked) -> Json:
    return {"streams": [stream_of(listener) for listener in asked.live.streams()]}


async def cut_stream(asked: Asked) -> Json:
    """Raises NotFound."""
    live, wanted = asked.live, asked.path["exchange"]
    known = {str(listener.exchange): listener for listener in live.streams()}
    if wanted not in known:
        raise NotFound(f"no stream {wanted[:80]!r} is open in this world{nearest(wanted, known)}")
    listener = known[wanted]
    live.cut(listener, "control", reset=asked.query["how"] == "reset")
    return {"ended": await live.gone([listener]), **stream_of(listener)}


def stream_of(listener: Listener) -> Json:
    turn = listener.turn
    return {
        "exchange": listener.exchange,
        "turn": turn.id,
        "turn_state": turn.state,
        "session_id": turn.session_id,
        "opened_at": instant(listener.opened_ms),
        "events": listener.written,
        "bytes": listener.sent_bytes,
    }
