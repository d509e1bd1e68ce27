"""Renders: what a draft becomes, read through the documented keys alone, and how far it is at each instant."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain.renders import LONG, LONGEST_MS, SHORT, Picture, Render, fitted, picture_of, progress, status

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(("t", "tt", "sg", "d", "m", "width", "height", "x")), inner)
    ),
    max_leaves=20,
)
DRAFTS = st.dictionaries(st.sampled_from(("t", "d", "m", "x")), JSON)
SIDES = st.integers(1, 20_000)


def draft(*segments: int, **more: Any) -> dict[str, Any]:
    return {"t": [{"tt": 0, "sg": [{"d": length} for length in segments]}], **more}


@given(DRAFTS, SIDES, SIDES, st.integers(1, 60))
def test_no_draft_breaks_anything(given_draft: dict[str, Any], width: int, height: int, fps: int) -> None:
    """Any JSON gives a picture that can be made, or the reason why it cannot."""
    picture = picture_of(given_draft, (width, height), fps)

    if isinstance(picture, str):
        assert picture.startswith("the draft")
    else:
        assert 0 < picture.duration_ms <= LONGEST_MS
        assert (picture.width, picture.height) == fitted(picture.width, picture.height)
        assert picture.fps == fps


@given(SIDES, SIDES)
def test_a_picture_fits_the_frame(width: int, height: int) -> None:
    """Sides are even, at least 16, within 1080 by 1920 either way up, in the proportion asked for, and never larger than asked for."""
    wide, high = fitted(width, height)

    assert wide % 2 == high % 2 == 0 and min(wide, high) >= 16
    assert min(wide, high) <= SHORT and max(wide, high) <= LONG
    assert wide <= max(16, width) and high <= max(16, height)
    if min(wide, high) > 16:
        assert (wide >= high) == (width >= height) or abs(wide - high) <= 2
        assert abs(wide * height - high * width) <= 2 * (width + height)
    assert fitted(wide, high) == (wide, high)


FITTED = {
    (1080, 1920): (1080, 1920),
    (1920, 1080): (1920, 1080),
    (3840, 2160): (1920, 1080),
    (1080, 1080): (1080, 1080),
    (2160, 2160): (1080, 1080),
    (4000, 500): (1920, 240),
    (641, 361): (640, 360),
    (1, 1): (16, 16),
}


@pytest.mark.parametrize("size", FITTED)
def test_fitted(size: tuple[int, int]) -> None:
    """Scaled down, never up."""
    assert fitted(*size) == FITTED[size]


PICTURES: dict[str, tuple[Any, Picture | str]] = {
    "length of the draft": (draft(1000, d=5000), Picture(720, 1280, 30, 5000, False)),
    "length of its segments": (draft(1000, 2500), Picture(720, 1280, 30, 3500, False)),
    "longest track": ({"t": [*draft(1000)["t"], {"tt": 1, "sg": [{"d": 4000}]}]}, Picture(720, 1280, 30, 4000, True)),
    "sound": ({"t": [{"tt": 1, "sg": [{"d": 4000}]}]}, Picture(720, 1280, 30, 4000, True)),
    "an empty sound track": ({"t": [*draft(1000)["t"], {"tt": 1, "sg": []}]}, Picture(720, 1280, 30, 1000, False)),
    "size of the draft": (draft(1000, m={"width": 640, "height": 360}), Picture(640, 360, 30, 1000, False)),
    "size that is none": (draft(1000, m={"width": "wide", "height": True}), Picture(720, 1280, 30, 1000, False)),
    "metadata that are none": (draft(1000, m=[1]), Picture(720, 1280, 30, 1000, False)),
    "two hours": (draft(1000, d=LONGEST_MS), Picture(720, 1280, 30, LONGEST_MS, False)),
    "more than two hours": (draft(1000, d=LONGEST_MS + 1), "longer than two hours"),
    "nothing": ({}, "no segments"),
    "no tracks": ({"t": []}, "no segments"),
    "tracks that are none": ({"t": ["a", 1, None]}, "no segments"),
    "empty tracks": ({"t": [{"tt": 0, "sg": []}]}, "no segments"),
    "no length": ({"t": [{"tt": 0, "sg": [{}]}]}, "no duration"),
    "a length below nothing": (draft(-5), "no duration"),
    "a length that is no number": (draft(1000, d=float("nan")), Picture(720, 1280, 30, 1000, False)),
}


@pytest.mark.parametrize("name", PICTURES)
def test_picture(name: str) -> None:
    """t, tt, sg, d and m decide; the canvas of the session stands in for a size that is not told."""
    given_draft, expected = PICTURES[name]
    picture = picture_of(given_draft, (720, 1280), 30)
    assert expected in picture if isinstance(expected, str) and isinstance(picture, str) else picture == expected


@given(st.integers(1, 50), st.integers(1, 50), st.booleans())
def test_progress_rises_to_100(waits: int, works: int, fails: bool) -> None:
    """It begins at 5, never falls, and is 100 when completed and only then."""
    render = Render(
        "r", "u", "s", "a", "r.mp4", "", Picture(16, 16, 30, 1000, False), 0, waits, waits + works, "x" if fails else ""
    )

    told = [progress(render, now_ms) for now_ms in range(waits + works + 2)]

    assert told[0] == 5 and all(a <= b for a, b in pairwise(told))
    for now_ms, done in enumerate(told):
        assert (done == 100) == (status(render, now_ms) == "completed")


def test_progress_is_the_share_of_time() -> None:
    """From submission to the end, whatever the clock began with, and 99 at most while it works."""
    render = Render("r", "u", "s", "a", "r.mp4", "", Picture(16, 16, 30, 1000, False), 7000, 7100, 8000)
    assert [progress(render, now_ms) for now_ms in (7000, 7099, 7100, 7250, 7500, 7999, 8000)] == [5, 5, 10, 25, 50, 99, 100]


def test_a_cancelled_render_goes_no_further() -> None:
    """It stays cancelled, at 5 per cent, whatever the time."""
    render = Render("r", "u", "s", "a", "r.mp4", "", Picture(16, 16, 30, 1000, False), 0, 10, 100, "", cancelled_ms=5)
    assert {(status(render, now_ms), progress(render, now_ms)) for now_ms in (5, 50, 500)} == {("cancelled", 5)}
