"""Which parsers read which streams wrongly: those that are right none, and each that is wrong at least one."""

import re
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from conformance.parsing import misread, ways, wrong
from conformance.sse import Parser
from mock_server import cases
from tests.conformance.kit import broken
from tests.mock_server.test_stream_cases import DEVIATIONS, by_httpx_sse, by_sseclient

CASES = [cases.load(name) for name in cases.names()]
#: Where only what a stream says about reconnecting is read otherwise.
RETRY = {"retry-nonsense"}


def reading(make: Callable[[], Parser]):
    def read(pieces):
        parser = make()
        return [event for piece in pieces for event in parser.feed(piece)]

    return read


def test_the_kit_s_own_parser_is_right():
    assert wrong(reading(Parser), CASES) == {}


def test_the_reference_client_s_parser_is_right():
    assert wrong(reading(broken().parts().stream.EventReader), CASES) == {}


@pytest.mark.parametrize("read", [by_httpx_sse, by_sseclient])
def test_what_is_known_of_others_is_found(read):
    """And nothing else, even cut in two at every place."""
    assert wrong(lambda pieces: read(pieces)[0], CASES).keys() == DEVIATIONS[read].keys() - RETRY


READERS = sorted(set(re.findall(r'@wrong\("(\w+)"', (broken().HERE / "flaws" / "parsers.py").read_text())) - {"eof_dispatch"})


@pytest.mark.parametrize("name", READERS)
def test_the_parsers_of_the_broken_clients_are_wrong(name):
    loading, reached = broken(), []
    parts = loading.parts()
    loading.flaws()[f"NV-067.{name.replace('_', '-')}"].plant(parts, lambda: reached.append(name))

    assert any(misread(reading(parts.stream.EventReader), case) for case in CASES if len(case.content) < 10**6)
    assert reached


class LeftStripped(Parser):
    def field(self, name, value):
        super().field(name, value.lstrip())


class Stripped(Parser):
    def field(self, name, value):
        super().field(name, value.rstrip())


class WithoutEmpty(Parser):
    def dispatch(self):
        yield from (event for event in super().dispatch() if event.data)


class WithoutNul(Parser):
    def field(self, name, value):
        super().field(name, value.replace("\0", ""))


class FirstType(Parser):
    def field(self, name, value):
        if name != "event" or not self.event:
            super().field(name, value)


class IdPerEvent(Parser):
    def dispatch(self):
        yield from super().dispatch()
        self.id_buffer = ""


class IdNeedsData(Parser):
    def dispatch(self):
        if not self.data:
            self.id_buffer = self.last_id
        yield from super().dispatch()


class IdIsNeverEmptied(Parser):
    def field(self, name, value):
        if name != "id" or value:
            super().field(name, value)


class IdWithNul(Parser):
    def field(self, name, value):
        if name == "id":
            self.id_buffer = value
        else:
            super().field(name, value)


def at_the_end(pieces):
    """Tells what is pending."""
    return reading(Parser)([*pieces, b"\n\n"])


WRONG = [LeftStripped, Stripped, WithoutEmpty, WithoutNul, FirstType, IdPerEvent, IdNeedsData, IdIsNeverEmptied, IdWithNul]


@pytest.mark.parametrize("read", [*map(reading, WRONG), at_the_end], ids=[*(one.__name__ for one in WRONG), "at_the_end"])
def test_those_that_no_client_can_be_told_by_are_wrong_too(read):
    assert any(misread(read, case) for case in CASES if len(case.content) < 10**6)


def test_what_is_told():
    event = SimpleNamespace(data="hi", event="message", id="")
    case = SimpleNamespace(name="plain", content=b"data: hi\n\n", understood=[event])

    assert [way for way, _ in ways(b"abc")] == ["whole", "in pieces of 1", "cut after byte 1", "cut after byte 2"]
    assert wrong(lambda pieces: [("hi",)], [case]) == {}
    assert wrong(lambda pieces: [], [case]) == {"plain": "whole: 0 events instead of 1"}
    assert wrong(lambda pieces: [("hi", "x" * 70)], [case])["plain"].startswith("whole: event 1 is ('hi', 'xxxx")
    assert wrong(lambda pieces: [("hi",)] * len(pieces), [case]) == {"plain": "in pieces of 1: 10 events instead of 1"}
    assert wrong(lambda pieces: [("hi",)] * (3 - len(pieces) if len(pieces) < 3 else 1), [case]) == {
        "plain": "whole: 2 events instead of 1"
    }
    assert wrong(lambda pieces: pieces[9], [case]) == {"plain": "whole: IndexError: list index out of range"}
