"""Replies to HTTP: headers, JSON, files, streams. The only place that speaks of status codes and chunks.

JSON is sent as two plain ASGI messages: Starlette's response objects cost as much as everything else together.
Streams go out through sse-starlette, which carries ready bytes, one event a chunk; its own ping is off, since it
holds the wall-clock time and heartbeats belong to the turn.
"""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from email.utils import formatdate
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
from sse_starlette.sse import EventSourceResponse
from starlette.responses import FileResponse
from starlette.types import Message, Receive, Scope, Send

from mock_server import __version__
from mock_server.blobs import Blobs
from mock_server.cases import STREAM_TYPE, StreamCase
from mock_server.domain.errors import RangeNotSatisfiable, ServiceError
from mock_server.domain.ids import Dice
from mock_server.domain.renders import Picture, Render
from mock_server.domain.scene import Asset
from mock_server.domain.settings import Settings
from mock_server.framing import Chunk, Cutter, Framer
from mock_server.lying import BODILESS, Gone, Outlet
from mock_server.media import mp4, still
from mock_server.pacing import Listener, Live
from mock_server.values import FileReply, Reply, StreamReply
from mock_server.varying import encode, with_more

Headers = list[tuple[bytes, bytes]]

_SERVER = f"nemovideo-mock/{__version__}".encode()
#: How many events of a burst may leave before other tasks get their turn.
_BURST = 16
#: Bodies up to this size stand whole in the journal.
JOURNALED_BYTES = 256 * 1024
#: And files up to this one, so that a recording can answer with them.
JOURNALED_FILE_BYTES = 128 * 1024

CONTENT_TYPES = {
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "avi": "video/x-msvideo",
    "webm": "video/webm",
    "mkv": "video/x-matroska",
    "jpg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "m4a": "audio/mp4",
    "aac": "audio/aac",
}


@lru_cache(maxsize=8)
def _date(second: int) -> bytes:
    return formatdate(second, usegmt=True).encode()


