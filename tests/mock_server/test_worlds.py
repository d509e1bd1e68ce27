"""Worlds keep to themselves: side by side or alone, now or after a rewind, here or in another process, the same bytes."""

import asyncio
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import pytest

from mock_server import faults, pacing
from mock_server import worlds as worlds_module
from mock_server.app import create_app
from mock_server.blobs import Blobs
from mock_server.domain.errors import Conflict, NotFound, Unprocessable
from mock_server.domain.settings import SettingError
from mock_server.pacing import Live
from mock_server.snapshot import freeze
from mock_server.store import StateError, Store
from mock_server.worlds import START_MS, Recipe, Worlds

T = TypeVar("T")
Answer = tuple[int, list[tuple[bytes, bytes]], tuple[bytes, ...]]

ATTRIBUTION = {"X-Skill-Source": "music-to-a", "X-Skill-Version": "1.0.0", "X-Skill-Platform": "unknown"}
VARIETY: tuple[dict[str, Any], ...] = (
    {},
    {"profile": "strict"},
    {"dialect": "adk", "silent_rate": 1},
    {"dialect": "text", "chunks": "hostile"},
    {"no_credits": "stream", "heartbeat_forms": "comment,word", "line_end": "mixed"},
    {"concurrent_turns": "queue", "free_credits": 300},
)
MESSAGES = (
    "add lo-fi background music",
    "Make a 5 second video of the sea",
    "what can you do?",
    "加一个标题“豆腐”",
    "cut the first second",
)
URLS = ("https://files.test/clip.mp4", "https://files.test/song.mp3", "https://files.test/setup.exe")
CLIP = Path(__file__).parents[2] / "fixtures/media/samples/picture.png"


def body_of(answer: Answer) -> Any:
    return json.loads(b"".join(answer[2]))


async def call(
    app: Any, method: str, path: str, headers: dict[str, str], content: bytes = b"", whole: Awaitable[Any] | None = None
) -> Answer:
    """One request put straight into the application. The body's last byte arrives when `whole` is there."""
    told = [(name.lower().encode(), value.encode()) for name, value in {"Host": "mock.test", **headers}.items()]
    scope = {"type": "http", "http_version": "1.1", "scheme": "http", "method": method, "path": path, "raw_path": path.encode()}
    scope |= {"query_string": b"", "headers": told, "client": ("127.0.0.1", 1), "server": ("mock.test", 80)}
    pieces = [content[:-1], content[-1:]] if whole is not None else [content]
    sent: list[Any] = []

    async def receive() -> Any:
        if not pieces:
            return await asyncio.Event().wait()
        if len(pieces) == 1 and whole is not None:
            await whole
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent[0]["status"], list(sent[0]["headers"]), tuple(message.get("body", b"") for message in sent[1:])


@dataclass
class Client:
    """Somebody who calls one world, and remembers all answers."""

    app: Any
    world: str
    dice: Random
    headers: dict[str, str] = field(default_factory=lambda: dict(ATTRIBUTION))
    session: str = ""
    transcript: list[Answer] = field(default_factory=list)

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        content = b"" if body is None else json.dumps(body).encode()
        given = {**self.headers, "Content-Type": "application/json", **headers}
        answer = await call(self.app, method, f"/w/{self.world}{path}", given, content)
        self.transcript.append(answer)
        return answer

    async def enter(self) -> None:
        data = body_of(await self.ask("POST", "/api/auth/anonymous-token", **{"X-Client-Id": "somebody"}))["data"]
        self.headers["Authorization"] = f"Bearer {data['token']}"
        made = await self.ask("POST", "/api/tasks/me/with-session/nemo_agent", {"task_name": "project"})
        self.session = body_of(made)["data"]["session_id"]

    async def say(self, message: str) -> Answer:
        return await self.ask("POST", "/run_sse", {"session_id": self.session, "new_message": {"parts": [{"text": message}]}})

    async def state(self) -> Any:
        return body_of(await self.ask("GET", f"/api/state/nemo_agent/me/{self.session}/latest"))["data"]["state"]

    async def upload(self, url: str) -> Answer:
        return await self.ask("POST", f"/api/upload-video/nemo_agent/me/{self.session}", {"urls": [url]})

    async def upload_file(self, whole: Awaitable[Any] | None = None) -> Answer:
        head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="picture.png"\r\n\r\n'
        path = f"/w/{self.world}/api/upload-video/nemo_agent/me/{self.session}"
        given = {**self.headers, "Content-Type": "multipart/form-data; boundary=x"}
        return await call(self.app, "POST", path, given, head + CLIP.read_bytes() + b"\r\n--x--\r\n", whole)

    async def wander(self, steps: int) -> None:
        """Whatever comes to mind."""
        for _ in range(steps):
            for _ in range(self.dice.randrange(4)):
                await asyncio.sleep(0)
            match self.dice.randrange(8):
                case 0 | 1 | 2:
                    await self.say(self.dice.choice(MESSAGES))
                case 3:
                    await self.upload(self.dice.choice(URLS))
                case 4:
                    await self.state()
                case 5:
                    await self.ask("GET", "/api/credits/balance/simple")
                case 6:
                    body = {
                        "id": f"render_{self.dice.randrange(2)}",
                        "sessionId": self.session,
                        "draft": (await self.state()).get("draft") or {},
                    }
                    await self.ask("POST", "/api/render/proxy/lambda", body)
                case _:
                    await self.ask("GET", f"/api/render/proxy/lambda/render_{self.dice.randrange(2)}")


