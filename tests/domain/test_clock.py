"""The timeline: what is due happens in order, each at its own instant, and time never goes back."""

from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain.clock import WORK, Timeline

TIMES = st.integers(0, 50)


def all_until(timeline: Timeline, until_ms: int) -> list[tuple[int, str]]:
    """What happens by then, each with the instant at which it does."""
    happened = []
    while (due := timeline.pop(until_ms)) is not None:
        happened.append((timeline.now_ms, due.subject))
    timeline.settle(until_ms)
    return happened


@given(st.lists(TIMES), TIMES)
def test_due_things_happen_in_order(times: list[int], until_ms: int) -> None:
    """By a time, all that is due by then has happened, earliest first, and of one instant what was entered first."""
    timeline = Timeline(0)
    for number, at_ms in enumerate(times):
        timeline.schedule(at_ms, "turn", str(number))

    happened = all_until(timeline, until_ms)

    expected = sorted((at_ms, number) for number, at_ms in enumerate(times) if at_ms <= until_ms)
    assert happened == [(at_ms, str(number)) for at_ms, number in expected]
    assert timeline.now_ms == until_ms
    assert timeline.next_ms() == min((at_ms for at_ms in times if at_ms > until_ms), default=None)


@given(st.lists(TIMES), st.lists(TIMES))
def test_small_steps_and_a_leap_are_one(times: list[int], stops: list[int]) -> None:
    """How time is cut into steps changes neither what happens nor when."""
    stepping, leaping = Timeline(0), Timeline(0)
    for number, at_ms in enumerate(times):
        stepping.schedule(at_ms, "turn", str(number))
        leaping.schedule(at_ms, "turn", str(number))

    stepped = [done for stop in [*sorted(stops), 50] for done in all_until(stepping, stop)]

    assert stepped == all_until(leaping, 50)


@given(st.lists(TIMES, min_size=1))
def test_time_never_goes_back(stops: list[int]) -> None:
    """Whatever instant is asked for, now is the latest of them all."""
    timeline = Timeline(0)
    for index, stop in enumerate(stops):
        all_until(timeline, stop)
        assert timeline.now_ms == max(stops[: index + 1])


def test_what_is_due_in_the_past_happens_now() -> None:
    """A thing entered for an instant that is over happens at the next advance."""
    timeline = Timeline(100)

    entry = timeline.schedule(40, "turn", "late")

    assert entry.at_ms == 100
    assert all_until(timeline, 100) == [(100, "late")]


def test_a_thing_may_enter_another_for_the_same_instant() -> None:
    """What a due thing enters for its own instant happens in the same advance, last."""
    timeline = Timeline(0)
    timeline.schedule(5, "turn", "first")
    timeline.schedule(5, "turn", "second")

    assert (first := timeline.pop(5)) is not None and first.subject == "first"
    timeline.schedule(5, "turn", "third")

    assert all_until(timeline, 5) == [(5, "second"), (5, "third")]


def test_only_work_is_worth_a_jump() -> None:
    """Somebody may wait for a turn or a render, nobody for the end of a token."""
    timeline = Timeline(0)
    timeline.schedule(10, "token", "t")
    assert (timeline.next_ms(), timeline.next_ms(work_only=True)) == (10, None)

    for at_ms, kind in ((30, "render"), (20, "turn")):
        timeline.schedule(at_ms, kind, kind)

    assert (timeline.next_ms(), timeline.next_ms(work_only=True)) == (10, 20)
    assert {entry.kind for entry in timeline.due} - {"token"} == set(WORK)
