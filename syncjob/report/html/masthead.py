"""The top of the page: which run this is, what it counts, and the list of its models. Pure."""

from collections.abc import Sequence

from syncjob.report.html.escape import escape
from syncjob.report.html.labels import badges, lines_changed, problem_list, title
from syncjob.report.model import Item, Report
from syncjob.report.summary import counted, refusal_line

_ACTIONS = (
    ("create", "to create"),
    ("update", "to update"),
    ("delete", "to delete"),
    ("unchanged", "unchanged"),
    ("conflict", "in conflict"),
    ("invalid", "invalid"),
)
_OUTCOMES = (
    ("applied", "applied"),
    ("failed", "failed"),
    ("refused", "refused"),
    ("not_attempted", "not attempted"),
    ("in_part", "written in part"),
    ("uncertain", "may have been written"),
)


def heading(report: Report) -> str:
    """The run in one sentence."""
    summary = report.summary
    if not report.dry_run:
        return f"{counted(summary.applied + summary.in_part, 'description')} written to Scenario"
    planned = summary.create + summary.update + summary.delete
    return f"{counted(planned, 'description')} would change" if planned else "No description would change"


def masthead(report: Report) -> str:
    """The heading, the facts of the run, its counts and its own problems."""
    return (
        f'<header class="masthead">\n<h1>{heading(report)}</h1>\n{_refusal(report)}{_facts(report)}{_counts(report)}'
        f"{_run_problems(report)}</header>\n"
    )


def _refusal(report: Report) -> str:
    line = refusal_line(report)
    return f'<p class="refusal">{escape(line)}</p>\n' if line else ""


def _facts(report: Report) -> str:
    mode = "dry run, nothing was written" if report.dry_run else "changes were applied"
    started = escape(report.started_at)
    facts = (
        ("Command", f"<code>syncjob {escape(report.command)}</code>"),
        ("Profile", escape(report.profile)),
        ("Started", f'<time datetime="{started}">{started.replace("T", " ").replace("Z", " UTC")}</time>'),
        ("Mode", mode),
        ("Run", f"<code>{escape(report.run)}</code>"),
    )
    return "<dl>\n" + "".join(f"<div><dt>{name}</dt> <dd>{value}</dd></div>\n" for name, value in facts) + "</dl>\n"


def _counts(report: Report) -> str:
    shown = _ACTIONS if report.dry_run else (*_ACTIONS, *_OUTCOMES)
    rows = "".join(_count(code, getattr(report.summary, code), label) for code, label in shown)
    return f'<ul class="counts" aria-label="Counts">\n{rows}</ul>\n'


def _count(code: str, number: int, label: str) -> str:
    return f'<li class="{code if number else "zero"}"><b>{number}</b> {label}</li>\n'


def _run_problems(report: Report) -> str:
    problems = "".join(problem_list(problem.path or "", [problem]) for problem in report.problems)
    return f"<h2>Problems of the run</h2>\n{problems}" if problems else ""


def contents(rows: Sequence[tuple[Item, str]], unchanged: int, left_out: int) -> str:
    """The list of models, each with its fragment, and how many are only counted."""
    links = "".join(_link(item, anchor) for item, anchor in rows)
    counts = [f"{counted(unchanged, 'unchanged description')}, not listed."] if unchanged else []
    counts += [f"{counted(left_out, 'more description')} for which this page has no room."] if left_out else []
    rest = "".join(f'<p class="rest">{count}</p>\n' for count in counts)
    listed = f"<ol>\n{links}</ol>\n" if rows else ""
    return f'<nav aria-labelledby="contents">\n<h2 id="contents">Models</h2>\n{_FILTER if rows else ""}{listed}{rest}</nav>\n'


_FILTER = """\
<p class="filter" hidden><label for="filter">Filter</label>
<input id="filter" type="search" autocomplete="off" spellcheck="false" aria-describedby="found">
<output id="found" for="filter"></output></p>
<p class="keys" hidden><kbd>j</kbd> next, <kbd>k</kbd> previous, <kbd>/</kbd> filter</p>
"""


def _link(item: Item, anchor: str) -> str:
    number = len(item.problems) + bool(item.error)
    noted = f' <span class="noted">{counted(number, "problem")}</span>' if number else ""
    identity = f"<code>{escape(item.model_id)}</code>" if item.model_name else ""
    return (
        f'<li><a href="#{anchor}"><span class="name">{title(item)}</span> {identity} '
        f'<span class="facts">{badges(item)} {lines_changed(item)}{noted}</span></a></li>\n'
    )
