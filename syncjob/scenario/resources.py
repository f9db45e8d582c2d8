"""`Scenario`, `client.models` and `client.assets`: the calls of the mission by name.

client = Scenario(api_key="…", api_secret="…")
client.models.description.retrieve("flux.1-dev").value
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import cached_property, partial
from itertools import chain
from typing import NamedTuple, Unpack

from syncjob import errors
from syncjob.credentials import Credentials, given
from syncjob.scenario import types
from syncjob.scenario.answers import Answer, Handler, answered_at, decode, decoder
from syncjob.scenario.bulk import in_bulk
from syncjob.scenario.calls import BASE_URL, Calls, Query, Settings
from syncjob.text import tags

ASSETS_PER_CALL = 200  # documented: a larger call is refused whole
MODELS_PER_CALL = 50  # no limit is documented; the official plug-in sends at most 50
PAGE_SIZE = 500  # the largest that is documented
# A listing that does not end is an error: what it leaves out might be deleted. A filter may leave pages empty.
_BARREN = 10  # pages in a row without a model that is new
_PAGES = 10_000

# Made here, by the one thread that imports, and not by whichever worker is the first to need it.
for _type in (
    types.DescriptionEnvelope, types.MaybeDescription, types.ModelBulk, types.ModelEnvelope, types.ModelPage,
    types.AssetBulk, types.AssetEnvelope,
):  # fmt: skip
    decoder(_type)


_Envelope = types.DescriptionEnvelope | types.MaybeDescription


class Page(NamedTuple):
    """Some models of a listing; `answered_at` is when Scenario listed them, by its own clock, None if it did not say."""

    models: tuple[types.Model, ...]
    answered_at: datetime | None


class Rows(NamedTuple):
    """The records of some models, and when Scenario looked them up, as of a Page."""

    models: tuple[types.ModelRow, ...]
    answered_at: datetime | None


class Descriptions:
    """`client.models.description`: a model's Markdown."""

    def __init__(self, client: Calls) -> None:
        self._client = client

    def retrieve(
        self, model_id: str, original_assets: bool = False, project_id: str | None = None
    ) -> types.Description:
        """The description as stored; `original_assets` asks for URLs of the untransformed files."""
        return self._described(partial(self._client.call, "GET"), model_id, original_assets, project_id)

    def update(
        self,
        model_id: str,
        description: str | None,
        original_assets: bool = False,
        project_id: str | None = None,
        *,
        before_send: Callable[[], None] = lambda: None,
        before_repeat: Callable[[errors.ScenarioError], None] = lambda _: None,
    ) -> types.Description:
        """Replaces the whole description, None removes it; returns what is then stored. See `Calls.call`."""
        body = {"description": description}
        put = partial(self._client.call, "PUT", body=body, before_send=before_send, before_repeat=before_repeat)
        return self._described(put, model_id, original_assets, project_id)

    def _described(
        self, call: Callable[..., _Envelope], model_id: str, original_assets: bool, project_id: str | None
    ) -> types.Description:
        # `false` is the documented default, so it is not sent.
        query = {"originalAssets": original_assets or None, "projectId": project_id}
        path = f"/models/{_checked(model_id)}/description"
        maybe = types.MaybeDescription if self._client.null_is_no_description else None
        envelope = call(path, maybe or types.DescriptionEnvelope, query=query)
        return envelope.description or types.Description(assets=(), models=(), value=None)


