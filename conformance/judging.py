"""Recordings judged: what the command `judge`, the pytest plugin and Python code have in common."""

import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from conformance.catalogue import find
from conformance.result import Held, Level, Result, result
from conformance.trace import Trace, read, split

COVERED = re.compile(r"rule [0-9]{1,3}")


def judge(
    traces: Iterable[Trace], skill: str = "music-to-a", level: Level = "seed", rules: Iterable[str] = (), client: str = ""
) -> Result:
    """Every rule with its verdict on these traces, and the evidence for it: `findings` of the result; `exit` is 0 when all that binds
    is met, 1 broken, 3 unproven. Evidence names lines of its trace, counted from 1.

    `skill`: the skill that the client follows, a name or the path of its SKILL.md; its text decides which rules bind. `level`: with
    "vendor", the vendor's rules bind too. `rules`: ids, numbers or names of such as bind whatever the skill says. `client`: how
    reports call the client. Raises SkillError, and LookupError for a rule that there is not.
    """
    from conformance.skill.profile import profile

    told, held = list(traces), profile(skill)
    asked = frozenset(find(word).id for word in rules)
    covered = {f"NV-{int(word[5:]):03}" for trace in told for word in trace.given.get("covers", ()) if COVERED.fullmatch(word)}
    rate = max((trace.rate for trace in told), default=1.0)
    return result(client, Held(held.name, held.version, held.carries, level, asked), rate, told, covered | asked)


def traces(path: Path) -> list[Trace]:
    """The traces in a file of JSON lines, one for each world: a journal of the mock (`serve --journal`), or what `run --traces` kept.

    Raises OSError, and ValueError with the number of the line that is no entry.
    """
    return of_lines(path.read_bytes().splitlines(), path.stem)


def of_lines(lines: Iterable[bytes], name: str) -> list[Trace]:
    """The traces in such lines; `name` is for a world that has none. Raises ValueError."""
    entries = read(lines)
    starts = [number for number, one in enumerate(entries) if one["kind"] == "given"]
    if starts:  # each trace begins with that; what stands before the first belongs to none
        return [Trace(entries[first:last]) for first, last in pairwise([*starts, len(entries)])]
    return [Trace(one, world or name) for world, one in split(entries).items()]
