"""`run`: a client through the scenarios, and the verdicts."""

import os
import sys
import threading
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.commands import reporting
from conformance.commands.typed import FILE, Number, Refusal, held_options, held_to, profile_of

if TYPE_CHECKING:
    from conformance.client import Spec
    from conformance.result import Held, Level, Result
    from conformance.runner import Play
    from conformance.skill.profile import Profile
    from conformance.trace import Trace


@click.command(context_settings={"ignore_unknown_options": False})
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.option("--http", "url", metavar="URL", help="An adapter that runs already, instead of a command.")
@click.option("--python", "callable_", metavar="MODULE:NAME", help="A Python callable, instead of a command.")
@held_options
@click.option(
    "--rate",
    default=1.0,
    show_default=True,
    type=Number(1, 1000),
    help="Virtual seconds in a real one, for clients that scale their waits by NEMO_TIME_RATE; it is tried out first.",
)
@click.option(
    "--mode",
    type=click.Choice(["direct", "sandbox", "env"]),
    default="direct",
    show_default=True,
    help="How the client reaches the mock: by NEMO_API_URL, or, with the service's host written into it, as under 'nemovideo-mock exec'.",
)
@click.option("--only", multiple=True, metavar="RULE|SCENARIO|FILE", help="Only these; repeatable.")
@click.option(
    "--jobs", default=0, type=click.IntRange(0, 512), help="Conversations at once; unless told, as many as the machine bears."
)
@click.option("--shard", metavar="I/N", help="The Ith of N parts, for several machines.")
@click.option("--fail-fast", is_flag=True, help="Begin no other scenario once a binding rule is broken.")
@click.option(
    "--deadline",
    "deadline_s",
    default=0.0,
    type=Number(0, 86_400),
    help="Real seconds for one message; unless told, 20 virtual minutes and 20 s.",
)
@click.option(
    "--env",
    "pairs",
    multiple=True,
    metavar="NAME[=VALUE]",
    help="A variable for the client, or one of yours passed on; repeatable.",
)
@click.option("--seed", default="1", show_default=True, help="Decides everything that the service leaves to chance.")
@click.option("--baseline", type=FILE, metavar="FILE", help="Failures that are known, each with a reason and an end.")
@click.option(
    "--traces",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Keep every trace there; 'judge' reads them again.",
)
@click.option("--quiet", is_flag=True, help="No progress.")
@reporting.report_options
def run(command: tuple[str, ...], skill: str, level: "Level", quiet: bool, **told: Any) -> None:
    """Drive a client through the scenarios and tell, for every rule, whether it keeps it.

    COMMAND starts the client and speaks the protocol of CLIENT.md on its standard input and output; with {message} in it, it is
    run once for each message. Put -- before it.

    Exit status: 0 all met, 1 broken, 2 wrong usage, 3 unproven or could not run, 4 a fault of the kit.
    """
    from conformance import runner
    from conformance.result import result

    wanted = {kind: told.pop(kind) for kind in reporting.KINDS}
    reporting.check(wanted)
    if why := runner.trouble(told["mode"]):
        raise Refusal(why)
    profile = profile_of(skill)
    asked = rules_named(told["only"])
    held = held_to(profile, level, asked)
    spec = spec_of(command, told["url"], told["callable_"])
    chosen = sharded(chosen_by(told["only"]), told["shard"])
    if not chosen:
        raise Refusal("no scenario is left to run")
    expected = {rule for one in chosen for rule in runner.rules_of(one) if not asked or rule in asked}
    excuses = excuses_of(told["baseline"])
    notes: list[str] = []
    how = play_of(profile, told, read_env(told["pairs"]))
    keep((), told["traces"])  # better now than after a long run
    progress = Progress(len(chosen), held, quiet)
    stop = (lambda: progress.broken) if told["fail_fast"] else (lambda: False)
    with runner.strays_ended() as strays:
        if how.rate > 1:
            how = probed(spec, how, notes)
        traces = runner.play(spec, chosen, how, lambda _one, trace: progress.heard(trace), stop)
    progress.over()
    notes += [f"the client left processes behind, which were ended: {', '.join(sorted(set(strays)))}"] * bool(strays)
    keep(traces, told["traces"])
    played = {trace.name for trace in traces}
    skipped = [one.name for one in chosen if one.name not in played]
    again = repeated(how, command, skill=skill, level=level, **told)
    found = result(str(spec), held, how.rate, traces, expected, notes=notes, skipped=skipped, again=again)
    if excuses is not None:
        from conformance.baseline import applied

        reasons, complaints = applied(excuses, found.findings, played, date.today(), str(told["baseline"]))
        found = result(
            str(spec), held, how.rate, traces, expected, reasons, notes=notes, skipped=skipped, complaints=complaints, again=again
        )
    tell(found, wanted)


def tell(found: "Result", wanted: dict[str, Path | None]) -> None:
    """Print the result, write the reports, exit."""
    from conformance.report import terminal

    click.echo(terminal.text(found))
    reporting.write(found, wanted)
    for path in filter(None, wanted.values()):
        click.echo(f"  {path}")
    sys.exit(found.exit)


def repeated(how: "Play", command: Sequence[str], **told: Any) -> list[str]:
    """Words of the command line that make another run like this one."""
    defaults = {one.name: one.default for one in run.params}
    same = {"rate": how.rate, "skill": told["skill"], "level": told["level"], "mode": told["mode"], "seed": told["seed"]}
    words = [
        f"--{name}={value:g}" if name == "rate" else f"--{name}={value}"
        for name, value in same.items()
        if value != defaults[name]
    ]
    words += [f"--env={pair}" for pair in told["pairs"]]
    if told["url"] or told["callable_"]:
        return [*words, *(("--http", told["url"]) if told["url"] else ("--python", told["callable_"]))]
    return [*words, "--", *command]


