"""Faults: armed, looked at, disarmed."""

from dataclasses import asdict
from typing import Any

from mock_server import contract, faults
from mock_server.control.asked import Asked, instant, nearest
from mock_server.domain import world as service
from mock_server.domain.errors import NotFound
from mock_server.faults import Armed, Fault, FaultError

Json = dict[str, Any]


async def list_faults(asked: Asked) -> Json:
    pages = asked.live.faults
    return {"faults": [armed_of(armed) for armed in pages.armed], "unfired": [called(armed) for armed in faults.unfired(pages)]}


async def arm_faults(asked: Asked) -> Json:
    """All of them, or none. Raises FaultError."""
    live, body = asked.live, asked.body
    orders = body.pop("faults", None)
    if orders is None:
        found = [faults.read(body, contract.load())]
    elif body:
        raise FaultError(f"body: give either one fault or a list 'faults', not {next(iter(body))[:80]!r} beside it")
    else:
        found = [read(order, number) for number, order in enumerate(orders)]
    faults.check_room(live.faults, len(found))
    made = [faults.arm(live.faults, fault, live.world.now_ms) for fault in found]
    for armed in made:
        service.note(live.world, "fault.armed", called(armed), fault=asdict(armed.fault))
    return {"faults": [armed_of(armed) for armed in made]}


async def disarm_faults(asked: Asked) -> Json:
    return disarmed(asked, None)


async def disarm_fault(asked: Asked) -> Json:
    """Raises NotFound."""
    wanted = asked.path["fault"]
    known = [word for armed in asked.live.faults.armed for word in (str(armed.id), armed.fault.name) if word]
    if wanted not in known:
        raise NotFound(f"no fault {wanted[:80]!r} is armed in this world{nearest(wanted, known)}")
    return disarmed(asked, wanted)


def disarmed(asked: Asked, wanted: str | None) -> Json:
    gone = faults.disarm(asked.live.faults, wanted)
    for armed in gone:
        service.note(asked.live.world, "fault.disarmed", called(armed), fired=armed.fired)
    return {"disarmed": [armed_of(armed) for armed in gone]}


def read(order: Json, number: int) -> Fault:
    """Raises FaultError, which says which one of a list it is about."""
    try:
        return faults.read(order, contract.load())
    except FaultError as error:
        raise FaultError(f"body.faults[{number}]: {error}") from None


def called(armed: Armed) -> str:
    return armed.fault.name or str(armed.id)


def armed_of(armed: Armed) -> Json:
    return {
        "id": armed.id,
        "fault": asdict(armed.fault),
        "armed_at": instant(armed.armed_ms),
        "armed_ms": armed.armed_ms,
        "chosen": armed.chosen,
        "fired": armed.fired,
    }
