"""`judge`: what was recorded, judged afterwards."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.commands import reporting
from conformance.commands.running import tell
from conformance.commands.typed import Refusal, held_options, held_to, profile_of

if TYPE_CHECKING:
    from conformance.result import Level
    from conformance.trace import Trace


@click.command()
@click.argument("recordings", nargs=-1, required=True, type=click.Path(path_type=Path))
@held_options
@reporting.report_options
def judge(recordings: tuple[Path, ...], skill: str, level: "Level", **wanted: Any) -> None:
    """Judge journals that a mock server wrote (--journal-file), or traces that 'run --traces' kept: files, or folders of them.

    What the user was shown is not in a journal: rules about that stay unproven there, and are not asked for.
    """
    from conformance.result import result

    reporting.check(wanted)
    held = held_to(profile_of(skill), level)
    traces = [trace for path in recordings for trace in read(path)]
    expected = {f"NV-{int(word.split()[1]):03}" for trace in traces for word in trace.given.get("covers", ())}
    found = result(" ".join(map(str, recordings)), held, max((trace.rate for trace in traces), default=1.0), traces, expected)
    tell(found, wanted)


def read(path: Path) -> "list[Trace]":
    """The traces in a file, one for each world, or in a folder of files. Raises Refusal."""
    from conformance.trace import Trace, split
    from conformance.trace import read as entries_of

    if path.is_dir():
        files = sorted(path.glob("*.jsonl"))
        if not files:
            raise Refusal(f"{path}: there is no .jsonl file in this folder")
        return [trace for file in files for trace in read(file)]
    try:
        lines = sys.stdin.buffer.readlines() if str(path) == "-" else path.read_bytes().splitlines()
        entries = entries_of(lines)
    except OSError as error:
        raise Refusal(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise Refusal(f"{path}: {error}") from None
    if not entries:
        raise Refusal(f"{path}: nothing is recorded here")
    if any(one["kind"] == "given" for one in entries):
        return [Trace(entries)]
    return [Trace(one, name or path.stem) for name, one in split(entries).items()]
