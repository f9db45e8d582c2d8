"""One writer a profile: a lock on the state folder, which the system takes back from a process that died."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from syncjob.display import shorten
from syncjob.errors import SyncjobError, UsageError
from syncjob.state import state_folder


class Busy(SyncjobError):
    """Another run is writing to the same profile; nothing was changed."""


@contextmanager
def only_writer(state_dir: Path, profile: str, holder: str) -> Iterator[None]:
    """Holds the profile's lock until the block ends; raises Busy with what its holder called itself."""
    path = state_folder(state_dir) / f"{quote(profile, safe='')}.lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UsageError(f"cannot make the lock {path}: {error.strerror}") from error
    try:
        _take(descriptor, path, profile)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, holder.encode(), 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _take(descriptor: int, path: Path, profile: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = shorten(os.pread(descriptor, 1000, 0).decode("utf-8", "replace")) or "another run"
        raise Busy(
            f"{holder} is writing to the profile {profile!r}; wait for it or end it, nothing was changed here"
        ) from error
    except OSError as error:
        raise UsageError(f"cannot lock {path}: {error.strerror}; SYNCJOB_STATE_DIR names another folder") from error
