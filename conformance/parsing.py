"""An event stream parser tried by itself: which streams does it read wrongly, in whatever pieces they come?

    from conformance.parsing import wrong
    from mock_server import cases
    print(wrong(read, map(cases.load, cases.names())))

where `read` is given the pieces of a stream and gives its events, each as (data, type, last event id); a parser that has no ids,
or no types, gives fewer of them. WHATWG HTML, 9.2.5 and 9.2.6, says what is right.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

#: Streams up to this length are cut in two at every place; longer ones come in so many pieces at most.
SHORT_BYTES, MOST_PIECES = 200, 100

Told = Sequence[str]
Read = Callable[[list[bytes]], Iterable[Told]]


class Dispatched(Protocol):
    @property
    def data(self) -> str: ...
    @property
    def event(self) -> str: ...
    @property
    def id(self) -> str: ...


class Case(Protocol):
    """A stream, and the events that a correct parser dispatches."""

    @property
    def name(self) -> str: ...
    @property
    def content(self) -> bytes: ...
    @property
    def understood(self) -> Sequence[Dispatched]: ...


def ways(content: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """Whole; byte by byte, a long one in larger pieces; a short one cut in two at every place."""
    yield "whole", [content]
    step = 1 if len(content) <= 10_000 else 1 + len(content) // MOST_PIECES
    yield f"in pieces of {step}", [content[at : at + step] for at in range(0, len(content), step)]
    for at in range(1, len(content) if len(content) <= SHORT_BYTES else 0):
        yield f"cut after byte {at}", [content[:at], content[at:]]


def misread(read: Read, case: Case) -> str:
    """In which pieces a stream is read wrongly, and how; "" when it is read right in all of them."""
    for way, pieces in ways(case.content):
        try:
            told = [tuple(event) for event in read(pieces)]
        except Exception as error:  # whatever a parser dies of is its answer
            return f"{way}: {type(error).__name__}: {error}"
        wanted = [(event.data, event.event, event.id) for event in case.understood]
        if len(told) != len(wanted):
            return f"{way}: {len(told)} events instead of {len(wanted)}"
        for number, (given, right) in enumerate(zip(told, wanted, strict=True), 1):
            if given != right[: len(given)]:
                return f"{way}: event {number} is {_short(given)} instead of {_short(right[: len(given)])}"
    return ""


def wrong(read: Read, cases: Iterable[Case]) -> dict[str, str]:
    """By name of the streams that are read wrongly, how."""
    return {case.name: how for case in cases if (how := misread(read, case))}


def _short(event: Told) -> str:
    return str(tuple(text if len(text) <= 60 else text[:57] + "..." for text in event))
