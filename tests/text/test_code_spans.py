"""Which braces of a Markdown text stand in code. Each `{` of a text is asked for, in order."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncjob.text.canonical import canonical
from syncjob.text.code_spans import code_spans, is_code

PIECES = st.sampled_from(
    ["`", "``", "```", "~~~", "\n", "\n\n", " ", "    ", "\t", "> ", "- ", "1. ", "|", "\\", "\\|", "|-|-|", "# ", "===",
     "{", "a", "[a](", ")", "![", "]", "<a ", ">", "<pre>", "*", "é🦊", "\u2028", "[r]: u"]
)  # fmt: skip
SNIPPETS = st.lists(PIECES, max_size=40).map("".join).map(canonical)


def in_code(text: str) -> list[bool]:
    spans = code_spans(text)
    places = [
        (line, column)
        for line, row in enumerate(text.split("\n"), 1)
        for column, sign in enumerate(row, 1)
        if sign == "{"
    ]
    return [is_code(spans, *place) for place in places]


CODE = [
    ("inline", "a `{` {", [True, False]),
    ("double backticks", "``a ` {`` {", [True, False]),
    ("a run of three in a line", "a ``` { ``` {", [True, False]),
    ("span over two lines", "{ `a\n{ b` {", [False, True, False]),
    ("span over two lines of a quote", "> { `a\n> { b` {", [False, True, False]),
    ("span over a lazy line of a quote", "> { `a\n{ b` {", [False, True, False]),
    ("span over two lines of a list", "- { `a\n  { b` {", [False, True, False]),
    ("span over indented lines", "a `b\n      { c` {", [True, False]),
    ("spans side by side", "`{`{`{`", [True, False, True]),
    ("fenced", "{\n```\n{\n```\n{", [False, True, False]),
    ("fenced with tildes", "~~~ text\n{\n```\n{\n~~~\n{", [True, True, False]),
    ("fenced to the end of the text", "```\n{\n\n{", [True, True]),
    ("fenced in a quote", "> ```\n> {\n> ```\n> {\n\n{", [True, False, False]),
    ("fenced in a quote that ends first", "> ```\n> {\n\n{", [True, False]),
    ("fenced in a list", "1. ```\n   {\n   ```\n   {", [True, False]),
    ("fenced in a list that ends first", "- ```\n  {\n{", [True, False]),
    ("in the info string", "```{\n{\n```", [True, True]),
    ("indented", "{\n\n    {\n\n    {\n\n{", [False, True, True, False]),
    ("indented by a tab", "\t{\n{", [True, False]),
    ("indented in a list", "- a\n\n      {\n\n  {", [True, False]),
    ("indented in a quote", ">     {\n> {", [True, False]),
    ("indentation that goes on a paragraph", "a\n    {", [False]),
    ("heading", "# { `{` {", [False, True, False]),
    ("closed heading", "## `{` { ##", [True, False]),
    ("underlined heading", "{ `{`\n===\n{", [False, True, False]),
    ("emphasis", "**{ `{`** {", [False, True, False]),
    ("link text", "[{ `{`](u) {", [False, True, False]),
    ("quote in a list in a quote", "> - > `{` {", [True, False]),
    ("task of a numbered list", "12) `{` {", [True, False]),
    ("the same words twice", "- a\n- a `{` a `{` {", [True, True, False]),
    ("after characters of more than one byte", "é🦊\u2028`{` {", [True, False]),
    ("after a tab", "-\t`{` {", [True, False]),
    ("after a reference", "[r]: u\n`{` {", [True, False]),
    ("table", "|{|`{`|\n|-|-|\n|`{`|{|", [False, True, True, False]),
    ("table without outer pipes", "{ | `{`\n-|-\n`{` | {", [False, True, True, False]),
    ("table of equal cells", "|a|b|c|\n|-|-|-|\n|`{`|{|`{`|", [True, False, True]),
    ("table with an empty cell and one too few", "|a|b|c|\n|-|-|-|\n||`{`|\n|{|", [True, False]),
    ("table with a cell too many", "|a|\n|-|\n|`{`|{|", [True, False]),
    ("table in a quote", "> |a|b|\n> |-|-|\n> |{|`{`|", [False, True]),
    ("escaped pipe in code", "|a|b|\n|-|-|\n| `x\\|{asset: x}` | { |", [True, False]),
    ("escaped pipe in an earlier cell", "|a|b|c|\n|-|-|-|\n| x\\|y | `{` | { |", [True, False]),
    ("escaped pipes in two cells", "|a|b|\n|-|-|\n|x\\|y {asset: x}|`\\|{asset: x}`|", [False, True]),
    ("backticks of two cells are no pair", "|a|b|\n|-|-|\n|`{|{`|", [False, False]),
    ("escaped pipe just before the end of code", "|a|b|\n|-|-|\n| `x\\|{` | { |", [True, False]),
    ("escaped pipes before code", "|a|b|\n|-|-|\n| \\|\\| { `{` | { |", [False, True, False]),
    ("code of an escaped pipe", "|a|b|\n|-|-|\n|`\\|`|{`{`|", [False, True]),
    ("an unmatched run after code", "`{` and ``", [True]),
    ("unmatched runs after code", "`{` ``{` ```{", [True, False, False]),
    ("after a line of a no-break space", "\xa0\n`{` {", [True, False]),
    ("after such a line of a quote", "> \xa0\n> `{` {", [True, False]),
    ("span that ends behind a tab", "- `a\n\t`{", [False]),
    ("escaped backtick", "\\`{`", [False]),
    ("unclosed backtick", "`{", [False]),
    ("runs of unlike length", "``{`", [False]),
    ("unclosed at a paragraph's end", "`{\n\n{`", [False, False]),
    ("HTML", "<pre>\n{ `{`\n</pre>", [False, False]),
    ("attribute", "<a title='`{`'>", [False]),
    ("no code at all", "{", [False]),
]


@pytest.mark.parametrize(("text", "expected"), [case[1:] for case in CODE], ids=[case[0] for case in CODE])
def test_code_is_where_commonmark_and_tables_have_it(text: str, expected: list[bool]) -> None:
    assert in_code(text) == expected


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("", ()),
        ("a", ()),
        ("a `b` c", (((1, 3), (1, 6)),)),
        ("a ``b`` `c`", (((1, 3), (1, 8)), ((1, 9), (1, 12)))),
        ("> `b\n> c`", (((1, 3), (2, 5)),)),
        ("a\n```\nb\n```\nc", (((2, 1), (5, 1)),)),
        ("- a\n\n      b", (((3, 1), (4, 1)),)),
    ],
)
def test_a_span_goes_from_its_first_backtick_to_past_its_last(
    text: str, spans: tuple[tuple[tuple[int, int], tuple[int, int]], ...]
) -> None:
    assert code_spans(text) == spans


@pytest.mark.parametrize(
    ("place", "expected"),
    [((2, 2), False), ((2, 3), True), ((3, 1), True), ((4, 4), True), ((4, 5), False), ((4, 6), True), ((5, 1), False)],
)
def test_a_span_holds_its_first_place_and_not_the_one_past_its_last(place: tuple[int, int], expected: bool) -> None:
    spans = (((2, 3), (4, 5)), ((4, 6), (4, 7)))
    assert is_code(spans, *place) is expected


@given(SNIPPETS)
@settings(max_examples=300, deadline=None)
def test_every_text_can_be_read_and_each_span_has_an_extent(text: str) -> None:
    past_the_text = (text.count("\n") + 2, 1)
    for start, end in code_spans(text):
        assert (1, 1) <= start < end <= past_the_text


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0`~\t"), max_size=60).map(canonical))
@settings(deadline=None)
def test_without_backticks_tildes_and_indentation_there_is_no_code(text: str) -> None:
    assert code_spans(text.replace("    ", "")) == ()


@given(
    st.sampled_from(["", "> ", "- ", "3. ", "# ", "> - ", "**", "é "]),
    st.text(st.sampled_from("ab é🦊*_-1"), max_size=12),
    st.text(st.sampled_from("ab é🦊`*|\\"), max_size=12),
)
@settings(deadline=None)
def test_a_span_planted_in_a_line_is_found_where_it_is(marker: str, before: str, inner: str) -> None:
    head = f"{marker}x{before} "
    fence = "`" * (inner.count("`") + 1)
    code = f"{fence} {inner} {fence}"
    assert code_spans(head + code) == (((1, len(head) + 1), (1, len(head) + len(code) + 1)),)


@given(
    st.text(st.sampled_from("ab é🦊*_-1|\\"), max_size=12),
    st.text(st.sampled_from("ab é🦊`*|\\"), max_size=12),
    st.text(st.sampled_from("ab é🦊*`|\\"), max_size=12),
)
@settings(deadline=None, max_examples=500)
def test_a_span_planted_in_a_table_cell_is_found_where_it_is(before: str, inner: str, after: str) -> None:
    fence = "`" * (max(before.count("`"), inner.count("`"), after.count("`")) + 1)
    code = f"{fence} {inner} {fence}".replace("|", "\\|").replace("\\\\|", "\\|")
    head = "|x" + before.replace("\\", "") + " "
    columns = head.count("|")
    text = "|".join([""] + ["h"] * columns + [""]) + "\n|" + "-|" * columns + "\n" + head + code + " |"
    line = text.split("\n")[2]
    assert line.startswith(head)
    assert code_spans(text) == (((3, len(head) + 1), (3, len(head) + len(code) + 1)),)
