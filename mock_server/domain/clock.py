"""The timeline of a world: `now`, and what is due later, as data.

Time is virtual milliseconds since the Unix epoch and never goes back. Who asks for time to pass, and how fast,
is decided at the edge (`mock_server/pacing.py`); here it only passes.
"""

from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

#: Kinds of due things that somebody may be waiting for. The instant clock jumps to these alone: it would
#: be absurd to skip seven days because a token ends then.
WORK = ("turn", "render")


@dataclass(slots=True, order=True)
class Due:
    """Something that will happen: at `at_ms`, things of one instant in the order of `number`."""

    at_ms: int
    number: int
    kind: str = field(compare=False)
    subject: str = field(compare=False)


@dataclass(slots=True)
class Timeline:
    """`now_ms` and a heap of due things."""

    now_ms: int
    due: list[Due] = field(default_factory=list)
    scheduled: int = 0

    def schedule(self, at_ms: int, kind: str, subject: str) -> Due:
        """Enter a thing; one that is due in the past happens at the next advance, at `now_ms`."""
        self.scheduled += 1
        entry = Due(max(at_ms, self.now_ms), self.scheduled, kind, subject)
        heappush(self.due, entry)
        return entry

    def next_ms(self, work_only: bool = False) -> int | None:
        """When the next thing is due, or None. With `work_only`, only what somebody may be waiting for counts."""
        if not work_only:
            return self.due[0].at_ms if self.due else None
        return min((entry.at_ms for entry in self.due if entry.kind in WORK), default=None)

    def pop(self, until_ms: int) -> Due | None:
        """Take the earliest thing due by `until_ms` and move `now_ms` to its instant."""
        if not self.due or self.due[0].at_ms > until_ms:
            return None
        entry = heappop(self.due)
        self.now_ms = max(self.now_ms, entry.at_ms)
        return entry

    def forget(self, kind: str, subject: str) -> None:
        """Take out what is due of this kind for this subject: it will not happen."""
        self.due = [entry for entry in self.due if (entry.kind, entry.subject) != (kind, subject)]
        heapify(self.due)

    def settle(self, until_ms: int) -> None:
        """All that was due has happened: now is `until_ms`. Earlier instants change nothing: time never goes back."""
        self.now_ms = max(self.now_ms, until_ms)
