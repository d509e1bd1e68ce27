"""An export: look, submit, ask every half a minute, deliver."""

from typing import Any
from urllib.parse import quote
from uuid import UUID

from tests.conformance.legal.asking import Lost
from tests.conformance.legal.client import Client, Refused, member
from tests.conformance.legal.reading import draft_of, exportable
from tests.conformance.legal.users import Wish


async def export(client: Client, wish: Wish) -> None:
    for last in (False, True):
        render_id = await client.mending(lambda: submitted(client), again_when_lost=False)
        if not render_id:
            client.say("nothing_to_export")
            return
        done = await waited(client, render_id)
        if done is None:
            client.say("export_slow")
            return
        if member(done, "status") == "completed":
            await deliver(client, render_id, done)
            return
        client.say("export_failed" if last else "render_failed")


async def submitted(client: Client) -> str:
    """The id of a new render; "" when there is nothing to render. Raises Refused, Lost."""
    state = await client.looked()
    draft = draft_of(state)
    if not exportable(draft):
        return ""
    client.say("exporting")
    render_id = new_id(client)
    body: dict[str, Any] = {
        "id": render_id,
        "sessionId": client.session,
        "draft": draft,
        "output": {"format": "mp4", "quality": "high"},
    }
    try:
        told = await client.call("POST", "/api/render/proxy/lambda", body)
    except Lost:
        if client.habits.asks_lost == "tell":
            raise
        return render_id  # it may have arrived: asking for it costs nothing
    except Refused as refused:
        if refused.code != 409:
            raise
        body["id"] = new_id(client)
        told = await client.call("POST", "/api/render/proxy/lambda", body)
    return str(member(told, "id") or body["id"])


def new_id(client: Client) -> str:
    client.renders += 1
    now_ms = client.desk.now_ms + client.renders
    match client.habits.own_id_style:
        case "ms":
            return f"render_{now_ms}"
        case "s":
            return f"render_{now_ms // 1000}_{client.renders}"
        case "uuid":
            return f"render_{UUID(int=client.dice.getrandbits(128), version=4)}"
        case _:
            return f"r{client.dice.getrandbits(40):x}"


async def waited(client: Client, render_id: str) -> dict[str, Any] | None:
    """The answer about a render that has ended; None after ten questions."""
    halfway = False
    for number in range(client.habits.polls):
        await client.wait(client.habits.poll_s if number else client.habits.first_poll_s)
        try:
            told = await client.mending(
                lambda: client.call("GET", f"/api/render/proxy/lambda/{render_id}"), again_when_lost=False
            )
        except Lost:
            continue
        if member(told, "status") in ("completed", "failed"):
            return told
        progress = member(told, "progress")
        if not halfway and isinstance(progress, int | float) and progress > 25:
            halfway = True
            client.say("halfway", round(progress))
    return None


async def deliver(client: Client, render_id: str, done: dict[str, Any]) -> None:
    url = str(member(done, "outputUrl") or member(done, "output", "url") or "")
    name = await downloaded(client, url, render_id) if client.habits.downloads else ""
    if name:
        client.say("saved", name)
        if client.chance(0.5):
            client.say("link", url)
    elif url:
        client.say("link", url)
    else:
        client.say("no_link")
    await project(client)


async def downloaded(client: Client, url: str, render_id: str) -> str:
    """The name of the file, "" when it did not come; from its link, else from the API."""
    own = f"{client.base}/api/render/proxy/{render_id}/download"
    for source, token in ((url, False), (own, True)):
        if not source:
            continue
        try:
            answer = await client.desk.ask("GET", source, client.headers(token=token))
        except Lost:
            continue
        if answer.status == 200 and answer.content[4:8] == b"ftyp":
            return f"{render_id}.mp4"
        if token and answer.json() and answer.json().get("code") == 1001:
            await client.try_signing_in()
    return ""


async def project(client: Client) -> None:
    body = {"task_id": client.task, "session_id": client.session}
    try:
        told = await client.call("POST", "/api/auth/claim-token", body)
    except Lost:
        return
    except Refused as refused:
        if refused.code == 1001:
            await client.try_signing_in()
        return
    client.say("project", f"{client.env['NEMO_WEB_URL']}/workspace/claim?ct={quote(member(told, 'claim_token'))}")
