"""Draft."""

from starlette.applications import Starlette

from mock_server.worlds import Worlds


def create_control(worlds: Worlds, url: str) -> Starlette:
    return Starlette()
