"""A run as a step of a workflow: its summary, its outputs and its report."""

import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncjob.github.step import Step
from syncjob.report.model import Item, Report, Requests, Summary
from tests.support.loopback import Loopback, json_answer
from tests.support.runner_output import outputs
from tests.support.workspace import Ended, Workspace

NAMES = ["changes", "to_create", "to_update", "to_delete", "conflicts", "applied", "failed", "report", "comment"]
NAMES += ["progress", "continue"]
OF_EDITS = ["edits", "edited", "brought", "complete"]
NAMES += OF_EDITS
MOST = 1_000_000  # bytes of a summary


def report_of(summary: Summary, *items: Item) -> Report:
    return Report(
        version=1,
        run="run",
        command="sync",
        profile="test",
        dry_run=False,
        started_at="",
        finished_at="",
        exit_code=0,
        summary=summary,
        requests=Requests(),
        items=items,
    )


def item_of(model_id: str, size: int) -> Item:
    diff = f"--- scenario/{model_id}\n+++ descriptions/{model_id}.md\n@@ -0,0 +1 @@\n+{'é' * (size // 2)}\n"
    return Item(model_id, None, f"descriptions/{model_id}.md", "update", "applied", diff=diff)


def tell(folder: Path, report: Report, report_file: str | None = None) -> tuple[bytes, str]:
    """The summary and the outputs after a run."""
    environment = {"GITHUB_STEP_SUMMARY": str(folder / "summary"), "GITHUB_OUTPUT": str(folder / "outputs")}
    Step(environment).tell(report, report_file)
    summary = folder / "summary"
    return summary.read_bytes() if summary.exists() else b"", (folder / "outputs").read_bytes().decode()


def test_each_output_is_the_count_of_its_name(tmp_path: Path) -> None:
    summary = Summary(
        create=1, update=2, delete=4, unchanged=8, conflict=16, invalid=32, applied=64, failed=128, refused=256
    )
    _, written = tell(tmp_path, report_of(summary), "report.json")
    assert outputs(written) == {
        "changes": "7",
        "to_create": "1",
        "to_update": "2",
        "to_delete": "4",
        "conflicts": "16",
        "applied": "64",
        "failed": "128",
        "report": "report.json",
        "comment": "",
        "progress": "",
        "continue": "false",
        **dict.fromkeys(OF_EDITS, ""),
    }


@pytest.mark.parametrize(("progress", "given"), [(None, ("", "false")), (0, ("0", "false")), (3, ("3", "true"))])
def test_only_a_run_that_got_further_is_to_be_continued(
    tmp_path: Path, progress: int | None, given: tuple[str, str]
) -> None:
    Step({"GITHUB_OUTPUT": str(tmp_path / "outputs")}).tell(report_of(Summary()), None, progress=progress)
    written = outputs((tmp_path / "outputs").read_text("utf-8"))
    assert (written["progress"], written["continue"]) == given


def test_without_a_report_its_output_is_empty(tmp_path: Path) -> None:
    assert outputs(tell(tmp_path, report_of(Summary()))[1])["report"] == ""


def test_what_earlier_commands_of_the_step_wrote_stays(tmp_path: Path) -> None:
    (tmp_path / "summary").write_text("# Before\n\n")
    (tmp_path / "outputs").write_text("mine=1\nother<<end\nchanges=9\nend\n")
    tell(tmp_path, report_of(Summary(update=1)))
    summary, written = tell(tmp_path, report_of(Summary(update=2)))
    assert summary.startswith(b"# Before\n\n### What was written to Scenario\n")
    assert summary.count(b"### ") == 2
    assert outputs(written)["mine"] == "1"
    assert outputs(written)["other"] == "changes=9"
    assert outputs(written)["to_update"] == "2"


@pytest.mark.parametrize(
    "path", ["a b.json", "x<<y=z.json", "end\nchanges<<x\n1\nx", "end-0\n", "=", "<<", "é🦊\r.json"]
)
def test_no_path_of_a_report_becomes_another_output(tmp_path: Path, path: str) -> None:
    written = outputs(tell(tmp_path, report_of(Summary(update=3)), path)[1])
    assert list(written) == NAMES
    assert (written["report"], written["changes"]) == (path, "3")


def test_the_delimiters_of_outputs_cannot_be_known(tmp_path: Path) -> None:
    for _ in range(3):
        _, written = tell(tmp_path, report_of(Summary()))
    delimiters = [line.partition("<<")[2] for line in written.split("\n") if "<<" in line]
    assert len(set(delimiters)) == len(delimiters) == 3 * len(NAMES)
    assert all(len(delimiter) >= 32 for delimiter in delimiters)


