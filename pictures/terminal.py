"""syncjob in the demo's repository: its output as a program reads it, and as a terminal shows it."""

import os
import pty
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

COLUMNS, ROWS = 100, 60


def output_of(repository: Path, *arguments: str) -> str:
    """The stdout of `syncjob ARGUMENTS`."""
    done = subprocess.run(_command(arguments), cwd=repository, env=_environment(), capture_output=True, check=False)
    if done.returncode not in (0, 3):
        raise RuntimeError(done.stderr.decode())
    return done.stdout.decode()


def shown(repository: Path, *arguments: str, answers: Sequence[bytes] = ()) -> str:
    """What a terminal of 100 columns got of `syncjob ARGUMENTS`; each answer is typed after a question ("? ")."""
    waiting = list(answers)
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(repository)
        os.execve(sys.executable, _command(arguments), _environment())
    got = b""
    while piece := _read(terminal):
        got += piece
        if waiting and got.rstrip().endswith((b"]:", b"?")):
            os.write(terminal, waiting.pop(0))
    os.close(terminal)
    os.waitpid(child, 0)
    return got.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux says so when the other end is closed
        return b""


def _command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "syncjob", *arguments]


def _environment() -> Mapping[str, str]:
    """Nothing of this machine's but where programs are: a picture is the same everywhere."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "COLUMNS": str(COLUMNS),
        "LINES": str(ROWS),
        "PAGER": "cat",
    }
