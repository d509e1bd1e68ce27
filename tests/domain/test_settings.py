"""Settings as data: typed, bounded, readable from what somebody types, and refused by name."""

import re
from typing import Any, get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain.settings import FIELDS, SettingError, Settings, changed

NAMES = st.sampled_from(tuple(FIELDS))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
VALUES = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(st.text(max_size=3), SCALARS, max_size=2)


@pytest.mark.parametrize("name", FIELDS)
def test_a_default_is_of_the_type_declared(name: str) -> None:
    """And so stays what it is when it is written down and read back."""
    value, hint = getattr(Settings(), name), get_type_hints(Settings)[name]
    assert msgspec.convert(value, hint) == value
    assert type(value) is (hint if isinstance(hint, type) else tuple)


@pytest.mark.parametrize("name", FIELDS)
def test_a_default_is_allowed(name: str) -> None:
    """Given as it is, or as somebody would type it, it changes nothing."""
    value = getattr(Settings(), name)
    typed = "-".join(map(str, value)) if name.endswith("_s") and isinstance(value, tuple) else value
    typed = ",".join(typed) if isinstance(typed, tuple) else str(typed)

    assert changed(Settings(), {name: value}) == Settings()
    assert changed(Settings(), {name: typed}) == Settings()


@pytest.mark.parametrize("name", FIELDS)
def test_a_setting_says_what_it_is_and_on_what_it_rests(name: str) -> None:
    """A meaning, a basis of four, and a source."""
    meta = FIELDS[name].metadata
    assert meta["doc"] and meta["source"] and meta["basis"] in ("seed", "vendor", "observed", "assumed")


@given(NAMES, VALUES)
def test_no_value_breaks_anything(name: str, value: Any) -> None:
    """Any value is taken, and then has the type declared, or is refused with the setting's name."""
    try:
        given_settings = changed(Settings(), {name: value})
    except SettingError as refusal:
        assert name in str(refusal)
        return
    assert msgspec.json.decode(msgspec.json.encode(given_settings), type=Settings) == given_settings


@given(st.text(max_size=20))
def test_an_unknown_setting_is_refused(name: str) -> None:
    """Whatever its value."""
    if name not in FIELDS:
        with pytest.raises(SettingError, match=re.escape(repr(name))):
            changed(Settings(), {name: 1})


REFUSED: dict[str, tuple[str, Any, str]] = {
    "a near name": ("fre_credits", 1, "did you mean 'free_credits'"),
    "a near word": ("dialect", "vndor", "did you mean 'vendor'"),
    "another word": ("profile", "loose", "plain, strict"),
    "a word for a number": ("free_credits", "many", "a whole number"),
    "half a credit": ("free_credits", 0.5, "a whole number"),
    "endless credits": ("free_credits", float("inf"), "free_credits"),
    "yes for a number": ("silent_rate", True, "a number"),
    "a number for yes": ("two_stage", 2, "true or false"),
    "too much": ("silent_rate", 1.5, "1.5 is not between 0 and 1"),
    "too little": ("free_credits", -1, "-1 is not between"),
    "no number at all": ("silent_rate", float("nan"), "nan is not between"),
    "a span backwards": ("edit_s", "30-10", "30 is more than 10"),
    "half a span": ("edit_s", "10-", "a span like 10-30"),
    "no heartbeat": ("heartbeat_forms", "", "at least one"),
    "a list for a word": ("plan", ["trial"], "a word"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_names_what_is_allowed(case: str) -> None:
    """Name, value, and the nearest right one."""
    name, value, words = REFUSED[case]
    with pytest.raises(SettingError, match=re.escape(words)):
        changed(Settings(), {name: value})


TYPED: dict[str, tuple[str, str, Any]] = {
    "yes": ("strict_adk", "Yes", True),
    "off": ("two_stage", "off", False),
    "a whole number": ("free_credits", "250", 250),
    "a fraction": ("silent_rate", "0.5", 0.5),
    "a span": ("edit_s", "1.5-2", (1.5, 2.0)),
    "a span as a range": ("edit_s", "1..2", (1.0, 2.0)),
    "one number for a span": ("edit_s", "7", (7.0, 7.0)),
    "words": ("heartbeat_forms", "empty, comment", ("empty", "comment")),
    "no words": ("render_outcomes", "", ()),
}


@pytest.mark.parametrize("case", TYPED)
def test_what_is_typed(case: str) -> None:
    """Settings come from a command line too."""
    name, typed, expected = TYPED[case]
    assert getattr(changed(Settings(), {name: typed}), name) == expected
