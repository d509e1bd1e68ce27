"""The command line, as processes: what people run by hand."""

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from mock_server.commands.entries import as_line
from mock_server.serve import ServeError, announcing, open_doors

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
    slow = "{'uvicorn', 'starlette', 'msgspec', 'yaml', 'urllib.request', 'mock_server.worlds', 'mock_server.scenario'}"
    for words in (["--help"], ["serve", "--help"], ["worlds", "--help"], ["scenario", "--help"]):
        code = f"import sys; sys.argv = ['nemovideo-mock', *{words}]; import mock_server.__main__ as m\ntry: m.main()\nexcept SystemExit: print({slow} & set(sys.modules))"
        assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.endswith("set()\n"), words


def test_help_is_in_sections():
    """What one needs first stands first, and no line is cut short."""
    told = run("--help").stdout
    names = ["serve", "replay", "worlds", "journal", "scenario", "har", "settings", "lifecycles", "ledger"]

    assert [line.split()[0] for line in told.splitlines() if line[2:].startswith(tuple(names))] == names
    assert "..." not in told.partition("Serve:")[2]
    worlds = run("worlds", "--help").stdout.partition("Commands:")[2]
    assert worlds.index("create") < worlds.index("show") < worlds.index("advance")


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
        (["serve", "--clock", "manul"], "did you mean 'manual'"),
        (["serve", "--rate", "0"], "0"),
        (["serve", "--rate", "nan"], "--rate': 'nan' is not a finite number"),
        (["serve", "--rate", "inf"], "--rate"),
        (["serve", "--start", "9999-12-31T23:59:59Z"], "9900-01-01"),
        (["serve", "--start", "0001-01-01"], "1970-01-01"),
        (["serve", "--start", "1969-12-31T23:59:59Z"], "1970-01-01"),
        (["serve", "--seed", "\udcff"], "--seed"),
        (["serve", "--ready-file", "/proc/x"], "--ready-file /proc/x: it cannot be written"),
        (["serve", "--ready-file", "/dev/null"], "no plain file"),
        (["serve", "--setting", "public_url=garbage"], "public_url: 'garbage' is not of the form http(s)://HOST"),
        (["serve", "--setting", "anonymous_scopes=raed"], "did you mean 'read'"),
        (["serve", "--host", "nobody.invalid"], "cannot listen on nobody.invalid"),
        (["serve", "--scenario", "silent-edi"], "did you mean 'silent-edit'"),
        (["serv"], "did you mean 'serve'"),
        (["serve", "--sed", "1"], "--seed"),
        (["replay", "nm1_x"], "no run token"),
        (["replay", "a" * 300], "no run token"),
        (["replay", "x", "--rate", "nan"], "not a finite number"),
        (["replay", "x", "--rate", "inf"], "--rate"),
        (["har", "export", "/nowhere/at/all.jsonl"], "/nowhere/at/all.jsonl: No such file"),
        (["ledger", "--kind", "refusals"], "did you mean 'refusal'"),
        (["worlds", "--control-url", "banana"], "--control-url 'banana': write it like http://127.0.0.1:8748"),
        (["worlds", "--control-url", "http://127.0.0.1:x"], "write it like http://127.0.0.1:8748"),
        (["journal", "--control-url", "banana"], "--control-url 'banana': write it like http://127.0.0.1:8748"),
        (["journal", "-f", "--control-url", "http://127.0.0.1:9"], "nemovideo-mock serve"),
        (["worlds", "advance", "default", "--by", "nan"], "not a finite number"),
        (["worlds", "create", "x", "--setting", "dialec=adk"], "did you mean 'dialect'"),
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

    assert_refused(done, said)


def assert_refused(done: subprocess.CompletedProcess[str], said: str) -> None:
    """One line on stderr, exit 2."""
    assert done.returncode == 2
    assert said.lower() in done.stderr.lower()
    assert done.stderr.startswith("Error: ") and len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("start", ["1970-01-01", "9900-01-01", "9899-12-31T23:59:59Z"])
def test_the_first_and_the_last_start(tmp_path, start):
    """A world that begins there gives tokens."""
    with serving(tmp_path, "--clock", "manual", "--start", start) as (_, ready):
        assert token(ready["url"])


def test_the_last_setting_of_a_name_counts(tmp_path):
    """As with most commands."""
    with serving(tmp_path, "--setting", "free_credits=1", "--setting", "free_credits=7") as (_, ready):
        told = httpx.get(f"{ready['control_url']}/worlds/default/settings").json()["settings"]
    assert told["free_credits"]["value"] == 7


def test_a_state_file_that_is_none(tmp_path):
    """A file that is no database of ours is refused and left as it is."""
    file = tmp_path / "notes.txt"
    file.write_text("not a database, but long enough to look at " * 10)

    done = run("serve", "--port", "0", "--control-port", "0", "--state", str(file))

    assert done.returncode == 2
    assert "state file" in done.stderr
    assert file.read_text().startswith("not a database")


