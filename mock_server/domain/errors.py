"""Everything the service can refuse, one class a code.

The core suggests an HTTP status for each of the three styles of the setting `error_status`, without knowing
that a server exists; `mock_server/wire.py` alone turns an error into bytes.
"""

from typing import Any, ClassVar, NamedTuple


class Statuses(NamedTuple):
    """HTTP status by `error_status`: which status carries the documented codes is documented nowhere."""

    mixed: int
    ok: int
    http: int


class ServiceError(Exception):
    """A refusal: `code` of the envelope, `message` for people, `detail` as [{"loc": [...], "message": ..., "meant": ...}]."""

    code: ClassVar[int]
    statuses: ClassVar[Statuses]
    default: ClassVar[str]

    def __init__(
        self, message: str = "", detail: list[dict[str, Any]] | None = None, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        self.message = message or self.default
        self.detail = detail or []
        self.headers = headers
        super().__init__(self.message)


def _plain(status: int) -> Statuses:
    return Statuses(status, status, status)


class BadToken(ServiceError):
    """1001 (seeds): token missing, unknown, revoked or expired."""

    code = 1001
    statuses = Statuses(401, 200, 401)
    default = "invalid authentication token"


class SessionNotFound(ServiceError):
    """1002 (seeds)."""

    code = 1002
    statuses = Statuses(200, 200, 404)
    default = "session not found"


class NoCredits(ServiceError):
    """2001 (seeds)."""

    code = 2001
    statuses = Statuses(200, 200, 402)
    default = "not enough credits"


class UnsupportedFile(ServiceError):
    """4001 (seeds)."""

    code = 4001
    statuses = Statuses(200, 200, 415)
    default = "unsupported file type"


class FileTooLarge(ServiceError):
    """4002 (seeds)."""

    code = 4002
    statuses = Statuses(200, 200, 413)
    default = "file too large"


class MissingClientId(ServiceError):
    """400 (seeds): an HTTP status by the vendor's word."""

    code = 400
    statuses = _plain(400)
    default = "X-Client-Id header is required"


class ExportBlocked(ServiceError):
    """402 (seeds): attribution missing at export, or the plan forbids it. Never about credits."""

    code = 402
    statuses = _plain(402)
    default = "export is not available on this plan: register or upgrade to unlock it"


class RateLimited(ServiceError):
    """429 (seeds)."""

    code = 429
    statuses = _plain(429)
    default = "rate limit: 1 token per client per 7 days"


class Forbidden(ServiceError):
    """403 (assumed): the token lacks the scope."""

    code = 403
    statuses = _plain(403)
    default = "this token has not the scope for that"


class NotFound(ServiceError):
    """404 (assumed): no such path, render or file."""

    code = 404
    statuses = _plain(404)
    default = "not found"


class MethodNotAllowed(ServiceError):
    """405 (RFC 9110, 15.5.6)."""

    code = 405
    statuses = _plain(405)
    default = "method not allowed"


class Conflict(ServiceError):
    """409 (assumed): a render id used twice, a render no longer pending, a second turn where that is refused."""

    code = 409
    statuses = _plain(409)
    default = "conflict"


class TooLarge(ServiceError):
    """413 (RFC 9110, 15.5.14): a body that is no upload and too long."""

    code = 413
    statuses = _plain(413)
    default = "request body too large"


class UriTooLong(ServiceError):
    """414 (RFC 9110, 15.5.15)."""

    code = 414
    statuses = _plain(414)
    default = "request target too long"


class WrongMediaType(ServiceError):
    """415 (RFC 9110, 15.5.16): the body is of a type that the operation does not take."""

    code = 415
    statuses = _plain(415)
    default = "unsupported media type"


class RangeNotSatisfiable(ServiceError):
    """416 (RFC 9110, 15.5.17): a range of a file that cannot be served."""

    code = 416
    statuses = _plain(416)
    default = "this range of the file cannot be served"


class Unprocessable(ServiceError):
    """422 (assumed, as FastAPI does): the request breaks the contract."""

    code = 422
    statuses = _plain(422)
    default = "the request does not fit the contract"


class HeadersTooLarge(ServiceError):
    """431 (RFC 6585, 5)."""

    code = 431
    statuses = _plain(431)
    default = "request header fields too large"


#: Code of the envelope -> class.
ERRORS: dict[int, type[ServiceError]] = {cls.code: cls for cls in ServiceError.__subclasses__()}
