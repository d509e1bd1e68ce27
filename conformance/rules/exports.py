"""Asking for an export: the draft as it is now, under an id of its own, once; and what to do when it is refused or fails."""

import json
import re
from collections.abc import Iterator
from itertools import pairwise

from conformance.catalogue import Cost, Evidence, broken, met, rule, unproven
from conformance.rules import wishes
from conformance.rules.export_words import NOTHING_YET, OTHER_OUTPUT, PLAN
from conformance.rules.renders import (
    Render,
    exportable,
    fetches,
    last_state,
    link_shown,
    next_user_line,
    refused_after,
    renders,
    same,
    says_until_user,
    sent,
    settled,
)
from conformance.rules.words import ADMITS_FAILURE, says
from conformance.trace import Exchange, Trace

_PLACEHOLDER = re.compile(r"[<>{}$\s]|^render_?(?:ts|timestamp|uuid|id|xxx+)?$", re.IGNORECASE)
_ATTRIBUTION = ("x-skill-source", "x-skill-version", "x-skill-platform")


@rule(
    96,
    "look-before-export",
    "Before an export the state is asked for, and nothing is submitted while no track has a segment.",
    level="MUST",
    basis="vendor",
    sources="vendor 4.4, vendor 1.9",
    seen="wire",
)
def look_first(trace: Trace) -> Iterator[Evidence]:
    for submit in trace.of("submit_render"):
        known = last_state(trace, submit)
        if known is None:
            if not trace.incomplete:
                yield broken("submitted a render, and had not asked for the state since the last turn", submit)
        elif known.ok and not exportable(known.draft):
            yield broken("submitted a render of a draft without segments", known, submit, cost=Cost(requests=1))
        else:
            yield met("asked for the state, then submitted", known, submit)
    for empty in _empty_handed(trace):
        yield met("saw nothing to export, and submitted nothing", empty)


def _empty_handed(trace: Trace) -> Iterator[Exchange]:
    """The last state seen for each wish for an export that came to nothing because there was nothing."""
    for message in wishes.messages(trace, "export"):
        known = [one for one in message.of("get_state") if one.ok]
        if message.done_ms is None or not known or message.of("submit_render") or exportable(known[-1].draft):
            continue
        if not any(one.code != 0 or one.dropped for one in message.exchanges if one.line > known[-1].line):
            yield known[-1]


@rule(
    97,
    "nothing-to-export-is-said",
    "Who asks for an export while there is no draft is told that something has to be made first.",
    level="MUST",
    basis="vendor",
    sources="vendor 4.4, vendor 1.9",
    seen="wire shown",
)
def nothing_yet(trace: Trace) -> Iterator[Evidence]:
    for empty in _empty_handed(trace):
        told = [say for say in says_until_user(trace, empty.line) if says(say.text, NOTHING_YET)]
        if told:
            yield met("there was nothing to export, and the user was told", empty, told[0])
        else:
            yield broken("there was nothing to export, and the user was not told so", empty)


@rule(
    98,
    "the-draft-as-it-is",
    "What is submitted is the draft of the last state, as an object, with nothing changed in it.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3, C29",
    seen="wire",
)
def draft_as_it_is(trace: Trace) -> Iterator[Evidence]:
    for submit in trace.of("submit_render"):
        known = last_state(trace, submit)
        if known is None or not exportable(known.draft):
            continue  # rule 96
        draft = sent(submit, "draft")
        if not isinstance(submit.body, dict) or not known.ok:
            yield unproven("the body, or the state before it, is not known as the client had it", known, submit)
        elif same(draft, known.draft):
            yield met("submitted the draft of the last state", known, submit)
        elif isinstance(draft, str):
            yield broken("submitted the draft as a string", known, submit, cost=Cost(requests=1))
        elif draft is None:
            yield broken("submitted no draft", known, submit, cost=Cost(requests=1))
        else:
            yield broken("submitted another draft than that of the last state", known, submit)


