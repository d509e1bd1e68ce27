"""The time of a world."""

from typing import Any

from mock_server.control.asked import LATEST_MS, Asked, instant, moment
from mock_server.domain import world as service
from mock_server.domain.clock import WORK, Due
from mock_server.domain.errors import Conflict, Unprocessable
from mock_server.pacing import Live

Json = dict[str, Any]

MOST_YEARS = 10
MOST_MS = MOST_YEARS * 366 * 86_400_000


async def get_clock(asked: Asked) -> Json:
    return clock_of(asked.live)


async def set_clock(asked: Asked) -> Json:
    live, body = asked.live, asked.body
    live.set_clock(body.get("policy", live.clock.policy), body.get("rate", live.clock.rate))
    service.note(live.world, "world.clock", live.world.name, policy=live.clock.policy, rate=live.clock.rate)
    return clock_of(live)


async def advance_clock(asked: Asked) -> Json:
    """Raises Conflict, Unprocessable."""
    live = asked.live
    until_ms = target_ms(live, asked.body)
    before = live.journal.last
    live.advance(until_ms)
    # Read at once: while the streams are written, others may make things happen.
    happened = list(live.journal.entries(before, "world"))
    written = await live.advance_and_write(until_ms)
    return {"now": instant(live.world.now_ms), "now_ms": live.world.now_ms, "happened": happened, "all_written": written}


def target_ms(live: Live, wanted: Json) -> int:
    """The instant to go to. Raises Conflict when it is past or there is none, Unprocessable when it is too far."""
    now_ms = live.world.now_ms
    if "by_s" in wanted:
        until_ms: int = now_ms + round(wanted["by_s"] * 1000)
    elif "to" in wanted:
        until_ms = moment("body.to", wanted["to"])
    else:
        due = next_due(live, work_only=wanted["next"] == "work")
        if due is None:
            what = "nothing is due" if wanted["next"] is True else "no turn runs and no render is unfinished"
            raise Conflict(f"body.next: {what} in this world")
        until_ms = max(due.at_ms, now_ms)
    if until_ms < now_ms:
        raise Conflict(f"body.to: it is {instant(now_ms)} here, and time never goes back; rewind to a checkpoint, or reset")
    if until_ms - now_ms > MOST_MS or until_ms > LATEST_MS:
        raise Unprocessable(f"time advances by at most {MOST_YEARS} years at once, and to {instant(LATEST_MS)} at most")
    return until_ms


def next_due(live: Live, work_only: bool = False) -> Due | None:
    """In the world, or on a stream whose next bytes are held back."""
    held = [Due(alarm.at_ms, 0, "stream", "") for alarm in live.alarms if alarm.at_ms > live.world.now_ms]
    return min([*held, *(due for due in live.world.timeline.due if not work_only or due.kind in WORK)], default=None)


def clock_of(live: Live) -> Json:
    return {
        "policy": live.clock.policy,
        "rate": live.clock.rate,
        "now": instant(live.world.now_ms),
        "now_ms": live.world.now_ms,
        "next_due": due_of(next_due(live)),
        "next_work": due_of(next_due(live, work_only=True)),
    }


def due_of(due: Due | None) -> Json | None:
    return None if due is None else {"at": instant(due.at_ms), "at_ms": due.at_ms, "kind": due.kind, "subject": due.subject}