def run(work: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner() as runner:
        return runner.run(work)


@asynccontextmanager
async def served(recipe: Recipe | None = None, **parts: Any) -> AsyncIterator[tuple[Worlds, Any]]:
    worlds = Worlds(recipe or Recipe(policy="instant"), **parts)
    try:
        yield worlds, create_app(worlds)
    finally:
        worlds.close()


async def visit(app: Any, world: str, steps: int = 4) -> Client:
    """A client whose world and whims are drawn from the world's name."""
    client = Client(app, world, Random(world))
    await client.enter()
    await client.wander(steps)
    return client


async def listening(live: Live, saying: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """A client whose stream is open."""
    task = asyncio.create_task(saying)
    while not live.streams():
        await asyncio.sleep(0)
    return task


def begin(worlds: Worlds, name: str, **settings: Any) -> Live:
    return worlds.create(name, settings={**Random(name).choice(VARIETY), **settings})


def frozen(live: Live) -> bytes:
    return freeze(live.world, live.faults)


# one among a thousand


async def side_by_side(names: list[str], order: int) -> dict[str, list[Answer]]:
    """All worlds in one process, their clients taking turns at random."""
    async with served() as (worlds, app):
        for name in Random(order).sample(names, len(names)):
            begin(worlds, name)
        clients = await asyncio.gather(*(visit(app, name) for name in Random(order + 1).sample(names, len(names))))
        return {client.world: client.transcript for client in clients}


async def alone(name: str) -> list[Answer]:
    async with served() as (worlds, app):
        begin(worlds, name)
        return (await visit(app, name)).transcript


def digest(transcripts: dict[str, list[Answer]]) -> str:
    return hashlib.sha256(repr(sorted(transcripts.items())).encode()).hexdigest()


def test_a_thousand_worlds_do_not_meet() -> None:
    """Each gives the same bytes, headers and chunks as if it were the only one, however the others come between: looked at in every
    twentieth, in all by `make certify`."""
    names = [f"world-{number}" for number in range(1000)]

    together = run(side_by_side(names, order=1))

    assert len(together) == 1000
    for name in names if os.environ.get("CERTIFY") else names[::20]:
        assert together[name] == run(alone(name)), name
    assert len({repr(transcript) for transcript in together.values()}) == 1000


def test_another_process_gives_the_same_bytes() -> None:
    """Nothing depends on the order of hashes, on addresses in memory, or on the wall clock."""
    names = [f"world-{number}" for number in range(60)]
    program = (
        "from tests.mock_server.test_worlds import digest, run, side_by_side\n"
        f"print(digest(run(side_by_side({names!r}, order=2))))"
    )
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": str(root), "TZ": "Asia/Tokyo"}

    there = subprocess.run(
        [sys.executable, "-c", program], cwd=root, env=environment, capture_output=True, text=True, timeout=120, check=True
    )

    assert there.stdout.strip() == digest(run(side_by_side(names, order=1)))


# made, named, bounded


def test_a_world_begins_when_it_is_first_called() -> None:
    """By its path alone; without one it is the world `default`; each has a seed of its own."""

    async def work() -> None:
        async with served(Recipe(seed="7", policy="instant")) as (worlds, app):
            assert worlds.live == {}
            await visit(app, "one", 0)
            await call(app, "GET", "/openapi.json", {})
            assert {name: live.world.seed for name, live in worlds.live.items()} == {"one": "7/one", "default": "7"}

    run(work())


@pytest.mark.parametrize("name", ["a", "0", "World_1.2~x-y", "x" * 64])
def test_good_names(name: str) -> None:
    """Letters, digits and . _ ~ - name a world, which tells URLs that begin so."""

    async def work() -> None:
        async with served() as (_, app):
            client = await visit(app, name, 0)
            answer = body_of(await client.upload(URLS[0]))
            assert answer["data"]["files"][0]["cdn_url"].startswith(f"http://mock.test/w/{name}/cdn/")

    run(work())


@pytest.mark.parametrize("name", ["", ".", "..", "-a", "a b", "a%20b", "%61", "x" * 65, "é", "a\n"])
def test_bad_names(name: str) -> None:
    """What cannot be a name is 404, in the one envelope, and makes no world; it is noted in `default`."""

    async def work() -> None:
        async with served() as (worlds, app):
            status, _, _ = answer = await call(app, "GET", f"/w/{name}/api/credits/balance/simple", {})
            assert (status, body_of(answer)["code"], list(worlds.live)) == (404, 404, ["default"])
            assert [e["kind"] for e in worlds.at("default").journal.entries() if e["kind"] != "world"] == ["request", "response"]
            for make in (worlds.create, worlds.at):
                with pytest.raises(NotFound):
                    make(name)

    run(work())


def test_a_process_has_room_for_so_many_worlds(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more is refused, and the others go on; deleting makes room."""
    monkeypatch.setattr(worlds_module, "MOST_WORLDS", 3)

    async def work() -> None:
        async with served() as (worlds, app):
            clients = [await visit(app, name, 0) for name in ("default", "one", "two")]
            assert (await call(app, "GET", "/w/three/openapi.json", {}))[0] == 409
            assert (await clients[1].ask("GET", "/api/credits/balance/simple"))[0] == 200
            worlds.delete("two")
            assert (await call(app, "GET", "/w/three/openapi.json", {}))[0] == 200

    run(work())


def test_a_world_is_made_once() -> None:
    """A second of that name, a setting that does not exist, a world that is not there: each is refused by name."""

    async def work() -> None:
        async with served() as (worlds, _):
            worlds.create("one", seed="5", settings={"free_credits": 7}, policy="manual", start_ms=0)
            live = worlds.at("one")
            assert (live.world.seed, live.world.settings.free_credits, live.world.now_ms, live.clock.policy) == (
                "5",
                7,
                0,
                "manual",
            )
            with pytest.raises(Conflict, match="'one'"):
                worlds.create("one")
            with pytest.raises(SettingError, match="fre_credits"):
                worlds.create("two", settings={"fre_credits": 1})
            for missing in (worlds.known, worlds.delete, worlds.reset):
                with pytest.raises(NotFound, match="'two'"):
                    missing("two")
            assert list(worlds.live) == ["one"]

    run(work())


def test_a_world_that_was_deleted_begins_anew() -> None:
    """The same name then is the same beginning: same seed, same instant, same token; the old one opens nothing else."""

    async def work() -> None:
        async with served() as (worlds, app):
            first = await visit(app, "one")
            other = await visit(app, "other", 0)
            worlds.delete("one")
            again = await visit(app, "one")
            assert again.transcript == first.transcript
            assert (await Client(app, "other", Random(0), first.headers).ask("GET", "/api/credits/balance/simple"))[0] == 401
            assert (await other.ask("GET", "/api/credits/balance/simple"))[0] == 200

    run(work())


def test_a_reset_is_the_beginning() -> None:
    """Same seed, settings, clock and instant, so the same bytes; the journal goes on."""

    async def work() -> None:
        async with served() as (worlds, app):
            live = begin(worlds, "one", free_credits=70)
            first = await visit(app, "one")
            seen = live.journal.last
            live.set_clock("manual", 3.0)

            assert worlds.reset("one") is live
            assert live.clock.policy == "instant"
            assert (await visit(app, "one")).transcript == first.transcript
            entries = list(live.journal.entries(since=seen))
            assert [entry["seq"] for entry in entries] == list(range(seen + 1, live.journal.last + 1))
            assert "world.reset" in [entry.get("what") for entry in entries]

    run(work())


# checkpoints, rewinds, forks


@pytest.mark.parametrize("number", range(8))
def test_after_a_rewind_all_is_as_it_was(number: int) -> None:
    """Asked the same again, the world gives the same bytes; as often as one likes; what was between leaves no trace."""

    async def work() -> None:
        async with served() as (worlds, app):
            live = begin(worlds, f"world-{number}")
            client = await visit(app, live.world.name)
            worlds.checkpoint(live.world.name, "here")
            before, seen, whims = frozen(live), len(client.transcript), client.dice.getstate()
            tellings = []
            for _ in range(3):
                await client.wander(4)
                tellings.append(client.transcript[seen:])
                await client.wander(number)
                worlds.rewind(live.world.name, "here")
                assert frozen(live) == before
                client.dice.setstate(whims)
                del client.transcript[seen:]
            assert tellings[0] == tellings[1] == tellings[2]

    run(work())


@pytest.mark.parametrize("number", range(8))
@pytest.mark.parametrize("label", [None, "here"])
def test_a_fork_meets_the_same_fate(number: int, label: str | None) -> None:
    """Asked the same, original and copy give the same bytes, whichever is asked first, and neither notices the other."""

    async def work() -> None:
        async with served() as (worlds, app):
            live = begin(worlds, f"world-{number}", public_url="http://mock.test")
            client = await visit(app, live.world.name)
            worlds.checkpoint(live.world.name, "here")
            twin = Client(app, "twin", Random(), client.headers, client.session)
            twin.dice.setstate(client.dice.getstate())
            if label is not None:
                await client.wander(2)
            worlds.fork(live.world.name, "twin", label)
            if label is not None:
                worlds.rewind(live.world.name, label)
                client.dice.setstate(twin.dice.getstate())
            before = frozen(live)

            await twin.wander(4)
            assert frozen(live) == before
            after = frozen(worlds.at("twin"))
            seen = len(client.transcript)
            await client.wander(4)

            assert client.transcript[seen:] == twin.transcript
            assert frozen(worlds.at("twin")) == after

    run(work())


def test_a_turn_that_runs_is_part_of_a_checkpoint() -> None:
    """After a rewind, and in a fork, it goes on from there: once, whole, charged once."""

    async def work() -> None:
        async with served(Recipe(policy="manual")) as (worlds, app):
            client = await visit(app, "one", 0)
            live = worlds.at("one")
            stream = await listening(live, client.say("Make a 5 second video of the sea"))
            await live.advance_and_write(START_MS + 60_000)
            worlds.checkpoint("one", "half way")
            worlds.fork("one", "twin")
            await live.advance_and_write(START_MS + 600_000)
            first = body_of(await client.ask("GET", "/api/credits/balance/simple")), await client.state(), len((await stream)[2])

            worlds.rewind("one", "half way")
            twin = Client(app, "twin", Random(), client.headers, client.session)
            for somebody in (client, twin):
                world = worlds.at(somebody.world)
                assert world.world.now_ms == START_MS + 60_000
                assert body_of(await somebody.ask("GET", "/api/credits/balance/simple"))["data"]["frozen"] == 100
                world.advance(START_MS + 600_000)
                again = body_of(await somebody.ask("GET", "/api/credits/balance/simple")), await somebody.state()
                there = json.dumps(again).replace("/w/twin/", "/w/one/")  # a fork's files are its own
                assert json.loads(there) == json.loads(json.dumps(first[:2]))
                (turn,) = world.world.turns.values()
                assert len(turn.told) + 1 == first[2]

    run(work())


def test_labels() -> None:
    """A label set again is the newer instant; an unknown one is refused with those there are; there are only so many."""

    async def work() -> None:
        async with served() as (worlds, app):
            await visit(app, "one", 0)
            live = worlds.at("one")
            for now_ms in (START_MS, START_MS + 5000):
                live.advance(now_ms)
                worlds.checkpoint("one", "here")
            worlds.checkpoint("one", "there")
            live.advance(START_MS + 9000)

            assert worlds.rewind("one", "here").world.now_ms == START_MS + 5000
            with pytest.raises(NotFound, match=r"'elsewhere'.*here, there"):
                worlds.rewind("one", "elsewhere")
            with pytest.raises(NotFound, match="'elsewhere'"):
                worlds.fork("one", "two", "elsewhere")
            for number in range(worlds_module.MOST_CHECKPOINTS - 2):
                worlds.checkpoint("one", str(number))
            worlds.checkpoint("one", "here")
            with pytest.raises(Conflict):
                worlds.checkpoint("one", "one too many")

    run(work())


def test_a_fork_needs_a_name_of_its_own() -> None:
    """One that is taken, or can be none, is refused, and nothing is made."""

    async def work() -> None:
        async with served() as (worlds, _):
            worlds.create("one")
            worlds.create("two")
            with pytest.raises(Conflict):
                worlds.fork("one", "two")
            with pytest.raises(Unprocessable):
                worlds.fork("one", "../three")
            with pytest.raises(NotFound):
                worlds.fork("none", "three")
            assert list(worlds.live) == ["one", "two"]

    run(work())


# the state file


async def wandered(worlds: Worlds, app: Any, name: str, then: int) -> Client:
    """A visit of two parts, the second of `then` steps."""
    begin(worlds, name)
    client = await visit(app, name, 3)
    await client.wander(then)
    return client


@pytest.mark.parametrize("number", range(6))
def test_a_state_file_makes_no_difference(tmp_path: Path, number: int) -> None:
    """A run that was interrupted and taken up by another process gives the bytes of one that was not."""
    name, path = f"world-{number}", tmp_path / "state.db"

    async def first() -> Client:
        async with served(store=Store(path)) as (worlds, app):
            return await wandered(worlds, app, name, 0)

    async def second(client: Client) -> tuple[list[Answer], list[bytes]]:
        async with served(store=Store(path)) as (worlds, client.app):
            await client.wander(3)
            return client.transcript, list(worlds.at(name).journal.since())

    async def uninterrupted() -> tuple[list[Answer], list[bytes]]:
        async with served() as (worlds, app):
            return (await wandered(worlds, app, name, 3)).transcript, list(worlds.at(name).journal.since())

    assert run(second(run(first()))) == run(uninterrupted())


def test_everything_survives(tmp_path: Path) -> None:
    """Records, clock, checkpoints, journal and files are there again, and what was deleted is not."""
    path, folder = tmp_path / "state.db", tmp_path / "files"

    def facts(worlds: Worlds) -> dict[str, Any]:
        return {
            name: (
                frozen(live),
                live.clock.policy,
                live.clock.rate,
                live.checkpoints,
                list(live.journal.since()),
                live.journal.span(),
            )
            for name, live in worlds.live.items()
        }

    async def before() -> tuple[dict[str, Any], Client, bytes]:
        async with served(blobs=Blobs(folder), store=Store(path)) as (worlds, app):
            for name in ("one", "two", "gone"):
                begin(worlds, name)
                client = await visit(app, name)
                worlds.checkpoint(name, "here")
                await client.wander(1)
                worlds.checkpoint(name, "there")
            faults.arm(worlds.at("two").faults, faults.Fault("close", "get_file"), START_MS)
            worlds.at("two").set_clock("manual", 20.0)
            worlds.at("two").advance(worlds.at("two").world.now_ms + 12_345)
            worlds.checkpoint("one", "here")
            client = await visit(app, "three", 0)
            url = body_of(await client.upload_file())["data"]["files"][0]["cdn_url"]
            file = await call(app, "GET", url.removeprefix("http://mock.test"), {})
            worlds.delete("gone")
            return facts(worlds), client, b"".join(file[2])

    async def after(client: Client) -> tuple[dict[str, Any], bytes]:
        async with served(blobs=Blobs(folder), store=Store(path)) as (worlds, client.app):
            told = facts(worlds)
            url = (await client.state())["video_infos"][0]["cdn_url"]
            file = await call(client.app, "GET", url.removeprefix("http://mock.test"), {})
            return told, b"".join(file[2])

    told, client, file = run(before())
    again, file_again = run(after(client))

    assert list(again) == ["one", "two", "three"]
    assert again == told
    assert file_again == file == CLIP.read_bytes()


def test_each_answer_is_in_the_file_before_it_leaves(tmp_path: Path) -> None:
    """A process that is killed after an answer takes nothing of it along."""

    async def work() -> None:
        async with served(store=Store(tmp_path / "state.db")) as (worlds, app):
            client = await visit(app, "one", 0)
            await client.upload(URLS[0])
            for end in ("", "-wal"):  # as a process that is killed now leaves it
                (tmp_path / f"killed.db{end}").write_bytes((tmp_path / f"state.db{end}").read_bytes())
            reader = Worlds(store=Store(tmp_path / "killed.db"))
            assert freeze(reader.at("one").world, reader.at("one").faults) == frozen(worlds.at("one"))
            reader.close()

    run(work())


def test_a_running_turn_goes_on_in_another_process(tmp_path: Path) -> None:
    """Its stream ends with the process; the turn waits for time to pass again, changes the draft, and is charged once."""
    path, recipe = tmp_path / "state.db", Recipe(policy="manual")

    async def first() -> Client:
        async with served(recipe, store=Store(path)) as (worlds, app):
            client = await visit(app, "one", 0)
            live = worlds.at("one")
            stream = await listening(live, client.say("Make a 5 second video of the sea"))
            await live.advance_and_write(START_MS + 30_000)
            worlds.close()
            await stream
            return client

    async def second(client: Client) -> None:
        async with served(recipe, store=Store(path)) as (worlds, client.app):
            live = worlds.at("one")
            assert (live.world.now_ms, live.clock.policy) == (START_MS + 30_000, "manual")
            assert body_of(await client.ask("GET", "/api/credits/balance/simple"))["data"] == {
                "available": 0,
                "frozen": 100,
                "total": 100,
            }
            live.advance(START_MS + 600_000)
            assert body_of(await client.ask("GET", "/api/credits/balance/simple"))["data"] == {
                "available": 0,
                "frozen": 0,
                "total": 0,
            }
            assert (await client.state())["draft"]["t"]

    run(second(run(first())))


def test_a_reset_after_reopening_is_the_beginning(tmp_path: Path) -> None:
    """The file knows how each world began, not only how it is."""
    path = tmp_path / "state.db"

    async def first() -> list[Answer]:
        async with served(store=Store(path)) as (worlds, app):
            worlds.create("one", seed="own", settings={"free_credits": 70}, start_ms=START_MS + 1000)
            return (await visit(app, "one")).transcript

    async def second() -> list[Answer]:
        async with served(store=Store(path)) as (worlds, app):
            worlds.reset("one")
            return (await visit(app, "one")).transcript

    told = run(first())
    assert run(second()) == told


def test_time_stands_still_while_the_process_is_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the real clock a world goes on from the instant at which it was written down, as fast as before."""
    path, machine_s = tmp_path / "state.db", [50.0]
    monkeypatch.setattr(pacing, "monotonic", lambda: machine_s[0])

    async def first() -> None:
        async with served(store=Store(path)) as (worlds, app):
            worlds.create("one", policy="real", rate=20.0)
            await visit(app, "one", 0)
            machine_s[0] += 3
            worlds.at("one").catch_up()

    async def second() -> None:
        async with served(store=Store(path)) as (worlds, _):
            live = worlds.at("one")
            live.catch_up()
            assert live.world.now_ms == START_MS + 60_000
            machine_s[0] += 1
            live.catch_up()
            assert live.world.now_ms == START_MS + 80_000

    run(first())
    machine_s[0] += 1000
    run(second())


def test_numbering_goes_on_after_reopening(tmp_path: Path) -> None:
    """Also where the journal was emptied: a number is never given twice."""
    path = tmp_path / "state.db"

    async def first() -> int:
        async with served(store=Store(path)) as (worlds, app):
            await visit(app, "one", 0)
            worlds.at("one").journal.clear()
            return worlds.at("one").journal.last

    async def second() -> int:
        async with served(store=Store(path)) as (worlds, _):
            return worlds.at("one").journal.add(0, "world", {})

    assert run(first()) + 1 == run(second())


def test_what_the_journal_forgot_is_not_in_the_file(tmp_path: Path) -> None:
    """Its bound holds there too."""

    async def work() -> None:
        async with served(Recipe(policy="instant", journal_bytes=4000), store=Store(tmp_path / "state.db")) as (worlds, app):
            await visit(app, "one", 6)
            kept = list(worlds.at("one").journal.since())
            worlds.keep(worlds.at("one"))
            lines = worlds.store.db.execute("SELECT line FROM journal ORDER BY seq").fetchall() if worlds.store else []
            assert [line for (line,) in lines] == kept and sum(map(len, kept)) <= 4000

    run(work())


def test_a_deleted_world_does_not_come_back(tmp_path: Path) -> None:
    """Not even when one of its requests was still under way."""
    path = tmp_path / "state.db"

    async def work() -> None:
        async with served(store=Store(path)) as (worlds, app):
            client = await visit(app, "one", 0)
            whole = asyncio.Event()
            uploading = asyncio.create_task(client.upload_file(whole.wait()))
            await asyncio.sleep(0)
            worlds.delete("one")
            whole.set()
            await uploading
            assert worlds.live == {}
        reader = Store(path)
        assert reader.worlds() == {}
        reader.close()

    run(work())


def test_a_world_made_anew_is_kept_whole(tmp_path: Path) -> None:
    """That there was one of its name before makes no difference to what the file holds."""
    path = tmp_path / "state.db"

    async def first() -> tuple[list[bytes], dict[str, Any]]:
        async with served(store=Store(path)) as (worlds, app):
            for again in (False, True):
                if again:
                    worlds.delete("one")
                await visit(app, "one")
                worlds.checkpoint("one", "here")
                worlds.keep(worlds.at("one"))
            return list(worlds.at("one").journal.since()), dict(worlds.at("one").checkpoints)

    async def second() -> tuple[list[bytes], dict[str, Any]]:
        async with served(store=Store(path)) as (worlds, _):
            return list(worlds.at("one").journal.since()), dict(worlds.at("one").checkpoints)

    told = run(first())
    assert run(second()) == told


def test_a_file_that_is_no_state_file(tmp_path: Path) -> None:
    """Refused with its name: a text, a folder, a file of another version."""
    text = tmp_path / "notes.txt"
    text.write_text("these are notes, and not a database at all" * 100)
    newer = tmp_path / "newer.db"
    store = Store(newer)
    store.db.execute("PRAGMA user_version=99")
    store.close()
    for path in (text, tmp_path, newer):
        with pytest.raises(StateError, match=path.name):
            Store(path)


# files of uploads


async def uploaded(app: Any, name: str) -> tuple[Client, str]:
    """A client that has uploaded a file, and the path of that file."""
    client = await visit(app, name, 0)
    url: str = body_of(await client.upload_file())["data"]["files"][0]["cdn_url"]
    return client, url.removeprefix("http://mock.test")


def test_files_go_with_the_last_that_needs_them(tmp_path: Path) -> None:
    """Deleting a world removes the bytes of its uploads, unless a fork or a checkpoint of another world still refers to them."""

    async def work() -> None:
        async with served(blobs=Blobs(tmp_path)) as (worlds, app):
            _, mine = await uploaded(app, "one")
            _, others = await uploaded(app, "other")
            worlds.fork("one", "twin")
            worlds.delete("one")
            assert len(list(tmp_path.iterdir())) == 2

            worlds.checkpoint("twin", "here")
            worlds.reset("twin")
            assert len(list(tmp_path.iterdir())) == 2
            worlds.rewind("twin", "here")
            assert (await call(app, "GET", mine.replace("/w/one/", "/w/twin/"), {}))[0] == 200

            worlds.delete("twin")
            assert len(list(tmp_path.iterdir())) == 1
            assert (await call(app, "GET", others, {}))[0] == 200
            worlds.reset("other")
            assert list(tmp_path.iterdir()) == []
            assert worlds.blobs.size_bytes == 0

    run(work())


def test_an_upload_under_way_is_not_swept(tmp_path: Path) -> None:
    """Deleting one world while another receives a file does not disturb it."""

    async def work() -> None:
        async with served(blobs=Blobs(tmp_path)) as (worlds, app):
            client = await visit(app, "one", 0)
            worlds.create("other")
            whole = asyncio.Event()
            uploading = asyncio.create_task(client.upload_file(whole.wait()))
            await asyncio.sleep(0)
            worlds.delete("other")
            whole.set()
            assert (await uploading)[0] == 200
            (info,) = (await client.state())["video_infos"]
            file = await call(app, "GET", info["cdn_url"].removeprefix("http://mock.test"), {})
            assert b"".join(file[2]) == CLIP.read_bytes()

    run(work())


def test_a_private_folder_goes_with_the_process() -> None:
    """Without a folder of one's own, uploads lie in a temporary one that closing removes."""

    async def work() -> Path:
        async with served() as (worlds, app):
            await uploaded(app, "one")
            assert worlds.blobs.folder is not None and any(worlds.blobs.folder.iterdir())
            return worlds.blobs.folder

    assert not run(work()).exists()
