"""The files of acknowledged lines: what is wrong with them, and that nothing leads writes astray."""

import os
from pathlib import Path

import pytest

from syncjob.local import acknowledged
from syncjob.local.acknowledged import path_of, read, write
from syncjob.local.acknowledged_lines import FOLDER, MAX_BYTES, Line, render

ONE, TWO = "1" * 64, "2" * 64


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
