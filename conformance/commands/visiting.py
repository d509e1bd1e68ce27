"""`observe` and `chat`: a person at one of the two ends."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.commands import reporting
from conformance.commands.running import play_of, read_env, tell
from conformance.commands.typed import DEFAULT_SKILL, Number, Refusal, held_options, held_to, profile_of

if TYPE_CHECKING:
    from conformance.result import Level


@click.command()
@click.argument("name", metavar="SCENARIO")
@held_options
@click.option("--rate", default=1.0, show_default=True, type=Number(1, 1000), help="Virtual seconds in a real one.")
@click.option("--seed", default="1", show_default=True, help="Decides everything that the service leaves to chance.")
@reporting.report_options
def observe(name: str, skill: str, level: "Level", rate: float, seed: str, **wanted: Any) -> None:
    """Serve a scenario for a client that nobody can start from here, such as an agent in a chat window, and judge what it did.

    Say to the client what is printed, one message after the other, and press Enter when it is done. What the client showed you
    is not recorded: rules about that stay unproven.
    """
    from conformance import runner
    from conformance.result import result

    reporting.check(wanted)
    profile = profile_of(skill)
    try:
        (told,) = runner.scenarios([name])
    except runner.ScenarioError as error:
        raise Refusal("\n".join(error.lines)) from None
    options = {"rate": rate, "jobs": 1, "seed": seed, "mode": "direct", "deadline_s": 0.0}
    with runner.bench(seed) as bench:
        visit = runner.Visit(bench, play_of(profile, options, read_env(())), told)
        click.echo(f"{click.style(told.name, bold=True)}: {told.why}")
        for variable, value in visit.environment().items():
            click.echo(f"  {variable}={value}")
        for message in told.messages:
            files = "".join(f" [{visit.file(file.name)}]" for file in message.files)
            click.echo(f"\nsay to the client: {click.style(message.text, bold=True)}{files}")
            visit.said(message)
            click.echo("Enter when it is done ", nl=False)
            if not sys.stdin.readline():
                break
        trace = visit.over()
    found = result(f"observed in {name}", held_to(profile, level), rate, [trace], set(runner.rules_of(told)))
    tell(found, wanted)


@click.command()
@click.option("--rate", default=20.0, show_default=True, type=Number(1, 1000), help="Virtual seconds in a real one.")
@click.option("--scenario", "name", metavar="NAME|FILE", help="Begin as this scenario does.")
def chat(rate: float, name: str | None) -> None:
    """Talk to the reference client, here, with a mock of the service behind it."""
    from conformance import runner

    if not (client := runner.reference_client()):
        raise Refusal("the reference client is not part of this installation")
    try:
        told = runner.scenarios([name])[0] if name else None
    except runner.ScenarioError as error:
        raise Refusal("\n".join(error.lines)) from None
    click.echo(click.style("Ctrl-D ends the conversation. Words that name a file stand for it.", dim=True))
    sys.exit(runner.chat(client, told, rate, profile_of(DEFAULT_SKILL), Path.cwd()))
