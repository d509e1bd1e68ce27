"""Driving a client under test, in any language: start it, tell it what the user says, hear what the user is shown, end it.

`CLIENT.md` is the protocol. Whatever a client does, crash, hang, flood its output or fork, is told in its `Ending`.
"""

import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import traceback
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from queue import Queue
from time import monotonic
from typing import IO, Literal, Protocol

#: The most a client may show, in bytes and in lines, and the longest line of it.
MOST_BYTES, MOST_LINES, LONGEST_LINE = 4 * 2**20, 20_000, 2**20
#: The longest that an adapter may take to begin and to end a conversation.
ANSWERING_S = 20
KEPT_STDERR = 8 * 1024
#: left: it ended, in order, before it was ready for the next message; mute: and never said a thing.
How = Literal["finished", "crashed", "left", "hung", "flooded", "mute", "not started"]


@dataclass(frozen=True, slots=True)
class Ending:
    """How a client ended. `code`: its exit status, negative for a signal; `stderr`: the end of what it wrote there."""

    how: How
    code: int | None = None
    stderr: str = ""
    left: tuple[str, ...] = ()  # processes that outlived it, by command


class CannotStart(Exception):
    """The client's command cannot be run. The message says why."""


class Hears(Protocol):
    """What a driver tells the kit, from a thread of its own."""

    def say(self, text: str) -> None: ...
    def done(self) -> None: ...
    def gone(self) -> None: ...


class Driver(Protocol):
    """One conversation. `begin` raises CannotStart; `end` waits no longer than it is told, then ends all by force."""

    def begin(self, env: Mapping[str, str], home: Path, hears: Hears) -> None: ...
    def tell(self, text: str, files: Sequence[str]) -> None: ...
    def end(self, patience_s: float, forced: bool = False) -> Ending: ...
    def pids(self) -> Sequence[int]: ...


Answer = Callable[[str, Sequence[str]], None]
#: A client within this process: given the environment, its home and what shows a text, it gives what answers a message,
#: which is closed in the end if it has a `close`.
Make = Callable[[Mapping[str, str], Path, Callable[[str], None]], Answer]


@dataclass(frozen=True, slots=True)
class Spec:
    """How a client is driven: a command (with `{message}` in it: one-shot), the URL of an adapter, or what makes a client in this process."""

    command: tuple[str, ...] = ()
    url: str = ""
    make: Make | None = None
    wrap: Callable[[Sequence[str], Mapping[str, str]], tuple[Sequence[str], Mapping[str, str]]] | None = None

    @property
    def one_shot(self) -> bool:
        return any("{message}" in word for word in self.command)

    def driver(self) -> Driver:
        if self.make:
            return InThread(self.make)
        if self.url:
            return OverHttp(self.url)
        return OneShot(self) if self.one_shot else OverPipes(self)

    def __str__(self) -> str:
        return self.url or shlex.join(self.command)


def of_command(words: Sequence[str]) -> Spec:
    """A client runs in a folder of its own: words that name what lies here are made to lead here from there."""
    return Spec(tuple(str(Path(word).absolute()) if not word.startswith("-") and Path(word).exists() else word for word in words))


def python_callable(word: str) -> Spec:
    """`package.module:name`, found from the folder where you stand, and called once with the environment and what shows a text; gives a
    callable for each message."""
    return Spec((sys.executable, "-m", "conformance.adapter", word, str(Path.cwd())))


# processes


