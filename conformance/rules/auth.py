"""Who the client is: where its token comes from, and what it does when that ends."""

import re
from collections.abc import Iterator
from itertools import pairwise

from conformance.catalogue import Cost, Evidence, broken, met, rule, unproven
from conformance.rules import tokens
from conformance.rules.tokens import ASK, SECURED, calls, client_id, got, own, refused, spoken, started_anew
from conformance.rules.words import says
from conformance.trace import Exchange, Trace

BACK_OFF_MS = 30_000
#: A token that ends within this time is as good as ended.
ABOUT_TO_END_MS = 600_000
#: The user hears whose name the client goes by, or that there is something amiss with it.
OF_WHO = re.compile(
    r"token|account|guest|anonymous|trial|sign(?:ed|ing)?[- ]?in|log(?:ged|ging)?[- ]?in|credential|access\b|authenti|authori[sz]|expired|no longer valid|"
    r"令牌|账[号户]|帐[号户]|访客|匿名|登录|登陆|凭[证据]|身份|授权|过期|失效|限制|次数",
    re.IGNORECASE,
)
#: And what can be done: give another token, or wait until the limit is over.
ASKS_FOR_TOKEN = re.compile(
    OF_WHO.pattern + r"|configur|set[- ]?up|settings|register|limit|days|配置|设置|注册|几天", re.IGNORECASE
)
SETS_UP = re.compile(
    r"set(?:ting)?\b.{0,12}\bup|connect|ready|prepar|initiali|start(?:ing|ed)|sign(?:ing|ed) in|session|moment|one sec|hold on|准备|连接|就绪|初始化|设置|稍等|登录",
    re.IGNORECASE,
)


@rule(
    1,
    "uses-the-token-it-was-given",
    "With NEMO_TOKEN in the environment, that token is used and no anonymous one is asked for.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3",
    seen="wire",
)
def given_token(trace: Trace) -> Iterator[Evidence]:
    if not own(trace):
        return
    used = [one for one in calls(trace) if one.token]
    for ask in trace.of(ASK):
        before = trace.before(ask.line, *SECURED)
        if any(refused(one) and one.token == own(trace) for one in before) or any(map(tokens.empty_purse, before)):
            break  # rules 12 and 94 say what to do then
        cost = Cost(requests=1, words="a guest's projects and credits instead of the user's")
        yield broken("NEMO_TOKEN was given and not refused, and yet an anonymous token was asked for", ask, cost=cost)
        return
    if used and used[0].token == own(trace):
        yield met("the token from the environment was used", used[0])
    elif used and not trace.before(used[0].line, ASK):
        yield broken("NEMO_TOKEN was given, and another token was used", used[0])


@rule(
    2,
    "token-before-anything-else",
    "Without NEMO_TOKEN, the first call asks for an anonymous token.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3",
    seen="wire",
)
def token_first(trace: Trace) -> Iterator[Evidence]:
    first = next(iter(trace.of(ASK, *SECURED)), None)
    if not trace.given or own(trace) or first is None or trace.incomplete:
        return
    if first.operation == ASK:
        yield met("the first call asked for a token", first)
    else:
        yield broken(f"{first.operation} was called before there was any token", first, cost=Cost(requests=1))


@rule(
    3,
    "client-id-is-sent",
    "A call for an anonymous token carries X-Client-Id.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3",
    seen="wire",
)
def client_id_sent(trace: Trace) -> Iterator[Evidence]:
    asks = trace.of(ASK)
    bare = [ask for ask in asks if not client_id(ask)]
    if bare:
        yield broken("asked for a token without X-Client-Id", bare[0], cost=Cost(requests=len(bare)))
    elif asks:
        yield met("asked for a token with X-Client-Id", asks[0])


