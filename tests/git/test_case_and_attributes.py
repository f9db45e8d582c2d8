"""What git's settings and attributes say of files: by letter, whatever the file system; of those that a pull makes too."""

from pathlib import Path

import pytest

from tests.support import hostile_repository
from tests.support.loopback import Loopback
from tests.support.workspace import Workspace


@pytest.fixture
def in_step(workspace: Workspace, remote: Loopback) -> Workspace:
    remote.add("one", "two", texts={"one": "text one", "two": "text two"})
    workspace.held({"one": "text one", "two": "text two"})
    return workspace


# Case


@pytest.fixture
def renamed(workspace: Workspace, remote: Loopback) -> Workspace:
    """git has X.md, the folder x.md, and git was told that both are one file."""
    remote.add("x", "X", texts={"x": "Scenario's", "X": "committed"})
    workspace.held({"X": "committed"})
    workspace.git("config", "core.ignorecase", "true")
    (workspace.descriptions / "X.md").unlink()
    workspace.write("x", "hours of work")
    return workspace


def test_a_pull_overwrites_no_file_that_git_has_by_another_case(renamed: Workspace) -> None:
    ended = renamed.json("pull", "x")
    assert (ended.status, ended.item("x")["problems"][0]["code"]) == (1, "file-uncommitted")
    assert (renamed.descriptions / "x.md").read_text() == "hours of work"


def test_since_sees_a_file_that_git_has_by_another_case(renamed: Workspace) -> None:
    assert [item["model_id"] for item in renamed.json("check", "--since", "HEAD").report["items"]] == ["x"]


def test_a_pattern_of_attributes_holds_as_it_does_for_git_itself(in_step: Workspace, remote: Loopback) -> None:
    in_step.git("config", "core.ignorecase", "true")
    (in_step.folder / ".gitattributes").write_text("ONE.md filter=x\n")
    assert in_step.json("check").item("one")["problems"][0]["code"] == "file-special"


# Files that git was told not to look at


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_since_sees_what_git_was_told_not_to_look_at(in_step: Workspace, flag: str) -> None:
    in_step.git("update-index", flag, "descriptions/one.md")
    in_step.write("one", "changed")
    assert [item["model_id"] for item in in_step.json("diff", "--since", "HEAD").report["items"]] == ["one"]


def test_since_leaves_out_what_a_sparse_checkout_leaves_out(in_step: Workspace) -> None:
    in_step.git("sparse-checkout", "set", "--no-cone", "/*", "!/descriptions/one.md")
    ended = in_step.json("diff", "--since", "HEAD")
    assert (ended.status, ended.report["items"]) == (0, [])


# Filters by the words that git prints for none


@pytest.mark.parametrize("driver", ["set", "unset", "unspecified"])
def test_a_filter_that_is_named_as_none_is_still_one(
    in_step: Workspace, remote: Loopback, tmp_path: Path, driver: str
) -> None:
    for attributes in ("*.md filter\n", "*.md -filter\n", "*.md !filter\n"):
        (in_step.folder / ".gitattributes").write_text(attributes)
        assert in_step.run("check").status == 0
    in_step.write("one", "new")
    program = hostile_repository.trap(tmp_path / "traps")
    hostile_repository.plant_filter(in_step, program, driver, "one.md")
    for command in ("check", "diff", "sync", "pull"):
        ended = in_step.json(command)
        assert ended.status == 1
        assert ended.item("one")["problems"][0]["code"] == "file-special"
        assert f"{driver!r}" in ended.item("one")["problems"][0]["message"]
    assert remote.counts["PUT"] == 0
    assert hostile_repository.sprung(program) == ""


# What a pull makes


@pytest.mark.parametrize("arguments", [("--all",), ("new",), ("n*",)])
def test_a_pull_makes_no_file_that_git_would_pass_through_a_filter(
    in_step: Workspace, remote: Loopback, arguments: tuple[str, ...]
) -> None:
    (in_step.folder / ".gitattributes").write_text("new*.md filter=x\n")
    remote.add("new", "other", texts={"new": "text", "other": "text"})
    ended = in_step.json("pull", *arguments)
    assert (ended.status, ended.item("new")["problems"][0]["code"]) == (1, "file-special")
    assert not (in_step.descriptions / "new.md").exists()
    assert not (in_step.descriptions / "other.md").exists()


@pytest.mark.parametrize("name", ["one", "new"])
@pytest.mark.parametrize(
    ("encoding", "text", "is_refused"),
    [
        ("UTF-16", "text", True),
        ("ISO-8859-1", "café", True),
        ("ISO-8859-1", "cafe", False),
        ("UTF-8", "café", False),
        ("utf8", "café", False),
        ("no-such", "text", True),
    ],
)
def test_a_pull_writes_no_bytes_that_git_would_read_as_another_text(
    in_step: Workspace, remote: Loopback, name: str, encoding: str, text: str, is_refused: bool
) -> None:
    (in_step.folder / ".git" / "info").mkdir(exist_ok=True)
    (in_step.folder / ".git" / "info" / "attributes").write_text(f"*.md working-tree-encoding={encoding}\n")
    if name == "new":
        remote.add("new")
    remote.sandbox.put(name, text)
    ended = in_step.json("pull", name, "--force")
    codes = [problem["code"] for problem in ended.item(name)["problems"]]
    assert (ended.status, codes) == ((1, ["file-encoding"]) if is_refused else (0, []))
