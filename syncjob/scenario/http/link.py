"""A connection from its first step to its end, which any thread may bring about.

Neither a resolver nor a TLS handshake can be ended from without, so a connection is made by a thread of its own.
"""

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, InvalidStateError
from contextlib import suppress

import httpcore

from syncjob.scenario.http.stream import Patience, Stream


class Link:
    """The stream that `make` comes to. Nobody waits for it after `abort`; what then still comes is closed."""

    def __init__(self, make: Callable[[Patience], Stream], timeout: float, deadline: float) -> None:
        # Its own, since the thread that makes it may go on when nobody waits any more.
        self.patience = Patience(timeout, deadline)
        self._made: Future[Stream] = Future()
        threading.Thread(target=self._make, args=(make,), name="connecting", daemon=True).start()

    def stream(self) -> Stream:
        """Waits until the deadline; raises what `make` raised, ConnectTimeout, or after `abort` ConnectError."""
        try:
            return self._made.result(self.patience.until_deadline())
        except CancelledError as error:
            raise httpcore.ConnectError("the attempt was interrupted") from error
        except TimeoutError as error:
            if self._made.cancel():
                raise httpcore.ConnectTimeout(self.patience.reason) from error
            return self._made.result()  # it came just now

    def abort(self) -> None:
        """Ends what another thread waits for, as if the connection broke."""
        if self._made.cancel():
            self.patience.end()  # of the thread that makes it
        elif self._made.exception() is None:
            self._made.result().abort()

    def close(self) -> None:
        """For the thread that uses the stream, or when none does."""
        if not self._made.cancel() and self._made.exception() is None:
            self._made.result().close()

    def _make(self, make: Callable[[Patience], Stream]) -> None:
        try:
            stream = make(self.patience)
        except BaseException as error:  # noqa: BLE001  raised again in the thread that waits
            with suppress(InvalidStateError):  # nobody waits any more
                self._made.set_exception(error)
            return
        try:
            self._made.set_result(stream)
        except InvalidStateError:
            stream.close()
