"""What a run comes to, gathered plan by plan: its Report, and the changes that are worth a look."""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from syncjob import log
from syncjob.commands.run import Run, now
from syncjob.environment import help_page
from syncjob.plan.compare import Change, Plan
from syncjob.problems import CALLED_OFF, Problem
from syncjob.report import build
from syncjob.report.item_store import Items, Spool, notable
from syncjob.report.model import Item, Report, Requests
from syncjob.report.status import End, exit_code

if TYPE_CHECKING:
    from syncjob.pictures.fitting import Picture

# How many characters of changes are kept in memory for the page; a change without texts counts as some.
_ROOM = 4_000_000
_LEAST = 500


@dataclass(frozen=True, slots=True)
class RunResult:
    """A report, and those of its changes that are more than unchanged, as many as are kept.

    `pictures` are those of the assets that the changes refer to, each by its id, or why there is none; None if nobody
    wants them.
    """

    report: Report
    changes: Sequence[Change]
    pictures: "Mapping[str, Picture | str] | None" = None


class Gathered:
    """All items of a run, on the disk, and what is kept of its plans. `slice` counts the slices from 0."""

    def __init__(self) -> None:
        self.items = Spool()
        self.problems: list[Problem] = []
        self.changes: list[Change] = []
        self.slice = 0
        self._newest = 0  # the number of the first item of the plan that came last
        self._told = 0
        self._room = _ROOM

    def add(self, plan: Plan) -> tuple[Item, ...]:
        """Takes a plan in; returns its items before anything is written."""
        planned = build.plan_items(plan)
        self._newest = self.items.add(planned, self.slice)
        self.problems.extend(plan.problems)
        for change in plan.changes:
            self._keep(change)
        for problem in plan.problems:
            if not problem.is_error:  # an error ends the run, which says why; a warning could be overlooked
                log.told("warning", problem.code, message=problem.message)
        return planned

    def end_slice(self, items: Sequence[Item]) -> None:
        """Takes in what became of the plan that came last; the next one begins another slice."""
        self.items.put(items, self.slice, self._newest)
        self.slice += 1
        self._told = len(self.problems)

    @property
    def of_slice(self) -> tuple[Items, Sequence[Problem]]:
        """The items of the slice so far, and the problems of the run that came with it."""
        return self.items.of(self.slice), self.problems[self._told :]

    @property
    def is_stopped(self) -> bool:
        """Whether a problem of the run as a whole keeps it from writing."""
        return any(problem.is_error for problem in self.problems)

    def _keep(self, change: Change) -> None:
        size = _LEAST + len(change.before) + len(change.after)
        if (change.action != "unchanged" or change.problems) and size <= self._room:
            self._room -= size
            self.changes.append(change)


def report_of(run: Run, items: Collection[Item], problems: Sequence[Problem], *, dry_run: bool) -> Report:
    """The report of a run that has ended, or of its plan before anything is written."""
    if run.command == "doctor":
        raise RuntimeError("the doctor has no report")
    traffic = run.client.traffic
    end = _end(run, items, problems)
    return Report(
        version=1,
        run=run.id,
        command=run.command,
        profile=run.config.profile,
        dry_run=dry_run,
        started_at=run.started_at,
        finished_at=now(),
        exit_code=exit_code(end, items, problems, changes_are_3=run.options.exit_code and dry_run),
        summary=build.summarise(items),
        requests=Requests(
            traffic.total, traffic.get, traffic.put, traffic.post, traffic.retries, round(traffic.waited_seconds, 3)
        ),
        items=items,
        problems=build.run_problems((*problems, *(each for each in end.problems() if each not in problems))),
        keep_going=run.options.keep_going,
        help=help_page(os.environ),
    )


def _is_found_out(item: Item) -> bool:
    """Whether Scenario responded for it."""
    return item.error is None and item.status not in ("not_attempted", "refused")


def _end(run: Run, items: Collection[Item], problems: Sequence[Problem]) -> End:
    """Why the run ended early, if it did: one whose last write outlasted its time is done."""
    is_cut = any(problem.code == "interrupted" for problem in problems)
    is_done = run.stop.is_due and not is_cut and not any(item.status == "not_attempted" for item in notable(items))
    may_be_resumed = run.command == "sync" and run.journal is not None and run.journal.confirms
    return End(
        reason=None if is_done or CALLED_OFF in problems else run.stop.reason,  # a no says all that there is to say
        signal=run.interrupts.signal,
        failure=run.breaker.ended_by,
        is_tripped=run.breaker.is_tripped,
        is_due=run.stop.is_due and not is_done,
        is_given_up=run.stop.is_given_up,
        resume=f"the same options and --resume {run.id}" if may_be_resumed else "",
        has_sent=run.client.traffic.put > 0,
        has_begun=not (run.breaker.ended_by and run.breaker.ended_by.is_fatal) or any(map(_is_found_out, items)),
    )
