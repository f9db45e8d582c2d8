"""Documents and what Scenario holds -> Changes, read by the run's workers, judged, and what they refer to looked up."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from syncjob import journal, runs, workers
from syncjob.documents import Document
from syncjob.errors import UsageError
from syncjob.journal import Begin, Confirmed, Record
from syncjob.lookup import look_up
from syncjob.plan import Change, compare, confirmed, not_compared, with_references
from syncjob.references import Catalogue, Key
from syncjob.run import Run
from syncjob.text import sha256

_T = TypeVar("_T")
Changes = dict[str, Change]  # by path
Judge = Callable[[Changes], Changes]


def compare_all(run: Run, documents: Sequence[Document], judge: Judge) -> list[Change]:
    """A change for each document: read, judged, and what it refers to looked up."""
    changes = _confirmed_before(run, documents)
    asked = [document for document in documents if document.is_valid and document.path not in changes]

    def read_and_compare(document: Document) -> Change:
        return compare(document, run.remote.read(document.model_id))

    changes |= {document.path: change for document, change in in_parallel(run, asked, read_and_compare)}
    _record_confirmed(run, changes.values())
    if not run.stop.requested:
        changes = judge(changes)
    if run.stop.requested:  # a write that was not judged and looked up is no plan
        changes = {path: change for path, change in changes.items() if change.action == "unchanged" or change.failure}
    else:
        catalogue = look_up_all(run, {key for change in changes.values() for key in _needed(change)})
        changes = {path: with_references(change, catalogue) for path, change in changes.items()}
    return [changes.get(document.path) or not_compared(document) for document in documents]


def _confirmed_before(run: Run, documents: Sequence[Document]) -> Changes:
    """Those documents whose text the run that is resumed knew Scenario to hold; they are not asked for again."""
    if run.options.resume is None:
        return {}
    known = runs.confirmed(records_of(run, run.options.resume))
    return {
        document.path: confirmed(document)
        for document in documents
        if document.is_valid and document.model_id in known and known[document.model_id] == sha256(document.text)
    }


def in_parallel(run: Run, things: Sequence[_T], work: Callable[[_T], Change]) -> Iterator[tuple[_T, Change]]:
    """Each thing with its change, as they are done, by the run's workers."""
    compared = workers.run(things, work, min(run.config.http.workers, len(things)), run.stop)
    for thing, change in run.track("Reading", compared, len(things)):
        run.breaker.note(change.failure)
        yield thing, change


def _record_confirmed(run: Run, changes: Iterable[Change]) -> None:
    """Tells the journal what need not be asked for again, if this run is resumed."""
    if run.journal:
        for change in changes:
            if change.action == "unchanged":
                run.journal.write(Confirmed(change.model_id, change.after_sha256))


def _needed(change: Change) -> Iterator[Key]:
    """What must be looked up for a change: its model, and whatever the API has not told already."""
    if change.is_write or change.action == "conflict":
        yield ("model", change.model_id)
    if change.is_write:
        known = {(record.kind, record.id) for record in change.known}
        yield from ((tag.kind, tag.id) for tag in change.tags if (tag.kind, tag.id) not in known)


def look_up_all(run: Run, keys: set[Key]) -> Catalogue:
    """What is known of the models and assets of some ids."""
    return look_up(
        run.client,
        keys,
        project_id=run.config.project_id,
        count=run.config.http.workers,
        stop=run.stop,
        breaker=run.breaker,
    )


def records_of(run: Run, earlier: str) -> Iterator[Record]:
    """The records of an earlier run's journal; raises UsageError where it wrote to another project."""
    records = journal.read(run.config.state_dir, earlier)
    begin = next(records, None)
    if not isinstance(begin, Begin):
        raise UsageError(f"the run {earlier} has recorded nothing")
    config = run.config
    if (begin.profile, begin.base_url, begin.project_id) != (config.profile, config.base_url, config.project_id):
        raise UsageError(
            f"the run {earlier} was for the profile {begin.profile!r} at {begin.base_url}, not for {config.profile!r} "
            f"at {config.base_url}"
        )
    return records
