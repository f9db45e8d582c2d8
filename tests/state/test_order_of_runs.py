"""The order of runs, whatever the clock says, and what one damaged journal does to the others."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syncjob.commands import run
from syncjob.commands.run import Options, new_id
from syncjob.errors import UsageError
from syncjob.state.journal import begun_at, later_than, run_ids
from syncjob.state.lock import Busy
from tests.behaviour.test_laws import config
from tests.support.cases import mostly_deep
from tests.support.loopback import Loopback
from tests.support.workspace import Workspace, untracked

FUTURE = "20991231T235959.999999Z-aaaaaa"


@pytest.fixture
def stopped(workspace: Workspace, remote: Loopback) -> str:
    """The id, far in the future, of a run that confirmed `one` and `two` and was stopped at `three`."""
    remote.add("one", "two", "three", texts={"one": "text", "two": "text"})
    for model_id in ("one", "two", "three"):
        workspace.write(model_id, "text")
    workspace.commit()
    made = workspace.json("sync").report["run"]
    return aged(workspace, made, FUTURE)


def journals(workspace: Workspace) -> Path:
    return workspace.folder / ".syncjob" / "runs"


def aged(workspace: Workspace, run_id: str, other: str) -> str:
    """The run by another id, as if the clock had said something else."""
    path = journals(workspace) / f"{run_id}.jsonl"
    path.with_stem(other).write_text(path.read_text().replace(run_id, other))
    path.with_stem(other).chmod(0o600)
    path.unlink()
    return other


def listed(workspace: Workspace) -> list[str]:
    return [row["run"] for row in json.loads(workspace.run("runs", "--format", "json").out)]


def test_a_run_after_one_of_the_future_is_the_newest(workspace: Workspace, remote: Loopback, stopped: str) -> None:
    workspace.write("one", "newer")
    second = workspace.json("sync").report
    assert second["run"] > FUTURE
    assert second["started_at"] < "2099"
    workspace.write("one", "newest")
    third = workspace.json("sync", "--overwrite-remote-edits").report["run"]
    assert listed(workspace) == [third, second["run"], FUTURE]


def test_what_a_run_after_one_of_the_future_wrote_is_asked_for_again(
    workspace: Workspace, remote: Loopback, stopped: str
) -> None:
    workspace.write("one", "newer")
    workspace.commit()
    assert workspace.run("sync").status == 0
    workspace.write("one", "text")  # as `stopped` wrote or confirmed it
    workspace.commit()
    remote.asked.clear()
    ended = workspace.json("sync", "--resume", stopped)
    assert ended.item("one")["status"] == "applied"
    assert remote.sandbox.description("one") == "text"
    assert remote.counts["GET"] == 1


def test_no_run_begins_after_the_end_of_time(workspace: Workspace, remote: Loopback, stopped: str) -> None:
    end = aged(workspace, stopped, "99991231T235959.999999Z-aaaaaa")
    ended = workspace.run("sync")
    assert ended.status == 2
    assert end in ended.err


def test_ids_sort_after_those_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    made: list[str] = []
    for at in ("20991231T000000.000000Z-ffffff", None, None, "run-1", "99999999T999999.999999Z-zz", None):
        made.append(at or new_id(tmp_path))
        (tmp_path / "runs" / f"{made[-1]}.jsonl").touch()
    told = [each for each in made if begun_at(each)]
    assert told == sorted(told)
    assert run_ids(tmp_path)[: len(told)] == told[::-1]
    # One whose id tells nothing may have come at any time.
    assert later_than(tmp_path, told[1]) == [*told[:1:-1], "run-1", "99999999T999999.999999Z-zz"]


def test_a_clock_that_is_set_back_makes_no_older_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)

    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> "Clock":
            return cls.fromtimestamp(now.timestamp(), UTC)

    monkeypatch.setattr(run, "datetime", Clock)
    (tmp_path / "runs").mkdir()
    made = []
    for seconds in (0, 3600, -7200, -1, 0, 0, 10):
        now += timedelta(seconds=seconds)
        made.append(new_id(tmp_path))
        (tmp_path / "runs" / f"{made[-1]}.jsonl").touch()
    assert made == sorted(made)
    assert run_ids(tmp_path) == made[::-1]


def test_a_run_that_another_has_overtaken_begins_anew(workspace: Workspace, remote: Loopback, stopped: str) -> None:
    loaded = config(workspace.folder, remote.url)
    with pytest.raises(Busy, match=FUTURE), run.begin(new_id(), "sync", loaded, Options(), untracked, "write"):
        pytest.fail("begun")


def garbled(text: str) -> str:
    return text.replace('"record":"intent"', '"record":"in\x1b[2J"') + "{}\n"


def other(text: str) -> str:
    return text.replace('"run":"', '"run":"x')


def climbing(text: str) -> str:
    return text.replace('"model_id":"', '"model_id":"../')


def short(text: str) -> str:
    return text.replace('_sha256":"', '_sha256":"0')


def spoken(text: str) -> str:
    return text.replace('"profile":"test"', '"profile":"\\u001b[2Jtest"')


@pytest.mark.parametrize("damage", mostly_deep([garbled, other, climbing, short, spoken], 2))
def test_a_damaged_journal_hides_itself_alone(
    workspace: Workspace, remote: Loopback, stopped: str, damage: Callable[[str], str]
) -> None:
    workspace.write("one", "newer")
    workspace.commit()
    bad = workspace.json("sync").report["run"]
    workspace.write("two", "newer")
    good = workspace.json("sync").report["run"]
    path = journals(workspace) / f"{bad}.jsonl"
    path.write_text(damage(path.read_text()))
    ended = workspace.run("runs", "--format", "json")
    assert ended.status == 0
    assert [row["run"] for row in json.loads(ended.out)] == [good, FUTURE]
    assert f"{bad}.jsonl:" in ended.err
    assert "\x1b" not in ended.err
    assert workspace.run("rollback", bad).status == 2
    # It may have written anything, so what the run before it confirmed is asked for again.
    workspace.write("one", "text")
    workspace.write("two", "newer")
    remote.asked.clear()
    ended = workspace.json("sync", "--resume", stopped)
    assert (ended.status, ended.item("one")["status"]) == (0, "applied")
    assert remote.counts["GET"] == 3
    assert "every description is asked for again" in ended.err
    # A run after the damaged one is resumed and rolled back as ever.
    assert workspace.run("rollback", good, "--dry-run").status == 0


def test_a_journal_that_a_crash_left_empty_or_torn_hides_nothing(
    workspace: Workspace, remote: Loopback, stopped: str
) -> None:
    (journals(workspace) / f"{new_id()}.jsonl").touch()
    assert "interrupted" not in workspace.run("runs").out
    path = journals(workspace) / f"{FUTURE}.jsonl"
    path.write_text(path.read_text()[:-20])
    ended = workspace.run("runs")
    assert (ended.status, ended.err) == (0, "")
    assert "interrupted" in ended.out


def test_a_line_without_end_is_not_read_into_memory(
    workspace: Workspace, stopped: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from syncjob.state import journal

    monkeypatch.setattr(journal, "_LONGEST_LINE", 100)
    with pytest.raises(UsageError, match="a line of more than 100 bytes"):
        list(journal.read(workspace.folder / ".syncjob", stopped))


def test_reading_makes_no_folder(workspace: Workspace) -> None:
    state = workspace.folder / "none"
    assert workspace.run("runs", SYNCJOB_STATE_DIR=str(state)).status == 0
    assert workspace.run("rollback", "x", "--dry-run", SYNCJOB_STATE_DIR=str(state)).status == 2
    assert not state.exists()
