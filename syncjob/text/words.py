"""The words of a text, and which of them differ between two pieces of a text. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import groupby

from syncjob.text.matching import EqualRun, equal_runs, without_crumbs

SIGN = r"!-/:-@\[-`{-~"
HAN = r"\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"  # written without spaces: each sign is a word
JOINED = r"[\u0300-\u036f\u3099\u309a\u200d\u20e3\ufe00-\ufe0f]*"
LETTERS = rf"[^\s{SIGN}{HAN}]+"
ALIKE = 1 / 3  # below this share of common words two texts are different ones

Span = tuple[str, bool]  # a part of a line, and whether the other side has it differently

_PIECE = re.compile(rf"\s|[{HAN}{SIGN}]{JOINED}|{LETTERS}(?:[.'_-]{LETTERS})*")
_MOST_PAIRS = 160_000  # of a word of one side with a word of the other; beyond that nothing is marked


def marked(before: Sequence[str], after: Sequence[str]) -> tuple[list[list[Span]], list[list[Span]]]:
    """The spans of each line of both sides; nothing differs in them if one side is not an edit of the other."""
    old, new = (_PIECE.findall("\n".join(lines)) for lines in (before, after))
    runs = _common_runs(old, new)
    if runs is None:
        return [[(line, False)] for line in before], [[(line, False)] for line in after]
    old_equal = {place for start, _, size in runs for place in range(start, start + size)}
    new_equal = {place for _, start, size in runs for place in range(start, start + size)}
    return _lines(old, old_equal), _lines(new, new_equal)


def _common_runs(old: Sequence[str], new: Sequence[str]) -> Sequence[EqualRun] | None:
    """The runs of pieces that both have, blanks among them only if nothing else differs; None if they are not alike."""
    (old_places, old_words), (new_places, new_words) = _words(old), _words(new)
    if old_words == new_words:
        return equal_runs(old, new) if len(old) * len(new) <= _MOST_PAIRS else None
    common = (Counter(old_words) & Counter(new_words)).total()
    is_alike = common >= ALIKE * max(len(old_words), len(new_words))
    if not is_alike or len(old_words) * len(new_words) > _MOST_PAIRS:
        return None
    runs = equal_runs(old_words, new_words)
    if runs is None:
        return None
    pairs = (
        (old_places[one + step], new_places[other + step], 1)
        for one, other, size in without_crumbs(old_words, new_words, runs)
        for step in range(size)
    )
    return list(pairs)


def _words(pieces: Sequence[str]) -> tuple[list[int], list[str]]:
    """Which pieces are words, and these."""
    places = [place for place, piece in enumerate(pieces) if not piece.isspace()]
    return places, [pieces[place] for place in places]


def _lines(pieces: Sequence[str], equal: AbstractSet[int]) -> list[list[Span]]:
    lines: list[list[Span]] = [[]]
    for piece, is_changed in _flagged(pieces, equal):
        if piece == "\n":
            lines.append([])
        else:
            lines[-1].append((piece, is_changed))
    return [list(_joined(line)) for line in lines]


def _flagged(pieces: Sequence[str], equal: AbstractSet[int]) -> Iterator[Span]:
    """Each piece, and whether it differs; a blank does if it is between two that do, or if blanks alone differ."""
    are_blanks_told = any(pieces[place].isspace() for place in equal)
    differs = [place not in equal and (are_blanks_told or not piece.isspace()) for place, piece in enumerate(pieces)]
    for place, piece in enumerate(pieces):
        is_between = piece.isspace() and 0 < place < len(pieces) - 1 and differs[place - 1] and differs[place + 1]
        yield piece, differs[place] or is_between


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    for is_changed, group in groupby(spans, key=lambda span: span[1]):
        yield "".join(text for text, _ in group), is_changed
