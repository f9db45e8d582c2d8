"""When a person is asked, where the question is shown, and what it says."""

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from syncjob.cli import question
from syncjob.output import gate
from syncjob.text.canonical import sha256
from tests.cli.test_terminal import Terminal
from tests.support.faulty_server import PATIENCE
from tests.support.loopback import Loopback
from tests.support.workspace import Workspace

# Takes the terminal for the process's own, as a shell does, and redirects stderr, or stdout and stderr as `2>&1 | tee`.
_REDIRECTED = """\
import fcntl, os, sys, termios
own, streams, path, *arguments = sys.argv[1:]
if own == "own":
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
file = os.open(path, os.O_WRONLY | os.O_CREAT)
for stream in streams:
    os.dup2(file, int(stream))
os.execv(sys.executable, [sys.executable, "-m", "syncjob", *arguments])
"""


def redirected(workspace: Workspace, streams: str, *arguments: str, own: str = "own", **environment: str) -> Terminal:
    return Terminal(workspace, own, streams, "log", *arguments, program=("-c", _REDIRECTED), **environment)


@pytest.fixture
def one_change(workspace: Workspace, remote: Loopback) -> Workspace:
    remote.add("one", "two", texts={"one": "old", "two": "old"})
    workspace.held({"one": "old", "two": "old"})
    workspace.write("one", "new\n")
    return workspace


def test_what_is_asked_and_said_is_folded_at_blanks(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(question, "_show", shown.append)
    monkeypatch.setattr(gate, "columns", lambda stream: 30)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"neither\n\xff\n")))
    question.say("'x' is not a commit; `git ls-remote ADDRESS HEAD` prints \x1b[2J one.")
    assert question.typed("The commit of syncjob that all the workflows use:") == "neither"
    assert not question.is_agreed("Write?")
    assert max(len(line) for each in shown for line in each.splitlines()) <= 30
    assert "\n  ls-remote ADDRESS HEAD`\n" in shown[0]
    assert "\x1b" not in shown[0]
    assert shown[-2:] == ["Write? [y/N]: ", "Answer y or n [y/N]: "]


@pytest.mark.parametrize("streams", ["2", "12", "1"])
@pytest.mark.parametrize(("answer", "held"), [("y\n", "new"), ("n\n", "old")])
def test_who_types_is_asked_wherever_the_messages_go(
    one_change: Workspace, remote: Loopback, streams: str, answer: str, held: str
) -> None:
    terminal = redirected(one_change, streams, "sync")
    terminal.until("Write 1 update to")
    assert remote.counts["PUT"] == 0
    terminal.type(answer)
    assert terminal.end() == (held == "old")
    assert remote.sandbox.description("one") == held
    assert "[y/N]" not in (one_change.folder / "log").read_text()


def test_what_is_typed_without_a_place_for_the_question_is_refused_before_any_request(
    one_change: Workspace, remote: Loopback
) -> None:
    for arguments in (["sync"], ["doctor", "--probe", "two"]):
        terminal = redirected(one_change, "2", *arguments, own="another's")
        assert terminal.end() == 2
        log = one_change.folder / "log"
        assert "the question cannot be shown; give --yes" in log.read_text()
        log.unlink()
    assert remote.asked == []
    terminal = redirected(one_change, "2", "sync", "--yes", own="another's")
    assert terminal.end() == 0
    assert remote.sandbox.description("one") == "new"


def test_a_probe_asks_there_too(one_change: Workspace, remote: Loopback) -> None:
    terminal = redirected(one_change, "2", "doctor", "--probe", "two")
    terminal.until("Continue? [y/N]")
    assert f"at {remote.url} (profile test)".encode() in terminal.screen
    terminal.type("n\n")
    assert terminal.end() == 1
    assert remote.counts["PUT"] == 0


def test_without_a_terminal_as_its_input_a_sync_does_not_ask(one_change: Workspace, remote: Loopback) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "syncjob", "sync"],
        cwd=one_change.folder,
        env=one_change.environment(),
        input=b"n\n",
        capture_output=True,
        check=False,
    )
    assert (done.returncode, remote.sandbox.description("one")) == (0, "new")


