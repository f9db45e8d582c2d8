"""What a shell may complete: from this machine alone, at once, quietly, and with nothing in it that acts."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import BashComplete

from syncjob.cli.completion import VARIABLE
from syncjob.cli.group import cli
from tests.support.loopback import Loopback
from tests.support.workspace import Ended, Workspace

RUN = "20260101T000000.000000Z-abcdef"
HOSTILE = ("$(touch x)", "`touch x`", "a;b", "a b", "-rf", "x\ny", "x\x1b[31m", "*", "\udcff")


def completed(line: str) -> list[str]:
    """What bash may put in the place of the last word of a line, in the current folder."""
    *words, last = line.split(" ")[1:]
    items = BashComplete(cli, {}, "syncjob", VARIABLE).get_completions(words, last)
    return [item.value if item.type == "plain" else f"{item.type},{item.value}" for item in items]


def asked(workspace: Workspace, line: str, shell: str = "bash", **environment: str) -> Ended:
    *words, last = line.split(" ")
    number = {"COMP_WORDS": line, "COMP_CWORD": last if shell == "fish" else str(len(words))}
    return workspace.run(_SYNCJOB_COMPLETE=f"{shell}_complete", **number, **environment)


def fill(workspace: Workspace) -> None:
    for name in ("flux.1-dev", "flux.1-pro", "other", *HOSTILE):
        workspace.write(name, "text")
    (workspace.descriptions / "notes.txt").write_text("no description")
    runs = workspace.folder / ".syncjob" / "runs"
    runs.mkdir(parents=True)
    for name in (RUN, "$(touch x)", "20269999T000000.000000Z-abcdef"):
        (runs / f"{name}.jsonl").touch()


def test_ids_profiles_runs_commands_and_options_are_completed_and_nothing_is_sent(
    workspace: Workspace, remote: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(workspace)
    monkeypatch.chdir(workspace.folder)
    config = workspace.folder / "config.yaml"

    config.write_text(config.read_text().replace("  sandbox:", "  '$(touch x)': {base_url: 'sandbox:'}\n  sandbox:"))
    for line, words in {
        "syncjob diff ": ["flux.1-dev", "flux.1-pro", "other"],
        "syncjob pull fl": ["flux.1-dev", "flux.1-pro"],
        "syncjob acknowledge flux.1-dev oth": ["other"],
        "syncjob doctor --probe oth": ["other"],
        "syncjob --profile ": ["sandbox", "test"],
        "syncjob --profile te": ["test"],
        "syncjob --profile nonsense check oth": ["other"],
        "syncjob rollback ": ["last", RUN],
        "syncjob rollback la": ["last"],
        "syncjob rollback 2026": [RUN],
        "syncjob sync --resume la": [],
        "syncjob sync --resume 2026": [RUN],
        "syncjob di": ["diff"],
        "syncjob sync --kee": ["--keep-going"],
        "syncjob diff --format h": ["html"],
        "syncjob diff descriptions/fl": ["file,descriptions/fl"],
        "syncjob diff --output new.txt oth": ["other"],
    }.items():
        assert completed(line) == words, line
    config.write_text(f'profiles: {{test: {{base_url: "{remote.url}"}}}}')
    assert completed("syncjob --profile ") == ["test", "sandbox"]  # which every config has
    shutil.rmtree(workspace.folder / ".syncjob")
    assert completed("syncjob rollback ") == []
    assert remote.asked == []
    assert not (workspace.folder / "x").exists()
    assert not (workspace.folder / "new.txt").exists()


def test_whatever_is_wrong_the_line_that_somebody_types_stays_clean(workspace: Workspace) -> None:
    (workspace.folder / "config.yaml").write_text("profiles: [")
    for line in ("syncjob diff ", "syncjob --config none.yaml rollback ", "syncjob nonsense "):
        ended = asked(workspace, line)
        assert (ended.out, ended.err) in (("", ""), ("\n", "")), line
    assert asked(workspace, "syncjob che").out == "plain,check\n"
    assert workspace.run(_SYNCJOB_COMPLETE="bash_complete", COMP_CWORD="x").err == ""
    refused = workspace.run(_SYNCJOB_COMPLETE="tcsh_source")
    assert refused.status == 2
    assert refused.err.startswith("syncjob: completion is for bash, zsh, fish")


def test_each_shell_gets_its_script_and_its_form(workspace: Workspace) -> None:
    workspace.write("one", "text")
    for shell, form in {"bash": "plain,one\n", "zsh": "plain\none\n_\n", "fish": "plain,one\n"}.items():
        script = workspace.run(_SYNCJOB_COMPLETE=f"{shell}_source")
        assert (script.status, script.err) == (0, "")
        assert f"_SYNCJOB_COMPLETE={shell}_complete" in script.out
        assert asked(workspace, "syncjob diff on", shell).out == form


def test_completion_loads_no_http_and_commands_alone_load_no_command(workspace: Workspace) -> None:
    workspace.write("one", "text")
    environment = {name: value for name, value in workspace.environment().items() if not name.startswith("COV")}
    loaded = {}
    for line in ("syncjob d", "syncjob --profile ", "syncjob diff o"):
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "syncjob"],
            cwd=workspace.folder,
            env={
                **environment,
                "_SYNCJOB_COMPLETE": "bash_complete",
                "COMP_WORDS": line,
                "COMP_CWORD": str(line.count(" ")),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout.startswith("plain,"), line
        loaded[line] = set(re.findall(r"\| +([\w.]+)$", done.stderr, re.MULTILINE))
    assert not any(modules & {"httpx", "httpcore", "jinja2", "markdown_it"} for modules in loaded.values())
    assert not loaded["syncjob d"] & {"msgspec", "structlog", "yaml"}


@pytest.mark.deep
def test_bash_completes_a_line_as_a_person_types_it(workspace: Workspace, tmp_path: Path) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash")
    fill(workspace)
    (tmp_path / "syncjob").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m syncjob "$@"\n')
    (tmp_path / "syncjob").chmod(0o755)
    script = """
        eval "$(_SYNCJOB_COMPLETE=bash_source syncjob)"
        COMP_WORDS=(syncjob diff fl) COMP_CWORD=2
        _syncjob_completion syncjob
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    environment = workspace.environment()
    environment["PATH"] = f"{tmp_path}:{environment['PATH']}"
    done = subprocess.run([bash, "-c", script], cwd=workspace.folder, env=environment, capture_output=True, text=True)
    assert done.stdout.split() == ["flux.1-dev", "flux.1-pro"]
    # `complete` and `compopt` are for an interactive shell; nothing of ours is on stderr.
    assert "syncjob:" not in done.stderr
