"""A text that git does not have is written with a warning: the next sync elsewhere would take it for an edit."""

import pytest

from tests.support.loopback import Loopback
from tests.support.workspace import Ended, Workspace


@pytest.fixture
def mixed(workspace: Workspace, remote: Loopback) -> Workspace:
    """A committed change, a modified file, a staged one and an untracked one."""
    ids = ("committed", "modified", "staged", "untracked")
    remote.add(*ids, texts=dict.fromkeys(ids[:3], "old"))
    workspace.held(dict.fromkeys(ids[:3], "old"))
    workspace.write("committed", "new")
    workspace.commit()
    workspace.write("staged", "new")
    workspace.git("add", "descriptions/staged.md")
    workspace.write("modified", "new")
    workspace.write("untracked", "new")
    return workspace


def warned(ended: Ended) -> list[str]:
    """The models that the warning names."""
    told = [problem for problem in ended.report["problems"] if problem["code"] == "file-uncommitted"]
    assert len(told) <= 1
    assert {problem["severity"] for problem in told} <= {"warning"}
    return [name for problem in told for name in problem["message"].rpartition(" (")[2][:-1].split(", ")]


def test_each_text_that_git_does_not_have_is_warned_of(mixed: Workspace, remote: Loopback) -> None:
    unsaved = ["modified", "staged", "untracked"]
    assert warned(mixed.json("diff", "--plan-out", "plan.json")) == unsaved
    ended = mixed.json("sync")
    assert (ended.status, warned(ended), remote.counts["PUT"]) == (0, unsaved, 4)
    (problem,) = ended.report["problems"]
    assert problem["message"] == (
        "3 of these files are not committed: commit first, or a later sync takes the text for an edit on Scenario "
        "(modified, staged, untracked)"
    )


def test_a_saved_plan_is_warned_of_too(mixed: Workspace) -> None:
    mixed.run("diff", "--plan-out", "plan.json")
    assert warned(mixed.json("sync", "--plan", "plan.json")) == ["modified", "staged", "untracked"]


def test_what_is_in_step_needs_no_warning(mixed: Workspace) -> None:
    assert mixed.run("sync").status == 0
    assert warned(mixed.json("sync")) == []


def test_a_text_that_git_has_in_canonical_form_is_no_edit_elsewhere(mixed: Workspace) -> None:
    mixed.write("committed", "new\r\n\n")
    mixed.git("config", "core.autocrlf", "false")
    assert "committed" not in warned(mixed.json("diff"))


def test_without_a_repository_there_is_nothing_to_commit_to(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one")
    workspace.write("one", "text")
    assert warned(workspace.json("sync")) == []


def test_it_is_said_once_and_of_many_only_some_are_named(mixed: Workspace, remote: Loopback) -> None:
    ids = [f"m{number:02}" for number in range(20)]
    remote.add(*ids)
    for id_ in ids:
        mixed.write(id_, "new")
    ended = mixed.run("diff", "m??")
    assert ended.out.count("not committed") == 1
    assert "syncjob: warning file-uncommitted: 20 of these files are not committed" in ended.out
    assert f"({', '.join(ids[:10])}, …)" in ended.out


def test_before_the_first_commit_git_has_nothing(workspace: Workspace, remote: Loopback) -> None:
    remote.add("staged", "untracked")
    workspace.write("staged", "text")
    workspace.git("init", "--quiet")
    workspace.git("add", "--all")
    workspace.write("untracked", "text")
    assert warned(workspace.json("diff")) == ["staged", "untracked"]


def test_an_ignored_file_and_one_that_git_is_told_not_to_look_at_are_not_overlooked(
    workspace: Workspace, remote: Loopback
) -> None:
    remote.add("assumed", "ignored", texts={"assumed": "old"})
    workspace.held({"assumed": "old"})
    (workspace.folder / ".gitignore").write_text("ignored.md\n")
    workspace.commit()
    workspace.git("update-index", "--assume-unchanged", "descriptions/assumed.md")
    workspace.write("assumed", "new")
    workspace.write("ignored", "new")
    assert warned(workspace.json("diff")) == ["assumed", "ignored"]
