"""What puts back an earlier text, as a table; and the commands rollback and runs, and --resume, over real HTTP."""

import fcntl
import json
from pathlib import Path
from typing import Any

import pytest

from syncjob.plan.existing import Absent, Existing, Held
from syncjob.plan.rollback import put_back
from syncjob.problems import Failure
from syncjob.report import runs as listing
from syncjob.state.journal import Begin, Finish, Intent, Record, Result
from syncjob.state.past_runs import Write
from syncjob.text.canonical import sha256
from tests.support.loopback import PLAYS, Loopback, json_answer
from tests.support.workspace import Ended, Workspace

PATH = "descriptions/one.md"


def wrote(before: str | None, after: str, status: Any = "applied", stored: str | None = None) -> Write:
    result = status and Result("one", status, sha256(stored if stored is not None else after))
    return Write(Intent("one", PATH, before, sha256(after)), result)


def ended_with(exit_code: int, not_attempted: int = 0) -> Finish:
    return Finish("2026-01-01T00:00:01Z", exit_code, {"not_attempted": not_attempted})


def held(text: str) -> Existing:
    return Held(text, (), 1.0)


@pytest.mark.parametrize(
    ("write", "existing", "action", "after"),
    [
        (wrote("old", "new"), held("new"), "update", "old"),
        (wrote(None, "new"), held("new"), "delete", ""),
        (wrote("old", ""), held(""), "create", "old"),
        (wrote("old", ""), Absent(1.0), "create", "old"),
        (wrote("old", "new"), held("old"), "unchanged", ""),
        (wrote(None, "new"), held(""), "unchanged", ""),
        (wrote(None, "new"), Absent(1.0), "unchanged", ""),
        (wrote("old", "new"), held("later"), "conflict", "old"),
        (wrote("old", "new"), held(""), "conflict", "old"),
        (wrote("old", "new", stored="NEW"), held("NEW"), "update", "old"),
        (wrote("old", "new", None), held("new"), "update", "old"),
        (wrote("old", "new", "failed"), held("new"), "update", "old"),
        (wrote("old", "new", None), held("old"), "unchanged", ""),
        (wrote("old", "new", None), held("later"), "conflict", "old"),
    ],
)
def test_the_earlier_text_comes_back_where_the_runs_own_is_still_there(
    write: Write, existing: Existing, action: str, after: str
) -> None:
    change = put_back(write, existing, is_forced=False)
    assert (change.action, change.after) == (action, after)


def test_force_puts_it_back_over_a_later_text_and_says_so() -> None:
    change = put_back(wrote("old", "new"), held("later"), is_forced=True)
    assert (change.action, change.before, change.after) == ("update", "later", "old")
    assert [problem.severity for problem in change.problems] == ["warning"]


def test_what_cannot_be_read_cannot_be_put_back() -> None:
    failure = Failure("unavailable", "down")
    assert put_back(wrote("old", "new"), failure, is_forced=True).failure == failure


# The commands


@pytest.fixture
def synced(workspace: Workspace, remote: Loopback) -> Workspace:
    """A sync has updated one, created two and deleted three; its run is in `run_of`."""
    remote.add("one", "two", "three", texts={"one": "old", "three": "to go"})
    workspace.held({"one": "old", "three": "to go"})
    workspace.write("one", "new")
    workspace.write("two", "created")
    (workspace.descriptions / "three.md").unlink()
    assert workspace.json("sync", "--since", "HEAD", "--prune").status == 0
    remote.asked.clear()
    return workspace


def runs(workspace: Workspace) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(workspace.run("runs", "--format", "json").out)
    return listed


def texts(remote: Loopback) -> list[str]:
    return [remote.sandbox.description(id_) for id_ in ("one", "two", "three")]


def actions(ended: Ended) -> dict[str, str]:
    return {item["model_id"]: item["action"] for item in ended.report["items"]}


def test_a_rollback_brings_everything_back_and_can_be_rolled_back_itself(synced: Workspace, remote: Loopback) -> None:
    (first,) = runs(synced)
    ended = synced.json("rollback", first["run"])
    assert ended.status == 0, ended.err
    assert actions(ended) == {"one": "update", "two": "delete", "three": "create"}
    assert texts(remote) == ["old", "", "to go"]
    # What a 404 says to be missing is read once more.
    assert remote.counts == {"GET": 3 + (PLAYS.no_description in ("404", "null")), "PUT": 3}
    second, _ = runs(synced)
    assert second["command"] == "rollback"
    assert synced.json("rollback", second["run"]).status == 0
    assert texts(remote) == ["new", "created", ""]
    assert synced.json("rollback", second["run"]).report["requests"]["put"] == 0


def test_a_dry_run_shows_what_comes_back_and_writes_nothing(synced: Workspace, remote: Loopback) -> None:
    ended = synced.run("rollback", runs(synced)[0]["run"], "--dry-run")
    assert ended.status == 0
    assert "-new\n+old\n" in ended.out
    assert ended.out.endswith("Plan: 1 to create, 1 to update, 1 to delete, 0 unchanged.\n")
    assert remote.counts == {"GET": 3}
    assert len(runs(synced)) == 1
    page = synced.run("rollback", runs(synced)[0]["run"], "--dry-run", "--format", "html").out
    assert "Put back</h3>" in page
    assert "In the file" not in page.partition("<body>")[2]


