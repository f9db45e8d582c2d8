"""Texts of Scenario taken over into files: as a table, and by the command over git and real HTTP."""

import json
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncjob.local.document import Document, gone
from syncjob.plan.compare import Change
from syncjob.plan.existing import Absent, Existing, Held
from syncjob.plan.pull.files import Place, compared, fitting, with_collisions
from syncjob.problems import Failure, Problem
from syncjob.text.canonical import canonical
from tests.support.loopback import Loopback, json_answer
from tests.support.workspace import Workspace

FILE = Document("one", "descriptions/one.md", "here")
NONE = gone("one.md", "descriptions")


def pulled(document: Document, existing: Existing, *, max_file_bytes: int, may_overwrite: bool) -> Change:
    change = compared(document, existing)
    place = Place(max_file_bytes, may_overwrite=may_overwrite)
    return fitting(document, change, place) if change.is_write else change


def take(document: Document, text: str, *, may_overwrite: bool = True, limit: int = 1000) -> tuple[str, list[str]]:
    change = pulled(document, Held(text, (), 0.0), max_file_bytes=limit, may_overwrite=may_overwrite)
    return change.action, [problem.code for problem in change.problems]


@pytest.mark.parametrize(
    ("document", "text", "may_overwrite", "action", "codes"),
    [
        (NONE, "there", False, "create", []),
        (FILE, "there", True, "update", []),
        (FILE, "there", False, "conflict", ["file-uncommitted"]),
        (FILE, "here", False, "unchanged", []),
        (Document("one", "p", "e\u0301"), "é", False, "unchanged", []),
        (FILE, "", True, "unchanged", []),
        (NONE, "", True, "unchanged", []),
        (NONE, "a\0b", True, "invalid", ["file-encoding"]),
        (NONE, "\u2028", True, "invalid", ["file-empty"]),
        (NONE, "y" * 1000, True, "invalid", ["file-too-large"]),
        (NONE, "{asset: near miss}", True, "create", ["tag-malformed"]),
        (Document("one", "p", problems=(Problem("file-special", "a link"),)), "there", True, "invalid", ["file-special"]),
        (Document("one", "p", problems=(Problem("file-empty", "empty"),)), "there", True, "update", []),
        (Document("one", "p", problems=(Problem("file-empty", "empty"),)), "there", False, "conflict", ["file-uncommitted"]),
    ],
)  # fmt: skip
def test_what_becomes_of_a_file(
    document: Document, text: str, may_overwrite: bool, action: str, codes: list[str]
) -> None:
    assert take(document, text, may_overwrite=may_overwrite) == (action, codes)


def test_what_cannot_be_read_and_what_is_not_there() -> None:
    failure = Failure("unavailable", "down")
    assert pulled(FILE, failure, max_file_bytes=9, may_overwrite=True).failure == failure
    absent = pulled(FILE, Absent(0.0), max_file_bytes=9, may_overwrite=True)
    assert (absent.action, absent.problems) == ("unchanged", ())  # counted, and not told one by one


def test_a_mistyped_id_is_told_which_file_may_be_meant() -> None:
    change = compared(gone("flux.1-dve.md", "folder"), Absent(0), must_exist=True, filed=["flux.1-dev", "other"])
    assert change.problems[0].message.endswith("; did you mean flux.1-dev?")


def test_ids_that_one_folder_cannot_hold_everywhere_are_refused() -> None:
    changes = [Change(id_, f"descriptions/{id_}.md", "create") for id_ in ("Flux", "flux", "other", "ONE")]
    found = {change.model_id: change.action for change in with_collisions(changes, ["one.md", "other2.md"])}
    assert found == {"Flux": "invalid", "flux": "invalid", "other": "create", "ONE": "invalid"}


# The command


@pytest.fixture
def drifted(workspace: Workspace, remote: Loopback) -> Workspace:
    """Scenario has edited one; two is in step; three has a description and no file; bare has none."""
    remote.add("one", "two", "three", "bare", texts={"one": "edited\r\nthere\n\n", "two": "text", "three": "new"})
    workspace.held({"one": "old", "two": "text"})
    return workspace


def files(workspace: Workspace) -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in workspace.descriptions.iterdir() if path.name != ".acknowledged"}


def actions(report: dict[str, Any]) -> dict[str, str]:
    return {item["model_id"]: item["action"] for item in report["items"]}


def test_an_edit_on_scenario_is_adopted_by_pulling_it(drifted: Workspace, remote: Loopback) -> None:
    assert drifted.run("diff").status == 1
    ended = drifted.json("pull")
    assert ended.status == 0, ended.err
    assert actions(ended.report) == {"one": "update", "two": "unchanged"}
    assert files(drifted) == {"one": b"edited\nthere\n", "two": b"text"}
    drifted.commit()
    assert drifted.json("diff", "--exit-code").status == 0
    assert remote.counts["PUT"] == 0


def test_all_takes_every_own_model_that_has_a_description(drifted: Workspace) -> None:
    ended = drifted.run("pull", "--all")
    assert ended.status == 0
    assert set(files(drifted)) == {"one", "two", "three"}
    assert ended.out == ("updated descriptions/one.md\ncreated descriptions/three.md\nPulled 2 files, 1 unchanged.\n")


def test_a_selection_may_name_what_has_no_file_yet(drifted: Workspace, remote: Loopback) -> None:
    assert actions(drifted.json("pull", "three").report) == {"three": "create"}
    assert remote.counts == {"GET": 1}
    assert actions(drifted.json("pull", "t*").report) == {"three": "unchanged", "two": "unchanged"}
    assert drifted.run("pull", "x*").status == 2
    assert drifted.run("pull", "no/such.md").status == 2


