"""A git that is slow or hangs ends with the run that asked it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support import hostile_repository
from tests.support.loopback import Loopback
from tests.support.workspace import Workspace

LIMIT = 5.5


@pytest.fixture
def edited(workspace: Workspace, remote: Loopback) -> Workspace:
    """One description that is edited here and on Scenario, so that git is asked for its history."""
    remote.add("one", "two", texts={"one": "text one", "two": "text two"})
    workspace.held({"one": "text one", "two": "text two"})
    remote.sandbox.put("one", "edited on Scenario")
    workspace.write("one", "new")
    return workspace


def ended_by(workspace: Workspace, path: str, mark: Path, *arguments: str) -> tuple[int, float]:
    """The status of a command that is told to end once git hangs, and the seconds that it then took."""
    process = subprocess.Popen(
        [sys.executable, "-m", "syncjob", *arguments],
        cwd=workspace.folder,
        env=workspace.environment(PATH=path),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 20
    while not mark.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert mark.exists(), process.communicate()[1]
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=30)
    assert b"Traceback" not in said, said
    return process.returncode, time.monotonic() - began


def hanging(folder: Path, part: str) -> tuple[str, Path]:
    """A PATH with a git that hangs in a child of its own if its arguments hold `part`, and the mark that it does."""
    mark = folder / "hangs"
    script = f'case " $* " in *" {part} "*) echo $$ > {mark}; sleep 61; exit;; esac; exec $GIT "$@"'
    return hostile_repository.put_before_git(folder, script), mark


@pytest.mark.parametrize(
    ("part", "arguments"),
    [
        ("log", ("sync",)),
        ("cat-file", ("diff",)),
        ("rev-parse", ("sync",)),
        ("version", ("diff",)),
        ("ls-files", ("sync", "--prune")),
        ("check-attr", ("sync",)),
        ("merge-base", ("sync", "--since", "HEAD")),
        ("diff", ("pull",)),
        ("log", ("pull", "--force")),
        ("ls-tree", ("pull", "--force", "--merge", "--since", "HEAD")),
        ("merge-file", ("pull", "--force", "--merge")),
        ("ls-files", ("check",)),
        ("ls-files", ("pull", "--all")),
        ("config", ("check", "--since", "HEAD")),
    ],
)
def test_sigterm_ends_a_run_in_time_whichever_git_hangs(
    edited: Workspace, tmp_path: Path, part: str, arguments: tuple[str, ...]
) -> None:
    path, mark = hanging(tmp_path / "bin", part)
    status, seconds = ended_by(edited, path, mark, *arguments, "--report", "report.json")
    assert (status, seconds < LIMIT) == (143, True), seconds
    report = json.loads((edited.folder / "report.json").read_text())
    assert report["exit_code"] == 143
    assert {item["model_id"] for item in report["items"]} == {"one", "two"}
    assert [problem["code"] for problem in report["problems"]] == ["interrupted"]
    assert not is_alive(int(mark.read_text()))


def test_a_saved_plan_and_the_doctor_end_too(edited: Workspace, tmp_path: Path) -> None:
    edited.git("checkout", "--quiet", "--", ".")
    edited.write("two", "new")
    assert edited.run("diff", "two", "--plan-out", "plan.json").status == 0
    path, mark = hanging(tmp_path / "bin", "ls-files")
    status, seconds = ended_by(edited, path, mark, "sync", "--plan", "plan.json", "--report", "report.json")
    assert (status, seconds < LIMIT) == (143, True)
    items = json.loads((edited.folder / "report.json").read_text())["items"]
    assert [(item["model_id"], item["status"]) for item in items] == [("two", "not_attempted")]
    mark.unlink()
    status, seconds = ended_by(edited, path, mark, "doctor")
    assert (status, seconds < LIMIT) == (143, True)


def test_the_end_of_the_runs_time_ends_git_too(edited: Workspace, tmp_path: Path) -> None:
    path, _ = hanging(tmp_path / "bin", "log")
    began = time.monotonic()
    ended = edited.json("sync", "--max-duration", "1s", PATH=path)
    assert ended.status == 4, ended.err
    assert time.monotonic() - began < 4
    assert {item["status"] for item in ended.report["items"]} <= {"not_attempted", "unchanged"}


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