@rule(
    4,
    "client-id-is-generated",
    "The client id is made for this client: a UUID or another unique text of at most 64 characters, never a placeholder of a document.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3, vendor 1.9",
    seen="wire",
)
def client_id_generated(trace: Trace) -> Iterator[Evidence]:
    seen: set[str] = {"", str(trace.env.get("NEMO_CLIENT_ID") or "")}
    for ask in trace.of(ASK):
        if (value := client_id(ask)) in seen:
            continue
        seen.add(value)
        match tokens.made_up(value):
            case "":
                yield met("the client id looks generated", ask)
            case "?":
                yield unproven(f"whether {value[:64]!r} is made for this client alone cannot be told", ask)
            case wrong:
                yield broken(f"the client id is none: {wrong}", ask)


@rule(
    5,
    "client-id-is-kept",
    "The client id is kept (NEMO_CLIENT_ID, or a file below HOME) and is the same after a new start.",
    level="SHOULD",
    basis="vendor",
    sources="vendor 1.0, vendor 1.9, C7",
    seen="wire files",
)
def client_id_kept(trace: Trace) -> Iterator[Evidence]:
    asks = [ask for ask in trace.of(ASK) if client_id(ask)]
    if asks and (told := str(trace.env.get("NEMO_CLIENT_ID") or "")):
        if client_id(asks[0]) == told:
            yield met("the client id from the environment was used", asks[0])
        else:
            yield broken("NEMO_CLIENT_ID was given, and another client id was used", asks[0])
        return
    # Seeds let each client generate its own id and do not say that it is kept (C7): only a second start can show that it is not.
    for one, other in pairwise(asks):
        if started_anew(trace, one.line, other.line):
            if client_id(one) == client_id(other):
                yield met("the same client id after a new start", one, other)
            else:
                yield broken(
                    "another client id after a new start",
                    one,
                    other,
                    cost=Cost(words="one more of an address's few tokens is used up"),
                )
            return
    for line, file in trace.numbered("file"):
        if asks and client_id(asks[-1]) in str(file.get("text")):
            yield met("the client id lies in a file below HOME", asks[-1], line)
            return


@rule(
    6,
    "one-token-at-a-time",
    "While an anonymous token is valid, no other one is asked for.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, C8",
    seen="wire",
)
def one_token(trace: Trace) -> Iterator[Evidence]:
    if own(trace):
        return  # rule 1
    held: Exchange | None = None
    for ask in trace.of(ASK):
        if held is not None and _still_good(trace, held, ask):
            if not trace.given:
                yield unproven("asked for a token twice; whether the client was started anew meanwhile is not known", held, ask)
                return
            yield broken("asked for a token while the one before was valid", held, ask, cost=Cost(requests=1))
            return
        held = ask if got(ask) else held
    if held is not None:
        used = [one for one in trace.after(held.line, *SECURED) if one.token == got(held)]
        if len(used) > 1:
            yield met(f"one token was used for {len(used)} calls", held, used[-1])


def _still_good(trace: Trace, held: Exchange, ask: Exchange) -> bool:
    between = [one for one in trace.after(held.line) if one.line < ask.line]
    if held.answer_line > ask.line or any(refused(one) or tokens.empty_purse(one) or one.operation == ASK for one in between):
        return False  # rules 12, 94, and 8 to 10 for what is asked again
    return not started_anew(trace, held.line, ask.line) and ask.at_ms < tokens.ends_ms(trace, held) - ABOUT_TO_END_MS


@rule(
    7,
    "token-is-read-whole",
    "The token is taken from data.token and sent as it is, without quotes or line ends.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3, C14",
    seen="wire",
)
def token_whole(trace: Trace) -> Iterator[Evidence]:
    for ask in trace.of(ASK):
        token = got(ask)
        used = next((one for one in trace.after(ask.answer_line, ASK, *SECURED) if one.token or one.operation == ASK), None)
        if not token or used is None or used.operation == ASK or tokens.is_claim(used.token):
            continue
        if used.token == token:
            yield met("the token was sent as it came", ask, used)
        elif used.token not in trace.tokens:  # an old one that is used again breaks rule 12
            yield broken(f"what was sent is not the token that came: {_difference(used.token, token)}", ask, used)
        return


