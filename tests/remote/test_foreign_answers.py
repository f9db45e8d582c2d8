"""An answer to a write that shows somebody else's text is no success, and that text never passes for our own."""

import json

import pytest

from syncjob.report.summary import outcome_line
from syncjob.scenario.answers import Answer
from tests.remote.test_write_ends import effects
from tests.support.in_process import diff, rollback, sync, told
from tests.support.loopback import Loopback, json_answer
from tests.support.workspace import Workspace

OURS = "# Our model\n\nBest with short prompts, and a long text."
LONGER = (
    "# Written by a colleague\n\nOn Scenario, a moment after the write; nothing of ours is in it, and it is longer."
)
EDITS = {"longer": LONGER, "shorter": "Colleague's.", "of our letters": "to he", "empty words": "\u2014 \u2014"}


def shown(text: str) -> Answer:
    return json_answer(200, json.dumps({"description": {"value": text, "assets": [], "models": []}}).encode())


def staged(workspace: Workspace, remote: Loopback, edit: str, *, is_kept: bool = True) -> None:
    """Somebody edits the model between our write and its answer; without `is_kept` the answer alone says so."""
    remote.add("one", texts={"one": "first"})
    workspace.held({"one": "first"})
    workspace.write("one", OURS)
    workspace.commit()

    def script(method: str, target: str) -> Answer | None:
        if method != "PUT" or remote.counts["PUT"] > 1:
            return None
        remote.sandbox.put("one", edit if is_kept else OURS)
        return shown(edit)

    remote.script = script


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edit_in_an_answer_is_neither_a_success_nor_ours(workspace: Workspace, remote: Loopback, edit: str) -> None:
    staged(workspace, remote, edit)
    report = sync(workspace, lag=0)
    assert told(report)["one"] == ("conflict", "refused", ["remote-edited", "write-uncertain"])
    assert report.exit_code == 1
    assert outcome_line(report.summary) == "Applied 0, 0 failed, 1 refused, 1 may have been written."
    assert effects(workspace) == {"one": "unknown"}
    assert told(diff(workspace, lag=0))["one"] == ("conflict", "refused", ["remote-edited"])
    workspace.write("one", "# Our model, another text")
    workspace.commit()
    assert told(sync(workspace, lag=0))["one"] == ("conflict", "refused", ["remote-edited"])
    assert told(rollback(workspace, report.run, lag=0))["one"] == ("conflict", "refused", ["remote-edited"])
    assert remote.sandbox.description("one") == edit


def test_what_scenario_holds_decides_where_the_answer_is_foreign(workspace: Workspace, remote: Loopback) -> None:
    staged(workspace, remote, LONGER, is_kept=False)
    assert told(sync(workspace, lag=0))["one"] == ("update", "applied", [])
    assert effects(workspace) == {"one": "written"}


def test_a_journal_that_took_an_edit_for_our_own_is_not_believed(workspace: Workspace, remote: Loopback) -> None:
    """Versions before this one did."""
    staged(workspace, remote, LONGER)
    sync(workspace, lag=0)
    (path,) = (workspace.folder / ".syncjob" / "runs").glob("*.jsonl")
    from syncjob.text.canonical import sha256

    records = [json.loads(line) for line in path.read_text().splitlines()]
    result = next(record for record in records if record["record"] == "result")
    result |= {"status": "applied", "stored_sha256": sha256(LONGER), "effect": "written"}
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    assert told(diff(workspace, lag=0))["one"] == ("conflict", "refused", ["remote-edited"])


def test_an_edit_in_the_answer_to_a_deletion_is_not_deleted_later(workspace: Workspace, remote: Loopback) -> None:
    from syncjob.commands.run import Options

    staged(workspace, remote, LONGER)
    workspace.write("two", "stays")
    remote.add("two", texts={"two": "stays"})
    (workspace.descriptions / "one.md").unlink()
    pruning = Options(since="HEAD", prune=True)
    assert told(sync(workspace, pruning, lag=0))["one"] == ("conflict", "refused", ["remote-edited", "write-uncertain"])
    assert told(sync(workspace, pruning, lag=0))["one"] == ("conflict", "refused", ["remote-edited"])
    workspace.write("one", "another")
    assert told(sync(workspace, lag=0))["one"] == ("conflict", "refused", ["remote-edited"])
    assert remote.sandbox.description("one") == LONGER


@pytest.mark.parametrize(("keep", "where"), [(20, "cut"), (0, "dropped")])
def test_what_was_written_in_part_is_told_so(workspace: Workspace, remote: Loopback, keep: int, where: str) -> None:
    remote.add("one", texts={"one": "first"})
    workspace.held({"one": "first"})
    workspace.write("one", OURS)

    def script(method: str, target: str) -> Answer | None:
        if method != "PUT":
            return None
        remote.sandbox.put("one", OURS[:keep])
        return shown(OURS[:keep])

    remote.script = script
    report = sync(workspace, lag=0)
    assert told(report)["one"] == ("update", "failed", ["remote-normalised"])
    assert outcome_line(report.summary) == "Applied 0, 1 failed, 0 refused, 1 written in part."
