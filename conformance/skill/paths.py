"""Paths of a document against the contract: which operation one is, or which was meant.

The one room here that knows the mock: paths, methods and the hints for foreign ones are its contract's, said once.
"""

import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any

from mock_server import contract

LOST_SPACE = "a space was lost, and a word sticks to the path"
LONGEST = 300
STAND_IN = "00000000000000000"
#: <sid> {sid} $SID ${SID} :sid [sid] SESSION_ID, and what mirrors put in their place.
PLACEHOLDER = re.compile(
    r"<[^/>]*>|\$?\{[^/}]*\}|\$[A-Za-z_]\w*|(?<=/):[a-z_]+|\[[^/\]]*\]|(?<=/)[A-Z][A-Z_]*[A-Z](?=/|$)|(?<=/)(?:…|\.\.\.|X{3,}|x{3,})"
)
#: The operation a rule is about, for findings about its path, method or absence.
RULES = {
    "issue_anonymous_token": "NV-002", "create_session": "NV-028", "run_sse": "NV-041", "upload_files": "NV-040", "get_credits": "NV-038",
    "get_state": "NV-039", "submit_render": "NV-037", "get_render": "NV-102", "cancel_render": "NV-102", "download_render": "NV-110",
    "issue_claim_token": "NV-112",
}  # fmt: skip


@dataclass(frozen=True)
class Known:
    """`operation` is the one a path has, or, when `why` says what is wrong with it, the one that was meant ("" when nobody knows).

    `right` is the method and path to write instead.
    """

    operation: str
    why: str = ""
    right: str = ""

    @property
    def rule(self) -> str:
        return RULES.get(self.operation, "NV-041")


@cache
def lookup(method: str | None, path: str) -> Known:
    """What the contract knows of a path that a document writes, placeholders and all. `method` None: any."""
    if len(path) > LONGEST:
        return Known("", "no path of the service, and like none", "")
    book = contract.load()
    concrete = PLACEHOLDER.sub(STAND_IN, path.partition("?")[0].partition("#")[0])
    here = [op for op in book.operations.values() if re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(op.path)), concrete)]
    if not here:
        return _meant(book, method, concrete)
    operation = next((op for op in here if method in (None, op.method)), None)
    if operation is None:
        return Known(here[0].id, f"the path takes {here[0].method}, not {method}", f"{here[0].method} {here[0].path}")
    if re.search(r"[>}][A-Za-z]\w*(?=/|$)", path):
        return Known(operation.id, LOST_SPACE, f"{operation.method} {operation.path}")
    return Known(operation.id)


def _meant(book: contract.Contract, method: str | None, concrete: str) -> Known:
    glued = next((op for op in _longest_first(book) if _glued(op.path, concrete)), None)
    if glued:
        return Known(glued.id, LOST_SPACE, f"{glued.method} {glued.path}")
    for row in book.foreign:
        if re.search(row.pattern, concrete) and (not row.methods or method is None or method in row.methods):
            operation = book.operations.get(row.meant)
            if operation:
                return Known(operation.id, row.why, f"{operation.method} {operation.path}")
            return Known("get_render" if "/lambda/" in row.meant else "", row.why, row.meant)
    near = get_close_matches(concrete, [op.path for op in book.operations.values()], 1, 0.6)
    operation = next((op for op in book.operations.values() if near and op.path == near[0]), None)
    if operation:
        return Known(operation.id, "no path of the service", f"{operation.method} {operation.path}")
    return Known("", "no path of the service, and like none", "")


def abbreviates(path: str) -> bool:
    """Whether a mention is the beginning of a real path, as in "poll /api/state": a manner of speaking, and no call."""
    concrete = PLACEHOLDER.sub(STAND_IN, path).rstrip("/")
    return any(op.path.startswith(concrete + "/") for op in contract.load().operations.values())


def _longest_first(book: contract.Contract) -> list[Any]:
    return sorted((op for op in book.operations.values() if op.id in RULES), key=lambda op: -len(op.path))


def _glued(path: str, concrete: str) -> bool:
    """Whether `concrete` is `path` with letters stuck behind its last fixed word."""
    pattern = re.sub(r"\\\{\w+\\\}", f"(?:{STAND_IN}|[^/]+)", re.escape(path))
    return not path.endswith("}") and re.fullmatch(pattern + r"[A-Za-z一-鿿]\S*", concrete) is not None
