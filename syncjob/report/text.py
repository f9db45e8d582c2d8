"""A Report as text for a terminal, as git and ruff would print it. Pure."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from msgspec import structs

from syncjob.report.headline import next_line, obstacle
from syncjob.report.item_store import notable
from syncjob.report.model import Item, ItemProblem, Report, RunProblem
from syncjob.report.screen import BOLD, CYAN, GREEN, RED, TONES, YELLOW, diff_rows, heading, paint, stat_row
from syncjob.report.summary import (
    acknowledge_line,
    causes,
    checked_line,
    counted,
    end_line,
    has_errors,
    is_called_off,
    is_error,
    needs_a_look,
    plan_line,
    pull_line,
    titled_diffs,
)
from syncjob.text.folding import folded
from syncjob.text.sanitize import one_line, unbroken, visible

_STILL_IN_FILES = "The files are as they were, so the next sync writes them again; revert their commit too."
_NAMED = 10  # descriptions of one cause, by name
_DONE = {"create": "created", "update": "updated", "delete": "deleted"}


def render_plan(report: Report, *, color: bool, width: int | None = None) -> str:
    """What keeps the run from writing, each problem with its place, each change as a diff, and `Plan: …`.

    The diffs are unified; for a terminal of that width, folded and with the changed words marked.
    """
    head = obstacle(report)
    lines = [paint(head, BOLD, color=color), ""] if head else []
    wrong: list[str] = []
    changes: list[str] = []
    failed: list[Item] = []
    for item in notable(report.items):
        (wrong if has_errors(item) else changes).extend(_item(item, color, width))
        failed += [item] if item.error else []
    lines += [*_of_the_run(report, failed, color), *wrong, *changes]
    is_open = bool(lines) and lines[-1] != ""
    last = next_line(report) if report.dry_run else None
    return _text([*lines, *([""] if is_open else []), plan_line(report), *([last] if last else [])], width)


def render_stat(report: Report, *, color: bool, width: int | None = None) -> str:
    """Each model that is not in step with how many lines change, each problem with its place, and the line `Plan: …`."""
    head = obstacle(report)
    lines = [paint(head, BOLD, color=color), ""] if head else []
    rows = [stat_row(item, color=color) for item in report.items if _is_listed(item)]
    told = [line for item in report.items for line in _notes(item, color)]
    told += _of_the_run(report, report.items, color)
    last = next_line(report)
    end = [plan_line(report), *([last] if last else [])]
    return _text([*lines, *told, *rows, *([""] if rows else []), *end], width)


def _is_listed(item: Item) -> bool:
    """Not if all that there is to say of it is said of the run."""
    return item.action != "unchanged" and (item.action != "invalid" or bool(item.problems or item.diff or item.error))


def render_outcome(items: Sequence[Item], planned: Sequence[Item], *, color: bool, width: int | None = None) -> str:
    """What became of each write, without what was shown of the same items when they were `planned`."""
    pairs = list(zip(items, planned, strict=True))
    lines = [line for item, before in pairs for line in _outcome(item, before, color)]
    failed = causes((item for item, before in pairs if item.error != before.error), ())
    lines += [_cause(alike, color) for alike in failed]
    return _text(lines, width) if lines else ""


def render_end(
    report: Report,
    *,
    told: Collection[RunProblem],
    files_differ: bool = False,
    color: bool,
    width: int | None = None,
) -> str:
    """The problems of the run, without those `told` right above, and the line `Applied …`.

    `files_differ`: files say something else than what was put back.
    """
    above = [problem for problem in told if not (is_error(problem) and _is_long(report))]
    untold = [problem for problem in report.problems if problem not in above and not is_called_off(problem)]
    more = _STILL_IN_FILES if files_differ else next_line(report)
    return _text(
        [*(_run_problem(problem, color=color) for problem in untold), end_line(report), *([more] if more else [])],
        width,
    )


def _is_long(report: Report) -> bool:
    """Whether what was told above the changes has left a terminal."""
    summary = report.summary
    return summary.create + summary.update + summary.delete > _NAMED


def render_pull(report: Report, *, color: bool, width: int | None = None) -> str:
    """Each file that was written, each problem with its place, and the line `Pulled …`."""
    lines: list[str] = []
    for item in report.items:
        if item.status == "applied":
            lines.append(_written(item, color))
        lines += _notes(item, color)
    return _text([*lines, *_of_the_run(report, report.items, color), pull_line(report)], width)


def _written(item: Item, color: bool) -> str:
    is_doubtful = needs_a_look(item)
    done = paint("to be checked:" if is_doubtful else _DONE[item.action], YELLOW if is_doubtful else GREEN, color=color)
    return f"{done} {unbroken(item.path)}"


def render_seen(report: Report, *, color: bool, width: int | None = None) -> str:
    """What is to be acknowledged: what Scenario holds, against the file, and each problem with its place."""
    lines = [line for item in report.items for line in _item(item, color, width)]
    return _text([*lines, *_of_the_run(report, report.items, color)], width)


def render_acknowledged(report: Report, *, is_seen: bool, color: bool, width: int | None = None) -> str:
    """The line `Acknowledged …`, below what was to be acknowledged unless that `is_seen` already."""
    lines = [] if is_seen else [line for item in report.items for line in _item(item, color, width)]
    untold = structs.replace(report, problems=tuple(each for each in report.problems if not is_called_off(each)))
    return _text([*lines, *_of_the_run(untold, report.items, color), acknowledge_line(report)], width)


def render_check(report: Report, *, color: bool, width: int | None = None) -> str:
    """Each problem with its place, and the line `Checked …`."""
    lines = (line for item in report.items for line in _notes(item, color))
    return _text([*lines, *_of_the_run(report, report.items, color), checked_line(report)], width)


def _item(item: Item, color: bool, width: int | None) -> Iterator[str]:
    is_headed = bool(item.diff) or (width is not None and has_errors(item))
    if is_headed:
        yield heading(item, color=color) if width else paint(f"{item.action} {_name(item)}", BOLD, color=color)
    if item.diff:
        for title, diff in titled_diffs(item):
            yield from [f"{title}:"] if title else []
            yield from diff_rows(diff, width, color=color) if width else _diff(diff, color)
    yield from _notes(item, color)
    if is_headed:
        yield ""


def _diff(diff: str, color: bool) -> Iterator[str]:
    """A unified diff as it is: scripts read it."""
    before, after, *body = diff.removesuffix("\n").split("\n")
    yield from (paint(visible(header), BOLD, color=color) for header in (before, after))
    yield from (paint(visible(line), TONES.get(line[:1]), color=color) for line in body)


def _notes(item: Item, color: bool) -> Iterator[str]:
    return (_problem(_place(item), problem, color) for problem in item.problems)


def _of_the_run(report: Report, items: Iterable[Item], color: bool) -> Iterator[str]:
    """The problems of the run, then what made calls for the items fail, each cause once."""
    yield from (_run_problem(problem, color=color) for problem in report.problems)
    yield from (_cause(alike, color) for alike in causes(items, report.problems))


def _cause(alike: Sequence[Item], color: bool) -> str:
    """What made the calls for some items fail in the same way; a cause of many is not told of one file."""
    first, *more = alike
    error = first.error
    if error is None:
        raise ValueError("an item without an error has no cause of one")
    notes = [f"{error.attempts} attempts"] if error.attempts > 1 else []
    if more:
        names = ", ".join(item.model_id for item in alike[:_NAMED])
        rest = f" and {len(alike) - _NAMED:,} more" if len(alike) > _NAMED else ""
        notes.append(f"{counted(len(alike), 'description')}: {names}{rest}")
    message = f"{error.message} ({'; '.join(notes)})" if notes else error.message
    return _line("syncjob" if more else _place(first), "error", error.code, message, color)


def _name(item: Item) -> str:
    return one_line(item.model_id) + (f" ({one_line(item.model_name)})" if item.model_name else "")


def _place(item: Item) -> str:
    """A probe's journal names no file."""
    return item.path or item.model_id


