"""Hostile repositories: each function plants one trap, which marks a file when it goes off."""

import os
import subprocess
from pathlib import Path

from tests.support.workspace import Workspace

_IDENTITY = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.invalid", "-c", "commit.gpgsign=false")


def trap(folder: Path, name: str = "trap") -> Path:
    """A program that writes down its environment beside itself, and passes its input on."""
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f'#!/bin/sh\nenv >> "{folder}/{name}.sprung"\ncat\n')
    program.chmod(0o755)
    return program


def sprung(program: Path) -> str:
    """What a trap wrote down; "" if it never went off."""
    mark = program.with_name(f"{program.name}.sprung")
    return mark.read_text() if mark.exists() else ""


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *_IDENTITY, *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull},
        capture_output=True,
        check=True,
    )
    return done.stdout.decode()


def plant_lookalike(workspace: Workspace, program: Path, forged: dict[str, str], scratch: Path) -> None:
    """Files in the folder of descriptions that together look like a repository around it.

    Its history holds the `forged` texts, and its filter is `program`.
    """
    scratch.mkdir()
    git(scratch, "init", "--quiet", "--initial-branch=main")
    place = scratch / workspace.descriptions.name
    place.mkdir()
    for model_id, text in forged.items():
        (place / f"{model_id}.md").write_text(text)
    git(scratch, "add", "--all")
    git(scratch, "commit", "--quiet", "-m", "forged")
    for path in place.iterdir():
        path.write_bytes((workspace.descriptions / path.name).read_bytes())
    git(scratch, "add", "--all")
    git(scratch, "commit", "--quiet", "--allow-empty", "-m", "forged")
    for part in ("HEAD", "objects", "refs", "index"):
        (scratch / ".git" / part).rename(workspace.descriptions / part)
    with (workspace.descriptions / "config").open("w") as config:
        config.write(f"[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = {workspace.folder}\n")
        config.write(_driver("planted", program))
    (workspace.descriptions / ".gitattributes").write_text("*.md filter=planted\n")


def plant_programs(workspace: Workspace, program: Path) -> None:
    """Every setting of a repository's own that makes git run something; no description has a filter by it."""
    with (workspace.folder / ".git" / "config").open("a") as config:
        config.write(f"[core]\n\tfsmonitor = {program}\n\tpager = {program}\n\tsshCommand = {program}\n")
        config.write(f"\thooksPath = {program.parent}\n\taskPass = {program}\n\teditor = {program}\n")
        config.write(f"[diff]\n\texternal = {program}\n[pager]\n\tlog = true\n\tdiff = true\n\tls-files = true\n")
        config.write(f'[diff "planted"]\n\ttextconv = {program}\n\tcommand = {program}\n')
        config.write(f"[gpg]\n\tprogram = {program}\n[log]\n\tshowSignature = true\n")
    (workspace.folder / ".git" / "info").mkdir(exist_ok=True)
    (workspace.folder / ".git" / "info" / "attributes").write_text("*.md diff=planted\n")
    for hook in ("post-index-change", "reference-transaction", "query-watchman"):
        (program.parent / hook).symlink_to(program)


def plant_filter(workspace: Workspace, program: Path, driver: str = "planted", names: str = "*.md") -> None:
    """A filter that the repository's own config defines and its attributes ask for."""
    with (workspace.folder / ".git" / "config").open("a") as config:
        config.write(_driver(driver, program))
    (workspace.folder / ".gitattributes").write_text(f"{names} filter={driver}\n")


def plant_edit_by_replacement(workspace: Workspace, name: str, text: str) -> None:
    """A ref that makes git show another text in place of the one that HEAD has for a file."""
    blob = workspace.git("rev-parse", f"HEAD:{name}").strip()
    (workspace.folder / "other").write_text(text)
    other = workspace.git("hash-object", "-w", "other").strip()
    (workspace.folder / "other").unlink()
    workspace.git("replace", blob, other)


def plant_parent_by_graft(workspace: Workspace, name: str, text: str) -> None:
    """A graft that gives HEAD one more parent, which it never had, with another text of a file."""
    head, parent = workspace.git("rev-parse", "HEAD", "HEAD~1").split()
    path = workspace.folder / name
    own = path.read_bytes()
    path.write_text(text)
    workspace.git("add", name)
    foreign = workspace.git("commit-tree", "-m", "foreign", workspace.git("write-tree").strip()).strip()
    path.write_bytes(own)
    workspace.git("add", name)
    (workspace.folder / ".git" / "info").mkdir(exist_ok=True)
    (workspace.folder / ".git" / "info" / "grafts").write_text(f"{head} {parent} {foreign}\n")


def put_before_git(folder: Path, script: str) -> str:
    """A PATH on which a shell script comes before git, which is `$GIT` in it."""
    real = subprocess.run(["sh", "-c", "command -v git"], capture_output=True, check=True).stdout.decode().strip()
    program = folder / "git"
    folder.mkdir(exist_ok=True)
    program.write_text(f"#!/bin/sh\nGIT={real}\n{script}\n")
    program.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def _driver(name: str, program: Path) -> str:
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'[filter "{quoted}"]\n\tclean = {program}\n\tsmudge = {program}\n\tprocess = {program}\n'
