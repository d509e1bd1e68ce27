"""The error table: which codes a document knows, and what it has a client do on each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from conformance.skill.document import Piece
from conformance.skill.notes import Notes

ROW = re.compile(r"^\W*(?:HTTP |code |error )?(?P<code>\d{1,5})\b(?!\s*[.)]\s)", re.IGNORECASE)
ITEM = re.compile(
    r"^\s*(?:[-*+•]|\d+[.)])\s*(?:HTTP |code |error )?(?P<code>\d{1,5})\s*(?:\([^)]*\)\s*)?(?:[—–:=→]|->|- |means)", re.IGNORECASE
)
TABLE = re.compile(r"code|error|status|错误|状态码", re.IGNORECASE)


@dataclass(frozen=True)
class Wanted:
    """What is to be done on a code. `rule` is broken when a document has the code do something else."""

    rule: str
    says: re.Pattern[str]
    hint: str


def _wanted(rule: str, says: str, hint: str) -> Wanted:
    return Wanted(rule, re.compile(says, re.IGNORECASE), hint)


CODES = {
    0: None,
    1001: _wanted(
        "NV-012",
        r"re-?auth|anonymous-?token|re-?acquir|new token|fresh token|again|令牌|token",
        "Get a token again, then repeat the call once.",
    ),
    1002: _wanted("NV-036", r"new session|creat|re-?creat|another|§3\.0|新|会话", "Create a new session."),
    2001: _wanted(
        "NV-092", r"bind|regist|top ?-?up|注册|充值", "Anonymous: registration link with ?bind=<id>; registered: top up."
    ),
    4001: _wanted("NV-080", r"format|support|accept|list|格式|支持", "List the formats."),
    4002: _wanted("NV-080", r"compress|trim|smaller|shorten|压缩|裁剪", "Suggest to compress or trim."),
    400: _wanted("NV-008", r"generat|client.?id|creat|X-", "Generate an id, retry."),
    402: _wanted(
        "NV-107", r"tier|plan|regist|upgrad|subscri|header|订阅|套餐|升级|注册", "Check the headers, then speak of the plan."
    ),
    429: _wanted(
        "NV-009",
        r"\b30 ?(?:s\b|sec|秒).{0,40}(?:once|一次|one more)|(?:once|一次|one retry).{0,30}\b30 ?(?:s\b|sec|秒)",
        "Wait 30 s, retry once.",
    ),
}
KNOWN = {str(code) for code in CODES if code}


def check(notes: Notes) -> None:
    seen: dict[int, Piece] = {}
    for piece, code, offset in listed(notes):
        if code in seen:
            continue
        seen[code] = piece
        wanted = CODES.get(code)
        if code not in CODES:
            _unknown(notes, piece, code, offset)
        elif wanted is not None:
            text = piece.text[offset + len(str(code)) :]
            if wanted.says.search(text):
                notes.at(piece, offset, wanted.rule, "met", f"It says what to do on {code}.")
            elif code == 429:
                _rate_limit(notes, piece, offset, text)
            else:
                notes.at(
                    piece, offset, wanted.rule, "unproven", f"What a client is to do on {code} cannot be read here.", wanted.hint
                )
    if seen:
        _left_out(notes, seen)


def listed(notes: Notes) -> Iterator[tuple[Piece, int, int]]:
    """(piece, code, offset) of each code that a table or list of codes has. Rows of other tables, with numbers in them, are not."""
    header = ""
    for number, piece in enumerate(notes.document.pieces):
        before = notes.document.pieces[number - 1] if number else None
        if piece.kind == "row":
            if before is None or before.kind != "row":
                header = piece.text
            match = ROW.match(piece.text)
            telling = bool(TABLE.search(header) or TABLE.search(piece.heading))
        elif piece.kind == "item":
            match = ITEM.match(piece.text)
            telling = bool(
                TABLE.search(piece.heading) or (match and (match["code"] in KNOWN or _among_codes(notes, number, match)))
            )
        else:
            continue
        if match and telling and not match["code"].startswith("00"):
            yield piece, int(match["code"]), match.start("code")


def _among_codes(notes: Notes, number: int, match: re.Match[str]) -> bool:
    """Whether an item with a number of four digits stands beside one of a known code, whatever the heading calls the list."""
    pieces = notes.document.pieces
    beside = [ITEM.match(piece.text) for piece in pieces[max(0, number - 1) : number + 2] if piece.kind == "item"]
    return len(match["code"]) == 4 and any(one["code"] in KNOWN for one in beside if one)


def _unknown(notes: Notes, piece: Piece, code: int, offset: int) -> None:
    if 200 <= code < 600:
        return  # any HTTP status can come from a gateway
    rule = {"1": "NV-012", "2": "NV-092", "4": "NV-080"}.get(str(code)[0], "NV-117")
    notes.at(piece, offset, rule, "broken", f"No document of the service knows the code {code}: what hangs on it never happens.",
             "Keep to 0, 1001, 1002, 2001, 4001, 4002, 400, 402, 429.", "should")  # fmt: skip


def _rate_limit(notes: Notes, piece: Piece, offset: int, text: str) -> None:
    wait = re.search(r"\b(\d+) ?(s\b|sec|秒|min|分)", text)
    if wait and int(wait[1]) * (60 if wait[2] in ("min", "分") else 1) < 30:
        what = f"After 429 the token is asked for again in {wait[1]} {wait[2]}: too soon, and refused again."
    elif re.search(
        r"(?:[2-9]|two|three|several) (?:times|retries|attempts)|back-?off|until|keep (?:re)?trying|immediately",
        text,
        re.IGNORECASE,
    ):
        what = "After 429 the token is asked for again and again; one more try after 30 s is all that is allowed."
    else:
        notes.at(
            piece,
            offset,
            "NV-009",
            "unproven",
            "How long to wait after 429, and how often to try, cannot be read here.",
            "Say: 30 s, once.",
        )
        return
    notes.at(piece, offset, "NV-009", "broken", what, "Say: wait 30 s, retry once.")


def _left_out(notes: Notes, seen: dict[int, Piece]) -> None:
    last = list(seen.values())[-1]
    for code, wanted in CODES.items():
        if wanted is not None and code not in seen and not re.search(rf"(?<!\d){code}(?!\d)", notes.document.text):
            notes.at(
                last,
                0,
                wanted.rule,
                "unproven",
                f"The list of codes leaves out {code}; what a client does on it is its own affair.",
                wanted.hint,
            )
