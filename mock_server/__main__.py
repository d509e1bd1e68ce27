"""The command `nemovideo-mock`. The server's modules are imported when it serves, so that --help and --version are instant."""

import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mock_server import __version__, scenario_commands
from mock_server.domain.settings import FIELDS, SettingError, Settings, changed

if TYPE_CHECKING:
    from mock_server.replay import Tape
    from mock_server.serve import Doors
    from mock_server.worlds import Recipe, Worlds

PORT, CONTROL_PORT = 8747, 8748
CONTROL_URL = f"http://127.0.0.1:{CONTROL_PORT}"


class Refusal(click.ClickException):
    """Wrong use: one line on stderr, exit 2."""

    exit_code = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, message="nemovideo-mock %(version)s")
def main() -> None:
    """A local stand-in for the NemoVideo agent API: real state, virtual time, no network."""


# serve


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of the API; the control port stays on loopback.")
@click.option(
    "--port", default=PORT, show_default=True, type=click.IntRange(0, 65535), help="Port of the API; 0 takes a free one."
)
@click.option(
    "--control-port",
    default=CONTROL_PORT,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Control port; 0 takes a free one.",
)
@click.option(
    "--clock", default="real", show_default=True, type=click.Choice(["real", "manual", "instant"]), help="How virtual time moves."
)
@click.option(
    "--rate",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0.001, 100_000),
    help="Virtual seconds a second, for the real clock.",
)
@click.option(
    "--start",
    default=None,
    help="Virtual time at the start: ISO 8601 or 'now'. Default: now for the real clock, else 2026-03-20.",
)
@click.option("--seed", default="1", show_default=True, help="Decides everything that is left to chance.")
@click.option(
    "--profile",
    default=None,
    type=click.Choice(["plain", "strict"]),
    help="strict varies, by seed, what the documents leave open.",
)
@click.option(
    "--setting", "pairs", multiple=True, metavar="NAME=VALUE", help="A setting of the worlds; see 'nemovideo-mock settings'."
)
@click.option(
    "--journal",
    "journal_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write all journals to this file as they happen.",
)
@click.option(
    "--state",
    "state_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep all worlds in this SQLite file over restarts.",
)
@click.option(
    "--ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Written once it answers: JSON with url, control_url, pid.",
)
@click.option(
    "--scenario",
    "word",
    metavar="NAME|FILE",
    help="Begin the world 'default' as this scenario says; what else is typed here wins.",
)
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
    journal_file: Path | None,
    state_file: Path | None,
    ready_file: Path | None,
    word: str | None,
    quiet: bool,
) -> None:
    """Serve the mock until Ctrl-C."""
    pairs = (*([f"profile={profile}"] if profile else []), *pairs)
    settings = read_settings(pairs)
    plan, exports = None, {}
    if word is not None:
        plan, said = scenario_commands.planned(word, {"clock": clock, "rate": rate, "seed": seed, "start": start})
        clock, rate, seed, start = (said[name] for name in ("clock", "rate", "seed", "start"))
    from mock_server.serve import ServeError, open_doors, run_until_signal, settle_memory, write_ready
    from mock_server.store import StateError
    from mock_server.worlds import START_MS, Recipe

    start_ms = read_start(start, START_MS if clock != "real" else None)
    recipe = Recipe(seed=seed, settings=settings, policy=clock, rate=rate, start_ms=start_ms)  # type: ignore[arg-type]  # click checked the choice
    try:
        doors = open_doors(host, port, control_port)
        worlds = open_worlds(recipe, journal_file, state_file)
    except (ServeError, StateError) as error:
        raise Refusal(str(error)) from None
    if plan is not None:
        exports = scenario_commands.begin(worlds, plan, [pair.partition("=")[0].strip() for pair in pairs])
        recipe = worlds.recipes["default"]

    def ready() -> None:
        settle_memory()
        if ready_file is not None:
            write_ready(ready_file, doors)
        if not quiet:
            click.echo(banner(doors, recipe, exports))
            sys.stdout.flush()

    if ready_file is not None and not ready_file.parent.is_dir():
        raise Refusal(f"--ready-file {ready_file}: the folder {ready_file.parent} does not exist")
    run_until_signal(worlds, doors, ready)


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


