"""Sessions, their state, and the credits behind them."""

from mock_server.domain import world as service
from mock_server.domain.world import World
from mock_server.values import Call, Reply


def create_session(world: World, call: Call) -> Reply:
    session = service.create_session(world, call.caller, call.body["task_name"], call.body.get("language") or "")
    return Reply({"code": 0, "data": {"task_id": session.task_id, "session_id": session.session_id, "user_id": session.user_id}})


def get_state(world: World, call: Call) -> Reply:
    session = service.find_session(world, call.caller, call.path["session_id"])
    data = {
        "session_id": session.session_id,
        "task_id": session.task_id,
        "task_name": session.task_name,
        "user_id": session.user_id,
        "state": service.state_of(world, session),
    }
    return Reply({"code": 0, "data": data}, unfinished=bool(session.running))


def get_credits(world: World, call: Call) -> Reply:
    balance = service.balance(world, call.caller)
    return Reply({"code": 0, "data": {"available": balance.available, "frozen": balance.frozen, "total": balance.total}})
