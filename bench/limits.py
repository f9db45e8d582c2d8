"""Rate limits as a server may count them, for the stand-in. Pure: the time comes in."""

from collections import deque
from collections.abc import Callable
from typing import Literal

WINDOW = 60.0  # seconds
Kind = Literal["sliding", "fixed"]
# Whether a request that comes at this time, in seconds of any clock that only goes forward, is served.
Admits = Callable[[float], bool]


def limit(kind: Kind, per_minute: int) -> Admits:
    """A limit as its server counts it; what is refused does not count."""
    return _sliding(per_minute) if kind == "sliding" else _fixed(per_minute)


def ideal_seconds(requests: int, per_minute: int, latency: float, workers: int) -> float:
    """The least time in which `workers` get this number of requests past either limit, each `latency` seconds long.

    A whole minute for each full window, and then what the last window's requests take.
    """
    full = (requests - 1) // per_minute
    return full * WINDOW + (requests - full * per_minute) * latency / workers


def _sliding(per_minute: int) -> Admits:
    served: deque[float] = deque()

    def admits(now: float) -> bool:
        while served and served[0] <= now - WINDOW:
            served.popleft()
        if len(served) >= per_minute:
            return False
        served.append(now)
        return True

    return admits


def _fixed(per_minute: int) -> Admits:
    """Windows that follow each other from the first request on."""
    starts = float("-inf")
    served = 0

    def admits(now: float) -> bool:
        nonlocal starts, served
        if now - starts >= WINDOW:
            starts = now if starts == float("-inf") else starts + (now - starts) // WINDOW * WINDOW
            served = 0
        served += 1
        return served <= per_minute

    return admits
