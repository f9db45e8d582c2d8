"""stdout and stderr that nobody reads, that have gone, or that are full: the run comes to its end, its files whole."""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

from syncjob.scenario.answers import Answer
from tests.support.faulty_server import PATIENCE, wait_for
from tests.support.loopback import Loopback, json_answer
from tests.support.runner_output import outputs
from tests.support.unhurried import PATIENT, UNHURRIED, send
from tests.support.workspace import Workspace

PRESSED = ("sync", "--force", "--yes", "--report", "report.json")


@pytest.fixture
def large(workspace: Workspace, remote: Loopback) -> Workspace:
    """Changes whose diffs are more than a pipe holds."""
    ids = [f"m{number}" for number in range(4)]
    remote.add(*ids)
    for id_ in ids:
        workspace.write(id_, f"a line of {id_}\n" * 5_000)
    return workspace


@pytest.fixture
def small(workspace: Workspace, remote: Loopback) -> Workspace:
    remote.add("one", "two")
    for id_ in ("one", "two"):
        workspace.write(id_, "text\n")
    return workspace


def deep(*values: object) -> Any:
    """A case for the deep suite: each takes a second or two."""
    return pytest.param(*values, marks=pytest.mark.deep)


def shell(workspace: Workspace, command: str, **more: str) -> "subprocess.CompletedProcess[bytes]":
    """A line of bash in which `$syncjob` is the command; its status is that of syncjob."""
    line = f"set -o pipefail; syncjob='{sys.executable} -m syncjob'; {command}"
    environment = workspace.environment(**more)
    done = subprocess.run(
        ["bash", "-c", line], cwd=workspace.folder, env=environment, capture_output=True, timeout=PATIENCE, check=False
    )
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr
    return done


def report_of(workspace: Workspace, name: str = "report.json") -> dict[str, Any]:
    report: dict[str, Any] = json.loads((workspace.folder / name).read_text())
    return report


def journal_of(workspace: Workspace) -> list[dict[str, Any]]:
    (path,) = (workspace.folder / ".syncjob" / "runs").glob("*.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()]


def in_a_step(workspace: Workspace) -> dict[str, str]:
    names = {"GITHUB_OUTPUT": "outputs", "GITHUB_STEP_SUMMARY": "summary"}
    paths = {name: str(workspace.folder / file) for name, file in names.items()}
    return {"GITHUB_ACTIONS": "true", "RUNNER_TEMP": str(workspace.folder), **paths}


# --- Whoever read stdout has gone, or the disk is full ----------------------------------------------


@pytest.mark.parametrize(
    ("reader", "form"),
    [
        ("| head -1", "text"),
        ("> /dev/full", "json"),
        # Markdown has its limit, and fits into a pipe that nobody reads to its end.
        *(deep("| head -1", form) for form in ("json", "html")),
        *(deep("> /dev/full", form) for form in ("text", "markdown", "html")),
        *(deep("| true", form) for form in ("text", "json", "markdown", "html")),
    ],
)
def test_a_sync_whose_reader_has_gone_comes_to_its_end(
    large: Workspace, remote: Loopback, reader: str, form: str
) -> None:
    done = shell(large, f"$syncjob sync --yes --format {form} --report report.json {reader}", **in_a_step(large))
    assert done.returncode == 1
    report = report_of(large)
    assert report["summary"]["applied"] == 4
    assert report["exit_code"] == 1
    assert remote.counts["PUT"] == 4
    assert journal_of(large)[-1]["record"] == "end"
    assert outputs((large.folder / "outputs").read_bytes().decode())["applied"] == "4"
    assert "### What was written" in (large.folder / "summary").read_text()
    assert b"Applied 4" in done.stderr  # what was written must not go unsaid
    assert (b"No space left" in done.stderr) is ("full" in reader)
    assert b"Broken pipe" not in done.stderr


def test_a_reader_that_goes_between_plan_and_outcome_changes_nothing(small: Workspace, remote: Loopback) -> None:
    has_gone = small.folder / "gone"

    def script(method: str, target: str) -> Answer | None:
        if method == "PUT":
            wait_for(has_gone.exists, "the reader to go")
        return None

    remote.script = script
    done = shell(small, "$syncjob sync --yes --report report.json | { head -1; exec <&-; : > gone; }")
    assert (done.returncode, report_of(small)["summary"]["applied"]) == (1, 2)


@pytest.mark.parametrize(
    "command",
    ["diff", "--help", "--version", *map(deep, ["check", "pull", "runs", "doctor", "sync --help", "sync --dry-run"])],
)
def test_any_command_whose_reader_has_gone_ends_quietly_but_not_with_success(large: Workspace, command: str) -> None:
    shell(large, "$syncjob sync")
    done = shell(large, f"$syncjob {command} | true")
    assert b"syncjob:" not in done.stderr
    full = shell(large, f"$syncjob {command} > /dev/full")
    assert full.returncode == 1
    assert b"No space left" in full.stderr


def test_what_cannot_be_said_on_stderr_ends_no_run(small: Workspace, remote: Loopback) -> None:
    done = shell(small, "$syncjob --log-level debug sync --report report.json 2>&1 >out | true")
    assert done.returncode == 0
    assert report_of(small)["summary"]["applied"] == 2
    assert remote.counts["PUT"] == 2


# --- A full pipe that nobody reads ------------------------------------------------------------------


@contextmanager
def piped(
    workspace: Workspace, *arguments: str, out: IO[bytes] | int, err: IO[bytes] | int, **more: str
) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "syncjob", *arguments],
        cwd=workspace.folder,
        env=workspace.environment(**UNHURRIED, **more),
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=err,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(PATIENCE)


