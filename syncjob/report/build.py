"""Changes and outcomes -> Report. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import convert, structs

from syncjob.plan.compare import WRITES, Change, Plan
from syncjob.plan.outcome import Outcome
from syncjob.plan.saved_plan import SavedItem
from syncjob.problems import Failure, Problem
from syncjob.report.item_store import notable
from syncjob.report.model import Item, ItemAction, ItemError, ItemProblem, ItemStatus, RemoteEdit, RunProblem, Summary
from syncjob.report.summary import has_errors
from syncjob.text.canonical import count_changes, unified_diff


def plan_items(plan: Plan) -> tuple[Item, ...]:
    """The items of a plan before anything is written."""
    return tuple(_item(change, f"scenario/{change.model_id}", change.source or change.path) for change in plan.changes)


def pull_items(plan: Plan) -> tuple[Item, ...]:
    """The items of a pull before any file is written; one to be looked at is a `conflict`, written or not."""
    items = (_item(change, change.path, f"scenario/{change.model_id}") for change in plan.changes)
    return tuple(
        structs.replace(item, action="conflict") if item.action in WRITES and has_errors(item) else item
        for item in items
    )


def run_items(
    plan: Plan, outcomes: Mapping[str, Outcome], planned: Sequence[Item], *, is_stopped: bool
) -> tuple[Item, ...]:
    """The items after the run: `planned` with what became of each write.

    If the run was refused as a whole, a write has no outcome: it is `refused` if `is_stopped` says that a problem
    of the run is the reason, else `not_attempted`.
    """
    without: ItemStatus = "refused" if is_stopped else "not_attempted"
    pairs = zip(plan.changes, planned, strict=True)
    return tuple(_after_run(change, item, outcomes.get(change.model_id), without) for change, item in pairs)


def to_save(items: Iterable[Item]) -> Iterator[SavedItem]:
    """What of a report's planned items a saved plan holds."""
    for item in items:
        action = item.action
        if action == "unchanged" or action == "checked":
            continue
        is_over_edit = action in WRITES and any(
            problem.code == "remote-edited" and problem.severity == "warning" for problem in item.problems
        )
        yield SavedItem(item.model_id, action, item.before_sha256, item.after_sha256, is_over_edit)


def summarise(items: Collection[Item]) -> Summary:
    """Counts of actions and of outcomes."""
    counts = Counter[str](unchanged=len(items))
    for item in notable(items):
        counts["unchanged"] -= 1
        if item.action != "checked":
            counts[item.action] += 1
        if item.status not in ("planned", "unchanged"):
            counts[item.status] += 1
        counts["in_part"] += item.error is not None and item.error.code == "remote-normalised"
        counts["uncertain"] += any(problem.code == "write-uncertain" for problem in item.problems)
    return Summary(**counts)


def run_problems(problems: Sequence[Problem]) -> tuple[RunProblem, ...]:
    """Problems of the run as a whole."""
    return convert(problems, tuple[RunProblem, ...], from_attributes=True)


def checked_item(
    model_id: str, path: str, name: str | None, problems: Sequence[Problem], failure: Failure | None
) -> Item:
    """An item of a `check` report."""
    is_invalid = failure is not None or any(problem.is_error for problem in problems)
    return Item(
        model_id=model_id,
        model_name=name,
        path=path,
        action="invalid" if is_invalid else "checked",
        status=_failed_status(failure) if failure else "refused" if is_invalid else "unchanged",
        problems=_problems(problems),
        error=_error(failure),
    )


def _planned_status(change: Change) -> ItemStatus:
    if change.failure:
        return _failed_status(change.failure)
    if not change.is_compared and not any(problem.is_error for problem in change.problems):
        return "not_attempted"
    if change.is_blocked:
        return "refused"
    return "planned" if change.is_write else "unchanged"


def _failed_status(failure: Failure) -> ItemStatus:
    return "not_attempted" if failure.code == "interrupted" else "failed"


def _item(change: Change, before_name: str, after_name: str) -> Item:
    diff = unified_diff(change.before, change.after, before_name=before_name, after_name=after_name)
    added, removed = count_changes(diff)
    return Item(
        model_id=change.model_id,
        model_name=change.model_name,
        path=change.path,
        action=change.action,
        status=_planned_status(change),
        before_sha256=change.before_sha256,
        after_sha256=change.after_sha256,
        lines_added=added,
        lines_removed=removed,
        diff=_joined(diff),
        remote_edit=_remote_edit(change),
        problems=_problems(change.problems),
        error=_error(change.failure),
    )


def _remote_edit(change: Change) -> RemoteEdit | None:
    base = change.base
    if base is None:
        return None
    then = f"git/{base.commit[:10]}/{change.path}"
    theirs = unified_diff(base.text, change.before, before_name=then, after_name=f"scenario/{change.model_id}")
    own = unified_diff(base.text, change.after, before_name=then, after_name=change.path) if change.after else []
    return RemoteEdit(base.commit, _joined(theirs), _joined(own))


def _joined(diff: Sequence[str]) -> str:
    return "\n".join(diff) + "\n" if diff else ""


def _after_run(change: Change, item: Item, outcome: Outcome | None, without: ItemStatus) -> Item:
    if not change.is_write:
        return item
    if outcome is None:
        return structs.replace(item, status=without, error=None)
    if outcome.status == "unchanged":
        return _found_there(change, item)
    action: ItemAction = "conflict" if outcome.status == "refused" else item.action
    problems = item.problems + _problems(outcome.problems)
    return structs.replace(item, action=action, status=outcome.status, problems=problems, error=_error(outcome.failure))


def _found_there(change: Change, item: Item) -> Item:
    """Scenario came to hold the text before it was sent."""
    bare = structs.replace(item, lines_added=0, lines_removed=0, diff="")
    return structs.replace(bare, action="unchanged", status="unchanged", before_sha256=change.after_sha256)


def _problems(problems: Sequence[Problem]) -> tuple[ItemProblem, ...]:
    return convert(problems, tuple[ItemProblem, ...], from_attributes=True) if problems else ()


def _error(failure: Failure | None) -> ItemError | None:
    return convert(failure, ItemError, from_attributes=True) if failure else None
