"""Files that a run makes for others: each whole or not at all, and none the end of the others."""

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from syncjob.environment import is_step
from syncjob.errors import Stopped, in_words
from syncjob.output import internal
from syncjob.output.gate import tell
from syncjob.output.outlet import Outlet
from syncjob.text import sanitize

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def save(path: str, parts: Iterable[str]) -> None:
    """Replaces a file whole or not at all; raises OSError. A pipe or a device takes the parts as they come."""
    from syncjob.files import whole  # slow to load, and no matter of `sync --help`

    encoded = (_inert(path, part).encode("utf-8", "backslashreplace") for part in parts)
    if is_special(path):
        with _opened(path) as descriptor:
            _write(descriptor, encoded)
    else:
        whole.save(Path(os.path.realpath(path)), encoded)


def append(path: str, text: str, errors: str = "backslashreplace") -> None:
    """Adds to the end of a file, all or nothing; raises OSError."""
    with _opened(path) as descriptor:
        status = os.fstat(descriptor)
        try:
            _write(descriptor, [_inert(path, text).encode("utf-8", errors)])
        except OSError:
            if stat.S_ISREG(status.st_mode):
                os.ftruncate(descriptor, status.st_size)
            raise


def proved(path: str) -> int:
    """A descriptor that shows that a file can be written; raises OSError. It leaves what is there, or nothing there."""
    if Path(path).exists():
        return opened(path)
    new = os.path.realpath(path)
    descriptor = os.open(new, _FLAGS | os.O_EXCL, 0o666)
    Path(new).unlink()
    return descriptor


def opened(path: str) -> int:
    """A descriptor to write to, without emptying what is there; raises OSError, also for a pipe that nobody reads."""
    try:
        return os.open(path, _FLAGS, 0o666)
    except OSError as error:
        if error.errno == errno.ENXIO and Path(path).is_fifo():
            raise OSError(error.errno, "nobody reads this pipe", path) from error
        raise


def is_special(path: str) -> bool:
    """Whether a path leads to a pipe or a device, which takes what it is given and gives nothing back."""
    return Path(path).exists() and not Path(path).is_file()


def _inert(path: str, text: str) -> str:
    """The text as a file gets it; /dev/stdout is read by GitHub's runner in a step, as stdout itself is."""
    return sanitize.inert(text) if is_step(os.environ) and is_special(path) else text


@contextmanager
def _opened(path: str) -> Iterator[int]:
    descriptor = opened(path)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _write(descriptor: int, parts: Iterable[bytes]) -> None:
    outlet = Outlet(descriptor, is_bounded=True)
    for part in parts:
        outlet.write(part)
        if outlet.failure:
            raise outlet.failure


class Attempts:
    """What a run makes for others, one by one: what fails is said on stderr, and is not the end of the rest."""

    def __init__(self) -> None:
        self.have_failed = False

    @contextmanager
    def to(self, what: str) -> Iterator[None]:
        """An attempt to `what`, such as "write the report"."""
        try:
            yield
            return
        except OSError as error:
            why = in_words(error)
        except Stopped as error:
            why = str(error)
        except Exception as error:  # noqa: BLE001  whatever is wrong with one format is not the others' end
            why = internal.told(error)
        self.have_failed = True
        tell(f"cannot {what}: {why}; the run is not affected")
