"""A git that is slow or hangs ends with the run that asked it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import hostile_repository
from tests.support.faulty_server import PATIENCE, wait_for
from tests.support.loopback import Loopback
from tests.support.unhurried import UNHURRIED
from tests.support.workspace import Workspace


@pytest.fixture
def edited(workspace: Workspace, remote: Loopback) -> Workspace:
    """One description that is edited here and on Scenario, so that git is asked for its history."""
    remote.add("one", "two", texts={"one": "text one", "two": "text two"})
    workspace.held({"one": "text one", "two": "text two"})
    remote.sandbox.put("one", "edited on Scenario")
    workspace.write("one", "new")
    return workspace


def ended_by(workspace: Workspace, path: str, mark: Path, *arguments: str) -> int:
    """The status of a command that is told to end once git hangs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "syncjob", *arguments],
        cwd=workspace.folder,
        env=workspace.environment(PATH=path, **UNHURRIED),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    wait_for(lambda: process.poll() is not None or (mark.exists() and mark.read_text()), "git to hang")
    assert mark.exists(), process.communicate()[1]
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=PATIENCE)
    assert b"Traceback" not in said, said
    return process.returncode


def hanging(folder: Path, part: str) -> tuple[str, Path]:
    """A PATH with a git that hangs in a child of its own if its arguments hold `part`, and the mark that it does."""
    mark = folder / "hangs"
    script = f'case " $* " in *" {part} "*) echo $$ > {mark}; sleep 600; exit;; esac; exec $GIT "$@"'
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
    assert ended_by(edited, path, mark, *arguments, "--report", "report.json") == 143
    report = json.loads((edited.folder / "report.json").read_text())
    assert report["exit_code"] == 143
    assert {item["model_id"] for item in report["items"]} == {"one", "two"}
    assert [problem["code"] for problem in report["problems"]] == ["interrupted"]
    wait_for(lambda: not is_alive(int(mark.read_text())), "git to end")


def test_a_saved_plan_and_the_doctor_end_too(edited: Workspace, tmp_path: Path) -> None:
    edited.git("checkout", "--quiet", "--", ".")
    edited.write("two", "new")
    assert edited.run("diff", "two", "--plan-out", "plan.json").status == 0
    path, mark = hanging(tmp_path / "bin", "ls-files")
    assert ended_by(edited, path, mark, "sync", "--plan", "plan.json", "--report", "report.json") == 143
    items = json.loads((edited.folder / "report.json").read_text())["items"]
    assert [(item["model_id"], item["status"]) for item in items] == [("two", "not_attempted")]
    mark.unlink()
    assert ended_by(edited, path, mark, "doctor") == 143


def test_the_end_of_the_runs_time_ends_git_too(edited: Workspace, tmp_path: Path) -> None:
    path, _ = hanging(tmp_path / "bin", "log")
    ended = edited.json("sync", "--max-duration", "1s", PATH=path)
    assert ended.status == 4, ended.err
    assert {item["status"] for item in ended.report["items"]} <= {"not_attempted", "unchanged"}


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
