"""The clients in JavaScript and in shell, as processes against scenarios at a fast clock: what they sent, and what they said."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise, zip_longest
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from mock_server.scenario import begin, find, read, read_text, samples
from mock_server.serve import Running, running
from mock_server.worlds import Recipe, Worlds

CLIENTS = Path(__file__).parents[2] / "fixtures" / "clients"
COMMANDS = {"node": ["node", str(CLIENTS / "node" / "client.mjs")], "shell": ["bash", str(CLIENTS / "shell" / "client.sh")]}
RATE = 100.0  # ten minutes of silence last six seconds: a busy machine must not be taken for it
LIMIT_S = 60


def version_of(tool: str) -> int:
    """The first number that a tool says of itself; 0 when it is not there."""
    if not shutil.which(tool):
        return 0
    told = subprocess.run([tool, "--version"], capture_output=True, text=True, timeout=20).stdout
    found = re.search(r"\d+", told)
    return int(found[0]) if found else 0


@pytest.fixture(params=COMMANDS)
def client(request: pytest.FixtureRequest) -> str:
    wanted = {"node": {"node": 20}, "shell": {"bash": 5, "curl": 7, "jq": 1}}
    name: str = request.param
    for tool, least in wanted[name].items():
        if version_of(tool) < least:
            pytest.skip(f"the {name} client needs {tool} {least} or newer")
    return name


def converse(client: str, env: dict[str, str], folder: Path, messages: list[tuple[str, list[str]]]) -> list[list[str]]:
    """What was said to each message, each sent when the last is done."""
    heard: list[list[str]] = []
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "SKILL_NAME": "music-to-a", "SKILL_VERSION": '"1.2.3"', **env}
    with subprocess.Popen(COMMANDS[client], stdin=-1, stdout=-1, stderr=-1, env=env, cwd=folder, encoding="utf-8") as process:
        assert process.stdin and process.stdout and process.stderr
        try:
            for text, files in messages:
                process.stdin.write(json.dumps({"type": "user", "text": text, "files": files}) + "\n")
                process.stdin.flush()
                heard.append([])
                while (line := json.loads(process.stdout.readline() or '{"type":"done"}'))["type"] != "done":
                    heard[-1].append(line["text"])
            said, complaints = process.communicate(timeout=LIMIT_S)
            assert (process.returncode, said, complaints) == (0, "", "")
        finally:
            process.kill()
    return heard


@dataclass
class Lived:
    """A scenario that a client went through."""

    said: list[list[str]]
    requests: list[dict[str, Any]]
    files: dict[str, bytes]

    @property
    def text(self) -> str:
        return "\n".join(line for lines in self.said for line in lines)

    def sent(self, *operations: str) -> list[dict[str, Any]]:
        return [entry for entry in self.requests if entry["operation"] in operations]

    def headers(self, name: str) -> list[str | None]:
        return [dict(entry["headers"]).get(name) for entry in self.requests]

    def gaps_s(self, *operations: str) -> list[float]:
        times = [entry["at_ms"] / 1000 for entry in self.sent(*operations)]
        return [later - earlier for earlier, later in pairwise(times)]

    def waits_s(self, wanted: list[int], *operations: str) -> list[float]:
        """The gaps, each that is longer than wanted as if it was not: that may be the machine's doing."""
        return [min(pair) for pair in zip_longest(self.gaps_s(*operations), wanted, fillvalue=-1)]


def live(server: Running, client: str, name: str, rate: float, folder: Path) -> Lived:
    scenario = read_text(OWN[name], name, name) if name in OWN else read(find(name))
    begun = server.do(lambda: begin(server.worlds, scenario, f"{client}-{name}", policy="real", rate=rate))
    home = folder / name
    home.mkdir()
    for file in (file for message in scenario.messages for file in message.files):
        content = (samples() / file.name).read_bytes() if file.size is None else b"." * file.size
        (home / file.name).write_bytes(content)
    env = {"NEMO_API_URL": server.world_url(f"{client}-{name}"), "NEMO_WEB_URL": "https://web.test", "NEMO_TIME_RATE": str(rate)}
    messages = [(message.text, [file.name for file in message.files]) for message in scenario.messages]
    said = converse(client, env | begun.environment, home, messages)
    requests = server.do(lambda: list(begun.live.journal.entries(kind="request")))
    files = {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}
    return Lived(said, requests, files)


# what each scenario has to show

