"""The state folder: whose word counts, what is never opened, and what git is told before anything is in it."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from syncjob.git.git import Git
from syncjob.state.folder import distrust, state_folder
from syncjob.state.probe_results import Learnt, Probed
from syncjob.text.canonical import sha256
from tests.support.loopback import Loopback
from tests.support.workspace import Ended, Workspace

AT = "2026-01-01T00:00:00Z"
BEGIN = {
    "record": "run", "version": 1, "run": "r", "command": "sync", "profile": "test", "base_url": "https://api.invalid/v1",
    "project_id": None, "started_at": AT,
}  # fmt: skip


@pytest.fixture
def state(workspace: Workspace, remote: Loopback) -> Path:
    """A workspace with one file that is new on Scenario, and its state folder as a run leaves it."""
    remote.add("one")
    workspace.write("one", "text")
    path = workspace.folder / ".syncjob"
    path.mkdir(mode=0o700, exist_ok=True)
    (path / ".gitignore").write_text("*\n")
    (path / "runs").mkdir(mode=0o700)
    return path


def learnt(state: Path, url: str, **facts: Any) -> None:
    probed = Probed(1, "test", url, None, "scratch", AT, Learnt(), ())
    changed = json.loads(msgspec.json.encode(probed))
    changed["learnt"] |= facts
    (state.parent / "scenario-api.json").unlink(missing_ok=True)
    (state / "test.learnt.json").write_text(json.dumps(changed))


def refused(ended: Ended, remote: Loopback, *words: str) -> None:
    """Nothing was sent, and one line says why."""
    assert (ended.status, ended.out) == (2, ""), ended
    assert remote.asked == []
    (line,) = ended.err.splitlines()
    for word in words:
        assert word in line


# A file that is none


@pytest.mark.parametrize(
    ("name", "commands"),
    [
        ("config.yaml", ["diff", "runs"]),
        ("plan.json", ["sync --plan plan.json"]),
        (".syncjob/test.lock", ["sync"]),
        (".syncjob/test.learnt.json", ["diff", "sync"]),
        (".syncjob/runs/r.jsonl", ["runs", "rollback r", "sync --resume r"]),
        ("scenario-api.json", ["diff", "sync"]),
        (".syncjob/cache/test.memory.jsonl", ["diff", "sync"]),
        (".syncjob/test.memory.sqlite3", ["diff", "sync"]),
        (".syncjob/test.memory.sqlite3-journal", ["diff"]),
        (".syncjob/test.memory.sqlite3-wal", ["diff"]),
        (".syncjob/.gitignore", ["sync"]),
        (".syncjob/sandbox.sqlite3", ["--profile sandbox diff"]),
        (".syncjob/sandbox.sqlite3-journal", ["--profile sandbox diff"]),
        ("descriptions/one.md", ["sync"]),
    ],
)
def test_a_pipe_in_the_place_of_a_file_holds_nothing_up(
    workspace: Workspace, remote: Loopback, state: Path, name: str, commands: list[str]
) -> None:
    if "memory" in name:
        learnt(state, remote.url, updated_at_moves=True)
        sqlite3.connect(state / "test.memory.sqlite3").close()
    path = workspace.folder / name
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    explicit = ("--config", "config.yaml") if name == "config.yaml" else ()
    for command in commands:
        ended = workspace.run(*explicit, *command.split())
        assert ended.status in (0, 1, 2)
        assert name.removesuffix("-journal").removesuffix("-wal") in ended.err + ended.out
    assert path.is_fifo()


@pytest.mark.parametrize("option", ["--output", "--report", "--plan-out"])
def test_a_pipe_that_nobody_reads_is_no_place_for_a_product(
    workspace: Workspace, remote: Loopback, state: Path, option: str
) -> None:
    os.mkfifo(workspace.folder / "pipe")
    ended = workspace.run("diff", option, "pipe")
    assert ended.status == 2
    assert "cannot write pipe" in ended.err


def test_a_link_in_the_place_of_a_journal_leads_nowhere(workspace: Workspace, state: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text(json.dumps(BEGIN) + "\n")
    (state / "runs" / "r.jsonl").symlink_to(tmp_path / "elsewhere")
    assert "a symbolic link" in workspace.run("runs").err
    assert workspace.run("rollback", "r").status == 2


# The lock


def test_a_lock_that_is_another_file_too_is_not_emptied(workspace: Workspace, remote: Loopback, state: Path) -> None:
    precious = workspace.folder / "precious"
    precious.write_text("the run of a lifetime")
    os.link(precious, state / "test.lock")
    refused(workspace.run("sync"), remote, "test.lock", "not a lock of syncjob")
    assert precious.read_text() == "the run of a lifetime"


def test_a_lock_of_another_program_is_not_emptied(workspace: Workspace, remote: Loopback, state: Path) -> None:
    (workspace.folder / "test.lock").write_text("version = 1\n")
    refused(workspace.run("sync", SYNCJOB_STATE_DIR="."), remote, "test.lock", "not a lock of syncjob")
    assert (workspace.folder / "test.lock").read_text() == "version = 1\n"


def test_a_lock_that_a_dead_run_left_is_taken_over(workspace: Workspace, remote: Loopback, state: Path) -> None:
    (state / "test.lock").write_text("the run 1 (process 2, since then)")
    assert workspace.run("sync").status == 0
    assert (state / "test.lock").read_text() == ""


# What was found out


@pytest.mark.parametrize(
    "facts",
    [
        {"refused_bytes": 0}, {"refused_bytes": -1}, {"refused_bytes": 1}, {"refused_bytes": 9_999}, {"refused_bytes": True},
        {"refused_bytes": 1e4}, {"refused_bytes": "10000"}, {"updated_at_moves": 1}, {"more": 1},
    ],
)  # fmt: skip
def test_what_no_probe_finds_out_is_not_believed(
    workspace: Workspace, remote: Loopback, state: Path, facts: dict[str, Any]
) -> None:
    learnt(state, remote.url, **facts)
    ended = workspace.run("check")
    assert ended.status == 0
    assert "syncjob doctor --probe makes it anew" in ended.err


@pytest.mark.parametrize(
    "change", [{"model_id": "../x"}, {"probed_at": "\x1b[2J"}, {"base_url": "a\nb"}, {"version": 2}, {"profile": "x\r"}]
)
def test_what_no_probe_writes_is_not_believed(
    workspace: Workspace, remote: Loopback, state: Path, change: dict[str, Any]
) -> None:
    learnt(state, remote.url)
    path = state / "test.learnt.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    ended = workspace.run("doctor")
    assert "syncjob doctor --probe makes it anew" in ended.err
    assert "\x1b" not in ended.err + ended.out


def test_a_size_that_a_probe_saw_refused_is(workspace: Workspace, remote: Loopback, state: Path) -> None:
    learnt(state, remote.url, refused_bytes=10_000)
    workspace.write("one", "x" * 10_000)
    assert workspace.json("check").item("one")["problems"][0]["code"] == "file-too-large"


def test_what_another_profile_found_out_is_not_used(workspace: Workspace, remote: Loopback, state: Path) -> None:
    learnt(state, remote.url, refused_bytes=10_000)
    workspace.write("one", "x" * 10_000)
    path = state / "test.learnt.json"
    path.write_text(path.read_text().replace('"profile": "test"', '"profile": "other"'))
    assert workspace.run("check").status == 0


# Whose word counts


def world(state: Path) -> None:
    state.chmod(0o777)


def world_within(state: Path) -> None:
    (state / "runs").chmod(0o703)


def tracked(state: Path) -> None:
    (state / ".gitignore").unlink()
    git(state.parent if (state / "HEAD").exists() else state, "add", "--all")


def tracked_link(state: Path) -> None:
    shutil.move(state, state.with_name("elsewhere"))
    state.symlink_to("elsewhere")
    (state / ".gitignore").write_text("*\n")
    git(state.parent, "add", ".syncjob")


def bare(state: Path) -> None:
    """What looks like a repository, so that git would look no further."""
    (state / "HEAD").write_text("ref: refs/heads/main\n")
    (state / "config").write_text("[core]\n\tbare = true\n")
    for name in ("objects", "refs"):
        (state / name).mkdir()
        (state / name / "kept").touch()
    tracked(state)


def submodule(state: Path) -> None:
    Workspace(state).git("init", "--quiet", "--initial-branch=main")
    tracked(state)
    Workspace(state).git("commit", "--quiet", "-m", "a memory")
    git(state.parent, "add", "--all")


def git(folder: Path, *arguments: str) -> None:
    Workspace(folder).git(*arguments)


BAD = [
    (world, "everybody may write"), (world_within, "everybody may write"), (tracked, "git tracks"),
    (tracked_link, "git tracks"), (bare, "git tracks"), (submodule, "git tracks"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "why"), BAD, ids=[spoil.__name__ for spoil, _ in BAD])
def test_a_state_folder_that_others_may_have_written_is_not_believed(
    workspace: Workspace, remote: Loopback, state: Path, spoil: Callable[[Path], None], why: str
) -> None:
    workspace.git("init", "--quiet", "--initial-branch=main")
    learnt(state, remote.url, refused_bytes=10_000)
    workspace.write("one", "x" * 10_000)
    spoil(state)
    refused(workspace.run("sync"), remote, why, "SYNCJOB_STATE_DIR")
    ended = workspace.run("check")
    assert ended.status == 0
    assert ended.err.count(why) == 1


def test_what_is_not_believed_is_refused_or_left_out_by_each_command(
    workspace: Workspace, remote: Loopback, state: Path
) -> None:
    workspace.git("init", "--quiet", "--initial-branch=main")
    learnt(state, remote.url, refused_bytes=10_000)
    workspace.write("one", "x" * 10_000)
    tracked(state)
    for command in ("sync --dry-run --resume r", "rollback r --dry-run", "doctor --probe one --yes"):
        refused(workspace.run(*command.split()), remote, "git tracks")
    assert "git tracks" in workspace.run("runs").err
    ended = workspace.run("doctor")
    assert ended.status == 1
    assert "git tracks" in ended.out
    assert "not probed yet" in ended.out
    assert workspace.run("sync", SYNCJOB_STATE_DIR=str(workspace.folder.parent / "own")).status == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="a folder cannot be given away")
def test_a_state_folder_of_another_user_counts_only_where_the_config_was_named_or_git_accepts(
    workspace: Workspace, remote: Loopback, state: Path
) -> None:
    os.chown(state, 4711, 4711)
    refused(workspace.run("sync"), remote, "belongs to another user", "SYNCJOB_STATE_DIR")
    assert workspace.run("--config", "config.yaml", "sync").status == 0
    workspace.write("one", "another")
    assert workspace.run("sync").status == 2
    workspace.commit()  # the folder is our own, so git takes part
    assert workspace.run("sync", "--overwrite-remote-edits").status == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="a link cannot be given away")
def test_a_link_of_another_user_to_a_state_folder_of_ours_does_not_count(
    workspace: Workspace, remote: Loopback, state: Path
) -> None:
    shutil.move(state, state.with_name("elsewhere"))
    state.symlink_to("elsewhere")
    os.chown(state, 4711, 4711, follow_symlinks=False)
    refused(workspace.run("sync"), remote, "belongs to another user", "SYNCJOB_STATE_DIR")


def test_a_committed_memory_hides_no_difference(workspace: Workspace, remote: Loopback, state: Path) -> None:
    remote.sandbox.put("one", "edited")
    learnt(state, remote.url, updated_at_moves=True)
    assert workspace.run("diff", "--prune").status == 1
    for folder in (state, state / "cache"):
        (folder / ".gitignore").unlink()
    workspace.commit()
    ended = workspace.run("diff", "--prune")
    assert "git tracks" in ended.err
    assert remote.counts["GET"] >= 2


def test_other_things_of_a_folder_may_be_tracked(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one")
    workspace.write("one", "text")
    workspace.commit()
    assert workspace.run("sync", SYNCJOB_STATE_DIR=".").status == 0


def test_git_that_cannot_tell_is_not_believed(workspace: Workspace, remote: Loopback, state: Path) -> None:
    workspace.commit()
    (workspace.folder / ".git" / "index").write_bytes(b"damaged")
    assert "git cannot tell" in (distrust(state, Git(), is_named=True) or "")


def test_what_is_not_there_is_nobodys(tmp_path: Path) -> None:
    assert distrust(tmp_path / "none", Git(), is_named=False) is None


# What git is told


@pytest.mark.parametrize("left", [None, ""])
def test_an_ignore_file_that_a_full_disk_left_empty_is_written_again(
    workspace: Workspace, remote: Loopback, left: str | None
) -> None:
    remote.add("one")
    workspace.write("one", "text")
    ignore = workspace.folder / ".syncjob" / ".gitignore"
    ignore.parent.mkdir(exist_ok=True)
    ignore.unlink(missing_ok=True)
    if left is not None:
        ignore.write_text(left)
    assert workspace.run("sync").status == 0
    assert ignore.read_text() == "*\n"
    workspace.commit()
    assert ".syncjob" not in workspace.git("ls-files")


def test_a_folder_that_holds_other_things_keeps_its_own_ignore_file(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    state_folder(tmp_path)
    assert not (tmp_path / ".gitignore").exists()
    (tmp_path / "notes.txt").unlink()
    (tmp_path / ".gitignore").write_text("mine\n")
    state_folder(tmp_path)
    assert (tmp_path / ".gitignore").read_text() == "mine\n"


def test_a_link_is_no_ignore_file(workspace: Workspace, remote: Loopback, state: Path, tmp_path: Path) -> None:
    (state / ".gitignore").unlink()
    (state / ".gitignore").symlink_to(tmp_path / "elsewhere")
    refused(workspace.run("sync"), remote, ".gitignore is a symbolic link")


def test_a_disk_that_is_full_at_the_first_run_leaves_nothing_for_git(workspace: Workspace, remote: Loopback) -> None:
    """A limit on the size of files stands in for the disk: it lets a file be made, and nothing be put into it."""
    remote.add("one")
    workspace.write("one", "text")
    shutil.rmtree(workspace.folder / ".syncjob", ignore_errors=True)
    limited = (
        "import resource, signal, os, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))\n"
        "os.execv(sys.executable, [sys.executable, '-B', '-m', 'syncjob', 'sync'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", limited],
        cwd=workspace.folder, env=workspace.environment(), capture_output=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done
    assert b"cannot make the state folder" in done.stderr
    assert remote.asked == []
    assert [path for path in (workspace.folder / ".syncjob").rglob("*") if path.is_file()] == []
    assert workspace.run("sync").status == 0
    assert (workspace.folder / ".syncjob" / ".gitignore").read_text() == "*\n"


def test_a_tracked_journal_hides_no_edit_and_delays_no_pull(workspace: Workspace, remote: Loopback) -> None:
    """Whoever may commit may write a journal; without what a probe found out beside it, too."""
    remote.add("one", texts={"one": "somebody's edit"})
    workspace.write("one", "ours\n")
    workspace.commit()
    began = {
        "record": "run",
        "version": 1,
        "run": "20990101T000000.000000Z-aaaaaa",
        "command": "sync",
        "profile": "test",
    }
    began |= {"base_url": remote.url, "project_id": None, "started_at": "2026-01-01T00:00:00Z"}
    intent: dict[str, object] = {"record": "intent", "model_id": "one", "path": "p", "before": None}
    intent |= {"after_sha256": sha256("ours")}
    result: dict[str, object] = {"record": "result", "model_id": "one", "status": "applied", "effect": "written"}
    result |= {"stored_sha256": sha256("somebody's edit")}
    runs = workspace.folder / ".syncjob" / "runs"
    runs.mkdir(parents=True)
    (runs / f"{began['run']}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in (began, intent, result)))
    workspace.git("add", "--force", ".syncjob")
    workspace.commit("a journal")
    ended = workspace.json("diff")
    assert (ended.status, ended.item("one")["action"]) == (1, "conflict")
    assert "git tracks files of the state folder" in ended.err


@pytest.mark.parametrize("said", ["# nothing\n", "*\n!runs\n!*.jsonl\n", "runs/*.txt\n", "*.sqlite3"])
def test_an_ignore_file_that_lets_git_take_journals_in_is_refused(
    workspace: Workspace, remote: Loopback, state: Path, said: str
) -> None:
    (state / ".gitignore").write_text(said)
    workspace.git("init", "--quiet")
    workspace.git("add", "--force", ".syncjob/.gitignore")
    refused(workspace.run("sync"), remote, ".gitignore lets git take journals in")
    assert (state / ".gitignore").read_text() == said


@pytest.mark.parametrize("said", ["# ours\n*\n", "runs\n", "/runs/\n*.lock"])
def test_one_that_keeps_journals_out_is_left(workspace: Workspace, remote: Loopback, state: Path, said: str) -> None:
    (state / ".gitignore").write_text(said)
    workspace.commit()
    assert workspace.run("sync").status == 0
    workspace.git("add", "--all")
    assert ".jsonl" not in workspace.git("ls-files")
    assert (state / ".gitignore").read_text() == said


def planted(workspace: Workspace, remote: Loopback, state: Path, runs: Path) -> None:
    """A journal that came from elsewhere, by which an edit on Scenario is a run's own text in another form."""
    remote.sandbox.put("one", "An edit that somebody made")
    begin = BEGIN | {"base_url": remote.url, "run": "20260101T000000.000000Z-abcdef"}
    intent = {"record": "intent", "model_id": "one", "path": "descriptions/one.md", "before": "x", "at": AT}
    result = {"record": "result", "model_id": "one", "status": "applied", "error": None, "effect": "written", "at": AT}
    records = [
        begin,
        intent | {"after_sha256": sha256("before")},
        result | {"stored_sha256": sha256("An edit that somebody made")},
    ]
    runs.mkdir(exist_ok=True)
    (runs / f"{begin['run']}.jsonl").write_text("".join(f"{json.dumps(record)}\n" for record in records))


