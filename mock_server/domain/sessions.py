"""Sessions: one project each, with what was uploaded and what lies on the timeline."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mock_server.domain.errors import SessionNotFound
from mock_server.domain.scene import Asset, Draft


@dataclass(slots=True)
class Session:
    session_id: str
    task_id: str
    user_id: str
    task_name: str
    language: str
    created_ms: int
    assets: list[Asset] = field(default_factory=list)
    draft: Draft = field(default_factory=Draft)
    edits: int = 0  # turns that changed something
    changes: int = 0  # single changes, so that two readings can be compared
    silent_run: int = 0  # silent edits in a row, up to now
    edit_charged: bool = False
    running: list[str] = field(default_factory=list)  # turn ids
    waiting: list[str] = field(default_factory=list)


def find(sessions: Mapping[str, Session], session_id: str, user_id: str) -> Session:
    """The user's session. Raises SessionNotFound, also for somebody else's: its existence is not told."""
    session = sessions.get(session_id)
    if session is None or session.user_id != user_id:
        near = ""
        if any(char in session_id for char in "<>{}$"):
            near = ": the path holds a placeholder; put the session_id of create-session there"
        elif session is None and any(_spoilt(session_id, known) for known in sessions):
            near = (
                ": it differs from a known one in its last digits only, as when 19 digits pass through a float; keep it a string"
            )
        raise SessionNotFound(f"session not found{near}")
    return session


def _spoilt(given: str, known: str) -> bool:
    """Whether `given` is `known` after a trip through a double."""
    return given.isdecimal() and given != known and len(given) == len(known) and float(given) == float(known)
