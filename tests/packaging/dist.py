"""`make dist`: the sdist and the wheel, built into dist/, and the wheel used as somebody would who has nothing else.

It is installed into an empty environment, and all is done in a folder outside the checkout.
"""

import json
import os
import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import Request, urlopen

TOP = Path(__file__).parents[2]
DIST = TOP / "dist"
SCENARIO = "requests-that-are-no-editing"
PIP_S, COMMAND_S = 600, 120
INDEX_S = 20

MUTE_CLIENT = """
import sys
for line in sys.stdin:
    print('{"type": "say", "text": "Hello."}', '{"type": "done"}', sep="\\n", flush=True)
"""

SUITE = """
import urllib.request

def test_a_world(nemo_world):
    with urllib.request.urlopen(nemo_world.url + "/openapi.json") as answer:
        assert answer.status == 200
    nemo_world.advance(60)
    assert nemo_world.now_s == 60
"""

PROGRAM = """
from pathlib import Path
from conformance import Trace, catalogue, judge, skill
from mock_server import mock_world, running, scenario

with mock_world(scenario="silent-edit") as world:
    trace: Trace = Trace(world.trace())
found = judge([trace])
findings: list[skill.Finding] = skill.check(Path("SKILL.md"))
print(found.words, catalogue.find("58").id, len(scenario.names()) > 100, len(findings) > 50)
with running(control_port=None) as server:
    print(server.world_url("mine").endswith("/w/mine"))
"""


class Failed(Exception):
    """A check that failed; the message says how."""


def told(name: str) -> None:
    print(f"  ok  {name}", flush=True)


def run(
    *words: str | Path,
    code: int = 0,
    says: str = "",
    given: str = "",
    timeout_s: int = COMMAND_S,
    folder: Path = TOP,
    env: Mapping[str, str] | None = None,
) -> str:
    """What a command writes; it must exit with `code` and say that. Raises Failed."""
    line = [str(word) for word in words]
    shown = " ".join([Path(line[0]).name, *line[1:]])
    done = subprocess.run(line, capture_output=True, text=True, input=given, timeout=timeout_s, cwd=folder, env=env)
    output = done.stdout + done.stderr
    if done.returncode != code or says not in output:
        raise Failed(f"{shown}\nexit {done.returncode}, where {code} was due; it should say {says!r}:\n{output}")
    return output


def build() -> tuple[Path, Path]:
    """The sdist and the wheel, in dist/, where older ones go."""
    for old in [*DIST.glob("nemovideo_mock-*.tar.gz"), *DIST.glob("nemovideo_mock-*.whl")]:
        old.unlink()
    run(sys.executable, "-m", "hatchling", "build", "-d", DIST, "-t", "sdist", "-t", "wheel")
    (sdist,), (wheel,) = DIST.glob("*.tar.gz"), DIST.glob("*.whl")
    told(f"{sdist.name}, {wheel.name}")
    return sdist, wheel


class Home:
    """An empty environment, and a folder to work in."""

    def __init__(self, folder: Path) -> None:
        self.place = folder / "environment"
        self.folder = folder / "work"
        self.folder.mkdir()
        venv.create(self.place, with_pip=True)
        self.bin = self.place / "bin"
        self.env = {"PATH": f"{self.bin}:{os.environ['PATH']}", "HOME": str(self.folder), "LANG": "C.UTF-8"}

    def pip(self, *words: str | Path) -> str:
        return run(self.bin / "python", "-m", "pip", "--quiet", "--disable-pip-version-check", *words, timeout_s=PIP_S)

    def __call__(self, command: str, *words: str | Path, code: int = 0, says: str = "", given: str = "") -> str:
        output = run(self.bin / command, *words, code=code, says=says, given=given, folder=self.folder, env=self.env)
        told(" ".join([command, *(str(word).replace(str(self.place), "...") for word in words)]))
        return output


def same_from_sdist(home: Home, sdist: Path, wheel: Path) -> None:
    again = home.folder / "again"
    home.pip("wheel", "--no-deps", "-w", again, sdist)
    if (again / wheel.name).read_bytes() != wheel.read_bytes():
        raise Failed("a wheel built from the sdist differs from the one built from the checkout")
    told("a wheel built from the sdist is the same, byte for byte")


