"""Which config.yaml is taken when none is named, and which folder of descriptions it may name."""

import os
import subprocess
from pathlib import Path

import pytest

from syncjob.config import discovery
from syncjob.config.discovery import require_own_folder
from syncjob.errors import UsageError
from tests.support import hostile_repository
from tests.support.loopback import Loopback
from tests.support.workspace import Workspace

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
SOMEBODY = 12345


def give(*paths: Path) -> None:
    for path in paths:
        os.chown(path, SOMEBODY, SOMEBODY, follow_symlinks=False)


@pytest.fixture
def one(workspace: Workspace, remote: Loopback) -> Workspace:
    remote.add("one")
    workspace.write("one", "text")
    return workspace


def test_outside_of_a_repository_only_the_current_folder_counts(one: Workspace, remote: Loopback) -> None:
    below = Workspace(one.folder / "below")
    below.folder.mkdir()
    ended = below.run("diff")
    assert ended.status == 2
    assert "--config" in ended.err
    assert remote.asked == []
    assert one.run("diff").status == 0
    one.commit()
    assert below.run("diff").status == 0


def test_a_repository_ends_the_search(one: Workspace, remote: Loopback) -> None:
    inner = Workspace(one.folder / "inner")
    inner.folder.mkdir()
    inner.git("init", "--quiet")
    assert inner.run("diff").status == 2
    assert remote.asked == []


@root_only
@pytest.mark.parametrize("is_link", [False, True])
def test_a_config_of_somebody_else_gets_no_credentials(one: Workspace, remote: Loopback, is_link: bool) -> None:
    config = one.folder / "config.yaml"
    if is_link:
        config.rename(one.folder / "elsewhere.yaml")
        config.symlink_to("elsewhere.yaml")
        give(one.folder / "elsewhere.yaml")
    else:
        give(config)
    one.commit()
    ended = one.run("diff")
    assert ended.status == 2
    assert "belongs to another user" in ended.err
    assert "--config config.yaml" in ended.err
    assert remote.asked == []
    assert one.run("--config", "config.yaml", "diff").status == 0


@root_only
def test_a_link_of_somebody_else_is_a_config_of_somebody_else(one: Workspace, remote: Loopback) -> None:
    config = one.folder / "config.yaml"
    config.rename(one.folder / "elsewhere.yaml")
    config.symlink_to("elsewhere.yaml")
    give(config)
    assert one.run("diff").status == 2
    assert remote.asked == []


@root_only
def test_a_repository_that_git_was_told_to_trust_may_belong_to_somebody_else(
    one: Workspace, remote: Loopback, tmp_path: Path
) -> None:
    one.commit()
    subprocess.run(["chown", "-R", f"{SOMEBODY}:{SOMEBODY}", str(one.folder)], check=True)
    assert one.run("diff").status == 2
    assert remote.asked == []
    (tmp_path / "gitconfig").write_text(f"[safe]\n\tdirectory = {one.folder}\n")
    told = {"GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig")}
    ended = one.json("diff", **told)
    assert (ended.status, ended.item("one")["action"]) == (0, "create"), ended.err
    # Of that one, and not of whoever else wrote a file there.
    os.chown(one.folder / "config.yaml", SOMEBODY + 1, SOMEBODY)
    assert one.run("diff", **told).status == 2


@root_only
def test_a_repository_of_somebody_else_above_is_none(one: Workspace, remote: Loopback) -> None:
    below = Workspace(one.folder / "below")
    below.folder.mkdir()
    (one.folder / ".git").mkdir()
    give(one.folder / ".git")
    assert below.run("diff").status == 2
    assert remote.asked == []


def test_a_git_that_hangs_holds_no_discovery_back(one: Workspace, tmp_path: Path) -> None:
    path = hostile_repository.put_before_git(tmp_path / "bin", "sleep 60")
    assert one.run("check", PATH=path).status == 0


