"""What a client sent and how long it waited."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

_REFUSED = 429


@dataclass(slots=True)
class Traffic:
    """The requests of a client so far; `waited_seconds` is the time in which any thread waited."""

    total: int = 0
    get: int = 0
    put: int = 0
    post: int = 0
    retries: int = 0
    waited_seconds: float = 0.0


class Meter:
    """Counts into a Traffic, for any number of threads."""

    def __init__(self, sleep: Callable[[float], None], clock: Callable[[], float]) -> None:
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self._sleepers = 0
        self._since = 0.0
        self._refused_since: dict[str, float] = {}  # of each method: the first of the 429s since another response
        self.is_silent = False  # the last request had no response
        self.traffic = Traffic()

    def request(self, method: str, status: int | None = None) -> None:
        """Counts a request and what came of it, None for no response."""
        with self._lock:
            if status == _REFUSED:
                self._refused_since.setdefault(method, self._clock())
            elif self._refused_since and status is not None:
                self._refused_since.pop(method, None)
            self.is_silent = status is None
            self.traffic.total += 1
            if method == "GET":
                self.traffic.get += 1
            elif method == "PUT":
                self.traffic.put += 1
            else:
                self.traffic.post += 1

    def refused_for(self, method: str) -> float:
        """The seconds in which each request of a method was refused for the rate; 0 if the last was not."""
        with self._lock:
            since = self._refused_since.get(method)
            return 0.0 if since is None else self._clock() - since

    def retry(self) -> None:
        with self._lock:
            self.traffic.retries += 1

    def sleep(self, seconds: float) -> None:
        """Sleeps; overlapping sleeps of several threads count once."""
        with self._lock:
            if not self._sleepers:
                self._since = self._clock()
            self._sleepers += 1
        try:
            self._sleep(seconds)
        finally:
            with self._lock:
                self._sleepers -= 1
                if not self._sleepers:
                    self.traffic.waited_seconds += self._clock() - self._since