def test_a_port_in_use():
    """One line that names the port and the way out: the option of that port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert_refused(
            run("serve", "--port", port, "--control-port", "0"), f"port {port}: it is in use; choose another with --port,"
        )
        assert_refused(
            run("serve", "--port", "0", "--control-port", port), f"port {port}: it is in use; choose another with --control-port,"
        )


def test_ready_file_and_banner(tmp_path):
    """The ready file names both URLs and the process; the server answers by then."""
    with serving(tmp_path, "--seed", "7") as (process, ready):
        assert ready["pid"] == process.pid
        assert token(ready["url"]).startswith("nmv_usr_MOCK")
        assert httpx.get(ready["control_url"]).status_code == 200


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_ready_file_lasts_as_long_as_its_mock(tmp_path, number):
    """One left by an earlier process is replaced, and none is left behind."""
    (tmp_path / "ready.json").write_text("stale")
    with serving(tmp_path) as (process, ready):
        assert ready["pid"] == process.pid
        process.send_signal(number)
        assert process.wait(30) == 0
    assert [*tmp_path.iterdir()] == []


def test_a_stale_ready_file_goes_before_we_serve(tmp_path):
    """And one that another process has written since stays."""
    ready = tmp_path / "ready.json"
    ready.write_text("stale")
    doors = open_doors()
    with closing(doors), announcing(ready, doors) as announce:
        assert not ready.exists()
        announce()
        assert json.loads(ready.read_text())["url"] == doors.url
        ready.write_text("of another")
    assert ready.read_text() == "of another"


def test_a_ready_file_that_can_no_longer_be_written(tmp_path):
    """Its folder went while the server started: the server does not start."""
    folder = tmp_path / "gone"
    folder.mkdir()
    doors = open_doors()
    with closing(doors), announcing(folder / "ready.json", doors) as announce:
        folder.rmdir()
        with pytest.raises(ServeError, match="cannot be written"):
            announce()


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
            client.post(
                "/run_sse", json={"session_id": session, "new_message": {"parts": [{"text": "make a 5 second video of the sea"}]}}
            )
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


def test_what_a_running_mock_refuses_is_one_line(tmp_path):
    """Its own words where it has some; and the API's port is no control port."""
    with serving(tmp_path, "--clock", "manual") as (_, ready):
        control = ["--control-url", ready["control_url"]]
        for words, said in (
            (["journal", *control, "defalt"], "did you mean 'default'"),
            (["journal", *control, "nosuch", "-f"], "'nosuch'"),
            (["journal", *control, "default", "--operation", "nope"], "'nope'"),
            (["journal", *control, "-f", "--operation", "nope"], "'nope'"),
            (["worlds", *control, "show", "a b"], "'a b'"),
            (["worlds", *control, "show", "a/../b?c#d"], "'a/../b?c#d'"),
            (["worlds", *control, "delete", "\udcff"], "world"),
            (["worlds", *control, "create", "a b"], "'a b'"),
            (["worlds", *control, "advance", "default", "--by", "-1"], "-1"),
            (["worlds", "--control-url", ready["url"]], "no control port"),
            (["worlds", "--control-url", ready["url"], "show", "default"], "no control port"),
            (["journal", "--control-url", ready["url"]], "no control port"),
            (["journal", "--control-url", ready["url"], "-f"], "no control port"),
        ):
            assert_refused(run(*words), said)
        assert run("worlds", "--control-url", f"{ready['control_url']}/").returncode == 0


def test_a_port_that_does_not_speak_http():
    """Some other server is told apart from a mock."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.sendall(b"SSH-2.0-x\r\n")
                peer.recv(1000)

        thread = threading.Thread(target=greet)
        thread.start()
        done = run("worlds", "--control-url", f"http://127.0.0.1:{listener.getsockname()[1]}")
        thread.join(30)
    assert_refused(done, "no control port")


def test_faults_and_chunks_can_be_read(tmp_path):
    """`journal` tells what a fault did and what was written at once; control characters are spelt out."""
    with serving(tmp_path, "--clock", "instant", "--setting", "chunks=bytes:40", "--setting", "line_end=crlf") as (_, ready):
        faults = f"{ready['control_url']}/worlds/default/faults"
        assert httpx.post(faults, json={"what": "close", "operation": "run_sse", "at": "event", "number": 2}).status_code < 300
        headers = {"Authorization": f"Bearer {token(ready['url'])}"}
        with httpx.Client(base_url=ready["url"], headers=headers, timeout=30) as client:
            session = client.post("/api/tasks/me/with-session/nemo_agent", json={"task_name": "x"}).json()["data"]["session_id"]
            with suppress(httpx.HTTPError):
                client.post(
                    "/run_sse", json={"session_id": session, "new_message": {"parts": [{"text": "make a video of the sea"}]}}
                )
        done = run("journal", "--control-url", ready["control_url"], "--operation", "run_sse")

    assert done.returncode == 0, done.stderr
    assert "   ! close at event 2  (of " in done.stdout
    assert '   : "data: {' in done.stdout and "\\r\\n" in done.stdout
    assert "<- end by fault" in done.stdout


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"kind": "fault", "of": 3, "fault": "cut", "what": "reset", "at": "byte", "number": 7, "params": {}}, "   ! cut: reset at byte 7  (of 3)"),
        ({"kind": "fault", "of": 3, "fault": "latency", "what": "latency", "at": "before", "number": 0, "params": {}}, "   ! latency at before  (of 3)"),
        ({"kind": "chunk", "of": 3, "wire": "data: 海\n\n\x1b"}, '   : "data: 海\\n\\n\\x1b"  (of 3)'),
        ({"kind": "chunk", "of": 3, "wire_base64": "5rU="}, "   : base64 5rU=  (of 3)"),
        ({"kind": "event", "of": 3, "n": 1, "event": "text"}, "   | text"),
        ({"kind": "event", "of": 3, "n": 1, "event": "text", "wire": "data: hi\n\n"}, "   | text: data: hi"),
        ({"kind": "request", "method": "GET", "path": "/a", "query": "b=1"}, "-> GET /a?b=1"),
        ({"kind": "end", "of": 3, "by": "server", "events": 2, "bytes": 9}, "<- end by server, 2 events, 9 bytes  (of 3)"),
        ({"kind": "news"}, "news"),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)  # fmt: skip
def test_an_entry_is_a_line(entry, said):
    """Every kind."""
    assert as_line({"seq": 5, "at_ms": 0, **entry}) == f"     5  01-01 00:00:00.000  {said}"


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
