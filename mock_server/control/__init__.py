"""The control port: worlds, time, accounts, journals and open streams, for tests and people, on loopback alone.

`control.yaml` says what can be asked: it is the router and the validator here, as `openapi.yaml` is for the API.
"""

from functools import cache

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.worlds import Worlds


def create_control(worlds: Worlds, url: str) -> Starlette:
    """The ASGI application over these worlds, whose API answers at `url`."""

    @cache
    def door() -> ASGIApp:
        """Built at the first knock: most runs have none, and it takes a tenth of the start-up time."""
        from mock_server.control.door import Door

        return Door(worlds, url)

    async def knock(scope: Scope, receive: Receive, send: Send) -> None:
        await door()(scope, receive, send)

    app = Starlette()
    app.middleware_stack = knock
    return app
