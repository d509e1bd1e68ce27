"""Playing clients of this repository for the kit's own tests: in this process, where it can be, at a scaled clock."""

import os
import sys
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from conformance import catalogue, runner
from conformance.client import Spec
from conformance.trace import Trace

TOP = Path(__file__).parents[2]
RATE = 150.0
#: `make certify` asks for everything; `make test` for what fits into three minutes.
FULL = bool(os.environ.get("CERTIFY"))


def broken() -> Any:
    """`fixtures/clients/broken/loading.py`."""
    folder = str(TOP / "fixtures" / "clients" / "broken")
    sys.path.insert(0, folder)
    try:
        return import_module("loading")
    finally:
        sys.path.remove(folder)


def traces(spec: Spec, names: Iterable[str], rate: float = RATE) -> list[Trace]:
    chosen = list(names)
    return runner.play(spec, runner.scenarios(chosen), runner.Play(rate=rate)) if chosen else []


def objections(found: Iterable[Trace]) -> Mapping[str, list[catalogue.Evidence]]:
    """By rule, what was found broken."""
    told = {one.id: [each for each in evidence if each.verdict == "broken"] for one, _, evidence in catalogue.judged(found)}
    return {rule: evidence for rule, evidence in told.items() if evidence}


def explained(found: Mapping[str, list[catalogue.Evidence]]) -> str:
    return "\n".join(f"{rule} in {each.trace}: {each.why} {each.lines}" for rule, all_ in found.items() for each in all_)
