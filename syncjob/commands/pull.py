"""`pull`: Scenario's texts into the files."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from syncjob.commands.planning import ask_all, has_neither, unasked_plan
from syncjob.commands.result import RunResult, report_of
from syncjob.commands.run import Run
from syncjob.errors import Stopped
from syncjob.files import whole
from syncjob.git.worktree import uncommitted
from syncjob.local import scope
from syncjob.local.document import Document, name_of
from syncjob.local.select import select
from syncjob.plan.compare import Change, Plan, in_order, not_compared
from syncjob.plan.outcome import Outcome
from syncjob.plan.pull import file_bytes, pulled, with_collisions
from syncjob.problems import Failure, Problem
from syncjob.remote.models import own_models
from syncjob.report import build
from syncjob.state.cache import Memory
from syncjob.text.canonical import sha256
from syncjob.text.tags import is_id


def pull(run: Run, *, takes_all: bool, dry_run: bool) -> RunResult:
    """Takes Scenario's texts over into the files, each written whole; the first problem refuses all of them."""
    plan = _plan(run, takes_all=takes_all)
    planned = build.pull_items(plan)
    if dry_run:
        return RunResult(report_of(run, planned, plan.problems, dry_run=True), plan.changes)
    writes = () if plan.is_refused or run.stop.requested else plan.writes
    outcomes: dict[str, Outcome] = {}
    for change in run.track("Writing", writes, len(writes)):
        if run.stop.requested:
            break
        outcomes[change.model_id] = _write_file(run, change)
    items = build.run_items(plan, outcomes, planned, is_stopped=plan.is_stopped)
    return RunResult(report_of(run, items, plan.problems, dry_run=False), plan.changes)


def _write_file(run: Run, change: Change) -> Outcome:
    name = name_of(change.model_id)
    path = run.config.folder / name
    is_there = os.path.lexists(path)
    now = scope.Files(run.config, [name] if is_there else []).read(name)
    if sha256(now.text) != change.before_sha256 or (is_there and change.action == "create"):
        message = "the file changed during this run and was left alone; pull again"
        return Outcome(change, "refused", (Problem("file-uncommitted", message),))
    try:
        whole.write(path, file_bytes(change.after))
    except OSError as error:
        return Outcome(change, "failed", failure=Failure("file-special", f"cannot be written: {error.strerror}"))
    return Outcome(change, "applied")


@dataclass(frozen=True, slots=True)
class _Files:
    """What is known of the folder: the files that are there, those that git does not have (None: unknown), and how git writes them."""

    names: Sequence[str]
    unsaved: frozenset[str] | None
    encodings: Mapping[str, str]
    max_name_bytes: int


def _plan(run: Run, *, takes_all: bool) -> Plan:
    """What Scenario's texts make of the files; raises UsageError for a pattern that names neither file nor model."""
    config = run.config
    names = scope.names_of(config, may_be_empty=True)
    try:
        worktree = scope.known_worktree(config, names, run.git)
        unsaved = frozenset[str]() if run.options.force else uncommitted(config.folder, run.git)
        found, problems = _to_pull(run, names, takes_all=takes_all)
        new = scope.known_worktree(config, scope.in_order(found - set(names)), run.git, are_there=False)
    except Stopped:
        return unasked_plan(run)
    worktree = worktree.plus(new)
    there = scope.Files(config, names, worktree)
    documents = [there.unread(name) if run.stop.requested else there.read(name) for name in scope.in_order(found)]
    files = _Files(names, unsaved, worktree.encodings, whole.max_name_bytes(config.folder))
    taken = ask_all(run, documents, partial(_taken, run, files), not_compared, is_for_scenario=False)
    changes = with_collisions(taken, names)
    if takes_all:
        changes = [change for change in changes if name_of(change.model_id) in names or not has_neither(change)]
    return Plan(in_order(changes), problems)


def _taken(run: Run, files: _Files, document: Document) -> Change:
    if not is_id(document.model_id):
        return not_compared(document)
    name = name_of(document.model_id)
    return pulled(
        document,
        run.remote.read(document.model_id),
        max_file_bytes=run.config.safety.max_file_bytes,
        max_name_bytes=files.max_name_bytes,
        may_overwrite=files.unsaved is not None and name not in files.unsaved,
        must_exist=document.model_id in run.options.patterns and name not in files.names,
        encoding=files.encodings.get(name),
    )


def _to_pull(run: Run, names: Sequence[str], *, takes_all: bool) -> tuple[frozenset[str], tuple[Problem, ...]]:
    """The names of the files that a pull is about, there or not; a problem if models could not be listed."""
    patterns, folder = run.options.patterns, run.config.folder
    if not (takes_all or patterns):
        return frozenset(names), ()
    if not (takes_all or any(sign in pattern for pattern in patterns for sign in "*?[")):
        named = (name_of(pattern) for pattern in patterns if is_id(pattern))
        return select({*names, *named}, patterns, folder), ()
    models, problems = own_models(run.client, run.config.project_id, Memory(), run.stop, run.breaker)
    if problems or run.stop.requested:
        return frozenset(), problems
    return select(models if takes_all else {*models, *names}, patterns, folder), ()
