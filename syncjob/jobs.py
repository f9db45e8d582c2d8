"""What a run of check, diff or sync does, from its plan to its Report."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from msgspec import structs

from syncjob import files, log, planning, scope
from syncjob.apply import Outcome, apply
from syncjob.comparing import look_up_all
from syncjob.documents import Document
from syncjob.journal import Finish
from syncjob.plan import Change, Plan
from syncjob.problems import Failure, Problem
from syncjob.pull import file_bytes
from syncjob.references import Catalogue, Key, model_unknown, problems_of
from syncjob.report import build
from syncjob.report.model import Item, Report, Requests
from syncjob.report.status import End, exit_code
from syncjob.run import Run, now


@dataclass(frozen=True, slots=True)
class Result:
    """A plan and its report; the changes of the one and the items of the other are in the same order."""

    report: Report
    plan: Plan


# Shown the plan before anything is written, and whether there is anything to write; False calls it off.
Review = Callable[[Result, bool], bool]


def check(run: Run, *, is_remote: bool) -> Report:
    """Checks the files, and with `is_remote` that every model and every referenced id exists."""
    found = scope.find(run.config, run.options.patterns, run.options.since)
    documents = found.documents
    catalogue = Catalogue()
    if is_remote:
        keys: set[Key] = {("model", document.model_id) for document in documents if document.is_valid}
        keys |= {(tag.kind, tag.id) for document in documents if document.is_valid for tag in document.tags}
        catalogue = look_up_all(run, keys)
    items = tuple(_check_item(document, catalogue, is_remote) for document in documents)
    return _report(run, items, found.problems, dry_run=True)


def diff(run: Run) -> Result:
    """What a sync would do; never writes."""
    plan = _plan(run, will_write=False)
    return Result(_report(run, build.plan_items(plan), plan.problems, dry_run=True), plan)


def sync(run: Run, review: Review) -> Result:
    """Plans, lets `review` look at the plan, and applies it; refuses the whole run by the first problem."""
    plan = _plan(run, will_write=True)
    may_write = not plan.is_stopped and (run.options.keep_going or not plan.is_refused)
    return _carry_out(run, plan, plan.writes if may_write else (), review)


def rollback(run: Run, earlier: str, review: Review) -> Result:
    """Puts back what an earlier run overwrote; what has moved on since is a conflict, and keeps nothing else."""
    plan = planning.plan_of_rollback(run, earlier)
    return _carry_out(run, plan, plan.writes, review)


def rollback_diff(run: Run, earlier: str) -> Result:
    """What a rollback would do; never writes."""
    plan = planning.plan_of_rollback(run, earlier)
    return Result(_report(run, build.plan_items(plan), plan.problems, dry_run=True), plan)


def pull(run: Run, *, takes_all: bool, dry_run: bool) -> Result:
    """Takes Scenario's texts over into the files, each written whole; refuses all of them by the first problem."""
    plan = planning.plan_of_pull(run, takes_all=takes_all)
    planned = build.pull_items(plan)
    if dry_run:
        return Result(_report(run, planned, plan.problems, dry_run=True), plan)
    writes = () if plan.is_refused or run.stop.requested else plan.writes
    outcomes = {change.model_id: _write_file(run, change) for change in run.track("Writing", writes, len(writes))}
    return Result(_report(run, build.run_items(plan, outcomes, planned), plan.problems, dry_run=False), plan)


def _write_file(run: Run, change: Change) -> Outcome:
    try:
        files.write(run.config.folder / f"{change.model_id}.md", file_bytes(change.after))
    except OSError as error:
        return Outcome(change, "failed", failure=Failure("file-special", f"cannot be written: {error.strerror}"))
    return Outcome(change, "applied")


