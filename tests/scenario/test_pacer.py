"""The window and the pause as workers share them: on a clock of the test's own, and over HTTP in fast motion."""

import heapq
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncjob.credentials import basic
from syncjob.errors import PlanLimit, RateLimited, ScenarioError, Stopped
from syncjob.scenario import Scenario
from syncjob.scenario.answers import Answer
from syncjob.scenario.http.transport import Limits
from syncjob.scenario.pacer import Pacer
from syncjob.scenario.rate_limit import Lowered
from tests.support.cases import mostly_deep
from tests.support.loopback import Loopback, json_answer

TICK = 1 / 64  # second


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.slept.append(seconds)
        self.now += seconds


def a_pacer(per_minute: int) -> tuple[Pacer, Clock]:
    clock = Clock()
    return Pacer(per_minute, clock=clock, sleep=clock.sleep), clock


def ask(pacer: Pacer, clock: Clock, seconds: float = 0.0) -> float:
    """One request that takes so long; the time at which it was let in."""
    with pacer.place():
        entered = clock.now
        clock.now += seconds
    return entered - 1_000.0


def test_a_run_within_the_limit_never_waits() -> None:
    pacer, clock = a_pacer(3)
    assert [ask(pacer, clock) for _ in range(3)] == [0, 0, 0]
    assert clock.slept == []


def test_one_more_waits_until_a_place_is_free() -> None:
    pacer, clock = a_pacer(3)
    assert [ask(pacer, clock) for _ in range(4)] == [0, 0, 0, 60]
    assert clock.slept == [60]


def test_a_place_is_taken_until_a_minute_after_the_answer_not_after_the_sending() -> None:
    pacer, clock = a_pacer(1)
    assert [ask(pacer, clock, seconds=7), ask(pacer, clock)] == [0, 67]


@pytest.mark.parametrize(("later", "entered"), [(59.5, 60), (60, 60), (60.5, 60.5)])
def test_a_place_is_free_after_a_minute_and_not_before(later: float, entered: float) -> None:
    pacer, clock = a_pacer(1)
    ask(pacer, clock)
    clock.now += later
    assert ask(pacer, clock) == entered


def test_the_window_slides() -> None:
    pacer, clock = a_pacer(2)
    entered = []
    for _ in range(3):
        entered.append(ask(pacer, clock))
        clock.now += 20
        entered.append(ask(pacer, clock))
    assert entered == [0, 20, 60, 80, 120, 140]


def test_a_third_one_in_flight_waits_a_moment_as_long_as_none_was_answered() -> None:
    pacer, clock = a_pacer(100)
    with pacer.place(), pacer.place():
        assert clock.slept == []
        with pacer.place():
            assert sum(clock.slept) == pytest.approx(0.27, abs=0.01)
            assert max(clock.slept) == 0.05  # one may be admitted before


def test_a_failed_request_counts_as_any_other() -> None:
    pacer, clock = a_pacer(1)
    with pytest.raises(KeyError), pacer.place():
        raise KeyError
    assert ask(pacer, clock) == 60


def test_no_limit_is_no_wait() -> None:
    pacer, clock = a_pacer(0)
    assert {ask(pacer, clock) for _ in range(1_000)} == {0}


@pytest.mark.parametrize("per_minute", [0, 100])
def test_a_pause_holds_everybody_back_once(per_minute: int) -> None:
    pacer, clock = a_pacer(per_minute)
    pacer.pause(5)
    assert [ask(pacer, clock) for _ in range(3)] == [5, 5, 5]
    assert clock.slept == [5]


@pytest.mark.parametrize(("pauses", "until"), [([9, 2], 9), ([2, 9], 9), ([0], 0), ([3, 3], 3)])
def test_a_pause_is_never_shortened(pauses: list[float], until: float) -> None:
    pacer, clock = a_pacer(0)
    for seconds in pauses:
        pacer.pause(seconds)
    assert ask(pacer, clock) == until


