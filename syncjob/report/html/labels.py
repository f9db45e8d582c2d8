"""The small parts that a list of models and a model itself share. Pure."""

from collections.abc import Sequence

from syncjob.report.html.escape import escape, escape_line
from syncjob.report.model import Item, ItemProblem, RunProblem
from syncjob.text.tags import is_id

_STATUSES = {"applied", "failed", "refused", "not_attempted"}


def is_listed(item: Item) -> bool:
    """Whether an item is shown by itself; the others are only counted."""
    return bool(item.action not in ("unchanged", "checked") or item.problems or item.error or item.diff)


def anchors(items: Sequence[Item]) -> list[str]:
    """The fragment of each item, the same from page to page where its id is one."""
    seen: set[str] = set()
    found: list[str] = []
    for place, item in enumerate(items, 1):
        is_own = is_id(item.model_id) and item.model_id not in seen
        found.append(f"model-{item.model_id}" if is_own else f"item-{place}")
        seen.add(item.model_id)
    return found


def badges(item: Item) -> str:
    """What is to happen and what became of it."""
    is_unseen = item.action == "invalid" and item.status == "not_attempted"
    action = '<span class="badge unseen">not compared</span>' if is_unseen else _badge(item.action)
    return action + (f" {_badge(item.status)}" if item.status in _STATUSES and not is_unseen else "")


def _badge(code: str) -> str:
    return f'<span class="badge {code}">{code.replace("_", " ")}</span>'


def lines_changed(item: Item) -> str:
    """How many lines come and go, read out in words; nothing where none does."""
    if not item.diff:
        return ""
    return (
        f'<span class="lines"><span class="plus">+{item.lines_added}<span class="aloud"> added</span></span> '
        f'<span class="minus">\u2212{item.lines_removed}<span class="aloud"> removed</span></span></span>'
    )


def title(item: Item) -> str:
    """What people call it."""
    return escape_line(item.model_name or "") or escape(item.model_id)


def problem_list(path: str, problems: Sequence[ItemProblem | RunProblem]) -> str:
    """Problems with their place; nothing where there are none."""
    rows = "".join(f'<li class="{problem.severity}">{_problem(path, problem)}</li>\n' for problem in problems)
    return f'<ul class="problems">\n{rows}</ul>\n' if rows else ""


def _problem(path: str, problem: ItemProblem | RunProblem) -> str:
    where = (path, problem.line, problem.column)
    place = ":".join(str(part) for part in where if part not in (None, ""))
    shown = f'<span class="place">{escape(place)}</span> ' if place else ""
    said = f"{problem.severity} <code>{escape(problem.code)}</code>"
    return f'{shown}<strong>{said}</strong> <span class="message">{escape(problem.message)}</span>'
