"""Credits: what is told of them, and what is done when there are none. What is a matter of the plan is none of credits."""

import re
from collections.abc import Iterator

from conformance.catalogue import Cost, Evidence, broken, met, rule
from conformance.rules import heard
from conformance.rules.routing import CANNOT_CHECK
from conformance.rules.wishes import alone, messages
from conformance.rules.words import says
from conformance.trace import Exchange, Message, Say, Trace


def refused(trace: Trace) -> list[Exchange]:
    """Calls that the purse could not pay."""
    return [one for one in trace.exchanges if one.code == 2001 and not one.dropped]


def unpaid(trace: Trace) -> list[Exchange]:
    """The same, and turns in whose stream it was told."""
    told = [one for one in trace.exchanges if any(says(text, _NO_CREDITS) for text in one.texts)]
    return [one for one in trace.exchanges if one in told or (one.code == 2001 and not one.dropped)]


_NO_CREDITS = re.compile(
    r"\b(?:not enough|insufficient|out of|no more) credits\b|register\?bind=|积分不足|积分已用完", re.IGNORECASE
)


def _ids(trace: Trace, until: int) -> tuple[set[str], str]:
    """Every id that the service gave and a link could be meant to carry, and the user's own of late; "" when it was never told."""
    given: set[str] = set()
    own = ""
    for one in trace.before(until):
        if "corrupt" in one.faults and one.told("user_id"):
            return given, ""  # nobody knows which id the client read
        given |= {str(value) for key in ("user_id", "bind_id", "session_id", "task_id") if (value := one.told(key)) is not None}
        own = str(one.told("user_id") or own)
    return given, own


def _answer(trace: Trace, one: Exchange) -> tuple[Message | None, list[Say]]:
    """The message that a call was made for, and what was shown after it."""
    message = trace.message_of(one)  # another one may come before the answer
    end = heard.over(trace, one)
    return message, [say for say in trace.says if one.line < say.line < end] if message else []


def _next_word(trace: Trace, line: int) -> int:
    """The line at which the user speaks again; beyond the end when that never happens."""
    return min([number for number, _ in trace.numbered("user") if number > line], default=len(trace.entries) + 1)


@rule(
    90,
    "the-balance-is-told",
    "Of the balance, the figure that is available is told.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3",
    seen="wire shown",
)
def balance(trace: Trace) -> Iterator[Evidence]:
    for message in messages(trace, "credits"):
        answers = [one for one in message.of("get_credits") if one.ok and isinstance(one.told("available"), int | float)]
        if not answers or message.done_ms is None or says(message.shown, CANNOT_CHECK):  # rule 38
            continue
        figure = answers[-1].told("available")
        said = next((say for say in message.says if figure in _figures(say.text)), None)
        if said is None and not figure:
            said = next((say for say in message.says if says(say.text, _NONE)), None)
        if said:
            yield met(f"{figure} credits are available, and that was told", answers[-1], said)
        else:
            yield broken(f"{figure} credits are available, and that was not told", answers[-1], *message.says[-1:])


_NONE = re.compile(r"\bzero\b|\bno credits\b|\bnone\b|\bout of credits\b|没有积分|用完|为零", re.IGNORECASE)


def _figures(text: str) -> set[float]:
    """Numbers, also those with separators of thousands."""
    return {
        float(re.sub(r"[,\s_'](?=\d{3}\b)", "", one))
        for one in re.findall(r"(?<![A-Za-z\d.])\d{1,3}(?:[,\u00a0\u202f ']\d{3})+(?!\d)|(?<![A-Za-z\d.])\d+(?:\.\d+)?", text)
    }


