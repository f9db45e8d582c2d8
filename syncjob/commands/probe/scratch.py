"""A model whose description is changed for a while: nobody else's text is overwritten, and its own comes back."""

from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from typing import Any

from syncjob.commands.probe.calls import ask, path_of, put_once
from syncjob.commands.probe.described import NOT_FOUND, mark, own_text, parsed
from syncjob.commands.probe.pending import Pending
from syncjob.commands.run import Run
from syncjob.errors import Conflict, NotFound, RateLimited, ScenarioError, Stopped, SyncjobError
from syncjob.scenario.answers import Answer
from syncjob.state.journal import Effect, Intent, Journal, Record, Result
from syncjob.text.canonical import canonical, sha256
from syncjob.text.normalised import what_became

PAUSE = 2.0  # seconds between the two readings that show that the model's own text is back
# Nothing promises that a GET sees the PUT before it: this many seconds it may show what was there earlier.
_LAG = 10.0
_STEP = 0.5
_ROUNDS = 3  # how often the model's own text is put back if it then does not show
_CONFLICT_ATTEMPTS = 2


class NotRestored(SyncjobError):
    """The scratch model does not hold its own text again, or may not go on to."""


class Edited(NotRestored):
    """Somebody else has written the model, and that text was left alone."""


class MayArrive(NotRestored):
    """The model holds its own text, and a write without a clear response may still replace it."""


class Unsettled(SyncjobError):
    """What a write did is not known, so nothing more can be asked."""


