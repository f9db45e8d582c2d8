"""`rollback`: puts back what an earlier run overwrote, by that run's journal."""

from dataclasses import replace

from syncjob.commands.applying import Review, carry_out
from syncjob.commands.planning import ask_all
from syncjob.commands.probe import unfinished
from syncjob.commands.result import RunResult, report_of
from syncjob.commands.run import Run
from syncjob.commands.visibility import FEW, marked_if_unseen, unseen_problem_of
from syncjob.local import scope
from syncjob.local.names import name_of
from syncjob.local.select import select
from syncjob.plan.compare import Change, Plan, in_order
from syncjob.plan.rollback import not_read, put_back, wrote_nothing
from syncjob.report import build
from syncjob.report.item_store import notable
from syncjob.report.model import Report
from syncjob.state import past_runs
from syncjob.state.named_runs import run_named
from syncjob.state.resume import first_since, records_of
from syncjob.text.canonical import sha256


def rollback(run: Run, name: str, review: Review) -> RunResult:
    """Puts back what an earlier run overwrote; what has changed since is a conflict that keeps nothing else back."""
    earlier = run_named(run.config, name, but=run.id)
    plan = _plan(run, earlier)
    unfinished.settle(run, earlier, plan.changes)
    return carry_out(run, [plan], review, is_by_item=True)


def rollback_diff(run: Run, name: str) -> RunResult:
    """What a rollback would do; never writes."""
    plan = _plan(run, run_named(run.config, name, but=run.id))
    return RunResult(report_of(run, build.plan_items(plan), plan.problems, dry_run=True), plan.changes)


def files_differ(run: Run, report: Report) -> bool:
    """Whether a file says something else than the text that was put back, so that the next sync writes it again."""
    files = scope.Files(run.config, ())
    put = (item for item in notable(report.items) if item.status == "applied" and item.path)
    return any(sha256(files.read(name_of(item.model_id)).text) != item.after_sha256 for item in put)


def _plan(run: Run, earlier: str) -> Plan:
    """What puts the texts back; raises UsageError if the journal does not tell."""
    writes = _writes(run, earlier)

    def read_and_compare(write: past_runs.Write) -> Change:
        if write.effect == "none":
            return wrote_nothing(write)
        change = put_back(write, run.remote.read(write.intent.model_id), is_forced=run.options.force)
        return replace(change, source=f"run/{earlier}/{change.model_id}")

    changes = ask_all(run, writes, read_and_compare, not_read, is_for_scenario=True)
    asked = [change for change in changes if change.is_compared]
    if len(asked) >= FEW:  # one alone may have been deleted since
        changes = marked_if_unseen(run, changes, asked, lambda change: not change.exists)
    return Plan(in_order(changes), unseen_problem_of(run.config, changes))


def _writes(run: Run, earlier: str) -> list[past_runs.Write]:
    """The writes of the earlier run, with what later runs found of their effect."""
    found = past_runs.writes(records_of(run.config, earlier))
    chosen = select(map(name_of, found), run.options.patterns, run.config.folder)
    found = {model_id: write for model_id, write in found.items() if name_of(model_id) in chosen}
    unknown = {model_id for model_id, write in found.items() if write.effect == "unknown"}
    later = first_since(run.config, earlier, unknown, but=run.id)
    return [past_runs.settled(write, later.get(model_id)) for model_id, write in found.items()]
