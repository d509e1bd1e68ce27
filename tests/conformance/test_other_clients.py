"""The clients in JavaScript and in shell: the kit's verdict on them, and what no scenario can show."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from conformance import catalogue, runner
from conformance.client import Spec
from tests.conformance.kit import FULL, explained, objections

CLIENTS = Path(__file__).parents[2] / "fixtures" / "clients"
COMMANDS = {"node": ["node", str(CLIENTS / "node" / "client.mjs")], "shell": ["bash", str(CLIENTS / "shell" / "client.sh")]}
RATE = 60.0  # a shell takes a tenth of a second where others take none: six virtual seconds
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


#: A scenario for each kind of trouble; `make certify` plays all.
SCENARIOS = (
    "free-first-video",
    "silent-edit",
    "stream-dies-between-two-bytes",
    "render-fails-once",
    "token-already-expired",
    "gui-speech-in-chinese",
    "words-in-odd-envelopes",
)


def test_a_client_in_another_language_keeps_the_rules(client: str) -> None:
    scenarios = runner.scenarios(() if FULL else SCENARIOS)
    traces = runner.play(Spec(tuple(COMMANDS[client])), scenarios, runner.Play(rate=RATE, jobs=6))

    assert explained(objections(traces)) == ""
    assert [(trace.name, trace.outcome["how"], trace.outcome["stderr"]) for trace in traces if not trace.finished] == []
    covered = {rule for one in scenarios for rule in runner.rules_of(one)}
    found = {rule.id for rule, verdict, _ in catalogue.judged(traces) if verdict == "met"}
    assert len(covered - found) <= 1, covered - found  # no client looks for updates


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
