"""`replay`: a run again, from its token or from what was recorded of it."""

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mock_server.commands import scenarios
from mock_server.commands.banner import banner, playing
from mock_server.commands.typed import Refusal, Within, control_port_option, file_trouble, port_option, ready_file_option
from mock_server.domain.settings import FIELDS

if TYPE_CHECKING:
    from mock_server.recipe import Recipe
    from mock_server.replay import Tape


@click.command()
@click.argument("what")
@click.option(
    "--lenient", is_flag=True, help="Recording: match by method and path, in any order. Default: as recorded, in that order."
)
@click.option("--world", default="default", show_default=True, help="Recording: which world of the journal.")
@click.option(
    "--rate",
    default=0.0,
    type=Within(0, 100_000),
    help="Recording: play its virtual times, so many virtual seconds a second. Default: no waiting.",
)
@port_option
@control_port_option
@ready_file_option
def replay(what: str, lenient: bool, world: str, rate: float, port: int, control_port: int, ready_file: Path | None) -> None:
    """Serve an earlier run again.

    WHAT is a run token (nm1_..., told when the mock starts): the world begins as it began there. Or a journal or HAR file: each
    request is answered as recorded; such a server has no control port.
    """
    from mock_server.serve import ServeError

    try:
        if is_there(Path(what)):
            play(what, read_tape(Path(what), world, lenient), rate, port, ready_file)
        else:
            begin_again(read_recipe(what), port, control_port, ready_file)
    except ServeError as error:
        raise Refusal(str(error)) from None


def is_there(path: Path) -> bool:
    with suppress(OSError):  # a token may be too long for a name
        return path.exists()
    return False


def read_recipe(token: str) -> "Recipe":
    """Raises Refusal."""
    from mock_server.recipe import TokenError, read_token

    try:
        return read_token(token)
    except TokenError as error:
        raise Refusal(f"{error}; there is no file of that name either") from None


def read_tape(path: Path, world: str, lenient: bool) -> "Tape":
    """Raises Refusal."""
    from mock_server.har import read
    from mock_server.recording import RecordingError, exchanges
    from mock_server.replay import Tape

    try:
        found = exchanges(read(path), world)
    except RecordingError as error:
        raise Refusal(str(error)) from None
    except OSError as error:
        raise file_trouble(path, error) from None
    if not found:
        raise Refusal(f"{path} has no exchange of world {world!r}")
    return Tape(found, lenient)


def begin_again(recipe: "Recipe", port: int, control_port: int, ready_file: Path | None) -> None:
    """Raises Refusal, ServeError."""
    from mock_server.serve import announcing, open_doors, run_until_signal
    from mock_server.worlds import Worlds

    doors = open_doors("127.0.0.1", port, control_port)
    worlds, exports = Worlds(recipe), {}
    if recipe.scenario:
        unlike = [name for name, field in FIELDS.items() if getattr(recipe.settings, name) != field.default]
        exports = scenarios.begin(worlds, scenarios.load(recipe.scenario)[0], unlike)
    with announcing(ready_file, doors) as announce:

        def ready() -> None:
            announce()
            click.echo(banner(doors, recipe, exports))
            sys.stdout.flush()

        run_until_signal(worlds, doors, ready)


def play(what: str, tape: "Tape", rate: float, port: int, ready_file: Path | None) -> None:
    """Raises ServeError."""
    from mock_server.replay import Player
    from mock_server.serve import announcing, open_doors, play_until_signal

    doors = open_doors("127.0.0.1", port, None)
    with announcing(ready_file, doors) as announce:

        def ready() -> None:
            announce()
            click.echo(playing(doors, what))
            sys.stdout.flush()

        play_until_signal(Player(tape, rate), doors, ready)
