"""From a submitted render to the file in the user's hands: how it is asked for, and how it is delivered."""

import re
from collections.abc import Iterator
from itertools import groupby, pairwise
from urllib.parse import unquote

from conformance.catalogue import Cost, Evidence, broken, met, rule, unproven
from conformance.rules.export_words import CLAIM_LINK, EMPTY_LINK, claims_delivery, gave_up
from conformance.rules.renders import (
    ENDS,
    Render,
    came_broken,
    came_whole,
    fetches,
    in_one_place,
    link_shown,
    next_user_line,
    poll_id,
    refused_after,
    renders,
    says_until_user,
    settled,
    status,
    urls,
)
from conformance.rules.words import says
from conformance.trace import CLAIM, TOKEN, Exchange, Say, Trace

POLL_MS, MOST_POLLS = 30_000, 10
LONG_MS = 120_000  # an export of more than the documents promise, as long as a turn after which they want a word


@rule(
    102,
    "ask-for-the-render",
    "A render that was taken is asked for under the id that was sent, or that came back.",
    level="MUST",
    basis="seed",
    sources="S0, S2, vendor 1.9",
    seen="wire",
)
def ask_for_it(trace: Trace) -> Iterator[Evidence]:
    known = renders(trace)
    for render in known:
        submit, until = render.submit, next_user_line(trace, render.submit.line)
        if render.polls:
            yield met("asked for the render under its id", submit, render.polls[0])
        elif any(one.polls for one in known if next_user_line(trace, one.submit.line) == until):
            continue  # one of two for the same wish: rule 114
        elif wrong := [one for one in trace.after(submit.line, "get_render") if one.line < until and not _submitted(trace, one)]:
            yield broken("asked for a render under an id that is none", submit, wrong[0], cost=Cost(requests=len(wrong)))
        elif settled(trace, submit) and not refused_after(trace, submit.line):
            yield broken("a render was submitted, and nobody asked what became of it", submit)


def _submitted(trace: Trace, poll: Exchange) -> bool:
    sent = (one.body.get("id") for one in trace.before(poll.line, "submit_render") if isinstance(one.body, dict))
    told = (one.told("id") for one in trace.before(poll.line, "submit_render"))
    return poll_id(poll) in {str(name) for name in (*sent, *told)}


@rule(
    103,
    "half-a-minute-between-polls",
    "Between two questions for the same render lie 30 s.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3, C2",
    seen="wire time",
)
def half_a_minute(trace: Trace) -> Iterator[Evidence]:
    """The first may come at any time; so may one after an answer that told nothing, or after a word of the user. After the end: rule 105."""
    for polls in _asked(trace):
        pairs = [(one, other) for one, other in pairwise(polls) if one.code == 0 and not one.dropped and status(one) not in ENDS]
        soon = [(one, other) for one, other in pairs if other.at_ms - one.at_ms < POLL_MS * 0.95]
        if soon:
            one, other = min(soon, key=lambda pair: pair[1].at_ms - pair[0].at_ms + trace.late_ms(pair[0].at_ms, pair[1].at_ms))
            gap_ms, late_ms = other.at_ms - one.at_ms, trace.late_ms(one.at_ms, other.at_ms)
            if gap_ms + late_ms < POLL_MS * 0.95:
                yield broken(f"asked again after {gap_ms / 1000:.0f} s", one, other, cost=Cost(requests=len(soon)))
            else:
                yield unproven(
                    f"asked again after {gap_ms / 1000:.1f} s, and the machine was {late_ms / 1000:.1f} s late", one, other
                )
        elif pairs:
            one, other = pairs[0]
            yield met(f"asked again after {(other.at_ms - one.at_ms) / 1000:.0f} s", one, other)


def _asked(trace: Trace) -> Iterator[list[Exchange]]:
    """Questions for the same render between two messages of the user."""
    spoken = [line for line, _ in trace.numbered("user")]
    asked = sorted(trace.of("get_render"), key=lambda one: (poll_id(one), one.line))
    for _, polls in groupby(asked, key=lambda one: (poll_id(one), sum(line < one.line for line in spoken))):
        yield list(polls)


