"""Which assets and models exist: asks Scenario, in as few calls as it allows."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice

from syncjob.control import workers
from syncjob.control.circuit_breaker import Breaker
from syncjob.control.workers import Stop
from syncjob.errors import ScenarioError
from syncjob.output.internal import guarded
from syncjob.plan.compare import Change, failed, with_references
from syncjob.plan.references import Catalogue, Entry, Key
from syncjob.plan.suggestions import Suggestions
from syncjob.problems import Failure
from syncjob.scenario import Scenario
from syncjob.scenario.media import media_of
from syncjob.scenario.resources import ASSETS_PER_CALL, MODELS_PER_CALL
from syncjob.scenario.types import Asset, ModelRow
from syncjob.text.tags import Kind

Looked = tuple[tuple[Key, ...], "tuple[Entry, ...] | Failure"]
_REMEMBERED = 50_000  # ids that later slices need not look up again


def look_up(
    client: Scenario,
    keys: Iterable[Key],
    *,
    project_id: str | None,
    count: int,
    stop: Stop,
    breaker: Breaker,
    with_media: bool = False,
    shown: Callable[[Iterable[Looked], int], Iterable[Looked]] = lambda looked, total: looked,
) -> Catalogue:
    """Looks each key up once, in as few calls as the API allows, by `count` workers; `shown` as it goes on."""
    ordered = sorted(set(keys))
    batches = list(_batches(ordered))
    ask = partial(_ask, client, project_id, with_media)
    looked = workers.run(batches, ask, min(count, len(batches)), stop)
    return _gathered(ordered, shown(looked, len(batches)), breaker)


def _gathered(keys: Sequence[Key], looked: Iterable[Looked], breaker: Breaker) -> Catalogue:
    entries: dict[Key, Entry] = {}
    failures = dict.fromkeys(keys, Failure("interrupted", "the run ended before it was looked up"))
    for batch, found in looked:
        for key in batch:
            del failures[key]
        if isinstance(found, Failure):
            failures |= dict.fromkeys(batch, found)
        else:
            entries |= {entry.key: entry for entry in found}
        breaker.note(found if isinstance(found, Failure) else None)
    return Catalogue(entries, failures)


def _batches(keys: Sequence[Key]) -> Iterator[tuple[Key, ...]]:
    for kind, size in (("asset", ASSETS_PER_CALL), ("model", MODELS_PER_CALL)):
        of_kind = (key for key in keys if key[0] == kind)
        while batch := tuple(islice(of_kind, size)):
            yield batch


def _ask(
    client: Scenario, project_id: str | None, with_media: bool, batch: Sequence[Key]
) -> tuple[Entry, ...] | Failure:
    bulk = client.assets.get_bulk if batch[0][0] == "asset" else client.models.get_bulk
    try:
        return tuple(_entry(row, client, with_media) for row in bulk([id_ for _, id_ in batch], project_id=project_id))
    except ScenarioError as error:
        return Failure.of(error)


def _entry(row: Asset | ModelRow, client: Scenario, with_media: bool) -> Entry:
    """What is known of it; anybody may have chosen the name, so it is quoted like any other response."""
    kind: Kind = "asset" if isinstance(row, Asset) else "model"
    name = row.metadata.name if isinstance(row, Asset) else row.name
    media = media_of(row) if with_media and isinstance(row, Asset) else None
    return Entry(kind, row.id, client.quoted(name) if name else name, row.privacy, media)


class References:
    """Looks up what changes refer to: an id that an earlier slice knew is not asked for again."""

    def __init__(self, look_up: Callable[[set[Key]], Catalogue], suggestions: Suggestions) -> None:
        self._look_up = look_up
        self._suggestions = suggestions
        self._known = Catalogue()
        self._asked: set[Key] = set()

    def of(self, changes: Iterable[Change]) -> Iterator[Change]:
        """The changes with what is known of their models and of what they refer to."""
        changes = list(changes)
        referred = {key for change in changes for key in _referred(change)}
        own: set[Key] = {
            ("model", change.model_id) for change in changes if change.is_write or change.action == "conflict"
        }
        found = self._look_up((referred | own) - self._asked)
        catalogue = Catalogue({**self._known.entries, **found.entries}, found.failures)
        self._remember(referred, catalogue)
        for change in changes:
            yield guarded(partial(self._judged, change, catalogue), partial(failed, change))

    def _judged(self, change: Change, catalogue: Catalogue) -> Change:
        judged = with_references(change, catalogue)
        if judged.action != "invalid":
            return judged
        problems = self._suggestions.to(judged.problems, judged.tags, judged.model_id, catalogue)
        return replace(judged, problems=problems)

    def _remember(self, keys: set[Key], catalogue: Catalogue) -> None:
        if len(self._asked) + len(keys) > _REMEMBERED:
            self._asked, self._known = set(), Catalogue()
        self._asked |= {key for key in keys if key not in catalogue.failures}
        entries = {key: catalogue.entries[key] for key in keys if key in catalogue.entries}
        self._known = Catalogue({**self._known.entries, **entries})


def _referred(change: Change) -> Iterator[Key]:
    """What a write refers to, less what the API has said already."""
    if change.is_write:
        known = {entry.key for entry in change.known}
        yield from ((tag.kind, tag.id) for tag in change.tags if (tag.kind, tag.id) not in known)