def test_the_question_names_what_is_written_to_and_not_the_plan_again(one_change: Workspace, remote: Loopback) -> None:
    terminal = Terminal(one_change, "sync", SCENARIO_BASE_URL=remote.url.replace("127.0.0.1", "localhost"))
    terminal.until("[y/N]")
    asked = f"Write 1 update to \x1b[1mtest\x1b[0m at {remote.url.replace('127.0.0.1', 'localhost')}? [y/N]"
    assert asked.encode() in terminal.screen
    assert terminal.screen.count(b"Plan: ") == 1
    terminal.type("n\n")
    assert terminal.end() == 1
    one_change.write("two", "new\n")
    terminal = redirected(one_change, "1", "sync")
    terminal.until("[y/N]")
    assert (
        b"Not all of it is committed. Write 2 updates to \x1b[1mtest\x1b[0m? [y/N]" in terminal.screen
    )  # the plan stands in a file
    assert b"Plan: " not in terminal.screen
    terminal.type("n\n")
    assert terminal.end() == 1


def test_the_embedded_stand_in_is_called_so(workspace: Workspace) -> None:
    workspace.write("flux.1-dev", "new")
    terminal = Terminal(workspace, "--profile", "sandbox", "sync", "--overwrite-remote-edits")
    terminal.until("[y/N]")
    assert b"\x1b[1msandbox\x1b[0m (the embedded stand-in)?" in terminal.screen
    terminal.type("n\n")
    assert terminal.end() == 1


@pytest.mark.parametrize("command", [["diff"], ["sync"], ["pull"], ["doctor"], ["check", "--remote"]], ids=" ".join)
def test_an_overridden_base_url_is_named_once(one_change: Workspace, remote: Loopback, command: list[str]) -> None:
    config = one_change.folder / "config.yaml"
    own = config.read_text()
    config.write_text(re.sub('http://127[^"]+', "https://scenario.invalid/v1", own))
    ended = one_change.run(*command, SCENARIO_BASE_URL=remote.url)
    assert ended.err.splitlines()[:1] == [f"Profile test at {remote.url} (SCENARIO_BASE_URL)."]
    assert ended.err.count("SCENARIO_BASE_URL") == 1
    config.write_text(own)
    for environment in ({}, {"SCENARIO_BASE_URL": remote.url}):  # nothing is overridden
        assert "SCENARIO_BASE_URL" not in one_change.run(*command, **environment).err


def test_offline_nothing_is_said_of_it(one_change: Workspace) -> None:
    assert one_change.run("check", SCENARIO_BASE_URL="http://127.0.0.1:1/v1").err == ""


def test_no_question_waits_on_a_terminal_that_is_gone(one_change: Workspace, remote: Loopback, tmp_path: Path) -> None:
    terminal = Terminal(one_change, "sync")
    terminal.until("[y/N]")
    os.close(terminal._controller)
    assert terminal._process.wait(PATIENCE) != 0
    assert remote.counts["PUT"] == 0


def test_a_profile_that_became_the_stand_in_is_told_why(one_change: Workspace) -> None:
    ended = one_change.run("diff", "one", SCENARIO_BASE_URL="sandbox:")
    assert ended.err.startswith("Profile test is the embedded stand-in (SCENARIO_BASE_URL): nothing is sent")


@pytest.mark.parametrize("arguments", [(), ("--force",)], ids=" ".join)
def test_a_rollback_asks_as_a_sync_does(one_change: Workspace, remote: Loopback, arguments: tuple[str, ...]) -> None:
    assert one_change.run("sync").status == 0  # nobody types
    run = one_change.run("runs").out.splitlines()[1].split()[0]
    terminal = redirected(one_change, "2", "rollback", run, *arguments)
    terminal.until("Write 1 update to test? [y/N]")
    terminal.type("n\n")
    assert terminal.end() == 1
    assert remote.sandbox.description("one") == "new"
    terminal = Terminal(one_change, "rollback", run, *arguments)
    terminal.until("[y/N]")
    terminal.type("y\n")
    assert terminal.end() == 0
    assert b"revert their commit too" in terminal.screen
    assert re.search(rb"Run (\S+), \d+ s, \d+ requests\.\r\nUndo: syncjob rollback \1\r\n", terminal.screen)
    assert remote.sandbox.description("one") == "old"