@contextmanager
def full_pipe() -> Iterator[int]:
    """The end to write to of a pipe that is full, and that nobody reads."""
    reader, writer = os.pipe()
    size = fcntl.fcntl(writer, 1031, 4096)  # F_SETPIPE_SZ
    os.write(writer, b"x" * size)
    try:
        yield writer
    finally:
        os.close(reader)
        os.close(writer)


def stuck(process: "subprocess.Popen[bytes]") -> None:
    """Waits until the process sleeps and uses next to no time."""
    seen: list[tuple[str, int]] = []
    for _ in range(1200):
        assert process.poll() is None
        state = Path(f"/proc/{process.pid}/stat").read_text().rpartition(") ")[2][0]
        used = int(Path(f"/proc/{process.pid}/schedstat").read_text().split()[0])  # by the main thread, in nanoseconds
        seen = [*seen[-6:], (state, used)]
        is_asleep = {state for state, _ in seen} == {"S"} and len(seen) == 7
        if is_asleep and used - seen[0][1] < 2_000_000 and used > 50_000_000:
            return
        time.sleep(0.05)


def ends_soon(process: "subprocess.Popen[bytes]", number: signal.Signals, code: int) -> None:
    """It would wait a minute longer for what may hold it up, and be ended without its report."""
    process.send_signal(number)
    assert process.wait(PATIENCE) == code


SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]


@pytest.mark.parametrize(
    ("stream", "number", "code"),
    [
        ("out", signal.SIGTERM, 143),
        deep("out", signal.SIGINT, 130),
        *(deep(stream, *case) for stream in ("err", "both") for case in SIGNALS),
    ],
)
def test_a_signal_ends_a_run_that_writes_into_a_full_pipe(
    large: Workspace, remote: Loopback, stream: str, number: signal.Signals, code: int
) -> None:
    with full_pipe() as pipe, (large.folder / "rest").open("wb") as rest:
        out, err = (pipe if stream in (name, "both") else rest for name in ("out", "err"))
        with piped(large, "--log-level", "debug", *PRESSED, out=out, err=err) as process:
            stuck(process)
            ends_soon(process, number, code)
    report = report_of(large)
    assert report["exit_code"] == code
    assert {item["status"] for item in report["items"]} <= {"applied", "not_attempted"}
    assert report["summary"]["applied"] == remote.counts["PUT"]
    if remote.counts["PUT"]:
        assert journal_of(large)[-1]["record"] == "end"


