"""The joins of the house: lists that must agree, arrows that must point one way."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from mock_server import __version__, contract
from mock_server.domain.errors import ERRORS, ServiceError
from mock_server.domain.lifecycle import LIFECYCLES
from mock_server.domain.settings import FIELDS
from mock_server.endpoints import ENDPOINTS

TOP = Path(__file__).parents[1]
BASES = ("seed", "vendor", "observed", "assumed")


def modules(package: str) -> list[Path]:
    return sorted(path for path in (TOP / package).rglob("*.py") if "__pycache__" not in path.parts)


def name_of(path: Path) -> str:
    parts = path.relative_to(TOP).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, at any depth of its code."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = path.parent.parts[: len(path.parent.parts) - max(0, node.level - 1)]
            here = ".".join(package[len(TOP.parts) :]) if node.level else ""
            module = ".".join(part for part in (here, node.module) if part)
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


DOMAIN_BASE = ("clock", "ids", "errors", "lifecycle", "scene", "script", "settings")


def domain_room(name: str) -> str:
    return name.removeprefix("mock_server.domain").lstrip(".").split(".")[0]


@pytest.mark.parametrize("path", modules("mock_server/domain"), ids=name_of)
def test_the_domain_knows_nothing_but_itself(path):
    """Standard library and the domain alone; no clock, no chance, no I/O, no coroutine."""
    forbidden = {
        "time",
        "datetime",
        "random",
        "secrets",
        "os",
        "sys",
        "asyncio",
        "threading",
        "socket",
        "logging",
        "uuid",
        "tempfile",
        "io",
        "open",
    }
    for module in imports(path):
        top = module.split(".")[0]
        assert top not in forbidden, f"{name_of(path)} imports {module}"
        assert top != "mock_server" or module == "mock_server" or module.startswith("mock_server.domain"), (
            f"{name_of(path)} imports {module}"
        )
        assert top in ("mock_server", *STDLIB), f"{name_of(path)} imports {module}"
    tree = ast.parse(path.read_text())
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef | ast.Await)]
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert not called & {"open", "print", "input", "exec", "eval"}


STDLIB = (
    "base64",
    "bisect",
    "collections",
    "contextlib",
    "copy",
    "dataclasses",
    "difflib",
    "enum",
    "functools",
    "hashlib",
    "heapq",
    "itertools",
    "json",
    "math",
    "operator",
    "pathlib",
    "re",
    "string",
    "typing",
    "unicodedata",
    "urllib",
)


@pytest.mark.parametrize("path", modules("mock_server/domain"), ids=name_of)
def test_domain_nouns_never_import_each_other(path):
    """base <- nouns <- world: a noun knows the base modules and its own parts."""
    own = domain_room(name_of(path))
    for module in imports(path):
        room = domain_room(module) if module.startswith("mock_server.domain.") else ""
        if not room or room == own:
            continue
        if own in DOMAIN_BASE or own != "world":
            assert room in DOMAIN_BASE, f"{own} imports {room}"


#: Who may be imported by whom: a module knows only rooms of a lower level. control and serve share one: they meet in serve.
LEVELS = {
    "domain": 0, "media": 0, "remote": 0, "varying": 0, "marked": 0, "cases": 1, "contract": 1, "values": 1, "journal": 1, "blobs": 1, "endpoints": 2, "framing": 2, "faults": 2, "ledger": 2,
    "intake": 2, "pacing": 3, "snapshot": 3, "recipe": 4, "recording": 3, "har": 4, "store": 4, "worlds": 5, "lying": 5, "replay": 6, "scenario": 6, "wire": 6, "app": 7, "control": 7, "serve": 8, "intercept": 9, "testing": 9, "pytest_plugin": 10, "commands": 10, "__main__": 11,
}  # fmt: skip


@pytest.mark.parametrize("path", modules("mock_server"), ids=name_of)
def test_arrows_point_down(path):
    """Each room imports rooms of a lower level, or its own parts."""
    own = [*name_of(path).split("."), ""][1]
    if not own:
        return
    for module in imports(path):
        parts = module.split(".")
        if parts[0] != "mock_server" or len(parts) < 2 or parts[1] not in LEVELS or parts[1] == own:
            continue
        assert LEVELS[parts[1]] < LEVELS[own], f"{name_of(path)} imports {module}"


def test_starlette_stays_at_the_edge():
    """Starlette and sse-starlette appear in app, wire and control; uvicorn in serve."""
    for path in modules("mock_server"):
        used = {module.split(".")[0] for module in imports(path)}
        room = [*name_of(path).split("."), ""][1]
        if used & {"starlette", "sse_starlette"}:
            assert room in ("app", "wire", "lying", "replay", "control", "serve"), name_of(path)
        if "uvicorn" in used:
            assert room == "serve", name_of(path)


def test_packages_do_not_reach_into_each_other():
    """mock_server never imports conformance; nobody imports fixtures, tests or benchmarks."""
    for path in [*modules("mock_server"), *modules("conformance")]:
        tops = {module.split(".")[0] for module in imports(path)}
        assert not tops & {"fixtures", "tests", "benchmarks"}, name_of(path)
        if name_of(path).startswith("mock_server"):
            assert "conformance" not in tops, name_of(path)


#: The same for the kit.
KIT_LEVELS = {
    "sse": 0, "sentences": 0, "ambiguities": 0, "skill": 0, "trace": 1, "client": 1, "adapter": 1, "foreign": 2, "catalogue": 2, "rules": 3, "parsing": 3, "result": 3,
    "baseline": 4, "judging": 4, "runner": 4, "report": 4, "commands": 5, "pytest_plugin": 5, "test_scenarios": 5, "__main__": 6,
}  # fmt: skip


@pytest.mark.parametrize("path", modules("conformance"), ids=name_of)
def test_the_kits_arrows_point_down(path):
    """And only the runner knows the mock; the skill checker reads the contract that both are held to."""
    own = [*name_of(path).split("."), ""][1]
    if not own:
        return
    for module in imports(path):
        parts = module.split(".")
        if parts[0] == "mock_server":
            alone = name_of(path) == "conformance.skill.paths" and module in ("mock_server", "mock_server.contract")
            assert own == "runner" or alone, f"{name_of(path)} imports {module}"
        elif parts[0] == "conformance" and len(parts) > 1 and parts[1] in KIT_LEVELS and parts[1] != own:
            lazy = own == "catalogue" and parts[1] == "rules"
            assert lazy or KIT_LEVELS[parts[1]] < KIT_LEVELS[own], f"{name_of(path)} imports {module}"


@pytest.mark.parametrize("path", modules("conformance/rules"), ids=name_of)
def test_rules_see_a_trace_and_nothing_else(path):
    """No clock, no file, no socket, no other room of the kit."""
    for module in imports(path):
        top = module.split(".")[0]
        assert top in ("conformance", *STDLIB) and module != "pathlib.Path", f"{name_of(path)} imports {module}"
        if top == "conformance" and module != "conformance":
            assert module.split(".")[1] in ("catalogue", "trace", "sse", "rules"), f"{name_of(path)} imports {module}"
    called = {
        node.func.id
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not called & {"open", "print", "input", "exec", "eval"}


def test_waiting_is_done_in_pacing_alone():
    """No other module of the server sleeps or reads a clock, but for serve waiting for its sockets and the kit's start."""
    for path in modules("mock_server"):
        if (
            name_of(path) in ("mock_server.pacing", "mock_server.replay", "mock_server.serve", "mock_server.commands.serving")
            or "control" in path.parts
            or "intercept" in path.parts
        ):
            continue
        text = path.read_text()
        assert not re.search(r"\b(monotonic|perf_counter|datetime\.now|time\.time|asyncio\.sleep\((?!0\)))", text), name_of(path)


