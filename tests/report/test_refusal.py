"""That one item keeps all others from being written is said in every format, before and after."""

import pytest

from tests.support.loopback import Loopback
from tests.support.workspace import Workspace

WOULD = "Blocked: sync would write nothing. 1 edited on Scenario; 1 ready"
NEXT = "Next: settle what is refused, or write the rest with --keep-going."


@pytest.fixture
def one_conflict(workspace: Workspace, remote: Loopback) -> Workspace:
    remote.add("one", "two", texts={"one": "old", "two": "edited there"})
    workspace.held({"one": "old", "two": "old"})
    workspace.write("one", "new\n")
    workspace.write("two", "new\n")
    return workspace


@pytest.mark.parametrize("command", [("diff",), ("sync", "--dry-run")], ids=" ".join)
@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_a_plan_that_would_be_refused_is_called_so(
    one_conflict: Workspace, command: tuple[str, ...], form: str
) -> None:
    out = one_conflict.run(*command, "--format", form).out
    assert (WOULD in out, NEXT in out) == (True, True)
    assert "would write nothing" not in one_conflict.run(*command, "one", "--format", form).out
    out = one_conflict.run(*command, "two", "--format", form).out
    assert ("Blocked: sync would write nothing. 1 edited on Scenario" in out, NEXT in out) == (True, False)  # no rest


def test_a_sync_that_was_refused_says_by_what_and_how_to_write_the_rest(one_conflict: Workspace) -> None:
    ended = one_conflict.run("sync")
    assert ended.out.startswith("Blocked: sync writes none of this. 1 edited on Scenario; 1 ready.\n\n")
    assert ended.out.endswith(f"Nothing was written: 0 failed, 1 refused, 1 not attempted.\n{NEXT}\n")
    ended = one_conflict.run("sync", "--keep-going")
    assert ended.out.endswith("Applied 1, 0 failed, 1 refused.\n")


def test_a_rollback_is_by_item_and_says_nothing_of_it(one_conflict: Workspace, remote: Loopback) -> None:
    assert one_conflict.run("sync", "--overwrite-remote-edits").status == 0
    run = one_conflict.run("runs").out.splitlines()[1].split()[0]
    one_conflict.expect_no_lag()
    remote.sandbox.put("two", "later")
    for dry in (["--dry-run"], []):
        ended = one_conflict.run("rollback", run, *dry)
        assert "1 in conflict" in ended.out
        assert "Blocked" not in ended.out


def test_the_files_that_were_written_are_named(one_conflict: Workspace) -> None:
    ended = one_conflict.run("diff", "one", "--format", "html", "--output", "r.html", "--plan-out", "plan.json")
    assert ended.err.endswith("Wrote r.html, plan.json.\n")
    ended = one_conflict.run("diff", "one", "--output", "o.txt", "--report", "r.json")
    assert ended.err.endswith("Wrote o.txt, r.json.\n")
