"""When failures end a run: at once after a fatal one, and after too many in a row."""

from syncjob.control.workers import Stop
from syncjob.problems import Failure

# Of any kind: the other side is down, or something is set up wrongly.
MAX_IN_A_ROW = 20


class Breaker:
    """Counts the failures of a run and stops it; `ended_by` is the one that did, None while none has.

    `is_tripped` tells the limit in a row from a fatal failure. For one thread.
    """

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self._in_a_row = 0
        self.ended_by: Failure | None = None
        self.is_tripped = False

    def note(self, failure: Failure | None) -> None:
        """Takes the end of one item: its failure, None for a success."""
        self._in_a_row = self._in_a_row + 1 if failure else 0
        if failure is None or self.ended_by:
            return
        if failure.is_fatal:
            self.ended_by = failure
            self._stop.request(failure.message)
        elif self._in_a_row >= MAX_IN_A_ROW:
            self.ended_by = failure
            self.is_tripped = True
            self._stop.request(f"{MAX_IN_A_ROW} failures in a row, the last: {failure.message}")
