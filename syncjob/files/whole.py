"""Files that are written whole or not at all; the only module that writes descriptions."""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = ".syncjob-"
_MAX_NAME_BYTES = 255


def write(path: Path, data: bytes) -> None:
    """Replaces a file or makes a new one; raises OSError, and then no file has changed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _made(path.parent) as new:
        with new.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        new.chmod(_mode(path))
        new.replace(path)


def save(path: Path, parts: Iterable[bytes]) -> None:
    """`write` for what is made in parts, and need not outlast a power loss; its folder must be there.

    A file that cannot be replaced, as in a folder that is not ours, is itself written, from a copy that is whole.
    """
    is_ours = not path.exists() or os.access(path.parent, os.W_OK | os.X_OK)
    with _made(path.parent if is_ours else None) as new:
        with new.open("wb") as file:
            file.writelines(parts)
        new.chmod(_mode(path))
        with suppress(OSError):  # its owner stays, if we may say so
            status = path.stat()
            os.chown(new, status.st_uid, status.st_gid)
        try:
            new.replace(path)
        except OSError:
            if not path.exists():
                raise
            # A file that is mounted by itself, or in a folder that is not ours.
            shutil.copyfile(new, path)


@contextmanager
def scratch(*contents: bytes) -> Iterator[list[Path]]:
    """Files of these bytes in a new folder of the system's temporary ones, all gone with the block; raises OSError."""
    with tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as folder:
        files = [Path(folder) / str(number) for number in range(len(contents))]
        for file, content in zip(files, contents, strict=True):
            file.write_bytes(content)
        yield files


@contextmanager
def for_owner(content: bytes, suffix: str) -> Iterator[Path]:
    """A file that its owner alone may read, in the system's folder for temporary ones, gone with the block."""
    with _made(None, suffix) as new:
        new.write_bytes(content)
        yield new


@contextmanager
def _made(folder: Path | None, suffix: str = ".tmp") -> Iterator[Path]:
    """An empty file in a folder, or in that of the system's temporary files; it is gone with the block unless moved."""
    # A short name: one made of the file's own could be longer than a name may be.
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=_PREFIX, suffix=suffix)
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        with suppress(OSError):
            Path(name).unlink()


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
