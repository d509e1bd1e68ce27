"""One isolated copy of the service: its facts, what clients can do to it, and time passing.

Every operation is atomic, since nothing in here waits. Whoever calls must first have let time pass
(`advance`), so that what was due has happened. What the world does by itself, or because of a call, it notes
in `happened`, which the edge takes away into the journal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import gcd
from typing import Any, Literal
from urllib.parse import quote

from mock_server.domain import accounts, credits, drafts, ids, renders, scripted, sessions, tokens, turns, uploads, variations
from mock_server.domain.accounts import Account, Windows
from mock_server.domain.clock import Due, Timeline
from mock_server.domain.credits import Ledger
from mock_server.domain.drafts import Spelling
from mock_server.domain.errors import (
    BadToken,
    Conflict,
    ExportBlocked,
    MissingClientId,
    NoCredits,
    NotFound,
    RateLimited,
    SessionNotFound,
    Unprocessable,
)
from mock_server.domain.ids import Dice
from mock_server.domain.renders import Render
from mock_server.domain.scene import Asset
from mock_server.domain.script import Effect, Event, Script, Step
from mock_server.domain.scripted import Scripted, ScriptedTurn
from mock_server.domain.sessions import Session
from mock_server.domain.settings import Settings, changed
from mock_server.domain.tokens import Claim, Token
from mock_server.domain.turns import Told, Turn

#: Bounds of one world. What falls out is the oldest; it is noted, never silent.
MOST_SESSIONS = 20_000
MOST_ACCOUNTS = 50_000
MOST_TURNS = 2_000
MOST_RENDERS = 10_000


@dataclass(slots=True)
class Happening:
    """What the world did, at a virtual instant."""

    at_ms: int
    what: str
    subject: str
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class World:
    name: str
    seed: str
    settings: Settings  # as they take effect
    timeline: Timeline
    dice: Dice
    spelling: Spelling
    start_ms: int = 0
    given: Settings = field(default_factory=Settings)  # as they were asked for
    varied: tuple[str, ...] = ()  # what the strict profile varies here
    accounts: dict[str, Account] = field(default_factory=dict)
    ledgers: dict[str, Ledger] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    claims: dict[str, Claim] = field(default_factory=dict)
    clients: Windows = field(default_factory=Windows)
    addresses: Windows = field(default_factory=Windows)
    sessions: dict[str, Session] = field(default_factory=dict)
    turns: dict[str, Turn] = field(default_factory=dict)
    renders: dict[str, Render] = field(default_factory=dict)
    render_count: int = 0
    files: dict[str, str] = field(default_factory=dict)  # asset id -> session id, or a key of `renders`
    blobs: dict[str, str] = field(default_factory=dict)  # asset id -> where the edge keeps an upload's bytes
    happened: list[Happening] = field(default_factory=list)
    scripted: Scripted = field(default_factory=Scripted)  # what a scenario has decided beforehand
    moved: list[str] = field(default_factory=list)  # turns that told something or ended since the edge last looked

    @property
    def now_ms(self) -> int:
        return self.timeline.now_ms


def create(name: str, seed: str, settings: Settings, start_ms: int) -> World:
    world = World(name, seed, settings, Timeline(start_ms), Dice(seed), drafts.plain_spelling(), start_ms)
    _take_settings(world, settings)
    return world


def spelling(varied: tuple[str, ...], dice: Dice) -> Spelling:
    return drafts.strict_spelling(dice.child("spelling")) if "draft_keys" in varied else drafts.plain_spelling()


def change_settings(world: World, changes: Mapping[str, Any]) -> None:
    """From now on, as if they had been given from the start. Raises SettingError."""
    _take_settings(world, changed(world.given, changes))


def _take_settings(world: World, given: Settings) -> None:
    """What takes effect follows from the settings given and the seed alone."""
    dice, before = Dice(world.seed).child("varied"), world.varied
    world.given, world.varied = given, variations.chosen(given, dice)
    world.settings = variations.varied_settings(given, world.varied, dice)
    world.spelling = spelling(world.varied, Dice(world.seed))
    if world.varied != before:
        note(world, "world.varied", world.name, variations=list(world.varied))


def note(world: World, what: str, subject: str, **detail: Any) -> None:
    world.happened.append(Happening(world.now_ms, what, subject, detail))


# time


def advance(world: World, until_ms: int) -> None:
    """Let all that is due by `until_ms` happen, in order, each at its own instant."""
    while (due := world.timeline.pop(until_ms)) is not None:
        _DUE[due.kind](world, due)
    world.timeline.settle(until_ms)


def _token_ends(world: World, due: Due) -> None:
    token = world.tokens.get(due.subject)
    if token is not None and token.revoked_ms is None:
        note(world, "token.expired", token.user_id)


def _turn_moves(world: World, due: Due) -> None:
    turn = world.turns.get(due.subject)
    if turn is None or turn.script is None or turn.state != "running":
        return
    if turn.done < len(turn.script.steps):
        _tell(world, turn, turn.script.steps[turn.done])
        turn.done += 1
        world.timeline.schedule(turns.next_at_ms(turn), "turn", turn.id)
    else:
        _end_turn(world, turn, turn.script)


def _render_moves(world: World, due: Due) -> None:
    render = world.renders.get(due.subject)
    if render is None or render.cancelled_ms is not None:
        return
    note(world, f"render.{renders.status(render, world.now_ms)}", render.id, **({"error": render.error} if render.error else {}))


_DUE = {"token": _token_ends, "turn": _turn_moves, "render": _render_moves}


# accounts and tokens


def issue_anonymous_token(world: World, client_id: str | None, address: str) -> Token:
    """Raises MissingClientId, RateLimited."""
    if not client_id:
        raise MissingClientId
    if client_id.strip("<>${}").lower() in ("uuid", "client_id", "your-uuid", "your_uuid", "xxxx"):
        raise MissingClientId(f"X-Client-Id is the placeholder {client_id!r}; send a UUID of your own")
    given, now = world.settings, world.now_ms
    windows = (
        (world.clients, client_id, given.client_tokens, int(given.client_window_s * 1000), "client"),
        (world.addresses, address, given.address_tokens, int(given.address_window_s * 1000), "address"),
    )
    for window, key, most, span_ms, noun in windows:
        if (free_ms := accounts.free_at_ms(window, key, now, most, span_ms)) is not None:
            note(world, "token.refused", key, window=noun, free_at_ms=free_ms)
            raise RateLimited(f"rate limit: {most} token{'s' if most > 1 else ''} per {noun} per {_span(span_ms)}")
    for window, key, most, span_ms, noun in windows:
        if most:
            accounts.take(window, key, now, span_ms)
            _drop_oldest(world, window.taken_ms, MOST_ACCOUNTS, noun)
    account = open_account(world, "anonymous", None, given.free_credits)
    return issue_token(world, account, given.anonymous_scopes, given.token_life_s, client_id)


def open_account(world: World, kind: Literal["anonymous", "registered"], plan: str | None, free: int) -> Account:
    account = Account(ids.user_id(world.dice, kind, "id_shapes" in world.varied), kind, plan)
    world.accounts[account.user_id] = account
    world.ledgers[account.user_id] = Ledger()
    credits.grant(world.ledgers[account.user_id], world.now_ms, free, "welcome")
    note(world, "account.opened", account.user_id, kind=kind, credits=free)
    if len(world.accounts) > MOST_ACCOUNTS:
        forget_account(world, next(iter(world.accounts)))
    return account


def forget_account(world: World, user_id: str) -> None:
    """Drop an account with its sessions and tokens; clients then meet 1001."""
    for session_id in [s.session_id for s in world.sessions.values() if s.user_id == user_id]:
        forget_session(world, session_id)
    for value in [t.value for t in world.tokens.values() if t.user_id == user_id]:
        world.tokens.pop(value)
    world.accounts.pop(user_id)
    world.ledgers.pop(user_id)
    note(world, "account.forgotten", user_id)


def issue_token(world: World, account: Account, scopes: tuple[str, ...], life_s: float, client_id: str = "") -> Token:
    token = Token(
        ids.token(world.dice), account.user_id, scopes, world.now_ms, world.now_ms + int(life_s * 1000), client_id=client_id
    )
    world.tokens[token.value] = token
    world.timeline.schedule(token.expires_ms, "token", token.value)
    note(world, "token.issued", account.user_id, scopes=list(scopes), expires_ms=token.expires_ms)
    return token


def revoke_token(world: World, value: str) -> Token:
    """Raises NotFound."""
    token = world.tokens.get(value)
    if token is None:
        raise NotFound("no such token in this world")
    if token.revoked_ms is None:
        token.revoked_ms = world.now_ms
        note(world, "token.revoked", token.user_id)
    return token


def authenticate(world: World, authorization: str | None, scope: str) -> Account:
    """Raises BadToken, Forbidden."""
    token = tokens.authenticate(world.tokens, authorization, scope, world.now_ms)
    account = world.accounts.get(token.user_id)
    if account is None:
        raise BadToken("invalid authentication token: its account is gone")
    return account


def issue_claim_token(world: World, account: Account, task_id: str, session_id: str) -> Claim:
    """Raises SessionNotFound, Unprocessable when the task is not the session's."""
    session = sessions.find(world.sessions, session_id, account.user_id)
    if session.task_id != task_id:
        raise Unprocessable(f"task_id {task_id[:80]!r} is not the task of this session")
    for claim in world.claims.values():  # reusable for its life (vendor 1.9)
        if claim.session_id == session_id and claim.expires_ms > world.now_ms:
            return claim
    claim = Claim(
        ids.claim_token(world.dice), account.user_id, session_id, world.now_ms + int(world.settings.claim_life_s * 1000)
    )
    world.claims[claim.value] = claim
    _drop_oldest(world, world.claims, MOST_SESSIONS, "claim")
    note(world, "claim.issued", session_id)
    return claim


