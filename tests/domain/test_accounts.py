"""Windows: so many tokens a key in so much time."""

from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain.accounts import Windows, free_at_ms, take

PAUSES = st.lists(st.integers(0, 12), max_size=40)


@given(PAUSES, st.integers(1, 4), st.integers(1, 20))
def test_no_window_ever_holds_too_many(pauses: list[int], most: int, window_ms: int) -> None:
    """A key that asks again and again gets its tokens as soon as the window allows, and never one more."""
    windows, now_ms, taken = Windows(), 0, list[int]()
    for pause in pauses:
        now_ms += pause
        recent = [at for at in taken if now_ms - at < window_ms]
        free_ms = free_at_ms(windows, "ann", now_ms, most, window_ms)
        assert (free_ms is None) == (len(recent) < most)
        if free_ms is None:
            take(windows, "ann", now_ms, window_ms)
            taken.append(now_ms)
    assert all(len([at for at in taken if 0 <= at - start < window_ms]) <= most for start in taken)


@given(PAUSES, st.integers(1, 4), st.integers(1, 20))
def test_the_instant_told_is_the_first_that_is_free(pauses: list[int], most: int, window_ms: int) -> None:
    """One millisecond earlier the answer is still no."""
    windows, now_ms = Windows(), 0
    for pause in pauses:
        now_ms += pause
        if (free_ms := free_at_ms(windows, "ann", now_ms, most, window_ms)) is not None:
            assert now_ms < free_ms <= now_ms + window_ms
            assert free_at_ms(windows, "ann", free_ms - 1, most, window_ms) == free_ms
            assert free_at_ms(windows, "ann", free_ms, most, window_ms) is None
        else:
            take(windows, "ann", now_ms, window_ms)


def test_keys_do_not_share_a_window() -> None:
    """What one takes leaves the others theirs."""
    windows = Windows()
    take(windows, "ann", 0, 100)

    assert free_at_ms(windows, "ann", 50, 1, 100) == 100
    assert free_at_ms(windows, "ben", 50, 1, 100) is None


def test_none_is_no_limit() -> None:
    """A limit of 0 lets everybody take any number."""
    windows = Windows()
    for _ in range(5):
        take(windows, "ann", 0, 100)
    assert free_at_ms(windows, "ann", 0, 0, 100) is None


def test_what_is_over_is_forgotten() -> None:
    """A window remembers what lies in it, and keys in the order of their last token."""
    windows = Windows()
    for at_ms, key in ((0, "ann"), (10, "ben"), (150, "ann")):
        take(windows, key, at_ms, 100)

    assert windows.taken_ms == {"ben": [10], "ann": [150]}
    assert list(windows.taken_ms) == ["ben", "ann"]
