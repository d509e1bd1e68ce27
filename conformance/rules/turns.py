"""What becomes of a turn's words: which are shown, which are not, and what is done in their place."""

import json
import re
from collections.abc import Iterator
from re import IGNORECASE
from typing import Any

from conformance.catalogue import Cost, Evidence, broken, met, rule
from conformance.rules import heard as of
from conformance.rules.spelling import spelling
from conformance.rules.timeline import plain
from conformance.rules.words import says
from conformance.trace import Exchange, Say, Trace

#: "At once" for words that a client may first think about.
AT_ONCE_MS = 90_000
LETS_CHOOSE = re.compile(
    r"\boptional\b|\b(?:remove|drop|keep|strip|undo|without|delete|take (?:it|them|any) (?:out|off))\b|去掉|移除|删除|保留|不想要|不需要|可选",
    IGNORECASE,
)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for one in value.values():
            yield from _strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)
    elif isinstance(value, str):
        yield value


_INNER = re.compile(r"(?=\S*[/_-])\S{7,}")
_RAW = re.compile(r"\btool_(?:call|result)\b|\bfunction_?(?:call|response)\b", IGNORECASE)


@rule(
    54,
    "tools-stay-inside",
    "Names, arguments and results of tools are not shown to the user.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3, vendor 1.9",
    seen="shown",
)
def tools_stay_inside(trace: Trace) -> Iterator[Evidence]:
    for turn in of.turns(trace) if trace.has_transcript else ():
        events = of.told_events(turn, "tool")
        if not events:
            continue
        names = {name for name in turn.tools if "_" in name}
        elsewhere = _known_elsewhere(trace)
        inner = {
            word for event in events for word in _strings(_json(event.data)) if _INNER.fullmatch(word) and word not in elsewhere
        }
        shown = of.shown_for(trace, turn)
        for say in shown:
            raw = next((word for word in [*names, *inner] if word in say.text), "") or next(iter(_RAW.findall(say.text)), "")
            if raw and raw not in elsewhere:
                known = next((event for event in events if raw in event.data), events[0])
                yield broken(f"the user was shown {raw[:60]!r}", known, say)
                break
        else:
            if shown:
                yield met(f"{len(events)} events of tools were kept inside", events[0], shown[-1])


def _known_elsewhere(trace: Trace) -> str:
    """What a client may know from other answers, or from its user."""
    answers = [json.dumps(one.answer, ensure_ascii=False) for one in trace.exchanges if one.answer is not None]
    words = [text for one in trace.exchanges for text in one.texts]
    return "\n".join([*answers, *words, *(message.text for message in trace.messages)])


