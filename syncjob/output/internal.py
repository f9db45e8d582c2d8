"""What is said of a fault of syncjob's own, and how one at a single description ends nothing else."""

import os
from collections.abc import Callable
from typing import TypeVar

from syncjob import __version__
from syncjob.errors import SyncjobError
from syncjob.problems import Failure

_T = TypeVar("_T")


def guarded(work: Callable[[], _T], instead: Callable[[Failure], _T]) -> _T:
    """What `work` comes to, or `instead` if it raises what nobody foresaw."""
    try:
        return work()
    except SyncjobError:
        raise
    except Exception as error:  # noqa: BLE001  one description is not to hide what became of the others
        return instead(Failure("internal", told(error)))


def told(error: Exception) -> str:
    """One line, without values that may be secret."""
    import traceback
    from pathlib import Path

    from syncjob.credentials import quoted, secrets_of

    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    what = quoted(f"{type(error).__name__}: {error}", secrets_of(os.environ))
    return f"internal error, please report it with this line: {what} ({place}, syncjob {__version__})"