def test_what_has_moved_on_since_is_left_alone_and_the_rest_comes_back(synced: Workspace, remote: Loopback) -> None:
    remote.sandbox.put("one", "edited since")
    run = runs(synced)[0]["run"]
    ended = synced.json("rollback", run)
    assert ended.status == 1
    assert (ended.item("one")["action"], ended.item("one")["status"]) == ("conflict", "refused")
    assert texts(remote) == ["edited since", "", "to go"]
    forced = synced.json("rollback", run, "--force")
    assert forced.status == 0
    assert forced.report["summary"]["applied"] == 1
    assert texts(remote) == ["old", "", "to go"]


def test_a_run_of_another_project_cannot_be_rolled_back_or_resumed(synced: Workspace, remote: Loopback) -> None:
    run = runs(synced)[0]["run"]
    for command in (("rollback", run), ("sync", "--resume", run)):
        ended = synced.run("--profile", "sandbox", *command)
        assert ended.status == 2
        assert "was for the profile 'test'" in ended.err
    assert remote.asked == []


def test_only_a_sync_can_be_resumed(synced: Workspace, remote: Loopback) -> None:
    assert synced.json("rollback", runs(synced)[0]["run"]).status == 0
    remote.asked.clear()
    for options in ([], ["--dry-run"]):
        ended = synced.run("sync", *options, "--resume", runs(synced)[0]["run"])
        assert ended.status == 2
        assert "was a rollback: only a sync can be resumed" in ended.err
    assert remote.asked == []


def test_the_list_of_runs_has_when_profile_command_and_counts(synced: Workspace, remote: Loopback) -> None:
    (row,) = runs(synced)
    assert row | {"command": "sync", "profile": "test", "exit_code": 0, "writes": 3, "applied": 3} == row
    assert row | {"base_url": remote.url, "not_attempted": 0} == row
    shown = synced.run("runs")
    assert shown.out.splitlines()[0].split() == ["RUN", "COMMAND", "PROFILE", "BASE", "URL", "STARTED", "RESULT"]
    assert shown.out.splitlines()[1].startswith(row["run"])
    assert shown.out.splitlines()[1].endswith("3 of 3 applied")


def test_a_sync_that_wrote_nothing_is_no_run_to_list(synced: Workspace) -> None:
    assert synced.run("sync").status == 0
    assert len(runs(synced)) == 1


