"""The workflows that `init` writes do in a user's repository what this project's own do here."""

import subprocess
import sys
from pathlib import Path

import pytest

from syncjob.commands.init.templates import workflow_paths
from tests.support.checked_out import Repository
from tests.support.steps import evaluate, workflow

USED = f"acme/syncjob@{'a' * 40}"


@pytest.fixture
def theirs(repository: Repository) -> Repository:
    """A repository with the branch `trunk` that `init` has set up."""
    repository.git("symbolic-ref", "HEAD", "refs/heads/trunk")
    repository.remote.add("one", "two", texts={"one": "old", "two": "same"})
    config = repository.workspace.folder / "config.yaml"
    config.unlink()
    ended = repository.workspace.run("init", "--pull", "--action", USED, SCENARIO_BASE_URL=repository.remote.url)
    assert ended.status == 0, ended.err
    config.write_text(config.read_text("utf-8").replace("https://api.cloud.scenario.com/v1", repository.remote.url))
    repository.runner.root, repository.runner.own = repository.workspace.folder, USED
    repository.runner.context |= {
        "github.ref": "refs/heads/trunk",
        "github.ref_name": "trunk",
        "github.event.pull_request.head.repo.full_name": "owner/models",
        "github.event.pull_request.user.login": "somebody",
    }
    repository.answer("")
    return repository


@pytest.mark.deep
def test_a_repository_that_was_set_up_is_checked_compared_synced_and_watched(theirs: Repository) -> None:
    root = theirs.workspace.folder
    base = theirs.commit()
    theirs.commit(one="new\n")
    assert theirs.job("review", "check").status == 0
    compared = theirs.job("review", "diff", github__event__pull_request__base__sha=base)
    assert (compared.status, compared.outputs["changes"]) == (0, "1"), compared.out
    assert evaluate(workflow("sync", root)["jobs"]["sync"]["if"], {"github.ref": "refs/heads/trunk"})
    assert not evaluate(workflow("sync", root)["jobs"]["sync"]["if"], {"github.ref": "refs/heads/main"})
    assert workflow("sync", root)["on"]["push"] == {"branches": ["trunk"]}
    synced = theirs.job("sync", "sync")
    assert synced.status == 0, synced.out
    assert theirs.remote.sandbox.description("one") == "new"
    theirs.remote.sandbox.put("two", "edited on Scenario")
    watched = theirs.job("drift", "drift")
    assert (watched.status, watched.outputs["edits"]) == (1, "some"), watched.out


@pytest.mark.deep
def test_the_workflows_fit_their_schema_and_zizmor_finds_nothing(theirs: Repository) -> None:
    bin_ = Path(sys.executable).parent
    schema: list[str | Path] = [
        bin_ / "check-jsonschema",
        "--builtin-schema",
        "vendor.github-workflows",
        *workflow_paths(),
    ]
    audit: list[str | Path] = [
        bin_ / "zizmor",
        "--offline",
        "--no-progress",
        "--quiet",
        "--persona=pedantic",
        ".github",
    ]
    for command in (schema, audit):
        done = subprocess.run(command, cwd=theirs.workspace.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
