"""What a scenario can exercise: client rules, codes, contradictions between documents, rows of the seeds' tables."""

import re

from mock_server import contract
from mock_server.scenario.schema import nearest

LAST_RULE, LAST_CONTRADICTION = 121, 33

#: The tables that all four seeds have, and their rows.
SEED_TABLES = {
    "routing": ("export", "credits", "status", "upload", "everything else"),
    "attribution": ("X-Skill-Source", "X-Skill-Version", "X-Skill-Platform"),
    "GUI words": ("click", "open", "drag/drop", "preview in timeline", "Export"),
    "stream events": ("text", "tool call/result", "heartbeat", "stream closes", "silent edit"),
    "errors": ("0", "1001", "1002", "2001", "4001", "4002", "400", "402", "429"),
}


def complaint(word: str) -> str:
    """Why `word` is nothing that could be covered; empty if it is."""
    if number := re.fullmatch(r"rule (\d+)", word):
        return "" if 1 <= int(number[1]) <= LAST_RULE else f"{word!r}: rules go from 1 to {LAST_RULE}"
    if number := re.fullmatch(r"C(\d+)", word):
        return (
            "" if 1 <= int(number[1]) <= LAST_CONTRADICTION else f"{word!r}: contradictions go from C1 to C{LAST_CONTRADICTION}"
        )
    if code := re.fullmatch(r"code (\S+)", word):
        codes = contract.load().document["x-codes"]
        return "" if code[1] in codes else f"{word!r}: there is no such code{nearest(code[1], codes)}"
    if row := re.fullmatch(r"S[0-3]: (.+)", word):
        known = rows()
        return "" if row[1] in known else f"{word!r}: the seeds have no such table or row{nearest(row[1], known)}"
    forms = "'rule 61', 'code 2001', 'C17', 'S1: errors 2001'"
    return f"{word!r} is none of the forms {forms}"


def rows() -> list[str]:
    """Tables, and tables with a row, as they stand after a seed's number."""
    return [name for table, rows in SEED_TABLES.items() for name in (table, *(f"{table} {row}" for row in rows))]
