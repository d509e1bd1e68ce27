"""The HTTP calls a document tells of: curl commands, "POST /path" in prose, table rows, http blocks, bare mentions."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from conformance.skill import shell
from conformance.skill.document import Document, Piece
from conformance.skill.paths import Known, lookup

METHODS = "GET|POST|PUT|PATCH|DELETE"
#: Upper case sticks to the word before it in damaged mirrors; lower case is a word of English, told apart by its path.
METHOD = rf"(?:(?:(?<=[a-z])|(?<![\w-]))(?P<method>{METHODS})|(?<![\w-])(?P<word>(?i:{METHODS})))(?:ing)?"
#: An absolute URL, or a path behind a variable or alone. It ends where no path goes on: at a dash, an arrow, a Chinese character.
CHARACTER = r"[!#-&(*+\--;=?-z~]"
TARGET = rf"(?P<url>(?:https?://[\w.:-]{{1,253}}|\$\{{?\w+(?::-[^}}\s]*)?\}}?|\{{\w+\}}|<\w+>)?/(?:{CHARACTER}|<[^\s<>]*>|\$?\{{[^\s{{}}\"]*\}})*)"
SPOKEN = re.compile(rf"{METHOD}\b\s*(?:[Rr]equests?\b\s*)?(?:(?:to|at)\b|[:=→到])?\s*\(?\s*f?[\"'`]?\s*{TARGET}")
MENTION = re.compile(rf"(?<![\w~./$}}>-]){TARGET}")
WORTH = re.compile(r"^/(?:api|run(?:_sse|-sse|_live)?(?:$|/)|v\d+/|services/|projects(?:$|/)|ws/|mcp(?:$|/)|generate(?:$|/))")
VARIABLE = re.compile(
    r"(?<![\w{])\$?\{?(?P<name>[A-Z][A-Z_]{1,30})\}?\s*(?:=|:=|←|\|)\s*[\"']?\s*(?:\$\{\w+:-(?P<default>https?://[^}\s]+)\}|(?P<value>https?://[^\s\"'|,)]+))"
)
#: Names that only requests have.
SENT = re.compile(r"\"(?:task_?name|new_?message|prompt|urls?|source_type|draft|sessionId)\"\s*:", re.IGNORECASE)
BODY_START = re.compile(r"\{\s*\\?\"")
#: Files as libraries are given them: files={"files": open(...)}.
FILES = re.compile(r"\bfiles\s*=\s*\{\s*[\"'](?P<name>\w+)[\"']\s*:")
HEADER = re.compile(r"^\s*([A-Za-z][\w-]*)\s*:\s*(.*)$")


@dataclass(frozen=True)
class Value:
    """A piece of text with its place."""

    text: str
    line: int
    column: int


@dataclass(frozen=True)
class Call:
    """One call. `kind`: "curl" shows it whole, "spoken" names method and path, "mention" a path alone.

    `host` is None for a path alone. `headers` are lower-cased; those of the command or block alone.
    """

    kind: str
    method: str | None
    url: str
    host: str | None
    path: str
    line: int
    column: int
    known: Known
    headers: Mapping[str, Value] = field(default_factory=dict)
    body: Value | None = None
    forms: tuple[Value, ...] = ()
    max_time: Value | None = None

    @property
    def operation(self) -> str:
        return self.known.operation


def variables(document: Document) -> dict[str, str]:
    """URLs that the document gives names to, as `$API` = `${NEMO_API_URL:-https://…}`."""
    found: dict[str, str] = {}
    for piece in document.pieces:
        for match in VARIABLE.finditer(piece.text):
            found.setdefault(match["name"], (match["default"] or match["value"]).rstrip("/.,"))
    return found


def calls(document: Document) -> list[Call]:
    """Every call, in order of the document. A mention of what a call beside it says already is left out."""
    names = variables(document)
    found: list[Call] = []
    before: Piece | None = None
    for piece in document.pieces:
        if _is_body_of(piece, before) and found and found[-1].kind == "spoken" and found[-1].body is None:
            found[-1] = replace(found[-1], body=_body(piece, 0, len(piece.text)))
        before = piece
        taken = bytearray(len(piece.text))  # 1 where a call has been read from
        here = [
            *_curls(piece, names, taken),
            *_spoken(piece, names, taken),
            *_rows(piece, names, taken),
            *_mentions(piece, names, taken),
        ]
        found.extend(sorted(here, key=lambda call: (call.line, call.column)))
    return found


def _is_body_of(piece: Piece, before: Piece | None) -> bool:
    """Whether a block of JSON is what the paragraph above it says to send."""
    if before is None or piece.kind != "code" or not piece.text.lstrip().startswith("{"):
        return False
    tail = before.text[-80:]
    asked = re.search(r"body|payload|send|JSON|with|请求体|参数", tail, re.IGNORECASE) or (
        re.search(r"[:：]\s*$", tail) and SENT.search(piece.text)
    )
    return bool(asked and not re.search(r"return|respon|answer|repl(?:y|ies)|\bgives|looks? like|→|返回", tail, re.IGNORECASE))


def _free(match: re.Match[str], taken: bytearray) -> bool:
    return taken.find(1, match.start("url"), match.end("url")) < 0


def _curls(piece: Piece, names: Mapping[str, str], taken: bytearray) -> Iterator[Call]:
    skip_to = 0
    for match in re.finditer(r"(?<![\w/-])curl(?=\s)", piece.text):
        if taken[match.start()] or match.start() < skip_to:
            continue
        curl = shell.command(piece.text, match.start())
        if curl.url is None or "/" not in curl.url.text:
            skip_to = (
                curl.end if curl.end - curl.start > 500 else 0
            )  # a quote that never closes is read once, not from each curl in it
            continue
        taken[curl.start : curl.end] = b"\1" * (curl.end - curl.start)
        headers = {}
        for word in curl.headers:
            name, _, value = word.text.partition(":")
            headers[name.strip().lower()] = Value(value.strip(), *piece.place(word.start))
        yield _call(
            "curl", curl.method, curl.url.text, piece, curl.url.start, names,
            headers=headers, body=_value(curl.body, piece),
            forms=tuple(Value(word.text, *piece.place(word.start)) for word in curl.forms), max_time=_value(curl.max_time, piece),
        )  # fmt: skip


def _value(word: shell.Word | None, piece: Piece) -> Value | None:
    return Value(word.text, *piece.place(word.start)) if word else None


def _spoken(piece: Piece, names: Mapping[str, str], taken: bytearray) -> Iterator[Call]:
    found = [
        match
        for match in SPOKEN.finditer(piece.text)
        if _free(match, taken) and (match["method"] or WORTH.match(_path(match["url"])))
    ]
    for number, match in enumerate(found):
        taken[match.start() : match.end()] = b"\1" * (match.end() - match.start())
        end = found[number + 1].start() if number + 1 < len(found) else len(piece.text)
        headers = {}
        if piece.kind == "code":
            for line in re.finditer(r"[^\n]+", piece.text[match.end() : end]):
                if header := HEADER.match(line[0]):
                    headers[header[1].lower()] = Value(header[2].strip(), *piece.place(match.end() + line.start()))
        form = FILES.search(piece.text, match.end(), end) if piece.kind == "code" else None
        yield _call(
            "spoken",
            (match["method"] or match["word"]).upper(),
            match["url"],
            piece,
            match.start("url"),
            names,
            headers=headers,
            body=None if form else _body(piece, match.end(), end),
            forms=(Value(f"{form['name']}=@", *piece.place(form.start("name"))),) if form else (),
        )


def _rows(piece: Piece, names: Mapping[str, str], taken: bytearray) -> Iterator[Call]:
    """A table row with a path in one cell and a method in another."""
    if piece.kind != "row":
        return
    method = next((cell.strip().upper() for cell in piece.cells if re.fullmatch(METHODS, cell.strip(), re.IGNORECASE)), None)
    for match in MENTION.finditer(piece.text):
        if method and _free(match, taken):
            taken[match.start() : match.end()] = b"\1" * (match.end() - match.start())
            yield _call(
                "spoken", method, match["url"], piece, match.start("url"), names, body=_body(piece, match.end(), len(piece.text))
            )
            return


def _mentions(piece: Piece, names: Mapping[str, str], taken: bytearray) -> Iterator[Call]:
    for match in MENTION.finditer(piece.text):
        if _free(match, taken) and (WORTH.match(_path(match["url"])) or "nemovideo" in match["url"].split("/")[2:3]):
            yield _call(
                "mention", None, match["url"], piece, match.start("url"), names, body=_body(piece, match.end(), len(piece.text))
            )


def _body(piece: Piece, start: int, end: int) -> Value | None:
    """The first JSON object between two offsets, braces balanced."""
    match = BODY_START.search(piece.text, start, end)
    if match is None:
        return None
    depth = 0
    quoted = False
    for at in range(match.start(), end):
        char = piece.text[at]
        if char == '"' and piece.text[at - 1] != "\\":
            quoted = not quoted
        elif not quoted:
            depth += (char == "{") - (char == "}")
            if depth == 0:
                return Value(piece.text[match.start() : at + 1], *piece.place(match.start()))
    return Value(piece.text[match.start() : end], *piece.place(match.start()))


def _path(url: str) -> str:
    """The path of a URL, or of one that begins with a variable."""
    return re.sub(r"^(?:https?://[^/]*|\$\{?\w+(?::-[^}]*)?\}?|\{\w+\}|<\w+>)(?=/|$)", "", url)


def _call(kind: str, method: str | None, url: str, piece: Piece, offset: int, names: Mapping[str, str], **more: object) -> Call:
    default = re.match(r"\$\{\w+:-(https?://[^}]+)\}", url)
    named = re.match(r"\$?[{<]?(\w+)[}>]?(?=/)", url)
    full = url
    if default:
        full = default[1].rstrip("/") + url[default.end() :]
    elif named and url[0] in "${<" and named[1] in names:
        full = names[named[1]] + url[named.end() :]
    full = re.sub(r"[.,;:!?…`*]+$", "", full)
    host = re.match(r"https?://([^/:]+)", full)
    path = _path(full) or "/"
    line, column = piece.place(offset)
    known = lookup(method, path)
    return Call(kind, method, full, host[1].lower() if host else None, path, line, column, known, **more)  # type: ignore[arg-type]
