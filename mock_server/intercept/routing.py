"""What an intercepted connection reaches: one world, at the root of its host; and a page in place of the web site."""

from collections import Counter
from collections.abc import Awaitable, Callable
from html import escape
from typing import Any

API_HOST = "mega-api-prod.nemovideo.ai"
#: The web site: clients hand out links to it, and seldom follow one (seeds: claim links and sign-up pages).
WEB_HOSTS = ("nemovideo.com", "www.nemovideo.com")
HOSTS = (API_HOST, *WEB_HOSTS)
#: What else belongs to the service is kept from being reached.
OWNERS = ("nemovideo.ai", "nemovideo.com")

PAGE = """<!doctype html>
<title>nemovideo-mock</title>
<h1>A stand-in for {host}</h1>
<p>The web site is not part of the mock. A person would see this page of it: <code>{path}</code>
"""

Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]


def routed(app: App, world: str, pages: Counter[str]) -> App:
    """The mock with `world` at its root. Pages of the web site that were asked for are counted in `pages`, and no journal has them:

    that is what crossed the wire of the API.
    """

    async def answer(scope: dict[str, Any], receive: Any, send: Send) -> None:
        host = (
            next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1").partition(":")[0].lower()
        )
        if host in WEB_HOSTS:
            path = scope["raw_path"].decode("latin-1")
            pages[f"{scope['method']} {host}{path}"] += 1
            await show(scope["method"], PAGE.format(host=host, path=escape(path)).encode(), send)
            return
        scope["extensions"]["nemovideo.world"] = world
        await app(scope, receive, send)

    return answer


async def show(method: str, page: bytes, send: Send) -> None:
    """200 for whoever looks, 405 for whoever sends."""
    status = 200 if method in ("GET", "HEAD") else 405
    headers = [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", str(len(page)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": page})
