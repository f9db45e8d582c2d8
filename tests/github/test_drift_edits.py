"""What the job of `drift.yml` that holds the key hands over: the real command, over real HTTP and real git."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.checked_out import Repository, executable
from tests.support.fake_github import NAME, GitHub
from tests.support.steps import Ended, Value, evaluate, workflow

pytestmark = pytest.mark.skipif(not shutil.which("jq"), reason="needs jq, which every runner has")

WRITE = "Write to Scenario"
MORE = "".join(f"\nMore, {number}.\n" for number in range(9))
STRANGERS: dict[str, Any] = {"event": "pull_request", "head_repository": {"full_name": "stranger/models"}}
BEFORE = "# Title\n\nFirst.\n\nSecond.\n\nThird.\n"


def night(repository: Repository, **context: Value) -> tuple[Ended, dict[str, str]]:
    """The job, and what is in its artifact, by path; nothing if there is none."""
    shutil.rmtree(repository.runner.temp / "edits", ignore_errors=True)
    repository.runner.given["artifact"] = {"artifact-id": "4712"}
    ended = repository.job("drift", "drift", **context)
    if "syncjob-edits" not in [inputs.get("name") for _, inputs in ended.used]:
        return ended, {}
    folder = repository.runner.temp / "edits"
    return ended, {
        str(path.relative_to(folder)): path.read_text("utf-8") for path in folder.rglob("*") if path.is_file()
    }


def synced(repository: Repository, commit: str, *red: dict[str, Any]) -> GitHub:
    """The sync of this commit was the last that succeeded; then came red ones."""
    github = GitHub.start(repository.programs.parent / "github", repository.programs)
    last = {"id": 5, "head_sha": commit, "conclusion": "success", "created_at": "2026-01-02T00:00:00Z"}
    before = {"id": 4, "file": "backfill.yml", "created_at": "2026-01-01T00:00:00Z"}
    known = {"branch": "main", "file": "sync.yml", "conclusion": "failure", "created_at": "2026-01-03T00:00:00Z"}
    github.change(runs=[{**known, **run} for run in (*red, last, before)])
    return github


def test_of_all_edits_those_are_handed_over_that_need_no_person(repository: Repository) -> None:
    ids = ("adopted", "has-it", "merged", "torn", "same")
    repository.remote.add(*ids, texts=dict.fromkeys(ids, BEFORE))
    last = repository.commit(**dict.fromkeys(ids, BEFORE))
    repository.commit(merged=BEFORE.replace("First", "First of git"), torn=BEFORE.replace("Third", "Third of git"))
    edited = BEFORE.replace("Third", "Third of Scenario")
    has_it = edited.replace("# Title\n", f"# Title\n{MORE}")
    repository.commit(**{"bad": "{asset: x}\n", "has-it": has_it})
    repository.remote.add(*ids[:4], texts=dict.fromkeys(ids, edited))
    synced(repository, last)
    ended, files = night(repository)
    assert ended.status == 1, ended.out
    assert ended.outputs == {"edits": "some", "artifact": "4712"}
    body = files.pop("body.md")
    lines = {name: files.pop(f"descriptions/.acknowledged/{name}") for name in ("adopted", "has-it", "merged")}
    assert all(line.startswith("production ") for line in lines.values())
    assert files == {
        "descriptions/adopted.md": edited,
        "descriptions/has-it.md": has_it,
        "descriptions/merged.md": edited.replace("First", "First of git"),
    }
    assert body.startswith("### Edits made on Scenario")
    assert "To be checked by hand: <code>torn</code>" in body
    assert repository.remote.counts["PUT"] == 0
    assert "syncjob acknowledge" in ended.summary


# Since the last sync that succeeded, main has changed two paragraphs, a sync that was red for another model's sake has
# written that, and on Scenario somebody took one of the two back.
LATER = BEFORE.replace("First", "First of git").replace("Third", "Third of git")
TAKEN_BACK = BEFORE.replace("Third", "Third of git") + "\nFourth.\n"


THERE = {"id": "7", "name": "syncjob-sync-1", "expired": False}


@pytest.mark.deep
@pytest.mark.parametrize(
    ("red", "is_brought"),
    [
        ({"artifacts": [{"id": "7", "name": "syncjob-sync-1", "expired": False}]}, True),
        ({"artifacts": [{"id": "7", "name": "syncjob-sync-1", "expired": True}], "steps": [{"name": WRITE}]}, False),
        ({"artifacts": [{"id": "8", "name": "syncjob-sync-1", "expired": False}]}, False),
        ({"artifacts": [{"id": "7", "name": "syncjob-backfill-1", "expired": False}], "file": "backfill.yml"}, True),
        (
            {"artifacts": [{"id": "7", "name": "syncjob-sync-2", "expired": False}], "steps": [{"name": WRITE}] * 2},
            False,
        ),
        ({"artifacts": [THERE, {**THERE, "expired": True}], "steps": [{"name": WRITE}] * 2}, False),
        ({"artifacts": [THERE], "steps": [{"name": WRITE}, {"name": WRITE, "conclusion": "skipped"}]}, True),
    ],
    ids=[
        "its journal is there",
        "its journal is gone",
        "its journal cannot be fetched",
        "it was a backfill",
        "a journal of two is gone",
        "a journal of two has expired",
        "of two attempts one wrote",
    ],
)
def test_what_a_red_sync_wrote_is_the_base_of_a_merge(
    repository: Repository, red: dict[str, Any], is_brought: bool
) -> None:
    repository.remote.add("one", "stuck", texts=dict.fromkeys(("one", "stuck"), BEFORE))
    last = repository.commit(one=BEFORE, stuck=BEFORE)
    repository.remote.add("stuck", texts={"stuck": "edited on Scenario"})
    repository.commit(one=LATER, stuck="new\n")
    repository.answer(last)
    sync = repository.job("sync", "sync")
    assert repository.remote.sandbox.description("one") == LATER.rstrip()
    repository.commit(one=LATER.replace("Title", "Title of git"))
    repository.remote.add("one", texts={"one": TAKEN_BACK})
    github = synced(repository, last, {"id": 6, "head_sha": "x", "steps": [], **red})
    (reports,) = [inputs["path"] for _, inputs in sync.used if inputs.get("name") == "syncjob-sync-1"]
    shutil.make_archive(str(github.folder / "7"), "zip", reports)
    ended, files = night(repository)
    assert ("What was synced last is not known" in ended.out) is not is_brought
    wanted = TAKEN_BACK.replace("Title", "Title of git")
    assert files.get("descriptions/one.md") == (wanted if is_brought else None)


@pytest.mark.deep
@pytest.mark.parametrize("run", [STRANGERS, {"event": "pull_request"}, {**STRANGERS, "file": "backfill.yml"}])
def test_what_the_journal_of_a_forks_run_says_is_never_read(repository: Repository, run: dict[str, Any]) -> None:
    """It says that a text was synced which git alone holds, so that an edit would take it back."""
    repository.remote.add("one", texts={"one": BEFORE})
    last = repository.commit(one=BEFORE)
    repository.commit(one=BEFORE.replace("First", "First of git"))
    repository.answer(last)
    forged = repository.job("sync", "sync")
    (reports,) = [inputs["path"] for _, inputs in forged.used if inputs.get("name") == "syncjob-sync-1"]
    edited = BEFORE.replace("Third", "Third of Scenario")
    repository.remote.add("one", texts={"one": edited})
    github = synced(repository, last, {"id": 6, "head_sha": "x", "steps": [], "artifacts": [THERE], **run})
    shutil.make_archive(str(github.folder / "7"), "zip", reports)
    _, files = night(repository)
    assert files["descriptions/one.md"] == edited.replace("First", "First of git")
    assert not [asked for asked in github.state["asked"] if "artifacts" in asked]


@pytest.mark.deep
def test_a_file_that_the_other_job_would_refuse_is_named_and_holds_up_no_other(repository: Repository) -> None:
    ids = ("conflicting", "crlf", "empty", "good", "huge", "linked")
    repository.commit(**{**dict.fromkeys(ids, "text\n"), "huge": "x" * 4_000_001})
    lines = repository.workspace.descriptions / ".acknowledged"
    lines.mkdir()
    line = f"production {'a' * 64}\n"
    for id_, text in {"conflicting": f"<<<<<<< HEAD\n{line}", "crlf": line[:-1] + "\r\n", "empty": ""}.items():
        (lines / id_).write_bytes(text.encode())
    (lines / "good").write_text(line)
    (lines / "linked").symlink_to("good")
    tell(repository, edits="some", edited=" ".join(ids), brought=" ".join(ids))
    repository.answer("")
    ended, files = night(repository)
    assert set(files) == {"body.md", "descriptions/good.md", "descriptions/.acknowledged/good"}
    named = "`conflicting`, `crlf`, `empty`, `huge`, `linked`"
    assert named in files["body.md"]
    assert "::warning title=Drift::" in ended.out
    head = repository.git("rev-parse", "HEAD")
    github = GitHub.start(repository.programs.parent / "github", repository.programs)
    repository.git("push", "--quiet", f"{github.url}/{NAME}", "main")
    known: dict[str, Value] = {"github__server_url": github.url, "github__sha": head}
    known |= {f"needs__drift__outputs__{name}": value for name, value in ended.outputs.items()}
    ended = repository.job("drift", "pull-request", **known)
    assert ended.status == 0, ended.out
    assert named in github.state["pulls"][0]["body"]


@pytest.mark.deep
def test_texts_are_handed_over_as_git_stores_them_however_it_checks_them_out(repository: Repository) -> None:
    repository.workspace.folder.joinpath(".gitattributes").write_text("*.md text eol=crlf\n")
    repository.remote.add("adopted", "has-it", texts=dict.fromkeys(("adopted", "has-it"), BEFORE))
    last = repository.commit(**{"adopted": BEFORE, "has-it": BEFORE})
    edited = BEFORE.replace("Third", "Third of Scenario")
    has_it = edited.replace("# Title\n", f"# Title\n{MORE}")
    repository.commit(**{"has-it": has_it})
    repository.remote.add("adopted", "has-it", texts=dict.fromkeys(("adopted", "has-it"), edited))
    shutil.rmtree(repository.workspace.descriptions)
    repository.git("checkout", "--quiet", ".")
    assert b"\r\n" in (repository.workspace.descriptions / "has-it.md").read_bytes()
    synced(repository, last)
    night(repository)
    texts = repository.runner.temp / "edits" / "descriptions"
    assert (texts / "adopted.md").read_bytes() == edited.encode()
    assert (texts / "has-it.md").read_bytes() == has_it.encode()


@pytest.mark.deep
def test_an_edit_goes_through_its_pull_request_and_the_sync_after_it(repository: Repository) -> None:
    repository.remote.add("both", texts={"both": BEFORE})
    last = repository.commit(both=BEFORE)
    head = repository.commit(both=BEFORE.replace("First", "First of git"))
    repository.remote.add("both", texts={"both": BEFORE.replace("Third", "Third of Scenario")})
    github = synced(repository, last)
    repository.git("remote", "add", "origin", f"{github.url}/{NAME}")
    repository.git("push", "--quiet", "origin", "main")
    known: dict[str, Value] = {"github__server_url": github.url, "github__sha": head}
    ended, _ = night(repository, **known)
    needed: dict[str, Value] = {f"needs__drift__outputs__{name}": value for name, value in ended.outputs.items()}
    assert repository.job("drift", "pull-request", **needed).status == 0
    (pull,) = github.state["pulls"]
    assert "Merged: <code>both</code>" in pull["body"]

    github.merge("syncjob/drift", 1)
    repository.git("clean", "--quiet", "--force", "-d", "descriptions")  # as on the next machine
    repository.git("reset", "--quiet", "--hard", head)
    repository.git("pull", "--quiet", "origin", "main")
    github.change(runs=[{**run, "run_number": 3} for run in github.state["runs"]])
    ended = repository.job("sync", "sync")
    assert ended.status == 0, ended.out
    merged = BEFORE.replace("First", "First of git").replace("Third", "Third of Scenario")
    assert repository.remote.sandbox.description("both") == merged.rstrip()
    ended, _ = night(repository, github__sha=repository.git("rev-parse", "HEAD"))
    assert (ended.status, ended.outputs) == (0, {"edits": "none", "artifact": ""})


@pytest.mark.deep
def test_if_no_sync_is_known_nothing_that_both_sides_changed_is_handed_over(repository: Repository) -> None:
    repository.remote.add("both", texts={"both": BEFORE.replace("Third", "Third of Scenario")})
    repository.commit(both=BEFORE)
    repository.commit(both=BEFORE.replace("First", "First of git"))
    synced(repository, "")
    ended, files = night(repository)
    assert "What was synced last is not known" in ended.out
    assert set(files) == {"body.md"}
    assert "both" in files["body.md"]


# Ends as it is told to, with the outputs that it is told to give.
TOLD = """#!PYTHON
import json, os, pathlib, sys
told = json.loads(pathlib.Path("HERE/told.json").read_text())[sys.argv[2]]
if sys.argv[2] == "pull":
    pathlib.Path(sys.argv[sys.argv.index("--output") + 1]).write_text("body")
    pathlib.Path("HERE/pulled").write_text(" ".join(sys.argv[3:]))
