"""Report and Changes -> the page. Pure; its templates, its style and its script are files beside this one."""

from collections.abc import Iterator, Sequence
from functools import partial
from importlib.resources import files

from syncjob.plan.compare import Change
from syncjob.report.html.article import article
from syncjob.report.html.gallery import Album, Pictures
from syncjob.report.html.rendering import Markup, stream, trusted
from syncjob.report.model import Item, Report
from syncjob.report.summary import by_item_line, counted, refusal_line
from syncjob.text.tags import is_id


def parts(report: Report, changes: Sequence[Change], pictures: Pictures | None = None) -> Iterator[str]:
    """The page, which loads nothing and runs no script but its own, each model a part; `changes` are worth a look.

    With `pictures`, by the ids of assets, each model has cards of the assets that its texts show.
    """
    known = {(change.model_id, change.path): change for change in changes}
    items = [item for item in report.items if _is_listed(item) and (item.model_id, item.path) in known]
    unchanged = sum(not _is_listed(item) for item in report.items)
    yield from stream(
        "page.html",
        report=report,
        heading=_heading(report),
        refusal=refusal_line(report),
        listed=[(item, known[item.model_id, item.path], anchor) for item, anchor in _anchored(items)],
        unchanged=unchanged,
        left_out=len(report.items) - unchanged - len(items),
        article=partial(article, album=None if pictures is None else Album(pictures)),
        has_pictures=any(not isinstance(each, str) for each in (pictures or {}).values()),
        style=_resource("page.css"),
        script=_resource("page.js"),
    )


def _heading(report: Report) -> str:
    """The run in one sentence."""
    summary = report.summary
    if not report.dry_run:
        return f"{counted(summary.applied + summary.in_part, 'description')} written to Scenario"
    if by_item := by_item_line(report):
        return f"A {by_item}"
    planned = summary.create + summary.update + summary.delete
    return f"{counted(planned, 'description')} would change" if planned else "No description would change"


def _is_listed(item: Item) -> bool:
    """Whether an item is shown by itself; the others are only counted."""
    return bool(item.action not in ("unchanged", "checked") or item.problems or item.error or item.diff)


def _anchored(items: Sequence[Item]) -> Iterator[tuple[Item, str]]:
    """Each item with its fragment, the same from page to page if its id is one."""
    seen: set[str] = set()
    for place, item in enumerate(items, 1):
        is_own = is_id(item.model_id) and item.model_id not in seen
        yield item, f"model-{item.model_id}" if is_own else f"item-{place}"
        seen.add(item.model_id)


def _resource(name: str) -> Markup:
    return trusted("\n" + (files(__package__) / name).read_text("utf-8"))
