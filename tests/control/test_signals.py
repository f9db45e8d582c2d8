"""SIGINT and SIGTERM end a run within five seconds, whatever it waits for, with its report and its journal."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from syncjob.control import signals
from syncjob.control.workers import Stop
from syncjob.errors import Stopped
from syncjob.scenario.calls import Calls
from tests.scenario.test_deadline import endless
from tests.support.faulty_server import PATIENCE, Fault, Running, Scene, scene_at, wait_for
from tests.support.raw_server import Play, answer, scripted
from tests.support.unhurried import PATIENT, UNHURRIED, send
from tests.support.workspace import Ended


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with scene_at(tmp_path) as made:
        made.http(timeout=600, deadline=600, workers=4)
        yield made


def stopped(running: Running, number: signal.Signals) -> Ended:
    """How a run ends that is sent a signal; one that goes on waiting is ended without its report."""
    running.send(number)
    return running.end()


def report_of(scene: Scene) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((scene.workspace.folder / "report.json").read_text())
    return report


HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
HANGING: dict[str, Play] = {
    "nothing": lambda connection: time.sleep(600),
    "a head line by line": endless(b"x-more: y\r\n", first=HEAD),
}


@pytest.mark.deep
def test_a_run_whose_writes_hang_ends_in_time_and_says_so(scene: Scene) -> None:
    ids = [f"m{number}" for number in range(6)]
    scene.stage(*ids)
    scene.remote.on("PUT", "*", Fault(HANGING["a head line by line"], has_effect=True), always=True)
    with scene.running("sync", "--force", "--report", "report.json", environment=UNHURRIED) as running:
        wait_for(lambda: len(scene.remote.counts("PUT")) == 4, "four writes")
        ended = stopped(running, signal.SIGINT)
    report = report_of(scene)
    assert (ended.status, report["exit_code"]) == (130, 130)
    ends = {item["model_id"]: item["status"] for item in report["items"]}
    sent = scene.remote.counts("PUT")
    assert {ends[id_] for id_ in sent} <= {"applied", "failed"}  # whoever could still look has seen that it landed
    assert {ends[id_] for id_ in ids if id_ not in sent} == {"not_attempted"}
    assert scene.journal()[-1]["record"] == "end"
    scene.converges()


@pytest.mark.deep
@pytest.mark.parametrize(("method", "count"), [("GET", 3), ("PUT", 1), ("PUT", 3)])
def test_a_probe_whose_requests_hang_puts_the_text_back(scene: Scene, method: str, count: int) -> None:
    scene.stage("scratch")
    good = [Fault(has_effect=True)] * count
    scene.remote.on(method, "scratch", *good, Fault(HANGING["nothing"], has_effect=True))
    with scene.running("doctor", "--probe", "scratch", "--yes", environment=UNHURRIED) as running:
        wait_for(lambda: scene.remote.counts(method).get("scratch", 0) > count, "the request that hangs")
        ended = stopped(running, signal.SIGTERM)
    assert ended.status == 143
    assert scene.remote.text("scratch") == "old of scratch"
    assert "scratch is as it was" in ended.err or "scratch holds its own description again" in ended.err


def test_a_second_signal_ends_a_run_whose_head_drips_at_once(scene: Scene) -> None:
    scene.stage("a")
    scene.remote.on("GET", "*", Fault(HANGING["a head line by line"]), always=True)
    with scene.running("sync", environment=PATIENT) as running:
        wait_for(lambda: scene.remote.counts("GET"), "the first request")
        running.send(signal.SIGINT)
        running.until("finishing requests in flight")
        ended = stopped(running, signal.SIGTERM)
    assert ended.status in (143, -signal.SIGTERM)


# The main thread is held up in the midst of a run by what is named here, in place of the run's own work.
STUCK = """\
import ctypes, sys, threading, time
from syncjob.control import signals
from syncjob.control.workers import Stop

