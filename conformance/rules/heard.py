"""What a turn told, byte by byte, and what of it the user was shown: shared by the rooms of streams and turns."""

import json
import re
from collections.abc import Iterator
from re import IGNORECASE

from conformance.rules.spelling import pieces
from conformance.trace import Event, Exchange, Say, Trace

#: A needless last word of the service, or, alone, the truth.
TROUBLE = re.compile(
    r"\btemporary (?:issue|problem|error|glitch|trouble|hiccup)|(?:暂时|临时).{0,6}(?:问题|故障|错误)|一时.{0,4}问题", IGNORECASE
)
#: Talk of the screen, as to somebody who sits before an editor.
SCREEN = re.compile(
    r"\b(?:click|tap|press|hover|scroll)(?:ing|s)?\b|\bdrag(?:ging)?\b|\bdrop (?:it|them|this|the)\b|\bopen(?:ing)? (?:up )?(?:the|your)\b|"
    r"\b(?:buttons?|panels?|toolbar|sidebar|menu|icon|canvas)\b|\bpreview\b.{0,20}\btimeline\b|\baccount\b|\bbilling\b|"
    r"点击|点按|单击|双击|点一下|按下|拖拽|拖动|拖到|拖放|打开|展开|按钮|面板|工具栏|菜单|图标|时间[线轴].{0,6}预览|预览.{0,6}时间[线轴]|账[户号单]|画布",
    IGNORECASE,
)
#: A sign of life while a turn goes on.
STILL = re.compile(
    r"⏳|\bstill (?:work|process|generat|render|edit|go|run|busy|wait|in progress|at it)|\bin progress\b|仍在|还在|正在(?:处理|生成|进行)|"
    r"处理中|生成中|进行中|请稍候|请耐心",
    IGNORECASE,
)
#: What a client may keep back or say in its own words: failures, a lack of credits, orders that are none of its business.
_OWN_WORDS = re.compile(
    r"\bfail|\berror\b|\bwrong\b|\bsorry\b|\btry again\b|credits?\b|\bregister|https?://|\btoken\b|\binstructions?\b|\bterminal\b|\bheader\b|"
    r"失败|出错|错误|抱歉|重试|积分|注册|令牌|指令|终端",
    IGNORECASE,
)
_SENTENCE, _PART = re.compile(r"(?<!\d)[.;!?](?=\s|$)|[\n。；！？]"), re.compile(r":(?=\s|$)|[—–：]")
_WORD = re.compile(r"[^\W\d_]{4,}|\d+|[\u4e00-\u9fff]{2}")


# turns


def turns(trace: Trace) -> list[Exchange]:
    """Messages that the service took, and began to answer with a stream."""
    return [one for one in trace.of("run_sse") if one.stream and one.status == 200 and not _page(trace, one)]


def _page(trace: Trace, turn: Exchange) -> bool:
    """It is called a stream, and is JSON or a page for people."""
    return next(pieces(trace, turn), b"").lstrip()[:1] in (b"{", b"<")


def heard(trace: Trace) -> list[Exchange]:
    """Turns that were told to their end, and arrived as they were told."""
    return [one for one in turns(trace) if one.ended_by == "server" and not one.cut and "corrupt" not in one.faults]


def silent(turn: Exchange) -> bool:
    """Nothing was said: no words, no error, and no data that a client might take for words because it is no JSON."""
    words = any(text.strip() for text in turn.texts) or turn.errors
    return not words and all(event.meanings or _json(event.data) for event in turn.events)


def _json(data: str) -> bool:
    try:
        return isinstance(json.loads(data), dict | list)
    except (ValueError, RecursionError):
        return False


def told_events(turn: Exchange, *kinds: str) -> list[Event]:
    return [event for event in turn.events if any(meaning.kind in kinds for meaning in event.meanings)]


def texts(event: Event) -> list[str]:
    """Whole ones, no pieces."""
    return [meaning.text for meaning in event.meanings if meaning.kind == "text" and not meaning.partial]


def session(turn: Exchange) -> str:
    body = turn.body if isinstance(turn.body, dict) else {}
    return str(body.get("session_id") or body.get("sessionId") or "")


# what became of it


