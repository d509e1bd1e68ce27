"""Random runs, replayed from their tokens: prints one hash of a whole transcript a line. A program, not a test."""

import asyncio
import hashlib
import json
import sys
from random import Random
from typing import Any

from mock_server.app import create_app
from mock_server.domain.settings import Settings, changed
from mock_server.recipe import Recipe, read_token, token_of
from mock_server.worlds import Worlds

MESSAGES = [
    "add lo-fi music at 35%",
    "make a 5 second video about the sea",
    "what can you do?",
    "加一个标题“豆腐”",
    "set the volume to 20%",
    "export",
]
VARIETY: list[dict[str, Any]] = [
    {},
    {"dialect": "adk"},
    {"profile": "strict"},
    {"chunks": "hostile"},
    {"line_end": "mixed"},
    {"silent_rate": 1},
]


async def call(app: Any, method: str, path: str, headers: dict[str, str], body: Any = None) -> list[Any]:
    """One request straight into the application; every ASGI message it sends is part of the transcript."""
    content = json.dumps(body).encode() if body is not None else b""
    told = [
        (name.lower().encode(), value.encode())
        for name, value in {"host": "mock", "content-type": "application/json", **headers}.items()
    ]
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": told,
        "scheme": "http",
    }
    sent: list[Any] = []
    given = [{"type": "http.request", "body": content, "more_body": False}]
    never = asyncio.Event()

    async def receive() -> Any:
        if given:
            return given.pop()
        await never.wait()

    async def send(message: Any) -> None:
        sent.append(message)

    await app({**scope, "client": ("127.0.0.1", 1), "server": ("mock", 80)}, receive, send)
    return sent


def body_of(sent: list[Any]) -> Any:
    return json.loads(b"".join(message.get("body", b"") for message in sent))


async def run(number: int) -> str:
    dice = Random(number)
    recipe = Recipe(seed=str(number), settings=changed(Settings(), dice.choice(VARIETY)), policy="instant")
    worlds = Worlds(read_token(token_of(recipe)))
    app = create_app(worlds)
    transcript = [await call(app, "POST", "/api/auth/anonymous-token", {"x-client-id": "a"})]
    headers = {"authorization": f"Bearer {body_of(transcript[0])['data']['token']}"}
    transcript.append(await call(app, "POST", "/api/tasks/me/with-session/nemo_agent", headers, {"task_name": "x"}))
    session = body_of(transcript[1])["data"]["session_id"]
    for _ in range(dice.randint(1, 3)):
        body = {"session_id": session, "new_message": {"parts": [{"text": dice.choice(MESSAGES)}]}}
        transcript.append(await call(app, "POST", "/run_sse", headers, body))
        transcript.append(await call(app, "GET", f"/api/state/nemo_agent/me/{session}/latest", headers))
    transcript.append([line.decode() for line in worlds.at("default").journal.since()])
    worlds.close()
    return hashlib.sha256(repr(transcript).encode()).hexdigest()


async def main(count: int) -> None:
    for number in range(count):
        print(await run(number))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
