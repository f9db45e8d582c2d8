"""One HTTP/1.1 connection, through a proxy if there is one.

httpcore's own is used without a pool, which costs a request a seventh of its CPU even for one connection.
"""

import ssl
from collections.abc import Callable, Iterable, Mapping

import httpcore
import httpx

from syncjob.scenario.answers import Answer
from syncjob.scenario.http import bodies
from syncjob.scenario.http.link import Link
from syncjob.scenario.http.proxy import Proxy, ProxyRefused
from syncjob.scenario.http.stream import Patience, Stream, connect
from syncjob.scenario.http.unanswered import Way

_KEEPALIVE = 30.0  # seconds for which a connection is used again
_FAILURES = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol)

Connect = Callable[[str, int, Patience], Stream]
Read = Callable[[Answer, Iterable[bytes], tuple[str, ...]], Answer]


class Wire:
    """A connection to the host of `url`, for one request at a time; opened anew if it cannot be used again.

    `timeout` and `deadline` are those of a request, in seconds; the secrets are taken out of every message.
    `connect` makes the stream to the host, unless there is a proxy, and `read` takes the body in.
    """

    def __init__(
        self,
        url: httpx.URL,
        ssl_context: ssl.SSLContext,
        proxy: Proxy | None,
        secrets: tuple[str, ...],
        *,
        timeout: float,
        deadline: float,
        connect: Connect = connect,
        read: Read = bodies.read,
    ) -> None:
        port = url.port or (443 if url.scheme == "https" else 80)
        self._origin = httpcore.Origin(url.raw_scheme, url.raw_host, port)
        self._way = Way(url.netloc.decode("ascii"), proxy, secrets)
        self._ssl_context = ssl_context
        self._timeout = timeout
        self._deadline = deadline
        self._connect = connect
        self._read = read
        self._link: Link | None = None
        self._connection: httpcore.HTTP11Connection | None = None
        self._is_ended = False

    def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """The response to a request; raises the ScenarioError that its absence is."""
        try:
            return self._ask(method, target, headers, body)
        except ProxyRefused as error:
            raise self._way.refused(error) from error
        except (*_FAILURES, UnicodeError) as error:  # the last: a host no resolver takes
            raise self._way.failed(error, method) from error

    def _ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        if self._link and self._connection and _is_usable(self._connection):
            self._link.patience.begin()
        else:
            self.close()
            self._connection = self._connected()
        response = self._connection.handle_request(_request(self._origin, method, target, headers, body))
        try:
            named = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            return self._read(Answer(response.status, named, b""), response.iter_stream(), self._way.secrets)
        finally:
            response.close()

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
        link = self._link = Link(self._open, self._timeout, self._deadline)
        if self._is_ended:
            link.abort()
        try:
            stream = link.stream()
        except _FAILURES as error:  # whatever it was, nothing was sent
            self.close()
            kind = httpcore.ConnectTimeout if isinstance(error, httpcore.TimeoutException) else httpcore.ConnectError
            raise kind(str(error)) from error
        except BaseException:
            self.close()
            raise
        return httpcore.HTTP11Connection(self._origin, stream, keepalive_expiry=_KEEPALIVE)

    def _open(self, patience: Patience) -> Stream:
        host, port = self._origin.host.decode("ascii"), self._origin.port
        proxy = self._way.proxy
        stream = connect(proxy.host, proxy.port, patience) if proxy else self._connect(host, port, patience)
        try:
            if proxy:
                _ask_proxy(proxy, stream, f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
            return stream.start_tls(self._ssl_context, host) if self._origin.scheme == b"https" else stream
        except BaseException:
            stream.close()
            raise


def _ask_proxy(proxy: Proxy, stream: Stream, target: str) -> None:
    """Has the proxy connect the stream to the host; raises ProxyRefused. It learns neither path nor credentials."""
    origin = httpcore.Origin(b"http", proxy.host.encode(), proxy.port)
    headers = {"host": target, "accept": "*/*"}
    headers |= {"proxy-authorization": proxy.authorization} if proxy.authorization else {}
    response = httpcore.HTTP11Connection(origin, stream).handle_request(_request(origin, "CONNECT", target, headers))
    if not 200 <= response.status < 300:
        raise ProxyRefused(response.status, response.extensions["reason_phrase"].decode("latin-1"))


def _request(
    origin: httpcore.Origin, method: str, target: str, headers: Mapping[str, str], body: bytes | None = None
) -> httpcore.Request:
    url = httpcore.URL(scheme=origin.scheme, host=origin.host, port=origin.port, target=target)
    return httpcore.Request(method, url, headers=list(headers.items()), content=body)


def _is_usable(connection: httpcore.HTTP11Connection) -> bool:
    """Whether the next request may be sent on it: what is left of a response would be read as the next one."""
    # Nothing public tells what was received behind a response; `has_expired` tells what is still to be received.
    left, _ = connection._h11_state.trailing_data  # noqa: SLF001
    return not (left or connection.is_closed() or connection.has_expired())