class Models:
    """`client.models`: model records and their descriptions."""

    def __init__(self, client: Calls) -> None:
        self._client = client
        self.description = Descriptions(client)

    def get_bulk(self, model_ids: Iterable[str], *, project_id: str | None = None) -> list[types.ModelRow]:
        """The records of those models that exist, in the order asked for, each once; 50 a request."""
        call = partial(self._client.call, query={"projectId": project_id})
        return in_bulk(
            map(_checked, model_ids),
            MODELS_PER_CALL,
            lambda batch: call("POST", "/models/get-bulk", types.ModelBulk, body={"modelIds": batch}).models,
            lambda id_: call("GET", f"/models/{id_}", types.ModelEnvelope).model,
        )

    def rows(self, ids: Sequence[str], *, project_id: str | None = None) -> Rows:
        """Those of at most 50 models that exist, by one request, which may be refused for one that does not."""
        body = {"modelIds": list(map(_checked, ids))}
        answer = self._client.call("POST", "/models/get-bulk", Answer, query={"projectId": project_id}, body=body)
        return Rows(decode(answer, types.ModelBulk).models, answered_at(answer.headers))

    def list(
        self,
        *,
        privacy: str | None = None,
        status: str | None = None,
        page_size: int = PAGE_SIZE,
        project_id: str | None = None,
    ) -> Iterator[types.Model]:
        """All models, own ones unless `privacy` is "public"; each once, though pages may repeat rows."""
        query = {"pageSize": page_size, "privacy": privacy, "status": status, "projectId": project_id}
        return chain.from_iterable(page.models for page in self._pages(query))

    def pages(self, *, project_id: str | None = None) -> Iterator[Page]:
        """All own models, by request; a page that only repeats is empty."""
        return self._pages({"pageSize": PAGE_SIZE, "projectId": project_id})

    def _pages(self, query: Query) -> Iterator[Page]:
        """Raises ProtocolError if there is no end to the pages: then the listing is not whole."""
        seen: set[str] = set()
        tokens: set[str | None] = set()
        token: str | None = None
        barren = 0
        while barren < _BARREN and len(tokens) < _PAGES and token not in tokens:
            tokens.add(token)
            answer = self._client.call("GET", "/models", Answer, query={**query, "paginationToken": token})
            page = decode(answer, types.ModelPage)
            new = {model.id: model for model in reversed(page.models) if model.id not in seen}
            seen.update(new)
            yield Page(tuple(reversed(new.values())), answered_at(answer.headers))
            token = page.next_pagination_token
            if not token:
                return
            barren = 0 if new else barren + 1
        raise errors.ProtocolError(f"the listing of models does not end: {len(tokens):,} pages")


class Assets:
    """`client.assets`: asset records."""

    def __init__(self, client: Calls) -> None:
        self._client = client

    def get_bulk(self, asset_ids: Iterable[str], *, project_id: str | None = None) -> list[types.Asset]:
        """The records of those assets that exist, in the order asked for, each once; 200 a request."""
        call = partial(self._client.call, query={"projectId": project_id})
        return in_bulk(
            map(_checked, asset_ids),
            ASSETS_PER_CALL,
            lambda batch: call("POST", "/assets/get-bulk", types.AssetBulk, body={"assetIds": batch}).assets,
            lambda id_: call("GET", f"/assets/{id_}", types.AssetEnvelope).asset,
        )


class Scenario(Calls):
    """A client of one project, with the names of the official SDK. Safe to share by threads.

    What is not given is read from its variables: SCENARIO_SDK_API_KEY and SCENARIO_SDK_API_SECRET, or
    SCENARIO_SDK_JWT for `bearer_auth`, and SCENARIO_BASE_URL. A `handler` responds in place of a server, and then
    nothing is read. Raises UsageError for credentials that no header can hold, or a key without its secret.
    """

    def __init__(
        self,
        credentials: Credentials | None = None,
        *,
        api_key: str | None = None,
        api_secret: str | None = None,
        bearer_auth: str | None = None,
        base_url: str | None = None,
        handler: Handler | None = None,
        **settings: Unpack[Settings],
    ) -> None:
        environment = {} if handler else os.environ
        if credentials is None:
            credentials = given(api_key, api_secret, bearer_auth, environment)
        url = base_url or environment.get("SCENARIO_BASE_URL") or BASE_URL
        super().__init__(credentials, base_url=url, handler=handler, **settings)

    @cached_property
    def models(self) -> Models:
        return Models(self)

    @cached_property
    def assets(self) -> Assets:
        return Assets(self)


def _checked(id_: str) -> str:
    """An id that can stand in a path; raises ValueError for one that could climb it."""
    if not tags.is_id(id_):
        raise ValueError(f"not an id: {id_!r}")
    return id_
