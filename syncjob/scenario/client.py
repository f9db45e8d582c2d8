"""`Scenario`: the calls of the mission by name, typed, paced and retried. Safe to share by threads.

client = Scenario(basic("api key", "api secret"))
client.models.description.retrieve("flux.1-dev").value
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self, TypeVar

import msgspec

from syncjob import tags
from syncjob.credentials import Credentials
from syncjob.errors import ScenarioError
from syncjob.scenario import retry, types
from syncjob.scenario.answers import Answer, decode
from syncjob.scenario.bulk import in_bulk
from syncjob.scenario.pace import Pacer
from syncjob.scenario.traffic import Meter, Traffic
from syncjob.scenario.transport import Exchange, Handler, Limits, Transport
from syncjob.scenario.window import Lowered

BASE_URL = "https://api.cloud.scenario.com/v1"
ASSETS_PER_CALL = 200  # documented: a larger call is refused whole
MODELS_PER_CALL = 50  # no limit is documented; the official plug-in sends at most 50
# The server is overrun as a whole: every worker waits, not only the one that was told.
_SHARED = frozenset({429, 503})
PAGE_SIZE = 500  # the largest that is documented

_T = TypeVar("_T")
Observer = Callable[[Exchange | retry.Retry | Lowered], None]


class Scenario:
    """A client of one project.

    Every call raises a ScenarioError where it fails. `sleep` is used for every wait and may raise,
    which ends the call. `observe` is told each exchange, each retry and each lowering of the limit, for
    a log.
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
    ) -> None:
        self.null_is_no_description = null_is_no_description
        self._attempts = attempts
        self._observe = observe
        self._meter = Meter(sleep, clock)
        self._pacer = Pacer(requests_per_minute, clock=clock, sleep=self._meter.sleep, on_lowered=observe)
        self._transport = Transport(
            base_url, credentials, limits, handler=handler, clock=clock, on_exchange=self._on_exchange
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

    def call(
        self,
        method: str,
        path: str,
        answer_type: type[_T],
        *,
        query: Mapping[str, str | int | bool | None] | None = None,
        body: object = None,
        before_send: Callable[[], None] = lambda: None,
    ) -> _T:
        """One call, paced and retried, its answer read as `answer_type`.

        None in the query leaves its member out; a `body` of None sends none. `before_send` is called
        after every wait, before each request, and may raise.
        """

        def read(answer: Answer) -> _T:
            return decode(answer, answer_type)

        return self._call(method, path, read, query=query, body=body, before_send=before_send)

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
    ) -> _T:
        params = {name: _wire(value) for name, value in (query or {}).items() if value is not None}
        content = None if body is None else msgspec.json.encode(body)

        def send() -> _T:
            with self._pacer.place():
                before_send()
                return read(self._exchange(method, path, params, content))

        return retry.call(send, attempts=self._attempts, sleep=self._meter.sleep, on_retry=self._on_retry)

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


class Descriptions:
    """`client.models.description`: a model's Markdown."""

    def __init__(self, client: Scenario) -> None:
        self._client = client

    def retrieve(
        self, model_id: str, original_assets: bool = False, project_id: str | None = None
    ) -> types.Description:
        """The description as stored; raises NotFound where the API answers 404.

        `original_assets` asks for URLs of the untransformed files.
        """
        return self._call("GET", model_id, original_assets, project_id, None)

    def update(
        self,
        model_id: str,
        description: str | None,
        original_assets: bool = False,
        project_id: str | None = None,
        *,
        before_send: Callable[[], None] = lambda: None,
    ) -> types.Description:
        """Replaces the whole description, None removes it; answers what is then stored.

        `before_send` is called before each request, after every wait, and may raise.
        """
        body = {"description": description}
        return self._call("PUT", model_id, original_assets, project_id, body, before_send)

    def _call(
        self,
        method: str,
        model_id: str,
        original_assets: bool,
        project_id: str | None,
        body: object,
        before_send: Callable[[], None] = lambda: None,
    ) -> types.Description:
        # `false` is the documented default, so it is not sent.
        query = {"originalAssets": original_assets or None, "projectId": project_id}
        path = f"/models/{_checked(model_id)}/description"
        if self._client.null_is_no_description:
            maybe = self._client.call(
                method, path, types.MaybeDescription, query=query, body=body, before_send=before_send
            )
            return maybe.description or types.Description(assets=(), models=(), value=None)
        envelope = self._client.call(
            method, path, types.DescriptionEnvelope, query=query, body=body, before_send=before_send
        )
        return envelope.description


class Models:
    """`client.models`: model records and their descriptions."""

    def __init__(self, client: Scenario) -> None:
        self._client = client
        self.description = Descriptions(client)

    def get_bulk(self, ids: Iterable[str], *, project_id: str | None = None) -> list[types.ModelRow]:
        """The records of those ids that exist, each asked for once, 50 a call."""

        def ask(batch: Sequence[str]) -> Sequence[types.ModelRow]:
            query = {"projectId": project_id}
            return self._client.call(
                "POST", "/models/get-bulk", types.ModelBulk, query=query, body={"modelIds": batch}
            ).models

        def ask_one(model_id: str) -> types.ModelRow:
            query = {"projectId": project_id}
            return self._client.call("GET", f"/models/{model_id}", types.ModelEnvelope, query=query).model

        return in_bulk(map(_checked, ids), MODELS_PER_CALL, ask, ask_one)

    def list(
        self,
        *,
        privacy: str | None = None,
        status: str | None = None,
        page_size: int = PAGE_SIZE,
        project_id: str | None = None,
    ) -> Iterator[types.Model]:
        """All models, own ones unless `privacy` is "public"; each once, though pages may repeat rows.

        Ends at the last page, or at a token that came before.
        """
        seen: set[str] = set()
        tokens: set[str] = set()
        token: str | None = None
        while True:
            query = {
                "pageSize": page_size,
                "paginationToken": token,
                "privacy": privacy,
                "status": status,
                "projectId": project_id,
            }
            page = self._client.call("GET", "/models", types.ModelPage, query=query)
            for model in page.models:
                if model.id not in seen:
                    seen.add(model.id)
                    yield model
            token = page.next_pagination_token
            if not token or token in tokens:
                return
            tokens.add(token)


class Assets:
    """`client.assets`: asset records."""

    def __init__(self, client: Scenario) -> None:
        self._client = client

    def get_bulk(self, ids: Iterable[str], *, project_id: str | None = None) -> list[types.Asset]:
        """The records of those ids that exist, each asked for once, 200 a call."""

        def ask(batch: Sequence[str]) -> Sequence[types.Asset]:
            query = {"projectId": project_id}
            return self._client.call(
                "POST", "/assets/get-bulk", types.AssetBulk, query=query, body={"assetIds": batch}
            ).assets

        def ask_one(asset_id: str) -> types.Asset:
            query = {"projectId": project_id}
            return self._client.call("GET", f"/assets/{asset_id}", types.AssetEnvelope, query=query).asset

        return in_bulk(map(_checked, ids), ASSETS_PER_CALL, ask, ask_one)


def _checked(id_: str) -> str:
    """An id that can stand in a path; raises ValueError for one that could climb it."""
    if not tags.is_id(id_):
        raise ValueError(f"not an id: {id_!r}")
    return id_


def _wire(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
