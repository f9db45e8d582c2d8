"""When the next request may be sent: a sliding window, a pause, and a limit that learns. Pure; `pace` wears it."""

from collections import deque
from dataclasses import dataclass

_CALM_WINDOWS = 10  # so many without a refusal, and a tenth more is tried
# How often to look again while a refusal is judged, which ends with the last answer.
_POLL = 0.05


@dataclass(frozen=True, slots=True)
class Lowered:
    """The server refused requests within the limit, so it was lowered; both in requests a minute."""

    before: int
    after: int


class Window:
    """Lets at most `limit` requests into any `seconds`; 0 means no limit. Times are seconds of one clock.

    A request takes its place until a window after its answer came, not after it was sent: the server
    counted it some time before the answer, so its window has moved on whatever the latency is. If
    any such time may be the one that counts, no earlier moment is safe.

    A first refusal may be of what others sent before, so the pause alone answers it; after a second,
    what is left of the window is taken to be theirs. Once a whole window was watched, the limit
    becomes what the server admitted in it, and is tried higher after ten calm windows.
    """

    def __init__(self, limit: int, seconds: float = 60.0) -> None:
        self.limit = limit
        self._configured = limit
        self._seconds = seconds
        self._in_flight = 0
        self._places: deque[float] = deque()  # when each was answered
        self._admitted: deque[float] = deque()  # of two windows: a judgement looks back from a sending
        self._paused_until = float("-inf")
        self._busy_since = float("-inf")
        self._calm_since = float("-inf")
        self._refusals = 0
        self._refused: float | None = None  # when the last refused request was sent, until it is judged

    def pause(self, until: float) -> None:
        """Lets nothing in before `until`; never shortens a pause."""
        self._paused_until = max(self._paused_until, until)

    def enter(self, now: float, *, is_urgent: bool = False) -> float:
        """Takes a place and returns 0, or returns the seconds after which to ask again; what is urgent takes one at once."""
        _forget(self._places, self._seconds, now)
        self._regain(now)
        wait = max(self._paused_until - now, self._until_free(now))
        if wait > 0 and not is_urgent:
            return wait
        if not self._in_flight and not self._places:
            self._busy_since, self._refusals = now, 0
        self._in_flight += 1
        return 0.0

    def leave(self, entered: float, now: float, *, is_sent: bool = True, is_refused: bool) -> Lowered | None:
        """Tells the end of a request that took its place at `entered`, and what follows from it.

        One that was not sent after all leaves its place free.
        """
        self._in_flight -= 1
        if not self.limit:
            return None
        if is_sent:
            self._places.append(now)
        if is_refused:
            self._refused = max(entered, self._refused or entered)
        elif is_sent:
            self._admitted.append(now)
        _forget(self._admitted, 2 * self._seconds, now)
        # Nothing new is let in meanwhile, so refusals that come together are judged together.
        return self._judge(self._refused, now) if self._refused is not None and not self._in_flight else None

    def _until_free(self, now: float) -> float:
        if not self.limit:
            return 0.0
        if self._refused is not None:
            return _POLL
        excess = self._in_flight + len(self._places) - self.limit
        if excess < 0:
            return 0.0
        # The last of those that must go; one in flight is held for a whole window yet.
        return self._places[excess] + self._seconds - now if excess < len(self._places) else self._seconds

    def _judge(self, refused: float, now: float) -> Lowered | None:
        self._refused = None
        self._calm_since = now
        self._refusals += 1
        if refused - self._busy_since >= self._seconds:
            return self._lower(refused)
        if self._refusals > 1:
            self._places.extend([now] * (self.limit - len(self._places)))
        return None

    def _lower(self, refused: float) -> Lowered | None:
        """All that the server held when it refused was answered in the window before that was sent, or since."""
        admitted = sum(answered > refused - self._seconds for answered in self._admitted)
        before, self.limit = self.limit, max(1, min(admitted, self.limit - 1))
        return Lowered(before, self.limit) if self.limit < before else None

    def _regain(self, now: float) -> None:
        if self.limit < self._configured and now - self._calm_since >= _CALM_WINDOWS * self._seconds:
            self.limit = min(self._configured, self.limit + max(1, self._configured // 10))
            self._calm_since = now


def _forget(times: deque[float], age: float, now: float) -> None:
    while times and times[0] + age <= now:
        times.popleft()
