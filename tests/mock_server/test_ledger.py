"""The fidelity ledger is whole: what the code can refuse, it lists."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mock_server import ledger
from mock_server.domain.errors import ServiceError
from mock_server.domain.settings import FIELDS

TOP = Path(ledger.__file__).parent
ERRORS = {cls.__name__ for cls in ServiceError.__subclasses__()}
#: These read files of the user's or relay what others refuse; they refuse nothing of a client's.
ELSEWHERE = {"errors.py", "scenario.py", "cases.py"}


def named(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Functions that stand in a module or class, not in another function."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
        else:
            yield from functions(node)


def refusals() -> set[tuple[str, str]]:
    """(module.function, error class) of each place that makes or raises a refusal."""
    found = set()
    for path in TOP.rglob("*.py"):
        if path.name in ELSEWHERE or "control" in path.parts:
            continue
        module = ".".join(path.relative_to(TOP).with_suffix("").parts)
        for function in functions(ast.parse(path.read_text())):
            for node in ast.walk(function):
                name = (
                    named(node.func)
                    if isinstance(node, ast.Call)
                    else named(node.exc)
                    if isinstance(node, ast.Raise) and node.exc
                    else ""
                )
                if name in ERRORS:
                    found.add((f"{module}.{function.name}", name))
    return found


def test_every_refusal_has_a_row_and_every_row_a_refusal():
    """A new branch that refuses something must say on what it rests."""
    assert {(row["at"], row["error"]) for row in ledger.written()["refusals"]} == refusals()


def test_rows_are_complete():
    """Each row has a basis of the four, words, and a setting that exists, if any."""
    for row in ledger.rows():
        assert row.basis in ("seed", "vendor", "observed", "assumed"), row
        assert row.name and (row.says or row.kind == "field"), row
        assert not row.setting or row.setting.partition("=")[0] in FIELDS, row


def test_names_are_unique_within_a_kind():
    """A row can be pointed at."""
    names = [(row.kind, row.name) for row in ledger.rows() if row.kind != "field"]

    assert len(names) == len(set(names))


def test_all_contradictions_are_there():
    """C1 to C33."""
    assert list(ledger.written()["contradictions"]) == [f"C{n}" for n in range(1, 34)]


@pytest.mark.parametrize("words", [[], ["--json"], ["--basis", "assumed"], ["--kind", "contradiction"]])
def test_command(words):
    """`nemovideo-mock ledger` prints it."""
    done = subprocess.run([sys.executable, "-m", "mock_server", "ledger", *words], capture_output=True, text=True, check=True)

    assert len(json.loads(done.stdout)) == len(ledger.rows()) if words == ["--json"] else len(done.stdout.splitlines()) > 30
