"""The reference client against the mock: a whole conversation as a process, every code and recovery, and its parts."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from mock_server.domain import world as service
from mock_server.domain.director.phrases import PHRASES
from mock_server.media.mp4 import write_mp4
from mock_server.media.probe import probe
from mock_server.pacing import Live
from mock_server.serve import Running, running
from mock_server.worlds import Recipe, Worlds

CLIENT = Path(__file__).parents[2] / "fixtures" / "clients" / "reference"
NAMES = ("stream", "draft", "routing", "speech", "api", "assistant")


def modules() -> SimpleNamespace:
    """The client's modules, which lie beside its `__main__` and are no package: loaded, and their names given back."""
    sys.path.insert(0, str(CLIENT))
    try:
        return SimpleNamespace(**{name: import_module(name) for name in NAMES})
    finally:
        sys.path.remove(str(CLIENT))
        for name in NAMES:
            sys.modules.pop(name, None)


reference = modules()


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(Worlds(Recipe(policy="instant"))) as it:
        yield it


# a client inside this process, whose waits let the world's time pass


@dataclass
class Talk:
    """A conversation with the reference client in a world of its own; waiting is virtual, so gaps are exact."""

    server: Running
    live: Live
    assistant: Any
    said: list[str] = field(default_factory=list)

    def __call__(self, text: str = "", *files: str) -> str:
        """What the user is shown for a message."""
        self.said.clear()
        self.assistant.answer(text, list(files))
        return "\n".join(self.said)

    def pass_time(self, seconds: float) -> None:
        self.server.do(lambda: self.live.advance(self.live.world.now_ms + int(seconds * 1000)))

    def requests(self, *operations: str) -> list[dict[str, Any]]:
        entries = self.server.do(lambda: list(self.live.journal.entries(kind="request")))
        return [entry for entry in entries if not operations or entry["operation"] in operations]

    def gaps_s(self, *operations: str) -> list[float]:
        times = [entry["at_ms"] / 1000 for entry in self.requests(*operations)]
        return [round(b - a, 1) for a, b in pairwise(times)]

    def header(self, name: str) -> list[str | None]:
        return [dict(entry["headers"]).get(name) for entry in self.requests()]

    def does(self, work: Callable[[service.World], Any]) -> Any:
        return self.server.do(lambda: work(self.live.world))


Start = Callable[..., Talk]


