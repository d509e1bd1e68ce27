"""The composition root: one readable `handle`, and the ASGI application around it."""

import logging
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any
from urllib.parse import parse_qs

import msgspec
from starlette.applications import Starlette
from starlette.types import Message, Receive, Scope, Send

from mock_server import contract, faults, intake, wire
from mock_server.contract import Contract, Operation
from mock_server.domain import world as service
from mock_server.domain.errors import HeadersTooLarge, ServiceError, TooLarge, Unprocessable, UriTooLong
from mock_server.endpoints import ENDPOINTS, RENDER
from mock_server.endpoints.renders import check_attribution
from mock_server.journal import safe_headers, safe_query
from mock_server.lying import Gone, Instead, Outlet
from mock_server.pacing import Live
from mock_server.values import AnyReply, Call, FileReply, Reply, StreamReply
from mock_server.worlds import Worlds

MOST_HEADER_BYTES = 64 * 1024
MOST_HEADERS = 200
MOST_TARGET_BYTES = 16 * 1024
LONG_BYTES = 2**20

_HOST = re.compile(r"[A-Za-z0-9._\-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?")

log = logging.getLogger("nemovideo_mock")


class ClientGone(Exception):
    """The client left before its request was whole."""


@dataclass(slots=True)
class Head:
    """A request before its body. `path` is what follows the world's prefix, percent-encoded as it came."""

    method: str
    world: str
    path: str
    query: str
    fields: list[tuple[str, str]]
    headers: dict[str, str]
    base_url: str
    address: str


@dataclass(frozen=True, slots=True)
class Body:
    """A body that is no upload: its bytes, and the JSON in them or why there is none."""

    raw: bytes = b""
    value: Any = None
    fault: str = ""


NO_BODY = Body()


@dataclass(slots=True)
class Visit:
    """One request on its way through: what is known of it grows. `exchange` is its number in the journal."""

    live: Live
    head: Head
    scope: Scope
    receive: Receive
    outlet: Outlet
    operation: Operation | None = None
    body: Body = NO_BODY
    exchange: int = 0
    call: Call | None = None