@pytest.mark.deep
@pytest.mark.parametrize("command", [["check"], ["diff"], ["pull"], ["sync", "--dry-run"]], ids=" ".join)
def test_a_signal_ends_any_command_that_writes_into_a_full_pipe(large: Workspace, command: Sequence[str]) -> None:
    with full_pipe() as pipe, piped(large, *command, "--report", "report.json", out=pipe, err=pipe) as process:
        stuck(process)
        ends_soon(process, signal.SIGTERM, 143)
    assert report_of(large)["exit_code"] == 143


@pytest.mark.deep
@pytest.mark.parametrize("form", ["json", deep("markdown"), deep("html")])
def test_the_report_is_there_before_the_product_that_nobody_reads(large: Workspace, form: str) -> None:
    with (
        full_pipe() as pipe,
        piped(large, *PRESSED, "--format", form, out=pipe, err=subprocess.DEVNULL) as process,
    ):
        wait_for(lambda: any(path.stat().st_size for path in large.folder.glob("report.json")), "the report")
        assert report_of(large)["summary"]["applied"] == 4
        stuck(process)
        ends_soon(process, signal.SIGTERM, 143)
    assert report_of(large)["exit_code"] == 143
    assert journal_of(large)[-1]["record"] == "end"


@pytest.mark.parametrize("stream", ["out", deep("err")])
def test_a_second_signal_ends_a_run_in_a_full_pipe_at_once(large: Workspace, stream: str) -> None:
    with full_pipe() as pipe:
        streams: dict[str, Any] = {"out": subprocess.DEVNULL, "err": subprocess.DEVNULL, stream: pipe}
        with piped(large, "--log-level", "debug", *PRESSED, **streams) as process:
            stuck(process)
            send(process, signal.SIGTERM)
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE) in (130, -signal.SIGINT)  # a shell shows both as 130


@pytest.mark.deep
def test_a_pipe_that_is_read_again_gets_all_of_it(large: Workspace) -> None:
    reader, writer = os.pipe()
    with piped(large, *PRESSED, "--format", "json", out=writer, err=subprocess.DEVNULL) as process:
        os.close(writer)
        stuck(process)
        with open(reader, "rb") as file:  # noqa: PTH123
            said = file.read()
        assert process.wait(PATIENCE) == 0
    assert json.loads(said)["summary"]["applied"] == 4


@pytest.mark.deep
def test_a_slow_reader_gets_all_of_a_run_that_was_interrupted(large: Workspace) -> None:
    reader, writer = os.pipe()
    slowly = {"TESTS_READER_IS_SLOW": "1"}
    with piped(large, *PRESSED, "--format", "json", out=writer, err=subprocess.DEVNULL, **slowly) as process:
        os.close(writer)
        is_written = lambda: (large.folder / "report.json").exists()  # noqa: E731  then stdout is what it waits for
        wait_for(is_written, "the report")
        stuck(process)
        process.send_signal(signal.SIGTERM)
        said = b""
        while data := os.read(reader, 16384):
            said += data
            time.sleep(0.01)
        os.close(reader)
        assert process.wait(PATIENCE) == 143
    assert json.loads(said)["summary"]["applied"] == 4


def test_a_pipe_of_others_stays_as_it_is(small: Workspace) -> None:
    """O_NONBLOCK belongs to whoever shares the pipe, and would break them."""
    reader, writer = os.pipe()
    with piped(small, *PRESSED, out=writer, err=writer) as process:
        assert process.wait(PATIENCE) == 0
        assert os.get_blocking(writer)
    os.close(writer)
    os.close(reader)


@pytest.mark.deep
def test_a_terminal_that_shows_nothing_more_holds_no_signal_back(large: Workspace, remote: Loopback) -> None:
    import pty

    controller, terminal = pty.openpty()
    with piped(large, *PRESSED, out=terminal, err=terminal, TERM="xterm") as process:
        os.close(terminal)
        stuck(process)
        ends_soon(process, signal.SIGTERM, 143)
    os.close(controller)
    assert report_of(large)["summary"]["applied"] == remote.counts["PUT"]