@pytest.fixture
def talk(server: Running, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """`talk(policy="instant", env={...}, **settings)`."""
    monkeypatch.chdir(tmp_path)
    Path("clip.mp4").write_bytes(write_mp4(width=320, height=240, fps=25, duration_ms=10_000, colour=(200, 80, 20), audio=True))

    clients = ExitStack()

    def start(policy: str = "instant", env: dict[str, str] | None = None, rate: float = 1.0, **settings: Any) -> Talk:
        name = "".join(c if c.isalnum() else "-" for c in request.node.name)[:50]
        settings = {"silent_rate": 0.0, **settings}
        live = server.do(lambda: server.worlds.create(name, settings=settings, policy=policy, rate=rate))
        told = {
            "HOME": str(tmp_path),
            "NEMO_API_URL": server.world_url(name),
            "NEMO_WEB_URL": "https://web.test",
            "SKILL_NAME": "music-to-a",
            "SKILL_VERSION": '"1.2.3"',
            "NEMO_TIME_RATE": str(rate),
            **(env or {}),
        }
        said: list[str] = []
        assistant = reference.assistant.Assistant(told, CLIENT / "__main__.py", said.append)
        clients.enter_context(assistant.api.http)
        made = Talk(server, live, assistant, said)
        if policy != "real":
            assistant.api.pace.sleep = made.pass_time
        return made

    with clients:
        yield start


MUSIC = "add chill lo-fi background music at 35%"


# the whole workflow, as a process


def converse(env: dict[str, str], folder: Path, messages: list[dict[str, Any]]) -> list[list[str]]:
    """Run the client over these messages, each sent when the last is done; what was said to each."""
    command = [sys.executable, str(CLIENT)]
    heard: list[list[str]] = []
    with subprocess.Popen(command, stdin=-1, stdout=-1, stderr=-1, env=env, cwd=folder, text=True, encoding="utf-8") as client:
        assert client.stdin and client.stdout and client.stderr
        for message in messages:
            client.stdin.write(json.dumps({"type": "user", **message}) + "\n")
            client.stdin.flush()
            heard.append([])
            while (line := json.loads(client.stdout.readline()))["type"] != "done":
                heard[-1].append(line["text"])
        client.stdin.close()
        assert client.wait(10) == 0
        assert client.stdout.read() == "" and client.stderr.read() == ""
    return heard


@contextmanager
def real_clock(seed: str, rate: float, settings: dict[str, Any]) -> Iterator[tuple[Running, Live]]:
    with running(Worlds(Recipe(policy="real", rate=rate, seed=seed))) as it:
        yield it, it.do(lambda: it.worlds.create("it", settings=settings))


def test_a_whole_conversation_as_a_process(tmp_path: Path) -> None:
    (tmp_path / "trip.mp4").write_bytes(
        write_mp4(width=320, height=240, fps=25, duration_ms=8000, colour=(9, 90, 200), audio=True)
    )
    with real_clock("7", 100, {"silent_rate": 0.0}) as (it, live):
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "NEMO_API_URL": it.world_url("it"),
            "NEMO_WEB_URL": "https://web.test",
            "SKILL_NAME": "music-to-a",
            "SKILL_VERSION": "1.0.0",
            "NEMO_TIME_RATE": "100",
        }
        messages = [
            {"text": MUSIC, "files": ["trip.mp4"]},
            {"text": '加标题 "Urban Dreams"，前3秒', "files": []},
            {"text": "show tracks"},
            {"text": "credits"},
            {"text": "export"},
        ]
        edited, titled, shown, credits, exported = converse(env, tmp_path, messages)
        requests = it.do(lambda: list(live.journal.entries(kind="request")))
    assert edited[:2] == ["Connecting...", "Ready!"]
    assert "Uploaded trip.mp4 (8s, 320x240)." in edited
    assert any("35%" in said for said in edited)
    assert any("标题" in said and "Urban Dreams" in said for said in titled)
    assert (
        shown[0].startswith("Timeline (3 tracks):\n1. Video: trip (0-8s)\n2. BGM: ")
        and '3. Title: "Urban Dreams" (0-3s)' in shown[0]
    )
    assert "50 available" in credits[0]
    saved = next(tmp_path.glob("render_*.mp4"))
    assert any(saved.name in said for said in exported) and any(
        "https://web.test/workspace/claim?ct=" in said for said in exported
    )
    media = probe(saved)
    assert media and media.format == "mp4" and media.duration_s == pytest.approx(8, abs=0.1)
    operations = [entry["operation"] for entry in requests]
    assert operations[:3] == ["issue_anonymous_token", "create_session", "upload_files"]
    assert operations.count("create_session") == 1 and operations.count("run_sse") == 2
    headers = [dict(entry["headers"]) for entry in requests]
    assert all(
        h["x-skill-source"] == "music-to-a" and h["x-skill-version"] == "1.0.0" and h["x-skill-platform"] == "unknown"
        for h in headers
    )
    assert all(
        ("authorization" in h) == (op not in ("issue_anonymous_token", "get_file"))
        for h, op in zip(headers, operations, strict=True)
    )
    kept = tmp_path / ".config/nemovideo/client_id"
    assert kept.read_text() == headers[0]["x-client-id"]
    assert "nmv_usr_" not in json.dumps([edited, titled, shown, credits, exported])


def test_the_demo_plays_through(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    spec = spec_from_file_location("demo", CLIENT.parent / "demo.py")
    assert spec and spec.loader
    demo = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "demo", demo)
    spec.loader.exec_module(demo)
    monkeypatch.setattr(demo, "RATE", 150)
    demo.play(demo.SEED)
    page = capsys.readouterr().out.splitlines()
    assert "1 silent edit" in page[-2] and page[-1].endswith("12 s, as long as its draft.")
    assert max(map(demo.width, page[3:-2])) <= 120
    assert [line for line in page if "SILENT" in line] and not [line for line in page if "\033" in line]


