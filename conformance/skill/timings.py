"""Numbers: how often to poll, how often at most, how long a stream may take, how large a file may be."""

import re
from collections.abc import Iterator

from conformance.skill.document import Piece
from conformance.skill.notes import Notes

NUMBER = r"(?P<number>\d+(?:\.\d+)?)(?:\s*[-–]\s*(?P<upper>\d+))?"
UNIT = r"(?P<unit>m(?:in(?:ute)?s?)?\b|s(?:ec(?:ond)?s?)?\b|秒|分钟?)"
EVERY = re.compile(
    rf"(?:every|each|at intervals of|每隔?)\s*{NUMBER}[\s-]*{UNIT}|{NUMBER.replace('number', 'n2').replace('upper', 'u2')}[\s-]*(?P<unit2>s|sec\w*|min\w*)[\s-]+(?:intervals?|apart)",
    re.IGNORECASE,
)
POLL = re.compile(r"\bpoll|check (?:the )?(?:render|export|job|status)|轮询|query (?:the )?(?:render|status)", re.IGNORECASE)
RENDER = re.compile(r"render|export|lambda|job|download|completed|导出|渲染", re.IGNORECASE)
STATE = re.compile(r"\bstate\b|状态|/latest", re.IGNORECASE)
#: How often the user hears something is another matter.
TOLD = re.compile(r"\b(?:updates?|tell|inform|reassure|post|message)\b|\buser\b", re.IGNORECASE)
MOST_POLLS = re.compile(
    r"(?:max\w*|at most|up to|no more than|最多)(?: of)? (?P<number>\d+)\s*(?P<word>polls?|times|attempts|tries|次)",
    re.IGNORECASE,
)
MOST_TIME = re.compile(
    rf"(?:poll\w*|轮询)[^.|]{{0,60}}(?:up to|for|until|max\w*)\s*{NUMBER}\s*(?P<unit>min\w*|分钟)", re.IGNORECASE
)
CAP = re.compile(
    rf"(?:time-?out|time limit|up to|max\w*(?: timeout)?|超时)\W{{0,4}}(?:of |after |is |time:? ?)?{NUMBER}[\s-]*{UNIT}",
    re.IGNORECASE,
)
STREAM = re.compile(r"\bsse\b|run_sse|stream|event-stream", re.IGNORECASE)
SIZE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s?(?P<unit>GB|TB)\b", re.IGNORECASE)


def seconds(match: re.Match[str]) -> float:
    groups = match.groupdict()
    number = float(groups.get("number") or groups.get("n2") or 0)
    unit = (groups.get("unit") or groups.get("unit2") or "s").lower()
    return number * (60 if unit[0] == "m" or unit.startswith("分") else 1)


def check(notes: Notes) -> None:
    for piece in notes.document.pieces:
        _polls(notes, piece)
        _cap(notes, piece)
        _size(notes, piece)
    for call in notes.calls:
        if call.operation == "run_sse" and call.max_time and re.fullmatch(r"\d+(?:\.\d+)?", call.max_time.text):
            if float(call.max_time.text) >= 900:
                notes.of(call.max_time, "NV-050", "met", "The command waits 15 minutes.")
            else:
                notes.of(call.max_time, "NV-050", "broken", f"The command hangs up after {call.max_time.text} s; turns take up to 15 minutes, and go on without it.",
                         "Write --max-time 900.")  # fmt: skip


def _about(piece: Piece, match: re.Match[str]) -> str:
    start, end = piece.sentence(match.start(), match.end())
    return piece.text[start:end]


def _polls(notes: Notes, piece: Piece) -> None:
    for match, about in _intervals(piece):
        every = seconds(match)
        if STATE.search(about) and not re.search(r"render|lambda|export", about, re.IGNORECASE):
            if every < 10:
                notes.at(piece, match.start(), "NV-089", "broken", f"The state is asked for every {every:g} s: a tight loop that tells nothing new.",
                         "Say: 30 s after a cut, then every 60 s.")  # fmt: skip
            continue
        if every >= 60 and TOLD.search(piece.text, max(0, match.start() - 40), match.start()):
            continue
        if not (RENDER.search(about) or re.search(r"render|export|导出", piece.heading, re.IGNORECASE)):
            continue
        if 25 <= every <= 40:
            notes.at(piece, match.start(), "NV-103", "met", "It polls every 30 s.")
        else:
            then = "ten polls are used up before a render ends" if every < 25 else "the film is told of late"
            notes.at(
                piece, match.start(), "NV-103", "broken", f"Renders are polled every {every:g} s; {then}.", "Say: every 30 s."
            )
    for match in MOST_POLLS.finditer(piece.text):
        if POLL.search(piece.text) and int(match["number"]) != 10 and "state" not in _about(piece, match).lower():
            notes.at(
                piece,
                match.start(),
                "NV-104",
                "broken",
                f"It polls {match['number']} times; the vendor gives up after 10, five minutes.",
                "Say: at most 10.",
            )
    if (longest := MOST_TIME.search(piece.text)) and seconds(longest) != 300:
        notes.at(
            piece,
            longest.start(),
            "NV-104",
            "broken",
            f"It polls for {seconds(longest) / 60:g} minutes; the vendor gives up after five.",
            "Say: at most 10 polls.",
        )


def _intervals(piece: Piece) -> Iterator[tuple[re.Match[str], str]]:
    for match in EVERY.finditer(piece.text):
        start = max(0, match.start() - 120)
        window = piece.text[start : match.end() + 60]
        if POLL.search(piece.text, start, match.end() + 40) and not re.search(
            r"working|⏳|heartbeat|progress", piece.text[match.end() : match.end() + 30]
        ):
            yield match, window


def _cap(notes: Notes, piece: Piece) -> None:
    if not (STREAM.search(piece.text) or STREAM.search(piece.heading)):
        return
    for match in CAP.finditer(piece.text):
        about = _about(piece, match)
        if re.search(r"heartbeat|心跳|poll|render|token|retry|retries|--max-time|wait", about, re.IGNORECASE) or re.search(
            r"MB|GB", piece.text[match.end() : match.end() + 4]
        ):
            continue
        cap = seconds(match)
        if cap >= 900:
            notes.at(piece, match.start(), "NV-050", "met", "It waits 15 minutes.")
        elif cap >= 30:
            notes.at(piece, match.start(), "NV-050", "broken", f"The stream is cut after {cap:g} s; turns take up to 15 minutes, go on without it, and are charged.",
                     "Say: up to 15 minutes.")  # fmt: skip


def _size(notes: Notes, piece: Piece) -> None:
    for match in SIZE.finditer(piece.text):
        if re.search(r"\b500 ?MB", _about(piece, match), re.IGNORECASE):
            continue
        if re.search(r"file|upload|limit|max|up to", piece.text, re.IGNORECASE) and re.search(
            r"per file|max|limit|up to|files? (?:of|up)", piece.text, re.IGNORECASE
        ):
            notes.at(
                piece,
                match.start(),
                "NV-079",
                "broken",
                f"Files up to {match[0]} are sent, and refused with 4002 above 500 MB.",
                "Say: 500 MB.",
            )
