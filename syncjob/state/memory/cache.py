"""What Scenario held when it was last read, and when each model had then changed; kept between runs.

A description whose model has not changed since, by the `updatedAt` of a listing, need not be read again, but for the
few that each run audits. What is lost costs requests and nothing else: no text is ever overwritten on its word.
"""

import os
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from syncjob import log
from syncjob.config.config import Config
from syncjob.errors import UsageError
from syncjob.scenario.resources import Page
from syncjob.scenario.types import Model
from syncjob.state.folder import file_of
from syncjob.state.memory.file import STAMP, Damaged, MemoryFile, Seen
from syncjob.state.memory.older import OlderMemory
from syncjob.state.memory.working_copy import Copy
from syncjob.state.probe_results import Learnt

# A text read so soon after its model changed may be the one before: nothing promises that a GET sees the PUT before it.
_YOUNG = timedelta(minutes=5)
_STAMP = re.compile(STAMP)
_LISTING_AGAIN = 100  # runs
_SAVE_EVERY = 60.0  # seconds

_T = TypeVar("_T")


class Memory:
    """The memory of a project, off until it is opened, and only for models `listed` in this run; safe to share by threads.

    It works on a copy of its own. If that or its file fails it knows nothing, and says so. One that is not `wanted` is
    never on: it only forgets.
    """

    def __init__(
        self, file: MemoryFile | None = None, older: OlderMemory | None = None, *, wanted: bool = True
    ) -> None:
        self._file = file
        self._older = older
        self._wanted = wanted
        self._copy: Copy | None = None
        self._lock = threading.RLock()
        self._round = 1  # of this run
        self._saved_at = time.monotonic()
        self.models = 0  # how many the last listing held; 0 before the first

    @property
    def is_on(self) -> bool:
        return self._copy is not None

    def open(self) -> None:
        """Reads what is remembered; what is damaged, or of another project, is as if there were nothing."""
        if self._file is None or self.is_on or not self._wanted:
            return
        try:
            self._copy = Copy()
            self._load(self._copy, self._file)
        except (sqlite3.Error, OSError, UsageError) as error:
            self._fail(error)

    def listing(self, pages: Iterable[Page]) -> Iterator[Model]:
        """The models of all pages, each noted with its `updatedAt` on its way."""
        count = 0
        for page in pages:
            for model in page.models:
                count += 1
                at = model.updated_at if is_settled(model.updated_at, page.answered_at) else None
                self._ask(partial(Copy.note_listed, model_id=model.id, updated_at=at), None)
                yield model
        self.models = count

    def listed_all(self) -> None:
        """Takes in that the listing was whole: what it did not hold is forgotten."""
        self._ask(Copy.drop_unlisted, None)

    def holds(self, model_id: str, sha256: str | None) -> bool:
        """Whether Scenario held just that text, by its digest, and the model has not changed since."""
        return self.held(model_id) == (sha256,)

    def held(self, model_id: str) -> tuple[str | None, ...]:
        """The one digest of what Scenario held, None for no text; nothing if that is not known, or the model has changed."""
        return self._ask(lambda copy: copy.held(model_id), ())

    def stamp(self, model_id: str) -> str | None:
        """The `updatedAt` with which a model was listed in this run; None if it was not, or was young."""
        return self._ask(lambda copy: copy.listed_at(model_id), None)

    def due(self, least: int) -> list[Seen]:
        """What was read longest ago of all that has not changed since: 1 %, and no fewer than `least`; none for 0."""
        return self._ask(lambda copy: copy.oldest(least), []) if least else []

    def remember(self, texts: Iterable[tuple[str, str | None]]) -> None:
        """Takes in (model id, digest) of what was read in this run, after its model was listed."""
        self._ask(lambda copy: copy.note_read(texts, self._round), None)
        if time.monotonic() - self._saved_at > _SAVE_EVERY:
            self.save()

    def drop(self, model_ids: Iterable[str]) -> None:
        """Forgets some models for this run: they are read, and not remembered."""
        self._ask(lambda copy: copy.drop(model_ids), None)

    def forget(self, model_ids: Collection[str]) -> None:
        """Forgets some models in the file too, before they are written, whether the memory is on or not."""
        with self._lock:
            self.drop(model_ids)
            if self._older and not self.is_on and model_ids:
                _tried(self._older.remove)
            file = self._file
            if file and model_ids and (self._wanted or os.path.lexists(file.path)):
                self._forget_in(file, model_ids)

    def give_up(self) -> None:
        """Forgets all, and is off for the rest of the run, because some of it was wrong."""
        with self._lock:
            self._close()
            self._wanted = False
            if self._file:
                _tried(self._file.remove)

    def save(self) -> None:
        """Writes what is remembered, unless another run has done so since: that one may have written texts."""
        with self._lock:
            self._saved_at = time.monotonic()
            if self._file and self.is_on and self._file.is_as_it_was:
                file = self._file
                _tried(lambda: self._write(file))

    def close(self) -> None:
        """Saves, and is off."""
        self.save()
        with self._lock:
            self._close()

    def _load(self, copy: Copy, file: MemoryFile) -> None:
        """Raises OSError, UsageError and sqlite3.Error."""
        try:
            header, rows = file.read()
            copy.insert(rows)
            self._round = header.round + 1
            # Now and then it counts as unknown, so that a forged one does not keep all listings away.
            self.models = header.models if self._round % _LISTING_AGAIN else 0
        except (Damaged, sqlite3.IntegrityError) as error:
            _tell(f"{file.path} is damaged, so everything is read, and it is written anew: {error}")
        if self._older and self._older.is_there:
            if not os.path.lexists(file.path):
                copy.insert(self._older.rows())
                self._write(file)
            self._older.remove()

    def _write(self, file: MemoryFile) -> None:
        """Raises OSError and UsageError."""
        self._ask(lambda copy: file.write(self._round, self.models, copy.rows()), None)

    def _forget_in(self, file: MemoryFile, model_ids: Collection[str]) -> None:
        try:
            if self.is_on and file.is_as_it_was:
                self._write(file)
            else:  # another run has saved since, or this one never read it
                file.remove_from(model_ids)
        except (Damaged, OSError, UsageError):  # what may be wrong is not left behind
            _tried(file.remove)

    def _ask(self, work: Callable[[Copy], _T], instead: _T) -> _T:
        """What the copy says, `instead` if there is none or it fails."""
        with self._lock:
            if self._copy is None:
                return instead
            try:
                return work(self._copy)
            except sqlite3.Error as error:
                self._fail(error)
                return instead

    def _fail(self, error: Exception) -> None:
        self._close()
        _failed(error)

    def _close(self) -> None:
        if self._copy:
            self._copy.close()
        self._copy = None


def of(config: Config, learnt: Learnt, *, is_believed: bool) -> Memory:
    """The memory of a run's project; it only forgets unless `updatedAt` moves and the state folder `is_believed`."""
    path = file_of(config.cache_dir, config.profile, "memory.jsonl")
    file = MemoryFile(path, config.target, None if config.named_cache else config.state_dir)
    return Memory(file, OlderMemory(config) if is_believed else None, wanted=learnt.updated_at_moves and is_believed)


def _tried(work: Callable[[], object]) -> None:
    try:
        work()
    except (OSError, UsageError) as error:
        _failed(error)


def _failed(error: Exception) -> None:
    _tell(f"the memory of earlier runs cannot be used, so all is read: {error}")


def _tell(message: str) -> None:
    log.event("warning", "memory", message=message)


def is_settled(updated_at: str, listed_at: datetime | None) -> bool:
    """Whether a model had long not changed when it was listed; both times are Scenario's, so that no other clock counts."""
    if listed_at is None or not _STAMP.match(updated_at):
        return False
    try:
        at = datetime.fromisoformat(updated_at)
    except ValueError:
        return False
    return at.tzinfo is not None and at < listed_at - _YOUNG