def alone(lines: list[str], folder: Path) -> list[dict[str, str]]:
    """What the client answers to these lines, all there at once, where no service is."""
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "NEMO_API_URL": "http://127.0.0.1:9"}
    content = "".join(line + "\n" for line in lines).encode("utf-8", "replace")
    done = subprocess.run([sys.executable, str(CLIENT)], input=content, capture_output=True, env=env, timeout=20)
    assert (done.returncode, done.stderr) == (0, b"")
    return [json.loads(said) for said in done.stdout.splitlines()]


def test_no_input_ends_in_a_traceback(tmp_path: Path) -> None:
    lines = [
        "[1]",
        '{"type":"ping"}',
        "",
        "not json",
        '{"type":"user"',
        '{"type":"user","text":"status","files":7}',
        "\ud83d",
        "[" * 99_999,
    ]
    told = alone(lines, tmp_path)
    assert [one["type"] for one in told].count("done") == 5
    said = {one["text"] for one in told if one["type"] == "say"}
    assert said == {reference.speech.say(key, False) for key in ("connecting", "queued", "unreachable")}


def test_messages_that_come_too_early_are_queued(tmp_path: Path) -> None:
    told = alone([json.dumps({"type": "user", "text": text}) for text in ("credits", "积分")], tmp_path)
    assert [one["type"] for one in told].count("done") == 2
    assert sum("as soon as the current work is done" in one.get("text", "") for one in told) == 1


# codes and recoveries


def test_1001_a_dead_guest_token_is_renewed_and_the_project_with_it(talk: Start) -> None:
    it = talk(client_tokens=0)
    it(MUSIC, "clip.mp4")
    it.does(lambda world: service.revoke_token(world, it.assistant.api.token))
    said = it('add a title "Hello"')
    assert "new one" in said and "Sent again: clip.mp4" in said and '"Hello"' in said
    assert len(it.requests("issue_anonymous_token")) == 2
    assert len(set(it.header("x-client-id")) - {None}) == 1
    sent = [entry["body"]["new_message"]["parts"][0]["text"] for entry in it.requests("run_sse")]
    assert sent == [MUSIC, 'add a title "Hello"']


def test_1001_a_users_token_is_not_replaced_in_silence(talk: Start) -> None:
    said = talk(env={"NEMO_TOKEN": "nmv_usr_gone"})("credits")
    assert "NEMO_TOKEN is no longer valid" in said and "100 available" in said


def test_1001_no_loop(talk: Start) -> None:
    it = talk(env={"NEMO_TOKEN": "nmv_usr_gone"}, token_life_s=0)
    said = it("credits")
    assert "set a valid NEMO_TOKEN" in said
    assert len(it.requests("issue_anonymous_token")) == 1 and len(it.requests("create_session")) == 2


def test_a_token_from_the_environment_is_used_as_it_is(talk: Start) -> None:
    it = talk()
    account = it.does(lambda world: service.open_account(world, "registered", None, 70))
    it.assistant.api.token = it.does(lambda world: service.issue_token(world, account, ("*",), 3600)).value
    assert "70 available" in it("credits")
    assert not it.requests("issue_anonymous_token")


def test_1002_a_lost_session_is_replaced(talk: Start) -> None:
    it = talk()
    it(MUSIC, "clip.mp4")
    it.does(lambda world: service.forget_session(world, it.assistant.api.session_id))
    said = it('add a title "Hello"')
    assert "no longer there" in said and '"Hello"' in said
    assert len(it.requests("create_session")) == 2 and len(it.requests("upload_files")) == 2


def test_400_a_missing_client_id_is_made(talk: Start) -> None:
    it = talk(env={"NEMO_CLIENT_ID": "uuid"})
    assert "100 available" in it("credits")
    first, second = (client for client in it.header("x-client-id") if client)
    assert first == "uuid" and len(second) == 36


def test_429_waits_half_a_minute_and_asks_once_more(talk: Start) -> None:
    it = talk(env={"NEMO_CLIENT_ID": "the-same-device"}, client_window_s=25)
    it.does(lambda world: service.issue_anonymous_token(world, "the-same-device", "1.2.3.4"))
    assert "100 available" in it("credits")
    assert it.gaps_s("issue_anonymous_token") == [30]


