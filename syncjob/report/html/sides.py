"""Two texts side by side, block for block, with what differs marked. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from syncjob.report.html.pairs import Pair, paired
from syncjob.report.html.rendering import Markup, render, trusted
from syncjob.report.html.words import Block, all_marked, marked_pair

_FEWEST_FOLDED = 3  # equal blocks beside the one that is left open next to each change
_UNMARKED = "Too much differs here to mark single words."
_MARKUP = "The words are the same; their markup differs."


@dataclass(frozen=True)
class _Row:
    kind: str
    before: Markup | None
    after: Markup | None
    remarks: Sequence[str] = ()
    gone: Sequence[Markup] = ()  # targets that links no longer have
    new: Sequence[Markup] = ()


def both_sides(
    before: Sequence[str] | None, after: Sequence[str] | None, *, is_compared: bool = True, is_rollback: bool = False
) -> Markup:
    """The blocks of two texts in two columns; if one is None, no text, the other's in one column, unmarked.

    If it `is_rollback`, what takes the place of Scenario's text is from no file, but put back.
    """
    if before is None or after is None:
        side, blocks = ("after", after) if before is None else ("before", before)
        heading = _heading(side, is_compared=is_compared, is_rollback=is_rollback)
        return render("sides.html", side=side, heading=heading, prose=trusted("\n".join(blocks or ())))
    pairs = paired([Block(markup) for markup in before], [Block(markup) for markup in after])
    return render("sides.html", side=None, is_rollback=is_rollback, groups=_groups(pairs))


def _heading(side: str, *, is_compared: bool, is_rollback: bool) -> str:
    if is_rollback:
        return (
            "On Scenario, and not before that run"
            if side == "before"
            else "The text before that run; Scenario had none"
        )
    if side == "before":
        return "On Scenario, and no longer in git"
    return "In the file, and not on Scenario before" if is_compared else "In the file"


def _groups(pairs: Sequence[Pair]) -> Iterator[tuple[bool, Sequence[_Row]]]:
    """The rows in order, in groups that are folded or not: many equal ones are."""
    groups = [(is_equal, list(group)) for is_equal, group in groupby(pairs, key=_is_equal)]
    for place, (is_equal, group) in enumerate(groups):
        rows = [_equal_row(pair) if is_equal else _changed_row(*pair) for pair in group]
        first = 0 if place == 0 else 1
        last = len(rows) if place == len(groups) - 1 else len(rows) - 1
        if not is_equal or last - first < _FEWEST_FOLDED:
            first = last = len(rows)
        parts = ((False, rows[:first]), (True, rows[first:last]), (False, rows[last:]))
        yield from (part for part in parts if part[1])


def _is_equal(pair: Pair) -> bool:
    before, after = pair
    return before is not None and after is not None and before.identity == after.identity


def _equal_row(pair: Pair) -> _Row:
    before, after = (trusted(block.markup if block else "") for block in pair)
    return _Row("equal", before, after)


def _changed_row(before: Block | None, after: Block | None) -> _Row:
    if before is None or after is None:
        return _Row("changed", _all_marked(before, "del"), _all_marked(after, "ins"))
    marked = marked_pair(before, after)
    old, new = map(trusted, marked or (before.markup, after.markup))
    remarks = [*([] if marked else [_UNMARKED]), *([_MARKUP] if before.words == after.words else [])]
    return _Row("changed", old, new, remarks, _led(before, after), _led(after, before))


def _all_marked(block: Block | None, name: str) -> Markup | None:
    return trusted(all_marked(block, name)) if block else None


def _led(block: Block, other: Block) -> list[Markup]:
    """The targets of one that the other, which has links too, does not have: their text alone would not say so."""
    return [trusted(target) for target in sorted(block.targets - other.targets) if other.targets]
