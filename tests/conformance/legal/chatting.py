"""An edit: the state before it, its message sent once, its stream to the end, and what came of it in words."""

from typing import Any

from tests.conformance.legal import exporting, material
from tests.conformance.legal.asking import Answer, Asking, Lost, TimeUp, as_json
from tests.conformance.legal.client import Client, Refused, understood
from tests.conformance.legal.reading import Ear, Word, changes, draft_of, exportable
from tests.conformance.legal.talking import FAILURE, NO_CREDITS, translated
from tests.conformance.legal.users import Wish

LOOKS, MOST_LINES = 5, 8


class Turn:
    """What was heard of a turn, and the state before it."""

    def __init__(self) -> None:
        self.before: dict[str, Any] = {}
        self.said: list[str] = []
        self.waiting: list[str] = []  # heard and not shown yet
        self.pieces: list[str] = []
        self.asks: set[str] = set()
        self.error = self.no_credits = self.made = self.dropped = self.timed_out = self.told_failure = False


async def decline(client: Client, wish: Wish) -> None:
    client.say("foreign")


async def limit(client: Client, wish: Wish) -> None:
    client.say(wish.kind)
    if client.session and client.chance(0.3):
        await edit(client, wish)  # perhaps the service knows a way


async def both(client: Client, wish: Wish) -> None:
    """An edit, and then the export that was asked for in the same breath."""
    if await edit(client, wish):
        await exporting.export(client, wish)


async def edit(client: Client, wish: Wish) -> bool:
    """Whether it came to a good end."""
    turn = Turn()
    if wish.kind != "talk" or client.chance(0.5):
        client.say("begin")
    await client.mending(lambda: tell(client, wish.passed_on or wish.text, turn), again_when_lost=False)
    session = client.session
    show(client, turn)
    if turn.timed_out:
        client.say("too_long")
    elif turn.error:
        client.say("failed")
    state = await afterwards(client, turn)
    if client.session != session:
        if turn.no_credits:
            await client.explain(2001)
        elif turn.told_failure:
            client.say("failed")
        elif "trouble" in turn.asks and not turn.said:
            client.say("trouble")
        client.say("what")  # the project is gone, as the user has heard
        return False
    await report(client, turn, state)
    return not (turn.no_credits or turn.error or turn.timed_out or turn.dropped)


async def tell(client: Client, text: str, turn: Turn) -> None:
    """Send the message, once, and listen. Raises Refused; Lost when it was never sent."""
    if client.known is None or client.habits.looks_before == "always":
        await client.looked()
    turn.before = client.known or {}
    body: dict[str, Any] = {"session_id": client.session, "new_message": {"parts": [{"text": text}]}}
    body |= {"app_name": "nemo_agent"} if client.habits.names_app else {}
    body |= {"user_id": "me"} if client.habits.names_user else {}
    headers = client.headers(("Content-Type", "application/json"), ("Accept", "text/event-stream"))
    asking = client.desk.open("POST", f"{client.base}/run_sse", headers, as_json(body))
    try:
        await listen(client, asking, turn)
    except Refused as refused:
        if refused.code != 422 or ("user_id" in body and "app_name" in body):
            raise
        client.habits.names_app = client.habits.names_user = True  # there are services that want both
        await tell(client, text, turn)
    except Lost:
        turn.dropped = True
        client.known = None
    if turn.pieces:
        hear(client, Word("text", "".join(turn.pieces)), turn)


async def listen(client: Client, asking: Asking, turn: Turn) -> None:
    """To the end of the stream, or as long as anybody waits. Raises Refused, Lost."""
    habits, desk, ear, whole = client.habits, client.desk, Ear(), b""
    start = spoken = noticed = desk.now_ms
    while True:
        ends_ms = round(min(spoken + habits.alone_s * 1000, start + habits.turn_s * 1000))
        until_ms = min(noticed + round(habits.notice_s * 1000), ends_ms)
        try:
            if not asking.status:
                await asking.head(until_ms)
                if asking.status != 200 or "json" in asking.headers.get("content-type", "").lower():
                    await refusal(asking, desk.now_ms + 60_000)
                client.known = None
            piece = await asking.next(until_ms)
            if piece and piece[:1] == b"{" and not whole:  # no line of a stream begins so
                await refusal(asking, desk.now_ms + 60_000, piece)
            whole += piece or b""
        except TimeUp:
            if desk.now_ms >= ends_ms:
                turn.timed_out = True
                client.known = None
                await asking.leave()
                return
            noticed = desk.now_ms
            client.say("still")
            continue
        if piece is None:
            return
        for word in ear.feed(piece):
            if word.kind != "beat":
                spoken = desk.now_ms
            hear(client, word, turn)


