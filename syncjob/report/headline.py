"""What comes of a run, first of all: that it writes nothing, or not all of it, and why; and what to do next. Pure."""

from syncjob.plan.compare import WRITES
from syncjob.plan.drift import UNSURE
from syncjob.report.item_store import notable
from syncjob.report.model import Item, Report
from syncjob.report.summary import (
    counted,
    end_line,
    is_called_off,
    is_error,
    nonzero,
    plan_line,
    summary_line,
    uncompared,
)

NOTHING_COMPARED = "Nothing was compared."


def headline(report: Report) -> str:
    """The outcome of a run in a sentence or two."""
    if report.command not in ("diff", "sync", "rollback"):
        return summary_line(report)
    return obstacle(report) or (plan_line(report) if report.dry_run else end_line(report))


def obstacle(report: Report) -> str | None:
    """What keeps a run from writing all that it found; None if nothing does, or some of it has been written."""
    codes = list(dict.fromkeys(problem.code for problem in report.problems if is_error(problem)))
    unseen, refused = uncompared(report), report.summary.conflict + report.summary.invalid
    if not (codes or refused) or not _is_about_writing(report):
        return None
    if unseen == len(report.items):
        return NOTHING_COMPARED
    why = f" ({', '.join(codes)})" if codes else ""
    if codes and unseen:
        return f"Incomplete{why}: {_counts(report)}."
    if codes or not _is_by_item(report):
        return f"Blocked: {_nothing(report)}{why}. {_counts(report)}."
    return f"{_by_item(report)}: {', '.join(_refused(report))}." if report.dry_run else None


def _is_about_writing(report: Report) -> bool:
    """Whether it is the report of a run that would write, or has refused to."""
    is_writer = report.command in ("diff", "sync", "rollback") and not any(map(is_called_off, report.problems))
    has_written = report.summary.applied + report.summary.in_part + report.summary.uncertain > 0
    return is_writer and not has_written and bool(report.summary.refused or not _has_ended(report))


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
    bad = report.summary.invalid - unseen
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
    summary = report.summary
    written = summary.create + summary.update + summary.delete or "nothing"
    return f"{_command(report)} would write {written} and refuse {summary.conflict + summary.invalid}"


def _command(report: Report) -> str:
    return "rollback" if report.command == "rollback" else "sync"


def _counts(report: Report) -> str:
    """`1 edited on Scenario, 2 invalid; 7 ready`."""
    summary = report.summary
    ready = nonzero((summary.create + summary.update + summary.delete, "ready"))
    return "; ".join(filter(None, (", ".join(_refused(report)), *ready))) or "Nothing is ready"


def _refused(report: Report) -> list[str]:
    edited, unseen = sum(map(_is_edited, notable(report.items))), uncompared(report)
    return nonzero(
        (edited, "edited on Scenario"),
        (report.summary.conflict - edited, "in conflict"),
        (max(0, report.summary.invalid - unseen), "invalid"),
        (unseen, "not compared"),
    )


def _is_edited(item: Item) -> bool:
    """Whether an item is a conflict because somebody wrote its text on Scenario, as far as git can tell."""
    edits = (problem for problem in item.problems if problem.code == "remote-edited" and is_error(problem))
    return item.action == "conflict" and any(not problem.message.startswith(UNSURE) for problem in edits)
