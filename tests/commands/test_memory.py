"""What runs remember: audited though it is believed, forgotten before a write, and taken over from older versions."""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import msgspec
import pytest

from syncjob.commands.run import Options
from syncjob.sandbox.behaviours import Plays
from syncjob.scenario.answers import Answer
from syncjob.state.probe_results import Finding, Learnt, Probed
from syncjob.text.canonical import sha256
from tests.commands.test_doctor import HURRIED
from tests.support.in_process import diff, rollback, sync, told
from tests.support.loopback import Loopback, json_answer
from tests.support.workspace import Workspace, found_out

IDS = [f"m{number:02}" for number in range(12)]
AUDIT = 3


@pytest.fixture
def known(workspace: Workspace, remote: Loopback, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Twelve descriptions in step, an API that was probed, and all of it old by Scenario's clock."""
    remote.sandbox.plays = Plays()
    remote.add(*IDS, texts={id_: f"text of {id_}" for id_ in IDS})
    for id_ in IDS:
        workspace.write(id_, f"text of {id_}\n")
    workspace.commit()
    found_out(workspace.folder, remote.url, Learnt(updated_at_moves=True))
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    monkeypatch.setattr(BaseHTTPRequestHandler, "date_time_string", lambda self, timestamp=None: later)
    return workspace


def memory_of(workspace: Workspace) -> Path:
    return workspace.folder / ".syncjob" / "cache" / "test.memory.jsonl"


def remembered(workspace: Workspace) -> set[str]:
    return {json.loads(line)[0] for line in memory_of(workspace).read_text().splitlines()[1:]}


def edit_unseen(remote: Loopback, model_id: str, text: str) -> None:
    """Somebody edits on Scenario, and `updatedAt` does not move."""
    before = remote.sandbox.row("model", model_id)
    remote.sandbox.put(model_id, text)
    at = (before or {})["updatedAt"]
    remote.sandbox._database.execute(
        "UPDATE models SET row = json_set(row, '$.updatedAt', ?) WHERE id = ?", [at, model_id]
    )


def read_by(remote: Loopback, run: Callable[[], object]) -> list[str]:
    """The models whose description a run reads."""
    remote.asked.clear()
    run()
    return sorted(
        target.split("/")[3] for method, target, _ in remote.asked if "description" in target and method == "GET"
    )


# The audit


def test_each_run_reads_what_was_read_longest_ago(known: Workspace, remote: Loopback) -> None:
    nights = [read_by(remote, lambda: diff(known, audit=AUDIT)) for _ in range(5)]
    assert nights[0] == IDS
    assert [len(night) for night in nights[1:]] == [AUDIT] * 4
    assert sorted(id_ for night in nights[1:] for id_ in night) == IDS
    assert read_by(remote, lambda: diff(known, audit=0)) == []
    assert read_by(remote, lambda: diff(known, Options(refresh=True), audit=AUDIT)) == IDS


def test_an_edit_that_moves_no_time_is_found_and_nothing_else_is_believed_then(
    known: Workspace, remote: Loopback
) -> None:
    diff(known, audit=AUDIT)
    edit_unseen(remote, "m10", "an edit that nobody sees")
    for _ in range(len(IDS) // AUDIT):
        remote.asked.clear()
        report = diff(known, audit=AUDIT)
        if report.problems:
            break
    (problem,) = report.problems
    assert (problem.code, problem.severity) == ("memory-wrong", "warning")
    assert "m10" in problem.message
    assert told(report)["m10"][0] == "conflict"
    assert report.summary.unchanged == len(IDS) - 1
    assert {target.split("/")[3] for _, target, _ in remote.asked if "description" in target} == set(IDS)
    assert not memory_of(known).exists()
    assert read_by(remote, lambda: diff(known, audit=AUDIT)) == IDS


def test_a_sync_overwrites_no_edit_on_the_word_of_the_memory(known: Workspace, remote: Loopback) -> None:
    diff(known, audit=0)
    edit_unseen(remote, "m00", "an edit that nobody sees")
    known.write("m00", "the next text")
    known.commit()
    report = sync(known, audit=0)
    assert told(report)["m00"][0] == "conflict"
    assert remote.sandbox.description("m00") == "an edit that nobody sees"


def test_an_edit_between_the_listing_and_the_audit_is_not_the_memory_s_fault(
    known: Workspace, remote: Loopback
) -> None:
    diff(known, audit=AUDIT)

    def script(method: str, target: str) -> Answer | None:
        if "m00/description" in target and remote.sandbox.description("m00") == "text of m00":
            remote.sandbox.put("m00", "edited just now")
        return None

    remote.script = script
    report = diff(known, audit=AUDIT)
    assert report.problems == ()
    assert told(report)["m00"][0] == "conflict"
    assert "m00" not in remembered(known)


def test_a_model_that_cannot_be_read_is_not_called_in_step(known: Workspace, remote: Loopback) -> None:
    diff(known, audit=AUDIT)
    refused = json_answer(403, b'{"reason": "not you"}')
    remote.script = lambda method, target: refused if "m00/description" in target else None
    report = diff(known, audit=AUDIT)
    assert told(report)["m00"] == ("invalid", "failed", ["forbidden"])
    assert report.problems == ()


def test_one_stray_answer_is_no_proof(known: Workspace, remote: Loopback) -> None:
    diff(known, audit=AUDIT)
    strays = [json_answer(404, b'{"reason": "Model not found"}')]
    remote.script = lambda method, target: strays.pop() if "m00/description" in target and strays else None
    report = diff(known, audit=AUDIT)
    assert (report.problems, report.summary.unchanged, strays) == ((), len(IDS), [])


# Before a write


def test_a_model_is_forgotten_before_it_is_written(known: Workspace, remote: Loopback) -> None:
    seen: list[set[str]] = []

    def script(method: str, target: str) -> Answer | None:
        if method == "PUT":
            seen.append(remembered(known))
        return None

    diff(known, audit=0)
    remote.script = script
    known.write("m01", "the next text")
    known.commit()
    report = sync(known, audit=0)
    assert seen.pop() == set(IDS) - {"m01"}
    assert "m01" not in remembered(known)  # only a reading is remembered
    diff(known, audit=0)
    assert remembered(known) == set(IDS)
    rollback(known, report.run)
    assert seen.pop() == set(IDS) - {"m01"}
    diff(known, audit=0)
    known.write("m02", "the next text")
    known.commit()
    sync(known, Options(patterns=("m02",)))  # without the memory
    assert "m02" not in seen.pop()


def test_a_probe_forgets_its_model(known: Workspace, remote: Loopback) -> None:
    diff(known, audit=0)
    assert replace(known, program=HURRIED).run("doctor", "--probe", "m03", "--yes").status == 0
    assert remembered(known) == set(IDS) - {"m03"}


# Elsewhere, and from older versions


def test_the_memory_may_be_kept_elsewhere(known: Workspace, remote: Loopback, tmp_path: Path) -> None:
    known.set_http("audit: 2")
    elsewhere = {"SYNCJOB_CACHE_DIR": str(tmp_path / "cache"), "SYNCJOB_STATE_DIR": str(tmp_path / "state")}
    assert known.run("diff", **elsewhere).status == 0
    assert [path.name for path in (tmp_path / "cache").glob("[!.]*")] == ["test.memory.jsonl"]
    assert not (known.folder / ".syncjob").exists()
    assert len(read_by(remote, lambda: known.run("diff", **elsewhere))) == 2


def test_the_cache_alone_makes_a_state_folder_that_git_ignores(known: Workspace) -> None:
    assert known.run("diff").status == 0
    assert (known.folder / ".syncjob").stat().st_mode & 0o77 == 0
    known.git("add", "--all")
    assert ".syncjob" not in known.git("ls-files")


@pytest.fixture
def older(known: Workspace, remote: Loopback) -> Workspace:
    """The state folder of an earlier version, in the place of what is known."""
    (known.folder / "scenario-api.json").unlink()
    state = known.folder / ".syncjob"
    state.mkdir(exist_ok=True)
    (state / ".gitignore").write_text("*\n")
    finding = Finding("a question", "an answer", "a meaning")
    probed = Probed(
        1, "test", remote.url, None, "scratch", "2026-01-01T00:00:00Z", Learnt(updated_at_moves=True), (finding,)
    )
    (state / "test.learnt.json").write_bytes(msgspec.json.encode(probed))
    at = {id_: (remote.sandbox.row("model", id_) or {})["updatedAt"] for id_ in IDS}
    with sqlite3.connect(state / "test.memory.sqlite3") as database:
        database.execute("CREATE TABLE target (name TEXT NOT NULL, models INTEGER NOT NULL DEFAULT 0)")
        database.execute("CREATE TABLE seen (model_id TEXT PRIMARY KEY, updated_at TEXT, sha256 TEXT) WITHOUT ROWID")
        database.execute("INSERT INTO target VALUES (?, 12)", [f"2 {remote.url} "])
        rows = [(id_, at[id_], sha256(f"text of {id_}")) for id_ in IDS]
        database.executemany("INSERT INTO seen VALUES (?, ?, ?)", [*rows, ("../odd", "\x1b", "text")])
    database.close()
    return known


def test_what_an_older_version_kept_is_taken_over(older: Workspace, remote: Loopback) -> None:
    older.set_http("audit: 2")
    state = older.folder / ".syncjob"
    assert older.run("check").status == 0
    assert (state / "test.learnt.json").exists()  # a run that is offline moves nothing
    remote.asked.clear()
    ended = older.run("diff")
    assert (ended.status, len(remote.asked)) == (0, 1 + 2)
    assert "scenario-api.json: commit it" in ended.err
    assert sorted(path.name for path in state.iterdir()) == [".gitignore", "cache"]
    assert remembered(older) == set(IDS)
    (found,) = json.loads((older.folder / "scenario-api.json").read_text())["apis"].values()
    assert found["findings"] == [{"question": "a question", "answer": "an answer", "meaning": "a meaning"}]
    remote.asked.clear()
    ended = older.run("diff")
    assert (ended.status, len(remote.asked), ended.err) == (0, 1 + 2, "")


def test_an_older_memory_is_gone_before_a_write_without_it(older: Workspace) -> None:
    older.write("m02", "the next text")
    older.commit()
    assert older.run("sync", "m02").status == 0
    assert not (older.folder / ".syncjob" / "test.memory.sqlite3").exists()


def test_an_older_memory_that_git_tracks_is_not_taken_over(older: Workspace, remote: Loopback) -> None:
    """A pull request can bring one, and SQLite would believe it."""
    state = older.folder / ".syncjob"
    (state / "test.learnt.json").unlink()
    found_out(older.folder, remote.url, Learnt(updated_at_moves=True))
    older.git("add", "--force", ".syncjob/test.memory.sqlite3")
    ended = older.run("diff")
    assert "git tracks" in ended.err
    assert not (state / "cache").exists()
    assert read_by(remote, lambda: older.run("diff")) == IDS


def test_an_older_memory_that_is_damaged_costs_requests_alone(older: Workspace, remote: Loopback) -> None:
    (older.folder / ".syncjob" / "test.memory.sqlite3").write_bytes(b"no database" * 1000)
    assert read_by(remote, lambda: older.run("diff")) == IDS
    assert remembered(older) == set(IDS)


def test_a_memory_that_cannot_be_saved_costs_requests_alone(known: Workspace, remote: Loopback) -> None:
    cache = memory_of(known).parent
    cache.parent.mkdir(mode=0o700)
    cache.write_text("a file in the place of a folder")
    ended = known.run("diff")
    assert ended.status == 0
    assert "cannot be used" in ended.err
    assert cache.read_text() == "a file in the place of a folder"
