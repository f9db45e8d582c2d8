"""Rate limits as servers count them, and workers that meet one on a simulated clock: an hour in a fraction of a second."""

import heapq
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from random import Random

from syncjob.scenario.rate_limit import Lowered, Window

START = 1_000.0
# Asked at each request with the time at which the server counts it, never earlier than the last; whether it is admitted.
Server = Callable[[float], bool]


def seeded(what: object) -> Random:
    return Random(repr(what))  # noqa: S311  the same at each run


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


def bucket(per_minute: float, burst: int) -> Server:
    """A token for each request; they come back evenly, and no more than `burst` are kept. It is full at first."""
    tokens, last = float(burst), START

    def admits(now: float) -> bool:
        nonlocal tokens, last
        tokens, last = min(burst, tokens + (now - last) * per_minute / 60), now
        if tokens < 1 - 1e-9:
            return False
        tokens -= 1
        return True

    return admits


def gcra(per_minute: float, burst: int) -> Server:
    """The generic cell rate algorithm: each request has a due time, and may come at most `burst` - 1 intervals early."""
    interval = 60 / per_minute
    due = START

    def admits(now: float) -> bool:
        nonlocal due
        if now < due - (burst - 1) * interval - 1e-9:
            return False
        due = max(due, now) + interval
        return True

    return admits


def changing(before: Server, after: Server, at: float) -> Server:
    """One limit until that many seconds after the start, and then another."""
    return lambda now: (before if now < START + at else after)(now)


def stray(server: Server, share: float) -> Server:
    """Also refuses that share of requests, whatever the rate."""
    dice = seeded(share)
    return lambda now: dice.random() >= share and server(now)


def with_stranger(server: Server, per_minute: float) -> Server:
    """Somebody else sends at an even rate."""
    interval, due = 60 / per_minute, START

    def admits(now: float) -> bool:
        nonlocal due
        while due <= now:
            server(due)
            due += interval
        return server(now)

    return admits


def anywhere(latency: float, dice: Random) -> float:
    """How long after its sending a request is counted, if the network may take all of the latency."""
    return latency * dice.random()


def evenly(latency: float, dice: Random) -> float:
    """The same on a steady network, give or take 10 ms. A burst of one or two needs it: requests that overtake each
    other by more than that are refused whatever the client does."""
    return latency / 2 + min(0.01, latency / 4) * dice.uniform(-1, 1)


@dataclass
class Simulation:
    """Workers that send without rest, and a server that counts each request some time before its answer."""

    window: Window
    server: Server
    workers: int
    latency: tuple[float, float]
    random: Random
    rests: Callable[[float], float] = lambda now: 0.0  # how long a worker rests before it asks for a place
    counted: Callable[[float, Random], float] = anywhere
    admitted: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    lowered: list[tuple[float, Lowered]] = field(default_factory=list)
    now: float = START
    is_asking: bool = False  # one of the workers, for all that wait

    def work(self) -> Iterator[float | None]:
        """Yields how long it is until it goes on; None: until another is let in."""
        while True:
            yield self.rests(self.now)
            while self.is_asking:
                yield None
            self.is_asking = True
            while (wait := self.window.enter(self.now)) > 0:
                yield wait
            self.is_asking = False
            entered = self.now
            latency = self.random.uniform(*self.latency)
            before = self.counted(latency, self.random)
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

    def used(self, allowed: float, since: float, minutes: float) -> float:
        """What part of `allowed` a minute was admitted between two times, in minutes."""
        admitted = sum(since * 60 <= time < minutes * 60 for time in self.admitted)
        return admitted / (allowed * (minutes - since))

    @property
    def refusals(self) -> float:
        """The 429s over all requests."""
        return len(self.refused) / (len(self.refused) + len(self.admitted))


def run(minutes: float, *simulations: Simulation) -> None:
    """Lets them go on side by side."""
    order = count()
    due = [(START, next(order), its, its.work()) for its in simulations for _ in range(its.workers)]
    parked: list[deque[Iterator[float | None]]] = [deque() for _ in simulations]
    queues = {id(its): queue for its, queue in zip(simulations, parked, strict=True)}
    while due[0][0] < START + minutes * 60:
        now, _, its, worker = heapq.heappop(due)
        its.now, queue = now, queues[id(its)]
        after = next(worker)
        if after is None:
            queue.append(worker)
        else:
            heapq.heappush(due, (now + after, next(order), its, worker))
        if queue and not its.is_asking:
            heapq.heappush(due, (now, next(order), its, queue.popleft()))
