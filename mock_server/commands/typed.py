"""What somebody types: the types of options, the options that several commands share, and the one-line refusal of all that is wrong."""

import math
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mock_server.domain.settings import SettingError, Settings, changed

if TYPE_CHECKING:
    _Choice = click.Choice[str]
else:
    _Choice = click.Choice  # generic since click 8.2 only

PORT, CONTROL_PORT = 8747, 8748
CONTROL_URL = f"http://127.0.0.1:{CONTROL_PORT}"


class Refusal(click.ClickException):
    """Wrong use: a line on stderr, or one for each complaint about a file; exit 2."""

    exit_code = 2


class Finite(click.types.FloatParamType):
    """A number. click takes nan and inf for some."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return number


class Within(click.FloatRange, Finite):
    """A number within bounds; nan is neither below nor above any."""


class Text(click.types.StringParamType):
    """What can be written as JSON: arguments that are not UTF-8 cannot."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value)
        if len(text) > 200 or any("\ud800" <= character <= "\udfff" for character in text):
            self.fail(f"{text[:80]!r} is not UTF-8, or has more than 200 characters.", param, ctx)
        return text


class Word(_Choice):
    """One of some words; a wrong one is answered with the nearest."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value not in self.choices:
            self.fail(f"{value!r} is not one of {', '.join(self.choices)}{near(value, self.choices)}", param, ctx)
        return super().convert(value, param, ctx)


def near(word: str, words: Iterable[str]) -> str:
    """The end of a sentence that refuses `word`: what was probably meant, if anything."""
    found = get_close_matches(word[:80], list(words), 1)
    return f"; did you mean {found[0]!r}?" if found else ""


FILE = click.Path(dir_okay=False, path_type=Path)

port_option = click.option(
    "--port", default=PORT, show_default=True, type=click.IntRange(0, 65535), help="Port of the API; 0 takes a free one."
)
control_port_option = click.option(
    "--control-port",
    default=CONTROL_PORT,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port for controlling the mock; 0 takes a free one.",
)
ready_file_option = click.option(
    "--ready-file",
    type=FILE,
    help="Write url, control_url and pid here as JSON once the mock answers; removed when it ends.",
)
setting_option = click.option(
    "--setting",
    "pairs",
    multiple=True,
    metavar="NAME=VALUE",
    help="Change a setting; repeatable. 'nemovideo-mock settings' lists them.",
)
control_url_option = click.option(
    "--control-url", default=CONTROL_URL, show_default=True, metavar="URL", help="Control port of the running mock."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def read_pairs(pairs: Iterable[str]) -> dict[str, str]:
    """What was typed after --setting, by name; the last of a name counts. Raises Refusal."""
    changes = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise Refusal(f"--setting {pair!r}: write it as NAME=VALUE")
        changes[name.strip()] = value.strip()
    return changes


def read_settings(pairs: Iterable[str]) -> Settings:
    """Raises Refusal."""
    try:
        return changed(Settings(), read_pairs(pairs))
    except SettingError as error:
        raise Refusal(str(error)) from None


def file_trouble(path: Path, error: OSError) -> Refusal:
    return Refusal(f"{path}: {error.strerror or error}")
