"""Files in subfolders are not looked at: that is said, and their descriptions are not deleted for it."""

import pytest

from tests.support.loopback import Loopback
from tests.support.workspace import Ended, Workspace


@pytest.fixture
def moved(workspace: Workspace, remote: Loopback) -> Workspace:
    """Three descriptions in step, of which one was moved into a subfolder."""
    texts = {"one": "text one", "two": "text two", "three": "text three"}
    remote.add(*texts, texts=texts)
    workspace.held(texts)
    (workspace.descriptions / "deep" / "er").mkdir(parents=True)
    workspace.git("mv", "descriptions/two.md", "descriptions/deep/er/two.md")
    workspace.commit()
    return workspace


def nested(ended: Ended) -> list[tuple[str, str]]:
    return [
        (problem["severity"], problem["message"])
        for problem in ended.report["problems"]
        if problem["code"] == "file-nested"
    ]


@pytest.mark.parametrize(
    "command", [("check",), ("diff",), ("sync",), ("diff", "--since", "HEAD~1"), ("diff", "--shard", "1/2")]
)
def test_files_in_subfolders_are_named_in_a_warning(moved: Workspace, command: tuple[str, ...]) -> None:
    ended = moved.json(*command)
    ((severity, message),) = nested(ended)
    assert (ended.status, severity) == (0, "warning")
    assert "deep/er/two.md" in message


def test_no_word_of_them_where_others_are_selected_or_they_are_none(moved: Workspace) -> None:
    assert nested(moved.json("check", "one")) == []
    (moved.descriptions / "deep" / "er" / "two.md").rename(moved.descriptions / "deep" / "er" / "two.txt")
    hidden = moved.descriptions / ".trash"
    hidden.mkdir()
    (hidden / "two.md").write_text("text")
    assert nested(moved.json("check")) == []


@pytest.mark.parametrize(
    "options", [("--prune",), ("--prune", "--since", "HEAD~1"), ("--prune", "two"), ("--prune", "--keep-going")]
)
def test_prune_deletes_no_description_whose_file_was_moved_into_a_subfolder(
    moved: Workspace, remote: Loopback, options: tuple[str, ...]
) -> None:
    (moved.descriptions / "three.md").unlink()
    ended = moved.json("sync", *options)
    item = ended.item("two")
    assert (ended.status, item["action"], [problem["code"] for problem in item["problems"]]) == (
        1, "invalid", ["file-nested"],
    )  # fmt: skip
    assert "deep/er/two.md" in item["problems"][0]["message"]
    assert remote.sandbox.description("two") == "text two"
    assert (remote.sandbox.description("three") == "") == ("--keep-going" in options)


def test_a_file_that_was_moved_is_not_told_to_be_deleted(moved: Workspace) -> None:
    for pattern in ("two", "descriptions/deep/er/two.md"):
        ended = moved.run("diff", pattern)
        assert (ended.status, "no description matches" in ended.err) == (2, True)


def test_a_plan_that_deletes_what_was_moved_since_is_refused(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one", "two", texts={"one": "text one", "two": "text two"})
    workspace.held({"one": "text one", "two": "text two"})
    (workspace.descriptions / "two.md").unlink()
    assert workspace.run("diff", "--prune", "--plan-out", "plan.json").status == 0
    (workspace.descriptions / "deep").mkdir()
    (workspace.descriptions / "deep" / "two.md").write_text("text two")
    ended = workspace.json("sync", "--plan", "plan.json")
    assert (ended.status, ended.item("two")["problems"][0]["code"]) == (1, "file-nested")
    assert remote.counts["PUT"] == 0


def test_very_many_are_counted(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one")
    workspace.write("one", "text")
    (workspace.descriptions / "deep").mkdir()
    for number in range(1000):
        (workspace.descriptions / "deep" / f"m{number}.md").write_text("text")
    ((_, message),) = nested(workspace.json("check"))
    assert message.startswith("1,000 files")
    assert len(message) < 500
