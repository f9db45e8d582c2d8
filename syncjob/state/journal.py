"""The journal of a run, `.syncjob/runs/<run id>.jsonl`: every text that is overwritten is in it first.

One JSON object a line, appended and never changed. An intent is on the disk before its request is
sent, so that whatever ends the process, the text that it overwrote can be put back.
"""

import errno
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Literal

import msgspec

from syncjob.config.config import Target
from syncjob.errors import UsageError
from syncjob.files import regular
from syncjob.state import lock
from syncjob.state.constraints import Code, Count, Line, ModelId, Moment, RunId, Sha256, Time, plain
from syncjob.state.folder import runs_folder, sync_folder

_SUFFIX = ".jsonl"
Effect = Literal["written", "none", "unknown"]
# No response of the API is longer than 32 MiB, and no character takes more than six times its bytes.
_LONGEST_LINE = 200_000_000
_STAMP = re.compile(r"([0-9]{8}T[0-9]{6}\.[0-9]{6}Z)-[0-9a-f]+")


class Begin(msgspec.Struct, frozen=True, tag_field="record", tag="run"):
    """The first line: which run, and what it writes to. Times are UTC, ISO 8601."""

    version: Literal[1]
    run: RunId
    command: Line
    profile: Line
    base_url: Line
    project_id: Line | None
    started_at: Time

    @property
    def target(self) -> Target:
        return Target(self.profile, self.base_url, self.project_id)


class Confirmed(msgspec.Struct, frozen=True, tag_field="record", tag="confirmed"):
    """Scenario held what the file says, and nothing was written; the digest is null for no text."""

    model_id: ModelId
    sha256: Sha256 | None


class Intent(msgspec.Struct, frozen=True, tag_field="record", tag="intent"):
    """A write that is about to be sent; `before` is the whole text that it replaces.

    `model_name` is for whoever reads the journal. `planned`: this write is the first of so many of its slice.
    `after` is the text that is sent, only if git does not have it: it may be the base of a merge.
    What older versions did not write, `at` among it, is null.
    """

    model_id: ModelId
    path: Line
    before: str | None
    after_sha256: Sha256 | None
    at: Moment | None = None
    model_name: Line | None = None
    planned: Count | None = None
    after: str | None = None


class Result(msgspec.Struct, frozen=True, tag_field="record", tag="result"):
    """How a write ended; `stored_sha256` is of the text that Scenario then said it holds.

    `effect` says whether Scenario took the text; it and `at` are null in journals of older versions.
    A write that found the text there already is `unchanged`.
    """

    model_id: ModelId
    status: Literal["applied", "unchanged", "failed", "refused", "not_attempted"]
    stored_sha256: Sha256 | None = None
    error: Code | None = None
    effect: Effect | None = None
    at: Moment | None = None


class Finish(msgspec.Struct, frozen=True, tag_field="record", tag="end"):
    """The last line of a run that was not interrupted; `summary` counts its items, by the names of the report."""

    finished_at: Time
    exit_code: int
    summary: dict[Line, int]


Record = Begin | Confirmed | Intent | Result | Finish
_ENCODER = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[Record] = msgspec.json.Decoder(Record)


class Journal:
    """The journal of the run that is under way; safe to share by threads.

    A record that cannot be written whole is taken back, so that only a crash can leave a torn line, the last one.
    After a failure, and after the end, nothing more is written. `is_needed`: a text was to be overwritten, or the
    run can be resumed. `confirms`: a run that resumes this one would be spared something.
    """

    def __init__(self, path: Path, begin: Begin) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._is_open = True
        self.is_needed = False
        self.confirms = False
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
            self._descriptor = os.open(path, flags, 0o600)
            lock.hold(self._descriptor)  # says that this run is under way: see `is_held`
            sync_folder(path.parent)
        except OSError as error:
            raise UsageError(f"cannot make the journal {path}: {error.strerror}; nothing was written") from error
        try:
            self.write(begin, is_durable=True)
        except OSError as error:
            self.close()
            raise UsageError(f"cannot write the journal {path}: {error.strerror}; nothing was written") from error

    def write(self, *records: Record, is_durable: bool = False) -> None:
        """Appends records, all or none; with `is_durable` they then outlast a power loss. Raises OSError."""
        lines = b"".join(_ENCODER.encode(record) + b"\n" for record in records)
        with self._lock:
            if not self._is_open:
                raise OSError(None, "the journal is closed", str(self._path))
            status = os.fstat(self._descriptor)
            try:
                if not status.st_nlink:
                    raise OSError(errno.ENOENT, "somebody removed it", str(self._path))
                _write_whole(self._descriptor, lines)
                if is_durable:
                    os.fsync(self._descriptor)
            except OSError:
                self._is_open = False
                os.ftruncate(self._descriptor, status.st_size)
                raise
            self.is_needed = self.is_needed or any(isinstance(record, Intent) for record in records)
            self.confirms = self.confirms or any(map(_confirms, records))

    def keep(self) -> None:
        """Keeps the journal though nothing was written: the run can be resumed."""
        self.is_needed = True

    def close(self) -> None:
        """Ends all writing: a worker that still runs sends nothing more. Removes a journal that nobody needs."""
        with self._lock:
            self._is_open = False
            os.close(self._descriptor)
            if not self.is_needed:
                self._path.unlink(missing_ok=True)


