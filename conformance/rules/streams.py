"""A message: in what form it is sent, and that it is sent once, when its time has come.

How its answer is listened to is in the room of listening; a connection that breaks is in that of recovery.
"""

from collections.abc import Iterator

from conformance.catalogue import Cost, Evidence, broken, met, rule
from conformance.rules import heard as of
from conformance.trace import Exchange, Trace

LONG_MS = 150_000


def sent(trace: Trace) -> list[Exchange]:
    return [one for one in trace.exchanges if one.path == "/run_sse" and one.method == "POST"]


def ran(one: Exchange) -> bool:
    """Whether the service took the message. A page of a gateway hides what became of it."""
    return one.code == 0 or (one.status is not None and one.status >= 500 and not isinstance(one.answer, dict))


# its form


@rule(
    46,
    "asks-for-a-stream",
    "A message is sent by POST, as JSON, and asks for text/event-stream.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3, vendor 1.9",
    seen="wire",
)
def asks_for_a_stream(trace: Trace) -> Iterator[Evidence]:
    for one in sent(trace):
        kind, accepted = one.headers.get("content-type", ""), one.headers.get("accept", "")
        if "text/event-stream" not in accepted.lower():
            yield broken(f"Accept is {accepted[:60]!r}", one)
        elif "json" not in kind.lower() or isinstance(one.body, str):
            yield broken(f"the message is no JSON: its type is {kind[:60]!r}", one)
        else:
            yield met("sent as JSON, and a stream asked for", one)
    first = next((one.line for one in sent(trace)), len(trace.entries) + 1)
    for one in trace.exchanges:
        if one.path == "/run_sse" and one.method == "GET" and one.line < first:  # a later one is rule 70's
            yield broken("asked by GET, which no message can be sent with", one, cost=Cost(requests=1))


_CAMEL = {"appName": "app_name", "userId": "user_id", "sessionId": "session_id", "newMessage": "new_message"}


@rule(
    47,
    "keys-in-snake-case",
    "The keys of a message are app_name, user_id, session_id, new_message, with underscores.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3, vendor 1.9",
    seen="wire",
)
def keys(trace: Trace) -> Iterator[Evidence]:
    for one in sent(trace):
        if isinstance(one.body, dict):
            wrong = sorted(one.body.keys() & _CAMEL.keys())
            if wrong:
                yield broken(f"says {wrong[0]} instead of {_CAMEL[wrong[0]]}", one)
            elif one.body.keys() & set(_CAMEL.values()):
                yield met("keys as documented", one)


@rule(
    48,
    "words-in-the-first-part",
    "The user's words stand in new_message.parts[0].text.",
    level="MUST",
    basis="seed",
    sources="S0, S2, vendor 1.9",
    seen="wire",
)
def first_part(trace: Trace) -> Iterator[Evidence]:
    for one in sent(trace):
        if not isinstance(one.body, dict):
            continue
        told = one.body.get("new_message", one.body.get("newMessage"))  # the name is rule 47's
        parts = told.get("parts") if isinstance(told, dict) else None
        first = parts[0] if isinstance(parts, list) and parts else None
        if isinstance(first, dict) and isinstance(first.get("text"), str):
            yield met("the words are in the first part", one)
        else:
            yield broken("no text in new_message.parts[0]", one, cost=Cost(requests=1))


@rule(
    49,
    "names-the-app",
    "app_name is nemo_agent and user_id is me; both may be left out where the service does without.",
    level="SHOULD",
    basis="seed",
    sources="S1, S3, vendor 1.9, C4",
    seen="wire",
)
def app_name(trace: Trace) -> Iterator[Evidence]:
    own = {"me", *(str(told) for one in trace.exchanges if (told := one.told("user_id")) is not None)}
    for one in sent(trace):
        if not isinstance(one.body, dict):
            continue
        app, user = (one.body.get(name, one.body.get(camel)) for camel, name in list(_CAMEL.items())[:2])
        if app is not None and app != "nemo_agent":
            yield broken(f"app_name is {str(app)[:40]!r}", one)
        elif user is not None and str(user) not in own:
            yield broken("user_id is neither 'me' nor the id of the account", one)
        elif app is None or user is None:  # C4: the seeds name one or none; only who is refused for it must add them
            later = trace.after(one.line, "run_sse")
            if one.status == 422 and trace.finished and not one.dropped and not _hindered(trace, one, later):
                yield broken(f"refused without {'app_name' if app is None else 'user_id'}, and it was not added", one)
        else:
            yield met("app and user are named", one)


