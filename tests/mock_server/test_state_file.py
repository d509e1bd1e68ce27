"""What is told is kept: after a kill at any instant the state file and the journal file go on where the client was."""

import asyncio
import json
import logging
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mock_server import worlds as worlds_module
from mock_server.domain import world as service
from mock_server.domain.settings import Settings, changed
from mock_server.journal import Journal, Sink
from mock_server.recipe import Recipe
from mock_server.scenario import begin, find, read
from mock_server.snapshot import freeze, thaw
from mock_server.store import StateError, Store
from mock_server.worlds import START_MS, Worlds
from tests.mock_server.test_cli import serving, token
from tests.mock_server.test_worlds import body_of, call, frozen, listening, run, served, visit

SEA = "Make a 5 second video of the sea"


@pytest.fixture
def complaints() -> Iterator[list[logging.LogRecord]]:
    """What the mock's log says; it does not reach the handler that wants the log of the shared server clean."""
    log, handler = logging.getLogger("nemovideo_mock"), logging.Handler()
    told: list[logging.LogRecord] = []
    handler.emit = told.append  # type: ignore[method-assign]
    log.addHandler(handler)
    log.propagate = False
    yield told
    log.propagate = True
    log.removeHandler(handler)


def as_killed(path: Path, folder: Path) -> Path:
    """The state file as a process that is killed now leaves it."""
    folder.mkdir()
    for file in path.parent.glob(path.name + "*"):
        if file.is_file() and not file.name.endswith("-shm"):
            shutil.copy(file, folder / file.name)
    return folder / path.name


def lines_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_bytes().splitlines()]


def numbers(file: Path) -> list[int]:
    return [entry["seq"] for entry in lines_of(file)]


# nothing is told that is not kept


def test_what_a_stream_tells_is_in_the_file_before(tmp_path: Path) -> None:
    """Whenever bytes of a stream leave, another process would go on from that very instant."""
    path = tmp_path / "state.db"
    seen: list[bool] = []

    async def work() -> None:
        async with served(Recipe(policy="manual"), store=Store(path)) as (worlds, app):
            client = await visit(app, "one", 0)
            live = worlds.at("one")

            async def watched(scope: Any, receive: Any, send: Any) -> None:
                async def look(message: Any) -> None:
                    if message.get("body"):
                        left = Worlds(store=Store(as_killed(path, tmp_path / f"{len(seen)}")))
                        seen.append(frozen(left.at("one")) == frozen(live))
                        left.close()
                    await send(message)

                await app(scope, receive, look)

            client.app = watched
            stream = await listening(live, client.say(SEA))
            while not stream.done():
                live.advance(min((at for at in [live.next_ms(work_only=True)] if at is not None), default=live.world.now_ms))
                for _ in range(6):
                    await asyncio.sleep(0)

    run(work())
    assert len(seen) > 5 and all(seen)


def test_an_advance_is_kept_once_and_only_where_something_happened(tmp_path: Path) -> None:
    """However much is due; an instant at which nothing happens costs nothing, nor does a world without a state file."""

    async def work() -> None:
        async with served(Recipe(policy="manual"), store=Store(tmp_path / "state.db")) as (worlds, app):
            client = await visit(app, "one", 0)
            live = worlds.at("one")
            stream = await listening(live, client.say(SEA))
            kept: list[int] = []
            live.keep = lambda: kept.append(live.world.now_ms)
            live.advance(live.world.now_ms + 1)
            assert kept == []
            live.advance(START_MS + 600_000)
            assert kept == [START_MS + 600_000]
            await stream
        async with served() as (worlds, app):
            await visit(app, "one", 0)
            assert worlds.at("one").keep is None

    run(work())


def test_the_end_of_each_stream_is_kept_when_the_process_ends(tmp_path: Path) -> None:
    """By shutdown: the state file has the same last line as the journal file."""
    state, file = tmp_path / "state.db", tmp_path / "journal.jsonl"
    (tmp_path / "one").mkdir()
    options = ("--state", str(state), "--journal", str(file), "--clock", "manual")
    with serving(tmp_path / "one", *options) as (process, ready), Talk(ready["url"]) as talk:
        talk.open_stream(SEA)
        process.terminate()
        process.wait(30)
    last = lines_of(file)[-1]
    assert (last["kind"], last["by"]) == ("end", "shutdown")
    again = Worlds(store=Store(state))
    assert list(again.at("default").journal.entries())[-1] == last
    again.close()


