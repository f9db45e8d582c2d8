"""Regular files, opened without waiting: a pipe would block, a device act, and a link lead away."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

_SPECIAL = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class Unfit(OSError):
    """A file that cannot be taken as it is; `what` says why, as what follows its name: `is a folder`."""

    def __init__(self, what: str, path: str | Path) -> None:
        super().__init__(errno.EINVAL, f"it {what}", os.fspath(path))
        self.what = what


class NotRegular(Unfit):
    """There is something else in the place of a file."""


class TooLarge(Unfit):
    """A file of `size` bytes, more than were asked for."""

    def __init__(self, size: int, limit: int, path: str | Path) -> None:
        super().__init__(f"holds {size:,} bytes, more than {limit:,}", path)
        self.size = size


def require(path: str | Path, *, follow: bool = False) -> None:
    """Raises OSError if there is nothing, NotRegular if it is not a regular file, nor, to `follow`, a link to one."""
    kind = stat.S_IFMT((os.stat if follow else os.lstat)(path).st_mode)
    if kind != stat.S_IFREG:
        raise NotRegular(f"is {_SPECIAL.get(kind, 'no regular file')}", path)


def open_to_read(path: str | Path, *, follow: bool = False) -> tuple[BinaryIO, int]:
    """The file and its size; raises OSError if there is none, NotRegular if there is something else."""
    descriptor, size = _opened(path, follow=follow)
    return open(descriptor, "rb"), size  # noqa: PTH123  a descriptor


def _opened(path: str | Path, *, follow: bool) -> tuple[int, int]:
    """A descriptor, for the caller to close, and the file's size."""
    require(path, follow=follow)
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW))
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Unfit("changed its kind while it was read", path)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor, status.st_size


def mark(path: str | Path) -> tuple[int, ...] | None:
    """What is another once a file was written again; None if there is none."""
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def saved_at(mark: tuple[int, ...] | None) -> int:
    """When a file with that mark was written, in nanoseconds; 0 if there is none."""
    return mark[2] if mark else 0


def read(path: str | Path, limit: int, *, follow: bool = False) -> bytes:
    """The bytes of a file that holds at most `limit`; raises OSError."""
    # Without a file object, which asks the system three times more: each call is a chance to lose the interpreter.
    descriptor, size = _opened(path, follow=follow)
    try:
        if size > limit:
            raise TooLarge(size, limit, path)
        data = _read(descriptor, size)
    finally:
        os.close(descriptor)
    if len(data) > size:
        raise Unfit("grew while it was read; try again", path)
    return data


def _read(descriptor: int, size: int) -> bytes:
    """All that a file of this size holds, and a byte more if it grew."""
    data = os.read(descriptor, size + 1)  # no more: a buffer of the largest size takes longer than the file
    while len(data) < size and (more := os.read(descriptor, size + 1 - len(data))):
        data += more
    return data
