"""From a file to a scenario, or to what is wrong with the file, line by line."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path as File
from typing import Any

from mock_server import contract, faults, marked
from mock_server.domain import scripted
from mock_server.domain.scripted import ScriptedRender, ScriptedTurn
from mock_server.domain.settings import SettingError, Settings, changed
from mock_server.faults import Fault, FaultError
from mock_server.marked import Marked, MarkedError, Path
from mock_server.scenario import covering, schema
from mock_server.scenario.nouns import Message, Scenario, StartingAccount, UserFile
from mock_server.scenario.schema import nearest, spoken

Complaints = Iterator[tuple[Path, str]]

#: Keys of a turn that is written out; all others change what the service writes.
_WRITTEN = {"match", "kind", "tell"}
_EITHER = (
    ("failed", "error_text"),
    ("silent", "temporary_issue"),
    ("silent", "failed"),
    ("silent", "error_text"),
    ("heartbeats_only", "temporary_issue"),
    ("heartbeats_only", "failed"),
    ("heartbeats_only", "error_text"),
)
_LINES = ("text", "tool_call", "tool_result", "error", "wait_s")


class ScenarioError(ValueError):
    """What is wrong with a scenario file: `lines` like "file:line: what"."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = list(lines)
        super().__init__("\n".join(self.lines))


# where they lie


def folder() -> File:
    """The scenarios that ship with the mock: inside the installed package, or in a checkout."""
    return _fixtures("scenarios")


def samples() -> File:
    """The files that a scenario's user can send."""
    return _fixtures("media/samples")


def _fixtures(name: str) -> File:
    here = File(__file__).parents[1]
    inside = here / "fixtures" / name
    return inside if inside.exists() else here.parent / "fixtures" / name


def names() -> list[str]:
    """The scenarios that ship with the mock, in the order of the alphabet."""
    return sorted(path.stem for path in folder().glob("*.yaml"))


def find(word: str) -> File:
    """The file of a scenario, given its name or the file itself. Raises ScenarioError with the nearest name."""
    if word in (known := names()):
        return folder() / f"{word}.yaml"
    if File(word).is_file():
        return File(word)
    near = get_close_matches(word, known, 1)
    hint = f"; did you mean {near[0]!r}?" if near else "; 'nemovideo-mock scenario list' lists the names"
    raise ScenarioError([f"there is no scenario {word!r}, by name or file{hint}"])


# reading


