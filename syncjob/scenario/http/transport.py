"""Requests to one base URL and their responses, over HTTP or in the process.

A stack of connections, each used by one thread at a time: a run opens as many as it has workers. A pool of httpx's
would cost CPU with the square of its size, and its Client a quarter more a request than it does without.
"""

import os
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from syncjob import __version__, errors
from syncjob.credentials import Credentials, secrets_of
from syncjob.scenario.answers import Answer, Handler, failure
from syncjob.scenario.http import proxy, trust
from syncjob.scenario.http.first import First
from syncjob.text.sanitize import shorten

if TYPE_CHECKING:
    import httpx

    from syncjob.scenario.http.wire import Wire


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its end, for the log: no query and no body; `status` None if none came."""

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

    `handler` responds in place of the network. `first` has the first call go alone. After a 401, a first call that failed
    fatally, or `close` none is sent any more: `send` then raises Stopped.
    Raises UsageError if the environment names a proxy or certificates that cannot be used.
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
        self._clock = clock
        self._on_exchange = on_exchange
        self._url = _url(base_url)
        self._prefix = self._url.raw_path.decode("ascii").rstrip("/")
        self._headers = _headers(self._url, credentials)
        self._is_bearer = credentials is not None and credentials.is_bearer
        self._look_at_environment(credentials.secrets if credentials else ())
        self._idle: list[Wire] = []
        self._all: list[Wire] = []
        self.first = First(sleep)
        self._refused = self._is_closed = False

    def _look_at_environment(self, secrets: tuple[str, ...]) -> None:
        self.secrets = (*secrets, *secrets_of(os.environ))
        # Plain HTTP is for loopback alone: a proxy would see the credentials.
        is_secured = self._url.scheme == "https" and not self._handler
        self._proxy = proxy.of_environment(self._url.host) if is_secured else None
        self._ssl_context = trust.of_environment(os.environ) if is_secured else None

    def close(self) -> None:
        """Closes all connections; what a thread has in flight is the last that it sends."""
        self._is_closed = True
        with suppress(IndexError):  # whoever asks takes from it too
            while True:
                self._idle.pop().close()
        for connection in tuple(self._all):
            connection.end()

    def abort(self) -> None:
        for connection in tuple(self._all):
            if connection not in self._idle:
                connection.abort()

    def send(self, method: str, path: str, query: Mapping[str, str], body: bytes | None) -> Answer:
        """One exchange; raises the ScenarioError that the response, or its absence, is."""
        if self._refused:
            raise errors.Stopped("the credentials were refused")
        if self.first.is_fatal:
            raise errors.Stopped("the first request was refused")
        if self._is_closed:
            raise errors.Stopped("the client is closed")
        started = self._clock()
        status: int | None = None
        try:
            answer = self._exchange(method, path, query, body)
            status = answer.status
        finally:
            self._on_exchange(Exchange(method, path, status, self._clock() - started))
        if answer.status == 200:
            self.first.answered()
            return answer
        limit = self._limits.max_retry_after
        asked = "".join(path.split("/")[2:3])  # /models/<id>/description
        error = failure(answer, self.secrets, is_bearer=self._is_bearer, max_retry_after=limit, asked=asked)
        if isinstance(error, errors.Unauthorized):
            self._refused = True
        self.first.answered(is_fatal=error.fatal)
        raise error

    def _exchange(self, method: str, path: str, query: Mapping[str, str], body: bytes | None) -> Answer:
        target = f"{self._prefix}{path}{f'?{urlencode(query)}' if query else ''}"
        headers = self._headers
        if body is not None:
            headers = {**headers, "content-type": "application/json", "content-length": str(len(body))}
        if self._handler:
            return self._handler(method, target, headers, body or b"")
        with self._connection() as connection:
            try:
                return connection.ask(method, target, headers, body)
            except errors.NoResponse as failed:
                if failed.ambiguous:
                    self.first.connected()
                raise

    @contextmanager
    def _connection(self) -> "Iterator[Wire]":
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._open()
        try:
            yield connection
        finally:
            self._idle.append(connection)
            if self._is_closed:  # by now, perhaps before there was anything to close
                connection.close()

    def _open(self) -> "Wire":
        # Imported late: a run on the embedded stand-in needs no network.
        from syncjob.scenario.http.wire import Wire

        connection = Wire(
            self._url,
            # This one trusts nobody and is made in no time: loopback needs no certificates.
            self._ssl_context or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            self._proxy,
            self.secrets,
            timeout=self._limits.timeout,
            deadline=self._limits.deadline,
        )
        self._all.append(connection)
        if self._is_closed:  # by now, perhaps before there was this one to end
            connection.end()
        return connection


def _url(base_url: str) -> "httpx.URL":
    import httpx  # slow to load, and no matter of --help or of completion

    try:
        url = httpx.URL(base_url)
        _ = url.host  # decoded only now; a host that IDNA does not allow is a ValueError
    except (httpx.InvalidURL, ValueError) as error:
        raise errors.UsageError(f"the base URL cannot be used: {shorten(str(error))}") from error
    return url


def _headers(url: "httpx.URL", credentials: Credentials | None) -> dict[str, str]:
    headers = {
        "host": url.netloc.decode("ascii"),
        "accept": "application/json",
        "accept-encoding": "identity",
        "user-agent": f"syncjob/{__version__}",
    }
    return {**headers, "authorization": credentials.header} if credentials else headers
