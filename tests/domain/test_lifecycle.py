"""The tables of lifecycles, and what is held against them: turns move along theirs, renders and tokens derive their state."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain import renders, tokens, turns
from mock_server.domain.lifecycle import LIFECYCLES, RENDER, TOKEN, TURN, IllegalMove, Table, move, printed
from mock_server.domain.renders import Picture, Render
from mock_server.domain.tokens import Token
from mock_server.domain.turns import Turn

FIRST = {"turn": "waiting", "hold": "held", "render": "pending", "token": "valid"}
LAST = {
    "turn": {"ended", "failed"},
    "hold": {"settled", "released"},
    "render": {"cancelled", "completed", "failed"},
    "token": {"revoked"},
}
MOMENTS = st.integers(0, 30)


def states(table: Table) -> set[str]:
    return {before for before, _ in table} | set(table.values())


def leads(table: Table, before: str, after: str) -> bool:
    """Whether some moves, or none, lead from one state to the other."""
    found = {before}
    for _ in table:
        found |= {end for (start, _), end in table.items() if start in found}
    return after in found


@pytest.mark.parametrize("name", LIFECYCLES)
def test_every_state_can_be_reached_and_left_or_is_the_last(name: str) -> None:
    """Each lifecycle has one beginning, from which all else follows, and ends where it should."""
    table = LIFECYCLES[name]

    assert all(leads(table, FIRST[name], state) for state in states(table))
    assert states(table) - {before for before, _ in table} == LAST[name]
    assert FIRST[name] not in table.values()


@pytest.mark.parametrize("name", LIFECYCLES)
def test_only_moves_of_the_table_are_possible(name: str) -> None:
    """Any other move is a defect of ours and says which."""
    table = LIFECYCLES[name]
    for state in states(table):
        for happening in {what for _, what in table}:
            if (state, happening) in table:
                assert move(table, state, happening) == table[state, happening]
            else:
                with pytest.raises(IllegalMove, match=f"'{happening}'.*'{state}'"):
                    move(table, state, happening)


@pytest.mark.parametrize("name", LIFECYCLES)
def test_a_table_can_be_read(name: str) -> None:
    """Printed, it has a line for each move, with what is before, what happens and what is after."""
    lines = printed(name).splitlines()

    rows = [(line.split()[0], line.split()[-1]) for line in lines]
    assert rows == [(before, after) for (before, _), after in LIFECYCLES[name].items()]
    assert all(f"--{what}" in line for line, (_, what) in zip(lines, LIFECYCLES[name], strict=True))


@given(st.lists(st.sampled_from(("start", "end", "fail"))))
def test_a_turn_moves_along_its_table(happenings: list[str]) -> None:
    """Moves of the table change the state of a turn, others raise and change nothing."""
    turn = Turn("t", "s", "u", "hello", "http://mock.test", 0)
    for happening in happenings:
        expected = TURN.get((turn.state, happening))
        if expected is None:
            with pytest.raises(IllegalMove):
                turns.advance(turn, happening)
        else:
            turns.advance(turn, happening)
            assert turn.state == expected


@given(MOMENTS, MOMENTS, st.booleans(), st.none() | MOMENTS)
def test_a_render_moves_along_its_table_as_time_passes(starts: int, lasts: int, fails: bool, cancelled_ms: int | None) -> None:
    """At every instant its status follows, by moves of the table, from the one before; it is cancelled while pending, or not at all."""
    picture = Picture(16, 16, 30, 1000, False)
    render = Render("r", "u", "s", "a", "r.mp4", "", picture, 0, starts, starts + lasts, "broken" if fails else "")
    seen = ["pending"] if starts else []
    for now_ms in range(starts + lasts + 2):
        if now_ms == cancelled_ms and renders.status(render, now_ms) == "pending":
            render.cancelled_ms = now_ms
        seen.append(renders.status(render, now_ms))

    assert all(leads(RENDER, before, after) for before, after in pairwise(seen))
    assert seen[-1] in LAST["render"]
    assert (seen[-1] == "cancelled") == (cancelled_ms is not None and cancelled_ms < starts)
    assert ("failed" in seen) == (fails and seen[-1] != "cancelled")


@given(MOMENTS, st.none() | MOMENTS)
def test_a_token_moves_along_its_table_as_time_passes(life: int, revoked_ms: int | None) -> None:
    """At every instant its state follows, by moves of the table, from the one before; it is valid for its life and no longer."""
    token = Token("t", "u", ("*",), 0, life, revoked_ms)

    seen = ["valid", *(tokens.state(token, now_ms) for now_ms in range(40))]

    assert all(leads(TOKEN, before, after) for before, after in pairwise(seen))
    assert seen[1:].count("valid") == min(life, 40 if revoked_ms is None else revoked_ms)
    assert ("revoked" in seen) == (revoked_ms is not None)
