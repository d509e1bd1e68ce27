"""Turns: when each step is due, and what two turns at once do to each other and to the purse."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain import world as service
from mock_server.domain.accounts import Account
from mock_server.domain.errors import Conflict, NoCredits, SessionNotFound
from mock_server.domain.script import Effect, Event, Script, Step
from mock_server.domain.sessions import Session
from mock_server.domain.settings import Settings, changed
from mock_server.domain.turns import Turn, next_at_ms
from mock_server.domain.world import World

BASE = "http://mock.test"
START_MS = 1773964800000


def visit(**given: Any) -> tuple[World, Account, Session]:
    """A world with somebody who has a session."""
    world = service.create("w", "1", changed(Settings(), given), START_MS)
    token = service.issue_anonymous_token(world, "ann", "1.1.1.1")
    account = world.accounts[token.user_id]
    return world, account, service.create_session(world, account, "project", "en")


def planned(monkeypatch: pytest.MonkeyPatch, *kinds: Any, failed: bool = False) -> None:
    """The next turns are of these kinds: each says a word after 2 s, changes the title after 4 s, and ends after 10 s."""
    left = iter(kinds)

    def direct(message: str, **context: Any) -> Script:
        steps = [
            Step(2000, Event("text", f"{message}?")),
            Step(4000, Event("tool_result", name="edit_multitrack"), [Effect("update_draft", {"title": message})]),
        ]
        return Script(next(left), steps, 10_000, failed=failed)

    monkeypatch.setattr(service, "direct", direct)


def say(world: World, account: Account, session: Session, message: str) -> Turn:
    return service.start_turn(world, account, session, message, BASE)


def wait(world: World, seconds: float) -> None:
    service.advance(world, world.now_ms + int(seconds * 1000))


def purse(world: World, account: Account) -> tuple[int, int]:
    """Available and frozen."""
    return service.balance(world, account)[:2]


def happened(world: World) -> list[tuple[float, str]]:
    """What the world noted about turns, with the seconds after which it did."""
    return [((note.at_ms - START_MS) / 1000, note.what) for note in world.happened if note.what.startswith("turn")]


@given(st.lists(st.integers(0, 100), max_size=6), st.integers(100, 200), st.integers(0, 1000))
def test_each_step_is_due_at_its_offset(offsets: list[int], ends_ms: int, started_ms: int) -> None:
    """Steps, then the end, each so long after the start."""
    script = Script("text", [Step(at_ms) for at_ms in sorted(offsets)], ends_ms)
    turn = Turn("t", "s", "u", "hello", BASE, 0, script, started_ms=started_ms)

    due = []
    for turn.done in range(len(offsets) + 1):
        due.append(next_at_ms(turn) - started_ms)

    assert due == [*sorted(offsets), ends_ms]


def test_a_turn_happens_on_the_timeline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens, and yet: the word after 2 s, the change after 4 s, the end and the price after 10 s."""
    planned(monkeypatch, "edit")
    world, account, session = visit()
    turn = say(world, account, session, "Hello")

    wait(world, 1.999)
    assert (turn.told, session.draft.title, purse(world, account)) == ([], "project", (50, 50))
    wait(world, 0.001)
    assert [told.event.text for told in turn.told] == ["Hello?"]
    wait(world, 2)
    assert (len(turn.told), session.draft.title, session.edits) == (2, "Hello", 0)
    wait(world, 5.999)
    assert (turn.state, purse(world, account)) == ("running", (50, 50))
    wait(world, 0.001)

    assert (turn.state, turn.ended_ms, session.edits, purse(world, account)) == ("ended", START_MS + 10_000, 1, (50, 0))
    assert happened(world) == [(0, "turn.running"), (10, "turn.ended")]


def test_a_failed_turn_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its price is given back, and the next edit of the session is the first to be charged."""
    planned(monkeypatch, "edit", "edit", failed=True)
    world, account, session = visit()
    failed = say(world, account, session, "one")

    wait(world, 10)
    assert (failed.state, purse(world, account)) == ("failed", (100, 0))

    assert say(world, account, session, "two").cost == 50


def test_two_turns_at_once_both_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where that is allowed: the later change wins, each is told its own."""
    planned(monkeypatch, "edit", "edit")
    world, account, session = visit()
    first = say(world, account, session, "one")
    wait(world, 1)
    second = say(world, account, session, "two")

    wait(world, 4)
    assert (session.draft.title, session.running) == ("two", [first.id, second.id])
    wait(world, 10)

    assert [told.event.text for turn in (first, second) for told in turn.told if told.event.text] == ["one?", "two?"]
    assert (first.state, second.state, session.running) == ("ended", "ended", [])


