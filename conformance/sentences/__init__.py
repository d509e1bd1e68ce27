"""Which sentence of which seed document binds a client or the service, and where: `sentences.yaml`, read and checked.

`python -m conformance.sentences` prints the table; with a folder behind it, it holds the mapping against the documents there.
"""

from conformance.sentences.checking import check, flaws
from conformance.sentences.mapping import Document, Entry, Mapping, shipped
from conformance.sentences.reading import Piece, pieces
from conformance.sentences.table import table

__all__ = [
    "Document",
    "Entry",
    "Mapping",
    "Piece",
    "check",
    "documents_of",
    "flaws",
    "load",
    "of_rule",
    "pieces",
    "shipped",
    "table",
]


def load() -> list[Entry]:
    """All entries, in the order of the documents."""
    return list(shipped().entries)


def of_rule(rule_id: str) -> list[Entry]:
    """The sentences that a rule, such as NV-018, rests on; empty where no seed document carries it."""
    return [entry for entry in shipped().entries if rule_id in entry.rules]


def documents_of(rule_id: str) -> list[str]:
    """The seed documents, S0 to S3, that carry a rule."""
    return sorted({document for entry in of_rule(rule_id) for document in entry.documents})
