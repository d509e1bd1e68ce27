"""What a world costs while nothing happens in it, and what the process itself takes."""

import json
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.processes import MIB, ROOT, mock
from benchmarks.table import Row, at_most

COUNT = 1000


def rows(quick: bool) -> Iterator[Row]:
    probe = subprocess.run(
        [sys.executable, "-m", "benchmarks.serving", "worlds", "0", str(COUNT)], cwd=ROOT, capture_output=True, check=True
    )
    found = json.loads(probe.stdout)
    yield at_most("make a world", f"median of {COUNT:,}", found["make_ms"], 1, "ms")
    yield at_most(f"{COUNT:,} idle worlds", "resident memory more than with none", found["more_bytes"] / MIB, 100, "MiB")
    with mock() as server:
        yield at_most("idle memory", "resident after the first answer", server.memory_bytes() / MIB, 60, "MiB")