def test_a_pause_counts_from_now() -> None:
    pacer, clock = a_pacer(0)
    pacer.pause(9)
    clock.now += 4
    pacer.pause(6)
    assert ask(pacer, clock) == 10


def test_the_longer_of_pause_and_window_is_waited_for() -> None:
    pacer, clock = a_pacer(1)
    ask(pacer, clock)
    pacer.pause(90)
    assert [ask(pacer, clock), ask(pacer, clock)] == [90, 150]


def test_a_wait_that_is_ended_takes_no_place() -> None:
    clock = Clock()
    stops = [Stopped("interrupted")]

    def sleep(seconds: float) -> None:
        if stops:
            raise stops.pop()
        clock.sleep(seconds)

    pacer = Pacer(1, clock=clock, sleep=sleep)
    ask(pacer, clock)
    with pytest.raises(Stopped):
        ask(pacer, clock)
    assert ask(pacer, clock) == 60


def test_threads_share_the_places() -> None:
    def refuse(_: float) -> None:
        raise Stopped("no place")

    pacer = Pacer(3, clock=lambda: 0.0, sleep=refuse)
    everybody_tried = threading.Barrier(8)
    held = []

    def work() -> None:
        try:
            with pacer.place():
                held.append(True)
                everybody_tried.wait(5)
        except Stopped:
            everybody_tried.wait(5)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(held) == 3


class Simulation:
    """Requests in flight on one clock; the server counts each at some time between sending and answer."""

    def __init__(self, per_minute: int) -> None:
        self.clock = Clock()
        self.pacer = Pacer(per_minute, clock=self.clock, sleep=self.sleep)
        self.in_flight: list[tuple[float, int, AbstractContextManager[None]]] = []
        self.arrivals: list[float] = []

    def send(self, latency: float, share: float) -> None:
        place = self.pacer.place()
        place.__enter__()
        self.arrivals.append(self.clock.now + latency * share)
        heapq.heappush(self.in_flight, (self.clock.now + latency, len(self.arrivals), place))

    def sleep(self, seconds: float) -> None:
        """Lets time pass; what is answered meanwhile is answered in its time."""
        until = self.clock.now + seconds
        while self.in_flight and self.in_flight[0][0] <= until:
            self.clock.now, _, place = heapq.heappop(self.in_flight)
            place.__exit__(None, None, None)
        self.clock.now = until


REQUESTS = st.lists(
    st.tuples(
        st.integers(0, 64 * 40).map(lambda ticks: ticks * TICK),  # idle time before it
        st.integers(0, 64 * 90).map(lambda ticks: ticks * TICK),  # latency
        st.sampled_from([0.0, 0.25, 0.5, 1.0]),  # share of the latency after which the server counts it
    ),
    max_size=30,
)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 5), REQUESTS)
def test_no_minute_of_the_server_ever_holds_more_than_the_limit(
    per_minute: int, requests: list[tuple[float, float, float]]
) -> None:
    simulation = Simulation(per_minute)
    for idle, latency, share in requests:
        simulation.sleep(idle)
        simulation.send(latency, share)
    arrivals = sorted(simulation.arrivals)
    assert len(arrivals) == len(requests)
    for earlier, later in zip(arrivals, arrivals[per_minute:], strict=False):
        assert later - earlier > 60 - 1e-9


def refuse(pacer: Pacer, error: ScenarioError) -> None:
    with pytest.raises(type(error)), pacer.place():
        raise error


def watched(per_minute: int) -> tuple[Pacer, Clock, list[Lowered]]:
    """A pacer that has seen more than a minute, and admitted twelve requests in the last one."""
    clock = Clock()
    told: list[Lowered] = []
    pacer = Pacer(per_minute, clock=clock, sleep=clock.sleep, on_lowered=told.append)
    for _ in range(15):
        ask(pacer, clock)
        clock.now += 5
    return pacer, clock, told


