"""Waiting, in real time and bounded, until the client under test has reached a point. The journal wakes us; nothing is polled."""

import asyncio
from collections.abc import Callable, Iterable
from difflib import get_close_matches

import msgspec

from mock_server import contract
from mock_server.pacing import Live
from mock_server.testing.exchanges import Entry

Take = Callable[[Entry], bool]
#: Of entries of a journal, as mock_server/journal.py lists them.
KINDS = ("request", "response", "upload", "stream", "event", "chunk", "end", "fault", "world")


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


def known(what: str, word: str | None, words: Iterable[str]) -> None:
    """Raises ValueError for a word that is none of these: a misspelt one would be found nowhere, and that may be what a test wants."""
    there = list(words)
    if word is not None and word not in there:
        near = get_close_matches(word, there, 1)
        raise ValueError(f"{what} {word!r}" + (f"; did you mean {near[0]!r}?" if near else f"; there is: {', '.join(there)}"))


def in_a_loop() -> bool:
    """Whether a coroutine called us."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def met(operation: str, count: int) -> Take:
    """Whether `count` requests of an operation have been taken up: answered, or their stream begun, or a fault has met them.

    Only then is the work of a request done, or held back by the clock. Raises ValueError for an operation that the API does not have.
    """
    known("the API has no operation", operation, contract.load().operations)
    asked: set[int] = set()
    taken: set[int] = set()

    def take(entry: Entry) -> bool:
        if entry["kind"] == "request" and entry["operation"] == operation:
            asked.add(entry["seq"])
        elif entry.get("of") in asked and entry["kind"] in ("response", "stream", "fault", "end"):
            taken.add(entry["of"])
        return len(taken) >= count

    return take