#: Not shipped: what the others ask of a reader of streams one by one, in a single stream.
SPELLING = """
scenario: every-spelling-at-once
why: A reader that copes with this copes with each of it.
covers: [rule 67, rule 68]
framing: {dialect: adk, partials: true, chunks: hostile, line_end: mixed, bom: true, comments: inside, data_lines: many, colon_space: mixed,
  sse_fields: [event, id, retry, unknown], spice: [ls, ps, nel, emoji, long], heartbeat_forms: [json, empty, space, word, event, comment], heartbeat_interval_s: 3}
turns: [{silent: false}]
messages: [{text: add calm background music at 35%, files: [video.mp4]}]
"""
#: Nor this: however busy the machine is, the client gives up first.
BREATHING = """
scenario: heartbeats-for-an-hour
why: A connection that breathes and says nothing is the hardest to give up.
covers: [rule 63]
turns: [{heartbeats_only: true, takes_s: 3600}]
messages: [make a 10 second video about the sea]
"""
OWN = {text.split()[1]: text for text in (SPELLING, BREATHING)}

STORIES: dict[str, Callable[[Lived], None]] = {}
RATES = {"stream-dies-and-nothing-changes": 60.0, "heartbeats-for-an-hour": 400.0, "render-never-finishes": 250.0}


def story(name: str) -> Callable[[Callable[[Lived], None]], Callable[[Lived], None]]:
    def add(check: Callable[[Lived], None]) -> Callable[[Lived], None]:
        STORIES[name] = check
        return check

    return add


@story("free-first-video")
def the_whole_workflow(it: Lived) -> None:
    operations = [entry["operation"] for entry in it.requests]
    assert operations[:4] == ["issue_anonymous_token", "create_session", "upload_files", "get_state"]
    assert operations.count("create_session") == 1 and operations.count("run_sse") == 2
    assert operations[-2:] == ["get_file", "issue_claim_token"]
    assert set(it.headers("x-skill-source")) == {"music-to-a"} and set(it.headers("x-skill-version")) == {"1.2.3"}
    assert set(it.headers("x-skill-platform")) == {"unknown"}
    bare = {
        operation for operation, token in zip(operations, it.headers("authorization"), strict=True) if token is None
    }  # a token goes to the API and nowhere else
    assert bare == {"issue_anonymous_token", "get_file"}
    assert it.said[0][:3] == ["Connecting...", "Ready!", "Uploaded video.mp4 (0.8s, 64x48)."]
    assert "35%)" in "".join(it.said[1])
    (video,) = (name for name in it.files if name.startswith("render_"))
    assert it.files.keys() == {".config/nemovideo/client_id", "video.mp4", video}
    assert it.files[video][4:8] == b"ftyp" and any(video in line for line in it.said[2])
    assert it.files[".config/nemovideo/client_id"].decode() == it.headers("x-client-id")[0]
    assert "https://web.test/workspace/claim?ct=clm_" in it.text and "nmv_usr_" not in it.text
    session = {entry["body"]["session_id"] for entry in it.sent("run_sse")} | {it.sent("submit_render")[0]["body"]["sessionId"]}
    assert len(session) == 1


@story("silent-edit")
def silence_is_answered_from_the_state(it: Lived) -> None:
    assert "Done." in it.said[0] and "added BGM: " in it.text and "35%)" in it.text
    assert [entry["operation"] for entry in it.requests[-3:]] == ["get_state", "run_sse", "get_state"]


@story("stream-dies-between-two-bytes")
def a_dropped_stream_is_looked_after(it: Lived) -> None:
    assert "connection broke" in it.text and "added BGM: " in it.text
    assert len(it.sent("run_sse")) == len(it.sent("create_session")) == 1
    assert it.sent("get_state")[-1]["at_ms"] - it.sent("run_sse")[0]["at_ms"] >= 30_000


@story("stream-dies-and-nothing-changes")
def five_looks_are_enough(it: Lived) -> None:
    waits = [0, 30, 60, 60, 60, 60]
    assert it.waits_s(waits, "get_state", "run_sse") == waits and "Shall I try it again?" in it.text
    assert len(it.sent("run_sse")) == len(it.sent("create_session")) == 1


@story("heartbeats-for-an-hour")
def patience_ends_after_ten_minutes(it: Lived) -> None:
    assert it.text.count("⏳ Still working...") >= 4 and "takes too long" in it.text and "Done." not in it.text
    assert len(it.sent("run_sse")) == 1


@story("render-fails-twice")
def two_renders_are_enough(it: Lived) -> None:
    assert it.said[0][-1] == "Export failed, please try again later."
    assert len({entry["body"]["id"] for entry in it.sent("submit_render")}) == len(it.sent("submit_render")) == 2


@story("render-never-finishes")
def ten_polls_are_enough(it: Lived) -> None:
    assert it.waits_s([30] * 10, "submit_render", "get_render") == [30] * 10 and "not ready after five minutes" in it.text


