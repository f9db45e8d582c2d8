"""What a branch holds that HEAD is behind: found by its upstream, the remote's default, a step's branch and --since."""

from pathlib import Path

import pytest

from syncjob.git.git import Git
from syncjob.git.history.texts import texts
from tests.support.workspace import Workspace


@pytest.fixture
def clone(tmp_path: Path) -> Workspace:
    """A clone on the branch `mine`, which has no upstream; `origin/main` has a later text of x and of what y was."""
    origin = Workspace(tmp_path / "origin")
    origin.folder.mkdir()
    origin.held({"x": "old", "other": "text"})
    origin.git("clone", "--quiet", "--no-local", ".", str(tmp_path / "clone"))
    origin.held({"x": "theirs"})
    origin.held({"x": "theirs, later"})
    clone = Workspace(tmp_path / "clone")
    clone.git("fetch", "--quiet")
    clone.git("remote", "set-head", "origin", "--delete")
    clone.git("switch", "--quiet", "--no-track", "-c", "mine")
    clone.git("branch", "--quiet", "--delete", "main")
    return clone


def elsewhere(clone: Workspace, since: str | None = None, name: str = "x.md") -> list[tuple[str, str, str]]:
    with texts(clone.descriptions, Git(), since=since) as held:
        assert [version.text for version in held.of("x.md")][-1] == "old"
        return [(branch, version.commit, version.text) for branch, version in held.elsewhere(name)]


def theirs(clone: Workspace, branch: str = "origin/main") -> list[tuple[str, str, str]]:
    later, earlier = clone.git("rev-parse", "origin/main", "origin/main~1").split()
    return [(branch, later, "theirs, later"), (branch, earlier, "theirs")]


def test_a_branch_that_nothing_names_is_not_looked_at(clone: Workspace) -> None:
    assert elsewhere(clone) == []


def test_the_upstream_branch_is(clone: Workspace) -> None:
    clone.git("branch", "--quiet", "--set-upstream-to=origin/main")
    assert elsewhere(clone) == theirs(clone)
    clone.git("branch", "--quiet", "here", "origin/main")
    clone.git("branch", "--quiet", "--set-upstream-to=here")
    assert elsewhere(clone) == theirs(clone, "here")


def test_the_default_branch_of_any_remote_is_also_of_a_detached_head(clone: Workspace) -> None:
    clone.git("checkout", "--quiet", "--detach")
    clone.git("remote", "add", "fork/of", str(clone.folder.parent / "origin"))
    clone.git("fetch", "--quiet", "fork/of")
    clone.git("remote", "set-head", "fork/of", "main")
    assert elsewhere(clone) == theirs(clone, "fork/of/main")


@pytest.mark.parametrize(
    ("environment", "is_found"),
    [
        ({"GITHUB_BASE_REF": "main", "GITHUB_REF_NAME": "7/merge"}, True),
        ({"GITHUB_BASE_REF": "", "GITHUB_REF_NAME": "main"}, True),
        ({"GITHUB_REF_NAME": "v1"}, False),
        ({"GITHUB_REF_NAME": "--output=x"}, False),
        ({"GITHUB_BASE_REF": "main", "GITHUB_ACTIONS": ""}, False),
        ({}, False),
    ],
)
def test_in_a_step_the_branch_is_that_of_the_event(
    clone: Workspace, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], is_found: bool
) -> None:
    for name in ("GITHUB_BASE_REF", "GITHUB_REF_NAME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"GITHUB_ACTIONS": "true", **environment}.items():
        monkeypatch.setenv(name, value)
    assert elsewhere(clone) == (theirs(clone) if is_found else [])


def test_the_revision_of_since_is_and_a_branch_of_the_same_commit_names_it(clone: Workspace) -> None:
    assert elsewhere(clone, "origin/main") == theirs(clone)
    tip = clone.git("rev-parse", "origin/main").strip()
    assert elsewhere(clone, tip) == theirs(clone, tip[:10])
    clone.git("branch", "--quiet", "--set-upstream-to=origin/main")
    assert elsewhere(clone, tip) == theirs(clone)
    for nowhere in ("0" * 40, "f" * 40, "--all", "", "HEAD:descriptions", "HEAD"):
        assert elsewhere(clone, nowhere) == theirs(clone)


def test_what_head_has_by_now_is_not_elsewhere(clone: Workspace) -> None:
    clone.git("branch", "--quiet", "--set-upstream-to=origin/main")
    clone.git("merge", "--quiet", "origin/main~1")
    assert elsewhere(clone) == theirs(clone)[:1]
    clone.git("merge", "--quiet", "origin/main")
    assert elsewhere(clone) == []


def test_a_file_that_was_renamed_here_is_known_by_its_old_name_there(clone: Workspace) -> None:
    clone.git("mv", "descriptions/x.md", "descriptions/y.md")
    clone.commit()
    with texts(clone.descriptions, Git(), since="origin/main") as held:
        assert [version.text for version in held.of("y.md")] == ["old"]
        assert [version.text for _, version in held.elsewhere("y.md")] == ["theirs, later", "theirs"]
        assert list(held.elsewhere("other.md")) == []


@pytest.mark.parametrize("name", ["--output=x", "-p", "a'b\"$(touch${IFS}x)`true`;&|<>", "ünïcödé"])
def test_names_of_branches_are_never_obeyed(clone: Workspace, name: str) -> None:
    commit = clone.git("rev-parse", "origin/main").strip()
    clone.git("update-ref", f"refs/remotes/origin/{name}", commit)
    clone.git("symbolic-ref", "refs/remotes/origin/HEAD", f"refs/remotes/origin/{name}")
    assert elsewhere(clone) == theirs(clone, f"origin/{name}")
    assert {path.name for path in clone.folder.iterdir()} == {".git", "descriptions"}


def test_refs_that_lead_nowhere_are_no_branches_and_no_gap(clone: Workspace) -> None:
    refs = clone.folder / ".git" / "refs" / "remotes" / "origin"
    (refs / "HEAD").write_text("ref: refs/remotes/origin/gone\n")
    (refs / "lost").write_text("f" * 40 + "\n")
    (refs / "zero").write_bytes(b"\0" * 41)
    (refs.parent / "fork").mkdir()
    (refs.parent / "fork" / "HEAD").write_text("ref: refs/remotes/origin/lost\n")
    blob = clone.git("rev-parse", "HEAD:descriptions/x.md").strip()
    (refs.parent / "blob").mkdir()
    (refs.parent / "blob" / "HEAD").write_text("ref: refs/remotes/blob/x\n")
    (refs.parent / "blob" / "x").write_text(f"{blob}\n")
    with texts(clone.descriptions, Git(), since="origin/main") as held:
        assert len(list(held.of("x.md"))) == 1
        assert [version.text for _, version in held.elsewhere("x.md")] == ["theirs, later", "theirs"]
        assert held.gap("x.md") is None


def test_without_a_repository_nothing_is_elsewhere(tmp_path: Path) -> None:
    with texts(tmp_path, Git(), since="HEAD") as held:
        assert list(held.elsewhere("x.md")) == []