def gave_up(trace: Trace, one: Exchange) -> tuple[int, int] | None:
    """Line and time at which the client stopped listening to an answer that was still to come; None when it did not."""
    if one.ended_by == "client":
        end = (one.ended_line, one.over_ms)
    elif trace.outcome and (one.cut == "stall" or not one.ended_by):  # nobody saw the connection being left
        end = (len(trace.entries) + 1, 0)
    else:
        return None
    done = [(line, entry["at_ms"]) for line, entry in trace.numbered("done") if line > one.line]
    found = min([end, *done[:1]])
    return found if found[0] <= len(trace.entries) and trace.finished else None


# what the user saw of it


def over(trace: Trace, turn: Exchange) -> int:
    """The line at which the user speaks again after the client was done with a turn; that after the last one if they do not.

    Where the user spoke meanwhile, that at which the client is done: it goes on with the next message at once.
    """
    last = max(turn.line, turn.ended_line)
    done = next((line for line, _ in trace.numbered("done") if line > last), None)
    if done is not None:
        spoken = [line for line, _ in trace.numbered("user") if line < done]
        if len(spoken) > len([line for line, _ in trace.numbered("done") if line <= done]):
            return done
    return next((line for line, _ in trace.numbered("user") if done is not None and line > done), len(trace.entries) + 1)


def shown_for(trace: Trace, turn: Exchange) -> list[Say]:
    """From the message's sending until the user speaks again."""
    end = over(trace, turn)
    return [say for say in trace.says if turn.line < say.line < end]


def looks(trace: Trace, turn: Exchange, line: int) -> list[Exchange]:
    """Questions for the state after a line, before the user speaks again, or another turn or render begins."""
    ends = [one.line for one in trace.after(max(line, turn.line), "run_sse", "submit_render")]
    end = min([over(trace, turn), *ends])
    return [one for one in trace.after(line, "get_state") if one.line < end]


def answered(trace: Trace, turn: Exchange) -> bool:
    """The user was shown anything at all since they spoke: else it is rule 60's case, and no other's."""
    spoken = trace.message_of(turn)
    return any(say.line > (spoken.line if spoken else 0) for say in trace.says)


def finished_with(trace: Trace, turn: Exchange) -> bool:
    """Nothing more of the client is to come for it: what it did not do by now it never did."""
    last = max(turn.line, turn.ended_line)
    dones = [line for line, _ in trace.numbered("done")]
    return trace.finished if not dones else any(line > last for line in dones)


def joined(says: list[Say]) -> str:
    return "\n".join(say.text for say in says)


def presented(text: str, shown: str) -> float | None:
    """Which share of a text's words the user saw, from 0 to 1. None: too few are left that had to be shown, or another script."""
    if bool(re.search("[\u4e00-\u9fff]", text)) != bool(re.search("[\u4e00-\u9fff]", shown)):
        return None
    wanted = {word.casefold() for clause in _content(text) for word in _words(clause)}
    if len(wanted) < 4:
        return None
    return len(wanted & {word.casefold() for word in _words(shown)}) / len(wanted)


def translated(trace: Trace) -> bool:
    """The user's language is neither English nor Chinese, so that a client may put the service's words into its own."""
    told = [str(one.body.get("language") or "") for one in trace.of("create_session") if isinstance(one.body, dict)]
    return any(language and not language.lower().startswith(("en", "zh")) for language in told)


def read(text: str, shown: str) -> bool:
    """Whether the user saw most of it, in whatever words."""
    return (presented(text, shown) or 0) >= 0.8


def missed(text: str, shown: str) -> bool:
    """Whether next to nothing of it reached the user."""
    share = presented(text, shown)
    return share is not None and share < 0.2


def sentences(text: str) -> list[str]:
    return _SENTENCE.split(text)


def _content(text: str) -> Iterator[str]:
    """Its clauses that speak of the video."""
    for sentence in sentences(text):
        if _OWN_WORDS.search(sentence) or TROUBLE.search(sentence):
            continue
        for part in _PART.split(sentence):
            if not SCREEN.search(part):  # with all that hangs on a command: "drag a clip here, or describe one, and we begin"
                yield part


def _words(text: str) -> Iterator[str]:
    yield from _WORD.findall(text)
    for run in re.findall("[\u4e00-\u9fff]{2,}", text):  # pairs at any place: nothing tells where a Chinese word begins
        yield from (run[at : at + 2] for at in range(len(run) - 1))
