"""Nobody who keeps the rules is accused: histories of a legal client, by seed, and the same client with one wrong habit each."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from conformance.trace import Trace
from mock_server.domain.scripted import ScriptedTurn
from mock_server.worlds import Worlds
from tests.conformance.legal import choices
from tests.conformance.legal.choices import Lot
from tests.conformance.legal.client import Client, Refused
from tests.conformance.legal.histories import history
from tests.conformance.legal.judging import judged, never_met, objections
from tests.conformance.legal.users import File, Wish, sample

HISTORIES = 300
#: Met so seldom that a few hundred histories may do without them.
RARE = 15


def test_no_rule_objects_to_a_legal_history() -> None:
    found = judged(0, HISTORIES)
    assert found.objections == []
    assert len(never_met(found)) <= RARE, "the histories have become trivial"


def test_a_seed_gives_one_history() -> None:
    assert lived(7).entries == lived(7).entries


# wrong habits

VIDEO = File("video.mp4", sample("video.mp4"))
EDIT = Wish("edit", "add calm background music at 35%", files=[VIDEO])
EXPORT = Wish("export", "export the video")
DROP = {"what": "close", "operation": "run_sse", "at": "event", "number": 1, "times": 1}
LIMITED = {"what": "rate_limit", "operation": "issue_anonymous_token", "at": "before", "times": 1}


def lived(seed: int, of: type[Client] = Client, lot: Lot | None = None) -> Trace:
    worlds, loop = Worlds(), asyncio.new_event_loop()
    try:
        return history(seed, worlds, loop, of, lot)
    finally:
        worlds.close()
        loop.close()


def plain(*wishes: Wish, faults: tuple[dict[str, Any], ...] = (), turns: tuple[ScriptedTurn, ...] = (), **wrong: Any) -> Lot:
    """A plain world, and habits of which some may be wrong."""
    habits = replace(choices.habits(Random(1)), id_from="memory", extra_looks=0, downloads=False, looks_after=1.0)
    settings = {"silent_rate": 0.0, "render_s": (65.0, 65.0)}
    return Lot([*wishes], replace(habits, **wrong), settings, [*faults], [*turns])


class SendsAgain(Client):
    async def answer(self, wish: Wish) -> None:
        await super().answer(wish)
        if any(told["kind"] == "say" and "connection" in told["text"] for _, told in self.desk.noted):
            await super().answer(replace(wish, files=[]))


class DodgesTheLimit(Client):
    def client_id(self) -> str:
        return choices.own_id(self.dice)


class AsksForATokenEachTime(Client):
    async def answer(self, wish: Wish) -> None:
        if self.token:
            with suppress(Refused):
                await self.call("POST", "/api/auth/anonymous-token", None, ("X-Client-Id", self.client_id()), token=False)
        await super().answer(wish)


class NamesItself(Client):
    def headers(self, *more: tuple[str, str], token: bool = True) -> list[tuple[str, str]]:
        return [(name, "my-agent" if name == "X-Skill-Source" else value) for name, value in super().headers(*more, token=token)]


class TellsTheToken(Client):
    def show(self, text: str) -> None:
        super().show(text.replace("?ct=", f"?token={self.token}&ct="))


class ChangesTheDraft(Client):
    async def call(self, method: str, path: str, body: Any = None, *more: tuple[str, str], token: bool = True) -> dict[str, Any]:
        if body and "draft" in body:
            body = {**body, "draft": {**body["draft"], "d": 1}}
        return await super().call(method, path, body, *more, token=token)


class ExportsByChat(Client):
    async def answer(self, wish: Wish) -> None:
        await super().answer(replace(wish, kind="edit") if wish.kind == "export" else wish)


class ShowsRawAnswers(Client):
    async def state(self) -> dict[str, Any]:
        told = await super().state()
        self.show('{"code": 0, "data": {"state": "..."}}')
        return told


LONG = ScriptedTurn(takes_s=400.0)
FLAWS: dict[str, tuple[str, type[Client], Callable[[], Lot], dict[str, Any]]] = {
    "polls every ten seconds": ("NV-103", Client, lambda: plain(EDIT, EXPORT), {"first_poll_s": 5, "poll_s": 10}),
    "waits three seconds after 429": ("NV-009", Client, lambda: plain(EDIT, faults=(LIMITED,)), {"retry_s": 3}),
    "asks under another id after 429": ("NV-010", DodgesTheLimit, lambda: plain(EDIT, faults=(LIMITED,)), {}),
    "looks five seconds after a drop": ("NV-072", Client, lambda: plain(EDIT, faults=(DROP,)), {"first_look_s": 5}),
    "sends again after a drop": ("NV-071", SendsAgain, lambda: plain(EDIT, faults=(DROP,)), {}),
    "says nothing while it waits": ("NV-053", Client, lambda: plain(EDIT, turns=(LONG,)), {"notice_s": 800}),
    "hangs up after four minutes": ("NV-050", Client, lambda: plain(EDIT, turns=(LONG,)), {"turn_s": 240}),
    "asks for a token each time": ("NV-006", AsksForATokenEachTime, lambda: plain(EDIT, EXPORT), {}),
    "names another source": ("NV-022", NamesItself, lambda: plain(EDIT, EXPORT), {}),
    "puts the token into a link": ("NV-016", TellsTheToken, lambda: plain(EDIT, EXPORT), {}),
    "changes the draft": ("NV-098", ChangesTheDraft, lambda: plain(EDIT, EXPORT), {}),
    "exports by chat": ("NV-037", ExportsByChat, lambda: plain(EDIT, EXPORT), {}),
    "shows raw answers": ("NV-015", ShowsRawAnswers, lambda: plain(EDIT, EXPORT), {}),
}


@pytest.mark.parametrize("name", FLAWS)
def test_one_wrong_habit_breaks_its_rule_alone(name: str) -> None:
    rule, of, lot, wrong = FLAWS[name]
    assert objections(lived(1, Client, lot())) == {}
    flawed = lot()
    flawed.habits = replace(flawed.habits, **wrong)
    assert list(objections(lived(1, of, flawed))) == [rule]
