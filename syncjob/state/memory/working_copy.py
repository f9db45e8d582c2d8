"""The working copy of a run's memory, in an SQLite file of its own that is gone with the run."""

import sqlite3
from collections.abc import Iterable, Iterator

import msgspec

from syncjob.state.memory.file import Seen

_SCHEMA = """
CREATE TABLE seen (model_id TEXT PRIMARY KEY, updated_at TEXT NOT NULL, sha256 TEXT, round INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE listed (model_id TEXT PRIMARY KEY, updated_at TEXT) WITHOUT ROWID;
"""
_HELD = "FROM listed JOIN seen USING (model_id, updated_at)"
_PARTS = 100  # so many audits are to read all


class Copy:
    """What was seen in earlier runs and this one, and what this one listed; each method raises sqlite3.Error.

    Threads may share it if they take turns.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._database.executescript(_SCHEMA)

    def close(self) -> None:
        self._database.close()

    def insert(self, rows: Iterable[Seen]) -> None:
        """Takes rows in, all or none; raises IntegrityError if one comes twice, and what the rows raise."""
        with self._database:
            self._database.execute("BEGIN")
            self._database.executemany("INSERT INTO seen VALUES (?, ?, ?, ?)", map(msgspec.structs.astuple, rows))

    def rows(self) -> Iterator[Seen]:
        """All that was seen, by model id."""
        found = self._database.execute("SELECT model_id, updated_at, sha256, round FROM seen ORDER BY model_id")
        return (msgspec.convert(row, Seen) for row in found)

    def note_listed(self, model_id: str, updated_at: str | None) -> None:
        """Takes in when a model changed, None if that is not to be trusted yet."""
        self._database.execute("INSERT OR REPLACE INTO listed VALUES (?, ?)", (model_id, updated_at))

    def listed_at(self, model_id: str) -> str | None:
        """The `updatedAt` of a listed model, None if that is not known or not to be trusted."""
        found = self._database.execute("SELECT updated_at FROM listed WHERE model_id = ?", (model_id,)).fetchone()
        return found[0] if found else None

    def drop_unlisted(self) -> None:
        """Forgets what this run has not listed."""
        self._database.execute("DELETE FROM seen WHERE model_id NOT IN (SELECT model_id FROM listed)")

    def held(self, model_id: str) -> tuple[str | None, ...]:
        """The one digest of a model that has not changed since, None for no text; nothing if that is not known."""
        found = self._database.execute(f"SELECT sha256 {_HELD} WHERE model_id = ?", (model_id,))
        return tuple(sha256 for (sha256,) in found)

    def oldest(self, least: int) -> list[Seen]:
        """A hundredth of what has not changed since, and no fewer than `least`: what was read longest ago."""
        ((count,),) = self._database.execute(f"SELECT count(*) {_HELD}")
        query = f"SELECT model_id, updated_at, sha256, round {_HELD} ORDER BY round, model_id LIMIT ?"
        found = self._database.execute(query, (max(least, -(-count // _PARTS)),))
        return msgspec.convert(found.fetchall(), list[Seen])

    def note_read(self, texts: Iterable[tuple[str, str | None]], round_: int) -> None:
        """Takes in (model id, digest) of what was read, if its model was listed."""
        values = "SELECT model_id, updated_at, ?, ? FROM listed WHERE model_id = ? AND updated_at IS NOT NULL"
        with self._database:
            self._database.execute("BEGIN")
            for model_id, sha256 in texts:
                self._database.execute(f"INSERT OR REPLACE INTO seen {values}", (sha256, round_, model_id))

    def drop(self, model_ids: Iterable[str]) -> None:
        """Forgets some models, and that they were listed."""
        for model_id in model_ids:
            self._database.execute("DELETE FROM seen WHERE model_id = ?", (model_id,))
            self._database.execute("DELETE FROM listed WHERE model_id = ?", (model_id,))
