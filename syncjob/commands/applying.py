"""Plans -> a Result: each shown, agreed to, written and reported, slice by slice."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import inf
from typing import Literal, Protocol

from msgspec import structs

from syncjob import log
from syncjob.commands.result import Gathered, Result, report_of
from syncjob.commands.run import Run
from syncjob.local import scope
from syncjob.local.document import name_of
from syncjob.plan.compare import Change, Plan
from syncjob.plan.outcome import Outcome
from syncjob.problems import CALLED_OFF, Problem
from syncjob.remote.write import apply
from syncjob.report import build
from syncjob.report.model import Item, Report
from syncjob.state.journal import Finish

# Whether a slice is to be written: no; yes, because nobody need be asked; or yes, by a person who looked at it first.
Consent = Literal["no", "unasked", "asked"]


class Review(Protocol):
    """Whoever looks on while a run writes."""

    def plan(self, report: Report, *, will_write: bool, rest: int) -> Consent:
        """Is shown a slice before anything of it is written, and may call it off.

        `rest` is how many descriptions are still to be compared.
        """
        ...

    def outcome(self, items: Sequence[Item], planned: Sequence[Item]) -> None:
        """Is shown what became of a slice."""
        ...


def carry_out(run: Run, plans: Iterable[Plan], review: Review, *, is_by_item: bool) -> Result:
    """Writes what the plans hold; `is_by_item` says that what is refused keeps nothing else from being written."""
    gathered = Gathered()
    is_over = False
    for plan in plans:
        planned = gathered.add(plan)
        if plan.is_partial or is_over:
            continue
        is_refused = gathered.is_stopped or (plan.is_refused and not is_by_item)
        writes = () if is_refused or run.stop.requested else plan.writes
        items, problems = gathered.of_slice
        report = report_of(run, items, problems, dry_run=False)
        consent = review.plan(report, will_write=bool(writes), rest=plan.rest)
        is_agreed = consent != "no"
        outcomes = _apply(run, _outdated(writes) if consent == "asked" else writes) if is_agreed and writes else {}
        run.progress.half_done(sum(change.action != "unchanged" for change in plan.changes) - len(outcomes))
        ended = build.run_items(plan, outcomes, planned, is_stopped=gathered.is_stopped)
        gathered.end_slice(ended)
        review.outcome(ended, planned)
        if writes and not is_agreed:
            gathered.problems.append(CALLED_OFF)
        is_over = is_refused or not is_agreed
        if is_over and plan.rest and not run.stop.requested:
            why = "of what is refused" if is_refused else "it was called off"
            run.stop.request(f"the rest, {plan.rest:,} descriptions, was not compared, because {why}")
    report = report_of(run, gathered.items, gathered.problems, dry_run=False)
    return Result(_recorded(run, report), gathered.changes)


def _recorded(run: Run, report: Report) -> Report:
    """The report, once the journal has its end; a run that was stopped can be resumed by its journal."""
    if run.journal is None:
        return report
    if run.stop.requested:
        run.journal.keep()
    try:
        run.journal.write(Finish(report.finished_at, report.exit_code, structs.asdict(report.summary)), is_durable=True)
    except OSError as error:
        log.event("error", "journal", message=f"the journal lacks its end: {error.strerror}")
        return structs.replace(report, exit_code=report.exit_code or 1)
    return report


def _outdated(writes: Iterable[Change]) -> tuple[Change, ...]:
    """The same, to be read again: a person takes long enough for somebody else to edit."""
    return tuple(replace(change, read_at=-inf) for change in writes)


def _apply(run: Run, writes: Sequence[Change]) -> dict[str, Outcome]:
    if run.journal is None:
        raise RuntimeError("a run that writes was begun without a journal")
    http = run.config.http
    # Each write may need a reading beside it, and both must fit into `recheck_after`: under a low limit many
    # workers would make each other's readings old.
    fitting = max(1, run.client.requests_per_minute // 4) if run.client.requests_per_minute else http.workers
    outcomes = apply(
        writes,
        run.remote,
        run.journal,
        count=min(http.workers, fitting),
        recheck_after=http.recheck_after,
        stop=run.stop,
        breaker=run.breaker,
        unwanted=_Returned(run),
    )
    ended: dict[str, Outcome] = {}
    for outcome in run.track("Writing", outcomes, len(writes)):
        ended[outcome.change.model_id] = outcome
        run.progress.half_done()
        _log_outcome(outcome)
    return ended


class _Returned:
    """Why a description is not to be deleted after all: its file is there again."""

    def __init__(self, run: Run) -> None:
        self._is_by_file = run.command == "sync"  # a rollback deletes what a journal says
        self._files = scope.Files(run.config, ())

    def __call__(self, change: Change) -> Problem | None:
        if change.action != "delete" or not self._is_by_file:
            return None
        document = self._files.read(name_of(change.model_id))
        if document.text or document.problems:
            return Problem("stale-plan", "its file is there again, or cannot be looked for; left alone, run again")
        return None


def _log_outcome(outcome: Outcome) -> None:
    change, failure = outcome.change, outcome.failure
    if outcome.status == "applied":
        log.event("debug", "applied", model_id=change.model_id, action=change.action, after_sha256=change.after_sha256)
    elif failure:
        log.told("error", "failed", model_id=change.model_id, error=failure.code, message=failure.message)
    for problem in outcome.problems:
        level: Literal["error", "warning"] = "error" if problem.is_error else "warning"
        log.told(level, problem.code, model_id=change.model_id, message=problem.message)