@story("link-that-fails-at-once")
def the_api_has_the_file_too(it: Lived) -> None:
    assert [entry["operation"] for entry in it.requests[-3:-1]] == ["get_file", "download_render"]
    assert "saved here as render_" in it.text


@story("purse-empty-anonymous")
def a_guest_is_sent_to_register(it: Lived) -> None:
    assert re.search(r"https://web\.test/register\?bind=anon_\w+$", it.text)
    assert len(it.sent("run_sse")) == len(it.sent("issue_anonymous_token")) == 1


@story("export-blocked-on-the-free-plan")
def a_plan_is_no_purse(it: Lived) -> None:
    assert "Register or upgrade your plan to unlock export." in it.text and "credit" not in it.text
    assert len(it.sent("submit_render")) == 1


@story("token-already-expired")
def a_dead_token_is_replaced_aloud(it: Lived) -> None:
    assert "NEMO_TOKEN is no longer valid" in it.text and "100 available" in it.text
    assert [entry["operation"] for entry in it.requests] == [
        "create_session",
        "issue_anonymous_token",
        "create_session",
        "get_credits",
    ]


@story("session-lost-between-messages")
def a_lost_session_is_replaced(it: Lived) -> None:
    assert "no longer there" in it.text and "Sent again: video.mp4." in it.text
    assert len(it.sent("create_session")) == len(it.sent("upload_files")) == 2


@story("rate-limited-bootstrap")
def one_more_try_after_half_a_minute(it: Lived) -> None:
    assert it.waits_s([30], "issue_anonymous_token") == [30] and set(it.headers("x-client-id")) == {"kept-from-last-week"}
    assert "Set a NEMO_TOKEN" in it.text


@story("unknown-track-types")
def tracks_are_told_as_prescribed(it: Lived) -> None:
    assert it.said[0][-1].split("\n")[1:] == [
        "1. Video: city timelapse (0-10s)",
        "2. BGM: Lo-fi (0-10s, 35%)",
        "3. Other: sticker (2-3.5s)",
        "4. Other: clip (0-10s)",
        '5. Title: "Urban Dreams" (0-3s)',
    ]


@story("gui-speech-everywhere")
def nothing_of_the_screen_is_said(it: Lived) -> None:
    assert not re.search(r"click|drag|panel|button|billing|press|preview", it.text, re.IGNORECASE)
    assert "The timeline is still empty." in it.text and "100 available" in it.text and len(it.sent("run_sse")) == 1


@story("upload-of-a-document")
def what_cannot_be_taken_is_not_sent(it: Lived) -> None:
    assert "report.pdf is of a type" in it.text and "mp4, mov, avi" in it.text
    assert [entry["operation"] for entry in it.requests] == ["issue_anonymous_token", "create_session"]


@story("every-spelling-at-once")
def every_spelling_tells_the_same(it: Lived) -> None:
    said = "\n".join(line for line in it.said[0] if "working" not in line)
    assert said.count("Composing soft piano music for it.") == said.count("Added BGM 'Still Water' at 35 % (0-0.8 s)") == 1
    assert "- added BGM: Still Water (0-0.8s, 35%)" in said and "{" not in said and "heartbeat" not in said


def test_the_stories_come_out_right(client: str, tmp_path: Path, subtests: pytest.Subtests) -> None:
    with running(Worlds(Recipe(policy="real", rate=RATE))) as server, ThreadPoolExecutor(6) as pool:
        lived = {
            name: pool.submit(live, server, client, name, RATES.get(name, RATE), tmp_path)
            for name in sorted(STORIES, key=lambda name: name not in RATES)
        }
        for name, check in STORIES.items():
            with subtests.test(name):
                it = lived[name].result()
                assert "nmv_usr_" not in it.text and '{"' not in it.text
                check(it)


# what no scenario can show

#: As other writers of JSON would not write it, in part not even able to.
DRAFT = '{"t" : [{"tt":0,"sg":[{"d":1.0,"x":12345678901234567890,"e":1E5,"q":"\\u00e9 } \\" draft","n":-0.0}],"draft":{}}],"d":1000.00}'


