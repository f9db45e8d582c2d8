"""The command over git: what changed since a revision, edits made on Scenario, deletes, and saved plans."""

import json
import os
from pathlib import Path

import pytest

from syncjob.sandbox.records import model_row
from tests.support.loopback import PLAYS, Loopback, json_answer
from tests.support.workspace import Workspace, learn


@pytest.fixture
def in_step(workspace: Workspace, remote: Loopback) -> Workspace:
    """Three files that git and Scenario hold alike: one, two, three."""
    texts = {"one": "text one", "two": "text two", "three": "text three"}
    remote.add(*texts, texts=texts)
    workspace.held(texts)
    return workspace


def actions(report: dict[str, object]) -> dict[str, str]:
    items = report["items"]
    assert isinstance(items, list)
    return {item["model_id"]: item["action"] for item in items}


# --since


@pytest.mark.deep
def test_since_costs_no_more_requests_than_the_changed_files_need(workspace: Workspace, remote: Loopback) -> None:
    ids = [f"model_{number:05d}" for number in range(10_000)]
    changed = ids[:3]
    remote.add(*ids, texts=dict.fromkeys(changed, "old"))
    remote.add_assets("asset_a")
    for id_ in ids:
        workspace.write(id_, "old")
    workspace.commit()
    for id_ in changed:
        workspace.write(id_, "new, with {asset:asset_a} and {model:model_00500}")
    workspace.commit()
    ended = workspace.json("sync", "--since", "HEAD~1")
    assert ended.status == 0, ended.err
    assert actions(ended.report) == dict.fromkeys(changed, "update")
    assert remote.counts == {"GET": 3, "POST": 2, "PUT": 3}


def test_since_takes_the_working_tree_and_untracked_files(in_step: Workspace, remote: Loopback) -> None:
    in_step.write("one", "edited, not committed")
    in_step.write("new", "untracked")
    remote.add("new")
    assert actions(in_step.json("diff", "--since", "HEAD").report) == {"new": "create", "one": "update"}
    assert remote.counts == {"GET": 2, "POST": 1}


def test_since_with_nothing_changed_sends_nothing(in_step: Workspace, remote: Loopback) -> None:
    ended = in_step.json("sync", "--since", "HEAD")
    assert (ended.status, ended.report["items"]) == (0, [])
    assert remote.asked == []


@pytest.mark.parametrize("revision", ["0" * 40, "no-such-branch", "f" * 40])
def test_a_revision_that_leads_nowhere_means_everything_with_a_warning(
    in_step: Workspace, remote: Loopback, revision: str
) -> None:
    in_step.write("one", "new")
    in_step.commit()
    ended = in_step.json("sync", "--since", revision, GITHUB_ACTIONS="true" if revision == "no-such-branch" else "")
    assert ended.status == 0
    assert actions(ended.report) == {"one": "update", "two": "unchanged", "three": "unchanged"}
    (problem,) = ended.report["problems"]
    assert (problem["severity"], problem["code"]) == ("warning", "since-unknown")
    assert "all files are compared" in problem["message"]
    assert remote.sandbox.description("one") == "new"


def test_since_works_from_a_subfolder_and_where_the_config_is_in_one(tmp_path: Path, remote: Loopback) -> None:
    (tmp_path / "repository" / "deep" / "er").mkdir(parents=True)
    top, deep = Workspace(tmp_path / "repository"), Workspace(tmp_path / "repository" / "deep")
    deep.configure(remote.url)
    remote.add("one", "two", texts={"one": "old", "two": "old"})
    deep.write("one", "old")
    deep.write("two", "old")
    top.commit()
    deep.write("one", "new")
    top.commit()
    for folder, more in ((deep.folder / "er", ()), (deep.folder, ()), (top.folder, ("--config", "deep/config.yaml"))):
        ended = Workspace(folder).json(*more, "diff", "--since", "HEAD~1")
        assert actions(ended.report) == {"one": "update"}, ended.err
        assert ended.item("one")["path"] == "descriptions/one.md"


def test_select_and_since_narrow_each_other(in_step: Workspace) -> None:
    in_step.write("one", "new")
    in_step.write("two", "new")
    assert actions(in_step.json("diff", "--since", "HEAD", "t*").report) == {"two": "update"}
    assert actions(in_step.json("diff", "--since", "HEAD", "three").report) == {}
    assert in_step.run("diff", "--since", "HEAD", "four").status == 2


