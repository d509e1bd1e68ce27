"""Scenarios played with a client: a world each, side by side, under a real clock at a rate; a trace of each.

The only module of the kit that knows the mock server.
"""

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any

from conformance.client import CannotStart, Driver, Ending, Spec, kin
from conformance.foreign import Attempt, Exits, exits
from conformance.trace import CLAIM, TOKEN, Entry, Trace
from mock_server import faults, scenario
from mock_server.pacing import Live
from mock_server.recipe import START_MS, Recipe
from mock_server.scenario import Message, Scenario, ScenarioError
from mock_server.serve import Running, running
from mock_server.worlds import Worlds

#: The longest that a documented client may need for one message: a turn of 15 minutes, then looks and words. Virtual.
MESSAGE_S = 20 * 60
#: What comes on top for the machine: starting an interpreter while others do. Real.
MACHINE_S = 20
PARTING_S = 10
TICK_S, LATE_S = 0.02, 0.05
KEPT_FILE_BYTES = 4096
SECRETS = (TOKEN, CLAIM)


@dataclass(frozen=True, slots=True)
class Skill:
    """Which skill the client is said to follow, and what its attribution must be."""

    name: str = "music-to-a"
    version: str = "1.0.0"
    platforms: tuple[str, ...] = ("clawhub", "cursor", "unknown")


@dataclass(frozen=True, slots=True)
class Play:
    """How scenarios are played. `jobs` conversations at once; `rate` virtual seconds in a real one."""

    rate: float = 1.0
    jobs: int = 0
    skill: Skill = Skill()
    env: Mapping[str, str] = field(default_factory=dict)
    seed: str = "1"
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