def test_429_gives_up_after_the_second(talk: Start) -> None:
    it = talk(env={"NEMO_CLIENT_ID": "the-same-device"})
    it.does(lambda world: service.issue_anonymous_token(world, "the-same-device", "1.2.3.4"))
    assert "Set a NEMO_TOKEN" in it("credits")
    assert "Set a NEMO_TOKEN" in it("credits")
    assert len(it.requests("issue_anonymous_token")) == 2 and set(it.header("x-client-id")) == {"the-same-device"}


@pytest.mark.parametrize("told", ["json", "stream"])
def test_2001_a_guest_is_sent_to_register(talk: Start, told: str) -> None:
    it = talk(free_credits=0, no_credits=told)
    said = it(MUSIC, "clip.mp4")
    assert f"https://web.test/register?bind={it.assistant.api.user_id}" in said and "anon_" in said
    assert len(it.requests("run_sse")) == 1 and len(it.requests("issue_anonymous_token")) == 1


@pytest.mark.parametrize("told", ["json", "stream"])
def test_2001_a_registered_user_tops_up(talk: Start, told: str) -> None:
    it = talk(no_credits=told)
    account = it.does(lambda world: service.open_account(world, "registered", None, 0))
    it.assistant.api.token = it.does(lambda world: service.issue_token(world, account, ("*",), 3600)).value
    said = it(MUSIC, "clip.mp4")
    assert "Top up credits in your account" in said and "bind=" not in said


def test_402_speaks_of_the_plan_and_not_of_credits(talk: Start) -> None:
    it = talk(plan="free")
    it(MUSIC, "clip.mp4")
    said = it("export")
    assert "Register or upgrade your plan to unlock export." in said and "credit" not in said
    assert len(it.requests("submit_render")) == 1


@pytest.mark.parametrize("style", ["mixed", "ok", "http"])
def test_4001_and_4002_in_every_style(talk: Start, style: str) -> None:
    it = talk(error_status=style, upload_limit_bytes=100)
    assert "500 MB" in it(MUSIC, "clip.mp4") and not it.requests("run_sse")
    it = talk_again(it, upload_limit_bytes=10**6)
    Path("fake.mp4").write_text("no film at all")
    assert "mp4, mov, avi" in it(MUSIC, "fake.mp4") and not it.requests("run_sse")


def talk_again(it: Talk, **settings: Any) -> Talk:
    from mock_server.domain.settings import changed

    it.live.world.settings = changed(it.live.world.settings, settings)
    return it


def test_what_cannot_be_taken_is_refused_before_it_is_sent(talk: Start) -> None:
    it = talk()
    with Path("huge.mp4").open("wb") as file:
        file.truncate(500 * 2**20 + 1)
    Path("notes.txt").write_text("hello")
    said = it("add music", "huge.mp4", "notes.txt", "nowhere.mp4")
    assert "huge.mp4 is too large" in said and "notes.txt is of a type" in said and "cannot read nowhere.mp4" in said
    assert [entry["operation"] for entry in it.requests()] == ["issue_anonymous_token", "create_session"]


@pytest.mark.parametrize("draft", ["empty", "null", "absent"])
def test_nothing_to_export(talk: Start, draft: str) -> None:
    it = talk(initial_draft=draft)
    assert "nothing to export" in it("export") and "empty" in it("show tracks")
    assert not it.requests("submit_render")


@pytest.mark.parametrize("shape", ["superset", "data", "top"])
def test_export_finds_the_link_in_every_shape(talk: Start, shape: str) -> None:
    it = talk(render_shape=shape)
    it(MUSIC, "clip.mp4")
    said = it("export")
    assert f"Link: {it.server.world_url('')}" in said and next(Path().glob("render_*.mp4")).name in said
    state = it.requests("get_state")[-1]
    submitted = it.requests("submit_render")[0]["body"]
    assert submitted["draft"]["t"] and submitted["sessionId"] == it.assistant.api.session_id
    assert state["at_ms"] == it.requests("submit_render")[0]["at_ms"]


def test_a_failed_render_is_tried_once_more_under_a_new_id(talk: Start) -> None:
    it = talk(render_outcomes=("failed",))
    it(MUSIC, "clip.mp4")
    assert "saved here as" in it("export")
    ids = [entry["body"]["id"] for entry in it.requests("submit_render")]
    assert len(ids) == len(set(ids)) == 2


