"""How virtual time moves, and the only code that waits.

real: virtual time follows the machine's clock, `rate` virtual seconds a second. manual: it moves when told. instant: it
jumps to the next due turn or render as soon as somebody waits for one: a stream that has nothing to tell yet, or
a client that looks at unfinished work.
"""

import asyncio
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Literal

from mock_server.domain import world as service
from mock_server.domain.turns import Turn
from mock_server.domain.world import World
from mock_server.faults import FaultBook, book
from mock_server.journal import Journal

Policy = Literal["real", "manual", "instant"]
POLICIES: tuple[Policy, ...] = ("real", "manual", "instant")

#: Due instants closer than this share one wake-up of the process: it halves the work of many open streams.
TICK_S = 0.002


@dataclass(slots=True)
class Clock:
    """A policy and, for `real`, where virtual time was at which moment of the machine."""

    policy: Policy = "real"
    rate: float = 1.0
    base_ms: int = 0
    base_s: float = 0.0

    def start(self, now_ms: int) -> None:
        self.base_ms, self.base_s = now_ms, monotonic()

    def now_ms(self, world_ms: int) -> int:
        if self.policy != "real":
            return world_ms
        return max(world_ms, self.base_ms + int((monotonic() - self.base_s) * 1000 * self.rate))

    def wait_s(self, until_ms: int, world_ms: int) -> float:
        return max(0.0, (until_ms - self.now_ms(world_ms)) / 1000 / self.rate)


@dataclass(slots=True, eq=False)
class Alarm:
    """Somebody at the edge waits for a virtual instant: between two chunks, or for a latency to pass."""

    at_ms: int
    rings: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True, eq=False)
