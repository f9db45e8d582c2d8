"""Repositories that would run programs, forge a history or lead elsewhere: they are read, and nothing of it happens."""

import os
import time
from pathlib import Path

import pytest

from syncjob.git.git import Git
from syncjob.git.history.changes import changed_since
from syncjob.git.worktree import Worktree, look, uncommitted
from tests.support import hostile_repository
from tests.support.loopback import Loopback
from tests.support.workspace import KEY, SECRET, Ended, Workspace

COMMANDS = (("check", "--since", "HEAD"), ("sync",), ("pull",))


@pytest.fixture
def in_step(workspace: Workspace, remote: Loopback) -> Workspace:
    texts = {"one": "text one", "two": "text two"}
    remote.add(*texts, texts=texts)
    workspace.held(texts)
    return workspace


def codes(ended: Ended, model_id: str) -> list[str]:
    return [problem["code"] for problem in ended.item(model_id)["problems"]]


def touch(workspace: Workspace) -> None:
    """Makes git look at the contents of the files again."""
    for path in workspace.descriptions.glob("*.md"):
        os.utime(path, (1, 1))


def test_files_that_look_like_a_repository_run_nothing_and_forge_nothing(
    in_step: Workspace, remote: Loopback, tmp_path: Path
) -> None:
    program = hostile_repository.trap(tmp_path / "traps")
    remote.sandbox.put("one", "edited on Scenario")
    hostile_repository.plant_lookalike(in_step, program, {"one": "edited on Scenario"}, tmp_path / "scratch")
    for command in COMMANDS:
        touch(in_step)
        assert in_step.run(*command).status in (0, 1)
    (in_step.descriptions / ".gitattributes").unlink()
    ended = in_step.json("sync")
    assert (ended.status, ended.item("one")["action"]) == (1, "conflict")
    assert "cannot tell" not in ended.item("one")["problems"][0]["message"]
    assert remote.sandbox.description("one") == "edited on Scenario"
    assert hostile_repository.sprung(program) == ""


def test_where_there_is_no_other_they_are_no_repository_either(
    in_step: Workspace, remote: Loopback, tmp_path: Path
) -> None:
    program = hostile_repository.trap(tmp_path / "traps")
    remote.sandbox.put("one", "edited on Scenario")
    hostile_repository.plant_lookalike(in_step, program, {"one": "edited on Scenario"}, tmp_path / "scratch")
    (in_step.folder / ".git").rename(tmp_path / "elsewhere")
    ended = in_step.json("sync", "--since", "HEAD")
    assert (ended.status, ended.item("one")["action"]) == (1, "conflict")
    assert "not a git repository" in ended.item("one")["problems"][0]["message"]
    assert hostile_repository.sprung(program) == ""


def test_no_program_of_a_config_is_run(in_step: Workspace, remote: Loopback, tmp_path: Path) -> None:
    program = hostile_repository.trap(tmp_path / "traps")
    hostile_repository.plant_programs(in_step, program)
    remote.sandbox.put("one", "edited on Scenario")
    for command in COMMANDS:
        touch(in_step)
        assert in_step.run(*command).status in (0, 1)
    assert hostile_repository.sprung(program) == ""


@pytest.mark.parametrize("driver", ["planted", "a=b", "a.b", 'quo"te', "UPPER", "with space"])
def test_a_filter_is_never_run_and_its_descriptions_are_refused(
    in_step: Workspace, remote: Loopback, tmp_path: Path, driver: str
) -> None:
    program = hostile_repository.trap(tmp_path / "traps")
    hostile_repository.plant_filter(in_step, program, driver)
    if " " in driver or '"' in driver:  # such a name cannot stand in a line of attributes, and is a driver all the same
        (in_step.folder / ".gitattributes").write_text("one.md filter=other\n")
    in_step.write("one", "changed")
    touch(in_step)
    assert "one.md" in (uncommitted(in_step.descriptions, Git()) or ())
    assert "one.md" in (changed_since(in_step.descriptions, "HEAD", Git()).names or ())
    assert look(in_step.descriptions, ["one.md"], Git()).problems["one.md"].code == "file-special"
    assert hostile_repository.sprung(program) == ""


