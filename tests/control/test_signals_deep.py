"""Signals at random moments of runs that wait for whatever there is: the status, the report and the journal are true.

Each case is one thing that does not end, a moment and a signal of a fixed seed.
"""

import json
import os
import random
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.scenario.test_deadline import accepting, endless, unheard
from tests.support.faulty_server import PATIENCE, Fault, Scene, records, scene_at, wait_for
from tests.support.raw_server import Play
from tests.support.unhurried import UNHURRIED

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
IDS = [f"m{number:02}" for number in range(40)]

pytestmark = pytest.mark.deep


@dataclass
class Stage:
    """A scene, the environment of its run, and what says that the run has come to where it waits."""

    scene: Scene
    environment: dict[str, str]
    arguments: list[str]
    is_full_pipe: bool = False
    has_lock: bool = True
    has_come: Callable[[], object] = lambda: True


def asked(method: str, count: int = 1) -> Callable[[Stage], Callable[[], object]]:
    return lambda stage: lambda: sum(each.method == method for each in stage.scene.remote.asked) >= count


Case = Callable[[Stage, ExitStack], None]


def hangs(method: str, play: Play, *, has_effect: bool = False, count: int = 1, workers: int = 4) -> Case:
    """From the `count`th request of a method on, nothing is answered as it should be."""

    def set_up(stage: Stage, stack: ExitStack) -> None:
        good = [Fault(has_effect=True)] * (count - 1)
        what = "/models/get-bulk" if method == "POST" else "*"
        stage.scene.remote.on(method, what, *good, Fault(play, has_effect=has_effect), always=True)
        stage.scene.http(timeout=600, deadline=600, workers=workers)
        stage.has_come = asked(method, count)(stage)

    return set_up


def slow(method: str, seconds: float, workers: int = 4) -> Case:
    """All is answered, late."""

    def set_up(stage: Stage, stack: ExitStack) -> None:
        stage.scene.remote.on(method, "*", Fault(has_effect=True, first=lambda: time.sleep(seconds)), always=True)
        stage.scene.http(timeout=600, deadline=600, workers=workers)
        stage.has_come = asked(method)(stage)

    return set_up


def elsewhere(served: Callable[[], Any]) -> Case:
    """Scenario is a port that makes no connection."""

    def set_up(stage: Stage, stack: ExitStack) -> None:
        made = stack.enter_context(served())
        stage.scene.http(made if isinstance(made, str) else made.url, timeout=600, deadline=600, workers=32)

    return set_up


# The resolver never answers; it is asked by name, because an address needs none.
NO_RESOLVER = """\
import socket, time
resolve = socket.getaddrinfo
def hangs(host, port, family=0, type=0, proto=0, flags=0):
    if not flags & socket.AI_NUMERICHOST:
        open("resolving", "w").close()
        time.sleep(600)
    return resolve(host, port, family, type, proto, flags)
socket.getaddrinfo = hangs
"""


def unresolved(stage: Stage, stack: ExitStack) -> None:
    folder = stage.scene.workspace.folder.parent / "customised"
    folder.mkdir()
    (folder / "resolver.py").write_text(NO_RESOLVER)
    stage.environment["TESTS_FIRST"] = str(folder / "resolver.py")
    stage.scene.http("https://scenario.invalid/v1", timeout=600, deadline=600)
    stage.has_come = (stage.scene.workspace.folder / "resolving").exists


def waits_for_429(stage: Stage, stack: ExitStack) -> None:
    def refuses(connection: Any) -> None:
        connection.sendall(b"HTTP/1.1 429 Many\r\nretry-after: 100\r\ncontent-length: 0\r\n\r\n")

    hangs("GET", refuses, count=5)(stage, stack)
    stage.scene.http(timeout=600, deadline=600, max_retry_after=120)


def paced(stage: Stage, stack: ExitStack) -> None:
    stage.scene.http(requests_per_minute=6, timeout=600, deadline=600)
    stage.has_come = asked("GET", 6)(stage)


