"""How often a description's file is read in a run, as the interpreter itself sees it."""

import re
from collections import Counter
from dataclasses import replace

import pytest

from tests.support.loopback import Loopback
from tests.support.workspace import Workspace

# Names each file on stderr when it is opened; Python's audit events (PEP 578) miss no way to open one.
WATCHED = """\
import os, sys
from syncjob.__main__ import main
def note(event, arguments):
    if event == "open" and str(arguments[0]).endswith(".md"):
        os.write(2, f"opened {os.path.basename(arguments[0])}\\n".encode())
sys.addaudithook(note)
main()
"""


@pytest.mark.parametrize("arguments", [("sync",), ("sync", "--keep-going"), ("diff",)])
def test_a_file_in_step_is_read_once_and_one_that_is_written_twice(
    arguments: tuple[str, ...], workspace: Workspace, remote: Loopback
) -> None:
    remote.add("in_step", "to_write", "marked", texts={"in_step": "same", "to_write": "old", "marked": "same"})
    workspace.held({"in_step": "same", "to_write": "old"})
    workspace.write("to_write", "new")
    workspace.write("marked", "\ufeffsame")  # what is to be said of a file is not kept, so it is read again
    ended = replace(workspace, program=("-c", WATCHED)).run(*arguments)
    assert ended.status == 0, ended.err
    times = Counter(re.findall(r"^opened (.+)\.md$", ended.err, re.MULTILINE))
    assert times == {"in_step": 1, "to_write": 2, "marked": 2}
    assert "file-encoding" in ended.out + ended.err


def test_a_file_that_goes_bad_after_the_first_look_is_not_sent(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one", texts={"one": "old"})
    workspace.held({"one": "old"})
    path = workspace.write("one", "new")

    def spoil(method: str, target: str) -> None:
        path.write_bytes(b"\xff")

    remote.script = spoil
    ended = workspace.json("sync")
    assert ended.status == 1
    assert ended.item("one")["problems"][0]["code"] == "file-encoding"
    assert remote.counts == {"GET": 1}


@pytest.mark.parametrize("command", ["sync", "diff"])
def test_what_is_compared_is_the_file_of_the_first_look(command: str, workspace: Workspace, remote: Loopback) -> None:
    workspace.set_http("workers: 1")
    remote.add("one", "two", texts={"one": "same", "two": "same"})
    paths = [workspace.write(name, "same") for name in ("one", "two")]
    workspace.commit()

    def change(method: str, target: str) -> None:
        for path in paths:
            path.write_text("changed meanwhile")

    remote.script = change
    ended = workspace.json(command)
    actions = {ended.item(name)["action"] for name in ("one", "two")}
    assert (ended.status, actions, remote.counts) == (0, {"unchanged"}, {"GET": 2})
