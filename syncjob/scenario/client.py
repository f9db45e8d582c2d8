"""`Scenario`: the calls of the mission by name, typed, paced and retried. Safe to share by threads.

client = Scenario(basic("api key", "api secret"))
client.models.description.retrieve("flux.1-dev").value
"""

import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self, TypeVar

import msgspec

from syncjob.credentials import Credentials
from syncjob.errors import ScenarioError
from syncjob.scenario import retry
from syncjob.scenario.answers import Answer, decode
from syncjob.scenario.pace import Pacer
from syncjob.scenario.resources import Assets, Models
from syncjob.scenario.traffic import Meter, Traffic
from syncjob.scenario.transport import Exchange, Handler, Limits, Transport
from syncjob.scenario.window import Lowered

BASE_URL = "https://api.cloud.scenario.com/v1"
# The server is overrun as a whole: every worker waits, not only the one that was told.
_SHARED = frozenset({429, 503})

_T = TypeVar("_T")
Observer = Callable[[Exchange | retry.Retry | Lowered], None]


class Scenario:
    """A client of one project.

    Every call raises a ScenarioError where it fails. `sleep` is used for every wait and may raise,
    which ends the call. `observe` is told each exchange, each retry and each lowering of the limit, for
    a log.
    While it `is_urgent` no request waits for its turn.
    `null_is_no_description` says how `{"description": null}` is to be read: else it is a ProtocolError.
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
    ) -> None:
        self.null_is_no_description = null_is_no_description
        self._attempts = attempts
        self._observe = observe
        self._meter = Meter(sleep, clock)
        self._pacer = Pacer(
            requests_per_minute, clock=clock, sleep=self._meter.sleep, on_lowered=observe, is_urgent=is_urgent
        )
        self._transport = Transport(
            base_url, credentials, limits, handler=handler, sleep=sleep, clock=clock, on_exchange=self._on_exchange
        )
        self.models = Models(self)
        self.assets = Assets(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Closes all connections."""
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
        query: Mapping[str, str | int | bool | None] | None = None,
        body: object = None,
        before_send: Callable[[], None] = lambda: None,
        before_repeat: Callable[[ScenarioError], None] = lambda _: None,
    ) -> _T:
        """One call, paced and retried, its answer read as `answer_type`.

        None in the query leaves its member out; a `body` of None sends none. `before_send` is called
        after every wait, before each request; `before_repeat` before that with what the attempt
        before came to, and may ask the client. Both may raise, which ends the call.
        """

        def read(answer: Answer) -> _T:
            return decode(answer, answer_type)

        return self._call(
            method, path, read, query=query, body=body, before_send=before_send, before_repeat=before_repeat
        )

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int | bool | None] | None = None,
        body: object = None,
    ) -> Answer:
        """`call`, its answer as it came."""
        return self._call(method, path, lambda answer: answer, query=query, body=body)

    def _call(
        self,
        method: str,
        path: str,
        read: Callable[[Answer], _T],
        *,
        query: Mapping[str, str | int | bool | None] | None,
        body: object,
        before_send: Callable[[], None] = lambda: None,
        before_repeat: Callable[[ScenarioError], None] = lambda _: None,
    ) -> _T:
        params = {name: _wire(value) for name, value in (query or {}).items() if value is not None}
        content = None if body is None else msgspec.json.encode(body)

        def send() -> _T:
            with self._pacer.place(before_send):
                return read(self._exchange(method, path, params, content))

        return retry.call(
            send,
            attempts=self._attempts,
            sleep=self._meter.sleep,
            on_retry=self._on_retry,
            before_repeat=before_repeat,
        )

    def wait(self, seconds: float) -> None:
        """Waits as between two attempts, and is counted so."""
        self._meter.sleep(seconds)

    @property
    def traffic(self) -> Traffic:
        """The requests so far."""
        return self._meter.traffic

    @property
    def requests_per_minute(self) -> int:
        """The limit now in force, which a server that admits less has lowered; 0 means none."""
        return self._pacer.per_minute

    def _exchange(self, method: str, path: str, query: Mapping[str, str], body: bytes | None) -> Answer:
        try:
            return self._transport.send(method, path, query, body)
        except ScenarioError as error:
            if error.retryable and error.http_status in _SHARED:
                self._pacer.pause(error.retry_after or 0)
            raise

    def _on_retry(self, event: retry.Retry) -> None:
        self._meter.retry()
        if event.error.http_status in _SHARED:
            self._pacer.pause(event.wait)
        self._observe(event)

    def _on_exchange(self, exchange: Exchange) -> None:
        self._meter.request(exchange.method)
        self._observe(exchange)


def _wire(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