class App:
    """Raises ValueError when the contract and the endpoints do not match."""

    def __init__(self, worlds: Worlds, rules: Contract | None = None) -> None:
        self.worlds = worlds
        self.contract = rules or contract.load()
        lacking = self.contract.operations.keys() ^ ENDPOINTS.keys()
        if lacking:
            raise ValueError(f"openapi.yaml and mock_server/endpoints disagree about: {', '.join(sorted(lacking))}")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = read_head(scope)
        try:
            live = self.worlds.at(head.world)
        except ServiceError as error:
            live = self.worlds.at("default")
            visit = Visit(live, head, scope, receive, Outlet(live, scope, receive, send))
            await wire.send_json(live, record(visit), wire.refusal(error, live.world.settings, False), send)
        else:
            await self.handle(Visit(live, head, scope, receive, Outlet(live, scope, receive, send)))

    async def handle(self, visit: Visit) -> None:
        """Record, let time pass, validate, answer, send."""
        live, ended_by = visit.live, "fault"
        try:
            reply = await self.reply_to(visit)
            live.take_note()
            self.worlds.keep(live)
            await self.send(visit, await visit.outlet.instead_of(reply))
            return
        except Gone:
            ended_by = "fault"
        except ClientGone:
            ended_by = "client"
        live.journal.add(live.world.now_ms, "end", {"of": visit.exchange, "by": ended_by, "bytes": visit.outlet.sent})

    async def reply_to(self, visit: Visit) -> AnyReply:
        """What the service, or a fault in its place, says. Raises Gone, ClientGone."""
        try:
            return await self.work(visit)
        except Instead as fault:
            return fault.reply
        except ServiceError as error:
            if visit.call is not None:
                self.worlds.blobs.drop(upload.blob for upload in visit.call.uploads)
            render = visit.operation is not None and visit.operation.id in RENDER
            return wire.refusal(error, visit.live.world.settings, render)
        except (Gone, ClientGone):
            raise
        except Exception:
            log.exception("a defect of the mock")
            return Reply({"code": 500, "message": "a defect of the mock; its log says more", "data": None}, 500)
        finally:
            visit.exchange = visit.exchange or record(visit)

    async def work(self, visit: Visit) -> AnyReply:
        """The way of a request that meets no refusal."""
        live, head = visit.live, visit.head
        visit.operation, path = self.find(visit.scope, head)
        visit.body = await read_json(visit.operation, live, head, visit.receive)
        live.catch_up()
        visit.exchange = record(visit)
        if live.faults.armed:
            visit.outlet.meet(visit.exchange, faults.arriving(live.faults, visit.operation.id, live.world.now_ms))
            await visit.outlet.at("before")
        visit.call = call = admit(live, head, visit.operation, path)
        await self.validate(visit, call, visit.operation)
        answer = ENDPOINTS[visit.operation.id]
        reply = answer(live.world, call)
        if call.uploads:
            self.worlds.blobs.arrived(upload.blob for upload in call.uploads)
            taken = [{"filename": upload.filename, "size": upload.size} for upload in call.uploads]
            live.journal.add(live.world.now_ms, "upload", {"of": visit.exchange, "files": taken})
        if isinstance(reply, Reply) and reply.unfinished and live.look_at_unfinished_work():
            reply = answer(live.world, call)  # who polls has waited
        return reply

    def find(self, scope: Scope, head: Head) -> tuple[Operation, dict[str, str]]:
        """Raises HeadersTooLarge, UriTooLong, NotFound, MethodNotAllowed, Unprocessable."""
        headers = scope["headers"]
        if len(headers) > MOST_HEADERS or sum(map(len, chain.from_iterable(headers))) > MOST_HEADER_BYTES:
            raise HeadersTooLarge(f"at most {MOST_HEADERS} header fields and {MOST_HEADER_BYTES} bytes of them")
        if len(head.path) + len(head.query) > MOST_TARGET_BYTES:
            raise UriTooLong(f"at most {MOST_TARGET_BYTES} bytes of path and query")
        return self.contract.route(head.method, head.path)

    async def validate(self, visit: Visit, call: Call, operation: Operation) -> None:
        """Fill in query, body and uploads. Raises Unprocessable, WrongMediaType and the refusals of uploads."""
        head = visit.head
        query = parse_qs(head.query, keep_blank_values=True) if head.query else {}
        if query or operation.checked:
            self.contract.check_parameters(operation, query, head.headers)
        call.query = {name: values[0] for name, values in query.items()}
        if not operation.bodies:
            return
        if self.contract.media_type(operation, head.headers.get("content-type", "")) == "multipart/form-data":
            await self.take_uploads(visit, call)
        else:
            if visit.body.fault:
                raise Unprocessable(visit.body.fault)
            self.contract.check_json(operation, visit.body.value)
            call.body = visit.body.value

    async def take_uploads(self, visit: Visit, call: Call) -> None:
        """Raises FileTooLarge as soon as it is known, SessionNotFound before much is read, and the refusals of `intake`."""
        live, headers = visit.live, visit.head.headers
        given = live.world.settings
        announced = int(headers.get("content-length", LONG_BYTES))
        if announced > given.upload_limit_bytes + intake.FRAMING_BYTES:
            raise intake.too_large(given.upload_limit_bytes)
        if announced >= LONG_BYTES:  # nobody should send 500 MB to hear that there is no such session
            service.find_session(live.world, call.caller, call.path["session_id"])
        pieces = visit.outlet.uploaded(arriving(visit.receive))
        limits = (given.upload_limit_bytes, given.upload_files)
        call.uploads = await intake.receive(headers["content-type"], pieces, self.worlds.blobs, *limits)
        live.catch_up()  # an upload may take its time

    async def send(self, visit: Visit, reply: AnyReply) -> None:
        live, exchange, outlet = visit.live, visit.exchange, visit.outlet
        match reply:
            case StreamReply():
                await wire.send_stream(live, exchange, reply, visit.scope, visit.receive, outlet)
            case FileReply():
                await wire.send_file(live, exchange, reply, self.worlds.blobs, visit.scope, visit.receive, outlet)
            case Reply():
                data = reply.body.get("data") if live.world.settings.top_level_copy and isinstance(reply.body, dict) else None
                if isinstance(data, dict):
                    reply.body = {**data, **reply.body}
                await wire.send_json(live, exchange, reply, outlet if outlet.needed else outlet.send)


