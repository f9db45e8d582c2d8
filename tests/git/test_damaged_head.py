"""A HEAD that leads to no commit is a branch without one, or damaged; which of them decides what git can tell."""

from collections.abc import Callable

import pytest

from tests.support.loopback import Loopback
from tests.support.workspace import Workspace

EDIT = "edited on Scenario"


def zeroed(workspace: Workspace) -> None:
    """As a power loss leaves a file."""
    (workspace.folder / ".git" / "refs" / "heads" / "main").write_bytes(b"\0" * 41)


def empty(workspace: Workspace) -> None:
    (workspace.folder / ".git" / "refs" / "heads" / "main").write_bytes(b"")


def lost(workspace: Workspace) -> None:
    head = workspace.git("rev-parse", "HEAD").strip()
    (workspace.folder / ".git" / "objects" / head[:2] / head[2:]).unlink()


def detached(workspace: Workspace) -> None:
    workspace.git("checkout", "--quiet", "--detach")
    lost(workspace)


def packed(workspace: Workspace) -> None:
    workspace.git("pack-refs", "--all")
    lost(workspace)


def unpacked(workspace: Workspace) -> None:
    workspace.git("pack-refs", "--all")
    (workspace.folder / ".git" / "packed-refs").write_text("damaged\n")


def packed_as_none(workspace: Workspace) -> None:
    workspace.git("pack-refs", "--all")
    path = workspace.folder / ".git" / "packed-refs"
    path.write_text(path.read_text().replace(workspace.git("rev-parse", "HEAD").strip(), "0" * 40))


@pytest.fixture
def committed(workspace: Workspace, remote: Loopback) -> Workspace:
    remote.add("one", texts={"one": EDIT})
    workspace.held({"one": "old"})
    workspace.held({"one": "new"})
    return workspace


@pytest.mark.parametrize("spoil", [zeroed, empty, lost, detached, packed, unpacked, packed_as_none])
def test_a_damaged_head_is_no_whole_history(
    committed: Workspace, remote: Loopback, spoil: Callable[[Workspace], None]
) -> None:
    spoil(committed)
    (problem,) = committed.json("diff").item("one")["problems"]
    assert "cannot tell whether" in problem["message"], problem
    assert "HEAD" in problem["message"]
    assert "git fsck" in problem["message"]
    assert "whole history" not in committed.run("doctor").out
    (committed.folder / ".git" / "index").unlink()
    ended = committed.run("diff", "--prune")
    assert (ended.status, "HEAD" in ended.err) == (2, True), ended


@pytest.mark.parametrize("prepare", [("branch", "fresh/one"), ("branch", "another")])
def test_a_branch_without_a_commit_is_a_history_and_an_empty_one(
    committed: Workspace, prepare: tuple[str, ...]
) -> None:
    committed.git(*prepare)
    committed.git("symbolic-ref", "HEAD", "refs/heads/fresh")
    for path in (committed.folder / ".git" / "index", None):
        (problem,) = committed.json("diff").item("one")["problems"]
        assert "not in git's history" in problem["message"]
        assert "no commit yet" in committed.run("doctor").out
        if path:
            path.unlink()