class Process:
    """One process of a client in a group of its own, whose output is read, bounded, in threads."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], home: Path, line: Callable[[str], None]) -> None:
        """Raises CannotStart."""
        self.line = line
        self.flooded = False
        self.err = b""
        self.home = str(home)
        self.input: Queue[bytes | None] = Queue()
        try:
            self.popen = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=dict(env),
                cwd=home,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            why = (
                (getattr(error, "strerror", None) or error)
                if home.is_dir()
                else "its home is gone, which it was to be started in"
            )
            raise CannotStart(f"{command[0]}: {why}") from None
        assert self.popen.stdin and self.popen.stdout and self.popen.stderr
        self.readers = [
            threading.Thread(target=self._read_out, args=(self.popen.stdout,), daemon=True),
            threading.Thread(target=self._read_err, args=(self.popen.stderr,), daemon=True),
        ]
        self.writer = threading.Thread(target=self._write, args=(self.popen.stdin,), daemon=True)
        for thread in (*self.readers, self.writer):
            thread.start()

    def _read_out(self, stream: IO[bytes]) -> None:
        seen = 0
        for number, raw in enumerate(iter(lambda: stream.readline(LONGEST_LINE), b""), 1):
            seen += len(raw)
            if seen > MOST_BYTES or number > MOST_LINES or (len(raw) == LONGEST_LINE and not raw.endswith(b"\n")):
                self.flooded = True
                self.kill()
                return
            self.line(raw.decode("utf-8", "replace").rstrip("\r\n"))

    def _read_err(self, stream: IO[bytes]) -> None:
        for raw in iter(lambda: stream.read1(65536), b""):  # type: ignore[attr-defined]  # a pipe is buffered
            self.err = (self.err + raw)[-KEPT_STDERR:]

    def _write(self, stream: IO[bytes]) -> None:
        """In a thread of its own: a client that does not read holds up nobody."""
        with suppress(OSError), stream:  # it left: its ending says how
            for line in iter(self.input.get, None):
                stream.write(line)
                stream.flush()

    def write(self, line: str) -> None:
        self.input.put(line.encode("utf-8", "replace"))

    def close_input(self) -> None:
        self.input.put(None)

    def wait(self, patience_s: float) -> bool:
        """Whether it ended by itself, and its output with it."""
        until_s = monotonic() + patience_s
        with suppress(subprocess.TimeoutExpired):
            self.popen.wait(max(0.0, patience_s))
            self.readers[0].join(max(0.05, until_s - monotonic()))
            return True
        return False

    def kill(self) -> None:
        with suppress(OSError):
            os.killpg(self.popen.pid, signal.SIGKILL)

    def close(self) -> tuple[str, ...]:
        """End all that is left of it: its group, and what left the group; gives the commands of those that had outlived it."""
        ended = self.popen.poll() is not None
        others = [(pid, words) for pid, words in kin(self.home) if pid != self.popen.pid]
        self.kill()
        for pid, _ in others:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        self.popen.wait(5)
        self.close_input()
        for thread in (*self.readers, self.writer):
            thread.join(1)
        for stream in (self.popen.stdout, self.popen.stderr):
            with suppress(OSError, ValueError):
                if stream and not any(reader.is_alive() for reader in self.readers):
                    stream.close()
        return tuple(words for _, words in others) if ended else ()

    @property
    def stderr(self) -> str:
        return self.err.decode("utf-8", "replace")


def kin(home: str) -> Iterator[tuple[int, str]]:
    """Processes whose HOME is this folder, which only those of one client have, or that stand in it: pid and command. Linux; elsewhere
    none."""
    mark = f"HOME={home}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            here = str((folder / "cwd").readlink()).removesuffix(" (deleted)")
            if mark in (folder / "environ").read_bytes().split(b"\0") or here == home or here.startswith(home + os.sep):
                yield int(folder.name), (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()


def hear(line: str, hears: Hears) -> bool:
    """Tell the kit what a line of the protocol says; gives whether it was `done`."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        told = None
    kind = told.get("type") if isinstance(told, dict) else None
    if kind == "done":
        hears.done()
    elif kind == "say":
        hears.say(str(told.get("text", "")))
    elif line.strip():
        hears.say(line)
    return kind == "done"


class OverPipes:
    """JSON lines on standard input and output."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.process: Process | None = None
        self.heard = 0

    def begin(self, env: Mapping[str, str], home: Path, hears: Hears) -> None:
        self.hears = hears
        command, told = self.spec.wrap(self.spec.command, env) if self.spec.wrap else (self.spec.command, env)
        self.process = Process(command, told, home, self._line)
        threading.Thread(target=self._watch, args=(self.process,), daemon=True).start()

    def _line(self, line: str) -> None:
        self.heard += 1
        hear(line, self.hears)

    def _watch(self, process: Process) -> None:
        process.popen.wait()
        process.readers[0].join(5)
        self.hears.gone()

    def tell(self, text: str, files: Sequence[str]) -> None:
        assert self.process
        self.process.write(json.dumps({"type": "user", "text": text, "files": list(files)}, ensure_ascii=False) + "\n")

    def pids(self) -> Sequence[int]:
        return [self.process.popen.pid] if self.process else []

    def end(self, patience_s: float, forced: bool = False) -> Ending:
        if self.process is None:
            return Ending("not started")
        process = self.process
        process.close_input()
        alone = not forced and process.wait(patience_s)
        code = process.popen.poll()
        left = process.close()
        if process.flooded:
            return Ending("flooded", None, process.stderr, left)
        if not alone and code is None:
            return Ending("hung", None, process.stderr, left)
        how: How = "crashed" if code else ("mute" if not self.heard else "finished")
        return Ending(how, code, process.stderr, left)


class OneShot:
    """A command that is run once for each message, with the same home; its exit says that it is done."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.running: list[Process] = []
        self.codes: list[int] = []
        self.left: tuple[str, ...] = ()
        self.err = ""

    def begin(self, env: Mapping[str, str], home: Path, hears: Hears) -> None:
        self.env, self.home, self.hears = env, home, hears

    def tell(self, text: str, files: Sequence[str]) -> None:
        words: list[str] = []
        for word in self.spec.command:
            words += files if word == "{files}" else [word.replace("{message}", text).replace("{files}", shlex.join(files))]
        command, env = self.spec.wrap(words, self.env) if self.spec.wrap else (words, self.env)
        process = Process(command, env, self.home, lambda line: self.hears.say(line) if line.strip() else None)
        process.close_input()
        self.running.append(process)
        threading.Thread(target=self._watch, args=(process,), daemon=True).start()

    def _watch(self, process: Process) -> None:
        self.codes.append(process.popen.wait())
        process.readers[0].join(5)
        self.err = process.stderr or self.err
        self.hears.done()

    def pids(self) -> Sequence[int]:
        return [process.popen.pid for process in self.running if process.popen.poll() is None]

    def end(self, patience_s: float, forced: bool = False) -> Ending:
        hung = any(forced or not process.wait(patience_s) for process in self.running if process.popen.poll() is None)
        flooded = any(process.flooded for process in self.running)
        for process in self.running:
            self.left += process.close()
        if flooded or hung:
            return Ending("flooded" if flooded else "hung", None, self.err, self.left)
        code = next((code for code in self.codes if code), 0)
        return Ending("crashed" if code else "finished", code, self.err, self.left)