@contextmanager
def started(state_dir: Path, begin: Begin) -> Iterator[Journal]:
    """A new journal until the block ends; raises UsageError if it cannot be written."""
    journal = Journal(runs_folder(state_dir) / f"{begin.run}{_SUFFIX}", begin)
    try:
        yield journal
    finally:
        journal.close()


def path_of(state_dir: Path, run: str) -> Path:
    """The path of a run's journal, if it has one."""
    return state_dir / "runs" / f"{run}{_SUFFIX}"


def read(state_dir: Path, run: str) -> Iterator[Record]:
    """The records of a run, Begin first, without a torn last line; raises UsageError if it has no whole journal."""
    path = path_of(state_dir, run)
    if not run or Path(run).name != run or not os.path.lexists(path):
        raise UsageError(f"no run {run!r} in {path.parent}; syncjob runs lists them")
    return _records(path, run)


def is_held(state_dir: Path, run: str) -> bool:
    """Whether a run is still under way: the system takes its hold of the journal back from a process that died."""
    try:
        file, _ = regular.open_to_read(path_of(state_dir, run))
    except OSError:
        return False
    with file:
        return lock.is_held(file.fileno())


def run_ids(state_dir: Path) -> list[str]:
    """The runs that have a journal, newest first; last those whose id does not tell when they began."""
    try:
        names = os.listdir(state_dir / "runs")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UsageError(f"cannot list the journals in {error.filename}: {error.strerror}") from error
    ids = (name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX))
    return sorted(ids, key=lambda run: (begun_at(run) is not None, run), reverse=True)


def later_than(state_dir: Path, run: str) -> list[str]:
    """The runs that may have started after one, by their ids: those whose id does not tell are among them."""
    return [each for each in run_ids(state_dir) if begun_at(each) is None or each > run]


def begun_at(run: str) -> datetime | None:
    """When a run started, by its id; None if that is no id that a run gives itself."""
    found = _STAMP.fullmatch(run)
    try:
        return datetime.strptime(found[1], "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC) if found else None
    except ValueError:
        return None


def _records(path: Path, run: str) -> Iterator[Record]:
    try:
        file, _ = regular.open_to_read(path)
        with file:
            for number, line in enumerate(_lines(file), 1):
                place = f"{path}:{number}"
                record = _record(line, place)
                if isinstance(record, Begin) != (number == 1):
                    raise UsageError(f"{place}: the first record of a journal, and no other, is that of its run")
                if isinstance(record, Begin) and record.run != run:
                    raise UsageError(f"{place}: this is the journal of another run, {record.run}")
                yield record
    except OSError as error:
        raise UsageError(f"cannot read the journal {path}: {error.strerror}") from error


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """The whole lines; one that does not end is the last that a crash tore, or too long to be one."""
    while (line := file.readline(_LONGEST_LINE)).endswith(b"\n"):
        yield line
    if len(line) == _LONGEST_LINE:
        raise OSError(None, f"it holds a line of more than {_LONGEST_LINE:,} bytes")


def _record(line: bytes, place: str) -> Record:
    try:
        return _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{place}: not a record of a journal: {plain(error)}") from error


def _confirms(record: Record) -> bool:
    return isinstance(record, Confirmed) or (isinstance(record, Result) and record.status in ("applied", "unchanged"))


def _write_whole(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