def balance(world: World, account: Account) -> credits.Balance:
    return credits.balance(world.ledgers[account.user_id])


# sessions and uploads


def create_session(world: World, account: Account, task_name: str, language: str) -> Session:
    session = Session(
        ids.session_id(world.dice),
        ids.task_id(world.dice, "id_shapes" in world.varied),
        account.user_id,
        task_name,
        language,
        world.now_ms,
    )
    session.draft.title = task_name
    while world.scripted.draft:
        drafts.apply(session.draft, world.scripted.draft.pop(0))
    world.sessions[session.session_id] = session
    note(world, "session.created", session.session_id, user_id=account.user_id)
    if len(world.sessions) > MOST_SESSIONS:
        forget_session(world, next(iter(world.sessions)))
    return session


def forget_session(world: World, session_id: str) -> None:
    """Drop a session with its turns and files; clients then meet 1002. Raises SessionNotFound."""
    session = world.sessions.pop(session_id, None)
    if session is None:
        raise SessionNotFound
    for turn_id in [t.id for t in world.turns.values() if t.session_id == session_id]:
        _drop_turn(world, turn_id)
    for asset in session.assets:
        world.files.pop(asset.id, None)
        world.blobs.pop(asset.id, None)
    note(world, "session.forgotten", session_id)


