"""What a turn will do and tell: timed events and effects, as data, written in full when the turn starts."""

from dataclasses import dataclass, field
from typing import Any, Literal

EventKind = Literal["text", "tool_call", "tool_result", "heartbeat", "error"]
TurnKind = Literal["text", "edit", "generation"]


@dataclass(slots=True)
class Event:
    """One thing told in a stream. How it is spelt (dialect, framing) is decided elsewhere.

    `text` belongs to text and error; `name`, `call_id` and `data` (arguments or result) to the two tool kinds,
    where one `call_id` joins a call to its result.
    """

    kind: EventKind
    text: str = ""
    name: str = ""
    call_id: str = ""
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Effect:
    """One change to a session: `op` names a function of the table `drafts.OPS`, `args` are its keyword arguments (plain data)."""

    op: str
    args: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Step:
    """At `at_ms` after the turn's start the effects happen, then the event is told. Both happen at one instant."""

    at_ms: int
    event: Event | None = None
    effects: list[Effect] = field(default_factory=list)


@dataclass(slots=True)
class Script:
    """A whole turn. `steps` ascend in time; the stream closes at `ends_ms`. `failed` turns release their credits."""

    kind: TurnKind
    steps: list[Step]
    ends_ms: int
    silent: bool = False
    failed: bool = False
