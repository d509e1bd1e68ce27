"""`exec`: a command that cannot be told a base URL, run against a world of its own."""

import errno
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from mock_server.commands import scenarios
from mock_server.commands.typed import FILE, Within, Word

if TYPE_CHECKING:
    from mock_server.intercept import Interception, Mode
    from mock_server.scenario import Scenario
    from mock_server.worlds import Worlds

#: As env, timeout and shells have them.
NOT_RUN, NOT_EXECUTABLE, NOT_FOUND, BY_SIGNAL = 125, 126, 127, 128
#: A terminal sends these to the command by itself.
OF_TERMINALS = ("SIGINT", "SIGQUIT")
PASSED_ON = (*OF_TERMINALS, "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2")
#: Every signal wakes us; where our parent had the end of children blocked, this does.
LOOK_AGAIN_S = 1.0

LEAKS = """nemovideo-mock: --mode env is no wall. Python, Node and whatever honours https_proxy reach the mock; a program that does
not (Java, 'curl --noproxy', python -I) would reach the real network, and the real service."""


class NotRun(click.ClickException):
    """The command did not run; the message says why."""

    def __init__(self, message: str, code: int = NOT_RUN) -> None:
        super().__init__(f"exec: {message}")
        self.exit_code = code  # type: ignore[misc]  # click reads it from the instance


@click.command(name="exec", context_settings={"allow_interspersed_args": False})
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="[--] COMMAND [ARGUMENT...]")
@click.option("--scenario", "word", metavar="NAME|FILE", help="The world begins as this scenario says.")
@click.option(
    "--mode",
    default="auto",
    show_default=True,
    type=Word(["auto", "sandbox", "env"]),
    help="How the command is led to the mock; auto is the sandbox, or a refusal that says what forbids it here.",
)
@click.option(
    "--rate",
    default=None,
    type=Within(0.1, 1000),
    metavar="N",
    help="N virtual seconds a second, in the world and for the command. 10 to 20 suit most; the time that programs really need counts N-fold, too.",
)
@click.option(
    "--journal",
    "journal_file",
    type=FILE,
    help="Append all that crosses the wire to this file. Default: a new one in the folder for temporary files; it stays.",
)
@click.option("--quiet", is_flag=True, help="No account at the end, and no journal unless --journal names one.")
def execute(
    command: tuple[str, ...], word: str | None, mode: str, rate: float | None, journal_file: Path | None, quiet: bool
) -> None:
    """Run a command whose API host is written into it against a mock of its own.

    https://mega-api-prod.nemovideo.ai, nemovideo.com and www.nemovideo.com lead to a new world; so does NEMO_API_URL, which is set.
    Standard streams are the command's own, signals are passed on, and the exit code is the command's (128 + n for signal n).
    What it asked for, what was refused, and where the journal lies is said on stderr when it has ended.

    \b
      nemovideo-mock exec -- python my_client.py "add calm music"
      nemovideo-mock exec --scenario silent-edit --rate 20 -- ./agent.sh
      nemovideo-mock exec -- bash          # a shell to try things in

    --mode sandbox (Linux, no root needed): the command has a network of its own that holds the mock and nothing else. Any other
    host fails at once, services on this machine's loopback included. Names that were looked up are in the account.

    --mode env (everywhere): proxy and certificate variables, and hooks for Python and Node. The proxy answers 403 for other hosts.
    A program that honours none of these reaches the real network.

    --rate: the clocks of Python and Node are turned by hooks; those of other programs by the system's 'faketime', if it is installed.
    Go programs and static ones keep their own.

    Needs the extra 'tls': pip install 'nemovideo-mock[tls]'.
    """
    check(command[0])
    if mode != "env":
        check_sandbox()
    plan = scenarios.load(word)[0] if word else None
    worlds, exports, journal = begun(plan, rate, journal_file, quiet)
    with led(worlds, "env" if mode == "env" else "sandbox", rate or 1.0) as way:
        if mode == "env":
            click.echo(LEAKS, err=True)
        code = run(way, command, {**os.environ, **exports})
    if not quiet:
        click.echo(told(worlds, way, journal), err=True)
    raise SystemExit(code)


def check(word: str) -> None:
    """Raises NotRun for a command that is not there, or cannot be executed."""
    found = shutil.which(word)
    if found is None:
        there = os.sep in word and Path(word).exists()
        why = "it cannot be executed" if there else "there is no such command"
        raise NotRun(f"{word}: {why}", NOT_EXECUTABLE if there else NOT_FOUND)
    with suppress(OSError), Path(found).open("rb") as file:  # what may be executed and not read is none of our business
        line = file.readline(256)
        names = os.fsdecode(line[2:]).rstrip("\n").replace("\t", " ").split(" ") if line.startswith(b"#!") else []
        if (by := next(filter(None, names), "")) and not Path(by).exists():
            raise NotRun(f"{word}: its first line names {by!r}, which is not there", NOT_FOUND)


def check_sandbox() -> None:
    """Raises NotRun."""
    from mock_server.intercept import sandbox

    if rule := sandbox.trouble():
        raise NotRun(
            f"there can be no sandbox here: {rule}. Nothing was run. --mode env needs no sandbox, but a program that honours "
            "neither proxy variables nor our hooks would reach the real service"
        )


