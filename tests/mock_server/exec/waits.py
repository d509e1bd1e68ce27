"""Waits of SECONDS in all the ways that clients wait, at once; prints `NAME ok`, or by how much a clock is off. A program, not a test."""

import asyncio
import os
import queue
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable

SECONDS = float(sys.argv[1])
MOST = 100 * SECONDS


def on_socket() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        client.settimeout(SECONDS)
        assert client.gettimeout() == SECONDS
        try:
            client.recv(1)
        except TimeoutError:
            return


def join() -> None:
    thread = threading.Thread(target=threading.Event().wait, daemon=True)
    thread.start()
    thread.join(SECONDS)


async def wait_for() -> None:
    try:
        await asyncio.wait_for(asyncio.Event().wait(), SECONDS)
    except TimeoutError:
        return


def from_queue() -> None:
    try:
        queue.Queue[None]().get(timeout=SECONDS)
    except queue.Empty:
        return


def child() -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        try:
            process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


WAYS: dict[str, Callable[[], object]] = {
    "time.sleep": lambda: time.sleep(SECONDS),
    "Event.wait": lambda: threading.Event().wait(SECONDS),
    "Queue.get": from_queue,
    "Thread.join": join,
    "socket.timeout": on_socket,
    "select.select": lambda: select.select([], [], [], SECONDS),
    "Popen.wait": child,
    "asyncio.sleep": lambda: asyncio.run(asyncio.sleep(SECONDS)),
    "asyncio.wait_for": lambda: asyncio.run(wait_for()),
}


def timed(name: str) -> None:
    begun, wall = time.monotonic(), time.time()
    WAYS[name]()
    passed, by_wall = time.monotonic() - begun, time.time() - wall
    good = all(SECONDS * 0.99 <= by_one < MOST for by_one in (passed, by_wall))
    told = "ok" if good else f"{passed} {by_wall}"
    os.write(1, f"{name} {told}\n".encode())  # whole lines: others write, too


if __name__ == "__main__":
    threads = [threading.Thread(target=timed, args=(name,)) for name in WAYS]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        time.sleep(SECONDS / 100)
