"""The register of what the documents leave open: rows of `ambiguities.yaml`, each with readings that can be run."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("ambiguities.yaml")


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read it: a scenario in which the service does so, or a client that does ("reference", or a variant's name)."""

    says: str
    scenario: str = ""
    client: str = ""


@dataclass(frozen=True, slots=True)
class Ambiguity:
    """`graded`: ids of the rules that judge what the readings share; `so`: how."""

    id: str
    text: str
    readings: tuple[Reading, ...]
    graded: tuple[str, ...]
    so: str


@cache
def ambiguities() -> tuple[Ambiguity, ...]:
    import yaml

    told: dict[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))
    return tuple(
        Ambiguity(name, row["text"], tuple(Reading(**one) for one in row["readings"]), tuple(row["graded"]), row["so"])
        for name, row in told.items()
    )


def of_rule(rule_id: str) -> list[Ambiguity]:
    """Rows that a rule grades."""
    return [one for one in ambiguities() if rule_id in one.graded]