def read_head(scope: Scope) -> Head:
    raw_path = scope.get("raw_path") or scope["path"].encode()
    path, world, prefix = raw_path.decode("latin-1"), "default", ""
    if led := scope.get("extensions", {}).get("nemovideo.world"):  # an intercepted connection sees one world, at the root
        world = led
    elif path.startswith("/w/"):
        world, slash, rest = path[3:].partition("/")
        path, prefix = slash + rest or "/", f"/w/{world}"
    fields = wire.as_text(scope["headers"])
    headers = dict(fields)
    server = scope.get("server") or ("127.0.0.1", 80)
    base_url = base(scope["scheme"], headers.get("host", ""), server[0], server[1]) + prefix
    client = scope.get("client") or ("unknown", 0)
    return Head(scope["method"], world, path, scope["query_string"].decode("latin-1"), fields, headers, base_url, client[0])


@lru_cache(maxsize=256)
def base(scheme: str, host: str, address: str, port: int) -> str:
    """How the client addressed us, or, where it says nothing usable, where we listen."""
    return f"{scheme}://{host}" if _HOST.fullmatch(host) else f"{scheme}://{address}:{port}"


async def read_json(operation: Operation, live: Live, head: Head, receive: Receive) -> Body:
    """The body of an operation that takes one, unless it is an upload of files. Raises TooLarge, ClientGone."""
    if not operation.bodies or head.headers.get("content-type", "").lower().lstrip().startswith("multipart/"):
        return NO_BODY
    limit_bytes = live.world.settings.body_limit_bytes
    if int(head.headers.get("content-length", 0)) > limit_bytes:
        raise TooLarge(f"a JSON body has at most {limit_bytes} bytes here")
    message = await receive()
    raw = message.get("body", b"")
    if message["type"] == "http.disconnect" or message.get("more_body"):
        raw = await read_on(message, receive, limit_bytes)
    if len(raw) > limit_bytes:
        raise TooLarge(f"a JSON body has at most {limit_bytes} bytes here")
    if not raw:
        return Body(fault="the body is missing")
    try:
        return Body(raw, msgspec.json.decode(raw))
    except msgspec.DecodeError as error:
        return Body(raw, fault=f"the body is not JSON: {error}")
    except (RecursionError, ValueError) as error:
        return Body(raw, fault=f"the body cannot be read as JSON: {error}")


async def read_on(message: Message, receive: Receive, limit_bytes: int) -> bytes:
    """A body in several messages, or as much of it as shows that it is too long. Raises ClientGone."""
    raw = bytearray()
    while True:
        if message["type"] == "http.disconnect":
            raise ClientGone
        raw += message.get("body", b"")
        if len(raw) > limit_bytes or not message.get("more_body"):
            return bytes(raw)
        message = await receive()


async def arriving(receive: Receive) -> AsyncIterator[bytes]:
    """Pieces of the body. Raises ClientGone."""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        yield message.get("body", b"")
        more = message.get("more_body", False)


def record(visit: Visit) -> int:
    """Journal the request as it came, before anything is judged; gives its number."""
    head, body = visit.head, visit.body
    entry: dict[str, Any] = {
        "method": head.method,
        "path": visit.scope.get("raw_path", b"").decode("latin-1")[:MOST_TARGET_BYTES],
        "query": safe_query(head.query[:MOST_TARGET_BYTES]),
        "operation": visit.operation.id if visit.operation else None,
        "headers": safe_headers(head.fields[:MOST_HEADERS]),
    }
    if len(body.raw) > wire.JOURNALED_BYTES:
        entry["body_bytes"] = len(body.raw)
    elif body.raw:
        entry["body"] = body.raw.decode("utf-8", "backslashreplace") if body.fault else body.value
    return visit.live.journal.add(visit.live.world.now_ms, "request", entry)


def admit(live: Live, head: Head, operation: Operation, path: dict[str, str]) -> Call:
    """Who calls, and may they? Raises BadToken, Forbidden, ExportBlocked."""
    settings = live.world.settings
    call = Call(operation.id, path, {}, head.headers, None, settings.public_url or head.base_url, head.address)
    if operation.secured:
        call.account = service.authenticate(live.world, head.headers.get("authorization"), operation.scope)
        if settings.attribution == "everywhere":
            check_attribution(call)
    return call


def create_app(worlds: Worlds) -> Starlette:
    """The ASGI application over these worlds. The contract routes and `handle` answers every error,

    so ours takes the place of Starlette's router and its two error middlewares, which cost a tenth of a request.
    """
    app = Starlette()
    app.middleware_stack = App(worlds)
    return app