def spec_of(command: Sequence[str], url: str | None, callable_: str | None) -> "Spec":
    """Raises Refusal."""
    from urllib.parse import urlsplit

    from conformance.client import Spec, of_command, python_callable

    if sum(map(bool, (command, url, callable_))) != 1:
        raise Refusal("name one client: a command after --, an adapter with --http, or a callable with --python")
    if url:
        try:
            parts = urlsplit(url)
            right = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            right = False
        if not right:
            raise Refusal(f"--http {url!r}: write it like http://127.0.0.1:9000/")
        return Spec(url=url)
    if callable_:
        return python_callable(callable_)
    return of_command(command)


def play_of(profile: "Profile", told: dict[str, Any], env: dict[str, str]) -> "Play":
    from conformance.runner import Play, skill_of

    return Play(told["rate"], told["jobs"], skill_of(profile), env, told["seed"], told["mode"], told["deadline_s"])


def probed(spec: "Spec", how: "Play", notes: list[str]) -> "Play":
    """The play as told where the client is seen to scale its waits, else at a rate of 1, with a note."""
    from dataclasses import replace

    from conformance.runner import probe

    found = probe(spec, how)
    if found.scales:
        return how
    notes.append(f"--rate {how.rate:g} was not used: {found.why}; the clock runs at 1")
    click.echo(f"nemovideo-conformance: {notes[-1]}", err=True)
    return replace(how, rate=1.0)


def chosen_by(words: Sequence[str]) -> list[Any]:
    """Scenarios by their names, files, or the rules they put to the test; all without words. Raises Refusal."""
    from conformance import catalogue, runner

    rules, names = set(), []
    for word in words:
        try:
            rules.add(catalogue.find(word).id)
        except LookupError:
            names.append(word)
    try:
        found = runner.scenarios(names) if names or not rules else []
    except runner.ScenarioError as error:
        raise Refusal("\n".join(error.lines)) from None
    known = {one.name for one in found}
    if rules:
        found += [one for one in runner.scenarios() if one.name not in known and rules & set(runner.rules_of(one))]
    return sorted(found, key=lambda one: one.name)


def rules_named(words: Sequence[str]) -> set[str]:
    """Ids of the rules among the words."""
    from conformance import catalogue

    found = set()
    for word in words:
        try:
            found.add(catalogue.find(word).id)
        except LookupError:
            continue
    return found


def sharded(scenarios: list[Any], word: str | None) -> list[Any]:
    """Raises Refusal."""
    if word is None:
        return scenarios
    first, _, last = word.partition("/")
    if not (first.isdecimal() and last.isdecimal() and 1 <= int(first) <= int(last)):
        raise Refusal(f"--shard {word!r}: write it like 2/4, the second of four parts")
    return scenarios[int(first) - 1 :: int(last)]


def excuses_of(path: Path | None) -> Any:
    """Raises Refusal."""
    if path is None:
        return None
    from conformance import runner
    from conformance.baseline import BaselineError, read

    try:
        return read(path, runner.names())
    except BaselineError as error:
        raise Refusal("\n".join(error.lines)) from None
    except OSError as error:
        raise Refusal(f"--baseline {path}: {error.strerror}") from None


def read_env(pairs: Sequence[str]) -> dict[str, str]:
    """Raises Refusal."""
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not name:
            raise Refusal(f"--env {pair!r}: write NAME=VALUE")
        if not equals and name not in os.environ:
            raise Refusal(f"--env {name}: there is no such variable to pass on; write NAME=VALUE")
        found[name] = value if equals else os.environ[name]
    return found


def keep(traces: "Sequence[Trace]", folder: Path | None) -> None:
    """Raises Refusal."""
    if folder is None:
        return
    import json

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for trace in traces:
            lines = (json.dumps(entry, ensure_ascii=False) + "\n" for entry in trace.entries)
            (folder / f"{trace.name}.jsonl").write_text("".join(lines), "utf-8")
    except OSError as error:
        raise Refusal(f"--traces {folder}: {error.strerror}") from None


class Progress:
    """What is told while it runs: on a terminal one line that changes, elsewhere a line for each scenario with an objection."""

    def __init__(self, count: int, held: "Held", quiet: bool) -> None:
        self.count, self.held, self.quiet = count, held, quiet
        self.played = 0
        self.broken = False
        self.lock = threading.Lock()
        self.live = sys.stderr.isatty() and not quiet

    def heard(self, trace: "Trace") -> None:
        from conformance.catalogue import judged

        objections = [
            rule for rule, verdict, _ in judged([trace]) if verdict == "broken" and self.held.binds(rule) and rule.level == "MUST"
        ]
        with self.lock:
            self.played += 1
            self.broken = self.broken or bool(objections)
            if objections and not self.quiet:
                words = ", ".join(f"{rule.id} {rule.name}" for rule in objections)
                self._say(f"{click.style('✗', fg='red')} {trace.name}: {words}")
            if self.live:
                click.echo(f"\r\033[K{self.played} of {self.count} scenarios", nl=False, err=True)

    def _say(self, words: str) -> None:
        click.echo(("\r\033[K" if self.live else "") + words, err=True)

    def over(self) -> None:
        if self.live:
            click.echo("\r\033[K", nl=False, err=True)
