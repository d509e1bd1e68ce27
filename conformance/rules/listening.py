"""The answer to a message: how long it is listened to, when it is over, and that its words are understood however they are spelt."""

import re
from collections.abc import Iterator
from itertools import pairwise

from conformance.catalogue import Cost, Evidence, broken, met, rule, unproven
from conformance.rules import heard as of
from conformance.rules.spelling import spelling, unsaid
from conformance.rules.words import ADMITS_FAILURE, says
from conformance.trace import Event, Exchange, Say, Trace

TURN_MS, ALONE_MS, NOTHING_MS = 900_000, 600_000, 300_000  # rules 50, 63; vendor 4.4: five minutes without any answer
NOTICE_MS, LONGEST_MS, SHORTEST_MS = 120_000, 180_000, 60_000  # rule 53, and what "about" may mean
LONG_MS = 150_000
AT_ONCE_MS = 2_000


def events_until(one: Exchange, line: int) -> list[Event]:
    return [event for event in one.events if event.line < line]


def speaks(event: Event) -> bool:
    """It is more than a heartbeat."""
    return any(meaning.kind != "heartbeat" for meaning in event.meanings)


def patient(one: Exchange, left: tuple[int, int]) -> bool:
    """Whether it was left after the time that documents give it: 15 minutes, 10 of heartbeats only, 5 of nothing."""
    events = events_until(one, left[0])
    heard_ms = max([one.at_ms, one.answered_ms or 0, *(event.at_ms for event in events)])
    spoken_ms = max([one.at_ms, *(event.at_ms for event in events if speaks(event))])
    limits = (one.at_ms, TURN_MS), (spoken_ms, ALONE_MS), (heard_ms, NOTHING_MS)
    return any(left[1] - since_ms >= limit_ms * 0.95 for since_ms, limit_ms in limits)


def took_for_the_end(trace: Trace, one: Exchange) -> str:
    """What a client left at as soon as it came: "text", "heartbeat"; "" when it left for another reason."""
    left = of.gave_up(trace, one)
    if left is None or patient(one, left):
        return ""
    known: set[tuple[str, str]] = set()
    found = ""
    for event in events_until(one, left[0]):
        if left[1] - event.at_ms <= AT_ONCE_MS + trace.slack_ms(event.at_ms, left[1]):
            if any(meaning.kind == "text" for meaning in event.meanings):
                return "text"
            found = found or ("" if speaks(event) or (event.event, event.data.strip()) in known else "heartbeat")
        known.add((event.event, event.data.strip()))
    return found


@rule(
    50,
    "waits-fifteen-minutes",
    "A turn may take 15 minutes, and nobody hangs up before.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3, vendor 1.9, C20",
    seen="wire time",
)
def waits(trace: Trace) -> Iterator[Evidence]:
    for one in trace.of("run_sse"):
        if one.status not in (None, 200) or (one.stream and one not in of.turns(trace)):
            continue
        left = of.gave_up(trace, one)
        if left is None:
            if one.ended_by == "server" and one.over_ms - one.at_ms >= LONG_MS:
                yield met(f"listened for {(one.over_ms - one.at_ms) / 1000:.0f} s, to the end", one, one.ended_line)
            continue
        waited_s = (left[1] - one.at_ms) / 1000
        if patient(one, left):
            yield met(f"listened for {waited_s:.0f} s", one, left[0])
        elif not took_for_the_end(trace, one) and not unread(trace, one):  # else it is rule 51's, 52's or 67's
            yield broken(
                f"left after {waited_s:.0f} s, while the turn went on",
                one,
                left[0],
                cost=Cost(words="the result is never heard of"),
            )


