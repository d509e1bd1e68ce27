"""Laws of a draft: whatever operations come, in whatever order, it stays sound and can be told."""

import json
import math
from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain import drafts
from mock_server.domain.drafts import (
    MAX_MS,
    OPS,
    apply,
    duration_ms,
    exportable,
    has_audio,
    plain_spelling,
    spell,
    strict_spelling,
)
from mock_server.domain.ids import Dice
from mock_server.domain.scene import AUDIO, TEXT, VIDEO, Draft, Segment, Track
from mock_server.domain.script import Effect


def sound(draft: Draft) -> None:
    """All that must hold of a draft after any operation."""
    segments = [s for t in draft.tracks for s in t.segments]
    assert all(t.segments for t in draft.tracks), "an empty track"
    assert max(Counter(s.id for s in segments).values(), default=1) == 1, "a segment id twice"
    assert max(Counter(t.id for t in draft.tracks).values(), default=1) == 1, "a track id twice"
    for track in draft.tracks:
        end = 0
        for s in track.segments:
            assert type(s.start_ms) is int and type(s.duration_ms) is int and type(s.source_start_ms) is int
            assert s.start_ms >= end, "not sorted, or overlapping"
            assert s.duration_ms > 0 and s.source_start_ms >= 0
            assert s.volume is None or 0 <= s.volume <= 1
            assert 0.1 <= s.speed <= 10
            end = s.start_ms + s.duration_ms
    assert duration_ms(draft) == max((s.start_ms + s.duration_ms for s in segments), default=0)


IDS = st.sampled_from(["a", "b", "c", "d"])
TRACK_IDS = st.sampled_from(["t1", "t2", "t3"])
TIMES = st.integers(-5000, 20000) | st.sampled_from([0, 1, MAX_MS, 10**15])
NUMBERS = st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([0.0, 0.35, 1.0, 2.0])
PLAIN = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5)
STYLES = st.dictionaries(st.sampled_from(["color", "position", "fade_in", "look"]), PLAIN, max_size=3)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "name": st.text(max_size=8),
    "src": st.text(max_size=8),
    "text": st.text(max_size=8),
    "volume": st.none() | NUMBERS,
    "speed": NUMBERS,
    "source_start_ms": TIMES,
    "style": STYLES,
}
CHANGES = {**FIELDS, "start_ms": TIMES, "duration_ms": TIMES}


@st.composite
def effects(draw: st.DrawFn) -> Effect:
    op = draw(st.sampled_from(sorted(OPS)))
    required: dict[str, dict[str, st.SearchStrategy[Any]]] = {
        "add_segment": {
            "id": IDS,
            "track_id": TRACK_IDS,
            "type": st.sampled_from([0, 1, 3, 7]),
            "start_ms": TIMES,
            "duration_ms": TIMES,
        },
        "update_segment": {"id": IDS},
        "arrange": {"segments": st.lists(st.fixed_dictionaries({"id": IDS}, optional=CHANGES), max_size=4)},
        "remove_segment": {"id": IDS},
        "split_segment": {"id": IDS, "at_ms": TIMES, "new_id": IDS},
        "update_track": {"id": TRACK_IDS, "name": st.text(max_size=8)},
        "remove_track": {"id": TRACK_IDS},
        "update_draft": {},
    }
    optional: dict[str, dict[str, st.SearchStrategy[Any]]] = {
        "add_segment": {
            **FIELDS,
            "own": st.lists(IDS, max_size=2),
            "track_name": st.text(max_size=5),
            "track_index": st.integers(-3, 5),
        },
        "update_segment": CHANGES,
        "update_draft": {
            "title": st.text(max_size=8),
            "width": st.integers(-5, 10**6),
            "height": st.integers(1, 4000),
            "fps": st.integers(0, 500),
        },
    }
    return Effect(op, draw(st.fixed_dictionaries(required[op], optional=optional.get(op, {}))))


HISTORIES = st.lists(effects(), max_size=12)


def made_by(history: list[Effect]) -> Draft:
    draft = Draft()
    for effect in history:
        apply(draft, effect)
    return draft


@given(HISTORIES)
def test_any_history_leaves_a_sound_draft(history: list[Effect]) -> None:
    draft = Draft()
    for effect in history:
        apply(draft, effect)
        sound(draft)


@given(HISTORIES)
def test_a_draft_survives_its_way_through_a_file(history: list[Effect]) -> None:
    draft = made_by(history)
    assert msgspec.json.decode(msgspec.json.encode(draft), type=Draft) == draft


@given(HISTORIES)
def test_effects_survive_their_way_through_a_file(history: list[Effect]) -> None:
    finite = [e for e in history if all(math.isfinite(v) for v in e.args.values() if isinstance(v, float)) and e.op != "arrange"]
    again = msgspec.json.decode(msgspec.json.encode(finite), type=list[Effect])
    assert made_by(again) == made_by(finite)


