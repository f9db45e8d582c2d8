"""When the next request may be sent: a slow start, a sliding window, a pause, and requests that are spread. Pure."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from syncjob.scenario.adaptive import Adaptive
from syncjob.scenario.slow_start import SlowStart

# How much of the interval a request that was late leaves to the next one: timers are late, and the rate is to hold.
_LATE = 0.05


@dataclass(frozen=True, slots=True)
class Lowered:
    """The server refused requests within the limit, so it was lowered; requests a minute, of all runs that share it."""

    before: int
    after: int


class Window:
    """Lets at most `limit` requests into any `seconds`, or its part of them; 0 means no limit. Times are of one clock."""

    def __init__(self, limit: int, seconds: float = 60.0) -> None:
        self._told, self._seconds = limit, seconds
        self._is_limited = limit > 0
        self._runs = 1  # that share the limit
        self._seen: dict[int, float] = {}  # when so many were there last
        self._adaptive = Adaptive(limit, seconds)
        self._start = SlowStart(limit, seconds)
        self._places = _Places(seconds)
        self._paused_until = self._next = float("-inf")

    @property
    def limit(self) -> int:
        return self._adaptive.whole

    def pause(self, until: float) -> None:
        """Lets nothing in before `until`; never shortens a pause."""
        self._paused_until = max(self._paused_until, until)

    def paused(self, now: float) -> float:
        """The seconds in which nothing is let in."""
        return max(0.0, self._paused_until - now)

    def hold(self, answered: Iterable[float]) -> None:
        """Takes in that others sent requests, by the times at which each was answered."""
        self._places.answered = deque(sorted((*self._places.answered, *answered)))

    def answered(self, now: float) -> tuple[float, ...]:
        """When each request was answered that a server may still count."""
        self._places.forget(now)
        return (*self._places.answered, *[now] * self._places.in_flight)

    def share(self, runs: int, now: float, ended: Sequence[float] = ()) -> None:
        """Takes an equal part of the limit, of which so many runs know.

        Requests of one that ended count as `hold` has it; without their times, it counts as if it went on for a window.
        """
        if ended:
            self.hold(ended)
            self._seen = {}
        self._seen[runs] = now
        most = max(each for each, at in self._seen.items() if now - at < self._seconds)
        self._seen = {each: at for each, at in self._seen.items() if each <= most}
        if self._is_limited and most != self._runs:
            self._runs = most
            self._adaptive.tell(max(1.0, self._told / most))

    def enter(self, now: float, *, is_urgent: bool = False) -> float:
        """Takes a place and returns 0, or returns the seconds after which to ask again; what is urgent takes one at once."""
        wait = self.wait(now)
        if wait > 0 and not is_urgent:
            return wait
        self._places.in_flight += 1
        if self._is_limited:
            self._adaptive.enter(now)
            self._start.enter(now)
            if interval := self._adaptive.interval:
                self._next = max(self._next, now - _LATE * interval) + interval
        return 0.0

    def wait(self, now: float) -> float:
        """The seconds after which to ask for a place; none need be waited for if that is not above 0."""
        return max(self._paused_until - now, self._until_free(now))

    def leave(self, entered: float, now: float, *, is_sent: bool = True, is_refused: bool) -> Lowered | None:
        """Ends a request that took its place at `entered`; one that was not sent after all leaves its place free."""
        self._places.in_flight -= 1
        if not (self._is_limited and is_sent):
            return None
        before = self._adaptive.whole
        if is_refused:
            self.pause(now + self._adaptive.refuse(entered, now))
        else:
            self._places.answered.append(now)
            self._adaptive.admit(entered, now)
            self._start.admit(now - entered, is_full=len(self._places.answered) >= self.limit)
        after = self._adaptive.whole
        return Lowered(before * self._runs, after * self._runs) if after < before else None

    def _until_free(self, now: float) -> float:
        if not self._is_limited:
            return 0.0
        self._places.forget(now)
        return max(self._next - now, self._start.wait(now), self._places.until_free(self._adaptive.whole, now))


class _Places:
    """The sliding window: a request takes its place until a window after its response came, not after it was sent.

    The server counted it some time before the response, so its window has moved on whatever the latency is. As any
    such time may be the one that counts, no earlier moment is safe.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.in_flight = 0
        self.answered: deque[float] = deque()  # when each was

    def forget(self, now: float) -> None:
        while self.answered and self.answered[0] + self._seconds <= now:
            self.answered.popleft()

    def until_free(self, limit: int, now: float) -> float:
        excess = self.in_flight + len(self.answered) - limit
        if excess < 0:
            return 0.0
        # The last of those that must go; one in flight is held for a whole window yet.
        return self.answered[excess] + self._seconds - now if excess < len(self.answered) else self._seconds
