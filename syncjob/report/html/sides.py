"""Two texts side by side, block for block, with what differs marked. Pure."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from syncjob.report.html.pairs import Pair, paired
from syncjob.report.html.words import Block, all_marked, marked_pair

_FEWEST_FOLDED = 3  # equal blocks beside the one that is left open next to each change
_UNMARKED = "Too much differs here to mark single words."
_MARKUP = "The words are the same; their markup differs."


def both_sides(before: Sequence[str] | None, after: Sequence[str] | None) -> str:
    """The blocks of two texts in two columns; where one is no text, None, the other's in one column, unmarked."""
    if after is None:
        return _one_side("before", "On Scenario, and no longer in git", before or ())
    if before is None:
        return _one_side("after", "In the file, and not on Scenario before", after)
    pairs = paired([Block(markup) for markup in before], [Block(markup) for markup in after])
    heads = '<div class="row heads"><h3>On Scenario</h3><h3>In the file</h3></div>'
    return f'<section class="sides">{heads}\n{"".join(_rows(pairs))}</section>\n'


def _one_side(side: str, label: str, blocks: Sequence[str]) -> str:
    cell = _cell(side, "\n".join(blocks))
    return f'<section class="sides one {side}"><h3>{label}</h3>\n{cell}</section>\n'


def _rows(pairs: Sequence[Pair]) -> Iterator[str]:
    groups = [(is_equal, list(group)) for is_equal, group in groupby(pairs, key=_is_equal)]
    for place, (is_equal, group) in enumerate(groups):
        if not is_equal:
            yield from map(_changed_row, group)
            continue
        first = 0 if place == 0 else 1
        last = len(group) if place == len(groups) - 1 else len(group) - 1
        yield from _equal_rows(group, first, last)


def _equal_rows(group: Sequence[Pair], first: int, last: int) -> Iterator[str]:
    """Rows that are the same on both sides, those from `first` to `last` folded where they are many."""
    if last - first < _FEWEST_FOLDED:
        first = last = len(group)
    yield from map(_equal_row, group[:first])
    if last > first:
        inner = "".join(map(_equal_row, group[first:last]))
        yield f'<details class="fold"><summary>{last - first} equal blocks</summary>\n{inner}</details>\n'
    yield from map(_equal_row, group[last:])


def _is_equal(pair: Pair) -> bool:
    before, after = pair
    return before is not None and after is not None and before.identity == after.identity


def _equal_row(pair: Pair) -> str:
    return _row("equal", *(block.markup if block else "" for block in pair))


def _changed_row(pair: Pair) -> str:
    before, after = pair
    if before is None or after is None:
        return _row("changed", _all_marked(before, "del"), _all_marked(after, "ins"))
    marked = marked_pair(before, after)
    notes = [] if marked else [_UNMARKED]
    if before.words == after.words:
        notes.append(_MARKUP)
    return _row("changed", *(marked or (before.markup, after.markup)), [*notes, *_targets(before, after)])


def _all_marked(block: Block | None, name: str) -> str | None:
    return all_marked(block, name) if block else None


def _targets(before: Block, after: Block) -> Iterator[str]:
    """Which links lead elsewhere: their text alone would not say so."""
    for name, targets in (("del", before.targets - after.targets), ("ins", after.targets - before.targets)):
        if targets and before.targets and after.targets:
            label = "Links no longer lead to" if name == "del" else "Links now lead to"
            yield f"{label} " + ", ".join(f"<{name}>{target}</{name}>" for target in sorted(targets)) + "."


def _row(kind: str, before: str | None, after: str | None, notes: Sequence[str] = ()) -> str:
    said = "".join(f'<p class="remark">{note}</p>' for note in notes)
    return f'<div class="row {kind}">{_cell("before", before)}{_cell("after", after)}{said}</div>\n'


def _cell(side: str, markup: str | None) -> str:
    if markup is None:
        return f'<div class="cell {side} none"></div>'
    return f'<div class="cell {side}"><div class="prose" dir="auto">{markup}</div></div>'