@pytest.mark.parametrize("command", [("check",), ("sync",), ("pull",)])
def test_every_command_refuses_a_description_with_a_filter(
    in_step: Workspace, remote: Loopback, tmp_path: Path, command: tuple[str, ...]
) -> None:
    remote.sandbox.put("one", "edited on Scenario")
    program = hostile_repository.trap(tmp_path / "traps")
    hostile_repository.plant_filter(in_step, program, names="one.md")
    touch(in_step)
    ended = in_step.json(*command)
    assert (ended.status, codes(ended, "one"), codes(ended, "two")) == (1, ["file-special"], [])
    assert "filter" in ended.item("one")["problems"][0]["message"]
    assert (in_step.descriptions / "one.md").read_text() == "text one"
    assert hostile_repository.sprung(program) == ""


def test_pull_keeps_lines_that_a_clean_filter_hides_from_git(in_step: Workspace, remote: Loopback) -> None:
    in_step.git("config", "filter.hide.clean", "sed /secret/d")
    (in_step.folder / ".gitattributes").write_text("*.md filter=hide\n")
    in_step.commit()
    in_step.write("one", "text one\nsecret\n")
    remote.sandbox.put("one", "edited on Scenario")
    assert in_step.run("pull", "one").status == 1
    assert in_step.run("pull", "one", "--force").status == 1
    assert (in_step.descriptions / "one.md").read_text() == "text one\nsecret\n"


def test_a_plan_of_a_description_that_has_a_filter_by_now_is_refused(in_step: Workspace, remote: Loopback) -> None:
    in_step.write("one", "new")
    assert in_step.run("diff", "--plan-out", "plan.json").status == 0
    (in_step.folder / ".gitattributes").write_text("*.md filter=any\n")
    assert in_step.run("sync", "--plan", "plan.json").status == 1
    assert remote.sandbox.description("one") == "text one"


def test_git_gets_no_credentials_and_nothing_that_leads_it_astray(in_step: Workspace, tmp_path: Path) -> None:
    program = hostile_repository.trap(tmp_path / "traps")
    path = hostile_repository.put_before_git(tmp_path / "bin", f'env >> {tmp_path}/seen; exec $GIT "$@"')
    astray = {
        "GIT_EXTERNAL_DIFF": program, "GIT_PAGER": program, "PAGER": program, "GIT_SSH": program, "SSH_ASKPASS": program,
        "GIT_ASKPASS": program, "GIT_TRACE": tmp_path / "trace", "GIT_TRACE2_EVENT": tmp_path / "trace",
        "GIT_DIR": "/nowhere", "GIT_OBJECT_DIRECTORY": "/nowhere", "GIT_ALTERNATE_OBJECT_DIRECTORIES": "/nowhere",
        "GIT_ATTR_SOURCE": "HEAD", "GIT_REPLACE_REF_BASE": "refs/heads/", "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.fsmonitor", "GIT_CONFIG_VALUE_0": program, "GIT_CONFIG_PARAMETERS": "'core.pager'='x'",
        "GITHUB_TOKEN": "token-of-the-tests", "AWS_SECRET_ACCESS_KEY": "token-of-the-tests", "GIT_DEFAULT_HASH": "sha256",
    }  # fmt: skip
    in_step.write("one", "new")
    touch(in_step)
    ended = in_step.json("diff", "--since", "HEAD", PATH=path, **{name: str(value) for name, value in astray.items()})
    assert (ended.status, ended.item("one")["action"]) == (0, "update"), ended.err
    seen = (tmp_path / "seen").read_text()
    for secret in (KEY, SECRET, "token-of-the-tests"):
        assert secret not in seen
    assert hostile_repository.sprung(program) == ""
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize(
    "plant", [hostile_repository.plant_edit_by_replacement, hostile_repository.plant_parent_by_graft]
)
def test_no_edit_passes_for_gits_own_by_a_replacement_or_a_graft(
    in_step: Workspace, remote: Loopback, plant: object
) -> None:
    in_step.write("one", "first")
    in_step.commit()
    in_step.write("one", "second")
    in_step.commit()
    assert callable(plant)
    plant(in_step, "descriptions/one.md", "edited on Scenario")
    in_step.write("one", "third")
    remote.sandbox.put("one", "edited on Scenario")
    ended = in_step.json("sync")
    assert (ended.status, ended.item("one")["action"]) == (1, "conflict"), ended.out
    assert remote.sandbox.description("one") == "edited on Scenario"


@pytest.mark.parametrize("is_inside", [False, True])
def test_a_working_tree_that_is_not_around_the_folder_is_refused(
    in_step: Workspace, remote: Loopback, tmp_path: Path, is_inside: bool
) -> None:
    elsewhere = in_step.descriptions if is_inside else tmp_path
    in_step.git("config", "core.worktree", str(elsewhere))
    in_step.write("one", "new")
    ended = in_step.run("sync")
    assert ended.status == 2
    assert "working tree" in ended.err
    assert remote.asked == []