@given(HISTORIES, st.integers(0, 300))
def test_the_documented_keys_are_spelt_alike_by_all(history: list[Effect], seed: int) -> None:
    draft = made_by(history)
    spelling = strict_spelling(Dice(str(seed)))
    plain, strict = spell(draft, plain_spelling()), spell(draft, spelling)
    assert json.loads(json.dumps(strict)) == strict
    if not draft.tracks:
        assert plain == strict == {}
        return
    assert strict["d"] == plain["d"] == duration_ms(draft)
    assert {k: strict["m"][k] for k in ("title", "width", "height")} == {
        "title": draft.title,
        "width": draft.width,
        "height": draft.height,
    }
    told = [t for t in strict["t"] if t["tt"] not in spelling.foreign or t[spelling.id].startswith("t")]
    assert [t["tt"] for t in told] == [t.type for t in draft.tracks]
    for track, spelt in zip(draft.tracks, told, strict=True):
        assert [s["d"] for s in spelt["sg"]] == [s.duration_ms for s in track.segments]
        assert [s[spelling.start] for s in spelt["sg"]] == [s.start_ms for s in track.segments]
        assert [s[spelling.id] for s in spelt["sg"]] == [s.id for s in track.segments]
        assert [s.get("m", {}).get("text", "") for s in spelt["sg"]] == [s.text for s in track.segments]
    assert all(t["sg"] for t in strict["t"]), "an exportable draft has no empty track"


@given(st.integers(0, 10**6))
def test_no_invented_key_takes_a_documented_one(seed: int) -> None:
    s = strict_spelling(Dice(str(seed)))
    names = [
        s.id,
        s.name,
        s.start,
        s.source,
        s.volume,
        s.speed,
        s.source_start,
        *s.extras,
        "t",
        "tt",
        "sg",
        "d",
        "m",
        "fps",
        "title",
        "width",
        "height",
    ]
    assert len(set(names)) == len(names)
    assert not {VIDEO, AUDIO, TEXT} & set(s.foreign)


def test_strict_spellings_vary_in_all_that_is_open() -> None:
    many = [strict_spelling(Dice(str(n))) for n in range(60)]
    for varied in ("id", "name", "start", "source", "volume", "speed", "source_start", "order", "extras", "foreign"):
        assert len({getattr(s, varied) for s in many}) > 1, varied
    assert strict_spelling(Dice("7")) == strict_spelling(Dice("7"))


def filled() -> Draft:
    return Draft(
        "Trip",
        1920,
        1080,
        30,
        [
            Track(
                "tv",
                VIDEO,
                "Video",
                [Segment("c1", 0, 6000, "beach", "u1", volume=1.0), Segment("c2", 6000, 4000, "city", "u2", volume=1.0)],
            ),
            Track("ta", AUDIO, "BGM", [Segment("m1", 0, 10000, "Lo-fi", "u3", volume=0.35)]),
            Track("tt", TEXT, "Title", [Segment("x1", 0, 3000, text="Trip", style={"color": "#FFFFFF"})]),
        ],
    )


def test_plain_spelling_to_the_letter() -> None:
    clip = {"id": "c1", "s": 0, "d": 6000, "n": "beach", "src": "u1", "ss": 0, "sp": 1.0, "v": 1.0}
    assert spell(filled(), plain_spelling()) == {
        "t": [
            {
                "id": "tv",
                "tt": 0,
                "n": "Video",
                "sg": [clip, {**clip, "id": "c2", "s": 6000, "d": 4000, "n": "city", "src": "u2"}],
            },
            {"id": "ta", "tt": 1, "n": "BGM", "sg": [{**clip, "id": "m1", "d": 10000, "n": "Lo-fi", "src": "u3", "v": 0.35}]},
            {
                "id": "tt",
                "tt": 7,
                "n": "Title",
                "sg": [{"id": "x1", "s": 0, "d": 3000, "n": "", "m": {"text": "Trip", "color": "#FFFFFF"}}],
            },
        ],
        "d": 10000,
        "m": {"title": "Trip", "width": 1920, "height": 1080, "fps": 30},
    }


