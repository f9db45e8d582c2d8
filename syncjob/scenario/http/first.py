"""The first call of all, which goes alone until a response comes: what refuses it, such as wrong credentials, is asked once."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from syncjob.errors import NoResponse, ScenarioError, Unreachable

_T = TypeVar("_T")
_WATCH = 0.25  # how often whoever waits looks whether the run is to end


@dataclass(slots=True)
class _Turn:
    """Of one call that goes alone: whether others may go, and why not."""

    is_over: threading.Event = field(default_factory=threading.Event)
    unreached: NoResponse | None = None


class First:
    """Holds all calls back until one has a response; whoever waits calls `sleep` with 0, which may raise.

    One that cannot reach the server is so for all that wait for it. `is_fatal` says that none is of use any more.
    """

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep
        self._is_taken = threading.Lock()
        self._by: int | None = None  # the thread of the call that goes alone
        self._turn = _Turn()
        self._is_answered = False
        self.is_fatal = False

    def call(self, ask: Callable[[], _T]) -> _T:
        """`ask()`, a request and its repetitions; raises Unreachable if nothing was ever answered."""
        if self._is_answered or self._by == threading.get_ident():  # a call may look before it repeats itself
            return ask()
        turn = self._turn
        if self._is_taken.acquire(blocking=False):
            return self._alone(ask)
        self._wait(turn)
        return self._asked(ask)

    def answered(self, *, is_fatal: bool = False) -> None:
        """A response came; `is_fatal`: if it is the first, no other is of use."""
        if not self._is_answered:
            self.is_fatal = is_fatal
            self._is_answered = True
            self._turn.is_over.set()

    def connected(self) -> None:
        """There is a server, which may respond to others."""
        self._turn.is_over.set()

    def _alone(self, ask: Callable[[], _T]) -> _T:
        # As it is now: whoever waits from here on waits for this turn, and another may have ended since the look at it.
        turn = self._turn
        self._by = threading.get_ident()
        try:
            return self._asked(ask)
        except Unreachable as error:
            turn.unreached = error.last
            raise
        except ScenarioError as error:
            self.is_fatal = self.is_fatal or error.fatal
            raise
        finally:
            self._turn, self._by = _Turn(), None
            self._is_taken.release()
            turn.is_over.set()

    def _asked(self, ask: Callable[[], _T]) -> _T:
        try:
            return ask()
        except NoResponse as error:
            if self._is_answered:
                raise
            raise Unreachable(error) from error

    def _wait(self, turn: _Turn) -> None:
        while not turn.is_over.wait(_WATCH):
            self._sleep(0)
        self._sleep(0)  # what would have begun before a stop must not begin after it
        if turn.unreached:
            raise Unreachable(turn.unreached)