@root_only
def test_a_git_that_hangs_is_not_waited_for_whether_it_trusts_a_repository(
    one: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one.commit()
    give(one.folder / "config.yaml", one.folder / ".git")
    monkeypatch.chdir(one.folder)
    monkeypatch.setattr(discovery, "PATIENCE", 0.3)
    monkeypatch.setenv("PATH", hostile_repository.put_before_git(tmp_path / "bin", "sleep 60"))
    with pytest.raises(UsageError, match="belongs to another user"):
        discovery.find()


# The folder of descriptions


@pytest.mark.parametrize(
    ("command", "is_there"),
    [(("check",), True), (("sync",), True), (("pull", "one"), True), (("pull", "--all"), False), (("doctor",), False)],
)
def test_a_folder_that_is_a_link_is_refused(
    workspace: Workspace, remote: Loopback, tmp_path: Path, command: tuple[str, ...], is_there: bool
) -> None:
    outside = tmp_path / "outside"
    if is_there:
        outside.mkdir()
        (outside / "one.md").write_text("private")
    remote.add("one", texts={"one": "on Scenario"})
    workspace.commit()
    workspace.descriptions.symlink_to(outside)
    ended = workspace.run(*command)
    assert ended.status == (1 if command == ("doctor",) else 2)
    assert "symbolic link" in ended.err + ended.out
    assert remote.counts["PUT"] == 0
    assert not (outside.exists() and (outside / "one.md").read_text() != "private")
    assert outside.exists() == is_there


@pytest.mark.parametrize("is_repository", [True, False])
@pytest.mark.parametrize("named", ["link/descriptions", "./link/deep/../descriptions", "link/../descriptions"])
def test_a_folder_that_is_reached_by_a_link_which_leads_out_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str, is_repository: bool
) -> None:
    outside, inside = tmp_path / "outside" / "er", tmp_path / "inside"
    for place in (outside / "descriptions", outside.parent / "descriptions", outside / "deep", inside):
        place.mkdir(parents=True)
    if is_repository:
        (inside / ".git").mkdir()
    (inside / "link").symlink_to(outside)
    monkeypatch.chdir(inside)
    for config in (Path("config.yaml"), inside / "config.yaml"):
        with pytest.raises(UsageError, match="leads outside"):
            require_own_folder(config.parent / named, config)


@pytest.mark.parametrize("command", ["sync", "pull"])
def test_no_command_reads_or_writes_a_folder_that_is_reached_by_such_a_link(
    workspace: Workspace, remote: Loopback, tmp_path: Path, command: str
) -> None:
    (tmp_path / "outside" / "descriptions").mkdir(parents=True)
    (tmp_path / "outside" / "descriptions" / "one.md").write_text("private")
    workspace.commit()
    (workspace.folder / "link").symlink_to(tmp_path / "outside")
    workspace.configure(remote.url, "descriptions: link/descriptions\n")
    remote.add("one", texts={"one": "on Scenario"})
    ended = workspace.run(command)
    assert (ended.status, remote.asked) == (2, [])
    assert "leads outside" in ended.err
    assert (tmp_path / "outside" / "descriptions" / "one.md").read_text() == "private"


def test_a_link_within_the_repository_and_a_repository_reached_by_a_link_are_fine(
    workspace: Workspace, remote: Loopback, tmp_path: Path
) -> None:
    (workspace.folder / "real" / "descriptions").mkdir(parents=True)
    (workspace.folder / "real" / "descriptions" / "one.md").write_text("text")
    (workspace.folder / "link").symlink_to("real")
    workspace.configure(remote.url, "descriptions: link/descriptions\n")
    remote.add("one")
    workspace.commit()
    assert workspace.json("diff").item("one")["action"] == "create"
    (tmp_path / "by-link").symlink_to(workspace.folder)
    assert Workspace(tmp_path / "by-link").json("diff").item("one")["action"] == "create"


def test_a_folder_beside_the_configs_own_is_fine_where_no_link_leads_there(
    workspace: Workspace, remote: Loopback, tmp_path: Path
) -> None:
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "one.md").write_text("text")
    remote.add("one")
    for named in ("../beside", str(tmp_path / "beside")):
        workspace.configure(remote.url, f"descriptions: {named}\n")
        assert workspace.json("diff").item("one")["action"] == "create"
