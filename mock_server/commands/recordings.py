"""`har`: journals for other tools, and other tools' recordings held against the contract."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from mock_server.commands.sections import InOrder
from mock_server.commands.typed import FILE, Refusal, file_trouble


@click.group(cls=InOrder)
def har() -> None:
    """Turn a journal into HAR 1.2, or hold a recording against the contract."""


@har.command()
@click.argument("journal_file", type=FILE)
@click.option("--world", default="default", show_default=True, help="Which world of the journal.")
@click.option("--keep-secrets", is_flag=True, help="Leave tokens and client ids in.")
def export(journal_file: Path, world: str, keep_secrets: bool) -> None:
    """Print a journal file (serve --journal) as HAR. Tokens and client ids are replaced."""
    from mock_server.har import export, read

    with reading(journal_file):
        told = export(read(journal_file), world, keep_secrets=keep_secrets)
    click.echo(json.dumps(told, indent=1, ensure_ascii=False))


@har.command()
@click.argument("har_file", type=FILE)
def check(har_file: Path) -> None:
    """List where a HAR or journal file contradicts the contract; exit 1 if it does."""
    from mock_server.har import contradictions, read

    with reading(har_file):
        found = contradictions(read(har_file))
    for line in found:
        click.echo(line)
    raise SystemExit(1 if found else 0)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Raises Refusal for what is no recording."""
    from mock_server.recording import RecordingError

    try:
        yield
    except RecordingError as error:
        raise Refusal(str(error)) from None
    except OSError as error:
        raise file_trouble(path, error) from None
