"""SIGINT and SIGTERM end a run in order; the only module that handles signals.

Python runs a handler in the main thread alone, and not while that waits in a lock or a library. So a thread watches
too: it ends the process at a second signal, and if the run waits longer than it may.
"""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType

from syncjob.control.workers import LAST_WAIT, LAST_WORK, WATCH, Stop
from syncjob.files.ready import is_ready
from syncjob.output.gate import remark
from syncjob.output.outlet import hurry

_ENDING = (signal.SIGINT, signal.SIGTERM)
_BETWEEN = 2 * WATCH  # seconds between two looks; if there were more, the whole process stood still
_WORK = 0.002  # seconds of the main thread's CPU between two looks: it is writing the report, not waiting


@dataclass(slots=True)
class Interrupts:
    """Which signal ended the run, None while none has come."""

    signal: int | None = None

    @property
    def status(self) -> int | None:
        """The exit status of a process that the signal ended, as shells have it."""
        return None if self.signal is None else _status(self.signal)


@contextmanager
def ending(stop: Stop) -> Iterator[Interrupts]:
    """Within it the first signal requests the stop, and a second one ends the process at once.

    Once a signal has come this holds to the end of the process, seconds later at the most: see `LAST_WAIT` and
    `LAST_WORK`. A run that takes longer is ended with the signal's status, 128 + n, and without its report.
    """
    watch = _Watch(stop)
    former = {number: signal.signal(number, watch.handle) for number in _ENDING}
    former_descriptor = signal.set_wakeup_fd(watch.writer, warn_on_full_buffer=False)
    try:
        yield watch.interrupts
    finally:
        if watch.interrupts.signal is None:
            signal.set_wakeup_fd(former_descriptor)
            for number, handler in former.items():
                signal.signal(number, handler)
            watch.end()


class _Watch:
    """Reads from a pipe which signals came; whatever the main thread does."""

    def __init__(self, stop: Stop) -> None:
        self.interrupts = Interrupts()
        self._stop = stop
        self._main = threading.get_ident()
        self._used = 0.0
        self._reader, self.writer = os.pipe()
        for descriptor in (self._reader, self.writer):
            os.set_blocking(descriptor, False)
        self._thread = threading.Thread(target=self._watch, name="signals", daemon=True)
        self._thread.start()

    def handle(self, number: int, frame: FrameType | None = None) -> None:
        """The handler, once the main thread runs it; from then on the next signal is the system's to obey.

        This thread and the others may soon be held up by a library that lets go of the interpreter for nobody.
        """
        self.note(number)
        if os.getpid() != 1:  # the first process of a container outlives what it does not handle
            for each in _ENDING:
                signal.signal(each, signal.SIG_DFL)

    def note(self, number: int) -> None:
        """What is done at once, by whichever thread learns of it first: no lock is needed for it."""
        self.interrupts.signal = self.interrupts.signal or number
        self._stop.note(f"interrupted by {signal.Signals(number).name}")
        hurry()

    def end(self) -> None:
        os.close(self.writer)
        self._thread.join(WATCH)

    def _watch(self) -> None:
        while not (came := self._came(None)):
            if came is None:
                os.close(self._reader)
                return
        first, *more = came
        self.note(first)
        self._stop.wake()
        remark("finishing requests in flight; interrupt again to quit now")
        if another := more or self._until_another(first):
            os._exit(_status(another[0]))

    def _until_another(self, first: int) -> list[int]:
        """Ends the process if the run takes too long; else the signals after the first, none at the run's end."""
        spent, looked = 0.0, time.monotonic()
        while True:
            self._stop.call_off()
            last, doing = (LAST_WAIT, "waiting") if self._main_waits() else (LAST_WORK, "working")
            now = time.monotonic()
            spent, looked = spent + min(now - looked, _BETWEEN), now
            if spent > last:
                remark(f"still {doing} after {last:g} seconds; quitting without a report")
                os._exit(_status(first))
            came = self._came(WATCH)
            if came is None or came:
                return came or []

    def _came(self, seconds: float | None) -> list[int] | None:
        """The signals that came within a time; None at the end of the run."""
        if not is_ready(self._reader, "read", seconds):
            return []
        came = os.read(self._reader, 64)
        # Other signals that somebody handles come here too.
        return [number for number in came if number in _ENDING] if came else None

    def _main_waits(self) -> bool:
        before, self._used = self._used, _cpu_seconds(self._main)
        return self._used - before < _WORK


def _status(number: int) -> int:
    return 128 + number


def _cpu_seconds(thread: int) -> float:
    """What a thread has used; the whole process if the system does not tell, as on macOS."""
    try:
        return time.clock_gettime(time.pthread_getcpuclockid(thread))
    except (AttributeError, OSError):
        return time.process_time()


@contextmanager
def left_to_a_reader() -> Iterator[None]:
    """Within it, while a pager has the terminal, SIGINT is the pager's alone, and SIGTERM ends the process at once."""
    descriptor = signal.set_wakeup_fd(-1)
    former = {signal.SIGINT: signal.signal(signal.SIGINT, _leave_alone)}  # SIG_IGN would hold for the pager too
    former[signal.SIGTERM] = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(descriptor, warn_on_full_buffer=False)


def _leave_alone(number: int, frame: FrameType | None) -> None:
    """Nothing: the pager has got the signal too."""


class _Interrupted(Exception):
    """A signal came while a person was asked, or while a page was shown."""


@contextmanager
def ended_by_signal() -> Iterator[Interrupts]:
    """Within it the first signal ends the block at once and is noted; a terminal that is closed sends one too."""
    interrupts = Interrupts()

    def handle(number: int, frame: FrameType | None) -> None:
        if interrupts.signal is None:  # whoever is impatient does not keep the block from cleaning up
            interrupts.signal = number
            raise _Interrupted

    heeded = [number for number in (*_ENDING, signal.SIGHUP) if signal.getsignal(number) != signal.SIG_IGN]  # nohup
    former = {number: signal.getsignal(number) for number in heeded}
    try:
        with suppress(_Interrupted):
            for number in heeded:
                signal.signal(number, handle)
            yield interrupts
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


@contextmanager
def asking() -> Iterator[None]:
    """Within it a signal ends the block at once, though Python would read on, and then goes to its former handler."""
    came: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        came.append(number)
        raise _Interrupted

    former = {number: signal.signal(number, handle) for number in _ENDING}
    try:
        yield
    except _Interrupted:
        pass
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
    for interrupt in came:
        handler = former[signal.Signals(interrupt)]
        # Not raised again if there is a handler: that would count as a second signal.
        handler(interrupt, None) if callable(handler) else signal.raise_signal(interrupt)
