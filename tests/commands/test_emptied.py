"""A description that somebody emptied on Scenario is written again, and nobody takes that for a new one."""

import pytest

from syncjob.plan.compare import Change, with_references
from syncjob.plan.drift import emptied as emptied_by_run
from syncjob.plan.references import Catalogue
from tests.support.loopback import Loopback
from tests.support.workspace import Ended, Workspace

SAID = "emptied on Scenario since a run here wrote or found a text there"
BY_GIT = "emptied there, or never synced"


@pytest.fixture
def emptied(workspace: Workspace, remote: Loopback) -> Workspace:
    """Both were synced, and one is empty on Scenario now; new was never there."""
    workspace.expect_no_lag()
    remote.add("one", "two", "new")
    workspace.held({"one": "first\n", "two": "second\n"})
    assert workspace.run("sync").status == 0
    remote.sandbox.put("one", "")
    workspace.held({"new": "new\n"})
    return workspace


def problems(ended: Ended, model_id: str) -> list[tuple[str, str]]:
    return [(each["code"], each["severity"]) for each in ended.item(model_id)["problems"]]


def test_a_description_that_was_emptied_is_called_so_wherever_it_is_shown(emptied: Workspace, remote: Loopback) -> None:
    ended = emptied.json("diff")
    assert (ended.status, ended.report["summary"]["create"]) == (0, 2)
    assert (problems(ended, "one"), problems(ended, "new")) == ([("remote-emptied", "warning")], [])
    assert SAID in emptied.run("diff", "--stat").out
    comment = emptied.run("diff", "--format", "markdown").out
    assert "<b>create</b>, <b>emptied on Scenario</b>" in comment
    assert comment.index("<p><b>create</b>, <b>emptied") < comment.index("<summary><b>create</b>")
    page = emptied.run("diff", "--format", "html").out
    assert page.count('<span class="badge refused">emptied on Scenario</span>') == page.count(SAID) + 1
    ended = emptied.json("sync")
    assert (ended.status, problems(ended, "one")) == (0, [("remote-emptied", "warning")])
    assert remote.sandbox.description("one") == "first"


def test_without_a_journal_the_commit_of_the_last_sync_tells_it(emptied: Workspace, remote: Loopback) -> None:
    for journal in (emptied.folder / ".syncjob" / "runs").iterdir():
        journal.unlink()
    assert problems(emptied.json("diff"), "one") == []
    emptied.held({"one": "first, by git\n"})
    ended = emptied.json("diff", "--since", "HEAD~2")
    assert BY_GIT in ended.item("one")["problems"][0]["message"]
    assert problems(ended, "new") == []
    remote.sandbox.put("one", "first")
    assert problems(emptied.json("diff", "--since", "HEAD~2"), "one") == []
    remote.sandbox.put("one", "")
    assert problems(emptied.json("diff", "--since", "0" * 40), "one") == []


def test_what_a_run_here_emptied_was_emptied_by_nobody_else(emptied: Workspace, remote: Loopback) -> None:
    assert emptied.run("sync").status == 0
    assert emptied.run("rollback", "last").status == 0
    assert remote.sandbox.description("new") == ""
    assert problems(emptied.json("diff"), "new") == []


def test_a_model_that_is_gone_was_not_emptied() -> None:
    change = emptied_by_run(Change("one", "descriptions/one.md", "create", after="text", exists=False))
    assert [each.code for each in change.problems] == ["remote-emptied"]
    assert [each.code for each in with_references(change, Catalogue()).problems] == ["model-unknown"]