def serves(home: Home) -> None:
    """A request is answered, and journaled."""
    ready = home.folder / "ready.json"
    words = ["serve", "--port", "0", "--control-port", "0", "--ready-file", str(ready), "--journal", "run.jsonl"]
    process = subprocess.Popen(
        [str(home.bin / "nemovideo-mock"), *words],
        cwd=home.folder,
        env=home.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        while process.stdout and (line := process.stdout.readline()):
            if line.startswith(b"Ctrl-C"):
                break
        url = json.loads(ready.read_text())["url"]
        asked = Request(f"{url}/api/auth/anonymous-token", method="POST", headers={"X-Client-Id": "dist"})
        with urlopen(asked, timeout=INDEX_S) as answer:
            token = json.load(answer)["data"]["token"]
        with urlopen(f"{url}/openapi.json", timeout=INDEX_S) as answer:
            operations = len(json.load(answer)["paths"])
    finally:
        process.terminate()
        try:
            process.wait(INDEX_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()
    if not token.startswith("nmv_usr_") or not operations:
        raise Failed("the server does not answer as it should")
    told("nemovideo-mock serve --port 0, and requests")


def without_extras(home: Home) -> None:
    mock, kit = "nemovideo-mock", "nemovideo-conformance"
    (home.folder / "client.py").write_text(MUTE_CLIENT)
    (home.folder / "SKILL.md").write_bytes((TOP / "fixtures" / "skills" / "vendor-good.md").read_bytes())
    home(mock, "--version", says=f"{mock} ")
    home(kit, "--version", says=f"{kit} ")
    serves(home)
    home(mock, "scenario", "list", says="silent-edit")
    home(mock, "ledger", says="assumed")
    home(mock, "settings", says="silent_rate")
    home(kit, "rules", says="NV-121")
    home(kit, "explain", "58", says="NV-058")
    home(kit, "ambiguities")
    home(kit, "skill", "SKILL.md", code=0)
    reports = [word for kind in ("json", "junit", "sarif", "markdown", "html") for word in (f"--{kind}", f"report.{kind}")]
    home(
        kit,
        "run",
        "--only",
        SCENARIO,
        "--quiet",
        "--traces",
        "traces",
        *reports,
        "--",
        "python",
        "client.py",
        code=3,
        says="unproven",
    )
    home(kit, "judge", "traces", code=3)
    home(kit, "judge", "run.jsonl", code=0, says="all met")
    home(kit, "chat", code=1, says="This client needs httpx")
    home(mock, "exec", "--mode", "env", "--", "true", code=125, says="nemovideo-mock[tls]")


def with_extras(home: Home) -> None:
    mock, kit = "nemovideo-mock", "nemovideo-conformance"
    site = run(home.bin / "python", "-c", "import conformance; print(conformance.__path__[0])", folder=home.folder).strip()
    reference = Path(site) / "clients" / "reference"
    home(kit, "run", "--only", SCENARIO, "--quiet", "--", "python", reference, says="all met")
    home(kit, "chat", given="how many credits are left?\n", says='"say"')
    home(mock, "exec", "--mode", "env", "--quiet", "--", "true")
    (home.folder / "test_suite.py").write_text(SUITE)
    home("pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "test_suite.py", says="1 passed")
    (home.folder / "program.py").write_text(PROGRAM)
    home("python", "program.py", says="NV-058 True True\nTrue")
    checked = [sys.executable, "-m", "mypy", "--strict", "--python-executable", home.bin / "python", "--cache-dir", os.devnull]
    run(*checked, "program.py", folder=home.folder, says="no issues found")
    told("mypy --strict program.py, against the installed types")


def main() -> None:
    sdist, wheel = build()
    with TemporaryDirectory(prefix="nemovideo-dist-") as folder:
        home = Home(Path(folder).resolve())
        same_from_sdist(home, sdist, wheel)
        home.pip("install", wheel)
        home("python", "-m", "pip", "check", says="No broken requirements")
        without_extras(home)
        home.pip("install", f"{wheel}[client,test,tls]")
        with_extras(home)
    print(f"{DIST.name}/ holds {sdist.name} and {wheel.name}")


if __name__ == "__main__":
    try:
        main()
    except (Failed, subprocess.TimeoutExpired) as error:
        sys.exit(f"make dist: {error}")