def slow_git(*commands: str) -> Case:
    """A git that hangs in some of its commands."""

    def set_up(stage: Stage, stack: ExitStack) -> None:
        folder = stage.scene.workspace.folder.parent / "bin"
        folder.mkdir()
        real = subprocess.run(["which", "git"], capture_output=True, check=True, text=True).stdout.strip()
        script = folder / "git"
        tests = " ".join(f"{command}) : > {folder}/came; sleep 600;;" for command in commands)
        script.write_text(f'#!/bin/sh\nfor word; do case "$word" in {tests} esac; done\nexec {real} "$@"\n')
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        stage.environment["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"
        stage.has_come = (folder / "came").exists
        stage.has_lock = False  # git is asked whose the state folder is, before the lock in it is made

    return set_up


def full_pipe(stage: Stage, stack: ExitStack) -> None:
    """Nobody reads stdout; the report on it is larger than the pipe."""
    for number in range(2000):
        stage.scene.workspace.write(f"more-{number:04}", "{asset: near miss}\n" * 3)
    stage.arguments += ["--format", "json"]
    stage.is_full_pipe = True


INTERIM = b"HTTP/1.1 103 Early Hints\r\n\r\n"
CASES: dict[str, Case] = {
    "reads without an answer": hangs("GET", lambda _: time.sleep(600), count=9),
    "reads of 32 workers": hangs("GET", lambda _: time.sleep(600), count=2, workers=32),
    "the first read": hangs("GET", endless(b"x-more: y\r\n", first=HEAD), workers=32),
    "reads with a dripped head": hangs("GET", endless(b"x-more: y\r\n", first=HEAD), count=9),
    "reads with interim answers": hangs("GET", endless(INTERIM), count=9),
    "reads with a flood of them": hangs("GET", endless(INTERIM * 500, pause=0), count=9),
    "reads with a dripped body": hangs("GET", endless(b"x", first=HEAD + b"content-length: 99999\r\n\r\n"), count=3),
    "look-ups": hangs("POST", lambda _: time.sleep(600)),
    "writes without an answer": hangs("PUT", lambda _: time.sleep(600), count=3),
    "writes that land without an answer": hangs("PUT", lambda _: time.sleep(600), has_effect=True, count=3),
    "writes of 32 workers": hangs("PUT", lambda _: time.sleep(600), has_effect=True, count=2, workers=32),
    "writes with a dripped head": hangs("PUT", endless(b"x-more: y\r\n", first=HEAD), has_effect=True, count=9),
    "writes with interim answers": hangs("PUT", endless(INTERIM), count=9),
    "writes that are slow": slow("PUT", 0.4),
    "slow writes of 32 workers": slow("PUT", 1.5, workers=32),
    "slow reads": slow("GET", 0.5),
    "connections that are not made": elsewhere(unheard),
    "handshakes": elsewhere(lambda: accepting(lambda _: None)),
    "a resolver": unresolved,
    "a wait that was asked for": waits_for_429,
    "the pace": paced,
}
# What is waited for here is not the network's: the run's git, and its stdout.
OF_OTHERS: dict[str, Case] = {
    "git log": slow_git("log"),
    "git cat-file": slow_git("cat-file"),
    "git rev-parse": slow_git("rev-parse"),
    "git ls-files": slow_git("ls-files"),
    "a full pipe": full_pipe,
}


@contextmanager
def staged(folder: Path, set_up: Case) -> Iterator[Stage]:
    with scene_at(folder) as scene, ExitStack() as stack:
        scene.stage(*IDS)
        stage = Stage(scene, {}, ["sync", "--force", "--report", "report.json"])
        set_up(stage, stack)
        yield stage


@contextmanager
def killed(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Ends the process with the block, however that ends."""
    try:
        yield
    finally:
        process.kill()


def play(name: str, set_up: Case, folder: Path) -> None:
    """One run, its signal, and whether all that it says is true."""
    dice = random.Random(name)  # noqa: S311  a seed, not a secret
    number = dice.choice([signal.SIGTERM, signal.SIGINT])
    with staged(folder, set_up) as stage:
        process = subprocess.Popen(
            [sys.executable, "-m", "syncjob", *stage.arguments],
            cwd=stage.scene.workspace.folder,
            env=stage.scene.workspace.environment(**UNHURRIED, **stage.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if stage.is_full_pipe else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        with process, killed(process):
            lock = stage.scene.workspace.folder / ".syncjob" / "test.lock"
            has_begun = lock.exists if stage.has_lock else lambda: True
            wait_for(lambda: stage.has_come() and has_begun(), "the run to come to where it waits")
            time.sleep(dice.uniform(0.1, 1.2))
            process.send_signal(number)
            status = process.wait(PATIENCE)
            err = process.stderr.read().decode() if process.stderr else ""
            if process.stdout:
                process.stdout.close()
        assert "Traceback" not in err, err
        assert status == 128 + number, err
        # A run that waited for its reader alone had come to its end.
        is_true(stage.scene, {status, 1} if stage.is_full_pipe else {status})


def is_true(scene: Scene, statuses: set[int]) -> None:
    report = json.loads((scene.workspace.folder / "report.json").read_text())
    status = report["exit_code"]
    assert status in statuses
    ends = {item["model_id"]: item["status"] for item in report["items"]}
    assert set(IDS) <= set(ends)
    sent = {each.model_id for each in scene.remote.asked if each.method == "PUT"}
    assert {ends[id_] for id_ in sent} <= {"applied", "failed"}
    assert all(scene.remote.text(id_) == f"new of {id_}" for id_ in IDS if ends[id_] == "applied")
    assert all(scene.remote.text(id_) == f"old of {id_}" for id_ in IDS if ends[id_] in ("not_attempted", "refused"))
    if not scene.runs:  # refused for a bad file, and so without anything to keep
        assert not sent
        return
    journal = records(scene.runs[-1])
    assert journal[-1]["record"] == "end"
    assert journal[-1]["exit_code"] == status
    results = {each["model_id"]: each["status"] for each in journal if each["record"] == "result"}
    intents = {each["model_id"] for each in journal if each["record"] == "intent"}
    assert sent <= intents
    # Who was given up has no result; who came to an end has that of the report.
    assert all(ends[id_] == ended for id_, ended in results.items())
    scene.nothing_is_lost()


# Several at once: what each does is to wait.
GROUPS = [sorted(CASES)[first::4] for first in range(4)]


@pytest.mark.parametrize("names", GROUPS, ids=["a", "b", "c", "d"])
def test_a_signal_ends_a_run_in_time_whatever_it_waits_for(tmp_path: Path, names: list[str]) -> None:
    failed: dict[str, BaseException] = {}

    def one(name: str) -> None:
        folder = tmp_path / name.replace(" ", "-")
        folder.mkdir()
        try:
            play(name, CASES[name], folder)
        except BaseException as error:  # noqa: BLE001  told below
            failed[name] = error

    threads = [threading.Thread(target=one, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == {}


@pytest.mark.parametrize("name", OF_OTHERS)
def test_and_so_do_git_and_whoever_reads(tmp_path: Path, name: str) -> None:
    play(name, OF_OTHERS[name], tmp_path)
