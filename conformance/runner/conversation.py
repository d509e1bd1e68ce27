"""One scenario with one client: begin, speak, wait, and make a trace of it."""

import json
import os
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from conformance.client import CannotStart, Driver, Ending, Spec
from conformance.runner.bench import MESSAGE_S, Bench, Play
from conformance.trace import CLAIM, TOKEN, Entry, Trace
from mock_server import faults, scenario
from mock_server.pacing import Live
from mock_server.recipe import START_MS
from mock_server.scenario import Message, Scenario

STARTING_S, PARTING_S = 2, 10
KEPT_FILE_BYTES, MOST_FILES = 4096, 200
NO_FORMAT = b"no format has bytes like these. "
SECRETS = (TOKEN, CLAIM)


class Conversation:
    """One scenario with one client. What the kit notes is kept with the number of the journal line it came after."""

    def __init__(self, it: Bench, play: Play, told: Scenario, name: str) -> None:
        self.bench, self.play, self.told, self.name = it, play, told, name
        self.home = it.folder / name
        self.noted: list[tuple[int, Entry]] = []
        self.lock = threading.Condition()
        self.dones = self.asked = 0
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
        told = {key: printable(value) if isinstance(value, str) else value for key, value in told.items()}
        with self.lock:
            self.noted.append((self.live.journal.last, {"kind": kind, "at_ms": self.now_ms, **told}))

    def say(self, text: str) -> None:
        self.heard.set()
        self.note("say", text=text)

    def done(self) -> None:
        """Once for each message: what nobody waits for does not count."""
        self.heard.set()
        with self.lock:
            if self.dones < self.asked:
                self.note("done")
                self.dones += 1
                self.lock.notify_all()

    def gone(self) -> None:
        self.heard.set()
        with self.lock:
            self.left = True
            self.lock.notify_all()

    def abandon(self) -> None:
        self.play = replace(self.play, deadline_s=0.001)
        if self.driver is not None:
            self.driver.end(0, forced=True)
        self.gone()

    def look_at_processes(self) -> None:
        """Command lines are readable by everybody on a machine."""
        for pid in self.driver.pids() if self.driver else ():
            for member, words in [*_group(pid)]:
                if any(secret in words for secret in SECRETS) and words not in self.arguments:
                    self.arguments.add(words)
                    self.note("argument", text=words[:500], pid=member)

    # the play

    def run(self, spec: Spec) -> Trace:
        env = self.begin()
        with self._way(spec) as led:
            try:
                ending = self._converse(led, env)
            except CannotStart as error:
                ending = Ending("not started", None, str(error))
        return self.over(ending)

    @contextmanager
    def _way(self, spec: Spec) -> Iterator[Spec]:
        """The client as it is, or led to its world although another host is written into it. Raises Blocked, NoTLS."""
        mode = self.play.mode
        if mode == "direct":
            yield spec
            return
        from mock_server.intercept import intercepted

        with intercepted(self.bench.server, self.name, mode, self.play.rate) as way:
            yield replace(spec, wrap=lambda argv, env: (way.wrap(argv), way.environment(argv, env)))
            for host, count in way.tried.items():
                self.note("foreign", host=host, method=f"{count} times", path="", secret=False)

    def begin(self) -> Mapping[str, str]:
        """The world, the home with the user's files in it, and the client's environment, which is given."""
        self.home.mkdir()
        for file in (file for message in self.told.messages for file in message.files):
            if file.size is None:
                shutil.copyfile(scenario.samples() / file.name, self.home / file.name)
            else:
                (self.home / file.name).write_bytes(NO_FORMAT * (file.size // len(NO_FORMAT) + 1))
                os.truncate(self.home / file.name, file.size)
        server = self.bench.server
        given: dict[str, Any] = {"policy": "real", "rate": self.play.rate, "start_ms": START_MS}
        if self.play.mode == "direct":  # files lie on another host than the API
            given["settings"] = {"public_url": server.world_url(self.name).replace("127.0.0.1", "localhost")}
        given["seed"] = self.told.seed or f"{self.play.seed}/{self.told.name}"
        begun = server.do(lambda: scenario.begin(server.worlds, self.told, self.name, **given))
        self.live = begun.live
        env = self._environment(begun.environment)
        skill = self.play.skill
        told = {
            "scenario": self.told.name,
            "covers": [word for word in self.told.covers if word.startswith("rule ")],
            "skill": {"name": skill.name, "version": skill.version, "platforms": list(skill.platforms)},
            "env": {key: value for key, value in env.items() if key.startswith(("NEMO_", "SKILL_"))},
            "rate": self.play.rate,
            "started": len(_parts(self.told.messages)),
        }
        self.noted.append((0, {"kind": "given", "at_ms": START_MS, **told}))
        self.bench.open[self.name] = self
        return env

    def _environment(self, own: Mapping[str, str]) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "HOME": str(self.home),
            "NEMO_API_URL": self.bench.server.world_url(self.name),
            "NEMO_WEB_URL": "https://web.nemovideo.test",
            "SKILL_NAME": self.play.skill.name,
            "SKILL_VERSION": self.play.skill.version,
            "NEMO_TIME_RATE": f"{self.play.rate:g}" if self.play.mode == "direct" else "1",
            **self.bench.way_out.environment(self.name),
            **own,
            **self.play.env,
        }

    def over(self, ending: Ending) -> Trace:
        """The trace; nothing is left of the world and the home."""
        self.bench.open.pop(self.name, None)
        self._note_the_end(ending)
        trace = Trace(self._entries(), self.told.name)
        shutil.rmtree(self.home, ignore_errors=True)
        self.bench.server.do(lambda: self.bench.server.worlds.delete(self.name))
        return trace

    def _converse(self, spec: Spec, env: Mapping[str, str]) -> Ending:
        """Raises CannotStart."""
        ending = Ending("finished")
        for part in _parts(self.told.messages):
            try:
                ending = self._part(spec, env, part)
            except CannotStart:
                if self.driver is not None:
                    self.driver.end(0, forced=True)  # of what was started before
                raise
            if ending.how != "finished":
                break
        return ending

    def _part(self, spec: Spec, env: Mapping[str, str], part: Sequence[Message]) -> Ending:
        """The messages until the client is to be started anew."""
        self.left, self.driver, due, waited = False, spec.driver(), self.dones, True
        with self.bench.starting:
            self.driver.begin(env, self.home, self)
            self._tell(part[0])
            self.heard.wait(STARTING_S)
        for message, following in zip(part, [*part[1:], None], strict=True):
            if message is not part[0]:
                self._tell(message)
            due += 1
            overlapping = following is not None and following.at_s is not None and self._soon(following.at_s)
            waited = self._until_busy(due) if overlapping else self._until_done(due)
            if not waited:
                break
        ending = self.driver.end(PARTING_S, forced=not waited and not self.left)
        return replace(ending, how="left") if not waited and ending.how == "finished" else ending

    def _tell(self, message: Message) -> None:
        assert self.driver
        self.wait_for(message)
        self.note_message(message)
        self.driver.tell(message.text, [file.name for file in message.files])

    def note_message(self, message: Message) -> None:
        with self.lock:
            self.asked += 1
            self.note("user", text=message.text, files=[file.name for file in message.files])

    def _soon(self, at_s: float) -> bool:
        """Whether a message comes while the one before may still be worked on, rather than days later."""
        return at_s * 1000 + START_MS - self.now_ms < MESSAGE_S * 1000

    def wait_for(self, message: Message) -> None:
        """Until the virtual second of a message. Idle time is skipped: nobody waits for it but the calendar."""
        if message.at_s is None:
            return
        live, at_ms = self.live, int(message.at_s * 1000) + START_MS

        def jump() -> None:
            before = self.now_ms
            if at_ms > before:
                live.advance(at_ms)
                live.clock.start(live.world.now_ms)
                self.jumped_ms += at_ms - before

        if not live.listeners and (self.dones or self.driver is None):
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

    def _note_the_end(self, ending: Ending) -> None:
        home = self.home
        for path in sorted(home.rglob("*"))[:MOST_FILES]:
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


def printable(text: str) -> str:
    """Without halves of characters, which JSON and names of files may hold and no encoding can write."""
    return text.encode("utf-8", "replace").decode()


def _group(pid: int) -> Iterator[tuple[int, str]]:
    """A process and those of its group, with their command lines; on Linux alone."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            if int((folder / "stat").read_text().rpartition(")")[2].split()[2]) == pid:
                words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                yield int(folder.name), words.strip()
