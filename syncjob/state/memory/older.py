"""The memory as earlier versions kept it, in SQLite beside the journals: it is taken over once, and then removed."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from syncjob.config.config import Config
from syncjob.state.folder import database, file_of
from syncjob.state.memory.file import Seen

_FORMAT = 2
_KEPT_BESIDE = ("", "-journal", "-wal", "-shm")


def path_of(config: Config) -> Path:
    """Where earlier versions kept the memory of a profile."""
    return file_of(config.state_dir, config.profile, "memory.sqlite3")


class OlderMemory:
    """The file of a profile, if there is one."""

    def __init__(self, config: Config) -> None:
        self._path = path_of(config)
        self._target = f"{_FORMAT} {config.base_url} {config.project_id or ''}"

    @property
    def is_there(self) -> bool:
        return os.path.lexists(self._path)

    def rows(self) -> list[Seen]:
        """What it holds of the project, read in no run that counts; raises OSError. What no version wrote is left out."""
        path = database(self._path)
        try:
            with closing(sqlite3.connect(path, timeout=1)) as older:
                if older.execute("SELECT name FROM target").fetchall() != [(self._target,)]:
                    return []
                return list(_converted(older.execute("SELECT model_id, updated_at, sha256, 0 FROM seen")))
        except sqlite3.Error:  # busy or damaged: what it held is lost, and that is all
            return []

    def remove(self) -> None:
        """Removes it, with what SQLite keeps beside it; raises OSError if something else is in its place."""
        if self.is_there:
            path = database(self._path)
            for suffix in _KEPT_BESIDE:
                path.with_name(path.name + suffix).unlink(missing_ok=True)


def _converted(found: "sqlite3.Cursor") -> Iterator[Seen]:
    for row in found:
        try:
            yield msgspec.convert(row, Seen)
        except msgspec.ValidationError:
            continue
