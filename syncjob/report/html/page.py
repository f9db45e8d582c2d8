"""Report and Changes -> the page. Pure; its templates, its style and its script are files beside this one."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.resources import files

from syncjob.plan.compare import Change
from syncjob.report.html.article import article
from syncjob.report.html.rendering import Markup, stream, trusted
from syncjob.report.model import Item, Report
from syncjob.report.summary import by_item_line, counted, refusal_line
from syncjob.text.tags import is_id

Section = Callable[[Item, Change, str], Markup]


def parts(
    report: Report, changes: Sequence[Change], section: Section | None = None, version: int | None = None
) -> Iterator[str]:
    """The page, which loads nothing and runs no script but its own, each model a part; `changes` are worth a look.

    The page of a preview has a `version`, and reloads itself once that is another; its `section` renders one model.
    """
    known = {(change.model_id, change.path): change for change in changes}
    is_shown = partial(is_listed, is_preview=version is not None)
    items = [item for item in report.items if is_shown(item) and (item.model_id, item.path) in known]
    unchanged = sum(not is_shown(item) for item in report.items)
    yield from stream(
        "page.html",
        report=report,
        heading=_heading(report),
        refusal=refusal_line(report),
        listed=[(item, known[item.model_id, item.path], anchor) for item, anchor in _anchored(items)],
        unchanged=unchanged,
        left_out=len(report.items) - unchanged - len(items),
        article=section or article,
        style=_resource("page.css"),
        script=_resource("page.js"),
        version=version,
        live=_resource("live.js") if version is not None else None,
    )


def _heading(report: Report) -> str:
    """The run in one sentence."""
    summary = report.summary
    if report.command == "check":
        return f"{counted(len(report.items), 'description')}, not compared with Scenario"
    if not report.dry_run:
        return f"{counted(summary.applied + summary.in_part, 'description')} written to Scenario"
    if by_item := by_item_line(report):
        return f"A {by_item}"
    planned = summary.create + summary.update + summary.delete
    return f"{counted(planned, 'description')} would change" if planned else "No description would change"


def is_listed(item: Item, *, is_preview: bool = False) -> bool:
    """Whether an item is shown by itself; the others are only counted. A preview shows what is not compared too."""
    is_plain = item.action == "unchanged" or (item.action == "checked" and not is_preview)
    return bool(not is_plain or item.problems or item.error or item.diff)


def _anchored(items: Sequence[Item]) -> Iterator[tuple[Item, str]]:
    """Each item with its fragment, the same from page to page if its id is one."""
    seen: set[str] = set()
    for place, item in enumerate(items, 1):
        is_own = is_id(item.model_id) and item.model_id not in seen
        yield item, f"model-{item.model_id}" if is_own else f"item-{place}"
        seen.add(item.model_id)


def _resource(name: str) -> Markup:
    return trusted("\n" + (files(__package__) / name).read_text("utf-8"))