class Scratch:
    """A scratch model, and the API that it is asked about.

    Every call raises ScenarioError if it is refused, Unsettled if its effect is not known, NotRestored if
    somebody edited the model, and Stopped if the run is to end. `lag` is the longest time in seconds that a
    reading showed an earlier text.
    """

    def __init__(self, run: Run, journal: Journal, model_id: str, original: str | None) -> None:
        self._run = run
        self._journal = journal
        self.model_id = model_id
        self._path = path_of(model_id)
        self.original = original
        self.lag = 0.0
        # The model's own text, what was sent, and what was then stored; and of these what it should hold now.
        self._ours = {mark(self.original)}
        self._expected = {mark(self.original)}
        self._is_known = False
        self._was_sent = False  # anything that Scenario did not clearly refuse
        self._is_written = False  # with another text than its own, for all that is known
        self._is_restoring = False
        self._may_arrive = Pending(self.original)

    def ask(self, method: str, path: str, body: object = None, **query: str | int) -> Answer:
        """Any call that writes nothing, of the run's project."""
        return ask(self._run, method, path, body, **query)

    def get(self) -> Any:
        """The body of GET once it shows what was stored last, NOT_FOUND for a 404."""
        waited = 0.0
        while True:
            body = self._look()
            if mark(own_text(body)) in self._expected:
                self.lag = max(self.lag, waited)
                return body
            if waited >= _LAG:
                raise Unsettled(f"{_LAG:.0f} s after a write Scenario still shows an earlier text")
            self._run.stop.sleep(_STEP)
            waited += _STEP

    def put(self, text: str | None) -> Any:
        """The body of the response to PUT; before each request what is overwritten is read, so that it is nobody else's."""
        attempt = 0
        while True:
            attempt += 1
            if not self._is_known:
                self.get()
            if self._run.stop.requested:
                raise Stopped(self._run.stop.reason)
            try:
                return self._send(text)
            except ScenarioError as error:
                if error.ambiguous:
                    return self._arrived(text, error)
                if not error.retryable or attempt >= self._attempts(error):
                    raise
                self._run.client.wait(self._asked_for(error) or _STEP)

    def restore(self) -> None:
        """Puts the model's own text back, and sees it there twice with a pause between; raises NotRestored.

        Once anything was sent, a reading of that text alone shows nothing: it may be of the time before.
        """
        if not self._was_sent:
            return
        self._is_restoring = True
        for _ in range(_ROUNDS):
            try:
                self._put_back()
            except ScenarioError as error:
                if not self._is_untouched():
                    raise
                raise MayArrive(str(self._may_arrive)) from error
            if self._is_back():
                break
        else:
            raise NotRestored("Scenario does not show the model's own text again")
        if self._may_arrive:
            raise MayArrive(str(self._may_arrive))

    def _attempts(self, error: ScenarioError) -> int:
        if self._is_too_long(error):
            return 1
        attempts = self._run.config.http.attempts
        return min(attempts, _CONFLICT_ATTEMPTS) if isinstance(error, Conflict) else attempts

    def _is_too_long(self, error: ScenarioError) -> bool:
        most = self._run.config.http.max_retry_after
        return isinstance(error, RateLimited) and (error.retry_after or 0.0) > most

    def _asked_for(self, error: ScenarioError) -> float:
        """The wait that the server asks for, in seconds; 0 if it asks for none, or for more than is heeded."""
        return error.retry_after or 0.0 if error.retryable and not self._is_too_long(error) else 0.0

    def _look(self) -> Any:
        try:
            body: Any = parsed(self.ask("GET", self._path))
        except NotFound:
            body = NOT_FOUND
        shown = own_text(body)
        if mark(shown) not in self._ours:
            kind = NotRestored if self._may_arrive else Edited
            raise kind("edited by somebody else during the probe; their text was kept")
        self._may_arrive.seen(shown)
        self._is_known = True
        self._is_written = self._is_written or mark(shown) != mark(self.original)
        return body

    def _send(self, text: str | None) -> Any:
        """One PUT, with its records in the journal before and after."""
        after_sha256 = sha256(canonical(text or ""))
        self._run.memory.forget([self.model_id])
        self._record(Intent(self.model_id, "", self.original, after_sha256, datetime.now(UTC)), is_durable=True)
        self._is_known, was_sent = False, self._was_sent
        try:
            answer = put_once(self._run, self._path, text, self._is_sent)
            stored = own_text(answer)
        except ScenarioError as error:
            self._ours.add(mark(text))
            self._expected = self._expected | {mark(text)}
            if error.ambiguous and not self._is_restoring:
                self._may_arrive.add(text)
            effect: Effect = "unknown" if error.ambiguous else "none"
            self._was_sent = self._was_sent if error.ambiguous else was_sent
            self._record(Result(self.model_id, "failed", error=error.code, effect=effect, at=datetime.now(UTC)))
            raise
        self._is_written = self._is_written or not self._is_restoring
        self._expected = {mark(text)} if text and _is_foreign(text, stored) else {mark(text), mark(stored)}
        self._ours |= self._expected
        self._may_arrive.seen(text, stored)
        stored_sha256 = sha256(canonical(stored or ""))
        self._record(Result(self.model_id, "applied", stored_sha256, effect="written", at=datetime.now(UTC)))
        return answer

    def _is_sent(self) -> None:
        self._was_sent = True

    def _arrived(self, text: str | None, error: ScenarioError) -> Any:
        """The body of GET if it shows that a write had its effect after all; raises Unsettled if nothing does."""
        before = len(self._may_arrive)
        with suppress(ScenarioError, Stopped):
            if wait := self._asked_for(error):
                self._run.client.wait(wait)
            body = self._look()
            if len(self._may_arrive) < before:
                self._expected = {mark(text)}
                return body
        raise Unsettled(f"{error.message}; whether that write has an effect is not known, so nothing more was asked")

    def _put_back(self) -> None:
        for attempt in count(1):
            self._look()
            try:
                self._send(self.original)
                return
            except ScenarioError as error:
                if attempt >= self._attempts(error) or not (error.retryable or error.ambiguous):
                    raise
                self._run.client.wait(self._asked_for(error) or _STEP)

    def _is_untouched(self) -> bool:
        """Whether the model holds its own text, and was never seen with another, so that one may still arrive."""
        if not self._is_written:
            self._look()
        return bool(self._may_arrive) and not self._is_written

    def _is_back(self) -> bool:
        self._expected = {mark(self.original)}
        try:
            self.get()
        except Unsettled:
            return False
        self._run.stop.sleep(PAUSE)
        return mark(own_text(self._look())) in self._expected

    def _record(self, record: Record, *, is_durable: bool = False) -> None:
        try:
            self._journal.write(record, is_durable=is_durable)
        except OSError:
            # The journal holds what is to be put back by its first record, and need hold no more.
            if not self._is_restoring:
                raise


def _is_foreign(text: str, stored: str | None) -> bool:
    """Whether what a response shows was not made of the text that was sent."""
    return what_became(canonical(text), canonical(stored or "")) == "other"
