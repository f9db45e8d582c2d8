"""Acknowledged lines: what they say, and what is wrong with what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncjob.local.acknowledged_lines import Line, parse, render, updated

ONE, TWO = "1" * 64, "2" * 64
PROFILES = st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), min_size=1).filter(
    str.isprintable
)
LINES = st.frozensets(st.builds(Line, PROFILES, st.text("0123456789abcdef", min_size=64, max_size=64)))


@given(LINES.filter(bool))
def test_what_is_written_is_what_is_read(lines: frozenset[Line]) -> None:
    assert parse(render(lines)) == (lines, ())


def test_lines_are_sorted_and_each_is_there_once() -> None:
    lines = [Line("test", TWO), Line("live", TWO), Line("test", ONE), Line("test", TWO)]
    assert render(lines).decode() == f"live {TWO}\ntest {ONE}\ntest {TWO}\n"


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"", 1, "empty line"),
        (f"test {ONE}\n\n".encode(), 2, "empty line"),
        (f"test {ONE[1:]}\n".encode(), 1, "is not `PROFILE SHA-256`"),
        (f"test {ONE}0\n".encode(), 1, "is not"),
        (f"test {'A' * 64}\n".encode(), 1, "is not"),
        (f"{ONE}\n".encode(), 1, "is not"),
        (f" {ONE}\n".encode(), 1, "is not"),
        (f"te\x1b[31mst {ONE}\n".encode(), 1, r"te\x1b[31mst"),
        (f"test {ONE}\n<<<<<<< HEAD\n".encode(), 2, "conflict marker"),
        (f"test {ONE}\n=======\n".encode(), 2, "conflict marker"),
        (b"\xff", None, "UTF-8"),
    ],
)
def test_what_is_no_line_is_named(data: bytes, line: int | None, words: str) -> None:
    _, (problem,) = parse(data)
    assert (problem.code, problem.line, problem.is_error) == ("acknowledged-line", line, True)
    assert words in problem.message


def test_no_file_makes_very_many_problems() -> None:
    assert [problem.line for problem in parse(b"\n" * 100_000).problems] == list(range(1, 11))


def test_line_ends_of_windows_are_line_ends() -> None:
    assert parse(f"test {ONE}\r\n".encode()) == (frozenset({Line("test", ONE)}), ())


@pytest.mark.parametrize(
    ("digest", "is_seen", "expected"),
    [
        (TWO, True, {("live", ONE), ("test", TWO)}),
        (TWO, False, {("live", ONE)}),
        (ONE, True, {("live", ONE), ("test", ONE)}),
        (ONE, False, {("live", ONE), ("test", ONE)}),
        (None, True, {("live", ONE)}),
        (None, False, {("live", ONE)}),
    ],
)
def test_a_profile_has_the_line_of_one_text_and_the_others_keep_theirs(
    digest: str | None, is_seen: bool, expected: set[tuple[str, str]]
) -> None:
    lines = {Line("live", ONE), Line("test", ONE)}
    assert updated(lines, "test", digest, is_seen=is_seen) == expected
