"""Seeded choice, and the identifiers made from it.

A draw depends on the seed, its label and how often that label was drawn before: adding a draw in one place
moves no other, and the whole state is a small dictionary of counters, so a world can be written down and read back.
"""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")

#: Every token of this mock starts so: nobody can take one for a real one (vendor tokens are `nmv_usr_` and 43 more).
TOKEN_PREFIX = "nmv_usr_MOCK"
CLAIM_PREFIX = "clm_MOCK"


@dataclass(slots=True)
class Dice:
    """Seeded draws by label. Labels come from a fixed, small set; anything unbounded goes into `child`."""

    seed: str
    drawn: dict[str, int] = field(default_factory=dict)

    def raw(self, label: str, size: int = 8) -> bytes:
        """`size` (1 to 64) bytes, the next for this label."""
        count = self.drawn.get(label, 0)
        self.drawn[label] = count + 1
        return blake2b(f"{self.seed}\0{label}\0{count}".encode(), digest_size=size).digest()

    def chance(self, label: str) -> float:
        """A float in [0, 1)."""
        return int.from_bytes(self.raw(label), "big") / 2**64

    def between(self, label: str, low: float, high: float) -> float:
        return low + (high - low) * self.chance(label)

    def pick(self, label: str, choices: Sequence[T]) -> T:
        return choices[int(self.chance(label) * len(choices))]

    def hex(self, label: str, digits: int) -> str:
        return self.raw(label, (digits + 1) // 2).hex()[:digits]

    def child(self, label: str) -> "Dice":
        """Dice of their own for one turn or render, unmoved by what else is drawn."""
        return Dice(f"{self.seed}/{label}")


def session_id(dice: Dice) -> str:
    """A decimal string of 19 digits above 2**53, like the vendor's sample: a client that reads it as a number spoils it."""
    return str(10**18 * 5 + int.from_bytes(dice.raw("session_id"), "big") % (4 * 10**18))


def token(dice: Dice) -> str:
    """`nmv_usr_` and 43 URL-safe characters, of which the first four say MOCK."""
    return TOKEN_PREFIX + urlsafe_b64encode(dice.raw("token", 30)).decode()[:39]


def claim_token(dice: Dice) -> str:
    return CLAIM_PREFIX + urlsafe_b64encode(dice.raw("claim_token", 18)).decode()


def user_id(dice: Dice, kind: str, varied: bool) -> str:
    """`anon_` (vendor) or `user_` (assumed) and hex digits: 16 as in the vendor's later sample, or another number."""
    return ("anon_" if kind == "anonymous" else "user_") + dice.hex("user_id", _length(dice, 16, varied))


def task_id(dice: Dice, varied: bool) -> str:
    return "task_" + dice.hex("task_id", _length(dice, 6, varied))


def asset_id(dice: Dice, varied: bool) -> str:
    return dice.hex("asset", _length(dice, 12, varied))


def _length(dice: Dice, usual: int, varied: bool) -> int:
    return usual + 2 + int(dice.chance("id_length") * 10) if varied else usual


def uuid(dice: Dice, label: str) -> str:
    """Shaped like a version 4 UUID."""
    digits = dice.hex(label, 32)
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{'89ab'[int(digits[16], 16) % 4]}{digits[17:20]}-{digits[20:]}"