def _difference(sent: str, token: str) -> str:
    masked = re.fullmatch(r"(.*)…\((\d+) characters, masked\)", sent)
    start, length = (masked[1], int(masked[2])) if masked else (sent, len(sent))
    if start.lower() in ("null", "none", "undefined"):
        return f"it is {start!r}"
    return "it stands in quotes" if start[:1] in ("'", '"') else f"it has {length} characters, not {len(token)}"


@rule(
    8,
    "missing-client-id-is-mended",
    "When the answer is 400 for lack of a client id, one is generated and the call repeated.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3",
    seen="wire",
)
def client_id_mended(trace: Trace) -> Iterator[Evidence]:
    for ask in trace.of(ASK):
        if ask.code == 400:
            again = next(iter(trace.after(ask.line, ASK)), None)
            if again is None and trace.finished:
                yield broken("the call for a token was answered 400 and not made again", ask)
            elif again is not None and client_id(again):  # again without an id: rule 3
                yield met("after 400 the call was made again with a client id", ask, again)
            return


@rule(
    9,
    "one-more-try-after-half-a-minute",
    "When a token is refused with 429, wait 30 s and try once more, not oftener.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3",
    seen="wire time",
)
def one_more_try(trace: Trace) -> Iterator[Evidence]:
    asks = trace.of(ASK)
    for number, ask in enumerate(asks):
        if ask.code != 429 or (number and asks[number - 1].code == 429 and not spoken(trace, asks[number - 1].line, ask.line)):
            continue
        tries = _tries(trace, ask, asks[number + 1 :])
        if not tries:
            # The limit lasts seven days, so that the one more try is of little use: who does without it harms nobody.
            yield unproven("refused with 429, and not tried again: how long it would have waited is not known", ask)
        elif (gap_ms := tries[0].at_ms - ask.over_ms) < BACK_OFF_MS * 0.95:
            yield broken(
                f"refused with 429 and tried again after {gap_ms / 1000:.0f} s", ask, tries[0], cost=Cost(requests=len(tries))
            )
        elif len(tries) > 1:
            yield broken(f"refused with 429 and tried {len(tries)} times more", ask, *tries, cost=Cost(requests=len(tries) - 1))
        else:
            yield met(f"refused with 429 and tried once more after {gap_ms / 1000:.0f} s", ask, tries[0])


def _tries(trace: Trace, ask: Exchange, later: list[Exchange]) -> list[Exchange]:
    """The calls that follow a refusal because of it: until one is answered otherwise, or the user speaks."""
    found: list[Exchange] = []
    for again in later:
        if (found and found[-1].code != 429) or spoken(trace, ask.line, again.line):
            break
        found.append(again)
    return found


@rule(
    10,
    "limit-is-not-dodged",
    "After 429 the client id stays the same: a new one would only get round the limit.",
    level="MUST",
    basis="assumed",
    sources="C15",
    seen="wire",
)
def no_dodging(trace: Trace) -> Iterator[Evidence]:
    for one, other in pairwise(ask for ask in trace.of(ASK) if client_id(ask)):
        if one.code != 429 or started_anew(trace, one.line, other.line):  # rule 5
            continue
        if client_id(one) != client_id(other):
            yield broken("refused with 429, and asked again under another client id", one, other, cost=Cost(requests=1))
            return
        yield met("refused with 429, and asked again under the same client id", one, other)


