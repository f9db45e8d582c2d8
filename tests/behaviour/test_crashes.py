"""The process is killed, whatever it is doing, over a remote with faults: nothing is lost, and a clean run converges."""

import random
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from msgspec import structs

from syncjob.commands import rollback, run
from syncjob.commands.run import Command, Options
from syncjob.commands.sync import job
from syncjob.credentials import basic
from syncjob.scenario.answers import Answer
from syncjob.state.journal import Intent, read, run_ids
from tests.behaviour.test_laws import config
from tests.support.loopback import Loopback, json_answer
from tests.support.workspace import AGREEING, KEY, SECRET, Workspace, untracked

IDS = tuple(f"m{number:02}" for number in range(12))


@dataclass
class Trouble:
    """Answers with faults now and then, and kills a process at one of its requests; counts every overwritten text."""

    remote: Loopback
    chance: random.Random
    victim: "subprocess.Popen[bytes] | None" = None
    kill_at: int = 0
    is_on: bool = True
    overwritten: list[tuple[str, str]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _seen: int = 0

    def begin(self, kill_at: int) -> None:
        self._seen, self.kill_at = 0, kill_at

    def script(self, method: str, target: str) -> Answer | None:
        with self._lock:
            self._seen += 1
            fault = self.chance.random() if self.is_on else 1.0
            if self.victim and self._seen == self.kill_at:
                self.victim.kill()
            if fault < 0.05:
                return json_answer(503, b'{"reason": "busy"}', retry_after_ms="1")
            answer = self._carry_out(method, target)
            if fault < 0.10:
                raise ConnectionAbortedError  # it had its effect, and nobody hears of it
            return answer

    def _carry_out(self, method: str, target: str) -> Answer | None:
        if method != "PUT":
            return None
        model_id = target.split("/")[3]
        _, _, body = next(entry for entry in reversed(self.remote.asked) if entry[:2] == (method, target))
        before = self.remote.sandbox.description(model_id)
        answer = self.remote.sandbox.handle(method, target, {"authorization": "Bearer any"}, body)
        if before and before != self.remote.sandbox.description(model_id):
            self.overwritten.append((model_id, before))
        return answer


def journaled(state: Path) -> set[tuple[str, str]]:
    """(model, text) of every intent in every journal; each of them parses."""
    return {
        (record.model_id, record.before or "")
        for run_id in run_ids(state)
        for record in read(state, run_id)
        if isinstance(record, Intent)
    }


def in_process(workspace: Workspace, remote: Loopback, command: Command, options: Options, earlier: str = "") -> int:
    """A run in this process, which starts faster than one of its own; its exit status."""
    settings = structs.replace(config(workspace.folder, remote.url), credentials=basic(KEY, SECRET))
    with run.begin(run.new_id(), command, settings, options, untracked, "write") as begun:
        done = rollback.rollback(begun, earlier, AGREEING) if earlier else job.sync(begun, AGREEING)
    return done.report.exit_code


def rounds(workspace: Workspace, remote: Loopback, number: int, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  to be repeated, not to be secret
    trouble = Trouble(remote, chance)
    remote.add(*IDS, texts={id_: f"start of {id_}" for id_ in IDS[::2]})
    remote.script = trouble.script
    start = {id_: remote.sandbox.description(id_) for id_ in IDS}
    settings = workspace.folder / "config.yaml"
    settings.write_text(settings.read_text().replace("minute: 0", "minute: 0, workers: 3, timeout: 60, attempts: 3"))
    state = workspace.folder / ".syncjob"
    for turn in range(number):
        for id_ in chance.sample(IDS, 6):
            workspace.write(id_, f"text {turn} of {id_}")
        trouble.begin(chance.randrange(1, 30))
        arguments = ["sync", "--overwrite-remote-edits", "--keep-going", "--force"]
        with subprocess.Popen(
            [sys.executable, "-m", "syncjob", *arguments],
            cwd=workspace.folder, env=workspace.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        ) as process:  # fmt: skip
            trouble.victim = process
            _, err = process.communicate(timeout=300)
            trouble.victim = None
        assert process.returncode in (-signal.SIGKILL, 0, 1), err
        assert set(trouble.overwritten) <= journaled(state)
        trouble.is_on = False
        assert in_process(workspace, remote, "sync", Options(overwrite_remote_edits=True, force=True)) == 0
        for path in workspace.descriptions.iterdir():
            assert remote.sandbox.description(path.stem) == path.read_text()
        trouble.is_on = True
    trouble.is_on = False
    assert set(trouble.overwritten) <= journaled(state)
    for run_id in run_ids(state):
        assert in_process(workspace, remote, "rollback", Options(), run_id) == 0
    assert {id_: remote.sandbox.description(id_) for id_ in IDS} == start


@pytest.mark.deep
def test_a_killed_run_loses_no_text(workspace: Workspace, remote: Loopback) -> None:
    rounds(workspace, remote, 3, seed=1)


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(20))
def test_killed_runs_lose_no_text_and_a_rollback_of_everything_is_the_start(
    workspace: Workspace, remote: Loopback, seed: int
) -> None:
    rounds(workspace, remote, 10, seed)
