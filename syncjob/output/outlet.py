"""A descriptor that somebody else reads: a reader that has gone, is full or reads no more holds no run back."""

import errno
import os
import stat
import time
from contextlib import suppress

from syncjob.files.ready import is_ready

_ROOM = 4096  # a pipe that is ready takes this much at once (POSIX, PIPE_BUF)
_STEP = 0.1
_PATIENCE = 1.0  # seconds that a reader has in all once a signal has come
_LATE = 4.0  # and from that long after the signal on
_LAST_PATIENCE = 0.2  # it has no more than these

_signalled: list[float] = []  # when signals came, by the monotonic clock


def hurry() -> None:
    """Says that a signal has come: from now on nobody who does not read is waited for much longer."""
    _signalled.append(time.monotonic())


def hurried_for() -> float:
    """The seconds since the first signal; 0 as long as none has come."""
    return time.monotonic() - _signalled[0] if _signalled else 0.0


class Outlet:
    """Writes to a descriptor; what cannot be written is dropped, like all after it, and `failure` says why."""

    def __init__(self, descriptor: int, *, is_bounded: bool = False) -> None:
        self.failure: OSError | None = None
        self._descriptor = descriptor
        self._is_bounded = is_bounded
        self._is_shared = True  # others write to it too, or may have it wait
        self._waited = 0.0

    def bound(self) -> None:
        """From now on a write waits for its reader only as long as no signal has come, and a moment longer."""
        if self._is_bounded or stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            return
        self._is_bounded = True
        with suppress(OSError):
            # Opened anew, because O_NONBLOCK on the descriptor that we were given would hold for everybody who has it.
            flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
            self._descriptor = os.open(f"/proc/self/fd/{self._descriptor}", flags)
            self._is_shared = False

    def write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest and self.failure is None:
            try:
                rest = rest[self._write_some(rest) :]
            except OSError as error:
                self.failure = error

    def offer(self, data: bytes) -> None:
        """Writes a short text if there is room for it now; for signal handlers, which must not wait."""
        with suppress(OSError):
            if not self._is_shared or is_ready(self._descriptor, "write", 0):
                os.write(self._descriptor, data)

    def _write_some(self, data: memoryview) -> int:
        """How much was written; 0 if there was no room for a while."""
        if self._is_bounded and self._is_shared:
            if not is_ready(self._descriptor, "write", _STEP):
                self._note(_STEP)
                return 0
            data = data[:_ROOM]
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:
            began = time.monotonic()
            time.sleep(0.001)  # a terminal may be called ready and take nothing
            is_ready(self._descriptor, "write", _STEP)
            self._note(time.monotonic() - began)
            return 0

    def _note(self, seconds: float) -> None:
        """Counts what was waited since a signal came; raises TimeoutError when that was enough."""
        hurried = hurried_for()
        if not hurried:
            return
        self._waited += seconds
        if self._waited > (_LAST_PATIENCE if hurried > _LATE else _PATIENCE):
            raise TimeoutError(errno.ETIMEDOUT, "nobody reads it")
