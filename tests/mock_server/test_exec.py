"""`nemovideo-mock exec`, as a process: what it passes on, what it says, and when it refuses."""

import errno
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from mock_server.__main__ import main
from mock_server.intercept import API_HOST, sandbox
from mock_server.intercept.sandbox import trouble
from tests.mock_server.test_exec_clients import ALONE, EXEC, HERE, TOKEN_URL, needs, needs_sandbox, run


@needs_sandbox
def test_a_first_request(tmp_path):
    """The command's own output on stdout, the account on stderr, and a journal that stays."""
    needs("curl")
    done = run(
        *EXEC, "--", "curl", "-s", TOKEN_URL, "-X", "POST", "-H", "X-Client-Id: x", env={**os.environ, "TMPDIR": str(tmp_path)}
    )

    assert json.loads(done.stdout)["data"]["token"]
    assert "1 request, none refused" in done.stderr and "1  POST /api/auth/anonymous-token" in done.stderr
    (journal,) = tmp_path.iterdir()  # and nothing else is left
    assert f"journal {journal}" in done.stderr and journal.stat().st_mode & 0o777 == 0o600
    assert '"operation":"issue_anonymous_token"' in journal.read_text()


@needs_sandbox
def test_an_account_fits_a_screen(tmp_path):
    """What was asked for, what was refused by whom, pages of the web site, and faults that never fired."""
    needs("curl")
    journal = tmp_path / "j.jsonl"
    script = f"""
curl -s https://{API_HOST}/api/state/nemo_agent/me/s1/latest https://{API_HOST}/api/state/nemo_agent/me/s2/latest
curl -s https://www.nemovideo.com/claim/1 -o /dev/null -w '%{{http_code}}\\n'
curl -s https://nemovideo.invalid $NEMO_WEB_URL $NEMO_API_URL/nosuch
"""
    done = run(*EXEC, "--scenario", "stream-cut-inside-a-character", "--journal", str(journal), "--", "sh", "-c", script)

    assert "}200\n" in done.stdout and "A stand-in for nemovideo.com" in done.stdout
    assert "     2  401 code 1001  GET /api/state/nemo_agent/me/*/latest" in done.stderr
    assert "GET www.nemovideo.com/claim/1" in done.stderr and "     1  nemovideo.invalid" in done.stderr
    assert "faults that never fired\n     1  close on run_sse at byte 36\n" in done.stderr
    assert done.stderr.count("\n") < 24 and str(journal) in done.stderr
    assert journal.exists()


def test_a_misspelt_option_is_not_taken_for_the_command():
    done = run(*EXEC, "--quiett", "--", "true")

    assert (done.returncode, "did you mean '--quiet'" in done.stderr.lower()) == (2, True)


@needs_sandbox
@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        (["sh", "-c", "exit 7"], 7, ""),
        (["sh", "-c", "kill -9 $$"], 137, ""),
        (["/bin/sh", "-c", "exit 2"], 2, ""),
        (["no-such-command-anywhere"], 127, "Error: exec: no-such-command-anywhere: there is no such command\n"),
        (["./plain"], 126, "Error: exec: ./plain: it cannot be executed\n"),
        (["./from-windows"], 127, "Error: exec: ./from-windows: its first line names '/bin/sh\\r', which is not there\n"),
        (["./headless"], 126, "nemovideo-mock: ./headless: Exec format error: a script needs a first line like #!/bin/sh\n"),
    ],
)
def test_the_exit_code_is_the_commands(tmp_path, command, code, said):
    """128 + n where a signal ended it; as a shell has it where it could not begin. --quiet says nothing else, and leaves nothing."""
    (tmp_path / "plain").write_text("x")
    (tmp_path / "plain").chmod(0o644)
    for name, text in (("from-windows", "#!/bin/sh\r\n"), ("headless", "exit 0\n")):
        (tmp_path / name).write_text(text, newline="")
        (tmp_path / name).chmod(0o755)
    if command == ["./plain"] and shutil.which("./plain", path=str(tmp_path)):
        pytest.skip("this file system makes every file executable")
    done = run(
        *EXEC, "--quiet", "--", *command, cwd=tmp_path, env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(Path.cwd())}
    )

    assert (done.returncode, done.stdout, done.stderr) == (code, "", said)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["from-windows", "headless", "plain"]


