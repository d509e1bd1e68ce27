"""What came of a message: found out when nothing was said, told when it failed, and never kept from the user."""

import re
from collections.abc import Iterator
from re import IGNORECASE
from typing import Any

from conformance.catalogue import Cost, Evidence, broken, met, rule
from conformance.rules import heard as of
from conformance.rules.timeline import KINDS, differences, plain
from conformance.rules.words import ADMITS_FAILURE, says
from conformance.trace import Exchange, Message, Say, Trace

#: A failure that is claimed, rather than spoken of.
FAILED = re.compile(r"\bfail(?:ed|ure)\b|\ban error\b|\bwent wrong\b|\bcould ?n[o']t\b|失败|出错|未能", IGNORECASE)
AGAIN = re.compile(r"\btry\b.{0,10}\b(?:again|later)\b|再试|稍后", IGNORECASE)
#: Ways to say that nothing came of it, beyond those of ADMITS_FAILURE.
NOTHING_DONE = re.compile(
    r"\bas it was\b|\bnothing (?:was |has )?(?:changed|happened|done)\b|\bcredits?\b|没有变|没变|未变|积分", IGNORECASE
)


@rule(
    58,
    "looks-after-a-silent-edit",
    "When a stream closes without a word, the state is asked for, compared, and what changed is told.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3, vendor 1.9",
    seen="wire shown",
)
def looks_after_silence(trace: Trace) -> Iterator[Evidence]:
    for turn in of.heard(trace):
        if not of.silent(turn):
            continue
        last = max([turn.answer_line, *(event.line for event in turn.events)])
        looks = of.looks(trace, turn, last)
        end = turn.ended_line
        if any(one.message == turn.message and one.line < of.over(trace, turn) for one in trace.after(turn.line, "run_sse")):
            continue  # sent again: rule 61
        if not looks:
            if of.finished_with(trace, turn):
                yield broken("the stream closed without a word, and nobody asked for the state", turn, end)
            continue
        before = [one.draft for one in trace.before(turn.line, "get_state") if one.ok and of.session(turn) in one.path]
        same = [one for one in looks if one.ok and of.session(turn) in one.path]  # a new session shows nothing of it
        shows = [(one, found) for one in same if (found := differences(before[-1] if before else {}, one.draft))]
        look, changes = shows[0] if shows else (None, [])
        says_ = [say for say in of.shown_for(trace, turn) if look and say.line > look.line]
        if not look or not changes or not trace.has_transcript:
            yield met("asked for the state after a turn without a word", turn, end, looks[0])
        elif named := next((say for say in says_ if _names(say, changes)), None):
            yield met("asked for the state after a turn without a word, and told what changed", turn, end, look, named)
        elif of.finished_with(trace, turn) and of.answered(trace, turn):
            yield broken("the state shows a change, and the user was not told which", turn, end, look)


def _names(say: Say, changes: list[Any]) -> bool:
    """The thing or at least its kind; of a kind that nobody documents, anything."""
    text = plain(say.text)
    return any(
        change.kind not in KINDS
        or KINDS[change.kind].search(say.text)
        or any(word and plain(word) in text for word in (change.name, change.text))
        for change in changes
    )


@rule(
    59,
    "knows-the-state-before",
    "To compare, the state before an edit is known: asked for, or remembered from the edit before.",
    level="MUST",
    basis="seed",
    sources="S1, vendor 1.9",
    seen="wire",
)
def knows_the_state_before(trace: Trace) -> Iterator[Evidence]:
    earlier: dict[str, Exchange] = {}
    for turn in of.turns(trace):
        last = earlier.get(of.session(turn))
        earlier[of.session(turn)] = turn
        if turn.ended_by != "server" or turn.cut or not of.silent(turn):
            continue
        since = last.line if last else 0
        known = [
            one
            for one in trace.after(since, "get_state")
            if one.line < turn.line and one.code == 0 and of.session(turn) in one.path
        ]
        if known:
            yield met("the state before the turn was known", known[-1], turn)
        elif last:  # that of a fresh session is known without a question
            yield broken("the turn was silent, and the state before it had not been asked for since the last one", last, turn)


@rule(
    60,
    "never-without-an-answer",
    "Whatever happens, the user is answered: a client that dies, hangs or says nothing leaves them waiting.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3, vendor 1.9",
    seen="shown",
)
def never_without_an_answer(trace: Trace) -> Iterator[Evidence]:
    """The only rule that a crash, a hang or a flood breaks; a client that never started proves nothing."""
    how = str(trace.outcome.get("how", "finished"))
    if not trace.has_transcript or how == "not started" or not trace.messages:
        return
    outcome = next((line for line, _ in trace.numbered("outcome")), 0)
    waiting = next((message for message in trace.messages if message.done_ms is None), None)
    if how in HOW:
        yield broken(f"the client {HOW[how]}", waiting or trace.messages[-1], outcome)
        return
    if how == "crashed" and (left := waiting or next(filter(_unanswered, trace.messages), None)):
        code = trace.outcome.get("code")
        told = "failed" if code is None else f"ended with exit status {code}"
        yield broken(f"the client {told} before it had answered", left, outcome)
        return
    for turn in of.turns(trace):
        message = trace.message_of(turn)
        if message is None or not of.finished_with(trace, turn):
            continue
        shown = of.shown_for(trace, turn)
        if shown:
            yield met("the user was answered", message, turn, shown[-1])
        elif not of.answered(trace, turn):
            yield broken("the turn is over, and the user was shown nothing at all", message, turn)