def _problem(path: str, problem: ItemProblem | RunProblem, color: bool) -> str:
    place = ":".join(str(part) for part in (path, problem.line, problem.column) if part is not None)
    return _line(place, problem.severity, problem.code, problem.message, color)


def _line(place: str, severity: str, code: str, message: str, color: bool) -> str:
    label = paint(severity, {"error": RED, "warning": YELLOW}.get(severity, CYAN), color=color)
    return f"{unbroken(place)}: {label} {code}: {one_line(message)}"


def refusals(report: Report) -> list[str]:
    """What of the run as a whole keeps it from writing, to be told beside a machine format."""
    return [_run_problem(each, color=False) for each in report.problems if is_error(each) and not is_called_off(each)]


def _run_problem(problem: RunProblem, *, color: bool) -> str:
    return _problem(problem.path or "syncjob", problem, color)


def _outcome(item: Item, before: Item, color: bool) -> Iterator[str]:
    if item.status == "applied":
        yield f"{paint(_DONE.get(item.action, item.action), GREEN, color=color)} {_name(item)}"
    yield from (_problem(_place(item), problem, color) for problem in item.problems if problem not in before.problems)


def _text(lines: Sequence[str], width: int | None) -> str:
    """The lines; on a terminal of that width in rows that fit it."""
    rows = lines if width is None else [row for line in lines for row in folded(line, width)]
    return "\n".join(rows) + "\n"
