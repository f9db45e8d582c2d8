"""A Scenario whose readings lag behind its writes: our own journals know better, and nothing is built on an old reading."""

import json
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syncjob.commands.run import Options
from syncjob.remote import descriptions as remote_module
from syncjob.report.model import Report
from syncjob.scenario.answers import Answer
from syncjob.state.journal import Intent, Result, read, run_ids
from syncjob.state.recent import Recent, RecentWrite
from syncjob.text.canonical import sha256
from tests.remote.test_write_ends import effects, staged
from tests.support.in_process import diff, pull, rollback, sync, told
from tests.support.loopback import Loopback, json_answer
from tests.support.workspace import Workspace


@dataclass
class Lagging:
    """Answers a GET of a description with an earlier text: `late` of its model, so often as `times` says."""

    remote: Loopback
    late: dict[str, str] = field(default_factory=dict)
    times: int = 1_000_000

    def script(self, method: str, target: str) -> Answer | None:
        model_id = target.split("/")[3] if target.endswith("/description") else ""
        if method != "GET" or model_id not in self.late or not self.times:
            return None
        self.times -= 1
        return described(self.late[model_id])


def described(text: str) -> Answer:
    body = {"description": {"value": text, "assets": [], "models": []}}
    return json_answer(200, json.dumps(body).encode())


@pytest.fixture
def lagging(remote: Loopback, monkeypatch: pytest.MonkeyPatch) -> Lagging:
    """Nothing lags yet; pauses are short."""
    monkeypatch.setattr(remote_module, "_PAUSES", (0.01, 0.02))
    lagging = Lagging(remote)
    remote.script = lagging.script
    return lagging


@pytest.fixture
def synced(workspace: Workspace, remote: Loopback, lagging: Lagging) -> Report:
    """A run that has written "new" over "old", which Scenario still shows."""
    staged(workspace, remote, "one")
    report = sync(workspace)
    assert report.exit_code == 0
    workspace.commit()
    lagging.late["one"] = "old"
    remote.asked.clear()
    return report


def is_refused(report: Report, remote: Loopback, run: str) -> None:
    assert told(report)["one"] == ("invalid", "failed", ["remote-lagging"])
    (item,) = report.items
    assert item.error
    assert f"a text from before the write of run {run} at " in item.error.message
    assert report.exit_code == 1
    assert (remote.counts["PUT"], remote.sandbox.description("one")) == (0, "new")
    assert remote.counts["GET"] == 3


def test_a_rollback_within_the_lag_does_not_call_it_unchanged(
    workspace: Workspace, remote: Loopback, synced: Report
) -> None:
    is_refused(rollback(workspace, synced.run), remote, synced.run)


def test_a_sync_within_the_lag_does_not_call_it_unchanged(
    workspace: Workspace, remote: Loopback, synced: Report
) -> None:
    workspace.write("one", "old")
    workspace.commit()
    is_refused(sync(workspace), remote, synced.run)


def test_no_journal_says_that_the_old_text_was_overwritten(
    workspace: Workspace, remote: Loopback, synced: Report
) -> None:
    workspace.write("one", "newest")
    is_refused(sync(workspace), remote, synced.run)
    remote.asked.clear()
    is_refused(sync(workspace, Options(overwrite_remote_edits=True, force=True)), remote, synced.run)


def test_a_diff_within_the_lag_says_so(workspace: Workspace, remote: Loopback, synced: Report) -> None:
    is_refused(diff(workspace), remote, synced.run)


def test_a_pull_within_the_lag_takes_nothing_over(workspace: Workspace, remote: Loopback, synced: Report) -> None:
    is_refused(pull(workspace), remote, synced.run)
    assert (workspace.descriptions / "one.md").read_text() == "new"


