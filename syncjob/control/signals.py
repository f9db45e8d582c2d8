"""SIGINT and SIGTERM end a run in order; the only module that handles signals.

Python runs a handler in the main thread alone, and not while that waits in a lock or a library. So a thread watches
too: it ends the process at a second signal, and where the run waits longer than it may.
"""

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from syncjob.control.workers import Stop
from syncjob.output.gate import remark
from syncjob.output.outlet import hurry

_ENDING = (signal.SIGINT, signal.SIGTERM)
# From the signal to the end, in seconds. What is in flight had its time before, and the report is written by then.
_GRACE = 5.0
_LAST = 10.0  # and so many where it does not wait, but works
_TICK = 0.25
_WORK = 0.002  # so many seconds of the main thread's CPU in a tick: it is writing the report, not waiting


class Interrupts:
    """Which signal ended the run, None while none has come."""

    def __init__(self) -> None:
        self.signal: int | None = None

    @property
    def status(self) -> int | None:
        """The exit status of a process that the signal ended, as shells have it."""
        return None if self.signal is None else _status(self.signal)


@contextmanager
def ending(stop: Stop) -> Iterator[Interrupts]:
    """Within it the first signal requests the stop, and a second one ends the process at once.

    Once a signal has come this holds to the end of the process, which is a few seconds away at the most: a run that
    then still waits, for whatever it may be, is ended with the signal's status and without its report, and so is one
    that still works some seconds later. The second signal ends it with status 128 + n, or is what it dies of.
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
        """The handler, where the main thread comes to run it; from then on the next signal is the system's to obey.

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
        self._thread.join(_TICK)

    def _watch(self) -> None:
        while not (came := self._came(None)):
            if came is None:
                os.close(self._reader)
                return
        first, *more = came
        self.note(first)
        self._stop.wake()
        _say("ending what is in flight; once more ends at once")
        if not more:
            more = self._until_another(first)
        if more:
            os._exit(_status(more[0]))

    def _until_another(self, first: int) -> list[int]:
        """Ends the process where the run waits for longer than it may; what came after the first, none at the run's end."""
        began = time.monotonic()
        while True:
            self._stop.call_off()
            is_waiting, passed = self._main_waits(), time.monotonic() - began
            if passed > (_GRACE if is_waiting else _LAST):
                _say(
                    f"the run still {'waits for something' if is_waiting else 'works'}, so it is ended without a report"
                )
                os._exit(_status(first))
            came = self._came(_TICK)
            if came is None or came:
                return came or []

    def _came(self, seconds: float | None) -> list[int] | None:
        """The signals that came within a time; None at the end of the run."""
        poll = select.poll()
        poll.register(self._reader, select.POLLIN)
        if not poll.poll(None if seconds is None else seconds * 1000):
            return []
        came = os.read(self._reader, 64)
        # Other signals that somebody handles are told here too.
        return [number for number in came if number in _ENDING] if came else None

    def _main_waits(self) -> bool:
        """Whether the main thread has waited since it was last asked."""
        before, self._used = self._used, _cpu_seconds(self._main)
        return self._used - before < _WORK


def _status(number: int) -> int:
    return 128 + number


def _cpu_seconds(thread: int) -> float:
    """What a thread has used; the whole process where the system does not tell, as on macOS."""
    try:
        return time.clock_gettime(time.pthread_getcpuclockid(thread))
    except (AttributeError, OSError):
        return time.process_time()


def _say(message: str) -> None:
    """A line on stderr, unless nobody reads what is there already."""
    remark(sys.stderr, f"\nsyncjob: {message}\n")


class _Interrupted(Exception):
    """A signal came while a person was asked."""


@contextmanager
def asking() -> Iterator[None]:
    """Within it a signal ends the block at once, where Python would go on reading the terminal.

    The signal is then given to whoever handled it before.
    """
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
        # Not raised again where there is a handler: that would count as a second signal.
        handler(interrupt, None) if callable(handler) else signal.raise_signal(interrupt)
