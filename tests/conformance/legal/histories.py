"""A history by seed: a world, a client, a user; and the trace of it."""

import asyncio
from collections.abc import Iterator
from functools import cache
from random import Random

from conformance.trace import Trace
from mock_server import faults
from mock_server.contract import Contract, load
from mock_server.domain import world as service
from mock_server.recipe import START_MS
from mock_server.worlds import Worlds
from tests.conformance.legal import choices
from tests.conformance.legal.asking import Desk
from tests.conformance.legal.choices import Lot
from tests.conformance.legal.client import Client
from tests.conformance.legal.users import Wish

LONGEST_S = 60
SKILL = {"name": "music-to-a", "version": "1.0.0", "platforms": ["clawhub", "cursor", "unknown"]}


def history(
    seed: int, worlds: Worlds, loop: asyncio.AbstractEventLoop, of: type[Client] = Client, lot: Lot | None = None
) -> Trace:
    """What chance decides is drawn by seed, unless it is told."""
    name, dice = f"legal-{seed}", Random(f"legal/{seed}")
    try:
        return loop.run_until_complete(asyncio.wait_for(_lived(name, worlds, of, lot or choices.lot(dice), dice), LONGEST_S))
    except Exception as error:
        raise RuntimeError(f"the client of seed {seed} failed") from error
    finally:
        if name in worlds.live:
            worlds.delete(name)


async def _lived(name: str, worlds: Worlds, of: type[Client], lot: Lot, dice: Random) -> Trace:
    settings = {"public_url": f"http://localhost:8747/w/{name}", **lot.settings}  # files lie on another host than the API
    live = worlds.create(name, name, settings, policy="manual", start_ms=START_MS)
    desk = Desk(worlds, live)
    env = _environment(lot, desk)
    for told in lot.faults:
        faults.arm(live.faults, faults.read(told, _contract()), live.world.now_ms)
    live.world.scripted.turns += lot.turns
    live.world.scripted.renders += lot.renders
    live.advance(live.world.now_ms)
    given = {
        "scenario": name,
        "covers": [],
        "skill": SKILL,
        "env": env,
        "rate": 1.0,
        "started": 1 + sum(one.restart for one in lot.wishes),
    }
    desk.noted.append((0, {"kind": "given", "at_ms": START_MS, **given}))
    await _converse(desk, of, lot, env, dice)
    return Trace(desk.entries(), name)


@cache
def _contract() -> Contract:
    return load()


def _environment(lot: Lot, desk: Desk) -> dict[str, str]:
    env = {
        "NEMO_API_URL": desk.base,
        "NEMO_WEB_URL": "https://web.nemovideo.test",
        "SKILL_NAME": SKILL["name"],
        "SKILL_VERSION": SKILL["version"],
    }
    if lot.habits.id_from == "environment":
        env["NEMO_CLIENT_ID"] = lot.habits.client_id
    if lot.account:
        kind, credits, life_s, revoked = lot.account
        world = desk.live.world
        token = service.issue_token(world, service.open_account(world, kind, None, credits), ("*",), life_s).value
        env["NEMO_TOKEN"] = token
        if revoked:
            service.revoke_token(world, token)
    return env


async def _converse(desk: Desk, of: type[Client], lot: Lot, env: dict[str, str], dice: Random) -> None:
    home: dict[str, str] = {}
    client = of(desk, lot.habits, env, home, dice)
    waiting = list(lot.wishes)
    queue: list[Wish] = []

    def hear(wish: Wish) -> None:
        desk.note("user", text=wish.text, files=[file.name for file in wish.files])
        queue.append(wish)

    def interrupt() -> None:
        if queue or not busy:
            return
        hear(waiting.pop(0))
        client.voice.zh = queue[0].zh
        client.say("queued")

    busy = False
    while waiting or queue:
        if queue:
            wish = queue.pop(0)
        else:
            wish = waiting.pop(0)
            if wish.restart:
                client = of(desk, lot.habits, env, home, dice)
            await desk.wait(wish.gap_s * 1000)
            hear(wish)
            queue.clear()
        if waiting and waiting[0].during_s is not None:
            desk.due.append((desk.now_ms + round(waiting[0].during_s * 1000), interrupt))
        busy = True
        await client.answer(wish)
        busy = False
        desk.due.clear()
        desk.note("done")
    for path, text in home.items():
        desk.note("file", path=path, size=len(text), text=text)
    desk.note("outcome", how="finished", code=0, stderr="", left=[], unfired=[], forgotten=0, jumped_ms=0)


def histories(first: int, count: int, of: type[Client] = Client) -> Iterator[tuple[int, Trace]]:
    worlds, loop = Worlds(), asyncio.new_event_loop()
    try:
        for seed in range(first, first + count):
            yield seed, history(seed, worlds, loop, of)
    finally:
        worlds.close()
        loop.close()