class Listener:
    """An open stream: how much of its turn it has written, and whether it was told to stop."""

    turn: Turn
    exchange: int  # seq of its request
    opened_ms: int
    abort: Callable[[], None] = lambda: None  # resets its connection
    written: int = 0
    sent_bytes: int = 0
    cut: str = ""  # by whom: control, shutdown
    noted: bool = False  # its end stands in the journal
    alarm: "Alarm | None" = None  # it waits for an instant before it writes on
    held: bool = False  # a fault lets it hang: it writes nothing more
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def caught_up(self, now_ms: int) -> bool:
        """Whether all that can be written by now is written."""
        if self.held:
            return True
        if self.alarm is not None:
            return self.alarm.at_ms > now_ms
        return self.written == len(self.turn.told) and self.turn.ended_ms is None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A frozen world, and the uploaded files that it refers to."""

    content: bytes
    blobs: frozenset[str]


class Live:
    """A world with its clock, its journal and its open streams."""

    def __init__(self, world: World, clock: Clock, journal: Journal) -> None:
        self.world = world
        self.clock = clock
        self.journal = journal
        self.listeners: dict[str, set[Listener]] = {}
        self.alarms: list[Alarm] = []
        self.closing = asyncio.Event()
        self.faults = book(world.seed)
        self.written = asyncio.Event()
        self.timer: asyncio.TimerHandle | None = None
        self.kept: dict[str, Checkpoint] = {}
        self.keep: Callable[[], None] | None = None  # writes the world down, where a state file was asked for
        self.closed = ""  # by whom: control, shutdown
        clock.start(world.now_ms)

    @property
    def checkpoints(self) -> dict[str, bytes]:
        """The frozen worlds by their labels."""
        return {label: one.content for label, one in self.kept.items()}

    def catch_up(self) -> None:
        """Let the time pass that has passed; to be called before every operation."""
        now_ms = self.clock.now_ms(self.world.now_ms)
        if now_ms > self.world.now_ms:
            self.advance(now_ms)

    def advance(self, until_ms: int) -> None:
        service.advance(self.world, until_ms)
        self.take_note()

    def take_note(self) -> None:
        """Carry what the world did into the journal, keep it, and then wake the streams that have something to tell."""
        world = self.world
        moved, world.moved = world.moved, []
        due = [alarm for alarm in self.alarms if alarm.at_ms <= world.now_ms]
        if self.keep is not None and (world.happened or moved or due):
            with self.journal.holding():  # else the journal file would tell what a kill now makes undone
                self._write_down()
                self.keep()
        else:
            self._write_down()
        for turn_id in moved:
            for listener in self.listeners.get(turn_id, ()):
                listener.woken.set()
        for alarm in due:
            alarm.rings.set()
        self.set_timer()

    def _write_down(self) -> None:
        for done in self.world.happened:
            self.journal.add(done.at_ms, "world", {"what": done.what, "subject": done.subject, "detail": done.detail})
        self.world.happened.clear()

    def set_timer(self) -> None:
        """Under the real clock, wake up for the next due thing, as long as somebody is listening."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        if self.clock.policy != "real" or not (self.listeners or self.alarms or self.journal.watchers):
            return
        due_ms = self.next_ms()
        if due_ms is not None:
            wait_s = max(TICK_S, self.clock.wait_s(due_ms, self.world.now_ms))
            self.timer = asyncio.get_running_loop().call_later(min(wait_s, 3600.0), self._tick)

    def _tick(self) -> None:
        self.timer = None
        self.catch_up()
        if self.timer is None:
            self.set_timer()

    def next_ms(self, work_only: bool = False) -> int | None:
        """When something is due next, in the world or on a stream."""
        due = [self.world.timeline.next_ms(work_only), *(alarm.at_ms for alarm in self.alarms)]
        return min((at for at in due if at is not None), default=None)

    def look_at_unfinished_work(self) -> bool:
        """Somebody waits: under the instant clock the next due turn, render or chunk happens now, if there is one."""
        if self.clock.policy != "instant" or (due_ms := self.next_ms(work_only=True)) is None:
            return False
        self.advance(max(due_ms, self.world.now_ms))
        return True

    def set_clock(self, policy: Policy, rate: float) -> None:
        """Time goes on from where it is, in another way. Who waits looks again: under the instant clock waiting moves time."""
        self.clock.policy, self.clock.rate = policy, rate
        self.clock.start(self.world.now_ms)
        for listener in self.streams():
            listener.woken.set()
        for alarm in self.alarms:
            alarm.rings.set()
        self.set_timer()

    def close(self, by: str) -> None:
        """Nothing comes from this world any more: open streams end, and so do those who follow its journal."""
        self.closed = by
        self.closing.set()
        for alarm in self.alarms:
            alarm.rings.set()
        for listener in self.streams():
            self.cut(listener, by)
        for watcher in self.journal.watchers:
            watcher.set()

    # streams

    def listen(self, listener: Listener) -> None:
        self.listeners.setdefault(listener.turn.id, set()).add(listener)
        if self.closed:
            self.cut(listener, self.closed)
        self.set_timer()

    def leave(self, listener: Listener) -> None:
        group = self.listeners.get(listener.turn.id, set())
        group.discard(listener)
        if not group:
            self.listeners.pop(listener.turn.id, None)
        self.written.set()

    def streams(self) -> list[Listener]:
        return sorted((one for group in self.listeners.values() for one in group), key=lambda one: one.exchange)

    async def wait_for_more(self, listener: Listener) -> None:
        """Until the turn told something, ended, or the stream was cut."""
        self.written.set()
        if self.clock.policy == "instant":
            await asyncio.sleep(0)
            if listener.written == len(listener.turn.told) and listener.turn.ended_ms is None and not listener.cut:
                self.look_at_unfinished_work()
                return
        listener.woken.clear()
        if listener.written == len(listener.turn.told) and listener.turn.ended_ms is None and not listener.cut:
            await listener.woken.wait()

    async def sleep_until(self, at_ms: int, listener: Listener | None = None) -> None:
        """Until virtual time is `at_ms`, or the world closes, or the stream is cut."""
        alarm = Alarm(at_ms)
        self.alarms.append(alarm)
        if listener is not None:
            listener.alarm = alarm
        try:
            self.written.set()
            self.set_timer()
            while self.world.now_ms < at_ms and not self.closed and not (listener and listener.cut):
                if self.clock.policy == "instant":
                    await asyncio.sleep(0)
                    if self.world.now_ms < at_ms:
                        self.look_at_unfinished_work()
                    continue
                alarm.rings.clear()
                await alarm.rings.wait()
        finally:
            self.alarms.remove(alarm)
            if listener is not None:
                listener.alarm = None

    def hold(self, listener: Listener) -> None:
        """Nobody needs to wait for this stream any more."""
        listener.held = True
        self.written.set()

    async def until_closed(self, listener: Listener | None = None) -> None:
        """Until the world closes or the stream is cut: what a stalled answer waits for, unless its client leaves first."""
        if listener is None:
            await self.closing.wait()
            return
        while not listener.cut:
            listener.woken.clear()
            await listener.woken.wait()

    async def patiently(self, condition: Callable[[], bool], patience_s: float = 2.0) -> bool:
        """Look again and again until something is true of the machine; False when it is not within `patience_s` (real) seconds."""
        until_s = monotonic() + patience_s
        while not condition():
            if monotonic() > until_s:
                return False
            await asyncio.sleep(TICK_S)
        return True

    def cut(self, listener: Listener, by: str, reset: bool = False) -> None:
        listener.cut = listener.cut or by  # the client leaves, too, when somebody else has cut it
        listener.woken.set()
        if listener.alarm is not None:
            listener.alarm.rings.set()
        if reset:
            listener.abort()

    async def advance_and_write(self, until_ms: int, patience_s: float = 5.0) -> bool:
        """Advance, then wait until all that became due is written to the open streams.

        Gives False when a client did not take it within `patience_s` (real) seconds.
        """
        self.advance(max(until_ms, self.world.now_ms))
        self.clock.start(self.world.now_ms)
        return await self.until(lambda: all(one.caught_up(self.world.now_ms) for one in self.streams()), patience_s)

    async def until(self, condition: Callable[[], bool], patience_s: float = 5.0) -> bool:
        """Wait until something is true of the open streams; False when it is not within `patience_s` (real) seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                while not condition():
                    self.written.clear()
                    await self.written.wait()
                return True
        return False

    async def gone(self, listeners: list[Listener]) -> bool:
        """Wait until these streams, which were cut, have ended; False when one does not."""
        return await self.until(lambda: not any(one in self.listeners.get(one.turn.id, ()) for one in listeners))

    def replace(self, world: World, faults: FaultBook) -> None:
        """Another state of this world takes its place: open streams end, since their turn is gone."""
        for listener in self.streams():
            self.cut(listener, "control")
        self.world, self.faults = world, faults
        self.clock.start(world.now_ms)
        self.set_timer()


def unsent(transport: asyncio.Transport) -> int:
    """Bytes written to a connection that its other side has not taken in yet, as far as the system tells."""
    waiting = transport.get_write_buffer_size()
    try:
        from fcntl import ioctl
        from termios import TIOCOUTQ

        told = ioctl(transport.get_extra_info("socket").fileno(), TIOCOUTQ, struct.pack("i", 0))
    except (ImportError, OSError):  # Windows has neither; a socket may be gone
        return waiting
    return waiting + int(struct.unpack("i", told)[0])
