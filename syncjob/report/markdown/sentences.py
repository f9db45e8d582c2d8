"""A sentence with words of others in it, as HTML for GitHub: prose, but what GitHub could act on is in `<code>`. Pure.

In HTML, GitHub reads no Markdown, yet makes links of mentions, issues, commits and addresses, and pictures of `:names:`;
never within `<code>`.
"""

import re
from collections.abc import Iterator
from html import escape
from itertools import groupby

from syncjob.text.sanitize import one_line

_QUOTED = re.compile(r"`[^`]+`|\{[^{}`]+\}")  # in backticks, or a tag
_RUNS = re.compile(r"\s+|\S+")
_WORD = re.compile(r"([\"'(\u201c\u2018]*)(.*?)([\"')\u201d\u2019.,;:!?\u2026]*)", re.DOTALL)
# Words of letters, and numbers; neither an address, nor a reference such as GH-1, nor what may be a commit.
_CALM = re.compile(
    r"(?![0-9a-fA-F]{7})[^\W_]++(?:[-'\u2019][^\W\d_]++)*+"
    r"|[0-9]{1,3}(?:[.,][0-9]{1,3})+|[0-9]{1,6}(?:[.,][0-9]{1,6})?%?|[-\u2013\u2014=+%]?"
)
_Piece = tuple[bool, str]  # whether it is code


def prose(text: str) -> str:
    """The text in one line; what it has in backticks, and what is no plain word, as code."""
    return "".join(f"<code>{escape(part)}</code>" if is_code else escape(part) for is_code, part in _parts(text))


def name(text: str) -> str:
    """A name as prose if it is nothing but plain words, else as a whole in code."""
    said = one_line(text)
    is_calm = not any(is_code for is_code, _ in _words(said))
    return escape(said) if is_calm else f"<code>{escape(said)}</code>"


def _parts(text: str) -> Iterator[_Piece]:
    """Code and prose in turn; a blank between two pieces of code is code too."""
    pieces = [piece for piece in _pieces(one_line(text)) if piece[1]]
    for place, (_, part) in enumerate(pieces[1:-1], 1):
        if part.isspace() and pieces[place - 1][0] and pieces[place + 1][0]:
            pieces[place] = (True, part)
    for is_code, group in groupby(pieces, key=lambda piece: piece[0]):
        yield is_code, "".join(part for _, part in group)


def _pieces(text: str) -> Iterator[_Piece]:
    start = 0
    for quoted in _QUOTED.finditer(text):
        yield from _words(text[start : quoted.start()])
        yield True, quoted[0].strip("`")
        start = quoted.end()
    yield from _words(text[start:])


def _words(text: str) -> Iterator[_Piece]:
    for part in _RUNS.findall(text):
        before, word, after = _WORD.fullmatch(part).groups()  # type: ignore[union-attr]  # it matches everything
        yield False, before
        yield not (part.isspace() or _CALM.fullmatch(word)), word
        yield False, after