def _json(data: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


@rule(
    55,
    "words-reach-the-user",
    "What the service says in words is shown to the user, but for its talk of the screen.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3, vendor 1.9",
    seen="wire shown",
)
def words_reach_the_user(trace: Trace) -> Iterator[Evidence]:
    for turn in of.heard(trace) if trace.has_transcript else ():
        says_ = of.shown_for(trace, turn)
        if not of.answered(trace, turn) or not of.finished_with(trace, turn) or spelling(trace, turn):  # oddly spelt: rule 67
            continue
        shown = of.joined(says_)
        missed = not of.translated(trace) and next(
            (event for event in turn.events for text in of.texts(event) if of.missed(text, shown)), None
        )
        seen = next(
            ((event, say) for event in turn.events for text in of.texts(event) for say in says_ if of.read(text, say.text)), None
        )
        if missed:
            yield broken("the user did not read what the service said", missed)
        elif seen:
            yield met("the user read what the service said", *seen)


#: A command for somebody at a screen, with enough words after it to know it again.
_COMMAND = re.compile(
    r"\b(?:click|tap|press)(?: on)? (?:the |your |that |this |it\b)?[\w' ]{0,20}|\bdrag(?: and drop)?\b[\w' ]{0,20}|\bopen (?:up )?(?:the|your) [\w' ]{0,24}|"
    r"\bpreview (?:it )?in (?:the )?timeline|(?:点击|单击|双击|点按)[^，。；！]{1,8}|(?:拖拽|拖动)[^，。；！]{1,8}|打开[^，。；！]{1,8}(?:面板|页)|"
    r"在时间[线轴][里中]?预览",
    IGNORECASE,
)
_QUOTED = re.compile(r"\"[^\"\n]*\"|(?<!\w)'[^'\n]*'(?!\w)")


@rule(
    56,
    "no-talk-of-the-screen",
    "What the service would have the user click, drag or open is not passed on: nobody sits before an editor.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3, vendor 1.9",
    seen="wire shown",
)
def no_talk_of_the_screen(trace: Trace) -> Iterator[Evidence]:
    for turn in of.turns(trace) if trace.has_transcript else ():
        commands = [
            (event, plain(found[0]))
            for event in turn.events
            for text in of.texts(event)
            for found in _COMMAND.finditer(_QUOTED.sub("_", text))
        ]
        if not commands:
            continue
        says_ = of.shown_for(trace, turn)
        passed = next(
            ((event, say, words) for event, words in commands for say in says_ if _passes(say, words)),
            None,
        )
        if passed:
            yield broken(f"passed on {passed[2][:60]!r}", passed[0], passed[1])
        elif says_ and turn.ended_by == "server":
            yield met("talk of the screen was not passed on", commands[0][0], says_[-1])


def _passes(say: Say, words: str) -> bool:
    """Not where they are the heading of what follows."""
    return bool(re.search(re.escape(words) + r"(?!\s*[:：(（])", plain(_QUOTED.sub("_", say.text))))


_LOOK = re.compile(
    r"\bpreview\b.{0,20}\btimeline\b|\bopen (?:up )?(?:the|your) [\w' ]{0,24}(?:panel|tab|menu|editor|timeline|library|settings|page|project|draft|canvas)\b|"
    r"打开[^，。；！]{0,8}(?:面板|页|菜单|项目|时间[线轴]|设置)|时间[线轴].{0,6}预览|预览.{0,6}时间[线轴]",
    IGNORECASE,
)


@rule(
    57,
    "does-what-the-screen-would-show",
    'Where the service says "open" or "preview in timeline", the client asks for the state and shows what there is.',
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3, vendor 1.9",
    seen="wire",
)
def does_it_itself(trace: Trace) -> Iterator[Evidence]:
    """Of the table's five rows the two that cost nothing and need nobody's consent; an export or an edit that is only a hint may wait."""
    for turn in of.heard(trace):
        event = next((event for event in turn.events for text in of.texts(event) if _LOOK.search(_QUOTED.sub("_", text))), None)
        if event is None:
            continue
        looks = [one for one in trace.after(event.line, "get_state") if one.line < of.over(trace, turn)]
        if looks:
            yield met("the state was asked for", event, looks[0])
        elif of.finished_with(trace, turn):
            yield broken("told to look at the timeline, and nobody asked for the state", event)


@rule(
    66,
    "reports-both-stages",
    "A raw video is reported as soon as it is ready; what is added after it may be kept or taken out, and the user hears that.",
    level="SHOULD",
    basis="vendor",
    sources="vendor 4.4, vendor 1.9, C24",
    seen="wire shown time",
)
def both_stages(trace: Trace) -> Iterator[Evidence]:
    for turn in of.heard(trace) if trace.has_transcript else ():
        stages = _stages(turn)
        if stages is None or turn.ended_by != "server":  # who gave up on it has not heard it all
            continue
        raw, added = stages
        says_ = of.shown_for(trace, turn)
        early = next((say for say in says_ if raw.line < say.line < turn.ended_line and not says(say.text, of.STILL)), None)
        room_ms = turn.over_ms - raw.at_ms - trace.slack_ms(raw.at_ms, turn.over_ms)
        choice = next((say for say in says_ if say.line > added.line and says(say.text, LETS_CHOOSE)), None)
        if not early and room_ms > AT_ONCE_MS:
            yield broken(
                "the raw video was ready, and the user heard of it only at the end",
                raw,
                turn.ended_line,
                cost=Cost(seconds=room_ms / 1000),
            )
        elif not choice and of.finished_with(trace, turn) and says_ and not _lost(trace, turn):
            yield broken("what was added by itself was not offered to be taken out", added, turn.ended_line)
        elif early and choice:
            yield met("the raw video was reported at once, and what was added may go", raw, early, added, choice)


def _lost(trace: Trace, turn: Exchange) -> bool:
    """The session was gone before anything could be offered."""
    return any(one.code in (1001, 1002) for one in trace.after(turn.ended_line) if one.line < of.over(trace, turn))


def _stages(turn: Exchange) -> tuple[Any, Any] | None:
    """The words for the raw video, and the last result of what was added to it."""
    made = next((event for event in turn.events if "seedance" in event.data or "generate_video" in event.data), None)
    texts = [event for event in of.told_events(turn, "text") if made and event.line > made.line]
    tools = [event for event in of.told_events(turn, "tool") if texts and event.line > texts[0].line]
    # the words for the raw video come after the tool's result: the second event of that tool
    results = [event for event in of.told_events(turn, "tool") if "seedance" in event.data or "generate_video" in event.data]
    if len(results) < 2 or not tools or not texts or texts[0].line < results[1].line:
        return None
    return texts[0], tools[-1]


@rule(
    68,
    "pieces-are-not-doubled",
    "Pieces of a text that are followed by the whole of it are not shown twice.",
    level="MUST",
    basis="assumed",
    sources="vendor 4.4, C19",
    seen="wire shown",
)
def not_doubled(trace: Trace) -> Iterator[Evidence]:
    for turn in of.heard(trace) if trace.has_transcript else ():
        pieces = [event for event in turn.events if any(meaning.kind == "text" and meaning.partial for meaning in event.meanings)]
        wholes = [(event, text) for event in turn.events for text in of.texts(event) if pieces and event.line > pieces[0].line]
        says_ = of.shown_for(trace, turn)
        shown, told = _bare("".join(say.text for say in says_)), _bare("".join(turn.texts))
        lines = [
            (event, line)
            for event, text in wholes
            for line in text.splitlines()
            if len(_bare(line)) >= 16 and not of.SCREEN.search(line)
        ]
        twice = next((event for event, line in lines if shown.count(_bare(line)) > told.count(_bare(line))), None)
        if twice:
            yield broken("the user read the same words twice, in pieces and whole", pieces[0], twice, says_[-1])
        elif any(_bare(line) in shown for _, line in lines):
            yield met("what came in pieces and whole was shown once", pieces[0], wholes[0][0], says_[-1])


def _bare(text: str) -> str:
    return re.sub(r"\s+", "", text)
