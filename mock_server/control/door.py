"""Who may ask, which function answers, and how its answer is told."""

import re
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mock_server.contract import Contract, parsed
from mock_server.control import clock, faults, people, places, traffic
from mock_server.control.asked import Asked, nearest, read_body, read_query
from mock_server.domain.errors import Forbidden, NotFound, ServiceError, TooLarge
from mock_server.domain.settings import SettingError
from mock_server.faults import FaultError
from mock_server.pacing import Live
from mock_server.worlds import Worlds

MOST_BODY_BYTES = 2**20

_LOOPBACK = r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?"
_HOST = re.compile(_LOOPBACK, re.IGNORECASE)
_ORIGIN = re.compile("https?://" + _LOOPBACK, re.IGNORECASE)

Handler = Callable[[Asked], Awaitable[Any]]

#: One function an operation, under its operationId. It gives the body of the answer, or a whole answer.
HANDLERS: dict[str, Handler] = {
    "get_process": places.get_process,
    "get_ledger": places.get_ledger,
    "list_worlds": places.list_worlds,
    "create_world": places.create_world,
    "get_world": places.get_world,
    "delete_world": places.delete_world,
    "reset_world": places.reset_world,
    "list_checkpoints": places.list_checkpoints,
    "make_checkpoint": places.make_checkpoint,
    "rewind_world": places.rewind_world,
    "fork_world": places.fork_world,
    "get_settings": places.get_settings,
    "change_settings": places.change_settings,
    "get_clock": clock.get_clock,
    "set_clock": clock.set_clock,
    "advance_clock": clock.advance_clock,
    "list_accounts": people.list_accounts,
    "open_account": people.open_account,
    "change_account": people.change_account,
    "change_credits": people.change_credits,
    "list_tokens": people.list_tokens,
    "issue_token": people.issue_token,
    "revoke_token": people.revoke_token,
    "expire_token": people.expire_token,
    "list_sessions": people.list_sessions,
    "forget_session": people.forget_session,
    "get_journal": traffic.get_journal,
    "clear_journal": traffic.clear_journal,
    "wait_for_requests": traffic.wait_for_requests,
    "list_streams": traffic.list_streams,
    "cut_stream": traffic.cut_stream,
    "list_faults": faults.list_faults,
    "arm_faults": faults.arm_faults,
    "disarm_faults": faults.disarm_faults,
    "disarm_fault": faults.disarm_fault,
}
#: The document itself is told by the door, which read it.
DOCUMENT = "get_document"


@cache
def load() -> Contract:
    return Contract(parsed(Path(__file__).parent.with_suffix(".yaml")))


class Door:
    """Raises ValueError when control.yaml and HANDLERS do not match."""

    def __init__(self, worlds: Worlds, url: str, rules: Contract | None = None) -> None:
        self.worlds = worlds
        self.url = url
        self.rules = rules or load()
        lacking = self.rules.operations.keys() ^ {*HANDLERS, DOCUMENT}
        if lacking:
            raise ValueError(f"control.yaml and mock_server/control disagree about: {', '.join(sorted(lacking))}")
        self.statuses = success(self.rules)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self.answer(Request(scope, receive))
        await answer(scope, receive, send)

    async def answer(self, request: Request) -> Response:
        try:
            check_sender(request)
            return await self.handle(request)
        except ServiceError as error:
            return told({"error": error.message}, error.statuses.http, dict(error.headers))
        except (SettingError, FaultError) as error:
            return told({"error": str(error)}, 422)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it

    async def handle(self, request: Request) -> Response:
        """Raises ServiceError, SettingError, FaultError, ClientDisconnect."""
        operation, path = self.rules.route(request.method, request.scope["raw_path"].decode("latin-1"))
        if operation.id == DOCUMENT:
            return told(self.rules.document)
        query = read_query(self.rules, operation, request.scope["query_string"].decode("latin-1"))
        body = read_body(self.rules, operation, await content(request) if operation.bodies else b"")
        asked = Asked(self.worlds, self.url, path, query, body, since=last_event(request))
        if "name" in path:
            asked.world = find_world(self.worlds, path["name"])
            asked.world.catch_up()
        found = await HANDLERS[operation.id](asked)
        if asked.world is not None and operation.method != "GET":
            asked.world.take_note()
            self.worlds.keep(asked.world)
        return found if isinstance(found, Response) else told(found, self.statuses[operation.id])


def success(rules: Contract) -> dict[str, int]:
    """The status each operation answers with when all is well, as the document declares it."""
    declared = (operation for item in rules.document["paths"].values() for operation in item.values() if "responses" in operation)
    return {one["operationId"]: int(min(one["responses"])) for one in declared}


def told(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(body), status, headers, media_type="application/json")


def check_sender(request: Request) -> None:
    """A page in a browser must not reach this port, be it by its own script or by a name it points at us.

    Raises Forbidden.
    """
    hosts, origins = request.headers.getlist("host"), request.headers.getlist("origin")
    if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]):
        given = f"{hosts[0][:80]!r}" if hosts else "missing"
        raise Forbidden(f"header Host: it is {given}; the control port answers to 127.0.0.1, localhost and [::1] alone")
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise Forbidden(f"header Origin: {origin[:80]!r} is another site, and none may use the control port")


async def content(request: Request) -> bytes:
    """Raises TooLarge, ClientDisconnect."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MOST_BODY_BYTES:
            raise TooLarge(f"body: it has more than {MOST_BODY_BYTES} bytes")
    return bytes(raw)


def last_event(request: Request) -> int:
    """Where a follower that lost its connection wants to go on."""
    given = request.headers.get("last-event-id", "")
    return int(given) if re.fullmatch(r"[0-9]{1,18}", given) else 0


def find_world(worlds: Worlds, name: str) -> Live:
    """The world of that name; `default` is there always, since it is made on first use. Raises NotFound."""
    if name == "default":
        return worlds.at(name)
    if name not in worlds.live:
        raise NotFound(f"there is no world {name[:80]!r}{nearest(name, {'default': None, **worlds.live})}")
    return worlds.live[name]