def test_check_since_looks_at_the_changed_files_alone(in_step: Workspace, remote: Loopback) -> None:
    in_step.write("one", "{asset: x}")
    in_step.write("two", "fine")
    assert actions(in_step.json("check", "--since", "HEAD").report) == {"one": "invalid", "two": "checked"}
    assert in_step.run("check", "--since", "HEAD", SCENARIO_SDK_API_KEY="", SCENARIO_SDK_API_SECRET="").status == 1
    assert remote.asked == []


def test_a_bad_file_that_has_not_changed_is_not_this_runs_matter(in_step: Workspace, remote: Loopback) -> None:
    in_step.write("bad", "{asset: x}")
    in_step.commit()
    in_step.write("one", "new")
    assert in_step.json("sync", "--since", "HEAD").report["summary"]["applied"] == 1
    assert in_step.run("sync").status == 1


# Edits made on Scenario


def test_an_edit_on_scenario_is_a_conflict_shown_three_ways(in_step: Workspace, remote: Loopback) -> None:
    commit = in_step.git("rev-parse", "HEAD").strip()
    remote.sandbox.put("one", "text one\nadded on Scenario")
    in_step.write("one", "text one\nadded in git")
    in_step.commit()
    in_step.write("two", "new")
    ended = in_step.json("sync")
    assert ended.status == 1
    item = ended.item("one")
    assert (item["action"], item["status"], item["model_name"]) == ("conflict", "refused", "Name of one")
    assert [problem["code"] for problem in item["problems"]] == ["remote-edited"]
    assert item["remote_edit"]["commit"] == commit
    assert "\n text one\n+added on Scenario\n" in item["remote_edit"]["diff"]
    assert "\n text one\n+added in git\n" in item["remote_edit"]["own_diff"]
    assert "-added on Scenario\n+added in git\n" in item["diff"]
    assert ended.item("two")["status"] == "not_attempted"
    assert remote.counts["PUT"] == 0
    shown = in_step.run("diff")
    assert shown.status == 1
    assert shown.out.index("+added on Scenario") < shown.out.index("-added on Scenario")
    assert f"git/{commit[:10]}/descriptions/one.md" in shown.out
    titles = [line for line in shown.out.splitlines() if line.endswith(":")]
    assert titles == [
        f"Edited on Scenario; closest commit {commit[:10]} (a guess):",
        f"Your file, compared with commit {commit[:10]}:",
        "Your file, compared with Scenario:",
    ]


def test_keep_going_refuses_just_the_conflict(in_step: Workspace, remote: Loopback) -> None:
    remote.sandbox.put("one", "edited")
    in_step.write("one", "mine")
    in_step.write("two", "new")
    ended = in_step.json("sync", "--keep-going")
    assert ended.status == 1
    assert (remote.sandbox.description("one"), remote.sandbox.description("two")) == ("edited", "new")


def test_an_edit_is_overwritten_where_that_is_asked_for_and_is_in_the_report(
    in_step: Workspace, remote: Loopback
) -> None:
    remote.sandbox.put("one", "edited on Scenario")
    ended = in_step.json("sync", "--overwrite-remote-edits")
    assert ended.status == 0
    assert remote.sandbox.description("one") == "text one"
    item = ended.item("one")
    assert (item["action"], item["status"]) == ("update", "applied")
    assert [(problem["severity"], problem["code"]) for problem in item["problems"]] == [("warning", "remote-edited")]
    assert "-edited on Scenario" in item["diff"]


def test_a_text_that_git_held_long_ago_is_no_edit(in_step: Workspace, remote: Loopback) -> None:
    for text in ("second", "third"):
        in_step.held({"one": text})
    assert in_step.json("sync").item("one")["action"] == "update"


def test_an_edit_where_the_file_was_not_touched_is_a_conflict_too(in_step: Workspace, remote: Loopback) -> None:
    remote.sandbox.put("one", "drifted")
    ended = in_step.json("diff", "--exit-code")
    assert (ended.status, ended.item("one")["action"]) == (1, "conflict")


