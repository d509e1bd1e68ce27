"""What all conversations of a run share: the server, the way out, and what measures how late the machine is."""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import TYPE_CHECKING, Literal

from conformance.foreign import Attempt, Exits, exits
from mock_server.recipe import Recipe
from mock_server.serve import Running, running
from mock_server.worlds import Worlds

if TYPE_CHECKING:
    from conformance.runner.conversation import Conversation
    from conformance.skill.profile import Profile

#: The longest that a documented client may need for one message: a turn of 15 minutes, then looks and words. Virtual.
MESSAGE_S = 20 * 60
#: What comes on top for the machine: starting an interpreter while others do. Real.
MACHINE_S = 20
TICK_S, LATE_S = 0.02, 0.05
Mode = Literal["direct", "sandbox", "env"]


@dataclass(frozen=True, slots=True)
class Skill:
    """Which skill the client is said to follow, and what its attribution must be."""

    name: str = "music-to-a"
    version: str = "1.0.0"
    platforms: tuple[str, ...] = ("clawhub", "cursor", "unknown")


def skill_of(profile: "Profile") -> Skill:
    return Skill(profile.name, profile.version, tuple(dict.fromkeys([*profile.platforms.values(), "unknown"])))


@dataclass(frozen=True, slots=True)
class Play:
    """How scenarios are played. `jobs` conversations at once; `rate` virtual seconds in a real one.

    `mode`: direct, for clients that can be told a base URL; sandbox or env, for those whose host is written into them (`nemovideo-mock
    exec`): there the client's own clock is turned, and it is told a rate of 1.
    """

    rate: float = 1.0
    jobs: int = 0
    skill: Skill = Skill()
    env: Mapping[str, str] = field(default_factory=dict)
    seed: str = "1"
    mode: Mode = "direct"
    deadline_s: float = 0.0  # real, for each message; 0: as long as a documented client may need

    @property
    def patience_s(self) -> float:
        return self.deadline_s or MESSAGE_S / self.rate + MACHINE_S

    @property
    def width(self) -> int:
        """At a rate of 1 clients wait most of the time; faster ones compute."""
        cores = os.cpu_count() or 2
        return self.jobs or (64 if self.rate <= 4 else 6 * cores)


class Bench:
    """The server, the way out, and what measures how late the machine is, shared by all conversations of a run."""

    def __init__(self, server: Running, way_out: Exits, folder: Path) -> None:
        self.server, self.way_out, self.folder = server, way_out, folder
        self.open: dict[str, Conversation] = {}
        self.starting = threading.BoundedSemaphore(2 * (os.cpu_count() or 2))

    def attempt(self, told: Attempt) -> None:
        if (conversation := self.open.get(told.name)) is not None:
            entry = {"host": told.host, "method": told.method, "path": told.path, "secret": told.secret}
            conversation.note("foreign", **entry)

    def late(self, by_s: float) -> None:
        for conversation in list(self.open.values()):
            conversation.note("late", ms=int(by_s * 1000 * conversation.play.rate))

    def abandon(self) -> None:
        """End all clients by force: their conversations are over at once."""
        for conversation in list(self.open.values()):
            conversation.abandon()

    def look(self) -> None:
        for conversation in list(self.open.values()):
            conversation.look_at_processes()


@contextmanager
def bench(seed: str = "1") -> Iterator[Bench]:
    """Raises ServeError."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="nemovideo-conformance-"))).resolve()
        made: list[Bench] = []
        way_out = stack.enter_context(exits(lambda told: made[0].attempt(told)))
        server = stack.enter_context(running(Worlds(Recipe(seed=seed, policy="real")), control_port=None))
        made.append(Bench(server, way_out, folder))
        over = threading.Event()
        watch = threading.Thread(target=_watch, args=(made[0], over), daemon=True)
        watch.start()
        try:
            yield made[0]
        finally:
            over.set()
            watch.join(2)


def _watch(it: Bench, over: threading.Event) -> None:
    """Measure how late a short sleep ends, and look at the clients' processes now and then."""
    ticks = 0
    while not over.is_set():
        before = monotonic()
        sleep(TICK_S)
        late_s = monotonic() - before - TICK_S
        if late_s > LATE_S:
            it.late(late_s)
        ticks += 1
        if ticks % 10 == 0:
            it.look()
