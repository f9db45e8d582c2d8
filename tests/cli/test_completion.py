"""What a shell may complete: from this machine alone, at once, quietly, and with nothing in it that acts."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import BashComplete

from syncjob.cli.completion import VARIABLE
from syncjob.cli.group import COMMANDS, cli
from tests.cli.test_terminal import Terminal
from tests.project.test_docs import ROOT
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
        assert script.out.count("autoload -Uz compinit && compinit") == (shell == "zsh")  # which may have begun without
        assert script.out.count('string split --max 1 ","') == (shell == "fish")  # a help text may hold one
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


def own(name: str, *arguments: str) -> tuple[str, ...]:
    """What has a Terminal run a shell of the machine in the place of syncjob."""
    if shutil.which(name) is None:
        pytest.skip(f"NOT TESTED: there is no {name} here")
    return ("-c", "import os, sys; os.execvp(sys.argv[1], sys.argv[1:])", name, *arguments)


@pytest.fixture
def typed(workspace: Workspace, tmp_path: Path) -> dict[str, str]:
    """The environment of somebody whose shells find `syncjob` and read these lines, and no others, at their start."""
    fill(workspace)
    home = tmp_path / "home"
    (home / ".config" / "fish").mkdir(parents=True)
    (home / "syncjob").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m syncjob "$@"\n')
    (home / "syncjob").chmod(0o755)
    readme = (ROOT / "README.md").read_text("utf-8")
    for shell, file in (("bash", ".bashrc"), ("zsh", ".zshrc")):
        line = f'eval "$(_SYNCJOB_COMPLETE={shell}_source syncjob)"'
        assert line.replace(shell, "bash") in readme
        (home / file).write_text(f"{line}\nPS1='ready> '\n")
    line = "_SYNCJOB_COMPLETE=fish_source syncjob | source"
    assert line in readme
    (home / ".config" / "fish" / "config.fish").write_text(f"{line}\n")
    return {"HOME": str(home), "ZDOTDIR": str(home), "PATH": f"{home}:{workspace.environment()['PATH']}"}


@pytest.mark.deep
@pytest.mark.parametrize("shell", [("bash", "--noprofile", "-i"), ("zsh", "-d", "-i")], ids=["bash", "zsh"])
def test_a_shell_completes_what_a_person_types(workspace: Workspace, typed: dict[str, str], shell: list[str]) -> None:
    terminal = Terminal(workspace, program=own(*shell), **typed)
    terminal.until("ready> ")
    terminal.type("syncjob diff fl\t")
    terminal.until("ux.1-")
    terminal.type("\t\t")
    terminal.until("flux.1-dev")
    terminal.until("flux.1-pro")
    terminal.type("\x15syncjob --profile te\t")
    terminal.until("--profile test")
    terminal.type("\x15exit\n")
    terminal.end()
    for wrong in (b"not found", b"syncjob:", b"Traceback", b"$(touch"):
        assert wrong not in terminal.screen, terminal.screen
    assert not (workspace.folder / "x").exists()


@pytest.mark.deep
def test_fish_completes_what_a_person_types(workspace: Workspace, typed: dict[str, str]) -> None:
    script = "; ".join(f'complete -C "syncjob {line}"' for line in ("diff fl", "--profile te", "che"))
    program = [sys.executable, *own("fish", "-c", script)]
    done = subprocess.run(
        program, cwd=workspace.folder, env=workspace.environment(**typed), capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["flux.1-dev", "flux.1-pro", "test", f"check\t{COMMANDS['check']}"]
