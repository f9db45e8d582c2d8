"""One GET of a picture from wherever its address leads: without credentials, without redirects, and bounded.

Whoever wrote the address is not trusted: no reason given here repeats any of it.
"""

import os
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property

import httpx

from syncjob import __version__, errors
from syncjob.hosts import is_loopback
from syncjob.scenario.answers import Answer, Handler
from syncjob.scenario.http import proxy, trust
from syncjob.scenario.http.reach import Reach
from syncjob.scenario.http.stream import Patience, Stream, connect_to_some
from syncjob.scenario.http.wire import Wire

MAX_BYTES = 4 * 1024 * 1024
ENDED = "the run ended before it was fetched"
_TOO_LARGE = f"its file is larger than {MAX_BYTES // 1024**2} MiB"


class NotFetched(Exception):
    """Says why, as what follows "no picture: "."""


class PictureSource:
    """Fetches pictures beside a client of `base_url`, by any number of threads; `handler` is then the only server."""

    def __init__(self, base_url: str, handler: Handler | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._base = httpx.URL(base_url)
        self._handler = handler
        self._clock = clock
        self._lock = threading.Lock()
        self._open: set[Wire] = set()
        self._is_ended = False

    def get(self, address: str, seconds: float) -> bytes:
        """The bytes of a picture, within that time; raises NotFetched."""
        url = _parsed(address)
        target = url.raw_path.decode("ascii")
        until = self._clock() + seconds
        try:
            answer = self._handled(url, target) if self._handler else self._asked(url, target, seconds)
        except errors.Untrusted as error:
            raise NotFetched("its server's certificate does not verify") from error
        except (errors.ScenarioError, errors.UsageError) as error:
            is_late = self._clock() >= until
            why = ENDED if self._is_ended else f"it did not come within {seconds:g} s" if is_late else _UNREACHED
            raise NotFetched(why) from error
        if answer.status != 200:
            is_moved = 300 <= answer.status < 400
            raise NotFetched("its server redirects" if is_moved else f"its server responded HTTP {answer.status}")
        return answer.body

    def abort(self) -> None:
        """Ends what is in flight, and whatever would follow."""
        self._is_ended = True
        with self._lock:
            for wire in self._open:
                wire.end()

    def _handled(self, url: httpx.URL, target: str) -> Answer:
        if self._handler is None or url.netloc != self._base.netloc:
            raise NotFetched("its address leads out of the stand-in")
        return self._handler("GET", target, _headers(url), b"")

    def _asked(self, url: httpx.URL, target: str, seconds: float) -> Answer:
        reach = Reach(url.scheme, is_loopback(self._base.host))
        way = proxy.of_environment(url.host) if url.scheme == "https" else None
        if way and not _is_name(url.host) and not reach.allows(url.host):
            raise NotFetched(_NOT_PUBLIC)  # of a name the proxy judges, which alone knows where it leads
        with self._wire(url, reach, way, seconds) as wire:
            return wire.ask("GET", target, _headers(url), None)

    @contextmanager
    def _wire(self, url: httpx.URL, reach: Reach, way: proxy.Proxy | None, seconds: float) -> Iterator[Wire]:
        def connect(host: str, port: int, patience: Patience) -> Stream:
            stream = connect_to_some(host, port, patience, reach.allows)
            if stream is None:
                raise NotFetched(_NOT_PUBLIC)
            return stream

        context = self._context if url.scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        wire = Wire(url, context, way, (), timeout=seconds, deadline=seconds, connect=connect, read=_read)
        with self._lock:
            self._open.add(wire)
        if self._is_ended:
            wire.end()
        try:
            yield wire
        finally:
            with self._lock:
                self._open.discard(wire)
            wire.close()

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return trust.of_environment(os.environ)


_NO_NAME = re.compile(r"(?:^|\.)(?:[0-9]+|0[xX][0-9a-fA-F]*|localhost)\.?$")
_UNREACHED = "its server cannot be reached, or does not respond as it should"
_NOT_PUBLIC = "its address is not a public one"


def _parsed(address: str) -> httpx.URL:
    try:
        url = httpx.URL(address)
        is_fit = url.scheme in ("https", "http") and url.host and not url.userinfo
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise NotFetched("its address cannot be used") from error
    if not is_fit:
        raise NotFetched("its address cannot be used")
    return url


def _headers(url: httpx.URL) -> dict[str, str]:
    return {
        "host": url.netloc.decode("ascii"),
        "accept": "image/*",
        "accept-encoding": "identity",
        "user-agent": f"syncjob/{__version__}",
    }


def _read(head: Answer, chunks: Iterable[bytes], _: tuple[str, ...]) -> Answer:
    """The response with its body, of a 200 alone; raises NotFetched as soon as it is known to be too large."""
    if head.status != 200:
        return head
    if len(length := head.headers.get("content-length", "")) > 9 or (length.isdecimal() and int(length) > MAX_BYTES):
        raise NotFetched(_TOO_LARGE)
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > MAX_BYTES:
            raise NotFetched(_TOO_LARGE)
    return Answer(head.status, head.headers, bytes(body))


def _is_name(host: str) -> bool:
    """Whether a host is neither a number in any form (url.spec.whatwg.org, *ends in a number*) nor this machine."""
    return not (":" in host or _NO_NAME.search(host))
