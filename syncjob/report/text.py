"""A Report as text for a terminal, as git and ruff would print it. Pure."""

from collections.abc import Iterator, Sequence

from syncjob.display import one_line, visible
from syncjob.report.model import Item, ItemProblem, Report, RunProblem, Summary

_BOLD, _RED, _GREEN, _YELLOW, _CYAN = "1", "31", "32", "33", "36"


def render_plan(report: Report, *, color: bool) -> str:
    """Each change as a unified diff, each problem with its place, and the line `Plan: …`."""
    lines = [line for item in report.items for line in _item(item, color)]
    lines += [_run_problem(problem, color) for problem in report.problems]
    is_open = bool(lines) and lines[-1] != ""
    return _text([*lines, *([""] if is_open else []), plan_line(report)])


def render_outcome(report: Report, *, planned: Report, color: bool) -> str:
    """What became of each write, and the line `Applied …`; what `planned` said is not said again."""
    pairs = zip(report.items, planned.items, strict=True)
    lines = [line for item, before in pairs for line in _outcome(item, before, color)]
    lines += [_run_problem(problem, color) for problem in report.problems if problem not in planned.problems]
    return _text([*lines, _outcome_line(report.summary)])


def render_check(report: Report, *, color: bool) -> str:
    """Each problem with its place, and the line `Checked …`."""
    lines = [line for item in report.items for line in _notes(item, color)]
    lines += [_run_problem(problem, color) for problem in report.problems]
    return _text([*lines, _checked_line(report)])


def summary_line(report: Report) -> str:
    """One line for the diary beside a machine format."""
    if report.command == "check":
        return _checked_line(report)
    plan = plan_line(report)
    return plan if report.dry_run else f"{plan} {_outcome_line(report.summary)}"


def _checked_line(report: Report) -> str:
    problems = [problem for item in report.items for problem in item.problems]
    errors = sum(problem.severity == "error" for problem in problems) + sum(bool(item.error) for item in report.items)
    warnings = sum(problem.severity == "warning" for problem in problems)
    counted = _counted(len(report.items), "description")
    return f"Checked {counted}: {_counted(errors, 'error')}, {_counted(warnings, 'warning')}."


def _item(item: Item, color: bool) -> Iterator[str]:
    if item.diff:
        name = f" ({one_line(item.model_name)})" if item.model_name else ""
        yield _paint(f"{item.action} {item.model_id}{name}", _BOLD, color)
        before, after, *body = item.diff.removesuffix("\n").split("\n")
        yield from (_paint(visible(header), _BOLD, color) for header in (before, after))
        yield from (_diff_line(visible(line), color) for line in body)
    yield from _notes(item, color)
    if item.diff:
        yield ""


def _notes(item: Item, color: bool) -> Iterator[str]:
    for problem in item.problems:
        yield _problem(item.path, problem, color)
    yield from _error(item, color)


def _error(item: Item, color: bool) -> Iterator[str]:
    if item.error:
        label = _paint("error", _RED, color)
        tries = f" ({item.error.attempts} attempts)" if item.error.attempts > 1 else ""
        yield f"{item.path}: {label} {item.error.code}: {visible(item.error.message)}{tries}"


def _problem(path: str, problem: ItemProblem | RunProblem, color: bool) -> str:
    place = ":".join(str(part) for part in (path, problem.line, problem.column) if part is not None)
    label = _paint(problem.severity, _RED if problem.severity == "error" else _YELLOW, color)
    return f"{place}: {label} {problem.code}: {visible(problem.message)}"


def _run_problem(problem: RunProblem, color: bool) -> str:
    return _problem(problem.path or "syncjob", problem, color)


def _outcome(item: Item, before: Item, color: bool) -> Iterator[str]:
    if item.status == "applied":
        done = {"create": "created", "update": "updated", "delete": "deleted"}
        name = f" ({one_line(item.model_name)})" if item.model_name else ""
        yield f"{_paint(done.get(item.action, item.action), _GREEN, color)} {item.model_id}{name}"
    yield from (_problem(item.path, problem, color) for problem in item.problems if problem not in before.problems)
    if item.error != before.error:
        yield from _error(item, color)


def _diff_line(line: str, color: bool) -> str:
    tones = {"+": _GREEN, "-": _RED, "@": _CYAN}
    return _paint(line, tones[line[0]], color) if line[:1] in tones else line


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


def _outcome_line(summary: Summary) -> str:
    parts = [f"{summary.failed} failed", f"{summary.refused} refused"]
    parts += [f"{summary.not_attempted} not attempted"] if summary.not_attempted else []
    if summary.applied or not summary.failed + summary.refused + summary.not_attempted:
        return f"Applied {summary.applied}, {', '.join(parts)}."
    return f"Nothing was written: {', '.join(parts)}."


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _paint(text: str, tone: str, color: bool) -> str:
    return f"\x1b[{tone}m{text}\x1b[0m" if color else text


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"
