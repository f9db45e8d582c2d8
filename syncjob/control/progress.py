"""How far a run has come: what it has done, how fast, and what is left. Pure but for its clock."""

from collections.abc import Callable
from dataclasses import dataclass

_MINUTE = 60.0
_IDLE = 1.0  # seconds; a shorter pause is none


@dataclass(frozen=True, slots=True)
class Standing:
    """`items` descriptions in all, about `done` of them done; `rate` in requests a minute, times in seconds.

    What is left is estimated from what was needed so far; None if nothing tells yet. `held` is how long the limit lets
    no request through, 0 if one was sent just now; `is_silent`: the last request had no response.
    """

    items: int
    done: int
    requests: int
    rate: float
    requests_left: int | None
    seconds_left: float | None
    held: float = 0.0
    is_silent: bool = False

    def __str__(self) -> str:
        if self.is_silent:
            return "no response; trying again"
        rate = f"{self.rate:,.0f}"
        if not self.requests_left or self.seconds_left is None:
            return f"waiting {duration(self.held)} for the limit" if self.held else f"{rate} requests/min"
        requests = "request" if self.requests_left == 1 else "requests"
        left = f"{self.requests_left:,} {requests} left, {duration(self.seconds_left)}"
        return f"{left}; next in {duration(self.held)}" if self.held else f"{left} at {rate}/min"


class Progress:
    """Counts what is done, for one thread; any may ask how it stands.

    `requests` says how many were sent, `limit` how many a minute may be, `held` for how many seconds none may be, and
    `is_silent` whether the last had no response.
    """

    def __init__(
        self,
        requests: Callable[[], int],
        limit: Callable[[], int],
        clock: Callable[[], float],
        held: Callable[[], float] = lambda: 0.0,
        is_silent: Callable[[], bool] = lambda: False,
    ) -> None:
        self._requests = requests
        self._held = held
        self._is_silent = is_silent
        self._limit = limit
        self._clock = clock
        self._since = clock()
        self._told = self._since
        self._sent = (0, self._since)  # how many requests, and when that was first seen
        self._waited = 0.0  # seconds in which the limit let nothing through
        self._is_held, self._looked = False, self._since
        self._items = 0
        self._halves = 0  # what is read, and is still to be judged and perhaps written, is half done

    def expect(self, items: int) -> None:
        """That many descriptions more are to be read."""
        self._items += items

    def half_done(self, count: int = 1) -> None:
        """That many were read, or were read before and now need no more requests."""
        self._halves += count

    def done(self) -> None:
        """One was read and needs no more requests."""
        self._halves += 2

    def news(self) -> Standing | None:
        """The standing, if none was told for a minute."""
        now = self._clock()
        if now - self._told < _MINUTE:
            return None
        self._told = now
        return self.standing()

    def standing(self) -> Standing:
        requests = self._requests()
        idle = self._idle(requests)
        held = self._held() if idle >= _IDLE else 0.0
        self._note_wait(is_held=held >= _IDLE)
        rate = self._rate(requests)
        left = round(requests * (2 * self._items - self._halves) / self._halves) if self._halves else None
        seconds_left = None
        if left is not None and rate:  # a server that is slow, and no limit, brings the end no nearer
            seconds_left = max(held, 60 * left / rate - (idle if self._is_held else min(idle, 60 / rate)))
        held = held if self._is_held else 0.0
        return Standing(
            self._items, self._halves // 2, requests, rate, left, seconds_left, held, is_silent=self._is_silent()
        )

    def _note_wait(self, *, is_held: bool) -> None:
        now = self._clock()
        self._waited += now - self._looked if self._is_held else 0.0
        self._is_held, self._looked = is_held, now

    def _rate(self, requests: int) -> float:
        """Requests a minute, as measured while the limit let some through; never more than it allows."""
        limit = self._limit()
        if limit and self._is_held:
            return float(limit)
        seconds = self._clock() - self._since - (self._waited if limit else 0.0)
        rate = 60 * requests / seconds if seconds > 0 else 0.0
        return min(rate, float(limit)) if limit else rate

    def _idle(self, requests: int) -> float:
        """The seconds since a request was seen to be sent."""
        now = self._clock()
        if requests != self._sent[0]:
            self._sent = (requests, now)
        return now - self._sent[1]


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 20 min`."""
    minutes = round(seconds / 60)
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
