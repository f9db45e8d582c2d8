"""Where the code of a Markdown text stands. Pure; the only module that parses Markdown."""

from bisect import bisect_right
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.backticks import backtick
from markdown_it.token import Token

Position = tuple[int, int]  # line and column, both from 1
Span = tuple[Position, Position]  # first position, and the one past the last


def code_spans(text: str) -> tuple[Span, ...]:
    """The extents of all code blocks and code spans of a canonical text, in order."""
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
    start = state.pos
    found = backtick(state, silent)
    if found and not silent and state.tokens and state.tokens[-1].type == "code_inline":
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
    A cell with escaped pipes is not found; where the search stood serves then.
    """
    positions: list[Position] = []
    first = token.map[0] if token.map else 0
    for number, line in enumerate(token.content.split("\n"), first):
        source = lines[number] if number < len(lines) else ""
        indent = len(line) - len(line.lstrip())
        begun = read_to.get(number, 0)
        found = source.find(line.lstrip(), begun)
        start = begun if found < 0 else max(found - indent, 0)
        positions.extend((number + 1, start + index + 1) for index in range(len(line) + 1))
        read_to[number] = start + len(line)
    return positions


def _make_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark").enable("table")
    parser.inline.ruler.at("backticks", _record_backticks)
    return parser


_PARSER = _make_parser()
