"""The one retry policy; the only module that imports tenacity."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import tenacity

from syncjob.errors import Conflict, RateLimited, ScenarioError, Stopped

_T = TypeVar("_T")

_BACKOFF = tenacity.wait_random_exponential(multiplier=0.5, max=30)  # seconds, full jitter
_CONFLICT_ATTEMPTS = 2
# A server may go on to ask for no wait, and is not to be asked without end: from the third refusal in a row on.
_DOUBTED, _LONGEST_DOUBT = 3, 5.0  # seconds


@dataclass(frozen=True, slots=True)
class Retry:
    """One failed attempt that is followed by another; `wait` in seconds."""

    attempt: int
    wait: float
    error: ScenarioError


def call(
    send: Callable[[], _T],
    attempts: int,
    sleep: Callable[[float], None],
    on_retry: Callable[[Retry], None],
    before_repeat: Callable[[ScenarioError], None] = lambda _: None,
    *,
    is_patient: Callable[[], bool] = lambda: True,
) -> _T:
    """`send()`, again while its error is retryable, at most `attempts` times in all.

    While it `is_patient`, a refusal for the rate is no attempt: it is waited for until `on_retry` raises. Waits as long as
    the server asks, else by exponential backoff with full jitter; `on_retry` is called before each wait,
    `before_repeat` with the error after it. Raises the last error, with the number of requests in it.
    """
    attempt = _Attempt(send, before_repeat, is_patient)
    try:
        return _policy(attempt, attempts, sleep, on_retry)(attempt)
    except Stopped as stopped:
        if attempt.failures:
            stopped.pending = attempt.failures[-1]
        raise


class _Attempt(Generic[_T]):
    def __init__(
        self, send: Callable[[], _T], before_repeat: Callable[[ScenarioError], None], is_patient: Callable[[], bool]
    ) -> None:
        self.failures: list[ScenarioError] = []
        self.counted = 0  # of the failures, those that use up an attempt
        self._send = send
        self._before_repeat = before_repeat
        self._is_patient = is_patient

    def __call__(self) -> _T:
        try:
            if self.failures:
                self._before_repeat(self.failures[-1])
            return self._send()
        except ScenarioError as error:
            self.failures.append(error)
            self.counted += not (isinstance(error, RateLimited) and self._is_patient())
            error.attempts = len(self.failures)
            raise

    def wait(self, state: tenacity.RetryCallState) -> float:
        asked_for = self.failures[-1].retry_after
        if asked_for is None:
            return _BACKOFF(state)
        in_a_row = [isinstance(error, RateLimited) for error in self.failures[-_DOUBTED:]]
        is_doubtful = len(in_a_row) == _DOUBTED and all(in_a_row)
        return max(asked_for, min(_BACKOFF(state), _LONGEST_DOUBT)) if is_doubtful else asked_for

    def is_worth_another(self, error: BaseException) -> bool:
        if not isinstance(error, ScenarioError) or not error.retryable:
            return False
        return not isinstance(error, Conflict) or self.counted < _CONFLICT_ATTEMPTS


def _policy(
    attempt: _Attempt[_T], attempts: int, sleep: Callable[[float], None], on_retry: Callable[[Retry], None]
) -> tenacity.Retrying:
    return tenacity.Retrying(
        stop=lambda _: attempt.counted >= attempts,
        wait=attempt.wait,
        retry=tenacity.retry_if_exception(attempt.is_worth_another),
        sleep=sleep,
        before_sleep=lambda state: on_retry(Retry(state.attempt_number, state.upcoming_sleep, attempt.failures[-1])),
        reraise=True,
    )
