"""One change on its way to Scenario: read again where it waited, sent, and looked at where its effect is not known."""

from collections.abc import Callable
from typing import Protocol

from syncjob.control.workers import Stop
from syncjob.errors import Conflict, ProtocolError, RateLimited, ScenarioError, Stopped
from syncjob.plan.compare import Change
from syncjob.plan.existing import Absent, Existing, Held
from syncjob.plan.outcome import Outcome, Status, is_of, stored_as, uncertain, unresolved
from syncjob.problems import Failure, Problem, warning
from syncjob.remote.descriptions import Remote
from syncjob.text.canonical import canonical, same, sha256
from syncjob.text.normalised import is_same_but_for_form

# How often a write is begun: one without an answer is looked at, and sent again where it had no
# effect; one that waited too long is preceded by another reading.
_ROUNDS = 3
# A reading this young, in seconds, always counts: with `recheck_after: 0` nothing could be sent.
_LEAST_AGE = 1.0
# One this young counts for what is sent again because Scenario did not take it: nothing else needs another look.
_YOUNG = 5.0


class Book(Protocol):
    """Where writes are written down."""

    def intend(self, change: Change) -> None:
        """Raises Stopped where the text that is to be overwritten is not safe."""
        ...

    def doubt(self, change: Change) -> None:
        """Takes in that a write may have had its effect."""
        ...


class _Stale(Exception):
    """The text that is about to be overwritten was read too long ago."""


