"""Many open streams with a heartbeat each second. Lateness is judged by the journal: received against the virtual instant of the event."""

import asyncio
import gc
import json
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import uvloop

from benchmarks.client import SESSION, bearer, chat, collect
from benchmarks.processes import Server, request, serving
from benchmarks.table import Row

OPENED_A_SECOND = 800
OPENING_LIMIT_S = 25.0
SETTLE_S = 2.0
#: A stream that told nothing for so long is not alive; anything less is lateness.
SILENT_S = 3.0


def rows(quick: bool) -> Iterator[Row]:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    for count, late_ms in ((1000, 5),) if quick else ((1000, 5), (5000, 25)):
        yield row(count, late_ms, 5.0 if quick else 15.0)


@dataclass(slots=True)
class Watched:
    """What was seen of `count` streams while all were open."""

    memory_kib: float
    cpu_share: float
    alive: int
    late_ms: list[float]  # ascending


def row(count: int, most_late_ms: float, watch_s: float) -> Row:
    seen = watch(count, watch_s)
    late = seen.late_ms[int(0.99 * len(seen.late_ms))] if seen.late_ms else float("inf")
    return Row(
        f"{count:,} open streams, a heartbeat each second",
        f"{seen.alive:,} alive, CPU {seen.cpu_share:.0%}, worst {seen.late_ms[-1] if seen.late_ms else 0:.1f} ms",
        f"p99 {late:.1f} ms, {seen.memory_kib:.1f} KiB each",
        f"all, <= {most_late_ms:g} ms, <= 40 KiB",
        seen.alive == count and late <= most_late_ms and seen.memory_kib <= 40,
    )


class Listener(asyncio.Protocol):
    """One stream: when each of its events came."""

    def __init__(self, message: bytes) -> None:
        self.message = message
        self.times: list[float] = []
        self.tail = b""
        self.closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).write(self.message)

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        self.times.extend([now] * (self.tail + data).count(b"\n\n"))
        self.tail = data[-1:]

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True


@dataclass(slots=True)
class Crowd:
    """All streams, and the figures of their server while they were open."""

    server: Server
    messages: list[bytes]
    listeners: list[Listener] = field(default_factory=list)
    memory_bytes: int = 0
    cpu_share: float = 0.0
    from_s: float = 0.0
    until_s: float = 0.0
    alive: int = 0

    async def gather(self, watch_s: float) -> None:
        loop = asyncio.get_running_loop()
        before = self.server.memory_bytes()
        began = time.monotonic()
        transports = []
        for index, message in enumerate(self.messages):
            listener = Listener(message)
            transport, _ = await loop.create_connection(lambda made=listener: made, "127.0.0.1", self.server.port)  # type: ignore[misc]
            self.listeners.append(listener)
            transports.append(transport)
            await asyncio.sleep(max(0.0, began + index / OPENED_A_SECOND - time.monotonic()))
        while not all(one.times for one in self.listeners) and time.monotonic() < began + OPENING_LIMIT_S:
            await asyncio.sleep(0.1)
        await asyncio.sleep(SETTLE_S)
        self.memory_bytes = self.server.memory_bytes() - before
        self.from_s, cpu = time.monotonic(), self.server.cpu_s()
        await asyncio.sleep(watch_s)
        self.until_s = time.monotonic()
        self.cpu_share = (self.server.cpu_s() - cpu) / (self.until_s - self.from_s)
        self.alive = sum(not one.closed and one.times[-1:] > [self.until_s - SILENT_S] for one in self.listeners)
        for transport in transports:
            transport.abort()


def watch(count: int, watch_s: float) -> Watched:
    lasts = int(OPENING_LIMIT_S + SETTLE_S + watch_s + 5)
    with TemporaryDirectory() as folder:
        journal = Path(folder) / "journal"
        with serving("beats", str(lasts), str(journal)) as server:
            headers = bearer(server)
            order = request("POST", SESSION, headers, b'{"task_name": "benchmark"}')
            ids = [str(answer["data"]["session_id"]) for answer in collect(server, order, count)]
            crowd = Crowd(server, [chat(key, "go on", {**headers, "x-stream": str(number)}) for number, key in enumerate(ids)])
            gc.disable()  # a pause of ours would look like lateness of the server
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(crowd.gather(watch_s))
            gc.enable()
        late = lateness_ms(journal, crowd)
    return Watched(crowd.memory_bytes / count / 1024, crowd.cpu_share, crowd.alive, late)


def lateness_ms(journal: Path, crowd: Crowd) -> list[float]:
    """Of each event between the two instants, ascending. Both processes read the same monotonic clock."""
    late = []
    streams: dict[int, Listener] = {}
    with journal.open("rb") as lines:
        clock = json.loads(next(lines))
        for line in lines:
            entry = json.loads(line)
            if entry["kind"] == "request" and entry["operation"] == "run_sse":
                streams[entry["seq"]] = crowd.listeners[int(dict(entry["headers"])["x-stream"])]
            elif entry["kind"] == "event" and entry["n"] < len(times := streams[entry["of"]].times):
                due = clock["base_s"] + (entry["at_ms"] - clock["base_ms"]) / 1000
                if crowd.from_s <= due <= crowd.until_s - 0.5:
                    late.append((times[entry["n"]] - due) * 1000)
    return sorted(late)