@rule(
    104,
    "ten-polls-at-most",
    "After ten questions for a render that is not done, no more are asked, and the user is told.",
    level="MUST",
    basis="vendor",
    sources="vendor 4.4, vendor 1.9, C2",
    seen="wire shown",
)
def ten_at_most(trace: Trace) -> Iterator[Evidence]:
    """Polls that got no answer about the render are not counted, unless there is no end of them."""
    for polls in _asked(trace):
        told = [one for one in polls if one.code == 0 and not one.dropped]
        going = [one for one in told if status(one) in ("pending", "processing")]
        if len(going) > MOST_POLLS or len(polls) > 2 * MOST_POLLS:
            count = max(len(going), len(polls) - MOST_POLLS)
            yield broken(f"asked {len(polls)} times for the same render", *polls, cost=Cost(requests=count - MOST_POLLS))
        elif not going or polls[-1] is not going[-1] or _later(trace, polls[-1]):
            if len(polls) > 1:
                yield met(f"asked {len(polls)} times for the same render", *polls[-2:])
        elif not trace.has_transcript:
            yield unproven("stopped asking for a render that was not done; what the user was told is not known", polls[-1])
        elif said := [say for say in says_until_user(trace, polls[-1].line) if gave_up(say.text)]:
            yield met(f"stopped asking after {len(polls)}, and the user was told", polls[-1], said[0])
        elif settled(trace, polls[-1]) and not refused_after(trace, polls[-1].line):
            yield broken("stopped asking for a render that was not done, and the user was not told", polls[-1])


def _later(trace: Trace, poll: Exchange) -> bool:
    return any(poll_id(one) == poll_id(poll) for one in trace.after(poll.line, "get_render"))


@rule(
    105,
    "done-is-done",
    "Once an answer says completed or failed, the render is not asked for again.",
    level="MUST",
    basis="seed",
    sources="S0, S2, vendor 1.9",
    seen="wire",
)
def done_is_done(trace: Trace) -> Iterator[Evidence]:
    for render in renders(trace):
        end = render.end
        if end is None:
            continue
        until = next_user_line(trace, end.line)
        again = [one for one in render.polls if end.answer_line < one.line < until]
        excused = [one for one in fetches(trace, render, end) if again and one.line < again[0].line and came_broken(one)]
        if again and not excused and not in_one_place(end):  # who does not find it there breaks rule 108
            why = f"the render was {status(end)}, and was asked for again"
            yield broken(why, end, again[0], cost=Cost(requests=len(again)))
        elif not again:
            yield met(f"the render was {status(end)}, and was not asked for again", end)


@rule(
    108,
    "the-link-wherever-it-is",
    "Status and link are found in `data` and at top level alike, and no empty link is shown.",
    level="MUST",
    basis="seed",
    sources="S0, S2, vendor 4.4, vendor 1.9, C1",
    seen="wire shown",
)
def wherever_it_is(trace: Trace) -> Iterator[Evidence]:
    for render, end in _completed(trace):
        shown = link_shown(trace, end)
        empty = next((say for say in says_until_user(trace, end.answer_line) if says(say.text, EMPTY_LINK)), None)
        if empty is not None and shown is None:
            yield broken("the user was shown a link with nothing in it", end, empty)
        elif in_one_place(end):
            if hands := _hands(trace, render, end):
                yield met("found the link where it was", end, hands)
            elif trace.has_transcript and settled(trace, end):
                yield broken("the link was told in one of its two places alone, and was not found", end)


def _completed(trace: Trace) -> Iterator[tuple[Render, Exchange]]:
    for render in renders(trace):
        if render.completed is not None and urls(render.completed):
            yield render, render.completed


def _hands(trace: Trace, render: Render, end: Exchange) -> Exchange | Say | None:
    """Where the file or its link came to the user."""
    whole = next((one for one in fetches(trace, render, end) if came_whole(one)), None)
    return whole or link_shown(trace, end)


@rule(
    109,
    "the-file-or-its-link",
    "A finished video is delivered: as a file, else as a link.",
    level="SHOULD",
    basis="seed",
    sources="S0, S1, S2, S3, vendor 1.9",
    seen="wire shown",
)
def delivered(trace: Trace) -> Iterator[Evidence]:
    for render, end in _completed(trace):
        if in_one_place(end) or any(says(say.text, EMPTY_LINK) for say in says_until_user(trace, end.answer_line)):
            continue  # rule 108
        if hands := _hands(trace, render, end):
            yield met("delivered the video", end, hands)
        elif any(came_broken(one) for one in fetches(trace, render, end)):
            continue  # rule 110
        elif not trace.has_transcript:
            yield unproven("the video was not fetched; whether the link was shown is not known", end)
        elif settled(trace, end):
            yield broken("the video was ready, and the user got neither file nor link", end)


@rule(
    110,
    "another-way-to-the-file",
    "When the link fails, the file is fetched again, or from the API.",
    level="SHOULD",
    basis="vendor",
    sources="vendor 4.4, vendor 1.9",
    seen="wire",
)
def another_way(trace: Trace) -> Iterator[Evidence]:
    for render, end in _completed(trace):
        tried = list(fetches(trace, render, end))
        failed = next((one for one in tried if one.operation == "get_file" and came_broken(one)), None)
        if failed is None:
            continue
        if others := [one for one in tried if one.line > failed.line]:
            yield met("the link failed, and the file was asked for once more", failed, others[0])
        elif settled(trace, failed):
            yield broken("the link failed, and no other way to the file was tried", end, failed)


