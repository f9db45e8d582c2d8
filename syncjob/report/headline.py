"""A run in a sentence or a line: its outcome, what keeps it from writing and why, its counts, and what to do next. Pure."""

from syncjob.plan.compare import WRITES
from syncjob.report.item_store import notable
from syncjob.report.model import Item, Report
from syncjob.report.summary import (
    acknowledge_line,
    checked_line,
    counted,
    end_line,
    has_compared_nothing,
    invalid,
    is_error,
    may_have_written,
    nonzero,
    plan_line,
    pull_line,
    uncompared,
    was_called_off,
    writes,
)

_ON_SCENARIO = frozenset({"diff", "sync", "rollback"})  # what they plan is written there, or would be
_OWN_LINES = {"acknowledge": acknowledge_line, "check": checked_line, "pull": pull_line}


def headline(report: Report) -> str:
    """The outcome of a run in a sentence or two."""
    if report.command not in _ON_SCENARIO:
        return summary_line(report)
    is_planned = report.dry_run or _could_compare_nothing(report)
    return obstacle(report) or (plan_line(report) if is_planned else end_line(report))


def page_heading(report: Report) -> str:
    """The outcome of a run in a few words, for a page that counts the items beside it."""
    if first := _obstacle(report):
        return first
    if report.command == "check":
        return f"{counted(len(report.items), 'description')}, not compared with Scenario"
    if _could_compare_nothing(report):
        return "Nothing was compared"
    if not report.dry_run:
        return f"{counted(report.summary.applied + report.summary.in_part, 'description')} written to Scenario"
    planned = writes(report.summary)
    return f"{counted(planned, 'description')} would change" if planned else "No description would change"


def summary_line(report: Report) -> str:
    """The counts of a run in a line, for the log beside a machine format."""
    if not has_plan(report):
        return _OWN_LINES[report.command](report)
    return plan_line(report) if report.dry_run else f"{plan_line(report)} {end_line(report)}"


def has_plan(report: Report) -> bool:
    """Whether the run made a plan, which a line of its own counts."""
    return report.command not in _OWN_LINES or (report.command == "pull" and report.dry_run)


def obstacle(report: Report) -> str | None:
    """What keeps a run from writing all that it found; None if nothing does, or it has written some."""
    words = _obstacle(report)
    return words and f"{words}."


def _obstacle(report: Report) -> str | None:
    codes = list(dict.fromkeys(problem.code for problem in report.problems if is_error(problem)))
    refused = report.summary.conflict + report.summary.invalid
    if not (codes or refused) or not _is_about_writing(report) or has_compared_nothing(report):
        return None  # the line of the plan says that nothing was compared
    why = f" ({', '.join(codes)})" if codes else ""
    if codes and uncompared(report):
        return f"Incomplete{why}: {_counts(report)}"
    if codes or not _is_by_item(report):
        return f"Blocked: {_nothing(report)}{why}. {_counts(report)}"
    return f"{_by_item(report)}: {', '.join(_refused(report))}" if report.dry_run else None


def _could_compare_nothing(report: Report) -> bool:
    """Whether a run that would write, or has refused to, compared none of what it had to."""
    return _is_about_writing(report) and has_compared_nothing(report)


def _is_about_writing(report: Report) -> bool:
    """Whether it is the report of a run that would write, or has refused to."""
    is_writer = report.command in _ON_SCENARIO and not was_called_off(report)
    has_refused = report.summary.refused > 0 or not _has_ended(report)
    return is_writer and has_refused and not may_have_written(report.summary)


def next_line(report: Report) -> str | None:
    """What helps a run that an item keeps from writing the rest; None if that is not so."""
    is_blocked = obstacle(report) is not None and not any(map(is_error, report.problems))
    if not is_blocked or _is_by_item(report):
        return None
    if any(item.action in WRITES for item in notable(report.items)):
        return "Next: settle what is refused, or write the rest with --keep-going."
    return None if report.dry_run else _unasked_line(report)


def _unasked_line(report: Report) -> str | None:
    """That nothing was compared, if a bad file kept all others from it; --keep-going may find nothing to write either."""
    unseen = uncompared(report)
    bad = invalid(report)
    if not (bad and unseen and unseen == report.summary.not_attempted == len(report.items) - bad):
        return None
    what, them = counted(bad, "invalid description"), "it" if bad == 1 else "them"
    return f"Nothing was compared: fix {what}, or skip {them} with --keep-going."


def _is_by_item(report: Report) -> bool:
    """Whether what is refused keeps nothing else from being written."""
    return report.keep_going or report.command == "rollback"


def _has_ended(report: Report) -> bool:
    """Whether the run is over, and not only planned."""
    return not report.dry_run and not any(item.status == "planned" for item in notable(report.items))


def _nothing(report: Report) -> str:
    if report.dry_run:
        return f"{_command(report)} would write nothing"
    return "nothing was written" if _has_ended(report) else f"{report.command} writes none of this"


def _by_item(report: Report) -> str:
    """`sync would write 7 and refuse 3`."""
    written, refused = writes(report.summary) or "nothing", report.summary.conflict + report.summary.invalid
    return f"{_command(report)} would write {written} and refuse {refused}"


def _command(report: Report) -> str:
    return "rollback" if report.command == "rollback" else "sync"


def _counts(report: Report) -> str:
    """`1 edited on Scenario, 2 invalid; 7 ready`."""
    ready = nonzero((writes(report.summary), "ready"))
    return "; ".join(filter(None, (", ".join(_refused(report)), *ready))) or "Nothing is ready"


def _refused(report: Report) -> list[str]:
    edited = sum(map(_is_edited, notable(report.items)))
    return nonzero(
        (edited, "edited on Scenario"),
        (report.summary.conflict - edited, "in conflict"),
        (invalid(report), "invalid"),
        (uncompared(report), "not compared"),
    )


def _is_edited(item: Item) -> bool:
    """Whether an item is a conflict because somebody wrote its text on Scenario, as far as git can tell."""
    edits = (problem for problem in item.problems if problem.code == "remote-edited" and is_error(problem))
    return item.action == "conflict" and any(not problem.doubtful for problem in edits)
