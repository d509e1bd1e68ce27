"""Seeded choice: a draw depends on seed, label and count alone. Identifiers have the shapes that the documents show."""

import re
from collections.abc import Callable
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain import ids
from mock_server.domain.ids import Dice

LABELS = st.sampled_from(("token", "turn", "render", "silent"))
SEEDS = st.text(max_size=8)


@given(SEEDS, st.lists(LABELS), LABELS)
def test_a_draw_is_moved_by_no_other_label(seed: str, others: list[str], label: str) -> None:
    """Drawing under other labels before changes nothing."""
    plain, busy = Dice(seed), Dice(seed)
    for other in others:
        if other != label:
            busy.raw(other)

    assert [plain.raw(label) for _ in range(3)] == [busy.raw(label) for _ in range(3)]


@given(SEEDS, st.lists(LABELS, max_size=6))
def test_dice_can_be_written_down(seed: str, labels: list[str]) -> None:
    """Dice read back from JSON fall as the ones written down would have."""
    dice = Dice(seed)
    for label in labels:
        dice.raw(label)

    read = msgspec.json.decode(msgspec.json.encode(dice), type=Dice)

    assert [read.raw(label) for label in labels] == [dice.raw(label) for label in labels]


@given(SEEDS, st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_draws_stay_in_their_bounds(seed: str, low: float, span: float) -> None:
    """A chance lies in [0, 1), a number between its bounds, a pick among its choices."""
    dice = Dice(seed)

    for _ in range(20):
        assert 0 <= dice.chance("a") < 1
        assert low <= dice.between("b", low, low + span) <= low + span
        assert dice.pick("c", "xyz") in "xyz"
        assert re.fullmatch("[0-9a-f]{7}", dice.hex("d", 7))


def test_seeds_labels_and_counts_all_matter() -> None:
    """Another seed, another label, another count, a child: each gives other bytes."""
    draws = [
        Dice("1").raw("a"),
        Dice("2").raw("a"),
        Dice("1").raw("b"),
        Dice("1", {"a": 1}).raw("a"),
        Dice("1").child("a").raw("a"),
        Dice("1").child("b").raw("a"),
    ]
    assert len(set(draws)) == len(draws)


def test_dice_are_fair_enough() -> None:
    """A thousand chances are spread over their range."""
    dice = Dice("1")
    counts = [0] * 10
    for _ in range(1000):
        counts[int(dice.chance("a") * 10)] += 1
    assert all(60 < count < 140 for count in counts)


@given(SEEDS)
def test_session_ids_are_spoilt_by_doubles(seed: str) -> None:
    """19 digits above 2**53, as in the vendor's sample 5529798706024415232, and no two alike."""
    dice = Dice(seed)
    made = [ids.session_id(dice) for _ in range(20)]

    assert len(set(made)) == 20
    for one in made:
        assert re.fullmatch("[1-9][0-9]{18}", one) and int(one) > 2**53
    assert any(int(float(one)) != int(one) for one in made)


SHAPES: dict[str, tuple[Callable[[Dice], str], str]] = {
    "token": (ids.token, "nmv_usr_MOCK[A-Za-z0-9_-]{39}"),
    "claim token": (ids.claim_token, "clm_MOCK[A-Za-z0-9_-]{24}"),
    "anonymous user": (lambda dice: ids.user_id(dice, "anonymous", False), "anon_[0-9a-f]{16}"),
    "registered user": (lambda dice: ids.user_id(dice, "registered", False), "user_[0-9a-f]{16}"),
    "task": (lambda dice: ids.task_id(dice, False), "task_[0-9a-f]{6}"),
    "asset": (lambda dice: ids.asset_id(dice, False), "[0-9a-f]{12}"),
    "varied task": (lambda dice: ids.task_id(dice, True), "task_[0-9a-f]{8,17}"),
}


@pytest.mark.parametrize("name", SHAPES)
def test_shape(name: str) -> None:
    """Ids look as documented, and a hundred of them are a hundred."""
    make, pattern = SHAPES[name]
    dice = Dice("1")

    made = [make(dice) for _ in range(100)]

    assert len(set(made)) == 100
    assert all(re.fullmatch(pattern, one) for one in made)


def test_mock_tokens_can_be_told_from_real_ones() -> None:
    """As long as the vendor's, and they say that they are a mock's."""
    token = ids.token(Dice("1"))
    assert token.startswith(ids.TOKEN_PREFIX) and len(token) == len("nmv_usr_") + 43


@given(SEEDS)
def test_uuids_are_of_version_4(seed: str) -> None:
    """Seeded, yet shaped as RFC 9562 has random ones."""
    made = UUID(ids.uuid(Dice(seed), "id"))
    assert (made.version, made.variant) == (4, "specified in RFC 4122")