#: Operation, its arguments, and what it leaves: per track the (id, start, duration) of each segment.
CASES: list[tuple[str, dict[str, Any], list[list[tuple[str, int, int]]]]] = [
    ("remove_segment", {"id": "c1"}, [[("c2", 6000, 4000)], [("m1", 0, 10000)], [("x1", 0, 3000)]]),
    ("remove_segment", {"id": "m1"}, [[("c1", 0, 6000), ("c2", 6000, 4000)], [("x1", 0, 3000)]]),
    ("remove_track", {"id": "tv"}, [[("m1", 0, 10000)], [("x1", 0, 3000)]]),
    ("split_segment", {"id": "c1", "at_ms": 2000, "new_id": "c9"}, [[("c1", 0, 2000), ("c9", 2000, 4000), ("c2", 6000, 4000)], [("m1", 0, 10000)], [("x1", 0, 3000)]]),
    ("arrange", {"segments": [{"id": "c2", "start_ms": 0}, {"id": "c1", "start_ms": 4000}]}, [[("c2", 0, 4000), ("c1", 4000, 6000)], [("m1", 0, 10000)], [("x1", 0, 3000)]]),
    ("update_segment", {"id": "c1", "duration_ms": 7000}, [[("c1", 0, 7000), ("c2", 7000, 4000)], [("m1", 0, 10000)], [("x1", 0, 3000)]]),
    ("add_segment", {"id": "n", "track_id": "tt", "type": 7, "start_ms": 1000, "duration_ms": 500}, [[("c1", 0, 6000), ("c2", 6000, 4000)], [("m1", 0, 10000)], [("x1", 0, 3000), ("n", 3000, 500)]]),
    ("add_segment", {"id": "n", "track_id": "new", "type": 1, "start_ms": 0, "duration_ms": 500, "track_index": 1}, [[("c1", 0, 6000), ("c2", 6000, 4000)], [("n", 0, 500)], [("m1", 0, 10000)], [("x1", 0, 3000)]]),
]  # fmt: skip


@pytest.mark.parametrize("op, args, left", CASES)
def test_operations(op: str, args: dict[str, Any], left: list[list[tuple[str, int, int]]]) -> None:
    draft = filled()
    apply(draft, Effect(op, args))
    assert [[(s.id, s.start_ms, s.duration_ms) for s in t.segments] for t in draft.tracks] == left


GONE: list[tuple[str, dict[str, Any]]] = [
    ("update_segment", {"id": "gone", "volume": 0.5}),
    ("arrange", {"segments": [{"id": "gone", "start_ms": 5}]}),
    ("remove_segment", {"id": "gone"}),
    ("split_segment", {"id": "gone", "at_ms": 5, "new_id": "n"}),
    ("split_segment", {"id": "c1", "at_ms": 6000, "new_id": "n"}),
    ("split_segment", {"id": "c1", "at_ms": 2000, "new_id": "c2"}),
    ("remove_track", {"id": "gone"}),
    ("update_track", {"id": "gone", "name": "x"}),
    ("add_segment", {"id": "c1", "track_id": "tv", "type": 0, "start_ms": 50000, "duration_ms": 500}),
]


@pytest.mark.parametrize("op, args", GONE)
def test_what_names_something_gone_does_nothing(op: str, args: dict[str, Any]) -> None:
    draft = filled()
    apply(draft, Effect(op, args))
    assert draft == filled()


@pytest.mark.parametrize("own, laid", [(["n"], False), ([], False), (["n", "c1"], True), (None, True)])
def test_a_source_that_others_laid_is_not_laid_again(own: list[str] | None, laid: bool) -> None:
    draft = filled()
    args = {"id": "n", "track_id": "t9", "type": 0, "start_ms": 0, "duration_ms": 500, "src": "u1"}
    apply(draft, Effect("add_segment", args | ({} if own is None else {"own": own})))
    assert bool(drafts.find_segment(draft, "n")) == laid
    if not laid:
        assert draft == filled()
    apply(draft, Effect("add_segment", {**args, "id": "other", "src": "u9", "own": ["other"]}))
    assert drafts.find_segment(draft, "other")


def test_a_split_keeps_the_place_in_the_source() -> None:
    draft = filled()
    drafts.update_segment(draft, id="c1", speed=2.0, source_start_ms=500)
    drafts.split_segment(draft, id="c1", at_ms=1000, new_id="c9")
    right = drafts.find_segment(draft, "c9")
    assert right and (right.source_start_ms, right.speed) == (2500, 2.0)


def test_styles_merge_and_none_takes_away() -> None:
    draft = filled()
    drafts.update_segment(draft, id="x1", style={"color": None, "position": "top-center"})
    segment = drafts.find_segment(draft, "x1")
    assert segment and segment.style == {"position": "top-center"}


@pytest.mark.parametrize(
    "given_, kept",
    [(-1, 0.0), (0.5, 0.5), (7, 1.0), (math.nan, 0.0), (math.inf, 1.0), (None, None)],
)
def test_volumes_are_brought_into_range(given_: float | None, kept: float | None) -> None:
    draft = filled()
    drafts.update_segment(draft, id="m1", volume=given_)
    segment = drafts.find_segment(draft, "m1")
    assert segment and segment.volume == kept


def test_facts() -> None:
    assert duration_ms(Draft()) == 0 and not exportable(Draft()) and not has_audio(Draft())
    draft = filled()
    assert duration_ms(draft) == 10000 and exportable(draft) and has_audio(draft)
    drafts.remove_track(draft, id="ta")
    assert has_audio(draft), "the clips' own sound"
    for id in ("c1", "c2"):
        drafts.update_segment(draft, id=id, volume=0)
    assert not has_audio(draft) and exportable(draft)


def test_an_unknown_operation_is_an_error() -> None:
    with pytest.raises(KeyError):
        apply(Draft(), Effect("add_asset", {}))
