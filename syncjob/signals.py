"""SIGINT and SIGTERM end a run in order; the only module that handles signals."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

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
        stop.request(f"interrupted by {signal.Signals(number).name}")

    former = {number: signal.signal(number, handle) for number in _ENDING}
    try:
        yield interrupts
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


@contextmanager
def asking() -> Iterator[None]:
    """Within it a signal ends the process as usual: a person is asked and nothing is in flight."""
    former = {number: signal.getsignal(number) for number in _ENDING}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