#: A sentence that makes an export a matter of credits, and one that says it is none.
_PRICED = re.compile(
    r"\b(?:export|download|render)\w*\b[^.!?\n]{0,40}\b(?:costs?|charge[sd]?|uses?|needs?|requires?|consumes?|spends?|takes?|deducts?)\b[^.!?\n]{0,20}\bcredits?\b|"
    r"\bcredits? (?:(?:are|is|was|were|will be) )?(?:needed|required|charged|deducted|used|spent|consumed) (?:for|to|by) (?:\w+ ){0,2}(?:export|download|render)|"
    r"(?:导出|下载)[^。！？\n]{0,10}(?:消耗|花费|需要|扣除?|收取)[^。！？\n]{0,8}积分",
    re.IGNORECASE,
)
_DENIED = re.compile(r"\bfree\b|\bno\b|\bnot\b|n't\b|\bwithout\b|\b0 credits\b|\bzero\b|不|免费|无需|没有", re.IGNORECASE)
_EXPORT = re.compile(r"\bexport|\bdownload|\brender|导出|下载", re.IGNORECASE)
_LACKING = re.compile(
    r"\b(?:not enough|insufficient|out of|too few|no more)\b[^.!?\n]{0,12}\bcredits?\b|积分(?:不足|不够)", re.IGNORECASE
)
_ALL_THE_SAME = re.compile(r"\bfree\b|\beven\b|\bstill\b|\banyway\b|免费|也|仍", re.IGNORECASE)


@rule(
    91,
    "exports-cost-nothing",
    "An export is not said to cost credits, nor refused for a lack of them.",
    level="MUST",
    basis="vendor",
    sources="vendor 4.4, vendor 1.9, C21",
    seen="shown",
)
def free(trace: Trace) -> Iterator[Evidence]:
    """After a 402 it is rule 95 that hears what the user is told of credits. What the service itself said is not judged."""
    for message in messages(trace, "export"):
        if any(one.code in (402, 2001) for one in message.exchanges):
            continue
        wrong = next((say for say in message.says if _priced(say.text)), None)
        if wrong:
            yield broken("the user heard that an export is a matter of credits", message, wrong)
        elif message.says and message.of("submit_render"):
            yield met("nothing was said of a price", message, message.of("submit_render")[0])


def _priced(text: str) -> bool:
    return any(
        (says(one, _PRICED) and not says(one, _DENIED))
        or (says(one, _LACKING) and says(one, _EXPORT) and not says(one, _ALL_THE_SAME))
        for one in re.split(r"(?<=[.!?])\s+|[。！？\n]", text)
    )


@rule(
    92,
    "guests-are-asked-to-register",
    "A guest without credits is shown the registration link with the id that the service gave.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3, C16",
    seen="wire shown",
)
def registration(trace: Trace) -> Iterator[Evidence]:
    for one in unpaid(trace):
        given, own = _ids(trace, _next_word(trace, one.line))
        message, told = _answer(trace, one)
        if message is None or not own.startswith("anon_"):
            continue
        link = next((say for say in told if any(f"bind={known}" in say.text for known in given)), None)
        if link:
            yield met("the registration link has the id that the service gave", one, link)
        elif message.done_ms is not None:
            other = next((say for say in told if "bind=" in say.text), None)
            why = "has an id in it that the service never gave" if other else "was not shown"
            yield broken(f"there were no credits, and the registration link {why}", one, *([other] if other else []))


_TOP_UP = re.compile(
    r"\btop(?:ping)?[- ]?up\b|\brecharge\b|\b(?:add|buy|get|purchase) (?:more |some )?credits\b|充值|购买积分", re.IGNORECASE
)


@rule(
    93,
    "members-are-asked-to-top-up",
    "A registered user without credits is told to top up in the account.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3",
    seen="wire shown",
)
def top_up(trace: Trace) -> Iterator[Evidence]:
    for one in unpaid(trace):
        _, own = _ids(trace, _next_word(trace, one.line))
        message, told = _answer(trace, one)
        if message is None or not own or own.startswith("anon_"):
            continue
        said = next((say for say in told if says(say.text, _TOP_UP)), None)
        if said:
            yield met("a registered user was told to top up", one, said)
        elif message.done_ms is not None:
            yield broken("there were no credits, and a registered user was not told to top up", one, *told[-1:])