def in_a_lock():
    lock = threading.Lock()
    lock.acquire()
    while True:
        try:
            lock.acquire()
        except Exception:
            pass

def in_c():
    ctypes.CDLL(None).poll(None, 0, 600_000)  # without the interpreter's lock; a signal interrupts it once
    ctypes.CDLL(None).poll(None, 0, 600_000)
    ctypes.CDLL(None).poll(None, 0, 600_000)

def in_c_undisturbed():
    import signal
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})  # another thread gets them
    ctypes.CDLL(None).sleep(600)

def in_c_with_the_interpreter():
    while stop.reason is None:
        time.sleep(0.01)
    while True:
        ctypes.PyDLL(None).sleep(600)  # no other thread runs meanwhile

def in_python():
    while True:
        sum(range(1000))

def held_off():
    with stop.held_off():
        time.sleep(2)
    time.sleep(600)

stop = Stop()
with signals.ending(stop):
    print("begun", flush=True)
    globals()[sys.argv[1]]()
"""


def stuck(where: str, program: str = STUCK, **environment: str) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        [sys.executable, "-c", program, where],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    assert process.stdout.readline() == b"begun\n"
    return process


WAITS = ["in_a_lock", "in_c", "in_c_undisturbed"]
# With the status of a signal, or by the signal itself, which a shell shows as the same.
SECOND = {130, -signal.SIGINT}


@pytest.mark.parametrize("where", [*WAITS, "in_c_with_the_interpreter", "in_python"])
def test_a_second_signal_ends_what_no_handler_can_reach(where: str) -> None:
    with stuck(where, **UNHURRIED) as process:
        send(process, signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) in SECOND


@pytest.mark.deep
def test_a_run_that_goes_on_waiting_is_ended() -> None:
    processes = [stuck(where) for where in (*WAITS, "held_off")]
    for process in processes:
        process.send_signal(signal.SIGTERM)
    for process in processes:
        _, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 143
        assert b"still waiting after 5 seconds; quitting without a report" in err


WORKS = """\
import sys, time
from syncjob.control import signals
from syncjob.control.workers import Stop

with signals.ending(Stop()) as interrupts:
    print("begun", flush=True)
    while interrupts.signal is None:
        time.sleep(0.01)
    until = time.monotonic() + 6
    while time.monotonic() < until:
        sum(range(1000))
print("a long report")
"""


@pytest.mark.deep
def test_a_run_that_goes_on_working_is_ended_too() -> None:
    with stuck("in_python") as process:
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 143
        assert b"still working after 10 seconds; quitting without a report" in err


# The first process of a container is not ended by a signal that it does not handle.
FIRST = STUCK.replace("import ctypes, sys", "import ctypes, os, sys").replace(
    "stop = Stop()", "os.getpid = lambda: 1\nstop = Stop()"
)


def test_the_first_process_of_a_container_is_ended_by_the_second_signal() -> None:
    with stuck("in_c", FIRST, **UNHURRIED) as process:
        send(process, signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130


@pytest.mark.deep
def test_a_run_that_is_still_writing_its_report_is_left_to_it() -> None:
    process = subprocess.Popen([sys.executable, "-c", WORKS], stdout=subprocess.PIPE)
    with process:
        assert process.stdout
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=PATIENCE)[0] == b"a long report\n"


FULL = """\
import os, sys, time
from syncjob.control import signals
from syncjob.control.workers import Stop

os.set_blocking(2, False)
try:
    while True:
        os.write(2, b"x" * 4096)
except BlockingIOError:
    os.set_blocking(2, True)
stop = Stop()
with signals.ending(stop) as interrupts:
    print("begun", flush=True)
    while not stop.requested:
        time.sleep(0.01)
    print("in order", flush=True)
