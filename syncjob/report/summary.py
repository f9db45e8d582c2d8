"""The lines that sum a run up, for every format. Pure."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from msgspec import structs

from syncjob.local.acknowledged_lines import CODE
from syncjob.plan.compare import EMPTIED
from syncjob.plan.references import model_unknown
from syncjob.problems import CALLED_OFF
from syncjob.report.item_store import notable
from syncjob.report.model import Item, ItemError, ItemProblem, Report, RunProblem, Summary

_UNKNOWN = model_unknown().code
_UNSEEN = frozenset({_UNKNOWN, "asset-missing", "model-missing"})


def pull_line(report: Report) -> str:
    """`Pulled …`, or that no file was written because of a problem."""
    summary = report.summary
    errors, unread = _errors(report), uncompared(report)
    problems = (errors, "problem" if errors == 1 else "problems")
    absent = sum(item.action == "unchanged" and item.after_sha256 is None for item in report.items)
    parts = [f"{summary.unchanged - absent} unchanged"]
    parts += nonzero((absent, "without a description"), problems, (unread, "not read"))
    # A file without its acknowledged line has failed, and is there.
    written = summary.applied + sum(item.error is not None and item.error.code == CODE for item in report.items)
    if written or not errors + unread:
        return f"Pulled {counted(written, 'file')}, {', '.join(parts)}."
    return f"No file was written: {', '.join(parts)}."


def acknowledge_line(report: Report) -> str:
    """`Acknowledged …`, or that nothing was, because of a problem."""
    summary = report.summary
    if was_called_off(report):
        return "Cancelled; nothing was written."
    errors, unread = _errors(report), uncompared(report)
    problems = (errors, "problem" if errors == 1 else "problems")
    parts = nonzero((summary.unchanged, "needed no line"), problems, (unread, "not read"))
    done = counted(summary.applied, "text") if summary.applied or not errors + unread else "nothing"
    return f"{', '.join([f'Acknowledged {done}', *parts])}."


def checked_line(report: Report) -> str:
    """`Checked …`."""
    warnings = sum(problem.severity == "warning" for problem in _problems(report))
    unread = sum(item.error is not None for item in report.items)
    parts = [counted(_errors(report), "error"), counted(warnings, "warning"), *nonzero((unread, "not looked up"))]
    return f"Checked {counted(len(report.items), 'description')}: {', '.join(parts)}."


def plan_line(report: Report) -> str:
    """`Plan: …`; what could not be compared is counted apart from what is wrong."""
    if has_compared_nothing(report):
        return "Nothing was compared."
    summary = report.summary
    counts = f"{summary.create} to create, {summary.update} to update, {summary.delete} to delete"
    return f"Plan: {', '.join([counts, f'{summary.unchanged} unchanged', *_blocked(report)])}."


def _blocked(report: Report) -> list[str]:
    unseen = uncompared(report)
    return nonzero((report.summary.conflict, "in conflict"), (invalid(report), "invalid"), (unseen, "not compared"))


def titled_diffs(item: Item, quote: str = "") -> Iterator[tuple[str, str]]:
    """The item's diff without a title, or of an edit on Scenario all three sides; `quote` goes around the commit."""
    edit = item.remote_edit
    if edit and edit.diff:
        commit = f"commit {quote}{edit.commit[:10]}{quote}"
        yield f"{origin(item)}; closest {commit} (a guess)", edit.diff
        if edit.own_diff:
            yield f"Your file, compared with {commit}", edit.own_diff
    if item.diff:
        yield "Your file, compared with Scenario" if edit and edit.diff else "", item.diff


def origin(item: Item) -> str:
    """Where the text on Scenario is from, as far as that is known: one that another branch holds was not edited there."""
    is_unsure = any(problem.code == "behind" or problem.doubtful for problem in item.problems)
    return "The text on Scenario" if is_unsure else "Edited on Scenario"


def causes(failed: Iterable[Item], told: Sequence[RunProblem]) -> list[list[Item]]:
    """The items whose calls failed, by what made them fail, without what problems `told` already say."""
    found: dict[tuple[str, str], list[Item]] = {}
    for item in failed:
        if item.error and not _is_told(item.error, told):
            found.setdefault((item.error.code, item.error.message), []).append(item)
    return list(found.values())


def _is_told(error: ItemError, told: Sequence[RunProblem]) -> bool:
    if error.code == "interrupted":
        return bool(told)
    return any(problem.code == error.code and error.message in problem.message for problem in told)