@rule(
    51,
    "reads-to-the-end",
    "A turn is over when the service closes the stream, not when it has said something.",
    level="MUST",
    basis="seed",
    sources="S0, S2, S3, vendor 4.4",
    seen="wire",
)
def reads_to_the_end(trace: Trace) -> Iterator[Evidence]:
    for one in of.turns(trace):
        if took_for_the_end(trace, one) == "text":
            if unread(trace, one):
                continue  # it left because it could not read: rule 67
            left = of.gave_up(trace, one)
            assert left
            texts = of.told_events(one, "text")
            yield broken("left after the first words, before the stream was closed", texts[-1], left[0])
        elif one.ended_by == "server" and (texts := of.told_events(one, "text")) and texts[0] is not one.events[-1]:
            yield met("read on after the first words", one, texts[0], one.ended_line)


@rule(
    52,
    "heartbeats-mean-patience",
    "A heartbeat or empty data says that the work goes on: it is neither an error, nor the end, nor anything to show.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3, vendor 1.9",
    seen="wire shown",
)
def heartbeats(trace: Trace) -> Iterator[Evidence]:
    for one in of.turns(trace):
        beats = [event for event in one.events if any(meaning.kind == "heartbeat" for meaning in event.meanings)]
        if not beats:
            continue
        bare = next((say for say in of.shown_for(trace, one) if re.fullmatch(r"\W*heartbeat\W*", say.text, re.IGNORECASE)), None)
        if took_for_the_end(trace, one) == "heartbeat" and not unread(trace, one):
            left = of.gave_up(trace, one)
            assert left
            last = [event for event in events_until(one, left[0]) if not speaks(event)][-1]
            yield broken(f"left when a heartbeat came: {last.data[:40]!r}", last, left[0])
        elif bare:
            yield broken(
                "a heartbeat was shown to the user", next(beat for beat in reversed(beats) if beat.line < bare.line), bare
            )
        elif (one.ended_by == "server" and not one.cut) or (len(beats) > 1 and of.gave_up(trace, one)):
            yield met(f"read on over {len(beats)} heartbeats", one, beats[0], one.ended_line)


@rule(
    53,
    "says-that-it-goes-on",
    "While heartbeats come, the user hears about every two minutes that the work goes on.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3, vendor 1.9",
    seen="shown time",
)
def notices(trace: Trace) -> Iterator[Evidence]:
    for one in of.turns(trace) if trace.has_transcript else ():
        left = of.gave_up(trace, one)
        line, end_ms = left or (one.ended_line, one.over_ms)
        heard = [say for say in trace.says if one.answer_line < say.line < line and say.at_ms <= end_ms]
        told = [say for say in heard if says(say.text, of.STILL)]
        most = 2 + (end_ms - one.at_ms) // SHORTEST_MS
        moments = [one.answered_ms or one.at_ms, *(say.at_ms for say in heard), end_ms]
        gap_ms, start_ms = max((b - a, a) for a, b in pairwise(moments))
        beats = [
            event
            for event in one.events
            if not speaks(event) and event.at_ms >= start_ms + NOTICE_MS and event.at_ms <= start_ms + gap_ms
        ]
        excess_ms = gap_ms - LONGEST_MS
        if len(told) > most:
            yield broken(f"said {len(told)} times in {(end_ms - one.at_ms) / 1000:.0f} s that it goes on", one, *told)
        elif beats and excess_ms > trace.slack_ms(start_ms, start_ms + gap_ms):
            yield broken(
                f"the user heard nothing for {gap_ms / 1000:.0f} s", one, beats[-1], cost=Cost(words="looks as if it hung")
            )
        elif beats and excess_ms > 0:
            yield unproven(
                f"nothing for {gap_ms / 1000:.0f} s, and the machine was late by {trace.late_ms(start_ms, end_ms)} ms", one
            )
        elif told and excess_ms <= 0 and end_ms - one.at_ms > NOTICE_MS:
            yield met(f"said {len(told)} times that it goes on", one, *told)


