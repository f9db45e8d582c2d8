"""The command on a terminal, and under signals."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import pytest

from syncjob.scenario.answers import Answer
from tests.support.faulty_server import PATIENCE, wait_for
from tests.support.loopback import Loopback
from tests.support.unhurried import PATIENT, send
from tests.support.workspace import Workspace


class Terminal:
    """A process on a terminal of its own, so wide that few lines are folded."""

    def __init__(
        self, workspace: Workspace, *arguments: str, program: Sequence[str] = ("-m", "syncjob"), **environment: str
    ) -> None:
        self.screen = b""
        self._controller, terminal = pty.openpty()
        termios.tcsetwinsize(terminal, (50, 200))
        self._process = subprocess.Popen(
            [sys.executable, *program, *arguments],
            cwd=workspace.folder,
            env=workspace.environment(**{"TERM": "xterm"} | environment),
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
        )
        os.close(terminal)

    def until(self, text: str) -> None:
        """Reads the screen until a text stands on it."""
        deadline = time.monotonic() + PATIENCE
        while text.encode() not in self.screen and time.monotonic() < deadline and self._read():
            pass
        assert text.encode() in self.screen, self.screen

    def type(self, text: str) -> None:
        os.write(self._controller, text.encode())

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def end(self) -> int:
        """Reads what is left and waits for the exit status."""
        while self._read():
            pass
        os.close(self._controller)
        return self._process.wait(PATIENCE)

    def _read(self) -> bool:
        with suppress(OSError):  # the terminal is gone when its process has ended
            ready, _, _ = select.select([self._controller], [], [], PATIENCE)
            data = os.read(self._controller, 65536) if ready else b""
            self.screen += data
            return bool(data)
        return False


@pytest.fixture
def one_change(workspace: Workspace, remote: Loopback) -> Workspace:
    remote.add("one", texts={"one": "old"})
    workspace.held({"one": "old"})
    workspace.write("one", "new\n")
    return workspace


@pytest.mark.parametrize(("answer", "status", "held"), [("y\n", 0, "new"), ("n\n", 1, "old"), ("\n", 1, "old")])
def test_a_sync_asks_before_it_writes(
    one_change: Workspace, remote: Loopback, answer: str, status: int, held: str
) -> None:
    terminal = Terminal(one_change, "sync")
    terminal.until("Write 1 update to \x1b[1mtest\x1b[0m? [y/N]")
    assert b"\x1b[31m-old\x1b[0m" in terminal.screen
    terminal.type(answer)
    assert terminal.end() == status
    assert remote.sandbox.description("one") == held
    if status:
        is_called_off(terminal)


def is_called_off(terminal: Terminal) -> None:
    """What somebody chose is no error, and there is nothing to go on with."""
    said = terminal.screen.rpartition(b"[y/N]")[2]
    assert b"Cancelled; nothing was written." in said
    assert b"error" not in said
    assert b"resume" not in said


def test_what_was_read_before_the_question_is_read_again_after_it(one_change: Workspace, remote: Loopback) -> None:
    """However soon the answer comes."""
    remote.add("two", texts={"two": "old of two"})
    one_change.held({"two": "old of two"})
    one_change.write("one", "new")
    one_change.write("two", "new of two")
    terminal = Terminal(one_change, "sync")
    terminal.until("[y/N]")
    remote.sandbox.put("one", "somebody's edit")
    terminal.type("y\n")
    assert terminal.end() == 1
    assert b"edited on Scenario since this run read it" in terminal.screen
    assert (remote.sandbox.description("one"), remote.sandbox.description("two")) == ("somebody's edit", "new of two")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_at_the_question_ends_the_run_unwritten(
    one_change: Workspace, remote: Loopback, number: signal.Signals, status: int
) -> None:
    one_change.commit()
    terminal = Terminal(one_change, "sync", "--report", "report.json")
    terminal.until("[y/N]")
    terminal.send(number)
    assert terminal.end() == status
    assert b"Traceback" not in terminal.screen
    is_called_off(terminal)
    report = json.loads((one_change.folder / "report.json").read_text())
    assert (report["exit_code"], report["items"][0]["status"]) == (status, "not_attempted")
    assert [problem["code"] for problem in report["problems"]] == ["called-off"]
    assert remote.counts["PUT"] == 0


def test_the_end_of_input_at_the_question_is_a_no(one_change: Workspace, remote: Loopback) -> None:
    terminal = Terminal(one_change, "sync")
    terminal.until("[y/N]")
    terminal.type("\x04")
    assert terminal.end() == 1
    is_called_off(terminal)
    assert remote.counts["PUT"] == 0


def test_yes_is_not_asked_and_a_long_run_shows_its_progress(workspace: Workspace, remote: Loopback) -> None:
    ids = [f"m{number}" for number in range(30)]
    remote.add(*ids, texts=dict.fromkeys(ids, "text"))
    for id_ in ids:
        workspace.write(id_, "text")
    workspace.commit()
    workspace.write("m0", "new")
    terminal = Terminal(workspace, "sync", "--yes")
    assert terminal.end() == 0
    assert b"Reading" in terminal.screen
    assert re.search(rb"requests? left, \d+ \w+ at ", terminal.screen)
    assert re.search(rb"Reading  \[#+\]  30/30  30 requests in \d+ s", terminal.screen)
    assert b"30/30" in terminal.screen
    assert remote.sandbox.description("m0") == "new"


@contextmanager
def slow_writes(workspace: Workspace, remote: Loopback, go_on: threading.Event) -> Iterator["subprocess.Popen[bytes]"]:
    """A sync of 60 changes that has begun to write, its report on stdout; no write is answered before `go_on`."""
    ids = [f"m{number:02}" for number in range(60)]
    remote.add(*ids)
    for id_ in ids:
        workspace.write(id_, "new")

    def script(method: str, target: str) -> Answer | None:
        if method == "PUT":
            go_on.wait(PATIENCE)
        return None

    remote.script = script
    process = subprocess.Popen(
        [sys.executable, "-m", "syncjob", "sync", "--format", "json"],
        cwd=workspace.folder,
        env=workspace.environment(**PATIENT),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        wait_for(lambda: remote.counts["PUT"], "a write")
        yield process
    finally:
        go_on.set()
        process.kill()
        process.wait(PATIENCE)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_lets_what_is_in_flight_end_and_reports_the_rest(
    workspace: Workspace, remote: Loopback, number: signal.Signals, status: int
) -> None:
    go_on = threading.Event()
    with slow_writes(workspace, remote, go_on) as process:
        process.send_signal(number)
        assert process.stderr
        said = next((line for line in process.stderr if b"finishing requests in flight" in line), b"")
        go_on.set()
        out, err = process.communicate(timeout=PATIENCE)
    assert said
    assert process.returncode == status
    assert b"Traceback" not in err
    report = json.loads(out)
    applied = {item["model_id"] for item in report["items"] if item["status"] == "applied"}
    assert applied == {id_ for id_ in (f"m{n:02}" for n in range(60)) if remote.sandbox.description(id_)}
    assert report["summary"]["not_attempted"] == 60 - len(applied) > 0
    assert report["problems"][0]["code"] == "interrupted"


def test_a_second_signal_ends_the_run_at_once(workspace: Workspace, remote: Loopback) -> None:
    with slow_writes(workspace, remote, threading.Event()) as process:
        send(process, signal.SIGINT)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode in (130, -signal.SIGINT)  # a shell shows both as 130
    assert out == b""


def test_a_terminal_shows_in_one_line_what_says_what_each_code_means(workspace: Workspace) -> None:
    workspace.write("one", "see {asset: x} and {model: y}")
    workspace.write("two", "")
    terminal = Terminal(workspace, "check")
    assert terminal.end() == 1
    line = b"What each code means: docs/troubleshooting.md#tag-malformed, #file-empty\r\n"
    assert terminal.screen.endswith(line)
    assert terminal.screen.count(b"troubleshooting") == 1
    assert "troubleshooting" not in workspace.run("check").err
