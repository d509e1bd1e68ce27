"""The mapping as a Markdown table for people: `conformance/SENTENCES.md`."""

from collections.abc import Iterator
from pathlib import Path

from conformance.sentences.checking import PLACE
from conformance.sentences.mapping import Entry, Mapping, shipped

FILE = Path(__file__).parents[1] / "SENTENCES.md"
HEAD = """# Where each sentence of the seed documents binds

Generated: `python -m conformance.sentences > conformance/SENTENCES.md` makes it anew from `conformance/sentences/sentences.yaml`, and
`python -m conformance.sentences FOLDER` holds that against the documents themselves, which are not kept here.

Every sentence, list item, table row and figure of the four documents is here in order, in our own words: with the client rules
(NV-001 to NV-121) and what holds it on the side of the service (tests, scenarios, and rows of `nemovideo-mock ledger` by kind and
name), or with the reason why it is left out. A place is a line and which piece of that line. Figures of what is left out are left out with it.
"""


def table(mapping: Mapping | None = None) -> str:
    """The whole file."""
    return "\n".join(_lines(mapping or shipped())) + "\n"


def _lines(mapping: Mapping) -> Iterator[str]:
    yield HEAD
    yield "| | document | sha256 | pieces | with rules | with the service | left out |"
    yield "|---|---|---|--:|--:|--:|--:|"
    by_place = mapping.by_place()
    for name, document in mapping.documents.items():
        told = [entry for place, entry in by_place.items() if place.startswith(f"{name}:")]
        counts = [sum(map(bool, column)) for column in zip(*((e.rules, e.service, e.left_out) for e in told), strict=True)]
        yield f"| {name} | {document.title} | `{document.sha256[:12]}` | {len(told)} | {' | '.join(map(str, counts))} |"
    for name, document in mapping.documents.items():
        yield f"\n## {name}: {document.title}\n"
        yield "| place | what it says | where it binds |"
        yield "|---|---|---|"
        own = [(_order(place), place, entry) for place, entry in by_place.items() if place.startswith(f"{name}:")]
        for _, place, entry in sorted(own, key=lambda row: row[0]):
            yield from _rows(place.partition(":")[2], entry)


def _order(place: str) -> tuple[int, int]:
    found = PLACE.fullmatch(place)
    return (int(found[2]), int(found[3])) if found else (0, 0)


def _rows(place: str, entry: Entry) -> Iterator[str]:
    yield _row(place, entry.gist, (*entry.rules, *entry.service) or entry.left_out)
    for figure, told in entry.figures.items():
        yield _row("", f"figure {figure}", told)


def _row(place: str, says: str, binds: tuple[str, ...] | str) -> str:
    where = f"left out: {binds}" if isinstance(binds, str) else ", ".join(map(_shown, binds))
    return f"| {place} | {_cell(says)} | {_cell(where)} |"


def _shown(target: str) -> str:
    return f"`{target.rpartition('/')[2]}`" if "::" in target else target


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("~", "\\~")
