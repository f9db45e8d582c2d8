"""The one retry policy; the only module that imports tenacity."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from syncjob.errors import Conflict, ScenarioError, Stopped

_T = TypeVar("_T")

_BACKOFF = 0.5  # seconds, doubled at each attempt; full jitter below it
_MAX_BACKOFF = 30.0
_CONFLICT_ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class Retry:
    """One failed attempt that is followed by another; `wait` in seconds."""

    attempt: int
    wait: float
    error: ScenarioError


def call(
    send: Callable[[], _T],
    *,
    attempts: int,
    sleep: Callable[[float], None],
    on_retry: Callable[[Retry], None],
    before_repeat: Callable[[ScenarioError], None] = lambda _: None,
) -> _T:
    """`send()`, again while its error is retryable, at most `attempts` times in all.

    Waits as long as the server asks, else by exponential backoff with full jitter; `on_retry` is
    told before each wait, `before_repeat` the error after it. Raises the last error, with the number
    of attempts in it.
    """
    try:
        return send()
    except ScenarioError as error:
        if not error.retryable or attempts == 1:
            raise
        return _again(send, error, attempts, sleep, on_retry, before_repeat)


def _again(
    send: Callable[[], _T],
    first: ScenarioError,
    attempts: int,
    sleep: Callable[[float], None],
    on_retry: Callable[[Retry], None],
    before_repeat: Callable[[ScenarioError], None],
) -> _T:
    # Imported late: most runs never retry, and the import is a third of a small run's start.
    import tenacity

    failed = _Failed(first)
    backoff = tenacity.wait_random_exponential(multiplier=_BACKOFF, max=_MAX_BACKOFF)

    def attempt() -> _T:
        failed.replay()
        before_repeat(failed.last)
        return send()

    def wait(state: tenacity.RetryCallState) -> float:
        return backoff(state) if failed.last.retry_after is None else failed.last.retry_after

    def should_retry(state: tenacity.RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        return isinstance(error, ScenarioError) and failed.may_be_retried(error, state.attempt_number)

    def before_sleep(state: tenacity.RetryCallState) -> None:
        on_retry(Retry(state.attempt_number, state.upcoming_sleep, failed.last))

    policy = tenacity.Retrying(
        stop=tenacity.stop_after_attempt(attempts),
        wait=wait,
        retry=should_retry,
        sleep=sleep,
        before_sleep=before_sleep,
        reraise=True,
    )
    try:
        return policy(attempt)
    except Stopped as stopped:
        stopped.pending = failed.last
        raise


class _Failed:
    """The last failure; the first, which came before the policy was made, is its first attempt."""

    def __init__(self, first: ScenarioError) -> None:
        self.last = first
        self._is_replayed = False

    def replay(self) -> None:
        if not self._is_replayed:
            self._is_replayed = True
            raise self.last

    def may_be_retried(self, error: ScenarioError, attempt: int) -> bool:
        self.last = error
        error.attempts = attempt
        return error.retryable and not (isinstance(error, Conflict) and attempt >= _CONFLICT_ATTEMPTS)
