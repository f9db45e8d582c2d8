"""How much of a long history is read before a text is found: no more than it takes."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from syncjob.git.git import Git
from syncjob.git.history.texts import texts
from syncjob.git.repository import Repository
from tests.support.workspace import Workspace

COMMITS = 600


def make_long(folder: Path, commits: int) -> Workspace:
    """A history in which `kept.md` was written at first, `left.md` and `moved.md` too and replaced in the last commit.

    Each commit edits `busy.md`, so that each is listed.
    """
    folder.mkdir()
    workspace = Workspace(folder)
    workspace.git("init", "--quiet", "--initial-branch=main")
    stream = "".join(_commits(commits))
    subprocess.run(["git", "fast-import", "--quiet"], cwd=folder, input=stream.encode(), check=True)
    workspace.git("reset", "--quiet", "--hard")
    return workspace


def _commits(commits: int) -> Iterator[str]:
    body = "\n".join(f"line {number}" for number in range(20))
    for number in range(commits):
        yield f"commit refs/heads/main\ncommitter tests <tests@example.invalid> {1_700_000_000 + number} +0000\ndata 1\nx\n"
        files = {"busy": f"edit {number}"}
        if number == 0:
            files |= {"kept": "kept", "left": "left", "old": body}
        if number == commits - 1:
            files |= {"left": "replaced", "moved": f"{body}\nedited"}
            yield "D descriptions/old.md\n"
        for name, text in files.items():
            yield f"M 100644 inline descriptions/{name}.md\ndata {len(text)}\n{text}\n"


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return make_long(tmp_path_factory.mktemp("long") / "repository", COMMITS)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How many commits were read of what git lists."""
    found: list[str] = []
    real = Repository.tokens

    def counting(self: Repository, *arguments: str, **more: float) -> Iterator[str]:
        for token in real(self, *arguments, **more):  # type: ignore[arg-type]
            if len(token.strip()) in (40, 41, 81):
                found.append(token)
            yield token

    monkeypatch.setattr(Repository, "tokens", counting)
    return lambda: len(found)


@pytest.mark.parametrize(
    ("name", "text", "most"),
    [
        ("kept.md", "kept", 0),  # HEAD has it, and the commit that brought it is the oldest
        ("left.md", "left", 4),  # the last commit replaced it
        ("moved.md", "\n".join(f"line {number}" for number in range(20)), 4),
        ("busy.md", f"edit {COMMITS - 1}", 0),
        ("busy.md", f"edit {COMMITS - 2}", 4),
        ("busy.md", f"edit {COMMITS - 100}", 200),
        ("busy.md", "edit 3", COMMITS),
    ],
)
def test_no_more_is_read_than_it_takes_to_find_a_text(
    long: Workspace, read: Callable[[], int], name: str, text: str, most: int
) -> None:
    with texts(long.descriptions, Git()) as held:
        found = next(version for version in held.of(name, text) if version.text == text)
        assert held.gap(name) is None
    old = "old.md" if name == "moved.md" else name
    assert long.git("show", f"{found.commit}:descriptions/{old}").strip() == text
    assert read() <= most


def test_what_was_read_for_one_file_is_not_read_for_the_next(long: Workspace, read: Callable[[], int]) -> None:
    with texts(long.descriptions, Git()) as held:
        for text in ("edit 500", "edit 550", "edit 450"):
            assert any(version.text == text for version in held.of("busy.md", text))
        assert read() <= 2 * (COMMITS - 450)
        assert not any(version.text == "never" for version in held.of("busy.md", "never"))
        assert not any(version.text == "never" for version in held.of("kept.md", "never"))
        assert read() == COMMITS


def test_files_that_are_asked_for_in_turn_lose_nothing(long: Workspace) -> None:
    with texts(long.descriptions, Git()) as held:
        busy, moved = held.of("busy.md"), held.of("moved.md")
        first = [next(busy).text, next(moved).text.splitlines()[-1]]
        rest = [version.text for version in busy]
        assert (first, len(rest)) == ([f"edit {COMMITS - 1}", "edited"], COMMITS - 1)
        assert [version.text.splitlines()[-1] for version in moved] == ["line 19"]


def test_a_rename_that_was_read_for_another_file_is_followed(tmp_path: Path) -> None:
    repository = Workspace(tmp_path)
    body = "\n".join(f"line {number}" for number in range(20))
    repository.held({"old": f"{body}\n1", "other": "text"})
    repository.git("mv", "descriptions/old.md", "descriptions/x.md")
    repository.held({"x": f"{body}\n2"})
    repository.held({"x": f"{body}\n3"})
    with texts(repository.descriptions, Git()) as held:
        versions = held.of("x.md")
        first = next(versions)
        assert [version.text for version in held.of("other.md")] == ["text"]
        assert [version.text[-1] for version in (first, *versions)] == ["3", "2", "1"]


def test_a_text_that_is_not_looked_for_comes_with_the_commit_that_brought_it(long: Workspace) -> None:
    first = long.git("rev-list", "--max-parents=0", "HEAD").strip()
    for wanted in (None, "never"):
        with texts(long.descriptions, Git()) as held:
            assert [version.commit for version in held.of("kept.md", wanted)] == [first]
            assert [version.text for version in held.of("left.md", wanted)] == ["replaced", "left"]


def test_git_ends_with_whoever_reads_no_further(long: Workspace) -> None:
    with texts(long.descriptions, Git()) as held:
        next(held.of("busy.md"))
        children = _children()
        assert len(children) == 2  # the log, and the contents
    assert not children & _children()


def _children() -> set[str]:
    listed = subprocess.run(
        ["ps", "-o", "pid=,comm=", "--ppid", str(os.getpid())], capture_output=True, text=True, check=True
    )
    return {line.split()[0] for line in listed.stdout.splitlines() if line.split()[1].startswith("git")}


def test_a_link_or_a_submodule_that_head_has_in_the_place_of_a_file_is_no_text_of_it(
    long: Workspace, tmp_path: Path
) -> None:
    clone = Workspace(tmp_path / "clone")
    long.git("clone", "--quiet", ".", str(clone.folder))
    (clone.descriptions / "kept.md").unlink()
    (clone.descriptions / "kept.md").symlink_to("edited on Scenario")
    clone.commit()
    for _ in range(2):  # HEAD has it, and then replaced it
        with texts(clone.descriptions, Git()) as held:
            assert [version.text for version in held.of("kept.md", "edited on Scenario")] == ["kept"]
        (clone.descriptions / "kept.md").unlink(missing_ok=True)
        clone.commit()
