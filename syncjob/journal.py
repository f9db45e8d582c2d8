"""The journal of a run, `.syncjob/runs/<run id>.jsonl`: every text that is overwritten is in it first.

One JSON object a line, appended and never changed. An intent is on the disk before its request is
sent, so that whatever ends the process, the text that it overwrote can be put back.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from syncjob.errors import UsageError
from syncjob.report.model import Summary
from syncjob.state import runs_folder

_SUFFIX = ".jsonl"
Effect = Literal["written", "none", "unknown"]
Time = Annotated[datetime, msgspec.Meta(tz=True)]


class Begin(msgspec.Struct, frozen=True, tag_field="record", tag="run"):
    """The first line: which run, and where it writes to. Times are UTC, ISO 8601."""

    version: Literal[1]
    run: str
    command: str
    profile: str
    base_url: str
    project_id: str | None
    started_at: str

    def is_for(self, profile: str, base_url: str, project_id: str | None) -> bool:
        """Whether the run wrote to just that project."""
        return (self.profile, self.base_url, self.project_id) == (profile, base_url, project_id)


class Confirmed(msgspec.Struct, frozen=True, tag_field="record", tag="confirmed"):
    """Scenario held what the file says, and nothing was written; the digest is null for no text."""

    model_id: str
    sha256: str | None


class Intent(msgspec.Struct, frozen=True, tag_field="record", tag="intent"):
    """A write that is about to be sent: `before` is the whole text that it replaces, null for none.

    `at` is null in journals of older versions.
    """

    model_id: str
    path: str
    before: str | None
    after_sha256: str | None
    at: Time | None = None


class Result(msgspec.Struct, frozen=True, tag_field="record", tag="result"):
    """How a write ended; `stored_sha256` is of the text that Scenario then said it holds.

    `effect` says whether Scenario took the text; it and `at` are null in journals of older versions.
    A write that found the text there already is `unchanged`.
    """

    model_id: str
    status: Literal["applied", "unchanged", "failed", "refused", "not_attempted"]
    stored_sha256: str | None = None
    error: str | None = None
    effect: Effect | None = None
    at: Time | None = None


class Finish(msgspec.Struct, frozen=True, tag_field="record", tag="end"):
    """The last line of a run that came to its end."""

    finished_at: str
    exit_code: int
    summary: Summary


Record = Begin | Confirmed | Intent | Result | Finish
_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Record)


class Journal:
    """The journal of the run that is under way; safe to share by threads.

    A record that cannot be written whole is taken back, so that only a crash can leave a torn line,
    the last one. After a failure, and after the end, nothing more is written.
    """

    def __init__(self, path: Path, begin: Begin) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._is_open = True
        self._is_needed = False
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
            self._descriptor = os.open(path, flags, 0o600)
            _sync_folder(path.parent)
        except OSError as error:
            raise UsageError(f"cannot make the journal {path}: {error.strerror}; nothing was written") from error
        try:
            self.write(begin, is_durable=True)
        except OSError as error:
            self.close()
            raise UsageError(f"cannot write the journal {path}: {error.strerror}; nothing was written") from error

    def write(self, *records: Record, is_durable: bool = False) -> None:
        """Appends records, all or none; `is_durable` returns no earlier than they would outlast a power loss.

        Raises OSError.
        """
        lines = b"".join(_ENCODER.encode(record) + b"\n" for record in records)
        with self._lock:
            if not self._is_open:
                raise OSError(None, "the journal is closed", str(self._path))
            size = os.fstat(self._descriptor).st_size
            try:
                _write_whole(self._descriptor, lines)
                if is_durable:
                    os.fsync(self._descriptor)
            except OSError:
                self._is_open = False
                os.ftruncate(self._descriptor, size)
                raise
            self._is_needed = self._is_needed or any(isinstance(record, Intent) for record in records)

    @property
    def is_needed(self) -> bool:
        """Whether anything was to be written, or the run can be resumed."""
        return self._is_needed

    def keep(self) -> None:
        """Says that the journal is worth keeping though nothing was written: the run can be resumed."""
        self._is_needed = True

    def close(self) -> None:
        """Ends all writing: whoever still works sends nothing more. A journal that nobody needs is removed."""
        with self._lock:
            self._is_open = False
            os.close(self._descriptor)
            if not self._is_needed:
                self._path.unlink(missing_ok=True)


@contextmanager
def started(state_dir: Path, begin: Begin) -> Iterator[Journal]:
    """A new journal, proved writable, until the block ends; raises UsageError where it cannot be."""
    journal = Journal(runs_folder(state_dir) / f"{begin.run}{_SUFFIX}", begin)
    try:
        yield journal
    finally:
        journal.close()


def read(state_dir: Path, run: str) -> Iterator[Record]:
    """The records of a run, Begin first; a last line that a crash tore is left out.

    Raises UsageError where there is no such run, or its journal is no journal.
    """
    path = runs_folder(state_dir) / f"{run}{_SUFFIX}"
    if not run or Path(run).name != run or not path.is_file():
        raise UsageError(f"no run {run!r} in {path.parent}; syncjob runs lists them")
    return _records(path)


def run_ids(state_dir: Path) -> list[str]:
    """The runs that have a journal, newest first."""
    names = (path.name for path in runs_folder(state_dir).iterdir())
    return sorted((name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX)), reverse=True)


def _records(path: Path) -> Iterator[Record]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                return
            try:
                record = _DECODER.decode(line)
            except msgspec.DecodeError as error:
                raise UsageError(f"{path}:{number}: no record of a journal: {error}") from error
            if isinstance(record, Begin) != (number == 1):
                raise UsageError(f"{path}:{number}: the first record of a journal, and no other, is that of its run")
            yield record


def _write_whole(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _sync_folder(folder: Path) -> None:
    """Makes the name of a new file outlast a power loss."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
