"""`settings`, `lifecycles`, `ledger`: what the mock does, told without a server."""

import json
from typing import Any

import click

from mock_server.commands.typed import Refusal, Word, json_option, near
from mock_server.domain.settings import FIELDS


@click.command()
@json_option
@click.argument("names", nargs=-1)
def settings(names: tuple[str, ...], as_json: bool) -> None:
    """List the settings that --setting changes: default, meaning, and what each rests on.

    With NAMES, only these.
    """
    for name in names:
        if name not in FIELDS:
            raise Refusal(f"there is no setting {name!r}{near(name, FIELDS)}")
    rows = [row_of(name) for name in FIELDS if not names or name in names]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        click.echo(f"{click.style(row['name'], bold=True)} = {shown(row['default'])}")
        click.echo(f"    {row['doc']}")
        if row["choices"]:
            several = isinstance(row["default"], tuple)
            click.echo(f"    {'any of, joined by commas' if several else 'one of'}: {', '.join(row['choices'])}")
        click.echo(click.style(f"    {row['basis']}: {row['source']}", dim=True))


def row_of(name: str) -> dict[str, Any]:
    default, meta = FIELDS[name].default, FIELDS[name].metadata
    return {"name": name, "default": default, **{key: meta[key] for key in ("choices", "doc", "basis", "source")}}


def shown(value: Any) -> str:
    """A value as one would type it after --setting NAME=."""
    if isinstance(value, tuple):
        return ("-" if value and isinstance(value[0], float) else ",").join(shown(v) for v in value) or "''"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value).lower() if isinstance(value, bool) else str(value) or "''"


@click.command()
def lifecycles() -> None:
    """Print the lifecycles of turns, credit holds, renders and tokens."""
    from mock_server.domain.lifecycle import LIFECYCLES, printed

    for name in LIFECYCLES:
        click.echo(f"{click.style(name, bold=True)}\n{printed(name)}\n")


@click.command()
@click.option(
    "--basis",
    type=Word(["seed", "vendor", "observed", "assumed"]),
    help="Only what rests on this: the seed documents, the vendor's, what others were seen to do, or nothing but us.",
)
@click.option("--kind", default=None, help="Only this kind: operation, field, code, timing, setting, contradiction, refusal ...")
@json_option
def ledger(basis: str | None, kind: str | None, as_json: bool) -> None:
    """List what the mock does, on what each part rests, and how to switch what is assumed."""
    from mock_server.ledger import as_data

    rows = as_data()
    kinds = sorted({row["kind"] for row in rows})
    if kind is not None and kind not in kinds:
        raise Refusal(f"--kind {kind!r} is not one of {', '.join(kinds)}{near(kind, kinds)}")
    found = [row for row in rows if basis in (None, row["basis"]) and kind in (None, row["kind"])]
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    for row in found:
        switch = f"  [--setting {row['setting']}]" if row["setting"] else ""
        source = f" ({row['source']})" if row["source"] else ""
        click.echo(f"{row['basis']:<8} {row['kind']:<13} {click.style(row['name'], bold=True)}{switch}")
        click.echo(click.style(f"         {' '.join(row['says'].split())}{source}", dim=True))