@pytest.mark.deep
def test_hung_requests_and_full_pipes_together_hold_no_signal_back(large: Workspace, remote: Loopback) -> None:
    release = threading.Event()

    def script(method: str, target: str) -> Answer | None:
        if method != "PUT":
            return None
        release.wait(PATIENCE)
        return json_answer(503, b"{}")  # nothing that touches the stand-in, which may be gone by then

    remote.script = script
    with full_pipe() as pipe:
        out = os.open(large.folder / "out", os.O_WRONLY | os.O_CREAT)
        with piped(large, "--log-level", "info", *PRESSED, "--format", "json", out=pipe, err=out) as process:
            wait_for(lambda: remote.counts["PUT"], "a write")
            ends_soon(process, signal.SIGTERM, 143)
        os.close(out)
        release.set()
    report = report_of(large)
    assert (report["exit_code"], report["summary"]["applied"]) == (143, 0)
    assert journal_of(large)[-1]["record"] == "end"


@pytest.mark.deep
def test_a_signal_ends_the_making_of_a_long_page(workspace: Workspace, remote: Loopback) -> None:
    ids = [f"m{number:02}" for number in range(10)]
    remote.add(*ids)
    for id_ in ids:
        workspace.write(id_, f"a [word](https://x.y) of **{id_}** {{asset:a}}\n\n" * 2_000)
    remote.add_assets("a")
    arguments = (*PRESSED, "--format", "html", "--output", "page.html")
    with piped(workspace, *arguments, out=subprocess.DEVNULL, err=subprocess.DEVNULL) as process:
        wait_for(lambda: any(path.stat().st_size for path in workspace.folder.glob("report.json")), "the report")
        ends_soon(process, signal.SIGTERM, 143)
    assert report_of(workspace)["summary"]["applied"] == 10
    assert report_of(workspace)["exit_code"] == 143
    page = workspace.folder / "page.html"  # on a busy machine the signal may come before there is one
    assert not page.exists() or page.read_text() == "" or page.read_text().endswith("</html>\n")


@pytest.mark.deep
def test_a_socket_that_nobody_reads_holds_no_signal_back(large: Workspace) -> None:
    ours, theirs = socket.socketpair()
    with piped(large, *PRESSED, out=theirs.fileno(), err=theirs.fileno()) as process:
        stuck(process)
        ends_soon(process, signal.SIGTERM, 143)
    ours.close()
    theirs.close()
    assert report_of(large)["exit_code"] == 143


# --- Streams that are closed ------------------------------------------------------------------------


@pytest.mark.parametrize("closed", ["2>&-", deep("<&-"), "<&- 2>&-"])
def test_no_file_of_a_run_takes_the_place_of_a_closed_stream(small: Workspace, remote: Loopback, closed: str) -> None:
    """What a signal's handler says on stderr must not end up in a file of the run."""

    asked, signalled = threading.Event(), threading.Event()

    def script(method: str, target: str) -> Answer | None:
        if method == "PUT":
            asked.set()
            signalled.wait(PATIENCE)
        return None

    remote.script = script
    line = f"exec '{sys.executable}' -m syncjob --log-level debug sync --yes --report report.json {closed}"
    with subprocess.Popen(
        ["bash", "-c", line], cwd=small.folder, env=small.environment(**PATIENT), stdout=subprocess.DEVNULL
    ) as process:
        asked.wait(PATIENCE)
        send(process, signal.SIGTERM)
        signalled.set()
        assert process.wait(PATIENCE) == 143
    first, *records, last = [record["record"] for record in journal_of(small)]
    assert (first, last) == ("run", "end")
    assert 1 <= records.count("intent") == records.count("result") == report_of(small)["summary"]["applied"] <= 2
    for file in (small.folder / ".syncjob").iterdir():
        assert not file.is_file() or b"in flight" not in file.read_bytes()