@rule(
    11,
    "every-call-is-authenticated",
    "Every call but the one for a token carries Authorization: Bearer and the token.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3",
    seen="wire",
)
def authenticated(trace: Trace) -> Iterator[Evidence]:
    first = 0 if own(trace) else next((ask.answer_line for ask in trace.of(ASK) if got(ask)), None)
    if first is None:
        return
    after = trace.after(first, *SECURED)
    bare = [one for one in after if not one.token]
    if bare:
        how = "with another scheme than Bearer" if bare[0].headers.get("authorization", "").strip() else "without Authorization"
        yield broken(f"{bare[0].operation} was called {how}", bare[0], cost=Cost(requests=len(bare)))
    elif after:
        yield met(f"calls with Authorization: Bearer: {len(after)} of {len(after)}", after[0])


@rule(
    12,
    "dead-token-is-replaced",
    "After 1001 a new anonymous token is asked for under the same client id, and the failed call is made again with it.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3, vendor 1.9",
    seen="wire",
)
def replaced(trace: Trace) -> Iterator[Evidence]:
    seen: set[str] = set()
    for one in calls(trace):
        if not refused(one) or one.token in seen or not tokens.known(trace, one.token):
            continue
        seen.add(one.token)
        came = any(got(ask) == one.token for ask in trace.of(ASK))
        worked = any(call.token == one.token and call.ok for call in trace.before(one.line))
        if worked or not came:  # a token that was dead when it came is for rule 13
            yield from _replaced(trace, one)


def _replaced(trace: Trace, dead: Exchange) -> Iterator[Evidence]:
    asks = trace.after(dead.line, ASK)
    if not asks:
        if any(ask.code == 429 for ask in trace.before(dead.line, ASK)):
            return  # it knows that there is none to be had
        if dead.token == own(trace) and any(says(say.text, OF_WHO) for say in trace.says_after(dead.line)):
            yield unproven("the user's own token was refused, and the user was asked for another one", dead)
        elif trace.finished and not trace.incomplete:
            yield broken("refused with 1001, and no new token was asked for", dead)
        return
    earlier = [ask for ask in trace.before(dead.line, ASK) if client_id(ask)]
    if (
        earlier
        and client_id(asks[0]) not in ("", client_id(earlier[-1]))
        and not started_anew(trace, earlier[-1].line, asks[0].line)
    ):
        yield broken("asked for a new token under another client id", earlier[-1], dead, asks[0])
        return
    ask = next((ask for ask in asks if got(ask)), None)
    if ask is None:
        return  # rules 9 and 13
    after = trace.after(ask.answer_line, *SECURED)
    old = next((one for one in after if one.token == dead.token and not started_anew(trace, dead.line, one.line)), None)
    # What belonged to the old account is gone with it: a new session is as good as the same call in one that is another's.
    same = (dead.operation, *(() if dead.operation == "get_credits" else ("create_session",)))
    again = next((one for one in after if one.operation in same and one.token != dead.token), None)
    if old is not None:
        yield broken("the refused token was used again, after there was a new one", dead, ask, old, cost=Cost(requests=1))
    elif again is not None:
        yield met("a new token, and the call once more", dead, ask, again)
    elif dead.operation not in tokens.OF_A_RENDER and trace.finished and not spoken(trace, dead.line, ask.line):
        yield broken(f"a new token, but {dead.operation} was not called again", dead, ask)


@rule(
    13,
    "no-circles-of-tokens",
    "One new token for one refusal: when that does not help either, the user is asked to set a valid one.",
    level="MUST",
    basis="vendor",
    sources="vendor 4.4",
    seen="wire shown",
)
def no_circles(trace: Trace) -> Iterator[Evidence]:
    for dead in calls(trace):
        before = [one for one in trace.before(dead.line, *SECURED) if refused(one) and not spoken(trace, one.line, dead.line)]
        if before or not refused(dead) or not tokens.known(trace, dead.token):
            continue  # the first refusal for a message
        following = [one for one in trace.after(dead.line, ASK, *SECURED) if not spoken(trace, dead.line, one.line)]
        answered = [one for one in following if one.operation != ASK and one.token != dead.token and one.code is not None]
        helped = next((one for one in answered if not refused(one)), None)
        tried = [one for one in following if one.operation == ASK and got(one) and (helped is None or one.line < helped.line)]
        if len(tried) > 1:
            cost = Cost(requests=len(tried) - 1, words="free tokens of the address are used up")
            yield broken(f"{len(tried)} new tokens in a row, each of which was refused", dead, *tried, cost=cost)
        elif helped is not None:
            yield met("one new token, and it was taken", dead, helped)
        elif any(one.operation == ASK for one in following):
            yield from _no_way_in(trace, dead, [one for one in following if one.operation == ASK or refused(one)][-1])


