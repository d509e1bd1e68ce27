"""Renders as a trace shows them: a submission that was taken, the questions for it, and what became of the file."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from conformance.trace import Exchange, Say, Trace

ENDS = ("completed", "failed", "cancelled")
_PLACES = (("data", "outputUrl"), ("data", "output", "url"), ("outputUrl",), ("output", "url"))


@dataclass(slots=True)
class Render:
    """`polls`: those under its id, up to another submission under the same one."""

    submit: Exchange
    ids: frozenset[str]
    polls: list[Exchange] = field(default_factory=list)

    @property
    def end(self) -> Exchange | None:
        """The first answer that told how it ended."""
        return next((one for one in self.polls if one.ok and status(one) in ENDS), None)

    @property
    def completed(self) -> Exchange | None:
        return self.end if self.end and status(self.end) == "completed" else None

    @property
    def failed(self) -> Exchange | None:
        return self.end if self.end and status(self.end) == "failed" else None


def renders(trace: Trace) -> list[Render]:
    """Those of which the client heard that they were taken: in the answer, or, where that was lost, by asking for them."""
    polled = {poll_id(one) for one in trace.of("get_render") if one.ok}
    told = [
        Render(one, ids(one))
        for one in trace.of("submit_render")
        if ((one.dropped or (one.status or 0) >= 500) and sent(one, "id") in polled) or (one.code == 0 and not one.dropped)
    ]
    for poll in trace.of("get_render"):
        if asked := [one for one in told if one.submit.line < poll.line and poll_id(poll) in one.ids]:
            asked[-1].polls.append(poll)
    return told


def ids(submit: Exchange) -> frozenset[str]:
    """The id that was sent, and the one that came back."""
    return frozenset(str(one) for one in (sent(submit, "id"), submit.told("id")) if one is not None)


def sent(submit: Exchange, name: str) -> Any:
    """A member of the body; None when there is none."""
    return submit.body.get(name) if isinstance(submit.body, dict) else None


def poll_id(poll: Exchange) -> str:
    return unquote(poll.path.rpartition("/")[2])


def status(answer: Exchange) -> str:
    """In small letters; "" when the answer tells none."""
    return str(answer.told("status") or "").lower()


def places(answer: Exchange, *paths: tuple[str, ...]) -> list[str]:
    """What an answer holds at these places, where there is something."""
    found = []
    for path in paths:
        value: Any = answer.answer
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str) and value:
            found.append(value)
    return found


def urls(end: Exchange) -> list[str]:
    """The link to the file, once for each place where it stands."""
    return places(end, *_PLACES)


def in_one_place(end: Exchange) -> bool:
    """It is told in `data` alone or at top level alone (C1): who looks in the other place alone sees nothing."""
    return len(places(end, ("data", "status"), ("status",))) < 2


def exportable(draft: Any) -> bool:
    """It has a track with a segment."""
    tracks = draft.get("t") if isinstance(draft, dict) else None
    return isinstance(tracks, list) and any(
        isinstance(one, dict) and isinstance(one.get("sg"), list) and one["sg"] for one in tracks
    )


def next_user_line(trace: Trace, line: int) -> int:
    """Where the user speaks again after a line: what comes then may have been asked for."""
    return next((one for one, _ in trace.numbered("user") if one > line), 10**9)


def settled(trace: Trace, one: Exchange) -> bool:
    """The client is done with the message that this belongs to, so that what did not come does not come.

    False for a journal alone, which may end in the middle.
    """
    message = trace.message_of(one)
    return message is not None and message.done_ms is not None


def refused_after(trace: Trace, line: int) -> bool:
    """Something did not work later, which may excuse that more was not tried."""
    return any(one.code != 0 or one.dropped for one in trace.after(line) if one.line < next_user_line(trace, line))


def says_until_user(trace: Trace, line: int) -> list[Say]:
    """What the user was shown after a line and before he spoke again."""
    return [say for say in trace.says_after(line) if say.line < next_user_line(trace, line)]


# the file


def fetches(trace: Trace, render: Render, end: Exchange) -> Iterator[Exchange]:
    """Requests for its file after it was done: under its link, or at the API."""
    paths = [unquote(urlsplit(url).path) for url in urls(end)]
    for one in trace.after(end.line, "get_file", "download_render"):
        if one.operation == "download_render":
            if unquote(one.path.split("/")[-2]) in render.ids:
                yield one
        elif any(path.endswith(unquote(one.path)) for path in paths):
            yield one


def came_whole(fetch: Exchange) -> bool:
    return fetch.code == 0 and not fetch.dropped and fetch.method == "GET"


def came_broken(fetch: Exchange) -> bool:
    """416 is no failure: it is told to who asks for more of a file that he has."""
    return fetch.dropped or fetch.code not in (0, 416)


def link_shown(trace: Trace, end: Exchange, line: int = 0) -> Say | None:
    """The first time that the user saw the link after a line, unless told after the answer that brought it."""
    return next((say for say in trace.says_after(line or end.answer_line) if any(url in say.text for url in urls(end))), None)


# drafts


def last_state(trace: Trace, submit: Exchange) -> Exchange | None:
    """The last answer about the state before a submission and after every turn that was told to its end; None when there is none."""
    turns = [
        one.ended_line if one.ended_by == "server" else one.line for one in trace.before(submit.line, "run_sse") if one.stream
    ]
    since = max((line for line in turns if line < submit.line), default=0)
    known = [
        one
        for one in trace.before(submit.line, "get_state")
        if one.line > since and one.code == 0 and not one.dropped and one.answer_line < submit.line
    ]
    return max(known, key=lambda one: one.answer_line, default=None)


def same(one: Any, other: Any) -> bool:
    """Equal as JSON: 1 is 1.0, and not true; as near as a double comes."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return float(one) == float(other)
    return bool(one == other)
