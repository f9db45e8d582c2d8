"""The profile `sandbox` is there without a config, and in every config that does not define it."""

import signal
from pathlib import Path

import pytest

from syncjob.config.config import load
from syncjob.errors import UsageError
from tests.cli.test_terminal import Terminal
from tests.support.loopback import Loopback
from tests.support.workspace import Workspace


def test_the_stand_in_needs_no_config(workspace: Workspace, remote: Loopback) -> None:
    empty = Workspace(workspace.folder / "empty")
    empty.folder.mkdir()
    refused = empty.run("--profile", "sandbox", "diff")
    assert refused.status == 2
    assert "no config.yaml and no folder descriptions here; write both with" in refused.err
    assert "`syncjob --profile sandbox init --pull`" in refused.err
    pulled = empty.run("--profile", "sandbox", "pull", "--all", SCENARIO_BASE_URL=remote.url)
    assert (pulled.status, (empty.descriptions / "flux.1-dev.md").is_file()) == (0, True), pulled.err
    empty.commit()
    empty.write("flux.1-dev", "new\n")
    assert "Applied 1, 0 failed" in empty.run("sync", SYNCJOB_PROFILE="sandbox").out
    examined = empty.run("--profile", "sandbox", "doctor")
    assert (examined.status, "no config.yaml" in examined.out) == (0, True), examined.out
    assert remote.asked == []


def test_the_stand_in_is_a_profile_of_every_config(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("profiles: {production: {base_url: https://example.org/v1}}\nsafety: {max_deletes: 3}\n", "utf-8")
    config = load(path, "sandbox", {"SCENARIO_SDK_JWT": "token", "SCENARIO_BASE_URL": "https://example.net/v1"})
    assert (config.is_sandbox, config.credentials, config.safety.max_deletes) == (True, None, 3)
    assert config.profiles == {"production", "sandbox"}


def test_a_profile_of_that_name_is_the_config_s_own(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("profiles: {sandbox: {base_url: https://example.org/v1}}\n", "utf-8")
    assert load(path, "sandbox", {}).base_url == "https://example.org/v1"


@pytest.mark.parametrize("profile", [None, "production"])
def test_any_other_profile_needs_a_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: str | None) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"no config\.yaml in .*; write one with `syncjob init`"):
        load(None, profile, {})


def test_the_stand_in_is_served_from_an_empty_folder(tmp_path: Path) -> None:
    empty = Workspace(tmp_path / "empty")
    empty.folder.mkdir()
    terminal = Terminal(empty, "sandbox", "--port", "0", "--models", "9")
    terminal.until("The stand-in listens")
    terminal.until("syncjob init --pull --no-workflows\r\n  syncjob --profile production diff")
    terminal.send(signal.SIGINT)
    assert terminal.end() == 130
    listed = empty.json("--profile", "sandbox", "pull", "--all", "--dry-run").report
    assert len(listed["items"]) == 7 + 2 - 1  # one of the demo has no description


def test_a_config_that_is_named_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.yaml"):
        load(tmp_path / "nowhere.yaml", "sandbox", {})