def read_settings(pairs: Iterable[str]) -> Settings:
    """Raises Refusal."""
    changes = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise Refusal(f"--setting {pair!r}: write it as NAME=VALUE")
        changes[name.strip()] = value.strip()
    try:
        return changed(Settings(), changes)
    except SettingError as error:
        raise Refusal(str(error)) from None


def read_start(text: str | None, default_ms: int | None) -> int:
    """Virtual start in ms; None and no default: now. Raises Refusal."""
    if text in (None, "now"):
        return default_ms if text is None and default_ms is not None else int(datetime.now(UTC).timestamp() * 1000)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(f"--start {text!r}: write it like 2026-03-20T09:30:00Z, or 'now'") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def banner(doors: "Doors", recipe: "Recipe", exports: Mapping[str, str] | None = None) -> str:
    from mock_server.recipe import token_or_nothing

    lines = "".join(f"\n  export {name}={value}" for name, value in (exports or {}).items())

    pace = f"real, x{recipe.rate:g}" if recipe.policy == "real" else recipe.policy
    bold = click.style
    return f"""{bold("nemovideo-mock", bold=True)} {__version__}: a local stand-in. Nothing here reaches the real service.

  API       {bold(doors.url, fg="green")}   (other worlds: {doors.url}/w/NAME)
  control   {doors.control_url}
  clock     {pace}      seed {recipe.seed}      profile {recipe.settings.profile}
  replay    {token_or_nothing(recipe) or "(settings too long for a token: use a scenario file)"}

Paste this where your client runs:

  export NEMO_API_URL={doors.url}{lines}

and, for a client that has the host written into it, replace https://mega-api-prod.nemovideo.ai by that URL. Then try:

  curl -sX POST $NEMO_API_URL/api/auth/anonymous-token -H "X-Client-Id: my-first-client"

Ctrl-C ends it."""


@main.command()
@click.argument("what")
@click.option(
    "--lenient", is_flag=True, help="Recording: match by method and path, in any order. Default: as recorded, in that order."
)
@click.option("--world", default="default", show_default=True, help="Recording: which world of the journal.")
@click.option(
    "--rate",
    default=0.0,
    type=click.FloatRange(0),
    help="Recording: play its virtual times, N seconds a second; 0 does not wait.",
)
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(0, 65535))
@click.option("--control-port", default=CONTROL_PORT, show_default=True, type=click.IntRange(0, 65535))
@click.option("--ready-file", type=click.Path(dir_okay=False, path_type=Path))
def replay(what: str, lenient: bool, world: str, rate: float, port: int, control_port: int, ready_file: Path | None) -> None:
    """Serve a run again: WHAT is a run token, or a journal or HAR file, which answers as recorded."""
    from mock_server.recipe import TokenError, read_token
    from mock_server.serve import ServeError, open_doors, play_until_signal, run_until_signal, write_ready
    from mock_server.worlds import Worlds

    exports: dict[str, str] = {}
    try:
        tape = None if not Path(what).exists() else read_tape(Path(what), world, lenient)
        recipe = read_token(what) if tape is None else None
        doors = open_doors("127.0.0.1", port, control_port if recipe else None)
    except TokenError as error:
        raise Refusal(f"{error}; there is no file of that name either") from None
    except ServeError as error:
        raise Refusal(str(error)) from None

    def ready() -> None:
        if ready_file is not None:
            write_ready(ready_file, doors)
        click.echo(
            banner(doors, recipe, exports)
            if recipe
            else f"Playing {what}\n\n  export NEMO_API_URL={doors.url}\n\nCtrl-C ends it."
        )
        sys.stdout.flush()

    if recipe is not None:
        worlds = Worlds(recipe)
        if recipe.scenario:
            unlike = [name for name, field in FIELDS.items() if getattr(recipe.settings, name) != field.default]
            exports.update(scenario_commands.begin(worlds, scenario_commands.load(recipe.scenario)[0], unlike))
        run_until_signal(worlds, doors, ready)
    elif tape is not None:
        from mock_server.replay import Player

        play_until_signal(Player(tape, rate), doors, ready)


def read_tape(path: Path, world: str, lenient: bool) -> "Tape":
    """Raises Refusal."""
    from mock_server.har import read
    from mock_server.recording import RecordingError, exchanges
    from mock_server.replay import Tape

    try:
        found = exchanges(read(path), world)
    except (RecordingError, OSError) as error:
        raise Refusal(str(error)) from None
    if not found:
        raise Refusal(f"{path} has no exchange of world {world!r}")
    return Tape(found, lenient)


