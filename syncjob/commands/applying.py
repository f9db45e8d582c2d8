"""Plans -> a RunResult: each shown, agreed to, written and reported, slice by slice."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from math import inf
from typing import Literal, Protocol

from msgspec import structs

from syncjob import log
from syncjob.commands.result import Gathered, RunResult, report_of
from syncjob.commands.run import Run
from syncjob.local import scope
from syncjob.local.names import name_of
from syncjob.plan.compare import Change, Plan
from syncjob.plan.outcome import Outcome
from syncjob.problems import CALLED_OFF, Problem
from syncjob.remote.write import apply
from syncjob.report import build
from syncjob.report.model import Item, Report
from syncjob.state.journal import Finish

# Whether to write a slice: no; yes, because nobody need be asked; or yes, by a person who looked at it first.
Consent = Literal["no", "unasked", "asked"]


class Review(Protocol):
    """Whoever looks on while a run writes."""

    def plan(self, report: Report, *, will_write: bool, rest: int) -> Consent:
        """Sees a slice before anything of it is written, and may call it off.

        `rest` is how many descriptions are still to be compared.
        """

    def outcome(self, items: Sequence[Item], planned: Sequence[Item]) -> None:
        """Sees what became of a slice."""


def carry_out(run: Run, plans: Iterable[Plan], review: Review, *, is_by_item: bool) -> RunResult:
    """Writes what the plans hold; with `is_by_item` what is refused keeps nothing else from being written."""
    gathered = Gathered()
    is_over = False
    for plan in plans:
        planned = gathered.add(plan)
        if not (plan.is_partial or is_over):
            is_refused = gathered.is_stopped or (plan.is_refused and not is_by_item)
            end = _carry_out_slice(run, plan, planned, gathered, review, is_refused=is_refused)
            is_over = end is not None
            if end and plan.rest and not run.stop.requested:
                run.stop.request(f"{plan.rest:,} more descriptions were not compared, because {end}")
    report = report_of(run, gathered.items, gathered.problems, dry_run=False)
    return RunResult(_recorded(run, report), gathered.changes)


def _carry_out_slice(
    run: Run, plan: Plan, planned: Sequence[Item], gathered: Gathered, review: Review, *, is_refused: bool
) -> str | None:
    """Shows a slice and writes it; returns why nothing may follow, None if more may."""
    writes = () if is_refused or run.stop.requested else plan.writes
    items, problems = gathered.of_slice
    consent = review.plan(report_of(run, items, problems, dry_run=False), will_write=bool(writes), rest=plan.rest)
    outcomes = _apply(run, writes, consent) if writes and consent != "no" else {}
    run.progress.half_done(sum(change.action != "unchanged" for change in plan.changes) - len(outcomes))
    ended = build.run_items(plan, outcomes, planned, is_stopped=gathered.is_stopped)
    gathered.end_slice(ended)
    review.outcome(ended, planned)
    if writes and consent == "no":
        gathered.problems.append(CALLED_OFF)
    return "of what is refused" if is_refused else "the run was called off" if consent == "no" else None


def _recorded(run: Run, report: Report) -> Report:
    """The report, once the journal has its end; a run that was stopped can be resumed by its journal."""
    if run.journal is None:
        return report
    if run.stop.requested:
        run.journal.keep()
    end = Finish(report.finished_at, report.exit_code, structs.asdict(report.summary))
    return report if run.write_end(end) else structs.replace(report, exit_code=report.exit_code or 1)


def _apply(run: Run, writes: Sequence[Change], consent: Consent) -> dict[str, Outcome]:
    if consent == "asked":  # a person takes long enough for somebody else to edit, so all is read again
        writes = [replace(change, read_at=-inf) for change in writes]
    run.memory.forget({change.model_id for change in writes})
    http = run.config.http
    # Each write may need a reading beside it, and both must fit into `recheck_after`: under a low limit many
    # workers would make each other's readings old.
    fitting = max(1, run.client.requests_per_minute // 4) if run.client.requests_per_minute else http.workers
    outcomes = apply(
        writes,
        run.remote,
        run.to_write(),
        count=min(http.workers, fitting),
        recheck_after=http.recheck_after,
        stop=run.stop,
        breaker=run.breaker,
        unwanted=partial(_kept, run, scope.Files(run.config, ())),
    )
    ended: dict[str, Outcome] = {}
    for _ in run.track("Writing", _attempted(outcomes, ended), len(writes)):
        run.progress.half_done()
    return ended


def _attempted(outcomes: Iterable[Outcome], ended: dict[str, Outcome]) -> Iterator[Outcome]:
    """Those of the writes that were begun, so that no bar counts the others as done; all are logged, and `ended`."""
    for outcome in outcomes:
        ended[outcome.change.model_id] = outcome
        _log_outcome(outcome)
        if outcome.status != "not_attempted":
            yield outcome


def _kept(run: Run, files: scope.Files, change: Change) -> Problem | None:
    """Why a sync does not delete a description after all; a rollback deletes what a journal says."""
    if change.action != "delete" or run.command != "sync":
        return None
    document = files.read(name_of(change.model_id))
    if document.text or document.problems:
        return Problem("stale-plan", "its file is back, or cannot be checked; left alone, run again")
    return None


def _log_outcome(outcome: Outcome) -> None:
    change, failure = outcome.change, outcome.failure
    if outcome.status == "applied":
        log.event("debug", "applied", model_id=change.model_id, action=change.action, after_sha256=change.after_sha256)
    elif failure:
        log.told("error", "failed", model_id=change.model_id, error=failure.code, message=failure.message)
    for problem in outcome.problems:
        level = "info" if problem.severity == "note" else problem.severity
        log.told(level, problem.code, model_id=change.model_id, message=problem.message)
