"""Tokens: whose they are, what they open, how long. Whether one is valid is derived from its facts and the time."""

from collections.abc import Mapping
from dataclasses import dataclass

from mock_server.domain.errors import BadToken, Forbidden
from mock_server.domain.ids import CLAIM_PREFIX

#: What each scope opens (vendor init, 4.4).
SCOPES = ("read", "write", "upload", "render")


@dataclass(slots=True)
class Token:
    value: str
    user_id: str
    scopes: tuple[str, ...]
    issued_ms: int
    expires_ms: int
    revoked_ms: int | None = None
    client_id: str = ""


@dataclass(slots=True)
class Claim:
    """A claim token: opens a project in a browser, and nothing of the API (vendor 1.9)."""

    value: str
    user_id: str
    session_id: str
    expires_ms: int


def state(token: Token, now_ms: int) -> str:
    """valid, expired or revoked: see lifecycle.TOKEN."""
    if token.revoked_ms is not None and token.revoked_ms <= now_ms:
        return "revoked"
    return "expired" if now_ms >= token.expires_ms else "valid"


def bearer(authorization: str | None) -> str:
    """The token of an Authorization header. Raises BadToken."""
    if not authorization:
        raise BadToken("missing authentication token")
    scheme, _, value = authorization.partition(" ")
    value = value.strip()
    if scheme.lower() != "bearer" or not value:
        raise BadToken("invalid authentication token: expected 'Authorization: Bearer <token>'")
    if value[:1] in "\"'<$" or " " in value:
        raise BadToken(
            "invalid authentication token: it looks like a placeholder or is quoted; send the bare value of data.token"
        )
    return value


def authenticate(tokens: Mapping[str, Token], authorization: str | None, scope: str, now_ms: int) -> Token:
    """The valid token behind a header, if it has `scope` ("" asks for none). Raises BadToken, Forbidden."""
    value = bearer(authorization)
    if value.startswith(CLAIM_PREFIX):
        raise BadToken("invalid authentication token: a claim token opens a link in a browser and has no API access")
    token = tokens.get(value)
    if token is None:
        raise BadToken("invalid authentication token: token not found")
    condition = state(token, now_ms)
    if condition == "revoked":
        raise BadToken("token has been revoked")
    if condition == "expired":
        raise BadToken("token has expired")
    if scope and "*" not in token.scopes and scope not in token.scopes:
        raise Forbidden(f"this token has the scopes {', '.join(token.scopes)}, not {scope}")
    return token
