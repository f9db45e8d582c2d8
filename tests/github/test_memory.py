"""The memory of the workflows, as Actions would keep it: each run on a new machine, with the cache handed over."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from syncjob.sandbox.behaviours import Plays
from syncjob.state.probe_results import Learnt
from tests.support.checked_out import Repository, checked_out
from tests.support.fake_cache import FakeCache
from tests.support.loopback import Loopback
from tests.support.steps import Ended
from tests.support.workspace import Workspace, found_out

ALL = 60
LEAST = 20
TEXT = "the description of "


@dataclass
class Nights:
    """A repository on GitHub: each job runs on a machine of its own."""

    repository: Repository
    root: Path
    cache: FakeCache = field(default_factory=FakeCache)
    machines: int = 0

    def run(self, name: str = "drift", **context: str | bool) -> Ended:
        """Runs a workflow's job; what its machine holds is gone then, but for the cache."""
        self.machines += 1
        folder = self.root / f"machine{self.machines}"
        folder.mkdir()
        work = folder / "work"
        shutil.copytree(
            self.repository.workspace.folder, work, copy_function=os.link
        )  # nothing here is written in place
        self.cache.workspace = work
        runner = replace(
            self.repository.runner,
            folder=folder,
            workspace=work,
            context=self.repository.runner.context | {"github.run_id": str(self.machines), "github.sha": "0" * 40},
            actions={"actions/cache/restore": self.cache.restore, "actions/cache/save": self.cache.save},
        )
        self.repository.remote.asked.clear()
        ended = replace(self.repository, runner=runner).job(name, name, **context)
        assert not (self.repository.workspace.folder / ".syncjob").exists()
        return ended

    @property
    def requests(self) -> int:
        return len(self.repository.remote.asked)


def nights(
    tmp_path: Path, remote: Loopback, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, count: int
) -> Nights:
    """So many descriptions in step, and an API that was probed."""
    remote.sandbox.plays = Plays()
    ids = [f"m{number:05}" for number in range(count)]
    remote.add(*ids, texts={id_: TEXT + id_ for id_ in ids})
    repository = checked_out(tmp_path, remote, workspace)
    repository.git("config", "maintenance.auto", "false")  # nobody tidies up while a machine is copied
    found_out(workspace.folder, remote.url, Learnt(updated_at_moves=True))
    repository.commit(**{id_: TEXT + id_ for id_ in ids})
    repository.runner.context["vars.SYNCJOB_DRIFT_PULL_REQUEST"] = "false"
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    monkeypatch.setattr(BaseHTTPRequestHandler, "date_time_string", lambda self, timestamp=None: later)
    return Nights(repository, tmp_path)