def _no_way_in(trace: Trace, dead: Exchange, last: Exchange) -> Iterator[Evidence]:
    if not last.code or not trace.has_transcript:  # an answer that was lost refuses nothing
        return
    told = next((say for say in trace.says_after(last.answer_line) if says(say.text, ASKS_FOR_TOKEN)), None)
    if told is not None:
        yield met("no token to be had, and the user was told", dead, last, told)
    elif trace.finished:
        yield broken("no token to be had, and the user was not asked for one", dead, last)


@rule(
    14,
    "another-account-is-named",
    "When the user's own token is replaced by a guest's, the user is told: credits and projects are not the same.",
    level="MUST",
    basis="assumed",
    sources="vendor 4.4",
    seen="wire shown",
)
def other_account(trace: Trace) -> Iterator[Evidence]:
    dead = next((one for one in calls(trace) if own(trace) and one.token == own(trace) and refused(one)), None)
    ask = dead and next((ask for ask in trace.after(dead.line, ASK) if got(ask)), None)
    if dead is None or ask is None:
        return
    told = next((say for say in trace.says_after(dead.line) if says(say.text, OF_WHO)), None)
    if not trace.has_transcript:
        yield unproven("the user's token was replaced by a guest's; what the user was told is not known", dead, ask)
    elif told is not None:
        yield met("the user's token was replaced by a guest's, and the user was told", dead, ask, told)
    elif trace.finished:
        cost = Cost(words="the user works on an account that is not theirs")
        yield broken("the user's token was replaced by a guest's, and nobody said so", dead, ask, cost=cost)


@rule(
    18,
    "set-up-is-announced",
    "The user is told briefly that a connection is being made.",
    level="SHOULD",
    basis="seed",
    sources="S0, S1, S2, S3",
    seen="wire shown",
)
def announced(trace: Trace) -> Iterator[Evidence]:
    made = next((one for one in trace.of("create_session") if one.code == 0), None)
    message = trace.message_of(made) if made else None
    if made is None or message is None:
        return
    work = next((one for one in message.exchanges if one.line > made.line and one.operation in SECURED), None)
    # Whatever is said before the work begins is about the set-up, in any language; afterwards its words must tell.
    told = next((say for say in message.says if (work and say.line < work.line) or says(say.text, SETS_UP)), None)
    if told is not None:
        yield met("the set-up was announced", made, told)
    elif work is not None and message.done_ms is not None:
        yield broken("connected without a word to the user", made, work)


@rule(
    19,
    "set-up-comes-first",
    "Token and session are made before anything is done about the first request.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3",
    seen="wire",
)
def set_up_first(trace: Trace) -> Iterator[Evidence]:
    work = next((one for one in calls(trace) if one.operation != "create_session"), None)
    message = trace.message_of(work) if work else None
    if work is None or trace.incomplete:
        return
    made = [one for one in trace.before(work.line, "create_session") if one.answer_line and one.answer_line < work.line]
    if made:
        yield met(f"the session was made before {work.operation}", made[0], work)
    elif (
        trace.given
        and message
        and message.done_ms is not None
        and work.operation == "get_credits"
        and not message.of("create_session")
    ):
        # What needs a session and has none breaks rule 28. Credits may be looked at during the set-up, and not instead of it.
        yield broken("the first request was answered, and there was no session yet", message, work)
