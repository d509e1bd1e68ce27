"""The frontmatter of a skill document: YAML between two lines of three hyphens, as registries and OpenClaw read it.

Damaged YAML is common in the wild (an unquoted colon in a description is enough), so name and version are then taken
from the lines themselves, and the damage is kept to be told.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FENCE = "---"
PLAIN_KEY = re.compile(r"^([A-Za-z][\w.-]*)[ \t]*:[ \t]*(.*)$")


@dataclass(frozen=True)
class Frontmatter:
    """`end` is the number of lines it takes, fences included; 0 when there is none. `damage` is (line, what), if any."""

    name: str | None = None
    version: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    end: int = 0
    lines: Mapping[str, int] = field(default_factory=dict)
    damage: tuple[int, str] | None = None


def read(lines: list[str]) -> Frontmatter:
    """The frontmatter of a document given as lines. Never raises: what is wrong with it is in `damage`."""
    first = next((number for number, line in enumerate(lines) if line.strip()), None)
    if first is None or lines[first].strip() != FENCE:
        return Frontmatter()
    end = next((number for number in range(first + 1, len(lines)) if lines[number].rstrip() in (FENCE, "...")), None)
    if end is None:
        known = _by_line(lines[first + 1 :], first + 2, until_prose=True)
        return _made(known, {}, first + 1 + len(known), (first + 1, "the frontmatter is opened by --- and never closed"))
    inside = lines[first + 1 : end]
    known = _by_line(inside, first + 2)
    damage = None
    data: Any = None
    import yaml

    try:
        data = yaml.load("\n".join(inside), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "cannot be parsed"
        damage = (first + 2 + (mark.line if mark else 0), f"the frontmatter is no YAML: {problem}")
    if data is not None and not isinstance(data, dict):
        damage = (first + 2, f"the frontmatter is a {type(data).__name__}, not a list of names and values")
    return _made(known, data if isinstance(data, dict) else {}, end + 1, damage)


def _made(known: Mapping[str, tuple[str, int]], data: Mapping[Any, Any], end: int, damage: tuple[int, str] | None) -> Frontmatter:
    """The text of a value as written wins over YAML's idea of it: `version: 1.10` is not 1.1."""
    metadata = data.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    found = {key: value for key, (value, _) in known.items()}
    nested = [metadata, *(part for part in metadata.values() if isinstance(part, dict))]

    def value(key: str) -> str | None:
        for candidate in (found.get(key), data.get(key), *(part.get(key) for part in nested)):
            if isinstance(candidate, str | int | float) and str(candidate).strip():
                return str(candidate).strip()
        return None

    return Frontmatter(value("name"), value("version"), metadata, end, {key: line for key, (_, line) in known.items()}, damage)


def _by_line(lines: list[str], start: int, until_prose: bool = False) -> dict[str, tuple[str, int]]:
    """Top-level `key: value` lines, quotes and comments stripped, with their line numbers."""
    found: dict[str, tuple[str, int]] = {}
    for number, line in enumerate(lines, start):
        match = PLAIN_KEY.match(line)
        if match is None:
            if until_prose and line and not line[0].isspace():
                break
            continue
        value = match[2].strip()
        quoted = re.match(r"^(['\"])(.*?)\1", value)
        value = quoted[2] if quoted else re.sub(r"\s+#.*$", "", value)
        found.setdefault(match[1], ("" if value in (">", "|", ">-", "|-") else value, number))
    return found
