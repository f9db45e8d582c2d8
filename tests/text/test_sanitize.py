"""Nothing in untrusted text acts on a terminal."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncjob.text.sanitize import _is_plain, one_line, shorten, visible

# What a terminal, a log or a reader's eye would obey, and how it is shown instead.
ACTIVE = [
    ("\0", "\\x00"),
    ("\x07", "\\x07"),
    ("\x08", "\\x08"),
    ("\x0b", "\\x0b"),
    ("\r", "\\x0d"),
    ("\x1b[31m", "\\x1b[31m"),
    ("\x1f", "\\x1f"),
    ("\x7f", "\\x7f"),
    ("\x80", "\\x80"),
    ("\x85", "\\x85"),
    ("\x9b31m", "\\x9b31m"),
    ("\x9f", "\\x9f"),
    ("\u061c", "\\u061c"),
    ("\u200e", "\\u200e"),
    ("\u200f", "\\u200f"),
    ("\u2028", "\\u2028"),
    ("\u2029", "\\u2029"),
    ("\u202a", "\\u202a"),
    ("\u202e", "\\u202e"),
    ("\u2066", "\\u2066"),
    ("\u2069", "\\u2069"),
    ("\ufeff", "\\ufeff"),
    ("\ud800", "\\ud800"),
    ("\udfff", "\\udfff"),
]
ANY_TEXT = st.text(st.characters(exclude_categories=[]) | st.sampled_from([active[0] for active, _ in ACTIVE]))


@pytest.mark.parametrize(("text", "shown"), ACTIVE, ids=[ascii(text) for text, _ in ACTIVE])
def test_what_would_act_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert visible(f"a{text}b") == f"a{shown}b"


@pytest.mark.parametrize(
    "text", ["", "a\tb\nc", " ~\xa0¡é", "e\u0301 🦊 中文", "\u200b\u200d", "\u2027\u202f\u2065\u206a", "\\x1b"]
)
def test_what_does_not_act_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


@given(ANY_TEXT)
@settings(deadline=None)
def test_what_is_visible_can_be_printed_and_stays_so(text: str) -> None:
    shown = visible(text)
    shown.encode()
    assert visible(shown) == shown
    assert all(sign in "\t\n" or (ord(sign) >= 0x20 and not 0x7F <= ord(sign) <= 0x9F) for sign in shown)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ""),
        (" \n\t", ""),
        (" a\r\n\n b\tc ", "a b c"),
        ("a\u2028b\x85c\x0bd\x1ce", "a b c d e"),
        ("a\x1b\nb", "a\\x1b b"),
    ],
)
def test_white_space_runs_become_one_space(text: str, line: str) -> None:
    assert one_line(text) == line


@given(ANY_TEXT)
@settings(deadline=None)
def test_one_line_is_one_line(text: str) -> None:
    line = one_line(text)
    assert line.splitlines() == ([line] if line else [])
    assert one_line(line) == line


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("a\nb", 3, "a b"),
        ("\x1b", 4, "\\x1b"),
        ("\x1b\x1b", 4, "\\x1…"),
    ],
)
def test_a_long_text_is_cut_and_says_so(text: str, limit: int, short: str) -> None:
    assert shorten(text, limit) == short


def test_a_reason_is_at_most_300_characters_long() -> None:
    assert shorten("x" * 300) == "x" * 300
    assert shorten("x" * 301) == "x" * 299 + "…"


@given(ANY_TEXT, st.integers(1, 50))
@settings(deadline=None)
def test_nothing_is_longer_than_the_limit(text: str, limit: int) -> None:
    assert len(shorten(text, limit)) <= limit


@pytest.mark.parametrize("text", [text for text, _ in ACTIVE], ids=ascii)
def test_nothing_that_acts_passes_for_plain(text: str) -> None:
    assert not _is_plain(f"plain {text}\n")
    assert _is_plain("plain é 🦊 中文\n\t ~")