def _unanswered(message: Message) -> bool:
    """Nothing was said after the last request: a client may well end with a failure's exit status when it has told of it."""
    last = message.exchanges[-1].line if message.exchanges else message.line
    return not message.says or message.says[-1].line < last


HOW = {"hung": "hung, and had to be ended", "flooded": "flooded its output", "mute": "never said anything"}


# when something went wrong, or seems so


@rule(
    64,
    "ignores-a-trailing-excuse",
    'A last "temporary issue" after normal output is ignored.',
    level="MUST",
    basis="vendor",
    sources="vendor 4.4, vendor 1.9",
    seen="wire shown",
)
def ignores_a_trailing_excuse(trace: Trace) -> Iterator[Evidence]:
    for turn in of.heard(trace) if trace.has_transcript else ():
        texts = of.told_events(turn, "text")
        if _excuse(turn) != "after words" or turn.errors or not _changed(trace, turn):
            continue
        exports = [one.line for one in trace.after(turn.line, "submit_render")]  # their failures are told, too
        says_ = [say for say in of.shown_for(trace, turn) if say.line < min([*exports, 10**9])]
        worried = next(
            (say for say in says_ if of.TROUBLE.search(say.text) or (say.line > texts[-1].line and FAILED.search(say.text))), None
        )
        if worried:
            yield broken(
                "the work was done, and the user was told of trouble",
                texts[-1],
                worried,
                cost=Cost(words="it may be asked for twice"),
            )
        elif says_:
            yield met("the needless excuse was not passed on", texts[-1], says_[-1])


@rule(
    65,
    "believes-an-excuse-alone",
    "Where a temporary issue is all that the service speaks of, the user hears that it did not work.",
    level="MUST",
    basis="assumed",
    sources="vendor 4.4",
    seen="wire shown",
)
def believes_an_excuse_alone(trace: Trace) -> Iterator[Evidence]:
    for turn in of.heard(trace) if trace.has_transcript else ():
        if turn.errors or _excuse(turn) != "alone" or _changed(trace, turn):
            continue
        yield from _admits(trace, turn, of.told_events(turn, "text")[-1], "trouble was all that was told")


def _excuse(turn: Exchange) -> str:
    """Whether the words of a turn end with an excuse: "after words", "alone"; "" when they do not."""
    found = [sentence for sentence in of.sentences(" ".join(turn.texts)) if sentence.strip()]
    first = next((number for number, sentence in enumerate(found) if of.TROUBLE.search(sentence)), None)
    if first is None or not all(of.TROUBLE.search(sentence) or AGAIN.search(sentence) for sentence in found[first:]):
        return ""
    return "after words" if first else "alone"


def _changed(trace: Trace, turn: Exchange) -> bool:
    """The work was done: the world says so, or a look at the state shows it."""
    lines = [n for n, one in trace.numbered("world") if turn.line < n < turn.ended_line and one.get("what") == "draft.changed"]
    if lines:
        return True
    before = [one for one in trace.before(turn.line, "get_state") if one.ok]
    return any(one.ok and one.draft != (before[-1].draft if before else {}) for one in of.looks(trace, turn, turn.ended_line))


def _admits(trace: Trace, turn: Exchange, event: Any, why: str) -> Iterator[Evidence]:
    told = [say for say in of.shown_for(trace, turn) if say.line > event.line]
    admitted = next((say for say in told if says(say.text, ADMITS_FAILURE) or says(say.text, NOTHING_DONE)), None)
    if admitted:
        yield met(f"{why}, and the user heard that it did not work", event, admitted)
    elif of.finished_with(trace, turn):
        yield broken(f"{why}, and the user did not hear that it did not work", event, turn.ended_line)


@rule(
    69,
    "an-error-event-is-a-failure",
    "When an error is the last thing a stream tells, the user hears that it did not work.",
    level="MUST",
    basis="assumed",
    sources="vendor 4.4, C19",
    seen="wire shown",
)
def error_event(trace: Trace) -> Iterator[Evidence]:
    for turn in of.heard(trace) if trace.has_transcript else ():
        told = of.told_events(turn, "text", "tool", "error")
        if told and any(meaning.kind == "error" for meaning in told[-1].meanings):
            first = next(event for event in turn.events if any(meaning.kind == "error" for meaning in event.meanings))
            yield from _admits(trace, turn, first, "the turn ended with an error")
