"""Whole turns under the instant clock: a burst of 1,000 events, and 900 virtual seconds with their heartbeats."""

import socket
import time
from collections.abc import Iterator
from statistics import median

from benchmarks.client import bearer, chat, new_session
from benchmarks.processes import Server, mock, serving
from benchmarks.table import Row, at_most

EVENTS = 1000
LAST_CHUNK = b"0\r\n\r\n"


def rows(quick: bool) -> Iterator[Row]:
    rounds = 7 if quick else 25
    with serving("burst", str(EVENTS)) as server:
        told(server, "go on", EVENTS)
        before = server.cpu_s()
        times = [told(server, "go on", EVENTS)[0] for _ in range(rounds)]
        busy_s = (server.cpu_s() - before) / rounds
    rate = EVENTS / median(times)
    yield Row(
        f"stream burst, instant clock, {EVENTS:,} events at instants of their own",
        f"{median(times) * 1000:.1f} ms from POST to end, of them {busy_s * 1000:.1f} ms CPU",
        f"{rate:,.0f} events/s",
        ">= 60,000 events/s",
        rate >= 60_000,
    )
    free = ("generation_s=900-900", "cost_generation=0")
    with mock(*(word for pair in free for word in ("--setting", pair)), clock="instant") as server:
        turns = [told(server, "Generate a video of a city at night.") for _ in range(rounds + 1)][1:]
    wall_ms = median(wall for wall, _ in turns) * 1000
    yield at_most("turn of 900 virtual s, instant clock", f"{turns[0][1]} events", wall_ms, 50, "ms")


def told(server: Server, text: str, events: int | None = None) -> tuple[float, int]:
    """(seconds from POST to end, number of events) of a turn in a session of its own."""
    headers = bearer(server)
    message = chat(new_session(server, headers), text, headers)
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as link:
        began = time.perf_counter()
        link.sendall(message)
        answer = bytearray()
        while not answer.endswith(LAST_CHUNK):
            part = link.recv(2**18)
            if not part:
                raise RuntimeError(f"the stream ends early: {bytes(answer[-300:])!r}")
            answer += part
        wall_s = time.perf_counter() - began
    found = answer.count(b"\n\n")
    if not answer.startswith(b"HTTP/1.1 200") or (events is not None and found != events):
        raise RuntimeError(f"{found} events: {bytes(answer[:300])!r}")
    return wall_s, found
