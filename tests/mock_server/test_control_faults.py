"""Faults over the control port: armed, looked at, disarmed; whatever is wrong is refused with the nearest right word."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_server import faults, journal
from mock_server.control.door import load
from mock_server.serve import running
from mock_server.worlds import START_MS, Recipe, Worlds
from tests.mock_server.test_control import Json, Mock, Place, make

CREDITS = "/api/credits/balance/simple"


@pytest.fixture(scope="module")
def mock() -> Iterator[Mock]:
    with running(Worlds(Recipe(policy="manual"))) as server:
        mock = Mock(server)
        yield mock
        mock.close()


@pytest.fixture
def place(mock: Mock) -> Place:
    place = make(mock)
    place.settle_in()
    return place


def arm(place: Place, **fault: Any) -> Json:
    (armed,) = place.ask("POST", "/faults", fault, 201)["faults"]
    return dict(armed)


def test_the_document_names_what_there_is() -> None:
    """Kinds, places and parts of a fault, in the order of the code, with the same defaults."""
    told = load().document["components"]["schemas"]["Fault"]["properties"]

    assert told["what"]["enum"] == list(faults.KINDS)
    assert told["at"]["enum"] == list(faults.PLACES)
    assert list(told) == list(faults.Fault.__dataclass_fields__)
    plain = faults.Fault("reset")
    assert {name: row["default"] for name, row in told.items() if "default" in row}.items() <= {
        name: getattr(plain, name) for name in told
    }.items()


def test_the_document_names_every_kind_of_entry() -> None:
    """As the journal lists them, in its order."""
    kinds = re.findall(r"^- (\w+):", journal.__doc__ or "", re.MULTILINE)
    asked = next(one for one in load().operations["get_journal"].parameters if one["name"] == "kind")
    assert asked["schema"]["enum"] == kinds == load().document["components"]["schemas"]["Entry"]["properties"]["kind"]["enum"]


def test_the_documents_examples_can_be_armed(place: Place) -> None:
    examples = load().document["paths"]["/worlds/{name}/faults"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    for example in examples.values():
        place.ask("POST", "/faults", example["value"], 201)

    assert len(place.ask("GET", "/faults")["faults"]) == 6


def test_armed_met_and_told(place: Place) -> None:
    armed = arm(place, what="reset", operation="get_credits", at="byte", number=9, times=1, name="nine bytes")
    assert armed["fault"] == {
        "what": "reset", "operation": "get_credits", "at": "byte", "number": 9, "nth": 0, "times": 1, "from_s": None, "to_s": None,
        "chance": 1.0, "most_in_row": 2, "params": {}, "deliberate": False, "name": "nine bytes",
    }  # fmt: skip
    assert (armed["id"], armed["armed_ms"], armed["chosen"], armed["fired"]) == (1, START_MS, 0, 0)
    assert place.ask("GET", "/faults")["unfired"] == ["nine bytes"]

    with pytest.raises(httpx.ReadError):
        place.call("GET", CREDITS)
    assert place.call("GET", CREDITS).status_code == 200

    told = place.ask("GET", "/faults")
    assert [(one["chosen"], one["fired"]) for one in told["faults"]] == [(1, 1)] and told["unfired"] == []
    (entry,) = place.ask("GET", "/journal?kind=fault")["entries"]
    assert (entry["fault"], entry["number"]) == ("nine bytes", 9)
    notes = place.ask("GET", "/journal?kind=world")["entries"]
    assert [note["subject"] for note in notes if note["what"] == "fault.armed"] == ["nine bytes"]


def test_a_window_counts_from_arming(place: Place) -> None:
    place.ask("POST", "/clock/advance", {"by_s": 100})
    params = {"status": 405}
    assert arm(place, what="status", operation="get_credits", from_s=10, params=params)["armed_ms"] == START_MS + 100_000
    assert place.call("GET", CREDITS).status_code == 200
    place.ask("POST", "/clock/advance", {"by_s": 10})
    assert place.call("GET", CREDITS).status_code == 405


def test_a_list_is_armed_whole_or_not_at_all(place: Place) -> None:
    good: Json = {"what": "close", "operation": "get_state", "at": "end"}
    assert [one["id"] for one in place.ask("POST", "/faults", {"faults": [good, good]}, 201)["faults"]] == [1, 2]

    words = place.refused("POST", "/faults", {"faults": [good, {**good, "at": "event", "number": 1}]})
    assert words == "body.faults[1]: get_state has no events: close at 'event' belongs to run_sse"
    assert len(place.ask("GET", "/faults")["faults"]) == 2


def test_disarming(place: Place) -> None:
    """One by its id, all of a name, all; with their counts. Ids are never used again."""
    for name in ("a", "b", "b", ""):
        arm(place, what="latency", operation="get_credits", params={"ms": 0}, name=name)
    place.call("GET", CREDITS)

    (gone,) = place.ask("DELETE", "/faults/1")["disarmed"]
    assert (gone["fault"]["name"], gone["fired"]) == ("a", 1)
    assert [one["id"] for one in place.ask("DELETE", "/faults/b")["disarmed"]] == [2, 3]
    assert "no fault '3' is armed in this world; there is: 4" in place.refused("DELETE", "/faults/3", expect=404)
    assert arm(place, what="stall", operation="get_state")["id"] == 5
    assert [one["id"] for one in place.ask("DELETE", "/faults")["disarmed"]] == [4, 5]
    assert place.ask("GET", "/faults") == {"faults": [], "unfired": []}
    assert place.ask("DELETE", "/faults") == {"disarmed": []}
    assert place.call("GET", CREDITS).status_code == 200


def test_worlds_have_faults_of_their_own(mock: Mock, place: Place) -> None:
    other = make(mock)
    arm(place, what="stall", operation="get_state")
    assert other.ask("GET", "/faults")["faults"] == []
    assert "there is no world" in mock.refused("GET", "/worlds/nowhere/faults", expect=404)


def test_reset_rewind_and_fork(mock: Mock, place: Place) -> None:
    """A reset takes them away, a rewind brings back those of the checkpoint with their counts, a fork has them too."""
    arm(place, what="latency", operation="get_credits", params={"ms": 0}, name="old")
    place.ask("POST", "/checkpoints", {"label": "x"}, 201)
    place.call("GET", CREDITS)
    arm(place, what="stall", operation="get_state", name="new")

    fork = place.name + "-fork"
    place.ask("POST", "/fork", {"name": fork}, 201)
    assert [one["fault"]["name"] for one in mock.ask("GET", f"/worlds/{fork}/faults")["faults"]] == ["old", "new"]
    place.ask("POST", "/rewind", {"label": "x"})
    assert [(one["fault"]["name"], one["fired"]) for one in place.ask("GET", "/faults")["faults"]] == [("old", 0)]
    place.ask("POST", "/reset")
    assert place.ask("GET", "/faults")["faults"] == []


def test_a_case_over_the_control_port(place: Place) -> None:
    arm(place, what="instead", operation="run_sse", at="after", params={"case": "names-are-literal"}, times=1)
    assert place.talk() == b"Data: x\nDATA: y\n data: z\ndata : w\ndata: a\n\n"


REFUSALS: list[tuple[Any, str]] = [
    ({}, "body: give at least one of"),
    ({"what": "rest"}, "body.what: \"rest\" is not one of latency, reset"),
    ({"what": "rest"}, "did you mean 'reset'?"),
    ({"what": "reset", "operation": "run_see"}, "operation: 'run_see' is not known; did you mean 'run_sse'?"),
    ({"what": "reset", "opration": "run_sse"}, "'opration' is no part of a fault; did you mean 'operation'?"),
    ({"operation": "run_sse"}, "'what' is missing"),
    ({"what": "reset", "at": "bite"}, "did you mean 'byte'?"),
    ({"what": "reset", "nth": "first"}, "body.nth: \"first\" is not a whole number"),
    ({"what": "reset", "chance": 0}, "body.chance: 0 is not more than 0"),
    ({"what": "latency"}, "latency needs params.ms"),
    ({"what": "gateway"}, "gateway breaks the contract; say 'deliberate: true' if you mean it"),
    ({"what": "instead", "at": "after", "params": {"case": "cr-alnoe"}}, "did you mean 'cr-alone'?"),
    ({"faults": [{"what": "rest"}]}, "body.faults[0].what: \"rest\" is not one of"),
    ({"faults": [{"what": "gateway"}]}, "body.faults[0]: gateway breaks the contract"),
    ({"faults": [{"what": "reset"}], "what": "reset"}, "body: give either one fault or a list 'faults', not 'what' beside it"),
    ({"faults": []}, "body.faults:"),
    ({"faults": {"what": "reset"}}, "body.faults: {\"what\":\"reset\"} is not a list"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "words"), REFUSALS)
def test_nonsense_is_refused(place: Place, body: Any, words: str) -> None:
    assert words in place.refused("POST", "/faults", body)
    assert place.ask("GET", "/faults")["faults"] == []


def test_there_is_a_bound(place: Place) -> None:
    many = [{"what": "stall", "operation": "get_state"}] * 999
    place.ask("POST", "/faults", {"faults": many}, 201)
    assert "at most 1000 faults" in place.refused("POST", "/faults", {"faults": many[:2]})
    place.ask("POST", "/faults", many[0], 201)


VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6)
BODIES = st.fixed_dictionaries(
    {"what": st.sampled_from([*faults.KINDS, "x"])},
    optional={
        "operation": st.sampled_from(["*", "run_sse", "get_file", "x"]),
        "at": st.sampled_from(faults.PLACES),
        "params": st.dictionaries(
            st.sampled_from(sorted({name for kind in faults.KINDS.values() for name in kind.params})),
            VALUES | st.lists(VALUES, max_size=2) | st.dictionaries(st.text(max_size=3), VALUES, max_size=2),
            max_size=3,
        ),
        **{name: VALUES for name in ("number", "nth", "times", "from_s", "to_s", "chance", "most_in_row", "deliberate", "name")},
    },
)


@settings(max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(BODIES)
def test_no_body_makes_it_fail(place: Place, body: Json) -> None:
    """It is armed, or refused with a sentence; and what is armed is told as the document says."""
    answer = place.mock.control.post(place.at + "/faults", json=body)
    assert answer.status_code in (201, 422)
    if answer.status_code == 201:
        place.ask("GET", "/faults")
        place.ask("DELETE", "/faults")