class Talk:
    """A client of a served process."""

    def __init__(self, url: str, given: str = "", session: str = "") -> None:
        given = given or token(url)
        self.given = given
        self.http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {given}"}, timeout=30)
        self.session = session or self.made()

    def made(self) -> str:
        answer = self.http.post("/api/tasks/me/with-session/nemo_agent", json={"task_name": "x"}).json()
        return str(answer["data"]["session_id"])

    def open_stream(self, message: str) -> httpx.Response:
        body = {"session_id": self.session, "new_message": {"parts": [{"text": message}]}}
        request = self.http.build_request("POST", "/run_sse", json=body)
        return self.http.send(request, stream=True)

    def state(self) -> tuple[str, Any]:
        answer = self.http.get(f"/api/state/nemo_agent/me/{self.session}/latest")
        return answer.headers["date"], answer.json()["data"]["state"]

    def __enter__(self) -> "Talk":
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()


@pytest.mark.parametrize("number", range(3))
def test_killed_in_the_middle_of_a_stream(tmp_path: Path, number: int) -> None:
    """What was heard is kept, and no sequence number occurs twice in the journal file."""
    state, file = tmp_path / "state.db", tmp_path / "journal.jsonl"
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    options = ("--state", str(state), "--journal", str(file), "--rate", "60")
    with serving(tmp_path / "one", *options) as (process, ready), Talk(ready["url"]) as talk:
        heard = 0
        for piece in talk.open_stream(SEA).iter_lines():
            heard += '"tool_result"' in piece
            if heard > number:
                break
        process.kill()
        process.wait(30)
    before = lines_of(file)
    with serving(tmp_path / "two", *options) as (_, ready), Talk(ready["url"], talk.given, talk.session) as talk:
        date, state_now = talk.state()
        control = httpx.get(f"{ready['control_url']}/worlds/default/journal").json()["entries"]
    told = lines_of(file)
    assert heard > number and state_now["draft"]["t"] and len(state_now["video_infos"]) == (2 if number else 1)
    assert numbers(file) == list(range(1, len(told) + 1))
    assert [entry["at_ms"] for entry in told] == sorted(entry["at_ms"] for entry in told)
    assert control[: len(before)] == before
    assert date >= next(
        value for entry in reversed(before) if entry["kind"] == "response" for key, value in entry["headers"] if key == "date"
    )


def test_a_journal_file_and_a_state_file_are_made_one(tmp_path: Path) -> None:
    """Lines that only one of them has are taken over by the other; a file of another run is left as it is."""
    state, file, other = tmp_path / "state.db", tmp_path / "journal.jsonl", tmp_path / "other.jsonl"

    async def first() -> list[bytes]:
        async with served(sink=Sink(file), store=Store(state)) as (worlds, app):
            await visit(app, "one", 3)
            shutil.copytree(as_killed(state, tmp_path / "ahead").parent, tmp_path / "behind")
            return list(worlds.at("one").journal.since())

    lines = run(first())
    whole = file.read_bytes()
    assert whole == b"".join(lines)
    ahead = Worlds(sink=Sink(file), store=Store(tmp_path / "ahead/state.db"))
    assert list(ahead.at("one").journal.since()) == lines
    ahead.close()
    file.write_bytes(b"".join(lines[:-4]) + b'{"seq":half')
    behind = Worlds(sink=Sink(file), store=Store(tmp_path / "behind/state.db"))
    kept = list(behind.at("one").journal.since())
    behind.close()
    written = file.read_bytes().splitlines(keepends=True)
    assert kept == lines[: len(kept)] and len(kept) > len(lines) - 4
    assert [line for line in written if line != b'{"seq":half\n'] == kept
    foreign = b'{"seq":%d,"world":"one","at_ms":1,"kind":"world"}\n' % (len(kept) + 1)
    other.write_bytes(foreign)
    apart = Worlds(sink=Sink(other), store=Store(tmp_path / "behind/state.db"))
    assert list(apart.at("one").journal.since()) == kept
    apart.close()
    assert other.read_bytes() == foreign


