"""The first request of all, which goes alone: what refuses it, such as wrong credentials, is asked once."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from syncjob.errors import ScenarioError

_T = TypeVar("_T")
_WATCH = 0.25  # how often whoever waits looks whether the run is to end


class First:
    """Holds every thread back until the first call has ended; whoever waits calls `sleep` with 0, which may raise.

    `is_fatal` says that it ended with an error after which no other call is of use.
    """

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep
        self._lock = threading.Lock()
        self._is_over = False
        self.is_fatal = False

    def call(self, send: Callable[[], _T]) -> _T:
        """`send()`, alone if it is the first."""
        if not self._is_over:
            with self._alone():
                if not self._is_over:
                    return self._first(send)
        return send()

    def _first(self, send: Callable[[], _T]) -> _T:
        try:
            return send()
        except ScenarioError as error:
            self.is_fatal = error.fatal
            raise
        finally:
            self._is_over = True

    @contextmanager
    def _alone(self) -> Iterator[None]:
        has_waited = not self._lock.acquire(blocking=False)
        while has_waited and not self._lock.acquire(timeout=_WATCH):
            self._sleep(0)
        try:
            if has_waited:
                self._sleep(0)  # what would have begun before a stop must not begin after it
            yield
        finally:
            self._lock.release()
