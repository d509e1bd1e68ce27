"""Which message goes where. Only messages are judged that ask for one thing in the routing table's own words (`wishes.py`)."""

import re
from collections.abc import Iterator

from conformance.catalogue import Cost, Evidence, broken, met, rule
from conformance.rules.wishes import ROUTED, alone, brings_material, messages, ran, served, wish
from conformance.rules.words import ADMITS_FAILURE, says
from conformance.trace import Message, Trace


def _chatted(trace: Trace, message: Message) -> Evidence | None:
    """The objection when a message that is none for the chat was sent there, in its own words or others of the routing table."""
    sent = [one for one in message.of("run_sse") if says(one.message, ROUTED) or _plain(message.text) in _plain(one.message)]
    if not sent:
        return None
    charged = sum(e["detail"].get("amount", 0) for e in trace.world("credits.settled") if e["detail"].get("turn") == sent[0].turn)
    return broken(f"{message.text!r} was sent into the chat", message, sent[0], cost=Cost(credits=charged, requests=len(sent)))


@rule(
    37,
    "exports-are-not-chat",
    "A wish for the file goes to the export, never into the chat.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3",
    seen="wire",
)
def exports(trace: Trace) -> Iterator[Evidence]:
    """What the export then does is for rules 96 to 115."""
    for message in messages(trace, "export"):
        if objection := _chatted(trace, message):
            yield objection
        elif started := message.of("get_state", "submit_render"):
            yield met(f"{message.text!r} went to the export", message, started[-1])


#: "never say that it cannot be checked"
CANNOT_CHECK = re.compile(
    r"\b(?:can ?no|can'|could ?n['o])t\b[^.!?\n]{0,20}\b(?:check|see|look|access|view|tell)|\b(?:unable|not able) to (?:check|see|access|view)|"
    r"无法(?:查|看|获)|不能(?:查|看)|查不(?:到|了)|看不(?:到|了)",
    re.IGNORECASE,
)


@rule(
    38,
    "credits-are-asked-for",
    'A question for credits is answered from the balance, not by the chat, and never with "cannot check".',
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3, vendor 1.9",
    seen="wire shown",
)
def credits(trace: Trace) -> Iterator[Evidence]:
    for message in messages(trace, "credits"):
        asked = message.of("get_credits")
        if objection := _chatted(trace, message):
            yield objection
        elif asked:
            refused = next((say for say in message.says if says(say.text, CANNOT_CHECK)), None)
            if refused and asked[-1].ok:
                yield broken("the balance was told, and the user heard that it cannot be checked", asked[-1], refused)
            else:
                yield met(f"{message.text!r} was answered from the balance", message, asked[0])
        elif served(trace, message) and not [one for one in trace.before(message.line, "get_credits") if one.ok]:
            yield broken(f"{message.text!r}: the balance was not asked for", message)


@rule(
    39,
    "status-is-asked-for",
    "A question for status or tracks is answered from the state, not by the chat.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3",
    seen="wire",
)
def status(trace: Trace) -> Iterator[Evidence]:
    """What was asked after the last turn is known, and need not be asked again."""
    for message in messages(trace, "status"):
        asked = message.of("get_state")
        turns = trace.before(message.line, "run_sse")
        known = [one for one in trace.before(message.line, "get_state") if one.ok and (not turns or one.line > turns[-1].line)]
        if objection := _chatted(trace, message):
            yield objection
        elif asked:
            yield met(f"{message.text!r} was answered from the state", message, asked[0])
        elif served(trace, message) and not known:
            yield broken(f"{message.text!r}: the state was not asked for", message)


@rule(
    40,
    "files-are-uploaded",
    "A file that the user sends, or a link to one, goes to the upload.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3",
    seen="wire",
)
def uploads(trace: Trace) -> Iterator[Evidence]:
    """Files of other types are for rule 79, which would rather have them refused."""
    for message in trace.messages:
        if not brings_material(message) or not alone(trace, message):
            continue
        sent = trace.after(message.line, "upload_files")
        if sent:
            yield met("what the user sent was uploaded", message, sent[0])
        elif served(trace, message) and trace.finished and not says(message.shown, _TOO_LARGE):
            yield broken("what the user sent was not uploaded", message)


_TOO_LARGE = re.compile(
    r"(?:large|big|size|limit|exceed\w*|over) .{0,20}\d+ ?MB|\b(?:too|larger?|bigger) (?:large|big|than)\b|\d+ ?MB|太大|过大|超过",
    re.IGNORECASE,
)


_ASKS_BACK = re.compile(
    r"[?？]|\b(?:tell|send|give|show) me\b|\blet me know\b|\bfirst\b|\bwhich\b|\bplease\b|请|告诉我|先|哪", re.IGNORECASE
)


@rule(
    41,
    "edits-go-into-the-chat",
    "Whatever is to be made or changed goes to the service as a chat message.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3",
    seen="wire",
)
def edits(trace: Trace) -> Iterator[Evidence]:
    """A client that asks back, or whose upload failed, has a reason not to send it yet."""
    for message in messages(trace, "edit"):
        sent = message.of("run_sse")
        if sent:
            yield met("the wish was sent into the chat", message, sent[0])
        elif (
            trace.has_transcript
            and served(trace, message)
            and not says(message.shown, _ASKS_BACK)
            and not says(message.shown, ADMITS_FAILURE)
            and (not message.files or message.of("upload_files"))
            and not any(says(message.text, wanted) for wanted, _, _ in _LIMITS)  # rule 45
        ):
            yield broken(f"{message.text!r} was not sent into the chat", message)