def find_session(world: World, account: Account, session_id: str) -> Session:
    """Raises SessionNotFound."""
    return sessions.find(world.sessions, session_id, account.user_id)


def new_asset_id(world: World) -> str:
    return ids.asset_id(world.dice, "id_shapes" in world.varied)


def cdn_url(world: World, base_url: str, asset_id: str, filename: str) -> str:
    """Where a file can be fetched, without a token."""
    url = uploads.cdn_url(base_url, asset_id, filename)
    return f"{url}?v={Dice(asset_id).hex('query', 8)}&x=%2F" if "url_shapes" in world.varied else url


def add_assets(world: World, session: Session, added: Sequence[Asset]) -> None:
    for asset in added:
        session.assets.append(asset)
        world.files[asset.id] = session.session_id
        note(world, "asset.added", asset.id, session_id=session.session_id, filename=asset.filename, source=asset.source)


def assets_from_urls(world: World, urls: Sequence[str], base_url: str) -> list[Asset]:
    """Raises Unprocessable, UnsupportedFile. The figures of one of our own URLs are the real ones."""
    found, blobs = [], {}
    for url in urls:
        asset_id = new_asset_id(world)
        own = _own(world, url)
        asset = uploads.from_url(url, asset_id, base_url)
        asset.cdn_url = cdn_url(world, base_url, asset_id, asset.filename)
        if own is not None:
            asset.file_type, asset.format, asset.hash = own.file_type, own.format, own.hash
            asset.duration_s, asset.width, asset.height, asset.fps = own.duration_s, own.width, own.height, own.fps
            if own.id in world.blobs:
                blobs[asset_id] = world.blobs[own.id]
        found.append(asset)
    world.blobs.update(blobs)
    return found


def _own(world: World, url: str) -> Asset | None:
    """The file of this world behind a URL, however its host is spelt."""
    asset_id, _, filename = url.partition("?")[0].rpartition("/cdn/")[2].partition("/")
    session = world.sessions.get(world.files.get(asset_id, "")) if "/cdn/" in url else None
    return next(
        (one for one in (session.assets if session else ()) if one.id == asset_id and quote(one.filename) == filename), None
    )