def test_a_run_that_scenario_refused_is_no_run_to_list(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one")
    workspace.write("one", "text")
    remote.script = lambda method, target: json_answer(422, b'{"reason": "no"}') if method == "PUT" else None
    assert workspace.run("sync").status == 1
    assert workspace.run("runs").out == "No run has written anything yet.\n"


INTENT = Intent("one", PATH, None, sha256("text"))


@pytest.mark.parametrize(
    ("records", "result"),
    [
        ([], None),
        ([INTENT], "0 of 1 applied, interrupted (killed)"),
        ([INTENT, Result("one", "failed", effect="none")], None),
        ([INTENT, Result("one", "failed", effect="unknown")], "0 of 1 applied, 1 failed, interrupted (killed)"),
        (
            [INTENT, Result("one", "refused", effect="none"), INTENT],
            "0 of 2 applied, 1 refused, interrupted (killed)",
        ),
        ([INTENT, Result("one", "applied", effect="written"), ended_with(0)], "1 of 1 applied"),
        ([INTENT, Result("one", "applied"), ended_with(1, 3)], "1 of 1 applied, 3 not attempted"),
        ([INTENT, Result("one", "applied"), ended_with(4, 3)], "1 of 1 applied, 3 not attempted, interrupted"),
        (
            [INTENT, Result("one", "applied"), Finish("2026-01-01T00:00:01Z", 143, {"update": 499, "create": 1})],
            "1 of 500 applied, interrupted",
        ),
        ([INTENT, Result("one", "applied"), ended_with(143)], "1 of 1 applied, interrupted"),
        ([ended_with(130, 3)], None),
    ],
)
def test_only_what_may_have_written_is_listed_with_how_it_ended(records: list[Record], result: str | None) -> None:
    begin = Begin(1, "r", "sync", "test", "http://127.0.0.1:1/v1", None, "2026-01-01T00:00:00Z")
    row = listing.row_of([begin, *records])
    assert bool(row) == bool(result)
    if row:
        line = listing.render_text([row]).splitlines()[1]
        assert line == f"r    sync     test     http://127.0.0.1:1/v1  2026-01-01T00:00:00Z  {result}"


@pytest.mark.parametrize(
    ("width", "heads"),
    [
        (140, "RUN COMMAND PROFILE BASE URL STARTED RESULT"),
        (100, "RUN COMMAND PROFILE BASE URL RESULT"),
        (80, "RUN COMMAND PROFILE RESULT"),
    ],
)
def test_a_narrow_terminal_lists_runs_without_what_their_ids_say(width: int, heads: str) -> None:
    begin = Begin(1, f"{'2' * 30}", "sync", "test", "http://127.0.0.1:1/v1", None, "2026-01-01T00:00:00Z")
    row = listing.row_of([begin, INTENT, Result("one", "applied"), ended_with(0)])
    assert row is not None
    lines = listing.render_text([row], width).splitlines()
    assert (len(lines), " ".join(lines[0].split())) == (2, heads)
    assert max(map(len, lines)) <= width
    assert lines[1].endswith("1 of 1 applied")
    assert max(map(len, listing.render_text([row], 40).splitlines())) <= 40


def test_a_run_that_was_killed_is_listed_as_such_and_can_be_rolled_back(synced: Workspace, remote: Loopback) -> None:
    path = synced.folder / ".syncjob" / "runs" / f"{runs(synced)[0]['run']}.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if b'"record":"intent"' in line or b'"record":"run"' in line]
    assert "interrupted" not in synced.run("runs").out
    path.write_bytes(b"".join(kept) + b'{"record":"int')
    assert "interrupted" in synced.run("runs").out
    assert synced.run("rollback", runs(synced)[0]["run"]).status == 0
    assert texts(remote) == ["old", "", "to go"]


def test_there_is_nothing_to_resume_where_nothing_was_confirmed(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one")
    workspace.write("one", "text")
    remote.script = lambda method, target: json_answer(401, b'{"reason": "no"}')
    ended = workspace.run("sync")
    assert (ended.status, "resume" in ended.out + ended.err) == (2, False)


def test_resume_asks_for_nothing_that_the_run_confirmed(workspace: Workspace, remote: Loopback) -> None:
    ids = [f"m{number:02}" for number in range(30)]
    remote.add(*ids, texts=dict.fromkeys(ids[:5], "same"))
    for id_ in ids:
        workspace.write(id_, "same")
    remote.script = lambda method, target: (
        json_answer(429, b'{"name": "PlanLimitReachedError", "reason": "ceiling"}')
        if method == "PUT" and remote.counts["PUT"] > 10
        else None
    )
    stopped = workspace.json("sync")
    assert stopped.status == 4
    applied = stopped.report["summary"]["applied"]
    assert applied == 10
    remote.script = lambda method, target: None
    remote.asked.clear()
    workspace.write("m00", "edited in between")
    workspace.commit()
    ended = workspace.json("sync", "--resume", runs(workspace)[0]["run"], "--overwrite-remote-edits")
    assert ended.status == 0, ended.err
    read = {target.split("/")[3] for method, target, _ in remote.asked if method == "GET"}
    assert len(read) == 30 - applied - 4
    assert "m00" in read
    assert ended.report["summary"]["applied"] == 30 - applied - 4
    assert workspace.json("diff", "--exit-code").status == 0


def test_a_second_writer_is_told_who_the_first_one_is(workspace: Workspace, remote: Loopback) -> None:
    workspace.write("one", "text")
    (workspace.folder / ".syncjob").mkdir(exist_ok=True)
    with (workspace.folder / ".syncjob" / "test.lock").open("w+") as file:
        file.write("the run first (process 4711, since yesterday)")
        file.flush()
        fcntl.flock(file, fcntl.LOCK_EX)
        for command in (("sync",), ("rollback", "any")):
            refused = workspace.run(*command)
            assert refused.status == 1
            assert "the run first (process 4711, since yesterday) is writing to the profile 'test'" in refused.err
        assert remote.asked == []
        assert workspace.run("diff").status in (0, 1)


def test_the_lock_of_a_dead_process_is_taken_over(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one")
    workspace.write("one", "text")
    (workspace.folder / ".syncjob").mkdir(exist_ok=True)
    lock = Path(workspace.folder / ".syncjob" / "test.lock")
    lock.write_text("the run first (process 4711, since yesterday)")
    assert workspace.run("sync").status == 0
    assert lock.read_text() == ""


@pytest.mark.deep
def test_what_scenario_refused_is_not_put_back_where_a_later_run_wrote_it(
    workspace: Workspace, remote: Loopback
) -> None:
    remote.add("one", "two", texts={"one": "first", "two": "first"})
    workspace.held({"one": "first", "two": "first"})
    workspace.write("one", "second")
    workspace.write("two", "second")
    remote.script = lambda method, target: (
        json_answer(422, b"{}") if (method, "one/" in target) == ("PUT", True) else None
    )
    assert workspace.run("sync").status == 1
    earlier = runs(workspace)[0]["run"]
    remote.script = lambda method, target: None
    assert workspace.run("sync").status == 0
    rolled = workspace.json("rollback", earlier)
    assert [(item["model_id"], item["status"]) for item in rolled.report["items"]] == [
        ("one", "unchanged"),
        ("two", "applied"),
    ]
    assert (remote.sandbox.description("one"), remote.sandbox.description("two")) == ("second", "first")
