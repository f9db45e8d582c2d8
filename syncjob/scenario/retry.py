"""The one retry policy; the only module that imports tenacity."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from syncjob.errors import Conflict, ScenarioError, Stopped

if TYPE_CHECKING:
    import tenacity

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
) -> _T:
    """`send()`, again while its error is retryable, at most `attempts` times in all.

    Waits as long as the server asks, else by exponential backoff with full jitter; `on_retry` is
    told before each wait. Raises the last error, with the number of attempts in it.
    """
    try:
        return send()
    except ScenarioError as error:
        if not error.retryable or attempts == 1:
            raise
        return _again(send, error, attempts, sleep, on_retry)


def _again(
    send: Callable[[], _T],
    first: ScenarioError,
    attempts: int,
    sleep: Callable[[float], None],
    on_retry: Callable[[Retry], None],
) -> _T:
    # Imported late: most runs never retry, and the import is a third of a small run's start.
    import tenacity

    pending = [first]

    def attempt() -> _T:
        if pending:  # the failure at hand is the policy's first attempt
            raise pending.pop()
        return send()

    def wait(state: tenacity.RetryCallState) -> float:
        error = _error(state)
        return backoff(state) if error.retry_after is None else error.retry_after

    def should_retry(state: tenacity.RetryCallState) -> bool:
        outcome = state.outcome
        error = outcome.exception() if outcome else None
        if not isinstance(error, ScenarioError):
            return False
        error.attempts = state.attempt_number
        return error.retryable and not (isinstance(error, Conflict) and error.attempts >= _CONFLICT_ATTEMPTS)

    def before_sleep(state: tenacity.RetryCallState) -> None:
        on_retry(Retry(state.attempt_number, state.upcoming_sleep, _error(state)))

    backoff = tenacity.wait_random_exponential(multiplier=_BACKOFF, max=_MAX_BACKOFF)
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
        stopped.pending = first
        raise


def _error(state: "tenacity.RetryCallState") -> ScenarioError:
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, ScenarioError):
        raise TypeError("only a ScenarioError is retried")
    return error
