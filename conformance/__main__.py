"""The command `nemovideo-conformance`, assembled."""

import os
import signal
import sys

import click

from conformance import __version__
from conformance.commands.judging import judge
from conformance.commands.running import run
from conformance.commands.telling import ambiguities, explain, rules
from conformance.commands.visiting import chat, observe
from conformance.result import FAULT
from conformance.skill.command import skill


class InOrder(click.Group):
    """Lists its commands in the order in which one needs them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(cls=InOrder, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, message="nemovideo-conformance %(version)s")
def commands() -> None:
    """Judge any client of the NemoVideo agent API, in any language, by every documented rule.

    Begin with 'nemovideo-conformance run -- COMMAND'. Each command has its own --help.
    """


for one in (run, judge, observe, skill, rules, explain, ambiguities, chat):
    commands.add_command(one)


def main() -> None:
    """Exit status 4 for a fault of the kit itself, told in one line. SIGTERM ends it as Ctrl-C does: in order."""

    def asked(*_: object) -> None:
        raise SystemExit(128 + signal.SIGTERM)

    signal.signal(signal.SIGTERM, asked)
    try:
        commands(prog_name="nemovideo-conformance", color=False if os.environ.get("NO_COLOR") else None)
    except Exception as error:
        click.echo(f"nemovideo-conformance: a fault of the kit: {type(error).__name__}: {error}", err=True)
        sys.exit(FAULT)


if __name__ == "__main__":
    main()
