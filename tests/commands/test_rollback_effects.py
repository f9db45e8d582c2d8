"""A rollback undoes what its run wrote, and not what another run or somebody else wrote in its place."""

import json
from pathlib import Path

import pytest

from syncjob.commands.run import Options
from syncjob.report.model import Report
from syncjob.scenario.answers import Answer
from syncjob.state.journal import Intent, Result
from syncjob.state.past_runs import Write, settled, writes
from syncjob.text.canonical import sha256
from tests.remote.test_write_ends import staged
from tests.support.cases import mostly_deep
from tests.support.in_process import rollback, sync, told
from tests.support.loopback import Loopback, json_answer
from tests.support.workspace import Workspace

REFUSED = {
    "429": json_answer(429, b'{"reason": "slow"}', retry_after_ms="1"),
    "409": json_answer(409, b'{"reason": "busy"}', retry_after_ms="1"),
    "425": json_answer(425, b'{"reason": "no"}', retry_after_ms="1"),
    "403": json_answer(403, b'{"reason": "no"}'),
    "413": json_answer(413, b'{"reason": "no"}'),
    "402": json_answer(402, b'{"reason": "no"}'),
}


def is_left(workspace: Workspace, remote: Loopback, run: str) -> Report:
    """Rolls the run back: it has nothing to put back, says so, and what another one wrote stays."""
    remote.asked.clear()
    report = rollback(workspace, run)
    assert told(report)["one"] == ("unchanged", "unchanged", ["nothing-written"])
    assert (report.exit_code, remote.counts["PUT"], remote.sandbox.description("one")) == (0, 0, "new")
    return report


@pytest.mark.parametrize("name", mostly_deep(REFUSED, first=2))
def test_what_scenario_refused_is_not_undone_where_a_later_run_wrote_it(
    workspace: Workspace, remote: Loopback, name: str
) -> None:
    staged(workspace, remote, "one")
    remote.script = lambda method, target: REFUSED[name] if method == "PUT" else None
    first = sync(workspace, attempts=2, max_wait=0)
    assert first.exit_code == (4 if name == "429" else 1)
    remote.script = lambda method, target: None
    assert sync(workspace).exit_code == 0
    is_left(workspace, remote, first.run)


def test_what_never_had_its_turn_is_not_undone(workspace: Workspace, remote: Loopback) -> None:
    staged(workspace, remote, "aaa", "one")
    remote.script = lambda method, target: json_answer(401, b"{}") if method == "PUT" else None
    first = sync(workspace, workers=1)
    remote.script = lambda method, target: None
    assert sync(workspace).exit_code == 0
    report = rollback(workspace, first.run)
    assert (report.exit_code, remote.sandbox.description("one")) == (0, "new")


def unanswered(workspace: Workspace, remote: Loopback, *, has_effect: bool) -> Report:
    """A run whose write gets no answer, and whose look fails."""

    def script(method: str, target: str) -> Answer | None:
        if method == "PUT":
            if has_effect:
                remote.sandbox.put("one", "new")
            raise ConnectionAbortedError
        return json_answer(400, b"{}") if remote.counts["PUT"] else None

    remote.script = script
    report = sync(workspace)
    remote.script = lambda method, target: None
    remote.asked.clear()
    return report


def test_what_a_later_run_shows_to_have_failed_is_not_undone(workspace: Workspace, remote: Loopback) -> None:
    staged(workspace, remote, "one")
    first = unanswered(workspace, remote, has_effect=False)
    assert sync(workspace, lag=0).exit_code == 0
    is_left(workspace, remote, first.run)


def test_what_a_later_run_shows_to_have_landed_is_undone(workspace: Workspace, remote: Loopback) -> None:
    staged(workspace, remote, "one")
    first = unanswered(workspace, remote, has_effect=True)
    workspace.commit()
    workspace.write("one", "newer")
    second = sync(workspace, lag=0)
    assert second.exit_code == 0
    assert rollback(workspace, second.run).exit_code == 0
    report = rollback(workspace, first.run)
    assert told(report)["one"] == ("update", "applied", [])
    assert remote.sandbox.description("one") == "old"


def test_what_nobody_looked_at_is_undone_where_scenario_still_holds_it(workspace: Workspace, remote: Loopback) -> None:
    staged(workspace, remote, "one")
    first = unanswered(workspace, remote, has_effect=True)
    assert told(rollback(workspace, first.run))["one"] == ("update", "applied", [])
    assert remote.sandbox.description("one") == "old"


def test_a_killed_run_whose_write_did_not_land_is_not_undone(workspace: Workspace, remote: Loopback) -> None:
    staged(workspace, remote, "one")
    first = unanswered(workspace, remote, has_effect=False)
    path = workspace.folder / ".syncjob" / "runs" / f"{first.run}.jsonl"
    keep(path, "run", "intent")
    assert sync(workspace, lag=0).exit_code == 0
    is_left(workspace, remote, first.run)


def keep(path: Path, *kinds: str) -> None:
    """Leaves of a journal only the records of these kinds."""
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if json.loads(line)["record"] in kinds))