@rule(
    111,
    "progress-of-an-export",
    "During a long export the user hears that it began, and that it goes on.",
    level="SHOULD",
    basis="vendor",
    sources="vendor 4.4, vendor 1.9",
    seen="shown time",
)
def progress(trace: Trace) -> Iterator[Evidence]:
    for render, end in _completed(trace):
        going = [one for one in render.polls if one.line < end.line]
        message = trace.message_of(render.submit)
        took_ms = end.at_ms - render.submit.at_ms
        if took_ms - trace.late_ms(render.submit.at_ms, end.at_ms) < LONG_MS or len(going) < 2 or message is None:
            continue
        began = next((say for say in trace.says_after(message.line) if say.line < going[1].line), None)
        goes_on = next((say for say in trace.says_after(going[0].line) if say.line < end.answer_line), None)
        minutes = took_ms / 60_000
        if began and goes_on:
            yield met(f"the user heard of an export of {minutes:.0f} minutes when it began, and meanwhile", began, goes_on, end)
        else:
            missing = "that it went on" if began else "that it began"
            yield broken(
                f"an export took {minutes:.0f} minutes, and the user did not hear {missing}", render.submit, going[0], end
            )


@rule(
    112,
    "link-to-the-project",
    "With an export comes a link to the project that carries a claim token.",
    level="SHOULD",
    basis="vendor",
    sources="vendor 1.9, C5",
    seen="wire shown",
)
def link_to_the_project(trace: Trace) -> Iterator[Evidence]:
    claims = trace.of("issue_claim_token")
    known = {str(one.told("claim_token")): one for one in claims if one.code == 0}
    for render, end in _completed(trace):
        if not trace.has_transcript or not _hands(trace, render, end) or any(one.code != 0 or one.dropped for one in claims):
            continue
        links = [(say, unquote(found[1])) for say in trace.says if (found := CLAIM_LINK.search(say.text))]
        good = next(((say, name) for say, name in links if name.rstrip(".,;:!") in known), None)
        if good is not None:
            yield met("the link to the project carries a claim token", end, known[good[1].rstrip(".,;:!")], good[0])
        elif links and known and not trace.incomplete:
            yield broken("the link to the project carries something else than the claim token", end, links[0][0])
        elif not links and settled(trace, end) and not _other_link(trace) and not refused_after(trace, end.line):
            yield broken("the video was delivered without a link to the project", end)


def _other_link(trace: Trace) -> bool:
    """With a token of the user in it, masked or not: rule 16's case."""
    return bool(re.search(r"[?&](?:nemo_)?token=", trace.shown)) or TOKEN in trace.shown


@rule(
    113,
    "a-claim-token-opens-nothing",
    "A claim token is for the link to the project, and never authorizes a call.",
    level="MUST",
    basis="vendor",
    sources="vendor 1.9",
    seen="wire",
)
def opens_nothing(trace: Trace) -> Iterator[Evidence]:
    if wrong := [one for one in trace.exchanges if one.token.startswith(CLAIM)]:
        yield broken("called the service with a claim token", *wrong[:1], cost=Cost(requests=len(wrong)))
        return
    for claim in (one for one in trace.of("issue_claim_token") if one.code == 0):
        if later := [one for one in trace.after(claim.answer_line) if one.token]:
            yield met("got a claim token, and went on with the other", claim, later[0])
            return


@rule(
    115,
    "not-there-before-completed",
    "While a render is going on, nothing is said as if the video were there.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3",
    seen="wire shown",
)
def not_before_completed(trace: Trace) -> Iterator[Evidence]:
    if not trace.has_transcript:
        return
    known = renders(trace)
    for render in known:
        end, message = render.end, trace.message_of(render.submit)
        # words about an edit of the same message may come late out of the client
        edited = message is not None and bool(message.of("run_sse"))
        begin = render.submit.answer_line if not edited else render.polls[0].line if render.polls else 10**9
        ends = [one.end.answer_line for one in known if one.end and one.end.line > render.submit.line]
        until = min([*ends, next_user_line(trace, render.submit.line)])
        early = [say for say in trace.says_after(begin) if say.line < until and claims_delivery(say.text)]
        if early:
            yield broken(
                "said that the video is there while it was being rendered", render.submit, early[0], *([end] if end else [])
            )
        elif end or settled(trace, render.submit):
            yield met("did not say that the video is there while it was being rendered", render.submit, *([end] if end else []))
