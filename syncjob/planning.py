"""What a run is to do, as a Plan: of its files, of a saved plan, or of an earlier run's journal."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from syncjob import history, runs, saved_plan, scope
from syncjob.comparing import Changes, compare_all, in_parallel, records_of
from syncjob.documents import Document, gone, model_id_of
from syncjob.edits import with_history
from syncjob.errors import ScenarioError, Stopped, UsageError
from syncjob.plan import Change, Plan, left_alone, make_plan, not_compared
from syncjob.problems import Failure, Problem
from syncjob.pull import pulled, with_collisions
from syncjob.rollback import not_read, put_back
from syncjob.run import Run
from syncjob.saved_plan import SavedPlan
from syncjob.selection import select
from syncjob.tags import is_id


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
    changes = compare_all(run, (*found.documents, *asked), lambda changes: _with_history(run, changes))
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

    def judge(changes: Changes) -> Changes:
        return {path: saved_plan.as_planned(change, items[change.model_id]) for path, change in changes.items()}

    return _make_plan(run, (*compare_all(run, documents, judge), *blocked), names, ())


def plan_of_rollback(run: Run, earlier: str) -> Plan:
    """What puts back the texts that an earlier run overwrote; raises UsageError where it cannot be told."""
    writes = list(runs.writes(records_of(run, earlier)).values())

    def read_and_compare(write: runs.Write) -> Change:
        return put_back(write, run.remote.read(write.intent.model_id), is_forced=run.options.force)

    done = dict(in_parallel(run, writes, read_and_compare))
    unread = (not_read(write) for write in writes if write not in done)
    return Plan(tuple(sorted((*done.values(), *unread), key=lambda change: change.model_id)))


def plan_of_pull(run: Run, *, takes_all: bool) -> Plan:
    """What Scenario's texts make of the files; raises UsageError for a pattern that names neither file nor model."""
    config, options = run.config, run.options
    names = scope.names_of(config, may_be_empty=True)
    found, problems = _to_pull(run, names, takes_all=takes_all)
    wanted = sorted(found)
    there = {document.model_id: document for document in scope.read(config, [n for n in wanted if n in names], names)}
    documents = [there.get(model_id_of(name)) or gone(name, config.shown_folder) for name in wanted]
    unsaved = frozenset[str]() if options.force else history.uncommitted(config.folder)

    def read_and_take(document: Document) -> Change:
        may_overwrite = unsaved is not None and f"{document.model_id}.md" not in unsaved
        existing = run.remote.read(document.model_id)
        limit = config.safety.max_file_bytes
        return pulled(document, existing, max_file_bytes=limit, may_overwrite=may_overwrite)

    taken = dict(in_parallel(run, documents, read_and_take))
    changes = with_collisions((taken.get(each) or not_compared(each) for each in documents), names)
    told = (change for change in changes if change.model_id in there or change.after_sha256 or not takes_all)
    return Plan(tuple(sorted(told, key=lambda change: change.model_id)), problems)


def _to_pull(run: Run, names: Sequence[str], *, takes_all: bool) -> tuple[frozenset[str], tuple[Problem, ...]]:
    """The names of the files that a pull is about, there or not; a problem where models could not be listed."""
    patterns, folder = run.options.patterns, run.config.folder
    if not (takes_all or patterns):
        return frozenset(names), ()
    if not (takes_all or any(sign in pattern for pattern in patterns for sign in "*?[")):
        named = (f"{pattern}.md" for pattern in patterns if is_id(pattern))
        return select({*names, *named}, patterns, folder), ()
    models, problems = _own_models(run)
    if problems or run.stop.requested:
        return frozenset(), problems
    return select(models if takes_all else {*models, *names}, patterns, folder), ()


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


def _with_history(run: Run, changes: Changes) -> Changes:
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
    listed, problems = _own_models(run)
    if problems or run.stop.requested:
        return (), problems
    unfiled = listed - set(names)
    chosen = select((*names, *unfiled), run.options.patterns, run.config.folder)
    return tuple(gone(name, run.config.shown_folder) for name in sorted(unfiled & chosen)), ()


def _own_models(run: Run) -> tuple[frozenset[str], tuple[Problem, ...]]:
    """What the files of the project's own models are called; a problem where they could not be listed."""
    try:
        models = [model.id for model in run.client.models.list(project_id=run.config.project_id)]
    except Stopped:
        return frozenset(), ()
    except ScenarioError as error:
        run.breaker.note(Failure.of(error))
        return frozenset(), (Problem(error.code, f"cannot list the project's models: {error.message}"),)
    return frozenset(f"{model_id}.md" for model_id in models if is_id(model_id)), ()
