"""What is tried again, how often, and how long is waited in between; no test really sleeps."""

from collections.abc import Callable

import pytest

from syncjob.errors import Conflict, RateLimited, Rejected, ScenarioError, Stopped, Unavailable
from syncjob.scenario import retry
from syncjob.scenario.retry import Retry


class Caller:
    """Plays the given outcomes one after the other, the last for ever; the rest is what was seen."""

    def __init__(self, *outcomes: Exception | str) -> None:
        self.outcomes = list(outcomes)
        self.sent = 0
        self.slept: list[float] = []
        self.retries: list[Retry] = []
        self.sleeping: Callable[[float], None] = lambda _: None

    def send(self) -> str:
        outcome = self.outcomes[min(self.sent, len(self.outcomes) - 1)]
        self.sent += 1
        if isinstance(outcome, str):
            return outcome
        raise outcome

    def sleep(self, seconds: float) -> None:
        assert len(self.retries) == len(self.slept) + 1, "a retry is told before its wait"
        self.slept.append(seconds)
        self.sleeping(seconds)

    def call(self, attempts: int = 5) -> str:
        return retry.call(self.send, attempts=attempts, sleep=self.sleep, on_retry=self.retries.append)


def unavailable(retry_after: float | None = None) -> Unavailable:
    return Unavailable("HTTP 503", http_status=503, retryable=True, retry_after=retry_after)


def test_a_success_is_sent_once_and_never_waits() -> None:
    caller = Caller("answer")
    assert caller.call() == "answer"
    assert (caller.sent, caller.slept, caller.retries) == (1, [], [])


@pytest.mark.parametrize("attempts", [1, 2, 5])
def test_the_last_error_carries_the_number_of_attempts(attempts: int) -> None:
    last = unavailable()
    caller = Caller(*(unavailable() for _ in range(attempts - 1)), last)
    with pytest.raises(Unavailable) as caught:
        caller.call(attempts)
    assert caught.value is last
    assert (last.attempts, caller.sent, len(caller.slept)) == (attempts, attempts, attempts - 1)


def test_a_later_success_is_the_answer() -> None:
    failures = [unavailable(), RateLimited("HTTP 429", retryable=True)]
    caller = Caller(*failures, "answer")
    assert caller.call() == "answer"
    assert [(told.attempt, told.error) for told in caller.retries] == [(1, failures[0]), (2, failures[1])]
    assert [told.wait for told in caller.retries] == caller.slept


def test_what_is_not_retryable_is_sent_once() -> None:
    caller = Caller(Rejected("HTTP 400"))
    with pytest.raises(Rejected) as caught:
        caller.call()
    assert (caller.sent, caller.slept, caught.value.attempts) == (1, [], 1)


def test_an_error_that_ends_the_retries_knows_how_many_there_were() -> None:
    caller = Caller(unavailable(), unavailable(), Rejected("HTTP 400"))
    with pytest.raises(Rejected) as caught:
        caller.call()
    assert (caller.sent, caught.value.attempts) == (3, 3)


def test_the_servers_wait_is_taken_as_it_is() -> None:
    caller = Caller(unavailable(2.5), unavailable(0.0), unavailable(100.0), "answer")
    caller.call()
    assert caller.slept == [2.5, 0.0, 100.0]


def test_the_backoff_doubles_up_to_a_limit_under_full_jitter() -> None:
    waits: list[list[float]] = []
    for _ in range(100):
        caller = Caller(unavailable())
        with pytest.raises(Unavailable):
            caller.call(attempts=10)
        waits.append(caller.slept)
    for wait_of_all, limit in zip(zip(*waits, strict=True), (0.5, 1, 2, 4, 8, 16, 30, 30, 30), strict=True):
        assert 0 <= min(wait_of_all) < 0.25 * limit
        assert 0.75 * limit < max(wait_of_all) <= limit


def test_a_conflict_is_retried_once() -> None:
    caller = Caller(Conflict("HTTP 409", retryable=True))
    with pytest.raises(Conflict) as caught:
        caller.call()
    assert (caller.sent, caught.value.attempts) == (2, 2)


def test_a_conflict_that_has_gone_is_none() -> None:
    assert Caller(Conflict("HTTP 409", retryable=True), "answer").call() == "answer"


def test_a_stop_in_the_wait_carries_the_failed_attempt() -> None:
    failed = unavailable()
    caller = Caller(failed, "answer")
    stop = Stopped("interrupted")

    def stopped(_: float) -> None:
        raise stop

    caller.sleeping = stopped
    with pytest.raises(Stopped) as caught:
        caller.call()
    assert caught.value is stop
    assert stop.pending is failed
    assert caller.sent == 1


def test_a_stop_before_the_next_attempt_is_sent_carries_the_failed_one() -> None:
    failed = unavailable()
    with pytest.raises(Stopped) as caught:
        Caller(failed, Stopped("interrupted")).call()
    assert caught.value.pending is failed


def test_a_stop_before_the_first_attempt_carries_none() -> None:
    with pytest.raises(Stopped) as caught:
        Caller(Stopped("interrupted")).call()
    assert caught.value.pending is None


@pytest.mark.parametrize("before", [[], [unavailable()]], ids=["first", "second"])
def test_an_exception_of_another_kind_passes_through(before: list[ScenarioError]) -> None:
    caller = Caller(*before, KeyError("a bug"))
    with pytest.raises(KeyError):
        caller.call()
    assert caller.sent == len(before) + 1


def test_a_stop_carries_the_last_failed_attempt() -> None:
    failures = [RateLimited("first", retryable=True), Unavailable("second", retryable=True, ambiguous=True)]
    left = list(failures)
    waits: list[float] = []

    def send() -> None:
        raise left.pop(0)

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            raise Stopped("interrupted")

    with pytest.raises(Stopped) as caught:
        retry.call(send, attempts=5, sleep=sleep, on_retry=lambda _: None)
    assert caught.value.pending is failures[1]
    assert failures[1].attempts == 2
