"""Which assets and models exist: asks Scenario, in as few calls as it allows."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from syncjob import workers
from syncjob.breaker import Breaker
from syncjob.errors import ScenarioError
from syncjob.problems import Failure
from syncjob.references import Catalogue, Key, Record
from syncjob.scenario import Scenario
from syncjob.scenario.client import ASSETS_PER_CALL, MODELS_PER_CALL
from syncjob.scenario.types import Asset, ModelRow
from syncjob.workers import Stop


def look_up(
    client: Scenario, keys: Iterable[Key], *, project_id: str | None, count: int, stop: Stop, breaker: Breaker
) -> Catalogue:
    """Looks each key up once, in as few calls as the API allows, by `count` workers."""
    batches = list(_batches(sorted(set(keys))))
    records: dict[Key, Record] = {}
    failures: dict[Key, Failure] = {}
    unanswered = Failure("interrupted", "the run ended before it was looked up")
    failures |= {key: unanswered for batch in batches for key in batch}
    for batch, answer in workers.run(batches, _asker(client, project_id), min(count, len(batches)), stop):
        for key in batch:
            del failures[key]
        if isinstance(answer, Failure):
            breaker.note(answer)
            failures |= dict.fromkeys(batch, answer)
        else:
            records |= {(record.kind, record.id): record for record in answer}
    return Catalogue(records, failures)


def _batches(keys: Sequence[Key]) -> Iterator[tuple[Key, ...]]:
    for kind, size in (("asset", ASSETS_PER_CALL), ("model", MODELS_PER_CALL)):
        of_kind = (key for key in keys if key[0] == kind)
        while batch := tuple(islice(of_kind, size)):
            yield batch


def _asker(client: Scenario, project_id: str | None) -> Callable[[Sequence[Key]], tuple[Record, ...] | Failure]:
    def ask(batch: Sequence[Key]) -> tuple[Record, ...] | Failure:
        ids = [id_ for _, id_ in batch]
        bulk = client.assets.get_bulk if batch[0][0] == "asset" else client.models.get_bulk
        try:
            return tuple(_record(row) for row in bulk(ids, project_id=project_id))
        except ScenarioError as error:
            return Failure.of(error)

    return ask


def _record(row: Asset | ModelRow) -> Record:
    if isinstance(row, Asset):
        return Record("asset", row.id, row.metadata.name, row.privacy)
    return Record("model", row.id, row.name, row.privacy)
