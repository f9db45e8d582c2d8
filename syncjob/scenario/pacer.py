"""Request pacing: one window and one pause, shared by all workers."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

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
        self._lock = threading.Lock()

    @property
    def per_minute(self) -> int:
        return self._window.limit

    @contextmanager
    def place(self, before_send: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Waits for a place and holds it for the request; it stays free if `before_send`, after the wait, raises."""
        entered = self._enter()
        is_sent = is_refused = False
        try:
            before_send()
            is_sent = True
            yield
        except RateLimited:
            is_refused = True
            raise
        finally:
            self._leave(entered, is_sent=is_sent, is_refused=is_refused)

    def pause(self, seconds: float) -> None:
        """Holds every worker's next request back for `seconds` from now; never shortens a pause."""
        with self._lock:
            self._window.pause(self._clock() + seconds)

    def _enter(self) -> float:
        """The time at which a place was taken."""
        while True:
            with self._lock:
                now = self._clock()
                wait = self._window.enter(now, is_urgent=bool(self._is_urgent and self._is_urgent()))
            if wait <= 0:
                return now
            self._sleep(min(wait, _LOOK) if self._is_urgent else wait)

    def _leave(self, entered: float, *, is_sent: bool, is_refused: bool) -> None:
        with self._lock:
            lowered = self._window.leave(entered, self._clock(), is_sent=is_sent, is_refused=is_refused)
        if lowered:
            self._on_lowered(lowered)
