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
    return [
        item["model_id"]
        for item in ended.report["items"]
        for problem in item["problems"]
        if (problem["code"], problem["severity"]) == ("file-uncommitted", "warning")
    ]


def test_each_text_that_git_does_not_have_is_warned_of(mixed: Workspace, remote: Loopback) -> None:
    unsaved = ["modified", "staged", "untracked"]
    assert warned(mixed.json("diff", "--plan-out", "plan.json")) == unsaved
    ended = mixed.json("sync")
    assert (ended.status, warned(ended), remote.counts["PUT"]) == (0, unsaved, 4)
    assert "commit it first" in ended.item("modified")["problems"][0]["message"]


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


def test_the_text_shows_it_once_at_its_file(mixed: Workspace) -> None:
    out = mixed.run("diff", "modified").out
    assert out.count("descriptions/modified.md: warning file-uncommitted: git does not have this text") == 1
