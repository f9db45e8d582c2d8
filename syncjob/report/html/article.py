"""One model of a run: what is wrong with it, and its description before and after. Pure."""

from typing import TYPE_CHECKING

from syncjob.report.html.cards import tag_cards
from syncjob.report.html.escape import escape
from syncjob.report.html.labels import badges, lines_changed, problem_list, title
from syncjob.report.html.sides import both_sides
from syncjob.report.html.source import source_diff
from syncjob.report.model import Item
from syncjob.text.canonical import unified_diff

if TYPE_CHECKING:
    from syncjob.plan.compare import Change
    from syncjob.plan.references import Key

_MISSING = ("asset-missing", "model-missing")
_TURNED = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))
_TURNING = '<p class="remark">This text holds characters that change the order of what is read: see its source.</p>\n'

_UNRENDERED = '<p class="remark">Too large to be rendered: see its source.</p>\n'


def article(item: Item, change: "Change", anchor: str) -> str:
    """The section of one item, under the heading level 2."""
    parts = (
        _header(item),
        problem_list(item.path, item.problems),
        _error(item),
        _texts(item, change) if change.before or change.after else "",
    )
    return f'<article id="{anchor}" class="item {item.action}" tabindex="-1">\n{"".join(parts)}</article>\n'


def _header(item: Item) -> str:
    identity = f"<code>{escape(item.model_id)}</code>" if item.model_name else ""
    path = f'<span class="path">{escape(item.path)}</span>' if item.path else ""
    facts = " ".join(filter(None, (badges(item), identity, path, lines_changed(item))))
    return f'<header><h2>{title(item)}</h2>\n<p class="facts">{facts}</p></header>\n'


def _error(item: Item) -> str:
    if item.error is None:
        return ""
    error = item.error
    answer = f", HTTP {error.http_status}" if error.http_status else ""
    tries = f", {error.attempts} attempts" if error.attempts > 1 else ""
    said = f"<strong>failed <code>{escape(error.code)}</code></strong>"
    return f'<p class="failure">{said} {escape(error.message)}<span class="aside">{answer}{tries}</span></p>\n'


def _texts(item: Item, change: "Change") -> str:
    is_turned = not _TURNED.isdisjoint(change.before + change.after)
    diff = item.diff.removesuffix("\n").split("\n") if item.diff else []
    source = source_diff(f"Source diff {lines_changed(item)}", diff)
    return f"{_TURNING if is_turned else ''}{_sides(item, change)}{source}{_drift(change)}"


def _sides(item: Item, change: "Change") -> str:
    # Imported late: the Markdown parser is slow to load, and many a run has nothing to render.
    from syncjob.report.html.prose import blocks
    from syncjob.text.code_spans import is_parsable

    if not (is_parsable(change.before) and is_parsable(change.after)):
        return _UNRENDERED
    known = {(record.kind, record.id): record for record in change.known}
    before = list(blocks(change.before, tag_cards(known, (), "not resolved")))
    after = list(blocks(change.after, tag_cards(known, _missing(item, change), "not looked up")))
    return both_sides(before if change.before else None, after if change.after else None)


def _missing(item: Item, change: "Change") -> "frozenset[Key]":
    """What the file refers to and is known not to exist; in code, where it may be text, that is a warning only."""
    places = {
        (problem.line, problem.column)
        for problem in item.problems
        if problem.code in _MISSING and problem.severity == "error"
    }
    return frozenset((tag.kind, tag.id) for tag in change.tags if (tag.line, tag.column) in places)


def _drift(change: "Change") -> str:
    """What was edited on Scenario, where it can be told what from."""
    if change.base is None:
        return ""
    commit = change.base.commit[:10]
    names = {"before_name": f"git/{commit}", "after_name": f"scenario/{change.model_id}"}
    note = '<p class="remark">Of all that git held for this file, that text is the closest to the one on Scenario.</p>'
    summary = f"Scenario's text beside that of commit <code>{escape(commit)}</code>"
    return source_diff(summary, unified_diff(change.base.text, change.before, **names), note)
