"""Files that are written whole or not at all; the only module that writes descriptions."""

import os
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_PREFIX = ".syncjob-"
_MAX_NAME_BYTES = 255


def write(path: Path, data: bytes) -> None:
    """Puts a file in place of another, or where there was none; raises OSError, and then no file has changed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # A short name: one made of the file's own could be longer than a name may be.
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=_PREFIX, suffix=".tmp")
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123  a descriptor, not a path
            file.write(data)
            file.flush()
            os.fsync(descriptor)
            os.fchmod(descriptor, _mode(path))
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def save(path: Path, parts: Iterable[bytes]) -> None:
    """`write` for what is made in parts, and need not outlast a power loss; its folder must be there.

    Where nothing can be put in its place, as in a folder that is not ours, the file itself is written.
    """
    if path.exists() and not os.access(path.parent, os.W_OK | os.X_OK):
        with path.open("wb") as file:
            file.writelines(parts)
        return
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".syncjob-", suffix=".tmp")
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123  a descriptor, not a path
            file.writelines(parts)
            os.fchmod(descriptor, _mode(path))
            _keep_owner(path, descriptor)
        _move(Path(name), path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _move(new: Path, path: Path) -> None:
    try:
        new.replace(path)
    except OSError:
        if not path.exists():
            raise
        # A file that is mounted by itself, or somebody else's in a folder of all.
        shutil.copyfile(new, path)
        new.unlink()


def _keep_owner(path: Path, descriptor: int) -> None:
    with suppress(OSError):
        status = path.stat()
        os.fchown(descriptor, status.st_uid, status.st_gid)


def max_name_bytes(folder: Path) -> int:
    """How long a file's name may be in a folder, which need not exist yet."""
    for each in (folder, *folder.parents):
        with suppress(OSError, ValueError):
            return os.pathconf(each, "PC_NAME_MAX")
    return _MAX_NAME_BYTES


def _mode(path: Path) -> int:
    """That of the file which is replaced, else that of any new file."""
    with suppress(OSError):
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
