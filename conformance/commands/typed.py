"""What commands share: the refusal of wrong usage, and the options that say to what a client is held."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.result import Held, Level

if TYPE_CHECKING:
    from conformance.skill.profile import Profile

FILE = click.Path(dir_okay=False, path_type=Path)
DEFAULT_SKILL = "music-to-a"


class Number(click.FloatRange):
    """One of the range: "nan" lies in every one, as far as comparing tells."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        found = super().convert(value, param, ctx)
        return found if found == found else self.fail(f"{value!r} is no number.", param, ctx)


class Refusal(click.ClickException):
    """Wrong use: a line on stderr, or one for each complaint; exit 2."""

    exit_code = 2


def held_options(command: Callable[..., Any]) -> Callable[..., Any]:
    skill = click.option(
        "--skill",
        default=DEFAULT_SKILL,
        show_default=True,
        metavar="NAME|SKILL.md",
        help="The skill that the client follows: attribution and binding rules come from it.",
    )
    level = click.option(
        "--level",
        type=click.Choice(["seed", "vendor"]),
        default="seed",
        show_default=True,
        help="vendor: the vendor's rules bind too, whether or not the skill's text carries them.",
    )
    return skill(level(command))


def profile_of(word: str) -> "Profile":
    """Raises Refusal."""
    from conformance.skill.finding import SkillError
    from conformance.skill.profile import profile

    try:
        return profile(word)
    except SkillError as error:
        raise Refusal(str(error)) from None


def held_to(profile: "Profile", level: Level, asked: Iterable[str] = ()) -> Held:
    return Held(profile.name, profile.version, profile.carries, level, frozenset(asked))
