"""Export: submit, poll, cancel, download. The render proxy has an envelope of its own, in three shapes (C1)."""

from typing import Any

from mock_server.domain import renders
from mock_server.domain import world as service
from mock_server.domain.errors import ExportBlocked
from mock_server.domain.renders import Render
from mock_server.domain.world import World
from mock_server.values import Call, FileReply, Reply

ATTRIBUTION = ("x-skill-source", "x-skill-version", "x-skill-platform")


def check_attribution(call: Call) -> None:
    """Raises ExportBlocked, naming the missing headers."""
    missing = [name for name in ATTRIBUTION if not call.headers.get(name)]
    if missing:
        names = ", ".join(name.title() for name in missing)
        raise ExportBlocked(f"export is not available: the request lacks {names}")


def submit_render(world: World, call: Call) -> Reply:
    if world.settings.attribution == "export":
        check_attribution(call)
    body = call.body
    session = service.find_session(world, call.caller, body["sessionId"])
    output = body.get("output") or {}
    render = service.submit_render(world, call.caller, session, body["id"], body["draft"], output, call.base_url)
    return answer(world, render)


def get_render(world: World, call: Call) -> Reply:
    reply = answer(world, service.find_render(world, call.caller, call.path["render_id"]))
    reply.unfinished = reply.body.get("status", reply.body.get("data", {}).get("status")) in ("pending", "processing")
    return reply


def cancel_render(world: World, call: Call) -> Reply:
    return answer(world, service.cancel_render(world, call.caller, call.path["render_id"]))


def download_render(world: World, call: Call) -> FileReply:
    render = service.find_render(world, call.caller, call.path["render_id"])
    service.finished_file(world, render)
    return FileReply(render, attachment=True)


def answer(world: World, render: Render) -> Reply:
    """A render as the setting `render_shape` says."""
    now_ms = world.now_ms
    state, done = renders.status(render, now_ms), renders.progress(render, now_ms)
    data: dict[str, Any] = {"id": render.id, "status": state, "progress": done, "createdAt": render.submitted_ms}
    top: dict[str, Any] = {"id": render.id, "status": state, "progress": done}
    if state == "completed":
        data |= {"outputUrl": render.cdn_url, "completedAt": render.ends_ms}
        top["output"] = {"url": render.cdn_url, "duration": render.picture.duration_ms / 1000}
    if state == "failed":
        data["error"] = top["error"] = render.error
    shapes = {
        "superset": {"code": 0, "success": True, "data": data, **top},
        "data": {"success": True, "data": data},
        "top": {"success": True, **top},
    }
    return Reply(shapes[world.settings.render_shape])