@pytest.fixture
def known(tmp_path: Path, remote: Loopback, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Nights:
    return nights(tmp_path, remote, workspace, monkeypatch, ALL)


def lines(data: bytes) -> list[list[object]]:
    return [json.loads(line) for line in data.splitlines()]


def test_the_second_night_lists_and_audits_also_after_a_red_one(known: Nights, remote: Loopback) -> None:
    assert (known.run().status, known.requests) == (0, 1 + ALL)
    remote.sandbox.put("m00007", "edited on Scenario")
    assert known.run().status == 1  # and what it read is kept
    assert known.requests <= 1 + LEAST + 4
    remote.sandbox.put("m00007", TEXT + "m00007")
    assert known.run().status == 0
    assert known.requests <= 1 + LEAST + 1
    assert [key for key, _ in known.cache.saved] == [f"syncjob-memory-production:{night}-1" for night in (1, 2, 3)]
    holds_no_text(known.cache)


def holds_no_text(cache: FakeCache) -> None:
    """What was saved is the memory alone, and every line of it four values that are no text."""
    for files in cache.saved.values():
        assert list(files) == [".syncjob/cache/production.memory.jsonl"]
        (data,) = files.values()
        for said in (b"description", b"edited", b"http", b"127.0.0.1", b"intent", b"run"):
            assert said not in data
        assert all(len(line) == 4 for line in lines(data))


@pytest.mark.deep
def test_what_a_run_that_writes_saves_holds_no_text_and_no_journal(known: Nights, remote: Loopback) -> None:
    known.run()
    remote.sandbox.put("m00007", "edited on Scenario")
    known.run("backfill", **{**BACKFILL, "inputs__overwrite_remote_edits": True, "inputs__dry_run": False})
    assert remote.sandbox.description("m00007") == TEXT + "m00007"
    holds_no_text(known.cache)
    known.run()
    assert known.requests <= 1 + LEAST + 1


BACKFILL: dict[str, str | bool] = {
    "inputs__select": "",
    "inputs__keep_going": False,
    "inputs__force": True,
    "inputs__overwrite_remote_edits": False,
    "inputs__max_duration": "5h",
    "inputs__resume": "",
    "inputs__dry_run": True,
    "matrix__shard": "1/1",
}


@pytest.mark.deep
def test_full_syncs_and_backfills_use_what_drift_knows(known: Nights, remote: Loopback) -> None:
    known.run()
    for name, context in (("backfill", BACKFILL), ("sync", {})):
        assert known.run(name, **context).status == 0
        assert known.requests == 1 + LEAST, name
    assert len(known.cache.saved) == 3
    known.run("backfill", **{**BACKFILL, "matrix__shard": "1/2"})
    assert len(known.cache.saved) == 3  # parts side by side save nothing


LOST: dict[str, Callable[[Nights], object]] = {
    "lost": lambda known: known.cache.saved.clear(),
    "of another profile": lambda known: change(
        known, lambda line: ["1", "a" * 64, 1, 1] if len(line) == 4 and line[0] == 1 else line
    ),
    "damaged": lambda known: spoil(known, lambda data: data[: len(data) // 2]),
    "no text": lambda known: spoil(known, lambda data: b"\xff" * 1000),
    "a bomb": lambda known: spoil(known, lambda data: b"[" * 1_000_000),
    "tampered with": lambda known: spoil(known, lambda data: data + b'["../m", "x", null, 0]\n'),
}


def spoil(known: Nights, how: Callable[[bytes], bytes]) -> None:
    files = known.cache.newest
    files |= {name: how(data) for name, data in files.items()}


def change(known: Nights, how: Callable[[list[object]], object]) -> None:
    spoil(known, lambda data: b"".join(json.dumps(how(line)).encode() + b"\n" for line in lines(data)))


@pytest.mark.deep
@pytest.mark.parametrize("loss", LOST.values(), ids=LOST)
def test_a_cache_that_is_not_what_was_saved_costs_requests_alone(
    known: Nights, loss: Callable[[Nights], object]
) -> None:
    known.run()
    loss(known)
    ended = known.run()
    assert (ended.status, known.requests) == (0, 1 + ALL)
    assert known.repository.remote.counts["PUT"] == 0
    assert (known.run().status, known.requests) == (0, 1 + LEAST)


@pytest.mark.deep
def test_a_forged_memory_hides_a_difference_until_it_is_audited_and_writes_nothing(
    known: Nights, remote: Loopback
) -> None:
    known.run()
    was = {line[0]: line[2] for line in lines(*known.cache.newest.values()) if len(line) == 4}
    remote.sandbox.put("m00050", "edited on Scenario")
    at = (remote.sandbox.row("model", "m00050") or {})["updatedAt"]
    first = next(iter(known.cache.saved))

    def forged(
        line: list[object],
    ) -> list[object]:  # as if it had been read last, and everything else as if it never was
        return ["m00050", at, was["m00050"], 1] if line[0] == "m00050" else line if line[0] == 1 else [*line[:3], 0]

    change(known, forged)
    seen = []
    for _ in range(ALL // LEAST):
        ended = known.run()
        seen.append(ended.status)
        assert remote.counts["PUT"] == 0
        if ended.status:
            break
    assert seen[0] == 0  # hidden
    assert seen[-1] == 1  # and found
    assert "memory-wrong" in ended.out + ended.summary
    assert first in known.cache.saved


@pytest.mark.deep
def test_a_forged_memory_overwrites_no_edit(known: Nights, remote: Loopback) -> None:
    known.run()
    remote.sandbox.put("m00050", "edited on Scenario")
    known.repository.commit(m00050="the next text")
    assert known.run("backfill", **{**BACKFILL, "inputs__dry_run": False}).status == 1
    assert remote.sandbox.description("m00050") == "edited on Scenario"


def test_the_input_is_true_or_false(known: Nights) -> None:
    ended = known.repository.runner.action({"command": "diff", "cache": "yes"})
    assert ended.status == 2
    assert "'cache' must be true or false" in ended.out


@pytest.mark.deep
def test_ten_thousand_in_step_cost_at_most_145_requests_from_the_second_night_on(
    tmp_path: Path, remote: Loopback, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 10_000
    known = nights(tmp_path, remote, workspace, monkeypatch, count)
    assert known.run().status == 0
    assert known.requests == count + 20
    (data,) = known.cache.newest.values()
    assert len(data) < 2_000_000
    for _ in range(2):
        assert known.run().status == 0
        assert known.requests <= 145
