"""What a run sent in its last minute counts for the next one; a file that is damaged or forged counts for nothing."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from msgspec import structs

from syncjob.commands.run import Options
from syncjob.config.config import Config
from syncjob.credentials import basic, bearer
from syncjob.state.sent import Ledger, path_of
from tests.commands.test_slices import models, pace
from tests.support.faulty_server import PATIENCE, wait_for
from tests.support.in_process import config_of, diff, over_after, sync
from tests.support.loopback import Loopback
from tests.support.unhurried import UNHURRIED
from tests.support.workspace import KEY, SECRET, Workspace


@pytest.fixture
def config(workspace: Workspace) -> Config:
    return config_of(workspace, requests_per_minute=100)


def ages(config: Config) -> list[float]:
    """How long ago each was answered, by a run that begins now."""
    now = time.monotonic()
    return [now - at for at in Ledger(config).sent_before]


def about(*ago: float) -> object:
    """These seconds, or those that a busy machine made of them."""
    return pytest.approx(list(ago), abs=9)


def keep(config: Config, *ago: float) -> None:
    now = time.monotonic()
    Ledger(config).keep([now - each for each in ago])


def written(config: Config, content: object) -> None:
    path_of(config).parent.mkdir(exist_ok=True)
    path_of(config).write_text(content if isinstance(content, str) else json.dumps(content))


def test_the_last_minute_is_kept_and_nothing_older(config: Config) -> None:
    keep(config, 100, 61, 50, 1)
    assert ages(config) == about(50, 1)


def test_runs_beside_each_other_are_added_up(config: Config) -> None:
    now = time.monotonic()
    keep(config, 50)
    first, second = Ledger(config), Ledger(config)
    first.keep([*first.sent_before, now - 20])
    second.keep([*second.sent_before, now - 10, now - 10])
    assert ages(config) == about(50, 20, 10, 10)


def test_what_a_run_that_ended_kept_is_found_once_and_stays_the_same(config: Config) -> None:
    now = time.monotonic()
    keep(config, 50)
    here, other = Ledger(config), Ledger(config)
    assert here.ended() == []
    other.keep([*other.sent_before, now - 20, now - 10])
    ended = here.ended()
    assert [now - at for at in ended] == about(20, 10)
    assert here.ended() == []
    here.keep([*here.sent_before, now - 5])
    assert ages(config) == about(50, 20, 10, 5)


@pytest.mark.parametrize(
    "content",
    [
        "", "{", "[]", "null", '{"version": 1}', '{"version": 2, "answered": []}', '{"version": 1, "answered": ["now"]}',
        '{"version": 1, "answered": [1e999]}', '{"version": 1, "answered": [NaN]}', "[" * 100_000, "9" * 1_000_001,
        '{"version": 1, "answered": [], "more": 1}',
    ],
)  # fmt: skip
def test_what_is_no_such_file_is_as_none_and_is_written_anew(config: Config, content: str) -> None:
    written(config, content)
    assert ages(config) == []
    keep(config, 5)
    assert ages(config) == about(5)


def test_a_clock_that_was_set_makes_nothing_recent(config: Config) -> None:
    written(config, {"version": 1, "answered": [time.time() + 3_600, time.time() + 1, time.time() - 3_600, -1, 0]})
    assert ages(config) == []


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_what_is_in_the_place_of_the_file_is_not_followed(config: Config, kind: str, tmp_path: Path) -> None:
    path = path_of(config)
    keep(config, 5)
    other = tmp_path / "other"
    path.rename(other)
    if kind == "link":
        path.symlink_to(other)
    elif kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    assert ages(config) == []
    keep(config, 3)
    assert json.loads(other.read_text())["answered"] != []
    assert len(json.loads(other.read_text())["answered"]) == 1


def test_each_limit_has_a_file_of_its_own_that_names_no_secret(config: Config, workspace: Workspace) -> None:

    others = [
        structs.replace(config, base_url="https://elsewhere.invalid/v1"),
        structs.replace(config, project_id="another"),
        structs.replace(config, credentials=basic("another key", SECRET)),
        structs.replace(config, credentials=bearer("a.b.c")),
    ]
    assert len({path_of(each) for each in (config, *others)}) == 5
    same = structs.replace(config, profile="another", credentials=basic(KEY, "another secret"))
    assert path_of(same) == path_of(config)
    assert path_of(structs.replace(others[3], credentials=bearer("d.e.f"))) == path_of(others[3])
    keep(config, 5)
    said = path_of(config).name + path_of(config).read_text()
    assert KEY not in said
    assert SECRET not in said


def test_a_run_counts_what_the_one_before_sent(
    workspace: Workspace, remote: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    models(workspace, remote, 3)
    assert diff(workspace, requests_per_minute=5).exit_code == 0
    assert len(remote.asked) == 4
    over_after(monkeypatch, lambda: len(remote.asked) >= 5, 0.2)
    assert sync(workspace, Options(max_duration=1), requests_per_minute=5).exit_code == 4
    assert len(remote.asked) == 5  # of both, in this minute
    assert sync(workspace, Options(max_duration=1, share=0.5), requests_per_minute=10).exit_code == 4
    assert len(remote.asked) == 5  # the share of a limit too


def test_a_run_that_a_signal_ended_is_counted(workspace: Workspace, remote: Loopback) -> None:
    models(workspace, remote, 5)
    pace(workspace, "requests_per_minute: 2")
    process = subprocess.Popen(
        [sys.executable, *workspace.program, "diff"],
        cwd=workspace.folder,
        env=workspace.environment(**UNHURRIED),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_for(lambda: len(remote.asked) == 2, "the first two")
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == 130
    (path,) = (workspace.folder / ".syncjob").glob("sent-*.json")
    assert len(json.loads(path.read_text())["answered"]) == 2


def test_a_state_folder_of_others_is_neither_read_nor_written(workspace: Workspace, remote: Loopback) -> None:
    models(workspace, remote, 1)
    config = config_of(workspace, requests_per_minute=100)
    keep(config, 5)
    before = path_of(config).read_text()
    (workspace.folder / ".syncjob").chmod(0o777)
    diff(workspace, requests_per_minute=100)
    assert path_of(config).read_text() == before


def test_without_pacing_nothing_is_kept(workspace: Workspace, remote: Loopback) -> None:
    models(workspace, remote, 1)
    diff(workspace)
    assert not (workspace.folder / ".syncjob").exists()


def test_a_file_that_came_with_the_repository_is_not_believed(workspace: Workspace, remote: Loopback) -> None:
    ids = models(workspace, remote, 1)
    workspace.held({ids[0]: "old"})
    config = config_of(workspace, requests_per_minute=1)
    keep(config, 5)
    workspace.git("add", "--force", str(path_of(config)))
    ended = workspace.run("diff")
    assert "git tracks files of the state folder" in ended.err + ended.out
    assert diff(workspace, requests_per_minute=3).exit_code == 0
    assert len(json.loads(path_of(config).read_text())["answered"]) == 1
