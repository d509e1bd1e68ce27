"""Material: sent in the right form, before it is spoken of, once, and confirmed by what the service took."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from conformance.catalogue import Cost, Evidence, broken, met, rule, unproven
from conformance.rules import heard
from conformance.rules.wishes import FORMATS, alone
from conformance.rules.words import says
from conformance.trace import Exchange, Message, Trace

LIMIT_BYTES = 500 * 2**20
#: Part headers and boundaries are not counted as file.
FRAMING_BYTES = 64 * 1024
#: Not among the thirteen, and yet nobody's mistake: another name of one that is.
OTHER_NAMES = ("jpeg",)
SMALLER = re.compile(
    r"compress|trim|small|short|shrink|reduc|resiz|split|\bcut\b|re-?encod|lower (?:the )?(?:resolution|quality|bitrate)|压缩|裁剪|剪|缩|减小|降低|小一点|短一点|拆分|分段",
    re.IGNORECASE,
)
_UPLOAD = r"(?:upload|attach(?:ment)?|paper ?clip)"
BUTTON = re.compile(
    rf"\b{_UPLOAD}\W{{0,3}}(?:button|icon|area|zone|panel|widget|menu)\b|\b(?:click|tap)\b[^.!?\n]{{0,30}}\b{_UPLOAD}|"
    r"\b(?:button|icon) to upload|上传(?:按钮|图标|区域)|(?:点击|点按|单击)[^。！？\n]{0,10}上传",
    re.IGNORECASE,
)
_NO = re.compile(r"\b(?:no|not|without|never)\b|n't\b|没有|无需|不用|不需要|不必", re.IGNORECASE)
#: The words mean the file that came with them.
REFERS = re.compile(r"\b(?:this|these|it|them|that|those|here)\b|这|它|那", re.IGNORECASE)
ABOUT_UPLOADS = re.compile(r"upload|attach|\bsend you\b|上传|发给你", re.IGNORECASE)


def uploads(trace: Trace) -> list[Exchange]:
    return trace.of("upload_files")


def media_type(one: Exchange) -> str:
    return one.headers.get("content-type", "").partition(";")[0].strip().lower()


def of_files(one: Exchange) -> bool:
    """As multipart, or meant so: what is no JSON by its Content-Type, or has the look of parts."""
    return media_type(one) != "application/json" or _parts(one)


def _parts(one: Exchange) -> bool:
    return isinstance(one.body, str) and one.body.lstrip().startswith("--")


def _not_taken_apart(one: Exchange) -> bool:
    """The body and its Content-Type do not fit together."""
    if media_type(one) != "multipart/form-data":
        return _parts(one)
    told = str(one.told("message")).lower()
    return "boundary=" not in one.headers["content-type"].lower() or (
        one.code == 422 and ("boundary" in told or "be read" in told)
    )


def taken(one: Exchange) -> list[dict[str, Any]]:
    """Files as the answer tells them."""
    told = one.told("files") if one.ok else None
    return [file for file in told if isinstance(file, dict)] if isinstance(told, list) else []


def names(one: Exchange) -> list[str]:
    """What was sent: names of files, or links."""
    urls = one.body.get("urls") if isinstance(one.body, dict) else None
    return one.uploads or ([str(url) for url in urls] if isinstance(urls, list) else [])


def suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower().removeprefix(".")


@rule(
    76,
    "field-is-called-files",
    "Files are sent as multipart/form-data, each in a part named `files` with its file name.",
    level="MUST",
    basis="vendor",
    sources="vendor init, vendor 1.9, C12",
    seen="wire",
)
def field_files(trace: Trace) -> Iterator[Evidence]:
    for one in uploads(trace):
        if not of_files(one) or _not_taken_apart(one):  # rules 77, 78
            continue
        if media_type(one) != "multipart/form-data":
            yield broken(
                f"files were sent as {media_type(one) or 'nothing in particular'}, not as multipart", one, cost=Cost(requests=1)
            )
        elif one.uploads and one.ok:
            yield met(f"files taken from the field: {len(one.uploads)}", one)
        elif one.code == 422 and "files" in str(one.told("message")) and "at most" not in str(one.told("message")):
            yield broken("there was no file in a field called files", one, cost=Cost(requests=1))


@rule(
    77,
    "links-as-urls",
    "A link is uploaded as JSON with `urls`, a list, and `source_type`: url.",
    level="MUST",
    basis="vendor",
    sources="vendor init, vendor 1.9, C12",
    seen="wire",
)
def links(trace: Trace) -> Iterator[Evidence]:
    for one in uploads(trace):
        if of_files(one) or one.body is None:
            continue
        body = one.body if isinstance(one.body, dict) else {}
        urls = body.get("urls")
        if not isinstance(urls, list) or not urls or not all(isinstance(url, str) for url in urls):
            keys = ", ".join(map(str, body)) or "no keys"
            yield broken(f"a link was sent in {keys[:80]}, not as a list called urls", one, cost=Cost(requests=1))
        elif body.get("source_type") != "url":
            yield broken(f"source_type was {str(body.get('source_type'))[:40]!r}, not 'url'", one)
        else:
            yield met(f"links sent as urls: {len(urls)}", one)


@rule(
    78,
    "boundary-is-left-to-the-library",
    "The Content-Type of a multipart upload is multipart/form-data with the boundary of its body, never written by hand.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3, vendor init",
    seen="wire",
)
def boundary(trace: Trace) -> Iterator[Evidence]:
    for one in uploads(trace):
        if _not_taken_apart(one):
            yield broken(
                f"a multipart body came with the Content-Type {one.headers.get('content-type', '')[:60]!r}",
                one,
                cost=Cost(requests=1),
            )
        elif media_type(one) == "multipart/form-data" and one.ok and one.uploads:
            yield met("a multipart body came with its boundary, and was taken apart", one)


@rule(
    79,
    "unfit-files-are-not-sent",
    "A file of another type than the thirteen, or of more than 500 MB, is refused by the client before a byte of it is sent.",
    level="SHOULD",
    basis="seed",
    sources="S0, S1, S2, S3, C27",
    seen="wire",
)
def unfit(trace: Trace) -> Iterator[Evidence]:
    for one in uploads(trace):
        if int(one.headers.get("content-length") or 0) > LIMIT_BYTES + FRAMING_BYTES:
            size_mb = int(one.headers["content-length"]) >> 20
            yield broken(f"{size_mb} MB were sent", one, cost=Cost(requests=1, words=f"{size_mb} MB of traffic"))
            return
    for message in trace.messages:
        bad = [name for name in message.files if suffix(name) not in (*FORMATS, *OTHER_NAMES)]
        if not bad or not alone(trace, message):
            continue
        sent = [one for one in message.of("upload_files") if one.code == 4001 and _about(one, bad, message)]
        if sent:
            yield broken(f"{bad[0]!r} is of no type that is taken, and was sent", message, sent[0], cost=Cost(requests=1))
        elif message.done_ms is not None and message.says:
            yield met(f"{bad[0]!r} was not sent", message, message.says[-1])


def _about(one: Exchange, bad: list[str], message: Message) -> bool:
    """A refusal of one of these files."""
    return len(bad) == len(message.files) or any(name in str(one.told("message")) for name in bad)


@rule(
    80,
    "refused-files-come-with-advice",
    "After 4001 the user is told which formats are taken, after 4002 to compress or trim.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3",
    seen="wire shown",
)
def advice(trace: Trace) -> Iterator[Evidence]:
    for one in uploads(trace):
        if one.code not in (4001, 4002) or one.dropped:
            continue
        message = trace.message_of(one)
        if not trace.has_transcript or message is None:
            yield unproven(f"refused with {one.code}; what the user was told is not known", one)
            continue
        after = [say for say in trace.says if one.line < say.line < heard.over(trace, one)]
        told = next((say for say in after if _lists_formats(say.text) if one.code == 4001), None)
        told = told or next((say for say in after if says(say.text, SMALLER) if one.code == 4002), None)
        what = "which formats are taken" if one.code == 4001 else "to compress or trim it"
        if told is not None:
            yield met(f"refused with {one.code}, and the user was told {what}", one, told)
        elif message.done_ms is not None:
            yield broken(f"refused with {one.code}, and the user was not told {what}", one)


def _lists_formats(text: str) -> bool:
    return sum(bool(re.search(rf"(?<![a-z0-9]){name}(?![a-z0-9])", text, re.IGNORECASE)) for name in FORMATS) >= 3


@rule(
    81,
    "a-file-is-sent-once",
    "A file that is in the session serves all edits and is not uploaded again for each.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3",
    seen="wire",
)
def once(trace: Trace) -> Iterator[Evidence]:
    there: dict[tuple[str, str], Exchange] = {}
    for one in uploads(trace):
        for name in names(one):
            first = there.get((one.path, name))
            if first is not None and first is not one and not _sent_by_user(trace, first, one, name):
                size = int(one.headers.get("content-length") or 0)
                cost = Cost(requests=1, words=f"{size} bytes of traffic")
                yield broken("uploaded again into the session that had it", first, one, cost=cost)
                return
            if one.ok:
                there.setdefault((one.path, name), one)
    for one in there.values():
        session = one.path.rpartition("/")[2]
        edits = [
            e for e in trace.after(one.line, "run_sse") if isinstance(e.body, dict) and str(e.body.get("session_id")) == session
        ]
        if edits and trace.message_of(edits[-1]) is not trace.message_of(one):
            yield met("uploaded once, and worked on later", one, edits[-1])
            return


def _sent_by_user(trace: Trace, first: Exchange, again: Exchange, name: str) -> bool:
    """Once more, by name or link, after the first upload began."""
    named = [one for one in trace.messages if one.line < again.line and (name in one.files or name in one.text)]
    restored = len(named) > 1 and named[-1] is trace.message_of(again)  # an earlier one of that name was put back before it
    return restored or any(first.line < one.line for one in named)


@rule(
    82,
    "no-upload-buttons",
    "The user is never sent to a button or an area for uploads: there is none.",
    level="MUST",
    basis="vendor",
    sources="vendor 1.9",
    seen="shown",
)
def no_buttons(trace: Trace) -> Iterator[Evidence]:
    for message in trace.messages:
        theirs = "\n".join(text for one in message.of("run_sse") for text in one.texts)
        told = next((say for say in message.says if _button(say.text, theirs)), None)
        if told is not None:  # words of the service that are passed on break rule 56
            yield broken("the user was sent to a button or an area that does not exist", message, told)
            return
    asked = [message for message in trace.messages if (message.files or says(message.text, ABOUT_UPLOADS)) and message.says]
    if asked:
        yield met("uploads were spoken of without a button", asked[0], asked[0].says[-1])


def _button(text: str, theirs: str) -> bool:
    """Whether a button is spoken of that nobody else spoke of, and not to say that there is none."""
    found = [match for match in BUTTON.finditer(text) if match[0] not in theirs]
    return any(not says(text[max(0, match.start() - 30) : match.start()], _NO) for match in found)


@rule(
    83,
    "uploads-are-confirmed",
    "An upload is confirmed by what its answer says: name, length or size of the picture.",
    level="SHOULD",
    basis="assumed",
    sources="vendor init, C13",
    seen="wire shown",
)
def confirmed(trace: Trace) -> Iterator[Evidence]:
    for one in uploads(trace):
        files, message = taken(one), trace.message_of(one)
        if not files or message is None or not any(name in message.files or name in message.text for name in names(one)):
            continue  # also what is sent again because a session was lost
        after = [say for say in trace.says if one.answer_line < say.line < heard.over(trace, one)]
        told = next((say for say in after if any(_tells(say.text, file) for file in files)), None)
        if told is not None:
            yield met("uploaded, and confirmed by name or figures", one, told)
        elif trace.finished and message.done_ms is not None:
            yield broken("uploaded, and nothing of what the service took was told", one)


def _tells(text: str, file: dict[str, Any]) -> bool:
    name, duration, width, height = (file.get(key) for key in ("filename", "duration", "width", "height"))
    figures = [rf"{width}\s*[x×*]\s*{height}"] if width and height else []
    if isinstance(duration, int | float):
        figures += [rf"(?<![\d.]){re.escape(f'{duration:g}')}(?!\d)", rf"(?<![\d.]){duration:.0f}(?:\.\d+)?\s*(?:s\b|sec|秒)"]
    return bool(name and str(name).lower() in text.lower()) or any(re.search(figure, text, re.IGNORECASE) for figure in figures)


@rule(
    84,
    "upload-before-the-message",
    "A file is in the session before the message that speaks of it goes into the chat.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3",
    seen="wire",
)
def upload_first(trace: Trace) -> Iterator[Evidence]:
    for message in trace.messages:
        sent, turns = message.of("upload_files"), message.of("run_sse")
        if not message.files or not sent or not turns or not alone(trace, message):  # nothing uploaded at all: rule 40
            continue
        before = [one for one in sent if one.line < turns[0].line and one.answer_line and one.answer_line < turns[0].line]
        if any(one.ok for one in before):
            yield met("uploaded, then spoken of", before[0], turns[0])
        elif any(one.answer_line > turns[0].line for one in sent):  # one that was never answered may have been taken
            yield broken(
                "the message went into the chat before the file was there", turns[0], sent[0], cost=_charged(trace, turns[0])
            )
        elif all(one.code in (4001, 4002) for one in sent) and says(message.text, REFERS):
            yield broken(
                "the file was refused, and the message about it sent all the same",
                sent[-1],
                turns[0],
                cost=_charged(trace, turns[0]),
            )


def _charged(trace: Trace, turn: Exchange) -> Cost:
    settled = [one["detail"] for one in trace.world("credits.settled")]
    return Cost(credits=sum(int(one.get("amount") or 0) for one in settled if one.get("turn") == turn.turn))