with open(os.environ["GITHUB_OUTPUT"], "a") as file:
    file.writelines(f"{name}={value}\\n" for name, value in told.items())
sys.exit(1)
"""


def tell(repository: Repository, *, brought: str = "", complete: str = "true", **diff: str) -> None:
    executable(repository.programs / "syncjob", TOLD)
    told = {"diff": diff, "pull": {"brought": brought, "complete": complete}}
    (repository.programs / "told.json").write_text(json.dumps(told), "utf-8")


@pytest.mark.parametrize(
    ("found", "complete", "is_handed_over"),
    [("none", "", False), ("some", "true", True), ("some", "false", False)],
)
def test_only_what_a_whole_pull_brings_is_handed_over(
    repository: Repository, found: str, complete: str, is_handed_over: bool
) -> None:
    repository.commit(one="text\n", two="text\n")
    edited = "-one two" if found == "some" else ""
    tell(repository, edits=found, edited=edited, brought="two", complete=complete)
    repository.answer("")
    ended, files = night(repository)
    assert ended.outputs == {"edits": found, "artifact": "4712" if is_handed_over else ""}
    assert set(files) == ({"body.md", "descriptions/two.md"} if is_handed_over else set())
    assert ("so the pull request stays as it is" in ended.out) is (complete == "false")
    if edited:
        assert (repository.programs / "pulled").read_text("utf-8").endswith(f" -- {edited}")


@pytest.mark.deep
def test_if_a_text_cannot_be_gathered_nothing_is_handed_over(repository: Repository) -> None:
    repository.commit(two="text\n")
    tell(repository, edits="some", edited="gone two", brought="gone two")
    repository.answer("")
    ended, files = night(repository)
    assert (ended.outputs, files) == ({"edits": "some", "artifact": ""}, {})


@pytest.mark.parametrize(
    ("found", "ref", "variable", "runs"),
    [
        ("some", "refs/heads/main", "", True),
        ("some", "refs/heads/main", "true", True),
        ("some", "refs/heads/main", "false", False),
        ("some", "refs/heads/topic", "", False),
        ("none", "refs/heads/main", "", False),
        ("", "refs/heads/main", "", False),
    ],
)
def test_when_edits_are_pulled(found: str, ref: str, variable: str, runs: bool) -> None:
    steps = workflow("drift")["jobs"]["drift"]["steps"]
    (step,) = [step for step in steps if step.get("id") == "last"]
    known: dict[str, Value] = {
        "cancelled()": False,
        "steps.diff.outputs.edits": found,
        "github.ref": ref,
        "vars.SYNCJOB_DRIFT_PULL_REQUEST": variable,
    }
    assert evaluate(step["if"], known) is runs


@pytest.mark.parametrize("name", ["review", "sync", "drift", "backfill"])
def test_no_workflow_reads_a_report_to_decide_by_it(name: str) -> None:
    """What a run found is decided in one place, and comes as an output of the action."""
    steps = [step for job in workflow(name)["jobs"].values() for step in job["steps"]]
    read = [step["name"] for step in steps if re.search(r"report\.json|(?<!-)\bjq ", step.get("run", ""))]
    assert read == []


def test_the_artifact_takes_hidden_files_for_the_folder_of_the_lines_is_hidden() -> None:
    steps = workflow("drift")["jobs"]["drift"]["steps"]
    (step,) = [step for step in steps if step.get("id") == "artifact"]
    assert step["with"]["include-hidden-files"] == "true"
    assert Path(step["with"]["path"]).name == "edits"
