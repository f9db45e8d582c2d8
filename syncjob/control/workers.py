"""Bounded worker threads, and the one way to stop them."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from syncjob.errors import Stopped

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

# The end of a run, in seconds since it was requested. GitHub Actions leaves 7.5.
_CALLED_OFF = 4.0  # what waits for the network is broken off, so that there is time to look at what a write did
_DRAIN = 4.5  # what is still in flight is given up, so that the report is there within five
LAST_WAIT = 5.0  # the process ends if it waits for anything
LAST_WORK = 10.0  # it ends even if it works
_DRAIN_IN_TIME = 60.0  # `_DRAIN` when nobody waits for the end: the run's own time is over
WATCH = 0.25  # how often whoever waits looks whether the run is to end
# Results that come this fast are taken in handfuls: each time the thread that takes them wakes, it costs the
# workers the interpreter's lock.
_BUSY = 0.003
_HANDFUL = 0.01
_BACKLOG = 64  # results that nobody has taken: a run of failures ends no later than this many after it is one


class Stop:
    """Tells everybody that nothing new is to be started, and why: the first reason that anybody gave.

    `is_due` says that it came because the run's own time was over, `is_given_up` that Scenario admitted nothing.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self._since = 0.0
        self._due: tuple[float, str] | None = None
        self._is_held_off = False
        self._overdue: Callable[[], None] = lambda: None
        self._called_off_after = _CALLED_OFF
        self.reason: str | None = None
        self.is_given_up = False

    @property
    def requested(self) -> bool:
        """Whether nothing new is to be started; not as long as it is held off."""
        if self._is_held_off:
            return False
        if (due := self._due) and self.reason is None and time.monotonic() >= due[0]:
            self._since = time.monotonic()
            self.reason = self.reason or due[1]
            self._event.set()
        return self.reason is not None

    @property
    def is_due(self) -> bool:
        """By the reason alone, so that no thread sees the one without the other."""
        due = self._due
        return due is not None and self.reason is due[1]

    def note(self, reason: str) -> None:
        """Requests the stop from a signal handler, without any lock; sleepers wake soon."""
        if self.reason is None or self.is_due:  # a signal after the time's end starts a time of its own
            self._since = time.monotonic()
            self._due = None
        self.reason = self.reason or reason

    def request(self, reason: str) -> None:
        self.note(reason)
        self._event.set()

    def give_up(self, reason: str) -> None:
        """Requests the stop because it is no use to wait any longer."""
        self.is_given_up = self.is_given_up or self.reason is None
        self.request(reason)

    def request_after(self, seconds: float, reason: str) -> None:
        """Requests the stop once that time has passed; whoever waits for results sees to it."""
        self._due = (time.monotonic() + seconds, reason)

    def wake(self) -> None:
        """Ends all sleeps if the stop was requested; for whoever waits for results."""
        if self.requested:
            self._event.set()

    def is_overdue(self) -> bool:
        """Whether what was in flight at the stop has had its time."""
        return self._has_passed(_DRAIN_IN_TIME if self.is_due else _DRAIN)

    def when_overdue(self, call_off: Callable[[], None], after: float = _CALLED_OFF) -> None:
        """Has `call_off` called once, by any thread, when what is in flight has had `after` seconds since a signal."""
        self._overdue, self._called_off_after = call_off, after

    def call_off(self) -> None:
        """Breaks off what is in flight for long; the watch over the signals calls it."""
        if self._has_passed(self._called_off_after) and not self.is_due:
            call_off, self._overdue = self._overdue, lambda: None
            call_off()

    def _has_passed(self, seconds: float) -> bool:
        """Whether the stop was requested that long ago; whoever holds it off has no longer."""
        return self.reason is not None and time.monotonic() - self._since > seconds

    @property
    def is_urgent(self) -> bool:
        """Whether it came, and is held off: what is left to be done has seconds."""
        return self._is_held_off and self.reason is not None

    @contextmanager
    def held_off(self) -> Iterator[None]:
        """Within it nobody has to stop: for what must come to its end whatever happens."""
        self._is_held_off = True
        try:
            yield
        finally:
            self._is_held_off = False

    def sleep(self, seconds: float) -> None:
        """Waits; raises Stopped as soon as the stop is requested."""
        until = time.monotonic() + seconds
        while True:
            if self.requested:
                raise Stopped(self.reason)
            left = until - time.monotonic()
            if left <= 0:
                return
            # In short steps: neither a signal nor the end of a run's time can wake anybody.
            if self._event.wait(min(left, WATCH)) and self._is_held_off:
                time.sleep(min(left, WATCH))


def run(
    items: Iterable[_Item], work: Callable[[_Item], _Result], count: int, stop: Stop
) -> Iterator[tuple[_Item, _Result]]:
    """(item, result) of each item as it is done, by at most `count` threads.

    Items are taken one at a time, so an endless iterator is fine. After a stop no item is taken,
    and what is in flight is waited for, a few seconds at most; an item whose work raises Stopped or
    outlasts that has no result. Any other exception of `work` is raised here.
    """
    pool = _Pool(items, work, stop)
    for number in range(count):
        # Daemons: a request that hangs after a stop must not hold the process back.
        threading.Thread(target=pool.labour, name=f"worker-{number}", daemon=True).start()
    try:
        yield from pool.results(count)
    finally:
        if pool.running and not stop.requested:
            stop.request("the run ended early")


class _Pool(Generic[_Item, _Result]):
    def __init__(self, items: Iterable[_Item], work: Callable[[_Item], _Result], stop: Stop) -> None:
        self._items = iter(items)
        self._taking = threading.Lock()
        self._work = work
        self._stop = stop
        # A result, what a worker died of, or None for each worker that has ended.
        self._done: SimpleQueue[tuple[_Item, _Result] | BaseException | None] = SimpleQueue()
        self.running = 0

    def labour(self) -> None:
        try:
            for item in self._take():
                self._done.put((item, self._work(item)))
                while self._done.qsize() > _BACKLOG and not self._stop.requested:
                    time.sleep(_HANDFUL)  # whoever takes the results is slower; they are not to fill the memory
        except Stopped:
            pass
        except BaseException as error:  # noqa: BLE001  raised again in the thread that waits
            self._done.put(error)
        finally:
            self._done.put(None)

    def results(self, count: int) -> Iterator[tuple[_Item, _Result]]:
        self.running = count
        last = float("-inf")
        while self.running:
            is_overdue = self._stop.is_overdue()  # then only what is there already is taken
            self._stop.wake()
            if time.monotonic() - last < _BUSY and self._done.empty():
                time.sleep(_HANDFUL)
            try:
                entry = self._done.get(block=not is_overdue, timeout=WATCH)
            except Empty:
                if is_overdue:
                    return
                continue
            last = time.monotonic()
            if entry is None:
                self.running -= 1
            elif isinstance(entry, BaseException):
                raise entry
            else:
                yield entry

    def _take(self) -> Iterator[_Item]:
        while not self._stop.requested:
            with self._taking:
                try:
                    item = next(self._items)
                except StopIteration:
                    return
            yield item
