"""Tokens: which header opens what, and until when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain.errors import BadToken, Forbidden
from mock_server.domain.tokens import SCOPES, Token, authenticate, bearer, state

KNOWN = {
    "nmv_usr_MOCKall": Token("nmv_usr_MOCKall", "ann", ("*",), 0, 1000),
    "nmv_usr_MOCKread": Token("nmv_usr_MOCKread", "ben", ("read",), 0, 1000),
    "nmv_usr_MOCKgone": Token("nmv_usr_MOCKgone", "cleo", ("*",), 0, 1000, revoked_ms=500),
}

HEADERS = {
    "Bearer nmv_usr_MOCKall": "nmv_usr_MOCKall",
    "bearer nmv_usr_MOCKall": "nmv_usr_MOCKall",
    "BEARER   nmv_usr_MOCKall  ": "nmv_usr_MOCKall",
}
REFUSED = {
    None: "missing",
    "": "missing",
    "nmv_usr_MOCKall": "expected 'Authorization: Bearer <token>'",
    "Basic nmv_usr_MOCKall": "expected 'Authorization: Bearer <token>'",
    "Bearer": "expected 'Authorization: Bearer <token>'",
    "Bearer ": "expected 'Authorization: Bearer <token>'",
    'Bearer "nmv_usr_MOCKall"': "placeholder or is quoted",
    "Bearer 'nmv_usr_MOCKall'": "placeholder or is quoted",
    "Bearer <NEMO_TOKEN>": "placeholder or is quoted",
    "Bearer $NEMO_TOKEN": "placeholder or is quoted",
    "Bearer Bearer nmv_usr_MOCKall": "placeholder or is quoted",
    "Bearer clm_MOCKabc": "claim token",
    "Bearer nmv_usr_MOCKother": "not found",
    "Bearer nmv_usr_MOCKgone": "revoked",
}


@pytest.mark.parametrize("header", HEADERS)
def test_the_scheme_is_case_insensitive(header: str) -> None:
    """RFC 9110, 11.1; and space around the value does not count."""
    assert bearer(header) == HEADERS[header]
    assert authenticate(KNOWN, header, "", 0).user_id == "ann"


@pytest.mark.parametrize("header", REFUSED)
def test_a_refusal_says_what_is_wrong(header: str | None) -> None:
    """Each mistake that clients make with this header has words of its own."""
    with pytest.raises(BadToken, match=REFUSED[header]):
        authenticate(KNOWN, header, "", 600)


@given(st.none() | st.text() | st.text().map("Bearer {}".format), st.sampled_from(("", *SCOPES)), st.integers(0, 2000))
def test_no_header_breaks_anything(header: str | None, scope: str, now_ms: int) -> None:
    """Any text gives a known token or BadToken."""
    try:
        token = authenticate(KNOWN, header, scope, now_ms)
    except (BadToken, Forbidden):
        return
    assert header is not None and token.value in header


@given(st.integers(-5, 5), st.none() | st.integers(-5, 5))
def test_a_token_ends_to_the_millisecond(from_end: int, revoked: int | None) -> None:
    """It opens until the millisecond before its end; revoking ends it at once, and its words say which it was."""
    now_ms = 1000 + from_end
    token = Token("t", "ann", ("*",), 0, 1000, None if revoked is None else now_ms - revoked)

    condition = state(token, now_ms)

    if revoked is not None and revoked >= 0:
        assert condition == "revoked"
    else:
        assert condition == ("valid" if from_end < 0 else "expired")
    if condition != "valid":
        with pytest.raises(BadToken, match=condition):
            authenticate({"t": token}, "Bearer t", "", now_ms)


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("held", [("*",), ("read",), ("read", "write", "upload"), SCOPES])
def test_scopes(held: tuple[str, ...], scope: str) -> None:
    """A token opens what it names; the star opens all; the refusal names what it has and lacks."""
    known = {"t": Token("t", "ann", held, 0, 1000)}
    if scope in held or "*" in held:
        assert authenticate(known, "Bearer t", scope, 0).user_id == "ann"
    else:
        with pytest.raises(Forbidden, match=f"{', '.join(held)}, not {scope}"):
            authenticate(known, "Bearer t", scope, 0)
