"""A page of documentation whose commands are run: what it shows is what they print."""

import os
import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.workspace import CHEAP, Ended, Workspace

SECTION = re.compile(r"^## ", re.MULTILINE)
BLOCK = re.compile(r"```text\n(\$ .*?)```\n", re.DOTALL)
# The log, which on a terminal repeats nothing that the output says, and what each run on the stand-in says first.
LOGGED = re.compile(r"^(?:20\d\d-|Profile sandbox is ).*\n", re.MULTILINE)
COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
# The same names and dates each time, and so the same commits.
_DATE = "2026-03-02T09:00:00+0000"
_WHO = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false", *CHEAP)


@dataclass(frozen=True)
class Stage(Workspace):
    """A workspace in which everything that git makes is the same each time."""

    def git(self, *arguments: str) -> str:
        return self.said(*arguments).out

    def said(self, *arguments: str) -> Ended:
        environment = {
            **self.environment(),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_AUTHOR_DATE": _DATE,
            "GIT_COMMITTER_DATE": _DATE,
        }
        done = subprocess.run(
            ["git", *_WHO, *arguments], cwd=self.folder, env=environment, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


def sections(page: Path) -> Mapping[str, str]:
    """The sections with commands, by their headings."""
    found = SECTION.split(page.read_text("utf-8"))[1:]
    return {text.partition("\n")[0]: text for text in found if BLOCK.search(text)}


def played(section: str, stage: Stage) -> str:
    """A section with the output of its commands as it is now; what it leaves out by a line `…` stays left out."""
    return BLOCK.sub(lambda block: f"```text\n{_played(block[1], stage)}```\n", section)


def _played(block: str, stage: Stage) -> str:
    """The commands of a block, a blank line after each that prints something."""
    parts: list[str] = []
    for command, shown in COMMAND.findall(block):
        output = _output(command, stage).strip("\n")
        is_as_shown = "…" in shown and _is_in_order(shown.strip("\n").split("…"), output)
        kept = shown.strip("\n") if is_as_shown else output
        parts.append(f"$ {command}\n{kept}\n\n" if kept else f"$ {command}\n")
    return f"{''.join(parts).rstrip()}\n"


def _is_in_order(pieces: Sequence[str], output: str) -> bool:
    """Whether the output is these pieces with something between each two of them."""
    head, *between, tail = pieces
    if not (output.startswith(head) and output.endswith(tail)):
        return False
    rest = output[len(head) : len(output) - len(tail)]
    for piece in between:
        _, found, rest = rest.partition(piece)
        if not found:
            return False
    return True


def _output(command: str, stage: Stage) -> str:
    program, *arguments = shlex.split(command)
    if program == "cat":
        return (stage.folder / arguments[0]).read_text("utf-8")
    if program == "echo":
        return _appended(stage.folder, *arguments)
    if program == "git":  # of which versions and languages differ in all but the diff
        said = stage.said(*arguments).out
        return said if arguments[0] == "diff" else ""
    ended = stage.run(*arguments)
    return f"{ended.out}{LOGGED.sub('', ended.err)}"


def _appended(folder: Path, line: str, operator: str, path: str) -> str:
    """`echo LINE >> PATH`, the one edit that a page makes; prints nothing."""
    assert operator == ">>"
    with (folder / path).open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    return ""
