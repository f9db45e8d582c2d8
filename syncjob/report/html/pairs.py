"""Which block of a text became which block of another. Pure."""

from collections.abc import Iterator, Sequence
from itertools import pairwise, zip_longest

from syncjob.report.html.words import Block, likeness
from syncjob.text.matching import equal_runs
from syncjob.text.words import ALIKE

Pair = tuple[Block | None, Block | None]

_MOST_COMPARED = 900  # blocks of one side with blocks of the other, between equal ones


def paired(before: Sequence[Block], after: Sequence[Block]) -> list[Pair]:
    """Every block of both sides once, in order: equal with equal, then like with like, then as they come."""
    runs = equal_runs([block.identity for block in before], [block.identity for block in after])
    equal = [(old + step, new + step) for old, new, size in runs or () for step in range(size)]
    anchors = [(-1, -1), *_anchored(before, after, equal), (len(before), len(after))]
    return [pair for left, right in pairwise(anchors) for pair in _rows(before, after, left, right)]


def _rows(
    before: Sequence[Block], after: Sequence[Block], left: tuple[int, int], right: tuple[int, int]
) -> Iterator[Pair]:
    """What is between two anchors side by side, and the right one of them."""
    yield from zip_longest(before[left[0] + 1 : right[0]], after[left[1] + 1 : right[1]])
    if right[0] < len(before):
        yield before[right[0]], after[right[1]]


def _anchored(
    before: Sequence[Block], after: Sequence[Block], equal: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    for (old, new), (old_end, new_end) in pairwise([(-1, -1), *equal, (len(before), len(after))]):
        alike = _alike(before[old + 1 : old_end], after[new + 1 : new_end])
        yield from ((old + 1 + one, new + 1 + other) for one, other in alike)
        if old_end < len(before):
            yield old_end, new_end


def _alike(before: Sequence[Block], after: Sequence[Block]) -> list[tuple[int, int]]:
    """The places of like blocks, in order, so that the sum of their likeness is greatest."""
    if len(before) * len(after) > _MOST_COMPARED:
        return []
    # best[old][new]: the greatest sum, and its places, of the blocks from `old` and from `new` on.
    best: list[list[tuple[float, tuple[tuple[int, int], ...]]]]
    best = [[(0.0, ())] * (len(after) + 1) for _ in range(len(before) + 1)]
    for old in reversed(range(len(before))):
        for new in reversed(range(len(after))):
            choices = [best[old + 1][new], best[old][new + 1]]
            share = likeness(before[old], after[new])
            if share >= ALIKE:
                total, places = best[old + 1][new + 1]
                choices.insert(0, (total + share, ((old, new), *places)))
            best[old][new] = max(choices, key=lambda choice: choice[0])
    return list(best[0][0][1])
