"""A history by seed: a world, a client, a user; and the trace of it."""

import asyncio
from collections.abc import Iterator
from random import Random

from conformance.trace import Trace
from mock_server import faults
from mock_server.contract import Contract, load
from mock_server.domain import world as service
from mock_server.faults import read
from mock_server.pacing import Live
from mock_server.recipe import START_MS
from mock_server.worlds import Worlds
from tests.conformance.legal import choices
from tests.conformance.legal.asking import Desk
from tests.conformance.legal.choices import Habits, Wish
from tests.conformance.legal.client import Client

SKILL = {"name": "music-to-a", "version": "1.0.0", "platforms": ["clawhub", "cursor", "unknown"]}


def history(seed: int, worlds: Worlds, loop: asyncio.AbstractEventLoop, of: type[Client] = Client) -> Trace:
    name = f"legal-{seed}"
    try:
        return loop.run_until_complete(asyncio.wait_for(_lived(seed, name, worlds, of), 60))
    finally:
        if name in worlds.live:
            worlds.delete(name)


async def _lived(seed: int, name: str, worlds: Worlds, of: type[Client]) -> Trace:
    dice = Random(f"legal/{seed}")
    habits, given, wishes = choices.habits(dice), choices.settings(dice), choices.wishes(dice)
    given["public_url"] = f"http://localhost:8747/w/{name}"
    live = worlds.create(name, f"legal/{seed}", given, policy="manual", start_ms=START_MS)
    desk = Desk(worlds, live)
    env = _environment(dice, habits, desk, live)
    for told in choices.faults(dice):
        faults.arm(live.faults, read(told, _contract()), live.world.now_ms)
    live.world.scripted.turns += choices.turns(dice)
    live.world.scripted.renders += choices.renders(dice)
    live.advance(live.world.now_ms)
    shown = {key: value for key, value in env.items() if key.startswith(("NEMO_", "SKILL_"))}
    desk.noted.append((0, {"kind": "given", "at_ms": START_MS, "scenario": name, "covers": [], "skill": SKILL, "env": shown, "rate": 1.0, "started": 1 + sum(wish.restart for wish in wishes)}))
    await _converse(desk, of, habits, env, wishes, dice)
    return Trace(desk.entries(), name)


_LOADED: list[Contract] = []


def _contract() -> Contract:
    if not _LOADED:
        _LOADED.append(load())
    return _LOADED[0]


def _environment(dice: Random, habits: Habits, desk: Desk, live: Live) -> dict[str, str]:
    env = {"NEMO_API_URL": desk.base, "NEMO_WEB_URL": "https://web.nemovideo.test", "SKILL_NAME": SKILL["name"], "SKILL_VERSION": SKILL["version"]}
    if habits.id_from == "environment":
        env["NEMO_CLIENT_ID"] = habits.client_id
    if dice.random() < 0.3:
        account = service.open_account(live.world, dice.choice(("registered", "registered", "anonymous")), None, dice.choice((1000, 1000, 100, 10)))
        env["NEMO_TOKEN"] = service.issue_token(live.world, account, ("*",), dice.choice((7 * 86400, 7 * 86400, 300))).value
        if dice.random() < 0.1:
            service.revoke_token(live.world, env["NEMO_TOKEN"])
    return env


async def _converse(desk: Desk, of: type[Client], habits: Habits, env: dict[str, str], wishes: list[Wish], dice: Random) -> None:
    home: dict[str, str] = {}
    client = of(desk, habits, env, home, dice)
    waiting = list(wishes)
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
                client = of(desk, habits, env, home, dice)
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
