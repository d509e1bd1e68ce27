"""What is published: the files of the wheel and the sdist, their metadata, and that nothing needs the checkout. `make dist` installs it."""

import json
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email import message_from_string
from email.message import Message
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))["project"]
PACKAGES = ("mock_server", "conformance")
#: What else is in the wheel, and where it lies there.
FROM_ELSEWHERE = {
    "openapi.yaml": "mock_server/openapi.yaml",
    "fixtures/streams": "mock_server/fixtures/streams",
    "fixtures/scenarios": "mock_server/fixtures/scenarios",
    "fixtures/media/samples": "mock_server/fixtures/media/samples",
    "fixtures/clients/reference": "conformance/clients/reference",
}
#: Every module that looks for files from where it lies, and how it is asked: the answer must be the same from the wheel.
LOOKED_FOR = {
    "conformance.ambiguities": "m.FILE.stat().st_size",
    "conformance.report.data": "m.SCHEMA.stat().st_size",
    "conformance.report.html": "[(m.HERE / name).stat().st_size for name in ('page.css', 'page.js')]",
    "conformance.runner.visiting": "sorted(path.name for path in m.reference_client().glob('*.py'))",
    "conformance.sentences.mapping": "m.FILE.stat().st_size",
    "conformance.sentences.table": "m.FILE.stat().st_size",
    "conformance.skill.profile": "m.names()",
    "conformance.skill.statements": "len(m.statements())",
    "mock_server.cases": "[m.load(name).name for name in m.names()]",
    "mock_server.contract": "sorted(m.load().operations)",
    "mock_server.control.door": "sorted(m.load().operations)",
    "mock_server.intercept.environment": "sorted(path.name for path in m.HOOKS.iterdir() if path.is_file())",
    "mock_server.intercept.hooks.sitecustomize": "",  # started by Python in clients; environment's folder
    "mock_server.intercept.sandbox": "m.HELPER.stat().st_size",
    "mock_server.ledger": "len(m.rows())",
    "mock_server.scenario.reading": "[[m.read(m.find(name)).name for name in m.names()], sorted(path.name for path in m.samples().iterdir())]",
    "mock_server.scenario.schema": "m.FILE.stat().st_size",
}
#: Answers, and which files below the checkout were opened on the way.
ASK = """
import importlib, json, sys
from pathlib import Path
top, inside = sys.argv[1] + "/", sys.argv[1] + "/.venv/"
opened = []
def heard(event, args):
    if event == "open" and isinstance(args[0], str) and args[0].startswith(top) and not args[0].startswith(inside):
        opened.append(args[0])
sys.addaudithook(heard)
told = {}
for name, how in json.load(sys.stdin).items():
    if how:
        told[name] = eval(how, {"m": importlib.import_module(name)})
print(json.dumps([told, opened]))
"""
#: Distributions whose modules have another name.
MODULES = {
    "pyyaml": "yaml",
    "jsonschema-rs": "jsonschema_rs",
    "sse-starlette": "sse_starlette",
    "python-multipart": "python_multipart",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The sdist, and the wheel."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder), "-t", "sdist", "-t", "wheel"]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return sdist, wheel


@pytest.fixture(scope="module")
def unpacked(built: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    zipfile.ZipFile(built[1]).extractall(folder)
    return folder


def files(folder: Path) -> list[Path]:
    """Those below a folder, or the file itself, but for caches."""
    found = [folder] if folder.is_file() else [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in found if "__pycache__" not in path.parts]


def information(unpacked: Path) -> Path:
    (found,) = unpacked.glob("*.dist-info")
    return found


def metadata(unpacked: Path) -> Message:
    return message_from_string((information(unpacked) / "METADATA").read_text("utf-8"))


def test_the_wheel_holds_what_it_should_and_nothing_else(unpacked):
    """Both packages, what they need from elsewhere, the licence; no tests, no caches."""
    wanted = {str(path.relative_to(TOP)) for package in PACKAGES for path in files(TOP / package)}
    for source, target in FROM_ELSEWHERE.items():
        wanted |= {
            str(Path(target) / path.relative_to(TOP / source)) if path != TOP / source else target for path in files(TOP / source)
        }
    there = {str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()}
    own = {name for name in there if ".dist-info/" in name}

    assert there - own == wanted
    assert {Path(name).name for name in own} == {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "LICENSE"}
    assert {"mock_server/py.typed", "conformance/py.typed", "mock_server/TESTING.md", "conformance/RECIPES.md"} <= there
    assert [name for name in there if re.search(r"(^|/)(test_|conftest)", name)] == ["conformance/test_scenarios.py"]


def test_no_path_of_the_machine_that_built_it(unpacked):
    """Neither the checkout nor anybody's home folder is named."""
    homes = re.compile(rb"/(?:home|Users)/[a-z][\w.-]+/|" + re.escape(str(TOP).encode()))
    for path in files(unpacked):
        found = homes.search(path.read_bytes())
        assert not found, f"{path.relative_to(unpacked)}: {found and found[0]!r}"


def test_the_sdist_builds_elsewhere(built):
    """What the wheel is made of, the tests, and nothing of one machine."""
    with tarfile.open(built[0]) as archive:
        there = {name.partition("/")[2] for name in archive.getnames()}

    assert {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "Makefile", "PKG-INFO", "tests/test_house.py"} <= there
    for source in (*PACKAGES, *FROM_ELSEWHERE):
        assert {str(path.relative_to(TOP)) for path in files(TOP / source)} <= there
    assert not [name for name in there if "__pycache__" in name or name.startswith((".ci", ".venv", "dist"))]


def test_commands_and_plugins(unpacked):
    """The console script that is named as the distribution, its companion, and both plugins of pytest."""
    told = (information(unpacked) / "entry_points.txt").read_text("utf-8")
    groups = dict(re.findall(r"\[(\w+)\]\n((?:[^\[\n]+\n)+)", told))

    assert groups["console_scripts"].split("\n")[:2] == [
        "nemovideo-conformance = conformance.__main__:main",
        "nemovideo-mock = mock_server.__main__:main",
    ]
    assert metadata(unpacked)["Name"] == "nemovideo-mock"
    assert sorted(re.findall(r"= (\S+)", groups["pytest11"])) == ["conformance.pytest_plugin", "mock_server.pytest_plugin"]


def test_metadata(unpacked):
    """A licence, a page, the oldest Python; what is heavy only as an extra, and what tests alone need not at all."""
    told = metadata(unpacked)
    needed = told.get_all("Requires-Dist") or []
    core = {re.split(r"[><=;\s]", line)[0] for line in needed if "extra ==" not in line}

    assert (told["License-Expression"], told["License-File"], told["Requires-Python"]) == ("MIT", "LICENSE", ">=3.11")
    assert told["Description-Content-Type"] == "text/markdown" and told.get_payload()
    assert sorted(told.get_all("Provides-Extra") or []) == ["client", "test", "tls"]
    assert not core & {"trustme", "cryptography", "httpx", "pytest", "hypothesis", "schemathesis", "requests", "aiohttp"}


def test_all_that_is_imported_is_asked_for():
    """Every module of somebody else belongs to a dependency, or to the extra of the rooms that import it; and no dependency is idle."""
    core = {re.split(r"[><=;\s]", line)[0] for line in PROJECT["dependencies"]}
    known = {MODULES.get(name, name) for name in core}
    where: dict[str, set[str]] = {}
    for path in [
        path for package in (*PACKAGES, "fixtures/clients/reference") for path in files(TOP / package) if path.suffix == ".py"
    ]:
        for plain, origin in re.findall(r"^\s*(?:import (\w+)|from (\w+)[\w.]* import\b)", path.read_text("utf-8"), re.MULTILINE):
            where.setdefault(plain or origin, set()).add(str(path.relative_to(TOP)))
    siblings = {path.stem for path in files(TOP / "fixtures/clients/reference")}
    foreign = {name: rooms for name, rooms in where.items() if name not in {*sys.stdlib_module_names, *PACKAGES, *siblings}}

    extras = {"pytest": r"conformance/test_scenarios|\w+/pytest_plugin|mock_server/testing/", "trustme": "mock_server/intercept/", "httpx": "fixtures/clients/reference/"}  # fmt: skip
    for name, rooms in foreign.items():
        strange = [room for room in rooms if not re.match(extras.get(name, "$"), room)]
        assert name in known or not strange, f"{name} is imported by {strange}, and no dependency"
    assert known - foreign.keys() == {"httptools"}  # by uvicorn's protocol, which serve.py extends


def test_the_wheel_needs_no_checkout(unpacked, tmp_path):
    """Whoever looks for files finds the same ones from the wheel, and opens none of the checkout."""
    source = {path: path.read_text("utf-8") for package in PACKAGES for path in files(TOP / package) if path.suffix == ".py"}
    looking = {".".join(path.relative_to(TOP).with_suffix("").parts) for path, text in source.items() if "__file__" in text}
    assert looking == LOOKED_FOR.keys()

    def asked(place: Path, folder: Path) -> list:
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(tmp_path)}
        command = [sys.executable, "-c", ASK, str(TOP)]
        done = subprocess.run(
            command, input=json.dumps(LOOKED_FOR), cwd=folder, env=env, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    (told, opened), (expected, _) = asked(unpacked, tmp_path), asked(TOP, TOP)
    assert told == expected
    assert opened == []


def test_extras_named_in_messages_exist():
    """Whatever a message or a page tells to install can be installed."""
    named = set()
    for path in [
        TOP / "README.md",
        *(path for package in PACKAGES for path in files(TOP / package) if path.suffix in (".py", ".md")),
    ]:
        for words in re.findall(r"nemovideo-mock\[([\w,]+)\]", path.read_text("utf-8")):
            named |= set(words.split(","))
    assert "tls" in named and named <= PROJECT["optional-dependencies"].keys()
