"""What a scenario has decided beforehand: turns and renders in place of chance, and what the first session already holds.

A scripted turn either adjusts what the director writes, or is written out in full. Heartbeats are never written here:
they are filled into the silence of every turn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from .ids import Dice
from .script import Effect, Event, Script, Step, TurnKind
from .settings import Settings

#: From one line of a turn that is written out to the next, and from the last one to the close.
LINE_MS = 1000
#: When a stuck render would end: ten years.
NEVER_MS = 3652 * 86_400_000


@dataclass(slots=True)
class ScriptedTurn:
    """One turn: taken by the first message that contains all words of `match`. With nothing else said, the director's own."""

    match: list[str] = field(default_factory=list)
    silent: bool | None = None  # ends without a word, or surely not
    takes_s: float | None = None
    heartbeats_only: bool = False  # the work is done, and not a word told of it
    temporary_issue: bool | None = None  # a needless last text of that kind
    failed: str = ""  # an error event with these words; nothing is changed, credits are released
    error_text: str = ""  # the same, told as plain text
    session_lost: bool = False  # the session is gone when the message arrives: 1002, then and ever after
    script: Script | None = None  # written out


@dataclass(slots=True)
class ScriptedRender:
    """One render, in the order of submission. `stuck`: it is processed for ever."""

    outcome: Literal["completed", "failed", "stuck"] = "completed"
    takes_s: float | None = None
    error: str = ""


@dataclass(slots=True)
class Scripted:
    """What is still to come."""

    turns: list[ScriptedTurn] = field(default_factory=list)
    renders: list[ScriptedRender] = field(default_factory=list)
    draft: list[Effect] = field(default_factory=list)  # what the first session's timeline already holds


def fitting(scripted: Scripted, message: str) -> ScriptedTurn | None:
    """The next turn that may be taken by this message; those that do not fit are left for later."""
    said = message.casefold()
    return next((turn for turn in scripted.turns if all(word.casefold() in said for word in turn.match)), None)


def next_render(scripted: Scripted) -> ScriptedRender:
    """Take the next render; a plain one when all are used up."""
    return scripted.renders.pop(0) if scripted.renders else ScriptedRender()


# turns that the director writes


def silent(turn: ScriptedTurn, drawn: bool) -> bool:
    """Whether the director shall leave out the words: as the scenario says, and not by chance where it needs them."""
    if turn.silent is not None:
        return turn.silent
    return drawn and not (turn.temporary_issue or turn.failed or turn.error_text)


def asked(settings: Settings, turn: ScriptedTurn) -> Settings:
    """The settings under which the director shall write this turn."""
    if turn.temporary_issue is None:
        return settings
    return replace(settings, temporary_issue_rate=1.0 if turn.temporary_issue else 0.0)


def adjusted(script: Script, turn: ScriptedTurn) -> Script:
    """The director's script as the scenario wants it, without heartbeats."""
    steps = [step for step in script.steps if step.event is None or step.event.kind != "heartbeat"]
    error = turn.failed or turn.error_text
    if error:
        steps = [*_begun(steps), Step(script.ends_ms, Event("error" if turn.failed else "text", error))]
    elif turn.heartbeats_only:
        steps = _without(steps, "text", "tool_call", "tool_result", "error")
    elif turn.silent:
        steps = _without(steps, "text")
    ends_ms = script.ends_ms if turn.takes_s is None else round(turn.takes_s * 1000)
    steps = [Step(step.at_ms * ends_ms // max(1, script.ends_ms), step.event, step.effects) for step in steps]
    return Script(script.kind, steps, ends_ms, script.kind != "text" and _wordless(steps), bool(error))


def _begun(steps: Sequence[Step]) -> list[Step]:
    """What is told of work that then fails: the words and the call it begins with. Nothing of it happens."""
    calls = [number for number, step in enumerate(steps) if step.event and step.event.kind == "tool_call"]
    return [Step(step.at_ms, step.event) for step in steps[: calls[0] + 1]] if calls else []


def _without(steps: Sequence[Step], *kinds: str) -> list[Step]:
    """These steps without such events; effects stay, at their instants."""
    bare = [Step(s.at_ms, None if s.event and s.event.kind in kinds else s.event, s.effects) for s in steps]
    return [step for step in bare if step.event or step.effects]


def _wordless(steps: Sequence[Step]) -> bool:
    return not any(step.event and step.event.kind in ("text", "error") for step in steps)


# turns written out


def written(lines: Sequence[Mapping[str, Any]], kind: TurnKind | None, label: str) -> Script:
    """A script from lines like `{"text": ...}`, `{"tool_call": name, "args"}`, `{"tool_result": name, "result", "effects"}`,
    `{"error": ...}`, `{"wait_s": ...}`, an effect being `{op: arguments}`.

    `kind` decides the price; None: an edit if anything is changed, else words. An error told last fails the turn.
    `label` makes the ids of its tool calls.
    """
    dice = Dice(f"scripted/{label}")
    steps: list[Step] = []
    calls: dict[str, str] = {}
    at_ms = 0
    for line in lines:
        if "wait_s" in line:
            at_ms += round(line["wait_s"] * 1000)
            continue
        at_ms += LINE_MS
        steps.append(Step(at_ms, _event(line, calls, dice), effects(line.get("effects", ()))))
    changes = any(step.effects for step in steps)
    last = steps[-1].event if steps else None
    kind = kind or ("edit" if changes else "text")
    return Script(kind, steps, at_ms + LINE_MS, kind != "text" and _wordless(steps), last is not None and last.kind == "error")


def _event(line: Mapping[str, Any], calls: dict[str, str], dice: Dice) -> Event:
    if "text" in line:
        return Event("text", line["text"])
    if "error" in line:
        return Event("error", line["error"])
    if "tool_call" in line:
        name = line["tool_call"]
        calls[name] = "call_" + dice.hex("call_id", 12)
        return Event("tool_call", name=name, call_id=calls[name], data=dict(line.get("args", {})))
    name = line["tool_result"]
    call_id = calls.get(name) or "call_" + dice.hex("call_id", 12)
    return Event("tool_result", name=name, call_id=call_id, data=dict(line.get("result", {})))


def effects(told: Sequence[Mapping[str, Any]]) -> list[Effect]:
    """`{op: arguments}` each. A new asset may leave its URL open: it gets one like any file."""
    return [
        Effect(op, {"cdn_url": "", "generated": True, "source": "generated", **args} if op == "add_asset" else dict(args))
        for one in told
        for op, args in one.items()
    ]
