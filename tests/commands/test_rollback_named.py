"""A rollback of a run that is named in short, and of some of its models."""

import json
from pathlib import Path

import pytest

from syncjob.state.journal import Intent, read
from tests.support import in_process
from tests.support.loopback import Loopback
from tests.support.workspace import Workspace


@pytest.fixture
def two_runs(workspace: Workspace, remote: Loopback) -> Workspace:
    """The first sync wrote one and two, the second only one."""
    remote.add("one", "two", texts={"one": "first", "two": "first"})
    workspace.held({"one": "first", "two": "first"})
    for texts in ({"one": "second\n", "two": "second\n"}, {"one": "third\n"}):
        for model_id, text in texts.items():
            workspace.write(model_id, text)
        workspace.commit()
        assert workspace.run("sync").status == 0
    return workspace


def ids(workspace: Workspace) -> list[str]:
    return [row["run"] for row in json.loads(workspace.run("runs", "--format", "json").out)]


def journal(workspace: Workspace, run: str) -> Path:
    return workspace.folder / ".syncjob" / "runs" / f"{run}.jsonl"


def test_the_last_run_or_one_by_its_beginning_is_undone_and_its_journal_is_named(two_runs: Workspace) -> None:
    newer, older = ids(two_runs)
    shown = two_runs.run("rollback", "last", "--dry-run")
    assert (shown.status, f"+++ run/{newer}/one\n" in shown.out, "/two" in shown.out) == (0, True, False)
    assert f"+++ run/{older}/two\n" in two_runs.run("rollback", older[:-1], "--dry-run").out
    several = two_runs.run("rollback", newer[:8], "--dry-run")
    assert (several.status, f"2 runs begin with {newer[:8]}: {newer}, {older}" in several.err) == (2, True)
    for nothing in ("", "1999", "LAST"):
        assert two_runs.run("rollback", nothing, "--dry-run").status == 2


def test_a_select_rolls_back_only_that(two_runs: Workspace, remote: Loopback) -> None:
    _, older = ids(two_runs)
    assert two_runs.run("rollback", older, "nowhere").status == 2
    assert two_runs.run("rollback", older, "descriptions/two.md").status == 0
    assert (remote.sandbox.description("two"), remote.sandbox.description("one")) == ("first", "third")
    assert two_runs.run("rollback", "last").status == 0  # of the rollback
    assert remote.sandbox.description("two") == "second"


def test_a_damaged_journal_is_never_skipped_for_an_older_one(two_runs: Workspace, remote: Loopback) -> None:
    newer, _ = ids(two_runs)
    journal(two_runs, newer).write_text("{}\n")
    remote.asked.clear()
    ended = two_runs.run("rollback", "last")
    assert (ended.status, newer in ended.err, remote.counts["PUT"]) == (2, True, 0)


def test_a_probe_that_put_back_what_it_wrote_is_not_the_last_run(two_runs: Workspace) -> None:
    newer, older = ids(two_runs)
    path = journal(two_runs, newer)
    probe = path.read_text().replace('"command":"sync"', '"command":"doctor"')
    path.write_text(probe)
    assert f"+++ run/{older}/two\n" in two_runs.run("rollback", "last", "--dry-run").out
    path.write_text("".join(probe.splitlines(keepends=True)[:-1]))  # it was killed
    assert f"+++ run/{newer}/one\n" in two_runs.run("rollback", "last", "--dry-run").out


def test_the_journal_knows_the_models_names_and_how_many_are_to_be_written(
    workspace: Workspace, remote: Loopback
) -> None:
    remote.add("one", "two")
    for model_id in ("one", "two"):
        workspace.write(model_id, "text\n")
    run = in_process.sync(workspace).run
    intents = [each for each in read(workspace.folder / ".syncjob", run) if isinstance(each, Intent)]
    assert {(each.model_id, each.model_name) for each in intents} == {("one", "Name of one"), ("two", "Name of two")}
    assert [each.planned for each in intents] == [2, None]
    remote.asked.clear()
    report = in_process.rollback(workspace, run)
    assert [item.model_name for item in report.items] == ["Name of one", "Name of two"]
    assert remote.counts["POST"] == 0  # the journal says it


@pytest.mark.deep
def test_a_rollback_and_the_list_of_runs_call_the_models_by_name(two_runs: Workspace, remote: Loopback) -> None:
    newer, older = ids(two_runs)
    remote.asked.clear()
    shown = two_runs.run("rollback", older, "two", "--dry-run")
    assert "update two (Name of two)\n" in shown.out
    ended = two_runs.run("rollback", newer)
    assert "updated one (Name of one)\n" in ended.out
    assert remote.counts["POST"] == 0
    rows = two_runs.run("runs").out.splitlines()
    assert rows[2] == "    one (Name of one)"
    assert (rows[5].startswith(older), rows[6]) == (True, "    one (Name of one), two (Name of two)")


@pytest.mark.deep
def test_a_killed_run_is_listed_with_all_that_it_was_to_write(two_runs: Workspace) -> None:
    _, older = ids(two_runs)
    path = journal(two_runs, older)
    lines = path.read_text().splitlines(keepends=True)
    first = next(place for place, line in enumerate(lines) if '"intent"' in line)
    path.write_text("".join(lines[: first + 1]))
    assert "0 of 2 applied, interrupted (killed)" in two_runs.run("runs").out
