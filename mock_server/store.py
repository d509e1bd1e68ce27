"""The state file: all worlds with clocks, checkpoints and journals in one SQLite database, written before each answer ends.

While the process is down, the worlds' time stands still.
"""

import sqlite3
from pathlib import Path
from typing import NamedTuple, cast

from mock_server.journal import Journal
from mock_server.pacing import Live, Policy
from mock_server.snapshot import freeze

_VERSION = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS worlds (name TEXT PRIMARY KEY, snapshot BLOB NOT NULL, policy TEXT NOT NULL, rate REAL NOT NULL,
  last INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS checkpoints (world TEXT, label TEXT, snapshot BLOB NOT NULL, PRIMARY KEY (world, label));
CREATE TABLE IF NOT EXISTS journal (world TEXT, seq INTEGER, line BLOB NOT NULL, PRIMARY KEY (world, seq)) WITHOUT ROWID;
"""


class StateError(Exception):
    """The state file cannot be used; the message says why."""


class Kept(NamedTuple):
    snapshot: bytes
    policy: Policy
    rate: float


class Store:
    def __init__(self, path: Path) -> None:
        """Raises StateError."""
        try:
            self.db = sqlite3.connect(path, isolation_level=None)
            self.db.execute("PRAGMA journal_mode=WAL")
            self.db.execute("PRAGMA synchronous=NORMAL")
            version = self.db.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, _VERSION):
                raise StateError(f"{path} is a state file of another version ({version})")
            self.db.executescript(_TABLES)
            self.db.execute(f"PRAGMA user_version={_VERSION}")
        except sqlite3.Error as error:
            raise StateError(f"{path} cannot be used as a state file: {error}") from None
        self.saved: dict[str, int] = {}  # world -> last journal line written
        self.labels: dict[str, dict[str, bytes]] = {}  # world -> checkpoints written

    def worlds(self) -> dict[str, Kept]:
        rows = self.db.execute("SELECT name, snapshot, policy, rate FROM worlds ORDER BY rowid")
        return {name: Kept(snapshot, cast(Policy, policy), rate) for name, snapshot, policy, rate in rows}

    def recall(self, journal: Journal) -> None:
        """Fill a new journal with the lines of its world."""
        rows = self.db.execute("SELECT seq, line FROM journal WHERE world = ? ORDER BY seq", (journal.world,)).fetchall()
        journal.clear()
        (journal.last,) = self.db.execute("SELECT last FROM worlds WHERE name = ?", (journal.world,)).fetchone()
        for _, line in rows:
            journal.lines.append(line)
            journal.size_bytes += len(line)
        self.saved[journal.world] = journal.last

    def checkpoints(self, name: str) -> dict[str, bytes]:
        return dict(self.db.execute("SELECT label, snapshot FROM checkpoints WHERE world = ? ORDER BY rowid", (name,)))

    def keep(self, live: Live) -> None:
        world, journal = live.world, live.journal
        name, first = world.name, journal.span().first
        self.db.execute("BEGIN")
        self.db.execute(
            "INSERT OR REPLACE INTO worlds VALUES (?, ?, ?, ?, ?)",
            (name, freeze(world, live.faults), live.clock.policy, live.clock.rate, journal.last),
        )
        since = self.saved.get(name, 0)
        start = max(since + 1, first)
        lines = ((name, seq, line) for seq, line in enumerate(journal.since(since), start))
        self.db.executemany("INSERT OR REPLACE INTO journal VALUES (?, ?, ?)", lines)
        self.db.execute("DELETE FROM journal WHERE world = ? AND seq < ?", (name, first))
        self.saved[name] = journal.last
        written = self.labels.setdefault(name, {})
        for label, frozen in live.checkpoints.items():
            if written.get(label) is not frozen:
                self.db.execute("INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?)", (name, label, frozen))
                written[label] = frozen
        self.db.execute("COMMIT")

    def delete(self, name: str) -> None:
        for table, column in (("worlds", "name"), ("checkpoints", "world"), ("journal", "world")):
            self.db.execute(f"DELETE FROM {table} WHERE {column} = ?", (name,))
        self.saved.pop(name, None)
        self.labels.pop(name, None)

    def close(self) -> None:
        self.db.close()
