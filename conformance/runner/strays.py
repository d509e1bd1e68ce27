"""Processes that got away from their client: no group, no HOME and no folder tells any more whose they are."""

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

#: prctl(2): orphans become children of this process instead of those of init.
PR_SET_CHILD_SUBREAPER = 36
MOST_ROUNDS = 50


@contextmanager
def strays_ended() -> Iterator[list[str]]:
    """For a time in which a process starts nothing but clients: what is there in the end and was not before is ended, and its
    commands are told. Linux alone; elsewhere nothing is done."""
    told: list[str] = []
    if sys.platform != "linux":
        yield told
        return
    _reap(True)
    before = {pid for pid, _ in _children()}
    try:
        yield told
    finally:
        for _ in range(MOST_ROUNDS):  # the children of an ended one come here in the next round
            found = [(pid, words) for pid, words in _children() if pid not in before]
            for pid, words in found:
                told.append(words)
                with suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
            if not found:
                break
        _reap(False)


def _reap(on: bool) -> None:
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, int(on), 0, 0, 0)


def _children() -> Iterator[tuple[int, str]]:
    """Children of this process that have not ended: pid and command."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            if int(parent) == os.getpid() and state != "Z":
                words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                yield int(folder.name), words.strip()
