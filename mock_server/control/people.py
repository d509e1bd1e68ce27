"""Accounts, their credits and tokens, and sessions."""

from typing import Any

from mock_server.control.asked import Asked, instant, nearest
from mock_server.domain import credits, tokens
from mock_server.domain import world as service
from mock_server.domain.accounts import Account
from mock_server.domain.errors import NotFound
from mock_server.domain.sessions import Session
from mock_server.domain.tokens import Token
from mock_server.domain.world import World

Json = dict[str, Any]


# accounts


async def list_accounts(asked: Asked) -> Json:
    world = asked.live.world
    return {"accounts": [account_of(world, account) for account in world.accounts.values()]}


async def open_account(asked: Asked) -> Json:
    world, body = asked.live.world, asked.body
    free = int(body.get("credits", world.settings.free_credits))
    account = service.open_account(world, body.get("kind", "anonymous"), body.get("plan"), free)
    token = give_token(world, account, body)
    return {**account_of(world, account), "token": token.value, "expires_at": instant(token.expires_ms)}


async def change_account(asked: Asked) -> Json:
    """Raises NotFound."""
    world, account = asked.live.world, find_account(asked, asked.path["user_id"])
    account.plan = asked.body["plan"]
    service.note(world, "account.changed", account.user_id, plan=account.plan)
    return account_of(world, account)


async def change_credits(asked: Asked) -> Json:
    """Raises NotFound."""
    world, account = asked.live.world, find_account(asked, asked.path["user_id"])
    ledger, available = world.ledgers[account.user_id], service.balance(world, account).available
    added = asked.body["add"] if "add" in asked.body else asked.body["set"] - available
    credits.grant(ledger, world.now_ms, int(added), "control")
    now = service.balance(world, account).available
    service.note(world, "credits.granted", account.user_id, amount=now - available, available=now)
    return account_of(world, account)


def find_account(asked: Asked, user_id: str) -> Account:
    """Raises NotFound."""
    known = asked.live.world.accounts
    if user_id not in known:
        raise NotFound(f"there is no account {user_id[:80]!r} in this world{nearest(user_id, known)}")
    return known[user_id]


def account_of(world: World, account: Account) -> Json:
    return {
        "user_id": account.user_id,
        "kind": account.kind,
        "plan": account.plan,
        "credits": service.balance(world, account)._asdict(),
        "spent": credits.spent(world.ledgers[account.user_id]),
    }


# tokens


async def list_tokens(asked: Asked) -> Json:
    world = asked.live.world
    return {"tokens": [token_of(world, token) for token in world.tokens.values()]}


async def issue_token(asked: Asked) -> Json:
    """Raises NotFound."""
    world = asked.live.world
    return token_of(world, give_token(world, find_account(asked, asked.body["user_id"]), asked.body))


async def revoke_token(asked: Asked) -> Json:
    """Raises NotFound."""
    world = asked.live.world
    return token_of(world, service.revoke_token(world, find_token(asked).value))


async def expire_token(asked: Asked) -> Json:
    """Its end is moved to now; one that ended before is left as it is. Raises NotFound."""
    world, token = asked.live.world, find_token(asked)
    if tokens.state(token, world.now_ms) == "valid":
        timeline = world.timeline
        timeline.forget("token", token.value)
        token.expires_ms = world.now_ms
        timeline.schedule(world.now_ms, "token", token.value)
        asked.live.advance(world.now_ms)
    return token_of(world, token)


def give_token(world: World, account: Account, wanted: Json) -> Token:
    """As asked, or else as the world's settings say; a registered account's token opens everything."""
    given = world.settings
    usual = given.anonymous_scopes if account.kind == "anonymous" else ("*",)
    scopes = tuple(wanted.get("scopes", usual))
    return service.issue_token(world, account, scopes, wanted.get("life_s", given.token_life_s))


def find_token(asked: Asked) -> Token:
    """Raises NotFound."""
    value, known = asked.path["token"], asked.live.world.tokens
    if value not in known:
        raise NotFound(f"there is no token {value[:80]!r} in this world{nearest(value, known)}")
    return known[value]


def token_of(world: World, token: Token) -> Json:
    return {
        "token": token.value,
        "user_id": token.user_id,
        "scopes": token.scopes,
        "state": tokens.state(token, world.now_ms),
        "client_id": token.client_id,
        "issued_at": instant(token.issued_ms),
        "expires_at": instant(token.expires_ms),
        "expires_ms": token.expires_ms,
    }


# sessions


async def list_sessions(asked: Asked) -> Json:
    return {"sessions": [session_of(session) for session in asked.live.world.sessions.values()]}


async def forget_session(asked: Asked) -> Json:
    """Its open streams end, since their turns are gone. Raises NotFound."""
    live, session_id = asked.live, asked.path["session_id"]
    known = live.world.sessions
    if session_id not in known:
        raise NotFound(f"there is no session {session_id[:80]!r} in this world{nearest(session_id, known)}")
    streams = [listener for listener in live.streams() if listener.turn.session_id == session_id]
    service.forget_session(live.world, session_id)
    for listener in streams:
        live.cut(listener, "control")
    await live.gone(streams)
    return {"deleted": session_id}


def session_of(session: Session) -> Json:
    return {
        "session_id": session.session_id,
        "task_id": session.task_id,
        "user_id": session.user_id,
        "task_name": session.task_name,
        "created_at": instant(session.created_ms),
        "edits": session.edits,
        "changes": session.changes,
        "files": len(session.assets),
        "running": session.running,
        "waiting": session.waiting,
    }
