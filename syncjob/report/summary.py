"""The lines that sum a run up, for every format. Pure."""

from syncjob.report.model import Report, Summary


def summary_line(report: Report) -> str:
    """One line for the diary beside a machine format."""
    if report.command == "check":
        return checked_line(report)
    if report.command == "pull" and not report.dry_run:
        return pull_line(report)
    plan = plan_line(report)
    return plan if report.dry_run else f"{plan} {outcome_line(report.summary)}"


def pull_line(report: Report) -> str:
    """`Pulled …`; where a problem kept all files as they were, it says so."""
    summary = report.summary
    refused = summary.failed + summary.conflict + summary.invalid
    parts = [f"{summary.unchanged} unchanged", *([f"{counted(refused, 'problem')}"] if refused else [])]
    if summary.applied or not refused:
        return f"Pulled {counted(summary.applied, 'file')}, {', '.join(parts)}."
    return f"No file was written: {', '.join(parts)}."


def checked_line(report: Report) -> str:
    """`Checked …`."""
    problems = [*report.problems, *(problem for item in report.items for problem in item.problems)]
    errors = sum(problem.severity == "error" for problem in problems) + sum(bool(item.error) for item in report.items)
    warnings = sum(problem.severity == "warning" for problem in problems)
    return f"Checked {counted(len(report.items), 'description')}: {counted(errors, 'error')}, {counted(warnings, 'warning')}."


def plan_line(report: Report) -> str:
    """`Plan: …`; what the run did not come to compare is told apart from what is wrong."""
    summary = report.summary
    unseen = sum(item.action == "invalid" and item.status == "not_attempted" for item in report.items)
    parts = [
        f"{summary.create} to create",
        f"{summary.update} to update",
        f"{summary.delete} to delete",
        f"{summary.unchanged} unchanged",
    ]
    parts += [f"{summary.conflict} in conflict"] if summary.conflict else []
    parts += [f"{summary.invalid - unseen} invalid"] if summary.invalid > unseen else []
    parts += [f"{unseen} not compared"] if unseen else []
    return f"Plan: {', '.join(parts)}."


def outcome_line(summary: Summary) -> str:
    """`Applied …`; where surely nothing was, it says so."""
    parts = [f"{summary.failed} failed", f"{summary.refused} refused"]
    parts += [f"{summary.not_attempted} not attempted"] if summary.not_attempted else []
    parts += [f"{summary.in_part} written in part"] if summary.in_part else []
    parts += [f"{summary.uncertain} may have been written"] if summary.uncertain else []
    is_sure = not (summary.applied or summary.in_part or summary.uncertain)
    if not is_sure or not summary.failed + summary.refused + summary.not_attempted:
        return f"Applied {summary.applied}, {', '.join(parts)}."
    return f"Nothing was written: {', '.join(parts)}."


def counted(number: int, noun: str) -> str:
    """`1 model`, `2 models`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