@pytest.mark.parametrize("place", ["shallow", "no git"])
def test_without_the_whole_history_an_update_cannot_tell_and_a_create_can(
    workspace: Workspace, remote: Loopback, tmp_path: Path, place: str
) -> None:
    remote.add("one", "two", "fresh", texts={"one": "old", "two": "text two"})
    workspace.held({"one": "old"})
    workspace.held({"one": "older than the last commit"})
    workspace.held({"one": "new", "two": "text two", "fresh": "fresh"})
    if place == "shallow":
        clone = tmp_path / "clone"
        workspace.git("clone", "--quiet", "--depth=1", f"file://{workspace.folder}", str(clone))
        learn(clone / ".syncjob", remote.url)
    else:
        clone = workspace.folder
        (workspace.folder / ".git").rename(tmp_path / "git")
    ended = Workspace(clone).json("sync", "--keep-going", GIT_CEILING_DIRECTORIES=str(tmp_path))
    assert actions(ended.report) == {"fresh": "create", "one": "conflict", "two": "unchanged"}
    message = ended.item("one")["problems"][0]["message"]
    assert "cannot tell" in message
    assert ("git fetch --unshallow" if place == "shallow" else "git init") in message
    assert remote.sandbox.description("one") == "old"


# Deletes and renames


def test_a_deleted_file_is_reported_and_left_alone(in_step: Workspace, remote: Loopback) -> None:
    (in_step.descriptions / "one.md").unlink()
    ended = in_step.json("sync", "--since", "HEAD")
    assert ended.status == 0
    item = ended.item("one")
    assert (item["action"], item["status"]) == ("unchanged", "unchanged")
    assert [(problem["severity"], problem["code"]) for problem in item["problems"]] == [("warning", "deleted-locally")]
    assert remote.asked == []


def test_prune_since_deletes_what_git_deleted(in_step: Workspace, remote: Loopback) -> None:
    (in_step.descriptions / "one.md").unlink()
    in_step.git("mv", "descriptions/two.md", "descriptions/new.md")
    remote.add("new")
    in_step.commit()
    ended = in_step.json("sync", "--since", "HEAD~1", "--prune")
    assert ended.status == 0, ended.out
    assert actions(ended.report) == {"new": "create", "one": "delete", "two": "delete"}
    assert [remote.sandbox.description(id_) for id_ in ("one", "two", "new")] == ["", "", "text two"]
    bodies = {target: json.loads(body) for method, target, body in remote.asked if method == "PUT"}
    assert bodies["/v1/models/one/description"] == {"description": None}
    assert ended.item("one")["after_sha256"] is None
    assert in_step.json("sync", "--since", "HEAD~1", "--prune").report["requests"]["put"] == 0


def test_prune_deletes_own_models_without_a_file_that_git_held(in_step: Workspace, remote: Loopback) -> None:
    remote.add("bare")
    in_step.held({"gone": "once in git"})
    remote.add("gone", texts={"gone": "once in git"})
    (in_step.descriptions / "gone.md").unlink()
    in_step.commit()
    ended = in_step.json("sync", "--prune")
    assert ended.status == 0
    assert actions(ended.report) == {"gone": "delete", "one": "unchanged", "three": "unchanged", "two": "unchanged"}
    assert remote.sandbox.description("gone") == ""


def test_prune_never_deletes_unseen_what_git_never_held(in_step: Workspace, remote: Loopback) -> None:
    remote.add("foreign", texts={"foreign": "written on Scenario"})
    refused = in_step.json("sync", "--prune")
    assert (refused.status, refused.item("foreign")["action"]) == (1, "conflict")
    assert remote.sandbox.description("foreign") == "written on Scenario"
    assert in_step.json("sync", "--prune", "--overwrite-remote-edits").status == 0
    assert remote.sandbox.description("foreign") == ""


def test_prune_takes_select_and_knows_models_without_a_file(in_step: Workspace, remote: Loopback) -> None:
    for id_ in ("gone", "also"):
        in_step.held({id_: "once"})
        remote.add(id_, texts={id_: "once"})
        (in_step.descriptions / f"{id_}.md").unlink()
        in_step.commit()
    assert actions(in_step.json("diff", "--prune", "gone", "one").report) == {"gone": "delete", "one": "unchanged"}
    assert in_step.run("diff", "--prune", "nobody").status == 2
    assert in_step.run("diff", "gone").status == 2


