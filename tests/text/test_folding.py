"""Lines that fit a terminal: folded at blanks, whatever is in them, and nothing of them lost."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncjob.text.folding import cells, folded

RED, REVERSED, RESET = "\x1b[31m", "\x1b[7m", "\x1b[0m"


@pytest.mark.parametrize(
    ("line", "rows"),
    [
        ("", [""]),
        ("as wide as the terminal", ["as wide as the terminal"]),
        ("one more word than has room", ["one more word than has", "  room"]),
        ("a word  and blanks at the fold", ["a word  and blanks at", "  the fold"]),
        ("see https://example.org/a/long/path", ["see https://example.org", "  /a/long/path"]),
        ("中文文本中文文本中文文本", ["中文文本中文文本中文文", "  本"]),
        (f"{RED}red words that fill a row{RESET} or two", [f"{RED}red words that fill a{RESET}", f"  {RED}row{RESET} or two"]),
        ("e\u0301" * 23, ["e\u0301" * 23]),
    ],
)  # fmt: skip
def test_a_line_is_folded_at_blanks(line: str, rows: list[str]) -> None:
    assert list(folded(line, 23)) == rows


PARTS = st.lists(st.sampled_from(["a", "b", ".", " ", "文", "é", "\u0301", RED, REVERSED, RESET]), max_size=150)


@given(PARTS, st.integers(1, 60))
@settings(deadline=None, max_examples=100)
def test_rows_fit_and_nothing_but_blanks_is_lost(parts: list[str], width: int) -> None:
    line = "".join(parts)
    rows = list(folded(line, width, "+  "))
    assert all(cells(row) <= max(width, 20) for row in rows)
    shown = "".join(row.removeprefix("+  ") if place else row for place, row in enumerate(rows))
    assert re.sub(r"\x1b\[\d+m|\s", "", shown) == re.sub(r"\x1b\[\d+m|\s", "", line)
    assert all(row.count("\x1b") == 0 or row.endswith(RESET) or RESET in row for row in rows[:-1])


def test_it_takes_no_longer_than_the_line() -> None:
    assert len(list(folded("x" * 100_000, 80))) > 1_250
    assert len(list(folded("word " * 20_000, 80))) > 1_250
