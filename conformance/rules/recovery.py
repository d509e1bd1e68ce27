"""After a stream broke: the work goes on over there, so look for it and never ask for it again."""

from collections.abc import Iterator

from conformance.catalogue import Cost, Evidence, broken, met, rule, unproven
from conformance.rules import heard
from conformance.rules.tokens import started_anew
from conformance.rules.words import ADMITS_FAILURE, says
from conformance.trace import Exchange, Trace

FIRST_LOOK_MS, NEXT_LOOK_MS, MOST_LOOKS = 30_000, 60_000, 5


def drops(trace: Trace) -> list[Exchange]:
    """Turns whose stream broke, or never came, although the service had taken the message."""
    return [one for one in trace.of("run_sse") if one.dropped and (one.stream or one.status is None)]


def looks(trace: Trace, drop: Exchange) -> list[Exchange]:
    """Questions for the state after a drop, until the client is done and the user speaks again, or another turn begins."""
    following = [one.line for one in trace.after(drop.line, "run_sse", "submit_render")]
    end = min([*following, heard.over(trace, drop)])
    return [one for one in trace.after(drop.ended_line, "get_state") if one.line < end]


def over(trace: Trace, drop: Exchange) -> bool:
    """The client is done with the message, or goes on with something else: what it did not do by now it will not do."""
    message = trace.message_of(drop)
    return trace.finished and (message.done_ms is not None if message else bool(trace.after(drop.ended_line)))


def changed(drop: Exchange, look: Exchange, trace: Trace) -> bool:
    """Whether a look shows another draft than the last one before the turn."""
    before = [one for one in trace.before(drop.line, "get_state") if one.ok and heard.session(drop) in one.path]
    return look.ok and look.draft != (before[-1].draft if before else {})


@rule(
    71,
    "never-resend-after-a-drop",
    "After a stream broke, the message is not sent again: the turn goes on without its listener, and a second one is charged.",
    level="MUST",
    basis="vendor",
    sources="vendor 4.4, vendor 1.9, C17",
    seen="wire",
)
def never_resend(trace: Trace) -> Iterator[Evidence]:
    for drop in drops(trace):
        again = [one for one in trace.after(drop.ended_line, "run_sse") if one.message == drop.message]
        again = [one for one in again if not _asked_anew(trace, drop, one)]
        if again:
            charged = sum(
                e["detail"].get("amount", 0) for e in trace.world("credits.settled") if e["detail"].get("turn") == again[0].turn
            )
            cost = Cost(credits=charged, requests=len(again))
            yield broken("the stream broke, and the same message was sent again", drop, again[0], cost=cost)
        else:
            yield met("the stream broke, and the message was not sent again", drop)


def _asked_anew(trace: Trace, drop: Exchange, again: Exchange) -> bool:
    """The user said it once more."""
    return any(drop.line < line < again.line for line, _ in trace.numbered("user"))


@rule(
    72,
    "first-look-after-half-a-minute",
    "After a drop, wait 30 s before the first question for the state.",
    level="MUST",
    basis="vendor",
    sources="vendor 4.4, vendor 1.9, C17",
    seen="wire time",
)
def first_look(trace: Trace) -> Iterator[Evidence]:
    for drop in drops(trace):
        found = looks(trace, drop)
        if not found:
            if over(trace, drop) and not trace.after(drop.line, "run_sse"):  # who sent it again broke another rule
                yield broken("the stream broke, and nobody looked what became of the work", drop)
            continue
        gap_ms = found[0].at_ms - drop.over_ms
        if gap_ms < FIRST_LOOK_MS * 0.95:
            yield broken(
                f"looked {gap_ms / 1000:.0f} s after the drop, too early to see anything", drop, found[0], cost=Cost(requests=1)
            )
        else:
            yield met(f"looked {gap_ms / 1000:.0f} s after the drop", drop, found[0])


@rule(
    73,
    "five-looks-a-minute-apart",
    "While the state stays as it was, look again every 60 s; after five looks report the failure and offer to try again.",
    level="MUST",
    basis="vendor",
    sources="vendor 4.4, vendor 1.9, C17",
    seen="wire time shown",
)
def five_looks(trace: Trace) -> Iterator[Evidence]:
    for drop in drops(trace):
        # what failed or was refused showed nothing, and is asked again as soon as it is mended
        found = [one for one in looks(trace, drop) if one.ok and heard.session(drop) in one.path]
        unchanged = [one for one in found if not changed(drop, one, trace)]
        for one, other in zip(unchanged, found[1:], strict=False):
            if other.at_ms - one.over_ms < NEXT_LOOK_MS * 0.95:
                gap_s = (other.at_ms - one.over_ms) / 1000
                yield broken(f"looked again after {gap_s:.0f} s", one, other, cost=Cost(requests=1))
                break
        else:
            if len(unchanged) > MOST_LOOKS:
                yield broken(
                    f"looked {len(unchanged)} times at an unchanged state",
                    *unchanged,
                    cost=Cost(requests=len(unchanged) - MOST_LOOKS),
                )
            elif len(unchanged) == MOST_LOOKS == len(found):
                if not trace.has_transcript:
                    yield unproven("five looks saw no change; what the user was told is not known", *unchanged)
                elif any(says(say.text, ADMITS_FAILURE) for say in trace.says_after(unchanged[-1].line)):
                    yield met("five looks saw no change, and the user was told", *unchanged)
                elif over(trace, drop):
                    yield broken("five looks saw no change, and the user was not told", *unchanged)


@rule(
    74,
    "completion-is-reported",
    "When a look after a drop shows a change, the user is told what was done.",
    level="MUST",
    basis="vendor",
    sources="vendor 4.4, vendor 1.9",
    seen="wire shown",
)
def completion(trace: Trace) -> Iterator[Evidence]:
    for drop in drops(trace):
        done = next((one for one in looks(trace, drop) if changed(drop, one, trace)), None)
        if done is None or not trace.has_transcript:
            continue
        told = [say for say in trace.says_after(done.line) if not says(say.text, ADMITS_FAILURE)]
        if told:
            yield met("the work was found done after the drop, and the user was told", drop, done, told[0])
        elif over(trace, drop):
            yield broken("the work was found done after the drop, and the user was not told", drop, done)


@rule(
    75,
    "the-session-survives-a-drop",
    "A broken stream is no reason for a new session: the work is in the old one.",
    level="MUST",
    basis="vendor",
    sources="vendor 4.4",
    seen="wire",
)
def same_session(trace: Trace) -> Iterator[Evidence]:
    for drop in drops(trace):
        lost = [one for one in trace.after(drop.ended_line) if one.code in (1001, 1002)]
        made = [one for one in trace.after(drop.ended_line, "create_session") if not lost or one.line < lost[0].line]
        made = [one for one in made if not started_anew(trace, drop.ended_line, one.line)]
        if made:
            yield broken(
                "the stream broke, and a new session was made",
                drop,
                made[0],
                cost=Cost(words="the edits stay in the old session"),
            )
        elif trace.after(drop.ended_line):
            yield met("went on in the same session after the drop", drop, trace.after(drop.ended_line)[0])
