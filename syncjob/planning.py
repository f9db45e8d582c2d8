"""From a run's files, Scenario and git to its Plan: the steps of reading and judging, in order."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from syncjob import history, journal, runs, saved_plan, scope, workers
from syncjob.documents import Document, gone
from syncjob.edits import with_history
from syncjob.errors import ScenarioError, Stopped, UsageError
from syncjob.journal import Begin, Confirmed, Record
from syncjob.lookup import look_up
from syncjob.plan import Change, Plan, compare, confirmed, left_alone, make_plan, not_compared, with_references
from syncjob.problems import Failure, Problem
from syncjob.references import Catalogue, Key
from syncjob.rollback import not_read, put_back
from syncjob.run import Run
from syncjob.saved_plan import SavedPlan
from syncjob.selection import select
from syncjob.tags import is_id
from syncjob.text import sha256

_T = TypeVar("_T")
_Changes = dict[str, Change]  # by path
_Judge = Callable[[_Changes], _Changes]


def plan_of_files(run: Run, *, will_write: bool) -> Plan:
    """What the files ask for. With `will_write` a bad file refuses the run before any request."""
    options, config = run.options, run.config
    found = scope.find(config, options.patterns, options.since, with_unfiled=options.prune)
    lists_models = options.prune and found.is_whole
    if will_write and not options.keep_going and not all(document.is_valid for document in found.documents):
        # Not one request is worth sending.
        return _make_plan(run, map(not_compared, found.documents), len(found.names), found.problems)
    removed, problems = _unfiled(run, found.names) if lists_models else (found.gone, ())
    asked = removed if options.prune else ()
    changes = _compare(run, (*found.documents, *asked), lambda changes: _with_history(run, changes))
    if lists_models:  # of a model without a file only a description that is to go is worth a word
        changes = [change for change in changes if change.action != "unchanged" or change.after_sha256]
    left = () if options.prune else map(left_alone, removed)
    return _make_plan(run, (*changes, *left), len(found.names), (*found.problems, *problems))


def plan_of_saved(run: Run, path: Path) -> Plan:
    """What a saved plan holds, where it still fits; raises UsageError where the file is no such plan."""
    saved = saved_plan.load(_read(path), run.config, str(path))
    items = saved.writes
    documents, names = _reviewed(run, saved)
    blocked = [saved_plan.blocked(item, run.config.shown_folder) for item in saved.blocked]
    if not run.options.keep_going and (blocked or not all(document.is_valid for document in documents)):
        return _make_plan(run, (*map(not_compared, documents), *blocked), names, ())

    def judge(changes: _Changes) -> _Changes:
        return {path: saved_plan.as_planned(change, items[change.model_id]) for path, change in changes.items()}

    return _make_plan(run, (*_compare(run, documents, judge), *blocked), names, ())


def plan_of_rollback(run: Run, earlier: str) -> Plan:
    """What puts back the texts that an earlier run overwrote; raises UsageError where it cannot be told."""
    writes = list(runs.writes(_records(run, earlier)).values())

    def read_and_compare(write: runs.Write) -> Change:
        return put_back(write, run.remote.read(write.intent.model_id), is_forced=run.options.force)

    done = dict(_in_parallel(run, writes, read_and_compare))
    unread = (not_read(write) for write in writes if write not in done)
    return Plan(tuple(sorted((*done.values(), *unread), key=lambda change: change.model_id)))


def _records(run: Run, earlier: str) -> Iterator[Record]:
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


def _reviewed(run: Run, saved: SavedPlan) -> tuple[Sequence[Document], int]:
    """The documents of a plan's writes as they are now, and how many files the folder holds."""
    config = run.config
    names = scope.names_of(config, may_be_empty=True)
    writes = [f"{model_id}.md" for model_id in saved.writes]
    there = set(names)
    files = scope.read(config, [name for name in writes if name in there], names)
    missing = tuple(gone(name, config.shown_folder) for name in writes if name not in there)
    return saved_plan.as_reviewed((*files, *missing), saved), len(names)


def _read(path: Path) -> bytes:
    if path.exists() and not path.is_file():  # a pipe would block
        raise UsageError(f"cannot read the plan {path}: it is no regular file")
    try:
        with path.open("rb") as file:
            return file.read(saved_plan.MAX_BYTES)
    except OSError as error:
        raise UsageError(f"cannot read the plan {path}: {error.strerror}") from error


def _make_plan(run: Run, changes: Iterable[Change], files: int, problems: Sequence[Problem]) -> Plan:
    return make_plan(changes, files=files, safety=run.config.safety, force=run.options.force, problems=problems)


def _compare(run: Run, documents: Sequence[Document], judge: _Judge) -> list[Change]:
    """A change for each document: read, judged, and what it refers to looked up."""
    known = runs.confirmed(_records(run, run.options.resume)) if run.options.resume else {}
    changes: _Changes = {}
    asked: list[Document] = []
    for document in documents:
        if document.is_valid and document.model_id in known and known[document.model_id] == sha256(document.text):
            changes[document.path] = confirmed(document)
        elif document.is_valid:
            asked.append(document)

    def read_and_compare(document: Document) -> Change:
        return compare(document, run.remote.read(document.model_id))

    changes |= {document.path: change for document, change in _in_parallel(run, asked, read_and_compare)}
    _record_confirmed(run, changes.values())
    if not run.stop.requested:
        changes = judge(changes)
    if run.stop.requested:  # a write that was not judged and looked up is no plan
        changes = {path: change for path, change in changes.items() if change.action == "unchanged" or change.failure}
    else:
        catalogue = look_up_all(run, {key for change in changes.values() for key in _needed(change)})
        changes = {path: with_references(change, catalogue) for path, change in changes.items()}
    return [changes.get(document.path) or not_compared(document) for document in documents]


def _in_parallel(run: Run, things: Sequence[_T], work: Callable[[_T], Change]) -> Iterator[tuple[_T, Change]]:
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


def _with_history(run: Run, changes: _Changes) -> _Changes:
    """The changes, with those that would overwrite what git never held as conflicts."""
    overwriting = {path: change for path, change in changes.items() if change.is_write and change.before}
    if not overwriting:
        return changes
    names = {path: f"{change.model_id}.md" for path, change in overwriting.items()}
    may_overwrite = run.options.overwrite_remote_edits
    with history.texts(run.config.folder, list(names.values())) as texts:
        judged = {
            path: with_history(change, texts.of(names[path]), texts.gap, may_overwrite=may_overwrite)
            for path, change in overwriting.items()
        }
    return {**changes, **judged}


def _unfiled(run: Run, names: Sequence[str]) -> tuple[tuple[Document, ...], tuple[Problem, ...]]:
    """The project's own models that have no file; a problem where they could not be listed."""
    try:
        listed = [model.id for model in run.client.models.list(project_id=run.config.project_id) if is_id(model.id)]
    except Stopped:
        return (), ()
    except ScenarioError as error:
        run.breaker.note(Failure.of(error))
        return (), (Problem(error.code, f"cannot list the project's models: {error.message}"),)
    unfiled = {f"{model_id}.md" for model_id in listed} - set(names)
    chosen = select((*names, *unfiled), run.options.patterns, run.config.folder)
    return tuple(gone(name, run.config.shown_folder) for name in sorted(unfiled & chosen)), ()


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
