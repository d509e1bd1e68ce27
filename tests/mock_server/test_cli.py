"""The command line, as processes: what people run by hand."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

COMMAND = [sys.executable, "-m", "mock_server"]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *words], capture_output=True, text=True, timeout=60)


@contextmanager
def serving(folder: Path, *words: str, command: list[str] | None = None) -> Iterator[tuple[subprocess.Popen, dict]]:
    """A served mock and its ready file; ended by its id, if it is still there."""
    ready = folder / "ready.json"
    process = subprocess.Popen(
        [*COMMAND, *(command or ["serve"]), "--port", "0", "--control-port", "0", "--ready-file", str(ready), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        lines = []
        while process.stdout and (line := process.stdout.readline()):
            lines.append(line)
            if line.startswith("Ctrl-C"):
                break
        assert ready.exists(), "".join(lines)
        yield process, json.loads(ready.read_text())
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(30)
        if process.stdout:
            process.stdout.close()


def token(url: str) -> str:
    value: str = httpx.post(f"{url}/api/auth/anonymous-token", headers={"X-Client-Id": "a"}).json()["data"]["token"]
    return value


def test_version_and_help_need_no_server():
    """--version and --help answer without importing the server."""
    assert run("--version").stdout == "nemovideo-mock 0.1.0\n"
    assert "serve" in run("--help").stdout
    code = "import sys; sys.argv = ['nemovideo-mock', '--help']; import mock_server.__main__ as m\ntry: m.main()\nexcept SystemExit: print('uvicorn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.endswith("False\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["serve", "--setting", "dialec=adk"], "did you mean 'dialect'"),
        (["serve", "--setting", "dialect=vendr"], "did you mean 'vendor'"),
        (["serve", "--setting", "dialect"], "NAME=VALUE"),
        (["serve", "--setting", "silent_rate=2"], "between 0 and 1"),
        (["serve", "--setting", "edit_s=30-10"], "30 is more than 10"),
        (["serve", "--start", "yesterday"], "2026-03-20T09:30:00Z"),
        (["serve", "--journal", "/nowhere/at/all.jsonl"], "/nowhere/at/all.jsonl"),
        (["serve", "--state", "/nowhere/at/all.db"], "/nowhere/at/all.db"),
        (["serve", "--ready-file", "/nowhere/at/all.json"], "/nowhere/at"),
        (["serve", "--clock", "sundial"], "sundial"),
        (["serve", "--rate", "0"], "0"),
        (["settings", "dialec"], "did you mean 'dialect'"),
        (["worlds", "--control-url", "http://127.0.0.1:9"], "nemovideo-mock serve"),
        (["journal", "--control-url", "http://127.0.0.1:9"], "nemovideo-mock serve"),
        (["worlds", "advance", "default"], "--by"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_use_is_one_clear_line_and_exit_2(words, said):
    """What is wrong, what is allowed, and no traceback."""
    done = run(*words, *(["--port", "0", "--control-port", "0"] if words[0] == "serve" else []))

    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith("Error: ")


def test_a_state_file_that_is_none(tmp_path):
    """A file that is no database of ours is refused and left as it is."""
    file = tmp_path / "notes.txt"
    file.write_text("not a database, but long enough to look at " * 10)

    done = run("serve", "--port", "0", "--control-port", "0", "--state", str(file))

    assert done.returncode == 2
    assert "state file" in done.stderr
    assert file.read_text().startswith("not a database")


def test_a_port_in_use():
    """One line that names the port and the way out."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("serve", "--port", str(taken.getsockname()[1]), "--control-port", "0")

    assert done.returncode == 2
    assert "in use" in done.stderr and "--port" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_ready_file_and_banner(tmp_path):
    """The ready file names both URLs and the process; the server answers by then."""
    with serving(tmp_path, "--seed", "7") as (process, ready):
        assert ready["pid"] == process.pid
        assert token(ready["url"]).startswith("nmv_usr_MOCK")
        assert httpx.get(ready["control_url"]).status_code == 200


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_streams_open(tmp_path, number):
    """Ctrl-C closes an open stream in order and exits 0."""
    with serving(tmp_path, "--clock", "manual") as (process, ready):
        headers = {"Authorization": f"Bearer {token(ready['url'])}"}
        with httpx.Client(base_url=ready["url"], headers=headers, timeout=30) as client:
            session = client.post("/api/tasks/me/with-session/nemo_agent", json={"task_name": "x"}).json()["data"]["session_id"]
            body = {"session_id": session, "new_message": {"parts": [{"text": "hello"}]}}
            with client.stream("POST", "/run_sse", json=body) as stream:
                assert stream.status_code == 200
                process.send_signal(number)
                assert stream.read() == b""

        assert process.wait(30) == 0
        assert process.stdout is not None and "Traceback" not in process.stdout.read()