# as it began


def rhythm_seed() -> str:
    """A seed whose strict worlds have a heartbeat rhythm of their own."""
    strict = changed(Settings(), {"profile": "strict"})
    return next(str(n) for n in range(99) if "heartbeat_rhythm" in service.create("x", str(n), strict, 0).varied)


def begun(worlds: Worlds, name: str) -> bytes:
    """The world after a reset, whatever it is called."""
    world = thaw(frozen(worlds.reset(name))).world
    world.name = "it"
    return freeze(world, worlds.at(name).faults)


def test_a_reset_is_the_beginning_after_forks_restarts_and_changes(tmp_path: Path) -> None:
    """Settings as given, clock and instant: whatever the control port changed since, in the world or in those it comes from."""
    path = tmp_path / "state.db"
    seed = rhythm_seed()
    worlds = Worlds(store=Store(path))
    live = worlds.create("one", seed, {"profile": "strict"}, policy="manual", rate=3.0, start_ms=START_MS + 5)
    first = begun(worlds, "one")
    service.change_settings(live.world, {"free_credits": 7})
    live.set_clock("instant", 9.0)
    live.take_note()
    worlds.keep(live)
    worlds.checkpoint("one", "here")
    for new, label in (("two", None), ("three", "here")):
        fork = worlds.fork("one", new, label)
        assert (fork.clock.policy, fork.clock.rate, fork.world.settings.free_credits) == ("instant", 9.0, 7)
        worlds.keep(fork)
    worlds.close()
    again = Worlds(Recipe(seed="other", settings=changed(Settings(), {"free_credits": 50})), store=Store(path))
    assert (again.at("one").clock.policy, again.at("one").world.settings.free_credits) == ("instant", 7)
    again.fork("two", "four")
    for name in ("one", "two", "three", "four"):
        assert begun(again, name) == first, name
        clock = again.at(name).clock
        assert (clock.policy, clock.rate) == ("manual", 3.0)
    again.close()


def test_the_beginning_of_a_scenario_survives(tmp_path: Path) -> None:
    """Its accounts, what it has planned, and its name, over two restarts and in forks."""
    path = tmp_path / "state.db"
    worlds = Worlds(store=Store(path))
    live = begin(worlds, read(find("purse-empty-registered")), "one").live
    first = begun(worlds, "one")
    recipe = worlds.recipes["one"]
    live.world.accounts.clear()
    worlds.keep(live)
    worlds.close()
    for _ in range(2):
        again = Worlds(store=Store(path))
        assert again.recipes["one"] == recipe and recipe.scenario == "purse-empty-registered"
        assert again.at("one").world.accounts == {}
        again.close()
    again = Worlds(store=Store(path))
    again.fork("one", "two")
    assert begun(again, "one") == begun(again, "two") == first
    again.close()


def test_changed_settings_take_effect_as_if_given_from_the_start() -> None:
    """One derivation: strict switched on later varies what it would have varied, and switched off leaves what was given."""
    seed = rhythm_seed()
    strict = changed(Settings(), {"profile": "strict", "heartbeat_interval_s": 20})
    created = service.create("x", seed, strict, 0)
    later = service.create("x", seed, Settings(), 0)
    plain = later.settings
    service.change_settings(later, {"profile": "strict"})
    service.change_settings(later, {"heartbeat_interval_s": 20})
    assert created.settings.heartbeat_interval_s != 20
    assert (later.settings, later.varied, later.spelling) == (created.settings, created.varied, created.spelling)
    service.change_settings(later, {"profile": "plain", "heartbeat_interval_s": 10})
    assert (later.settings, later.varied) == (plain, ())


# files that cannot be used


def damaged(path: Path, sql: str, *values: Any) -> None:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(sql, values)
    db.close()


