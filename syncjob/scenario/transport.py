"""Requests to one base URL and their answers, over HTTP or in the process.

httpx's transports alone, which hold one connection each here, stand on a stack and are used by one
thread at a time. So a run opens as many connections as it has workers, and nothing is ever
cancelled. httpx.Client on top would cost a quarter more CPU a request for cookies, redirects and
merged URLs that this job must not have; httpx's pool costs CPU with the square of its size. It is
used for one thing alone, to reach a host through a proxy.
"""

import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode
from urllib.request import getproxies, proxy_bypass

import httpx

from syncjob import __version__, errors
from syncjob.credentials import Credentials, redact
from syncjob.display import shorten
from syncjob.scenario.answers import Answer, failure, protocol_error

MAX_BODY_BYTES = 32 * 1024 * 1024
_KEEPALIVE_SECONDS = 30.0

_NO_BODY = httpx.ByteStream(b"")

# A handler answers (method, path with query, headers, body) in this process, without any network.
Handler = Callable[[str, str, Mapping[str, str], bytes], Answer]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its end, for the log: no query and no body; `status` None where none came."""

    method: str
    path: str
    status: int | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds without a byte, seconds for a whole exchange, and the longest wait that is heeded."""

    timeout: float = 30.0
    deadline: float = 60.0
    max_retry_after: float = 120.0


class Transport:
    """Sends single requests, without retries; may be used by any number of threads.

    `handler` answers in place of the network. The first request goes alone, so that refused
    credentials cost one request; after a 401 or `close` none is sent any more: `send` then raises
    Stopped.
    """

    def __init__(
        self,
        base_url: str,
        credentials: Credentials | None,
        limits: Limits,
        *,
        handler: Handler | None = None,
        clock: Callable[[], float] = time.monotonic,
        on_exchange: Callable[[Exchange], None] = lambda _: None,
    ) -> None:
        self._credentials = credentials
        self._limits = limits
        self._handler = handler
        self._clock = clock
        self._on_exchange = on_exchange
        self._url = _url(base_url)
        self._prefix = self._url.raw_path.rstrip(b"/")
        self._headers = httpx.Headers(_headers(self._url, credentials))
        self._json_headers = httpx.Headers({**self._headers, "content-type": "application/json"})
        # Plain HTTP is for loopback alone: a proxy would see the credentials.
        self._proxy = _proxy_for(self._url.host) if self._url.scheme == "https" and not handler else None
        self._timeouts = dict.fromkeys(("connect", "read", "write", "pool"), limits.timeout)
        self._idle: list[httpx.BaseTransport] = []
        self._all: list[httpx.BaseTransport] = []
        self._ssl_context: ssl.SSLContext | None = None
        self._opening = threading.Lock()
        self._first = threading.Lock()
        self._is_open = False
        self._refused = False
        self._is_closed = False

    def close(self) -> None:
        """Closes all connections; what a thread has in flight may be answered or not, and is the last it sends."""
        self._is_closed = True
        while self._all:
            self._all.pop().close()
        self._idle.clear()

    def send(self, method: str, path: str, query: Mapping[str, str], body: bytes | None) -> Answer:
        """One exchange; raises the ScenarioError that the answer, or its absence, stands for."""
        if not self._is_open:
            with self._first:
                if not self._is_open:
                    try:
                        return self._send(method, path, query, body)
                    finally:
                        self._is_open = True
        return self._send(method, path, query, body)

    def _send(self, method: str, path: str, query: Mapping[str, str], body: bytes | None) -> Answer:
        if self._refused:
            raise errors.Stopped("the credentials were refused")
        if self._is_closed:
            raise errors.Stopped("the client is closed")
        started = self._clock()
        status: int | None = None
        try:
            answer = self._exchange(method, path, query, body, started + self._limits.deadline)
            status = answer.status
        finally:
            self._on_exchange(Exchange(method, path, status, self._clock() - started))
        error = failure(answer, self._credentials, max_retry_after=self._limits.max_retry_after)
        if isinstance(error, errors.Unauthorized):
            self._refused = True
        if error:
            raise error
        return answer

    def _exchange(
        self, method: str, path: str, query: Mapping[str, str], body: bytes | None, deadline: float
    ) -> Answer:
        request = self._request(method, self._target(path, query), body)
        try:
            with self._connection() as connection:
                response = connection.handle_request(request)
                try:
                    raw = response.headers.raw
                    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw}
                    return self._read(response, Answer(response.status_code, headers, b""), deadline)
                finally:
                    response.close()
        except (httpx.HTTPError, httpx.StreamError, UnicodeError) as error:  # the last: a host no resolver takes
            raise self._translate(error, method) from error

    def _request(self, method: str, target: bytes, body: bytes | None) -> httpx.Request:
        headers = self._headers if body is None else self._json_headers
        if self._proxy:
            # The proxy's own CONNECT would take the extension below for its target.
            url = self._url.copy_with(raw_path=target)
            return httpx.Request(method, url, headers=headers, content=body, extensions={"timeout": self._timeouts})
        # With its target given so, the URL is parsed once and not at each request.
        extensions = {"timeout": self._timeouts, "target": target}
        if body is None:
            return httpx.Request(method, self._url, headers=headers, stream=_NO_BODY, extensions=extensions)
        return httpx.Request(method, self._url, headers=headers, content=body, extensions=extensions)

    def _target(self, path: str, query: Mapping[str, str]) -> bytes:
        suffix = f"?{urlencode(query)}" if query else ""
        return self._prefix + (path + suffix).encode("ascii")

    def _read(self, response: httpx.Response, head: Answer, deadline: float) -> Answer:
        """The whole body, within the deadline, the size limit and without any decompression."""
        encoding = head.headers.get("content-encoding", "identity")
        if encoding.lower() != "identity":
            if head.status != 200:
                return head  # what it says cannot be read, but its status counts
            named = shorten(redact(encoding, self._credentials), 40)  # a header may echo anything
            raise protocol_error(f"the body is {named}-encoded though identity was asked for", head)
        chunks: list[bytes] = []
        size = 0
        for chunk in _chunks(response):
            size += len(chunk)
            if size > MAX_BODY_BYTES:
                raise protocol_error(f"the body holds more than {MAX_BODY_BYTES:,} bytes", head)
            if self._clock() > deadline:
                raise httpx.ReadTimeout(f"no whole answer within http.deadline ({self._limits.deadline:g} s)")
            chunks.append(chunk)
        return Answer(head.status, head.headers, b"".join(chunks))

    def _translate(self, error: Exception, method: str) -> errors.ScenarioError:
        what = shorten(redact(str(error), self._credentials)) or type(error).__name__
        host = self._url.netloc.decode("ascii")
        if isinstance(error, httpx.ConnectError) and _is_tls_failure(error):
            return errors.Untrusted(f"the TLS certificate of {host} does not verify: {what}")
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
            return errors.Unavailable(f"cannot connect to {host}: {what}; is base_url right?", retryable=True)
        if isinstance(error, httpx.TimeoutException | httpx.NetworkError | httpx.RemoteProtocolError):
            # The request may have had its effect. A read is asked again, a write is looked at first.
            return errors.Unavailable(f"no whole answer from {host}: {what}", retryable=method != "PUT", ambiguous=True)
        return errors.ProtocolError(f"cannot ask {host}: {what}", ambiguous=True)

    @contextmanager
    def _connection(self) -> Iterator[httpx.BaseTransport]:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._open()
        try:
            yield connection
        finally:
            self._idle.append(connection)
            if self._is_closed:  # meanwhile, perhaps before there was anything to close
                connection.close()

    def _open(self) -> httpx.BaseTransport:
        with self._opening:
            connection = _InProcess(self._handler) if self._handler else self._new_connection()
            self._all.append(connection)
            return connection

    def _new_connection(self) -> httpx.BaseTransport:
        is_https = self._url.scheme == "https"
        if self._ssl_context is None:
            # The second trusts nobody and is made in no time: loopback needs no certificates.
            self._ssl_context = httpx.create_ssl_context() if is_https else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if not self._proxy:
            # Imported late: a run on the embedded stand-in needs no network.
            from syncjob.scenario.wire import Wire

            return Wire(self._url, self._ssl_context, _KEEPALIVE_SECONDS)
        return httpx.HTTPTransport(
            verify=self._ssl_context,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=_KEEPALIVE_SECONDS),
            proxy=self._proxy,
        )