def test_only_a_rollback_that_the_files_do_not_say_advises_to_revert_a_commit(one_change: Workspace) -> None:
    advice = "revert their commit too"
    assert one_change.run("sync", "--yes").status == 0
    assert advice in one_change.run("rollback", "last").out
    again = one_change.run("rollback", "last")
    assert (again.status, "Applied 1" in again.out, advice in again.out) == (0, True, False), again.out
    assert "0 to update" in one_change.run("diff").out


@pytest.mark.parametrize("arguments", [("--yes",), ("--dry-run",)], ids=" ".join)
def test_a_rollback_that_is_agreed_to_or_writes_nothing_does_not_ask(
    one_change: Workspace, remote: Loopback, arguments: tuple[str, ...]
) -> None:
    assert one_change.run("sync").status == 0
    run = one_change.run("runs").out.splitlines()[1].split()[0]
    terminal = redirected(one_change, "2", "rollback", run, *arguments, own="another's")
    assert terminal.end() == 0
    assert b"[y/N]" not in terminal.screen
    assert remote.sandbox.description("one") == ("old" if "--yes" in arguments else "new")


def test_who_types_is_told_of_files_that_git_does_not_have(one_change: Workspace, remote: Loopback) -> None:
    note = b"1 of these files is not committed: commit first, or a later sync takes the text for an edit on Scenario"
    terminal = Terminal(one_change, "sync")
    terminal.until("[y/N]")
    assert terminal.screen.count(note) == terminal.screen.count(b"not committed") == 1  # in the plan, right above
    terminal.type("n\n")
    assert terminal.end() == 1
    terminal = Terminal(one_change, "diff")
    assert terminal.end() == 0
    assert terminal.screen.count(note) == 1
    one_change.commit()
    for command in ("sync", "diff"):
        terminal = Terminal(one_change, command)
        if command == "sync":
            terminal.until("[y/N]")
            terminal.type("n\n")
        terminal.end()
        assert b"not committed" not in terminal.screen


def test_what_is_acknowledged_is_shown_and_asked_first_and_is_what_was_shown(
    one_change: Workspace, remote: Loopback
) -> None:
    remote.sandbox.put("one", "edited on Scenario")
    terminal = Terminal(one_change, "acknowledge", "one")
    terminal.until("May a sync replace 1 text on \x1b[1mtest\x1b[0m? [y/N]")
    assert b"-edited on Scenario" in terminal.screen
    remote.sandbox.put("one", "edited while nobody looked")
    asked = len(remote.asked)
    terminal.type("y\n")
    assert terminal.end() == 0
    assert len(remote.asked) == asked
    line = (one_change.descriptions / ".acknowledged" / "one").read_text()
    assert line == f"test {sha256('edited on Scenario')}\n"
    terminal = Terminal(one_change, "acknowledge", "one")
    terminal.until("[y/N]")
    terminal.type("n\n")
    assert terminal.end() == 1
    assert b"Cancelled; nothing was written." in terminal.screen
    assert (one_change.descriptions / ".acknowledged" / "one").read_text() == line


def test_where_nobody_sees_the_text_an_acknowledgement_needs_a_yes(one_change: Workspace, remote: Loopback) -> None:
    for arguments in (["--format", "json"], ["--output", "seen"]):
        terminal = Terminal(one_change, "acknowledge", "one", *arguments)
        assert terminal.end() == 2
        assert b"check `syncjob diff`, then pass --yes" in terminal.screen
    assert remote.asked == []
