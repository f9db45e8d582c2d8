"""Requests to one base URL and their answers, over HTTP or in the process.

httpx's transports alone, which hold one connection each here, stand on a stack and are used by one
thread at a time. So a run opens as many connections as it has workers, and nothing is ever
cancelled. httpx.Client on top would cost a quarter more CPU a request for cookies, redirects and
merged URLs that this job must not have; httpx's pool costs CPU with the square of its size.
"""

import os
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import httpx

from syncjob import __version__, errors
from syncjob.credentials import Credentials, redact
from syncjob.display import shorten
from syncjob.scenario import proxy, trust
from syncjob.scenario.answers import Answer, failure, protocol_error
from syncjob.scenario.unanswered import Way

if TYPE_CHECKING:
    from syncjob.scenario.wire import Wire

MAX_BODY_BYTES = 32 * 1024 * 1024
_KEEPALIVE_SECONDS = 30.0
_WATCH = 0.25  # how often who waits for the first answer looks whether the wait is over

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
    credentials cost one request; whoever waits for its answer calls `sleep` with 0, which may raise.
    After a 401 or `close` none is sent any more: `send` then raises Stopped. Raises UsageError where
    the environment names a proxy or certificates that cannot be used.
    """

    def __init__(
        self,
        base_url: str,
        credentials: Credentials | None,
        limits: Limits,
        *,
        handler: Handler | None = None,
        sleep: Callable[[float], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
        on_exchange: Callable[[Exchange], None] = lambda _: None,
    ) -> None:
        self._limits = limits
        self._handler = handler
        self._sleep = sleep
        self._clock = clock
        self._on_exchange = on_exchange
        self._url = _url(base_url)
        self._prefix = self._url.raw_path.rstrip(b"/")
        self._headers = httpx.Headers(_headers(self._url, credentials))
        self._json_headers = httpx.Headers({**self._headers, "content-type": "application/json"})
        # Plain HTTP is for loopback alone: a proxy would see the credentials.
        is_secured = self._url.scheme == "https" and not handler
        self._proxy = proxy.of_environment(self._url.host) if is_secured else None
        self._ssl_context = _trusted() if is_secured else None
        self._credentials = _with_secrets(credentials, self._proxy.secrets if self._proxy else ())
        self._way = Way(self._url.netloc.decode("ascii"), self._proxy, self._credentials)
        self._idle: list[_InProcess | Wire] = []
        self._all: list[_InProcess | Wire] = []
        self._first = threading.Lock()
        self._is_open = False
        self._refused = False
        self._is_closed = False

    def close(self) -> None:
        """Closes all connections; what a thread has in flight may be answered or not, and is the last it sends."""
        self._is_closed = True
        while self._idle:
            self._idle.pop().close()
        while self._all:
            self._all.pop().end()

    def abort(self) -> None:
        """Ends what is in flight, as if each connection broke; whoever asks again may."""
        for connection in tuple(self._all):
            if connection not in self._idle:
                connection.abort()

    def send(self, method: str, path: str, query: Mapping[str, str], body: bytes | None) -> Answer:
        """One exchange; raises the ScenarioError that the answer, or its absence, stands for."""
        if not self._is_open:
            with self._alone():
                if not self._is_open:
                    try:
                        return self._send(method, path, query, body)
                    finally:
                        self._is_open = True
        return self._send(method, path, query, body)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Waits for the first request's end; what would have begun before a stop must not begin after it."""
        if not self._first.acquire(blocking=False):
            self._wait()
        try:
            yield
        finally:
            self._first.release()

    def _wait(self) -> None:
        while not self._first.acquire(timeout=_WATCH):
            self._sleep(0)
        try:
            self._sleep(0)
        except BaseException:
            self._first.release()
            raise

    def _send(self, method: str, path: str, query: Mapping[str, str], body: bytes | None) -> Answer:
        if self._refused:
            raise errors.Stopped("the credentials were refused")
        if self._is_closed:
            raise errors.Stopped("the client is closed")
        started = self._clock()
        status: int | None = None
        try:
            answer = self._exchange(method, path, query, body)
            status = answer.status
        finally:
            self._on_exchange(Exchange(method, path, status, self._clock() - started))
        asked = path.split("/")[2:3]  # /models/<id>/description
        error = failure(answer, self._credentials, max_retry_after=self._limits.max_retry_after, asked="".join(asked))
        if isinstance(error, errors.Unauthorized):
            self._refused = True
        if error:
            raise error
        return answer

    def _exchange(self, method: str, path: str, query: Mapping[str, str], body: bytes | None) -> Answer:
        request = self._request(method, self._target(path, query), body)
        try:
            with self._connection() as connection:
                response = connection.handle_request(request)
                try:
                    raw = response.headers.raw
                    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw}
                    return self._read(response, Answer(response.status_code, headers, b""))
                finally:
                    response.close()
        except proxy.ProxyRefused as error:
            raise self._way.refused(error) from error
        except (httpx.HTTPError, httpx.StreamError, UnicodeError) as error:  # the last: a host no resolver takes
            raise self._way.failed(error, method) from error

    def _request(self, method: str, target: bytes, body: bytes | None) -> httpx.Request:
        # With its target given so, the URL is parsed once and not at each request.
        extensions = {"target": target}
        if body is None:
            return httpx.Request(method, self._url, headers=self._headers, stream=_NO_BODY, extensions=extensions)
        return httpx.Request(method, self._url, headers=self._json_headers, content=body, extensions=extensions)

    def _target(self, path: str, query: Mapping[str, str]) -> bytes:
        suffix = f"?{urlencode(query)}" if query else ""
        return self._prefix + (path + suffix).encode("ascii")

    def _read(self, response: httpx.Response, head: Answer) -> Answer:
        """The whole body, within the size limit and without any decompression."""
        if (unread := self._unreadable(head.headers)) is not None:
            if head.status != 200:
                return head  # what it says cannot be read, but its status counts
            raise protocol_error(unread, head)
        chunks: list[bytes] = []
        size = 0
        for chunk in _chunks(response):
            size += len(chunk)
            if size > MAX_BODY_BYTES:
                raise protocol_error(f"the body holds more than {MAX_BODY_BYTES:,} bytes", head)
            chunks.append(chunk)
        return Answer(head.status, head.headers, b"".join(chunks))

    def _unreadable(self, headers: Mapping[str, str]) -> str | None:
        encoding = headers.get("content-encoding", "identity")
        if encoding.lower() != "identity":
            named = shorten(redact(encoding, self._credentials), 40)  # a header may echo anything
            return f"the body is {named}-encoded though identity was asked for"
        if "content-length" in headers and "transfer-encoding" in headers:  # RFC 9112, 6.3: an error
            return "the body has two ends: a length and chunks"
        return None

    @contextmanager
    def _connection(self) -> "Iterator[_InProcess | Wire]":
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

    def _open(self) -> "_InProcess | Wire":
        connection = _InProcess(self._handler) if self._handler else self._new_connection()
        self._all.append(connection)
        if self._is_closed:  # meanwhile, perhaps before there was this one to end
            connection.end()
        return connection

    def _new_connection(self) -> "Wire":
        # Imported late: a run on the embedded stand-in needs no network.
        from syncjob.scenario.wire import Wire

        return Wire(
            self._url,
            # This one trusts nobody and is made in no time: loopback needs no certificates.
            self._ssl_context or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            self._proxy,
            keepalive=_KEEPALIVE_SECONDS,
            timeout=self._limits.timeout,
            deadline=self._limits.deadline,
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


def _trusted() -> ssl.SSLContext:
    """Whom an https run trusts; raises UsageError where the environment names what cannot be read."""
    context = trust.of_environment(os.environ)
    try:
        context = context or httpx.create_ssl_context()
    except OSError as error:
        what = f"{error.strerror or error}{f' ({error.filename})' if error.filename else ''}"
        raise errors.UsageError(f"cannot make ready for TLS: {what}; is SSLKEYLOGFILE set?") from error
    context.set_alpn_protocols(["http/1.1"])
    return context


def _with_secrets(credentials: Credentials | None, secrets: tuple[str, ...]) -> Credentials | None:
    """Credentials from which more is taken out of what is said."""
    if not secrets:
        return credentials
    return replace(credentials, secrets=(*credentials.secrets, *secrets)) if credentials else Credentials("", secrets)


class _InProcess(httpx.BaseTransport):
    """Wears a Handler as httpx's transport."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        target = request.extensions["target"].decode("ascii")
        answer = self._handler(request.method, target, request.headers, request.read())
        return httpx.Response(answer.status, headers=dict(answer.headers), stream=httpx.ByteStream(answer.body))

    def abort(self) -> None:
        """Nothing waits for a network here."""

    def end(self) -> None:
        """Nor then."""
