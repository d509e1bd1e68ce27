"""What Python code is promised: this list, which RECIPES.md shows and the packages give, with words and types for all of it."""

import dataclasses
import inspect
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, get_type_hints

import pytest

import conformance

PAGE = Path(conformance.__file__).with_name("RECIPES.md").read_text("utf-8")
#: By module. Where one of them lists modules, those are the next ones here.
PROMISED = {
    "mock_server": {"MockWorld", "PlanError", "Running", "ServeError", "__version__", "mock_world", "running", "scenario"},
    "mock_server.scenario": {"Scenario", "ScenarioError", "find", "names", "read"},
    "conformance": {"Result", "Trace", "__version__", "catalogue", "judge", "skill", "traces"},
    "conformance.catalogue": {"Evidence", "Rule", "find", "rules"},
    "conformance.skill": {"Finding", "Profile", "SkillError", "check", "profile"},
}
#: What a function can raise that its docstring must name.
RAISES = {
    "mock_server.mock_world": "PlanError",
    "mock_server.running": "ServeError",
    "mock_server.scenario.find": "ScenarioError",
    "mock_server.scenario.read": "ScenarioError",
    "conformance.catalogue.find": "LookupError",
    "conformance.judge": "SkillError",
    "conformance.traces": "ValueError",
    "conformance.skill.check": "SkillError",
    "conformance.skill.profile": "SkillError",
}


def promised() -> Iterator[tuple[str, Any]]:
    for module, names in PROMISED.items():
        for name in sorted(names - {"__version__"}):
            yield f"{module}.{name}", getattr(import_module(module), name)


def functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    """All of them, with the methods and properties of the classes."""
    for name, thing in promised():
        if inspect.isfunction(thing):
            yield name, inspect.unwrap(thing)
        for own, member in vars(thing).items() if inspect.isclass(thing) else ():
            function = getattr(member, "fget", None) or getattr(member, "func", member)
            if inspect.isfunction(function) and not own.startswith("_"):
                yield f"{name}.{own}", function


@pytest.mark.parametrize("package", ["mock_server", "conformance"])
def test_the_packages_give_the_list_and_nothing_else(package):
    """`__all__` is the list, a misspelt name is refused, and modules that are listed have their part of it."""
    module = import_module(package)

    assert set(module.__all__) == PROMISED[package]
    assert not hasattr(module, "mock_wolrd")
    for name in PROMISED[package]:
        if inspect.ismodule(thing := getattr(module, name)):
            assert thing.__name__ in PROMISED and thing.__name__ == f"{package}.{name}"
            assert PROMISED[thing.__name__] <= set(vars(thing))


def test_the_page_shows_the_list():
    """The table of RECIPES.md names all, and no other."""
    table = PAGE.partition("## From Python")[2].partition("\n## ")[0]
    shown = {
        f"{package}.{name}"
        for row in table.splitlines()
        if row.startswith("| `")
        for package, name in re.findall(r"`(mock_server|conformance)\.([\w.]+)", row)
    }
    modules = {name for name, thing in promised() if inspect.ismodule(thing)}

    assert shown == {name for name, _ in promised()} - modules | {"mock_server.__version__", "conformance.__version__"}


def test_words_and_types():
    """Each has a docstring, which names what it raises, and a type for every argument and its result."""
    wrong = []
    for name, function in functions():
        signature = inspect.signature(function)
        given = [one for one in signature.parameters.values() if one.name != "self"]
        wrong += [f"{name}: {one.name} has no type" for one in given if one.annotation is inspect.Parameter.empty]
        wrong += [f"{name}: its result has no type"] if signature.return_annotation is inspect.Signature.empty else []
        told = inspect.getdoc(function) or ""
        wrong += [] if told else [f"{name} has no docstring"]
        wrong += [] if RAISES.get(name, "") in told else [f"{name} should say that it raises {RAISES[name]}"]
    assert wrong == []


def test_classes_have_words_and_types_for_their_fields():
    """A dataclass says what it is in words of its own; names of seconds and milliseconds say so."""
    for name, thing in promised():
        if not inspect.isclass(thing):
            continue
        assert thing.__doc__ and not thing.__doc__.startswith(f"{thing.__name__}("), name
        if dataclasses.is_dataclass(thing):
            hints = get_type_hints(thing, vars(sys.modules[thing.__module__]))
            assert {field.name for field in dataclasses.fields(thing)} <= hints.keys(), name
            bare = [field for field in hints if re.search(r"(?:^|_)(?:time|delay|timeout|deadline|duration)$", field)]
            assert not bare, f"{name}: {bare} without a unit"


def test_importing_costs_nothing():
    """Neither package imports anything of its own or of others before it is asked for."""
    code = "import sys; before = set(sys.modules); import mock_server, conformance; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["conformance", "mock_server"]


def test_a_journal_is_judged_as_the_command_does(tmp_path):
    """`judge(traces(file))`: verdicts, the exit status, and a rule that was asked for by its number."""
    trace = Path(__file__).parents[1] / "fixtures" / "traces" / "NV-007.broken.jsonl"
    found = conformance.judge(conformance.traces(trace), rules=["7"])

    assert {one.rule.id: one.verdict for one in found.findings}["NV-007"] == "broken"
    assert found.exit == 1
    with pytest.raises(LookupError, match="there is no rule 'nonesuch'"):
        conformance.judge([], rules=["nonesuch"])
    (tmp_path / "torn.jsonl").write_text('{"kind": "done", "at_ms": 0}\n{"kind"')
    with pytest.raises(ValueError, match="line 2 is no JSON"):
        conformance.traces(tmp_path / "torn.jsonl")
