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
RATE = 100.0
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


#: A message that comes this early comes while the one before is worked on; later ones come days later.
SOON_S = 600


def overlaps(scenario: Any) -> bool:
    """A message comes while another is worked on, which a client within this process would hear too late."""
    return any(message.at_s is not None and message.at_s < SOON_S for message in scenario.messages)


def of_reference(scenarios: Iterable[Any], rate: float = RATE) -> list[Trace]:
    """The reference client in these scenarios: within this process where that shows the same."""
    chosen = list(scenarios)
    own = [one for one in chosen if overlaps(one)]
    client = Spec((sys.executable, str(TOP / "fixtures" / "clients" / "reference")))
    return [
        *runner.play(Spec(make=broken().client(None)), [one for one in chosen if one not in own], runner.Play(rate=rate)),
        *(runner.play(client, own, runner.Play(rate=rate)) if own else []),
    ]


def objections(found: Iterable[Trace]) -> Mapping[str, list[catalogue.Evidence]]:
    """By rule, what was found broken."""
    told = {one.id: [each for each in evidence if each.verdict == "broken"] for one, _, evidence in catalogue.judged(found)}
    return {rule: evidence for rule, evidence in told.items() if evidence}


def explained(found: Mapping[str, list[catalogue.Evidence]]) -> str:
    return "\n".join(f"{rule} in {each.trace}: {each.why} {each.lines}" for rule, all_ in found.items() for each in all_)