os._exit(5)
"""


def test_a_full_stderr_holds_no_signal_back() -> None:
    process = subprocess.Popen([sys.executable, "-c", FULL], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with process:
        assert process.stdout
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == b"in order\n"
        assert process.wait(PATIENCE) == 5
        assert process.stderr
        process.stderr.read()


def test_whoever_waits_for_the_first_answer_sends_nothing_after_a_stop() -> None:
    stop, release = Stop(), threading.Event()

    def late(connection: socket.socket) -> None:
        release.wait(PATIENCE)
        answer(b"{}")(connection)

    with scripted(late) as served:
        opened = Calls(base_url=served.url, requests_per_minute=0, sleep=stop.sleep)
        ends: list[BaseException | None] = []

        def ask() -> None:
            try:
                opened.call("GET", "/models", dict)
            except Stopped as error:
                ends.append(error)
            else:
                ends.append(None)

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        wait_for(lambda: served.heads, "the first request")
        stop.request("now")
        release.set()
        for thread in threads:
            thread.join(PATIENCE)
        assert (len(served.heads), ends.count(None), len(ends)) == (1, 1, 8)
        opened.close()


@pytest.mark.parametrize("seconds", [0.0, 0.1])
def test_all_sleeps_end_with_a_stop(seconds: float) -> None:
    stop = Stop()
    ended: list[str] = []

    def wait() -> None:
        try:
            stop.sleep(600)
        except Stopped as stopped:
            ended.append(str(stopped))

    threads = [threading.Thread(target=wait) for _ in range(32)]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    stop.note("as a signal's handler does")
    for thread in threads:
        thread.join(PATIENCE)
    assert ended == ["as a signal's handler does"] * 32


@pytest.mark.parametrize("is_told_by_thread", [True, False], ids=["by thread", "by process"])
def test_a_main_thread_that_works_is_not_taken_for_one_that_waits(
    monkeypatch: pytest.MonkeyPatch, is_told_by_thread: bool
) -> None:
    """macOS has no clock of a thread: there a report that takes long would be cut off."""
    if not is_told_by_thread:
        monkeypatch.delattr(time, "pthread_getcpuclockid", raising=False)
    watch = signals._Watch(Stop())
    watch._main_waits()
    until = time.process_time() + 0.01
    while time.process_time() < until:
        pass
    assert not watch._main_waits()
    wait_for(watch._main_waits, "the thread to be taken for one that waits")
    watch.end()


def test_the_time_in_which_the_whole_process_stood_still_is_not_the_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A laptop that slept, a paused container, ^Z: the main thread had no time to wait in."""
    watch = signals._Watch(Stop())
    monkeypatch.setattr(watch._stop, "call_off", lambda: None)  # it has a clock of its own
    looks = iter([0.0, 0.25, 60.0, 60.25])
    exits: list[int] = []
    monkeypatch.setattr(signals, "time", SimpleNamespace(monotonic=lambda: next(looks)))
    monkeypatch.setattr("os._exit", exits.append)
    monkeypatch.setattr(watch, "_main_waits", lambda: True)
    came: Iterator[list[int] | None] = iter([[], [], None])
    monkeypatch.setattr(watch, "_came", lambda seconds: next(came))
    assert (watch._until_another(signal.SIGTERM), exits) == ([], [])
    watch.end()


def test_the_first_signal_ends_what_is_shown_and_lets_it_clean_up() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    for number in before:
        cleaned = []
        with signals.ended_by_signal() as interrupts:
            try:
                signal.raise_signal(number)
                cleaned.append("not reached")
            finally:
                signal.raise_signal(signal.SIGINT)
                cleaned.append("cleaned up")
        assert (interrupts.status, cleaned) == (128 + number, ["cleaned up"])
    assert {number: signal.getsignal(number) for number in before} == before
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        with signals.ended_by_signal() as interrupts:
            signal.raise_signal(signal.SIGHUP)
        assert interrupts.status is None
    finally:
        signal.signal(signal.SIGHUP, before[signal.SIGHUP])
