"""All that chance decides about a history, and the habits of its client."""

from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal
from uuid import UUID

from mock_server.domain.scripted import ScriptedRender, ScriptedTurn
from tests.conformance.legal import users, weather
from tests.conformance.legal.users import Wish


@dataclass(slots=True)
class Habits:
    """How this client does what it may do in several ways. Times in virtual seconds."""

    id_from: str = "file"  # environment, file, memory
    client_id: str = ""
    header_order: list[str] = field(default_factory=list)
    platform: str = "unknown"
    says_language: bool = True
    task_name: str = "project"
    names_app: bool = True
    names_user: bool = True
    looks_before: str = "always"  # or known: only when it has not looked since the last edit
    looks_after: float = 0.8  # share of turns with words after which the state is asked for
    shows_at_once: bool = True
    retry_s: float = 30
    notice_s: float = 120
    alone_s: float = 600
    turn_s: float = 900
    first_look_s: float = 30
    next_look_s: float = 60
    poll_s: float = 30
    first_poll_s: float = 30
    polls: int = 10
    downloads: bool = True
    one_upload: bool = True
    own_id_style: str = "ms"
    extra_looks: float = 0.1
    sets_up_early: bool = True
    asks_lost: str = "poll"  # after a submission without an answer: poll or tell


def habits(dice: Random) -> Habits:
    chance = dice.random
    order = ["source", "version", "platform", "auth"]
    dice.shuffle(order)
    return Habits(
        id_from=dice.choice(("file", "file", "environment", "memory")),
        client_id=own_id(dice),
        header_order=order,
        platform=dice.choice(("clawhub", "cursor", "unknown")),
        says_language=chance() < 0.6,
        task_name=dice.choice(("project", "project", "Video Project", "My Video Project", "editing_session")),
        names_app=chance() < 0.8,
        names_user=chance() < 0.6,
        looks_before=dice.choice(("always", "known")),
        looks_after=dice.choice((0.3, 0.8, 1.0)),
        shows_at_once=chance() < 0.7,
        retry_s=dice.uniform(30, 40),
        notice_s=dice.uniform(100, 130),
        alone_s=dice.choice((600, 600, dice.uniform(600, 880))),
        turn_s=900,
        first_look_s=dice.uniform(30, 45),
        next_look_s=dice.uniform(60, 70),
        poll_s=dice.choice((30, 30, dice.uniform(30, 60))),
        first_poll_s=dice.choice((30, dice.uniform(1, 30), dice.uniform(30, 45))),
        polls=10,
        downloads=chance() < 0.5,
        one_upload=chance() < 0.5,
        own_id_style=dice.choice(("ms", "s", "uuid", "short")),
        extra_looks=dice.choice((0, 0.1, 0.3)),
        sets_up_early=chance() < 0.7,
        asks_lost=dice.choice(("poll", "tell")),
    )


def own_id(dice: Random) -> str:
    plain = str(UUID(int=dice.getrandbits(128), version=4))
    return dice.choice(
        (
            plain,
            plain,
            f"client-{1700000000 + dice.randrange(10**8)}-{dice.randrange(32768)}",
            plain.replace("-", ""),
            f"nemo-{dice.getrandbits(64):016x}",
        )
    )


@dataclass(slots=True)
class Lot:
    """All that chance decides about a history. `account`: kind, credits, life in s, revoked; None: the client begins without a token."""

    wishes: list[Wish]
    habits: Habits
    settings: dict[str, Any] = field(default_factory=dict)
    faults: list[dict[str, Any]] = field(default_factory=list)
    turns: list[ScriptedTurn] = field(default_factory=list)
    renders: list[ScriptedRender] = field(default_factory=list)
    account: tuple[Literal["registered", "anonymous"], int, float, bool] | None = None


def lot(dice: Random) -> Lot:
    drawn = Lot(
        users.wishes(dice), habits(dice), weather.settings(dice), weather.faults(dice), weather.turns(dice), weather.renders(dice)
    )
    if dice.random() < 0.3:
        credits, life_s = dice.choice((1000, 1000, 100, 10)), dice.choice((7 * 86400, 7 * 86400, 300))
        drawn.account = (dice.choice(("registered", "registered", "anonymous")), credits, life_s, dice.random() < 0.1)
    return drawn
