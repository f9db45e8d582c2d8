"""One change on its way to Scenario: read again if it waited, sent, and looked at if its effect is not known."""

from collections.abc import Callable

from syncjob.control.workers import Stop
from syncjob.errors import Conflict, ProtocolError, RateLimited, ScenarioError, Stopped
from syncjob.plan.compare import Change
from syncjob.plan.existing import Absent, Existing, Held
from syncjob.plan.outcome import Outcome, Status, is_of, stored_as, uncertain, unresolved
from syncjob.problems import Failure, Problem, warning
from syncjob.remote.book import Book
from syncjob.remote.descriptions import Remote
from syncjob.remote.stamps import Since
from syncjob.text.canonical import canonical, same, sha256
from syncjob.text.normalised import is_same_but_for_form

# How often a write may start: one without a response is looked at, and sent again if it had no
# effect; one that waited too long is preceded by another reading.
_ROUNDS = 3
# A reading this young, in seconds, always counts: with `recheck_after: 0` nothing could be sent.
_LEAST_AGE = 1.0
# One this young counts for what is sent again because Scenario did not take it: nothing else needs another look.
_YOUNG = 5.0


class _NotSent(Exception):
    """Tells the client, which asks before it sends, not to; with the outcome of the write if it has one."""

    def __init__(self, outcome: Outcome | None = None) -> None:
        super().__init__()
        self.outcome = outcome


class Attempt:
    """The write of one change. It is never repeated without another look, unless Scenario did not take it just now.

    Each step returns the outcome, or None if the write has none yet and is to go on.
    """

    def __init__(
        self,
        change: Change,
        remote: Remote,
        since: Since,
        stop: Stop,
        book: Book,
        unwanted: Callable[[Change], Problem | None],
    ) -> None:
        self._change = change
        self._remote = remote
        self._since = since
        self._stop = stop
        self._book = book
        self._unwanted = unwanted
        self._read_at = change.read_at
        self._max_age = since.recheck_after
        self._must_look = not change.exists  # a 404 is to come twice, whoever on the way sends it
        self._error: ScenarioError | None = None
        self._is_started = False
        self._is_unknown = False  # whether any try may have had its effect
        self._is_unseen = False  # and nobody has looked since

    def outcome(self) -> Outcome:
        """Writes it; never raises."""
        try:
            for _ in range(_ROUNDS):
                if outcome := self._recheck() or self._send():
                    return outcome
            return self._failed()
        except Stopped as stopped:
            return self._stopped(stopped.pending)

    def _recheck(self) -> Outcome | None:
        if self._must_look:
            return self._look()
        if self._age > self._max_age and not self._is_started and (seen_at := self._since.of(self._change)) is not None:
            self._read_at = seen_at
        return self._look() if self._age > self._max_age else None

    def _send(self) -> Outcome | None:
        change = self._change
        try:
            response = self._remote.write(change.model_id, change.after or None, self._before_send, self._before_repeat)
        except _NotSent as not_sent:
            return not_sent.outcome
        except ScenarioError as error:
            return self._after_failure(error)
        stored = canonical(response.value or "")
        if is_of(change, stored):
            return stored_as(change, stored, tuple(unresolved(change, response)))
        shown = "the text from before it" if same(stored, change.before) else "another text than the one that was sent"
        message = f"the response to the write shows {shown}"
        return self._after_failure(ProtocolError(message, http_status=200, ambiguous=True))

    def _before_send(self) -> None:
        """Asked after every wait: a stop or a long pause may have come since the text was read."""
        if self._stop.requested:
            raise Stopped(self._stop.reason)
        if self._age > max(self._max_age, _LEAST_AGE):
            raise _NotSent
        if not self._is_started:
            if problem := self._unwanted(self._change):
                raise _NotSent(Outcome(self._change, "refused", (problem,)))
            self._book.intend(self._change)
            self._is_started = True

    def _before_repeat(self, error: ScenarioError) -> None:
        self._note(error)
        was_sent = error.ambiguous or not (isinstance(error, RateLimited) or error.http_status is None)
        if not (was_sent or self._is_unknown or self._age > _YOUNG):
            self._max_age = min(self._since.recheck_after, _YOUNG)
        elif outcome := self._look():
            raise _NotSent(outcome)

    def _after_failure(self, error: ScenarioError) -> Outcome | None:
        self._note(error)
        must_look = self._is_unseen or isinstance(error, Conflict)  # an earlier try may be what was in the way
        outcome = self._look() if must_look else None
        may_go_on = error.ambiguous and error.http_status is None
        return outcome or (None if may_go_on else self._failed())

    def _note(self, error: ScenarioError) -> None:
        self._error = error
        if error.ambiguous:
            self._is_unknown = self._is_unseen = True
            self._book.doubt(self._change)

    def _look(self) -> Outcome | None:
        """Reads what Scenario holds now; None if that is what this write is to replace."""
        now = self._read()
        if isinstance(now, Absent) and not self._change.after:  # a stray 404 is not to be taken for the deletion
            now = self._read()
        if isinstance(now, Failure):
            return self._unread(now)
        text = now.text if isinstance(now, Held) else ""
        if same(text, self._change.after):
            return self._found(text)
        if not same(text, self._change.before):
            return self._third(text)
        self._read_at = now.read_at
        self._max_age = self._since.recheck_after
        self._must_look = self._is_unseen = False
        return None

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
        """Scenario holds the text: of this write, if a try may have had its effect."""
        if self._is_unknown:
            return Outcome(self._change, "applied", stored_sha256=sha256(text), effect="written")
        return Outcome(self._change, "unchanged", stored_sha256=sha256(text))

    def _third(self, text: str) -> Outcome:
        if self._is_unknown and text and is_same_but_for_form(text, self._change.after):
            return stored_as(self._change, text, ())
        message = "edited on Scenario since this run read it, and left alone; run again to compare"
        return self._not_done("refused", Problem("remote-edited", message))

    def _unread(self, failure: Failure) -> Outcome:
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
        message = "may have been written: the response was unclear, and Scenario does not show it yet"
        advice = f"run `syncjob diff {self._change.model_id}` in some minutes"
        late = warning("write-uncertain", f"{message}; {advice}")
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
