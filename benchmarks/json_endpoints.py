"""Requests per CPU second of the server, against a bare ASGI callable on the same uvicorn, in interleaved rounds."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.client import SESSION, bearer, load
from benchmarks.processes import Server, mock, request, serving
from benchmarks.table import Row, at_least

CREDITS = "/api/credits/balance/simple"
#: Sessions a round: all rounds together stay below the 20,000 that a world keeps, as any client does.
POSTS = 1200


def rows(quick: bool) -> Iterator[Row]:
    rounds = 3 if quick else 15
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory())
        servers = {
            "bare": stack.enter_context(serving("bare")),
            "ours": stack.enter_context(mock()),
            "ours, --journal FILE": stack.enter_context(mock("--journal", str(Path(folder) / "journal"))),
        }
        kinds = {"GET credits": (get_credits, 4000, 0.50, 0.40), "POST session": (post_session, POSTS, 0.40, 0.33)}
        for what, (made, count, least, least_filed) in kinds.items():
            messages = {name: made(servers["ours" if name == "bare" else name]) for name in servers}
            rates = measure(servers, messages, rounds, count)
            for name, target in (("ours", least), ("ours, --journal FILE", least_filed)):
                ratio = median(own / bare for own, bare in zip(rates[name], rates["bare"], strict=True))
                shown = f"{median(rates[name]):,.0f} of {median(rates['bare']):,.0f} requests/CPU-s"
                yield at_least(what + name.removeprefix("ours"), shown, ratio, target)


def measure(servers: dict[str, Server], messages: dict[str, bytes], rounds: int, count: int) -> dict[str, list[float]]:
    """Requests per CPU second by server, one figure a round; a first round warms up and does not count."""
    rates: dict[str, list[float]] = {name: [] for name in servers}
    for turn in range(rounds + 1):
        for name, server in servers.items():
            rate = count / load(server, [messages[name]], count)
            if turn:
                rates[name].append(rate)
    return rates


def get_credits(server: Server) -> bytes:
    return request("GET", CREDITS, bearer(server))


def post_session(server: Server) -> bytes:
    return request("POST", SESSION, bearer(server), json.dumps({"task_name": "project", "language": "en"}).encode())
