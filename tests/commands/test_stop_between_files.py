"""A run that is to end looks at no further file, and its report has a place for each."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from syncjob.commands import check, run
from syncjob.commands.pull import job as pull_job
from syncjob.commands.run import Options, Run
from syncjob.commands.sync import job as sync_job
from syncjob.local.document import Document, Folder
from syncjob.report.model import Report
from tests.support.faulty_server import Scene, scene_at, wait_for
from tests.support.in_process import config_of
from tests.support.loopback import Loopback
from tests.support.unhurried import UNHURRIED
from tests.support.workspace import AGREEING, Workspace, untracked

IDS = [f"m{number:02}" for number in range(40)]
Job = Callable[[Run], Report]
JOBS: dict[str, Job] = {
    "check": lambda begun: check.check(begun, is_remote=False),
    "check --remote": lambda begun: check.check(begun, is_remote=True),
    "sync": lambda begun: sync_job.sync(begun, AGREEING).report,
    "pull": lambda begun: pull_job.pull(begun, takes_all=False, dry_run=False).report,
    "sync --plan": lambda begun: sync_job.sync(begun, AGREEING).report,
}


@pytest.mark.parametrize("name", JOBS)
@pytest.mark.parametrize("bad", [None, "m03", "m39"])
def test_a_stop_is_looked_at_between_two_files(
    workspace: Workspace, remote: Loopback, monkeypatch: pytest.MonkeyPatch, name: str, bad: str | None
) -> None:
    remote.add(*IDS)
    for id_ in IDS:
        workspace.write(id_, f"text of {id_}")
    plan = workspace.folder / "plan.json"
    if name == "sync --plan":
        assert workspace.run("diff", "--plan-out", "plan.json", "--format", "json").status == 0
    if bad:
        workspace.write(bad, "")
    reads: list[str] = []
    read = Folder.read

    def reading(folder: Folder, file: str) -> Document:
        reads.append(file)
        if len(reads) == 10:
            begun.stop.request("the test says so")
        return read(folder, file)

    monkeypatch.setattr(Folder, "read", reading)
    command, *_ = name.split()
    options = Options(plan=plan if name == "sync --plan" else None)
    reach = "write" if command == "sync" else "read"
    with run.begin(run.new_id(), command, config_of(workspace), options, untracked, reach) as begun:  # type: ignore[arg-type]
        report = JOBS[name](begun)
    assert len(reads) == 10
    assert [item.model_id for item in report.items] == IDS
    assert {item.status for item in list(report.items)[10:]} == {"not_attempted"}
    assert remote.counts["PUT"] == 0
    assert report.exit_code == 1
    assert "the test says so" in report.problems[-1].message


def test_what_was_checked_before_is_told(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    for id_ in IDS:
        workspace.write(id_, "{asset: x}" if id_ == "m01" else "text")
    read = Folder.read

    def reading(folder: Folder, file: str) -> Document:
        if file == "m05.md":
            begun.stop.request("the test says so")
        return read(folder, file)

    monkeypatch.setattr(Folder, "read", reading)
    workspace.configure("http://127.0.0.1:9")
    with run.begin(run.new_id(), "check", config_of(workspace), Options(), untracked, "offline") as begun:
        report = check.check(begun, is_remote=False)
    assert [item.action for item in list(report.items)[:5]] == ["checked", "invalid", "checked", "checked", "checked"]
    assert {(item.action, item.status) for item in list(report.items)[6:]} == {("invalid", "not_attempted")}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with scene_at(tmp_path) as made:
        yield made


def has_read(pid: int) -> int:
    """The bytes that a process has read."""
    return int(Path(f"/proc/{pid}/io").read_text().split()[1])


@pytest.mark.deep
@pytest.mark.parametrize("command", ["check", "sync --yes", "pull"])
def test_a_hundred_thousand_files_hold_no_signal_back(scene: Scene, command: str) -> None:
    text = "# Model\n\n" + "Some words about {model:flux.1-dev} and an image {asset:asset_abc}.\n" * 40
    for number in range(100_000):
        scene.workspace.write(f"m{number:06}", f"{text}{number}")
    with scene.running(*command.split(), "--report", "report.json", environment=UNHURRIED) as running:
        # They are 300 MB; what Python reads of its own is a tenth of this.
        wait_for(lambda: has_read(running.process.pid) > 30_000_000, "the reading of files", seconds=240)
        running.send(signal.SIGTERM)
        assert running.end().status == 143
    assert (scene.workspace.folder / "report.json").read_text().count('"not_attempted"') > 50_000
