"""`scenario`: files that say how a world begins; and what `serve --scenario` and `replay` need of them."""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mock_server.commands.sections import InOrder
from mock_server.commands.typed import Refusal

if TYPE_CHECKING:
    from mock_server.scenario import Scenario
    from mock_server.worlds import Worlds


@click.group(cls=InOrder)
def scenario() -> None:
    """Files that say how a world begins and what happens in it.

    'nemovideo-mock serve --scenario NAME' begins as one of them says.
    """


@scenario.command("list")
@click.option(
    "--covers", default=None, metavar="WORDS", help="Only those that exercise this, like 'rule 61', 'code 2001' or C17."
)
def list_scenarios(covers: str | None) -> None:
    """List the scenarios that ship with the mock, with why each matters."""
    from mock_server.scenario import covering, find, names, read

    if covers is not None and (wrong := covering.complaint(covers)):
        raise Refusal(f"--covers {wrong}")
    found = [one for one in (read(find(name)) for name in names()) if covers is None or covers in one.covers]
    width = max((len(one.name) for one in found), default=0)
    for one in found:
        click.echo(f"{click.style(one.name, bold=True)}{' ' * (width - len(one.name))}  {one.why}")


@scenario.command()
@click.argument("name")
def show(name: str) -> None:
    """Print a scenario file."""
    click.echo(load(name)[1], nl=False)


@scenario.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
def check(files: tuple[str, ...]) -> None:
    """Check scenario files.

    Each complaint is a line FILE:LINE: what is wrong; exit 2 if there is any.
    """
    from mock_server.domain.errors import ServiceError
    from mock_server.scenario import ScenarioError, begin, read
    from mock_server.worlds import Worlds

    complaints = []
    for file in files:
        try:
            begin(Worlds(), read(Path(file)), "default")
        except ScenarioError as error:
            complaints += error.lines
        except ServiceError as error:
            complaints.append(f"{file}:1: the world cannot begin so: {error}")
    if complaints:
        raise Refusal("\n".join(complaints))
    click.echo(f"{len(files)} scenario{'s' if len(files) > 1 else ''}, all well")


@scenario.command()
@click.argument("journal", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", default=None, help="What to call it. Default: like the journal file.")
@click.option(
    "--world", default=None, help="Which world of the journal. Default: default, or the first that was asked for anything."
)
def new(journal: Path, name: str | None, world: str | None) -> None:
    """Print a scenario made from the recording of a run.

    It has the settings and seed of the run, its messages, faults and outcomes. JOURNAL is a file of serve --journal, or a HAR
    file of a browser or proxy; 'har check' lists where that one contradicts the contract.
    """
    from mock_server.har import read
    from mock_server.recording import RecordingError
    from mock_server.scenario import RecallError, recall

    name = name or re.sub(r"[^a-z0-9]+", "-", journal.stem.lower()).strip("-")[:64] or "recorded"
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", name):
        raise Refusal(f"--name {name!r}: small letters, digits and dashes")
    try:
        click.echo(recall(read(journal), name, world), nl=False)
    except (RecordingError, RecallError) as error:
        raise Refusal(str(error)) from None


# for serve and replay


def load(word: str) -> tuple["Scenario", str]:
    """A scenario by its name or file, and the text of the file. Raises Refusal."""
    from mock_server.scenario import ScenarioError, find, read

    try:
        path = find(word)
        return read(path), path.read_text("utf-8")
    except ScenarioError as error:
        raise Refusal(str(error)) from None


def planned(word: str, told: Mapping[str, Any]) -> tuple["Scenario", dict[str, Any]]:
    """A scenario, and options of `serve` (clock, rate, seed, start) as it says them where nobody typed them. Raises Refusal."""
    plan, _ = load(word)
    start = None if plan.start_ms is None else datetime.fromtimestamp(plan.start_ms / 1000, UTC).isoformat()
    says = {"clock": plan.policy, "rate": plan.rate, "seed": plan.seed, "start": start}
    source = click.get_current_context().get_parameter_source
    default = click.core.ParameterSource.DEFAULT
    return plan, {key: says[key] if says[key] is not None and source(key) is default else told[key] for key in says}


def begin(worlds: "Worlds", plan: "Scenario", keep: Collection[str]) -> dict[str, str]:
    """The world `default` begins so, by the recipe of the process, whose settings named by `keep` win; gives the variables for
    the client. Raises Refusal."""
    from mock_server import scenario
    from mock_server.domain.errors import ServiceError

    recipe = worlds.recipe
    options: dict[str, Any] = {"policy": recipe.policy, "rate": recipe.rate, "start_ms": recipe.start_ms}
    try:
        begun = scenario.begin(worlds, plan, "default", keep, seed=recipe.seed, **options)
    except ServiceError as error:
        raise Refusal(f"scenario {plan.name}: {error}") from None
    worlds.keep(begun.live)
    return begun.environment
