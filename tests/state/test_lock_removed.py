"""A lock or a journal that somebody removes while a run writes: still one writer, and no text is lost."""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.faulty_server import PATIENCE, Fault, Scene, held, records, scene_at, wait_for
from tests.support.workspace import Ended

IDS = [f"m{number}" for number in range(8)]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with scene_at(tmp_path) as made:
        made.http(workers=2)
        yield made


@contextmanager
def writing(scene: Scene, ends: list[Ended]) -> Iterator[Path]:
    """A run that waits for the answers to its first two writes; gives its state folder."""
    release = threading.Event()
    scene.stage(*IDS)
    scene.remote.on("PUT", "*", held(release), held(release))
    with scene.running("sync", "--force", "--format", "json") as process:
        wait_for(lambda: len(scene.remote.counts("PUT")) == 2, "two writes")
        yield scene.workspace.folder / ".syncjob"
        release.set()
        process.process.wait(PATIENCE)
        ends.append(process.end())


def test_a_second_run_is_refused_though_the_lock_was_removed(scene: Scene) -> None:
    ends: list[Ended] = []
    with writing(scene, ends) as state:
        (state / "test.lock").unlink()
        ended = scene.workspace.run("sync", "--force")
        assert ended.status == 1
        assert "is still writing; wait for it or end it, nothing was changed" in ended.err
        assert len(scene.remote.counts("PUT")) == 2
    assert ends[0].status == 0
    assert set(scene.remote.counts("PUT").values()) == {1}
    assert scene.workspace.run("sync").status == 0


def test_a_run_whose_journal_was_removed_writes_no_more(scene: Scene) -> None:
    ends: list[Ended] = []
    with writing(scene, ends) as state:
        shutil.rmtree(state)
    (ended,) = ends
    assert ended.status == 1
    assert len(scene.remote.counts("PUT")) == 2
    assert "somebody removed it" in ended.out
    assert {item["status"] for item in ended.report["items"]} <= {"applied", "failed", "not_attempted"}
    assert ended.report["summary"]["not_attempted"] >= 5


def test_a_run_that_died_holds_nobody_up(scene: Scene) -> None:
    scene.stage(*IDS)
    scene.remote.on("PUT", "*", Fault(lambda connection: time.sleep(600), has_effect=True))
    with scene.running("sync", "--force") as process:
        wait_for(lambda: scene.remote.counts("PUT"), "a write")
        process.process.kill()
        process.process.wait(PATIENCE)
        process.end()
    (left,) = scene.runs
    assert records(left)[-1]["record"] != "end"
    assert scene.workspace.run("sync", "--force").status == 0
