"""Servers under measurement: started on a core of their own, watched through the kernel's books, ended by their process id."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
START_LIMIT_S = 30.0
MIB = 2**20


def cores() -> tuple[int, int]:
    """(the servers' core, ours); the same one where there is only one."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]


SERVER_CORE, OWN_CORE = cores()


@dataclass(slots=True)
class Server:
    process: subprocess.Popen[bytes]
    port: int
    first_answer_s: float

    def cpu_s(self) -> float:
        """CPU time of the process so far. /proc counts it in ticks of 10 ms; this is clock_getcpuclockid(3), in nanoseconds."""
        return time.clock_gettime((~self.process.pid << 3) | 2)

    def memory_bytes(self, field: str = "VmRSS") -> int:
        """VmRSS: resident now; VmHWM: the most so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(field))

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def start(module: str, arguments: Sequence[str], port: int, question: bytes) -> Server:
    """Start a server and ask `question` until it answers 200. Raises RuntimeError when it does not."""
    os.sched_setaffinity(0, {SERVER_CORE})
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", module, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL)
    os.sched_setaffinity(0, {OWN_CORE})
    server = Server(process, port, 0.0)
    try:
        _await_answer(server, question, began)
    except BaseException:
        server.stop()
        raise
    return server


def _await_answer(server: Server, question: bytes, began: float) -> None:
    while True:
        try:
            with socket.create_connection(("127.0.0.1", server.port), timeout=START_LIMIT_S) as link:
                link.sendall(question)
                answer = link.recv(4096)
        except ConnectionError:
            answer = b""
        if answer.startswith(b"HTTP/1.1 200"):
            server.first_answer_s = time.perf_counter() - began
            return
        if answer or server.process.poll() is not None or time.perf_counter() - began > START_LIMIT_S:
            raise RuntimeError(f"the server does not start: {answer[:300]!r}, exit {server.process.returncode}")
        time.sleep(0.0005)


@contextmanager
def mock(*options: str, clock: str = "real") -> Iterator[Server]:
    """The mock as anybody starts it."""
    server = start_mock(*options, clock=clock)
    try:
        yield server
    finally:
        server.stop()


def start_mock(*options: str, clock: str = "real") -> Server:
    port = free_port()
    arguments = ["serve", "--port", str(port), "--control-port", "0", "--quiet", "--clock", clock, *options]
    return start("mock_server", arguments, port, request("POST", "/api/auth/anonymous-token", {"x-client-id": "first-answer"}))


@contextmanager
def serving(kind: str, *options: str) -> Iterator[Server]:
    """One of the servers of benchmarks/serving.py."""
    server = start_serving(kind, *options)
    try:
        yield server
    finally:
        server.stop()


def start_serving(kind: str, *options: str) -> Server:
    port = free_port()
    return start("benchmarks.serving", [kind, str(port), *options], port, request("GET", "/openapi.json"))


def request(method: str, path: str, headers: dict[str, str] | None = None, body: bytes | None = None) -> bytes:
    """The bytes of an HTTP/1.1 request."""
    fields = {"host": "127.0.0.1", "accept": "*/*", "user-agent": "benchmarks", **(headers or {})}
    if body is not None:
        fields |= {"content-type": "application/json", "content-length": str(len(body))}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b"")


def medians(rounds: Sequence[Sequence[float]]) -> list[float]:
    """The median of each column."""
    return [median(column) for column in zip(*rounds, strict=True)]
