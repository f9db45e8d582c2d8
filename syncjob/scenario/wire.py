"""One HTTP/1.1 connection as a transport of httpx.

httpx's own transport keeps a pool even for one connection, which costs a request a seventh of its CPU.
The only module that imports httpcore, which httpx stands on.
"""

import ssl
from collections.abc import Iterator, Mapping

import httpcore
import httpx

# httpcore's exceptions have the names of httpx's.
_ERRORS: Mapping[type[Exception], type[httpx.TransportError]] = {
    httpcore.ConnectTimeout: httpx.ConnectTimeout,
    httpcore.ReadTimeout: httpx.ReadTimeout,
    httpcore.WriteTimeout: httpx.WriteTimeout,
    httpcore.ConnectError: httpx.ConnectError,
    httpcore.ReadError: httpx.ReadError,
    httpcore.WriteError: httpx.WriteError,
    httpcore.LocalProtocolError: httpx.LocalProtocolError,
    httpcore.RemoteProtocolError: httpx.RemoteProtocolError,
    httpcore.UnsupportedProtocol: httpx.UnsupportedProtocol,
}
_OF_HTTPCORE = tuple(_ERRORS)


class Wire(httpx.BaseTransport):
    """A connection to the host of `url`, for one request at a time; opened anew where it was closed.

    `keepalive` is for how many seconds it is used again. Raises httpx.TransportError, as httpx's own do.
    """

    def __init__(self, url: httpx.URL, ssl_context: ssl.SSLContext, keepalive: float) -> None:
        port = url.port or (443 if url.scheme == "https" else 80)
        self._origin = httpcore.Origin(url.raw_scheme, url.raw_host, port)
        self._ssl_context = ssl_context
        self._keepalive = keepalive
        self._connection = self._new()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._connection.is_closed() or self._connection.has_expired():
            self._connection.close()
            self._connection = self._new()
        asked = httpcore.Request(
            request.method,
            httpcore.URL(
                scheme=self._origin.scheme,
                host=self._origin.host,
                port=self._origin.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        try:
            answered = self._connection.handle_request(asked)
        except _OF_HTTPCORE as error:
            raise _as_of_httpx(error) from error
        return httpx.Response(answered.status, headers=answered.headers, stream=_Stream(answered))

    def close(self) -> None:
        self._connection.close()

    def _new(self) -> httpcore.HTTPConnection:
        return httpcore.HTTPConnection(self._origin, ssl_context=self._ssl_context, keepalive_expiry=self._keepalive)


class _Stream(httpx.SyncByteStream):
    def __init__(self, answered: httpcore.Response) -> None:
        self._answered = answered

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._answered.iter_stream()
        except _OF_HTTPCORE as error:
            raise _as_of_httpx(error) from error

    def close(self) -> None:
        self._answered.close()


def _as_of_httpx(error: Exception) -> httpx.TransportError:
    return _ERRORS[type(error)](str(error))
