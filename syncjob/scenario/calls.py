"""Calls of one API: typed, paced and retried. Safe to share by threads."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Self, TypedDict, TypeVar

import msgspec

from syncjob.credentials import Credentials, quoted
from syncjob.errors import RateLimited, ScenarioError
from syncjob.scenario import retry
from syncjob.scenario.answers import Answer, Handler, decode
from syncjob.scenario.counters import Meter, Traffic
from syncjob.scenario.http.transport import Exchange, Limits, Transport
from syncjob.scenario.pacer import Pacer
from syncjob.scenario.rate_limit import Lowered

if TYPE_CHECKING:
    from syncjob.scenario.http.pictures import PictureSource

BASE_URL = "https://api.cloud.scenario.com/v1"
# The server is overrun as a whole: every worker waits, not only the one that was refused.
_SHARED = frozenset({429, 503})

_T = TypeVar("_T")
Query = Mapping[str, str | int | bool | None]
Observer = Callable[[Exchange | retry.Retry | Lowered], None]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a 429 is waited for: until none of a method's requests was admitted for so many `seconds`.

    Then `give_up` is called with the reason, and a wait that does not raise is followed by the RateLimited. While it
    `is_urgent` no request waits for its turn.
    """

    seconds: float = 600.0
    give_up: Callable[[str], None] = lambda _: None
    is_urgent: Callable[[], bool] | None = None


class Settings(TypedDict, total=False):
    """What else a client may be given: see Calls, Limits and Patience."""

    limits: Limits
    requests_per_minute: int
    attempts: int
    sleep: Callable[[float], None]
    clock: Callable[[], float]
    observe: Observer
    null_is_no_description: bool
    patience: Patience


class Calls:
    """What a client sends, by method and path.

    Every call raises a ScenarioError if it fails. `sleep` is used for every wait and may raise, which ends the call.
    `observe` gets each exchange, retry and lowering of the limit. A 429 is no attempt.
    `{"description": null}` is a ProtocolError unless `null_is_no_description`.
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
        patience: Patience = Patience(),
    ) -> None:
        self.null_is_no_description = null_is_no_description
        self._attempts, self._observe, self._patience = attempts, observe, patience
        self._base_url, self._handler = base_url, handler
        self._meter = Meter(sleep, clock)
        self._pacer = Pacer(
            requests_per_minute, clock=clock, sleep=self._meter.sleep, on_lowered=observe, is_urgent=patience.is_urgent
        )
        self._transport = Transport(
            base_url, credentials, limits, handler=handler, sleep=sleep, clock=clock, on_exchange=self._on_exchange
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
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

        None in the query leaves its member out; a `body` of None sends none. `attempts` replaces the client's own
        number, and then a 429 is one of them. `before_send` is called after every wait, before each request;
        `before_repeat` before that, with the error of the attempt before. Both may raise.
        """
        send = partial(self._send, method, path, answer_type, query or {}, body, before_send)
        is_patient = self._is_patient if attempts is None else _never
        on_retry, tries = partial(self._on_retry, method), attempts or self._attempts
        return self._transport.first.call(
            lambda: retry.call(send, tries, self._meter.sleep, on_retry, before_repeat, is_patient=is_patient)
        )

    def wait(self, seconds: float) -> None:
        """Waits as between two attempts, and is counted so."""
        self._meter.sleep(seconds)

    def pictures(self) -> "PictureSource":
        """What fetches the pictures that responses name: without credentials, and outside the limit."""
        # Imported late: few runs show pictures.
        from syncjob.scenario.http.pictures import PictureSource

        return PictureSource(self._base_url, self._handler)

    def quoted(self, text: str) -> str:
        """What a response says, for a message: without any secret that it may echo."""
        return quoted(text, self._transport.secrets)

    @property
    def traffic(self) -> Traffic:
        return self._meter.traffic

    @property
    def requests_per_minute(self) -> int:
        """The limit now in force, which a server that admits less has lowered; 0 means none."""
        return self._pacer.per_minute

    def held(self) -> float:
        """The seconds until the limit lets the next request through."""
        return self._pacer.held()

    @property
    def is_silent(self) -> bool:
        """Whether the last request had no response."""
        return self._meter.is_silent

    def answered(self) -> tuple[float, ...]:
        """When each request was answered, by the clock, that the server may still count."""
        return self._pacer.answered()

    def hold(self, answered: Iterable[float]) -> None:
        """Takes in that other clients sent requests, by the times at which each was answered."""
        self._pacer.hold(answered)

    def share(self, runs: Callable[[], int], ended: Callable[[], Sequence[float]]) -> None:
        """Takes an equal part of the limit: `runs` says how many clients share it, this one included, each second.

        If they are fewer, `ended` says when requests of the others were answered that are not known yet.
        """
        self._pacer.share(runs, ended)

    def _send(
        self,
        method: str,
        path: str,
        answer_type: type[_T],
        query: Query,
        body: object,
        before_send: Callable[[], None],
    ) -> _T:
        with self._pacer.place(before_send):
            return decode(self._exchange(method, path, query, body), answer_type)

    def _exchange(self, method: str, path: str, query: Query, body: object) -> Answer:
        given = {name: value for name, value in query.items() if value is not None}
        params = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in given.items()}
        content = None if body is None else msgspec.json.encode(body)
        try:
            return self._transport.send(method, path, params, content)
        except ScenarioError as error:
            if error.retryable and error.http_status in _SHARED:
                self._pacer.pause(min(error.retry_after or 0, self._patience.seconds))  # beyond it the run ends
            raise

    def _is_patient(self) -> bool:
        """Whether a 429 is waited for: what is urgent has seconds."""
        return not (self._patience.is_urgent and self._patience.is_urgent())

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
        if refused + wait <= self._patience.seconds:
            return
        self._patience.give_up(_starved(method, refused, wait, self._patience.seconds, error.message))
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
