"""What only shows goes through a pager as git's does, and whatever becomes of that the exit code is the run's."""

import io
import sys
from pathlib import Path

import pytest

from syncjob.cli import pager
from tests.cli.test_terminal import Terminal
from tests.support.loopback import Loopback
from tests.support.workspace import KEY, SECRET, Workspace


class Watched(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "is_wanted"),
    [
        ({}, True),
        ({"PAGER": "more"}, True),
        ({"PAGER": ""}, False),
        ({"PAGER": "cat"}, False),
        ({"GITHUB_ACTIONS": "true"}, False),
    ],
)
def test_a_pager_is_for_a_terminal(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], is_wanted: bool
) -> None:
    monkeypatch.setattr(sys, "stdin", Watched())
    monkeypatch.setattr(sys, "stdout", Watched())
    assert pager.is_wanted(environment) is is_wanted
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert not pager.is_wanted(environment)


@pytest.fixture
def one_change(workspace: Workspace, remote: Loopback) -> Workspace:
    remote.add("one", texts={"one": "old"})
    workspace.held({"one": "old"})
    workspace.write("one", "new\x1b[2J\n")
    return workspace


def program(folder: Path, script: str) -> str:
    path = folder / "pager"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_a_pager_gets_what_is_safe_and_its_failure_is_not_the_runs(one_change: Workspace, tmp_path: Path) -> None:
    paged = tmp_path / "paged"
    terminal = Terminal(
        one_change, "diff", "--exit-code", PAGER=program(tmp_path, f'(echo "$LESS"; env; cat) > {paged}; exit 7')
    )
    assert terminal.end() == 3
    first, *shown = paged.read_text().splitlines()
    assert first == "FRX"
    assert "\x1b[32m+new\\x1b[2J\x1b[0m" in shown
    assert b"+new" not in terminal.screen
    assert KEY not in paged.read_text()
    assert SECRET not in paged.read_text()


@pytest.mark.deep
@pytest.mark.parametrize("command", ["false", "no-such-program", "head -c 1", "'"])
@pytest.mark.parametrize("arguments", [(), ("--no-pager",)], ids=" ".join)
def test_a_pager_that_is_missing_or_ends_early_loses_no_exit_code(
    one_change: Workspace, command: str, arguments: tuple[str, ...]
) -> None:
    one_change.write("one", "a line\n" * 20_000)
    terminal = Terminal(one_change, *arguments, "diff", "--exit-code", PAGER=command)
    assert terminal.end() == 3
    if arguments or command in ("no-such-program", "'"):
        assert terminal.screen.count(b"+a line") == 20_000
    assert b"Traceback" not in terminal.screen
