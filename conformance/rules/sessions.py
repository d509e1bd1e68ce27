"""The session: made first, once for a project, and its id kept as the text it is."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from urllib.parse import unquote

from conformance.catalogue import Cost, Evidence, broken, met, rule
from conformance.rules import heard
from conformance.rules.recovery import drops
from conformance.rules.tokens import started_anew
from conformance.trace import Exchange, Trace

_USES = ("get_state", "upload_files", "run_sse", "submit_render")
_IN_PATH = re.compile(r"^/api/(?:state|upload-video)/[^/]+/[^/]+/([^/]+)")
_USER = re.compile(r"^/api/(?:tasks/([^/]+)/with-session|(?:state|upload-video)/nemo_agent/([^/]+))/")
#: As documents write an id that is to be filled in, or a variable that was not.
_PLACEHOLDER = re.compile(r"[<>{}$]|^(?:sid|session_?id|your[-_ ]?session[-_ ]?id|x{3,})$", re.IGNORECASE)


def uses(trace: Trace) -> list[tuple[Exchange, Any]]:
    """Requests that need a session, each with the id it names; None when it names none."""
    return [(one, _named(one)) for one in trace.exchanges if one.operation in _USES or _IN_PATH.match(one.path)]


def _named(one: Exchange) -> Any:
    if found := _IN_PATH.match(one.path):
        return unquote(found[1])
    body = one.body if isinstance(one.body, dict) else {}
    return body.get("session_id", body.get("sessionId"))


def made(trace: Trace) -> list[Exchange]:
    """Answers with a session that reached the client."""
    return [one for one in trace.of("create_session") if one.code == 0 and not one.dropped and one.told("session_id") is not None]


def _id(one: Exchange) -> str:
    return str(one.told("session_id"))


def _as_double(name: Any, known: str) -> bool:
    """It is what becomes of the id once it was read as a number."""
    try:
        return not isinstance(name, bool) and float(name) == float(known) and name != known
    except (TypeError, ValueError, OverflowError):
        return False


def lost(one: Exchange) -> bool:
    """The service knows no such session: by its code, or in the agent server's own words."""
    return one.code == 1002 or (one.code == 404 and "session not found" in str(one.answer).lower())


@rule(
    28,
    "session-first",
    "A session is made before state, upload, chat or export is asked for, and no placeholder stands where its id belongs.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3",
    seen="wire",
)
def session_first(trace: Trace) -> Iterator[Evidence]:
    for one, name in uses(trace):
        if isinstance(name, str) and _PLACEHOLDER.search(name):
            yield broken("a placeholder stands where the session's id belongs", one, cost=Cost(requests=1))
            return
    first = next((one for one, _ in uses(trace)), None)
    if first is None or trace.incomplete:
        return
    before = [one for one in made(trace) if one.answer_line < first.line]
    if before:
        yield met("the session was made before it was used", before[0], first)
    else:
        yield broken("a session was used, and none had been made", first, cost=Cost(requests=1))


@rule(
    29,
    "me-in-paths",
    "Where a path names a user, it says me.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3",
    seen="wire",
)
def me_in_paths(trace: Trace) -> Iterator[Evidence]:
    good: Exchange | None = None
    for one in trace.exchanges:
        if found := _USER.match(one.path):
            if unquote(found[1] or found[2]) != "me":
                yield broken("the path names something else where it should say me", one, cost=Cost(requests=1))
                return
            good = good or one
    if good:
        yield met("paths say me", good)


@rule(
    30,
    "a-session-has-a-task-name",
    "The request for a session has a JSON body with a task_name.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3",
    seen="wire",
)
def task_name(trace: Trace) -> Iterator[Evidence]:
    for one in trace.of("create_session"):
        told = one.body.get("task_name") if isinstance(one.body, dict) else None
        if isinstance(told, str) and told.strip():
            yield met("the session was asked for with a task_name", one)
        else:
            yield broken("the session was asked for without a task_name in a JSON body", one)