def _url(base_url: str) -> httpx.URL:
    try:
        url = httpx.URL(base_url)
        _ = url.host  # decoded only now; a host that IDNA does not allow is a ValueError
    except (httpx.InvalidURL, ValueError) as error:
        raise errors.UsageError(f"the base URL cannot be used: {shorten(str(error))}") from error
    return url


def _headers(url: httpx.URL, credentials: Credentials | None) -> dict[str, str]:
    headers = {
        "host": url.netloc.decode("ascii"),
        "accept": "application/json",
        "accept-encoding": "identity",
        "user-agent": f"syncjob/{__version__}",
    }
    return {**headers, "authorization": credentials.header} if credentials else headers


def _chunks(response: httpx.Response) -> Iterable[bytes]:
    """The body as it comes from the wire."""
    if not isinstance(response.stream, httpx.SyncByteStream):
        raise TypeError("a transport's response has a byte stream")
    return response.stream


def _proxy_for(host: str) -> httpx.Proxy | None:
    """The proxy that the environment names for an https host; raises UsageError for one that cannot be used."""
    proxies = getproxies()
    named = proxies.get("https") or proxies.get("all")
    if not named or proxy_bypass(host):
        return None
    try:
        proxy = httpx.Proxy(named if "://" in named else f"http://{named}")
    except (ValueError, httpx.InvalidURL) as error:
        raise errors.UsageError(
            "the proxy that HTTPS_PROXY or ALL_PROXY names is no http:// or https:// URL"
        ) from error
    if proxy.url.scheme not in ("http", "https"):
        raise errors.UsageError(f"a {proxy.url.scheme}:// proxy cannot be used; HTTPS_PROXY must name an http:// one")
    return proxy


def _is_tls_failure(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(cause):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


class _InProcess(httpx.BaseTransport):
    """Wears a Handler as httpx's transport."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        target = request.extensions["target"].decode("ascii")
        answer = self._handler(request.method, target, request.headers, request.read())
        return httpx.Response(answer.status, headers=dict(answer.headers), stream=httpx.ByteStream(answer.body))
