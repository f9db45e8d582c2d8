"""The stand-in's state in one SQLite file, and the handler that responds from it."""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any, Self

from syncjob.errors import UsageError
from syncjob.sandbox.api import Row, respond
from syncjob.sandbox.behaviours import Plays
from syncjob.sandbox.records import asset_row, model_row, sample
from syncjob.scenario.answers import Answer

_SCHEMA = """
CREATE TABLE IF NOT EXISTS models (id TEXT PRIMARY KEY, row TEXT NOT NULL, description TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS assets (id TEXT PRIMARY KEY, row TEXT NOT NULL);
"""
_ROW = {"model": "SELECT row FROM models WHERE id = ?", "asset": "SELECT row FROM assets WHERE id = ?"}


class Sandbox:
    """The stand-in over a file, filled once with the demo's catalogue unless `is_seeded` is False; for many threads."""

    def __init__(self, path: Path, *, is_seeded: bool = True, plays: Plays = Plays()) -> None:  # noqa: B008  frozen
        self.plays = plays
        self._path = path
        self._lock = threading.Lock()
        try:
            self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30)
        except sqlite3.Error as error:
            raise UsageError(f"cannot open the sandbox's file {path}: {error}") from error
        try:
            self._database.executescript(_SCHEMA)
            if is_seeded:
                self._seed_once()
        except sqlite3.Error as error:
            self._database.close()
            raise UsageError(f"cannot use the sandbox's file {path}: {error}; delete it to start anew") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:  # SQLite crashes the process if it is closed while another thread uses it
            self._database.close()

    def handle(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """The response to one request; its write is stored before."""
        try:
            with self._lock:
                reply = respond(self, method, target, headers, body)
                if reply.write:
                    self.put(*reply.write)
        except sqlite3.Error as error:
            advice = "is it writable?" if self._path.exists() else "it is gone: start the sandbox anew"
            raise UsageError(f"cannot use the sandbox's file {self._path}: {error}; {advice}") from error
        if isinstance(reply.body, bytes):
            return Answer(reply.status, {"content-type": "image/png"}, reply.body)
        content = json.dumps(reply.body, ensure_ascii=False).encode("utf-8", "surrogatepass")
        return Answer(reply.status, {"content-type": "application/json"}, content)

    def row(self, kind: str, id_: str) -> Row | None:
        found = self._database.execute(_ROW[kind], (id_,)).fetchone()
        return json.loads(found[0]) if found else None

    def description(self, model_id: str) -> str:
        found = self._database.execute("SELECT description FROM models WHERE id = ?", (model_id,)).fetchone()
        return str(found[0]) if found else ""

    def models(self) -> Iterator[Row]:
        for (row,) in self._database.execute("SELECT row FROM models ORDER BY id").fetchall():
            yield json.loads(row)

    def put(self, model_id: str, text: str) -> None:
        """Stores a description, "" for none, and moves the model's `updatedAt`."""
        now = datetime.now(UTC).isoformat(timespec=self.plays.ticks).replace("+00:00", "Z")
        updated_at = now if self.plays.updated_at == "moves" else None
        self._database.execute(
            "UPDATE models SET description = ?, row = json_set(row, '$.updatedAt', "
            "coalesce(?, json_extract(row, '$.updatedAt'))) WHERE id = ?",
            (text, updated_at, model_id),
        )

    def add_models(self, rows: Iterable[Row], descriptions: Mapping[str, str] = {}) -> None:
        values = [(row["id"], json.dumps(row), descriptions.get(row["id"], "")) for row in rows]
        with self._transaction():
            self._database.executemany("INSERT OR REPLACE INTO models VALUES (?, ?, ?)", values)

    def fill(self, count: int) -> None:
        """Adds samples until there are that many models."""
        with self._transaction():
            (there,) = self._database.execute("SELECT count(*) FROM models").fetchone()
            samples = [sample(number) for number in range(there + 1, count + 1)]
            self.add_models((row for row, _ in samples), {row["id"]: text for row, text in samples})

    def add_assets(self, rows: Iterable[Row]) -> None:
        values = [(row["id"], json.dumps(row)) for row in rows]
        with self._transaction():
            self._database.executemany("INSERT OR REPLACE INTO assets VALUES (?, ?)", values)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or nothing; within another transaction it is a part of that one."""
        if self._database.in_transaction:
            yield
            return
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            yield

    def _seed_once(self) -> None:
        """Two first runs at once, or one that is killed, leave the whole catalogue or none of it."""
        with self._transaction():
            if self._database.execute("PRAGMA user_version").fetchone() != (0,):
                return
            seed: dict[str, Any] = json.loads(resources.files(__package__).joinpath("seed.json").read_text("utf-8"))
            models = seed["models"]
            rows = (model_row(one["id"], one["name"], type_=one["type"], privacy=one["privacy"]) for one in models)
            self.add_models(rows, {one["id"]: one.get("description", "") for one in models})
            self.add_assets(
                asset_row(one["id"], one["name"], privacy=one["privacy"], kind=one.get("kind", "image"))
                for one in seed["assets"]
            )
            self._database.execute("PRAGMA user_version = 1")
