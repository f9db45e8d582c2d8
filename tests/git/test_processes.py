"""Other programs, however many files are open already."""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator

import pytest

from syncjob.git import processes
from tests.support.workspace import Workspace

SELECTABLE = 1024  # select(2) takes no descriptor from here on


@pytest.fixture
def crowded() -> Iterator[None]:
    """The next descriptor is one that select(2) does not take."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < SELECTABLE + 64:
        pytest.skip("not so many files may be open here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, SELECTABLE + 64), hard))
    held = [os.open(os.devnull, os.O_RDONLY)]
    while held[-1] < SELECTABLE:
        held.append(os.dup(held[0]))
    try:
        yield
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("crowded")
def test_a_program_is_read_whatever_its_pipes_are_numbered() -> None:
    with processes.started(["cat"], os.environ) as process:
        assert process.stdout
        assert process.stdout.fileno() > SELECTABLE
        told = processes.Conversation(process, processes.Watch(processes.NEVER))
        told.say(b"a line\nand more")
        assert (told.line(), told.exactly(8)) == (b"a line\n", b"and more")
        assert process.stdin
        process.stdin.close()
        assert list(processes.chunks(process, processes.Watch(processes.NEVER))) == []
        assert processes.status(process, processes.Watch(processes.NEVER)) == 0


# A run that was started with many files open, as a server's child may be.
CROWD = """\
import os, sys
held = [os.open(os.devnull, os.O_RDONLY)]
while held[-1] < 1024:
    held.append(os.dup(held[0]))
from syncjob.__main__ import main
sys.argv = ["syncjob", "diff", "--since", "HEAD"]
main()
"""


@pytest.mark.usefixtures("crowded")
def test_a_run_asks_git_there_too(workspace: Workspace) -> None:
    workspace.configure("http://127.0.0.1:9")
    workspace.held({"one": "text"})
    ended = subprocess.run(
        [sys.executable, "-c", CROWD],
        cwd=workspace.folder,
        env=workspace.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, "internal error" in ended.stderr) == (0, False), ended.stderr
