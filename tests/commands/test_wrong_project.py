"""A key of another project, which sees no model of the files, is one message with what to do."""

import json

import pytest

from syncjob.commands import reading
from syncjob.commands.run import Options
from syncjob.report import text
from tests.support import in_process
from tests.support.cases import mostly_deep
from tests.support.loopback import Loopback, json_answer
from tests.support.workspace import Workspace

IDS = [f"m{number:02}" for number in range(60)]
SAID = "none of these 60 models is visible with this key (m00, m01, m02 and 57 more)"
CHECK = "Check SCENARIO_SDK_API_KEY"


@pytest.fixture
def elsewhere(workspace: Workspace, remote: Loopback) -> Workspace:
    """60 descriptions, committed, of models that are not in the key's project."""
    remote.add("theirs", texts={"theirs": "of another project"})
    for id_ in IDS:
        workspace.write(id_, "text {asset:asset_1}\n")
    workspace.commit()
    return workspace


@pytest.mark.parametrize(
    "case",
    mostly_deep(
        [
            ("diff", "Plan: 0 to create, 0 to update, 0 to delete, 0 unchanged, 60 invalid."),
            ("sync", "Nothing was written: 0 failed, 60 refused."),
            ("sync --prune --keep-going", "Nothing was written: 0 failed, 61 refused."),
            ("diff --stat", "Plan: 0 to create, 0 to update, 0 to delete, 0 unchanged, 60 invalid."),
            ("pull", "No file was written: 0 unchanged, 1 problem."),
            ("pull --all", "No file was written: 0 unchanged, 1 problem."),
            ("acknowledge * --yes", "Acknowledged nothing, 1 problem."),
            ("check --remote", "Checked 60 descriptions: 1 error, 0 warnings."),
        ]
    ),
)
def test_a_key_that_sees_none_of_the_models_is_one_message(
    elsewhere: Workspace, remote: Loopback, case: tuple[str, str]
) -> None:
    command, ends = case
    ended = elsewhere.run(*command.split())
    assert ended.status == 1
    assert (ended.out.count(SAID), ended.out.count("model-unknown:")) == (1, 1)
    assert CHECK in ended.out
    assert ends in ended.out
    assert "descriptions/m" not in ended.out
    assert "\ninvalid " not in ended.out  # 60 lines that say nothing more
    assert remote.counts["PUT"] == 0
    assert not (elsewhere.descriptions / "theirs.md").exists()


@pytest.mark.deep
def test_each_item_of_the_report_has_its_problem_and_the_comment_says_it_once(elsewhere: Workspace) -> None:
    ended = elsewhere.run("diff", "--format", "markdown", "--report", "report.json")
    report = json.loads((elsewhere.folder / "report.json").read_text())
    assert [each["code"] for each in report["problems"]] == ["model-unknown"]
    assert {item["problems"][0]["code"] for item in report["items"]} == {"model-unknown"}
    assert ended.out.count("is visible with this key") == 1
    assert "no such model, or not visible" not in ended.out


@pytest.mark.deep
def test_a_rollback_is_told_too_and_calls_nothing_edited(elsewhere: Workspace, remote: Loopback) -> None:
    elsewhere.expect_no_lag()
    remote.add(*IDS[:6])
    remote.add_assets("asset_1")
    assert elsewhere.run("sync", *IDS[:6]).status == 0
    unseen = json_answer(404, b'{"reason": "no such model", "name": "NotFound"}')
    remote.script = lambda method, target: json_answer(200, b'{"models": []}') if "get-bulk" in target else unseen
    for options in ((), ("--force",)):
        ended = elsewhere.run("rollback", "last", "--dry-run", *options)
        assert (ended.status, ended.out.count("none of these 6 models"), "edited" in ended.out) == (1, 1, False)


def test_the_first_slice_is_enough_to_know_it(
    elsewhere: Workspace, remote: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SLICE", 10)
    report = in_process.diff(elsewhere, Options(keep_going=True))
    assert [each.code for each in report.problems] == ["model-unknown"]
    unread = len(IDS) - remote.counts["GET"]  # how many that is depends on how fast its workers are
    assert (report.summary.invalid, report.summary.not_attempted) == (len(IDS), unread)
    head = "Incomplete (model-unknown): " if unread else "Blocked: sync would write nothing (model-unknown)"
    assert text.render_plan(report, color=False).startswith(head)


@pytest.mark.deep
def test_pull_says_it_of_few_models_too_and_keeps_its_report(elsewhere: Workspace, remote: Loopback) -> None:
    for id_ in IDS[2:]:
        (elsewhere.descriptions / f"{id_}.md").unlink()
    ended = elsewhere.json("pull")
    assert (ended.status, [each["code"] for each in ended.item("m00")["problems"]]) == (1, ["model-unknown"])
    assert ended.report["problems"] == []
    assert elsewhere.run("pull").out.count("no such model, or not visible to these credentials") == 2
    remote.add("m00")  # without a description
    assert elsewhere.run("pull").out == "Pulled 0 files, 0 unchanged, 2 without a description.\n"


@pytest.mark.deep
@pytest.mark.parametrize("command", ["pull", "pull --merge", "acknowledge m00 m01 --yes"])
def test_no_acknowledged_line_goes_for_a_key_that_sees_nothing(elsewhere: Workspace, command: str) -> None:
    for id_ in IDS[2:]:
        (elsewhere.descriptions / f"{id_}.md").unlink()
    lines = elsewhere.descriptions / ".acknowledged"
    lines.mkdir()
    (lines / "m00").write_text(f"test {'0' * 64}\n")
    elsewhere.commit()
    assert elsewhere.run(*command.split()).status == 1
    assert (lines / "m00").exists()


@pytest.mark.deep
def test_one_model_that_is_visible_makes_all_others_wrong_by_themselves(elsewhere: Workspace, remote: Loopback) -> None:
    remote.add("m07")
    remote.add_assets("asset_1")
    ended = elsewhere.run("diff")
    assert ("is visible with this key" in ended.out, ended.out.count("no such model")) == (False, 59)


@pytest.mark.deep
@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"SCENARIO_SDK_API_KEY": "", "SCENARIO_SDK_JWT": "a.b.c"}, ("with this token", "Check SCENARIO_SDK_JWT")),
        ({"SYNCJOB_PROFILE": "sandbox"}, ("the stand-in has none of these 60 models", "--profile")),
    ],
)
def test_it_says_what_the_models_were_asked_with(
    elsewhere: Workspace, environment: dict[str, str], said: tuple[str, str]
) -> None:
    ended = elsewhere.run("diff", **environment)
    assert [part in ended.out for part in said] == [True, True]


@pytest.mark.deep
def test_doctor_looks_whether_the_files_models_are_visible(elsewhere: Workspace, remote: Loopback) -> None:
    ended = elsewhere.run("doctor")
    (line,) = [line for line in ended.out.splitlines() if "models" in line.split()[:2]]
    assert (ended.status, line.startswith("FAILED"), "none of these 50 models is visible" in line) == (1, True, True)
    remote.add(IDS[0])
    assert elsewhere.run("doctor").status == 0
