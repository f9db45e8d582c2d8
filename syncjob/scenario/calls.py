"""Calls of one API: typed, paced and retried. Safe to share by threads."""

import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import TracebackType
from typing import Self, TypeVar

import msgspec

from syncjob.credentials import Credentials
from syncjob.errors import RateLimited, ScenarioError
from syncjob.scenario import retry
from syncjob.scenario.answers import Answer, decode
from syncjob.scenario.counters import Meter, Traffic
from syncjob.scenario.http.in_process import Handler
from syncjob.scenario.http.transport import Exchange, Limits, Transport
from syncjob.scenario.pacer import Pacer
from syncjob.scenario.rate_limit import Lowered

BASE_URL = "https://api.cloud.scenario.com/v1"
# The server is overrun as a whole: every worker waits, not only the one that was refused.
_SHARED = frozenset({429, 503})

_T = TypeVar("_T")
Query = Mapping[str, str | int | bool | None]
Observer = Callable[[Exchange | retry.Retry | Lowered], None]


class Calls:
    """What a client sends, by method and path.

    Every call raises a ScenarioError if it fails. `sleep` is used for every wait and may raise, which ends the call.
    `observe` gets each exchange, retry and lowering of the limit. While it `is_urgent` no request waits for its turn.
    A 429 is waited for, and no attempt. If none of a method's requests was admitted for `max_wait` seconds, `give_up`
    is called with the reason; then a wait that does not raise is followed by the RateLimited.
    `{"description": null}` is a ProtocolError unless `null_is_no_description`. `sent_before`: see `Pacer`.
    """

    def __init__(
        self,
        credentials: Credentials | None = None,
        *,
        base_url: str = BASE_URL,
        handler: Handler | None = None,
        limits: Limits = Limits(),  # noqa: B008  frozen
        requests_per_minute: int = 100,
        attempts: int = 5,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        observe: Observer = lambda _: None,
        null_is_no_description: bool = False,
        is_urgent: Callable[[], bool] | None = None,
        max_wait: float = 600.0,
        give_up: Callable[[str], None] = lambda _: None,
        sent_before: Iterable[float] = (),
    ) -> None:
        self.null_is_no_description = null_is_no_description
        self._attempts = attempts
        self._observe = observe
        self._max_wait = max_wait
        self._give_up = give_up
        self._is_urgent = is_urgent
        self._meter = Meter(sleep, clock)
        self._pacer = Pacer(
            requests_per_minute,
            clock=clock,
            sleep=self._meter.sleep,
            is_urgent=is_urgent,
            on_lowered=observe,
            sent_before=sent_before,
        )
        self._transport = Transport(
            base_url, credentials, limits, handler=handler, sleep=sleep, clock=clock, on_exchange=self._on_exchange
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._transport.close()

    def abort(self) -> None:
        """Ends what is in flight, as if each connection broke; whoever asks again may."""
        self._transport.abort()

    def call(
        self,
        method: str,
        path: str,
        answer_type: type[_T],
        *,
        query: Query | None = None,
        body: object = None,
        attempts: int | None = None,
        before_send: Callable[[], None] = lambda: None,
        before_repeat: Callable[[ScenarioError], None] = lambda _: None,
    ) -> _T:
        """One call, paced and retried, its response read as `answer_type`, an Answer as it came.

        None in the query leaves its member out; a `body` of None sends none. `attempts` replaces the client's own number,
        and then a 429 is one of them.
        `before_send` is called after every wait, before each request; `before_repeat` before that, with the error of
        the attempt before, and may call the client. Both may raise.
        """

        def send() -> _T:
            with self._pacer.place(before_send):
                return decode(self._exchange(method, path, query or {}, body), answer_type)

        tries, on_retry = attempts or self._attempts, partial(self._on_retry, method)
        return retry.call(
            send,
            tries,
            self._meter.sleep,
            on_retry,
            before_repeat,
            is_patient=self._is_patient if attempts is None else _never,
        )

    def wait(self, seconds: float) -> None:
        """Waits as between two attempts, and is counted so."""
        self._meter.sleep(seconds)

    def quoted(self, text: str) -> str:
        """What a response says, for a message: without any secret that it may echo."""
        return self._transport.quoted(text)

    @property
    def traffic(self) -> Traffic:
        return self._meter.traffic

    @property
    def requests_per_minute(self) -> int:
        """The limit now in force, which a server that admits less has lowered; 0 means none."""
        return self._pacer.per_minute

    def answered(self) -> tuple[float, ...]:
        """When each request was answered, by the clock, that the server may still count."""
        return self._pacer.answered()

    def _exchange(self, method: str, path: str, query: Query, body: object) -> Answer:
        given = {name: value for name, value in query.items() if value is not None}
        params = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in given.items()}
        content = None if body is None else msgspec.json.encode(body)
        try:
            return self._transport.send(method, path, params, content)
        except ScenarioError as error:
            if error.retryable and error.http_status in _SHARED:
                self._pacer.pause(min(error.retry_after or 0, self._max_wait))  # beyond it the run ends
            raise

    def _is_patient(self) -> bool:
        """Whether a 429 is waited for: what is urgent has seconds."""
        return not (self._is_urgent and self._is_urgent())

    def _on_retry(self, method: str, event: retry.Retry) -> None:
        error = event.error
        if isinstance(error, RateLimited):
            self._require_hope(method, error, event.wait)
        self._meter.retry()
        if error.http_status in _SHARED:
            self._pacer.pause(event.wait if error.retry_after is None else error.retry_after)
        self._observe(event)

    def _require_hope(self, method: str, error: RateLimited, wait: float) -> None:
        """Gives up if the next request would come after `max_wait`."""
        refused = self._meter.refused_for(method)
        if refused + wait <= self._max_wait:
            return
        self._give_up(_starved(method, refused, wait, self._max_wait, error.message))
        self._meter.sleep(0.0)
        raise error

    def _on_exchange(self, exchange: Exchange) -> None:
        self._meter.request(exchange.method, exchange.status)
        self._observe(exchange)


def _never() -> bool:
    return False


def _starved(method: str, refused: float, wait: float, most: float, message: str) -> str:
    lasts = f"for {refused:,.0f} s Scenario admitted no {method} ({message})"
    beyond = f"the next could be sent in {wait:,.0f} s, beyond http.max_wait ({most:,.0f} s)"
    others = "another run, workflow or program may be using the project's limit"
    return f"{lasts}, and {beyond}: {others}; wait for it, or give each a --share"
