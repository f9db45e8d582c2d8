"""The files of acknowledged lines: what they say, what is wrong with them, and that nothing leads writes astray."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncjob.local import acknowledged
from syncjob.local.acknowledged import FOLDER, MAX_BYTES, Line, parse, path_of, read, render, with_text, without, write

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


def test_a_profile_has_one_text_and_the_others_keep_theirs() -> None:
    lines = {Line("live", ONE), Line("test", ONE)}
    assert with_text(lines, "test", TWO) == {Line("live", ONE), Line("test", TWO)}
    assert without(lines, "test") == {Line("live", ONE)}


def test_no_line_is_no_file_and_no_folder(tmp_path: Path) -> None:
    write(tmp_path, "one", [])
    write(tmp_path, "one", [Line("test", ONE)])
    write(tmp_path, "two", [Line("test", TWO)])
    assert (read(tmp_path, "one"), read(tmp_path, "three")) == ((frozenset({Line("test", ONE)}), ()), (frozenset(), ()))
    write(tmp_path, "one", [])
    assert os.listdir(tmp_path / FOLDER) == ["two"]
    write(tmp_path, "two", [])
    assert os.listdir(tmp_path) == []


def test_no_link_is_followed(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "descriptions", tmp_path / "elsewhere"
    (folder / FOLDER).mkdir(parents=True)
    elsewhere.write_bytes(render([Line("test", ONE)]))
    path_of(folder, "one").symlink_to(elsewhere)
    assert [problem.message for problem in read(folder, "one")[1]] == ["is a symbolic link"]
    for lines in ([], [Line("test", TWO)]):
        with pytest.raises(OSError, match="symbolic link"):
            write(folder, "one", lines)
    assert elsewhere.read_bytes() == render([Line("test", ONE)])


@pytest.mark.parametrize("kind", ["link", "file"])
def test_a_folder_that_is_none_is_not_entered(tmp_path: Path, kind: str) -> None:
    folder, elsewhere = tmp_path / "descriptions", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    (elsewhere / "one").write_bytes(render([Line("test", ONE)]))
    (folder / FOLDER).symlink_to(elsewhere) if kind == "link" else (folder / FOLDER).write_text("a file")
    lines, (problem,) = read(folder, "one")
    assert (lines, "not a folder of its own" in problem.message) == (frozenset(), True)
    with pytest.raises(OSError, match="not a folder"):
        write(folder, "one", [])
    assert (elsewhere / "one").exists()


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, "one", [Line("test", ONE)])
    path_of(tmp_path, "one").write_bytes(render([Line("test", ONE)]) * (MAX_BYTES // 70 + 1))
    lines, (problem,) = acknowledged.read(tmp_path, "one")
    assert (lines, "holds" in problem.message) == (frozenset(), True)
