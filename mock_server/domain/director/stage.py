"""From acts to a script: when each thing is told, what a silent turn keeps to itself, and the heartbeats between."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..ids import Dice
from ..script import Effect, Event, Step

#: Shares of a turn: the first word comes after the first of them, the last word at the second.
OPENING, CLOSING = 0.04, 0.97


@dataclass(slots=True)
class Act:
    """One use of a tool: what is said before it, the call, the result, and the effects that come with the result."""

    tool: str
    args: dict[str, Any]
    result: dict[str, Any]
    say: str = ""
    effects: list[Effect] = field(default_factory=list)
    weight: float = 1.0  # its share of the turn's time


def play(acts: Sequence[Act], closing: Sequence[str], ends_ms: int, dice: Dice) -> list[Step]:
    """The steps of a turn, ascending within 0 and `ends_ms`; `closing` are the texts told at its end."""
    steps: list[Step] = []
    whole = sum(act.weight for act in acts) or 1.0
    begins = OPENING * ends_ms
    for act in acts:
        lasts = act.weight / whole * (CLOSING - OPENING) * ends_ms
        call_id = "call_" + dice.hex("call_id", 12)
        if act.say:
            steps.append(Step(int(begins), Event("text", act.say)))
        call = Event("tool_call", name=act.tool, call_id=call_id, data=act.args)
        steps.append(Step(int(begins + 0.1 * lasts), call))
        result = Event("tool_result", name=act.tool, call_id=call_id, data=act.result)
        steps.append(Step(int(begins + lasts * dice.between("tool_time", 0.8, 0.98)), result, act.effects))
        begins += lasts
    first = CLOSING if acts else 0.6
    for index, text in enumerate(closing):
        at = first + (1 - first) * index / len(closing)
        steps.append(Step(int(at * ends_ms), Event("text", text)))
    return steps


def hush(steps: Sequence[Step], without_tools: bool) -> list[Step]:
    """The same steps without a word; `without_tools` also drops the tool events. Effects stay, at their instants."""
    dropped = ("text", "tool_call", "tool_result") if without_tools else ("text",)
    bare = [Step(s.at_ms, None if s.event and s.event.kind in dropped else s.event, s.effects) for s in steps]
    return [step for step in bare if step.event or step.effects]


MOST_HEARTBEATS = 10_000


def with_heartbeats(steps: Sequence[Step], ends_ms: int, interval_ms: int) -> list[Step]:
    """The steps, and a heartbeat `interval_ms` after the last event wherever nothing is told for longer than that.

    The silence before the first event and after the last one counts too. An interval of 0 or less means none, and
    a script has at most MOST_HEARTBEATS: a day of work with ten a second would be a million.
    """
    interval_ms = max(interval_ms, ends_ms // MOST_HEARTBEATS) if interval_ms > 0 else 0
    filled: list[Step] = []
    last = 0
    for step in [*steps, Step(ends_ms)]:
        while 0 < interval_ms < step.at_ms - last:
            last += interval_ms
            filled.append(Step(last, Event("heartbeat")))
        if step.event:
            last = step.at_ms
        filled.append(step)
    filled.pop()
    return filled
