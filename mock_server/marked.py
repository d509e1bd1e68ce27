"""YAML read with the line of everything in it, so that an error can point at its place."""

import math
from dataclasses import dataclass, field
from typing import Any

import yaml

Path = tuple[str | int, ...]

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MOST_DEPTH = 64

#: YAML 1.1 has `no` mean false and `12:30` mean 750. Here a word is a word unless YAML 1.2 says otherwise.
_FALSE_FRIENDS = ("yes", "no", "on", "off", "y", "n")


class MarkedError(ValueError):
    """What cannot be read as YAML of our kind: `line`, and what is wrong."""

    def __init__(self, line: int, message: str) -> None:
        self.line = line
        super().__init__(message)


@dataclass(slots=True)
class Marked:
    """Plain data, and the line of each value by its path (of a mapping's member: the line of its key)."""

    data: Any
    lines: dict[Path, int] = field(default_factory=dict)

    def line(self, path: Path) -> int:
        """The line of a place, or of the nearest place around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def load(text: str) -> Marked:
    """Raises MarkedError."""
    marked = Marked(None)
    try:
        _check(text)
        loader = _LOADER(text)
        try:
            node = loader.get_single_node()
            if node is not None:
                marked.data = _plain(loader, node, (), marked.lines)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise MarkedError(mark.line + 1 if mark else 1, f"this is not YAML: {error.problem or error.context}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise MarkedError(line, f"this is not YAML: {error.reason}") from None
    return marked


def _check(text: str) -> None:
    """Before anything is built: one document, flat enough, without aliases. Raises MarkedError."""
    depth = documents = 0
    event: Any
    for event in yaml.parse(text, _LOADER):
        line = event.start_mark.line + 1
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        documents += isinstance(event, yaml.DocumentStartEvent)
        if depth > MOST_DEPTH:
            raise MarkedError(line, "this is nested too deeply")
        if documents > 1:
            raise MarkedError(line, "one file holds one document")
        if getattr(event, "anchor", None) is not None:
            raise MarkedError(line, "anchors and aliases are not used here; write it out")


def _plain(loader: Any, node: yaml.Node, path: Path, lines: dict[Path, int]) -> Any:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(loader, item, (*path, number), lines) for number, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        return _mapping(loader, node, path, lines)
    return _scalar(loader, node)


def _mapping(loader: Any, node: yaml.MappingNode, path: Path, lines: dict[Path, int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise MarkedError(line, "a key must be a word")
        key = key_node.value
        if key in found:
            raise MarkedError(line, f"{key!r} is given twice")
        lines[(*path, key)] = line
        found[key] = _plain(loader, value_node, (*path, key), lines)
    return found


def _scalar(loader: Any, node: yaml.Node) -> Any:
    kind = node.tag.rpartition(":")[2]
    false_friend = (kind == "bool" and node.value.lower() in _FALSE_FRIENDS) or (kind == "int" and ":" in node.value)
    if kind in ("timestamp", "value", "merge") or false_friend or (kind == "float" and ":" in node.value):
        return str(node.value)
    if kind not in ("str", "int", "float", "bool", "null"):
        raise MarkedError(node.start_mark.line + 1, f"the tag {node.tag!r} is not used here")
    try:
        value = loader.construct_object(node, deep=True)
    except ValueError:  # thousands of digits
        value = math.inf
    if isinstance(value, float) and not math.isfinite(value):
        raise MarkedError(node.start_mark.line + 1, f"{node.value[:40]!r} is no number to reckon with")
    return value