@rule(
    63,
    "gives-up-after-ten-minutes-of-heartbeats",
    "When nothing but heartbeats has come for ten minutes, and at the latest after fifteen, the client stops waiting and says so.",
    level="MUST",
    basis="vendor",
    sources="vendor 4.4, vendor 1.9",
    seen="wire time shown",
)
def gives_up(trace: Trace) -> Iterator[Evidence]:
    for one in of.turns(trace):
        left = of.gave_up(trace, one)
        end_line, end_ms = left or (one.ended_line, one.over_ms)
        spoken_ms = max([one.at_ms, *(event.at_ms for event in events_until(one, end_line) if speaks(event))])
        alone_ms = end_ms - spoken_ms
        if one.ended_line and alone_ms > TURN_MS + trace.slack_ms(spoken_ms, end_ms) and not one.cut:
            yield broken(
                f"waited for {alone_ms / 1000:.0f} s of nothing but heartbeats",
                one,
                end_line,
                cost=Cost(seconds=(alone_ms - ALONE_MS) / 1000),
            )
        elif left and alone_ms >= ALONE_MS * 0.95:
            shown = [say for say in of.shown_for(trace, one) if say.at_ms >= spoken_ms + ALONE_MS * 0.95]
            changed = next((look.line for look in of.looks(trace, one, one.line) if look.ok and look.draft), len(trace.entries))
            told = next((say for say in shown if says(say.text, ADMITS_FAILURE) or say.line > changed), None)
            if not trace.has_transcript:
                yield unproven(f"left after {alone_ms / 1000:.0f} s; what the user was told is not known", one, left[0])
            elif told:
                yield met(f"stopped waiting after {alone_ms / 1000:.0f} s, and said so", one, told)
            else:
                yield broken(f"left after {alone_ms / 1000:.0f} s, and the user was not told", one, left[0])


# how it is spelt


@rule(
    67,
    "understands-every-spelling",
    "The same turn gives the same answer in any dialect, any legal framing and any chunks; and what a stream did not say is not shown.",
    level="SHOULD",
    basis="assumed",
    sources="vendor 4.4, C19",
    seen="wire shown",
)
def every_spelling(trace: Trace) -> Iterator[Evidence]:
    for one in of.turns(trace) if trace.has_transcript else ():
        odd = spelling(trace, one)
        whole = one.ended_by == "server" and not one.cut and "corrupt" not in one.faults
        if not odd or not (whole or of.gave_up(trace, one)):
            continue
        how = ", ".join(odd[:3])
        says_, told = of.shown_for(trace, one), "\n".join(one.texts)
        bogus = [text for text in unsaid(trace, one) if not of.read(text, told)]
        wrong = next((say for say in says_ for text in bogus if of.read(text, say.text)), None)
        torn = next((say for say in says_ if "\ufffd" in say.text), None)
        understood = _understood(one, says_)
        if wrong:
            yield broken(f"showed words that only a wrong parser hears ({how})", one, wrong)
        elif torn and "\ufffd" not in told and "\ufffd" not in one.message:
            yield broken(f"letters were destroyed ({how})", one, torn)
        elif missed := unread(trace, one):
            yield broken(f"what the service said did not reach the user ({how})", one, missed)
        elif understood and whole:
            yield met(f"understood in spite of {how}", *understood)
        elif whole and bogus and says_ and of.silent(one):
            yield met(f"nothing was heard where nothing was said ({how})", one, one.ended_line, says_[-1])


def _understood(one: Exchange, says_: list[Say]) -> tuple[Event, Say] | None:
    """A text, and where the user read it."""
    for event in one.events:
        for text in of.texts(event):
            found = next((say for say in says_ if of.read(text, say.text)), None)
            if found:
                return event, found
    return None


def unread(trace: Trace, one: Exchange) -> Event | None:
    """Words in an odd spelling that the user never saw, so that the client cannot have understood them: rule 67's case alone."""
    if of.translated(trace) or not (
        trace.has_transcript and of.answered(trace, one) and of.finished_with(trace, one) and spelling(trace, one)
    ):
        return None
    shown = of.joined(of.shown_for(trace, one))
    spoken = [event for event in one.events if of.texts(event)]
    if of.gave_up(trace, one):
        spoken = spoken[:1]  # what came later may have come too late
    return next((event for event in spoken for text in of.texts(event) if of.missed(text, shown)), None)