def _carry_out(run: Run, plan: Plan, writes: Sequence[Change], review: Review) -> Result:
    planned = build.plan_items(plan)
    writes = () if run.stop.requested else writes
    before = _report(run, planned, plan.problems, dry_run=False)
    is_agreed = review(Result(before, plan), bool(writes))
    outcomes = _apply(run, writes) if is_agreed and writes else {}
    items = build.run_items(plan, outcomes, planned)
    is_called_off = bool(writes) and not is_agreed and not run.stop.requested
    called_off = [Problem("interrupted", "called off at the question")] if is_called_off else []
    report = _report(run, items, (*plan.problems, *called_off), dry_run=False)
    return Result(_recorded(run, report), plan)


def _recorded(run: Run, report: Report) -> Report:
    """The report, once the journal has its end; a run that was stopped can be resumed by its journal."""
    if run.journal is None:
        return report
    if run.stop.requested:
        run.journal.keep()
    try:
        run.journal.write(Finish(report.finished_at, report.exit_code, report.summary), is_durable=True)
    except OSError as error:
        log.event("error", "journal", message=f"the journal lacks its end: {error.strerror}")
        return structs.replace(report, exit_code=report.exit_code or 1)
    return report


def _plan(run: Run, *, will_write: bool) -> Plan:
    saved = run.options.plan
    plan = planning.plan_of_saved(run, saved) if saved else planning.plan_of_files(run, will_write=will_write)
    for problem in plan.problems:
        if not problem.is_error:  # an error ends the run, which says why; a warning could be overlooked
            log.event("warning", problem.code, message=problem.message)
    return plan


def _apply(run: Run, writes: Sequence[Change]) -> dict[str, Outcome]:
    if run.journal is None:
        raise RuntimeError("a run that writes was begun without a journal")
    http = run.config.http
    outcomes = apply(
        writes,
        run.remote,
        run.journal,
        count=http.workers,
        recheck_after=http.recheck_after,
        stop=run.stop,
        breaker=run.breaker,
    )
    ended: dict[str, Outcome] = {}
    for outcome in run.track("Writing", outcomes, len(writes)):
        ended[outcome.change.model_id] = outcome
        _log_outcome(outcome)
    return ended


def _log_outcome(outcome: Outcome) -> None:
    change, failure = outcome.change, outcome.failure
    if outcome.status == "applied":
        log.event("info", "applied", model_id=change.model_id, action=change.action, after_sha256=change.after_sha256)
    elif failure:
        log.event("error", "failed", model_id=change.model_id, error=failure.code, message=failure.message)
    for problem in outcome.problems:
        level: Literal["error", "warning"] = "error" if problem.is_error else "warning"
        log.event(level, problem.code, model_id=change.model_id, message=problem.message)


def _check_item(document: Document, catalogue: Catalogue, is_remote: bool) -> Item:
    problems = document.problems
    model = catalogue.record("model", document.model_id)
    failure: Failure | None = None
    if is_remote and document.is_valid:
        failure = catalogue.failure("model", document.model_id)
        if model is None and failure is None:
            problems += (model_unknown(),)
        found, failed = problems_of(document.text, document.tags, model, catalogue)
        problems, failure = problems + found, failure or failed
    return build.checked_item(document.model_id, document.path, model.name if model else None, problems, failure)


def _report(run: Run, items: tuple[Item, ...], problems: Sequence[Problem], *, dry_run: bool) -> Report:
    traffic = run.client.traffic
    end = End(run.stop.reason, run.interrupts.signal, run.breaker.ended_by, run.breaker.is_tripped)
    changes_are_3 = run.options.exit_code and dry_run
    return Report(
        version=1,
        run=run.id,
        command=run.command,
        profile=run.config.profile,
        dry_run=dry_run,
        started_at=run.started_at,
        finished_at=now(),
        exit_code=exit_code(end, items, problems, changes_are_3=changes_are_3),
        summary=build.summarise(items),
        requests=Requests(
            traffic.total, traffic.get, traffic.put, traffic.post, traffic.retries, round(traffic.waited_seconds, 3)
        ),
        items=items,
        problems=build.run_problems((*problems, *end.problems())),
    )
