"""Start and stop a server: what the command line, the kit, tests and the pytest plugin have in common."""

import asyncio
import errno
import gc
import json
import os
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mock_server.app import MOST_HEADER_BYTES, MOST_TARGET_BYTES, create_app
from mock_server.worlds import Worlds

T = TypeVar("T")

BACKLOG = 4096
#: The most that one read of the event loop delivers; a head may come with that much of its body.
READ_BYTES = 256 * 1024


class ServeError(Exception):
    """The server cannot start; the message says why in one line."""


class Protocol(HttpToolsProtocol):
    """uvicorn's, which hands the transport to the application (a reset needs it), bounds headers, and refuses in our envelope."""

    head_bytes = 0
    in_body = False

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {"nemovideo.transport": self.transport}  # type: ignore[dict-item]  # an extension of ours

    def on_headers_complete(self) -> None:
        self.head_bytes, self.in_body = 0, True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self.in_body = False
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        if not self.in_body:  # nobody else bounds a head that does not end
            self.head_bytes += len(data)
            if self.head_bytes > 2 * (MOST_HEADER_BYTES + MOST_TARGET_BYTES) + READ_BYTES:
                self.refuse(431, "request header fields too large")
                return
        super().data_received(data)

    def send_400_response(self, msg: str) -> None:
        self.refuse(400, "this cannot be read as HTTP/1.1")

    def refuse(self, code: int, message: str) -> None:
        if self.transport.is_closing():
            return
        body = json.dumps({"code": 422 if code == 400 else code, "message": message, "data": None}).encode()
        head = f"HTTP/1.1 {code} Refused\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self.transport.write(head.encode() + body)
        self.transport.close()


class Server(uvicorn.Server):
    """uvicorn's, leaving signals to us: there are two in one process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listening(host: str, port: int, option: str = "--port") -> socket.socket:
    """`option` is how another port is asked for. Raises ServeError when the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        in_use = error.errno == errno.EADDRINUSE
        why = (
            f"it is in use; choose another with {option}, or 0 for a free one"
            if in_use
            else str(error.strerror).partition(" (while")[0]
        )
    except UnicodeError:
        why = "this is no name of a host"
    raise ServeError(f"cannot listen on {host} port {port}: {why}")


def url_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _server(app: ASGIApp) -> Server:
    return Server(
        uvicorn.Config(
            app,
            http=Protocol,
            ws="none",
            proxy_headers=False,
            lifespan="off",
            access_log=False,
            log_config=None,  # uvicorn's asks stdout whether it is a terminal, and there may be none
            log_level="critical",
            date_header=False,
            server_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
        )
    )


async def open_door(app: ASGIApp, door: socket.socket, tls: ssl.SSLContext) -> Server:
    """Serve an application at a further socket, with TLS, on the running loop, until `shut_door`."""
    server = _server(app)
    server.config.load()
    server.config.ssl = tls
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup(sockets=[door])
    return server


async def shut_door(server: Server) -> None:
    """Open connections are reset, and their requests have ended when this has."""
    for one in server.servers:
        one.close()
    for connection in [*server.server_state.connections]:
        connection.transport.abort()
    if server.server_state.tasks:
        await asyncio.wait(server.server_state.tasks, timeout=1)


@dataclass(slots=True)
class Doors:
    """The two listening sockets of a process."""

    api: socket.socket
    control: socket.socket | None

    @property
    def url(self) -> str:
        return url_of(self.api)

    @property
    def control_url(self) -> str | None:
        return url_of(self.control) if self.control else None

    def close(self) -> None:
        self.api.close()
        if self.control:
            self.control.close()


def open_doors(host: str = "127.0.0.1", port: int = 0, control_port: int | None = 0) -> Doors:
    """Port 0 takes a free one; `control_port` None opens no control port, which is on loopback always. Raises ServeError."""
    api = listening(host, port)
    try:
        return Doors(api, None if control_port is None else listening("127.0.0.1", control_port, "--control-port"))
    except ServeError:
        api.close()
        raise


async def run(worlds: Worlds, doors: Doors, stop: asyncio.Event, ready: Callable[[], None] = lambda: None) -> None:
    """Serve until `stop`; then open streams end, and everything is closed."""
    servers = [(_server(create_app(worlds)), doors.api)]
    if doors.control is not None:
        from mock_server.control import create_control

        servers.append((_server(create_control(worlds, doors.url)), doors.control))
    tasks = [asyncio.create_task(server.serve(sockets=[door])) for server, door in servers]
    while not all(server.started or task.done() for (server, _), task in zip(servers, tasks, strict=True)):
        await asyncio.sleep(0.001)
    ready()
    await stop.wait()
    worlds.end_streams()
    for server, _ in servers:
        server.should_exit = True
    try:
        await asyncio.gather(*tasks)
    finally:
        worlds.close()  # how the last streams ended is kept, too
        doors.close()


def run_until_signal(worlds: Worlds, doors: Doors, ready: Callable[[], None]) -> None:
    """Serve in this thread until SIGINT or SIGTERM; a second signal ends at once."""
    until_signal(lambda stop: run(worlds, doors, stop, ready))