@rule(
    42,
    "words-pass-unchanged",
    "What the user wants is passed on in the user's own words.",
    level="MUST",
    basis="vendor",
    sources="vendor 4.4, vendor 1.9, C18",
    seen="wire",
)
def words(trace: Trace) -> Iterator[Evidence]:
    """The message, or parts of it that leave out no number and no quotation; more words around it are another reading."""
    for message in messages(trace, "edit"):
        sent = [one for one in message.of("run_sse") if one.message]
        if not sent:
            continue
        wanted = _plain(message.text)
        parts = [_plain(one.message) for one in sent]
        left_out = [one for one in _PARAMETER.findall(wanted) if not any(one in part for part in parts)]
        if any(wanted in part for part in parts) or (all(part in wanted for part in parts) and not left_out):
            yield met("the user's words were passed on as they are", message, sent[0])
        else:
            why = f" and without {', '.join(map(repr, left_out))}" if left_out else ""
            yield broken(f"{message.text!r} was passed on in other words{why}", message, sent[0])


_PARAMETER = re.compile(r"\d+(?:[.:/x×]\d+)*|\"[^\"]+\"")


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"[“”「」]", '"', text)).strip(" .!,;。！，；").casefold()


@rule(
    43,
    "other-requests-are-declined",
    "What has nothing to do with video is declined without a turn.",
    level="SHOULD",
    basis="vendor",
    sources="vendor 1.9",
    seen="wire",
)
def foreign(trace: Trace) -> Iterator[Evidence]:
    for message in messages(trace, "foreign"):
        if objection := _chatted(trace, message):
            yield objection
        elif served(trace, message) and message.says:
            yield met(f"{message.text!r} started no turn", message, message.says[-1])


#: Any word of time or of work begun.
_TAKES_TIME = re.compile(
    r"\bminutes?\b|\bseconds?\b|\bmoments?\b|\bwhile\b|\bshortly\b|\bsoon\b|\bpatien|\bwait|\btakes?\b|\bworking\b|\bprocess|\bon it\b|\bstart|\bbegin|\bright away\b|\bnow\b|⏳|"
    r"\b(?:generat|creat|edit|add|apply|mak|submitt|compos|chang)ing\b|分钟|秒|稍|等|处理|开始|正在",
    re.IGNORECASE,
)


@rule(
    44,
    "work-is-announced",
    "Before work that takes a while, the user is told so.",
    level="SHOULD",
    basis="vendor",
    sources="vendor 4.4, vendor 1.9",
    seen="shown",
)
def announced(trace: Trace) -> Iterator[Evidence]:
    """Before the turn is over, that is: what was said when, the trace knows to a few milliseconds only."""
    for message in messages(trace, "edit"):
        turn = next((one for one in message.of("run_sse") if ran(one)), None)
        if turn is None:
            continue
        told = next((say for say in message.says if say.line < turn.ended_line and says(say.text, _TAKES_TIME)), None)
        if told:
            yield met("the user was told that it takes a while", told, turn)
        elif message.done_ms is not None:
            yield broken("the turn began and ended, and nobody had said that it takes a while", message, turn)


#: A wish that cannot be met as it is, and the words that say so or what there is instead.
_LIMITS = (
    (
        re.compile(r"youtu\.?be|spotify|soundcloud|apple music|网易云|qq音乐", re.IGNORECASE),
        re.compile(r"\blibrary\b|曲库|音乐库|素材库", re.IGNORECASE),
        "songs of other platforms",
    ),
    (
        re.compile(r"\b(?:retouch|photoshop)\b|\bedit (?:this|my|the) (?:photo|picture|image)\b|修图|抠图|p图", re.IGNORECASE),
        re.compile(r"\bslide ?show|\bvideos?\b|幻灯片|视频", re.IGNORECASE),
        "single photos",
    ),
)
_CANNOT = re.compile(
    r"\b(?:can ?no|ca?n'|won')t\b|\bunable\b|\bnot (?:able|possible|support|available)|\bunsupported\b|\binstead\b|\bonly\b|无法|不能|不支持|不可以|没办法|只能|只",
    re.IGNORECASE,
)


@rule(
    45,
    "limits-are-told",
    "A wish that the service cannot meet is answered with its limit and with what there is instead.",
    level="SHOULD",
    basis="vendor",
    sources="vendor 4.4, vendor 1.9",
    seen="shown",
)
def limits(trace: Trace) -> Iterator[Evidence]:
    """Songs of other platforms and single photos. Whether a shape or a local file is a limit depends on what the client can do."""
    for message in trace.messages:
        if wish(message) in ("export", "credits", "status", "upload") or not alone(trace, message) or message.done_ms is None:
            continue
        for wanted, instead, what in _LIMITS:
            if not says(message.text, wanted):
                continue
            told = next((say for say in message.says if says(say.text, instead) or says(say.text, _CANNOT)), None)
            if told:
                yield met(f"the limit on {what} was told", message, told)
            elif served(trace, message):
                yield broken(f"nothing was said of the limit on {what}", message)
