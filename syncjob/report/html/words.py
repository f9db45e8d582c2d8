"""Which words of two pieces of HTML differ, marked in both. Pure.

The HTML is our own: no text and no attribute holds a `<` or `>`. Only words are compared, never
elements, and what is marked lies within one text, so that what was well-formed stays so.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property

from syncjob.text.canonical import normalized
from syncjob.text.matching import equal_runs, without_crumbs
from syncjob.text.words import ALIKE, HAN, JOINED, LETTERS, SIGN

_CARD = re.compile(r'<data class="[^"<]*" value="([^"<]*)">[^<]*(?:<(?!/?data)[^<]*)*</data>')
_PIECE = re.compile(
    rf"{_CARD.pattern}|<[^<>]*>|\s+|&[^;&<\s]*;|[{HAN}{SIGN}]{JOINED}|{LETTERS}(?:[.'_-]{LETTERS})*", re.DOTALL
)


class Block:
    """The HTML of one paragraph, list, table and so on."""

    def __init__(self, markup: str) -> None:
        self.markup = markup
        self.identity = _CARD.sub(r"<data>\1", markup)  # what is known of a card's thing is no part of the text

    @cached_property
    def pieces(self) -> list[str]:
        return [match.group() for match in _PIECE.finditer(self.markup)]

    @cached_property
    def words(self) -> list[str]:
        return [_key(piece) for piece in self.pieces if _is_word(piece)]

    @cached_property
    def counts(self) -> Counter[str]:
        return Counter(self.words)

    @cached_property
    def targets(self) -> frozenset[str]:
        """The targets of its links, as HTML."""
        return frozenset(re.findall(r'<a href="([^"]*)"', self.markup))


def likeness(before: Block, after: Block) -> float:
    """The share of common words, from 0 to 1."""
    return (before.counts & after.counts).total() / max(len(before.words), len(after.words), 1)


def marked_pair(before: Block, after: Block) -> tuple[str, str] | None:
    """Both as HTML with what differs in `<del>` and `<ins>`; None if that would take too long."""
    runs = equal_runs(before.words, after.words) if likeness(before, after) >= ALIKE else []
    if runs is None:
        return None
    runs = without_crumbs(before.words, after.words, runs)
    old_equal = {place for old, _, size in runs for place in range(old, old + size)}
    new_equal = {place for _, new, size in runs for place in range(new, new + size)}
    return _marked(before, old_equal, "del"), _marked(after, new_equal, "ins")


def all_marked(block: Block, name: str) -> str:
    """The block with every word in elements of that name."""
    return _marked(block, frozenset(), name)


def _marked(block: Block, equal: AbstractSet[int], name: str) -> str:
    return "".join(_with_marks(block.pieces, equal, name))


def _with_marks(pieces: Sequence[str], equal: AbstractSet[int], name: str) -> Iterator[str]:
    place, is_open, space = 0, False, ""
    for piece in pieces:
        if piece.isspace():
            space = piece
            continue
        is_changed = _is_word(piece) and place not in equal
        place += _is_word(piece)
        yield f"</{name}>" if is_open and not is_changed else ""
        yield space
        yield f"<{name}>" if is_changed and not is_open else ""
        yield piece
        is_open, space = is_changed, ""
    yield (f"</{name}>" if is_open else "") + space


def _is_word(piece: str) -> bool:
    return not piece.isspace() and (not piece.startswith("<") or piece.startswith("<data "))


def _key(piece: str) -> str:
    card = _CARD.fullmatch(piece)
    return card[1] if card else normalized(piece, "NFC")