class InThread:
    """A client within this process. It can be waited for, and not be ended by force."""

    def __init__(self, make: Make) -> None:
        self.make = make
        self.messages: Queue[tuple[str, Sequence[str]] | None] = Queue()
        self.error = ""

    def begin(self, env: Mapping[str, str], home: Path, hears: Hears) -> None:
        self.hears = hears
        self.thread = threading.Thread(target=self._run, args=(env, home), daemon=True)
        self.thread.start()

    def _run(self, env: Mapping[str, str], home: Path) -> None:
        try:
            answer = self.make(env, home, self.hears.say)
            with closing(answer) if hasattr(answer, "close") else nullcontext():
                while (message := self.messages.get()) is not None:
                    answer(*message)
                    self.hears.done()
        except Exception:  # whatever a client does is its verdict
            self.error = traceback.format_exc()[-KEPT_STDERR:]
        self.hears.gone()

    def tell(self, text: str, files: Sequence[str]) -> None:
        self.messages.put((text, files))

    def pids(self) -> Sequence[int]:
        return ()

    def end(self, patience_s: float, forced: bool = False) -> Ending:
        self.messages.put(None)
        self.thread.join(0 if forced else patience_s)
        if self.thread.is_alive():
            return Ending("hung")
        return Ending("crashed" if self.error else "finished", None, self.error)


class Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the kit speaks to the adapter that it was told, and to nobody else."""

    def redirect_request(self, *_: object) -> None:
        return None


class OverHttp:
    """An adapter that runs already. Each POST carries `conversation`, and the first of one its `env` and `home`; the answer is
    JSON lines, say and done. `{"type": "end"}` closes a conversation."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.failed = ""
        self.how: How = "crashed"  # unless it is known better, where it failed
        self.seen = self.lines = 0
        self.asking: list[threading.Thread] = []
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), Stay())

    def begin(self, env: Mapping[str, str], home: Path, hears: Hears) -> None:
        self.hears, self.name = hears, home.name
        if not self._ask({"type": "begin", "env": dict(env), "home": str(home)}, ANSWERING_S):
            self.failed = f"no answer to 'begin' within {ANSWERING_S} s"
        if self.failed:
            raise CannotStart(f"{self.url}: {self.failed}")

    def _ask(self, told: Mapping[str, object], patience_s: float) -> bool:
        """Whether the answer ended in that time."""
        thread = threading.Thread(target=self._post, args=(told,), daemon=True)
        thread.start()
        thread.join(patience_s)
        return not thread.is_alive()

    def _post(self, told: Mapping[str, object]) -> None:
        body = json.dumps({"conversation": self.name, **told}).encode()
        done = False
        try:
            request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})
            with self.opener.open(request, timeout=3600) as answer:
                for raw in iter(lambda: answer.readline(LONGEST_LINE), b""):
                    self.seen, self.lines = self.seen + len(raw), self.lines + 1
                    if self.seen > MOST_BYTES or self.lines > MOST_LINES:
                        self.how = "flooded"
                        raise ValueError("it floods its output")
                    done = hear(raw.decode("utf-8", "replace").rstrip("\r\n"), self.hears) or done
            if told["type"] == "user" and not done:
                self.how = "left"
                raise ValueError("its answer ended without 'done'")
        except (OSError, ValueError, HTTPException) as error:
            self.failed = self.failed or str(getattr(error, "reason", error)) or type(error).__name__
            self.hears.gone()

    def tell(self, text: str, files: Sequence[str]) -> None:
        thread = threading.Thread(target=self._post, args=({"type": "user", "text": text, "files": list(files)},), daemon=True)
        self.asking.append(thread)
        thread.start()

    def pids(self) -> Sequence[int]:
        return ()

    def end(self, patience_s: float, forced: bool = False) -> Ending:
        until_s = monotonic() + (0 if forced else patience_s)
        for thread in self.asking:
            thread.join(max(0.0, until_s - monotonic()))
        hung = any(thread.is_alive() for thread in self.asking)
        if not hung:
            hung = not self._ask({"type": "end"}, patience_s)
        if self.failed:
            return Ending(self.how, None, self.failed)
        return Ending("hung" if hung else "finished")