async def refusal(asking: Asking, until_ms: int, begun: bytes = b"") -> None:
    """Raises Refused, Lost."""
    content = bytearray(begun)
    try:
        while (piece := await asking.next(until_ms)) is not None:
            content += piece
    except TimeUp:
        await asking.leave()
    understood(Answer(asking.status, asking.headers, bytes(content)))
    raise Lost("no stream")


def hear(client: Client, word: Word, turn: Turn) -> None:
    if word.kind == "error":
        turn.error = True
    elif word.kind == "tool":
        turn.made |= "generate_video" in word.text
    elif word.kind == "piece":
        turn.pieces.append(word.text)
    elif word.kind == "text":
        turn.pieces.clear()
        heard = translated(word.text)
        turn.asks |= heard.asks
        if NO_CREDITS.search(word.text):
            turn.no_credits = True
            return
        turn.told_failure |= bool(FAILURE.search(word.text))
        if heard.text:
            turn.said.append(heard.text)
            turn.waiting.append(heard.text)
            if client.habits.shows_at_once or turn.made:
                show(client, turn)


def show(client: Client, turn: Turn) -> None:
    if turn.waiting:
        client.show("\n".join(turn.waiting))
        turn.waiting.clear()


async def afterwards(client: Client, turn: Turn) -> dict[str, Any] | None:
    """The state after it; None when nobody looked, or could."""
    if turn.dropped:
        return await recovered(client, turn)
    unclear = not turn.said or turn.error or turn.timed_out or "trouble" in turn.asks
    if not unclear and not client.chance(client.habits.looks_after) and "look" not in turn.asks:
        return None
    state = None
    session = client.session
    for again in range(1 + (not turn.said and not turn.timed_out and client.chance(0.5)) * 2):
        if again:
            await client.wait(client.dice.uniform(4, 30))
        try:
            state = await client.looked()
        except Lost:
            continue
        if client.session != session or draft_of(state) != draft_of(turn.before):
            break
    return state


async def recovered(client: Client, turn: Turn) -> dict[str, Any] | None:
    """After a drop: half a minute, then minutes, five looks."""
    client.say("cut_off")
    session = client.session
    for number in range(LOOKS):
        await client.wait(client.habits.next_look_s if number else client.habits.first_look_s)
        if number and client.chance(0.4):
            client.say("still")
        try:
            state = await client.mending(client.state, again_when_lost=False)
        except Lost:
            continue
        if client.session != session or draft_of(state) != draft_of(turn.before):
            return state
    client.say("gave_up")
    return None


async def report(client: Client, turn: Turn, state: dict[str, Any] | None) -> None:
    lines = changed(client, turn.before, state) if state is not None else []
    if turn.no_credits:
        await client.explain(2001)
    elif turn.told_failure and not lines:
        client.say("failed")
    elif "trouble" in turn.asks and not turn.said and not lines:
        client.say("trouble")
    elif not (turn.said or lines or turn.dropped or turn.timed_out or turn.error or turn.asks):
        client.say("nothing_changed")
    if lines:
        client.show("\n".join([client.voice("report"), *lines]))
        if turn.made:
            client.say("auto")
    elif turn.made and turn.said and state is None:
        client.say("auto")
    if "look" in turn.asks and state is not None and (not lines or client.chance(0.4)):
        material.tell_tracks(client, state)
    if "credits" in turn.asks:
        await material.tell_credits(client)
    if turn.no_credits and not lines:
        return
    if lines or turn.said or (state and exportable(draft_of(state))):
        client.say("offer")
    elif turn.asks:
        client.say("what")


def changed(client: Client, before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    new, altered, gone = changes(draft_of(before), draft_of(after))
    words = (("+", "新增"), ("changed", "调整"), ("removed", "移除"))
    lines = [
        f"- {client.voice.pick(word)} {material.described(client, one)}"
        for word, found in zip(words, (new, altered, gone), strict=True)
        for one in found
    ]
    return lines[:MOST_LINES]