def play_until_signal(app: ASGIApp, doors: Doors, ready: Callable[[], None]) -> None:
    """Serve any ASGI application so: a recording, which has no worlds."""

    async def play(stop: asyncio.Event) -> None:
        server = _server(app)
        task = asyncio.create_task(server.serve(sockets=[doors.api]))
        while not server.started and not task.done():
            await asyncio.sleep(0.001)
        ready()
        await stop.wait()
        server.should_exit = True
        await task
        doors.close()

    until_signal(play)


def until_signal(work: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()

        def asked() -> None:
            if stop.is_set():
                os._exit(1)
            stop.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError):
                loop.add_signal_handler(number, asked)
        await work(stop)

    with asyncio.Runner(loop_factory=_loop()) as runner:
        runner.run(main())


def _loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # Windows
        return None
    return uvloop.new_event_loop


def settle_memory() -> None:
    """What is there once we serve stays for ever, so the garbage collector need not look at it, and may look less often at the rest.

    With 5,000 open streams one full collection stops the process for most of a second. For a process of our own only.
    """
    gc.freeze()
    gc.set_threshold(5_000, 20, 1_000)
    gc.enable()


@contextmanager
def announcing(path: Path | None, doors: Doors) -> Iterator[Callable[[], None]]:
    """Gives what writes the ready file. One left by an earlier process goes at once, and ours when we end. Raises ServeError."""
    if path is None:
        yield lambda: None
        return
    clear_ready(path)
    content = ready_content(doors)  # the doors are closed when we end
    try:
        yield lambda: write_ready(path, content)
    finally:
        with suppress(OSError):
            if path.read_bytes() == content:  # another process may have written its own since
                path.unlink()


def clear_ready(path: Path) -> None:
    """Remove a stale ready file, and see that a new one can be written: before we serve. Raises ServeError."""
    draft = draft_of(path)
    try:
        if path.is_symlink() or (path.exists() and not path.is_file()):  # /dev/null would be lost to everybody
            raise ServeError(f"--ready-file {path}: it is there and no plain file")
        if not path.parent.is_dir():
            raise ServeError(f"--ready-file {path}: the folder {path.parent} does not exist")
        draft.touch()
        draft.unlink()
        path.unlink(missing_ok=True)
    except OSError as error:
        raise ServeError(f"--ready-file {path}: it cannot be written ({error.strerror})") from None


def write_ready(path: Path, content: bytes) -> None:
    """The ready file, whole or not at all. Raises ServeError."""
    draft = draft_of(path)
    try:
        draft.write_bytes(content)
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise ServeError(f"--ready-file {path}: it cannot be written ({error.strerror})") from None


def draft_of(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def ready_content(doors: Doors) -> bytes:
    return json.dumps({"url": doors.url, "control_url": doors.control_url, "pid": os.getpid()}).encode() + b"\n"


@dataclass(slots=True)
class Running:
    """A server in a thread of its own. `url`: of the API, and of the world `default`; `control_url`: of the control port, "" without one.

    `worlds` and `loop` belong to that thread; reach them through `do` alone.
    """

    url: str
    control_url: str
    worlds: Worlds
    loop: asyncio.AbstractEventLoop

    def do(self, work: Callable[[], T]) -> T:
        """Run `work` where the worlds live, between two requests. Raises what it raises, TimeoutError after 30 s."""

        async def inside() -> T:
            return work()

        return asyncio.run_coroutine_threadsafe(inside(), self.loop).result(30)

    def world_url(self, name: str) -> str:
        """The base URL of the world `name`, which is made at its first use."""
        return f"{self.url}/w/{name}"


@contextmanager
def running(
    worlds: Worlds | None = None, host: str = "127.0.0.1", port: int = 0, control_port: int | None = 0
) -> Iterator[Running]:
    """A server for the length of a `with` block, on free ports unless told; `control_port` None opens none. Raises ServeError.

    Its clock is real and its seed 1, unless `worlds` say otherwise; a single world's are chosen through the control port.
    """
    worlds = worlds or Worlds()
    doors = open_doors(host, port, control_port)
    started = threading.Event()
    inside: dict[str, Any] = {}

    async def main() -> None:
        inside["stop"], inside["loop"] = asyncio.Event(), asyncio.get_running_loop()
        await run(worlds, doors, inside["stop"], started.set)

    def work() -> None:
        try:
            with asyncio.Runner(loop_factory=_loop()) as runner:
                runner.run(main())
        except BaseException as error:
            inside["error"] = error
        finally:
            started.set()

    url, control_url = doors.url, doors.control_url or ""
    thread = threading.Thread(target=work, name="nemovideo-mock", daemon=True)
    thread.start()
    started.wait(30)
    if "error" in inside:
        doors.close()
        raise inside["error"]
    try:
        yield Running(url, control_url, worlds, inside["loop"])
    finally:
        inside["loop"].call_soon_threadsafe(inside["stop"].set)
        thread.join(30)