WAITING = """
import signal, sys, time
def note(number, frame):
    sys.exit(40 + number)
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGUSR1):
    signal.signal(number, note)
print("ready", flush=True)
time.sleep(60)
"""


@needs_sandbox
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGUSR1])
def test_signals_are_passed_on(number):
    """The command decides what they mean."""
    with subprocess.Popen([*EXEC, "--quiet", "--", sys.executable, "-c", WAITING], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.wait(30) == 40 + number


@needs_sandbox
def test_a_terminals_ctrl_c_is_not_passed_on():
    """It goes to the whole group by itself: passed on as well, it would interrupt the command's own cleaning up.

    This command has left the group, so that an interrupt which it gets was passed on; the termination after it is.
    """
    code = """
import os, signal
os.setpgid(0, 0)
both = {signal.SIGINT, signal.SIGTERM}
signal.pthread_sigmask(signal.SIG_BLOCK, both)
os.write(1, b"ready")
while signal.SIGTERM not in signal.sigpending():
    signal.sigtimedwait({signal.SIGUSR1}, 0.01)
os._exit(10 + (signal.SIGINT in signal.sigpending()))
"""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(EXEC[0], [*EXEC, "--quiet", "--", sys.executable, "-c", code])
    told = b""
    while b"ready" not in told:
        told += os.read(terminal, 1000)
    os.write(terminal, b"\x03")
    os.kill(pid, signal.SIGTERM)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 10
    os.close(terminal)


@needs_sandbox
def test_descriptors_are_the_commands(tmp_path):
    """Standard input, and what else the shell opened."""
    with (tmp_path / "more").open("w+b") as more:
        code = f"import os; print(input()); os.write({more.fileno()}, b'three')"
        done = run(*EXEC, "--quiet", "--", sys.executable, "-c", code, input="in\n", pass_fds=[more.fileno()])
    assert done.stdout == "in\n" and (tmp_path / "more").read_text() == "three"


def everybodys_python() -> list[str]:
    """A Python that any user may run with our packages, and its variables; empty where there is none."""
    paths = f"PYTHONPATH={Path(__file__).parents[2]}:{':'.join(path for path in sys.path if path.endswith('site-packages'))}"
    for python in (sys.executable, shutil.which(f"python3.{sys.version_info[1]}", path="/usr/bin:/usr/local/bin")):
        words = ["env", paths, "PYTHONDONTWRITEBYTECODE=1", "HOME=/", "TMPDIR=/tmp", python or ""]
        code = "import subprocess, sys, mock_server.serve; subprocess.run([sys.executable, '-c', ''], check=True)"
        if python and not run(*words, "-c", code, user=65534, group=65534, extra_groups=[], cwd="/").returncode:
            return words
    return []


def test_without_root():
    """Nobody's rights are enough; the command keeps its user, and gains no capability."""
    if os.geteuid() != 0:
        pytest.skip("all other tests show it: this is not root")
    needs("curl")
    if not (python := everybodys_python()):
        pytest.skip("no Python here that everybody may run")
    script = f"id -u; grep CapEff /proc/self/status; curl -s {TOKEN_URL} -X POST -H 'X-Client-Id: x'"
    done = run(
        *python,
        "-m",
        "mock_server",
        "exec",
        "--quiet",
        "--",
        "sh",
        "-c",
        script,
        user=65534,
        group=65534,
        extra_groups=[],
        cwd="/",
    )
    if "there can be no sandbox here" in done.stderr:
        pytest.skip(done.stderr)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("65534\nCapEff:\t0000000000000000\n") and '"token"' in done.stdout


@pytest.mark.parametrize("mode", ["auto", "sandbox"])
def test_where_namespaces_are_forbidden_nothing_runs(tmp_path, mode):
    """A real prohibition: a limit of zero. The message names the rule and the other mode."""
    if trouble():
        pytest.skip(f"no namespaces here: {trouble()}")
    limits = ["--limit", "max_net_namespaces", "--limit", "max_user_namespaces"]
    done = run(*ALONE, *limits, *EXEC, "--mode", mode, "--", "touch", str(tmp_path / "ran"))

    assert done.returncode == 125
    assert re.search(r"user\.max_(net|user)_namespaces is 0", done.stderr) and "--mode env" in done.stderr
    assert len(done.stderr.splitlines()) == 1 and not [*tmp_path.iterdir()]


def test_a_rule_is_told_on_the_command_line(monkeypatch):
    """The one that keeps most desktops from it."""
    monkeypatch.setattr(
        sandbox, "trouble", lambda: sandbox.rule("user map", errno.EPERM, lambda path: str(int("apparmor" in path)))
    )
    done = CliRunner().invoke(main, ["exec", "true"])

    assert done.exit_code == 125
    assert "kernel.apparmor_restrict_unprivileged_userns" in done.stderr and "--mode env" in done.stderr


@pytest.mark.parametrize("mode", ["auto", "env"])
def test_without_the_extra_it_says_what_to_install(mode):
    """In one line; the command does not run."""
    code = "import sys; sys.modules['trustme'] = None; from mock_server.__main__ import main; main()"
    done = run(sys.executable, "-c", code, "exec", "--quiet", "--mode", mode, "--", "echo", "ran")
    if mode == "auto" and trouble():
        pytest.skip(f"no sandbox here: {trouble()}")

    assert done.returncode == 125 and done.stdout == ""
    assert "pip install 'nemovideo-mock[tls]'" in done.stderr


def test_mode_env_warns_and_runs():
    """The exit code is the command's there, too; NEMO_API_URL needs neither proxy nor certificate."""
    needs("curl")
    done = run(*EXEC, "--mode", "env", "--quiet", "--", "sh", "-c", "curl -s $NEMO_API_URL/openapi.json | head -c 1; exit 3")

    assert (done.returncode, done.stdout) == (3, "{")
    assert "--mode env is no wall" in done.stderr


@pytest.mark.parametrize("wrapped", [False, True], ids=["by hooks", "by faketime"])
def test_the_clocks_of_python_and_node_are_sped_up(wrapped):
    """Ways to wait 300 virtual seconds, all at once, at x600; in a shell's children under faketime they hold, too."""
    if trouble():
        pytest.skip(f"no sandbox here: {trouble()}")
    needs("node", *(["faketime"] if wrapped else []))
    ways = ([sys.executable, str(HERE / "waits.py")], ["node", str(HERE / "waits.cjs")])
    if wrapped:
        script = " & ".join(" ".join([*way, "300"]) for way in ways)
        done = [
            run(
                *EXEC,
                "--quiet",
                "--rate",
                "600",
                "--",
                "bash",
                "-c",
                f"A=$(date +%s); sleep 300; echo $(($(date +%s) - A >= 300)); {script}; wait",
            )
        ]
        assert done[0].stdout.startswith("1\n")
    else:
        done = [run(*EXEC, "--quiet", "--rate", "600", "--", *way, "300") for way in ways]
    told = dict(line.split(" ", 1) for one in done for line in one.stdout.splitlines() if " " in line)

    assert len(told) == 14 and set(told.values()) == {"ok"}, (told, done)


@needs_sandbox
def test_the_world_is_sped_up_with_its_client():
    """The service's date has moved by at least what the client slept."""
    code = f"""
import time, urllib.request
from email.utils import parsedate_to_datetime
def now():
    with urllib.request.urlopen("https://{API_HOST}/openapi.json") as answer:
        return parsedate_to_datetime(answer.headers["date"]).timestamp()
before = now()
time.sleep(120)
print(now() - before >= 119)
"""
    assert run(*EXEC, "--quiet", "--rate", "300", "--", sys.executable, "-c", code).stdout == "True\n"


@needs_sandbox
def test_the_users_own_sitecustomize_comes_too(tmp_path):
    """Ours is found first, and hands on."""
    (tmp_path / "sitecustomize.py").write_text("import builtins; builtins.MINE = __name__")
    code = "import sys, time; print(MINE, sys.modules['sitecustomize'].__file__)"
    done = run(
        *EXEC,
        "--quiet",
        "--rate",
        "2",
        "--",
        sys.executable,
        "-c",
        code,
        env={**os.environ, "PYTHONPATH": f"{Path.cwd()}:{tmp_path}"},
    )
    assert done.stdout == f"sitecustomize {tmp_path / 'sitecustomize.py'}\n"


def test_help_says_what_matters():
    """Modes, rate, streams and exit code; wrong words are met with the right ones."""
    told = run(*EXEC, "--help").stdout
    for word in ("--mode", "sandbox", "env", "--rate", "faketime", "exit code", "NEMO_API_URL", "nemovideo-mock[tls]"):
        assert word in told
    assert "did you mean 'sandbox'" in run(*EXEC, "--mode", "sandbocks", "true").stderr
