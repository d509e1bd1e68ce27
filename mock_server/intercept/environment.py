"""The variables by which a command is led to the mock, and by which it trusts the mock."""

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mock_server.intercept.rates import Pace
from mock_server.intercept.routing import API_HOST, HOSTS, OWNERS, WEB_HOSTS

HOOKS = Path(__file__).with_name("hooks")
#: Trusted in place of the system's: by OpenSSL, httpx, aiohttp, Go, Ruby; by requests; by curl.
BUNDLE_IN = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
#: Trusted beside the system's: by Node and Bun; by Deno.
AUTHORITY_IN = ("NODE_EXTRA_CA_CERTS", "DENO_CERT")
PROXIES = ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")
BYPASSES = ("no_proxy", "NO_PROXY")
HERE = "127.0.0.1,localhost,::1"


@dataclass(frozen=True, slots=True)
class Route:
    """The way to the mock. Ports are 0 in the sandbox, where none is needed; `api_url` is for clients that can be told one."""

    folder: Path
    api_url: str = f"https://{API_HOST}"
    port: int = 0  # of the listener with TLS
    proxy_port: int = 0

    @property
    def bundle(self) -> Path:
        return self.folder / "ca-bundle.pem"

    @property
    def authority(self) -> Path:
        return self.folder / "authority.pem"

    @property
    def wgetrc(self) -> Path:
        return self.folder / "wgetrc"


@dataclass(frozen=True, slots=True)
class Hurry:
    """How fast the client's clocks run, and where they were when they began: wall clock and monotonic clock, in seconds."""

    rate: float
    wall_s: float
    mono_s: float


def begin(rate: float) -> Hurry:
    return Hurry(rate, time.time(), time.monotonic())


def environment(base: Mapping[str, str], route: Route, hurry: Hurry, pace: Pace) -> dict[str, str]:
    """`base`, changed so that its command reaches the mock and has the clock it should have."""
    made = {name: value for name, value in base.items() if name not in (*PROXIES, *BYPASSES)}
    made |= dict.fromkeys(BUNDLE_IN, str(route.bundle)) | dict.fromkeys(AUTHORITY_IN, str(route.authority))
    made |= {"WGETRC": str(route.wgetrc), "NEMO_API_URL": route.api_url, "NEMO_WEB_URL": f"https://{WEB_HOSTS[0]}"}
    if route.proxy_port:
        made |= dict.fromkeys(PROXIES, f"http://127.0.0.1:{route.proxy_port}") | dict.fromkeys(BYPASSES, HERE)
        made["NODE_USE_ENV_PROXY"] = "1"
    told: dict[str, Any] = {}
    if route.port:
        told |= {"hosts": HOSTS, "owners": OWNERS, "port": route.port, "proxy": route.proxy_port}
    if hurry.rate != 1:
        # a client that scales its waits by itself would do so twice where its clock is turned
        made |= {"NEMO_TIME_RATE": f"{hurry.rate:g}" if pace.note else "1", **pace.variables}
        told |= {"rate": hurry.rate, "start": (hurry.wall_s, hurry.mono_s)} if pace.hooks else {"locks": True}
    if told:
        made |= {"NEMOVIDEO_MOCK_HOOK": json.dumps(told)} | preloads(base)
    return made


def preloads(base: Mapping[str, str]) -> dict[str, str]:
    """Our hooks, before whatever the user has there."""
    script = str(HOOKS / "preload.cjs").replace("\\", "\\\\").replace('"', '\\"')
    return {
        "PYTHONPATH": ":".join(filter(None, (str(HOOKS), base.get("PYTHONPATH")))),
        "NODE_OPTIONS": " ".join(filter(None, (f'--require "{script}"', base.get("NODE_OPTIONS")))),
    }


def write_wgetrc(base: Mapping[str, str], route: Route) -> None:
    """wget has a file for what others have a variable for; the user's own goes on counting. Raises OSError."""
    theirs = Path(base.get("WGETRC") or Path(base.get("HOME", "/")) / ".wgetrc")
    own = ""
    with suppress(OSError):  # mostly there is none
        own = theirs.read_text("utf-8", "surrogateescape").rstrip() + "\n"
    route.wgetrc.write_text(f"{own}ca_certificate = {route.bundle}\n", "utf-8", "surrogateescape")