def find_file(world: World, asset_id: str, filename: str) -> Asset | Render:
    """The upload, generated file or finished render behind a CDN URL. Raises NotFound."""
    key = world.files.get(asset_id)
    if key is not None and (session := world.sessions.get(key)) is not None:
        for asset in session.assets:
            if asset.id == asset_id and asset.filename == filename:
                return asset
    render = world.renders.get(key) if key is not None else None
    if render is None or render.filename != filename:
        raise NotFound("no such file")
    finished_file(world, render)
    return render


def finished_file(world: World, render: Render) -> None:
    """Raises NotFound unless the render's file is there and its link still works."""
    if renders.status(render, world.now_ms) != "completed":
        raise NotFound("this render has no file: it is " + renders.status(render, world.now_ms))
    life_ms = int(world.settings.render_url_life_s * 1000)
    if life_ms and world.now_ms >= render.ends_ms + life_ms:
        raise NotFound("this link has expired")


# turns


def start_turn(world: World, account: Account, session: Session, message: str, base_url: str) -> Turn:
    """Accept a message: its script is written, its price held, its first step due. Raises NoCredits, Conflict, SessionNotFound."""
    given = world.settings
    planned = scripted.fitting(world.scripted, message)
    if planned is not None and planned.session_lost:
        world.scripted.turns.remove(planned)
        forget_session(world, session.session_id)
        find_session(world, account, session.session_id)
    if session.running and given.concurrent_turns == "refuse":
        raise Conflict("a turn is running on this session; wait until its stream closes")
    turn = Turn(f"turn_{world.dice.hex('turn', 12)}", session.session_id, account.user_id, message, base_url, world.now_ms)
    if session.running and given.concurrent_turns == "queue":
        session.waiting.append(turn.id)
    else:
        _run(world, account, session, turn, refuse_in_stream=given.no_credits == "stream")
    world.turns[turn.id] = turn
    note(world, f"turn.{turn.state}", turn.id, session_id=session.session_id, message=message[:500])
    for old in list(world.turns.values())[: max(0, len(world.turns) - MOST_TURNS)]:
        if old.state in ("ended", "failed"):
            _drop_turn(world, old.id)
    return turn


def direct(message: str, **told: Any) -> Script:
    """The director's. It is imported with the first turn: compiling its words takes a third of a process's start."""
    from mock_server.domain import director

    return director.direct(message, **told)


def with_heartbeats(steps: list[Step], ends_ms: int, interval_ms: int) -> list[Step]:
    """The director's, imported likewise."""
    from mock_server.domain import director

    return director.with_heartbeats(steps, ends_ms, interval_ms)


def _run(world: World, account: Account, session: Session, turn: Turn, refuse_in_stream: bool) -> None:
    given = world.settings
    dice = world.dice.child(f"script/{turn.id}")
    silent = world.dice.chance("silent") < given.silent_rate and session.silent_run < given.silent_run_max
    planned = scripted.fitting(world.scripted, turn.message)
    asked = planned or ScriptedTurn()
    script = asked.script or direct(
        turn.message,
        language=session.language,
        draft=session.draft,
        assets=session.assets,
        settings=scripted.asked(given, asked),
        dice=dice,
        silent=scripted.silent(asked, silent),
        new_asset_url=lambda asset_id, filename: cdn_url(world, turn.base_url, asset_id, filename),
    )
    if planned is not None:
        script = _as_planned(given, script, planned)
    turn.cost = _price(given, session, script)
    ledger = world.ledgers[account.user_id]
    if turn.cost:
        try:
            credits.hold(ledger, world.now_ms, turn.cost, turn.id)
        except NoCredits as refusal:
            note(world, "credits.refused", account.user_id, needed=turn.cost, available=credits.balance(ledger).available)
            if not refuse_in_stream:
                raise
            turn.cost, script, planned = 0, _no_credits_script(account, refusal), None
        else:
            note(world, "credits.held", account.user_id, amount=turn.cost, turn=turn.id)
            session.edit_charged |= script.kind == "edit"
    if script.kind == "edit":
        session.silent_run = session.silent_run + 1 if script.silent else 0
    if planned is not None:
        world.scripted.turns.remove(planned)
        note(world, "turn.scripted", turn.id, session_id=session.session_id)
    turn.script, turn.started_ms = script, world.now_ms
    turns.advance(turn, "start")
    session.running.append(turn.id)
    world.timeline.schedule(turns.next_at_ms(turn), "turn", turn.id)


