"""The chat: a message in, the telling of its turn out."""

from mock_server.domain import world as service
from mock_server.domain.errors import Unprocessable
from mock_server.domain.world import World
from mock_server.values import Call, StreamReply


def run_sse(world: World, call: Call) -> StreamReply:
    if world.settings.strict_adk:
        as_adk_demands(call.body)
    session = service.find_session(world, call.caller, call.body["session_id"])
    message = "\n".join(part["text"] for part in call.body["new_message"]["parts"])
    return StreamReply(service.start_turn(world, call.caller, session, message, call.base_url).id)


def as_adk_demands(body: dict[str, object]) -> None:
    """What the agent server itself demands (measured on ADK 2.13.0). Raises Unprocessable."""
    for name in ("app_name", "user_id"):
        if name not in body:
            raise Unprocessable(f"body.{name}: is missing", [{"loc": ["body", name], "message": "is missing"}])
    for index, part in enumerate(body["new_message"]["parts"]):  # type: ignore[index]  # validated by the contract
        for key in part.keys() - {"text"}:
            place = ["body", "new_message", "parts", index, key]
            raise Unprocessable(
                f"body.new_message.parts.{index}.{key}: extra_forbidden", [{"loc": place, "message": "extra_forbidden"}]
            )
