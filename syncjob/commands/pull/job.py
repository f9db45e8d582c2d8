"""`pull`: Scenario's texts into the files."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from syncjob.commands.judging import Evidence, texts_of
from syncjob.commands.planning import ask_all, has_neither, unasked_plan
from syncjob.commands.pull.judging import Adoption, Judge, with_changes
from syncjob.commands.pull.merging import Merging, last_sync
from syncjob.commands.pull.writing import dropped, tidy, write
from syncjob.commands.result import RunResult, report_of
from syncjob.commands.run import Run
from syncjob.commands.visibility import marked_if_unseen, sees_none_of, unseen_problem, unseen_problem_of
from syncjob.errors import Stopped, UsageError
from syncjob.files import whole
from syncjob.git.call import EndedEarly
from syncjob.git.worktree import uncommitted
from syncjob.local import scope
from syncjob.local.acknowledged import has_lines
from syncjob.local.document import Document
from syncjob.local.names import model_id_of, name_of
from syncjob.local.select import select
from syncjob.plan.compare import Change, Plan, in_order, not_compared
from syncjob.plan.outcome import Outcome
from syncjob.plan.pull.files import Place, compared, fitting, lines_dropped, with_collisions
from syncjob.problems import Problem
from syncjob.remote.models import own_models
from syncjob.report import build
from syncjob.state.memory.cache import Memory
from syncjob.text.tags import is_id


def pull(run: Run, *, takes_all: bool, dry_run: bool) -> RunResult:
    """Adopts Scenario's texts, each file written whole; the first problem refuses all of them, or its own if merging."""
    plan, adoptions = _plan(run, takes_all=takes_all)
    is_over = plan.is_stopped or (plan.is_refused and not run.options.merge) or run.stop.requested
    if not is_over:
        plan = replace(plan, problems=(*plan.problems, *lines_dropped(dropped(run, adoptions))))
    planned = build.pull_items(plan)
    if dry_run:
        return RunResult(report_of(run, planned, plan.problems, dry_run=True), plan.changes)
    outcomes = {} if is_over else _written(run, adoptions)
    items = build.run_items(plan, outcomes, planned, is_stopped=plan.is_stopped)
    return RunResult(report_of(run, items, plan.problems, dry_run=False), plan.changes)


def _written(run: Run, adoptions: Sequence[Adoption]) -> dict[str, Outcome]:
    """What became of each file that was to be written, by model id."""
    outcomes: dict[str, Outcome] = {}
    read = [each for each in adoptions if each.is_read]
    for each in run.track("Writing", read, len(read)):
        if run.stop.requested:
            break
        if each.change.is_write:
            outcomes[each.change.model_id] = write(run, each)
        else:
            tidy(run, each.change, each.existing_sha256, is_seen=each.is_adopted)
    return outcomes


@dataclass(frozen=True, slots=True)
class _Files:
    """What is known of the folder: its files, those that git does not have (None: unknown), and how git writes them."""

    names: frozenset[str]
    unsaved: frozenset[str] | None
    encodings: Mapping[str, str]
    max_name_bytes: int


def _plan(run: Run, *, takes_all: bool) -> tuple[Plan, list[Adoption]]:
    """What Scenario's texts make of the files; raises UsageError for a pattern that names neither file nor model."""
    config = run.config
    names = scope.names_of(config, may_be_empty=True)
    try:
        since, unknown = last_sync(run)
        worktree = scope.known_worktree(config, names, run.git)
        found, problems = _to_pull(run, names, takes_all=takes_all)
        new = scope.known_worktree(config, scope.in_order(found - set(names)), run.git, are_there=False)
        worktree = worktree.plus(new)
        there = scope.Files(config, names, worktree)
        documents = [there.unread(name) if run.stop.requested else there.read(name) for name in scope.in_order(found)]
        # Once they are read: git sees an edit made before, and its digest shows one made after.
        unsaved = frozenset[str]() if run.options.force else uncommitted(config.folder, run.git)
    except Stopped:
        return unasked_plan(run), []
    except EndedEarly as error:
        raise UsageError(f"git cannot tell which files are committed: {error}") from error
    files = _Files(frozenset(names), unsaved, worktree.encodings, whole.max_name_bytes(config.folder))
    adoptions = [each for each in _adoptions(run, files, documents, since) if not takes_all or _is_there(files, each)]
    changes = in_order(each.change for each in adoptions)
    unseen = unseen_problem_of(config, (change for change in changes if name_of(change.model_id) in files.names))
    return Plan(changes, (*unknown, *problems, *unseen)), adoptions