def _hindered(trace: Trace, one: Exchange, later: list[Exchange]) -> bool:
    """It was added, or something else was refused before it could be."""
    others = [other for other in trace.after(one.line) if other.code is not None]
    return any(other.status != 422 for other in later) or any(other.code not in (0, 422) for other in others)


# once


@rule(
    61,
    "sends-it-once",
    "The same message is not sent again while its turn runs, or after it.",
    level="MUST",
    basis="vendor",
    sources="vendor 1.9",
    seen="wire",
)
def once(trace: Trace) -> Iterator[Evidence]:
    for one in sent(trace):
        if not _began(trace, one) or not one.message or one.dropped:  # what broke is rule 71's
            continue
        spoken = next((line for line, _ in trace.numbered("user") if line > one.line), len(trace.entries) + 1)
        again = [
            other
            for other in trace.after(one.line, "run_sse")
            if other.line < spoken and other.message == one.message and of.session(other) == of.session(one) and ran(other)
        ]
        if again and not one.errors:  # a turn that says that it failed has done nothing, and cost nothing
            charged = [
                e["detail"].get("amount", 0)
                for e in trace.world("credits.settled")
                if again[0].turn and e["detail"].get("turn") == again[0].turn
            ]
            yield broken("the same message was sent again", one, again[0], cost=Cost(credits=sum(charged), requests=len(again)))
        elif not again and (why := _tempting(trace, one)):
            yield met(f"{why}, and the message was not sent again", one, one.ended_line)


def _began(trace: Trace, one: Exchange) -> bool:
    """The service took the message; where a page of a gateway hides it, the world knows."""
    began = (n for n, told in trace.numbered("world") if told.get("what") == "turn.scripted" and one.line < n < one.answer_line)
    return one.code == 0 or (ran(one) and any(began))


def _tempting(trace: Trace, one: Exchange) -> str:
    """Why somebody might have sent it again."""
    if one.status != 200:
        return f"the answer was {one.status} instead of a stream"
    if of.gave_up(trace, one):
        return "nobody listened any more"
    if one.ended_by != "server":
        return ""
    if of.silent(one):
        return "the stream said nothing"
    if any(of.TROUBLE.search(text) for text in one.texts):
        return "the last words were of trouble"
    return "it took long" if one.over_ms - one.at_ms >= LONG_MS else ""


@rule(
    62,
    "one-turn-at-a-time",
    "While a turn runs on a session, the next message waits.",
    level="MUST",
    basis="vendor",
    sources="vendor 1.9",
    seen="wire",
)
def one_at_a_time(trace: Trace) -> Iterator[Evidence]:
    for one in of.turns(trace):
        if one.cut or not one.ended_line:
            continue
        between = [o for o in sent(trace) if one.line < o.line < one.ended_line and o.message != one.message]  # the same: rule 61
        # the end of a stream that met a fault is noted a little late
        during = [
            o
            for o in between
            if of.session(o) == of.session(one) and (not one.faults or any(event.line > o.line for event in one.events))
        ]
        spoken = [line for line, _ in trace.numbered("user") if one.line < line < one.ended_line]
        later = [o for o in trace.after(one.ended_line, "run_sse") if of.session(o) == of.session(one)]
        if during:
            yield broken("a second message was sent while the first was worked on", one, during[0], cost=Cost(requests=1))
        elif spoken and later and one.ended_by == "server":
            yield met("what the user said meanwhile was sent when the turn was over", one, spoken[0], one.ended_line, later[0])


@rule(
    70,
    "never-reconnects",
    "A stream cannot be taken up again: no GET and no Last-Event-ID, since the endpoint is a POST and each one a new turn.",
    level="MUST",
    basis="assumed",
    sources="vendor 4.4, C17",
    seen="wire",
)
def never_reconnects(trace: Trace) -> Iterator[Evidence]:
    first = next(iter(sent(trace)), None)
    after = trace.after(first.line) if first else []
    wrong = next(
        (one for one in after if one.path == "/run_sse" and (one.method == "GET" or "last-event-id" in one.headers)), None
    )
    if first and wrong:
        how = "by GET" if wrong.method == "GET" else "with Last-Event-ID"
        yield broken(f"tried to take up the stream again {how}", first, wrong, cost=Cost(requests=1))
        return
    for one in sent(trace):
        if one.dropped and (one.stream or one.status is None) and trace.after(one.ended_line):
            yield met("the stream broke, and nobody tried to take it up again", one, trace.after(one.ended_line)[0])
