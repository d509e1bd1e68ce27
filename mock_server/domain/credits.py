"""Credits as a ledger: every balance is a sum over entries, none is stored.

A turn that costs holds its price when it starts, settles it when it ends, and releases it when it fails.
So available + frozen = total at every instant, and nothing can be charged twice: a hold is closed once.
"""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from mock_server.domain.errors import NoCredits
from mock_server.domain.lifecycle import HOLD, move

Kind = Literal["grant", "hold", "settle", "release"]


@dataclass(slots=True)
class Entry:
    at_ms: int
    kind: Kind
    amount: int
    ref: str


@dataclass(slots=True)
class Ledger:
    entries: list[Entry] = field(default_factory=list)


class Balance(NamedTuple):
    """As GET /api/credits/balance/simple tells it (seeds; total = available + frozen: vendor 4.4)."""

    available: int
    frozen: int
    total: int


def balance(ledger: Ledger) -> Balance:
    sums = {"grant": 0, "hold": 0, "settle": 0, "release": 0}
    for entry in ledger.entries:
        sums[entry.kind] += entry.amount
    available = sums["grant"] - sums["hold"] + sums["release"]
    frozen = sums["hold"] - sums["settle"] - sums["release"]
    return Balance(available, frozen, available + frozen)


def spent(ledger: Ledger) -> int:
    return sum(entry.amount for entry in ledger.entries if entry.kind == "settle")


def grant(ledger: Ledger, at_ms: int, amount: int, ref: str) -> None:
    """Add credits, or take some away (negative), never below nothing available."""
    amount = max(amount, -balance(ledger).available)
    ledger.entries.append(Entry(at_ms, "grant", amount, ref))


def hold(ledger: Ledger, at_ms: int, amount: int, ref: str) -> None:
    """Reserve. Raises NoCredits when less is available."""
    available = balance(ledger).available
    if available < amount:
        raise NoCredits(f"not enough credits: {amount} needed, {available} available")
    ledger.entries.append(Entry(at_ms, "hold", amount, ref))


def close(ledger: Ledger, at_ms: int, ref: str, happening: Literal["settle", "release"]) -> int:
    """End the hold of `ref`; gives its amount. Raises IllegalMove for a hold that is closed already or never was."""
    state, amount = "none", 0
    for entry in ledger.entries:
        if entry.ref == ref and entry.kind == "hold":
            state, amount = "held", entry.amount
        elif entry.ref == ref and entry.kind in ("settle", "release"):
            state = "settled" if entry.kind == "settle" else "released"
    move(HOLD, state, happening)
    ledger.entries.append(Entry(at_ms, happening, amount, ref))
    return amount