class _Ended(Exception):
    """The write has come to its outcome."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


class Attempt:
    """The write of one change. It is never repeated without another look, unless Scenario did not take it just now."""

    def __init__(
        self,
        change: Change,
        remote: Remote,
        recheck_after: float,
        stop: Stop,
        book: Book,
        unwanted: Callable[[Change], Problem | None],
    ) -> None:
        self._change = change
        self._remote = remote
        self._recheck_after = recheck_after
        self._stop = stop
        self._book = book
        self._unwanted = unwanted
        self._read_at = change.read_at
        self._max_age = recheck_after
        self._must_look = not change.exists  # whatever answers 404 on the way, it is to do so twice
        self._error: ScenarioError | None = None
        self._is_begun = False
        self._is_unknown = False  # whether any try may have had its effect
        self._is_unseen = False  # and nobody has looked since

    def outcome(self) -> Outcome:
        """Writes it; never raises."""
        try:
            for _ in range(_ROUNDS):
                self._recheck()
                self._send()
            return self._failed()
        except _Ended as ended:
            return ended.outcome
        except Stopped as stopped:
            return self._stopped(stopped.pending)

    def _recheck(self) -> None:
        if self._must_look or self._age > self._max_age:
            self._look()

    def _send(self) -> None:
        """Returns where it had no effect and is to be tried once more."""
        change = self._change
        try:
            answer = self._remote.write(change.model_id, change.after or None, self._before_send, self._before_repeat)
        except _Stale:
            return
        except ScenarioError as error:
            self._after_failure(error)
            return
        stored = canonical(answer.value or "")
        if not is_of(change, stored):
            shown = (
                "the text from before it" if same(stored, change.before) else "another text than the one that was sent"
            )
            message = f"the response to the write shows {shown}"
            self._after_failure(ProtocolError(message, http_status=200, ambiguous=True))
        raise _Ended(stored_as(change, stored, tuple(unresolved(change, answer))))

    def _before_send(self) -> None:
        """Asked after every wait: a stop or a long pause may have come since the text was read."""
        if self._stop.requested:
            raise Stopped(self._stop.reason)
        if self._age > max(self._max_age, _LEAST_AGE):
            raise _Stale
        if not self._is_begun:
            if problem := self._unwanted(self._change):
                raise _Ended(Outcome(self._change, "refused", (problem,)))
            self._book.intend(self._change)
            self._is_begun = True

    def _before_repeat(self, error: ScenarioError) -> None:
        self._note(error)
        was_sent = error.ambiguous or not (isinstance(error, RateLimited) or error.http_status is None)
        if was_sent or self._is_unknown or self._age > _YOUNG:
            self._look()
        else:
            self._max_age = min(self._recheck_after, _YOUNG)

    def _after_failure(self, error: ScenarioError) -> None:
        """Returns where no answer came, and a look shows that it had no effect."""
        self._note(error)
        if self._is_unseen or isinstance(error, Conflict):  # an earlier try may be what was in the way
            self._look()
        if not (error.ambiguous and error.http_status is None):
            raise _Ended(self._failed())

    def _note(self, error: ScenarioError) -> None:
        self._error = error
        if error.ambiguous:
            self._is_unknown = self._is_unseen = True
            self._book.doubt(self._change)

    def _look(self) -> None:
        """Reads what Scenario holds now; returns where that is what this write is to replace."""
        now = self._read()
        if isinstance(now, Absent) and not self._change.after:  # a stray 404 is not to be taken for the deletion
            now = self._read()
        if isinstance(now, Failure):
            raise _Ended(self._unread(now))
        text = now.text if isinstance(now, Held) else ""
        if same(text, self._change.after):
            raise _Ended(self._found(text))
        if not same(text, self._change.before):
            raise _Ended(self._third(text))
        self._read_at = now.read_at
        self._max_age = self._recheck_after
        self._must_look = self._is_unseen = False

    def _read(self) -> Existing:
        try:
            return self._remote.read(self._change.model_id)
        except Stopped as stopped:
            stopped.pending = None  # what a look waited for says nothing of the write
            raise

    @property
    def _age(self) -> float:
        return self._remote.clock() - self._read_at

    # How it may end

    def _found(self, text: str) -> Outcome:
        """Scenario holds the text: of this write, where a try may have had its effect."""
        if self._is_unknown:
            return Outcome(self._change, "applied", stored_sha256=sha256(text), effect="written")
        return Outcome(self._change, "unchanged", stored_sha256=sha256(text))

    def _third(self, text: str) -> Outcome:
        if self._is_unknown and text and is_same_but_for_form(text, self._change.after):
            return stored_as(self._change, text, ())
        message = "edited on Scenario since this run read it; left alone, run again to compare anew"
        return self._not_done("refused", Problem("remote-edited", message))

    def _unread(self, failure: Failure) -> Outcome:
        """The look failed."""
        if self._is_unseen:
            shown = failure if failure.is_fatal else self._failure or failure
            return uncertain(self._change, shown, f"{self._doubt}, and then a look failed ({failure.message})")
        if failure.is_fatal or self._error is None:
            return self._not_done("failed", failure=failure)
        return self._failed()

    def _failed(self) -> Outcome:
        if isinstance(self._error, Conflict):
            return self._not_done("refused", Problem("remote-edited", self._error.message))
        waited = Failure("unavailable", "each time it had to wait longer than http.recheck_after allows")
        return self._not_done("failed", failure=self._failure or waited)

    def _not_done(self, status: Status, *problems: Problem, failure: Failure | None = None) -> Outcome:
        """Whatever a look showed, what was sent and not clearly refused may still come."""
        if not self._is_unknown:
            return Outcome(self._change, status, problems, failure)
        message = (
            "was sent, and its response does not say whether it was written; Scenario did not show it since, but it may"
        )
        late = warning("write-uncertain", f"{message} still come: look again in some minutes")
        return Outcome(self._change, status, (*problems, late), failure, effect="unknown")

    def _stopped(self, pending: ScenarioError | None) -> Outcome:
        if pending:
            self._note(pending)
        if self._is_unseen and self._failure:
            return uncertain(self._change, self._failure, f"{self._doubt}, and the run ended before a look")
        return self._failed() if self._error else Outcome(self._change, "not_attempted")

    @property
    def _doubt(self) -> str:
        is_answered = self._error is not None and self._error.http_status is not None
        return "its response did not say whether it was written" if is_answered else "no response came"

    @property
    def _failure(self) -> Failure | None:
        return Failure.of(self._error) if self._error else None
