"""One writer a profile: a lock on the state folder, which the system takes back from a process that died."""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from syncjob.errors import SyncjobError, UsageError
from syncjob.files import regular
from syncjob.state.folder import file_of, state_folder
from syncjob.text.sanitize import shorten

# How every holder's name begins, so that no other file is taken for a lock: `uv.lock` is one of another kind.
HOLDER = "the run "
_MOST = 1000  # bytes of the holder's name


class Busy(SyncjobError):
    """Another run is writing to the same profile; nothing was changed."""


@contextmanager
def only_writer(state_dir: Path, profile: str, holder: str) -> Iterator[None]:
    """Holds the profile's lock until the block ends; raises Busy with the name of its holder, which begins with HOLDER."""
    path = file_of(state_folder(state_dir), profile, "lock")
    try:
        descriptor = _open(path)
    except OSError as error:
        raise UsageError(f"cannot make the lock {path}: {error.strerror}") from error
    try:
        _take(descriptor, path, profile)
        _require_ours(descriptor, path)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, holder.encode(), 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def hold(descriptor: int) -> None:
    """Locks a file of one's own until it is closed, or the process ends; raises OSError."""
    fcntl.flock(descriptor, fcntl.LOCK_EX)


def is_held(descriptor: int) -> bool:
    """Whether somebody else holds a file; nobody if files cannot be locked, as no run can start there."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _open(path: Path) -> int:
    if os.path.lexists(path):
        regular.require(path)
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    return os.open(path, flags, 0o600)


def _take(descriptor: int, path: Path, profile: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = shorten(_content(descriptor)) or "another run"
        advice = "wait for it or end it, nothing was changed here"
        raise Busy(f"{holder} is writing to the profile {profile!r}; {advice}") from error
    except OSError as error:
        raise UsageError(f"cannot lock {path}: {error.strerror}; SYNCJOB_STATE_DIR names another folder") from error


def _require_ours(descriptor: int, path: Path) -> None:
    """Raises UsageError if what is locked is not our file: it would be overwritten."""
    status = os.fstat(descriptor)
    is_ours = not status.st_size or _content(descriptor).startswith(HOLDER)
    if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1 or not is_ours:
        advice = "move it away, or name another folder with SYNCJOB_STATE_DIR"
        raise UsageError(f"{path} is not a lock of syncjob: {advice}")


def _content(descriptor: int) -> str:
    return os.pread(descriptor, _MOST, 0).decode("utf-8", "replace")
