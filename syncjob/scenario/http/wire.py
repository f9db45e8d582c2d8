"""One HTTP/1.1 connection as a transport of httpx, through a proxy if there is one.

httpx's own transport keeps a pool even for one connection, which costs a request a seventh of its CPU.
"""

import ssl
from collections.abc import Iterator

import httpcore
import httpx

from syncjob.scenario.http.link import Link
from syncjob.scenario.http.proxy import Proxy, ProxyRefused
from syncjob.scenario.http.stream import Patience, Stream, connect

_OF_HTTPCORE = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol)


class Wire(httpx.BaseTransport):
    """A connection to the host of `url`, for one request at a time; opened anew if it cannot be used again.

    `keepalive` is for how many seconds it is used again, `timeout` and `deadline` are those of a request. Raises
    httpx.TransportError, as httpx's own do, and ProxyRefused. Before a connection is made they are httpx's
    ConnectError and ConnectTimeout alone: then nothing was sent.
    """

    def __init__(
        self,
        url: httpx.URL,
        ssl_context: ssl.SSLContext,
        proxy: Proxy | None,
        *,
        keepalive: float,
        timeout: float,
        deadline: float,
    ) -> None:
        port = url.port or (443 if url.scheme == "https" else 80)
        self._origin = httpcore.Origin(url.raw_scheme, url.raw_host, port)
        self._ssl_context = ssl_context
        self._proxy = proxy
        self._keepalive = keepalive
        self._timeout = timeout
        self._deadline = deadline
        self._patience = Patience(timeout, deadline)
        self._link: Link | None = None
        self._connection: httpcore.HTTP11Connection | None = None
        self._is_ended = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._connection is not None and _is_usable(self._connection):
            self._patience.begin()
        else:
            self.close()
            self._connection = self._connected()
        origin = self._origin
        asked = httpcore.Request(
            request.method,
            httpcore.URL(scheme=origin.scheme, host=origin.host, port=origin.port, target=request.extensions["target"]),
            headers=request.headers.raw,
            content=request.stream,
        )
        try:
            answered = self._connection.handle_request(asked)
        except _OF_HTTPCORE as error:
            raise _of_httpx(error) from error
        return httpx.Response(answered.status, headers=answered.headers, stream=_Body(answered))

    def close(self) -> None:
        """For the thread that uses it, or when none does."""
        if self._link:
            self._link.close()
        self._link = self._connection = None

    def abort(self) -> None:
        """Ends what another thread waits for, as if the connection broke or was not made."""
        if link := self._link:
            link.abort()

    def end(self) -> None:
        """`abort`, and no connection is made any more."""
        self._is_ended = True
        self.abort()

    def _connected(self) -> httpcore.HTTP11Connection:
        # Its own, since the thread that makes it may go on when nobody waits any more.
        self._patience = Patience(self._timeout, self._deadline)
        link = self._link = Link(self._open, self._patience)
        if self._is_ended:
            link.abort()
        try:
            stream = link.stream()
        except _OF_HTTPCORE as error:
            self.close()
            kind = httpx.ConnectTimeout if isinstance(error, httpcore.TimeoutException) else httpx.ConnectError
            raise kind(str(error)) from error
        except BaseException:
            self.close()
            raise
        return httpcore.HTTP11Connection(self._origin, stream, keepalive_expiry=self._keepalive)

    def _open(self, patience: Patience) -> Stream:
        host, port = self._origin.host.decode("ascii"), self._origin.port
        proxy = self._proxy
        stream = connect(proxy.host, proxy.port, patience) if proxy else connect(host, port, patience)
        try:
            if proxy:
                _ask(proxy, stream, f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
            return stream.start_tls(self._ssl_context, host) if self._origin.scheme == b"https" else stream
        except BaseException:
            stream.close()
            raise


def _ask(proxy: Proxy, stream: Stream, target: str) -> None:
    """Has the proxy connect the stream to the host; raises ProxyRefused. It learns neither path nor credentials."""
    origin = httpcore.Origin(b"http", proxy.host.encode(), proxy.port)
    headers = [("host", target), ("accept", "*/*")]
    headers += [("proxy-authorization", proxy.authorization)] if proxy.authorization else []
    url = httpcore.URL(scheme=origin.scheme, host=origin.host, port=origin.port, target=target)
    asked = httpcore.Request("CONNECT", url, headers=headers)
    answered = httpcore.HTTP11Connection(origin, stream).handle_request(asked)
    if not 200 <= answered.status < 300:
        raise ProxyRefused(answered.status, answered.extensions["reason_phrase"].decode("latin-1"))


def _is_usable(connection: httpcore.HTTP11Connection) -> bool:
    """Whether the next request may be sent on it: what is left of a response would be read as the next one."""
    # Nothing public tells what was received behind a response; `has_expired` tells what is still to be received.
    left, _ = connection._h11_state.trailing_data  # noqa: SLF001
    return not (left or connection.is_closed() or connection.has_expired())


def _of_httpx(error: Exception) -> httpx.TransportError:
    """The exception of httpx that has the name of one of httpcore's."""
    kind: type[httpx.TransportError] = getattr(httpx, type(error).__name__)
    return kind(str(error))


class _Body(httpx.SyncByteStream):
    def __init__(self, answered: httpcore.Response) -> None:
        self._answered = answered

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._answered.iter_stream()
        except _OF_HTTPCORE as error:
            raise _of_httpx(error) from error

    def close(self) -> None:
        self._answered.close()