def common(now_ms: int) -> Headers:
    """The headers of every answer; the date is the world's."""
    return [(b"date", _date(now_ms // 1000)), (b"server", _SERVER)]


@lru_cache(maxsize=8)
def json_headers(second: int) -> tuple[tuple[str, str], ...]:
    return (*as_text(common(second * 1000)), ("content-type", "application/json"))


def refusal(error: ServiceError, settings: Settings, render: bool) -> Reply:
    """The one error envelope; answers of the render proxy also say `success`."""
    body: dict[str, Any] = {"code": error.code, "message": error.message, "data": None}
    if error.detail:
        body["detail"] = error.detail
    if render:
        body["success"] = False
    return Reply(body, getattr(error.statuses, settings.error_status), error.headers)


def as_text(headers: Headers) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]


async def send_json(live: Live, exchange: int, reply: Reply, send: Send) -> None:
    """Journal the answer, then send it."""
    varied = live.world.varied
    content = reply.body if isinstance(reply.body, bytes) else encode(with_more(reply.body, varied), varied)
    now_ms = live.world.now_ms
    told = [*json_headers(now_ms // 1000), ("content-length", str(len(content))), *reply.headers]
    if reply.headers or reply.status in BODILESS:
        own = {name for name, _ in reply.headers} | ({"content-length"} if reply.status in BODILESS else set())
        told = [field for field in told[:4] if field[0] not in own] + list(reply.headers)
    body = journaled(reply, content) if len(content) <= JOURNALED_BYTES else {"body_bytes": len(content)}
    live.journal.add(now_ms, "response", {"of": exchange, "status": reply.status, "headers": told, **body})
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in told]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def journaled(reply: Reply, content: bytes) -> dict[str, Any]:
    """JSON as JSON, any other body as text; JSON over several lines as both, since an entry is one line."""
    if isinstance(reply.body, bytes) and content[:1] != b"{":
        return {"body": content.decode("utf-8", "replace")}
    if b"\n" in content:
        return {"body": msgspec.json.decode(content), "body_text": content.decode()}
    return {"body": msgspec.Raw(content)}


# streams


async def send_stream(live: Live, exchange: int, reply: StreamReply, scope: Scope, receive: Receive, outlet: Outlet) -> None:
    turn = live.world.turns[reply.turn_id]
    listener = outlet.listener = Listener(turn, exchange, live.world.now_ms, outlet.reset)
    live.listen(listener)
    case = outlet.told_case()
    status, content_type = (case.status, case.content_type) if case else (200, STREAM_TYPE)
    entry = {"of": exchange, "turn": turn.id, "status": status}
    live.journal.add(live.world.now_ms, "stream", entry | ({"case": case.name} if case else {}))
    headers = dict(as_text(common(live.world.now_ms)))
    headers |= {"content-type": content_type, "cache-control": "no-cache"}
    if case and case.ends == "length":
        headers["content-length"] = str(len(case.content) + case.missing)
    body = played(live, listener, outlet, case) if case else chunks(live, listener, outlet)

    async def left(_: Message) -> None:
        live.cut(listener, "client")

    try:
        await Stream(body, status, headers, ping=0, client_close_handler_callable=left)(scope, receive, outlet)
    except Gone:
        pass
    finally:
        live.leave(listener)
        whole = turn.ended_ms is not None and listener.written == len(turn.told)
        if listener.cut in ("", "client"):  # a client leaves, too, when a fault has ended its connection
            by = "fault" if outlet.ended else "server" if whole and not listener.cut else "client"
        else:
            by = listener.cut
        note_end(live, listener, outlet, by, 0 if case else listener.written)


def note_end(live: Live, listener: Listener, outlet: Outlet, by: str, events: int) -> None:
    """How a stream ended, once: by the server before its last byte leaves, so that whoever saw the end finds the evidence."""
    if not listener.noted:
        listener.noted = True
        sent_bytes = outlet.sent if outlet.met else listener.sent_bytes
        fields = {"of": listener.exchange, "by": by, "events": events, "bytes": sent_bytes}
        live.journal.add(live.world.now_ms, "end", fields)


class Stream(EventSourceResponse):
    """sse-starlette's, with two differences, for what they cost each of many streams; drop them when it lets us choose.

    1. One task watches for the client's leaving and cuts the stream, where upstream has a group of three, one for the end of
       the process: our worlds end their streams themselves (`Live.close`).
    2. Chunks are sent without a time-out around each: a client that does not read is the client's affair.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        watching = asyncio.ensure_future(self._listen_for_disconnect(receive))
        try:
            await self._stream_response(send)
        finally:
            watching.cancel()

    async def _send_with_timeout(self, send: Send, message: Message) -> None:
        await send(message)


async def chunks(live: Live, listener: Listener, outlet: Outlet) -> AsyncIterator[bytes]:
    """The bytes of each event as soon as it is told, until the turn ends. Raises Gone."""
    turn, counted = listener.turn, 0
    held: list[Chunk] = []
    framer = Framer(live.world.settings, turn, live.world.seed, live.world.varied)
    while not listener.cut:
        if listener.written < len(turn.told):
            told = turn.told[listener.written]
            made = framer.feed(told)
            if outlet.met and told.event.kind != "heartbeat":
                counted += 1
                made, held = shuffled(outlet, counted, made, held)
            entry = {"of": listener.exchange, "n": listener.written, "event": told.event.kind}
            plain = len(made) == 1 and not made[0].gap_ms
            live.journal.add(told.at_ms, "event", entry | wire_of(made[0].content) if plain else entry)
            if plain:
                yield made[0].content
                listener.sent_bytes += len(made[0].content)
            else:
                async for chunk in paced(live, listener, made):
                    yield chunk
            listener.written += 1
            if outlet.met and told.event.kind != "heartbeat":
                await outlet.at("event", counted)
            if listener.written % _BURST == 0:
                await asyncio.sleep(0)
        elif turn.ended_ms is not None:
            async for chunk in paced(live, listener, held + framer.finish()):
                yield chunk
            if not outlet.met:
                note_end(live, listener, outlet, "server", listener.written)
            return
        else:
            await live.wait_for_more(listener)


async def played(live: Live, listener: Listener, outlet: Outlet, case: StreamCase) -> AsyncIterator[bytes]:
    """The bytes of a stream case at once, and its end when the turn has ended. Raises Gone."""
    turn = listener.turn
    cutter = Cutter(case.chunks, 0, Dice(case.name))
    async for chunk in paced(live, listener, [*cutter.feed(case.content), *cutter.finish()]):
        yield chunk
    while turn.ended_ms is None and not listener.cut:
        listener.written = len(turn.told)
        await live.wait_for_more(listener)
    listener.written = len(turn.told)
    if listener.cut != "client" and (case.ends in ("cut", "reset") or case.missing):
        await outlet.end("reset" if case.ends == "reset" else "close")


def shuffled(outlet: Outlet, number: int, made: list[Chunk], held: list[Chunk]) -> tuple[list[Chunk], list[Chunk]]:
    """Event `number` told twice, or after the one that follows it; gives what to write now and what to hold."""
    if not made:  # the framing still holds it
        return held, []
    for armed in outlet.faults("event", "duplicate", "reorder"):
        if armed.fault.number == number:
            outlet.note(armed)
            if armed.fault.what == "reorder":
                return held, made
            made = made * 2
    return made + held, []


async def paced(live: Live, listener: Listener, made: list[Chunk]) -> AsyncIterator[bytes]:
    """Chunks at their virtual instants."""
    for chunk in made:
        if chunk.gap_ms:
            await live.sleep_until(live.world.now_ms + chunk.gap_ms, listener)
        if listener.cut:
            return
        live.journal.add(live.world.now_ms, "chunk", {"of": listener.exchange, **wire_of(chunk.content)})
        yield chunk.content
        listener.sent_bytes += len(chunk.content)


def wire_of(content: bytes) -> dict[str, str]:
    """Bytes as a journal keeps them: text where they are whole UTF-8, else base64."""
    try:
        return {"wire": content.decode()}
    except UnicodeDecodeError:
        return {"wire_base64": b64encode(content).decode()}


# files


async def send_file(
    live: Live, exchange: int, reply: FileReply, blobs: Blobs, scope: Scope, receive: Receive, send: Send
) -> None:
    path, content_type, etag = file_of(live, reply, blobs)
    headers = dict(as_text(common(live.world.now_ms)))
    headers |= {"etag": f'"{etag}"', "last-modified": formatdate(0, usegmt=True), "content-type": content_type}
    name = reply.source.filename
    response = FileResponse(path, headers=headers, filename=name if reply.attachment else None)
    sent = bytearray()
    size = 0

    async def counted(message: Any) -> None:
        nonlocal size
        if message["type"] == "http.response.start":
            if message["status"] in (400, 416):
                raise RangeNotSatisfiable(headers=tuple(h for h in as_text(message["headers"]) if h[0] == "content-range"))
            entry = {"of": exchange, "status": message["status"], "headers": as_text(message["headers"]), "file": name}
            live.journal.add(live.world.now_ms, "response", entry)
        content = message.get("body", b"")
        size += len(content)
        if size <= JOURNALED_FILE_BYTES:
            sent.extend(content)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            kept = {"body_base64": b64encode(sent).decode()} if size <= JOURNALED_FILE_BYTES else {}
            live.journal.add(live.world.now_ms, "end", {"of": exchange, "by": "server", "bytes": size, **kept})
        await send(message)

    try:
        await response(scope, receive, counted)
    except RangeNotSatisfiable as error:
        await send_json(live, exchange, refusal(error, live.world.settings, False), send)


def file_of(live: Live, reply: FileReply, blobs: Blobs) -> tuple[Path, str, str]:
    """Path, content type and entity tag of a file: an upload's own bytes, or bytes made for it, once."""
    source = reply.source
    if isinstance(source, Asset) and (blob := live.world.blobs.get(source.id)) is not None:
        return blobs.path(blob), CONTENT_TYPES[source.format], source.hash
    if isinstance(source, Render):
        key, picture, kind = f"{live.world.seed}/{source.user_id}/{source.id}", source.picture, "video"
    else:
        key, picture, kind = source.hash or source.id, picture_of(source), source.file_type
    made = blobs.made_file(repr((kind, key, picture)), lambda: MAKERS[kind](picture, mp4.colour_of(key)))
    return made, MADE_TYPES[kind], made.name.removeprefix("made-")


def picture_of(asset: Asset) -> Picture:
    """What is made for a file that nobody uploaded: generated ones, and those behind URLs, which are never fetched."""
    length_ms = max(1, round((asset.duration_s or 1) * 1000))
    return Picture(asset.width or 16, asset.height or 16, min(60, max(1, round(asset.fps or 30))), length_ms, False)


def _film(picture: Picture, colour: tuple[int, int, int]) -> bytes:
    width, height = picture.width, picture.height
    return mp4.write_mp4(
        width=width, height=height, fps=picture.fps, duration_ms=picture.duration_ms, colour=colour, audio=picture.audio
    )


MAKERS: dict[str, Callable[[Picture, tuple[int, int, int]], bytes]] = {
    "video": _film,
    "audio": lambda picture, _: mp4.write_m4a(duration_ms=picture.duration_ms),
    "image": lambda picture, colour: still.write_png(width=picture.width, height=picture.height, colour=colour),
}
MADE_TYPES = {"video": "video/mp4", "audio": "audio/mp4", "image": "image/png"}
