"""An interception: what lies between a command and its world, from its first listener to the last file removed."""

import asyncio
import os
import shutil
import socket
import ssl
import tempfile
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from mock_server.app import create_app
from mock_server.intercept import certificates, sandbox
from mock_server.intercept.environment import Hurry, Route, begin, environment, write_wgetrc
from mock_server.intercept.names import NameServer
from mock_server.intercept.proxy import Proxy
from mock_server.intercept.rates import Faketime, Pace, pace
from mock_server.intercept.routing import HOSTS, App, routed
from mock_server.serve import Running, Server, listening, open_door, shut_door

T = TypeVar("T")
Mode = Literal["sandbox", "env"]


class Blocked(Exception):
    """There can be no sandbox here; the message names the rule of the system that forbids it."""


@dataclass(slots=True)
class Interception:
    """`tried`: names and places that were asked for and refused, by how often, as far as they can be known. `pages`: those of the
    web site that were looked at. Both grow while commands run, and may be read when they have ended.
    """

    mode: Mode
    world: str
    route: Route
    hurry: Hurry
    faketime: Faketime
    plan: str = ""  # of the sandbox
    tried: Counter[str] = field(default_factory=Counter)
    pages: Counter[str] = field(default_factory=Counter)

    def pace(self, argv: Sequence[str], base: Mapping[str, str]) -> Pace:
        """How the clock of this command is sped up; its `note` says what cannot be."""
        return pace(argv, base, self.faketime)

    def environment(self, argv: Sequence[str], base: Mapping[str, str]) -> dict[str, str]:
        """The variables of a command that would have had those of `base`."""
        return environment(base, self.route, self.hurry, self.pace(argv, base))

    def wrap(self, argv: Sequence[str]) -> list[str]:
        """What to start in place of `argv`: it keeps its pid, standard streams and exit code.

        125: it could not be sandboxed, and did not run; 126 and 127 as a shell has them.
        """
        return [*sandbox.PYTHON, self.plan, *argv] if self.mode == "sandbox" else list(argv)


@contextmanager
def intercepted(
    running: Running,
    world: str = "default",
    mode: Mode = "sandbox",
    rate: float = 1.0,
    trouble: Callable[[], str] = sandbox.trouble,
    user: bool = False,
) -> Iterator[Interception]:
    """`rate`: virtual seconds a second of the client's own clock; the world's is not touched.

    `trouble` says why there can be no sandbox; `user`, for tests, takes a user namespace even as root. Raises Blocked, NoTLS.
    """
    if mode == "sandbox" and (rule := trouble()):
        raise Blocked(rule)
    made = certificates.made_for(HOSTS)
    folder, faketime = made_folder(), Faketime(rate)
    try:
        route = Route(folder)
        route.authority.write_bytes(made.authority)
        certificates.write_bundle(route.bundle, made.authority)
        write_wgetrc(os.environ, route)
        way = Interception(mode, world, route, begin(rate), faketime)
        inside = Inside(way, routed(create_app(running.worlds), world, way.pages), made.server)
        try:
            if mode == "sandbox":
                mounts = sandbox.files(folder, HOSTS, route.bundle, certificates.system_bundles())
                way.plan = sandbox.plan(folder / "door", mounts, user)
                running.do(lambda: inside.open_sandbox(folder / "door"))
            else:
                port, proxy_port = wait(running, inside.open_proxy())
                way.route = replace(route, port=port, proxy_port=proxy_port, api_url=root_of(running, world))
            yield way
        finally:
            with suppress(RuntimeError):  # the server has ended before us
                wait(running, inside.close())
    finally:
        faketime.close()
        shutil.rmtree(folder, ignore_errors=True)


def made_folder() -> Path:
    """Of our own, with a name short enough for a socket in it (108 bytes, unix(7)). Raises OSError."""
    fits = len(os.fsencode(tempfile.gettempdir())) <= 70
    return Path(tempfile.mkdtemp(prefix="nemovideo-mock-", dir=None if fits else "/tmp"))


def root_of(running: Running, world: str) -> str:
    return running.url if world == "default" else running.world_url(world)


def wait(running: Running, work: Coroutine[Any, Any, T]) -> T:
    """What `work` gives, done where the worlds live."""
    if running.loop.is_closed():
        work.close()
        raise RuntimeError("the server has ended")
    return asyncio.run_coroutine_threadsafe(work, running.loop).result(30)


class Inside:
    """What an interception has open, on the loop of the mock."""

    def __init__(self, way: Interception, app: App, tls: ssl.SSLContext) -> None:
        self.way, self.app, self.tls = way, app, tls
        self.servers: list[Server] = []
        self.names: list[asyncio.DatagramTransport] = []
        self.door: sandbox.Door | None = None
        self.proxy: Proxy | None = None

    def open_sandbox(self, path: Path) -> None:
        self.door = sandbox.Door(path, self.serve_sandbox)

    async def serve_sandbox(self, web: socket.socket, names: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        self.servers.append(await open_door(self.app, web, self.tls))
        names.setblocking(False)
        transport, _ = await loop.create_datagram_endpoint(lambda: NameServer(HOSTS, self.way.tried), sock=names)
        self.names.append(transport)

    async def open_proxy(self) -> tuple[int, int]:
        """Ports of the listener with TLS, and of the proxy. Raises ServeError."""
        door = listening("127.0.0.1", 0)
        port: int = door.getsockname()[1]
        self.servers.append(await open_door(self.app, door, self.tls))
        self.proxy = Proxy(HOSTS, port, self.way.tried)
        return port, await self.proxy.start()

    async def close(self) -> None:
        if self.door is not None:
            self.door.close()
        if self.proxy is not None:
            self.proxy.close()
        for transport in self.names:
            transport.close()
        for server in self.servers:
            await shut_door(server)
