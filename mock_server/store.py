"""The state file: all worlds with clocks, beginnings, checkpoints and journals in one SQLite database.

A world is written before anybody is told what happened in it. While the process is down, its time stands still. One
process at a time serves a file.
"""

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from mock_server.journal import Journal
from mock_server.pacing import Checkpoint, Live, Policy
from mock_server.snapshot import freeze

_VERSION = 2
_APPLICATION = 0x4E4D4F43  # in the head of the file: a database of somebody else is not ours to write to
_TABLES = """
CREATE TABLE IF NOT EXISTS worlds (name TEXT PRIMARY KEY, snapshot BLOB NOT NULL, policy TEXT NOT NULL, rate REAL NOT NULL,
  last INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS beginnings (world TEXT PRIMARY KEY, recipe BLOB NOT NULL, snapshot BLOB);
CREATE TABLE IF NOT EXISTS checkpoints (world TEXT, label TEXT, snapshot BLOB NOT NULL, blobs BLOB NOT NULL,
  PRIMARY KEY (world, label));
CREATE TABLE IF NOT EXISTS journal (world TEXT, seq INTEGER, line BLOB NOT NULL, PRIMARY KEY (world, seq)) WITHOUT ROWID;
"""
_WORLDS = """
SELECT name, worlds.snapshot, policy, rate, recipe, beginnings.snapshot
FROM worlds LEFT JOIN beginnings ON beginnings.world = name ORDER BY worlds.rowid
"""
_COUNT = "SELECT count(*) FROM sqlite_master"
_COLUMNS = (("worlds", "name"), ("beginnings", "world"), ("checkpoints", "world"), ("journal", "world"))

log = logging.getLogger("nemovideo_mock")


class StateError(Exception):
    """The state file cannot be used; the message says why in one line."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a reset needs: the recipe, as JSON, and the frozen world where a scenario has done more than the recipe says."""

    recipe: bytes
    snapshot: bytes | None = None


class Kept(NamedTuple):
    """A row of `worlds` with its beginning."""

    name: str
    snapshot: bytes
    policy: Policy
    rate: float
    recipe: bytes
    beginning: bytes | None


