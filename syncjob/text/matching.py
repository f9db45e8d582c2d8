"""Which runs of two sequences are equal, in bounded time. Pure."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import accumulate, pairwise

EqualRun = tuple[int, int, int]  # where it starts in each of the two, and its length

_MOST_PAIRS = 250_000  # of a value of one with a value of the other: a tenth of a second, or so


def apart_from(text: str) -> Callable[[str], int]:
    """Tells of other texts how many lines they and one text do not have in common."""
    lines = Counter(text.split("\n"))
    total = lines.total()

    def apart(other: str) -> int:
        own = Counter(other.split("\n"))
        return own.total() + total - 2 * (own & lines).total()

    return apart


def has_changes(base: str, edited: str, text: str) -> bool:
    """Whether a text has all that an edit of the base added or took away, by its lines; False if that is nothing."""
    old, new, own = (Counter(line.strip() for line in each.split("\n")) for each in (base, edited, text))
    changed = [line for line in old.keys() | new.keys() if line and old[line] != new[line]]
    return bool(changed) and all(
        own[line] >= new[line] if new[line] > old[line] else own[line] <= new[line] for line in changed
    )


def equal_runs(before: Sequence[str], after: Sequence[str]) -> list[EqualRun] | None:
    """The runs, in order, the last one empty at both ends; None if it would take too long to tell.

    difflib alone takes time that grows with the square of the length even if hardly anything
    repeats, so what is long is first cut at the values that both sides hold once.
    """
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    ends = (len(before) - tail, len(after) - tail)
    runs = _runs_between(before, after, (head, head), ends)
    return None if runs is None else [(0, 0, head), *runs, (*ends, tail), (len(before), len(after), 0)]


def _common(before: Sequence[str], after: Sequence[str]) -> int:
    pairs = zip(before, after, strict=False)
    shorter = min(len(before), len(after))
    return next((length for length, (old, new) in enumerate(pairs) if old != new), shorter)


def _runs_between(
    before: Sequence[str], after: Sequence[str], starts: tuple[int, int], ends: tuple[int, int]
) -> list[EqualRun] | None:
    cuts = [starts, *_cuts(before, after, starts, ends), ends]
    gaps = [(old, old_end, new, new_end) for (old, new), (old_end, new_end) in pairwise(cuts)]
    if sum((old_end - old) * (new_end - new) for old, old_end, new, new_end in gaps) > _MOST_PAIRS:
        return None
    return [run for gap in gaps for run in _runs_of_gap(before, after, *gap)]


def _runs_of_gap(
    before: Sequence[str], after: Sequence[str], old: int, old_end: int, new: int, new_end: int
) -> Iterator[EqualRun]:
    matcher = SequenceMatcher(None, before[old:old_end], after[new:new_end])
    yield from ((old + match.a, new + match.b, match.size) for match in matcher.get_matching_blocks() if match.size)


def _cuts(
    before: Sequence[str], after: Sequence[str], starts: tuple[int, int], ends: tuple[int, int]
) -> list[tuple[int, int]]:
    """The longest series of places, in order on both sides, of values that each side holds once; for long ones."""
    old, new = before[starts[0] : ends[0]], after[starts[1] : ends[1]]
    if len(old) * len(new) <= _MOST_PAIRS:
        return []
    once = {value for value, number in Counter(old).items() if number == 1}
    once &= {value for value, number in Counter(new).items() if number == 1}
    places = {value: place for place, value in enumerate(new, starts[1]) if value in once}
    return _rising([(place, places[value]) for place, value in enumerate(old, starts[0]) if value in once])


def _rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest subsequence whose second members rise; the first do already (patience sorting)."""
    lows: list[int] = []
    tops: list[int] = []
    links: list[int] = []
    for index, (_, place) in enumerate(pairs):
        pile = bisect_left(lows, place)
        lows[pile : pile + 1] = [place]
        tops[pile : pile + 1] = [index]
        links.append(tops[pile - 1] if pile else -1)
    found: list[tuple[int, int]] = []
    index = tops[-1] if tops else -1
    while index >= 0:
        found.append(pairs[index])
        index = links[index]
    return found[::-1]


def without_crumbs(before: Sequence[str], after: Sequence[str], runs: Sequence[EqualRun]) -> list[EqualRun]:
    """The runs but for those that are shorter than the changes on both sides of them, which only disturb."""
    old, new = ([0, *accumulate(map(len, words))] for words in (before, after))
    kept = list(runs[:1])
    for run, following in pairwise(runs[1:]):
        changed_before = _gap(old, new, kept[-1], run)
        changed_after = _gap(old, new, run, following)
        if old[run[0] + run[2]] - old[run[0]] > min(changed_before, changed_after):
            kept.append(run)
    return [*kept, *runs[1:][-1:]]


def _gap(old: Sequence[int], new: Sequence[int], left: EqualRun, right: EqualRun) -> int:
    """How many characters change between two runs, at most, given the lengths up to each word."""
    return max(old[right[0]] - old[left[0] + left[2]], new[right[1]] - new[left[1] + left[2]])