def full(path: Path) -> None:
    worlds = Worlds(store=Store(path))
    worlds.keep(worlds.create("one"))
    worlds.checkpoint("one", "here")
    worlds.keep(worlds.at("one"))
    worlds.close()


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("UPDATE worlds SET snapshot = ?", b'{"world":{}}'),
        ("UPDATE worlds SET snapshot = ?", 5),
        ("UPDATE worlds SET snapshot = ?", b"\xff"),
        ("UPDATE worlds SET policy = ?", "sometimes"),
        ("UPDATE worlds SET rate = ?", "fast"),
        ("UPDATE beginnings SET recipe = ?", b"{}}"),
        ("UPDATE beginnings SET recipe = ?", b'{"policy":"never"}'),
        ("DELETE FROM beginnings WHERE ? = 1", 1),
        ("UPDATE checkpoints SET blobs = ?", b"[5"),
        ("UPDATE journal SET line = ?", 5),
    ],
)
def test_a_damaged_file_is_refused_in_a_line(tmp_path: Path, sql: str, value: Any) -> None:
    """With the file's name."""
    path = tmp_path / "state.db"
    full(path)
    damaged(path, sql, value)
    with pytest.raises(StateError, match=r"state\.db") as told:
        Worlds(store=Store(path))
    assert "\n" not in str(told.value)


def test_a_file_with_broken_pages_is_refused(tmp_path: Path) -> None:
    """Also where its head is whole."""
    path = tmp_path / "state.db"
    full(path)
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    with pytest.raises(StateError, match=r"state\.db"):
        Worlds(store=Store(path))


def test_a_database_of_somebody_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    """Even if it has a table of that name."""
    for name, sql in (
        ("a.db", "CREATE TABLE worlds (planet TEXT)"),
        ("b.db", "CREATE TABLE notes (x)"),
        ("c.db", "PRAGMA application_id = 77"),
    ):
        path = tmp_path / name
        damaged(path, sql)
        before = path.read_bytes()
        with pytest.raises(StateError, match=name):
            Store(path)
        assert path.read_bytes() == before
        assert sorted(one.name for one in tmp_path.glob(name + "*")) == [name]


def test_one_process_at_a_time(tmp_path: Path) -> None:
    """A second one is told so at once, and the first goes on; once that has ended the file is free."""
    path = tmp_path / "state.db"
    program = f"from mock_server.store import Store; from mock_server.worlds import Worlds; from pathlib import Path; Worlds(store=Store(Path({str(path)!r})))"
    for _ in range(2):
        worlds = Worlds(store=Store(path))
        started = time.monotonic()
        second = subprocess.run(
            [sys.executable, "-c", program], cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=60
        )
        assert "StateError" in second.stderr and "another process" in second.stderr.splitlines()[-1]
        assert time.monotonic() - started < 4
        with pytest.raises(StateError, match="in use"):
            Worlds(store=Store(path))
        worlds.keep(worlds.at("one"))
        worlds.close()
    assert subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[2], timeout=60).returncode == 0


def test_the_command_line_refuses_in_a_line(tmp_path: Path) -> None:
    """Exit 2, for a damaged file and for one in use."""
    path = tmp_path / "state.db"
    full(path)
    command = [sys.executable, "-m", "mock_server", "serve", "--port", "0", "--control-port", "0", "--state", str(path)]
    with Holding(path):
        in_use = subprocess.run(command, capture_output=True, text=True, timeout=60)
    damaged(path, "UPDATE worlds SET snapshot = ?", b"{}")
    broken = subprocess.run(command, capture_output=True, text=True, timeout=60)
    for told in (in_use, broken):
        assert (told.returncode, len(told.stderr.splitlines())) == (2, 1), told.stderr


class Holding:
    def __init__(self, path: Path) -> None:
        self.worlds = Worlds(store=Store(path))

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self.worlds.close()