@rule(
    31,
    "the-users-language",
    "The language that a session is asked for is the one the user writes in.",
    level="SHOULD",
    basis="seed",
    sources="S0, S1, S2, S3, C6",
    seen="wire",
)
def language(trace: Trace) -> Iterator[Evidence]:
    """Half of the documents leave it out, so who sends none breaks nothing. English and Chinese are told apart, others are not judged."""
    for one in trace.of("create_session"):
        told = one.body.get("language") if isinstance(one.body, dict) else None
        if not isinstance(told, str):
            continue
        if re.search(r"[<>{}$]|^\s*$|detected|^lang$", told):
            yield broken(f"asked for the language {told!r}", one)
            continue
        written = [language_of(message.text) for message in trace.messages if message.line < one.line]
        clear = [tag for tag in written if tag]
        if not clear or len(clear) < len(written):
            continue
        if any(_TAGS[tag].match(told) for tag in clear):
            yield met(f"asked for {told!r}, which the user writes", one)
        else:
            yield broken(f"asked for {told!r}; the user writes {'Chinese' if clear[-1] == 'zh' else 'English'}", one)


_TAGS = {
    "zh": re.compile(r"zh|cn\b|chi|中|汉|普通话|mandarin|ja", re.IGNORECASE),  # a Japanese sentence can do without kana
    "en": re.compile(r"en\b|en[-_]|eng|英", re.IGNORECASE),
}
_ENGLISH = re.compile(r"\b(?:the|what|how|add|make|my|this|here|put|show|hello|upload)\b", re.IGNORECASE)


def language_of(text: str) -> str:
    """zh or en; "" for what could be something else."""
    if re.search(r"[\u3040-\u30ff\uac00-\ud7af]", text):
        return ""
    if len(re.findall(r"[\u4e00-\u9fff]", text)) >= 2:
        return "zh"
    return "en" if text.isascii() and _ENGLISH.search(text) else ""


@rule(
    32,
    "one-id-for-all",
    "The id of the session is kept, and all that follows uses it.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3, C14",
    seen="wire",
)
def one_id(trace: Trace) -> Iterator[Evidence]:
    """Ids that were never given. A placeholder is rule 28's, an id that went through a number rule 33's, one that is dead rule 36's."""
    good: tuple[Exchange, Exchange] | None = None
    for one, name in uses(trace):
        known = [answer for answer in made(trace) if answer.answer_line < one.line]
        if not known or (name is None and one.operation != "run_sse"):  # without sessionId: rule 100
            continue
        if name is None and isinstance(one.body, dict):
            yield broken("the message names no session, though one was made", known[-1], one, cost=Cost(requests=1))
            return
        if not isinstance(name, str) or _PLACEHOLDER.search(name) or any(_as_double(name, _id(answer)) for answer in known):
            continue
        giver = next((answer for answer in known if _id(answer) == name), None)
        if giver is None:
            yield broken("the id is not the one the service gave", known[-1], one, cost=Cost(requests=1))
            return
        good = good or (giver, one)
    if good:
        yield met("the id that was given is the one that is used", *good)


@rule(
    33,
    "an-id-is-text",
    "The id of a session is opaque text; read as a number it loses its last digits.",
    level="MUST",
    basis="assumed",
    sources="vendor init, vendor 4.4",
    seen="wire",
)
def id_is_text(trace: Trace) -> Iterator[Evidence]:
    good: tuple[Exchange, Exchange] | None = None
    for one, name in uses(trace):
        for answer in (answer for answer in made(trace) if answer.answer_line < one.line):
            if _as_double(name, _id(answer)):
                yield broken("the id was read as a number and came back as another", answer, one, cost=Cost(requests=1))
                return
            if name == _id(answer) and name.isdecimal() and int(float(name)) != int(name):
                good = good or (answer, one)
    if good:
        yield met("an id that no double can hold came back digit by digit", *good)