def linked(workspace: Workspace, remote: Loopback, state: Path) -> None:
    (state / "runs").rmdir()
    planted(workspace, remote, state, workspace.folder / "notes")
    (state / "runs").symlink_to("../notes")


def linked_and_tracked(workspace: Workspace, remote: Loopback, state: Path) -> None:
    linked(workspace, remote, state)
    workspace.git("add", "--force", ".syncjob/runs", "notes")


def submodule_of_journals(workspace: Workspace, remote: Loopback, state: Path) -> None:
    planted(workspace, remote, state, state / "runs")
    Workspace(state / "runs").commit()
    workspace.git("add", "--force", ".syncjob/runs")


@pytest.mark.parametrize(
    ("plant", "why"),
    [
        (linked, "is a symbolic link"), (linked_and_tracked, "is a symbolic link"), (submodule_of_journals, "git tracks"),
    ],
)  # fmt: skip
def test_journals_that_came_with_a_link_or_a_submodule_are_not_believed(
    workspace: Workspace, remote: Loopback, state: Path, plant: Callable[..., None], why: str
) -> None:
    workspace.commit()
    plant(workspace, remote, state)
    remote.asked.clear()
    refused(workspace.run("sync"), remote, why, "SYNCJOB_STATE_DIR")
    refused(workspace.run("sync", "--dry-run", "--resume", "r"), remote, why)
    ended = workspace.run("diff")
    assert (ended.status, ended.err.count(why)) == (1, 1)
    assert "conflict" in ended.out
    assert remote.sandbox.description("one") == "An edit that somebody made"