def test_two_failed_renders_are_enough(talk: Start) -> None:
    it = talk(render_outcomes=("failed", "failed", "failed"))
    it(MUSIC, "clip.mp4")
    assert "Export failed, please try again later." in it("export")
    assert len(it.requests("submit_render")) == 2


def test_polling_ends_after_five_minutes(talk: Start) -> None:
    it = talk("manual", render_s=(5000.0, 5000.0))
    it.live.clock.policy = "instant"
    it(MUSIC, "clip.mp4")
    it.live.clock.policy = "manual"
    assert "not ready after five minutes" in it("export")
    assert it.gaps_s("submit_render", "get_render") == [30] * 10


def test_a_dead_link_falls_back_to_the_download_of_the_api(talk: Start) -> None:
    it = talk()
    it(MUSIC, "clip.mp4")
    it.assistant.api.base, base = it.assistant.api.base, it.assistant.api.base
    fetch = it.assistant.api.download
    it.assistant.api.download = lambda url, *rest: fetch(f"{base}/cdn/none/none.mp4", *rest)
    assert "saved here as render_" in it("export")
    download = it.requests("download_render")[0]
    assert dict(download["headers"])["authorization"] and "authorization" not in dict(it.requests("get_file")[0]["headers"])


def cut_streams(it: Talk) -> None:
    """Every stream is reset as soon as it is open; the turn goes on without it."""
    say = it.assistant.api.say

    def said(message: str) -> Any:
        telling = say(message)
        it.server.do(lambda: [it.live.cut(listener, "control", reset=True) for listener in it.live.streams()])
        return telling

    it.assistant.api.say = said


def test_a_dropped_stream_is_looked_after_and_never_sent_again(talk: Start) -> None:
    it = talk("manual")
    cut_streams(it)
    said = it(MUSIC, "clip.mp4")
    assert "connection broke" in said and "added BGM" in said
    assert it.gaps_s("run_sse", "get_state") == [0, 30]
    assert len(it.requests("run_sse")) == len(it.requests("create_session")) == 1


def test_a_dropped_stream_is_given_up_after_five_looks(talk: Start) -> None:
    it = talk("manual", edit_s=(5000.0, 5000.0))
    cut_streams(it)
    assert "Shall I try it again?" in it(MUSIC, "clip.mp4")
    assert it.gaps_s("run_sse", "get_state") == [0, 30, 60, 60, 60, 60]
    assert len(it.requests("run_sse")) == 1


def test_a_silent_edit_is_told_from_the_state(talk: Start) -> None:
    it = talk(silent_rate=1.0)
    said = it(MUSIC, "clip.mp4")
    assert "Done." in said and "added BGM: " in said and "35%)" in said
    assert [entry["operation"] for entry in it.requests()][-3:] == ["get_state", "run_sse", "get_state"]


@pytest.mark.parametrize("dialect", ["vendor", "adk", "text"])
def test_every_dialect_and_heartbeat_tells_the_same(talk: Start, dialect: str) -> None:
    forms = ("json", "empty", "space", "word", "event", "comment")
    it = talk(dialect=dialect, heartbeat_forms=forms, heartbeat_interval_s=0.5)
    said = it("create a video about a rainy city")
    lines = said.split("\n")
    assert "raw video" in said.lower() and "added Video" in said and "added BGM" in said
    assert not any(word in said for word in ("heartbeat", "seedance", "click", "timeline panel", "{"))
    assert len(lines) == len(set(lines))


def test_a_strict_world_is_no_obstacle(talk: Start) -> None:
    it = talk(profile="strict")
    assert "35%" in it(MUSIC, "clip.mp4")
    assert "Timeline (" in it("show tracks") and "saved here as" in it("export")


def test_a_trailing_excuse_is_ignored(talk: Start) -> None:
    said = talk(temporary_issue_rate=1.0)(MUSIC, "clip.mp4")
    assert "temporary" not in said and "try again" not in said and "added BGM" in said


def test_every_two_minutes_it_is_still_working(talk: Start) -> None:
    it = talk("real", rate=400, generation_s=(300.0, 300.0))
    assert it("create a video about a rainy city").count("⏳ Still working...") >= 2


