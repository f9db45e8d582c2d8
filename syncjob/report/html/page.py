"""Report and Changes -> the page. Pure; its templates, its style and its script are files beside this one."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.resources import files
from typing import Any

from syncjob.plan.compare import Change
from syncjob.report.headline import next_line, page_heading
from syncjob.report.help import help_of
from syncjob.report.html.article import article
from syncjob.report.html.counts import counts, kinds
from syncjob.report.html.gallery import Album, Pictures
from syncjob.report.html.rendering import Markup, stream, trusted
from syncjob.report.model import Item, Report
from syncjob.report.summary import has_errors
from syncjob.text.tags import is_id

Section = Callable[[Item, Change, str], Markup]


def parts(
    report: Report,
    changes: Sequence[Change],
    pictures: Pictures | None = None,
    *,
    section: Section | None = None,
    version: int | None = None,
) -> Iterator[str]:
    """The page, which loads nothing and runs no script but its own, each model a part; `changes` are worth a look.

    With `pictures`, by the ids of assets, each model has cards of the assets that its texts show. `section` replaces
    what makes the part of a model. The page of a preview has a `version`, and reloads itself once that is another.
    """
    address = help_of(report)
    yield from stream(
        "page.html",
        **_summary(report),
        help=address,
        **_listing(report, changes, is_preview=version is not None),
        article=section or partial(article, album=None if pictures is None else Album(pictures), help=address),
        has_pictures=any(not isinstance(each, str) for each in (pictures or {}).values()),
        **_resources(version),
    )


def _summary(report: Report) -> dict[str, Any]:
    """What the page says first, by the template's names."""
    return {"report": report, "heading": page_heading(report), "advice": next_line(report)}


def _listing(report: Report, changes: Sequence[Change], *, is_preview: bool) -> dict[str, Any]:
    """What the page shows by itself, what it counts as unchanged, and what it leaves out, by the template's names."""
    known = {(change.model_id, change.path): change for change in changes}
    shown = [item for item in report.items if is_listed(item, is_preview=is_preview)]
    wrong_first = sorted(shown, key=lambda item: not has_errors(item))
    items = list(_anchored([item for item in wrong_first if (item.model_id, item.path) in known]))
    return {
        "counts": list(counts(report, items)),
        "listed": [(item, known[item.model_id, item.path], anchor, " ".join(kinds(item))) for item, anchor in items],
        "unchanged": len(report.items) - len(shown),
        "left_out": len(shown) - len(items),
    }


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


def _resources(version: int | None) -> dict[str, Any]:
    live = None if version is None else _resource("live.js")
    return {"style": _resource("page.css"), "script": _resource("page.js"), "version": version, "live": live}


def _resource(name: str) -> Markup:
    return trusted("\n" + (files(__package__) / name).read_text("utf-8"))
