"""An ASGI application that hands requests over to where the worlds live, from any event loop that anyio knows.

The mock never waits for the loop of the test: what it sends is queued. So a test may move the clock, and wait until all is
written, even in a coroutine that keeps the client from reading meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from math import inf
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread

if TYPE_CHECKING:
    from mock_server.testing.service import Service

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Message, Receive, Send], Awaitable[None]]


def application(service: "Service", name: str) -> ASGIApp:
    """The world `name` at the root of any host."""

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live_long(receive, send)
        elif scope["type"] == "http":
            inside = {key: value for key, value in scope.items() if key not in ("state", "app")}
            await _hand_over(service, {**inside, "extensions": {"nemovideo.world": name}}, receive, send)
        else:
            raise RuntimeError(f"the service speaks HTTP, not {scope['type']}")

    return app


async def _live_long(receive: Receive, send: Send) -> None:
    while True:
        what = (await receive())["type"]
        await send({"type": f"{what}.complete"})
        if what == "lifespan.shutdown":
            return


async def _hand_over(service: "Service", scope: Message, receive: Receive, send: Send) -> None:
    """Raises ConnectionResetError where the mock ended an exchange without a whole answer."""
    out: SimpleQueue[Message | None] = SimpleQueue()
    arriving: asyncio.Queue[Message] = asyncio.Queue()

    async def serve() -> None:
        async def put(message: Message) -> None:
            out.put(message)

        try:
            await service.app(scope, arriving.get, put)
        finally:
            out.put(None)

    def tell(message: Message) -> None:
        if not service.closed:
            service.loop.call_soon_threadsafe(arriving.put_nowait, message)

    async def feed() -> None:
        while (message := await receive())["type"] != "http.disconnect":
            tell(message)
        tell(message)

    asyncio.run_coroutine_threadsafe(serve(), service.loop)
    whole, room = False, anyio.CapacityLimiter(inf)
    take = partial(anyio.to_thread.run_sync, out.get, abandon_on_cancel=True, limiter=room)
    async with anyio.create_task_group() as group:
        group.start_soon(feed)
        try:
            while (message := await take()) is not None:
                whole = message["type"] == "http.response.body" and not message.get("more_body", False)
                await send(message)
        finally:
            tell({"type": "http.disconnect"})
            out.put(None)  # ends a thread that was left behind
        group.cancel_scope.cancel()
    if not whole:
        raise ConnectionResetError("the mock ended this exchange before its answer was whole; a client over a port sees how")
