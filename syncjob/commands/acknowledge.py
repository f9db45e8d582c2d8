"""`acknowledge`: what Scenario holds, written down as seen, so that a later sync may replace it."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from syncjob.commands.judging import Evidence, by_history, texts_of
from syncjob.commands.planning import ask_all, unasked_plan
from syncjob.commands.pull.writing import keep_lines, tidy
from syncjob.commands.result import RunResult, report_of
from syncjob.commands.run import Run
from syncjob.commands.visibility import marked_if_unseen, unseen_problem_of
from syncjob.errors import Stopped
from syncjob.git.call import GitFailed
from syncjob.git.history.texts import had
from syncjob.git.worktree import not_checked_out
from syncjob.local import acknowledged, nested, scope
from syncjob.local.acknowledged_lines import CODE, FOLDER
from syncjob.local.document import Document
from syncjob.local.names import name_of
from syncjob.local.select import select
from syncjob.plan.acknowledged import not_at_hand, to_acknowledge
from syncjob.plan.compare import Change, Plan, compare, in_order, not_compared
from syncjob.plan.outcome import Outcome
from syncjob.problems import CALLED_OFF, Failure
from syncjob.report import build
from syncjob.report.model import Report
from syncjob.text.tags import is_id


def acknowledge(run: Run, agrees: Callable[[Report], bool]) -> RunResult:
    """Writes down, for the run's profile, exactly what `agrees` has seen; the first problem refuses all of it."""
    plan = _plan(run)
    planned = build.plan_items(plan)
    outcomes: dict[str, Outcome] = {}
    if not plan.is_refused and not run.stop.requested:
        if plan.writes and not agrees(report_of(run, planned, plan.problems, dry_run=True)):
            plan = replace(plan, problems=(*plan.problems, CALLED_OFF))
        else:
            outcomes = _written_down(run, plan.changes)
    items = build.run_items(plan, outcomes, planned, is_stopped=False)
    return RunResult(report_of(run, items, plan.problems, dry_run=False), plan.changes)


def _written_down(run: Run, changes: Iterable[Change]) -> dict[str, Outcome]:
    """Writes the lines, and drops those of texts that Scenario no longer holds; what became of each write."""
    outcomes: dict[str, Outcome] = {}
    for change in changes:
        if run.stop.requested:
            break
        if not change.is_write:
            tidy(run, change, change.before_sha256)
        elif why := keep_lines(run, change, change.before_sha256, is_seen=True):
            outcomes[change.model_id] = Outcome(change, "failed", failure=Failure(CODE, why))
        else:
            outcomes[change.model_id] = Outcome(change, "applied")
    return outcomes


def _plan(run: Run) -> Plan:
    """What of the texts on Scenario needs a line; raises UsageError for a pattern that names no description."""
    config, patterns = run.config, run.options.patterns
    there = scope.names_of(config, may_be_empty=True)
    try:
        named = frozenset(map(name_of, filter(is_id, patterns)))
        gone = (name for name in named - frozenset(there) if had(config.folder, name, run.git))
        chosen = select(
            (*there, *gone), patterns, config.folder, has_lines=partial(acknowledged.has_lines, config.folder)
        )
        worktree = scope.known_worktree(config, there, run.git)
        files = scope.Files(config, there, worktree, nested.find(config.folder, run.stop))
        documents = [files.read(name) for name in scope.in_order(chosen)]
        changes = ask_all(run, documents, partial(_compared, run), not_compared, is_for_scenario=False)
        changes = marked_if_unseen(run, changes, [change for change in changes if change.is_compared], _is_absent)
        with texts_of(run, worktree.encodings) as texts:
            judge = by_history(Evidence(run, texts))
            to_write = in_order([_to_acknowledge(run, change, judge(change)) for change in changes])
            return Plan(to_write, unseen_problem_of(config, to_write))
    except Stopped:
        return unasked_plan(run)


def _compared(run: Run, document: Document) -> Change:
    return compare(document, run.remote.read(document.model_id)) if document.is_valid else not_compared(document)


def _is_absent(change: Change) -> bool:
    return change.action == "create" and not change.exists


def _to_acknowledge(run: Run, change: Change, judged: Change) -> Change:
    here = acknowledged.read(run.config.folder, change.model_id)
    found = to_acknowledge(change, judged, here, run.config.profile)
    try:
        is_kept = found.is_write and change.model_id in not_checked_out(run.config.folder, FOLDER, run.git)
    except GitFailed as error:
        return not_at_hand(found, str(error))
    return not_at_hand(found) if is_kept else found
