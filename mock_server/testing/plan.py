"""What was asked of a world, by a marker or by arguments; and a sentence for what cannot be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from mock_server.domain.settings import FIELDS, SettingError, Settings, changed
from mock_server.pacing import POLICIES, Policy
from mock_server.scenario import Scenario, ScenarioError, find, read

OPTIONS = ("scenario", "seed", "clock", "rate")


class PlanError(ValueError):
    """A world that cannot be. The message says what was wrong, and what was probably meant."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`seed` None: the scenario's, or else 1."""

    scenario: Scenario | None = None
    seed: str | None = None
    clock: Policy = "manual"
    rate: float = 1.0
    settings: Mapping[str, Any] = field(default_factory=dict)


def read_plan(asked: Mapping[str, Any], more: tuple[str, ...] = ()) -> Plan:
    """`more`: options that are somebody else's, and only named in hints. All other names are settings. Raises PlanError."""
    settings = {name: value for name, value in asked.items() if name not in OPTIONS}
    for name in settings:
        if name not in FIELDS:
            words = [*OPTIONS, *more, *FIELDS]
            near = get_close_matches(name, words, 1)
            hint = f"; did you mean {near[0]!r}?" if near else f": give {', '.join(words[: -len(FIELDS)])}, or settings by name"
            raise PlanError(f"{name!r} is neither an option of a world nor a setting{hint}")
    try:
        changed(Settings(), settings)
    except SettingError as error:
        raise PlanError(str(error)) from None
    clock = _clock(asked.get("clock", "manual"))
    return Plan(_scenario(asked.get("scenario")), _seed(asked.get("seed")), clock, _rate(asked, clock), settings)


def _scenario(word: object) -> Scenario | None:
    if word is None:
        return None
    if not isinstance(word, str | Path):
        raise PlanError(f"scenario: {word!r} is neither the name of a scenario nor its file")
    try:
        return read(find(str(word)))
    except ScenarioError as error:
        raise PlanError(str(error)) from None


def _seed(seed: object) -> str | None:
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, str | int)):
        raise PlanError(f"seed: {seed!r} is neither a text nor a whole number")
    return None if seed is None else str(seed)


def _clock(word: object) -> Policy:
    if word not in POLICIES:
        near = get_close_matches(str(word), POLICIES, 1)
        raise PlanError(f"clock: {word!r} is not one of {', '.join(POLICIES)}" + (f"; did you mean {near[0]!r}?" if near else ""))
    return next(policy for policy in POLICIES if policy == word)


def _rate(asked: Mapping[str, Any], clock: Policy) -> float:
    rate = asked.get("rate", 1.0)
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate <= 1e6:
        raise PlanError(f"rate: {rate!r} is not a number of virtual seconds in a real one")
    if "rate" in asked and clock != "real":
        raise PlanError(f"rate: a {clock} clock has none; it belongs to clock='real'")
    return float(rate)
