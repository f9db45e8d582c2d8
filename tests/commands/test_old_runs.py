"""A run of an old commit after later ones were synced: it writes nothing, and says so."""

import pytest

from syncjob.commands.run import Options
from tests.support import in_process
from tests.support.loopback import Loopback
from tests.support.workspace import Ended, Workspace


@pytest.fixture
def reverted(workspace: Workspace, remote: Loopback) -> Workspace:
    """Of main, which `origin/main` is too, the bad commit is checked out, and its revert was synced."""
    remote.add("one", texts={"one": "good"})
    workspace.held({"one": "good"})
    workspace.write("one", "bad")
    bad = workspace.commit()
    workspace.write("one", "good")
    workspace.commit()
    workspace.git("update-ref", "refs/remotes/origin/main", "main")
    workspace.git("checkout", "--quiet", "--detach", bad)
    return workspace


def codes(ended: Ended) -> list[str]:
    return [problem["code"] for problem in ended.report["problems"]]


def test_head_older_than_since_writes_nothing_asks_nothing_and_says_so(reverted: Workspace, remote: Loopback) -> None:
    reverted.write("one", "worse")
    tip = reverted.git("rev-parse", "origin/main").strip()
    for options in (
        Options(since="origin/main"),
        Options(since=tip, keep_going=True),
        Options(since=tip, force=True, overwrite_remote_edits=True),
    ):
        report = in_process.sync(reverted, options)
        assert (report.exit_code, [problem.code for problem in report.problems]) == (1, ["old-run"])
        assert str(options.since) in report.problems[0].message
        assert in_process.told(report) == {"one": ("invalid", "not_attempted", [])}
    assert remote.asked == []
    shown = reverted.run("sync", "--since", "origin/main")
    assert shown.out.count("old-run") == 1
    assert "Nothing was written" in shown.out
    assert "run without --since" in shown.out
    assert (reverted.run("diff", "--since", "origin/main").status, remote.asked) == (1, [])


def test_also_if_no_file_of_it_differs(reverted: Workspace, remote: Loopback) -> None:
    ended = reverted.json("sync", "--since", "origin/main")
    assert (ended.status, codes(ended), ended.report["items"]) == (1, ["old-run"], [])
    shown = reverted.run("diff", "--since", "origin/main")
    assert (shown.status, shown.out.splitlines()[-1]) == (1, "Nothing was compared.")
    assert reverted.json("sync", "--since", "origin/main", "--prune").status == 1


@pytest.mark.parametrize(
    "step",
    [
        {"GITHUB_ACTIONS": "true", "GITHUB_REF_NAME": "main"},
        {"GITHUB_ACTIONS": "true", "GITHUB_BASE_REF": "main", "GITHUB_REF_NAME": "7/merge"},
        {},
    ],
)
def test_where_the_branch_was_put_back_to_head_it_is_no_old_run(
    reverted: Workspace, remote: Loopback, step: dict[str, str]
) -> None:
    tip = reverted.git("rev-parse", "main").strip()
    reverted.git("update-ref", "refs/remotes/origin/main", "HEAD")
    if not step:
        reverted.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    ended = reverted.json("sync", "--since", tip, "--no-github", **step)
    assert (ended.status, codes(ended)) == (0, [])


def test_another_branch_at_head_does_not_make_an_old_run_a_new_one(reverted: Workspace, remote: Loopback) -> None:
    reverted.git("update-ref", "refs/remotes/origin/main", "HEAD")
    reverted.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    reverted.git("update-ref", "refs/remotes/origin/release", "main")
    step = {"GITHUB_ACTIONS": "true", "GITHUB_REF_NAME": "release"}
    assert codes(reverted.json("sync", "--since", "main", "--no-github", **step)) == ["old-run"]


def test_what_is_no_old_run(reverted: Workspace, remote: Loopback) -> None:
    assert reverted.run("check", "--since", "origin/main").status == 0
    reverted.write("one", "beside it")
    reverted.commit()
    for revision in ("HEAD", "HEAD~1", "origin/main"):
        assert codes(reverted.json("diff", "--since", revision)) == []
    reverted.git("checkout", "--quiet", "HEAD~1")
    assert codes(reverted.json("sync")) == []  # on purpose, back to the old commit
    assert remote.sandbox.description("one") == "bad"