@given(st.lists(st.integers(0, 120_000), max_size=12), st.integers(0, MOST + 10))
@settings(max_examples=60, deadline=None)
def test_a_summary_never_exceeds_its_limit_whatever_stood_there_before(sizes: list[int], taken: int) -> None:
    report = report_of(Summary(), *(item_of(f"m{place}", size) for place, size in enumerate(sizes)))
    with tempfile.TemporaryDirectory() as folder:
        summary = Path(folder) / "summary"
        summary.write_bytes(b"x" * taken)
        after, _ = tell(Path(folder), report)
        assert after[:taken] == b"x" * taken
        assert len(after) <= max(MOST, taken)
        assert taken > MOST - 2000 or b"### What was written" in after


@pytest.mark.parametrize("free", [100, 1, 0, -1])
def test_where_not_even_the_counts_fit_a_summary_stays_as_it_is(tmp_path: Path, free: int) -> None:
    before = b"x" * (MOST - free)
    (tmp_path / "summary").write_bytes(before)
    after, written = tell(tmp_path, report_of(Summary(update=1)))
    assert after == before
    assert outputs(written)["to_update"] == "1"


def test_a_summary_uses_the_room_that_there_is(tmp_path: Path) -> None:
    report = report_of(Summary(), *(item_of(f"m{place:02}", 100_000) for place in range(20)))
    first, _ = tell(tmp_path, report)
    assert first.count(b"<details>") == 10
    assert b"**11 more models are not shown here**" in first
    second, _ = tell(tmp_path, report)
    assert second[len(first) :].count(b"<details>") == second[len(first) :].count(b"<table>") == 1  # names alone
    assert b"**20 more models are not shown here**" in second[len(first) :]


def test_without_files_from_a_runner_nothing_is_written(tmp_path: Path) -> None:
    step = Step({"GITHUB_STEP_SUMMARY": "", "GITHUB_ACTIONS": "true"})
    step.tell(report_of(Summary()), None)
    assert list(tmp_path.iterdir()) == []
    assert step.file("report.json") is None


@pytest.mark.parametrize(
    ("root", "config", "folder"),
    [
        (".", "config.yaml", "."),
        (".", "a/b/config.yaml", "a/b"),
        ("a", "b/config.yaml", "../b"),
        ("a/../b", "b/c/config.yaml", "c"),
    ],
)
def test_the_way_to_the_config_begins_at_the_root_of_the_repository(
    tmp_path: Path, root: str, config: str, folder: str
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    assert Step({"GITHUB_WORKSPACE": str(tmp_path / root)}).folder(tmp_path / config) == folder
    assert Step({}).folder(tmp_path / config) == ""


def test_a_config_by_way_of_a_link_is_in_the_folder_that_the_link_leads_to(tmp_path: Path) -> None:
    (tmp_path / "root" / "sub").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "root" / "sub")
    assert Step({"GITHUB_WORKSPACE": str(tmp_path / "root")}).folder(tmp_path / "link" / "config.yaml") == "sub"


@pytest.fixture
def repository(workspace: Workspace, remote: Loopback) -> Workspace:
    """One text to create, one to update, one edited on Scenario, one as it is."""
    remote.add("made", "moved", "edited", "same", texts={"moved": "old", "edited": "theirs", "same": "same"})
    workspace.held({"moved": "old", "edited": "ours", "same": "same"})
    for id_ in ("made", "moved", "edited"):
        workspace.write(id_, f"new text of {id_}\n")
    return workspace


def run(workspace: Workspace, *arguments: str, **more: str) -> Ended:
    folder = workspace.folder.parent / "runner"
    folder.mkdir(exist_ok=True)
    files = {"GITHUB_STEP_SUMMARY": "summary", "GITHUB_OUTPUT": "outputs"}
    paths = {name: str(folder / file) for name, file in files.items()}
    return workspace.run(*arguments, **({"GITHUB_ACTIONS": "true", "RUNNER_TEMP": str(folder)} | paths | more))


def given_outputs(workspace: Workspace) -> dict[str, str]:
    return outputs((workspace.folder.parent / "runner" / "outputs").read_bytes().decode())


