"""Plans, as the commands make them in the same way: what is asked, and held to the thresholds."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from syncjob.commands.reading import in_parallel
from syncjob.commands.run import Run
from syncjob.environment import is_step
from syncjob.local import scope
from syncjob.output.internal import guarded
from syncjob.plan.compare import Change, Plan, failed, in_order, not_compared
from syncjob.plan.thresholds import Tally, large_review, over_threshold

_T = TypeVar("_T")


def unasked_plan(run: Run) -> Plan:
    """The places of all that a run may have been about, if it was stopped before it knew."""
    return Plan(in_order(map(not_compared, scope.unasked(run.config, run.options.patterns, run.options.shard))))


def ask_all(
    run: Run,
    things: Sequence[_T],
    work: Callable[[_T], Change],
    place: Callable[[_T], Change],
    *,
    is_for_scenario: bool,
) -> list[Change]:
    """The change of each thing, or the `place` of one not reached; `is_for_scenario`: a change needs another request."""

    def guard(thing: _T) -> Change:
        return guarded(partial(work, thing), partial(failed, place(thing)))

    run.progress.expect(len(things))
    done: dict[_T, Change] = {}
    for thing, change in in_parallel(run, things, guard, len(things)):
        run.breaker.note(change.failure)
        if is_for_scenario and change.action != "unchanged":
            run.progress.half_done()
        else:
            run.progress.done()
        done[thing] = change
    return [done[thing] if thing in done else place(thing) for thing in things]


def has_neither(change: Change) -> bool:
    """Whether there is neither a file nor a description."""
    return change.action == "unchanged" and not change.after_sha256


def within_thresholds(
    run: Run,
    plans: Iterable[Plan],
    files: int,
    is_emptied: bool,
    *,
    will_write: bool,
    is_reviewed: Callable[[Change], bool] = lambda change: False,
) -> Iterator[Plan]:
    """The plans, with a problem if all so far would change more than a run may without `--force`."""
    tally, safety = Tally(), run.config.safety
    has_force = run.command == "sync" and not is_step(os.environ)
    for plan in plans:
        tally = tally.plus(plan.changes, is_reviewed)
        is_due = not (run.options.force or plan.is_partial or (plan.rest and not will_write))
        above = over_threshold(tally, files, safety, is_emptied=is_emptied, has_force=has_force) if is_due else ()
        problems = tuple(above) or tuple(large_review(tally, files, safety) if is_due and not plan.rest else ())
        yield replace(plan, problems=(*problems, *plan.problems))