def test_a_resumed_run_and_a_saved_plan_do_not_count_it(
    workspace: Workspace, remote: Loopback, synced: Report, lagging: Lagging, tmp_path: Path
) -> None:
    lagging.times = 0
    workspace.write("one", "newest")
    plan = tmp_path / "plan.json"
    assert workspace.run("diff", "--plan-out", str(plan)).status == 0
    lagging.times = 1_000
    remote.asked.clear()
    is_refused(sync(workspace, Options(plan=plan)), remote, synced.run)
    workspace.write("one", "old")
    workspace.commit()
    remote.asked.clear()
    is_refused(sync(workspace, Options(resume=synced.run)), remote, synced.run)


def test_a_lag_that_ends_meanwhile_costs_a_reading(
    workspace: Workspace, remote: Loopback, synced: Report, lagging: Lagging
) -> None:
    lagging.times = 2
    workspace.write("one", "newest")
    report = sync(workspace)
    assert (report.exit_code, told(report)["one"]) == (0, ("update", "applied", []))
    assert remote.counts["GET"] == 3
    state = workspace.folder / ".syncjob"
    befores = [record.before for record in read(state, report.run) if isinstance(record, Intent)]
    assert befores == ["new"]


def test_a_creation_and_a_deletion_lag_too(workspace: Workspace, remote: Loopback, lagging: Lagging) -> None:
    remote.add("one", "two", texts={"two": "to go"})
    workspace.held({"two": "to go"})
    workspace.write("one", "new")
    (workspace.descriptions / "two.md").unlink()
    report = sync(workspace, Options(since="HEAD", prune=True))
    assert {id_: status for id_, (_, status, _) in told(report).items()} == {"one": "applied", "two": "applied"}
    lagging.late |= {"one": "", "two": "to go"}
    remote.asked.clear()
    back = rollback(workspace, report.run)
    assert [codes for _, _, codes in told(back).values()] == [["remote-lagging"]] * 2
    assert (back.exit_code, remote.counts["PUT"]) == (1, 0)


def test_without_a_lag_the_text_is_trusted(workspace: Workspace, remote: Loopback, synced: Report) -> None:
    report = rollback(workspace, synced.run, lag=0)
    assert told(report)["one"] == ("unchanged", "unchanged", [])
    assert remote.counts["GET"] == 1


def test_after_the_lag_the_text_is_trusted(workspace: Workspace, remote: Loopback, synced: Report) -> None:
    path = workspace.folder / ".syncjob" / "runs" / f"{synced.run}.jsonl"
    earlier = (datetime.now(UTC) - timedelta(seconds=301)).isoformat().replace("+00:00", "Z")
    records = [json.loads(line) for line in path.read_text().splitlines()]
    for record in records:
        if "at" in record:
            record["at"] = earlier
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    assert told(rollback(workspace, synced.run))["one"] == ("unchanged", "unchanged", [])


def test_a_journal_of_another_project_or_a_damaged_one_says_nothing(
    workspace: Workspace, remote: Loopback, synced: Report
) -> None:
    path = workspace.folder / ".syncjob" / "runs" / f"{synced.run}.jsonl"
    held = path.read_text()
    path.write_text(held.replace('"project_id":null', '"project_id":"another"'))
    assert told(diff(workspace))["one"] == ("update", "planned", [])
    path.write_text("no journal\n" + held)
    (path.parent / "pipe.jsonl").mkdir()
    os.mkfifo(path.parent / "fifo.jsonl")
    assert told(diff(workspace))["one"] == ("update", "planned", [])


def test_what_a_later_run_of_ours_put_there_is_no_late_reading(
    workspace: Workspace, remote: Loopback, synced: Report, lagging: Lagging
) -> None:
    lagging.late.clear()
    assert rollback(workspace, synced.run).exit_code == 0
    remote.asked.clear()
    assert told(diff(workspace))["one"] == ("update", "planned", [])
    assert remote.counts["GET"] == 1


