"""`serve`: worlds over HTTP until Ctrl-C."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mock_server.commands import scenarios
from mock_server.commands.banner import banner
from mock_server.commands.typed import (
    FILE,
    Refusal,
    Text,
    Within,
    Word,
    control_port_option,
    port_option,
    read_pairs,
    read_settings,
    ready_file_option,
    setting_option,
)
from mock_server.domain.settings import FIELDS

if TYPE_CHECKING:
    from mock_server.worlds import Recipe, Worlds


@click.command()
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address the API listens on; the control port stays on loopback."
)
@port_option
@control_port_option
@click.option(
    "--clock",
    default="real",
    show_default=True,
    type=Word(["real", "manual", "instant"]),
    help="How virtual time moves: by itself, when told through the control port, or as soon as somebody waits.",
)
@click.option(
    "--rate",
    default=1.0,
    show_default=True,
    type=Within(0.001, 100_000),
    help="Real clock: virtual seconds a second.",
)
@click.option(
    "--start",
    default=None,
    metavar="TIME|now",
    help="Virtual time at the start, like 2026-03-20T09:30:00Z. Default: now for the real clock, else 2026-03-20.",
)
@click.option("--seed", default="7", show_default=True, type=Text(), help="Decides everything that is left to chance.")
@click.option(
    "--profile",
    default=None,
    type=Word(FIELDS["profile"].metadata["choices"]),
    help="strict varies, by seed, what the documents leave open. Default: plain.",
)
@setting_option
@click.option(
    "--scenario",
    "word",
    metavar="NAME|FILE",
    help="Begin as this scenario says; what else is typed here wins. 'nemovideo-mock scenario list' names them.",
)
@click.option("--journal", "journal_file", type=FILE, help="Append all that crosses the wire to this file, as it happens.")
@click.option("--state", "state_file", type=FILE, help="Keep all worlds in this SQLite file over restarts.")
@ready_file_option
@click.option("--quiet", is_flag=True, help="No banner.")
def serve(
    host: str,
    port: int,
    control_port: int,
    clock: str,
    rate: float,
    start: str | None,
    seed: str,
    profile: str | None,
    pairs: tuple[str, ...],
    word: str | None,
    journal_file: Path | None,
    state_file: Path | None,
    ready_file: Path | None,
    quiet: bool,
) -> None:
    """Serve the mock until Ctrl-C."""
    pairs = (*([f"profile={profile}"] if profile else []), *pairs)
    settings = read_settings(pairs)
    plan = None
    if word is not None:
        plan, said = scenarios.planned(word, {"clock": clock, "rate": rate, "seed": seed, "start": start})
        clock, rate, seed, start = (said[name] for name in ("clock", "rate", "seed", "start"))
    from mock_server.serve import ServeError, announcing, open_doors, run_until_signal, settle_memory
    from mock_server.store import StateError
    from mock_server.worlds import START_MS, Recipe

    start_ms = read_start(start, START_MS if clock != "real" else None)
    recipe = Recipe(seed=seed, settings=settings, policy=clock, rate=rate, start_ms=start_ms)  # type: ignore[arg-type]  # click checked the choice
    try:
        doors = open_doors(host, port, control_port)
        worlds = open_worlds(recipe, journal_file, state_file)
        exports = scenarios.begin(worlds, plan, read_pairs(pairs)) if plan else {}
        with announcing(ready_file, doors) as announce:

            def ready() -> None:
                settle_memory()
                announce()
                if not quiet:
                    click.echo(banner(doors, worlds.recipes["default"] if plan else recipe, exports))
                    sys.stdout.flush()

            run_until_signal(worlds, doors, ready)
    except (ServeError, StateError) as error:
        raise Refusal(str(error)) from None


def open_worlds(recipe: "Recipe", journal_file: Path | None, state_file: Path | None) -> "Worlds":
    """Raises Refusal, StateError."""
    from mock_server.blobs import Blobs
    from mock_server.journal import Sink
    from mock_server.store import Store
    from mock_server.worlds import Worlds

    try:
        sink = Sink(journal_file) if journal_file else None
    except OSError as error:
        raise Refusal(f"--journal {journal_file}: {error.strerror}") from None
    store = Store(state_file) if state_file else None
    try:
        blobs = Blobs(Path(f"{state_file}.files") if state_file else None)
    except OSError as error:
        raise Refusal(f"--state {state_file}: {error.strerror}") from None
    return Worlds(recipe, blobs, sink, store)


def read_start(text: str | None, default_ms: int | None) -> int:
    """Virtual start in ms; None and no default: now. Raises Refusal."""
    from mock_server.control.asked import LATEST_MS, instant

    if text is None and default_ms is not None:
        return default_ms
    if text in (None, "now"):
        return int(datetime.now(UTC).timestamp() * 1000)
    try:
        moment = datetime.fromisoformat(text)
        at_ms = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise Refusal(f"--start {text!r}: write it like 2026-03-20T09:30:00Z, or 'now'") from None
    if not 0 <= at_ms <= LATEST_MS:
        raise Refusal(f"--start {text!r} is not between {instant(0)} and {instant(LATEST_MS)}")
    return at_ms
