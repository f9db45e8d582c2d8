"""A branch that is behind: what another branch holds is no edit made on Scenario."""

import pytest

from syncjob.commands.run import Options
from tests.support import hostile_repository, in_process
from tests.support.loopback import Loopback
from tests.support.workspace import Workspace


@pytest.fixture
def branch(workspace: Workspace, remote: Loopback) -> Workspace:
    """A branch that left main before a colleague's text of one was merged and synced, and edits two."""
    texts = {"one": "text one", "two": "text two"}
    remote.add(*texts, texts=texts)
    workspace.held(texts)
    workspace.git("switch", "--quiet", "-c", "mine")
    workspace.write("two", "mine")
    workspace.commit()
    workspace.git("switch", "--quiet", "main")
    workspace.write("one", "theirs")
    workspace.commit()
    remote.sandbox.put("one", "theirs")
    workspace.git("switch", "--quiet", "mine")
    return workspace


def as_clone(workspace: Workspace) -> None:
    """Main is a remote's branch, as a checkout of GitHub Actions has it."""
    workspace.git("update-ref", "refs/remotes/origin/main", "main")
    workspace.git("branch", "--quiet", "-D", "main")


def test_what_the_revision_of_since_holds_is_behind_and_says_where_it_is(branch: Workspace, remote: Loopback) -> None:
    branch.write("one", "mine too")
    branch.commit()
    as_clone(branch)
    commit = branch.git("rev-parse", "origin/main").strip()
    for run in (in_process.diff, in_process.sync):
        report = run(branch, Options(since="origin/main"))
        one, two = report.items
        assert (report.exit_code, one.action, one.status, two.action) == (1, "conflict", "refused", "update")
        (problem,) = one.problems
        assert (problem.code, problem.severity) == ("behind", "error")
        assert problem.message == f"origin/main has this text ({commit[:7]}): merge that branch"
    assert remote.counts["PUT"] == 0
    shown = branch.run("diff", "--since", "origin/main", "--format", "markdown").out
    assert "error behind: <code>origin/main has this text" in shown
    # Merged, there is nothing to refuse.
    branch.git("merge", "--quiet", "-s", "ours", "origin/main")
    assert in_process.sync(branch, Options(since="origin/main")).exit_code == 0
    assert remote.sandbox.description("one") == "mine too"


def test_without_since_the_upstream_and_the_branch_of_a_step_are_known(branch: Workspace, remote: Loopback) -> None:
    as_clone(branch)
    assert [problem["code"] for problem in branch.json("diff").item("one")["problems"]] == ["remote-edited"]
    step = {"GITHUB_ACTIONS": "true", "GITHUB_BASE_REF": "main", "GITHUB_REF_NAME": "7/merge"}
    ended = branch.json("diff", "--no-github", **step)
    assert [problem["code"] for problem in ended.item("one")["problems"]] == ["behind"]
    branch.git("config", "remote.origin.url", ".")
    branch.git("config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*")
    branch.git("branch", "--quiet", "--set-upstream-to=origin/main")
    ended = branch.json("diff")
    assert [problem["code"] for problem in ended.item("one")["problems"]] == ["behind"]


def test_a_deletion_is_behind_too_and_what_is_overwritten_on_demand_is_an_edit(
    branch: Workspace, remote: Loopback
) -> None:
    (branch.descriptions / "one.md").unlink()
    branch.commit()
    ended = branch.json("sync", "--since", "main", "--prune")
    assert [problem["code"] for problem in ended.item("one")["problems"]] == ["behind"]
    ended = branch.json("diff", "--since", "main", "--prune", "--plan-out", "plan.json")
    assert branch.json("sync", "--plan", "plan.json", "--keep-going").item("one")["status"] == "refused"
    assert remote.sandbox.description("one") == "theirs"
    assert branch.json("sync", "--since", "main", "--prune", "--overwrite-remote-edits").status == 0
    assert remote.sandbox.description("one") in (None, "")


def test_an_edit_is_one_though_other_branches_have_much_else(branch: Workspace, remote: Loopback) -> None:
    remote.sandbox.put("one", "edited on Scenario")
    branch.write("one", "mine too")
    ended = branch.json("diff", "--since", "main")
    assert [problem["code"] for problem in ended.item("one")["problems"]] == ["remote-edited"]


def test_other_branches_are_looked_at_only_for_what_would_be_a_conflict(branch: Workspace, remote: Loopback) -> None:
    remote.sandbox.put("one", "text one")
    branch.write("one", "mine too")
    ended = branch.json("diff", "--since", "main", PATH=_counting(branch))
    assert ended.status == 0, ended.out
    assert "for-each-ref" not in (branch.folder / "asked").read_text()


def _counting(workspace: Workspace) -> str:
    return hostile_repository.put_before_git(
        workspace.folder.parent / "bin", f'echo "$*" >> {workspace.folder}/asked; exec $GIT "$@"'
    )
