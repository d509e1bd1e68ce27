"""Headers: names and values of attribution, client id, bearer; on which requests they are."""

import re
from difflib import get_close_matches

from conformance.skill.calls import Call
from conformance.skill.document import Document, Piece
from conformance.skill.notes import Notes

NAMES = {"x-skill-source": "NV-022", "x-skill-version": "NV-023", "x-skill-platform": "NV-024"}
KNOWN = ["X-Skill-Source", "X-Skill-Version", "X-Skill-Platform", "X-Client-Id"]
OTHERS = {"x-api-key", "x-user-id", "x-skill", "x-requested-with", "x-request-id", "x-accel-buffering", "x-forwarded-for"}
NAME = re.compile(r"(?<![\w-])(?:header\s?)?(?P<name>[Xx]-[^\W_](?:[\w-]*[^\W_])?)(?![\w*-]*\*)")
#: Also as dictionaries in code have it, where only a quoted value is one: "X-Skill-Source": "reels".
VALUE = re.compile(r"(?:[\"'](?=\s*:\s*[\"']))?\s*(?:[:=|]|\bto\b|\bis\b)\s*[\"'“]?(?P<value>[^\s\"'|,)”]+)?")
EVERY = re.compile(
    r"(?:every|each|all)\b[^.|\n]{0,40}\b(?:requests?|calls?)\b[^|\n]{0,160}(?:header|X-Skill|attribution|include)|"
    r"(?:headers?|attribution)\b[^.|\n]{0,60}\b(?:on|to|with|in|for)\s+(?:every|each|all)\b[^.|\n]{0,20}(?:requests?|calls?)|"
    r"(?:所有|每个|每次)[^。|\n]{0,12}(?:请求|调用)[^。\n]{0,40}(?:头|X-Skill)",
    re.IGNORECASE,
)
ENUMERATED = re.compile(r"render|export|download|导出", re.IGNORECASE)
FROM_FRONTMATTER = re.compile(r"front.?matter|this file|\$\{?SKILL_(?:NAME|VERSION)|本文件", re.IGNORECASE)
READ_AT_RUN_TIME = re.compile(
    r"match this file's frontmatter|read from this file'?s? (?:YAML )?frontmatter|frontmatter (?:name|version)|this file'?s YAML frontmatter|"
    r"frontmatter at run.?time",
    re.IGNORECASE,
)
#: Where the next header begins: what is said of its value is not said of this one's.
NEXT_OPTION = re.compile(r"[\"'] -H\b")
NEXT_HEADER = re.compile(r"\bX-[A-Z]")
PLACEHOLDER = re.compile(r"^[<{$(]|frontmatter|^from$|^read|^the$|^this$|^your|^auto|^detect", re.IGNORECASE)
ATTRIBUTED = (
    "create_session",
    "run_sse",
    "upload_files",
    "get_credits",
    "get_state",
    "submit_render",
    "get_render",
    "download_render",
)


def check(notes: Notes) -> None:
    for index, piece in enumerate(notes.document.pieces):
        for match in NAME.finditer(piece.text):
            _name(notes, piece, match)
        if EVERY.search(piece.text) and re.search(
            r"X-Skill|attribution|归属", piece.text + near(notes.document, index), re.IGNORECASE
        ):
            notes.at(piece, 0, "NV-021", "met", "It asks for attribution on every request.")
    _values_from_frontmatter(notes)
    _examples(notes)
    _bearer(notes)


def near(document: Document, index: int) -> str:
    """A piece's text, its heading and the four pieces that follow: where a list or a table hangs on a sentence."""
    pieces = document.pieces[index : index + 5]
    return "\n".join([pieces[0].heading, *(piece.text for piece in pieces)])


def _name(notes: Notes, piece: Piece, match: re.Match[str]) -> None:
    written = match["name"]
    lower = written.lower()
    place = match.start("name")
    if lower in NAMES:
        notes.at(piece, place, "NV-021", "met", f"It names {written}.")
        _value(notes, piece, match, NAMES[lower])
        return
    if lower == "x-client-id":
        _client_id(notes, piece, match)
        return
    if lower in OTHERS:
        return
    folded = re.sub(r"[^a-z]", "", lower)
    near_names = [
        name for name in KNOWN if folded.startswith(name.replace("-", "").lower()) or folded == name.replace("-", "").lower()
    ]
    meant = (near_names or get_close_matches(written, KNOWN, 1, 0.5 if not written.isascii() else 0.72) or [""])[0]
    if not meant and written.isascii():
        return
    rule = "NV-003" if meant == "X-Client-Id" or not meant else "NV-021"
    cause = (
        "was translated"
        if not written.isascii()
        else "has a word stuck to it"
        if near_names and folded != meant.replace("-", "").lower()
        else "is misspelt"
    )
    then = "the token call is refused with 400" if rule == "NV-003" else "exports are refused with 402"
    notes.at(
        piece, place, rule, "broken", f"The header name {written} {cause}: sent so, {then}.", f"Write {meant or 'X-Client-Id'}."
    )


def _client_id(notes: Notes, piece: Piece, match: re.Match[str]) -> None:
    rest = piece.text[match.end() :]
    value = VALUE.match(rest)
    here = match.start("name")
    if re.match(r"\s*:\s*(?:[\"'.]|$|\n)", rest) and piece.kind != "row":
        notes.at(
            piece,
            here,
            "NV-003",
            "broken",
            "X-Client-Id is shown with an empty value; sent so, the token call is refused with 400.",
            "Write X-Client-Id: <uuid>.",
        )
        return
    notes.at(piece, here, "NV-003", "met", "It asks for X-Client-Id.")
    if value and value["value"] and rest.lstrip("\"' ").startswith(":") and re.fullmatch(r"[\w.-]+", value["value"]):
        word = value["value"].rstrip(".")
        if not re.fullmatch(r"(?i)uuid|client.?id|random.*|your.*|the|a|an|generated", word):
            notes.at(
                piece,
                here,
                "NV-004",
                "broken",
                f"Every client sends the id {word!r}, so all share one token in seven days and get 429.",
                "Say: a new UUID.",
            )