@pytest.mark.parametrize("error", ["429", "409", "403"])
def test_journals_of_older_versions_are_read_as_soundly(workspace: Workspace, remote: Loopback, error: str) -> None:
    staged(workspace, remote, "one")
    remote.script = lambda method, target: REFUSED[error] if method == "PUT" else None
    first = sync(workspace, attempts=1, max_wait=0)
    remote.script = lambda method, target: None
    assert sync(workspace).exit_code == 0
    path = workspace.folder / ".syncjob" / "runs" / f"{first.run}.jsonl"
    records = [json.loads(line) for line in path.read_text().splitlines()]
    for record in records:
        record.pop("effect", None)
        record.pop("at", None)
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    is_left(workspace, remote, first.run)


INTENT = Intent("one", "descriptions/one.md", "old", sha256("new"))


@pytest.mark.parametrize(
    ("result", "effect"),
    [
        (None, "unknown"),
        (Result("one", "applied", sha256("new")), "written"),
        (Result("one", "refused"), "none"),
        (Result("one", "not_attempted"), "none"),
        (Result("one", "failed", error="rate-limited"), "none"),
        (Result("one", "failed", error="unauthorized"), "none"),
        (Result("one", "failed", error="plan-limit"), "none"),
        (Result("one", "failed", error="unavailable"), "unknown"),
        (Result("one", "failed", error="protocol"), "unknown"),
        (Result("one", "failed", error="interrupted"), "unknown"),
        (Result("one", "failed"), "unknown"),
        (Result("one", "failed", error="unavailable", effect="none"), "none"),
        (Result("one", "refused", effect="unknown"), "unknown"),
        (Result("one", "failed", sha256("ne"), effect="written"), "written"),
        (Result("one", "unchanged", sha256("new"), effect="none"), "none"),
    ],
)
def test_the_effect_of_a_write_by_its_record(result: Result | None, effect: str) -> None:
    assert Write(INTENT, result).effect == effect


def test_a_later_intent_settles_only_what_is_not_known() -> None:
    unknown, written = Write(INTENT), Write(INTENT, Result("one", "applied", sha256("new")))
    saw_new, saw_old = Intent("one", "", "new\r\n", None), Intent("one", "", "old", None)
    assert (settled(unknown, saw_new).effect, settled(unknown, saw_old).effect) == ("written", "none")
    assert (settled(written, saw_old).effect, settled(unknown, None).effect) == ("written", "unknown")
    assert None not in settled(unknown, saw_new).left


def test_the_last_write_that_may_have_landed_counts() -> None:
    landed, refused = Result("one", "applied", sha256("new")), Result("one", "failed", error="forbidden")
    second = Intent("one", "descriptions/one.md", "new", sha256("newer"))
    assert writes([INTENT, landed, second, refused])["one"].result == landed
    assert writes([INTENT, refused, second, refused])["one"].effect == "none"
    assert writes([INTENT, landed, second])["one"].intent == second


def test_a_dry_run_says_the_same(workspace: Workspace, remote: Loopback) -> None:
    staged(workspace, remote, "one")
    remote.script = lambda method, target: REFUSED["403"] if method == "PUT" else None
    first = sync(workspace, Options())
    remote.script = lambda method, target: None
    ended = workspace.run("rollback", first.run, "--dry-run")
    assert ended.status == 0
    assert "nothing-written: that run wrote nothing here (forbidden), so there is nothing to put back" in ended.out


def test_a_third_text_in_a_later_run_does_not_show_that_nothing_was_written(
    workspace: Workspace, remote: Loopback
) -> None:
    """The write landed, and somebody edited it before a later run overwrote that."""
    staged(workspace, remote, "one")
    first = unanswered(workspace, remote, has_effect=True)
    remote.sandbox.put("one", "new, and somebody's edit")
    workspace.write("one", "newer")
    assert sync(workspace, Options(overwrite_remote_edits=True)).exit_code == 0
    report = rollback(workspace, first.run, lag=0)
    assert told(report)["one"] == ("conflict", "refused", ["remote-edited"])
    assert (report.exit_code, remote.sandbox.description("one")) == (1, "newer")
    assert told(rollback(workspace, first.run, Options(force=True), lag=0))["one"][1] == "applied"
    assert remote.sandbox.description("one") == "old"


def test_a_diff_is_labelled_with_the_run_whose_journal_holds_the_text(workspace: Workspace, remote: Loopback) -> None:
    staged(workspace, remote, "one")
    run = sync(workspace).run
    workspace.write("one", "what the file says by now")
    ended = workspace.run("rollback", run, "--dry-run")
    assert f"--- scenario/one\n+++ run/{run}/one\n" in ended.out
    assert "descriptions/one.md" not in ended.out


def test_what_a_later_run_wrote_over_a_third_text_is_not_undone_though_it_is_the_same(
    workspace: Workspace, remote: Loopback
) -> None:
    staged(workspace, remote, "one")
    first = unanswered(workspace, remote, has_effect=False)
    remote.sandbox.put("one", "a third text")
    assert sync(workspace, Options(overwrite_remote_edits=True), lag=0).exit_code == 0
    assert remote.sandbox.description("one") == "new"
    report = rollback(workspace, first.run)
    assert told(report)["one"] == ("conflict", "refused", ["remote-edited"])
    assert remote.sandbox.description("one") == "new"
    assert told(rollback(workspace, first.run, Options(force=True)))["one"][:2] == ("update", "applied")
