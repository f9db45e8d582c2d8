"""A Report as Markdown for GitHub: a comment, or the summary of a step. Pure.

Texts from files and from Scenario are in `<code>` or in a fence, in which GitHub reads no
mention, link, HTML or Markdown.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape

from syncjob.report.model import Item, ItemProblem, Report, RunProblem
from syncjob.report.summary import (
    end_line,
    has_errors,
    needs_a_look,
    plan_line,
    refusal_line,
    replaces_edit,
    summary_line,
    titled_diffs,
)
from syncjob.text.sanitize import one_line, visible

_FENCE = re.compile("`+")
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
    """Counts first, then a folded section a model, those with errors first; what does not fit is only counted."""
    parts = ["\n".join(_head(report))]
    room = limit.size - limit.measure(parts[0]) - _ROOM
    left_out = 0
    for item in _shown(report):
        section = "\n".join(_section(item)) + "\n"
        needed = limit.measure(section) + 1
        if needed > room:
            left_out += 1
            continue
        room -= needed
        parts.append(section)
    if left_out:
        more = "1 more model is" if left_out == 1 else f"{left_out:,} more models are"
        parts.append(f"**{more} not shown here**, omitted for length; the report and the log hold all of them.\n")
    return "\n".join(parts)


def _head(report: Report) -> Iterator[str]:
    yield f"### {_title(report)}"
    yield ""
    is_of_files = report.command == "pull" and not report.dry_run
    if is_of_files or report.command in ("check", "acknowledge"):
        yield f"**{summary_line(report)}**"
        yield from _affected(report) if is_of_files else ()
    else:
        yield f"**{plan_line(report)}**" + ("" if report.dry_run else f" {end_line(report)}")
    yield ""
    if refusal := refusal_line(report):
        yield f"**{refusal}**"
        yield ""
    yield from _alerts(report)
    # A block of HTML, in which no Markdown is read; a line that begins with <sub> would be a paragraph.
    more = f', <a href="{_plain(report.help)}">what each code means</a>' if report.help.startswith("https://") else ""
    yield f"<p><sub>profile <code>{_plain(report.profile)}</code>, run <code>{_plain(report.run)}</code>{more}</sub></p>"
    yield ""
    if problems := [problem for problem in report.problems if not _is_loud(problem)]:
        yield "<ul>"
        yield from map(_problem, problems)
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
            groups[group].append(f"<code>{_plain(item.model_id)}</code>")
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
        yield f"> **This {_plain(problem.message)}.**"
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
    if item.error or has_errors(item):
        return 0
    return 1 if replaces_edit(item) else 2


def _section(item: Item) -> Iterator[str]:
    name = f" <code>{_plain(item.model_name)}</code>" if item.model_name else ""
    size = f" +{item.lines_added} -{item.lines_removed}" if item.diff else ""
    status = "" if item.status in ("planned", "unchanged") else f", {item.status.replace('_', ' ')}"
    status += ", <b>replaces an edit made on Scenario</b>" if replaces_edit(item) else ""
    yield f"<details><summary><b>{item.action}</b> <code>{_plain(item.model_id)}</code>{name}{size}{status}</summary>"
    if item.problems or item.error:
        yield "<ul>"
        yield from (_problem(problem) for problem in item.problems)
        yield from _error(item)
        yield "</ul>"
    yield ""
    for title, diff in titled_diffs(item, "`"):
        yield from [f"{title}:", ""] if title else []
        yield from _fenced(diff)
    yield "</details>"


def _problem(problem: ItemProblem) -> str:
    place = f" in <code>{_plain(problem.path)}</code>" if isinstance(problem, RunProblem) and problem.path else ""
    place += f", line {problem.line}" if problem.line else ""
    place += f", column {problem.column}" if problem.column else ""
    return f"<li>{problem.severity} {problem.code}{place}: <code>{_plain(problem.message)}</code></li>"


def _error(item: Item) -> Iterator[str]:
    if item.error:
        status = f", HTTP {item.error.http_status}" if item.error.http_status else ""
        yield f"<li>error {item.error.code}{status}: <code>{_plain(item.error.message)}</code></li>"


def _fenced(diff: str) -> Iterator[str]:
    longest = max((len(run) for run in _FENCE.findall(diff)), default=0)
    fence = "`" * max(3, longest + 1)
    yield f"{fence}diff"
    yield visible(diff.removesuffix("\n"))
    yield fence
    yield ""


def _plain(text: str) -> str:
    return escape(one_line(text))
