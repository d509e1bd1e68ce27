"""Tokens in URLs: what is in a link is in histories, logs and chats."""

import re

from conformance.skill.notes import Notes

IN_URL = re.compile(
    r"[?&](?P<name>nemo_token|access_token|auth_token|token|api_key|bearer)=(?P<value>[^\s&\"'`|)]*)", re.IGNORECASE
)
BARE = re.compile(r"https?://[^\s\"'`)|]*nmv_usr_")


def check(notes: Notes) -> None:
    told = set()
    for piece in notes.document.pieces:
        for match in [*IN_URL.finditer(piece.text), *BARE.finditer(piece.text)]:
            value = match.groupdict().get("value")
            if value is not None and re.match(r"<?\$?\{?(?:CLAIM|clm_|ct\b)", value, re.IGNORECASE):
                continue
            line = piece.place(match.start())[0]
            if line in told:
                continue
            told.add(line)
            emptied = value == ""
            what = (
                "The link has an emptied token: a client fills its own in, or gives a dead link."
                if emptied
                else "The token is put into a URL, and stays in histories, logs and chats; whoever sees the link acts as the user."
            )
            notes.at(
                piece, match.start(), "NV-016", "broken", what, "Ask POST /api/auth/claim-token, and write ?ct=<claim_token>."
            )
            if not emptied:
                notes.at(
                    piece,
                    match.start(),
                    "NV-015",
                    "broken",
                    "A link with the token in it is shown to the user, and so is the token.",
                    "Never show tokens.",
                )
