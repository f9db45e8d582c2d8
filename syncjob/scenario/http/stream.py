"""httpcore's own streams, each of whose waits ends at the deadline of the request that it is used for.

They wait anew at each read, so a head that drips would never time out.
"""

import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpcore

_BACKEND = httpcore.SyncBackend()


class Patience:
    """How long a connection may wait: `timeout` seconds at once, and `deadline` seconds since `begin`."""

    def __init__(self, timeout: float, deadline: float) -> None:
        self._timeout = timeout
        self._deadline = deadline
        self.begin()

    def begin(self) -> None:
        self._until = time.monotonic() + self._deadline

    def end(self) -> None:
        """Nothing is waited for any more."""
        self._until = 0.0

    def left(self) -> float:
        """The seconds that the next wait may take; raises TimeoutError at the deadline."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return min(left, self._timeout)

    def until_deadline(self) -> float:
        """The seconds that all waits may take."""
        return max(0.0, self._until - time.monotonic())

    @property
    def reason(self) -> str:
        """Why a wait has ended in vain."""
        if time.monotonic() >= self._until:
            return f"no complete response within http.deadline ({self._deadline:g} s)"
        return f"nothing came within http.timeout ({self._timeout:g} s)"


def connect(host: str, port: int, patience: Patience) -> "Stream":
    """A stream to the first address of the host that accepts; raises ConnectTimeout and ConnectError.

    A resolver cannot be given a time-out, and each address has one of its own: see `link`.
    """
    try:
        return Stream(_BACKEND.connect_tcp(host, port, patience.left(), socket_options=()), patience)
    except (TimeoutError, httpcore.ConnectTimeout) as error:
        raise httpcore.ConnectTimeout(patience.reason) from error
    except httpcore.ConnectError as error:
        if isinstance(error.__cause__, socket.gaierror):
            is_passing = error.__cause__.errno == socket.EAI_AGAIN
            raise Nameless("its name cannot be looked up now" if is_passing else "no such host name") from error
        raise


class Nameless(httpcore.ConnectError):
    """The host has no address, or nobody could tell it."""


def connect_to_some(host: str, port: int, patience: Patience, is_allowed: Callable[[str], bool]) -> "Stream | None":
    """A stream to one of the host's addresses; None if it has one that is not allowed.

    The connection goes to the very address that was looked at: asked again, a resolver may say something else.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError("the host has no address") from error
    addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
    if not all(map(is_allowed, addresses)):
        return None
    *others, last = addresses
    for address in others:
        with suppress(httpcore.ConnectError):
            return connect(address, port, patience)
    return connect(last, port, patience)


class Stream(httpcore.NetworkStream):
    """One of httpcore's, plain or with TLS, within the patience of its connection.

    Its socket is read and written here: that costs a request a tenth less CPU, and httpcore's `write` waits anew
    after each part that is taken.
    """

    def __init__(self, stream: httpcore.NetworkStream, patience: Patience) -> None:
        self._stream = stream
        self._socket: socket.socket = stream.get_extra_info("socket")
        self._patience = patience

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            self._socket.settimeout(self._patience.left())
            return self._socket.recv(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout(self._patience.reason) from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        view = memoryview(buffer)
        try:
            while view:
                self._socket.settimeout(self._patience.left())
                view = view[self._socket.send(view) :]
        except TimeoutError as error:
            raise httpcore.WriteTimeout(self._patience.reason) from error
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> "Stream":
        try:
            return Stream(self._stream.start_tls(ssl_context, server_hostname, self._patience.left()), self._patience)
        except (TimeoutError, httpcore.ConnectTimeout) as error:
            raise httpcore.ConnectTimeout(self._patience.reason) from error

    def close(self) -> None:
        self._socket.close()

    def abort(self) -> None:
        """Ends what another thread waits for; that thread closes the stream.

        To close it here would free its descriptor, and a thread in the midst of TLS would go on with the next file
        that gets it. SSLSocket's own shutdown would let what comes next go out in plain text.
        """
        with suppress(OSError):  # it is not connected any more
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def get_extra_info(self, info: str) -> Any:
        """httpcore asks whether there is something to read before it uses a connection again."""
        if info == "is_readable" and isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            return True
        return self._stream.get_extra_info(info)
