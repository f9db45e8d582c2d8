"""A Report as text for a terminal, as git and ruff would print it. Pure."""

from collections.abc import Collection, Iterator, Sequence

from syncjob.display import one_line, visible
from syncjob.report.model import Item, ItemProblem, Report, RunProblem
from syncjob.report.summary import checked_line, outcome_line, plan_line, pull_line

_BOLD, _RED, _GREEN, _YELLOW, _CYAN = "1", "31", "32", "33", "36"


def render_plan(report: Report, *, color: bool) -> str:
    """Each change as a unified diff, each problem with its place, and the line `Plan: …`."""
    lines = [line for item in report.items for line in _item(item, color)]
    lines += [_run_problem(problem, color) for problem in report.problems]
    is_open = bool(lines) and lines[-1] != ""
    return _text([*lines, *([""] if is_open else []), plan_line(report)])


def render_outcome(items: Sequence[Item], planned: Sequence[Item], *, color: bool) -> str:
    """What became of each write; what was said of the same items when they were `planned` is not said again."""
    pairs = zip(items, planned, strict=True)
    return "".join(f"{line}\n" for item, before in pairs for line in _outcome(item, before, color))


def render_end(report: Report, *, told: Collection[RunProblem], color: bool) -> str:
    """The problems of the run that were not `told` before, and the line `Applied …`."""
    lines = [_run_problem(problem, color) for problem in report.problems if problem not in told]
    return _text([*lines, outcome_line(report.summary)])


def render_pull(report: Report, *, color: bool) -> str:
    """Each file that was written, each problem with its place, and the line `Pulled …`."""
    done = {"create": "created", "update": "updated"}
    lines: list[str] = []
    for item in report.items:
        lines += (
            [f"{_paint(done[item.action], _GREEN, color)} {one_line(item.path)}"] if item.status == "applied" else []
        )
        lines += _notes(item, color)
    lines += [_run_problem(problem, color) for problem in report.problems]
    return _text([*lines, pull_line(report)])


def render_check(report: Report, *, color: bool) -> str:
    """Each problem with its place, and the line `Checked …`."""
    lines = [line for item in report.items for line in _notes(item, color)]
    lines += [_run_problem(problem, color) for problem in report.problems]
    return _text([*lines, checked_line(report)])


def _item(item: Item, color: bool) -> Iterator[str]:
    if item.diff:
        name = f" ({one_line(item.model_name)})" if item.model_name else ""
        yield _paint(f"{item.action} {one_line(item.model_id)}{name}", _BOLD, color)
        if item.remote_edit and item.remote_edit.diff:
            yield f"Scenario's text beside the closest that git held, that of {item.remote_edit.commit[:10]}:"
            yield from _diff(item.remote_edit.diff, color)
            yield "what the file would put in its place:"
        yield from _diff(item.diff, color)
    yield from _notes(item, color)
    if item.diff:
        yield ""


def _diff(diff: str, color: bool) -> Iterator[str]:
    before, after, *body = diff.removesuffix("\n").split("\n")
    yield from (_paint(visible(header), _BOLD, color) for header in (before, after))
    yield from (_diff_line(visible(line), color) for line in body)


def _notes(item: Item, color: bool) -> Iterator[str]:
    for problem in item.problems:
        yield _problem(_place(item), problem, color)
    yield from _error(item, color)


def _error(item: Item, color: bool) -> Iterator[str]:
    if item.error:
        label = _paint("error", _RED, color)
        tries = f" ({item.error.attempts} attempts)" if item.error.attempts > 1 else ""
        yield f"{one_line(_place(item))}: {label} {item.error.code}: {one_line(item.error.message)}{tries}"


def _place(item: Item) -> str:
    """A probe's journal names no file."""
    return item.path or item.model_id


def _problem(path: str, problem: ItemProblem | RunProblem, color: bool) -> str:
    place = ":".join(str(part) for part in (path, problem.line, problem.column) if part is not None)
    label = _paint(problem.severity, _RED if problem.severity == "error" else _YELLOW, color)
    return f"{one_line(place)}: {label} {problem.code}: {one_line(problem.message)}"


def _run_problem(problem: RunProblem, color: bool) -> str:
    return _problem(problem.path or "syncjob", problem, color)


def _outcome(item: Item, before: Item, color: bool) -> Iterator[str]:
    if item.status == "applied":
        done = {"create": "created", "update": "updated", "delete": "deleted"}
        name = f" ({one_line(item.model_name)})" if item.model_name else ""
        yield f"{_paint(done.get(item.action, item.action), _GREEN, color)} {one_line(item.model_id)}{name}"
    yield from (_problem(_place(item), problem, color) for problem in item.problems if problem not in before.problems)
    if item.error != before.error:
        yield from _error(item, color)


def _diff_line(line: str, color: bool) -> str:
    tones = {"+": _GREEN, "-": _RED, "@": _CYAN}
    return _paint(line, tones[line[0]], color) if line[:1] in tones else line


def _paint(text: str, tone: str, color: bool) -> str:
    return f"\x1b[{tone}m{text}\x1b[0m" if color else text


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"