@main.group()
def har() -> None:
    """Journals as HAR 1.2, and recordings of browsers and proxies held against the contract."""


@har.command("export")
@click.argument("journal_file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--world", default="default", show_default=True)
@click.option("--keep-secrets", is_flag=True, help="Leave tokens and client ids in.")
def har_export(journal_file: Path, world: str, keep_secrets: bool) -> None:
    """Print a journal as HAR. Tokens and client ids are replaced."""
    import json

    from mock_server.har import export, read
    from mock_server.recording import RecordingError

    try:
        click.echo(json.dumps(export(read(journal_file), world, keep_secrets=keep_secrets), indent=1, ensure_ascii=False))
    except (RecordingError, OSError) as error:
        raise Refusal(str(error)) from None


@har.command("check")
@click.argument("har_file", type=click.Path(dir_okay=False, path_type=Path))
def har_check(har_file: Path) -> None:
    """List where a HAR or journal file contradicts the contract; exit 1 if it does."""
    from mock_server.har import contradictions, read
    from mock_server.recording import RecordingError

    try:
        found = contradictions(read(har_file))
    except (RecordingError, OSError) as error:
        raise Refusal(str(error)) from None
    for line in found:
        click.echo(line)
    raise SystemExit(1 if found else 0)


# offline


@main.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.argument("names", nargs=-1)
def settings(names: tuple[str, ...], as_json: bool) -> None:
    """List the settings of a world: default, meaning, and what each rests on."""
    unknown = [name for name in names if name not in FIELDS]
    if unknown:
        read_settings([f"{unknown[0]}=?"])
    rows = []
    for name, field in FIELDS.items():
        if not names or name in names:
            meta = field.metadata
            rows.append(
                {"name": name, "default": field.default, **{key: meta[key] for key in ("choices", "doc", "basis", "source")}}
            )
    if as_json:
        import json

        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        click.echo(f"{click.style(row['name'], bold=True)} = {shown(row['default'])}")
        click.echo(f"    {row['doc']}")
        if row["choices"]:
            click.echo(f"    one of: {', '.join(row['choices'])}")
        click.echo(click.style(f"    {row['basis']}: {row['source']}", dim=True))


def shown(value: Any) -> str:
    """A value as one would type it after --setting NAME=."""
    if isinstance(value, tuple):
        return ("-" if value and isinstance(value[0], float) else ",").join(shown(v) for v in value) or "''"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value).lower() if isinstance(value, bool) else str(value) or "''"


@main.command()
def lifecycles() -> None:
    """Print the lifecycles of turns, credit holds, renders and tokens."""
    from mock_server.domain.lifecycle import LIFECYCLES, printed

    for name in LIFECYCLES:
        click.echo(f"{click.style(name, bold=True)}\n{printed(name)}\n")


@main.command()
@click.option("--basis", type=click.Choice(["seed", "vendor", "observed", "assumed"]), help="Only rows that rest on this.")
@click.option("--kind", default=None, help="Only one kind: operation, field, code, timing, setting, contradiction, refusal ...")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def ledger(basis: str | None, kind: str | None, as_json: bool) -> None:
    """List what the mock does, on what each part rests, and how to switch what is assumed."""
    from mock_server.ledger import as_data

    found = [row for row in as_data() if basis in (None, row["basis"]) and kind in (None, row["kind"])]
    if as_json:
        import json

        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    for row in found:
        switch = f"  [--setting {row['setting']}]" if row["setting"] else ""
        source = f" ({row['source']})" if row["source"] else ""
        click.echo(f"{row['basis']:<8} {row['kind']:<13} {click.style(row['name'], bold=True)}{switch}")
        click.echo(click.style(f"         {' '.join(row['says'].split())}{source}", dim=True))


main.add_command(scenario_commands.scenario)

# a running mock

control_option = click.option("--control-url", default=CONTROL_URL, show_default=True, help="Control port of the running mock.")


@main.group(invoke_without_command=True)
@control_option
@click.pass_context
def worlds(context: click.Context, control_url: str) -> None:
    """List the worlds of a running mock, or change them."""
    context.obj = control_url
    if context.invoked_subcommand is None:
        for world in ask(control_url, "GET", "/worlds")["worlds"]:
            click.echo(
                f"{world['name']:<20} {world['now']}  {world['clock']['policy']:<8} seed {world['seed']:<12} {world['url']}"
            )