class Store:
    def __init__(self, path: Path) -> None:
        """Raises StateError. A file that is not ours is not changed."""
        self.path = path
        self.saved: dict[str, int] = {}  # world -> last journal line written
        self.labels: dict[str, dict[str, Checkpoint]] = {}  # world -> checkpoints written
        self.origins: dict[str, Origin] = {}  # world -> beginning written
        self.failing = False
        with self.reading():
            self.db = sqlite3.connect(path, isolation_level=None, timeout=0)
            try:
                self._open()
            except (sqlite3.Error, StateError):
                self.db.close()
                raise

    def _open(self) -> None:
        """Raises StateError, sqlite3.Error."""
        application, version, tables = (self._number(sql) for sql in ("PRAGMA application_id", "PRAGMA user_version", _COUNT))
        if application != _APPLICATION and (application or tables):
            raise StateError(f"{self.path} is no state file: it is a database of something else, or of an earlier version")
        if application and version != _VERSION:
            raise StateError(f"{self.path} is a state file of another version ({version})")
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=NORMAL")
        if not application:
            self.db.executescript(f"BEGIN;{_TABLES}PRAGMA application_id={_APPLICATION};PRAGMA user_version={_VERSION};COMMIT;")

    def _number(self, sql: str) -> int:
        return int(self.db.execute(sql).fetchone()[0])

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Says in a StateError what is wrong with the file."""
        try:
            yield
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_BUSY:
                raise StateError(f"{self.path} is in use by another process; one at a time can serve it") from None
            raise StateError(f"{self.path} cannot be used as a state file: {error}") from None
        except (msgspec.MsgspecError, ValueError) as error:
            raise StateError(f"{self.path} is damaged: {' '.join(str(error).split())}") from None

    def claim(self) -> None:
        """Nobody else opens the file until we close it or die. Raises StateError."""
        with self.reading():
            self.db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self.db.execute("BEGIN EXCLUSIVE")  # the lock is taken with the next access, and then held
            self.db.execute("COMMIT")

    def worlds(self) -> dict[str, Kept]:
        """Raises StateError."""
        with self.reading():
            return {row.name: row for row in msgspec.convert(self.db.execute(_WORLDS).fetchall(), list[Kept])}

    def recall(self, journal: Journal) -> None:
        """Fill a new journal with the lines of its world. Raises StateError."""
        with self.reading():
            rows = self.db.execute("SELECT line FROM journal WHERE world = ? ORDER BY seq", (journal.world,)).fetchall()
            lines = [line for (line,) in msgspec.convert(rows, list[tuple[bytes]])]
            (last,) = self.db.execute("SELECT last FROM worlds WHERE name = ?", (journal.world,)).fetchone()
            journal.fill(lines, msgspec.convert(last, int))
        self.saved[journal.world] = journal.last

    def checkpoints(self, name: str) -> dict[str, Checkpoint]:
        """Raises StateError."""
        with self.reading():
            sql = "SELECT label, snapshot, blobs FROM checkpoints WHERE world = ? ORDER BY rowid"
            rows = msgspec.convert(self.db.execute(sql, (name,)).fetchall(), list[tuple[str, bytes, bytes]])
            found = {
                label: Checkpoint(content, msgspec.json.decode(blobs, type=frozenset[str])) for label, content, blobs in rows
            }
        self.labels[name] = dict(found)
        return found

    def keep(self, live: Live, origin: Origin) -> None:
        """Write a world down. Where that cannot be done, the log says so once and the world goes on."""
        name, new = live.world.name, self._new_checkpoints(live)
        if self._commit(lambda: self._write(live, origin, new)):
            self.saved[name] = live.journal.last
            self.labels.setdefault(name, {}).update(new)
            self.origins[name] = origin

    def _new_checkpoints(self, live: Live) -> dict[str, Checkpoint]:
        written = self.labels.get(live.world.name, {})
        return {label: one for label, one in live.kept.items() if written.get(label) is not one}

    def _write(self, live: Live, origin: Origin, new: dict[str, Checkpoint]) -> None:
        world, journal = live.world, live.journal
        name, first, since = world.name, journal.span().first, self.saved.get(world.name, 0)
        self.db.execute(
            "INSERT OR REPLACE INTO worlds VALUES (?, ?, ?, ?, ?)",
            (name, freeze(world, live.faults), live.clock.policy, live.clock.rate, journal.last),
        )
        if self.origins.get(name) is not origin:
            self.db.execute("INSERT OR REPLACE INTO beginnings VALUES (?, ?, ?)", (name, origin.recipe, origin.snapshot))
        lines = ((name, seq, line) for seq, line in enumerate(journal.since(since), max(since + 1, first)))
        self.db.executemany("INSERT OR REPLACE INTO journal VALUES (?, ?, ?)", lines)
        self.db.execute("DELETE FROM journal WHERE world = ? AND seq < ?", (name, first))
        rows = [(name, label, one.content, msgspec.json.encode(sorted(one.blobs))) for label, one in new.items()]
        self.db.executemany("INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?)", rows)

    def _commit(self, write: Callable[[], Any]) -> bool:
        """All of it or nothing; whether it could be written."""
        try:
            self.db.execute("BEGIN")
            write()
            self.db.execute("COMMIT")
        except sqlite3.Error as error:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
            if not self.failing:
                log.error("%s cannot be written: %s; what happens now may be lost", self.path, error)
            self.failing = True
            return False
        self.failing = False
        return True

    def delete(self, name: str) -> None:
        rows = [(f"DELETE FROM {table} WHERE {column} = ?", (name,)) for table, column in _COLUMNS]
        self._commit(lambda: [self.db.execute(sql, values) for sql, values in rows])
        self.saved.pop(name, None)
        self.labels.pop(name, None)
        self.origins.pop(name, None)

    def close(self) -> None:
        self.db.close()
