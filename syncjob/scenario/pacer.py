"""Request pacing: one window and one pause, shared by all workers."""

import threading
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType

from syncjob.errors import RateLimited
from syncjob.scenario.rate_limit import Lowered, Window

_LOOK = 1.0  # seconds after which whoever waits asks again whether it must


class Pacer:
    """Lets at most `per_minute` requests into any 60 s; 0 means no limit. See `Window`.

    A RateLimited that leaves a place says that the server admits less; `on_lowered` is called if that lowers the limit.
    `sleep` may raise, which ends the wait. While it `is_urgent` nobody waits.
    """

    def __init__(
        self,
        per_minute: int,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        on_lowered: Callable[[Lowered], None] = lambda _: None,
        is_urgent: Callable[[], bool] | None = None,
    ) -> None:
        self._window = Window(per_minute)
        self._clock = clock
        self._sleep = sleep
        self._on_lowered = on_lowered
        self._is_urgent = is_urgent
        self._runs: Callable[[], int] | None = None
        self._ended: Callable[[], Sequence[float]] = tuple
        self._seen = 1  # runs
        self._look_at = float("-inf")
        self._lock = threading.Lock()
        self._turn = threading.Lock()

    @property
    def per_minute(self) -> int:
        return self._window.limit

    def hold(self, answered: Iterable[float]) -> None:
        """Takes in that others sent requests, by the times at which each was answered."""
        self._window.hold(answered)

    def share(self, runs: Callable[[], int], ended: Callable[[], Sequence[float]]) -> None:
        """Takes an equal part of the limit from now on.

        Each second `runs` is asked how many share it, and if they are fewer, `ended` when requests of others were
        answered that are not known yet.
        """
        self._runs, self._ended = runs, ended

    def place(self, before_send: Callable[[], None] = lambda: None) -> "_Place":
        """Waits for a place and holds it for the request; it stays free if `before_send`, after the wait, raises."""
        return _Place(self, before_send)

    def pause(self, seconds: float) -> None:
        """Holds every worker's next request back for `seconds` from now; never shortens a pause."""
        with self._lock:
            self._window.pause(self._clock() + seconds)

    def held(self) -> float:
        """The seconds until the next place is free."""
        with self._lock:
            return max(0.0, self._window.wait(self._clock()))

    def answered(self) -> tuple[float, ...]:
        """When each request was answered that the server may still count."""
        with self._lock:
            return self._window.answered(self._clock())

    def enter(self) -> float:
        """The time at which a place was taken."""
        now, wait = self._ask()
        if wait > 0:
            with self._turn:  # one worker asks for all that wait: who waits for a lock costs nothing
                while wait > 0:
                    now, wait = self._ask()
                    if wait > 0:
                        self._sleep(min(wait, _LOOK) if self._is_urgent or self._runs else wait)
        return now

    def leave(self, entered: float, *, is_sent: bool, refused: RateLimited | None) -> None:
        with self._lock:
            now = self._clock()
            lowered = self._window.leave(entered, now, is_sent=is_sent, is_refused=refused is not None)
            if refused and refused.retry_after is None:
                refused.retry_after = self._window.paused(now) if self._window.limit else None
        if lowered:
            self._on_lowered(lowered)

    def _ask(self) -> tuple[float, float]:
        """The time, and how long after it to ask again; 0 if a place was taken."""
        with self._lock:
            now = self._clock()
            if self._runs and now >= self._look_at:
                self._look_at = now + _LOOK
                seen, self._seen = self._seen, self._runs()
                self._window.share(self._seen, now, self._ended() if self._seen < seen else ())
            return now, self._window.enter(now, is_urgent=bool(self._is_urgent and self._is_urgent()))


class _Place:
    """A place as a context; as a class because that costs a request half of what a generator does."""

    __slots__ = ("_before_send", "_entered", "_pacer")

    def __init__(self, pacer: Pacer, before_send: Callable[[], None]) -> None:
        self._pacer = pacer
        self._before_send = before_send

    def __enter__(self) -> None:
        self._entered = self._pacer.enter()
        try:
            self._before_send()
        except BaseException:
            self._pacer.leave(self._entered, is_sent=False, refused=None)
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._pacer.leave(self._entered, is_sent=True, refused=error if isinstance(error, RateLimited) else None)
