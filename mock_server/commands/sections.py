"""The command as a whole: its help in sections, and each wrong use in one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from mock_server.commands.typed import Refusal, near

#: Of a short help: it is wrapped, never cut.
MOST_CHARACTERS = 200
#: Told with the help, as click 8.2 and later have it; before, it is no error.
_BARE = getattr(click.exceptions, "NoArgsIsHelpError", ())


class InOrder(click.Group):
    """Lists its commands as they were added: what one needs first stands first."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


class Sections(InOrder):
    """Lists its commands under headings."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.sections: dict[str, list[click.Command]] = {}

    def add_section(self, heading: str, *commands: click.Command) -> None:
        self.sections[heading] = list(commands)
        for command in commands:
            self.add_command(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, self.commands), default=0)
        for heading, commands in self.sections.items():
            with formatter.section(heading):
                formatter.write_dl(
                    [(f"{command.name:<{width}}", command.get_short_help_str(MOST_CHARACTERS)) for command in commands]
                )

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        with in_one_line():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        with in_one_line():
            return super().invoke(ctx)


@contextmanager
def in_one_line() -> Iterator[None]:
    """click shows how a command is used above what is wrong; the last line is what helps. Raises Refusal."""
    try:
        yield
    except click.UsageError as error:
        if isinstance(error, _BARE):
            raise
        where = f"{error.ctx.command_path}: " if error.ctx else ""
        raise Refusal(where + " ".join(sentence(error).split())) from None


def sentence(error: click.UsageError) -> str:
    """click's own words, with the nearest command where it was mistyped."""
    told = error.format_message()
    group = error.ctx.command if error.ctx else None
    if isinstance(group, click.Group) and told.startswith("No such command") and "Did you mean" not in told:
        return told.rstrip(".") + near(told.split("'")[1], group.commands)
    return told
