"""SIGINT and SIGTERM end a run in order; the only module that handles signals."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from syncjob.gate import remark
from syncjob.outlet import hurry
from syncjob.workers import Stop

_ENDING = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Which signal ended the run, None while none has come."""

    def __init__(self) -> None:
        self.signal: int | None = None


@contextmanager
def ending(stop: Stop) -> Iterator[Interrupts]:
    """Within it the first signal requests the stop, and a second one ends the process at once."""
    interrupts = Interrupts()

    def handle(number: int, frame: FrameType | None) -> None:
        if interrupts.signal is not None:
            os._exit(128 + number)
        interrupts.signal = number
        stop.note(f"interrupted by {signal.Signals(number).name}")
        hurry()
        remark(sys.stderr, "\nsyncjob: ending what is in flight; once more ends at once\n")

    former = {number: signal.signal(number, handle) for number in _ENDING}
    try:
        yield interrupts
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


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
        signal.raise_signal(interrupt)
