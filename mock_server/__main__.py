"""The command `nemovideo-mock`, assembled."""

import click

from mock_server import __version__
from mock_server.commands.executing import execute
from mock_server.commands.recordings import har
from mock_server.commands.replaying import replay
from mock_server.commands.running import journal, worlds
from mock_server.commands.scenarios import scenario
from mock_server.commands.sections import Sections
from mock_server.commands.serving import serve
from mock_server.commands.telling import ledger, lifecycles, settings


@click.group(cls=Sections, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, message="nemovideo-mock %(version)s")
def main() -> None:
    """A local stand-in for the NemoVideo agent API: real state, virtual time, no network.

    Begin with 'nemovideo-mock serve'. Each command has its own --help.
    """


main.add_section("Serve", serve, execute, replay)
main.add_section("Look into a running mock, from another terminal", worlds, journal)
main.add_section("Scenarios and recordings", scenario, har)
main.add_section("What the mock does, and why", settings, lifecycles, ledger)

if __name__ == "__main__":
    main(prog_name="nemovideo-mock")
