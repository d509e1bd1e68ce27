"""The entry: a message becomes a script."""

import re
import unicodedata
from collections.abc import Callable, Sequence

from ..ids import Dice
from ..scene import Asset, Draft
from ..script import Event, Script, Step, TurnKind
from ..settings import Settings
from .plan import Plan
from .stage import hush, play, with_heartbeats
from .timeline import copied
from .understand import MESSAGE_CHARS, understand
from .write_lay import material
from .writers import ANSWERS, EDITS, SELF_SUPPLIED

HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
#: Share of silent edits that keep even their tool calls to themselves: nothing but heartbeats, then the close.
TOOLLESS = 0.4


def direct(
    message: str,
    *,
    language: str,
    draft: Draft,
    assets: Sequence[Asset],
    settings: Settings,
    dice: Dice,
    silent: bool,
    new_asset_url: Callable[[str, str], str],
) -> Script:
    """What a turn will do and tell.

    `silent`: if this is an edit, it ends without a word. `language` (of the session, or "") decides the language of the
    reply only where the message has no letters. `new_asset_url(asset_id, filename)` gives the URL of generated media.
    The draft and the assets are only read. Effects are operations of `drafts.OPS`, and `add_asset` with the fields of an Asset.
    """
    words = "".join(c if c.isprintable() or c in "\n\t" else " " for c in message[:MESSAGE_CHARS])
    plan = Plan(copied(draft), list(assets), settings, dice, speaks_chinese(words, language), new_asset_url)
    if not any(unicodedata.category(c)[0] in "LN" for c in words):
        plan.answer("empty")
    else:
        follow(plan, words)
    kind: TurnKind = "text" if not plan.changed() else "generation" if "generate" in plan.wanted else "edit"
    span = {"text": settings.text_s, "edit": settings.edit_s, "generation": settings.generation_s}[kind]
    ends_ms = round(dice.between("turn_length", *span) * 1000)
    # edits that undo each other leave nothing for a client to find: such a turn speaks
    quiet = silent and kind == "edit" and plan.draft != draft
    steps = play(plan.acts if kind != "text" else [], closing(plan, kind), ends_ms, dice)
    issue = dice.chance("temporary_issue") < settings.temporary_issue_rate
    if quiet:
        steps = hush(steps, dice.chance("toolless") < TOOLLESS)
    elif issue:
        steps.append(Step(ends_ms, Event("text", plan.say("temporary_issue"))))
    return Script(kind, with_heartbeats(steps, ends_ms, round(settings.heartbeat_interval_s * 1000)), ends_ms, quiet)


def speaks_chinese(words: str, language: str) -> bool:
    if HAN.search(words):
        return True
    return not any(c.isalpha() for c in words) and language.lower().startswith(("zh", "cn", "chinese"))


def follow(plan: Plan, words: str) -> None:
    """Let the writers have their turn, in the order of the message."""
    intents = understand(words)
    plan.wanted = frozenset(intent.name for intent in intents)
    plan.spared = frozenset(term for intent in intents if intent.name == "spared" for term in intent.reading.terms)
    for name, reading in ((intent.name, intent.reading) for intent in intents):
        if name in EDITS:
            if material(plan, name in SELF_SUPPLIED):
                EDITS[name](plan, reading)
                plan.settle()
        elif isinstance(answer := ANSWERS[name], str):
            plan.answer(answer)
        else:
            answer(plan, reading)
    if not intents:
        plan.answer("unclear")


def closing(plan: Plan, kind: TurnKind) -> list[str]:
    """The last words: what changed, and what else there is to say or where to click next."""
    if kind == "text":
        return plan.answers or [plan.say("already_so" if plan.done else "unclear")]
    stop = "。" if plan.chinese else "."
    done = plan.done[0] + stop if len(plan.done) == 1 else "\n".join(f"- {line}" for line in plan.done)
    return [done, *(plan.answers or [plan.say(plan.hint or "hint", parts=plan.added)])]