def test_two_edits_at_once_are_charged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a session is charged once, that the first edit still runs does not make the second one the first."""
    planned(monkeypatch, "edit", "edit")
    world, account, session = visit()
    say(world, account, session, "one")
    say(world, account, session, "two")
    assert purse(world, account) == (50, 50)

    wait(world, 10)

    assert purse(world, account) == (50, 0)


def test_a_second_turn_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a queue each begins when the one before it ends, in the order they came, and only then is its price held."""
    planned(monkeypatch, "generation", "generation", "generation")
    world, account, session = visit(concurrent_turns="queue", free_credits=300)
    turns = [say(world, account, session, message) for message in ("one", "two", "three")]
    assert ([turn.state for turn in turns], purse(world, account)) == (["running", "waiting", "waiting"], (200, 100))

    wait(world, 10)
    assert ([turn.state for turn in turns], purse(world, account)) == (["ended", "running", "waiting"], (100, 100))
    wait(world, 20)

    assert [turn.ended_ms for turn in turns] == [START_MS + seconds * 1000 for seconds in (10, 20, 30)]
    assert (session.draft.title, session.waiting, purse(world, account)) == ("three", [], (0, 0))


def test_who_waited_and_cannot_pay_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its stream is open already, so the refusal comes as words, even where it would have been JSON; the queue goes on."""
    planned(monkeypatch, "generation", "generation", "text")
    world, account, session = visit(concurrent_turns="queue", no_credits="json")
    for message in ("one", "two", "three"):
        say(world, account, session, message)

    wait(world, 60)

    _, second, third = world.turns.values()
    assert f"bind={account.user_id}" in second.told[0].event.text and second.cost == 0
    assert third.told[0].event.text == "three?"
    assert purse(world, account) == (0, 0)


def test_a_second_turn_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the setting says so, until the first has ended; the refusal holds nothing and starts nothing."""
    planned(monkeypatch, "generation", "text")
    world, account, session = visit(concurrent_turns="refuse")
    say(world, account, session, "one")

    with pytest.raises(Conflict):
        say(world, account, session, "two")
    assert (len(world.turns), purse(world, account)) == (1, (0, 100))

    wait(world, 10)
    assert say(world, account, session, "two").state == "running"


def test_other_sessions_do_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """A queue belongs to one session."""
    planned(monkeypatch, "text", "text")
    world, account, session = visit(concurrent_turns="queue")
    other = service.create_session(world, account, "another", "en")
    say(world, account, session, "one")

    assert say(world, account, other, "two").state == "running"


def test_an_empty_purse(monkeypatch: pytest.MonkeyPatch) -> None:
    """2001 says what is needed and what there is; nothing was started, and words alone are still free."""
    planned(monkeypatch, "generation", "text")
    world, account, session = visit(free_credits=99)

    with pytest.raises(NoCredits, match="100 needed, 99 available"):
        say(world, account, session, "one")

    assert (world.turns, session.running, purse(world, account)) == ({}, [], (99, 0))
    assert say(world, account, session, "two").state == "running"


@pytest.mark.parametrize(("kind", "words"), [("anonymous", "register?bind="), ("registered", "top up")])
def test_an_empty_purse_told_in_the_stream(monkeypatch: pytest.MonkeyPatch, kind: Any, words: str) -> None:
    """Somebody anonymous is led to register, somebody registered to the account page."""
    planned(monkeypatch, "generation")
    world, _, _ = visit(no_credits="stream")
    account = service.open_account(world, kind, None, 5)
    session = service.create_session(world, account, "project", "en")

    turn = say(world, account, session, "one")
    wait(world, 5)

    assert words in turn.told[0].event.text
    assert (turn.state, turn.cost, session.draft.title, purse(world, account)) == ("ended", 0, "project", (5, 0))


@pytest.mark.parametrize("state", ["running", "waiting"])
def test_a_forgotten_session_takes_its_turns_along(monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    """Their price is given back, whoever listens hears the end, and what was due for them does nothing."""
    planned(monkeypatch, "generation", "generation")
    world, account, session = visit(concurrent_turns="queue")
    turns = [say(world, account, session, message) for message in ("one", "two")]
    turn = next(turn for turn in turns if turn.state == state)
    world.moved.clear()

    service.forget_session(world, session.session_id)
    wait(world, 60)

    assert (world.turns, turn.told, turn.ended_ms, purse(world, account)) == ({}, [], START_MS, (100, 0))
    assert turn.id in world.moved
    with pytest.raises(SessionNotFound):
        service.find_session(world, account, session.session_id)


def test_old_turns_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """A world keeps so many turns; the oldest go, but never one that runs."""
    monkeypatch.setattr(service, "MOST_TURNS", 3)
    planned(monkeypatch, *["text"] * 8)
    world, account, session = visit()
    for number in range(5):
        say(world, account, session, str(number))
        wait(world, 10 if number else 0)
    wait(world, 60)

    assert len(world.turns) == 3
    running = [say(world, account, session, str(number)) for number in (5, 6, 7)]
    assert list(world.turns) == [turn.id for turn in running]
