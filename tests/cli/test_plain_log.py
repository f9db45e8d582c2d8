"""The log as who sits at a terminal reads it: plain lines, and nothing that the output tells too."""

import pytest

from syncjob.report.doctor import render_findings
from syncjob.state.probe_results import Finding
from tests.cli.test_question import redirected
from tests.cli.test_terminal import Terminal
from tests.support.loopback import Loopback, json_answer
from tests.support.workspace import Workspace


@pytest.fixture
def one_change(workspace: Workspace, remote: Loopback) -> Workspace:
    remote.add("one", texts={"one": "old"})
    workspace.held({"one": "old"})
    workspace.write("one", "new\n")
    return workspace


def test_a_failed_write_is_told_once(one_change: Workspace, remote: Loopback) -> None:
    no = json_answer(403, b'{"reason": "not yours"}')
    remote.script = lambda method, target: no if method == "PUT" else None
    terminal = Terminal(one_change, "sync", "--yes")
    assert terminal.end() == 1
    assert terminal.screen.count(b"not yours") == 1
    terminal = redirected(one_change, "1", "sync", "--yes")  # the output stands in a file, the log on the terminal
    assert terminal.end() == 1
    assert b"syncjob: error failed: HTTP 403: not yours; these credentials may not do this: " in terminal.screen
    assert b" (model_id=one, error=forbidden)" in terminal.screen
    assert one_change.run("sync", "--yes").err.count("[error    ] failed") == 1


def test_a_warning_is_a_plain_line(one_change: Workspace) -> None:
    state = one_change.folder / ".syncjob"
    assert one_change.run("sync").status == 0
    state.chmod(0o777)
    terminal = Terminal(one_change, "diff")
    assert terminal.end() == 0
    told = next(line for line in terminal.screen.decode().splitlines() if "everybody may write" in line)
    assert told.startswith("syncjob: warning state: everybody may write to ")
    assert "run=" not in told
    told = one_change.run("--log-format", "json", "diff").err
    assert '"event": "state"' in told
    assert "is_told" not in told


@pytest.mark.parametrize("answer", ["no", "a long answer " * 9])
def test_what_a_probe_found_fits_a_terminal(answer: str) -> None:
    meaning = "what follows from it, in many words that do not fit onto one line of eighty characters"
    lines = render_findings([Finding("Is it so?", answer, meaning)] * 2).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines.count("Is it so?") == 2
    assert all(line == "Is it so?" or line.startswith("  ") for line in lines)
