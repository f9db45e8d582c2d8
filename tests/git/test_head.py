"""What HEAD has beside the descriptions, and that a file there counts as its description's."""

from pathlib import Path

import pytest

from syncjob.git.call import GitFailed
from syncjob.git.git import Git
from syncjob.git.history.changes import changed_since
from syncjob.git.history.texts import texts
from syncjob.local.names import name_of
from tests.support.workspace import Workspace

BESIDE = ".beside"


@pytest.fixture(params=["", "deep/er", ":(top)*[a]", "ÿ é\n"])
def repository(tmp_path: Path, request: pytest.FixtureRequest) -> Workspace:
    """A folder in a repository, by odd names too, that has a file and one beside it."""
    made = Workspace(tmp_path / request.param)
    (made.descriptions / BESIDE).mkdir(parents=True)
    Workspace(tmp_path).git("init", "--quiet", "--initial-branch=main")
    made.write("one", "text")
    put(made, "one", b"of HEAD")
    commit(made)
    return made


def commit(workspace: Workspace) -> None:
    workspace.git("add", "--all", ".")
    workspace.git("commit", "--quiet", "-m", "a commit")


def put(workspace: Workspace, name: str, data: bytes) -> None:
    (workspace.descriptions / BESIDE / name).write_bytes(data)


def test_head_has_what_was_committed_and_nothing_else(repository: Workspace) -> None:
    put(repository, "one", b"staged")
    put(repository, "two", b"staged")
    repository.git("add", "--all", ".")
    put(repository, "one", b"in the working tree")
    (repository.descriptions / BESIDE / "sub").mkdir()
    put(repository, "sub/one", b"")
    with texts(repository.descriptions, Git()) as held:
        files = held.at(BESIDE, 100)
        assert [files.read(name) for name in ("one", "two", "sub/one", "../one.md", "")] == [b"of HEAD", *[None] * 4]


def test_what_is_too_large_or_no_file_is_said(repository: Workspace) -> None:
    (repository.descriptions / BESIDE / "sub").mkdir()
    put(repository, "sub/one", b"text")
    (repository.descriptions / BESIDE / "link").symlink_to("one")
    commit(repository)
    with texts(repository.descriptions, Git()) as held:
        for name, largest, words in (("one", 3, "more than 3 bytes"), ("sub", 9, "regular"), ("link", 9, "regular")):
            with pytest.raises(GitFailed, match=words):
                held.at(BESIDE, largest).read(name)


def test_without_a_commit_or_a_repository_there_is_nothing(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    for _ in range(2):
        with texts(workspace.descriptions, Git()) as held:
            assert held.at(BESIDE, 100).read("one") is None
        workspace.git("init", "--quiet")


def test_a_committed_file_beside_counts_as_its_description_s(repository: Workspace) -> None:
    put(repository, "one", b"not committed")
    put(repository, "two", b"not committed")
    assert changed_since(repository.descriptions, "HEAD", Git(), beside=BESIDE, name_of=name_of).names == frozenset()
    commit(repository)
    put(repository, "one", b"of HEAD")
    (repository.descriptions / BESIDE / "two").unlink()
    commit(repository)
    found = changed_since(
        repository.descriptions, "HEAD~2", Git(), beside=BESIDE, name_of=name_of
    )  # changed, and changed back
    assert (found.names, found.deleted) == (frozenset({"one.md", "two.md"}), frozenset())
    assert changed_since(repository.descriptions, "HEAD~2", Git()).names == frozenset()


def test_one_whose_description_git_once_had_is_deleted(repository: Workspace) -> None:
    (repository.descriptions / "one.md").unlink()
    commit(repository)
    put(repository, "one", b"later")
    put(repository, "never", b"later")
    commit(repository)
    found = changed_since(repository.descriptions, "HEAD~1", Git(), beside=BESIDE, name_of=name_of)
    assert (found.names, found.deleted) == (frozenset({"one.md", "never.md"}), frozenset({"one.md"}))


def test_a_merge_that_puts_one_back_changes_it_though_no_commit_is_listed_for_it(repository: Workspace) -> None:
    repository.git("switch", "--quiet", "-c", "side")
    repository.write("other", "text")
    commit(repository)
    repository.git("switch", "--quiet", "main")
    put(repository, "one", b"later")
    commit(repository)
    repository.git("merge", "--quiet", "--no-ff", "--no-commit", "side")
    put(repository, "one", b"of HEAD")
    commit(repository)
    found = changed_since(repository.descriptions, "HEAD~1", Git(), beside=BESIDE, name_of=name_of)
    assert found.names == frozenset({"one.md", "other.md"})
