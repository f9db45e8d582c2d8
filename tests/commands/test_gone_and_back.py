"""What `--prune` deletes: only what is still gone when it is sent, and nothing where the listing did not end."""

import hashlib
import os
from pathlib import Path

import pytest

from syncjob.scenario.answers import Answer
from tests.support.cases import mostly_deep
from tests.support.loopback import Loopback
from tests.support.unhurried import until
from tests.support.workspace import Ended, Workspace

STAY = "stay"


@pytest.fixture
def pruned(workspace: Workspace, remote: Loopback) -> Workspace:
    """`stay` has its file, `gone` none any more."""
    remote.add(STAY, "gone", texts={STAY: "text", "gone": "old"})
    workspace.held({STAY: "text", "gone": "old"})
    (workspace.descriptions / "gone.md").unlink()
    workspace.commit()
    return workspace


def on(remote: Loopback, method: str, part: str, path: Path, text: str | None = "old") -> None:
    """A file comes back while Scenario answers the first request of that kind; without a text it is a pipe."""

    def script(asked: str, target: str) -> Answer | None:
        if asked == method and part in target and not path.exists():
            os.mkfifo(path) if text is None else path.write_text(text)
        return None

    remote.script = script


def is_left(ended: Ended, remote: Loopback) -> bool:
    return remote.sandbox.description("gone") == "old" and remote.counts["PUT"] == 0 and ended.status in (0, 1)


@pytest.mark.parametrize("name", ["gone.md", "gone.MD"])
@pytest.mark.parametrize("arguments", [("--prune",), ("--prune", "--since", "HEAD~1")])
def test_a_file_that_comes_back_while_models_are_listed_or_read_is_not_deleted(
    pruned: Workspace, remote: Loopback, arguments: tuple[str, ...], name: str
) -> None:
    # With --since nothing is listed: the file comes back while its model is read.
    part = "/models/gone/description" if "--since" in arguments else "/models?"
    on(remote, "GET", part, pruned.descriptions / name)
    ended = pruned.json("sync", *arguments)
    assert is_left(ended, remote), ended
    assert ended.status == (0 if name == "gone.md" and "--since" not in arguments else 1)


def test_a_file_that_comes_back_with_another_text_is_written(pruned: Workspace, remote: Loopback) -> None:
    on(remote, "GET", "/models?", pruned.descriptions / "gone.md", "newer")
    ended = pruned.json("sync", "--prune")
    assert (ended.status, ended.item("gone")["action"]) == (0, "update")
    assert remote.sandbox.description("gone") == "newer"


def test_what_comes_back_and_is_no_file_refuses_the_run(pruned: Workspace, remote: Loopback) -> None:
    on(remote, "GET", "/models?", pruned.descriptions / "gone.md", None)
    ended = pruned.json("sync", "--prune")
    assert is_left(ended, remote)
    assert ended.item("gone")["problems"][0]["code"] == "file-special"


@pytest.mark.parametrize("how", ["prune", "plan"])
def test_a_file_that_comes_back_after_the_plan_is_not_deleted(pruned: Workspace, remote: Loopback, how: str) -> None:
    plan = () if how == "prune" else ("--plan", "plan.json")
    if plan:
        assert pruned.run("diff", "--prune", "--plan-out", "plan.json").status == 0
    # Before the write of another model, which goes first.
    pruned.write("a", "new")
    remote.add("a")
    config = pruned.folder / "config.yaml"
    config.write_text(config.read_text().replace("minute: 0", "minute: 0, workers: 1, recheck_after: 0"))
    if plan:
        assert pruned.run("diff", "--prune", "--plan-out", "plan.json").status == 0
    on(remote, "PUT", "/models/a/", pruned.descriptions / "gone.md")
    ended = pruned.json("sync", *(plan or ("--prune",)))
    assert remote.sandbox.description("gone") == "old"
    assert ended.status == 1
    item = ended.item("gone")
    assert (item["status"], item["problems"][-1]["code"]) == ("refused", "stale-plan")


def test_a_folder_that_goes_while_models_are_listed_deletes_nothing(pruned: Workspace, remote: Loopback) -> None:
    def script(method: str, target: str) -> Answer | None:
        if "/models?" in target and pruned.descriptions.exists():
            pruned.descriptions.rename(pruned.folder / "elsewhere")
        return None

    remote.script = script
    ended = pruned.json("sync", "--prune")
    assert is_left(ended, remote)
    assert ended.status == 1


def test_a_rollback_deletes_what_it_made_though_there_is_a_file(workspace: Workspace, remote: Loopback) -> None:
    remote.add("new")
    workspace.write("new", "text")
    run = workspace.json("sync").report["run"]
    assert workspace.run("rollback", run).status == 0
    assert remote.sandbox.description("new") == ""


@pytest.mark.parametrize("arguments", mostly_deep([("gone*",), ("gone",), ()]))
def test_time_that_is_over_while_models_are_listed_is_exit_4(
    pruned: Workspace, remote: Loopback, arguments: tuple[str, ...]
) -> None:
    over = pruned.folder / "over"
    remote.script = lambda method, target: over.touch() if "/models?" in target else None
    ended = pruned.json("sync", "--prune", "--max-duration", "1s", *arguments, **until(over))
    assert ended.status == 4
    assert remote.counts["PUT"] == 0
    assert any("--max-duration" in problem["message"] for problem in ended.report["problems"])


def test_a_line_of_another_profile_deletes_nothing_that_went_long_ago(pruned: Workspace, remote: Loopback) -> None:
    folder = pruned.descriptions / ".acknowledged"
    folder.mkdir()
    (folder / "gone").write_text(f"staging {'0' * 64}\n")
    pruned.commit()
    ended = pruned.json("sync", "--since", "HEAD~1", "--prune", "--yes")
    assert is_left_on_purpose(ended), ended.out
    assert remote.sandbox.description("gone") == "old"
    remote.sandbox.put("gone", "an edit")
    (folder / "gone").write_text(f"test {hashlib.sha256(b'an edit').hexdigest()}\n")
    pruned.commit()
    ended = pruned.json("sync", "--since", "HEAD~1", "--prune", "--yes")
    assert ended.item("gone")["status"] == "applied", ended.out
    assert not remote.sandbox.description("gone")


def is_left_on_purpose(ended: Ended) -> bool:
    item = ended.item("gone")
    told = [(problem["code"], problem["severity"]) for problem in item["problems"]]
    return (ended.status, item["action"], told) == (0, "unchanged", [("deleted-locally", "warning")])
