"""What is wrong with a mapping: in itself, and held against the documents. Each complaint is one line for a person."""

import re
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

from conformance.sentences.mapping import Entry, Mapping, shipped
from conformance.sentences.reading import Piece, line_count, places

PLACE = re.compile(r"(\w+):(\d+)\.(\d+)")
LAST_RULE = 121
GIST_WORDS = 12


def check(folder: Path, mapping: Mapping | None = None) -> list[str]:
    """What of the documents in `folder` (`*.txt`) is not mapped, and what is mapped but not there. Empty: all is well.

    A document is known by its sha256, and one that has changed by the sentences it still has.
    """
    mapping = mapping or shipped()
    if not folder.is_dir():
        return [f"{folder} is no folder"]
    texts = {path: path.read_bytes() for path in sorted(folder.glob("*.txt"))}
    sums = {sha256(content).hexdigest(): path for path, content in texts.items()}
    found = {name: sums[document.sha256] for name, document in mapping.documents.items() if document.sha256 in sums}
    complaints = []
    for name, document in mapping.documents.items():
        if name not in found:
            left = [path for path in texts if path not in found.values()]
            likeness = {path: _likeness(mapping, name, texts[path]) for path in left}
            if not left or not max(likeness.values()):
                complaints.append(f"{name} ({document.title}): no file in {folder} is this document")
                continue
            found[name] = max(left, key=lambda path: likeness[path])
            complaints.append(f"{name} ({document.title}): {found[name].name} has changed since it was mapped")
        complaints += _differences(mapping, name, found[name].name, _text(texts[found[name]]))
    complaints += [f"{path.name} is none of the mapped documents" for path in texts if path not in found.values()]
    return complaints


def _text(content: bytes) -> str:
    return content.decode("utf-8-sig", errors="replace")


def _likeness(mapping: Mapping, name: str, content: bytes) -> int:
    known = {entry.digest for entry in mapping.entries if name in entry.documents}
    return len(known & {piece.digest for piece in places(name, _text(content)).values()})


def _differences(mapping: Mapping, name: str, file: str, text: str) -> Iterator[str]:
    mapped = {place: entry for place, entry in mapping.by_place().items() if place.startswith(f"{name}:")}
    told = places(name, text)
    known = {entry.digest: entry for entry in mapping.entries}
    for place, piece in told.items():
        entry = mapped.get(place)
        if entry is None or entry.digest != piece.digest:
            twin = known.get(piece.digest)
            hint = f"; it is a sentence that is mapped elsewhere: {twin.gist!r}" if twin else ""
            now = f"; at {place} stands {entry.gist!r}" if entry else ""
            yield f"{file}:{piece.line}: not mapped ({place}, digest {piece.digest}): {_short(piece.text)}{hint}{now}"
        else:
            yield from _figures(f"{file}:{piece.line}", entry, piece)
    for place, entry in mapped.items():
        if place not in told or told[place].digest != entry.digest:
            yield f"stale: {place} is mapped as {entry.gist!r} (digest {entry.digest}), which {file} does not say there"
    document = mapping.documents[name]
    if (document.lines, document.pieces) != (line_count(text), len(told)):
        yield f"{name}: {document.lines} lines and {document.pieces} pieces are recorded; {file} has {line_count(text)} and {len(told)}"


def _figures(where: str, entry: Entry, piece: Piece) -> Iterator[str]:
    if not entry.left_out:
        for figure in piece.figures:
            if figure not in entry.figures:
                yield f"{where}: the figure {figure!r} is not mapped, in {entry.gist!r}"
    for figure in entry.figures:
        if figure not in piece.figures:
            yield f"{where}: {figure!r} is mapped, in {entry.gist!r}, but is no figure of that sentence"


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")


def flaws(mapping: Mapping) -> list[str]:
    """What can be wrong without the documents at hand: gaps, doubles, unknown rules, sentences that say nothing."""
    return [*_entry_flaws(mapping), *_place_flaws(mapping)]


def _entry_flaws(mapping: Mapping) -> Iterator[str]:
    twice = [digest for digest, count in Counter(entry.digest for entry in mapping.entries).items() if count > 1]
    yield from (f"digest {digest}: one entry with all its places, not several" for digest in twice)
    for entry in mapping.entries:
        whose = f"{' '.join(entry.at) or 'an entry without a place'} {entry.gist!r}"
        bound = [*entry.rules, *entry.service]
        targets = [*bound, *(target for told in entry.figures.values() if not isinstance(told, str) for target in told)]
        if not entry.at:
            yield f"{whose}: has no place"
        if not re.fullmatch(r"[0-9a-f]{12}", entry.digest):
            yield f"{whose}: the digest {entry.digest!r} is not 12 hexadecimal digits"
        if not 1 <= len(entry.gist.split()) <= GIST_WORDS:
            yield f"{whose}: a gist has 1 to {GIST_WORDS} words"
        if bool(bound) == bool(entry.left_out.strip()):
            yield f"{whose}: needs either rules or service, or a reason to be left out"
        if entry.left_out and entry.figures:
            yield f"{whose}: figures of what is left out are left out with it"
        yield from (f"{whose}: the figure {name!r} leads nowhere" for name, told in entry.figures.items() if not told)
        for rule in [*entry.rules, *(target for target in targets if target.startswith("NV-"))]:
            if not (number := re.fullmatch(r"NV-(\d{3})", rule)) or not 1 <= int(number[1]) <= LAST_RULE:
                yield f"{whose}: there is no rule {rule!r}; they go from NV-001 to NV-{LAST_RULE}"


def _place_flaws(mapping: Mapping) -> Iterator[str]:
    all_places = [place for entry in mapping.entries for place in entry.at]
    yield from (f"{place}: mapped {count} times" for place, count in Counter(all_places).items() if count > 1)
    lines: dict[str, dict[int, list[int]]] = {name: {} for name in mapping.documents}
    for place in dict.fromkeys(all_places):
        found = PLACE.fullmatch(place)
        if not found or found[1] not in lines:
            yield f"{place!r} is no place; places look like S0:15.2, with one of {', '.join(mapping.documents)}"
            continue
        lines[found[1]].setdefault(int(found[2]), []).append(int(found[3]))
    for name, document in mapping.documents.items():
        for line, ordinals in lines[name].items():
            if sorted(ordinals) != list(range(1, len(ordinals) + 1)):
                yield f"{name}:{line}: pieces {sorted(ordinals)} are mapped, so one is missing"
        begun = sorted([*lines[name], *document.empty])
        if begun != list(range(1, document.lines + 1)):
            gaps = sorted(set(range(1, document.lines + 1)) - set(begun))
            doubles = sorted({one for one, other in pairwise(begun) if one == other})
            beyond = [line for line in begun if not 1 <= line <= document.lines]
            yield f"{name}: lines without a mapping: {gaps}; said to be empty, but mapped: {doubles}; beyond its end: {beyond}"
        if (count := sum(map(len, lines[name].values()))) != document.pieces:
            yield f"{name}: {count} pieces are mapped, and {document.pieces} recorded"
