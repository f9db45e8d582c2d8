"""A Plan -> Outcomes: the only module that writes to Scenario, and nothing that is not in the journal first."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from syncjob import workers
from syncjob.breaker import Breaker
from syncjob.errors import Conflict, ScenarioError, Stopped
from syncjob.existing import Absent, Held
from syncjob.journal import Intent, Journal, Result
from syncjob.plan import Change
from syncjob.problems import Failure, Problem, warning
from syncjob.references import Key, outside_code
from syncjob.remote import Remote
from syncjob.scenario.types import Description
from syncjob.text import canonical, same, sha256
from syncjob.workers import Stop

Status = Literal["applied", "failed", "refused", "not_attempted"]
# How often a write is begun: one without an answer is looked at, and sent again where it had no
# effect; one that waited too long is preceded by another reading.
_SETTLING = 3
# A reading this young, in seconds, always counts: with `recheck_after: 0` nothing could be sent.
_LEAST_AGE = 1.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the write of one change ended; `refused` where the remote had moved since it was read."""

    change: Change
    status: Status
    problems: tuple[Problem, ...] = ()
    failure: Failure | None = None
    stored_sha256: str | None = None


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

    `unwanted` is asked before a change is first sent, and may say why it no longer is to be. A text read more than `recheck_after` seconds ago is read again before it is overwritten, and it
    is in the journal before that. Where the journal cannot be written the run is stopped.
    """
    begun: set[str] = set()
    ended: set[str] = set()
    book = _Book(journal, stop)

    def work(change: Change) -> Outcome:
        outcome = _Write(change, remote, recheck_after, stop, book, begun, unwanted).outcome()
        if change.model_id in begun:
            book.record(outcome)
        return outcome

    for change, outcome in workers.run(changes, work, min(count, len(changes)), stop):
        ended.add(change.model_id)
        breaker.note(outcome.failure)
        yield outcome
    for change in changes:
        if change.model_id not in ended:
            yield _unfinished(change, is_begun=change.model_id in begun)


def _unfinished(change: Change, *, is_begun: bool) -> Outcome:
    if not is_begun:
        return Outcome(change, "not_attempted")
    failure = Failure("interrupted", "the run ended while the write was under way; the next run finds out what it did")
    return Outcome(change, "failed", failure=failure)


class _Book:
    """The journal, whose failure ends the run: what it cannot hold is not to be overwritten."""

    def __init__(self, journal: Journal, stop: Stop) -> None:
        self._journal = journal
        self._stop = stop

    def intend(self, change: Change) -> None:
        """Raises Stopped where the text that is to be overwritten is not safe."""
        intent = Intent(change.model_id, change.path, change.before or None, change.after_sha256)
        try:
            self._journal.write(intent, is_durable=True)
        except OSError as error:
            self._stop.request(f"cannot write the journal: {error.strerror}")
            raise Stopped(self._stop.reason) from error

    def record(self, outcome: Outcome) -> None:
        """What was applied stays applied, also where the journal cannot be told."""
        error = outcome.failure.code if outcome.failure else None
        result = Result(outcome.change.model_id, outcome.status, outcome.stored_sha256, error)
        try:
            self._journal.write(result)
        except OSError as failure:
            self._stop.request(f"cannot write the journal: {failure.strerror}")


class _Stale(Exception):
    """The text that is about to be overwritten was read too long ago."""


class _Unwanted(Exception):
    """The change is not to be sent after all; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class _Write:
    """One change on its way: read again when it waited long, written, and looked at where no answer came."""

    def __init__(
        self,
        change: Change,
        remote: Remote,
        recheck_after: float,
        stop: Stop,
        book: _Book,
        begun: set[str],
        unwanted: Callable[[Change], Problem | None],
    ) -> None:
        self._change = change
        self._remote = remote
        self._recheck_after = recheck_after
        self._stop = stop
        self._book = book
        self._begun = begun
        self._unwanted = unwanted
        self._read_at = change.read_at
        self._last: Failure | None = None

    def outcome(self) -> Outcome:
        try:
            for _ in range(_SETTLING):
                outcome = self._recheck_if_older_than(self._recheck_after) or self._send()
                if outcome:
                    return outcome
            return Outcome(self._change, "failed", failure=self._last)
        except _Unwanted as unwanted:
            return Outcome(self._change, "refused", (unwanted.problem,))
        except Stopped as stopped:
            if stopped.pending:
                return _failed(self._change, stopped.pending)
            if self._last and self._change.model_id in self._begun:
                return Outcome(self._change, "failed", failure=self._last)  # it was sent, and may have had its effect
            return Outcome(self._change, "not_attempted")

    def _recheck_if_older_than(self, seconds: float) -> Outcome | None:
        if self._remote.clock() - self._read_at <= seconds:
            return None
        now = self._remote.read(self._change.model_id)
        if isinstance(now, Failure):
            return Outcome(self._change, "failed", failure=now)
        self._read_at = now.read_at
        if self._change.model_id in self._begun and same(_text(now), self._change.after):
            # A write without an answer came late.
            return Outcome(self._change, "applied", stored_sha256=sha256(_text(now)))
        return _moved(self._change, now)

    def _before_send(self) -> None:
        """Asked after every wait: a stop or a long pause may have come since the text was read."""
        if self._stop.requested:
            raise Stopped(self._stop.reason)
        if self._remote.clock() - self._read_at > max(self._recheck_after, _LEAST_AGE):
            raise _Stale
        if self._change.model_id not in self._begun:
            if problem := self._unwanted(self._change):
                raise _Unwanted(problem)
            self._book.intend(self._change)
            self._begun.add(self._change.model_id)

    def _send(self) -> Outcome | None:
        """The outcome of the write; None where it had no effect and is to be tried once more."""
        change = self._change
        try:
            answer = self._remote.write(change.model_id, change.after or None, self._before_send)
        except _Stale:
            waited = Failure("unavailable", "each time it had to wait longer than http.recheck_after allows")
            self._last = self._last or waited
            return None
        except Conflict as error:
            self._last = Failure.of(error)
            now = self._remote.read(change.model_id)  # it may be a try before this one that was in the way
            if not isinstance(now, Failure) and same(_text(now), change.after):
                return Outcome(change, "applied", stored_sha256=sha256(_text(now)))
            return Outcome(change, "refused", problems=(Problem("remote-edited", error.message),))
        except ScenarioError as error:
            self._last = Failure.of(error)
            settled = _settle(change, error, self._remote)
            if settled or error.http_status is None:
                return settled
            return _failed(change, error)  # an answer came: retried as far as it may be
        stored = sha256(canonical(answer.value or ""))
        return Outcome(change, "applied", tuple(_check_answer(change, answer)), stored_sha256=stored)


