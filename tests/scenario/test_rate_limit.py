"""The window against servers that count otherwise, in simulated time: hours in a second, and the same at each run."""

import heapq
import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

import pytest

from syncjob.scenario.rate_limit import Lowered, Window

START = 1_000.0
# Asked at each request with the time at which the server counts it; says whether it is admitted.
Server = Callable[[float], bool]


def seeded(what: object) -> random.Random:
    return random.Random(repr(what))  # noqa: S311  the same at each run


def sliding(limit: int) -> Server:
    """Admits a request if the 60 s before it hold fewer than the limit."""
    counted: deque[float] = deque()

    def admits(now: float) -> bool:
        while counted and counted[0] + 60 <= now:
            counted.popleft()
        if len(counted) >= limit:
            return False
        counted.append(now)
        return True

    return admits


def fixed(limit: int, phase: float) -> Server:
    """Counts anew each minute, `phase` seconds after the clock's."""
    minute, counted = -1.0, 0

    def admits(now: float) -> bool:
        nonlocal minute, counted
        if (now - phase) // 60 != minute:
            minute, counted = (now - phase) // 60, 0
        counted += 1
        return counted <= limit

    return admits


@dataclass
class Simulation:
    """Workers that send without rest, and a server that counts each request some time before its answer."""

    window: Window
    server: Server
    workers: int
    latency: tuple[float, float]
    random: random.Random
    rests: Callable[[float], float] = lambda now: 0.0  # how long a worker rests before it asks for a place
    admitted: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    lowered: list[tuple[float, Lowered]] = field(default_factory=list)
    now: float = START

    def work(self) -> Iterator[float]:
        """Yields how long it is until it goes on."""
        while True:
            yield self.rests(self.now)
            while (wait := self.window.enter(self.now)) > 0:
                yield wait
            entered = self.now
            latency = self.random.uniform(*self.latency)
            before = latency * self.random.random()
            yield before
            is_admitted = self.server(self.now)
            (self.admitted if is_admitted else self.refused).append(self.now - START)
            yield latency - before
            lowered = self.window.leave(entered, self.now, is_refused=not is_admitted)
            if lowered:
                self.lowered.append((self.now - START, lowered))

    def share(self, limit: int, since: float = 0) -> float:
        """What part of the limit was admitted from that minute on, over whole rounds of `limit` requests."""
        times = [time for time in self.admitted if time >= since * 60]
        rounds = (len(times) - 1) // limit
        return 60 * rounds / (times[rounds * limit] - times[0])


def run(minutes: float, *simulations: Simulation) -> None:
    """Lets them go on side by side."""
    order = count()
    due = [(START, next(order), its, its.work()) for its in simulations for _ in range(its.workers)]
    while due[0][0] < START + minutes * 60:
        now, _, its, worker = heapq.heappop(due)
        its.now = now
        heapq.heappush(due, (now + next(worker), next(order), its, worker))


def simulated(
    configured: int, server: Server, latency: tuple[float, float], minutes: float, workers: int = 0
) -> Simulation:
    """With half as many workers again as the limit needs at that latency, and eight at least."""
    enough = max(8, int(configured / 60 * latency[1] * 1.5) + 1)
    simulation = Simulation(Window(configured), server, workers or enough, latency, seeded(0))
    run(minutes, simulation)
    return simulation


LATENCIES = [(0.02, 0.02), (0.2, 0.2), (1.0, 1.0), (0.02, 1.0)]


@pytest.mark.parametrize("latency", LATENCIES, ids=str)
@pytest.mark.parametrize(("limit", "minutes"), [(60, 60), (100, 60), (600, 30), (3_000, 10)])
@pytest.mark.parametrize("kind", ["sliding", "fixed"])
def test_nothing_is_refused_and_next_to_nothing_is_left_of_the_limit(
    kind: str, limit: int, minutes: int, latency: tuple[float, float]
) -> None:
    server = sliding(limit) if kind == "sliding" else fixed(limit, seeded((limit, latency)).uniform(0, 60))
    ran = simulated(limit, server, latency, minutes)
    assert ran.refused == []
    assert ran.share(limit) >= 0.97


def test_few_workers_and_slow_answers_are_what_is_left_then() -> None:
    ran = simulated(600, sliding(600), (2.0, 2.0), minutes=30, workers=8)
    assert ran.refused == []
    assert ran.lowered == []
    assert len(ran.admitted) == pytest.approx(30 * 60 * 8 / 2.0, rel=0.01)


def by_kind(kind: str, limit: int) -> Server:
    return sliding(limit) if kind == "sliding" else fixed(limit, 17.3)


@pytest.mark.parametrize("latency", LATENCIES, ids=str)
@pytest.mark.parametrize(("configured", "limit"), [(100, 99), (100, 60), (100, 10), (600, 100), (3_000, 60)])
@pytest.mark.parametrize("kind", ["sliding", "fixed"])
def test_a_limit_below_the_configured_one_is_found_within_minutes_and_used(
    kind: str, configured: int, limit: int, latency: tuple[float, float]
) -> None:
    ran = simulated(configured, by_kind(kind, limit), latency, minutes=120, workers=8)
    lowered = [event for time, event in ran.lowered if time < 10 * 60]
    assert lowered[0].before == configured
    assert [one.after for one in lowered[:-1]] == [one.before for one in lowered[1:]]
    assert lowered[-1].after == limit
    assert ran.share(limit, since=5) >= 0.94
    # Once every ten minutes a tenth more is tried, which costs what is in flight, a few times over.
    assert len(ran.refused) <= 12 * 3 * 8


