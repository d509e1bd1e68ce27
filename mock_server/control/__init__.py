"""The control port: worlds, time, accounts, journals and open streams, for tests and people, on loopback alone.

`control.yaml` says what can be asked: it is the router and the validator here, as `openapi.yaml` is for the API.
"""

from starlette.applications import Starlette
from starlette.routing import Route

from mock_server.control.door import Door
from mock_server.worlds import Worlds


def create_control(worlds: Worlds, url: str) -> Starlette:
    """The ASGI application over these worlds, whose API answers at `url`. Raises ValueError when control.yaml lacks a function."""
    return Starlette(routes=[Route("/{path:path}", Door(worlds, url))])
