"""Servers and clients for tests: factories, so that each test says what its world is like."""

import logging
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from mock_server.domain.settings import Settings, changed
from mock_server.serve import Running, running
from mock_server.worlds import Recipe, Worlds


@dataclass
class Visitor:
    """A client with a token and a session, in a world of its own."""

    http: httpx.Client
    server: Running
    world: str
    token: str
    session_id: str
    task_id: str
    user_id: str

    def say(self, message: str) -> httpx.Response:
        body = {"session_id": self.session_id, "new_message": {"parts": [{"text": message}]}}
        return self.http.post("run_sse", json=body)

    def upload(self, *urls: str) -> httpx.Response:
        return self.http.post(f"api/upload-video/nemo_agent/me/{self.session_id}", json={"urls": list(urls)})

    def upload_files(self, *files: tuple[str, bytes]) -> httpx.Response:
        return self.http.post(f"api/upload-video/nemo_agent/me/{self.session_id}", files=[("files", file) for file in files])

    def state(self) -> dict[str, Any]:
        answer = self.http.get(f"api/state/nemo_agent/me/{self.session_id}/latest").json()
        state: dict[str, Any] = answer["data"]["state"]
        return state

    def credits(self) -> dict[str, int]:
        data: dict[str, int] = self.http.get("api/credits/balance/simple").json()["data"]
        return data

    def render(self, render_id: str = "render_1", **more: Any) -> httpx.Response:
        body = {"id": render_id, "sessionId": self.session_id, "draft": self.state().get("draft"), **more}
        return self.http.post("api/render/proxy/lambda", json=body)

    def poll(self, render_id: str = "render_1") -> dict[str, Any]:
        answer: dict[str, Any] = self.http.get(f"api/render/proxy/lambda/{render_id}").json()
        return answer

    def pass_time(self, seconds: float) -> None:
        live = self.server.worlds.at(self.world)
        self.server.do(lambda: live.advance(live.world.now_ms + int(seconds * 1000)))

    def journal(self, kind: str | None = None) -> list[dict[str, Any]]:
        live = self.server.worlds.at(self.world)
        return self.server.do(lambda: list(live.journal.entries(kind=kind)))


#: Made once: a TLS context of its own costs each client more than the test it serves.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

ATTRIBUTION = {"X-Skill-Source": "music-to-a", "X-Skill-Version": "1.0.0", "X-Skill-Platform": "unknown"}


@pytest.fixture(scope="session")
def server() -> Iterator[Running]:
    """One server for all tests of a process; each test has worlds of its own. Its log must stay clean."""
    complaints: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = complaints.append  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    with running(Worlds(Recipe(policy="instant")), control_port=None) as it:
        yield it
    logging.getLogger().removeHandler(handler)
    said = [record.getMessage() for record in complaints if record.levelno >= logging.ERROR]
    assert [words for words in said if "No space left" not in words] == []  # a test fills a disk


@pytest.fixture
def visit(server: Running, request: pytest.FixtureRequest) -> Iterator[Callable[..., Visitor]]:
    """`visit(policy="instant", **settings)`: a visitor in a new world with those settings."""
    stack = ExitStack()
    made = 0

    def make(policy: str = "instant", headers: dict[str, str] = ATTRIBUTION, **settings: Any) -> Visitor:
        nonlocal made
        made += 1
        name = f"t{abs(hash(request.node.nodeid)) % 10**12}-{made}"
        server.do(lambda: server.worlds.create(name, seed=request.node.name, settings=settings, policy=policy))
        http = stack.enter_context(httpx.Client(base_url=server.world_url(name), headers=headers, timeout=30, verify=NO_TLS))
        data = http.post("api/auth/anonymous-token", headers={"X-Client-Id": "visitor"}).json()["data"]
        http.headers["Authorization"] = f"Bearer {data['token']}"
        made_session = http.post("api/tasks/me/with-session/nemo_agent", json={"task_name": "project"}).json()["data"]
        return Visitor(
            http, server, name, data["token"], made_session["session_id"], made_session["task_id"], made_session["user_id"]
        )

    with stack:
        yield make


def settings_of(**changes: Any) -> Settings:
    return changed(Settings(), changes)