@pytest.mark.parametrize("latency", LATENCIES, ids=str)
def test_what_another_run_has_just_used_is_waited_for_and_lowers_nothing(latency: tuple[float, float]) -> None:
    server = sliding(100)
    for ago in range(100):
        server(START - 10 + ago / 10)
    ran = simulated(100, server, latency, minutes=30, workers=8)
    assert ran.lowered == []
    assert ran.window.limit == 100
    assert ran.refused[-1] < 60
    assert ran.share(100, since=2) >= 0.97


def test_a_budget_that_was_shared_for_a_while_is_used_whole_again() -> None:
    server = sliding(100)
    random_ = seeded(1)
    ran = Simulation(Window(100), server, 8, (0.1, 0.3), random_)
    other = Simulation(
        Window(50), server, 8, (0.1, 0.3), random_, rests=lambda now: 0.0 if now < START + 1_800 else 1e9
    )
    run(180, ran, other)
    assert min(event.after for _, event in ran.lowered) <= 60
    assert ran.window.limit == 100
    assert ran.share(100, since=120) >= 0.97


class Asked:
    """Requests one after another on a clock, each answered at once."""

    def __init__(self, limit: int) -> None:
        self.window = Window(limit)
        self.now = START

    def send(self, is_refused: bool = False) -> Lowered | None:
        """Waits for a place as a worker would."""
        while (wait := self.window.enter(self.now)) > 0:
            self.now += wait
        return self.window.leave(self.now, self.now, is_refused=is_refused)

    def watch_a_minute(self) -> None:
        """Ten requests that are admitted, and then almost a minute."""
        for _ in range(10):
            self.now += 6
            self.send()


def test_the_limit_becomes_what_was_admitted_in_the_last_minute() -> None:
    asked = Asked(100)
    asked.watch_a_minute()
    asked.now += 6
    assert asked.send(is_refused=True) == Lowered(100, 9)  # the first of the ten was a minute ago
    assert asked.window.limit == 9


def test_a_refused_request_takes_its_place_too() -> None:
    asked = Asked(100)
    asked.watch_a_minute()
    asked.now += 6
    asked.send(is_refused=True)
    refused = asked.now
    # Nine admitted ones and the refused one: two must go before there are fewer than nine.
    asked.send()
    assert asked.now == START + 18 + 60
    for _ in range(8):
        asked.send()
    assert asked.now == refused + 60


def test_the_limit_is_lowered_by_one_at_least_and_never_to_none() -> None:
    asked = Asked(2)
    asked.send()
    asked.now += 30
    asked.send()
    asked.now += 30
    assert asked.send(is_refused=True) == Lowered(2, 1)
    for _ in range(3):
        assert asked.send(is_refused=True) is None
    assert asked.window.limit == 1


def test_refusals_of_requests_that_were_in_flight_together_count_once() -> None:
    asked = Asked(100)
    asked.watch_a_minute()
    asked.now += 6
    for _ in range(8):
        assert asked.window.enter(asked.now) == 0
    assert asked.window.leave(asked.now, asked.now + 1, is_refused=True) is None
    assert asked.window.enter(asked.now + 1) > 0  # nothing new until all are answered
    told = [asked.window.leave(asked.now, asked.now + 2, is_refused=refused) for refused in [True] * 4 + [False] * 3]
    assert told == [None] * 6 + [Lowered(100, 12)]  # nine of the last minute, and three that were under way


def test_ten_minutes_without_a_refusal_bring_a_tenth_more() -> None:
    asked = Asked(100)
    asked.watch_a_minute()
    asked.now += 6
    asked.send(is_refused=True)
    refused, limits = asked.now, []
    for minutes in (9.9, 10, 20, 30, 90, 91, 92, 120):
        asked.now = refused + minutes * 60
        asked.send()
        limits.append(asked.window.limit)
    assert limits == [9, 19, 29, 39, 49, 49, 49, 59]
    asked.now += 10 * 3_600
    for _ in range(7):
        asked.now += 600
        asked.send()
    assert asked.window.limit == 100


def test_the_first_refusal_of_a_minute_not_yet_watched_changes_nothing() -> None:
    asked = Asked(5)
    assert asked.send(is_refused=True) is None
    began = asked.now
    asked.now += 1
    asked.send()
    assert (asked.window.limit, asked.now) == (5, began + 1)


def test_a_second_refusal_waits_until_the_minute_of_others_is_over() -> None:
    asked = Asked(5)
    asked.send(is_refused=True)
    asked.now += 1
    assert asked.send(is_refused=True) is None
    refused = asked.now
    asked.send()
    asked.send()
    assert (asked.window.limit, asked.now) == (5, refused + 60)


def test_after_an_idle_minute_the_watch_begins_anew() -> None:
    asked = Asked(100)
    asked.watch_a_minute()
    asked.now += 3_600
    assert asked.send(is_refused=True) is None
    assert asked.window.limit == 100


def test_without_a_limit_a_refusal_makes_none() -> None:
    asked = Asked(0)
    for _ in range(200):
        assert asked.send(is_refused=True) is None
        asked.now += 1
    assert asked.window.limit == 0
    assert asked.now == START + 200


def test_a_place_that_was_not_used_is_free_again() -> None:
    window = Window(1)
    assert window.enter(0.0) == 0
    assert window.leave(0.0, 5.0, is_sent=False, is_refused=False) is None
    assert window.enter(5.0) == 0
    window.leave(5.0, 6.0, is_refused=False)
    assert window.enter(6.0) == 60
