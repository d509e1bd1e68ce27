"""A client that sees what is really there: bytes, HTTP chunks, and how its connection stands."""

import json
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from tests.mock_server.conftest import Visitor

#: States of a connection, first byte of the option TCP_INFO (tcp(7), enum in netinet/tcp.h).
STATES = {1: "open", 7: "dead", 8: "other side done"}


@dataclass
class Heard:
    """An answer as far as it came. `whole`: its last chunk or last announced byte is there; `torn`: part of a chunk.

    `end`: FIN, RST, or nothing while the connection is open.
    """

    raw: bytes = b""
    end: str = ""
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    chunks: list[bytes] = field(default_factory=list)
    body: bytes = b""
    whole: bool = False
    torn: bytes = b""

    def read(self) -> None:
        head, blank, rest = self.raw.partition(b"\r\n\r\n")
        if not blank:
            return
        first, *rows = head.decode("latin-1").split("\r\n")
        self.status = int(first.split()[1])
        self.headers = {name.lower(): value for name, _, value in (row.partition(": ") for row in rows)}
        if self.headers.get("transfer-encoding") == "chunked":
            self.chunks, self.whole, self.torn = dechunk(rest)
            self.body = b"".join(self.chunks)
        else:
            self.body = rest
            self.whole = len(rest) >= int(self.headers["content-length"]) if "content-length" in self.headers else False


def dechunk(rest: bytes) -> tuple[list[bytes], bool, bytes]:
    """Chunks of a body (RFC 9112, 7.1), whether the last one came, and what is part of none."""
    found = []
    while True:
        size, line_end, after = rest.partition(b"\r\n")
        length = int(size, 16) if line_end else 0
        if not line_end or after[length : length + 2] != b"\r\n":
            return found, False, rest
        if not length:
            return found, True, b""
        found.append(after[:length])
        rest = after[length + 2 :]


class Peer:
    """One connection to a world, as its visitor."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        host, _, port = visitor.server.url.removeprefix("http://").partition(":")
        self.socket = socket.create_connection((host, int(port)), timeout=10)

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def ask(self, method: str, path: str, body: Any = None, kind: str = "application/json", announced: int | None = None) -> None:
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        head = [
            f"{method} /w/{self.visitor.world}/{path} HTTP/1.1", "Host: h", f"Authorization: Bearer {self.visitor.token}",
            "X-Skill-Source: a", "X-Skill-Version: 1", "X-Skill-Platform: b",
            *([f"Content-Type: {kind}", f"Content-Length: {announced or len(content)}"] if body is not None else []), "", "",
        ]  # fmt: skip
        self.socket.sendall("\r\n".join(head).encode() + content)

    def ask_credits(self) -> None:
        self.ask("GET", "api/credits/balance/simple")

    def say(self, message: str) -> None:
        self.ask("POST", "run_sse", {"session_id": self.visitor.session_id, "new_message": {"parts": [{"text": message}]}})

    def upload(self, filename: str, content: bytes, announced: int | None = None) -> None:
        """A file as multipart; with `announced` bytes of body, of which only these come now."""
        part = f'--b\r\nContent-Disposition: form-data; name="files"; filename="{filename}"\r\n\r\n'.encode() + content
        body = part if announced else part + b"\r\n--b--\r\n"
        self.ask(
            "POST",
            f"api/upload-video/nemo_agent/me/{self.visitor.session_id}",
            body,
            "multipart/form-data; boundary=b",
            announced,
        )

    def hear(self, until: str = "whole") -> Heard:
        """Until the `head` is there; until the answer is `whole`; until the connection's `end`; or what is there `now`."""
        heard = Heard()
        self.socket.settimeout(0 if until == "now" else 10)
        while not ((until == "whole" and heard.whole) or (until == "head" and heard.status)):
            try:
                piece = self.socket.recv(2**20)
            except ConnectionResetError:
                heard.end = "RST"
                break
            except BlockingIOError:
                break
            if not piece:
                heard.end = "FIN"
                break
            heard.raw += piece
            if until in ("head", "whole"):
                heard.read()
        self.socket.settimeout(10)
        heard.read()
        return heard

    @property
    def state(self) -> str:
        return STATES[self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]]


def until(visitor: Visitor, condition: Callable[[], Any], patience_s: float = 10) -> Any:
    """Ask again and again, letting the server's loop turn in between, until something is true."""
    given_up = monotonic() + patience_s
    while not (found := condition()):
        assert monotonic() < given_up, "it never came true"
        visitor.server.do(lambda: None)
    return found
