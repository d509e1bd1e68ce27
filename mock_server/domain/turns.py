"""Turns: what one chat message starts. A turn lives on the timeline; who listens to its stream changes nothing."""

from dataclasses import dataclass, field

from mock_server.domain.lifecycle import TURN, move
from mock_server.domain.script import Event, Script


@dataclass(slots=True)
class Told:
    """An event and its virtual instant."""

    at_ms: int
    event: Event


@dataclass(slots=True)
class Turn:
    id: str
    session_id: str
    user_id: str
    message: str
    base_url: str  # how its caller addressed us: URLs of files it makes begin so
    created_ms: int
    script: Script | None = None
    cost: int = 0
    state: str = "waiting"
    started_ms: int = 0
    ended_ms: int | None = None
    done: int = 0  # steps of the script that have happened
    told: list[Told] = field(default_factory=list)


def advance(turn: Turn, happening: str) -> None:
    """Move along lifecycle.TURN. Raises IllegalMove."""
    turn.state = move(TURN, turn.state, happening)


def next_at_ms(turn: Turn) -> int:
    """When the next step, or else the end, is due."""
    assert turn.script is not None
    steps = turn.script.steps
    offset = steps[turn.done].at_ms if turn.done < len(steps) else turn.script.ends_ms
    return turn.started_ms + offset