@rule(
    99,
    "fresh-render-id",
    "Every render is submitted under an id of its own, and not under the placeholder of a document.",
    level="MUST",
    basis="seed",
    sources="S1, S3, vendor 4.4, C3",
    seen="wire",
)
def fresh_id(trace: Trace) -> Iterator[Evidence]:
    used: dict[str, Exchange] = {}
    for submit in trace.of("submit_render"):
        if not isinstance(submit.body, dict):
            continue
        name = str(submit.body.get("id") or "")
        if not name:
            yield broken("submitted without an id", submit, cost=Cost(requests=1))
        elif _PLACEHOLDER.search(name):
            yield broken(f"submitted under the placeholder {name[:40]!r}", submit)
        elif name in used:
            yield broken("submitted under an id that had been used", used[name], submit, cost=Cost(requests=1))
        else:
            yield met("submitted under an id of its own", submit)
        if submit.code in (0, 409):  # after any other answer, or none, it may be the same render asked for again
            used[name] = submit


@rule(
    100,
    "session-id-in-camel-case",
    "The body of a submission names the session as `sessionId`, unlike every other body.",
    level="MUST",
    basis="seed",
    sources="S1, S3, vendor 1.9",
    seen="wire",
)
def camel_case(trace: Trace) -> Iterator[Evidence]:
    for submit in trace.of("submit_render"):
        if not isinstance(submit.body, dict):
            continue
        if "sessionId" in submit.body:
            yield met("named the session as sessionId", submit)
        else:
            near = [key for key in submit.body if re.fullmatch("session_?id|sid", key, re.IGNORECASE)]
            yield broken(f"named the session as {near[0]}" if near else "named no session", submit, cost=Cost(requests=1))


@rule(
    101,
    "mp4-in-high-quality",
    "Unless the user wants it otherwise, the output asked for is MP4 in high quality.",
    level="SHOULD",
    basis="seed",
    sources="S1, S3, vendor 1.9",
    seen="wire",
)
def output(trace: Trace) -> Iterator[Evidence]:
    for submit in trace.of("submit_render"):
        asked = [
            text for line, one in trace.numbered("user") if line < submit.line and says(text := str(one["text"]), OTHER_OUTPUT)
        ]
        if asked or not isinstance(submit.body, dict):
            continue
        told = submit.body.get("output")
        wanted = {key: str(told.get(key)).lower() for key in ("format", "quality")} if isinstance(told, dict) else {}
        if wanted == {"format": "mp4", "quality": "high"}:
            yield met("asked for MP4 in high quality", submit)
        else:
            yield broken("did not ask for MP4 in high quality" if wanted else "did not say what output is wanted", submit)


@rule(
    106,
    "one-more-try",
    "A render that failed is submitted once more under a new id; when that fails too, the user is told and nothing more is tried.",
    level="MUST",
    basis="vendor",
    sources="vendor 4.4, vendor 1.9",
    seen="wire shown",
)
def one_more_try(trace: Trace) -> Iterator[Evidence]:
    """A submission may itself fail: then too, once more and not oftener (an id that is used again is rule 99's case)."""
    known = renders(trace)
    for render in known:
        failed = render.failed
        if failed is None:
            continue
        later = trace.after(failed.line, "submit_render")
        soon = [one for one in later if one.line < next_user_line(trace, failed.line)]
        first = _failed_before(trace, render, known)
        if first is None:
            if later:
                yield met("a render failed, and another one was submitted", failed, later[0])
            elif settled(trace, failed) and not refused_after(trace, failed.line):
                yield broken("a render failed, and it was not tried again", render.submit, failed)
        elif soon:
            cost = Cost(requests=len(soon))
            yield broken("two renders failed, and a third one was submitted", first, failed, soon[0], cost=cost)
        elif not trace.has_transcript:
            yield unproven("two renders failed; what the user was told is not known", first, failed)
        elif told := [say for say in says_until_user(trace, failed.line) if says(say.text, ADMITS_FAILURE)]:
            yield met("two renders failed, and the user was told", first, failed, told[0])
        elif settled(trace, failed):
            yield broken("two renders failed, and the user was not told", first, failed)
    yield from _failing_submissions(trace)


def _failed_before(trace: Trace, render: Render, known: list[Render]) -> Exchange | None:
    """The failure for which this render is the second try."""
    failures = [one.failed for one in known if one.failed and one.failed.line < render.submit.line]
    return failures[-1] if failures and render.submit.line < next_user_line(trace, failures[-1].line) else None


