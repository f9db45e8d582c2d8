"""A saved plan that somebody edited, its digest made anew: what it overwrites is judged again where git is at hand."""

import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from syncjob.plan.saved_plan import SavedPlan, _digest
from syncjob.text.canonical import sha256
from tests.support.loopback import Loopback
from tests.support.workspace import Ended, Workspace


@pytest.fixture
def planned(workspace: Workspace, remote: Loopback) -> Workspace:
    """Two descriptions of git's, an update of the one and a deletion of the other planned; then both were edited."""
    remote.add("one", "two", texts={"one": "old", "two": "old"})
    workspace.held({"one": "old", "two": "old"})
    workspace.write("one", "new")
    (workspace.descriptions / "two.md").unlink()
    workspace.commit()
    assert workspace.run("diff", "--since", "HEAD~1", "--prune", "--plan-out", "plan.json").status == 0
    for model_id in ("one", "two"):
        remote.sandbox.put(model_id, "edited")
    return workspace


def forge(workspace: Workspace, **changes: Any) -> None:
    path = workspace.folder / "plan.json"
    plan = msgspec.json.decode(path.read_bytes(), type=SavedPlan)
    plan = msgspec.structs.replace(plan, items=tuple(msgspec.structs.replace(item, **changes) for item in plan.items))
    plan = msgspec.structs.replace(plan, digest=_digest(plan))
    path.write_bytes(msgspec.json.encode(plan))


def apply(workspace: Workspace, *arguments: str) -> Ended:
    return workspace.json("sync", "--plan", "plan.json", *arguments)


def test_an_edit_is_a_conflict_whatever_the_plan_says_was_there(planned: Workspace, remote: Loopback) -> None:
    assert {item["problems"][0]["code"] for item in apply(planned).report["items"]} == {"stale-plan"}
    forge(planned, before_sha256=sha256("edited"))
    for arguments in ((), ("--keep-going",), ("--force",)):
        ended = apply(planned, *arguments)
        assert ended.status == 1
        for model_id in ("one", "two"):
            item = ended.item(model_id)
            assert (item["action"], [problem["code"] for problem in item["problems"]]) == (
                "conflict",
                ["remote-edited"],
            )
    assert remote.counts["PUT"] == 0


def test_a_plan_that_says_so_overwrites_and_each_model_is_named(planned: Workspace, remote: Loopback) -> None:
    forge(planned, before_sha256=sha256("edited"), overwrites_remote_edit=True)
    ended = apply(planned)
    assert ended.status == 0
    (problem,) = ended.report["problems"]
    assert (problem["code"], problem["severity"]) == ("remote-edited", "warning")
    assert "one, two" in problem["message"]
    for model_id in ("one", "two"):
        assert "because the plan says so" in ended.item(model_id)["problems"][0]["message"]


def test_a_plan_that_says_so_overwrites_nothing_but_what_was_reviewed(planned: Workspace, remote: Loopback) -> None:
    forge(planned, overwrites_remote_edit=True)
    assert apply(planned).status == 1
    assert remote.counts["PUT"] == 0


@pytest.mark.parametrize("gap", ["none", "shallow"])
def test_without_git_the_plan_is_taken_at_its_word_with_one_warning(
    planned: Workspace, remote: Loopback, tmp_path: Path, gap: str
) -> None:
    for model_id in ("one", "two"):
        remote.sandbox.put(model_id, "old")
    if gap == "none":
        shutil.rmtree(planned.folder / ".git")
    else:
        head = planned.git("rev-parse", "HEAD")
        (planned.folder / ".git" / "shallow").write_text(head)
    ended = apply(planned)
    assert ended.status == 0
    (problem,) = ended.report["problems"]
    assert (problem["code"], problem["severity"]) == ("history-missing", "warning")
    assert "not looked up in git again" in problem["message"]
    assert {item["status"] for item in ended.report["items"]} == {"applied"}


def test_a_plan_that_git_bears_out_is_applied_without_a_word(planned: Workspace, remote: Loopback) -> None:
    for model_id in ("one", "two"):
        remote.sandbox.put(model_id, "old")
    ended = apply(planned)
    assert (ended.status, ended.report["problems"]) == (0, [])
    assert {item["status"] for item in ended.report["items"]} == {"applied"}


def test_a_plan_for_another_project_is_refused_by_its_name(planned: Workspace, remote: Loopback) -> None:
    path = planned.folder / "config.yaml"
    path.write_text(path.read_text().replace(f'"{remote.url}"', f'"{remote.url}", project_id: proj_b'))
    remote.asked.clear()
    ended = planned.run("sync", "--plan", "plan.json")
    assert (ended.status, ended.out, remote.asked) == (2, "", [])
    assert "no project_id" in ended.err
    assert "'proj_b'" in ended.err


@pytest.mark.parametrize("size", [64_000_001])
def test_a_plan_that_is_too_large_is_told(workspace: Workspace, size: int) -> None:
    with (workspace.folder / "plan.json").open("wb") as file:
        file.truncate(size)
    ended = workspace.run("sync", "--plan", "plan.json")
    assert ended.status == 2
    assert "more than 64,000,000" in ended.err


@pytest.mark.parametrize(
    "change",
    [{"base_url": "a\x1b[2J"}, {"profile": "a\nb"}, {"project_id": "\u202e"}, {"digest": "\x9b"}],
)
def test_what_would_act_on_a_terminal_is_no_plan(planned: Workspace, change: dict[str, str]) -> None:
    path = planned.folder / "plan.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    ended = planned.run("sync", "--plan", "plan.json")
    assert ended.status == 2
    assert "is not a plan of syncjob" in ended.err
    assert not set("\x1b\x9b\u202e") & set(ended.err)
