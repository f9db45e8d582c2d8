"""Renames that git follows only when it is told to take its time, or that a merge made."""

import hashlib
from pathlib import Path

import pytest

from syncjob.git.git import Git
from syncjob.git.history import gitlog
from syncjob.git.history.texts import texts
from tests.support import hostile_repository
from tests.support.loopback import Loopback
from tests.support.workspace import Workspace

MANY = 1500  # more than git compares unless it is told to
LONG = "".join(f"line {number}\n" for number in range(20))


@pytest.fixture
def repository(tmp_path: Path) -> Workspace:
    folder = tmp_path / "repository"
    folder.mkdir()
    return Workspace(folder)


def held(repository: Workspace, name: str) -> list[str]:
    with texts(repository.descriptions, Git()) as found:
        return [version.text for version in found.of(name)]


def body_of(number: int) -> str:
    """Six lines that no other number has."""
    return "".join(f"{hashlib.sha256(f'{number} {line}'.encode()).hexdigest()}\n" for line in range(6))


def rename_many(workspace: Workspace, count: int) -> None:
    """Renames so many files in one commit, each with an edit, and between names that say nothing."""
    bodies = list(map(body_of, range(count)))
    for number, body in enumerate(bodies):
        workspace.write(f"old-{number}", body)
    workspace.commit()
    for number in range(count):
        (workspace.descriptions / f"old-{number}.md").unlink()
    for number, body in enumerate(bodies):
        workspace.write(f"new-{number}", f"{body}edited\n")
    workspace.commit()


@pytest.mark.deep
def test_a_commit_that_renames_and_edits_very_many_files_is_followed(workspace: Workspace, remote: Loopback) -> None:
    rename_many(workspace, MANY)
    remote.add("new-7")
    old = workspace.git("show", "HEAD~1:descriptions/old-7.md")
    remote.sandbox.put("new-7", old.rstrip())
    ended = workspace.json("sync", "new-7")
    assert (ended.status, ended.item("new-7")["status"]) == (0, "applied"), ended.out


def test_renames_that_git_does_not_compare_by_itself_are_followed_when_a_text_is_not_found(
    repository: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gitlog, "RENAME_LIMIT", 2)
    rename_many(repository, 4)
    assert held(repository, "new-1.md") == [body_of(1) + "edited", body_of(1).rstrip()]


def test_a_limit_of_the_users_own_changes_nothing(repository: Workspace) -> None:
    rename_many(repository, 3)
    for setting in ("diff.renameLimit", "merge.renameLimit"):
        repository.git("config", setting, "1")
    assert len(held(repository, "new-1.md")) == 2


def test_they_are_not_looked_for_before_a_text_is_not_found(
    repository: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gitlog, "RENAME_LIMIT", 1)
    rename_many(repository, 3)
    monkeypatch.setenv(
        "PATH", hostile_repository.put_before_git(tmp_path / "bin", f'echo "$*" >> {tmp_path}/log; exec $GIT "$@"')
    )
    with texts(repository.descriptions, Git()) as found:
        versions = found.of("new-1.md")
        assert next(versions).text.endswith("edited")
        assert " -l0 " not in (tmp_path / "log").read_text()
        assert len(list(versions)) == 1
    assert " -l0 " in (tmp_path / "log").read_text()


def test_where_following_them_takes_too_long_it_is_said_and_refused(
    workspace: Workspace, remote: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gitlog, "RENAME_LIMIT", 1)
    monkeypatch.setattr(gitlog, "PATIENCE", 0.3)
    rename_many(workspace, 3)
    path = hostile_repository.put_before_git(
        tmp_path / "bin", 'case "$*" in *" -l0 "*) sleep 60;; esac; exec $GIT "$@"'
    )
    monkeypatch.setenv("PATH", path)
    with texts(workspace.descriptions, Git()) as found:
        assert len(list(found.of("new-1.md"))) == 1
        assert "longer than" in (found.gap("new-1.md") or "")


def test_a_rename_that_a_merge_itself_made_is_followed(workspace: Workspace, remote: Loopback) -> None:
    workspace.write("old", LONG + "first")
    workspace.commit()
    workspace.git("switch", "--quiet", "-c", "side")
    workspace.write("other", "text")
    workspace.commit()
    workspace.git("switch", "--quiet", "main")
    workspace.write("third", "text")
    workspace.commit()
    workspace.git("merge", "--quiet", "--no-ff", "--no-commit", "side")
    workspace.git("mv", "descriptions/old.md", "descriptions/new.md")
    workspace.write("new", LONG + "second")
    workspace.commit()
    remote.add("new", texts={"new": LONG + "first"})
    ended = workspace.json("sync", "new")
    assert (ended.status, ended.item("new")["status"]) == (0, "applied"), ended.out


def test_a_rename_that_a_merge_of_very_many_files_made_is_followed(
    repository: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gitlog, "RENAME_LIMIT", 2)
    bodies = {f"old-{number}": body_of(number) for number in range(6)}
    for name, body in bodies.items():
        repository.write(name, body)
    repository.commit()
    repository.git("switch", "--quiet", "-c", "side")
    repository.write("other", "text")
    repository.commit()
    repository.git("switch", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-ff", "--no-commit", "side")
    for number, (name, body) in enumerate(bodies.items()):
        (repository.descriptions / f"{name}.md").unlink()
        repository.write(f"new-{number}", f"{body}edited\n")
    repository.commit()
    assert held(repository, "new-3.md") == [f"{bodies['old-3']}edited", bodies["old-3"].rstrip()]


def test_a_rename_that_an_octopus_made_is_followed(repository: Workspace) -> None:
    repository.write("old", LONG + "first")
    repository.commit()
    for side in ("a", "b"):
        repository.git("switch", "--quiet", "-c", side, "main")
        repository.write(side, side)
        repository.commit()
    repository.git("switch", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-ff", "--no-commit", "a", "b")
    repository.git("mv", "descriptions/old.md", "descriptions/new.md")
    repository.write("new", LONG + "second")
    repository.commit()
    assert held(repository, "new.md") == [LONG + "second", LONG + "first"]


def test_a_rename_on_one_side_and_an_edit_in_the_merge_are_followed(repository: Workspace) -> None:
    repository.write("old", LONG + "first")
    repository.commit()
    repository.git("switch", "--quiet", "-c", "side")
    repository.git("mv", "descriptions/old.md", "descriptions/new.md")
    repository.commit()
    repository.git("switch", "--quiet", "main")
    repository.write("old", LONG + "second")
    repository.commit()
    repository.git("merge", "--quiet", "--no-ff", "--no-commit", "side")
    repository.write("new", LONG + "third")
    repository.commit()
    assert set(held(repository, "new.md")) == {LONG + "first", LONG + "second", LONG + "third"}