def test_a_state_file_that_cannot_be_written_stops_nothing(tmp_path: Path, complaints: list[logging.LogRecord]) -> None:
    """It is said once, and kept again as soon as it can be."""
    path = tmp_path / "state.db"
    worlds = Worlds(store=Store(path))
    live = worlds.create("one", policy="manual")
    assert worlds.store is not None
    worlds.store.db.execute("CREATE TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
    for _ in range(3):
        service.note(live.world, "x", "y")
        live.advance(live.world.now_ms + 1000)
    assert [record.getMessage() for record in complaints] == [
        f"{path} cannot be written: disk is full; what happens now may be lost"
    ]
    worlds.store.db.execute("DROP TRIGGER full")
    live.advance(live.world.now_ms + 1000)
    worlds.close()
    again = Worlds(store=Store(path))
    assert (again.at("one").world.now_ms, again.at("one").journal.last) == (START_MS + 4000, live.journal.last)
    again.close()


# the journal file


def test_a_journal_file_on_a_full_disk(complaints: list[logging.LogRecord]) -> None:
    """Answers go on; the log says so once, and the journal knows that its file lacks lines."""

    async def work() -> None:
        async with served(sink=Sink(Path("/dev/full"))) as (worlds, app):
            client = await visit(app, "one", 4)
            assert {answer[0] for answer in client.transcript} <= {200, 402, 404, 409, 422}
            assert worlds.at("one").journal.lossy and worlds.at("one").journal.span().last > 5

    run(work())
    (record,) = complaints
    assert record.levelno == logging.ERROR and "/dev/full" in record.getMessage() and "No space left" in record.getMessage()


def test_short_writes_are_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest of a line follows, and a line that was torn does not tear the next one."""
    file = tmp_path / "journal.jsonl"
    write = os.write
    monkeypatch.setattr("os.write", lambda fd, content: write(fd, bytes(content)[:7]))
    journal = Journal("one", Sink(file))
    for number in range(3):
        journal.add(number, "world", {"what": "x" * 50})
    assert numbers(file) == [1, 2, 3] and not journal.lossy
    room = [3]

    def little(fd: int, content: Any) -> int:
        if not room:
            raise OSError(28, "No space left on device")
        return write(fd, bytes(content)[: room.pop()])

    monkeypatch.setattr("os.write", little)
    journal.add(4, "world", {"what": "y"})
    monkeypatch.setattr("os.write", write)
    journal.add(5, "world", {"what": "z"})
    assert file.read_bytes().splitlines()[3] == b'{"s' and journal.lossy
    assert json.loads(file.read_bytes().splitlines()[4])["seq"] == 5


@pytest.mark.parametrize("seed", range(20))
def test_each_line_of_a_journal_file_is_an_entry(tmp_path: Path, seed: int) -> None:
    """Under the strict profile too, whatever it varies."""
    file = tmp_path / "journal.jsonl"

    async def work() -> None:
        async with served(sink=Sink(file)) as (worlds, app):
            worlds.create("one", str(seed), {"profile": "strict"})
            client = await visit(app, "one", 5)
            await client.upload("https://files.test/clip.mp4")
            await client.say("add lo-fi background music")
            await client.state()

    run(work())
    assert numbers(file) == list(range(1, len(numbers(file)) + 1))


# files that checkpoints refer to


def test_sweeping_reads_no_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deleting a world looks at none, and those of a reopened state file still hold on to their files."""
    path, folder = tmp_path / "state.db", tmp_path / "files"

    async def first() -> str:
        async with served(blobs=worlds_module.Blobs(folder), store=Store(path)) as (worlds, app):
            client = await visit(app, "one", 0)
            url: str = body_of(await client.upload_file())["data"]["files"][0]["cdn_url"]
            worlds.checkpoint("one", "here")
            worlds.reset("one")
            worlds.keep(worlds.at("one"))
            return url.removeprefix("http://mock.test")

    async def second(url: str) -> None:
        async with served(blobs=worlds_module.Blobs(folder), store=Store(path)) as (worlds, app):
            worlds.create("other")
            with monkeypatch.context() as patch:
                patch.setattr(worlds_module, "thaw", lambda content: pytest.fail("thawed"))
                worlds.delete("other")
            worlds.rewind("one", "here")
            assert (await call(app, "GET", url, {}))[0] == 200

    run(second(run(first())))
