"""`worlds` and `journal`: a running mock, from another terminal."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from mock_server.commands.entries import as_line
from mock_server.commands.sections import InOrder
from mock_server.commands.typed import Finite, Refusal, Text, control_url_option, read_pairs, read_settings, setting_option


@click.group(cls=InOrder, invoke_without_command=True)
@control_url_option
@click.pass_context
def worlds(context: click.Context, control_url: str) -> None:
    """List the worlds of a running mock, or change one of them.

    A world is a mock of its own at URL/w/NAME, with its own accounts, time and settings; 'default' is the one at URL.
    --control-url stands before the command: nemovideo-mock worlds --control-url URL show NAME.
    """
    context.obj = control_url
    if context.invoked_subcommand is None:
        for world in ask(control_url, "GET", "/worlds", part="worlds"):
            click.echo(
                f"{world['name']:<20} {world['now']}  {world['clock']['policy']:<8} seed {world['seed']:<12} {world['url']}"
            )


@worlds.command()
@click.argument("name")
@click.option("--seed", default=None, type=Text(), help="Default: as the mock was started.")
@setting_option
@click.pass_obj
def create(control_url: str, name: str, seed: str | None, pairs: tuple[str, ...]) -> None:
    """Make a world, and print its URL."""
    read_settings(pairs)
    wanted: dict[str, Any] = {"name": name, "settings": read_pairs(pairs)}
    if seed is not None:
        wanted["seed"] = seed
    click.echo(ask(control_url, "POST", "/worlds", wanted, part="url"))


@worlds.command()
@click.argument("name")
@click.pass_obj
def show(control_url: str, name: str) -> None:
    """Show a world as JSON."""
    click.echo(json.dumps(ask(control_url, "GET", place(name)), indent=2))


@worlds.command()
@click.argument("name")
@click.pass_obj
def delete(control_url: str, name: str) -> None:
    """Delete a world."""
    ask(control_url, "DELETE", place(name))


@worlds.command()
@click.argument("name")
@click.pass_obj
def reset(control_url: str, name: str) -> None:
    """Put a world back to its beginning."""
    ask(control_url, "POST", place(name, "reset"))


@worlds.command()
@click.argument("name")
@click.option("--by", "by_s", type=Finite(), metavar="SECONDS", help="So many virtual seconds.")
@click.option("--next", "to_next", is_flag=True, help="To the next thing that is due.")
@click.pass_obj
def advance(control_url: str, name: str, by_s: float | None, to_next: bool) -> None:
    """Let time pass in a world, and print what time it is there."""
    if (by_s is None) == (not to_next):
        raise Refusal("worlds advance: say either --by SECONDS or --next")
    wanted: dict[str, Any] = {"next": True} if to_next else {"by_s": by_s}
    click.echo(ask(control_url, "POST", place(name, "clock", "advance"), wanted, part="now"))


@click.command()
@click.argument("world", default="default")
@control_url_option
@click.option("--follow", "-f", is_flag=True, help="Go on as things happen, until Ctrl-C.")
@click.option(
    "--operation", default=None, metavar="NAME", help="Only requests of this operation and their answers, e.g. run_sse."
)
@click.option("--json", "as_json", is_flag=True, help="Whole entries as JSON, one a line.")
def journal(world: str, control_url: str, follow: bool, operation: str | None, as_json: bool) -> None:
    """Show what crossed the wire of a world of a running mock, and what happened in it.

    '->' is a request, '<-' its answer, '|' an event of a stream, ':' bytes of one, '!' a fault, '*' the world itself.
    """
    from mock_server.remote import entries

    try:
        with refusing():
            for entry in entries(control_url, world, follow, operation):
                click.echo(json.dumps(entry, ensure_ascii=False) if as_json else as_line(entry))
    except KeyboardInterrupt:
        return


def place(name: str, *parts: str) -> str:
    from mock_server.remote import world_path

    return "/".join((world_path(name), *parts))


def ask(control_url: str, method: str, path: str, body: dict[str, Any] | None = None, part: str = "") -> Any:
    """What the control port answers, or one part of it. Raises Refusal."""
    from mock_server.remote import call

    with refusing():
        return call(control_url, method, path, body, part)


@contextmanager
def refusing() -> Iterator[None]:
    """Raises Refusal with what the control port said, or why there is none."""
    from mock_server.remote import Refused

    try:
        yield
    except Refused as refused:
        raise Refusal(str(refused)) from None