def _failing_submissions(trace: Trace) -> Iterator[Evidence]:
    in_a_row: list[Exchange] = []
    for submit in trace.of("submit_render"):
        if in_a_row and next_user_line(trace, in_a_row[-1].line) < submit.line:
            in_a_row.clear()
        if submit.code is not None and not 500 <= submit.code < 600:
            in_a_row.clear()
        else:
            in_a_row.append(submit)
            if len(in_a_row) > 2:
                yield broken(f"submitted {len(in_a_row)} times, and no try worked", *in_a_row, cost=Cost(requests=1))
            elif settled(trace, submit):
                yield met("a submission failed, and was not made again and again", submit)


@rule(
    107,
    "a-plan-is-no-hiccup",
    "When the plan does not allow an export, it is not tried again, and the user hears that it is the plan.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3, C22",
    seen="wire shown",
)
def no_hiccup(trace: Trace) -> Iterator[Evidence]:
    for submit in trace.of("submit_render"):
        if submit.code not in (402, 403):
            continue
        lacked = _lacks(submit)
        again = [one for one in trace.after(submit.line, "submit_render") if one.line < next_user_line(trace, submit.line)]
        if again and not (lacked and not _lacks(again[0])):
            yield broken(
                "the plan forbade the export, and it was submitted again", submit, again[0], cost=Cost(requests=len(again))
            )
        elif again or lacked:
            continue  # what was missing were the headers: rule 27
        elif not trace.has_transcript:
            yield unproven("the plan forbade the export; what the user was told is not known", submit)
        elif told := [say for say in says_until_user(trace, submit.answer_line) if says(say.text, PLAN)]:
            yield met("the plan forbade the export, and the user was told", submit, told[0])
        elif settled(trace, submit):
            yield broken("the plan forbade the export, and the user was not told that it is the plan", submit)


def _lacks(one: Exchange) -> list[str]:
    return [name for name in _ATTRIBUTION if not one.headers.get(name)]


@rule(
    114,
    "one-render-for-each-wish",
    "Each wish for an export gets one render: not two of the same, and not the file of an earlier version.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3, C23",
    seen="wire shown",
)
def one_each(trace: Trace) -> Iterator[Evidence]:
    known = renders(trace)
    for first, second in pairwise(known):
        same_wish = next_user_line(trace, first.submit.line) > second.submit.line
        if same_wish and _output(first) == _output(second) and not _gave_reason(trace, first, second):
            why = "the same draft was submitted twice, and nothing had failed"
            yield broken(why, first.submit, second.submit, cost=Cost(requests=1))
    for message in wishes.messages(trace, "export"):
        own = message.of("submit_render")
        if len(own) == 1 and own[0].code == 0:
            yield met("one wish, one render", message, own[0])
        elif not own and message.done_ms is not None and (old := _of_another_version(trace, known, message.line)):
            delivered = _delivered(trace, old, message.line)
            if delivered is not None:
                yield broken(
                    "the file of an earlier version was delivered, and no new one rendered", old.submit, message, delivered
                )


def _output(render: Render) -> str:
    return json.dumps([sent(render.submit, "draft"), sent(render.submit, "output")], sort_keys=True)


def _gave_reason(trace: Trace, first: Render, second: Render) -> bool:
    """Something about the first went wrong before the second was asked for."""
    between = [one for one in trace.after(first.submit.line) if one.line < second.submit.line]
    ended = first.end is not None and first.end.line < second.submit.line and first.completed is None
    return ended or any(one.code not in (0, 416) or one.dropped for one in between)


def _of_another_version(trace: Trace, known: list[Render], line: int) -> Render | None:
    """The last render, when the draft was seen to be another one after it."""
    before = [one for one in known if one.submit.line < line]
    states = [one for one in trace.before(line, "get_state") if before and one.ok and one.line > before[-1].submit.line]
    return before[-1] if states and not same(states[-1].draft, sent(before[-1].submit, "draft")) else None


def _delivered(trace: Trace, old: Render, line: int) -> Exchange | int | None:
    """Where its file is fetched, or its link shown, after a line and before the user speaks again."""
    if old.completed is None:
        return None
    end = next_user_line(trace, line)
    fetched = [one for one in fetches(trace, old, old.completed) if line < one.line < end]
    shown = link_shown(trace, old.completed, line)
    return fetched[0] if fetched else shown.line if shown and shown.line < end else None
