"""Tokens in a trace: who asked for one and why, which calls want one, which were refused, and where one can be seen."""

import re

from conformance.trace import CLAIM, TOKEN, Exchange, Trace

ASK = "issue_anonymous_token"
#: Calls that a client makes as somebody. Files lie on another host and the token call comes before there is a token.
SECURED = (
    "create_session",
    "run_sse",
    "upload_files",
    "get_credits",
    "get_state",
    "submit_render",
    "get_render",
    "cancel_render",
    "download_render",
    "issue_claim_token",
)
#: What is asked of a render that another account began: nobody else can make such a call again.
OF_A_RENDER = ("get_render", "cancel_render", "download_render", "issue_claim_token")
DAY_MS = 86_400_000
#: A token itself: what stands masked or as a pattern in somebody's words is none.
WHOLE = re.compile(TOKEN + r"(?!your|xxx|\.\.\.)[\w-]{12,}", re.IGNORECASE)
#: A parameter of an address, with or without its host in front.
IN_URL = re.compile(r"(?:https?://\S*|[?&][\w-]*=)" + WHOLE.pattern + r"\S*", re.IGNORECASE)
_NO_CREDITS = re.compile(
    r"register\?bind=|\b(?:not enough|insufficient|out of|no more) credits\b|积分不足|积分已用完", re.IGNORECASE
)


def calls(trace: Trace) -> list[Exchange]:
    return trace.of(*SECURED)


def got(ask: Exchange) -> str:
    """The token that an answer brought whole; "" when none."""
    return str(ask.told("token") or "") if ask.ok else ""


def client_id(ask: Exchange) -> str:
    return ask.headers.get("x-client-id", "").strip()


def own(trace: Trace) -> str:
    """The token that the user gave; "" when none."""
    return str(trace.env.get("NEMO_TOKEN") or "")


def known(trace: Trace, value: str) -> bool:
    """A token that the client got or was given; in a journal alone nobody knows what it was given."""
    return value in trace.tokens or (not trace.given and bool(WHOLE.fullmatch(value)))


def refused(one: Exchange) -> bool:
    """For its token."""
    return one.code in (1001, 401)


def empty_purse(one: Exchange) -> bool:
    return one.code == 2001 or any(_NO_CREDITS.search(text) for text in one.texts)


def spoken(trace: Trace, from_line: int, to_line: int) -> bool:
    """Whether the user said something between two lines."""
    return any(from_line < line < to_line for line, _ in trace.numbered("user"))


def started_anew(trace: Trace, from_line: int, to_line: int) -> bool:
    """Whether the client may have been started again between two lines. Where it was is not recorded, only that it was."""
    return int(trace.given.get("started") or 1) > 1 and spoken(trace, from_line, to_line)


def ends_ms(trace: Trace, ask: Exchange) -> int:
    """When the token of an answer ends: as the world says, else after seven days."""
    issued = [one["detail"] for one in trace.world("token.issued") if one.get("subject") == ask.told("user_id")]
    return int(issued[-1]["expires_ms"]) if issued else ask.at_ms + 7 * DAY_MS


def is_claim(value: str) -> bool:
    """A claim token in the place of a token is a mistake of its own (rule 113)."""
    return value.startswith(CLAIM)


_UUID = re.compile(r"[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE)
#: Ids that stand in documents and samples everywhere.
_SAMPLES = ("00000000-", "123e4567-", "550e8400-e29b", "12345678-1234", "11111111-")
_BLANK = re.compile(
    r"[<>{}$%\s\"']|^(?:your|my|some|the|a)[-_. ]|^(?:uuid|guid|random|client|id|test|example|demo|default|anonymous|unknown|none|null|undefined|changeme|string)"
    r"(?:[-_.]?(?:uuid|guid|id|client|v?4))*$|x{4,}|^client-epoch|-random$",
    re.IGNORECASE,
)


def made_up(value: str) -> str:
    """What is wrong with a client id; "" for one that looks generated, "?" where nobody can tell."""
    if len(value) > 64:
        return f"it has {len(value)} characters"
    if _BLANK.search(value) or value.lower().startswith(_SAMPLES) or len(set(value.replace("-", ""))) < 4:
        return "it is a placeholder"
    looks = _UUID.fullmatch(value) or sum(char.isdigit() for char in value) >= 6 or len(value) >= 20
    return "" if looks else "?"
