"""Uploads, and the questions for credits and status."""

from typing import Any

from tests.conformance.legal.asking import Lost, as_form
from tests.conformance.legal.client import Client, Refused, data_of, understood
from tests.conformance.legal.reading import Piece, draft_of, pieces
from tests.conformance.legal.users import File, Wish

FORMATS = ("mp4", "mov", "avi", "webm", "mkv", "jpg", "png", "gif", "webp", "mp3", "wav", "m4a", "aac")
LIMIT_BYTES = 500 * 2**20


def name(one: File | str) -> str:
    return one.name if isinstance(one, File) else one.rpartition("/")[2]


async def upload(client: Client, wish: Wish) -> None:
    client.say("what")


async def bring(client: Client, wish: Wish) -> bool:
    """Send what came with a message, and say what the service took; whether anything was."""
    good: list[File | str] = list(wish.urls)
    for file in wish.files:
        if file.name.rpartition(".")[2] not in FORMATS:
            client.say("formats", file.name)
        elif max(file.size, len(file.content)) > LIMIT_BYTES:
            client.say("big", file.name)
        else:
            good.append(file)
    if not good:
        return False
    try:
        client.left, client.taken = list(good), []
        await client.mending(lambda: send(client, client.left))
    except Refused as refused:
        code = {415: 4001, 413: 4002}.get(refused.code, refused.code)
        names = ", ".join(map(name, good))
        if code in (4001, 4002):
            client.say("formats" if code == 4001 else "big", names)
            return False
        raise
    except Lost:
        client.say("upload_failed", ", ".join(map(name, good)))
        return False
    client.material += [one for one in good if one not in client.material]
    client.say("uploaded", "; ".join(map(_described, client.taken)))
    return True


def _described(file: dict[str, Any]) -> str:
    long = f", {file['duration']:g} s" if file.get("duration") else ""
    size = f", {file['width']}x{file['height']}" if file.get("width") else ""
    return f"{file.get('filename')} ({file.get('file_type')}{long}{size})"


async def send(client: Client, left: list[File | str]) -> None:
    """Files in one request or in one each, links in another; what was taken is no longer in `left`. Raises Refused, Lost."""
    files = [one for one in left if isinstance(one, File)]
    urls = [one for one in left if isinstance(one, str)]
    path = f"/api/upload-video/nemo_agent/me/{client.session}"
    for group in ([files] if client.habits.one_upload else [[one] for one in files]) if files else ():
        boundary = f"----part{client.dice.getrandbits(64):x}"
        body = as_form([(one.name, one.content, "application/octet-stream") for one in group], boundary)
        headers = client.headers(("Content-Type", f"multipart/form-data; boundary={boundary}"))
        told = understood(await client.desk.ask("POST", client.base + path, headers, body))
        client.taken += told["data"]["files"]
        left[:] = [one for one in left if one not in group]
    if urls:
        told = await client.call("POST", path, {"urls": urls, "source_type": "url"})
        client.taken += told["data"]["files"]


async def credits(client: Client, wish: Wish) -> None:
    await tell_credits(client)


async def tell_credits(client: Client) -> None:
    told = data_of(
        await client.mending(lambda: client.call("GET", "/api/credits/balance/simple")), "available", "frozen", "total"
    )
    client.say("credits", told["available"], told["frozen"], told["total"])


async def status(client: Client, wish: Wish) -> None:
    tell_tracks(client, await client.looked())


def tell_tracks(client: Client, state: dict[str, Any]) -> None:
    found = pieces(draft_of(state))
    if not found:
        names = [str(one.get("filename")) for one in state.get("video_infos") or ()]
        client.say("material" if names else "no_tracks", ", ".join(names))
        return
    lines = [described(client, one) for one in found]
    client.show("\n".join([client.voice("tracks", max(one.track for one in found)), *lines]))


def described(client: Client, one: Piece) -> str:
    voice = client.voice
    span = "" if one.start is None or one.end is None else voice.span(one.start, one.end)
    more = f"{one.volume}%" if one.volume is not None else ""
    named = voice.title(one.text) if one.text else one.name or voice.pick(("unnamed", "未命名"))
    return voice.line(one.track, one.kind, named, span, more)