def test_refusals_in_a_row_are_told_once_and_leave_a_lower_limit() -> None:
    pacer, _, told = watched(100)
    for _ in range(4):
        refuse(pacer, RateLimited("HTTP 429"))
    assert told == [Lowered(100, 11)]
    assert pacer.per_minute == 11


@pytest.mark.parametrize(
    ("per_minute", "error"), [(100, PlanLimit("HTTP 429")), (100, ScenarioError("HTTP 503")), (0, RateLimited("429"))]
)
def test_a_plan_limit_another_failure_or_no_limit_change_nothing(per_minute: int, error: ScenarioError) -> None:
    pacer, _, told = watched(per_minute)
    refuse(pacer, error)
    assert told == []
    assert pacer.per_minute == per_minute


# Over HTTP, in fast motion: half a second is a minute, for the client as for the server.

FASTER = 120


class Limited:
    """Answers 429 if a minute holds too much; `phase` seconds after the clock's, or None for the minute just past."""

    def __init__(self, limit: int, phase: float | None) -> None:
        self.limit = limit
        self.phase = phase
        self.admitted: list[float] = []
        self.refused = 0
        self._lock = threading.Lock()

    def __call__(self, method: str, target: str) -> Answer | None:
        with self._lock:
            now = fast_clock()
            since = now - 60 if self.phase is None else now - (now - self.phase) % 60
            if sum(time >= since for time in self.admitted) < self.limit:
                self.admitted.append(now)
                return None
            self.refused += 1
            return json_answer(429, b"{}")


def fast_clock() -> float:
    return time.monotonic() * FASTER


def send_all(remote: Loopback, configured: int, requests: int) -> tuple[Scenario, list[object]]:
    """Sends them with eight workers; the client, and what it told of its limit."""
    told: list[object] = []

    def nap(seconds: float) -> None:
        time.sleep(seconds / FASTER)

    def note(event: object) -> None:
        if isinstance(event, Lowered):
            told.append(event)

    remote.add("one")
    client = Scenario(
        basic("key", "secret"),
        base_url=remote.url,
        requests_per_minute=configured,
        limits=Limits(deadline=86_400),
        attempts=20,
        clock=fast_clock,
        sleep=nap,
        observe=note,
    )
    with client, ThreadPoolExecutor(8) as workers:
        sent = [workers.submit(client.models.description.retrieve, "one") for _ in range(requests)]
        assert [future.exception() for future in sent] == [None] * requests
    return client, told


@pytest.mark.parametrize("phase", mostly_deep([None, 0.0, 17.3, 59.0], 2))
def test_a_server_that_keeps_the_limit_never_says_429(remote: Loopback, phase: float | None) -> None:
    remote.script = server = Limited(20, phase)
    client, told = send_all(remote, configured=20, requests=50)
    assert (server.refused, len(server.admitted), told) == (0, 50, [])
    assert client.requests_per_minute == 20


@pytest.mark.parametrize("phase", mostly_deep([None, 17.3]))
def test_every_request_is_answered_in_the_end_where_the_server_admits_less(
    remote: Loopback, phase: float | None
) -> None:
    # Three minutes' worth; the clock's may begin right after the run, and of its first minute nothing is judged.
    requests = 30 if phase is None else 50
    remote.script = server = Limited(10, phase)
    client, told = send_all(remote, configured=40, requests=requests)
    assert len(server.admitted) == requests
    assert server.refused > 0
    assert told
    assert 1 <= client.requests_per_minute < 40
    last = told[-1]
    assert isinstance(last, Lowered)
    assert client.requests_per_minute >= last.after  # calm minutes raise it without a word
    assert phase or client.requests_per_minute == last.after


def test_without_pacing_a_429_is_waited_for_and_makes_no_limit(remote: Loopback) -> None:
    remote.script = server = Limited(10, None)
    client, told = send_all(remote, configured=0, requests=15)
    assert (len(server.admitted), told, client.requests_per_minute) == (15, [], 0)
