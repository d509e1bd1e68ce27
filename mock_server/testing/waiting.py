"""Waiting, in real time and bounded, until the client under test has reached a point. The journal wakes us; nothing is polled."""

import asyncio
from collections.abc import Callable
from difflib import get_close_matches

import msgspec

from mock_server import contract
from mock_server.pacing import Live
from mock_server.testing.exchanges import Entry

Take = Callable[[Entry], bool]


async def first(live: Live, take: Take, timeout_s: float) -> Entry | None:
    """The first entry since the world began that `take`, asked in order, says yes to; None where none comes in time."""
    woken, seen = asyncio.Event(), 0
    live.journal.watchers.add(woken)
    live.set_timer()  # under the real clock, time goes on while somebody watches
    try:
        async with asyncio.timeout(timeout_s):
            while not live.closed:
                woken.clear()
                for line in live.journal.since(seen):
                    if take(entry := msgspec.json.decode(line)):
                        found: Entry = entry
                        return found
                seen = live.journal.last
                await woken.wait()
    except TimeoutError:
        pass
    finally:
        live.journal.watchers.discard(woken)
    return None


def met(operation: str, count: int) -> Take:
    """Whether `count` requests of an operation have been taken up: answered, or their stream begun, or a fault has met them.

    Only then is the work of a request done, or held back by the clock. Raises ValueError for an operation that the API does not have.
    """
    known = contract.load().operations
    if operation not in known:
        near = get_close_matches(operation, known, 1)
        raise ValueError(
            f"the API has no operation {operation!r}"
            + (f"; did you mean {near[0]!r}?" if near else f"; there is: {', '.join(known)}")
        )
    asked: set[int] = set()
    taken: set[int] = set()

    def take(entry: Entry) -> bool:
        if entry["kind"] == "request" and entry["operation"] == operation:
            asked.add(entry["seq"])
        elif entry.get("of") in asked and entry["kind"] in ("response", "stream", "fault", "end"):
            taken.add(entry["of"])
        return len(taken) >= count

    return take
