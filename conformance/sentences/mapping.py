"""The mapping as data: documents, and entries that say where a sentence holds."""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
FILE = Path(__file__).with_name("sentences.yaml")


@dataclass(frozen=True, slots=True)
class Document:
    """`empty`: the lines, from 1, where no piece begins; `pieces`: how many there are in all."""

    title: str
    sha256: str
    lines: int
    pieces: int
    empty: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One sentence, wherever it stands.

    `at`: places such as `S0:15.2`, the second piece of line 15. `rules`: client rules. `service`: tests, scenarios, and rows of
    the ledger by kind and name. `left_out`: why it binds nobody. `figures`: the same for each number, or the reason why not.
    """

    at: tuple[str, ...]
    digest: str
    gist: str
    rules: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    left_out: str = ""
    figures: dict[str, tuple[str, ...] | str] = field(default_factory=dict)

    @property
    def documents(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(place.partition(":")[0] for place in self.at))


@dataclass(frozen=True, slots=True)
class Mapping:
    documents: dict[str, Document]
    entries: tuple[Entry, ...]

    def by_place(self) -> dict[str, Entry]:
        return {place: entry for entry in self.entries for place in entry.at}


@cache
def shipped() -> Mapping:
    """The mapping of the four seed documents."""
    return read(FILE.read_text())


def read(text: str) -> Mapping:
    """A mapping from YAML. Raises ValueError that names the entry and the key at fault."""
    import yaml

    loaded = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    documents = {
        name: _made(Document, {**row, "empty": tuple(row.get("empty", ()))}, name) for name, row in loaded["documents"].items()
    }
    return Mapping(documents, tuple(_entry(number, row) for number, row in enumerate(loaded["sentences"], 1)))


def _entry(number: int, row: dict[str, Any]) -> Entry:
    whose = f"sentence {number} ({row.get('at')})"
    for key in ("at", "rules", "service"):
        if not isinstance(row.get(key, []), list):
            raise ValueError(f"{whose}: {key!r} must be a list")
    figures = {str(name): told if isinstance(told, str) else tuple(told) for name, told in row.get("figures", {}).items()}
    listed: dict[str, Any] = {key: tuple(row[key]) for key in ("at", "rules", "service") if key in row}
    return _made(Entry, {**row, **listed, "figures": figures}, whose)


def _made(kind: type[T], row: dict[str, Any], whose: str) -> T:
    try:
        return kind(**row)
    except TypeError as error:
        raise ValueError(f"{whose}: {str(error).partition(') ')[2] or error}") from None