def _as_planned(given: Settings, script: Script, planned: ScriptedTurn) -> Script:
    """A script that a scenario has written or adjusted, with the heartbeats of any turn."""
    told = script if planned.script is not None else scripted.adjusted(script, planned)
    return replace(told, steps=with_heartbeats(told.steps, told.ends_ms, round(given.heartbeat_interval_s * 1000)))


def _no_credits_script(account: Account, refusal: NoCredits) -> Script:
    said = (
        f"{refusal.message}. Open https://nemovideo.com/register?bind={account.user_id} to go on."
        if account.kind == "anonymous"
        else f"{refusal.message}. Open your account page and top up."
    )
    return Script("text", [Step(1000, Event("text", said))], 1500)


def _price(given: Settings, session: Session, script: Script) -> int:
    if script.kind == "generation":
        return given.cost_generation
    if script.kind == "edit" and (given.edit_charge == "turn" or not session.edit_charged):
        return given.cost_edit
    return 0


def _tell(world: World, turn: Turn, step: Step) -> None:
    session = world.sessions[turn.session_id]
    for effect in step.effects:
        _apply(world, session, effect, turn.base_url)
    if step.event is not None:
        turn.told.append(Told(world.now_ms, step.event))
        world.moved.append(turn.id)


def _apply(world: World, session: Session, effect: Effect, base_url: str = "") -> None:
    if effect.op == "add_asset":
        asset = Asset(**effect.args)
        asset.cdn_url = asset.cdn_url or cdn_url(world, base_url, asset.id, asset.filename)
        asset.hash = asset.hash or Dice(asset.id).hex("hash", 32)
        add_assets(world, session, [asset])
    else:
        drafts.apply(session.draft, effect)
    session.changes += 1
    note(
        world,
        "draft.changed" if effect.op != "add_asset" else "media.changed",
        session.session_id,
        op=effect.op,
        changes=session.changes,
    )


def _end_turn(world: World, turn: Turn, script: Script) -> None:
    session = world.sessions[turn.session_id]
    ledger = world.ledgers[turn.user_id]
    turns.advance(turn, "fail" if script.failed else "end")
    turn.ended_ms, turn.script = world.now_ms, None
    world.moved.append(turn.id)
    session.running.remove(turn.id)
    if any(step.effects for step in script.steps):
        session.edits += 1
    if turn.cost:
        credits.close(ledger, world.now_ms, turn.id, "release" if script.failed else "settle")
        note(world, "credits.released" if script.failed else "credits.settled", turn.user_id, amount=turn.cost, turn=turn.id)
        if script.kind == "edit" and script.failed:
            session.edit_charged = False
    note(
        world,
        f"turn.{turn.state}",
        turn.id,
        session_id=session.session_id,
        kind=script.kind,
        silent=script.silent,
        cost=turn.cost,
    )
    if session.waiting and not session.running:
        _run_next(world, session)


def _run_next(world: World, session: Session) -> None:
    turn = world.turns[session.waiting.pop(0)]
    _run(world, world.accounts[turn.user_id], session, turn, refuse_in_stream=True)
    note(world, "turn.running", turn.id, session_id=session.session_id)


def _drop_turn(world: World, turn_id: str) -> None:
    turn = world.turns.pop(turn_id)
    if turn.cost and turn.state == "running":
        credits.close(world.ledgers[turn.user_id], world.now_ms, turn.id, "release")
    if turn.ended_ms is None:  # so that its streams end
        turn.ended_ms = world.now_ms
        world.moved.append(turn.id)


# state and renders


def state_of(world: World, session: Session) -> dict[str, Any]:
    """The `state` member of the state answer (vendor init, 4.4)."""
    draft: dict[str, Any] | None = drafts.spell(session.draft, world.spelling)
    if not session.draft.tracks and not session.edits and world.settings.initial_draft != "empty":
        draft = None
    state: dict[str, Any] = {
        "video_infos": [uploads.told(a) for a in session.assets],
        "draft": draft,
        "canvas_config": canvas_of(session),
        "video_analyses": {},
        "generated_media": [{**uploads.told(a), "type": a.file_type} for a in session.assets if a.generated],
    }
    if draft is None and world.settings.initial_draft == "absent":
        del state["draft"]
    return state