#: What only the process may know: it opens sockets, names temporary files, reads the time once to begin a world.
BEYOND_HANDLERS = {"__main__", "serve", "pacing", "replay", "remote", "control", "blobs", "commands", "intercept"}
UNSEEDED = re.compile(
    r"\b(import random|from random|import secrets|from secrets|uuid4|urandom|datetime\.now|utcnow|time\.time|perf_counter|monotonic)\b|(?<![.\w])(?<!def )(?:id|hash)\("
)


@pytest.mark.parametrize("path", modules("mock_server"), ids=name_of)
def test_no_wall_clock_and_no_unseeded_choice_is_reachable_from_a_handler(path):
    """What decides an answer is the seed, the requests and virtual time; test_replay.py holds the outcome of it."""
    room = [*name_of(path).split("."), ""][1]
    if room not in BEYOND_HANDLERS:
        assert not (found := UNSEEDED.search(path.read_text())), f"{name_of(path)}: {found and found[0]}"


def test_contract_and_endpoints_agree():
    """Every operation has a function of its name, and the other way round."""
    assert contract.load().operations.keys() == ENDPOINTS.keys()
    assert all(function.__name__ == name for name, function in ENDPOINTS.items())


def test_contract_and_error_classes_agree():
    """x-codes names each code that a class has, with the same HTTP statuses."""
    codes = contract.load().document["x-codes"]
    told = {int(code): tuple(row["http"][style] for style in ("mixed", "ok", "http")) for code, row in codes.items() if int(code)}

    assert told == {code: tuple(cls.statuses) for code, cls in ERRORS.items()}
    assert len(ERRORS) == len(ServiceError.__subclasses__())


def test_settings_are_documented():
    """Each has a meaning, a basis of the four, and a source; and its default is one of its choices."""
    for name, field in FIELDS.items():
        meta = field.metadata
        assert meta["doc"] and meta["source"], name
        assert meta["basis"] in BASES, name
        words = field.default if isinstance(field.default, tuple) else (field.default,)
        assert not meta["choices"] or all(word in meta["choices"] for word in words), name


def test_timings_of_the_contract_name_settings_that_exist():
    """x-timings and settings say the same."""
    for name, row in contract.load().document["x-timings"].items():
        assert row.get("setting") is None or row["setting"] in FIELDS, name


def test_lifecycles_begin_somewhere_and_end():
    """Each table has one first state, and states without a way out."""
    for name, table in LIFECYCLES.items():
        sources, targets = {state for state, _ in table}, set(table.values())
        assert len(sources - targets) == 1, name
        assert targets - sources, name


def test_version_is_said_once():
    """pyproject.toml, the package and the contract agree."""
    project = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]

    assert project["version"] == __version__ == contract.load().document["info"]["version"]


def test_every_dependency_has_its_reason():
    """A comment stands beside each requirement in pyproject.toml."""
    lines = (TOP / "pyproject.toml").read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("dependencies = ["))
    for line in lines[start + 1 : lines.index("]", start)]:
        assert re.search(r"# \w", line), line
