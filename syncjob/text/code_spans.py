"""Where the code of a Markdown text is. Pure; the only module that parses Markdown."""

import re
from bisect import bisect_right
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.backticks import backtick
from markdown_it.token import Token

Position = tuple[int, int]  # line and column, both from 1
Span = tuple[Position, Position]  # first position, and the one past the last

_LARGEST = 200_000  # characters
# The parser looks at each line once for each quotation around it; this many looks take a second.
_MOST_LOOKS = 400_000
_QUOTES = re.compile(r"^[ \t>*+\-0-9.)]*>", re.MULTILINE)


def is_parsable(text: str) -> bool:
    """Whether a text is parsed within two seconds or so, whatever it says: nothing can stop the parser."""
    if len(text) > _LARGEST:
        return False
    deepest = max((marker.group().count(">") for marker in _QUOTES.finditer(text)), default=0)
    return text.count("\n") * (deepest + 1) <= _MOST_LOOKS


def code_spans(text: str) -> tuple[Span, ...]:
    """The extents of all code blocks and code spans of a canonical text, in order; none if it is not parsable."""
    if not is_parsable(text):
        return ()
    lines = text.split("\n")
    spans: list[Span] = []
    read_to: dict[int, int] = {}
    for token in _PARSER.parse(text):
        if token.map is None:
            continue
        if token.type in ("fence", "code_block"):
            first, end = token.map
            spans.append(((first + 1, 1), (end + 1, 1)))
        elif token.type == "inline":
            spans.extend(_inline_spans(token, lines, read_to))
    return tuple(spans)


def is_code(spans: tuple[Span, ...], line: int, column: int) -> bool:
    """Whether a position lies inside one of the spans, which are in order and do not overlap."""
    before = bisect_right(spans, (line, column), key=lambda span: span[0])
    return before > 0 and (line, column) < spans[before - 1][1]


def _record_backticks(state: StateInline, silent: bool) -> bool:
    """markdown-it's own rule, with the offsets noted that it does not keep."""
    start, tokens = state.pos, len(state.tokens)
    found = backtick(state, silent)
    if len(state.tokens) > tokens:  # an unmatched run is found as well, and makes no token
        state.tokens[-1].meta = {"start": start, "end": state.pos}
    return found


def _inline_spans(token: Token, lines: list[str], read_to: dict[int, int]) -> Iterator[Span]:
    offsets = _source_positions(token, lines, read_to)
    for child in token.children or ():
        if child.type == "code_inline" and "start" in child.meta:
            yield offsets[child.meta["start"]], offsets[child.meta["end"]]


def _source_positions(token: Token, lines: list[str], read_to: dict[int, int]) -> list[Position]:
    """The source position of each offset of a block's inline content, and of its end.

    Content lines are source lines less their indentation and quote or list markers, so each is
    found again as text; `read_to` says how far a source line is used up by earlier table cells.
    A pipe of a cell is `\\|` in its source.
    """
    positions: list[Position] = []
    content = token.content.split("\n")
    first, end = token.map or (0, 0)
    # A paragraph's first lines are dropped if they hold no-break spaces and the like alone.
    while first + len(content) < end and content[0].lstrip() not in lines[first]:
        first += 1
    for number, line in enumerate(content, first):
        text = line.lstrip()
        start, pipe_width = _find(text, lines[number], read_to.get(number, 0))
        column = start + 1
        # One tab of the source may be several spaces of the content.
        positions.extend((number + 1, max(column - left, 1)) for left in range(len(line) - len(text), 0, -1))
        for character in text:
            positions.append((number + 1, column))
            column += pipe_width if character == "|" else 1
        positions.append((number + 1, column))
        read_to[number] = column - 1
    return positions


def _find(text: str, source: str, begun: int) -> tuple[int, int]:
    """Where a content line begins in its source line, and how wide a pipe of it is there."""
    found = source.find(text.replace("|", r"\|"), begun)
    if found >= 0:
        return found, 2
    return max(source.find(text, begun), begun), 1


_PARSER = MarkdownIt("commonmark").enable("table")
_PARSER.inline.ruler.at("backticks", _record_backticks)