def test_changes_that_git_does_not_have_are_kept_and_nothing_is_written(drifted: Workspace) -> None:
    drifted.write("one", "not committed")
    (drifted.descriptions / "three.md").write_text("untracked")
    before = files(drifted)
    ended = drifted.json("pull", "--all")
    assert ended.status == 1
    assert actions(ended.report) == {"one": "conflict", "three": "conflict", "two": "unchanged"}
    assert {item["problems"][0]["code"] for item in ended.report["items"] if item["problems"]} == {"file-uncommitted"}
    assert files(drifted) == before
    assert drifted.run("pull", "--all", "--force").status == 0
    assert files(drifted)["one"] == b"edited\nthere\n"


def test_without_git_no_file_that_differs_is_overwritten(drifted: Workspace) -> None:
    (drifted.folder / ".git").rename(drifted.folder.parent / "git")
    ceiling = {"GIT_CEILING_DIRECTORIES": str(drifted.folder.parent)}
    assert drifted.run("pull", "one", **ceiling).status == 1
    assert drifted.run("pull", "three", **ceiling).status == 0
    assert files(drifted)["one"] == b"old"


def test_a_dry_run_shows_the_diff_and_writes_nothing(drifted: Workspace) -> None:
    before = files(drifted)
    ended = drifted.run("pull", "--all", "--dry-run")
    assert ended.status == 0
    assert "--- descriptions/one.md\n+++ scenario/one\n@@ -1 +1,2 @@\n-old\n+edited\n+there\n" in ended.out
    assert ended.out.endswith("Plan: 1 to create, 1 to update, 0 to delete, 1 unchanged.\n")
    assert files(drifted) == before


def test_a_file_keeps_its_mode_and_leaves_no_other_file_behind(drifted: Workspace) -> None:
    (drifted.descriptions / "one.md").chmod(0o640)
    assert drifted.run("pull", "--all").status == 0
    assert (drifted.descriptions / "one.md").stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(drifted.descriptions)) == [".acknowledged", "one.md", "three.md", "two.md"]
    assert sorted(os.listdir(drifted.descriptions / ".acknowledged")) == ["one"]  # three is a new file


def test_a_link_is_never_written_through(drifted: Workspace) -> None:
    (drifted.descriptions / "one.md").unlink()
    (drifted.folder / "elsewhere").write_text("precious")
    (drifted.descriptions / "one.md").symlink_to("../elsewhere")
    assert drifted.run("pull", "one", "--force").status == 1
    assert (drifted.folder / "elsewhere").read_text() == "precious"


def test_refused_credentials_and_a_failed_listing_are_told(drifted: Workspace, remote: Loopback) -> None:
    before = files(drifted)
    config = drifted.folder / "config.yaml"
    config.write_text(config.read_text().replace("per_minute: 0", "per_minute: 0, attempts: 2"))
    remote.script = lambda method, target: json_answer(401, b"{}")
    assert drifted.run("pull", "--all").status == 2
    assert drifted.run("pull").status == 2
    remote.script = lambda method, target: json_answer(500, b"{}") if "pageSize" in target else None
    ended = drifted.json("pull", "--all")
    assert (ended.status, ended.report["problems"][0]["code"]) == (1, "unavailable")
    assert files(drifted) == before


def test_a_pull_into_a_folder_that_is_not_there_yet_makes_it(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one", texts={"one": "text"})
    assert workspace.run("pull", "--all").status == 0
    assert files(workspace) == {"one": b"text\n"}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_after_a_pull_there_is_no_diff_whatever_the_text_is(text: str) -> None:
    held = canonical(text)
    change = pulled(NONE, Held(held, (), 0.0), max_file_bytes=1000, may_overwrite=True)
    if change.action == "create":
        from syncjob.local.document import parse
        from syncjob.plan.compare import compare
        from syncjob.plan.pull.files import file_bytes

        document = parse("one", "descriptions/one.md", file_bytes(change.after))
        assert compare(document, Held(held, (), 0.0)).action == "unchanged"
    else:
        assert not held or change.problems


def test_the_report_is_by_its_schema(drifted: Workspace) -> None:
    ended = drifted.json("pull", "--all")
    assert ended.report["command"] == "pull"
    assert json.loads(ended.out)["summary"]["applied"] == 2


def test_an_edit_made_while_it_reads_is_left_alone(drifted: Workspace, remote: Loopback) -> None:
    remote.add("drafted", texts={"drafted": "theirs"})

    def script(method: str, target: str) -> None:
        for name in ("one", "drafted"):
            if target.endswith(f"/{name}/description"):
                drafted = drifted.descriptions / f"{name}.md"
                drafted.write_text("mine, of just now")

    remote.script = script
    ended = drifted.json("pull", "--all")
    codes = {item["model_id"]: [problem["code"] for problem in item["problems"]] for item in ended.report["items"]}
    assert (ended.status, codes["one"], codes["drafted"]) == (1, ["file-uncommitted"], ["file-uncommitted"])
    assert [(drifted.descriptions / f"{name}.md").read_text() for name in ("one", "drafted")] == [
        "mine, of just now"
    ] * 2


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_what_git_was_told_not_to_look_at_is_not_overwritten(drifted: Workspace, flag: str) -> None:
    drifted.git("update-index", flag, "descriptions/one.md")
    drifted.write("one", "mine, in no commit")
    assert drifted.run("pull", "one").status == 1
    assert (drifted.descriptions / "one.md").read_text() == "mine, in no commit"


def test_a_mistyped_id_is_an_error(drifted: Workspace) -> None:
    ended = drifted.json("pull", "on")
    assert (ended.status, ended.item("on")["problems"][0]["code"]) == (1, "model-unknown")
