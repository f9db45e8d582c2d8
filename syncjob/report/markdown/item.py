"""One model of a run as Markdown for GitHub. Pure."""

import re
from collections.abc import Iterator
from html import escape

from syncjob.report.markdown.sentences import name, prose
from syncjob.report.model import Item, ItemProblem, RunProblem
from syncjob.report.summary import replaces_edit, titled_diffs, was_emptied
from syncjob.text.sanitize import one_line, visible

_FENCE = re.compile("`+")


def row_of(item: Item) -> str:
    called = name(item.model_name) if item.model_name else ""
    cells = (item.action, _lines(item), f"<code>{plain(item.model_id)}</code>", called)
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def section_of(item: Item, help: str = "") -> Iterator[str]:
    """What is wrong with a model stands open, its texts are folded; `help` is the address of the page about codes."""
    if not (item.problems or item.error):
        yield from _folded(item, _title_of(item))
        return
    yield f"<p>{_title_of(item)}</p>"
    yield "<ul>"
    yield from (problem_of(problem, help) for problem in item.problems)
    yield from _error(item, help)
    yield "</ul>"
    yield ""
    if item.diff or item.remote_edit:
        yield from _folded(item, f"The texts of <code>{plain(item.model_id)}</code>")


def _title_of(item: Item) -> str:
    """Counts before names: one that is written from right to left turns round what follows it."""
    called = f" {name(item.model_name)}" if item.model_name else ""
    is_told = item.status in ("planned", "unchanged") or item.action in ("conflict", "invalid")
    status = "" if is_told else f", {item.status.replace('_', ' ')}"
    status += ", <b>replaces an edit made on Scenario</b>" if replaces_edit(item) else ""
    status += ", <b>emptied on Scenario</b>" if was_emptied(item) else ""
    size = f" {lines}" if (lines := _lines(item)) else ""
    return f"<b>{item.action}</b>{status}{size} <code>{plain(item.model_id)}</code>{called}"


def _lines(item: Item) -> str:
    return f"+{item.lines_added} -{item.lines_removed}" if item.diff else ""


def _folded(item: Item, title: str) -> Iterator[str]:
    yield f"<details><summary>{title}</summary>"
    yield ""
    for heading, diff in titled_diffs(item, "`"):
        yield from [f"{heading}:", ""] if heading else []
        yield from _fenced(diff)
    yield "</details>"


def problem_of(problem: ItemProblem, help: str = "") -> str:
    place = f" in <code>{plain(problem.path)}</code>" if isinstance(problem, RunProblem) and problem.path else ""
    place += f", line {problem.line}" if problem.line else ""
    place += f", column {problem.column}" if problem.column else ""
    return f"<li>{problem.severity} {_code(problem.code, help)}{place}: {prose(problem.message)}</li>"


def _code(code: str, help: str) -> str:
    return f'<a href="{plain(help)}#{code}"><code>{code}</code></a>' if help else f"<code>{code}</code>"


def _error(item: Item, help: str) -> Iterator[str]:
    if item.error:
        status = f", HTTP {item.error.http_status}" if item.error.http_status else ""
        yield f"<li>error {_code(item.error.code, help)}{status}: {prose(item.error.message)}</li>"


def _fenced(diff: str) -> Iterator[str]:
    longest = max((len(run) for run in _FENCE.findall(diff)), default=0)
    fence = "`" * max(3, longest + 1)
    yield f"{fence}diff"
    yield visible(diff.removesuffix("\n"))
    yield fence
    yield ""


def plain(text: str) -> str:
    return escape(one_line(text))
