"""`rules` and `explain`: the catalogue, for people."""

import json
import textwrap
from typing import Any

import click

from conformance.commands.typed import Refusal


@click.command()
@click.option("--room", help="Only the rules of this room: auth, streams, exports ...")
@click.option("--basis", type=click.Choice(["seed", "vendor", "assumed"]), help="Only what rests on this.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def rules(room: str | None, basis: str | None, as_json: bool) -> None:
    """List the rules for a client: level, basis, and what each says."""
    from conformance import catalogue

    if room and room not in catalogue.ROOMS:
        raise Refusal(f"there is no room {room!r}: {', '.join(catalogue.ROOMS)}")
    found = [one for one in catalogue.rules().values() if room in (None, one.room) and basis in (None, one.basis)]
    if as_json:
        click.echo(json.dumps([as_data(one) for one in found], indent=1, ensure_ascii=False))
        return
    current = ""
    for one in found:
        if one.room != current:
            current = one.room
            click.echo(f"\n{click.style(current, bold=True)}" if one is not found[0] else click.style(current, bold=True))
        mark = "  (no trace can prove it)" if one.excluded else ""
        click.echo(f"  {one.id}  {one.level:6} {one.basis:8}{one.name}{click.style(mark, dim=True)}")


def as_data(one: Any) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "says": one.says,
        "level": one.level,
        "basis": one.basis,
        "sources": list(one.sources),
        "seen": list(one.seen),
        "room": one.room,
        "scenarios": _scenarios(one.id),
        "excluded": one.excluded,
    }


@click.command()
@click.argument("word", metavar="RULE")
def explain(word: str) -> None:
    """Tell all about one rule, by id, number or name: what it asks, on what it rests, how it is put to the test."""
    from conformance import catalogue
    from conformance.ambiguities import of_rule as of_rule_open
    from conformance.sentences import of_rule

    try:
        one = catalogue.find(word)
    except LookupError as error:
        raise Refusal(str(error)) from None
    click.echo(f"{click.style(one.id, bold=True)} {one.name}   {one.level}, {one.basis}")
    click.echo(textwrap.fill(one.says, 100))
    click.echo(f"\nrests on   {', '.join(one.sources)}")
    for entry in of_rule(one.id):
        click.echo(f"             {', '.join(entry.at)}: {entry.gist}")
    click.echo(f"seen       {', '.join(one.seen)}")
    for row in of_rule_open(one.id):
        click.echo(
            textwrap.fill(f"{row.id}: {row.text} {row.so}", 100, initial_indent="open       ", subsequent_indent="             ")
        )
    if one.excluded:
        click.echo(f"excluded   {one.excluded}")
        return
    click.echo(f"scenarios  {', '.join(_scenarios(one.id)) or 'none'}")
    click.echo(f"try it     nemovideo-conformance run --only {one.id} -- YOUR CLIENT")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def ambiguities(as_json: bool) -> None:
    """List what the documents leave open: the readings, how each is run, and how rules grade what they share."""
    from dataclasses import asdict

    from conformance.ambiguities import ambiguities as rows

    if as_json:
        click.echo(json.dumps([asdict(one) for one in rows()], indent=1, ensure_ascii=False))
        return
    for one in rows():
        click.echo(f"{click.style(one.id, bold=True)}  {one.text}")
        for reading in one.readings:
            how = f"scenario {reading.scenario}" if reading.scenario else f"client {reading.client}"
            click.echo(f"      {reading.says}  {click.style(f'[{how}]', dim=True)}")
        click.echo(click.style(f"      {one.so} ({', '.join(one.graded)})", dim=True))


def _scenarios(rule_id: str) -> list[str]:
    from conformance import runner

    return [one.name for one in runner.scenarios() if rule_id in runner.rules_of(one)]
