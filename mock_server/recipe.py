"""How a world begins, and the short token that says so: the same token and the same requests give the same bytes.

A token names the mock's version, since another version may answer otherwise. It has at most 80 characters; a world whose
settings do not fit into that needs a scenario file.
"""

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field, fields
from typing import Any

import msgspec

from mock_server import __version__
from mock_server.domain.settings import SettingError, Settings, changed
from mock_server.journal import DEFAULT_LIMIT_BYTES
from mock_server.pacing import POLICIES, Policy

#: Where virtual time starts unless told otherwise: 2026-03-20, the day after the vendor's last document.
START_MS = 1773964800000
MOST_CHARACTERS = 80
PREFIX = "nm1_"


class TokenError(ValueError):
    """A run token that cannot be made or read. The message says why."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a world begins. `scenario` names one that ships with the mock, or a file of one's own ("x.yaml"): what it sets comes on top."""

    seed: str = "1"
    settings: Settings = field(default_factory=Settings)
    policy: Policy = "real"
    rate: float = 1.0
    start_ms: int = START_MS
    scenario: str = ""
    journal_bytes: int = DEFAULT_LIMIT_BYTES


def token_of(recipe: Recipe) -> str:
    """Raises TokenError when it would be longer than 80 characters, or a scenario file of one's own is needed."""
    if recipe.scenario.endswith(".yaml"):
        raise TokenError(f"this world began as the file {recipe.scenario} says; serve it with that file again")
    plain = Settings()
    unlike: list[Any] = []
    for number, one in enumerate(fields(Settings)):
        value = getattr(recipe.settings, one.name)
        if value != getattr(plain, one.name):
            unlike += [number, _short(value)]
    start = recipe.start_ms - START_MS
    told = [__version__, recipe.seed, recipe.scenario, POLICIES.index(recipe.policy), _short(recipe.rate), start, *unlike]
    packed = msgspec.msgpack.encode(told)
    body = min(b"p" + packed, b"z" + zlib.compress(packed, 9), key=len)
    token = PREFIX + urlsafe_b64encode(body + zlib.crc32(body).to_bytes(4, "big")).decode().rstrip("=")
    if len(token) > MOST_CHARACTERS:
        raise TokenError("this world's settings do not fit into a run token; write them into a scenario file")
    return token


def _short(value: Any) -> Any:
    """Whole floats as integers, which take fewer bytes."""
    if isinstance(value, tuple):
        return [_short(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def token_or_nothing(recipe: Recipe) -> str:
    """The token, or "" where the settings need a file."""
    try:
        return token_of(recipe)
    except TokenError:
        return ""


def read_token(token: str) -> Recipe:
    """Raises TokenError for what is no token, is damaged, or comes from another version."""
    try:
        raw = urlsafe_b64decode(token.removeprefix(PREFIX) + "=" * (-len(token.removeprefix(PREFIX)) % 4))
        body, sum_ = raw[:-4], raw[-4:]
        if not token.startswith(PREFIX) or zlib.crc32(body).to_bytes(4, "big") != sum_:
            raise ValueError
        packed = zlib.decompress(body[1:]) if body[:1] == b"z" else body[1:]
        version, seed, scenario, policy, rate, start, *unlike = msgspec.msgpack.decode(packed)
    except (ValueError, TypeError, zlib.error, msgspec.DecodeError):
        raise TokenError(f"{token[:100]!r} is no run token, or it is damaged") from None
    if version != __version__:
        raise TokenError(f"this run token was made by version {version}; this is {__version__}, which may answer otherwise")
    try:
        names = [one.name for one in fields(Settings)]
        changes = {names[number]: value for number, value in zip(unlike[::2], unlike[1::2], strict=True)}
        return Recipe(seed, changed(Settings(), changes), POLICIES[policy], float(rate), START_MS + start, scenario)
    except (SettingError, IndexError, TypeError, ValueError) as error:
        raise TokenError(f"the run token cannot be used: {error}") from None
