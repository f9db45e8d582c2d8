"""Python runs this at the start of a process that has this folder in PYTHONPATH: see `tests.support.unhurried`."""

import os
import runpy

from syncjob.control import signals, workers
from syncjob.output import outlet

# A program of the test's own that goes first.
if first := os.environ.get("TESTS_FIRST"):
    runpy.run_path(first)
signals.LAST_WAIT = signals.LAST_WORK = workers._DRAIN = 50.0  # type: ignore[attr-defined]
if called_off := os.environ.get("TESTS_CALLED_OFF"):
    workers._CALLED_OFF = float(called_off)
    workers.Stop.when_overdue.__defaults__ = (workers._CALLED_OFF,)
if "TESTS_READER_IS_SLOW" in os.environ:
    outlet._PATIENCE, outlet._LATE = 50.0, 100.0


class _Over:
    """A time that comes when a test says so, and not before."""

    def __le__(self, now: float) -> bool:
        return os.path.exists(os.environ["TESTS_TIME_IS_OVER"])  # noqa: PTH110  asked for often


def _request_when_over(self: workers.Stop, seconds: float, reason: str) -> None:
    self._due = (_Over(), reason)  # type: ignore[assignment]


if "TESTS_TIME_IS_OVER" in os.environ:
    workers.Stop.request_after = _request_when_over  # type: ignore[method-assign]