def test_a_look_after_a_lost_answer_is_given_time(workspace: Workspace, remote: Loopback, lagging: Lagging) -> None:
    staged(workspace, remote, "one")
    lagging.late["one"] = "old"
    lagging.times = 2  # the one to plan, and the first look

    def script(method: str, target: str) -> Answer | None:
        if method == "PUT":
            remote.sandbox.put("one", "new")
            return json_answer(504, b"{}", retry_after_ms="1")
        return lagging.script(method, target)

    remote.script = script
    assert told(sync(workspace))["one"] == ("update", "applied", [])
    assert remote.counts == {"GET": 3, "POST": 1, "PUT": 1}
    assert effects(workspace) == {"one": "written"}


def test_a_write_that_may_have_landed_is_asked_for_twice_and_then_sent(
    workspace: Workspace, remote: Loopback, lagging: Lagging
) -> None:
    staged(workspace, remote, "one")

    def script(method: str, target: str) -> Answer | None:
        if method == "PUT":
            raise ConnectionAbortedError
        return json_answer(400, b"{}") if remote.counts["PUT"] else None

    remote.script = script
    assert sync(workspace).summary.uncertain == 1
    remote.script = lagging.script
    remote.asked.clear()
    assert told(sync(workspace))["one"] == ("update", "applied", [])
    assert remote.counts == {"GET": 2, "POST": 1, "PUT": 1}


NOW = datetime.now(UTC)


def wrote(before: str, after: str, *, is_sure: bool = True) -> RecentWrite:
    return RecentWrite(f"{before}-{after}", NOW, sha256(before), frozenset({sha256(after)}), is_sure)


@pytest.mark.parametrize(
    ("writes", "text", "doubt"),
    [
        ([], "a", None),
        ([wrote("a", "b")], "b", None),
        ([wrote("a", "b")], "c", None),
        ([wrote("a", "b")], "a", ("a-b", True)),
        ([wrote("", "b")], "", ("-b", True)),
        ([wrote("a", "")], "", None),
        ([wrote("a", "b"), wrote("b", "a")], "a", None),
        ([wrote("a", "b"), wrote("b", "a")], "b", ("b-a", True)),
        ([wrote("a", "b"), wrote("b", "c")], "a", ("b-c", True)),
        ([wrote("a", "b", is_sure=False)], "b", None),
        ([wrote("a", "b", is_sure=False)], "a", ("a-b", False)),
        ([wrote("a", "b"), wrote("b", "c", is_sure=False)], "c", None),
        ([wrote("a", "b"), wrote("b", "c", is_sure=False)], "b", ("b-c", False)),
        ([wrote("a", "b"), wrote("b", "c", is_sure=False)], "a", ("a-b", True)),
        ([wrote("a", "b", is_sure=False), wrote("b", "c")], "a", ("b-c", True)),
        ([wrote("a", "b", is_sure=False), wrote("x", "c", is_sure=False)], "b", ("x-c", False)),
        # A probe's journal names the model's own text before each of its texts.
        ([wrote("a", "p"), wrote("a", "q"), wrote("a", "a")], "p", ("a-a", True)),
        ([wrote("a", "p"), wrote("a", "q"), wrote("a", "a")], "a", None),
    ],
)
def test_what_our_own_writes_say_of_a_reading(
    writes: list[RecentWrite], text: str, doubt: tuple[str, bool] | None
) -> None:
    recent = Recent()
    for write in writes:
        recent.add("one", write)
    found = recent.doubt("one", text)
    assert (found and (found.run, found.is_sure)) == doubt


def test_the_records_of_a_write_have_their_time(workspace: Workspace, synced: Report) -> None:
    state = workspace.folder / ".syncjob"
    assert run_ids(state) == [synced.run]
    times = [record.at for record in read(state, synced.run) if isinstance(record, Intent | Result)]
    assert len(times) == 2
    assert all(at and abs(at - datetime.now(UTC)) < timedelta(seconds=60) for at in times)