def _is_there(files: _Files, adoption: Adoption) -> bool:
    return name_of(adoption.change.model_id) in files.names or not has_neither(adoption.change)


def _adoptions(run: Run, files: _Files, documents: Sequence[Document], since: str | None) -> list[Adoption]:
    changes = ask_all(run, documents, partial(_compared, run, files), not_compared, is_for_scenario=False)
    asked = [change for change in changes if change.is_compared and name_of(change.model_id) in files.names]
    changes = marked_if_unseen(run, changes, asked, _is_absent)
    with texts_of(run, files.encodings) as texts:
        evidence = Evidence(run, texts)
        merging = Merging(evidence, since) if run.options.merge else None
        judge = Judge(evidence, partial(_fitting, run, files), merging)
        adoptions = list(judge.adoptions(zip(documents, changes, strict=True)))
    return with_changes(adoptions, with_collisions((each.change for each in adoptions), files.names))


def _is_absent(change: Change) -> bool:
    return change.action == "unchanged" and not change.after_sha256


def _compared(run: Run, files: _Files, document: Document) -> Change:
    if not is_id(document.model_id):
        return not_compared(document)
    is_new = name_of(document.model_id) not in files.names
    must_exist = document.model_id in run.options.patterns and is_new
    filed = map(model_id_of, files.names)
    return compared(document, run.remote.read(document.model_id), must_exist=must_exist, filed=filed)


def _fitting(run: Run, files: _Files, document: Document, change: Change) -> Change:
    name = name_of(document.model_id)
    place = Place(
        run.config.safety.max_file_bytes,
        files.max_name_bytes,
        may_overwrite=files.unsaved is not None and name not in files.unsaved,
        encoding=files.encodings.get(name),
    )
    return fitting(document, change, place)


def _to_pull(run: Run, names: Sequence[str], *, takes_all: bool) -> tuple[frozenset[str], tuple[Problem, ...]]:
    """The names of the files that a pull is about, there or not; a problem if models could not be listed."""
    patterns, folder = run.options.patterns, run.config.folder
    chosen = partial(select, patterns=patterns, folder=folder, has_lines=partial(has_lines, folder))
    if not (takes_all or patterns):
        return frozenset(names), ()
    if not (takes_all or any(sign in pattern for pattern in patterns for sign in "*?[")):
        named = (name_of(pattern) for pattern in patterns if is_id(pattern))
        return chosen({*names, *named}), ()
    models, problems = own_models(run.client, run.config.project_id, Memory(), run.stop, run.breaker, run.track_pages)
    if problems or run.stop.requested:
        return frozenset(), problems
    if takes_all and (unseen := _none_listed(run, names, models)):
        return frozenset(), unseen
    return chosen(models if takes_all else {*models, *names}), ()


def _none_listed(run: Run, names: Sequence[str], models: Container[str]) -> tuple[Problem, ...]:
    """The problem of a pull of all models among which is no file's, if those of the files are not even visible."""
    ids = [model_id for model_id in map(model_id_of, names) if is_id(model_id)]
    unseen = unseen_problem(run.config, ids, len(ids))
    return unseen if unseen and not any(name in models for name in names) and sees_none_of(run, ids) else ()
