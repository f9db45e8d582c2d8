"""What Scenario made of a text is ours to replace only if git had that text."""

from syncjob.commands.run import Options
from tests.remote.test_normalised import FORMS, TEXT, storing
from tests.support.in_process import diff, pull, rollback, sync, told
from tests.support.loopback import Loopback
from tests.support.workspace import Workspace


def synced_uncommitted(workspace: Workspace, remote: Loopback) -> str:
    """The text that Scenario made of one that no commit has; the file is gone back."""
    workspace.expect_no_lag()
    remote.add("one", "two", texts={"one": "old", "two": "two"})
    workspace.held({"one": "old", "two": "two"})
    workspace.write("one", TEXT)
    storing(remote, FORMS["blank lines"])
    assert told(sync(workspace))["one"][:2] == ("update", "applied")
    remote.script = lambda method, target: None
    workspace.git("checkout", "--quiet", "--", "descriptions/one.md")
    return str(remote.sandbox.description("one"))


def test_what_it_made_of_a_text_that_no_commit_has_is_not_overwritten(workspace: Workspace, remote: Loopback) -> None:
    stored = synced_uncommitted(workspace, remote)
    workspace.held({"one": "another"})
    assert told(sync(workspace))["one"] == ("conflict", "refused", ["remote-edited"])
    assert remote.sandbox.description("one") == stored
    workspace.held({"one": TEXT})
    workspace.held({"one": "another"})
    assert told(sync(workspace))["one"] == ("update", "applied", [])


def test_nor_is_it_deleted_or_called_a_text_of_git(workspace: Workspace, remote: Loopback) -> None:
    stored = synced_uncommitted(workspace, remote)
    workspace.git("rm", "--quiet", "descriptions/one.md")
    workspace.commit()
    assert told(sync(workspace, Options(prune=True)))["one"] == ("conflict", "refused", ["remote-edited"])
    assert remote.sandbox.description("one") == stored
    ended = workspace.json("acknowledge", "one", "--yes")
    assert ended.item("one")["status"] == "applied", ended.out
    assert "git's history holds" not in ended.out


def test_what_it_made_of_the_text_of_a_branch_that_head_is_behind_is_left(
    workspace: Workspace, remote: Loopback
) -> None:
    workspace.expect_no_lag()
    remote.add("one", texts={"one": "old"})
    workspace.held({"one": "old"})
    workspace.git("switch", "--quiet", "-c", "mine")
    workspace.held({"one": "mine"})
    workspace.git("switch", "--quiet", "main")
    workspace.held({"one": TEXT})
    storing(remote, FORMS["blank lines"])
    assert told(sync(workspace))["one"][:2] == ("update", "applied")
    remote.script = lambda method, target: None
    workspace.git("switch", "--quiet", "mine")
    workspace.git("branch", "--quiet", "--set-upstream-to=main")
    assert told(diff(workspace))["one"] == ("conflict", "refused", ["behind"])
    assert told(sync(workspace))["one"] == ("conflict", "refused", ["behind"])
    assert remote.sandbox.description("one") == FORMS["blank lines"](TEXT)
    assert told(pull(workspace))["one"] == ("unchanged", "unchanged", ["behind"])


def test_an_edit_that_a_rollback_brought_back_is_still_one(workspace: Workspace, remote: Loopback) -> None:
    workspace.expect_no_lag()
    remote.add("one", texts={"one": TEXT})
    workspace.held({"one": "new"})
    report = sync(workspace, Options(overwrite_remote_edits=True))
    storing(remote, FORMS["entities"])
    assert told(rollback(workspace, report.run))["one"][:2] == ("update", "applied")
    stored = remote.sandbox.description("one")
    assert told(sync(workspace))["one"] == ("conflict", "refused", ["remote-edited"])
    assert remote.sandbox.description("one") == stored
