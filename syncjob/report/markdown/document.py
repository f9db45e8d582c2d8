"""A Report as Markdown for GitHub: a comment, or the summary of a step. Pure.

Texts from files and from Scenario are in HTML, in which GitHub reads no Markdown, and of which
`sentences.py` puts into `<code>` what else GitHub could act on; or in a fence.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from syncjob.report.headline import has_plan, headline, next_line
from syncjob.report.help import help_of
from syncjob.report.markdown.item import plain, problem_of, row_of, section_of
from syncjob.report.model import Item, Report, RunProblem
from syncjob.report.summary import (
    for_people,
    has_errors,
    needs_a_look,
    plan_line,
    replaces_edit,
    was_emptied,
)

_NAMED = 50  # models of a kind, by their ids
_ROOM = 300  # for the line on what is left out


@dataclass(frozen=True, slots=True)
class Limit:
    """How large a text may be, and what counts."""

    size: int
    measure: Callable[[str], int]


COMMENT = Limit(60_000, len)  # GitHub refuses a comment of more than 65,536 characters
SUMMARY = Limit(1_000_000, lambda text: len(text.encode()))  # and drops a step's summary of more than 1 MiB


def render(report: Report, limit: Limit) -> str:
    """The outcome, what is wrong with what to do, all models by name, their texts; what does not fit is only counted."""
    report = for_people(report)
    head = "\n".join(_head(report))
    room = limit.size - limit.measure(head) - _ROOM
    table = "\n".join(_table(report, room // 3, limit))
    room -= limit.measure(table)
    sections: dict[bool, list[str]] = {True: [], False: []}
    left_out, address = 0, help_of(report)
    for item in _shown(report):
        section = "\n".join(section_of(item, address)) + "\n"
        needed = limit.measure(section) + 1
        left_out += needed > room
        if needed <= room:
            room -= needed
            sections[_is_wrong(item)].append(section)
    parts = [head, *sections[True], *([table] if table else []), *sections[False], *_last(report, left_out)]
    return "\n".join(parts)


def _last(report: Report, left_out: int) -> Iterator[str]:
    if left_out:
        more = "1 more model is" if left_out == 1 else f"{left_out:,} more models are"
        yield f"**{more} not shown here**, omitted for length; the report and the log hold all of them.\n"
    if following := next_line(report):
        yield f"{following}\n"


def _table(report: Report, room: int, limit: Limit) -> Iterator[str]:
    """All models that are shown, by name, folded; as many as fit."""
    rows: list[str] = []
    number = 0
    for item in _shown(report):
        number += 1
        row = row_of(item)
        if limit.measure(row) < room - _ROOM:
            room -= limit.measure(row) + 1
            rows.append(row)
    if number > 1 and rows:
        what = f"All {number:,} models" if len(rows) == number else f"{len(rows):,} of {number:,} models"
        yield f"<details><summary>{what}</summary>"
        yield "<table>"
        yield "<tr><th>action</th><th>lines</th><th>model</th><th>name</th></tr>"
        yield from rows
        yield "</table>"
        yield "</details>\n"


def _head(report: Report) -> Iterator[str]:
    yield f"### {_title(report)}"
    yield ""
    first = headline(report)
    yield f"**{first}**"
    if has_plan(report) and first != plan_line(report):
        yield plan_line(report)
    elif report.command == "pull" and not report.dry_run:
        yield from _affected(report)
    yield ""
    yield from _alerts(report)
    # A block of HTML, in which no Markdown is read; a line that begins with <sub> would be a paragraph.
    address = help_of(report)
    more = f', <a href="{plain(address)}">what each code means</a>' if address else ""
    yield f"<p><sub>profile <code>{plain(report.profile)}</code>, run <code>{plain(report.run)}</code>{more}</sub></p>"
    yield ""
    if problems := [problem for problem in report.problems if not _is_loud(problem)]:
        yield "<ul>"
        yield from (problem_of(problem, address) for problem in problems)
        yield "</ul>"
        yield ""


def _title(report: Report) -> str:
    titles = {
        "check": "Descriptions checked",
        "diff": "What a sync would change on Scenario",
        "pull": "Edits made on Scenario",
        "acknowledge": "Texts on Scenario that a sync may replace",
    }
    return titles.get(report.command, titles["diff"] if report.dry_run else "What was written to Scenario")


def _affected(report: Report) -> Iterator[str]:
    """The models of a pull by what became of their files."""
    groups: dict[str, list[str]] = {"Adopted": [], "Merged": [], "To be checked by hand": [], "Not adopted": []}
    for item in report.items:
        if group := _group(item):
            groups[group].append(f"<code>{plain(item.model_id)}</code>")
    for name, ids in groups.items():
        if ids:
            more = f" and {len(ids) - _NAMED:,} more" if len(ids) > _NAMED else ""
            yield ""
            yield f"{name}: {', '.join(ids[:_NAMED])}{more}"


def _group(item: Item) -> str | None:
    if item.status == "applied" and needs_a_look(item):
        return "To be checked by hand"
    if any(problem.code == "merged" for problem in item.problems):
        return "Merged"
    return "Adopted" if item.status == "applied" else None if item.action == "unchanged" else "Not adopted"


def _alerts(report: Report) -> Iterator[str]:
    """What nobody may overlook; its words are all syncjob's own."""
    for problem in filter(_is_loud, report.problems):
        yield "> [!WARNING]"
        yield f"> **This {plain(problem.message)}.**"
        yield ""


def _is_loud(problem: RunProblem) -> bool:
    return problem.code == "too-many-changes" and problem.severity == "warning"


def _shown(report: Report) -> Iterator[Item]:
    """What has a section, that with errors first, then what replaces an edit; never in memory as a whole."""
    for rank in range(3):
        for item in report.items:
            if (item.diff or item.problems or item.error) and _rank(item) == rank:
                yield item


def _rank(item: Item) -> int:
    if _is_wrong(item):
        return 0
    return 1 if replaces_edit(item) or was_emptied(item) else 2


def _is_wrong(item: Item) -> bool:
    return item.error is not None or has_errors(item)
