"""What a history may hold under a description's name that is no text, or too much of it; the gap is that name's alone."""

import time
from pathlib import Path

import msgspec
import pytest

from syncjob.git.git import Git
from syncjob.git.history import gitlog, texts
from syncjob.plan.saved_plan import SavedPlan, _digest
from syncjob.text.canonical import sha256
from tests.support import hostile_repository
from tests.support.loopback import Loopback
from tests.support.workspace import Workspace

EDIT = "edited on Scenario"


@pytest.fixture
def edited(workspace: Workspace, remote: Loopback) -> Workspace:
    """Two descriptions that are edited here and on Scenario, with a plan that was forged to overwrite both edits."""
    remote.add("one", "two", texts={"one": "old", "two": "old"})
    workspace.held({"one": "old", "two": "old"})
    workspace.held({"one": "new", "two": "new"})
    assert workspace.run("diff", "--plan-out", "plan.json").status == 0
    path = workspace.folder / "plan.json"
    plan = msgspec.json.decode(path.read_bytes(), type=SavedPlan)
    items = tuple(msgspec.structs.replace(item, before_sha256=sha256(EDIT)) for item in plan.items)
    plan = msgspec.structs.replace(plan, items=items)
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(plan, digest=_digest(plan))))
    for model_id in ("one", "two"):
        remote.sandbox.put(model_id, EDIT)
    return workspace


def messages(workspace: Workspace) -> dict[str, str]:
    """What `diff` says of each conflict."""
    return {item["model_id"]: item["problems"][0]["message"] for item in workspace.json("diff").report["items"]}


def commit_entry(workspace: Workspace, mode: str, object_id: str, name: str = "one.md") -> None:
    """A commit that has something else in the place of a description, and one that has the description again."""
    workspace.git("update-index", "--add", "--cacheinfo", f"{mode},{object_id},descriptions/{name}")
    workspace.git("commit", "--quiet", "-m", "something else")
    workspace.commit()


def lose(workspace: Workspace, revision: str) -> None:
    found = workspace.git("rev-parse", revision).strip()
    (workspace.folder / ".git" / "objects" / found[:2] / found[2:]).unlink()


def test_a_submodule_that_history_once_held_opens_no_door_for_a_forged_plan(
    edited: Workspace, remote: Loopback
) -> None:
    commit_entry(edited, "160000", "1" * 40)
    assert all("edited on Scenario, or" in message for message in messages(edited).values())
    ended = edited.json("sync", "--plan", "plan.json", "--keep-going")
    assert [item["action"] for item in ended.report["items"]] == ["conflict", "conflict"]
    assert remote.counts["PUT"] == 0


def test_where_a_link_leads_is_no_text_of_a_description(edited: Workspace, remote: Loopback) -> None:
    (edited.folder / "link").write_text(EDIT)
    commit_entry(edited, "120000", edited.git("hash-object", "-w", "link").strip())
    assert edited.json("diff").item("one")["action"] == "conflict"


def test_an_object_that_is_lost_is_a_gap_of_its_own_name_alone(edited: Workspace, remote: Loopback) -> None:
    edited.write("one", "once there")
    edited.commit()
    edited.write("one", "new")
    edited.commit()
    lose(edited, "HEAD~1:descriptions/one.md")
    found = messages(edited)
    assert "git lacks objects" in found["one"]
    assert "edited on Scenario, or" in found["two"]
    ended = edited.json("sync", "--plan", "plan.json", "--keep-going")
    assert {item["model_id"]: item["action"] for item in ended.report["items"]} == {"one": "update", "two": "conflict"}
    assert remote.sandbox.description("two") == EDIT


def test_a_version_that_is_too_large_is_skipped_and_a_gap_of_its_own_name_alone(
    edited: Workspace, remote: Loopback
) -> None:
    edited.write("one", "x" * 2_500_000)
    edited.commit()
    edited.write("one", "new")
    edited.commit()
    found = messages(edited)
    assert "2,500,000 bytes" in found["one"]
    assert "edited on Scenario, or" in found["two"]
    remote.sandbox.put("one", "old")
    assert edited.json("diff").item("one")["action"] == "update"


def test_renames_that_cannot_be_followed_are_a_gap_of_what_came_with_them_alone(
    edited: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gitlog, "RENAME_LIMIT", 1)
    monkeypatch.setattr(gitlog, "PATIENCE", 0.3)
    for number in range(3):
        edited.write(f"old-{number}", f"one text {number}")
    edited.commit()
    for number in range(3):
        (edited.descriptions / f"old-{number}.md").unlink()
        edited.write(f"new-{number}", f"another text {number}")
    edited.commit()
    path = hostile_repository.put_before_git(
        tmp_path / "bin", 'case "$*" in *" -l0 "*) sleep 60;; esac; exec $GIT "$@"'
    )
    monkeypatch.setenv("PATH", path)
    with texts.texts(edited.descriptions, Git()) as found:
        assert [version.text for version in found.of("one.md")] == ["new", "old"]
        assert found.gap("one.md") is None
        assert len(list(found.of("new-1.md"))) == 1
        assert "longer than" in (found.gap("new-1.md") or "")
        assert found.gap("one.md") is None


def followed(count: int) -> float:
    """The seconds of this thread's own that a file takes which was renamed that often."""
    log = gitlog.Log("")
    for number in range(count):
        log.versions[f"m{number}.md"].append((str(number), "blob"))
        log.renamed[f"m{number + 1}.md"].add(f"m{number}.md")
    began = time.thread_time()
    assert len(list(log.of(f"m{count}.md"))) == count
    return time.thread_time() - began


def test_a_file_that_was_renamed_thousands_of_times_is_followed_in_linear_time() -> None:
    """Four times as many would take sixteen times as long if the time grew with the square."""
    assert any(followed(20_000) < 8 * max(followed(5_000), 0.01) for _ in range(6))


def test_an_encoding_of_pythons_own_is_none_of_gits(workspace: Workspace, remote: Loopback) -> None:
    """git knows no punycode, and Python takes minutes for this text: a run has one of `Workspace.run`."""
    text = "".join(chr(0x4E00 + (number * 7919) % 20_000) for number in range(60_000))
    remote.add("one", texts={"one": EDIT})
    workspace.write("one", text)
    workspace.commit()
    workspace.write("one", "short")
    workspace.commit()
    (workspace.folder / ".gitattributes").write_text("*.md working-tree-encoding=punycode\n")
    assert workspace.json("diff").item("one")["action"] == "conflict"