class Conversation:
    """One scenario with one client. What the kit notes is kept with the number of the journal line it came after."""

    def __init__(self, it: Bench, play: Play, told: Scenario, name: str) -> None:
        self.bench, self.play, self.told, self.name = it, play, told, name
        self.noted: list[tuple[int, Entry]] = []
        self.lock = threading.Condition()
        self.dones = 0
        self.left = False
        self.heard = threading.Event()
        self.driver: Driver | None = None
        self.live: Live
        self.jumped_ms = 0
        self.arguments: set[str] = set()

    # what is heard

    @property
    def now_ms(self) -> int:
        return self.live.clock.now_ms(self.live.world.now_ms)

    def note(self, kind: str, **told: Any) -> None:
        with self.lock:
            self.noted.append((self.live.journal.last, {"kind": kind, "at_ms": self.now_ms, **told}))

    def say(self, text: str) -> None:
        self.heard.set()
        self.note("say", text=text)

    def done(self) -> None:
        self.heard.set()
        self.note("done")
        with self.lock:
            self.dones += 1
            self.lock.notify_all()

    def gone(self) -> None:
        self.heard.set()
        with self.lock:
            self.left = True
            self.lock.notify_all()

    def look_at_processes(self) -> None:
        """Command lines are readable by everybody on a machine."""
        for pid in self.driver.pids() if self.driver else ():
            for member, words in [*_group(pid)]:
                if any(secret in words for secret in SECRETS) and words not in self.arguments:
                    self.arguments.add(words)
                    self.note("argument", text=words[:500], pid=member)

    # the play

    def run(self, spec: Spec) -> Trace:
        home = self.bench.folder / self.name
        home.mkdir()
        begun = self._begin()
        self.live = begun.live
        env = self._environment(home, begun.environment)
        skill = self.play.skill
        self.noted.append(
            (
                0,
                {
                    "kind": "given",
                    "at_ms": START_MS,
                    "scenario": self.told.name,
                    "covers": [word for word in self.told.covers if word.startswith("rule ")],
                    "skill": {"name": skill.name, "version": skill.version, "platforms": list(skill.platforms)},
                    "env": {key: value for key, value in env.items() if key.startswith(("NEMO_", "SKILL_"))},
                    "rate": self.play.rate,
                    "started": [message.restart for message in self.told.messages].count(True) + 1,
                },
            )
        )
        self._lay_out(home)
        self.bench.open[self.name] = self
        try:
            ending = self._converse(spec, env, home)
        except CannotStart as error:
            ending = Ending("not started", None, str(error))
        finally:
            self.bench.open.pop(self.name, None)
        self._after(home, ending)
        trace = Trace(self._entries(), self.told.name)
        shutil.rmtree(home, ignore_errors=True)
        self.bench.server.do(lambda: self.bench.server.worlds.delete(self.name))
        return trace

    def _begin(self) -> scenario.Begun:
        server, rate = self.bench.server, self.play.rate
        elsewhere = server.world_url(self.name).replace("127.0.0.1", "localhost")  # files lie on another host than the API
        given: dict[str, Any] = {"policy": "real", "rate": rate, "start_ms": START_MS, "settings": {"public_url": elsewhere}}
        return server.do(
            lambda: scenario.begin(
                server.worlds, self.told, self.name, seed=self.told.seed or f"{self.play.seed}/{self.told.name}", **given
            )
        )

    def _environment(self, home: Path, own: Mapping[str, str]) -> dict[str, str]:
        rate = self.play.rate
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "HOME": str(home),
            "NEMO_API_URL": self.bench.server.world_url(self.name),
            "NEMO_WEB_URL": "https://web.nemovideo.test",
            "SKILL_NAME": self.play.skill.name,
            "SKILL_VERSION": self.play.skill.version,
            "NEMO_TIME_RATE": f"{rate:g}",
            **self.bench.way_out.environment(self.name),
            **own,
            **self.play.env,
        }

    def _lay_out(self, home: Path) -> None:
        for file in (file for message in self.told.messages for file in message.files):
            if file.size is None:
                shutil.copyfile(scenario.samples() / file.name, home / file.name)
            else:
                (home / file.name).write_bytes(b"no format has bytes like these. " * (file.size // 32 + 1))
                os.truncate(home / file.name, file.size)

    def _converse(self, spec: Spec, env: Mapping[str, str], home: Path) -> Ending:
        messages, told = list(self.told.messages), 0
        ending = Ending("finished")
        for start, part in enumerate(_parts(messages)):
            self.left, self.driver = False, spec.driver()
            with self.bench.starting:
                self.driver.begin(env, home, self)
                self._tell(part[0])
                told += 1
                self.heard.wait(2)
            forced = False
            for message, following in zip(part, [*part[1:], None], strict=True):
                if message is not part[0]:
                    self._tell(message)
                    told += 1
                overlapping = following is not None and following.at_s is not None and self._soon(following.at_s)
                if not (self._until_busy(told) if overlapping else self._until_done(told)):
                    forced = True
                    break
            if not self._until_done(told):
                forced = True
            ending = self.driver.end(PARTING_S, forced and not self.left)
            if ending.how != "finished" or forced:
                if ending.how == "finished" and start + 1 < len(_parts(messages)):
                    return ending
                return replace(ending, how="crashed" if ending.how == "finished" and self.dones < told else ending.how)
        return ending

    def _tell(self, message: Message) -> None:
        assert self.driver
        if message.at_s is not None:
            self._wait_for(int(message.at_s * 1000) + START_MS)
        self.note("user", text=message.text, files=[file.name for file in message.files])
        self.driver.tell(message.text, [file.name for file in message.files])

    def _soon(self, at_s: float) -> bool:
        """Whether a message comes while the one before may still be worked on, rather than days later."""
        return at_s * 1000 + START_MS - self.now_ms < MESSAGE_S * 1000

    def _wait_for(self, at_ms: int) -> None:
        """Idle time is skipped: nobody waits for it but the calendar."""
        live = self.live

        def jump() -> None:
            before = self.now_ms
            if at_ms > before:
                live.advance(at_ms)
                live.clock.start(live.world.now_ms)
                self.jumped_ms += at_ms - before

        if self.dones and not live.listeners:
            self.bench.server.do(jump)
        else:
            until_s = monotonic() + self.play.patience_s
            while self.now_ms < at_ms and monotonic() < until_s:
                sleep(0.005)

    def _until_done(self, count: int) -> bool:
        with self.lock:
            self.lock.wait_for(lambda: self.dones >= count or self.left, self.play.patience_s)
            return self.dones >= count

    def _until_busy(self, count: int) -> bool:
        """Until a stream is open or the message is done with."""
        until_s = monotonic() + self.play.patience_s
        while monotonic() < until_s and not self.left:
            if self.live.listeners or self.dones >= count:
                return True
            sleep(0.005)
        return False

    # the trace

    def _after(self, home: Path, ending: Ending) -> None:
        for path in sorted(home.rglob("*"))[:200]:
            with suppress(OSError):
                if path.is_file() and not path.is_symlink():
                    size = path.stat().st_size
                    sent = {file.name for message in self.told.messages for file in message.files}
                    text = path.read_bytes().decode("utf-8", "replace") if size <= KEPT_FILE_BYTES else ""
                    if str(path.relative_to(home)) not in sent:
                        self.note("file", path=str(path.relative_to(home)), size=size, text=text)
        span = self.live.journal.span()
        idle = [armed.fault.name or armed.fault.what for armed in faults.unfired(self.live.faults)]
        told = {"how": ending.how, "code": ending.code, "stderr": ending.stderr, "left": list(ending.left)}
        self.note("outcome", **told, unfired=idle, forgotten=span.forgotten, jumped_ms=self.jumped_ms)

    def _entries(self) -> list[Entry]:
        lines = self.bench.server.do(lambda: list(self.live.journal.since()))
        journal = [json.loads(line) for line in lines]
        entries: list[Entry] = []
        noted = iter(sorted(self.noted, key=lambda one: one[0]))
        following = next(noted, None)
        for entry in journal:
            while following is not None and following[0] < entry["seq"]:
                entries.append(following[1])
                following = next(noted, None)
            entries.append(entry)
        while following is not None:
            entries.append(following[1])
            following = next(noted, None)
        return entries


def _parts(messages: Sequence[Message]) -> list[list[Message]]:
    """Messages by start of the client."""
    parts: list[list[Message]] = []
    for message in messages:
        if message.restart or not parts:
            parts.append([])
        parts[-1].append(message)
    return parts


def _group(pid: int) -> Iterator[tuple[int, str]]:
    """A process and those of its group, with their command lines; on Linux alone."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            if int((folder / "stat").read_text().rpartition(")")[2].split()[2]) == pid:
                words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                yield int(folder.name), words.strip()


# scenarios


def scenarios(words: Iterable[str] = ()) -> list[Scenario]:
    """Those that put rules to the test and in which a user speaks; with words, only these, by name or file. Raises ScenarioError."""
    chosen = list(words) or scenario.names()
    told = [scenario.read(scenario.find(word)) for word in chosen]
    return [one for one in told if one.messages and (list(words) or any(word.startswith("rule ") for word in one.covers))]


def rules_of(told: Scenario) -> list[str]:
    """Ids of the rules that a scenario puts to the test."""
    return [f"NV-{int(word.split()[1]):03}" for word in told.covers if word.startswith("rule ")]


def play(
    spec: Spec,
    chosen: Sequence[Scenario],
    how: Play,
    told: Callable[[Scenario, Trace], None] = lambda _one, _trace: None,
    stop: Callable[[], bool] = lambda: False,
) -> list[Trace]:
    """Traces in the order of the scenarios. `told` hears of each as soon as it is there, in a thread of its own; once `stop` says
    so, no other one begins. Raises ServeError."""
    with bench(how.seed) as it, ThreadPoolExecutor(min(how.width, len(chosen) or 1)) as pool:

        def one(number: int, which: Scenario) -> Trace | None:
            if stop():
                return None
            trace = Conversation(it, how, which, f"c{number}").run(spec)
            told(which, trace)
            return trace

        longest_first = sorted(enumerate(chosen), key=lambda pair: -_length_s(pair[1]))
        futures = {number: pool.submit(one, number, which) for number, which in longest_first}
        found = [futures[number].result() for number in range(len(chosen))]
    return [trace for trace in found if trace is not None]


def _length_s(told: Scenario) -> float:
    """Roughly how long it takes: long turns begin first, so that nothing waits for them in the end."""
    turns = sum(float(turn.takes_s or 0) for turn in told.turns)
    return turns + 60 * len(told.messages)


__all__ = ["Bench", "Conversation", "Play", "ScenarioError", "Skill", "bench", "kin", "play", "rules_of", "scenarios"]