def test_public_models_of_others_are_never_pruned(in_step: Workspace, remote: Loopback) -> None:
    row = {**model_row("theirs", "Theirs", privacy="public"), "ownerId": "proj_other"}
    remote.sandbox.add_models([row], {"theirs": "their text"})
    remote.script = lambda method, target: (
        json_answer(200, json.dumps({"models": [model_row("one")]}).encode())
        if target.startswith("/v1/models?")
        else None
    )
    ended = in_step.json("sync", "--prune")
    assert ended.status == 0
    assert "theirs" not in actions(ended.report)


def test_models_that_cannot_be_listed_refuse_a_prune(in_step: Workspace, remote: Loopback) -> None:
    in_step.write("one", "new")
    remote.script = lambda method, target: (
        json_answer(403, b'{"reason": "no scope"}') if target.startswith("/v1/models?") else None
    )
    ended = in_step.json("sync", "--prune")
    assert ended.status == 1
    assert [problem["code"] for problem in ended.report["problems"]] == ["forbidden"]
    assert remote.counts["PUT"] == 0


def test_the_last_file_may_be_deleted_with_force(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one", texts={"one": "text"})
    workspace.held({"one": "text"})
    (workspace.descriptions / "one.md").unlink()
    workspace.descriptions.rmdir()
    workspace.commit()
    refused = workspace.json("sync", "--since", "HEAD~1", "--prune")
    assert refused.status == 1
    assert "the folder holds no description any more" in refused.report["problems"][0]["message"]
    assert workspace.json("sync", "--since", "HEAD~1", "--prune", "--force").status == 0
    assert remote.sandbox.description("one") == ""
    assert workspace.run("sync", "--prune", "--force").status == 2


def test_a_folder_that_cannot_be_listed_is_not_an_empty_one(in_step: Workspace, remote: Loopback) -> None:
    in_step.write("one", "new")
    in_step.commit()
    (in_step.folder / "config.yaml").write_text(
        (in_step.folder / "config.yaml").read_text() + "descriptions: config.yaml\n"
    )
    ended = in_step.run("sync", "--since", "HEAD~1", "--prune", "--force")
    assert ended.status == 2
    assert "cannot list the descriptions folder" in ended.err
    assert remote.asked == []


@pytest.mark.parametrize("more", [("--since", "HEAD~1"), ()])
def test_what_is_not_checked_out_is_refused_and_never_pruned(
    in_step: Workspace, remote: Loopback, more: tuple[str, ...]
) -> None:
    in_step.write("one", "new")
    in_step.commit()
    in_step.git("sparse-checkout", "set", "--no-cone", "/*", "!/descriptions/one.md")
    ended = in_step.json("sync", "--prune", *more)
    assert ended.status == 1
    assert ended.item("one")["problems"][0]["code"] == "file-special"
    assert remote.sandbox.description("one") == "text one"
    assert remote.asked == []


def test_what_was_changed_and_changed_back_is_looked_at(in_step: Workspace, remote: Loopback) -> None:
    start = in_step.commit()
    in_step.held({"one": "written by a run that then failed"})
    remote.sandbox.put("one", "written by a run that then failed")
    in_step.held({"one": "text one"})
    ended = in_step.json("sync", "--since", start)
    assert actions(ended.report) == {"one": "update"}
    assert remote.sandbox.description("one") == "text one"


def test_too_many_deletes_need_force_counted_on_the_whole_folder(workspace: Workspace, remote: Loopback) -> None:
    ids = [f"m{number:02}" for number in range(60)]
    remote.add(*ids, texts=dict.fromkeys(ids, "text"))
    workspace.held(dict.fromkeys(ids, "text"))
    for id_ in ids[:11]:
        (workspace.descriptions / f"{id_}.md").unlink()
    refused = workspace.json("sync", "--since", "HEAD", "--prune")
    assert refused.status == 1
    (problem,) = refused.report["problems"]
    assert problem["code"] == "too-many-changes"
    assert "11 descriptions would be deleted" in problem["message"]
    assert workspace.json("sync", "--since", "HEAD", "--prune", "--force").status == 0
    assert remote.counts["PUT"] == 11


# Saved plans


@pytest.fixture
def planned(in_step: Workspace, remote: Loopback) -> Workspace:
    """An update, a create and a delete, saved in plan.json; what the stand-in was asked is forgotten."""
    remote.add("fresh")
    in_step.write("one", "new one")
    in_step.write("fresh", "new")
    (in_step.descriptions / "two.md").unlink()
    assert in_step.run("diff", "--since", "HEAD", "--prune", "--plan-out", "plan.json").status == 0
    remote.asked.clear()
    return in_step


def test_a_plan_is_applied_as_it_was_reviewed_and_once_more_changes_nothing(
    planned: Workspace, remote: Loopback
) -> None:
    ended = planned.json("sync", "--plan", "plan.json")
    assert ended.status == 0, ended.out
    assert ended.report["summary"]["applied"] == 3
    assert [remote.sandbox.description(id_) for id_ in ("one", "fresh", "two")] == ["new one", "new", ""]
    # What a 404 says to be missing is read again.
    assert remote.counts == {"GET": 3 + (PLAYS.no_description in ("404", "null")), "POST": 1, "PUT": 3}
    again = planned.json("sync", "--plan", "plan.json")
    assert (again.status, again.report["summary"]["unchanged"]) == (0, 3)
    assert again.report["requests"]["put"] == 0


def test_nothing_outside_the_plan_is_written(planned: Workspace, remote: Loopback) -> None:
    planned.write("three", "changed after the plan")
    planned.write("later", "new after the plan")
    remote.add("later")
    assert set(actions(planned.json("sync", "--plan", "plan.json").report)) == {"one", "fresh", "two"}
    assert (remote.sandbox.description("three"), remote.sandbox.description("later")) == ("text three", "")


@pytest.mark.parametrize("change", ["edited", "gone", "back"])
def test_a_file_that_changed_since_refuses_the_plan_before_any_request(
    planned: Workspace, remote: Loopback, change: str
) -> None:
    if change == "edited":
        planned.write("one", "changed since")
    elif change == "gone":
        (planned.descriptions / "one.md").unlink()
    else:
        planned.write("two", "back again")
    ended = planned.json("sync", "--plan", "plan.json")
    assert ended.status == 1
    stale = [
        item["model_id"]
        for item in ended.report["items"]
        for problem in item["problems"]
        if problem["code"] == "stale-plan"
    ]
    assert stale == ["two" if change == "back" else "one"]
    assert remote.asked == []


def test_a_remote_text_that_changed_since_refuses_the_plan(planned: Workspace, remote: Loopback) -> None:
    remote.sandbox.put("one", "edited since")
    ended = planned.json("sync", "--plan", "plan.json")
    assert ended.status == 1
    assert (ended.item("one")["action"], ended.item("one")["problems"][0]["code"]) == ("conflict", "stale-plan")
    assert remote.counts["PUT"] == 0
    assert planned.json("sync", "--plan", "plan.json", "--keep-going").report["summary"]["applied"] == 2
    assert remote.sandbox.description("one") == "edited since"


def test_a_plan_that_was_edited_is_refused_before_any_request(planned: Workspace, remote: Loopback) -> None:
    plan = planned.folder / "plan.json"
    plan.write_text(plan.read_text().replace('"create"', '"update"'))
    ended = planned.run("sync", "--plan", "plan.json")
    assert ended.status == 2
    assert "was changed since it was written" in ended.err
    assert planned.run("sync", "--plan", "missing.json").status == 2
    assert remote.asked == []


def test_a_plan_with_a_conflict_stays_refused(in_step: Workspace, remote: Loopback) -> None:
    remote.sandbox.put("one", "edited on Scenario")
    in_step.write("two", "new")
    assert in_step.run("diff", "--plan-out", "plan.json").status == 1
    remote.asked.clear()
    assert in_step.run("sync", "--plan", "plan.json").status == 1
    assert remote.asked == []
    ended = in_step.json("sync", "--plan", "plan.json", "--keep-going")
    assert (ended.status, ended.report["summary"]["applied"]) == (1, 1)
    assert remote.sandbox.description("one") == "edited on Scenario"


def test_a_reference_that_is_missing_by_now_refuses_the_plan(in_step: Workspace, remote: Loopback) -> None:
    remote.add_assets("asset_a")
    in_step.write("one", "see {asset:asset_a}")
    assert in_step.run("diff", "--plan-out", "plan.json").status == 0
    remote.script = lambda method, target: json_answer(200, b'{"assets": []}') if "assets" in target else None
    ended = in_step.json("sync", "--plan", "plan.json")
    assert (ended.status, ended.item("one")["problems"][0]["code"]) == (1, "asset-missing")
    assert remote.counts["PUT"] == 0


def test_a_plan_of_an_overwrite_is_made_by_a_dry_run_and_applied(in_step: Workspace, remote: Loopback) -> None:
    remote.sandbox.put("one", "edited on Scenario")
    made = in_step.run("sync", "--dry-run", "--overwrite-remote-edits", "--plan-out", "plan.json")
    assert made.status == 0, made.err
    applied = in_step.json("sync", "--plan", "plan.json")
    assert (applied.status, applied.item("one")["problems"][0]["code"]) == (0, "remote-edited")
    assert remote.sandbox.description("one") == "text one"


@pytest.mark.parametrize(
    "arguments",
    [
        ("diff", "--plan-out", "a.json", "--output", "a.json"),
        ("diff", "--plan-out", "a.json", "--report", "./a.json"),
        ("sync", "--output", "a.json", "--report", "a.json"),
        ("sync", "--plan", "plan.json", "--output", "plan.json"),
        ("sync", "--plan", "plan.json", "--report", "plan.json"),
    ],
)
def test_no_two_files_of_a_run_are_one(planned: Workspace, remote: Loopback, arguments: tuple[str, ...]) -> None:
    plan = (planned.folder / "plan.json").read_text()
    ended = planned.run(*arguments)
    assert ended.status == 2
    assert "name the same file" in ended.err
    assert remote.asked == []
    assert (planned.folder / "plan.json").read_text() == plan


def test_a_plan_that_is_no_regular_file_is_refused(planned: Workspace, remote: Loopback) -> None:
    os.mkfifo(planned.folder / "pipe")
    for path in ("pipe", ".", "/dev/zero"):
        assert planned.run("sync", "--plan", path).status == 2
    assert remote.asked == []


@pytest.mark.parametrize("more", [("one",), ("--since", "HEAD"), ("--prune",), ("--overwrite-remote-edits",)])
def test_a_plan_stands_alone(planned: Workspace, remote: Loopback, more: tuple[str, ...]) -> None:
    ended = planned.run("sync", "--plan", "plan.json", *more)
    assert ended.status == 2
    assert "--plan applies just what the plan holds" in ended.err
    assert remote.asked == []
    assert (
        planned.run("sync", "--plan", "plan.json", "--dry-run").out.count("Plan: 1 to create, 1 to update, 1 to delete")
        == 1
    )


def test_what_came_and_went_since_a_revision_is_gone(in_step: Workspace, remote: Loopback) -> None:
    base = in_step.commit()
    remote.add("brief")
    path = in_step.write("brief", "text")
    in_step.commit()
    assert in_step.run("sync").status == 0  # a run in between
    path.unlink()
    in_step.commit()
    kept = in_step.json("diff", "--since", base)
    assert [problem["code"] for problem in kept.item("brief")["problems"]] == ["deleted-locally"]
    assert in_step.json("sync", "--since", base, "--prune", "--force").item("brief")["status"] == "applied"
    assert not remote.sandbox.description("brief")


def test_a_file_with_a_bad_name_keeps_its_description(in_step: Workspace, remote: Loopback) -> None:
    base = in_step.commit()
    (in_step.descriptions / "one.md").rename(in_step.descriptions / "one.MD")
    in_step.commit()
    for options in ((), ("--since", base)):
        ended = in_step.json("sync", "--prune", "--keep-going", "--force", *options)
        assert ended.status == 1
        assert ended.report["summary"]["delete"] == 0
    assert remote.sandbox.description("one")


def test_a_saved_plan_deletes_nothing_that_git_has(in_step: Workspace, remote: Loopback) -> None:
    base = in_step.commit()
    path = in_step.descriptions / "one.md"
    text = path.read_text()
    path.unlink()
    in_step.commit()
    assert in_step.run("diff", "--since", base, "--prune", "--plan-out", "plan.json").status == 0
    in_step.write("one", text)
    in_step.commit()
    in_step.git("update-index", "--skip-worktree", "descriptions/one.md")
    path.unlink()
    assert in_step.run("sync", "--plan", "plan.json", "--force").status == 1
    assert remote.sandbox.description("one")
