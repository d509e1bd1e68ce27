"""`judge`: what was recorded, judged afterwards."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.commands import reporting
from conformance.commands.running import tell
from conformance.commands.typed import Refusal, held_options

if TYPE_CHECKING:
    from conformance.result import Level
    from conformance.trace import Trace


@click.command()
@click.argument("recordings", nargs=-1, required=True, type=click.Path(path_type=Path))
@held_options
@reporting.report_options
def judge(recordings: tuple[Path, ...], skill: str, level: "Level", **wanted: Any) -> None:
    """Judge journals that a mock server wrote (serve --journal), or traces that 'run --traces' kept: files, or folders of them.

    What the user was shown is not in a journal: rules about that stay unproven there, and are not asked for.
    """
    from conformance import judging
    from conformance.skill.finding import SkillError

    reporting.check(wanted)
    traces = [trace for path in recordings for trace in read(path)]
    try:
        found = judging.judge(traces, skill, level, client=" ".join(map(str, recordings)))
    except SkillError as error:
        raise Refusal(str(error)) from None
    tell(found, wanted)


def read(path: Path) -> "list[Trace]":
    """The traces in a file, one for each world, or in a folder of files. Raises Refusal."""
    from conformance import judging

    if path.is_dir():
        files = sorted(path.glob("*.jsonl"))
        if not files:
            raise Refusal(f"{path}: there is no .jsonl file in this folder")
        return [trace for file in files for trace in read(file)]
    try:
        found = judging.of_lines(sys.stdin.buffer.readlines(), "-") if str(path) == "-" else judging.traces(path)
    except OSError as error:
        raise Refusal(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise Refusal(f"{path}: {error}") from None
    if not found:
        raise Refusal(f"{path}: nothing is recorded here")
    return found
