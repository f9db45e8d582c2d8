"""A Plan's writes -> Outcomes; nothing is sent to Scenario that is not in the journal first."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from syncjob.control import workers
from syncjob.control.circuit_breaker import Breaker
from syncjob.control.workers import Stop
from syncjob.output.internal import guarded
from syncjob.plan.compare import Change
from syncjob.plan.outcome import Outcome
from syncjob.problems import Problem
from syncjob.remote.attempt import Attempt
from syncjob.remote.book import Book
from syncjob.remote.descriptions import Remote
from syncjob.remote.stamps import Since
from syncjob.state.journal import Journal


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
    """Writes each change, by `count` workers, and yields its outcome; one for every change, in no order.

    `unwanted` may say, just before a change is first sent, why it no longer is to be; of `recheck_after` see `Since`.
    """
    ended: set[str] = set()
    book = Book(journal, remote.recent, stop, len(changes))
    since = Since(remote, changes, recheck_after)
    attempt = partial(Attempt, remote=remote, since=since, stop=stop, book=book, unwanted=unwanted)
    work = partial(_written, attempt, book, since)
    for change, outcome in workers.run(changes, work, min(count, len(changes)), stop):
        ended.add(change.model_id)
        breaker.note(outcome.failure)
        yield outcome
    yield from (book.unfinished(change) for change in changes if change.model_id not in ended)


def _written(attempt: Callable[[Change], Attempt], book: Book, since: Since, change: Change) -> Outcome:
    outcome = guarded(lambda: attempt(change).outcome(), partial(book.broken_off, change))
    book.record(outcome)
    since.forget(change)
    return outcome
