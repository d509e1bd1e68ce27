"""What a document leaves out.

Broken, when a follower would surely leave it out too: a fact of the wire that nobody guesses (the token call and its
header, the three attribution headers, bearer authorization, the session, `task_name`, `new_message`), in a document that
sends a client to the API. Unproven for the rest that the seeds demand: a careful client may do it all the same.
"""

import re

from conformance.skill import rules
from conformance.skill.notes import Notes

SENDING = ("run_sse", "upload_files", "get_state", "submit_render")
#: Rules of the seeds that a document states or not.
DEMANDED = tuple(
    f"NV-{number:03}"
    for number in (1, 4, 7, 8, 9, 12, 15, 24, 27, 32, 36, 37, 38, 39, 40, 41, 46, 50, 51, 52, 53, 54, 55, 56, 57, 58, 80, 86, 87, 90, 92, 93, 95, 99, 100, 102, 103, 107)
)  # fmt: skip


def check(notes: Notes) -> None:
    text = notes.document.text
    called = {call.operation for call in notes.calls if call.operation}
    rightly = {call.operation for call in notes.calls if call.operation and not call.known.why}
    broken = {finding.rule for finding in notes.findings if finding.verdict == "broken"}

    def surely(rule: str, present: bool, what: str, hint: str) -> None:
        if not present and rule not in broken:
            notes.absent(rule, "broken", what, hint)

    surely("NV-002", "issue_anonymous_token" in called or "anonymous-token" in text,
           "The token call is never named: without NEMO_TOKEN in the environment nothing works.", "Name POST /api/auth/anonymous-token.")  # fmt: skip
    if "issue_anonymous_token" in called:
        surely(
            "NV-003",
            "x-client-id" in text.lower(),
            "X-Client-Id is never named: the token call is refused with 400.",
            "Name the header.",
        )
    missing = [name for name in ("X-Skill-Source", "X-Skill-Version", "X-Skill-Platform") if name.lower() not in text.lower()]
    surely(
        "NV-021",
        not missing,
        f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} never named: exports are refused with 402.",
        "Name all three, for every request.",
    )
    surely(
        "NV-011",
        bool(re.search(r"\bBearer\b", text)),
        "Bearer authorization is never named: every request is refused with 1001.",
        "Write Authorization: Bearer <NEMO_TOKEN>.",
    )
    if rightly & set(SENDING):
        surely(
            "NV-028",
            "create_session" in called,
            "No session is ever created, and every later call needs one.",
            "Name POST /api/tasks/me/with-session/nemo_agent.",
        )
    if "create_session" in called:
        surely(
            "NV-030",
            "task_name" in text,
            "The body of the session call is never told: without task_name it is refused.",
            'Write {"task_name":"project"}.',
        )
    if "run_sse" in rightly:
        surely(
            "NV-048",
            "new_message" in text,
            "Where the message goes is never told: the turn is refused.",
            "Name new_message.parts[0].text.",
        )
    known = {finding.rule for finding in notes.findings if finding.verdict in ("met", "broken", "unproven")}
    for rule in DEMANDED:
        if rule not in known and rules.basis(rule) == "seed":
            notes.absent(rule, "unproven", "The document says nothing that can be read about it.")
