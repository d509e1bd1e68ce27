"""Plain facts of a document that a profile keeps: platforms, the session's body, the promised duration."""

import re
from collections.abc import Mapping

from conformance.skill.calls import calls
from conformance.skill.document import Document
from conformance.skill.profile import SessionBody

#: Where documents do not say: the paths that those which do have in common.
PLATFORMS = {"/.clawhub/": "clawhub", "/.cursor/skills/": "cursor"}
MAPPED = re.compile(r"~?(?P<fragment>/\.[\w.-]+(?:/[\w.-]+)*/)[\"'`]?\s*(?:→|->|=>|:|=|\|)\s*[\"'`]?(?P<value>[a-z][\w-]*)")
CLAIM = re.compile(r"(?:roughly|about|around|takes?|within|usually|only|—)\s+(?P<low>\d+)\s*[-–]\s*(?P<high>\d+)[\s-]*(?P<unit>s\b|sec\w*|min\w*)|"
                   r"(?P<low2>\d+)\s*[-–]\s*(?P<high2>\d+)\s*(?P<unit2>sec\w*|min\w*) from upload", re.IGNORECASE)  # fmt: skip
NO_CLAIM = re.compile(r"download URL|GPU node|queue|typical durations", re.IGNORECASE)


def platforms(document: Document) -> Mapping[str, str]:
    """Fragment of the install path -> platform."""
    found = {
        match["fragment"]: match["value"]
        for piece in document.pieces
        for match in MAPPED.finditer(piece.text)
        if match["value"] != "else"
    }
    return found or PLATFORMS


def source_env_wins(document: Document) -> bool:
    """Whether SKILL_SOURCE is named as an environment variable to look at first."""
    return (
        re.search(
            r"(?:env(?:ironment)?(?: variable)?\W{1,4}`?\$?\{?SKILL_SOURCE|SKILL_SOURCE`?\W{1,6}(?:if |is )?set|\$\{SKILL_SOURCE:-)",
            document.text,
            re.IGNORECASE,
        )
        is not None
    )


def session_body(document: Document) -> SessionBody:
    """Whether its bodies of create_session have a language; "either" when both are shown, or none."""
    shown = {"language" in call.body.text for call in calls(document) if call.operation == "create_session" and call.body}
    return "either" if len(shown) != 1 else "language" if shown.pop() else "task_name"


def claim_s(document: Document) -> tuple[int, int] | None:
    """How long the document says a job takes, in seconds: the first range it names."""
    for piece in document.pieces:
        for match in CLAIM.finditer(piece.text):
            start, end = piece.sentence(match.start(), match.end())
            if piece.kind == "row" or NO_CLAIM.search(piece.text, start, end):
                continue
            unit = (match["unit"] or match["unit2"]).lower()
            factor = 60 if unit.startswith("min") else 1
            return int(match["low"] or match["low2"]) * factor, int(match["high"] or match["high2"]) * factor
    return None
