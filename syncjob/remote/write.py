"""A Plan -> Outcomes: the only module that writes to Scenario, and nothing that is not in the journal first."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial

from syncjob.control import workers
from syncjob.control.circuit_breaker import Breaker
from syncjob.control.workers import Stop
from syncjob.errors import Stopped
from syncjob.output.internal import guarded
from syncjob.plan.compare import Change
from syncjob.plan.outcome import Outcome, uncertain
from syncjob.problems import Failure, Problem
from syncjob.remote.attempt import Attempt
from syncjob.remote.descriptions import Remote
from syncjob.state.journal import Intent, Journal, Result
from syncjob.state.past_runs import Write, trace
from syncjob.state.recent import RecentWrite


def apply(
    changes: Sequence[Change],
    remote: Remote,
    journal: Journal,
    *,
    count: int,
    recheck_after: float,
    stop: Stop,
    breaker: Breaker,
    unwanted: Callable[[Change], Problem | None] = lambda change: None,
) -> Iterator[Outcome]:
    """Writes each change once and yields its outcome; one for every change, in no order.

    `unwanted` is asked before a change is first sent, and may say why it no longer is to be. A text read
    more than `recheck_after` seconds ago is read again before it is overwritten, and it is in the journal
    before that. Where the journal cannot be written the run is stopped.
    """
    ended: set[str] = set()
    book = _Book(journal, remote, stop)

    def work(change: Change) -> Outcome:
        attempt = partial(Attempt, change, remote, recheck_after, stop, book, unwanted)
        outcome = guarded(lambda: attempt().outcome(), partial(book.broken_off, change))
        book.record(outcome)
        return outcome

    for change, outcome in workers.run(changes, work, min(count, len(changes)), stop):
        ended.add(change.model_id)
        breaker.note(outcome.failure)
        yield outcome
    for change in changes:
        if change.model_id not in ended:
            yield _unfinished(change) if book.has(change) else Outcome(change, "not_attempted")


def _unfinished(change: Change) -> Outcome:
    failure = Failure("interrupted", "the run ended while the write was under way; the next run finds out what it did")
    return uncertain(change, failure, "the run ended while it was under way")


class _Book:
    """The journal, whose failure ends the run: what it cannot hold is not to be overwritten."""

    def __init__(self, journal: Journal, remote: Remote, stop: Stop) -> None:
        self._journal = journal
        self._remote = remote
        self._stop = stop
        self._begun: set[str] = set()
        self._doubted: set[str] = set()

    def has(self, change: Change) -> bool:
        """Whether a write was begun."""
        return change.model_id in self._begun

    def broken_off(self, change: Change, failure: Failure) -> Outcome:
        """The end of a write that came to none."""
        if not self.has(change):
            return Outcome(change, "failed", failure=failure)
        return uncertain(change, failure, "syncjob failed before it knew")

    def intend(self, change: Change) -> None:
        """Raises Stopped where the text that is to be overwritten is not safe."""
        try:
            self._journal.write(_intent(change), is_durable=True)
        except OSError as error:
            self._stop.request(f"cannot write the journal: {error.strerror}")
            raise Stopped(self._stop.reason) from error
        self._begun.add(change.model_id)

    def doubt(self, change: Change) -> None:
        """Takes in that a write may have had its effect, so that a look at it may come too early."""
        if self._remote.recent is not None and change.model_id not in self._doubted:
            self._doubted.add(change.model_id)
            write = trace(Write(_intent(change)))
            self._remote.recent.add(change.model_id, RecentWrite.of("this run", _now(), write))

    def record(self, outcome: Outcome) -> None:
        """What was applied stays applied, also where the journal cannot be told."""
        if not self.has(outcome.change):
            return
        error = outcome.failure.code if outcome.failure else None
        result = Result(outcome.change.model_id, outcome.status, outcome.stored_sha256, error, outcome.effect, _now())
        try:
            self._journal.write(result)
        except OSError as failure:
            self._stop.request(f"cannot write the journal: {failure.strerror}")


def _intent(change: Change) -> Intent:
    return Intent(change.model_id, change.path, change.before or None, change.after_sha256, _now())


def _now() -> datetime:
    return datetime.now(UTC)