def read(path: File) -> Scenario:
    """Raises ScenarioError with all complaints, in the order of the file."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise ScenarioError([f"{path}: {error.strerror}"]) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ScenarioError([f"{path}:{line}: this is not UTF-8"]) from None
    scenario = read_text(text, path.stem, str(path))
    return replace(scenario, shipped=path.resolve().parent == folder().resolve())


def read_text(text: str, stem: str, shown: str) -> Scenario:
    """`stem`: the name the file must give itself; `shown`: how complaints call the file. Raises ScenarioError."""
    try:
        told = marked.load(text)
    except MarkedError as error:
        raise ScenarioError([f"{shown}:{error.line}: {error}"]) from None
    wrong = list(schema.complaints(told.data)) or list(complaints(told.data, stem))
    if wrong:
        rows = sorted((told.line(path), sentence) for path, sentence in wrong)
        raise ScenarioError(f"{shown}:{line}: {sentence}" for line, sentence in dict.fromkeys(rows))
    return build(told)


# what a schema cannot say


def complaints(data: Mapping[str, Any], stem: str) -> Complaints:
    if data["scenario"] != stem:
        yield ("scenario",), f"scenario: {data['scenario']!r} is not the name of the file, {stem!r}"
    if re.search(r"[.!?。]\s+\S", data["why"].strip()):
        yield ("why",), "why: one sentence is enough"
    for number, word in enumerate(data.get("covers", ())):
        if wrong := covering.complaint(word):
            yield ("covers", number), f"covers: {wrong}"
    if "start" in data and start_ms(data["start"]) is None:
        yield ("start",), f"start: {data['start']!r} is no instant; write it like 2026-03-20T09:30:00Z"
    yield from _settings(data)
    yield from _people(data)
    for number, turn in enumerate(data.get("turns", ())):
        yield from _turn(turn, ("turns", number))
    for number, render in enumerate(data.get("renders", ())):
        if isinstance(render, dict) and "error" in render and render.get("outcome") != "failed":
            yield ("renders", number, "error"), f"{spoken(('renders', number))}an error belongs to the outcome failed"
    yield from _faults(data)
    yield from _messages(data)


def _settings(data: Mapping[str, Any]) -> Complaints:
    for section in ("settings", "framing"):
        for name, value in data.get(section, {}).items():
            try:
                changed(Settings(), {name: value})
            except SettingError as error:
                yield (section, name), f"{section}: {error}"


def _people(data: Mapping[str, Any]) -> Complaints:
    seen: set[str] = set()
    given = False
    for number, account in enumerate(data.get("accounts", ())):
        place: Path = ("accounts", number)
        if account["name"] in seen:
            yield (*place, "name"), f"{spoken(place)}there is an account {account['name']!r} already"
        seen.add(account["name"])
        if "env" in account and given:
            yield (*place, "env"), f"{spoken(place)}only one token can be {account['env']}"
        given |= "env" in account
        token = account.get("token", {})
        if token.get("state", "valid") != "valid" and "life_s" in token:
            yield (*place, "token", "life_s"), f"{spoken(place)}a token that is {token['state']} has no life left"


def _turn(turn: Mapping[str, Any], place: Path) -> Complaints:
    others = [key for key in turn if key not in _WRITTEN]
    if "tell" in turn and others:
        yield (*place, others[0]), f"{spoken(place)}a turn that is written out (tell) leaves no room for {others[0]!r}"
    if "kind" in turn and "tell" not in turn:
        yield (*place, "kind"), f"{spoken(place)}'kind' belongs to a turn that is written out (tell)"
    if turn.get("session_lost") and set(turn) - {"match", "session_lost"}:
        yield (*place, "session_lost"), f"{spoken(place)}a lost session has no turn: leave the rest out"
    for one, other in _EITHER:
        if turn.get(one) and turn.get(other):
            yield (*place, other), f"{spoken(place)}either {one!r} or {other!r}: a turn cannot be both"
    for number, line in enumerate(turn.get("tell", ())):
        said = [key for key in _LINES if key in line]
        if len(said) != 1:
            where = spoken((*place, "tell", number))
            yield (*place, "tell", number), f"{where}a line is one of {', '.join(_LINES)}, not {' and '.join(said) or 'none'}"


def _faults(data: Mapping[str, Any]) -> Complaints:
    seen: set[str] = set()
    for number, told in enumerate(data.get("faults", ())):
        place: Path = ("faults", number)
        try:
            faults.read(told, contract.load())
        except FaultError as error:
            yield (*place, *_part(str(error), told)), f"{spoken(place)}{error}"
        if (name := told.get("name", "")) and name in seen:
            yield (*place, "name"), f"{spoken(place)}there is a fault {name!r} already"
        seen.add(name)


def _part(message: str, told: Mapping[str, Any]) -> Path:
    """The part of a fault that a message begins with, so that its own line can be named."""
    parts = re.findall(r"\w+", message)[:2]
    for keys in (parts, parts[:1]):
        inside: Any = told
        for key in keys:
            inside = inside.get(key) if isinstance(inside, dict) else None
        if inside is not None and keys:
            return tuple(keys)
    return ("params", parts[0]) if parts and parts[0] in told.get("params", {}) else ()


def _messages(data: Mapping[str, Any]) -> Complaints:
    known = [path.name for path in samples().iterdir()]
    latest = 0.0
    for number, message in enumerate(data.get("messages", ())):
        if isinstance(message, str):
            continue
        for index, file in enumerate(message.get("files", ())):
            if isinstance(file, str) and file not in known:
                place: Path = ("messages", number, "files", index)
                yield place, f"{spoken(place)}there is no sample {file!r}{nearest(file, known)}"
        if message.get("at_s", latest) < latest:
            yield ("messages", number, "at_s"), f"{spoken(('messages', number))}at_s goes back: {latest:g} came before"
        latest = message.get("at_s", latest)


# from data to values


def start_ms(text: str) -> int | None:
    """ISO 8601 as ms, UTC where it does not say; None for what is none."""
    try:
        moment = datetime.fromisoformat(text)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


def build(told: Marked) -> Scenario:
    """Of data that has no complaints."""
    data = told.data
    clock = data.get("clock", {})
    return Scenario(
        name=data["scenario"],
        why=data["why"].strip(),
        covers=tuple(data.get("covers", ())),
        seed=str(data["seed"]) if "seed" in data else None,
        start_ms=start_ms(data["start"]) if "start" in data else None,
        policy=clock.get("policy"),
        rate=clock.get("rate"),
        settings={**data.get("settings", {}), **data.get("framing", {})},
        accounts=tuple(_account(one) for one in data.get("accounts", ())),
        client_ids=tuple(data.get("client_ids", ())),
        draft=tuple(scripted.effects(data.get("draft", ()))),
        turns=tuple(_scripted(one, f"{data['scenario']}/{number}") for number, one in enumerate(data.get("turns", ()))),
        renders=tuple(ScriptedRender(**({"outcome": one} if isinstance(one, str) else one)) for one in data.get("renders", ())),
        faults=tuple(_fault(one) for one in data.get("faults", ())),
        messages=tuple(Message(one) if isinstance(one, str) else _message(one) for one in data.get("messages", ())),
        expect=tuple(data.get("expect", ())),
    )


def _account(told: Mapping[str, Any]) -> StartingAccount:
    token = dict(told.get("token", {}))
    if "scopes" in token:
        token["scopes"] = tuple(token["scopes"])
    return StartingAccount(**{key: value for key, value in told.items() if key != "token"}, **token)


def _scripted(told: Mapping[str, Any], label: str) -> ScriptedTurn:
    if "tell" in told:
        return ScriptedTurn(list(told.get("match", ())), script=scripted.written(told["tell"], told.get("kind"), label))
    return ScriptedTurn(**{**told, "match": list(told.get("match", ()))})


def _fault(told: Mapping[str, Any]) -> Fault:
    return faults.read(told, contract.load())


def _message(told: Mapping[str, Any]) -> Message:
    files = (UserFile(one) if isinstance(one, str) else UserFile(one["name"], one["bytes"]) for one in told.get("files", ()))
    return Message(told["text"], tuple(files), told.get("at_s"), told.get("restart", False))
