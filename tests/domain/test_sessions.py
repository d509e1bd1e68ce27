"""Finding a session: for its owner alone, with a hint where the id was spoilt on its way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain.errors import SessionNotFound
from mock_server.domain.sessions import Session, find

ID = "5529798706024415232"
KNOWN = {
    ID: Session(ID, "task_1", "ann", "project", "en", 0),
    "7000000000000000001": Session("7000000000000000001", "task_2", "ben", "project", "en", 0),
}


def test_the_owner_finds_a_session() -> None:
    """By its exact id."""
    assert find(KNOWN, ID, "ann") is KNOWN[ID]


def test_somebody_elses_session_is_as_good_as_none() -> None:
    """A stranger learns nothing: the refusal is the one for an id that was never given."""
    with pytest.raises(SessionNotFound) as foreign:
        find(KNOWN, ID, "ben")
    with pytest.raises(SessionNotFound) as unknown:
        find(KNOWN, "1234567890123456789", "ben")

    assert foreign.value.message == unknown.value.message == "session not found"


HINTS = {
    "<sid>": "placeholder",
    "{session_id}": "placeholder",
    "$SID": "placeholder",
    "5529798706024415000": "keep it a string",
    "5529798706024415744": "keep it a string",
    "5529798706024419999": "^session not found$",
    "5529798706": "^session not found$",
    "": "^session not found$",
}


@pytest.mark.parametrize("given_id", HINTS)
def test_hints(given_id: str) -> None:
    """A placeholder is named as one, and an id that went through a double as such; other ids get no hint."""
    with pytest.raises(SessionNotFound, match=HINTS[given_id]):
        find(KNOWN, given_id, "ann")


@given(st.integers(2**53, 10**19 - 1))
def test_any_id_spoilt_by_a_double_is_recognised(number: int) -> None:
    """What JavaScript or jq make of 19 digits gets the hint, unless they happen to survive."""
    whole, spoilt = str(number), str(int(float(number)))
    known = {whole: Session(whole, "task_1", "ann", "project", "en", 0)}
    if spoilt == whole:
        assert find(known, spoilt, "ann").session_id == whole
    else:
        with pytest.raises(SessionNotFound, match="keep it a string" if len(spoilt) == len(whole) else "not found"):
            find(known, spoilt, "ann")


@given(st.text(max_size=30), st.sampled_from(("ann", "ben", "cleo")))
def test_no_id_breaks_anything(given_id: str, user_id: str) -> None:
    """Any text gives a session of the user's own or SessionNotFound."""
    try:
        assert find(KNOWN, given_id, user_id).user_id == user_id
    except SessionNotFound:
        assert given_id not in KNOWN or KNOWN[given_id].user_id != user_id
