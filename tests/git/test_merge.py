"""A merge keeps the changes of both sides, or shows them between markers; and nobody's settings change how."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncjob.git.call import GitFailed
from syncjob.git.git import Git
from syncjob.git.merge import merge
from syncjob.local.unfinished import LABELS, own_markers
from syncjob.text.canonical import canonical
from tests.support.sides import OURS, THEIRS, sides


def merged(base: str, ours: str, theirs: str) -> tuple[str, int]:
    return merge(base, ours, theirs, LABELS, Git())


@st.composite
def edited(draw: st.DrawFn, base: Sequence[str], side: str) -> list[str]:
    """A text with lines of its own in it, and without some of the base's."""
    lines: list[str] = []
    for number, line in enumerate([*base, None]):
        lines += [f"{side} {number} {place}" for place in range(draw(st.integers(0, 2)) if draw(st.booleans()) else 0)]
        if line is not None and draw(st.integers(0, 4)):
            lines.append(line)
    return lines


@st.composite
def three(draw: st.DrawFn) -> tuple[list[str], list[str], list[str]]:
    base = [f"line {number}" for number in range(draw(st.integers(0, 12)))]
    both = draw(edited(base, "common"))  # what both sides changed alike
    ours = [line for line in both if draw(st.integers(0, 9))] if draw(st.booleans()) else draw(edited(base, "ours"))
    theirs = draw(edited(both if draw(st.booleans()) else base, "theirs"))
    return base, ours, theirs


def hold_the_law(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> None:
    """Each line that a side added is there, in its place; each that a side took out is gone, but for a marker's side."""
    text, conflicts = merged(*("\n".join(lines) for lines in (base, ours, theirs)))
    assert len(own_markers(text)) == conflicts
    as_ours, as_theirs = sides(text)
    added_by_theirs = [line for line in theirs if line not in base]
    assert [line for line in as_theirs if line in added_by_theirs] == added_by_theirs
    added_by_ours = [line for line in ours if line not in base]
    assert [line for line in as_ours if line in added_by_ours] == added_by_ours
    assert not [line for line in base if line not in theirs and line in as_theirs]
    assert not [line for line in base if line not in ours and line in as_ours]


@settings(max_examples=20, deadline=None)
@given(three())
def test_every_change_is_in_the_result_or_within_a_marker(texts: tuple[list[str], list[str], list[str]]) -> None:
    hold_the_law(*texts)


@pytest.mark.deep
@settings(max_examples=3000, deadline=None)
@given(three())
def test_every_change_of_many_is_in_the_result(texts: tuple[list[str], list[str], list[str]]) -> None:
    hold_the_law(*texts)


LINES = st.lists(st.sampled_from(["a", "b", "", "c", "```"]), max_size=10).map("\n".join).map(canonical)


@settings(max_examples=12, deadline=None)
@given(LINES, LINES, LINES)
def test_if_one_side_has_changed_nothing_the_other_is_the_result(base: str, ours: str, theirs: str) -> None:
    assert merged(base, base, theirs) == (theirs, 0)
    assert merged(base, ours, base) == (ours, 0)
    assert merged(base, ours, ours) == (ours, 0)


BASE = "one\n\ntwo\n\nthree"


@pytest.mark.parametrize(
    "settings",
    [
        "[merge]\n\tconflictStyle = diff3\n",
        '[merge "mine"]\n\tdriver = touch ran\n[core]\n\tattributesFile = attributes\n',
        '[filter "mine"]\n\tclean = touch ran\n\tsmudge = touch ran\n\trequired = true\n',
        "[core]\n\tautocrlf = true\n\teol = crlf\n",
    ],
)
def test_no_setting_and_no_attribute_changes_a_merge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: str
) -> None:
    expected = merged(BASE, BASE.replace("two", "2"), BASE.replace("two", "zwei"))
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitattributes").write_text(
        "* merge=mine filter=mine working-tree-encoding=UTF-16 conflict-marker-size=3\n"
    )
    (tmp_path / "attributes").write_text("* merge=mine\n")
    (tmp_path / ".git/config").write_text(f"[core]\n\trepositoryformatversion = 0\n\tbare = false\n{settings}")
    (tmp_path / "gitconfig").write_text(settings)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.chdir(tmp_path)
    assert merged(BASE, BASE.replace("two", "2"), BASE.replace("two", "zwei")) == expected
    assert expected == (f"one\n\n{OURS}\n2\n=======\nzwei\n{THEIRS}\n\nthree", 1)
    assert not list(tmp_path.rglob("ran"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [".git", ".gitattributes", "attributes", "gitconfig"]


def test_two_hundred_conflicts_are_all_shown() -> None:
    base = "\n\n".join(f"line {number}\n{number}\n{number}\n{number}\n{number}" for number in range(200))
    text, conflicts = merged(base, base.replace("line", "our"), base.replace("line", "their"))
    assert conflicts == 127  # as many as git counts
    assert len(own_markers(text)) == 200


def test_without_room_for_temporary_files_nothing_is_merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(GitFailed, match="temporary files: No such file"):
        merged(BASE, "ours", "theirs")


@pytest.mark.parametrize("garbage", ["xyz", "gitdir: /nowhere\n"])
def test_a_git_in_the_folder_of_temporary_files_leads_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, garbage: str
) -> None:
    (tmp_path / ".git").write_text(garbage)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert merged(BASE, BASE.replace("one", "1"), BASE.replace("three", "drei")) == ("1\n\ntwo\n\ndrei", 0)