def _value(notes: Notes, piece: Piece, match: re.Match[str], rule: str) -> None:
    rest = piece.text[match.end() : match.end() + 160].partition("\n")[0]
    rest = re.split(NEXT_HEADER if piece.kind == "code" else NEXT_OPTION, rest)[0]
    found = VALUE.match(rest)
    value = (found["value"] or "").rstrip(".;") if found else ""
    place = match.start("name")
    if not value:
        return
    if rule == "NV-024":
        if re.match(
            r"(?i)(clawhub|github|cursor|openclaw|claude\w*|web|cli)[\"'`]?\s*(?:[\\|]?\s*$|-)",
            rest[found.start("value") :] if found else "",
        ):
            notes.at(piece, place, rule, "broken", f"X-Skill-Platform is {value!r} wherever the skill is installed: a wrong platform is reported.",
                     "Say: clawhub, cursor or unknown, by the install path.")  # fmt: skip
        elif re.search(r"path|detect|\$\{?SKILL_(?:SOURCE|PLATFORM)|SKILL_SOURCE|路径", rest, re.IGNORECASE):
            notes.at(piece, place, rule, "met", "The platform comes from the install path.")
        return
    if PLACEHOLDER.search(value) or FROM_FRONTMATTER.search(rest):
        notes.at(piece, place, rule, "met", "The value comes from the frontmatter.")
        return
    front = notes.document.frontmatter
    if rule == "NV-022" and re.fullmatch(r"[a-z0-9][\w.-]+", value):
        if front.name is None:
            notes.at(
                piece,
                place,
                rule,
                "unproven",
                f"Whether the skill is called {value!r} cannot be seen: there is no frontmatter.",
                "Keep the frontmatter.",
            )
        elif value == front.name:
            notes.at(piece, place, rule, "met", "It is the frontmatter's name.")
        else:
            notes.at(piece, place, rule, "broken", f"Requests say they come from {value!r}, but the frontmatter says {front.name!r}: attribution fails.",
                     f"Write {front.name}.")  # fmt: skip
    if rule == "NV-023" and re.fullmatch(r"v?\d[\w.-]*", value) and value not in ("400", "402"):
        now = (
            f"the frontmatter says {front.version}"
            if front.version not in (None, value)
            else "it goes stale with the next release"
        )
        notes.at(piece, place, rule, "broken", f"The version {value} is written into the header: a client sends it for ever, and {now}.",
                 "Say: the frontmatter's version, read at run time.")  # fmt: skip


def _values_from_frontmatter(notes: Notes) -> None:
    for index, piece in enumerate(notes.document.pieces):
        match = READ_AT_RUN_TIME.search(piece.text)
        if match and re.search(r"X-Skill|attribution", near(notes.document, index), re.IGNORECASE):
            for rule in ("NV-022", "NV-023"):
                notes.at(piece, match.start(), rule, "met", "The values are the frontmatter's.")


def _examples(notes: Notes) -> None:
    """Commands that are shown whole: some with the headers and some without teach a client to leave them out."""
    shown = [call for call in notes.calls if call.kind == "curl" and call.operation in ATTRIBUTED and not call.known.why]
    bare = [call for call in shown if not set(NAMES) & set(call.headers)]
    if not bare:
        return
    stated = [
        finding
        for finding in notes.findings
        if finding.rule == "NV-021" and finding.verdict == "met" and "every request" in finding.what
    ]
    named_export = any(ENUMERATED.search(notes.document.lines[finding.line - 1]) for finding in stated)
    if named_export or (stated and len(bare) == len(shown)):
        return
    if stated or len(bare) < len(shown) or len(shown) > 1:
        worst = next((call for call in bare if call.operation == "submit_render"), bare[0])
        _missing(notes, worst, len(bare), len(shown))


def _missing(notes: Notes, call: Call, bare: int, shown: int) -> None:
    notes.of(call, "NV-021", "broken", f"{bare} of {shown} commands show no attribution headers; copied as they stand, the export is refused with 402.",
             "Put X-Skill-Source, X-Skill-Version and X-Skill-Platform into every command.")  # fmt: skip


def _bearer(notes: Notes) -> None:
    for piece in notes.document.pieces:
        for match in re.finditer(r"Bearer\b\s*(?P<value>[^\s\"'|,`)]+)?", piece.text):
            value = match["value"] or ""
            if re.match(r"(?i)<?\$?\{?(?:NEMOVIDEO_API_KEY|YOUR_(?:API_)?(?:KEY|TOKEN)|API_KEY)", value):
                notes.at(piece, match.start(), "NV-011", "broken", f"{value} is not the token of this API: every request is refused with 1001.",
                         "Write Authorization: Bearer <NEMO_TOKEN>.")  # fmt: skip
            elif re.match(r"clm_|<?\$?\{?CLAIM", value):
                notes.at(
                    piece,
                    match.start(),
                    "NV-113",
                    "broken",
                    "A claim token is sent as bearer; it opens nothing.",
                    "Send NEMO_TOKEN.",
                )
            else:
                notes.at(piece, match.start(), "NV-011", "met", "It asks for bearer authorization.")
        if key := re.search(r"X-API-Key\s*:", piece.text, re.IGNORECASE):
            notes.at(piece, key.start(), "NV-011", "broken", "The token is sent as X-API-Key, which only the first week of the service knew.",
                     "Write Authorization: Bearer <NEMO_TOKEN>.")  # fmt: skip
