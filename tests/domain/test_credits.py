"""The ledger: balances are sums, a hold is closed once, and nothing is ever below nothing."""

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain import credits
from mock_server.domain.credits import Balance, Ledger, balance, close, grant, hold, spent
from mock_server.domain.errors import NoCredits
from mock_server.domain.lifecycle import IllegalMove

ENDS: tuple[Literal["settle", "release"], ...] = ("settle", "release")
#: (what, amount, reference): grants may take away, holds may lack credits, closings may come twice or for nothing.
WISH = st.tuples(st.just("grant"), st.integers(-200, 200), st.just("gift")) | st.tuples(
    st.sampled_from(("hold", *ENDS)), st.integers(0, 100), st.sampled_from("abcd")
)
WISHES = st.lists(WISH, max_size=30).map(lambda wishes: [("grant", 150, "gift"), *wishes])


@given(WISHES)
def test_a_ledger_is_always_sound(wishes: list[tuple[str, int, str]]) -> None:
    """Whatever is asked of it: available and frozen make the total, and both are what a purse and a table of holds would say."""
    ledger, available, held, gone = Ledger(), 0, dict[str, int](), 0
    known: set[str] = set()
    for at_ms, (what, amount, ref) in enumerate(wishes):
        entries = list(ledger.entries)
        if what == "grant":
            grant(ledger, at_ms, amount, "gift")
            available = max(0, available + amount)
        elif what == "hold" and ref not in known:
            if amount <= available:
                hold(ledger, at_ms, amount, ref)
                known.add(ref)
                available, held[ref] = available - amount, amount
            else:
                with pytest.raises(NoCredits, match=f"{amount} needed, {available} available"):
                    hold(ledger, at_ms, amount, ref)
                assert ledger.entries == entries
        elif what in ENDS:
            ending = ENDS[what == "release"]
            if ref in held:
                assert close(ledger, at_ms, ref, ending) == held[ref]
                price = held.pop(ref)
                available, gone = (available + price, gone) if what == "release" else (available, gone + price)
            else:
                with pytest.raises(IllegalMove):
                    close(ledger, at_ms, ref, ending)
                assert ledger.entries == entries
        frozen = sum(held.values())
        assert balance(ledger) == Balance(available, frozen, available + frozen)
        assert min(balance(ledger)) >= 0
        assert spent(ledger) == gone


@pytest.mark.parametrize("first", ENDS)
@pytest.mark.parametrize("second", ENDS)
def test_a_hold_is_closed_once(first: Literal["settle", "release"], second: Literal["settle", "release"]) -> None:
    """However it was closed, it cannot be closed again."""
    ledger = Ledger()
    grant(ledger, 0, 100, "welcome")
    hold(ledger, 1, 60, "turn")
    close(ledger, 2, "turn", first)
    before = balance(ledger)

    with pytest.raises(IllegalMove):
        close(ledger, 3, "turn", second)

    assert balance(ledger) == before


def test_one_generation_uses_up_the_free_credits() -> None:
    """100 credits, a clip of 100: held while it is made, then spent, and the next edit finds nothing."""
    ledger = Ledger()
    grant(ledger, 0, 100, "welcome")
    hold(ledger, 1, 100, "generation")
    assert balance(ledger) == (0, 100, 100)

    close(ledger, 2, "generation", "settle")

    assert balance(ledger) == (0, 0, 0)
    with pytest.raises(NoCredits):
        hold(ledger, 3, 50, "edit")


def test_what_is_held_cannot_be_taken_away() -> None:
    """Taking more than is available takes what is available."""
    ledger = Ledger()
    grant(ledger, 0, 100, "welcome")
    hold(ledger, 1, 70, "turn")

    grant(ledger, 2, -500, "control")

    assert balance(ledger) == (0, 70, 70)
    assert [entry.amount for entry in ledger.entries] == [100, 70, -30]


def test_every_entry_says_when_and_why() -> None:
    """Entries keep their instants, kinds and references in order."""
    ledger = Ledger()
    grant(ledger, 5, 100, "welcome")
    hold(ledger, 6, 50, "turn")
    close(ledger, 7, "turn", "release")

    assert ledger.entries == [
        credits.Entry(5, "grant", 100, "welcome"),
        credits.Entry(6, "hold", 50, "turn"),
        credits.Entry(7, "release", 50, "turn"),
    ]
