"""A description that somebody emptied on Scenario is written again, and nobody takes that for a new one."""

import pytest

from syncjob.commands.run import Options
from syncjob.plan.compare import Change, with_references
from syncjob.plan.drift import emptied as emptied_by_run
from syncjob.plan.references import Catalogue
from syncjob.report import text
from syncjob.report.markdown import document
from syncjob.report.model import Report
from tests.support.in_process import diff, pull, rollback, sync, told
from tests.support.loopback import Loopback
from tests.support.workspace import Workspace

SAID = "emptied on Scenario since a run here wrote or found a text there"
BY_GIT = "emptied there, or never synced"


@pytest.fixture
def emptied(workspace: Workspace, remote: Loopback) -> Workspace:
    """Both were synced, and one is empty on Scenario now; new was never there."""
    workspace.expect_no_lag()
    remote.add("one", "two", "new")
    workspace.held({"one": "first\n", "two": "second\n"})
    assert sync(workspace).exit_code == 0
    remote.sandbox.put("one", "")
    workspace.held({"new": "new\n"})
    return workspace


def codes(report: Report, model_id: str) -> list[str]:
    return told(report)[model_id][2]


def test_a_description_that_was_emptied_is_called_so(emptied: Workspace, remote: Loopback) -> None:
    report = diff(emptied)
    assert (report.exit_code, report.summary.create) == (0, 2)
    assert (codes(report, "one"), codes(report, "new")) == (["remote-emptied"], [])
    assert f"warning remote-emptied: {SAID}" in text.render_stat(report, color=False)
    comment = document.render(report, document.COMMENT)
    assert "<b>create</b>, <b>emptied on Scenario</b>" in comment
    assert comment.index("<p><b>create</b>, <b>emptied") < comment.index("<summary><b>create</b>")
    assert codes(pull(emptied), "one") == ["remote-emptied"]
    assert codes(sync(emptied), "one") == ["remote-emptied"]
    assert remote.sandbox.description("one") == "first"


@pytest.mark.deep
def test_the_page_calls_it_so_too(emptied: Workspace) -> None:
    page = emptied.run("diff", "--format", "html").out
    assert page.count('<span class="badge refused">emptied on Scenario</span>') == page.count(SAID) + 1
    assert page.count("not on Scenario before") == 1  # of the new one


@pytest.mark.deep
def test_without_a_journal_the_commit_of_the_last_sync_tells_it(emptied: Workspace, remote: Loopback) -> None:
    for journal in (emptied.folder / ".syncjob" / "runs").iterdir():
        journal.unlink()
    assert codes(diff(emptied), "one") == []
    emptied.held({"one": "first, by git\n"})
    report = diff(emptied, Options(since="HEAD~2"))
    assert (codes(report, "one"), codes(report, "new")) == (["remote-emptied"], [])
    assert BY_GIT in next(item.problems[0].message for item in report.items if item.model_id == "one")
    remote.sandbox.put("one", "first")
    assert codes(diff(emptied, Options(since="HEAD~2")), "one") == []
    remote.sandbox.put("one", "")
    assert codes(diff(emptied, Options(since="0" * 40)), "one") == []


@pytest.mark.deep
def test_what_a_run_here_emptied_was_emptied_by_nobody_else(emptied: Workspace, remote: Loopback) -> None:
    rollback(emptied, sync(emptied).run)
    assert remote.sandbox.description("new") == ""
    assert codes(diff(emptied), "new") == []
    emptied.held({"new": "newer\n"})
    assert codes(diff(emptied, Options(since="HEAD~1")), "new") == []


@pytest.mark.deep
def test_it_had_a_text_whatever_became_of_a_run_that_was_killed(emptied: Workspace, remote: Loopback) -> None:
    remote.sandbox.put("one", "first")
    emptied.held({"one": "first, by git\n"})
    journal = emptied.folder / ".syncjob" / "runs" / f"{sync(emptied).run}.jsonl"
    records = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(line for line in records if '"result"' not in line and '"end"' not in line))
    remote.sandbox.put("one", "")
    for since in (None, "HEAD~1"):
        assert codes(diff(emptied, Options(since=since)), "one") == ["remote-emptied"]
    remote.sandbox.put("new", "")  # of which nobody knows whether the run wrote it
    assert codes(diff(emptied), "new") == []


def test_a_model_that_is_gone_was_not_emptied() -> None:
    change = emptied_by_run(Change("one", "descriptions/one.md", "create", after="text", exists=False))
    assert [each.code for each in change.problems] == ["remote-emptied"]
    assert [each.code for each in with_references(change, Catalogue()).problems] == ["model-unknown"]
