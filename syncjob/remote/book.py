"""What a run's writes leave behind: in the journal, whose failure ends the run, and for later readings."""

import threading
from datetime import UTC, datetime

from syncjob.control.workers import Stop
from syncjob.errors import Stopped
from syncjob.plan.compare import Change
from syncjob.plan.outcome import Outcome, uncertain
from syncjob.problems import Failure
from syncjob.state.journal import Intent, Journal, Result
from syncjob.state.past_runs import Write
from syncjob.state.recent import Recent, RecentWrite
from syncjob.text.sanitize import shorten


class Book:
    """The journal and the recent writes of a run; safe to share by threads that write different models."""

    def __init__(self, journal: Journal, recent: Recent | None, stop: Stop, planned: int) -> None:
        """`planned` is how many writes are to be made: the first that begins says so in the journal."""
        self._journal = journal
        self._planned = iter([planned])
        self._lock = threading.Lock()
        self._recent = recent
        self._stop = stop
        self._begun: set[str] = set()
        self._doubted: set[str] = set()

    def intend(self, change: Change) -> None:
        """Raises Stopped if the text that is to be overwritten is not safe."""
        try:
            self._journal.write(_intent(change, self._untold()), is_durable=True)
        except OSError as error:
            self._end_run(error)
            raise Stopped(self._stop.reason) from error
        self._begun.add(change.model_id)

    def _untold(self) -> int | None:
        with self._lock:
            return next(self._planned, None)

    def doubt(self, change: Change) -> None:
        """Takes in that a write may have had its effect, so that a look at it may come too early."""
        if self._recent is not None and change.model_id not in self._doubted:
            self._doubted.add(change.model_id)
            write = Write(_intent(change))
            self._recent.add(change.model_id, RecentWrite.of("this run", _now(), write))

    def record(self, outcome: Outcome) -> None:
        """What was applied stays applied, even if the journal cannot be written."""
        change = outcome.change
        if change.model_id not in self._begun:
            return
        error = outcome.failure.code if outcome.failure else None
        try:
            self._journal.write(
                Result(change.model_id, outcome.status, outcome.stored_sha256, error, outcome.effect, _now())
            )
        except OSError as failure:
            self._end_run(failure)

    def broken_off(self, change: Change, failure: Failure) -> Outcome:
        """The end of a write that failed inside syncjob."""
        if change.model_id not in self._begun:
            return Outcome(change, "failed", failure=failure)
        return uncertain(change, failure, "syncjob failed before it knew")

    def unfinished(self, change: Change) -> Outcome:
        """The end of a write that the run did not wait for."""
        if change.model_id not in self._begun:
            return Outcome(change, "not_attempted")
        message = "the run ended while the write was under way; the next run finds out what it did"
        return uncertain(change, Failure("interrupted", message), "the run ended while it was under way")

    def _end_run(self, error: OSError) -> None:
        self._stop.request(f"cannot write the journal: {error.strerror}")


def _intent(change: Change, planned: int | None = None) -> Intent:
    name = shorten(change.model_name) if change.model_name else None
    after = change.after if change.is_uncommitted else None
    before = change.before or None
    return Intent(change.model_id, change.path, before, change.after_sha256, _now(), name, planned, after)


def _now() -> datetime:
    return datetime.now(UTC)
