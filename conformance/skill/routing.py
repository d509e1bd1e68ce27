"""The routing table: which words of a user go where."""

import re

from conformance.skill.document import Piece
from conformance.skill.notes import Notes

HEADER = re.compile(r"user (?:says|asks|wants|input|types)|says\.\.\.|skip sse|intent|用户", re.IGNORECASE)
CHAT = re.compile(r"\bSSE\b|/run_sse|\bchat\b|§3\.1|forward|backend agent|对话", re.IGNORECASE)
#: rule -> (words of the user, where they belong, what happens when they go to chat)
ROUTES = {
    "NV-037": (r"export|导出|download|send me the video", r"export|render|§3\.5|lambda|导出", "The backend talks about an Export button, and no film is made."),
    "NV-038": (r"credit|积分|balance|余额", r"credit|balance|§3\.3|积分|余额", "A turn is started, and perhaps charged, to ask for a number."),
    "NV-039": (r"\bstatus\b|状态|show tracks", r"state|status|§3\.4|track|状态", "A turn is started to ask for what the state tells."),
    "NV-040": (r"\bupload|上传|sends? (?:a )?file", r"upload|§3\.2|上传", "The file never reaches the session."),
    "NV-041": (r"everything else|anything else|otherwise|all other|其他|其余", r"SSE|chat|run_sse|§3\.1", "Edits have nowhere to go."),
}  # fmt: skip


def check(notes: Notes) -> None:
    inside = False
    before: Piece | None = None
    for piece in notes.document.pieces:
        if piece.kind == "row":
            if before is None or before.kind != "row":
                inside = bool(HEADER.search(piece.text) or re.search(r"rout|matching|intent|路由", piece.heading, re.IGNORECASE))
            if inside and len(piece.cells) >= 2:
                _row(notes, piece, piece.cells[0], piece.cells[1:])
        elif piece.kind == "item" and re.search(r"rout|matching input|dispatch|intent|路由", piece.heading, re.IGNORECASE):
            words, arrow, action = piece.text.partition("→")
            if arrow:
                _row(notes, piece, words, [action])
        before = piece
    _prose(notes)


def _row(notes: Notes, piece: Piece, words: str, rest: list[str]) -> None:
    action = rest[0]
    skips = rest[1].strip() if len(rest) > 1 else ""
    for rule, (said, belongs, then) in ROUTES.items():
        if not re.search(said, words, re.IGNORECASE):
            continue
        to_chat = skips in ("❌", "No", "no", "✗", "否") or (
            not re.search(belongs, action, re.IGNORECASE) and CHAT.search(action)
        )
        if rule == "NV-041":
            if re.search(belongs, action, re.IGNORECASE):
                notes.at(piece, 0, rule, "met", "Everything else goes to chat.")
        elif to_chat:
            notes.at(piece, 0, rule, "broken", f"{words.strip()} is sent to chat. {then}", "Answer it from its own endpoint.")
        elif re.search(belongs, action, re.IGNORECASE):
            notes.at(piece, 0, rule, "met", "It goes to its own endpoint.")
        else:
            notes.at(piece, 0, rule, "unproven", f"Where {words.strip()[:40]} goes cannot be read here.", "Name the endpoint.")
        return


def _prose(notes: Notes) -> None:
    """Sentences that say it: never send "export" to the backend; or the opposite."""
    for piece in notes.document.pieces:
        if piece.kind in ("row", "code"):
            continue
        if match := re.search(
            r"(?:never|n't|do not|not) (?:send|forward|relay)\b.{0,40}(?:export|download).{0,40}(?:backend|sse|chat|run_sse)",
            piece.text,
            re.IGNORECASE,
        ):
            notes.at(piece, match.start(), "NV-037", "met", "Exports stay out of chat.")
        elif match := re.search(
            r"\b(?:send|forward|relay|pass)\b (?:the |an? )?\"?(?:export|download)\"?\b.{0,40}(?:to the backend|/?run_sse|through sse|via sse|to chat)",
            piece.text,
            re.IGNORECASE,
        ):
            notes.at(piece, match.start(), "NV-037", "broken", "An export is asked for in chat. The backend talks about an Export button, and no film is made.",
                     "Export by POST /api/render/proxy/lambda.")  # fmt: skip
