"""How far apart requests are at first, as long as nothing shows what burst the server admits. Pure."""

# In flight for each hundred of the limit, and no fewer: at first, to which each that is admitted adds one, and at most.
# What is in flight when the server's burst is used up is refused: three in a hundred of a run of three windows.
_FIRST, _MOST = 2, 7
# Times the even rate, at most: as long as none was admitted, which may take long, and from then on.
_UNKNOWN, _KNOWN = 2.2, 5.5
_LONGEST = 0.3  # seconds: nobody who has a few requests waits for longer
_LOOK = 0.05  # seconds after which to look whether one was admitted
_NEWEST = 1 / 8  # of the mean latency


class SlowStart:
    """Requests of the first window, of which a limit of `told` admits that many in `seconds`.

    It is over once a whole window was admitted. A limit so low that few are in flight anyway needs none.
    """

    def __init__(self, told: int, seconds: float) -> None:
        self._is_over = told <= _MOST
        self._even = seconds / max(1, told)
        self._first, self._most = max(_FIRST, told * _FIRST / 100), max(_MOST, told * _MOST / 100)
        self._sent, self._admitted, self._latency = 0, 0, 0.0
        self._last = float("-inf")

    def enter(self, now: float) -> None:
        """One is sent."""
        self._sent += 1
        self._last = now

    def admit(self, latency: float, *, is_full: bool) -> None:
        """One was admitted, and with it as many as the limit allows in a window if it `is_full`."""
        self._is_over |= is_full
        self._admitted += 1
        self._latency += (latency - self._latency) * (_NEWEST if self._admitted > 1 else 1)

    def wait(self, now: float) -> float:
        """The seconds after which to ask whether the next may be sent; it may be if that is not above 0."""
        if self._is_over or self._sent < self._first:
            return 0.0
        left = self._last + self._gap - now
        return left if self._admitted else min(left, _LOOK)

    @property
    def _gap(self) -> float:
        if not self._admitted:
            return min(_LONGEST, self._even / _UNKNOWN)
        in_flight = min(self._most, self._first + self._admitted)
        return min(_LONGEST, self._even / _KNOWN, self._latency / in_flight)
