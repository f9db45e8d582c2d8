"""What Scenario held when it was last read, and when each model had then changed; kept between runs, in SQLite.

A description whose model has not changed since, by the `updatedAt` of a listing, need not be read
again. What is lost costs requests and nothing else: no text is ever overwritten on its word.
"""

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from syncjob import log
from syncjob.errors import UsageError
from syncjob.scenario.types import Model
from syncjob.state import database, state_folder

_SCHEMA = """
CREATE TABLE IF NOT EXISTS target (name TEXT NOT NULL, models INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS seen (model_id TEXT PRIMARY KEY, updated_at TEXT NOT NULL, sha256 TEXT) WITHOUT ROWID;
CREATE TEMP TABLE listed (model_id TEXT PRIMARY KEY, updated_at TEXT NOT NULL) WITHOUT ROWID;
"""
# A model that changed this recently may change again within the same tick of Scenario's clock, and not show it.
_YOUNG = timedelta(seconds=2)


class Memory:
    """The memory of one profile; safe to share by threads. Where its file fails it knows nothing, and says so once.

    It answers for those models alone that were `listed` in this run.
    """

    def __init__(self, database: sqlite3.Connection | None) -> None:
        self._database = database
        self._lock = threading.Lock()

    @property
    def is_on(self) -> bool:
        return self._database is not None

    def listing(self, models: Iterable[Model]) -> Iterator[Model]:
        """The same models, each noted with its `updatedAt` on its way."""
        count = 0
        for model in models:
            count += 1
            if _is_settled(model.updated_at):
                self._run("INSERT OR REPLACE INTO listed VALUES (?, ?)", model.id, model.updated_at)
            yield model
        self._run("UPDATE target SET models = ?", count)

    @property
    def models(self) -> int:
        """How many the last listing held; 0 before the first."""
        rows = self._run("SELECT models FROM target WHERE typeof(models) = 'integer'")
        return int(str(rows[0][0])) if rows else 0

    def holds(self, model_id: str, sha256: str | None) -> bool:
        """Whether Scenario held just that text, by its digest, and the model has not changed since."""
        found = self._run(
            "SELECT 1 FROM listed JOIN seen USING (model_id, updated_at) WHERE model_id = ? AND sha256 IS ?",
            model_id,
            sha256,
        )
        return bool(found)

    def remember(self, texts: Iterable[tuple[str, str | None]]) -> None:
        """Takes in (model id, digest) of what was read in this run, after its model was listed."""
        values = list(texts)
        if values:
            self._run("BEGIN IMMEDIATE")
            for model_id, sha256 in values:
                statement = "INSERT OR REPLACE INTO seen SELECT model_id, updated_at, ? FROM listed WHERE model_id = ?"
                self._run(statement, sha256, model_id)
            self._run("COMMIT")

    def _run(self, statement: str, *values: str | int | None) -> list[tuple[object, ...]]:
        with self._lock:
            if self._database is None:
                return []
            try:
                return self._database.execute(statement, values).fetchall()
            except sqlite3.Error as error:
                self._database = None
                _failed(error)
                return []


@contextmanager
def opened(state_dir: Path, profile: str, target: str) -> Iterator[Memory]:
    """The memory of a profile, until the block ends; it holds nothing of another `target` than this."""
    try:
        path = state_folder(state_dir) / f"{quote(profile, safe='')}.memory.sqlite3"
        opened = _open(database(path), target)
    except (sqlite3.Error, OSError, UsageError) as error:
        _failed(error)
        yield Memory(None)
        return
    try:
        yield Memory(opened)
    finally:
        opened.close()


def _open(path: Path, target: str) -> sqlite3.Connection:
    try:
        return _connected(path, target)
    except sqlite3.OperationalError:
        raise  # busy, or not to be written: it may be whole
    except sqlite3.DatabaseError:  # damaged: what it held is lost, and that is all
        path.unlink(missing_ok=True)
        return _connected(path, target)


def _connected(path: Path, target: str) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=1, check_same_thread=False, isolation_level=None)
    try:
        database.executescript(_SCHEMA)
        if database.execute("SELECT name FROM target").fetchall() != [(target,)]:
            database.execute("BEGIN IMMEDIATE")
            for statement in ("DELETE FROM seen", "DELETE FROM target"):
                database.execute(statement)
            database.execute("INSERT INTO target VALUES (?, 0)", (target,))
            database.execute("COMMIT")
    except sqlite3.Error:
        database.close()
        raise
    return database


def _failed(error: Exception) -> None:
    log.event("warning", "memory", message=f"the memory of earlier runs cannot be used, so all is read: {error}")


def _is_settled(updated_at: str) -> bool:
    try:
        at = datetime.fromisoformat(updated_at)
    except ValueError:
        return False
    return at.tzinfo is not None and at < datetime.now(UTC) - _YOUNG
