"""The clock of a connection's patience, which leaps when a test says so: a deadline that passes at one moment, not in time."""

import time
from types import SimpleNamespace

import pytest

from syncjob.scenario.http import stream
from syncjob.scenario.http.transport import Limits
from tests.support.raw_server import Play


class Leaping:
    """Makes that clock as long as `patched` is."""

    LIMITS = Limits(timeout=500.0, deadline=400.0)
    LATE = "no complete response within http.deadline (400 s)"

    def __init__(self, patched: pytest.MonkeyPatch) -> None:
        self._ahead = 0.0
        patched.setattr(stream, "time", SimpleNamespace(monotonic=lambda: time.monotonic() + self._ahead))

    def leap(self) -> None:
        """Past the deadline of whatever is in flight; it sees that at its next byte."""
        self._ahead += 1_000.0

    def before(self, play: Play) -> Play:
        """The play, once the time of the request that it answers is over."""

        def late(connection: object) -> None:
            self.leap()
            play(connection)  # type: ignore[arg-type]

        return late
