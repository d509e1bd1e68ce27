"""Memory stays flat once the journal's and the world's bounds are reached."""

import time
from collections.abc import Iterator

from benchmarks.client import load
from benchmarks.json_endpoints import get_credits, post_session
from benchmarks.processes import MIB, serving
from benchmarks.table import Row

JOURNAL_BYTES = 4 * MIB
#: Half of the requests make sessions, of which a world keeps 20,000.
FILLING = 42_000
ALLOWED_MIB = 4.0


def rows(quick: bool, requests: int = 200_000) -> Iterator[Row]:
    total = 2 * FILLING if quick else requests
    with serving("bounded", str(JOURNAL_BYTES)) as server:
        messages = [get_credits(server), post_session(server)]
        load(server, messages, max(FILLING, total // 4))
        before = server.memory_bytes()
        began = time.perf_counter()
        load(server, messages, total - max(FILLING, total // 4))
        grown = (server.memory_bytes() - before) / MIB
        shown = f"{before / MIB:.1f} MiB at {max(FILLING, total // 4) / total:.0%}, {time.perf_counter() - began:.0f} s more"
    what = f"{total:,} requests, journal of {JOURNAL_BYTES // MIB} MiB, half of them new sessions"
    yield Row(what, shown, f"{grown:+.1f} MiB", f"<= +{ALLOWED_MIB:g} MiB", grown <= ALLOWED_MIB)