@rule(
    34,
    "the-task-id-is-kept",
    "The task_id that comes with a session is kept for the link to the project.",
    level="SHOULD",
    basis="vendor",
    sources="vendor 1.9",
    seen="wire",
)
def task_id(trace: Trace) -> Iterator[Evidence]:
    for one in trace.of("issue_claim_token"):
        known = {str(answer.told("task_id")): answer for answer in made(trace) if answer.answer_line < one.line}
        told = one.body.get("task_id") if isinstance(one.body, dict) else None
        if told in known:
            yield met("the task_id that came with the session is in the request for a claim token", known[told], one)
        elif known:
            yield broken("the request for a claim token has another task_id than the session", *known.values(), one)


DAY_MS = 86_400_000
#: The user wants something else than to go on with what is there.
_ANOTHER = re.compile(
    r"\b(?:new|another|second|other|next|start (?:over|again)|from scratch|fresh)\b|\b(?:make|create|generate)\b.{0,40}\bvideo\b|新|另|重新|重来|生成|制作|做一",
    re.IGNORECASE,
)


@rule(
    35,
    "one-session-per-project",
    "One session serves the whole project: a second message is no reason for a second session.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3, vendor 1.9",
    seen="wire",
)
def one_session(trace: Trace) -> Iterator[Evidence]:
    """Not after the session or the token was refused, and not where the user may mean another project. After a drop: rule 75.

    Who comes back after a day may have been started anew, and begin anew.
    """
    given = made(trace)
    for old, new in pairwise(given):
        between = [one for one in trace.exchanges if old.line < one.line < new.line]
        excused = any(
            one.code in (401, 403, 404, 1001)
            or lost(one)
            or one.operation == "issue_anonymous_token"
            or (one.stream and one not in heard.turns(trace))  # a refusal that is called a stream
            for one in between
        )
        dropped = any(old.line < drop.line < new.line for drop in drops(trace))
        message = trace.message_of(new)
        anew = started_anew(trace, old.line, new.line)
        if excused or dropped or anew or new.at_ms - old.at_ms > DAY_MS or (message and _ANOTHER.search(message.text)):
            continue
        worked = any(name == _id(old) for one, name in uses(trace) if one.line < new.line)
        if not worked and (message is None or message.line < old.line):
            continue  # made again before it was of any use: nothing is lost
        yield broken(
            "a second session was made, and the first one still lives", old, new, cost=Cost(words="the edits stay in the first")
        )
        return
    for session in given:
        used = [one for one, name in uses(trace) if name == _id(session)]
        asked = {message.line: one for one in used if (message := trace.message_of(one))}
        turns = list(asked.values()) if trace.messages else [one for one in used if one.operation == "run_sse"]
        if len(turns) > 1:
            yield met("several messages were served in one session", session, turns[0], turns[-1])
            return


@rule(
    36,
    "a-lost-session-is-replaced",
    "After 1002 a new session is made, and the one that was lost is left alone.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3",
    seen="wire",
)
def lost_session(trace: Trace) -> Iterator[Evidence]:
    told: set[str] = set()
    for one, name in uses(trace):
        if not lost(one) or name not in trace.sessions or name in told:
            continue  # of an id that never lived, rules 28, 32 and 33 know
        told.add(name)
        again = [other for other, other_name in uses(trace) if other_name == name and other.line > one.answer_line]
        anew = trace.after(one.answer_line, "create_session")
        message = trace.message_of(one)
        known = [other for other in again if any(answer.answer_line < other.line for answer in anew)]
        if known or len(again) > 1:  # looking once more, to be sure, is no harm
            yield broken(
                "the session was lost, and was used again", one, *(known or again), cost=Cost(requests=len(known or again))
            )
        elif anew:
            yield met("the session was lost, and a new one was made", one, anew[0])
        elif message and any(lost(other) and other.line < one.line for other in message.exchanges):
            continue  # the second time for one message: no circles
        elif trace.finished and (message.done_ms is not None if message else trace.after(one.answer_line)):
            yield broken("the session was lost, and no new one was made", one)
