"""A way out that leads nowhere: the proxy that clients under test are given, which notes who they wanted to reach and refuses.

Nothing leaves the machine. A conversation is known by the name it was given in the proxy's URL.
"""

import re
import socket
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from conformance.trace import CLAIM, TOKEN

REFUSAL = b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: 31\r\nConnection: close\r\n\r\nno way out of here in this test"
MOST_HEAD_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Attempt:
    """`name`: the conversation's. `secret`: a token was in the request's head or path."""

    name: str
    host: str
    method: str
    path: str
    secret: bool


class Exits:
    def __init__(self, noted: Callable[[Attempt], None]) -> None:
        self.noted = noted
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def environment(self, name: str) -> dict[str, str]:
        """Variables that send all but loopback here."""
        url = f"http://{name}:-@127.0.0.1:{self.port}"
        names = ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
        return {**dict.fromkeys(names, url), "no_proxy": "127.0.0.1,localhost", "NO_PROXY": "127.0.0.1,localhost"}

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._refuse, args=(connection,), daemon=True).start()

    def _refuse(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(5)
            head = b""
            while b"\r\n\r\n" not in head and len(head) < MOST_HEAD_BYTES:
                more = connection.recv(65536)
                if not more:
                    break
                head += more
            if attempt := read(head.decode("latin-1")):
                self.noted(attempt)
            connection.sendall(REFUSAL)

    def close(self) -> None:
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def read(head: str) -> Attempt | None:
    """What a request to a proxy asks for."""
    first = re.match(r"(\S+) (\S+) HTTP/", head)
    if not first:
        return None
    method, target = first[1], first[2]
    url = re.match(r"[a-z]+://([^/?#]*)(.*)", target, re.IGNORECASE)
    host, path = (url[1], url[2]) if url else (target, "")
    told = re.search(r"^proxy-authorization: *basic +(\S+)", head, re.IGNORECASE | re.MULTILINE)
    name = ""
    if told:
        with suppress(ValueError):
            name = b64decode(told[1]).decode("utf-8", "replace").partition(":")[0]
    return Attempt(name, host.rpartition("@")[2], method, path, TOKEN in head or CLAIM in head)


@contextmanager
def exits(noted: Callable[[Attempt], None]) -> Iterator[Exits]:
    it = Exits(noted)
    try:
        yield it
    finally:
        it.close()
