"""When the next request may be sent: a sliding window, a pause, and an adaptive limit. Pure; used by the pacer."""

from collections import deque
from dataclasses import dataclass

_CALM_WINDOWS = 10  # this many without a refusal, and a tenth more is tried
# How often to look again while a refusal is judged, which ends with the last response.
_POLL = 0.05


@dataclass(frozen=True, slots=True)
class Lowered:
    """The server refused requests within the limit, so it was lowered; both in requests a minute."""

    before: int
    after: int


class Window:
    """Lets at most `limit` requests into any `seconds`; 0 means no limit. Times are seconds of one clock."""

    def __init__(self, limit: int, seconds: float = 60.0) -> None:
        self._limit = _AdaptiveLimit(limit, seconds)
        self._places = _Places(seconds)
        self._paused_until = float("-inf")

    @property
    def limit(self) -> int:
        return self._limit.value

    def pause(self, until: float) -> None:
        """Lets nothing in before `until`; never shortens a pause."""
        self._paused_until = max(self._paused_until, until)

    def enter(self, now: float, *, is_urgent: bool = False) -> float:
        """Takes a place and returns 0, or returns the seconds after which to ask again; what is urgent takes one at once."""
        self._places.forget(now)
        self._limit.regain(now)
        wait = max(self._paused_until - now, self._until_free(now))
        if wait > 0 and not is_urgent:
            return wait
        if not self._places.in_flight and not self._places.answered:
            self._limit.begin(now)
        self._places.in_flight += 1
        return 0.0

    def leave(self, entered: float, now: float, *, is_sent: bool = True, is_refused: bool) -> Lowered | None:
        """Ends a request that took its place at `entered`; one that was not sent after all leaves its place free."""
        self._places.in_flight -= 1
        if not self.limit:
            return None
        if is_sent:
            self._places.answered.append(now)
        if is_refused:
            self._limit.refuse(entered)
        elif is_sent:
            self._limit.admit(now)
        # Nothing new is let in while a refusal waits for this, so refusals that come together are judged together.
        return None if self._places.in_flight else self._limit.judge(self._places, now)

    def _until_free(self, now: float) -> float:
        if not self.limit:
            return 0.0
        return _POLL if self._limit.is_refused else self._places.until_free(self.limit, now)


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
        _forget(self.answered, self._seconds, now)

    def until_free(self, limit: int, now: float) -> float:
        excess = self.in_flight + len(self.answered) - limit
        if excess < 0:
            return 0.0
        # The last of those that must go; one in flight is held for a whole window yet.
        return self.answered[excess] + self._seconds - now if excess < len(self.answered) else self._seconds


class _AdaptiveLimit:
    """What the server admits, as far as its refusals show.

    A first refusal may be of what others sent before, so the pause alone answers it; after a second, what is left of
    the window is taken to be theirs. After a whole window of ours, the limit becomes what the server admitted in it,
    and is tried higher after ten calm windows.
    """

    def __init__(self, value: int, seconds: float) -> None:
        self.value = self._configured = value
        self._seconds = seconds
        self._admitted: deque[float] = deque()  # of two windows: a judgement looks back from a sending
        self._busy_since = self._calm_since = float("-inf")
        self._refusals = 0
        self._refused: float | None = None  # when the last refused request was sent, until it is judged

    @property
    def is_refused(self) -> bool:
        """Whether a refusal is still to be judged."""
        return self._refused is not None

    def begin(self, now: float) -> None:
        """Nothing of ours is in the server's window any more."""
        self._busy_since, self._refusals = now, 0

    def admit(self, now: float) -> None:
        self._admitted.append(now)
        _forget(self._admitted, 2 * self._seconds, now)

    def refuse(self, sent: float) -> None:
        self._refused = max(sent, self._refused or sent)

    def judge(self, places: _Places, now: float) -> Lowered | None:
        """Draws the conclusion from the refusals since the last judgement, if there were any."""
        refused, self._refused = self._refused, None
        if refused is None:
            return None
        self._calm_since = now
        self._refusals += 1
        if refused - self._busy_since >= self._seconds:
            return self._lower(refused)
        if self._refusals > 1:
            places.answered.extend([now] * (self.value - len(places.answered)))
        return None

    def regain(self, now: float) -> None:
        if self.value < self._configured and now - self._calm_since >= _CALM_WINDOWS * self._seconds:
            self.value = min(self._configured, self.value + max(1, self._configured // 10))
            self._calm_since = now

    def _lower(self, refused: float) -> Lowered | None:
        """All that the server held when it refused was answered in the window before that was sent, or since."""
        admitted = sum(answered > refused - self._seconds for answered in self._admitted)
        before, self.value = self.value, max(1, min(admitted, self.value - 1))
        return Lowered(before, self.value) if self.value < before else None


def _forget(times: deque[float], age: float, now: float) -> None:
    while times and times[0] + age <= now:
        times.popleft()
