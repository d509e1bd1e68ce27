"""What a scenario file says, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from mock_server.domain.script import Effect
from mock_server.domain.scripted import ScriptedRender, ScriptedTurn
from mock_server.faults import Fault
from mock_server.pacing import Policy


@dataclass(frozen=True, slots=True)
class StartingAccount:
    """None: as the world's settings say. `env`: the variable in which the client is given its token."""

    name: str
    kind: Literal["anonymous", "registered"] = "registered"
    plan: str | None = None
    credits: int | None = None
    life_s: float | None = None
    scopes: tuple[str, ...] | None = None
    state: Literal["valid", "expired", "revoked"] = "valid"
    env: str = ""


@dataclass(frozen=True, slots=True)
class UserFile:
    """A sample of that name, or, with a size, a made-up file of no format whatever its name."""

    name: str
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """What the user says, not before virtual second `at_s`; with `restart`, to a client that is started anew."""

    text: str
    files: tuple[UserFile, ...] = ()
    at_s: float | None = None
    restart: bool = False


@dataclass(frozen=True, slots=True)
class Scenario:
    """None: as the server is told. `settings` hold those of the framing too. `shipped`: it can be named instead of its file."""

    name: str
    why: str
    covers: tuple[str, ...] = ()
    seed: str | None = None
    start_ms: int | None = None
    policy: Policy | None = None
    rate: float | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    accounts: tuple[StartingAccount, ...] = ()
    client_ids: tuple[str, ...] = ()
    draft: tuple[Effect, ...] = ()
    turns: tuple[ScriptedTurn, ...] = ()
    renders: tuple[ScriptedRender, ...] = ()
    faults: tuple[Fault, ...] = ()
    messages: tuple[Message, ...] = ()
    expect: tuple[str, ...] = ()
    shipped: bool = False
