"""What git cannot tell is refused: revisions that lead nowhere, an index or a git that does not answer, unmerged files."""

from pathlib import Path

import pytest

from syncjob.git.git import Git
from syncjob.git.worktree import Worktree, look
from tests.support import hostile_repository
from tests.support.loopback import Loopback
from tests.support.workspace import Ended, Workspace


@pytest.fixture
def in_step(workspace: Workspace, remote: Loopback) -> Workspace:
    """Files of one and two; `unfiled` was once in git and has a description."""
    texts = {"one": "text one", "two": "text two", "unfiled": "once in git"}
    remote.add(*texts, texts=texts)
    workspace.held(texts)
    (workspace.descriptions / "unfiled.md").unlink()
    workspace.commit()
    return workspace


def codes(ended: Ended, model_id: str) -> list[str]:
    return [problem["code"] for problem in ended.item(model_id)["problems"]]


# --since that leads nowhere


@pytest.mark.parametrize("command", ["diff", "sync"])
@pytest.mark.parametrize("revision", ["0" * 40, "no-such-branch", "orphan"])
def test_prune_with_a_revision_that_leads_nowhere_is_exit_2_before_any_request(
    in_step: Workspace, remote: Loopback, command: str, revision: str
) -> None:
    if revision == "orphan":
        in_step.git("switch", "--quiet", "--orphan", "orphan")
        in_step.commit()
        in_step.git("switch", "--quiet", "main")
    ended = in_step.run(command, "--since", revision, "--prune", "--report", "report.json")
    assert ended.status == 2
    assert "--prune" in ended.err
    assert remote.asked == []


@pytest.mark.parametrize("part", ["rev-parse --verify", "merge-base", " diff ", "ls-files", " log "])
def test_prune_since_is_refused_whatever_of_git_fails(
    in_step: Workspace, remote: Loopback, tmp_path: Path, part: str
) -> None:
    path = hostile_repository.put_before_git(
        tmp_path / "bin", f'case "$*" in *"{part}"*) exit 1;; esac; exec $GIT "$@"'
    )
    ended = in_step.run("sync", "--since", "HEAD~1", "--prune", PATH=path)
    assert ended.status == 2, ended.out
    assert remote.asked == []


def test_outside_of_a_repository_since_and_prune_are_refused_and_all_else_goes_on(
    workspace: Workspace, remote: Loopback
) -> None:
    remote.add("one", "unfiled", texts={"unfiled": "text"})
    workspace.write("one", "new")
    assert workspace.run("sync", "--since", "HEAD", "--prune").status == 2
    assert remote.asked == []
    assert workspace.run("sync", "--since", "HEAD").status == 0
    assert remote.sandbox.description("unfiled") == "text"


# An index that cannot be read


def broken_index(workspace: Workspace) -> None:
    (workspace.folder / ".git" / "index").write_bytes(b"no index at all")


def missing_index(workspace: Workspace) -> None:
    (workspace.folder / ".git" / "index").unlink()


@pytest.mark.parametrize("spoil", [broken_index, missing_index])
@pytest.mark.parametrize("options", [("--prune", "--overwrite-remote-edits"), ()])
def test_a_sparse_checkout_whose_index_git_cannot_read_loses_nothing(
    in_step: Workspace, remote: Loopback, spoil: object, options: tuple[str, ...]
) -> None:
    in_step.git("sparse-checkout", "set", "--no-cone", "/*", "!/descriptions/one.md")
    assert callable(spoil)
    spoil(in_step)
    ended = in_step.run("sync", *options)
    assert ended.status == 2, ended.out
    assert remote.asked == []
    assert remote.sandbox.description("one") == "text one"


def test_a_plan_with_a_deletion_is_refused_where_git_cannot_tell(in_step: Workspace, remote: Loopback) -> None:
    assert in_step.run("diff", "--prune", "--plan-out", "plan.json").status == 0
    broken_index(in_step)
    assert in_step.run("sync", "--plan", "plan.json").status == 2
    assert remote.sandbox.description("unfiled") == "once in git"