def begun(
    plan: "Scenario | None", rate: float | None, journal_file: Path | None, quiet: bool
) -> tuple["Worlds", dict[str, str], Path | None]:
    """The worlds, what the client is given, and where the journal is. A manual clock would stand still: nobody moves it here."""
    from mock_server.commands.serving import open_worlds, read_start
    from mock_server.worlds import Recipe

    policy = plan.policy if plan and plan.policy in ("real", "instant") and not rate else "real"
    start_ms = plan.start_ms if plan and plan.start_ms is not None else read_start("now", None)
    if journal_file is None and not quiet:
        handle, name = tempfile.mkstemp(prefix="nemovideo-mock-", suffix=".jsonl")
        os.close(handle)
        journal_file = Path(name)
    recipe = Recipe(seed=(plan and plan.seed) or "7", policy=policy, rate=rate or (plan and plan.rate) or 1.0, start_ms=start_ms)
    worlds = open_worlds(recipe, journal_file, None)
    return worlds, scenarios.begin(worlds, plan, ()) if plan else {}, journal_file


@contextmanager
def led(worlds: "Worlds", mode: "Mode", rate: float) -> Iterator["Interception"]:
    """A server and an interception, while the command runs. Raises NotRun."""
    from mock_server.intercept import NoTLS, intercepted
    from mock_server.serve import ServeError, running

    with ExitStack() as stack:
        try:
            server = stack.enter_context(running(worlds, control_port=None))
            way = stack.enter_context(intercepted(server, "default", mode, rate, trouble=str))  # it was looked for already
        except (NoTLS, ServeError, OSError) as error:
            raise NotRun(str(error)) from None
        yield way


def run(way: "Interception", command: Sequence[str], base: Mapping[str, str]) -> int:
    """Start the command, pass signals on, and give its exit code. Raises NotRun."""
    if note := way.pace(command, base).note:
        click.echo(f"nemovideo-mock: {note}", err=True)
    with passing_on() as end_of:
        try:  # descriptors beyond the standard ones are the command's, too: Python's own are closed to it
            process = subprocess.Popen(way.wrap(command), env=way.environment(command, base), close_fds=False)
        except OSError as error:
            hint = ": a script needs a first line like #!/bin/sh" if error.errno == errno.ENOEXEC else ""
            raise NotRun(f"{command[0]}: {error.strerror}{hint}", NOT_EXECUTABLE) from None
        code = end_of(process)
    return code if code >= 0 else BY_SIGNAL - code


@contextmanager
def passing_on() -> Iterator[Callable[[subprocess.Popen[bytes]], int]]:
    """Signals that come to us go to the command, also those that came before it began. What a terminal sends, it has already.

    Gives what waits for the command's end. Not in waitpid: a signal that another thread of ours takes would not be noticed there.
    """
    processes: list[subprocess.Popen[bytes]] = []
    early: list[int] = []
    ours, signals = socket.socketpair()
    signals.setblocking(False)
    ours.settimeout(LOOK_AGAIN_S)

    def pass_on(number: int, _: FrameType | None) -> None:
        if not processes:
            early.append(number)
        elif not (signal.Signals(number).name in OF_TERMINALS and in_foreground()):
            processes[0].send_signal(number)

    def end_of(process: subprocess.Popen[bytes]) -> int:
        processes.append(process)
        for number in early:
            process.send_signal(number)
        while process.poll() is None:
            with suppress(TimeoutError):
                ours.recv(64)
        return process.returncode

    numbers = [getattr(signal, name) for name in PASSED_ON if hasattr(signal, name)]
    before = {number: signal.signal(number, pass_on) for number in numbers if signal.getsignal(number) is not signal.SIG_IGN}
    if hasattr(signal, "SIGCHLD"):
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
    woken = signal.set_wakeup_fd(signals.fileno(), warn_on_full_buffer=False)
    try:
        yield end_of
    finally:
        signal.set_wakeup_fd(woken)
        for number, was in before.items():
            signal.signal(number, was)
        ours.close()
        signals.close()


def in_foreground() -> bool:
    """Whether a terminal sends its signals to our process group."""
    if not hasattr(os, "tcgetpgrp"):
        return True
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | getattr(os, "O_NOCTTY", 0))
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    finally:
        os.close(terminal)


def told(worlds: "Worlds", way: "Interception", journal: Path | None) -> str:
    """The account."""
    from mock_server import faults
    from mock_server.intercept.account import account, rows

    live = worlds.at("default")
    found = account(live.journal.entries())
    unfired = Counter(
        f"{one.fault.what} on {one.fault.operation} at {one.fault.at}" + (f" {one.fault.number}" if one.fault.number else "")
        for one in faults.unfired(live.faults)
    )
    count, no = found.asked.total(), found.refused.total()
    lines = [
        f"nemovideo-mock: {count or 'no'} request{'' if count == 1 else 's'}, {no or 'none'} refused",
        *rows("asked for", found.asked),
        *rows("refused by the service", found.refused),
        *rows("pages of the web site", way.pages),
        *rows("other places tried, and not reached", way.tried),
        *rows("faults that never fired", unfired),
        *([f"  journal {journal}"] if journal else []),
    ]
    return "\n".join(lines)
