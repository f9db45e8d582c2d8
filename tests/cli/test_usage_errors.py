"""One form for every error of the command line, and help where it is."""

import re
import subprocess
import sys

import pytest

from tests.support.workspace import Workspace


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rollback"], "Missing argument 'RUN'. See `syncjob rollback --help`."),
        (
            ["sync", "--kep-going"],
            "No such option '--kep-going'. Did you mean '--keep-going'? See `syncjob sync --help`.",
        ),
        (["sync", "--max-duration", "5"], "Invalid value for '--max-duration': '5' is not a duration"),
        (["dif"], "No such command 'dif'. Did you mean 'diff'? See `syncjob --help`."),
        (
            ["--profil", "test", "diff"],
            "No such option '--profil'. (Did you mean one of: '--config', '--profile'?) See `syncjob --help`.",
        ),
        (["runs", "last"], "Got unexpected extra argument (last). See `syncjob runs --help`."),
        (["xyz"], "No such command 'xyz'. See `syncjob --help`."),
        (["diff", "--profile", "test"], "--profile goes before the command: syncjob --profile … COMMAND"),
        (["rollback", "last"], "no run for the profile 'test' at "),
        (["rollback", "lost"], "no run 'lost'"),
        (["diff", "nope"], "no description matches 'nope'"),
        (
            ["diff", "ones"],
            "no description matches 'ones' (an id, a glob over ids, or the path of a file); did you mean one?",
        ),
        (["--profile", "tset", "diff"], "config.yaml: no profile 'tset'; it has sandbox, test; did you mean test?"),
        (["sandbox", "--play", "crfl=lf"], "the stand-in does not know 'crfl'; it knows no_description"),
        (["di\x1b[31m\nff"], "No such command"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_every_error_is_one_line_of_one_form(workspace: Workspace, arguments: list[str], said: str) -> None:
    workspace.write("one", "text")
    ended = workspace.run(*arguments)
    assert ended.status == 2
    assert ended.err.startswith(f"syncjob: {said}")
    assert len(ended.err.splitlines()) == 1
    assert "\x1b" not in ended.err


@pytest.mark.deep
def test_what_has_no_effect_is_said(workspace: Workspace) -> None:
    workspace.write("one", "text")
    for said, *arguments in (
        ("--images all has no effect without --format html or --open.", "diff", "--images", "all"),
        ("--exit-code has no effect without --dry-run.", "sync", "--exit-code"),
        ("--action has no effect without workflows.", "init", "--no-workflows", "--action", f"o/r@{'a' * 40}"),
    ):
        ended = workspace.run("--profile", "sandbox", *arguments)
        assert said in ended.err.splitlines(), ended.err
    quiet = workspace.run("--profile", "sandbox", "diff", SYNCJOB_DIFF_IMAGES="all")  # said once for many commands
    assert "--images" not in quiet.err


def test_without_a_command_the_help_is_printed_as_it_is(workspace: Workspace) -> None:
    bare, asked = workspace.run(), workspace.run("--help")
    assert (bare.status, bare.out, asked.status) == (2, "", 0)
    assert bare.err == asked.out
    assert re.search(r"^  diff  .+\n  doctor  ", bare.err, re.MULTILINE)


def test_help_loads_no_more_than_click(workspace: Workspace) -> None:
    # What measures coverage loads more.
    environment = {name: value for name, value in workspace.environment().items() if not name.startswith("COV")}
    for arguments in ([], ["--help"]):
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "syncjob", *arguments],
            cwd=workspace.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        loaded = set(re.findall(r"\| +([\w.]+)$", done.stderr, re.MULTILINE))
        assert not loaded & {
            "msgspec",
            "structlog",
            "httpx",
            "difflib",
            "syncjob.config.config",
            "syncjob.cli.output",
            "html",
        }