def test_ten_minutes_of_heartbeats_are_too_long(talk: Start) -> None:
    it = talk("real", rate=1500, edit_s=(3000.0, 3000.0))
    said = it(MUSIC, "clip.mp4")
    assert "takes too long" in said and "Done" not in said
    assert len(it.requests("run_sse")) == 1


def test_a_broken_answer_is_a_sentence(talk: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    it = talk()
    it("credits")
    it.assistant.api.base += "/nowhere"
    assert "error 404" in it("credits")
    it.assistant.api.base = "http://127.0.0.1:9"
    assert "cannot reach" in it("credits")


def test_the_answer_is_in_the_users_language(talk: Start) -> None:
    it = talk()
    assert "积分：可用 100" in it("余额")
    assert it.requests("create_session")[0]["body"]["language"] == "zh-CN"
    assert "时间线" in it("状态") and "还没有可以导出" in it("导出")


def test_an_offer_is_taken_up(talk: Start) -> None:
    it = talk()
    it(MUSIC, "clip.mp4")
    assert "Shall I export it" in it("thanks") and "saved here as" in it("yes")


# its parts

STREAMS = {
    "vendor": b'data: {"type":"text","content":"Hi"}\n\ndata: {"type":"heartbeat"}\n\ndata: {"type":"tool_call","name":"x","args":{}}\n\n',
    "heartbeats": b"data:\n\ndata: \n\ndata: heartbeat\n\nevent: heartbeat\ndata:\n\n: heartbeat\n\n",
    "crlf": b'data: {"text":"a"}\r\n\r\ndata: {"text":"b"}\r\n\r\n',
    "cr": b'data: {"text":"a"}\r\rdata: {"text":"b"}\r\r',
    "mixed ends": b'data: {"text":"a"}\n\r\ndata: {"text":"b"}\r\n\r',
    "bom": '\ufeffdata: {"text":"a"}\n\n'.encode(),
    "several data lines": b'data: {"text":\ndata:"a"}\n\n',
    "no space": b'data:{"text":"a"}\n\n',
    "other fields": b'id: 7\nretry: 10\nfoo: bar\ndata\nevent: message\ndata: {"text":"a"}\n\n',
    "characters": 'data: {"type":"text","content":"配乐 🎵 é"}\n\n'.encode(),
    "unfinished": b'data: {"text":"a"}\n\ndata: {"text":"b"}\n',
    "no data": b"event: text\n\ndata: x\n\n",
}
EVENTS = {
    "vendor": ['{"type":"text","content":"Hi"}', '{"type":"heartbeat"}', '{"type":"tool_call","name":"x","args":{}}'],
    "heartbeats": ["", "", "heartbeat", ""],
    "crlf": ['{"text":"a"}', '{"text":"b"}'],
    "cr": ['{"text":"a"}', '{"text":"b"}'],
    "mixed ends": ['{"text":"a"}', '{"text":"b"}'],
    "bom": ['{"text":"a"}'],
    "several data lines": ['{"text":\n"a"}'],
    "no space": ['{"text":"a"}'],
    "other fields": ['\n{"text":"a"}'],
    "characters": ['{"type":"text","content":"配乐 🎵 é"}'],
    "unfinished": ['{"text":"a"}'],
    "no data": ["x"],
}


@pytest.mark.parametrize("name", STREAMS)
def test_streams_read_the_same_however_they_are_cut(name: str) -> None:
    content = STREAMS[name]
    cuts = [[content], [content[i : i + 1] for i in range(len(content))]]
    cuts += [[content[:i], content[i:]] for i in range(1, len(content))]
    for chunks in cuts:
        reader = reference.stream.EventReader()
        assert [sent.data for chunk in chunks for sent in reader.feed(chunk)] == EVENTS[name]


ADK = '{"content":{"parts":[%s],"role":"%s"},"author":"nemo_agent"%s}'


@pytest.mark.parametrize(
    ("data", "heard"),
    [
        ('{"type":"text","content":"Hi"}', [("text", "Hi", False)]),
        ('{"text":"Hi"}', [("text", "Hi", False)]),
        (
            ADK % ('{"text":"Hi"},{"functionCall":{"name":"f","args":{}}}', "model", ""),
            [("text", "Hi", False), ("tool", "f", False)],
        ),
        (ADK % ('{"functionResponse":{"name":"f","response":{"text":"secret"}}}', "user", ""), [("tool", "f", False)]),
        (ADK % ('{"text":"H"}', "model", ',"partial":true'), [("text", "H", True)]),
        (ADK % ('{"text":"hm","thought":true},{"text":"Hi"},7,{"new":1}', "model", ""), [("text", "Hi", False)]),
        ('{"type":"chunk","text":"H"}', [("text", "H", True)]),
        ('{"errorCode":"X","errorMessage":"no"}', [("error", "no", False)]),
        ('{"error":"Type: no","error_details":{}}', [("error", "Type: no", False)]),
        ('{"error": "it said "no""}', [("error", '{"error": "it said "no""}', False)]),
        ('{"type":"error","content":"no"}', [("error", "no", False)]),
        ('{"type":"tool_result","name":"f","result":{"error":"inside"}}', [("tool", "f", False)]),
        ('{"type":"thinking_delta","text":"hm"}', []),
        ('{"type":"heartbeat"}', []),
        ('{"content":null}', []),
        ('{"content":{"parts":null}}', []),
        ("heartbeat", []),
        ("[DONE]", []),
        ("", []),
        ('{"type":"te', []),
        ("[" * 100_000, []),
    ],
)
def test_what_events_mean(data: str, heard: list[tuple[str, str, bool]]) -> None:
    assert [tuple(one) for one in reference.stream.meanings(reference.stream.Sent(data))] == heard


@pytest.mark.parametrize(
    ("status", "content", "code"),
    [
        (200, b'{"code":1002,"message":"session not found","data":null}', 1002),
        (402, b'{"code":2001}', 2001),
        (401, b"", 1001),
        (404, b'{"detail":"Session not found: 7"}', 1002),
        (404, b'{"detail":"Not Found"}', 404),
        (500, b'{"code":500}', 500),
        (200, b'{"success":false}', 0),
    ],
)
def test_what_refusals_look_like(status: int, content: bytes, code: int) -> None:
    with pytest.raises(reference.api.Refused) as refused:
        reference.api.envelope(httpx.Response(status, content=content))
    assert refused.value.code == code


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b"7", b"\xff", b"[" * 100_000])
def test_what_nobody_can_read(content: bytes) -> None:
    with pytest.raises(reference.api.Unreadable):
        reference.api.envelope(httpx.Response(200, content=content))


