"""What a run of each command does, from its plan to its Result."""

import os
from collections.abc import Iterable
from itertools import takewhile

from syncjob.commands import planning, reviewed
from syncjob.commands.applying import Review, carry_out
from syncjob.commands.probe import unfinished
from syncjob.commands.result import Gathered, Result, report_of
from syncjob.commands.run import Run
from syncjob.errors import Stopped
from syncjob.files import whole
from syncjob.local import scope
from syncjob.local.document import Document, name_of
from syncjob.plan.compare import Change, Plan, not_compared
from syncjob.plan.outcome import Outcome
from syncjob.plan.pull import file_bytes
from syncjob.plan.references import Catalogue, Key, model_unknown, problems_of
from syncjob.problems import Failure, Problem
from syncjob.report import build
from syncjob.report.model import Item, Report
from syncjob.text.canonical import sha256


def check(run: Run, *, is_remote: bool) -> Report:
    """Checks the files, and with `is_remote` that every model and every referenced id exists."""
    try:
        found = scope.find(
            run.config, run.options.patterns, run.options.since, is_check=True, git=run.git, stop=run.stop
        )
    except Stopped:
        plan = planning.unasked_plan(run)
        return report_of(run, build.plan_items(plan), plan.problems, dry_run=True)
    documents = tuple(takewhile(lambda _: not run.stop.requested, found.documents(run.stop)))
    catalogue = Catalogue()
    if is_remote:
        keys: set[Key] = {("model", document.model_id) for document in documents if document.is_valid}
        keys |= {(tag.kind, tag.id) for document in documents if document.is_valid for tag in document.tags}
        catalogue = run.look_up(keys)
    checked = (_check_item(document, catalogue, is_remote) for document in documents)
    unread = map(found.files.unread, found.asked[len(documents) :])
    items = (*checked, *build.plan_items(Plan(tuple(map(not_compared, unread)))))
    return report_of(run, items, found.problems, dry_run=True)


def diff(run: Run) -> Result:
    """What a sync would do; never writes."""
    gathered = Gathered()
    for plan in _plans(run, will_write=False):
        gathered.add(plan)
    report = report_of(run, gathered.items, gathered.problems, dry_run=True)
    return Result(report, gathered.changes)


def sync(run: Run, review: Review) -> Result:
    """Plans, lets `review` look at the plan, and applies it; refuses the whole of it by the first problem.

    More than fits into one slice is refused slice by slice: what an earlier one wrote stays.
    """
    return carry_out(run, _plans(run, will_write=True), review, is_by_item=run.options.keep_going)


def rollback(run: Run, earlier: str, review: Review) -> Result:
    """Puts back what an earlier run overwrote; what has moved on since is a conflict, and keeps nothing else."""
    plan = planning.plan_of_rollback(run, earlier)
    unfinished.settle(run, earlier, plan.changes)
    return carry_out(run, [plan], review, is_by_item=True)


def rollback_diff(run: Run, earlier: str) -> Result:
    """What a rollback would do; never writes."""
    plan = planning.plan_of_rollback(run, earlier)
    return Result(report_of(run, build.plan_items(plan), plan.problems, dry_run=True), plan.changes)


def pull(run: Run, *, takes_all: bool, dry_run: bool) -> Result:
    """Takes Scenario's texts over into the files, each written whole; refuses all of them by the first problem."""
    plan = planning.plan_of_pull(run, takes_all=takes_all)
    planned = build.pull_items(plan)
    if dry_run:
        return Result(report_of(run, planned, plan.problems, dry_run=True), plan.changes)
    writes = () if plan.is_refused or run.stop.requested else plan.writes
    outcomes: dict[str, Outcome] = {}
    for change in run.track("Writing", writes, len(writes)):
        if run.stop.requested:
            break
        outcomes[change.model_id] = _write_file(run, change)
    items = build.run_items(plan, outcomes, planned, is_stopped=plan.is_stopped)
    return Result(report_of(run, items, plan.problems, dry_run=False), plan.changes)


def _plans(run: Run, *, will_write: bool) -> Iterable[Plan]:
    saved = run.options.plan
    return reviewed.plans_of_saved(run, saved) if saved else planning.plans_of_files(run, will_write=will_write)


def _write_file(run: Run, change: Change) -> Outcome:
    name = name_of(change.model_id)
    path = run.config.folder / name
    is_there = os.path.lexists(path)
    now = scope.Files(run.config, [name] if is_there else []).read(name)
    if sha256(now.text) != change.before_sha256 or (is_there and change.action == "create"):
        message = "changed while the run was reading, and was left alone; pull it again"
        return Outcome(change, "refused", (Problem("file-uncommitted", message),))
    try:
        whole.write(path, file_bytes(change.after))
    except OSError as error:
        return Outcome(change, "failed", failure=Failure("file-special", f"cannot be written: {error.strerror}"))
    return Outcome(change, "applied")


def _check_item(document: Document, catalogue: Catalogue, is_remote: bool) -> Item:
    problems = document.problems
    model = catalogue.entry("model", document.model_id)
    failure: Failure | None = None
    if is_remote and document.is_valid:
        failure = catalogue.failure("model", document.model_id)
        if model is None and failure is None:
            problems += (model_unknown(),)
        found, failed = problems_of(document.text, document.tags, model, catalogue)
        problems, failure = problems + found, failure or failed
    return build.checked_item(document.model_id, document.path, model.name if model else None, problems, failure)
