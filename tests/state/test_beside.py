"""Runs of one machine at one limit see each other as long as they send, and share it."""

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
from syncjob.state.beside import Beside
from tests.commands.test_slices import models, pace
from tests.support.faulty_server import PATIENCE, wait_for
from tests.support.in_process import config_of, diff, over_after
from tests.support.loopback import Loopback
from tests.support.unhurried import UNHURRIED
from tests.support.workspace import Workspace


@pytest.fixture
def config(workspace: Workspace) -> Config:
    return config_of(workspace, requests_per_minute=100)


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def files(config: Config) -> list[Path]:
    return sorted(config.state_dir.glob("sent-*.run"))


def test_runs_at_one_limit_count_each_other_until_they_end(config: Config) -> None:
    one, other = Beside(config), Beside(config)
    elsewhere = Beside(structs.replace(config, project_id="another"))
    assert (elsewhere.count(), one.count(), other.count(), one.count()) == (1, 1, 2, 2)
    other.end()
    assert one.count() == 1
    one.end()
    one.end()
    elsewhere.end()
    assert files(config) == []


def test_a_run_that_was_killed_or_that_waits_for_somebody_counts_for_some_seconds(config: Config) -> None:
    clock = Clock()
    gone, here = Beside(config, clock), Beside(config, clock)
    assert (gone.count(), here.count()) == (1, 2)
    clock.now += 6
    assert here.count() == 1
    assert gone.count() == 2  # it had only waited
    clock.now += 100
    assert here.count() == 1
    assert len(files(config)) == 1  # what is that old is tidied away
    assert gone.count() == 2


def test_a_clock_that_was_set_makes_nobody_count(config: Config) -> None:
    clock = Clock()
    Beside(config, clock).count()
    clock.now -= 3_600
    assert Beside(config, clock).count() == 1


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_what_is_no_file_counts_for_nothing_and_stays(config: Config, kind: str, tmp_path: Path) -> None:
    beside = Beside(config)
    beside.count()
    (path,) = files(config)
    other = path.with_name(path.name.replace(path.stem[-8:], "0" * 8))
    target = tmp_path / "target"
    target.write_text("kept")
    if kind == "link":
        other.symlink_to(target)
    elif kind == "folder":
        other.mkdir()
    else:
        os.mkfifo(other)
    assert beside.count() == 1
    os.utime(other, (0, 0), follow_symlinks=False)
    assert beside.count() == 1
    assert os.path.lexists(other)
    assert target.read_text() == "kept"


def test_a_state_folder_that_cannot_be_made_is_a_run_alone(config: Config) -> None:
    config.state_dir.write_text("a file")
    beside = Beside(config)
    assert (beside.count(), beside.count()) == (1, 1)
    beside.end()


@pytest.mark.deep
def test_a_run_beside_another_sends_its_part(
    workspace: Workspace, remote: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    models(workspace, remote, 8)
    pace(workspace, "requests_per_minute: 2")
    process = subprocess.Popen(
        [sys.executable, *workspace.program, "diff"],
        cwd=workspace.folder,
        env=workspace.environment(**UNHURRIED),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_for(lambda: len(remote.asked) == 2, "the first two")
    over_after(monkeypatch, lambda: len(remote.asked) >= 2 + 4, 0.3)
    assert diff(workspace, Options(max_duration=1), requests_per_minute=8).exit_code == 4
    assert len(remote.asked) == 2 + 4  # half of the eight
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == 130
    assert list((workspace.folder / ".syncjob").glob("*.run")) == []


def test_who_shares_nothing_leaves_no_file(workspace: Workspace, remote: Loopback) -> None:
    models(workspace, remote, 1)
    diff(workspace)  # without a limit
    assert not (workspace.folder / ".syncjob").exists()
    started = time.time()
    diff(workspace, requests_per_minute=100)
    (ledger,) = (workspace.folder / ".syncjob").glob("sent-*")
    assert ledger.stat().st_mtime >= started - 1
