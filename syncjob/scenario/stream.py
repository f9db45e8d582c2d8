"""A TCP or TLS stream of httpcore's kind whose every wait ends at the deadline of the request that it is used for.

httpcore's own streams wait anew at each read, so a head that drips would never time out.
"""

import select
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import httpcore

_T = TypeVar("_T")
_RECORDS = 65_536

# (family, type, protocol, canonical name, address), as getaddrinfo answers.
_Addresses = list[tuple[Any, Any, int, str, Any]]


class Patience:
    """How long a connection may wait: `timeout` seconds at once, and `deadline` seconds from `begin`."""

    def __init__(self, timeout: float, deadline: float) -> None:
        self._timeout = timeout
        self._deadline = deadline
        self._until = 0.0

    def begin(self) -> None:
        self._until = time.monotonic() + self._deadline

    def left(self) -> float:
        """The seconds that the next wait may take; raises TimeoutError at the deadline."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return min(left, self._timeout)

    @property
    def reason(self) -> str:
        """Why a wait has ended in vain."""
        if time.monotonic() >= self._until:
            return f"no whole answer within http.deadline ({self._deadline:g} s)"
        return f"nothing came within http.timeout ({self._timeout:g} s)"


def connect(host: str, port: int, patience: Patience) -> "Stream":
    """A stream to the first address of the host that accepts; raises httpcore's ConnectTimeout and ConnectError."""
    try:
        connected = _connect(_resolve(host, port, patience), patience)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except TimeoutError as error:
        raise httpcore.ConnectTimeout(patience.reason) from error
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from error
    return Stream(connected, patience)


def _connect(addresses: _Addresses, patience: Patience) -> socket.socket:
    failed: OSError = OSError("the name has no address")
    for family, kind, protocol, _, address in addresses:
        tried = socket.socket(family, kind, protocol)
        try:
            tried.settimeout(patience.left())
            tried.connect(address)
        except OSError as error:
            tried.close()
            failed = error
        else:
            return tried
    raise failed


def _resolve(host: str, port: int, patience: Patience) -> _Addresses:
    """The addresses of a host. A resolver cannot be given a time-out, so a name is resolved by a thread of its own."""
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (socket.gaierror, UnicodeError):
        pass
    found: SimpleQueue[_Addresses | OSError | UnicodeError] = SimpleQueue()

    def resolve() -> None:
        try:
            found.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            found.put(error)

    threading.Thread(target=resolve, name="resolver", daemon=True).start()
    try:
        addresses = found.get(timeout=patience.left())
    except Empty as error:
        raise TimeoutError from error
    if isinstance(addresses, Exception):
        raise addresses
    return addresses


class Stream(httpcore.NetworkStream):
    """A connected socket, plain or with TLS."""

    def __init__(self, connected: socket.socket, patience: Patience) -> None:
        self._socket = connected
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

    def close(self) -> None:
        self._socket.close()

    def abort(self) -> None:
        """Ends what another thread waits for; that thread closes the stream.

        To close it here would free its descriptor, and a thread in the midst of TLS would go on with the next file
        that gets it. SSLSocket's own shutdown would let what comes next go out in plain text.
        """
        with suppress(OSError):  # it is not connected, or not any more
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def secured(self, ssl_context: ssl.SSLContext, host: str) -> "Stream":
        """The same with TLS; raises ConnectTimeout and ConnectError."""
        try:
            self._socket.settimeout(self._patience.left())
            return Stream(ssl_context.wrap_socket(self._socket, server_hostname=host), self._patience)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(self._patience.reason) from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error

    def get_extra_info(self, info: str) -> Any:
        """httpcore asks whether there is something to read before it uses a connection again."""
        return _is_readable(self._socket) if info == "is_readable" else None


class TlsInTls(httpcore.NetworkStream):
    """TLS within the TLS of a proxy, which an SSLSocket cannot do."""

    def __init__(self, outer: Stream, ssl_context: ssl.SSLContext, host: str) -> None:
        self._outer = outer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = ssl_context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        try:
            self._until_done(self._tls.do_handshake)
        except ssl.SSLError as error:
            raise httpcore.ConnectError(str(error)) from error

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            return self._until_done(partial(self._tls.read, max_bytes))
        except ssl.SSLZeroReturnError:
            return b""
        except ssl.SSLError as error:
            raise httpcore.ReadError(str(error)) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        try:
            while buffer:
                buffer = buffer[self._until_done(partial(self._tls.write, buffer)) :]
        except ssl.SSLError as error:
            raise httpcore.WriteError(str(error)) from error

    def close(self) -> None:
        self._outer.close()

    def abort(self) -> None:
        self._outer.abort()

    def get_extra_info(self, info: str) -> Any:
        return self._outer.get_extra_info(info)

    def _until_done(self, step: Callable[[], _T]) -> _T:
        while True:
            try:
                done = step()
            except ssl.SSLWantReadError:
                self._outer.write(self._outgoing.read())
                received = self._outer.read(_RECORDS)
                self._incoming.write(received) if received else self._incoming.write_eof()
                continue
            self._outer.write(self._outgoing.read())
            return done


def _is_readable(connected: socket.socket) -> bool:
    descriptor = connected.fileno()
    if descriptor < 0 or (isinstance(connected, ssl.SSLSocket) and connected.pending()):
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
