"""Files that are written whole or not at all; the only module that writes descriptions."""

import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def write(path: Path, data: bytes) -> None:
    """Puts a file in place of another, or where there was none; raises OSError, and then no file has changed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
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
    """`write` for what is made in parts, and need not outlast a power loss; its folder must be there."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".syncjob-", suffix=".tmp")
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123  a descriptor, not a path
            file.writelines(parts)
            os.fchmod(descriptor, _mode(path))
            _keep_owner(path, descriptor)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _keep_owner(path: Path, descriptor: int) -> None:
    with suppress(OSError):
        status = path.stat()
        os.fchown(descriptor, status.st_uid, status.st_gid)


def _mode(path: Path) -> int:
    """That of the file which is replaced, else that of any new file."""
    with suppress(OSError):
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
