"""`sync` and `diff`: what the files, or a saved plan, ask for."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace

from syncjob.commands import reading
from syncjob.commands.applying import Review, carry_out
from syncjob.commands.judging import Evidence, by_history, texts_of
from syncjob.commands.planning import has_neither, unasked_plan, within_thresholds
from syncjob.commands.result import Gathered, RunResult, report_of
from syncjob.commands.run import Run
from syncjob.commands.sync import listing, reviewed, unfiled
from syncjob.commands.sync.auditing import audited
from syncjob.commands.sync.uncommitted import Uncommitted, noted
from syncjob.errors import Stopped
from syncjob.git.call import GitFailed
from syncjob.git.worktree import has_moved
from syncjob.local import scope
from syncjob.local.names import name_of
from syncjob.plan.compare import Change, Plan, in_order, left_alone, not_compared
from syncjob.plan.renamed import kept
from syncjob.plan.suggestions import Suggestions
from syncjob.problems import Problem

_MOVED = Problem("head-moved", "HEAD moved while this run read the files; run it again")


def diff(run: Run) -> RunResult:
    """What a sync would do; never writes."""
    gathered = Gathered()
    for plan in plans(run, will_write=False):
        gathered.add(plan)
    return RunResult(report_of(run, gathered.items, gathered.problems, dry_run=True), gathered.changes)


def sync(run: Run, review: Review) -> RunResult:
    """Plans, lets `review` look at the plan, and applies it; the first problem refuses the whole plan.

    More than fits into one slice is refused slice by slice: what an earlier one wrote stays.
    """
    return carry_out(run, plans(run, will_write=True), review, is_by_item=run.options.keep_going)


def plans(run: Run, *, will_write: bool) -> Iterable[Plan]:
    """What a sync would do, or with `will_write` is to do, plan by plan."""
    saved = run.options.plan
    return reviewed.plans_of_saved(run, saved) if saved else _plans_of_files(run, will_write=will_write)


def _plans_of_files(run: Run, *, will_write: bool) -> Iterator[Plan]:
    """What the files ask for, in slices. With `will_write` a bad file refuses the run before any request."""
    options = run.options
    try:
        found = scope.find(
            run.config,
            options.patterns,
            options.since,
            shard=options.shard,
            will_prune=options.prune,
            may_name_unfiled=options.prune or options.unfiled,
            git=run.git,
            stop=run.stop,
        )
    except Stopped:
        yield unasked_plan(run)
        return
    is_strict = will_write and not options.keep_going
    is_over = any(problem.is_error for problem in found.problems)
    # Reads them all: beside workers each call of the system may lose the interpreter to one of them.
    if is_over or (not found.is_valid(run.stop) and is_strict):
        yield _refused(run, found, ())
    else:
        yield from _plans_in_scope(run, found, will_write=will_write, is_strict=is_strict)


def _refused(run: Run, found: scope.Scope, problems: tuple[Problem, ...]) -> Plan:
    """The places of all, because not one request is worth sending."""
    return Plan(in_order(map(not_compared, found.documents(run.stop))), (*found.problems, *problems))


def _plans_in_scope(run: Run, found: scope.Scope, *, will_write: bool, is_strict: bool) -> Iterator[Plan]:
    will_prune = run.options.prune
    with listing.opened_memory(run, found) as memory, texts_of(run, found.files.worktree.encodings) as texts:
        listed, problems = listing.without_file(run, found, memory)
        if is_strict and problems:
            yield _refused(run, found, problems)
            return
        problems = (*problems, *audited(run, memory))
        left = () if will_prune else (left_alone(found.files.unread(name)) for name in found.gone)
        yield Plan(in_order(left), (*found.problems, *problems), is_partial=True)
        asked = (*found.asked, *found.gone, *listed) if will_prune else found.asked
        slicing: reading.Slicing = "paced" if will_write else "even"
        known = Suggestions(found.names, listed)
        evidence = Evidence(run, texts)
        judge = by_history(evidence, found.beside)
        plans = reading.plans(run, asked, found.files, judge, memory, slicing, known)
        if will_prune:
            plans = kept(map(_without_nothing, plans) if found.is_whole else plans)
        yield from _guarded(found, plans, evidence, will_write=will_write)
        if run.options.unfiled and not will_prune:
            yield from unfiled.plans(run, found, listed, memory, texts)


def _guarded(found: scope.Scope, plans: Iterable[Plan], evidence: Evidence, *, will_write: bool) -> Iterable[Plan]:
    """The plans, held to the thresholds, with a warning at each text that git does not have."""
    run, unsaved = evidence.run, Uncommitted(evidence.run)

    def is_reviewed(change: Change) -> bool:
        is_seen = name_of(change.model_id) not in found.beside or evidence.allows(change)
        return not found.is_whole and is_seen and unsaved.is_committed(change)

    plans = noted(_at_one_head(run, plans), unsaved, evidence.texts, will_write=will_write)
    is_emptied = not found.names
    return within_thresholds(run, plans, found.count, is_emptied, will_write=will_write, is_reviewed=is_reviewed)


def _at_one_head(run: Run, plans: Iterable[Plan]) -> Iterator[Plan]:
    """The plans; those that would write once HEAD has moved are refused: files and judgement may not belong together."""
    for plan in plans:
        with suppress(Stopped):
            if plan.writes and (moved := _moved(run)):
                plan = replace(plan, problems=(*plan.problems, moved))
        yield plan


def _moved(run: Run) -> Problem | None:
    try:
        return _MOVED if has_moved(run.config.folder, run.git) else None
    except GitFailed as error:
        return replace(_MOVED, message=f"cannot tell whether HEAD moved while this run read the files: {error}")


def _without_nothing(plan: Plan) -> Plan:
    """Without those that have neither file nor description: only a description that is to go is worth a word."""
    return replace(plan, changes=tuple(change for change in plan.changes if not has_neither(change)))