def canvas_of(session: Session) -> dict[str, Any]:
    """Width, height and ratio of the picture; empty before there is one."""
    draft = session.draft
    if not draft.tracks:
        return {}
    return {"width": draft.width, "height": draft.height, "ratio": _ratio(draft.width, draft.height)}


def _ratio(width: int, height: int) -> str:

    part = gcd(width, height) or 1
    return f"{width // part}:{height // part}"


def submit_render(
    world: World, account: Account, session: Session, render_id: str, draft: dict[str, Any], output: dict[str, Any], base_url: str
) -> Render:
    """Raises Conflict for an id used before (unless the setting says: the existing job), ExportBlocked for the plan."""
    given = world.settings
    plan = account.plan or (given.plan if account.kind == "anonymous" else "paid")
    if plan == "free":
        raise ExportBlocked("export is blocked on the free plan: register or upgrade your plan to unlock it")
    key = render_key(account, render_id)
    if key in world.renders:
        if given.duplicate_render == "existing":
            return world.renders[key]
        raise Conflict(f"render id {render_id[:80]!r} was used before; submit with a new one")
    fps = output.get("fps")
    frame_rate = (
        round(fps) if isinstance(fps, int | float) and not isinstance(fps, bool) and 1 <= fps <= 60 else session.draft.fps
    )
    picture = renders.picture_of(draft, (session.draft.width, session.draft.height), frame_rate)
    error = picture if isinstance(picture, str) else ""
    if isinstance(picture, str):
        picture = renders.Picture(16, 16, 30, 1000, False)
    outcomes = given.render_outcomes
    if not error and world.render_count < len(outcomes) and outcomes[world.render_count] == "failed":
        error = "render failed: the node gave up"
    world.render_count += 1
    planned = scripted.next_render(world.scripted)
    if not error and planned.outcome == "failed":
        error = planned.error or "render failed: the node gave up"
    length_ms = int(1000 * world.dice.between("render", *given.render_s))
    if planned.takes_s is not None:
        length_ms = round(1000 * planned.takes_s)
    asset_id, filename = new_asset_id(world), uploads.safe_name(render_id) + ".mp4"
    render = Render(
        id=render_id,
        user_id=account.user_id,
        session_id=session.session_id,
        asset_id=asset_id,
        filename=filename,
        cdn_url=cdn_url(world, base_url, asset_id, filename),
        picture=picture,
        submitted_ms=world.now_ms,
        starts_ms=world.now_ms + length_ms // 10,
        ends_ms=world.now_ms + (length_ms if planned.outcome != "stuck" else scripted.NEVER_MS),
        error=error,
    )
    world.renders[key] = render
    world.files[asset_id] = key
    world.timeline.schedule(render.starts_ms, "render", key)
    if planned.outcome != "stuck":  # else nobody need wait for it
        world.timeline.schedule(render.ends_ms, "render", key)
    note(world, "render.pending", render_id, session_id=session.session_id, ends_ms=render.ends_ms)
    if len(world.renders) > MOST_RENDERS:
        oldest = next(iter(world.renders))
        world.files.pop(world.renders.pop(oldest).asset_id, None)
        note(world, "render.forgotten", oldest)
    return render


def render_key(account: Account, render_id: str) -> str:
    """Ids are the client's own choice, so two accounts may choose the same."""
    return f"{account.user_id}/{render_id}"


def find_render(world: World, account: Account, render_id: str) -> Render:
    """Raises NotFound."""
    render = world.renders.get(render_key(account, render_id))
    if render is None:
        raise NotFound(f"no render with the id {render_id[:80]!r} was submitted by this account")
    return render


def cancel_render(world: World, account: Account, render_id: str) -> Render:
    """Raises NotFound, Conflict when it is no longer pending (vendor 4.4: cancel a pending render)."""
    render = find_render(world, account, render_id)
    state = renders.status(render, world.now_ms)
    if state != "pending":
        raise Conflict(f"only a pending render can be cancelled; this one is {state}")
    render.cancelled_ms = world.now_ms
    world.timeline.forget("render", render_key(account, render_id))
    note(world, "render.cancelled", render.id)
    return render


def _drop_oldest(world: World, things: dict[str, Any], most: int, noun: str) -> None:
    if len(things) > most:
        oldest = next(iter(things))
        things.pop(oldest)
        note(world, f"{noun}.forgotten", oldest)


def _span(span_ms: int) -> str:
    days, rest = divmod(span_ms, 86_400_000)
    return f"{days} days" if days and not rest else f"{span_ms // 1000} s"