@worlds.command()
@click.argument("name")
@click.option("--seed", default=None)
@click.option("--setting", "pairs", multiple=True, metavar="NAME=VALUE")
@click.pass_obj
def create(control_url: str, name: str, seed: str | None, pairs: tuple[str, ...]) -> None:
    """Make a world."""
    read_settings(pairs)
    wanted: dict[str, Any] = {"name": name, "settings": dict(pair.split("=", 1) for pair in pairs)}
    if seed is not None:
        wanted["seed"] = seed
    click.echo(ask(control_url, "POST", "/worlds", wanted)["url"])


@worlds.command()
@click.argument("name")
@click.pass_obj
def show(control_url: str, name: str) -> None:
    """Show a world."""
    import json

    click.echo(json.dumps(ask(control_url, "GET", f"/worlds/{name}"), indent=2))


@worlds.command()
@click.argument("name")
@click.pass_obj
def delete(control_url: str, name: str) -> None:
    """Delete a world."""
    ask(control_url, "DELETE", f"/worlds/{name}")


@worlds.command()
@click.argument("name")
@click.pass_obj
def reset(control_url: str, name: str) -> None:
    """Put a world back to its beginning."""
    ask(control_url, "POST", f"/worlds/{name}/reset")


@worlds.command()
@click.argument("name")
@click.option("--by", "by_s", type=float, help="Virtual seconds.")
@click.option("--next", "to_next", is_flag=True, help="To the next due thing.")
@click.pass_obj
def advance(control_url: str, name: str, by_s: float | None, to_next: bool) -> None:
    """Let time pass in a world."""
    if (by_s is None) == (not to_next):
        raise Refusal("say either --by SECONDS or --next")
    wanted: dict[str, Any] = {"next": True} if to_next else {"by_s": by_s}
    click.echo(ask(control_url, "POST", f"/worlds/{name}/clock/advance", wanted)["now"])


@main.command()
@click.argument("world", default="default")
@control_option
@click.option("--follow", "-f", is_flag=True, help="Go on as things happen.")
@click.option("--operation", default=None, help="Only this operation, e.g. run_sse.")
@click.option("--json", "as_json", is_flag=True, help="Whole entries, one a line.")
def journal(world: str, control_url: str, follow: bool, operation: str | None, as_json: bool) -> None:
    """Show what crossed the wire of a world, and what the world did."""
    from mock_server.remote import entries

    try:
        for entry in entries(control_url, world, follow, operation):
            click.echo(as_line(entry, as_json))
    except OSError as error:
        raise unreachable(control_url, error) from None
    except KeyboardInterrupt:
        return


def as_line(entry: dict[str, Any], as_json: bool) -> str:
    import json

    if as_json:
        return json.dumps(entry, ensure_ascii=False)
    at = datetime.fromtimestamp(entry["at_ms"] / 1000, UTC).strftime("%m-%d %H:%M:%S.%f")[:-3]
    told: dict[str, Callable[[dict[str, Any]], str]] = {
        "request": lambda e: f"-> {e['method']} {e['path']}",
        "response": lambda e: f"<- {e['status']}  (of {e['of']})",
        "stream": lambda e: f"<- stream of {e['turn']}  (of {e['of']})",
        "event": lambda e: f"   | {e['event']}: {e['wire'].strip()[:90]}",
        "end": lambda e: f"<- end by {e['by']}  (of {e['of']})",
        "world": lambda e: f"   * {e['what']} {e['subject']}",
    }
    tell = told.get(entry["kind"])
    return f"{entry['seq']:>6}  {at}  {tell(entry) if tell else entry['kind']}"


def ask(control_url: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """Raises Refusal with what the control port said."""
    from mock_server.remote import Refused, call

    try:
        return call(control_url, method, path, body)
    except Refused as refused:
        raise Refusal(str(refused)) from None
    except OSError as error:
        raise unreachable(control_url, error) from None


def unreachable(control_url: str, error: OSError) -> Refusal:
    return Refusal(f"no mock answers at {control_url} ({error}); start one with 'nemovideo-mock serve', or name its control port")


if __name__ == "__main__":
    main(prog_name="nemovideo-mock")