def test_a_killed_process_loses_nothing_that_was_answered(tmp_path):
    """--journal FILE holds request and response of every answer, even after SIGKILL."""
    file = tmp_path / "journal.jsonl"
    with serving(tmp_path, "--journal", str(file)) as (process, ready):
        value = token(ready["url"])
        process.kill()
        process.wait(30)

    entries = [json.loads(line) for line in file.read_text().splitlines()]
    kinds = [entry["kind"] for entry in entries]
    assert kinds.index("request") < kinds.index("response")
    assert entries[kinds.index("response")]["body"]["data"]["token"] == value


def test_worlds_survive_a_restart(tmp_path):
    """--state FILE: token, session, draft, journal and clock are there again, even after SIGKILL."""
    state = tmp_path / "state.db"
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    with serving(tmp_path / "one", "--state", str(state), "--clock", "instant") as (process, ready):
        headers = {"Authorization": f"Bearer {token(ready['url'])}"}
        with httpx.Client(base_url=ready["url"], headers=headers, timeout=30) as client:
            session = client.post("/api/tasks/me/with-session/nemo_agent", json={"task_name": "x"}).json()["data"]["session_id"]
            client.post("/run_sse", json={"session_id": session, "new_message": {"parts": [{"text": "make a 5 second video of the sea"}]}})
            before = client.get(f"/api/state/nemo_agent/me/{session}/latest").json()
            seen = len(httpx.get(f"{ready['control_url']}/worlds/default/journal").json()["entries"])
        process.kill()
        process.wait(30)

    with serving(tmp_path / "two", "--state", str(state), "--clock", "instant") as (process, ready):
        with httpx.Client(base_url=ready["url"], headers=headers, timeout=30) as client:
            after = client.get(f"/api/state/nemo_agent/me/{session}/latest").json()
        entries = httpx.get(f"{ready['control_url']}/worlds/default/journal").json()["entries"]

    assert after == before
    assert after["data"]["state"]["draft"]["t"]
    assert len(entries) >= seen


def test_worlds_and_journal_from_another_terminal(tmp_path):
    """`worlds` and `journal` talk to a running mock."""
    with serving(tmp_path, "--clock", "manual") as (_, ready):
        control = ["--control-url", ready["control_url"]]
        token(ready["url"])

        assert run("worlds", *control, "create", "mine", "--seed", "9").stdout.strip() == f"{ready['url']}/w/mine"
        assert "mine" in run("worlds", *control).stdout
        assert json.loads(run("worlds", *control, "show", "mine").stdout)["seed"] == "9"
        assert run("worlds", *control, "advance", "mine", "--by", "30").stdout.startswith("2026-03-20T00:00:30")
        assert run("worlds", *control, "delete", "mine").returncode == 0
        assert "mine" in run("worlds", *control, "show", "mine").stderr
        told = run("journal", *control).stdout
        assert "POST /api/auth/anonymous-token" in told and "<- 200" in told and "token.issued" in told
        assert all(json.loads(line) for line in run("journal", *control, "--json").stdout.splitlines())


def test_settings_lists_every_setting_with_its_basis():
    """`settings` says default, meaning, basis and source; --json gives the same to programs."""
    told = run("settings").stdout
    rows = json.loads(run("settings", "--json").stdout)

    assert {row["name"] for row in rows} >= {"dialect", "silent_rate", "render_shape", "plan"}
    assert all(row["name"] in told and row["source"] in told for row in rows)


def test_lifecycles_are_printed():
    """Each lifecycle is a table that can be read."""
    told = run("lifecycles").stdout

    assert "pending" in told and "--cancel" in told
