"""One model of a run: what is wrong with it, and its description before and after. Pure."""

from collections.abc import Collection
from typing import Any

from syncjob.plan.compare import Change
from syncjob.plan.references import Key
from syncjob.report.html.cards import tag_cards
from syncjob.report.html.gallery import Album
from syncjob.report.html.rendering import Markup, render
from syncjob.report.html.sides import both_sides
from syncjob.report.model import Item, RemoteEdit
from syncjob.report.summary import origin, was_emptied

_MISSING = ("asset-missing", "model-missing")
_TONES = {"+": "add", "-": "cut", "@": "hunk"}
_TURNED = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))


def article(
    item: Item,
    change: Change,
    anchor: str,
    *,
    album: Album | None = None,
    help: str = "",
    unasked: Collection[Key] = (),
) -> Markup:
    """The section of one item, under the heading level 2. `help` is the page about codes; `unasked` was not looked up."""
    return render(
        "article.html",
        item=item,
        anchor=anchor,
        help=help,
        is_rollback=change.source is not None,
        has_texts=bool(change.before or change.after),
        gallery=album.gallery(change, _missing(item, change), unasked) if album else None,
        sides=_sides(item, change, unasked) if change.before or change.after else None,
        is_turned=not _TURNED.isdisjoint(change.before + change.after),
        diff=_toned(item.diff),
        origin=origin(item),
        **_edit(item.remote_edit),
    )


def _edit(edit: RemoteEdit | None) -> dict[str, Any]:
    """What somebody did on Scenario, by the template's names."""
    return {
        "commit": edit.commit[:10] if edit else "",
        "drift": _toned(edit.diff) if edit else [],
        "own": _toned(edit.own_diff) if edit else [],
    }


def _sides(item: Item, change: Change, unasked: Collection[Key]) -> Markup | None:
    """Both, side by side; None if they are too large to be rendered."""
    # Imported late: the Markdown parser is slow to load, and many a run has nothing to render.
    from syncjob.report.html.prose import blocks
    from syncjob.text.code_spans import is_parsable

    if not (is_parsable(change.before) and is_parsable(change.after)):
        return None
    known = {entry.key: entry for entry in change.known}
    before = list(blocks(change.before, tag_cards(known, (), "not resolved", unasked)))
    after = list(blocks(change.after, tag_cards(known, _missing(item, change), "not looked up")))
    both = before if change.before else None, after if change.after else None
    is_compared = change.is_compared and not was_emptied(item)  # of which Scenario had a text before
    return both_sides(*both, is_compared=is_compared, is_rollback=change.source is not None)


def _missing(item: Item, change: Change) -> frozenset[Key]:
    """What the file refers to and is known not to exist; in code, which may be text, that is only a warning."""
    places = {
        (problem.line, problem.column)
        for problem in item.problems
        if problem.code in _MISSING and problem.severity == "error"
    }
    return frozenset((tag.kind, tag.id) for tag in change.tags if (tag.line, tag.column) in places)


def _toned(diff: str) -> list[tuple[str | None, str]]:
    """The lines of a unified diff, each with its colour."""
    lines = diff.removesuffix("\n").split("\n") if diff else []
    return [("file" if place < 2 else _TONES.get(line[:1]), line) for place, line in enumerate(lines)]
