"""Request pacing: one sliding window and one pause, shared by all workers."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_MINUTE = 60.0
# How often a worker looks again while every place of the window is taken by a request in flight.
_POLL = 0.05


class Pacer:
    """Lets at most `per_minute` requests into any 60 s; 0 means no limit.

    A request takes its place until 60 s after its answer came, not after it was sent: the server
    counted it some time before the answer, so its window has moved on whatever the latency is.
    `sleep` may raise, which ends the wait.
    """

    def __init__(self, per_minute: int, *, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._in_flight = 0
        self._answered: deque[float] = deque()
        self._paused_until = float("-inf")

    @contextmanager
    def place(self) -> Iterator[None]:
        """Waits for a free place and holds it while the request runs."""
        while (wait := self._try_enter()) > 0:
            self._sleep(wait)
        try:
            yield
        finally:
            with self._lock:
                self._in_flight -= 1
                if self._per_minute:
                    self._answered.append(self._clock())

    def pause(self, seconds: float) -> None:
        """Holds every worker's next request back for `seconds` from now; never shortens a pause."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._clock() + seconds)

    def _try_enter(self) -> float:
        """Takes a place and returns 0, or returns the seconds after which to ask again."""
        with self._lock:
            now = self._clock()
            wait = max(self._paused_until - now, self._window_wait(now))
            if wait <= 0:
                self._in_flight += 1
                return 0.0
            return wait

    def _window_wait(self, now: float) -> float:
        if not self._per_minute:
            return 0.0
        while self._answered and self._answered[0] <= now - _MINUTE:
            self._answered.popleft()
        if self._in_flight + len(self._answered) < self._per_minute:
            return 0.0
        return self._answered[0] + _MINUTE - now if self._answered else _POLL
