"""Tokens and claim tokens."""

from datetime import UTC, datetime

from mock_server.domain import world as service
from mock_server.domain.world import World
from mock_server.values import Call, Reply


def issue_anonymous_token(world: World, call: Call) -> Reply:
    token = service.issue_anonymous_token(world, call.headers.get("x-client-id"), call.address)
    return Reply(
        {
            "code": 0,
            "data": {
                "token": token.value,
                "user_id": token.user_id,
                "credits": service.balance(world, world.accounts[token.user_id]).available,
                "expires_at": iso(token.expires_ms),
                "scopes": list(token.scopes),
            },
        }
    )


def issue_claim_token(world: World, call: Call) -> Reply:
    claim = service.issue_claim_token(world, call.caller, call.body["task_id"], call.body["session_id"])
    return Reply({"code": 0, "data": {"claim_token": claim.value, "expires_in": (claim.expires_ms - world.now_ms) // 1000}})


def iso(at_ms: int) -> str:
    """ISO 8601 in UTC with whole seconds, as the vendor writes it."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
