"""Which known word a mistyped one may have been meant to be, in bounded time. Pure."""

from collections.abc import Iterable
from heapq import nlargest

# What it may cost, however many words are known and whoever chose them.
_LONGEST = 64  # characters of a word that is looked for, for the time grows with their square
_COMPARED = 20  # words that share most with it, out of all
_ALIKE = 0.75


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most like one; None if none is like it."""
    # Imported late: few runs have to know, and it is slow to load.
    from difflib import get_close_matches

    if len(word) > _LONGEST:
        return None
    about_as_long = {other for other in known if abs(len(other) - len(word)) <= 2 and other != word}
    likely = nlargest(_COMPARED, sorted(about_as_long), key=lambda other: _shared(word, other))
    return next(iter(get_close_matches(word, likely, n=1, cutoff=_ALIKE)), None)


def hint(word: str, known: Iterable[str]) -> str:
    """`; did you mean …?` for the end of a message; "" if no known word is like it."""
    near = closest(word, known)
    return f"; did you mean {near}?" if near else ""


def _shared(one: str, other: str) -> int:
    """How many characters two words have in common at both ends."""
    return _ahead(one, other) + _ahead(one[::-1], other[::-1])


def _ahead(one: str, other: str) -> int:
    pairs = zip(one, other, strict=False)
    return next((place for place, (mine, its) in enumerate(pairs) if mine != its), min(len(one), len(other)))
