"""The servers to compare with, and the mock with what only a measurement wants: `python -m benchmarks.serving KIND PORT ...`.

Modules are imported inside the functions, so that a bare server carries nothing of the mock.
"""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from mock_server.domain.script import Script
    from mock_server.worlds import Recipe, Worlds

ANSWER = b'{"code":0,"data":{"available":100,"frozen":0,"total":100,"of":"bare"}}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(ANSWER)).encode())]


async def bare_app(scope: "Scope", receive: "Receive", send: "Send") -> None:
    """Reads the body, drops it, answers 70 bytes."""
    if scope["method"] == "POST":
        more = True
        while more:
            more = (await receive()).get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": ANSWER})


def _uvicorn(app: "ASGIApp", port: int) -> None:
    """uvicorn's own protocol on the loop and parser that the mock takes, and everything off that the mock has off."""
    import uvicorn

    uvicorn.run(
        app,
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="critical",
        date_header=False,
        server_header=False,
        backlog=4096,
        proxy_headers=False,
    )


def bare(port: int) -> None:
    _uvicorn(bare_app, port)


def starlette(port: int) -> None:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    async def answer(request: Request) -> JSONResponse:
        return JSONResponse({"code": 0, "data": {"available": 100, "frozen": 0, "total": 100}})

    _uvicorn(Starlette(routes=[Route("/openapi.json", answer)]), port)


def _mock(port: int, recipe: "Recipe") -> "Worlds":
    """Serve until told to stop."""
    from mock_server.serve import open_doors, run_until_signal
    from mock_server.worlds import Worlds

    worlds = Worlds(recipe)
    run_until_signal(worlds, open_doors(port=port, control_port=None), lambda: None)
    return worlds


def _always(script: Callable[[], "Script"]) -> None:
    """Every turn is this one, whatever was said."""
    from mock_server.domain import world

    def direct(*given: Any, **named: Any) -> "Script":
        return script()

    vars(world)["direct"] = direct


def burst(port: int, events: str) -> None:
    """Turns of so many texts, each at an instant of its own, under the instant clock."""
    from mock_server.domain.script import Event, Script, Step
    from mock_server.worlds import Recipe

    count = int(events)
    _always(
        lambda: Script("text", [Step(i * 10, Event("text", f"Word {i} of a long telling.")) for i in range(count)], count * 10)
    )
    _mock(port, Recipe(policy="instant"))


def beats(port: int, seconds: str, journal: str) -> None:
    """Turns of a heartbeat each second, in real time. At the end the first world's clock and journal are written down."""
    import json
    import time
    from pathlib import Path

    from mock_server.domain.director.stage import with_heartbeats
    from mock_server.domain.script import Script
    from mock_server.worlds import Recipe

    ends_ms = int(seconds) * 1000
    _always(lambda: Script("text", with_heartbeats([], ends_ms, 1000), ends_ms))
    live = _mock(port, Recipe(start_ms=int(time.time() * 1000))).live["default"]
    with Path(journal).open("wb") as file:
        file.write(json.dumps({"base_ms": live.clock.base_ms, "base_s": live.clock.base_s}).encode() + b"\n")
        file.writelines(live.journal.lines)


def bounded(port: int, journal_bytes: str) -> None:
    """The mock with a journal so small that it is full soon."""
    from mock_server.worlds import Recipe

    _mock(port, Recipe(journal_bytes=int(journal_bytes)))


def worlds(_: int, count: str) -> None:
    """No server: prints what making worlds costs."""
    import gc
    import json
    from pathlib import Path
    from statistics import median
    from time import perf_counter

    from mock_server.worlds import Worlds

    def resident() -> int:
        gc.collect()
        status = Path("/proc/self/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS"))

    made = Worlds()
    made.create("first")
    before = resident()
    times = []
    for number in range(int(count)):
        began = perf_counter()
        made.create(f"w{number}")
        times.append(perf_counter() - began)
    print(json.dumps({"make_ms": median(times) * 1000, "more_bytes": resident() - before}))


KINDS: dict[str, Callable[..., None]] = {
    "bare": bare,
    "starlette": starlette,
    "burst": burst,
    "beats": beats,
    "bounded": bounded,
    "worlds": worlds,
}

if __name__ == "__main__":
    KINDS[sys.argv[1]](int(sys.argv[2]), *sys.argv[3:])