@rule(
    94,
    "no-credits-no-second-try",
    "After 2001 nothing is sent again, and no other guest account is opened for its free credits.",
    level="MUST",
    basis="assumed",
    sources="our reading",
    seen="wire",
)
def no_retry(trace: Trace) -> Iterator[Evidence]:
    """Until the user speaks again, and but for a token that ended meanwhile."""
    for one in refused(trace):
        spoken = _next_word(trace, one.line)
        after = [other for other in trace.after(one.answer_line) if other.line < spoken]
        ended = min([other.line for other in after if other.code == 1001], default=spoken)
        queued = (message := trace.message_of(one)) is not None and not alone(trace, message)
        again = [other for other in after if other.operation == one.operation == "run_sse" and other.line < ended]
        again = [other for other in again if other.message == one.message or not queued]
        account = [other for other in after if other.operation == "issue_anonymous_token" and other.line < ended]
        if account:
            yield broken(
                "there were no credits, and another guest account was opened", one, account[0], cost=Cost(requests=len(account))
            )
            return
        if again:
            yield broken(
                f"there were no credits, and {len(again)} more were asked for", one, *again[:1], cost=Cost(requests=len(again))
            )
            return
        if spoken <= len(trace.entries) or trace.finished:
            yield met("there were no credits, and nothing was sent again", one)


_OF_CREDITS = re.compile(r"\bcredits?\b|\btop(?:ping)?[- ]?up\b|积分|充值", re.IGNORECASE)
_OF_PLANS = re.compile(r"\bplans?\b|\btier\b|\bupgrad|\bsubscri|套餐|升级|订阅|会员", re.IGNORECASE)
#: What is told of credits makes them the reason; and words that say they are not.
_BLAMES_CREDITS = re.compile(
    r"\btop(?:ping)?[- ]?up\b|\b(?:out of|not enough|insufficient|needs?|buy|more|no|run|ran|add|lack\w*)\b[^.!?\n]{0,20}\bcredits?\b|"
    r"\bcredits?\b[^.!?\n]{0,20}\b(?:used up|exhausted|r[au]n out|gone|low|depleted|insufficient)\b|积分(?:不足|不够|已?用完|耗尽)|充值",
    re.IGNORECASE,
)
_NEGATED = re.compile(
    r"\bnot (?:an?|about|because|due|related|credits?|for|by|the)\b|\bno need\b|n't\b|\bfree\b|\bnothing to do\b|\brather than\b|\binstead of\b|"
    r"不是|并非|无关|无需|不需要|免费",
    re.IGNORECASE,
)


@rule(
    95,
    "plans-are-not-credits",
    "A lack of credits (2001) and a plan without exports (402) are not taken for one another.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3",
    seen="wire shown",
)
def kept_apart(trace: Trace) -> Iterator[Evidence]:
    for one in trace.exchanges:
        message, told = _answer(trace, one)
        if message is None or one.code not in (402, 2001) or one.dropped:
            continue
        if one.code == 402 and one.operation == "submit_render":
            wrong = next((say for say in told if _of_credits(say.text)), None)
            if wrong:
                yield broken("the plan forbade the export, and the user heard of credits", one, wrong)
            elif right := next((say for say in told if says(say.text, _OF_PLANS)), None):
                yield met("the plan forbade the export, and nothing was said of credits", one, right)
        elif one.code == 2001:
            wrong = next((say for say in told if says(say.text, _OF_PLANS) and not says(message.shown, _OF_CREDITS)), None)
            if wrong:
                yield broken("there were no credits, and the user heard of a plan", one, wrong)
            elif right := next((say for say in told if says(say.text, _OF_CREDITS)), None):
                yield met("there were no credits, and that is what the user heard", one, right)


def _of_credits(text: str) -> bool:
    return any(
        says(one, _BLAMES_CREDITS) and not says(one, _NEGATED) for one in re.split(r"(?<=[.!?;:])\s+|[。！？；：\n]", text)
    )