def test_a_gateway_is_not_the_service() -> None:
    with pytest.raises(reference.api.Unreachable):
        reference.api.envelope(httpx.Response(502, content=b"<html>Bad Gateway</html>"))


@pytest.mark.parametrize(
    ("env", "folder", "platform"),
    [
        ({}, "~/.clawhub/skills/x", "clawhub"),
        ({}, "~/.cursor/skills/x", "cursor"),
        ({}, "~/.cursor/x", "unknown"),
        ({"SKILL_SOURCE": "cursor"}, "~/.clawhub/x", "cursor"),
    ],
)
def test_the_platform_is_told_by_where_the_skill_lies(env: dict[str, str], folder: str, platform: str) -> None:
    assert reference.api.attribution(env, Path(folder).expanduser())["X-Skill-Platform"] == platform


def test_partial_texts_are_told_once(talk: Start) -> None:
    it, turn = talk(), reference.assistant.Turn()
    for text, partial in (("Hel", True), ("lo.", True), ("Hello.", False), ("End", True)):
        it.assistant.hear(reference.stream.Heard("text", text, partial), turn)
    assert it.said == ["Hello."] and turn.pieces == ["End"]


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("export", ["export"]),
        ("Please export my video!", ["export"]),
        ("导出", ["export"]),
        ("send me the video", ["export"]),
        ("download", ["export"]),
        ("credits", ["credits"]),
        ("What's my balance?", ["credits"]),
        ("我还有多少积分", ["credits"]),
        ("余额", ["credits"]),
        ("status", ["status"]),
        ("show tracks", ["status"]),
        ("show me the timeline", ["status"]),
        ("状态", ["status"]),
        ("导出进度怎么样", ["status"]),
        ("upload", ["upload"]),
        ("上传", ["upload"]),
        ("upload https://x.test/a.mp4", ["upload"]),
        ("make it warmer", ["edit"]),
        ("add end credits with my name", ["edit"]),
        ("set the white balance to 5600 K", ["edit"]),
        ('add the title "Download now"', ["edit"]),
        ("add music to the uploaded clip", ["edit"]),
        ("add a title and export it", ["edit:add a title", "export"]),
        (
            "trim the first 2.5 seconds, add jazz at 0.4, then download it",
            ["edit:trim the first 2.5 seconds, add jazz at 0.4", "export"],
        ),
        ("加一段音乐，然后导出", ["edit:加一段音乐", "export"]),
        ("加音乐后导出", ["edit:加音乐", "export"]),
        ("add jazz before exporting", ["edit:add jazz", "export"]),
        ("合并两段视频", ["edit:合并两段视频"]),
        ("add a title saying download now", ["edit"]),
        ("make a promo for my hotel", ["edit"]),
        ("use https://x.test/b.mov and add music", ["upload", "edit:use https://x.test/b.mov and add music"]),
        ("write me a poem", ["decline"]),
        ("make a video about the weather", ["edit"]),
        ("", []),
    ],
)
def test_where_messages_go(text: str, steps: list[str]) -> None:
    plan = reference.routing.plan(text, [])
    assert [step.kind for step in plan] == [step.partition(":")[0] for step in steps]
    for step, wanted in zip(plan, steps, strict=True):
        if ":" in wanted:
            assert step.text == wanted.partition(":")[2]