@contextmanager
def service(told: dict[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    """A server that gives fixed answers by path, and keeps what it is sent."""
    kept: dict[str, str] = {}

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept[self.path] = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            content = next(content for path, content in told.items() if path in self.path).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", kept
        server.shutdown()
        thread.join()


def test_a_draft_goes_back_as_it_came(client: str, tmp_path: Path) -> None:
    answers = {
        "anonymous-token": '{"code":0,"data":{"token":"nmv_usr_x","user_id":"anon_1"}}',
        "with-session": '{"code":0,"data":{"session_id":"5529798706024415232","task_id":"task_1"}}',
        "/state/": '{"code":0,"data":{"draft":1,"state":{"video_infos":[{"draft":[2]}],"draft":' + DRAFT + ',"m":{}}}}',
        "/render/": '{"success":true,"data":{"id":"r","status":"failed"}}',
    }
    with service(answers) as (url, kept):
        said = converse(client, {"NEMO_API_URL": url, "NEMO_TIME_RATE": "5000"}, tmp_path, [("export", [])])
    assert said[0][-1] == "Export failed, please try again later."
    assert f'"draft":{DRAFT},' in kept["/api/render/proxy/lambda"]
    assert '"sessionId":"5529798706024415232"' in kept["/api/render/proxy/lambda"]


def test_an_event_without_an_end_is_not_heard(client: str, tmp_path: Path) -> None:
    answers = {
        "anonymous-token": '{"code":0,"data":{"token":"nmv_usr_x"}}',
        "with-session": '{"code":0,"data":{"session_id":"1"}}',
        "/state/": '{"code":0,"data":{"state":{}}}',
        "run_sse": 'data: {"text":"First."}\r\ndata: \r\n\ndata: {"text":\ndata:"Second."}\r\r: {"text":"No."}\n\ndata: {"text":"Nor."}\n',
    }
    with service(answers) as (url, kept):
        said = converse(client, {"NEMO_API_URL": url, "NEMO_TIME_RATE": "100"}, tmp_path, [('加音乐 \\ & "x"', [])])
    assert [line for line in said[0] if line.isascii()] == ["First.", "Second."]
    assert json.loads(kept["/run_sse"])["new_message"] == {"parts": [{"text": '加音乐 \\ & "x"'}]}


def test_a_stream_may_be_cut_anywhere() -> None:
    """Of the client in JavaScript: what a shell reads has no chunks."""
    if version_of("node") < 20:
        pytest.skip("the node client needs node 20 or newer")
    code = f"""
        import {{ events }} from {json.dumps((CLIENTS / "node" / "api.mjs").as_uri())};
        const whole = Buffer.from("\\ufeffdata: é\\r\\ndata: 好🎵\\r\\n\\r\\n: x\\rdata:b\\r\\rdata: c\\n\\ndata: d\\n");
        for (let at = 0; at <= whole.length; at += 1) {{
          const told = [];
          for await (const data of events([whole.subarray(0, at), whole.subarray(at)])) told.push(data);
          console.log(JSON.stringify(told));
        }}
    """
    done = subprocess.run(["node", "--input-type=module", "-e", code], capture_output=True, encoding="utf-8", timeout=LIMIT_S)
    assert done.stderr == "" and {tuple(json.loads(line)) for line in done.stdout.splitlines()} == {("é\n好🎵", "b", "c")}


def alone(client: str, lines: list[str], folder: Path) -> list[dict[str, str]]:
    """What a client answers to these lines, all there at once, where no service is."""
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "NEMO_API_URL": "http://127.0.0.1:9"}
    content = "".join(line + "\n" for line in lines).encode("utf-8", "surrogatepass")
    done = subprocess.run(COMMANDS[client], input=content, capture_output=True, env=env, timeout=LIMIT_S)
    assert (done.returncode, done.stderr) == (0, b"")
    return [json.loads(said) for said in done.stdout.splitlines()]


def test_no_input_ends_in_a_trace(client: str, tmp_path: Path) -> None:
    lines = ["[1]", '{"type":"ping"}', "", "not json", '{"type":"user"', '{"type":"user","text":"status","files":7}', "\ud83d"]
    told = alone(client, [*lines, "[" * 99_999], tmp_path)
    assert [one["type"] for one in told].count("done") == 5
    assert all("cannot reach" in one["text"] for one in told if one["type"] == "say" and one["text"][:3] not in ("Con", "Got"))


def test_what_comes_too_early_is_queued(client: str, tmp_path: Path) -> None:
    answers = {"anonymous-token": '{"code":429}'}
    lines = [json.dumps({"type": "user", "text": text}) for text in ("credits", "status")]
    with service(answers) as (url, _):
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "NEMO_API_URL": url, "NEMO_TIME_RATE": "100"}
        done = subprocess.run(
            COMMANDS[client], input="\n".join(lines), capture_output=True, env=env, encoding="utf-8", timeout=LIMIT_S
        )
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert sum("as soon as the current work is done" in one.get("text", "") for one in told) == 1
    assert [one["type"] for one in told].count("done") == 2 and done.stderr == ""
