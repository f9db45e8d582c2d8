"""What to do next when git is missing, or has not what was asked for; and names that a message can be searched by."""

import shutil

import pytest

from tests.support.loopback import Loopback
from tests.support.workspace import Workspace


@pytest.fixture
def committed(workspace: Workspace, remote: Loopback) -> Workspace:
    remote.add("one", "two", texts={"one": "edited on Scenario", "two": "text two"})
    workspace.held({"one": "text", "two": "text two"})
    return workspace


def test_without_a_repository_the_next_step_is_to_make_one(committed: Workspace) -> None:
    shutil.rmtree(committed.folder / ".git")
    (problem,) = committed.json("diff").item("one")["problems"]
    assert "git init" in problem["message"]
    assert "Actions" not in problem["message"]
    (problem,) = committed.json("diff", GITHUB_ACTIONS="true").item("one")["problems"]
    assert "fetch-depth: 0" in problem["message"]
    assert "git init" not in problem["message"]
    said = committed.run("doctor").out
    assert "warning  git" in said
    assert "no description that Scenario has can be updated" in said


def test_a_mistyped_revision_is_told_as_one(committed: Workspace, remote: Loopback) -> None:
    for command in ("check", "diff", "sync"):
        ended = committed.run(command, "--since", "mian")
        assert ended.status == 2
        assert "--since mian: no such commit or branch here; `git branch --all`" in ended.err
    assert remote.asked == []
    (problem,) = committed.json("check", "--since", "mian", GITHUB_ACTIONS="true").report["problems"]
    assert "no such commit or branch here" in problem["message"]
    assert "fetch-depth: 0" in problem["message"]


@pytest.mark.parametrize("pattern", ["two", "descriptions/two.md"])
@pytest.mark.parametrize("is_committed", [True, False])
def test_a_selection_of_a_deleted_file_is_told_as_one(
    committed: Workspace, remote: Loopback, pattern: str, is_committed: bool
) -> None:
    (committed.descriptions / "two.md").unlink()
    if is_committed:
        committed.commit()
    for command in ("check", "diff", "sync"):
        ended = committed.run(command, pattern)
        assert ended.status == 2
        assert "two.md is deleted" in ended.err
        assert "--prune" in ended.err
        assert "did you mean" not in ended.err
    assert remote.asked == []
    assert "did you mean" in committed.run("diff", "onee").err


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("new\nline.md", r"descriptions/new\nline.md"),
        ("a\tb.md", r"descriptions/a\tb.md"),
        ("a  b.md", "descriptions/a  b.md"),
        (" a .md", "descriptions/ a .md"),
        ("a\\nb.md", r"descriptions/a\\nb.md"),
        ("\x1b[31m.md", r"descriptions/\x1b[31m.md"),
        (b"\xff.md".decode("utf-8", "surrogateescape"), r"descriptions/\xff.md"),
    ],
)
def test_the_name_of_a_file_is_shown_so_that_it_can_be_found(
    committed: Workspace, remote: Loopback, name: str, shown: str
) -> None:
    (committed.descriptions / name).write_text("text")
    assert f"\n{shown}: " in "\n" + committed.run("check").out
    items = committed.json("check").report["items"]
    assert [item["path"] for item in items if item["action"] == "invalid"] == [shown]


def test_names_that_differ_in_what_is_shown_as_an_escape_are_items_of_their_own(committed: Workspace) -> None:
    names = ["a b.md", "a  b.md", "a\tb.md", "a\\tb.md", "\\xff.md", b"\xff.md".decode("utf-8", "surrogateescape")]
    for name in names:
        (committed.descriptions / name).write_text("text")
    items = committed.json("diff").report["items"]
    assert len([item for item in items if item["action"] == "invalid"]) == len(names)
