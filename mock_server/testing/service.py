"""All worlds of a test process, in one thread with one event loop; a port is opened when somebody asks for a URL."""

import asyncio
import atexit
import os
import re
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from mock_server.app import create_app
from mock_server.pacing import Live
from mock_server.recipe import Recipe
from mock_server.scenario import begin
from mock_server.testing.plan import Plan
from mock_server.worlds import Worlds

T = TypeVar("T")

PATIENCE_S = 30


class Service:
    """Tests reach the worlds through `do` and `call` alone, from any thread. Raises ServeError where no port can be had."""

    def __init__(self) -> None:
        self.worlds = Worlds(Recipe(policy="manual"))
        self.app = create_app(self.worlds)
        self.pid = os.getpid()
        self.closed = False
        self._door = threading.Lock()
        self.opened = ""  # the URL, once there is one
        self._serving: asyncio.Task[None] | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._work, name="nemovideo-mock", daemon=True)
        self._thread.start()
        self._ready.wait(PATIENCE_S)

    def _work(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        self.loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._ready.set()
        await self._stop.wait()
        if self._serving is not None:
            await self._serving
        else:
            self.worlds.close()

    def do(self, work: Callable[[], T]) -> T:
        """Run `work` where the worlds live, between two requests."""
        if threading.current_thread() is self._thread:
            return work()

        async def inside() -> T:
            return work()

        return self.call(inside())

    def call(self, work: Coroutine[Any, Any, T], timeout_s: float = PATIENCE_S) -> T:
        """Await `work` where the worlds live, at most `timeout_s` real seconds. Raises TimeoutError."""
        if self.closed or self.pid != os.getpid():
            work.close()
            why = "the mock has been stopped" if self.closed else "this world lives in the process that forked this one"
            raise RuntimeError(f"{why}; open another with mock_world()")
        future = asyncio.run_coroutine_threadsafe(work, self.loop)
        try:
            return future.result(timeout_s)
        finally:
            future.cancel()

    @property
    def url(self) -> str:
        """Of the API; a free port of loopback is opened at the first look. Raises ServeError."""
        with self._door:
            if not self.opened:
                from mock_server import serve  # uvicorn, which clients in process need not load

                doors = serve.open_doors(control_port=None)

                def begin_serving() -> None:
                    self._serving = asyncio.ensure_future(serve.run(self.worlds, doors, self._stop))

                self.do(begin_serving)
                self.opened = doors.url
            return self.opened

    def begin(self, plan: Plan, name: str) -> tuple[Live, dict[str, str]]:
        """A new world, and what its client must be told. Raises ServiceError."""

        def inside() -> tuple[Live, dict[str, str]]:
            free = self._free(name)
            told: dict[str, Any] = {"policy": plan.clock, "rate": plan.rate, "settings": plan.settings}
            if plan.scenario is None:
                return self.worlds.create(free, plan.seed or "1", **told), {}
            if plan.seed is not None:
                told["seed"] = plan.seed
            return begin(self.worlds, plan.scenario, free, plan.settings.keys(), **told)

        return self.do(inside)

    def _free(self, wanted: str) -> str:
        """A world's name made of `wanted`. The same at every run, so that the bytes of answers are."""
        slug = re.sub(r"[^A-Za-z0-9]+", "-", wanted).strip("-")[:48].rstrip("-") or "world"
        names = (slug if number == 1 else f"{slug}-{number}" for number in range(1, len(self.worlds.live) + 2))
        return next(name for name in names if name not in self.worlds.live)

    def close(self) -> None:
        """Open streams end, the port is closed, files are removed."""
        if not self.closed:
            self.closed = True
            if self.pid == os.getpid():
                self.loop.call_soon_threadsafe(self._stop.set)
                self._thread.join(PATIENCE_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


_shared: Service | None = None


def shared() -> Service:
    """The one of this process, made at the first use; a forked child has its own, since threads are not inherited."""
    global _shared
    if _shared is None or _shared.closed or _shared.pid != os.getpid():
        _shared = Service()
        atexit.register(_shared.close)
    return _shared
