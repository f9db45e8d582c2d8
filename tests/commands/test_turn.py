"""Whether another run is to continue one whose time was over: the outputs `continue` and `progress` of a step."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from syncjob.scenario.answers import Answer
from tests.support.cases import mostly_deep
from tests.support.loopback import Loopback, json_answer
from tests.support.runner_output import outputs
from tests.support.unhurried import until
from tests.support.workspace import Ended, Workspace

IDS = [f"m{number:02}" for number in range(6)]
OVER = "over"


def sync(workspace: Workspace, *arguments: str) -> tuple[Ended, tuple[str, str]]:
    """A sync with a time of its own as a step of a workflow, and its two outputs: see `expire`."""
    file = workspace.folder / "outputs"
    file.unlink(missing_ok=True)
    step = {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(file)}
    ended = workspace.run("sync", "--max-duration", "1s", *arguments, **step, **until(workspace.folder / OVER))
    (workspace.folder / OVER).unlink(missing_ok=True)
    found = outputs(file.read_text("utf-8"))
    return ended, (found["progress"], found["continue"])


def stage(workspace: Workspace, remote: Loopback, text: str = "text") -> None:
    """Descriptions, in step with Scenario if it holds this `text`; one worker reads them."""
    config = workspace.folder / "config.yaml"
    config.write_text(config.read_text("utf-8").replace("http: {", "http: {workers: 1, attempts: 1, "), "utf-8")
    remote.add(*IDS, texts=dict.fromkeys(IDS, text) if text else {})
    for model_id in IDS:
        workspace.write(model_id, "text\n")


def expire(workspace: Workspace) -> None:
    """From now on the time of the run is over."""
    (workspace.folder / OVER).touch()


def tires(workspace: Workspace, remote: Loopback, after: int) -> None:
    """So many requests are answered in time, and then none."""
    left = [after]

    def script(method: str, target: str) -> Answer | None:
        left[0] -= 1
        if left[0] < 0:
            expire(workspace)
        return None

    remote.script = script


def fails_too_late(workspace: Workspace, remote: Loopback) -> None:
    def script(method: str, target: str) -> Answer:
        expire(workspace)
        return json_answer(500, b"{}")

    remote.script = script


def newest(workspace: Workspace) -> Path:
    return max((workspace.folder / ".syncjob" / "runs").iterdir())


def test_what_was_found_in_step_before_the_time_was_over_counts(workspace: Workspace, remote: Loopback) -> None:
    stage(workspace, remote)
    tires(workspace, remote, 2)
    ended, (progress, goes_on) = sync(workspace)
    assert ended.status == 4, ended.err
    records = [json.loads(line) for line in newest(workspace).read_text("utf-8").splitlines()]
    assert int(progress) == sum(record["record"] == "confirmed" for record in records) >= 2
    assert goes_on == "true"


def test_what_was_written_counts(workspace: Workspace, remote: Loopback) -> None:
    stage(workspace, remote, "")
    tires(workspace, remote, 9)  # six readings, a look-up, and two writes
    ended, given = sync(workspace, "--yes")
    assert ended.status == 4, ended.err
    written = sum(bool(remote.sandbox.description(model_id)) for model_id in IDS)
    assert 0 < written < len(IDS)
    assert given == (str(written), "true")


def test_a_run_that_ends_with_its_work_is_not_continued(workspace: Workspace, remote: Loopback) -> None:
    stage(workspace, remote)
    ended, given = sync(workspace)
    assert (ended.status, given) == (0, ("", "false"))


def test_one_that_got_nothing_done_says_so(workspace: Workspace, remote: Loopback) -> None:
    stage(workspace, remote)
    fails_too_late(workspace, remote)
    ended, given = sync(workspace)
    assert (ended.status, given) == (4, ("0", "false"))


@pytest.mark.deep
def test_a_dry_run_is_not_continued(workspace: Workspace, remote: Loopback) -> None:
    stage(workspace, remote)
    tires(workspace, remote, 2)
    ended, given = sync(workspace, "--dry-run")
    assert (ended.status, given) == (4, ("", "false"))


@pytest.mark.deep
def test_one_whose_journal_is_gone_is_not_continued(workspace: Workspace, remote: Loopback) -> None:
    stage(workspace, remote)

    def script(method: str, target: str) -> Answer | None:
        if len(remote.asked) == 3:
            newest(workspace).unlink()
            expire(workspace)
        return None

    remote.script = script
    _, given = sync(workspace)
    assert given == ("", "false")


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (json_answer(500, b"{}"), 4),
        (json_answer(429, b'{"reason": "upgrade your plan", "name": "PlanLimitReachedError"}'), 4),
        (json_answer(403, json.dumps({"reason": "stopped early: --max-duration 5 h is over"}).encode()), 4),
        (json_answer(401, b"{}"), 2),
    ],
)
def test_neither_is_one_that_failed_whatever_the_failure_says(
    workspace: Workspace, remote: Loopback, answer: Answer, status: int
) -> None:
    stage(workspace, remote)
    for number in range(20):
        workspace.write(f"more{number}", "text\n")
    asked: list[str] = []

    def script(method: str, target: str) -> Answer | None:
        asked.append(target)
        return answer if len(asked) > 2 else None

    remote.script = script
    ended, given = sync(workspace, "--keep-going")
    assert (ended.status, given) == (status, ("", "false"))


def records(model_id: str, *, sha256: str, is_written: bool) -> list[dict[str, Any]]:
    """What a journal says of a text that a run wrote, or found in step."""
    if not is_written:
        return [{"record": "confirmed", "model_id": model_id, "sha256": sha256}]
    intent = {"record": "intent", "model_id": model_id, "path": "p.md", "before": None, "after_sha256": sha256}
    return [intent, {"record": "result", "model_id": model_id, "status": "applied", "stored_sha256": sha256}]


@pytest.mark.parametrize("is_written", mostly_deep([False, True]))
def test_what_the_resumed_run_had_counts_once(workspace: Workspace, remote: Loopback, is_written: bool) -> None:
    stage(workspace, remote, "")
    assert workspace.run("sync", "--yes").status == 0
    resumed = newest(workspace)
    digest = hashlib.sha256(b"text").hexdigest()
    known = [record for model_id in IDS[:4] for record in records(model_id, sha256=digest, is_written=is_written)]
    begin = resumed.read_text("utf-8").splitlines()[0]
    resumed.write_text("".join(f"{line}\n" for line in (begin, *map(json.dumps, known))), "utf-8")
    fails_too_late(workspace, remote)
    ended, given = sync(workspace, "--resume", resumed.stem)
    assert (ended.status, given) == (4, ("0", "false"))