def _settle(change: Change, error: ScenarioError, remote: Remote) -> Outcome | None:
    """What a failed write did; None where it did nothing and may be sent again."""
    if not error.ambiguous:
        return _failed(change, error)
    try:
        now = remote.read(change.model_id)
    except Stopped:
        return _failed(change, error)
    if isinstance(now, Failure):
        return _failed(change, error)
    if same(_text(now), change.after):
        return Outcome(change, "applied", stored_sha256=sha256(_text(now)))
    return _moved(change, now)


def _moved(change: Change, now: Held | Absent) -> Outcome | None:
    """The refusal where the remote no longer holds what the plan was made from; else None."""
    if same(_text(now), change.before):
        return None
    message = "edited on Scenario since this run read it; left alone, run again to compare anew"
    return Outcome(change, "refused", problems=(Problem("remote-edited", message),))


def _text(existing: Held | Absent) -> str:
    return existing.text if isinstance(existing, Held) else ""


def _failed(change: Change, error: ScenarioError) -> Outcome:
    return Outcome(change, "failed", failure=Failure.of(error))


def _check_answer(change: Change, answer: Description) -> Iterator[Problem]:
    """Warnings where the API stored something else than was sent, or did not resolve a reference."""
    stored = canonical(answer.value or "")
    if not same(stored, change.after):
        message = f"Scenario stored another text than was sent ({len(stored):,} characters for {len(change.after):,})"
        yield warning("remote-normalised", message)
    listed: set[Key] = {("asset", asset.id) for asset in answer.assets}
    listed |= {("model", model.id) for model in answer.models}
    unlisted = [tag for tag in change.tags if (tag.kind, tag.id) not in listed]
    for tag in outside_code(change.after, unlisted):
        message = f"{tag}: Scenario's answer to the write does not list this {tag.kind}"
        yield warning("reference-unresolved", message, tag.line, tag.column)