SCREEN_WORDS = (
    "click",
    "drag",
    "button",
    "panel",
    "preview in timeline",
    "press",
    "top right",
    "点击",
    "拖拽",
    "按钮",
    "面板",
    "打开",
    "右上角",
)


@pytest.mark.parametrize("key", PHRASES)
def test_nothing_of_the_screen_reaches_the_user(key: str) -> None:
    class Anything(dict[str, str]):
        def __missing__(self, name: str) -> str:
            return name

    for variants in PHRASES[key]:
        for phrase in variants:
            shown = reference.speech.translate(phrase.format_map(Anything())).text.lower()
            assert not [word for word in SCREEN_WORDS if word in shown]


@pytest.mark.parametrize(
    ("text", "shown", "actions"),
    [
        ("Added BGM at 35 % (0-10 s). Click the Export button to get it.", "Added BGM at 35 % (0-10 s).", {"export"}),
        ("Open the Timeline panel to see it.", "", {"state"}),
        ("Drag the clip to the end, or tell me where to put it.", "Tell me where to put it.", {"edit"}),
        ("Preview in timeline, it looks great.", "", {"tracks"}),
        ("Check your account page for details.", "", {"credits"}),
        ('Added the title "Click here".', 'Added the title "Click here".', set()),
        ("已加音乐。点击“导出”按钮。", "已加音乐。", {"export"}),
    ],
)
def test_screen_talk_becomes_an_action(text: str, shown: str, actions: set[str]) -> None:
    words = reference.speech.translate(text)
    assert (words.text, set(words.actions)) == (shown, actions)


def test_secrets_and_raw_answers_are_not_shown() -> None:
    assert reference.speech.safe('Token nmv_usr_abc-DEF_1 ok\n{"code":0,"data":{}}\nBye') == "Token *** ok\nBye"


def test_a_timeline_survives_what_nobody_documents() -> None:
    draft = {
        "t": [
            {"tt": 0, "sg": [{"d": 5000}, {"d": 5000, "zz": 1}]},
            {"tt": 1, "nm": "x", "sg": [{"nm": "Lo-fi", "d": 10000, "vol": 0.35}]},
            {"tt": 7, "sg": [{"d": 3000, "m": {"text": "Urban Dreams"}}]},
            {"tt": 4, "sg": [{}]},
            {"tt": 9},
            7,
        ]
    }
    assert reference.draft.timeline({"draft": draft}, False) == [
        "1. Video: clip (0-5s), clip (5-10s)",
        "2. BGM: Lo-fi (0-10s, 35%)",
        '3. Title: "Urban Dreams" (0-3s)',
        "4. Other: clip (0-0s)",
    ]