def test_a_repository_of_somebody_else_is_refused_with_what_git_says(
    in_step: Workspace, remote: Loopback, tmp_path: Path
) -> None:
    path = hostile_repository.put_before_git(
        tmp_path / "bin",
        'case "$*" in *" version") exec $GIT version;; esac; echo "fatal: detected dubious ownership in repository" >&2; exit 128',
    )
    for command in (("sync",), ("diff", "--prune"), ("pull",)):
        ended = in_step.run(*command, PATH=path)
        assert ended.status == 2, ended.out
        assert "dubious ownership" in ended.err
    assert in_step.run("check", PATH=path).status == 0
    assert "warning git-unknown: git cannot tell" in in_step.run("check", PATH=path).out
    assert "FAILED   git" in in_step.run("doctor", PATH=path).out
    assert remote.counts["PUT"] == 0


# Unmerged files


def conflict(workspace: Workspace) -> None:
    workspace.git("switch", "--quiet", "-c", "side")
    workspace.write("one", "their text")
    workspace.commit()
    workspace.git("switch", "--quiet", "main")
    workspace.write("one", "our text")
    workspace.commit()
    with pytest.raises(AssertionError):
        workspace.git("merge", "--quiet", "side")


@pytest.mark.parametrize("command", [("check",), ("diff",), ("sync",), ("diff", "--since", "HEAD~1")])
def test_an_unmerged_file_is_an_error_whatever_it_says(
    in_step: Workspace, remote: Loopback, command: tuple[str, ...]
) -> None:
    conflict(in_step)
    remote.sandbox.put("one", "edited on Scenario")
    in_step.write("one", "already without markers, not yet added")
    ended = in_step.json(*command)
    assert (ended.status, codes(ended, "one")) == (1, ["merge-marker"])
    assert "git add descriptions/one.md" in ended.item("one")["problems"][0]["message"]
    assert remote.counts["PUT"] == 0


def test_a_pull_leaves_an_unmerged_file_alone_and_one_that_was_added_is_merged(
    in_step: Workspace, remote: Loopback
) -> None:
    conflict(in_step)
    remote.sandbox.put("one", "edited on Scenario")
    ended = in_step.json("pull")
    assert (ended.status, codes(ended, "one")) == (1, ["file-uncommitted"])
    in_step.git("add", "--all")
    assert look(in_step.descriptions, ["one.md", "two.md"], Git()) == Worktree()


@pytest.mark.parametrize("options", [("--prune",), ("--prune", "--since", "HEAD~1")])
def test_an_unmerged_file_that_is_not_there_is_not_gone(
    in_step: Workspace, remote: Loopback, options: tuple[str, ...]
) -> None:
    conflict(in_step)
    (in_step.descriptions / "one.md").unlink()
    ended = in_step.json("sync", "--force", *options)
    assert (ended.status, codes(ended, "one")) == (1, ["merge-marker"])
    assert remote.sandbox.description("one") == "text one"


# An old git


def with_version(folder: Path, said: str) -> str:
    return hostile_repository.put_before_git(
        folder, f'case "$*" in *" version") echo "{said}"; exit;; esac; exec $GIT "$@"'
    )


def test_an_old_git_is_told_with_the_version_that_is_needed(
    in_step: Workspace, remote: Loopback, tmp_path: Path
) -> None:
    path = with_version(tmp_path / "bin", "git version 2.30.9")
    for command, status in (("sync", 2), ("check", 0), ("pull", 2), ("doctor", 1)):
        ended = in_step.run(command, PATH=path)
        assert ended.status == status
        assert "git version 2.30.9 is too old; install git 2.31 or newer" in ended.out + ended.err
    assert remote.counts["PUT"] == 0


@pytest.mark.parametrize(
    ("said", "is_enough"),
    [
        ("git version 1.8.3.1", False),
        ("git version 2.30.1 (Apple Git-130)", False),
        ("git version 2.31.0", True),
        ("git version 2.39.2.windows.1", True),
        ("git version 3.0.rc1.5.gabc", True),
        ("a banner\ngit version 2.39.2", False),
        ("no version", False),
    ],
)
def test_versions_are_told_apart(
    in_step: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, is_enough: bool
) -> None:
    monkeypatch.setenv("PATH", with_version(tmp_path / "bin", said))
    assert (look(in_step.descriptions, ["one.md"], Git()).unknown is None) == is_enough