def for_people(report: Report) -> Report:
    """The report without what a problem of the run says for all items: that not one of their models is visible."""
    if not any(problem.code == _UNKNOWN for problem in report.problems):
        return report
    return structs.replace(report, items=Shown(report.items, _without_unknown))


class Shown(Collection[Item]):
    """Items, each as `how` shows it; made anew whenever they are looked at."""

    def __init__(self, items: Collection[Item], how: Callable[[Item], Item]) -> None:
        self._items = items
        self._how = how

    def __iter__(self) -> Iterator[Item]:
        return map(self._how, self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, item: object) -> bool:
        return any(item == other for other in self)


def _without_unknown(item: Item) -> Item:
    """The item bare if its model is not visible; other things of the project are not visible then either."""
    if item.error and item.error.code == _UNKNOWN:
        item = structs.replace(item, error=None, diff="")
    if not any(problem.code == _UNKNOWN and problem.severity == "error" for problem in item.problems):
        return item
    problems = tuple(problem for problem in item.problems if problem.code not in _UNSEEN)
    return structs.replace(item, problems=problems, diff="", lines_added=0, lines_removed=0)


def _problems(report: Report) -> list[RunProblem | ItemProblem]:
    return [*report.problems, *(problem for item in notable(report.items) for problem in item.problems)]


def is_error(problem: ItemProblem) -> bool:
    return problem.severity == "error"


def _errors(report: Report) -> int:
    """How many errors are shown: a cause that many items share is one."""
    own = sum(map(is_error, _problems(report)))
    return own + len(causes(notable(report.items), report.problems))


def uncompared(report: Report) -> int:
    """How many items the run did not reach, or could not read."""
    return sum(map(is_uncompared, notable(report.items)))


def is_uncompared(item: Item) -> bool:
    return item.action == "invalid" and (item.status == "not_attempted" or item.error is not None)


def has_compared_nothing(report: Report) -> bool:
    """Whether a run that had something to compare compared none of it."""
    had_some = len(report.items) > 0 or any(map(is_error, report.problems))
    return had_some and uncompared(report) == len(report.items)


def invalid(report: Report) -> int:
    """How many items are invalid, but for those that were not compared."""
    return max(0, report.summary.invalid - uncompared(report))


def writes(summary: Summary) -> int:
    """How many descriptions a plan writes."""
    return summary.create + summary.update + summary.delete


def may_have_written(summary: Summary) -> bool:
    return summary.applied + summary.in_part + summary.uncertain > 0


def end_line(report: Report) -> str:
    """What became of the plan, in a line."""
    return "Cancelled; nothing was written." if was_called_off(report) else outcome_line(report.summary)


def was_called_off(report: Report) -> bool:
    return any(map(is_called_off, report.problems))


def is_called_off(problem: RunProblem) -> bool:
    return problem.code == CALLED_OFF.code


def outcome_line(summary: Summary) -> str:
    """`Applied …`, or that nothing was written, if that is sure."""
    rare = (summary.in_part, "written in part"), (summary.uncertain, "may have been written")
    parts = [f"{summary.failed} failed", f"{summary.refused} refused"]
    parts += nonzero((summary.not_attempted, "not attempted"), *rare)
    if may_have_written(summary) or not summary.failed + summary.refused + summary.not_attempted:
        return f"Applied {summary.applied}, {', '.join(parts)}."
    return f"Nothing was written: {', '.join(parts)}."


def replaces_edit(item: Item) -> bool:
    """Whether the item is a write over a text that somebody edited on Scenario, and does not keep that edit."""
    codes = (problem.code for problem in item.problems if problem.severity != "note")
    return item.action in ("update", "delete") and not {"edit-acknowledged", "remote-edited"}.isdisjoint(codes)


def was_emptied(item: Item) -> bool:
    """Whether somebody took away on Scenario the text that the file has, so that nothing is there now."""
    return any(problem.code == EMPTIED for problem in item.problems)


def needs_a_look(item: Item) -> bool:
    """Whether somebody has to look at a file that a pull writes: a conflict that is not refused."""
    return item.action == "conflict" and item.status in ("planned", "applied")


def has_errors(item: Item) -> bool:
    return any(map(is_error, item.problems))


def nonzero(*counts: tuple[int | None, str]) -> list[str]:
    """`3 failed` and the like, without what is 0."""
    return [f"{number} {label}" for number, label in counts if number]


def counted(number: int, noun: str) -> str:
    """`1 model`, `2 models`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