def test_a_diff_gives_counts_and_the_paths_of_a_report_and_a_comment_that_are_there(repository: Workspace) -> None:
    assert run(repository, "diff").status == 1
    given = given_outputs(repository)
    report, comment = Path(given.pop("report")), Path(given.pop("comment"))
    assert report.parent == comment.parent == repository.folder.parent / "runner"
    assert comment.read_text().startswith("### What a sync would change on Scenario")
    assert json.loads(report.read_text())["summary"]["conflict"] == 1
    assert given == {
        "changes": "2",
        "to_create": "1",
        "to_update": "1",
        "to_delete": "0",
        "conflicts": "1",
        "applied": "0",
        "failed": "0",
        "progress": "",
        "continue": "false",
        "edits": "some",
        "edited": "edited",
        "brought": "",
        "complete": "",
    }


def test_a_sync_gives_what_it_wrote_and_what_failed(repository: Workspace, remote: Loopback) -> None:
    remote.script = lambda method, target: json_answer(400, b"{}") if method == "PUT" and "moved" in target else None
    ended = run(repository, "sync", "--keep-going")
    given = given_outputs(repository)
    assert (ended.status, given["applied"], given["failed"], given["changes"]) == (1, "1", "1", "2")
    assert json.loads(Path(given["report"]).read_text())["summary"]["applied"] == 1


def test_the_output_names_the_report_that_was_asked_for(repository: Workspace) -> None:
    run(repository, "diff", "--report", "mine.json")
    assert given_outputs(repository)["report"] == "mine.json"
    assert json.loads((repository.folder / "mine.json").read_text())["command"] == "diff"
    assert [path.name for path in (repository.folder.parent / "runner").glob("*.json")] == []


def test_without_a_temporary_folder_there_is_no_report_and_no_comment_to_name(repository: Workspace) -> None:
    run(repository, "diff", RUNNER_TEMP="")
    given = given_outputs(repository)
    assert (given["report"], given["comment"]) == ("", "")


def test_a_comment_has_the_room_of_a_comment_however_much_the_summary_has(tmp_path: Path) -> None:
    report = report_of(Summary(), *(item_of(f"m{place:02}", 10_000) for place in range(20)))
    environment = {"RUNNER_TEMP": str(tmp_path), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    Step(environment).tell(report, None)
    comment = (tmp_path / "syncjob-run.md").read_text()
    assert 55_000 < len(comment) <= 60_000
    assert "**9 more models are not shown here**" in comment
    assert (tmp_path / "summary").read_text().count("<details>") == 21


def test_each_run_has_a_report_of_its_own(repository: Workspace) -> None:
    reports = set()
    for command in ("check", "diff"):
        run(repository, command)
        reports.add(given_outputs(repository)["report"])
    assert len(reports) == 2
    assert {json.loads(Path(report).read_text())["command"] for report in reports} == {"check", "diff"}


@pytest.mark.parametrize("form", ["text", "json", "markdown", "html"])
def test_the_summary_is_the_same_whatever_the_format(repository: Workspace, form: str) -> None:
    run(repository, "diff", "--format", form)
    summary = (repository.folder.parent / "runner" / "summary").read_text()
    assert summary.startswith(
        "### What a sync would change on Scenario\n\n**Blocked: sync would write nothing. 1 edited on Scenario; 2 ready.**\nPlan: 1 to create, 1 to update"
    )
    assert "<b>conflict</b> +1 -1 <code>edited</code>" in summary
    assert "+new text of made" in summary
    assert summary.endswith("</details>\n\nNext: settle what is refused, or write the rest with --keep-going.\n\n")


def test_a_run_that_does_not_begin_gives_nothing(repository: Workspace) -> None:
    assert run(repository, "--profile", "typo", "diff").status == 2
    assert list((repository.folder.parent / "runner").iterdir()) == []


def test_a_check_gives_no_changes(repository: Workspace) -> None:
    assert run(repository, "check").status == 0
    given = given_outputs(repository)
    assert {given[name] for name in NAMES[:7]} == {"0"}
    assert "Checked 4 descriptions" in (repository.folder.parent / "runner" / "summary").read_text()


def test_a_summary_that_cannot_be_written_hides_nothing_of_what_was_done(
    repository: Workspace, remote: Loopback
) -> None:
    ended = run(repository, "sync", "--keep-going", GITHUB_STEP_SUMMARY=os.fspath(repository.folder))
    assert ended.status == 1
    assert "Applied 2" in ended.err
    assert remote.counts["PUT"] == 2
    assert given_outputs(repository)["applied"] == "2"
