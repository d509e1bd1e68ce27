"""What crosses the edge: a call comes in, a reply goes out. Plain values, no bytes of HTTP."""

from dataclasses import dataclass, field
from typing import Any

from mock_server.domain.accounts import Account
from mock_server.domain.renders import Render
from mock_server.domain.scene import Asset
from mock_server.media.probe import Media


@dataclass(slots=True)
class Upload:
    """A received file. `blob` is where its bytes are kept; `media` what its headers say, None for none of the 13 formats."""

    filename: str
    size: int
    hash: str
    blob: str
    media: Media | None


@dataclass(slots=True)
class Call:
    """A request that fits the contract. `headers` have lower-case names; `account` is set where the operation needs one."""

    operation: str
    path: dict[str, str]
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    base_url: str
    address: str
    uploads: list[Upload] = field(default_factory=list)
    account: Account | None = None

    @property
    def caller(self) -> Account:
        assert self.account is not None, f"{self.operation} is declared without security"
        return self.account


@dataclass(slots=True)
class Reply:
    """A JSON answer; `body` may be JSON bytes. `unfinished`: it tells of work still going on, so somebody is waiting for it."""

    body: Any
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    unfinished: bool = False


@dataclass(slots=True)
class StreamReply:
    """The telling of a turn."""

    turn_id: str


@dataclass(slots=True)
class FileReply:
    """The bytes behind a file: an upload's own, or what is made for a generated file or a finished render."""

    source: Asset | Render
    attachment: bool = False


AnyReply = Reply | StreamReply | FileReply
