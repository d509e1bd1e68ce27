"""Measure, and print one table."""

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import version
from subprocess import SubprocessError

from benchmarks import cold_start, json_endpoints, memory, open_streams, turns, uploads, worlds
from benchmarks.processes import OWN_CORE, SERVER_CORE
from benchmarks.table import Row, printed

Subject = Callable[[bool], Iterator[Row]]


def main() -> int:
    """1 when a target is missed."""
    given = options()
    subjects: dict[str, Subject] = {**SUBJECTS, "memory": partial(memory.rows, requests=given.requests)}
    print(machine(), flush=True)
    began = time.monotonic()
    rows: list[Row] = []
    for name in given.only or subjects:
        print(f"{time.monotonic() - began:5.0f} s  {name} ...", file=sys.stderr, flush=True)
        try:
            rows += subjects[name](given.quick)
        except (RuntimeError, TimeoutError, SubprocessError) as error:
            rows.append(Row(name, "could not be measured", str(error)[:100], "", False))
    print(
        f"\n{printed(rows)}\n\n{time.monotonic() - began:.0f} s in all; load of the machine at the end {os.getloadavg()[0]:.1f}"
    )
    return int(not all(row.met in (True, None) for row in rows))


SUBJECTS: dict[str, Subject] = {
    "json": json_endpoints.rows,
    "turns": turns.rows,
    "streams": open_streams.rows,
    "start": cold_start.rows,
    "upload": uploads.rows,
    "worlds": worlds.rows,
    "memory": memory.rows,
}


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, smaller amounts: below a minute")
    parser.add_argument("--only", action="append", choices=[*SUBJECTS], help="this subject alone; can be given again")
    parser.add_argument("--requests", type=int, default=200_000, help="how many for the subject 'memory'")
    return parser.parse_args()


def machine() -> str:
    cores = os.cpu_count() or 1
    shared = ", shared with the client" if SERVER_CORE == OWN_CORE else ""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("uvicorn", "uvloop", "httptools", "starlette"))
    return (
        f"{cores} cores (the server on core {SERVER_CORE}{shared}), Python {platform.python_version()}, {libraries}, loopback, "
        f"load before {os.getloadavg()[0]:.1f}\nTimes and ratios are medians of interleaved rounds; absolute figures are this machine's."
    )


if __name__ == "__main__":
    if sys.platform != "linux":
        sys.exit("the measurements read /proc and pin processes to cores: they need Linux")
    sys.exit(main())
