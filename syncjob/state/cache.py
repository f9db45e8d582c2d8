"""What Scenario held when it was last read, and when each model had then changed; kept between runs, in SQLite.

A description whose model has not changed since, by the `updatedAt` of a listing, need not be read
again. What is lost costs requests and nothing else: no text is ever overwritten on its word.
"""

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from syncjob import log
from syncjob.errors import UsageError
from syncjob.scenario.resources import Page
from syncjob.scenario.types import Model
from syncjob.state.folder import database, file_of, state_folder

_SCHEMA = """
CREATE TABLE IF NOT EXISTS target (name TEXT NOT NULL, models INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS seen (model_id TEXT PRIMARY KEY, updated_at TEXT NOT NULL, sha256 TEXT) WITHOUT ROWID;
CREATE TEMP TABLE listed (model_id TEXT PRIMARY KEY, updated_at TEXT NOT NULL) WITHOUT ROWID;
"""
_FORMAT = 2  # what the first one kept was judged by this machine's clock
# A text read so soon after its model changed may be the one before: nothing promises that a GET sees the PUT before it.
_YOUNG = timedelta(minutes=5)


class Memory:
    """The memory of a profile, only for models `listed` in this run; safe to share by threads.

    If its file fails it knows nothing, and says so once.
    """

    def __init__(self, database: sqlite3.Connection | None) -> None:
        self._database = database
        self._lock = threading.Lock()

    @property
    def is_on(self) -> bool:
        return self._database is not None

    def listing(self, pages: Iterable[Page]) -> Iterator[Model]:
        """The models of all pages, each noted with its `updatedAt` on its way."""
        count = 0
        for page in pages:
            for model in page.models:
                count += 1
                if is_settled(model.updated_at, page.answered_at):
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

    def held(self, model_id: str) -> tuple[str | None, ...]:
        """The one digest of what Scenario held, None for no text; nothing if that is not known, or the model has changed."""
        found = self._run(
            "SELECT sha256 FROM listed JOIN seen USING (model_id, updated_at) WHERE model_id = ?", model_id
        )
        return tuple(None if sha256 is None else str(sha256) for (sha256,) in found)

    def stamp(self, model_id: str) -> str | None:
        """The `updatedAt` with which a model was listed in this run; None if it was not, or is young."""
        found = self._run("SELECT updated_at FROM listed WHERE model_id = ?", model_id)
        return str(found[0][0]) if found and found[0][0] else None

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
        path = file_of(state_folder(state_dir), profile, "memory.sqlite3")
        opened = _open(database(path), target)
    except (sqlite3.Error, OSError, UsageError) as error:
        _failed(error)
        yield Memory(None)
        return
    with closing(opened):
        yield Memory(opened)


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
        name = f"{_FORMAT} {target}"
        if database.execute("SELECT name FROM target").fetchall() != [(name,)]:
            database.executescript("BEGIN IMMEDIATE; DELETE FROM seen; DELETE FROM target;")
            database.execute("INSERT INTO target VALUES (?, 0)", (name,))
            database.execute("COMMIT")
    except sqlite3.Error:
        database.close()
        raise
    return database


def _failed(error: Exception) -> None:
    log.event("warning", "memory", message=f"the memory of earlier runs cannot be used, so all is read: {error}")


def is_settled(updated_at: str, listed_at: datetime | None) -> bool:
    """Whether a model had long not changed when it was listed; both times are Scenario's, so that no other clock counts."""
    try:
        at = datetime.fromisoformat(updated_at)
    except ValueError:
        return False
    return listed_at is not None and at.tzinfo is not None and at < listed_at - _YOUNG
