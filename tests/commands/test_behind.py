"""A branch that is behind: what another branch holds is no edit made on Scenario."""

import re

import pytest

from syncjob.commands.run import Options
from syncjob.local import acknowledged
from syncjob.text.canonical import sha256
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
    words = re.sub(r"</?code>", "", shown)
    assert f"error behind: origin/main has this text ({commit[:7]}): merge that branch" in words
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


def test_a_line_does_not_hide_what_a_branch_holds_committed_or_not(branch: Workspace, remote: Loopback) -> None:
    branch.write("one", "mine too")
    branch.commit()
    acknowledged.update(branch.descriptions, "one", "test", sha256("theirs"), is_seen=True)
    ended = branch.json("diff", "--since", "main")
    assert [problem["code"] for problem in ended.item("one")["problems"]] == ["behind"]
    branch.commit()
    ended = branch.json("sync", "--since", "main")
    assert [problem["code"] for problem in ended.item("one")["problems"]] == ["behind"]
    assert remote.sandbox.description("one") == "theirs"


def test_other_branches_are_looked_at_only_for_what_would_be_a_conflict(branch: Workspace, remote: Loopback) -> None:
    remote.sandbox.put("one", "text one")
    branch.write("one", "mine too")
    ended = branch.json("diff", "--since", "main", PATH=_counting(branch))
    assert ended.status == 0, ended.out
    asked = (branch.folder / "asked").read_text()
    # Whether HEAD is behind is asked once; what the others hold is not read if it is not.
    head, main = (branch.git("rev-parse", name).strip() for name in ("HEAD", "main"))
    assert (asked.count("for-each-ref"), asked.count(f"^{head}")) == (1, 0)
    assert f"ls-tree -z {main}" not in asked
    assert f"ls-tree -z {head}" in asked


def _counting(workspace: Workspace) -> str:
    return hostile_repository.put_before_git(
        workspace.folder.parent / "bin", f'echo "$*" >> {workspace.folder}/asked; exec $GIT "$@"'
    )


@pytest.fixture
def stale(workspace: Workspace, remote: Loopback) -> Workspace:
    """A checkout before a colleague's revert of one, which is on origin/main and synced; two was never changed."""
    remote.add("one", "two", texts={"one": "good", "two": "text two"})
    workspace.held({"one": "good", "two": "text two"})
    workspace.held({"one": "bad claim"})
    workspace.git("switch", "--quiet", "-c", "mine")
    workspace.git("switch", "--quiet", "main")
    workspace.held({"one": "good"})
    workspace.git("switch", "--quiet", "mine")
    as_clone(workspace)
    workspace.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    return workspace


def test_a_stale_checkout_does_not_put_back_what_was_reverted(stale: Workspace, remote: Loopback) -> None:
    tip = stale.git("rev-parse", "origin/main").strip()
    for more in ((), ("--since", "HEAD~1")):
        ended = stale.json("sync", *more)
        (problem,) = ended.item("one")["problems"]
        assert (ended.status, ended.item("one")["action"], problem["code"]) == (1, "conflict", "behind")
        assert problem["message"] == f"origin/main has this text ({tip[:7]}): merge that branch"
    assert "needs no line" not in stale.run("acknowledge", "one", "--yes").out
    assert remote.sandbox.description("one") == "good"
    (stale.descriptions / "one.md").unlink()
    stale.write("two", "uncommitted")  # what the branch has as HEAD has it may be replaced
    ended = stale.json("diff", "--prune")
    assert (ended.item("one")["action"], ended.item("two")["action"]) == ("conflict", "update")
    stale.git("restore", ".")
    assert stale.json("sync", "--overwrite-remote-edits").status == 0
    assert remote.sandbox.description("one") == "bad claim"


def test_a_branch_with_commits_of_its_own_replaces_the_text_of_main(stale: Workspace, remote: Loopback) -> None:
    stale.held({"one": "bad claim, put better"})
    assert stale.json("diff").item("one")["action"] == "update"
    stale.git("merge", "--quiet", "-s", "ours", "origin/main")
    assert stale.json("diff").item("one")["action"] == "update"


def test_a_head_that_moves_while_scenario_is_asked_changes_no_judgement(branch: Workspace, remote: Loopback) -> None:
    branch.git("switch", "--quiet", "main")
    branch.held({"two": "theirs, not synced"})  # so that two is a write, before the move and after it
    branch.git("switch", "--quiet", "mine")
    branch.held({"one": "mine too"})
    moved: list[str] = []

    def switch(method: str, target: str) -> None:
        if "/two/description" in target and not moved:
            moved.append(branch.git("switch", "--quiet", "main"))

    for run in (in_process.diff, in_process.sync):
        remote.script = switch
        report = run(branch, Options())
        assert moved
        assert report.exit_code == 1
        assert "head-moved" in [problem.code for problem in report.problems]
        assert [item.action for item in report.items if item.model_id == "two"] == ["update"]
        assert remote.sandbox.description("one") == "theirs"
        branch.git("switch", "--quiet", "mine")
        moved.clear()
    assert remote.counts["PUT"] == 0


def test_a_line_allows_nothing_over_a_text_that_another_branch_holds(branch: Workspace, remote: Loopback) -> None:
    """It was acknowledged here, and taken over there."""
    folder = branch.descriptions / ".acknowledged"
    folder.mkdir()
    (folder / "one").write_text(f"test {sha256('theirs')}\n")
    branch.held({"one": "mine too"})
    assert in_process.told(in_process.diff(branch))["one"] == ("update", "planned", ["edit-acknowledged"])
    branch.git("branch", "--quiet", "--set-upstream-to=main")
    assert in_process.told(in_process.sync(branch))["one"] == ("conflict", "refused", ["behind"])
    report = in_process.sync(branch, Options(overwrite_remote_edits=True))
    assert in_process.told(report)["one"] == ("update", "applied", ["remote-edited"])
