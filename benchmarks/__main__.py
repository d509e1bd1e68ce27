"""Measure, and print one table."""

import argparse
import os
import platform
import resource
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version

from benchmarks import json_endpoints
from benchmarks.processes import OWN_CORE, SERVER_CORE
from benchmarks.table import Row, printed

SUBJECTS: dict[str, Callable[[bool], Iterator[Row]]] = {
    "json": json_endpoints.rows,
}


def main() -> None:
    given = options()
    for name in given.only or SUBJECTS:
        print(printed(SUBJECTS[name](given.quick)))


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, smaller amounts: below a minute")
    parser.add_argument("--only", action="append", choices=[*SUBJECTS], help="this subject alone; can be given again")
    return parser.parse_args()


main()
