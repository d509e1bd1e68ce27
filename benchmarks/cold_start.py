"""From exec to the first 200, against a bare Starlette application on the same uvicorn, in turn."""

from collections.abc import Iterator
from statistics import median

from benchmarks.processes import Server, start_mock, start_serving
from benchmarks.table import Row, at_most


def rows(quick: bool) -> Iterator[Row]:
    rounds = 3 if quick else 11
    ours, theirs = [], []
    for turn in range(rounds + 1):
        pair = first_answer(start_mock()), first_answer(start_serving("starlette"))
        if turn:  # the first round may compile
            ours.append(pair[0])
            theirs.append(pair[1])
    ratio = median(a / b for a, b in zip(ours, theirs, strict=True))
    shown = f"{median(ours) * 1000:.0f} ms of {median(theirs) * 1000:.0f} ms"
    yield at_most("exec to first 200, against bare Starlette", shown, ratio, 1.25, "x")


def first_answer(server: Server) -> float:
    server.stop()
    return server.first_answer_s