def test_a_linked_worktree_and_a_submodule_are_repositories(
    in_step: Workspace, remote: Loopback, tmp_path: Path
) -> None:
    in_step.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    linked = Workspace(tmp_path / "linked")
    linked.write("one", "new")
    assert linked.json("diff").item("one")["action"] == "update"
    outer = Workspace(tmp_path / "outer")
    outer.folder.mkdir()
    outer.commit()
    outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(in_step.folder), "inner")
    inner = Workspace(outer.folder / "inner")
    inner.write("one", "new")
    assert inner.json("diff").item("one")["action"] == "update"


def test_a_linked_worktree_of_a_bare_repository_is_one(in_step: Workspace, tmp_path: Path) -> None:
    in_step.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare"))
    hostile_repository.git(tmp_path / "bare", "worktree", "add", "--quiet", str(tmp_path / "linked"), "main")
    assert look(tmp_path / "linked" / "descriptions", ["one.md"], Git()) == Worktree()


def test_a_partial_clone_fetches_nothing_and_cannot_tell(in_step: Workspace, remote: Loopback, tmp_path: Path) -> None:
    in_step.write("one", "second")
    in_step.commit()
    in_step.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    in_step.git("clone", "--quiet", "--filter=blob:none", f"file://{in_step.folder}", str(clone))
    program = hostile_repository.trap(tmp_path / "traps")
    partial = Workspace(clone)
    partial.configure(remote.url)
    partial.git("config", "remote.origin.url", f"ext::{program}")
    partial.git("config", "protocol.ext.allow", "always")
    partial.write("one", "third")
    ended = partial.json("sync")
    assert (ended.status, ended.item("one")["action"]) == (1, "conflict")
    assert "cannot tell" in ended.item("one")["problems"][0]["message"]
    assert "clone without --filter" in ended.item("one")["problems"][0]["message"]
    assert hostile_repository.sprung(program) == ""


def test_a_repository_within_the_folder_is_none_where_the_one_around_has_the_files(
    in_step: Workspace, remote: Loopback
) -> None:
    remote.sandbox.put("one", "edited on Scenario")
    inner = Workspace(in_step.descriptions)
    (inner.folder / "one.md").write_text("edited on Scenario")
    hostile_repository.git(inner.folder, "init", "--quiet")
    hostile_repository.git(inner.folder, "add", "--all")
    hostile_repository.git(inner.folder, "commit", "--quiet", "-m", "forged")
    (inner.folder / "one.md").write_text("text one")
    hostile_repository.git(inner.folder, "commit", "--quiet", "--all", "-m", "forged")
    ended = in_step.run("sync")
    assert (ended.status, remote.sandbox.description("one")) == (2, "edited on Scenario")
    assert "remove that" in ended.err


def test_a_repository_within_another_that_does_not_have_its_files_is_one(in_step: Workspace, tmp_path: Path) -> None:
    Workspace(in_step.folder.parent).git("init", "--quiet")
    in_step.write("one", "new")
    assert in_step.json("diff").item("one")["action"] == "update"


def test_no_repository_below_the_descriptions_is_asked(in_step: Workspace, tmp_path: Path) -> None:
    program = hostile_repository.trap(tmp_path / "traps")
    below = Workspace(in_step.descriptions / "below")
    below.folder.mkdir()
    (below.folder / "file.md").write_text("text")
    below.commit()
    in_step.commit()
    hostile_repository.plant_filter(below, program)
    (below.folder / "file.md").write_text("other")
    touch(in_step)
    assert uncommitted(in_step.descriptions, Git()) == frozenset()
    assert changed_since(in_step.descriptions, "HEAD", Git()).names == frozenset()
    assert hostile_repository.sprung(program) == ""


@pytest.mark.deep  # git tells times of a file apart by the second
def test_a_change_that_leaves_size_and_time_alone_is_a_change(in_step: Workspace, remote: Loopback) -> None:
    for setting in ("core.checkStat=minimal", "core.trustctime=false"):
        in_step.git("config", *setting.split("="))
    path = in_step.descriptions / "one.md"
    os.utime(path, (1_000_000_000, 1_000_000_000))
    in_step.git("status")
    time.sleep(1.1)
    in_step.write("one", "mine one")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    remote.sandbox.put("one", "edited on Scenario")
    assert in_step.run("pull", "one").status == 1
    assert path.read_text() == "mine one"
