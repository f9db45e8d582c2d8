"""The workflows, the action and the hook: what they may do, and what their scripts do, run as GitHub would."""

import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from syncjob.scenario.answers import Answer
from tests.support.cases import mostly_deep
from tests.support.checked_out import Repository, executable
from tests.support.loopback import json_answer
from tests.support.steps import ROOT, Ended, Value, evaluate, load, resolve, workflow
from tests.support.unhurried import until
from tests.support.workspace import KEY, SECRET

WORKFLOWS = ("review", "sync", "drift", "backfill")
FILES = [*(ROOT / ".github" / "workflows").glob("*.yml"), ROOT / "action.yml"]
ALL_JOBS = [(name, job) for name in WORKFLOWS for job in workflow(name)["jobs"]]
BODY_LIMIT = 60_000
MARKER = "<!-- syncjob diff -->"


def job(name: str, job: str) -> dict[str, Any]:
    """A job as its file has it."""
    found: dict[str, Any] = workflow(name)["jobs"][job]
    return found


def scripts() -> list[tuple[str, str]]:
    """Each script of the workflows and the action, with its place."""
    found = [
        (f"{name}/{job_}/{step.get('name')}", step["run"])
        for name, job_ in ALL_JOBS
        for step in job(name, job_)["steps"]
        if "run" in step
    ]
    steps = load(ROOT / "action.yml")["runs"]["steps"]
    return found + [(f"action/{step['name']}", step["run"]) for step in steps if "run" in step]


def tool(name: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """A program of this environment, run on the repository."""
    program = Path(sys.executable).with_name(name)
    return subprocess.run([program, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


# What the files say.


def test_zizmor_finds_nothing() -> None:
    done = tool("zizmor", "--offline", "--no-progress", "--persona=pedantic", ".github", "action.yml")
    assert (done.returncode, "No findings" in done.stdout + done.stderr) == (0, True), done.stdout


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.github-workflows", [f".github/workflows/{name}.yml" for name in WORKFLOWS]),
        ("vendor.github-actions", ["action.yml"]),
        ("vendor.dependabot", [".github/dependabot.yml"]),
    ],
)
def test_each_file_fits_its_schema(schema: str, files: list[str]) -> None:
    done = tool("check-jsonschema", "--builtin-schema", schema, *files)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", WORKFLOWS)
def test_nothing_is_permitted_but_what_a_job_says(name: str) -> None:
    assert workflow(name)["permissions"] == {}
    for its in workflow(name)["jobs"].values():
        assert its["permissions"]
        assert int(its["timeout-minutes"]) < 360


@pytest.mark.parametrize(
    ("name", "triggers"),
    [
        ("review", {"pull_request": ""}),
        ("sync", {"push": {"branches": ["main"]}, "workflow_dispatch": ""}),
        ("drift", {"schedule": [{"cron": "17 3 * * *"}], "workflow_dispatch": ""}),
    ],
)
def test_what_starts_a_workflow(name: str, triggers: dict[str, Any]) -> None:
    assert workflow(name)["on"] == triggers


def test_a_backfill_starts_by_hand_alone_and_is_a_dry_run_unless_told_otherwise() -> None:
    started_by = workflow("backfill")["on"]
    assert list(started_by) == ["workflow_dispatch"]
    assert started_by["workflow_dispatch"]["inputs"]["dry_run"]["default"] == "true"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_file_runs_a_pull_request_with_the_rights_of_its_target(path: Path) -> None:
    assert not re.search(r"pull_request_target|\bworkflow_run:", path.read_text("utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_action_of_others_is_pinned_by_its_commit_with_its_version(path: Path) -> None:
    uses = re.findall(r"uses: (.+)", path.read_text("utf-8"))
    assert uses
    pinned = re.compile(r"[\w.-]+(?:/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    assert [use for use in uses if use != "./" and not pinned.fullmatch(use)] == []


def test_one_action_has_one_version_everywhere_also_in_the_docs() -> None:
    paths = [*FILES, ROOT / "docs" / "github-actions.md"]
    pins = {
        pin
        for path in paths
        for pin in re.findall(r"uses: ([\w.-]+/[\w.-]+)(?:/[\w.-]+)*@([0-9a-f]{40})", path.read_text())
    }
    assert len(pins) == len({action for action, _ in pins}) >= 4


@pytest.mark.parametrize(("place", "script"), scripts(), ids=[place for place, _ in scripts()])
def test_no_script_holds_an_expression(place: str, script: str) -> None:
    assert "${{" not in script


@pytest.mark.parametrize(("name", "job_"), ALL_JOBS)
def test_no_job_has_both_credentials_and_the_right_to_write(name: str, job_: str) -> None:
    its = job(name, job_)
    writes = "write" in its["permissions"].values()
    assert not (writes and (secrets_in(its) or "environment" in its))
    assert not (writes and any(step.get("uses", "").startswith(("./", "actions/checkout")) for step in its["steps"]))


def secrets_in(part: dict[str, Any]) -> set[str]:
    """The secrets of a job or a step, less the key of the App that opens pull requests, which Scenario does not know."""
    return set(re.findall(r"secrets\.(\w+)", json.dumps(part))) - {"SYNCJOB_APP_PRIVATE_KEY"}


def test_the_key_of_the_app_goes_to_the_action_that_makes_a_token_of_it_alone() -> None:
    steps = [(name, step) for name, job_ in ALL_JOBS for step in job(name, job_)["steps"]]
    ((name, step),) = [(name, step) for name, step in steps if "APP_PRIVATE_KEY" in json.dumps(step)]
    assert name == "drift"
    assert step["uses"].startswith("actions/create-github-app-token@")
    permissions = {key: value for key, value in step["with"].items() if key.startswith("permission-")}
    assert permissions == {"permission-contents": "write", "permission-pull-requests": "write"}


def test_each_job_may_do_just_what_it_needs() -> None:
    more = {
        ("review", "comment"): {"pull-requests": "write"},
        ("sync", "sync"): {"actions": "read", "contents": "read"},
        ("drift", "drift"): {"actions": "read", "contents": "read"},
        ("drift", "pull-request"): {"contents": "write", "pull-requests": "write"},
        ("backfill", "backfill"): {"actions": "read", "contents": "read"},
        ("backfill", "next"): {"actions": "write"},
    }
    for name, job_ in ALL_JOBS:
        assert job(name, job_)["permissions"] == more.get((name, job_), {"contents": "read"})


@pytest.mark.parametrize(("name", "job_"), ALL_JOBS)
def test_credentials_belong_to_an_environment_and_go_to_syncjob_alone(name: str, job_: str) -> None:
    its = job(name, job_)
    for step in its["steps"]:
        assert bool(secrets_in(step)) == (step.get("uses") == "./" and step["with"]["command"] != "check")
    assert ("environment" in its) == bool(secrets_in({"steps": its["steps"]}))
    assert "secrets." not in json.dumps({key: value for key, value in its.items() if key != "steps"})


@pytest.mark.parametrize(("name", "job_"), ALL_JOBS)
def test_a_checkout_leaves_no_token_behind_and_brings_the_history_that_a_comparison_needs(name: str, job_: str) -> None:
    steps = job(name, job_)["steps"]
    compares = any(step.get("uses") == "./" and step["with"]["command"] != "check" for step in steps)
    for step in steps:
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"] == {"persist-credentials": "false"} | ({"fetch-depth": "0"} if compares else {})


def test_runs_that_write_to_scenario_wait_for_each_other_and_are_not_cancelled() -> None:
    sync, backfill = (workflow(name)["concurrency"] for name in ("sync", "backfill"))
    group = resolve(backfill["group"], {"inputs.dry_run": False})
    assert sync == {"group": group, "cancel-in-progress": "false", "queue": "max"}
    assert backfill | {"group": group} == sync


@pytest.mark.parametrize("of", ["review", "drift", "a dry backfill"])
def test_what_only_reads_takes_no_turn_of_what_writes(of: str) -> None:
    known: dict[str, Value] = {"inputs.dry_run": True, "github.ref": "main", "github.event.pull_request.number": "7"}
    name = of.split()[-1]
    assert resolve(workflow(name)["concurrency"]["group"], known) != workflow("sync")["concurrency"]["group"]


@pytest.mark.parametrize(
    ("name", "job_", "is_dry", "environment"),
    [
        ("review", "diff", False, "production-read"),
        ("drift", "drift", False, "production-read"),
        ("backfill", "backfill", True, "production-read"),
        ("backfill", "backfill", False, "production"),
        ("sync", "sync", False, "production"),
    ],
)
def test_only_what_writes_gets_the_key_that_writes(name: str, job_: str, is_dry: bool, environment: str) -> None:
    named = job(name, job_)["environment"]
    assert resolve(named if isinstance(named, str) else named["name"], {"inputs.dry_run": is_dry}) == environment


@pytest.mark.parametrize(
    ("name", "ref", "is_dry", "runs"),
    [
        ("sync", "refs/heads/main", False, True),
        ("sync", "refs/heads/topic", False, False),
        ("backfill", "refs/heads/main", False, True),
        ("backfill", "refs/heads/topic", False, False),
        ("backfill", "refs/heads/topic", True, True),
    ],
)
def test_only_main_is_written_to_scenario(name: str, ref: str, is_dry: bool, runs: bool) -> None:
    assert evaluate(job(name, name)["if"], {"github.ref": ref, "inputs.dry_run": is_dry}) is runs


HEADS = [
    ("a branch of this repository", "owner/models", "someone", True),
    ("a fork", "stranger/models", "stranger", False),
    ("a fork that was deleted", "", "stranger", False),
    ("Dependabot", "owner/models", "dependabot[bot]", False),
]


def pull_request(head: str, author: str) -> dict[str, Value]:
    """What an event of a pull request says."""
    return {
        "github.repository": "owner/models",
        "github.event.pull_request.head.repo.full_name": head,
        "github.event.pull_request.user.login": author,
        "cancelled()": False,
    }


@pytest.mark.parametrize(("head", "author", "is_trusted"), [row[1:] for row in HEADS], ids=[row[0] for row in HEADS])
def test_only_a_pull_request_that_gets_secrets_is_compared(head: str, author: str, is_trusted: bool) -> None:
    assert evaluate(job("review", "diff")["if"], pull_request(head, author)) is is_trusted


@pytest.mark.parametrize(
    ("artifact", "result", "is_cancelled", "comments"),
    [
        ("4711", "success", False, True),
        ("4711", "failure", False, True),
        ("", "failure", False, True),  # a comment that is there must not pass for today's
        ("", "success", False, False),
        ("", "skipped", False, False),
        ("4711", "success", True, False),
    ],
)
def test_a_comment_is_made_where_there_is_a_summary_also_of_a_diff_that_failed(
    artifact: str, result: str, is_cancelled: bool, comments: bool
) -> None:
    known: dict[str, Value] = {"cancelled()": is_cancelled, "needs.diff.outputs.comment": artifact}
    known["needs.diff.result"] = result
    assert evaluate(job("review", "comment")["if"], known) is comments


# What the scripts do.


def files_of(ended: Ended, name: str) -> dict[str, Path]:
    """The files of an uploaded artifact."""
    paths = [Path(inputs["path"]) for used, inputs in ended.used if inputs.get("name") == name]
    assert len(paths) == 1
    return {path.name: path for path in (paths[0].iterdir() if paths[0].is_dir() else paths)}


def report_in(ended: Ended, name: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(files_of(ended, name)["report.json"].read_text("utf-8"))
    return report


# The action.


def test_the_action_installs_locked_packages_into_an_environment_of_its_own_without_credentials(
    repository: Repository,
) -> None:
    repository.commit(one="text\n")
    ended = repository.runner.action({"command": "check"}, SCENARIO_SDK_API_KEY=KEY, SCENARIO_SDK_API_SECRET=SECRET)
    assert ended.status == 0, ended.out
    folder = str(Path(ended.outputs["reports"]).parent)
    assert (repository.programs / "python.log").read_text("utf-8").replace(folder, "FOLDER").splitlines() == [
        "none none -I -m venv FOLDER/venv",
        f"none none -I -m pip --quiet --disable-pip-version-check install --no-deps --require-hashes --requirement {ROOT}/requirements.txt",
        f"none none -I -m pip --quiet --disable-pip-version-check install --no-deps --no-build-isolation {ROOT}",
        "none none -I -m pip --quiet --disable-pip-version-check check",
    ]


def test_an_installation_that_fails_ends_the_action(repository: Repository) -> None:
    executable(
        repository.programs / "python", "#!/bin/sh\n[ $3 = venv ] || exit 7\nmkdir -p $4/bin; cp $0 $4/bin/python"
    )
    ended = repository.runner.action({"command": "check"})
    assert ended.status == 7
    assert ended.outputs["changes"] == ""


def test_the_action_checks_without_credentials_and_annotates_what_is_wrong(repository: Repository) -> None:
    repository.commit(good="text\n", bad="see {asset: x}\n")
    ended = repository.runner.action({"command": "check"})
    assert ended.status == 1
    assert "::error file=descriptions/bad.md,line=1,col=5" in ended.out
    assert "tag-malformed" in ended.summary
    assert repository.remote.asked == []


def test_the_action_gives_numbers_and_its_files(repository: Repository) -> None:
    repository.remote.add("one", "two", "three", texts={"two": "old", "three": "same"})
    repository.commit(one="new\n", two="old\n", three="same\n")
    repository.commit(two="newer\n")
    inputs = {"command": "diff", "profile": "production"}
    ended = repository.runner.action(inputs, SCENARIO_SDK_API_KEY=KEY, SCENARIO_SDK_API_SECRET=SECRET)
    assert ended.status == 0, ended.out
    numbers = {"changes": "2", "to_create": "1", "to_update": "1", "to_delete": "0", "conflicts": "0"}
    assert ended.outputs == ended.outputs | numbers | {"applied": "0", "failed": "0"}
    folder = Path(ended.outputs["reports"])
    assert {path.name for path in folder.iterdir()} == {
        "plan.json",
        "report.html",
        "report.json",
        "summary.md",
        "comment.md",
    }
    assert ended.outputs["report"] == str(folder / "report.json")
    assert ended.summary == (folder / "summary.md").read_text("utf-8") != ""


def test_the_action_can_be_used_twice_in_a_job(repository: Repository) -> None:
    repository.commit(one="text\n")
    folders = {repository.runner.action({"command": "check"}).outputs["reports"] for _ in range(2)}
    assert len(folders) == 2


def test_the_config_may_stand_in_a_folder_of_the_repository(repository: Repository) -> None:
    repository.commit(one="see {asset: x}\n")
    inner = repository.workspace.folder / "inner"
    inner.mkdir()
    repository.git("mv", "config.yaml", "descriptions", "inner")
    ended = repository.runner.action({"command": "check", "working-directory": "inner"})
    assert "::error file=inner/descriptions/one.md," in ended.out


@pytest.mark.parametrize(
    ("inputs", "named"),
    [
        ({"command": "rollback"}, "command"),
        ({"command": "check --remote"}, "command"),
        ({"command": ""}, "command"),
        ({"command": "sync", "prune": "yes"}, "prune"),
        ({"command": "sync", "keep-going": "1"}, "keep-going"),
        ({"command": "sync", "force": "True"}, "force"),
        ({"command": "sync", "overwrite-remote-edits": "$(x)"}, "overwrite-remote-edits"),
    ],
)
def test_an_input_that_is_not_known_is_refused(repository: Repository, inputs: dict[str, str], named: str) -> None:
    repository.commit(one="text\n")
    ended = repository.runner.action(inputs, SCENARIO_SDK_API_KEY=KEY, SCENARIO_SDK_API_SECRET=SECRET)
    assert ended.status == 2
    assert f"::error title=syncjob::the input '{named}'" in ended.out
    assert repository.remote.asked == []


def arguments_of(repository: Repository, inputs: dict[str, str]) -> list[str]:
    """What the action calls syncjob with, less the files that it names."""
    executable(repository.programs / "syncjob", '#!/bin/sh\nprintf \'%s\\0\' "$@" > "$OUT"\n')
    out = repository.runner.folder / "arguments"
    assert repository.runner.action(inputs, OUT=str(out)).status == 0
    found = out.read_text("utf-8").split("\0")[:-1]
    paths = [index for index, argument in enumerate(found) if argument.startswith(str(repository.runner.temp))]
    return [argument for index, argument in enumerate(found) if index not in paths and index + 1 not in paths]


@pytest.mark.parametrize(
    ("inputs", "arguments"),
    [
        ({"command": "check"}, ["check", "--"]),
        ({"command": "check", "select": "one"}, ["check", "--", "one"]),
        ({"command": "diff"}, ["diff", "--format", "html", "--"]),
        ({"command": "diff", "since": "-x"}, ["diff", "--format", "html", "--since=-x", "--"]),
        ({"command": "sync", "prune": "true"}, ["sync", "--format", "html", "--prune", "--"]),
        ({"command": "sync", "prune": "false"}, ["sync", "--format", "html", "--"]),
        ({"command": "diff", "keep-going": "true"}, ["diff", "--format", "html", "--keep-going", "--"]),
        (
            {"command": "sync", "force": "true", "overwrite-remote-edits": "true", "keep-going": "false"},
            ["sync", "--format", "html", "--force", "--overwrite-remote-edits", "--"],
        ),
        (
            {"command": "pull", "force": "true", "since": "x", "select": "a b"},
            ["pull", "--format", "markdown", "--force", "--since=x", "--", "a", "b"],
        ),
        ({"command": "check", "profile": "a b"}, ["--profile=a b", "check", "--"]),
        # Nothing is a pattern, a command or an option to the shell.
        (
            {"command": "check", "select": " *.md\nmodel_[ab]*  $(touch\tx) `touch` --force -y "},
            ["check", "--", "*.md", "model_[ab]*", "$(touch", "x)", "`touch`", "--force", "-y"],
        ),
        ({"command": "check", "since": "$(touch y); *"}, ["check", "--since=$(touch y); *", "--"]),
    ],
)
def test_inputs_become_arguments_and_nothing_else(
    repository: Repository, inputs: dict[str, str], arguments: list[str]
) -> None:
    for name in ("README.md", "model_a"):  # what a pattern of the shell would find
        (repository.workspace.folder / name).touch()
    before = set(repository.workspace.folder.iterdir())
    assert arguments_of(repository, inputs) == arguments
    assert set(repository.workspace.folder.iterdir()) == before


# Review.


@pytest.mark.parametrize(("head", "author", "is_trusted"), [row[1:] for row in HEADS], ids=[row[0] for row in HEADS])
def test_a_pull_request_without_secrets_is_checked_and_told_why_that_is_all(
    repository: Repository, head: str, author: str, is_trusted: bool
) -> None:
    repository.commit(one="text\n")
    repository.runner.context = pull_request(head, author)  # and no secrets
    ended = repository.job("review", "check")
    assert ended.status == 0, ended.out
    assert ("::notice title=syncjob::" in ended.out) is not is_trusted
    assert repository.remote.asked == []


def test_a_bad_file_in_a_fork_fails_its_check(repository: Repository) -> None:
    repository.commit(one="{asset: x}\n")
    repository.runner.context = pull_request("stranger/models", "stranger")
    ended = repository.job("review", "check")
    assert ended.status == 1
    assert "::notice title=syncjob::" in ended.out


def test_a_pull_request_is_compared_from_its_base_and_nothing_is_written(repository: Repository) -> None:
    repository.remote.add("one", "two", texts={"one": "old", "two": "edited meanwhile"})
    base = repository.commit(one="old\n", two="old\n")
    repository.commit(one="new\n")
    ended = repository.job("review", "diff", github__event__pull_request__base__sha=base)
    assert ended.status == 0, ended.out
    assert repository.read_ids == {"one"}
    assert repository.remote.counts["PUT"] == 0
    assert ended.outputs == {"changes": "1", "comment": "4711", "page": f"{RUN_URL}/artifacts/4712"}
    (page,) = (inputs for name, inputs in ended.used if inputs.get("archive") == "false")
    assert Path(page["path"]).name == "report.html"
    assert "name" not in page  # it has its file's
    assert set(files_of(ended, "syncjob-diff")) == {
        "plan.json",
        "report.html",
        "report.json",
        "summary.md",
        "comment.md",
    }
    assert "+new" in files_of(ended, "syncjob-comment")["comment.md"].read_text("utf-8")
    assert "+new" in ended.summary


def test_a_diff_that_finds_a_conflict_is_red_and_has_its_comment_and_artifacts(repository: Repository) -> None:
    repository.remote.add("one", texts={"one": "edited on Scenario"})
    base = repository.commit(one="old\n")
    repository.commit(one="new\n")
    ended = repository.job("review", "diff", github__event__pull_request__base__sha=base)
    assert ended.status == 1
    assert ended.outputs["comment"] == "4711"
    assert "remote-edited" in files_of(ended, "syncjob-comment")["comment.md"].read_text("utf-8")
    assert report_in(ended, "syncjob-diff")["summary"]["conflict"] == 1


def test_a_diff_without_credentials_is_red_and_leaves_nothing_to_comment(repository: Repository) -> None:
    base = repository.commit(one="text\n")
    no_secrets: dict[str, Value] = {"secrets.SCENARIO_SDK_API_KEY": "", "secrets.SCENARIO_SDK_API_SECRET": ""}
    repository.runner.context |= no_secrets
    ended = repository.job("review", "diff", github__event__pull_request__base__sha=base)
    assert ended.status == 2
    # `if-no-files-found: ignore`, so the upload of what is not there gives no id.
    assert not files_of(ended, "syncjob-comment")["comment.md"].exists()


RUN_URL = "https://github.example/owner/models/actions/runs/99"


def comment(
    repository: Repository,
    summary: str,
    *,
    changes: str = "1",
    result: str = "success",
    known: str = "",
    page: str = f"{RUN_URL}/artifacts/4712",
    artifact: str = "4711",
) -> Ended:
    """The job `comment` on a downloaded summary; `known` are the ids of comments that there are."""
    repository.runner.temp.mkdir(exist_ok=True)
    folder = repository.runner.temp / "comment"
    folder.mkdir(exist_ok=True)
    if summary:
        (folder / "comment.md").write_text(summary, "utf-8")
    repository.answer(known)
    named = {
        "github.event.pull_request.number": "7",
        "needs.diff.outputs.changes": changes,
        "needs.diff.result": result,
        "needs.diff.outputs.comment": artifact,
        "needs.diff.outputs.page": page,
        "github.event.pull_request.head.sha": "a" * 40,
    }
    repository.runner.context |= named
    return repository.job("review", "comment")


def test_the_first_comment_is_made(repository: Repository) -> None:
    ended = comment(repository, "### Title\n")
    assert ended.status == 0, ended.out
    path = "repos/owner/models/issues/7/comments"
    assert repository.gh_asked[1][:5] == ["api", "--silent", "--method", "POST", path]
    links = f"[whole page]({RUN_URL}/artifacts/4712), [run]({RUN_URL})"
    assert repository.comment == f"{MARKER}\nCommit {'a' * 40}: {links}\n\n### Title\n"


@pytest.mark.parametrize(
    "page",
    [
        "",
        "https://evil.invalid/actions/runs/99/artifacts/1",
        f"{RUN_URL}/artifacts/1) [x](https://evil.invalid/",
        "https://github.example/owner/models/actions/runs/98/artifacts/1",
    ],
)
def test_only_a_page_of_the_run_itself_is_linked(repository: Repository, page: str) -> None:
    assert comment(repository, "### Title\n", page=page).status == 0
    assert repository.comment == f"{MARKER}\nCommit {'a' * 40}: [run]({RUN_URL})\n\n### Title\n"


def test_a_comparison_that_failed_takes_the_place_of_an_older_plan_and_is_no_comment_of_its_own(
    repository: Repository,
) -> None:
    assert comment(repository, "", artifact="", result="failure", changes="").status == 0
    assert [call[3] for call in repository.gh_asked[1:]] == []
    assert comment(repository, "", artifact="", result="failure", changes="", known="41\n").status == 0
    assert repository.gh_asked[-1][3] == "PATCH"
    assert repository.comment.startswith(f"{MARKER}\nCommit {'a' * 40}: ")
    assert repository.comment.endswith(
        "**No plan for this commit**: the comparison with Scenario failed; the run says why.\n"
    )


def test_a_later_comment_takes_the_place_of_the_first(repository: Repository) -> None:
    comment(repository, "### Title\n", known="41\n42\n")
    path = "repos/owner/models/issues/comments/41"
    assert repository.gh_asked[1][:5] == ["api", "--silent", "--method", "PATCH", path]
    assert repository.comment.endswith("### Title\n")


@pytest.mark.parametrize(
    ("changes", "result", "known", "method"),
    [
        ("0", "success", "", None),
        ("0", "success", "41\n", "PATCH"),
        ("0", "failure", "", "POST"),
        ("", "failure", "", "POST"),
        ("2", "success", "", "POST"),
    ],
)
def test_a_pull_request_that_changes_nothing_gets_no_new_comment(
    repository: Repository, changes: str, result: str, known: str, method: str | None
) -> None:
    ended = comment(repository, "### Title\n", changes=changes, result=result, known=known)
    assert ended.status == 0
    assert [call[3] for call in repository.gh_asked[1:]] == ([method] if method else [])


def test_a_comment_is_looked_for_by_its_author_and_its_first_line(repository: Repository) -> None:
    if not shutil.which("jq"):
        pytest.skip("needs jq, which gh has built in")
    comments = [
        {"id": 1, "user": {"login": "someone"}, "body": f"{MARKER}\nforged"},
        {"id": 2, "user": {"login": "github-actions[bot]"}, "body": f"quotes {MARKER}"},
        {"id": 3, "user": {"login": "github-actions[bot]"}, "body": f"{MARKER}\nours"},
        {"id": 4, "user": {"login": "github-actions[bot]"}, "body": f"{MARKER}\nours too"},
    ]
    (repository.programs / "answer.json").write_text(json.dumps(comments), "utf-8")
    comment(repository, "### Title\n")
    assert repository.gh_asked[1][4] == "repos/owner/models/issues/comments/3"


def test_a_comment_that_cannot_be_looked_for_is_not_made_twice(repository: Repository) -> None:
    (repository.programs / "fails").touch()
    assert comment(repository, "### Title\n").status == 1
    assert len(repository.gh_asked) == 1


def test_what_a_summary_says_is_not_run(repository: Repository) -> None:
    evil = "$(touch @/pwned) `touch @/pwned` ${GH_TOKEN} \"; touch @/pwned; '\n::error::x\n@file\n%s\\n\n"
    evil = evil.replace("@/", f"{repository.runner.folder}/")
    ended = comment(repository, evil)
    assert ended.status == 0
    assert repository.comment.endswith(evil)
    assert not (repository.runner.folder / "pwned").exists()
    assert "::error::" not in ended.out
    assert "token-of-the-job" not in repository.comment


@pytest.mark.parametrize("kind", ["missing", "link", "folder"])
def test_a_summary_that_is_no_file_is_refused(repository: Repository, kind: str) -> None:
    folder = repository.runner.temp / "comment"
    folder.mkdir(parents=True)
    if kind == "link":
        (folder / "comment.md").symlink_to("/proc/self/environ")
    if kind == "folder":
        (folder / "comment.md").mkdir()
    assert comment(repository, "").status == 1
    assert repository.gh_asked == []


def test_a_file_that_is_no_comment_of_syncjob_is_refused(repository: Repository) -> None:
    assert comment(repository, "x" * 250_001).status == 1
    assert repository.gh_asked == []


def test_a_long_diff_becomes_a_comment_that_github_takes(repository: Repository) -> None:
    ids = [f"model_{number:03}" for number in range(200)]
    repository.remote.add(*ids)
    base = repository.commit(start="x\n")
    repository.commit(**dict.fromkeys(ids, "a long line of a description\n" * 40))
    ended = repository.job("review", "diff", github__event__pull_request__base__sha=base)
    text = files_of(ended, "syncjob-comment")["comment.md"].read_text("utf-8")
    assert "more models are not shown here" in text
    comment(repository, text)
    assert text in repository.comment
    assert 50_000 < len(repository.comment) < BODY_LIMIT


# Sync.


def test_a_sync_writes_what_changed_since_the_last_successful_run_though_a_run_between_was_replaced(
    repository: Repository,
) -> None:
    repository.remote.add("one", "two", "three", texts={"one": "old", "two": "old", "three": "old"})
    last = repository.commit(one="old\n", two="old\n", three="old\n")
    repository.commit(one="new\n")  # its run was replaced by the next one's
    repository.commit(two="new\n")
    repository.answer(f"{last}\n")
    ended = repository.job("sync", "sync")
    assert ended.status == 0, ended.out
    assert repository.read_ids == {"one", "two"}
    assert repository.remote.sandbox.description("one") == repository.remote.sandbox.description("two") == "new"
    assert set(files_of(ended, "syncjob-sync-1")) == {
        "plan.json",
        "report.html",
        "report.json",
        "summary.md",
        "comment.md",
        "state",
    }
    (journal,) = files_of(ended, "syncjob-sync-1")["state"].glob("runs/*.jsonl")
    assert '"before":"old"' in journal.read_text("utf-8")
    _, asked = repository.gh_asked
    assert asked[:4] == ["api", "--method", "GET", "repos/owner/models/actions/workflows/sync.yml/runs"]
    assert asked[4:-2] == ["--raw-field", "branch=main", "--raw-field", "status=success", "--raw-field", "per_page=100"]


@pytest.mark.parametrize(("runs", "compares_all"), [([], True), (["LAST"], False)])
def test_the_last_successful_run_is_read_from_what_github_answers(
    repository: Repository, runs: list[str], compares_all: bool
) -> None:
    if not shutil.which("jq"):
        pytest.skip("needs jq, which gh has built in")
    repository.remote.add("one", texts={"one": "same"})
    last = repository.commit(one="same\n")
    own = {"event": "push", "head_repository": {"full_name": "owner/models"}}
    answer = {"total_count": len(runs), "workflow_runs": [{"head_sha": last, "id": 5, **own} for _ in runs]}
    (repository.programs / "answer.json").write_text(json.dumps(answer), "utf-8")
    assert repository.job("sync", "sync").status == 0
    assert (repository.read_ids == {"one"}) is compares_all


UNKNOWN = mostly_deep(["", "a" * 40, "HEAD\n", "fails"], 2)


@pytest.mark.parametrize("answer", UNKNOWN)
def test_where_no_earlier_run_is_known_everything_is_compared_and_nothing_deleted(
    repository: Repository, answer: str
) -> None:
    repository.remote.add("one", "two", "unfiled", texts={"one": "old", "two": "old", "unfiled": "stays"})
    repository.commit(one="old\n", two="old\n")
    repository.commit(one="new\n", two="new\n")
    repository.answer(answer)
    if answer == "fails":
        (repository.programs / "fails").touch()
    ended = repository.job("sync", "sync", vars__SYNCJOB_PRUNE="true")
    assert ended.status == 0, ended.out
    assert "everything is compared" in ended.out
    assert repository.remote.sandbox.description("one") == repository.remote.sandbox.description("two") == "new"
    assert repository.remote.sandbox.description("unfiled") == "stays"


def test_a_commit_that_history_does_not_share_is_no_start(repository: Repository) -> None:
    repository.remote.add("one", texts={"one": "old"})
    repository.commit(one="old\n")
    repository.git("checkout", "--quiet", "--orphan", "other")
    other = repository.commit(one="old, elsewhere\n")
    repository.git("checkout", "--quiet", "main")
    repository.answer(other)
    ended = repository.job("sync", "sync")
    assert "everything is compared" in ended.out
    assert repository.read_ids == {"one"}


@pytest.mark.parametrize(("prune", "held"), [("", "old"), ("true", None)])
def test_a_deleted_file_deletes_its_description_only_where_that_was_asked_for(
    repository: Repository, prune: str, held: str | None
) -> None:
    repository.remote.add("gone", "stays", texts={"gone": "old", "stays": "same"})
    last = repository.commit(gone="old\n", stays="same\n")
    (repository.workspace.descriptions / "gone.md").unlink()
    repository.commit()
    repository.answer(last)
    ended = repository.job("sync", "sync", vars__SYNCJOB_PRUNE=prune)
    assert ended.status == 0, ended.out
    assert (repository.remote.sandbox.description("gone") or None) == held


def test_a_push_that_changes_no_description_sends_nothing(repository: Repository) -> None:
    last = repository.commit(one="text\n")
    (repository.workspace.folder / "README.md").write_text("hello\n", "utf-8")
    repository.commit()
    repository.answer(last)
    ended = repository.job("sync", "sync")
    assert ended.status == 0, ended.out
    assert repository.remote.asked == []


KEEPS_GOING = [("", True), ("false", False)]


@pytest.mark.parametrize(("variable", "keeps_going"), KEEPS_GOING)
def test_one_stuck_description_holds_up_no_other_unless_the_variable_says_so(
    repository: Repository, variable: str, keeps_going: bool
) -> None:
    repository.remote.add("stuck", "fine", texts={"stuck": "edited on Scenario", "fine": "old"})
    last = repository.commit(stuck="old\n", fine="old\n")
    repository.commit(stuck="new\n", fine="new\n")
    repository.answer(last)
    ended = repository.job("sync", "sync", vars__SYNCJOB_KEEP_GOING=variable)
    assert ended.status == 1
    assert "remote-edited" in ended.summary
    assert repository.remote.sandbox.description("stuck") == "edited on Scenario"
    assert repository.remote.sandbox.description("fine") == ("new" if keeps_going else "old")


@pytest.mark.parametrize(("variable", "keeps_going"), KEEPS_GOING)
def test_a_review_says_what_a_sync_would_do_as_the_variable_says(
    repository: Repository, variable: str, keeps_going: bool
) -> None:
    repository.remote.add("stuck", "fine", texts={"stuck": "edited on Scenario", "fine": "old"})
    base = repository.commit(stuck="old\n", fine="old\n")
    repository.commit(stuck="new\n", fine="new\n")
    context: dict[str, Value] = {"vars__SYNCJOB_KEEP_GOING": variable, "github__event__pull_request__base__sha": base}
    ended = repository.job("review", "diff", **context)
    assert ended.status == 1
    said = files_of(ended, "syncjob-comment")["comment.md"].read_text("utf-8")
    assert ("sync would write 1 and refuse 1" in said) is keeps_going


@pytest.mark.deep
def test_a_sync_that_fails_leaves_its_report(repository: Repository) -> None:
    repository.remote.add("one")
    repository.remote.script = lambda method, target: json_answer(400, b"{}") if method == "PUT" else None
    repository.commit(one="new\n")
    repository.answer("")
    ended = repository.job("sync", "sync")
    assert ended.status == 1
    assert report_in(ended, "syncjob-sync-1")["summary"]["failed"] == 1
    assert "rejected" in ended.summary


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_cancelled_sync_ends_what_is_in_flight_and_leaves_its_report(
    repository: Repository, sent: signal.Signals, status: int
) -> None:
    ids = [f"m{number}" for number in range(9)]
    repository.remote.add(*ids)
    arrived, released = threading.Event(), threading.Event()

    def script(method: str, target: str) -> Answer | None:
        if method == "PUT":
            arrived.set()
            released.wait(60)
        return None

    def cancel(process: "subprocess.Popen[bytes]") -> None:
        assert arrived.wait(60)
        process.send_signal(sent)  # as GitHub does: to the step's own process alone
        assert process.stdout
        next((line for line in process.stdout if b"finishing requests in flight" in line), b"")
        released.set()

    repository.remote.script = script
    repository.runner.meanwhile["run"] = cancel
    repository.commit(**dict.fromkeys(ids, "new\n"))
    repository.answer("")
    ended = repository.job("sync", "sync")
    assert ended.status == status, ended.out
    report = report_in(ended, "syncjob-sync-1")
    assert report["exit_code"] == status
    written = {item["model_id"] for item in report["items"] if item["status"] == "applied"}
    assert written == {id_ for id_ in ids if repository.remote.sandbox.description(id_) == "new"}
    assert 1 <= len(written) < len(ids)
    assert "interrupted" in ended.summary


@pytest.mark.parametrize(("name", "job_"), [("review", "diff"), ("sync", "sync"), ("drift", "drift")])
def test_no_credentials_are_printed_or_kept(repository: Repository, name: str, job_: str) -> None:
    repository.remote.add("one", texts={"one": "old"})
    repository.remote.script = lambda method, target: (
        json_answer(403, f'{{"reason": "no: {KEY} {SECRET}"}}'.encode()) if method == "GET" else None
    )
    base = repository.commit(one="new\n")
    repository.answer("")
    repository.commit(one="newer\n")
    ended = repository.job(name, job_, github__event__pull_request__base__sha=base)
    assert ended.status == 1
    kept = "".join(path.read_text("utf-8") for path in repository.runner.temp.rglob("reports/**/*") if path.is_file())
    assert kept
    assert not [secret for secret in (KEY, SECRET) if secret in ended.out + ended.summary + kept]


# Drift.


@pytest.mark.parametrize(
    ("text", "status", "counts"),
    [
        ("same", 0, ""),
        ("edited on Scenario", 1, "0 to write, 1 in conflict"),
        ("", 3, "1 to write, 0 in conflict"),
    ],
    ids=["in step", "edited", "emptied"],
)
def test_drift_is_a_red_run_that_says_what_to_do(repository: Repository, text: str, status: int, counts: str) -> None:
    repository.remote.add("one", "two", texts={"one": text, "two": "same"})
    repository.commit(one="same\n", two="same\n")
    ended = repository.job("drift", "drift")
    assert ended.status == status, ended.out
    assert ("What to do" in ended.summary) is bool(status)
    assert f"::error title=Drift::Scenario differs from git: {counts}" in ended.out or not status
    assert {"report.html", "report.json"} <= set(files_of(ended, "syncjob-drift-1"))
    assert repository.remote.counts["PUT"] == 0


@pytest.mark.parametrize("variable", ["", "true"])
def test_models_without_a_file_are_named_only_if_a_variable_says_so(repository: Repository, variable: str) -> None:
    repository.remote.add("one", "new-there", texts={"one": "same", "new-there": "a text"})
    repository.commit(one="same\n")
    ended = repository.job("drift", "drift", vars__SYNCJOB_UNFILED=variable)
    assert ended.status == 0, ended.out
    assert ("unfiled" in ended.summary) is bool(variable)


def test_a_comparison_that_fails_is_no_drift(repository: Repository) -> None:
    repository.remote.script = lambda method, target: json_answer(401, b"{}")
    repository.commit(one="text\n")
    ended = repository.job("drift", "drift")
    assert ended.status != 0
    assert "Drift" not in ended.out + ended.summary


# Backfill.


def backfill(repository: Repository, shard: str = "1/1", **inputs: Value) -> Ended:
    """The job for one part, with the workflow's inputs, each with its own default."""
    known = workflow("backfill")["on"]["workflow_dispatch"]["inputs"]
    assert set(inputs) <= set(known)
    defaults = {name: about["default"] for name, about in known.items()}
    given = {f"inputs.{name}": inputs.get(name, default) for name, default in defaults.items()}
    repository.runner.context |= {**given, "matrix.shard": shard}
    return repository.job("backfill", "backfill")


def test_a_backfill_writes_once_and_only_where_the_dry_run_is_switched_off(repository: Repository) -> None:
    repository.remote.add("one", "two")
    repository.commit(one="new\n", two="new\n")
    dry = backfill(repository)
    assert dry.status == 0, dry.out
    assert repository.remote.counts["PUT"] == 0
    assert report_in(dry, "syncjob-backfill-1-1-of-1")["dry_run"] is True
    for _ in range(2):
        assert backfill(repository, dry_run=False).status == 0
        assert repository.remote.counts["PUT"] == 2


def test_a_backfill_may_be_of_a_selection(repository: Repository) -> None:
    ids = ["a1", "a2", "b1", "b2"]
    repository.remote.add(*ids)
    repository.commit(**dict.fromkeys(ids, "new\n"))
    assert backfill(repository, dry_run=False, select="a* b1").status == 0
    assert [repository.remote.sandbox.description(id_) == "new" for id_ in ids] == [True, True, True, False]


@pytest.mark.deep
def test_each_switch_of_a_backfill_does_what_it_says(repository: Repository) -> None:
    ids = [f"m{number}" for number in range(11)]
    repository.remote.add("edited", *ids, texts=dict.fromkeys(ids, "old") | {"edited": "on Scenario"})
    repository.commit(edited="old\n", **dict.fromkeys(ids, "old\n"))
    repository.commit(edited="new\n", bad="{asset: x}\n", **dict.fromkeys(ids, "new\n"))

    def held() -> tuple[str | None, str | None]:
        return repository.remote.sandbox.description("m0"), repository.remote.sandbox.description("edited")

    assert backfill(repository, dry_run=False).status == 1
    assert held() == ("old", "on Scenario")
    assert backfill(repository, dry_run=False, keep_going=True).status == 1
    assert held() == ("old", "on Scenario")
    assert backfill(repository, dry_run=False, keep_going=True, force=True).status == 1
    assert held() == ("new", "on Scenario")
    assert backfill(repository, dry_run=False, keep_going=True, overwrite_remote_edits=True).status == 1
    assert held() == ("new", "new")


# Turns of a backfill.

# Ends as it is told to, with the outputs and the journal that it is told to leave; notes what it was asked.
TOLD = """#!PYTHON
import json, os, pathlib, sys
told = json.loads(pathlib.Path("HERE/told.json").read_text())
names = ("SHARD", "MAX_DURATION", "DRY_RUN")
asked = [sys.argv[1:], {name: os.environ.get("SYNCJOB_SYNC_" + name, "") for name in names}]
pathlib.Path("HERE/asked.json").write_text(json.dumps(asked))
runs = pathlib.Path(os.environ["SYNCJOB_STATE_DIR"]) / "runs"
runs.mkdir(parents=True, exist_ok=True)
(runs / "b.jsonl").touch()
with open(os.environ["GITHUB_OUTPUT"], "a") as file:
    file.writelines(f"{name}={value}\\n" for name, value in told["outputs"].items())
sys.exit(told["exit_code"])
"""
FURTHER = {"continue": "true", "progress": "3"}


def tell(repository: Repository, exit_code: int, **outputs: str) -> None:
    """From now on syncjob ends so."""
    executable(repository.programs / "syncjob", TOLD)
    told = {"exit_code": exit_code, "outputs": outputs}
    (repository.programs / "told.json").write_text(json.dumps(told), "utf-8")


def asked_of_syncjob(repository: Repository) -> tuple[list[str], dict[str, str]]:
    arguments, variables = json.loads((repository.programs / "asked.json").read_text("utf-8"))
    return arguments, variables


def uploaded(ended: Ended) -> list[str]:
    return [inputs["name"] for used, inputs in ended.used if used == "actions/upload-artifact"]


def before(repository: Repository, *runs: str) -> None:
    """The artifact of the turn before holds the journals of these runs."""
    folder = repository.runner.temp / "before" / "state" / "runs"
    folder.mkdir(parents=True)
    for run in runs:
        (folder / f"{run}.jsonl").touch()


def test_a_turn_that_is_over_in_time_is_no_failure_and_says_that_it_is_unfinished(repository: Repository) -> None:
    tell(repository, 4, **FURTHER)
    ended = backfill(repository, dry_run=False)
    assert ended.status == 0, ended.out
    assert uploaded(ended) == ["syncjob-backfill-1-1-of-1-unfinished"]
    assert "This turn wrote 3 descriptions or found them in step" in ended.out


def test_a_turn_that_ends_with_its_work_is_finished(repository: Repository) -> None:
    tell(repository, 0, **{"continue": "false", "progress": ""})
    ended = backfill(repository, dry_run=False)
    assert (ended.status, uploaded(ended)) == (0, ["syncjob-backfill-1-1-of-1"])


@pytest.mark.parametrize(
    ("exit_code", "outputs"),
    [
        (4, {"continue": "false", "progress": ""}),
        (4, {"continue": "false", "progress": "0"}),
        (1, {"continue": "false", "progress": ""}),
        (130, {"continue": "false", "progress": ""}),
        (2, {}),
        (70, {}),
    ],
)
def test_any_other_end_is_a_failure_and_no_turn_follows(
    repository: Repository, exit_code: int, outputs: dict[str, str]
) -> None:
    tell(repository, exit_code, **outputs)
    ended = backfill(repository, dry_run=False)
    assert ended.status != 0
    assert uploaded(ended) == ["syncjob-backfill-1-1-of-1"]  # with its journals, to be continued by hand
    is_stuck = outputs.get("progress") == "0"
    assert ("::error title=syncjob::this turn got nothing done" in ended.out) is is_stuck


def test_an_installation_that_fails_ends_the_turn(repository: Repository) -> None:
    executable(repository.programs / "python", "#!/bin/sh\nexit 7")
    assert backfill(repository, dry_run=False).status != 0


def test_a_turn_goes_on_from_the_newest_journal_and_keeps_all(repository: Repository) -> None:
    before(repository, "a1", "a2")
    tell(repository, 0)
    ended = backfill(repository, shard="2/4", dry_run=False, resume="77-3")
    assert ended.status == 0, ended.out
    arguments, _ = asked_of_syncjob(repository)
    assert "--resume=a2" in arguments
    (inputs,) = [inputs for used, inputs in ended.used if used == "actions/download-artifact"]
    assert inputs == {
        "pattern": "syncjob-backfill-3-2-of-4{,-unfinished}",
        "run-id": "77",
        "github-token": "token-of-the-job",
        "merge-multiple": "true",
        "path": str(repository.runner.temp / "before"),
    }
    runs = files_of(ended, "syncjob-backfill-1-2-of-4")["state"] / "runs"
    assert {path.name for path in runs.iterdir()} == {"a1.jsonl", "a2.jsonl", "b.jsonl"}


def test_a_first_turn_goes_on_from_nothing(repository: Repository) -> None:
    tell(repository, 0)
    ended = backfill(repository, dry_run=False)
    arguments, variables = asked_of_syncjob(repository)
    assert not [argument for argument in arguments if "resume" in argument]
    assert variables == {"SHARD": "", "MAX_DURATION": "5h", "DRY_RUN": "false"}
    assert [used for used, _ in ended.used if "download" in used] == []


@pytest.mark.parametrize(
    ("event", "repository_", "is_own"),
    [
        ("workflow_dispatch", "owner/models", True),
        ("pull_request", "owner/models", False),
        ("workflow_dispatch", "stranger/models", False),
        ("workflow_dispatch", None, False),
    ],
)
def test_a_turn_resumes_no_run_of_a_fork(
    repository: Repository, event: str, repository_: str | None, is_own: bool
) -> None:
    if not shutil.which("jq"):
        pytest.skip("needs jq, which gh has built in")
    run = {"id": 77, "event": event, "head_repository": repository_ and {"full_name": repository_}}
    (repository.programs / "run.json").write_text(json.dumps(run), "utf-8")
    before(repository, "a1")
    tell(repository, 0)
    ended = backfill(repository, dry_run=False, resume="77-1")
    assert (ended.status == 0) is is_own, ended.out
    assert (repository.programs / "asked.json").exists() is is_own
    assert [used for used, _ in ended.used if "download" in used] == ["actions/download-artifact"] * is_own


def test_drift_and_a_backfill_leave_a_part_of_the_limit_to_others() -> None:
    for variable, share in (("", "0.8"), ("0.5", "0.5")):
        shares = {
            (name, key): evaluate(value, {"vars.SYNCJOB_SHARE": variable})
            for name in ("review", "sync", "drift", "backfill")
            for part in workflow(name)["jobs"].values()
            for step in part["steps"]
            for key, value in step.get("env", {}).items()
            if key.endswith("_SHARE")
        }
        assert shares == {("drift", "SYNCJOB_DIFF_SHARE"): share, ("backfill", "SYNCJOB_SYNC_SHARE"): share}


def test_a_turn_to_go_on_from_that_left_no_journal_ends_the_turn(repository: Repository) -> None:
    repository.commit(one="text\n")
    ended = backfill(repository, dry_run=False, resume="77-1")
    assert ended.status != 0
    assert repository.remote.asked == []


def test_each_part_is_a_shard_with_its_time_and_an_artifact_of_its_own(repository: Repository) -> None:
    tell(repository, 4, **FURTHER)
    ended = backfill(repository, shard="3/12", dry_run=False, max_duration="90m")
    assert asked_of_syncjob(repository)[1] == {"SHARD": "3/12", "MAX_DURATION": "90m", "DRY_RUN": "false"}
    assert uploaded(ended) == ["syncjob-backfill-1-3-of-12-unfinished"]


def test_parts_run_side_by_side_and_one_that_fails_leaves_the_others_alone() -> None:
    strategy = job("backfill", "backfill")["strategy"]
    assert strategy == {
        "fail-fast": "false",
        "max-parallel": "4",
        "matrix": {"shard": "${{ fromJSON(inputs.shards) }}"},
    }
    default = workflow("backfill")["on"]["workflow_dispatch"]["inputs"]["shards"]["default"]
    assert json.loads(default) == ["1/1"]


@pytest.mark.parametrize(
    ("shard", "resume"), [("1", ""), ("a/b", ""), ("1/2\nx=y", ""), ("1/2", "77"), ("1/2", "a-b"), ("1/2", "7-1\n")]
)
def test_parts_and_turns_that_are_none_are_refused(repository: Repository, shard: str, resume: str) -> None:
    tell(repository, 0)
    ended = backfill(repository, shard=shard, dry_run=False, resume=resume)
    assert ended.status == 2
    assert "::error title=syncjob::shards are a JSON array" in ended.out
    assert not (repository.programs / "asked.json").exists()


def next_turn(repository: Repository, artifacts: Sequence[str], **inputs: Value) -> tuple[Ended, dict[str, str] | None]:
    """The job after the parts, where the run has left such artifacts; what it dispatched, None for nothing."""
    repository.answer("".join(f"{name}\n" for name in artifacts))
    defaults = {name: about["default"] for name, about in dispatched_inputs().items()}
    given = {f"inputs.{name}": inputs.get(name, default) for name, default in defaults.items()}
    repository.runner.context |= {**given, "github.workflow_ref": "owner/models/.github/workflows/backfill.yml@refs/x"}
    asked_before = len(repository.gh_asked)
    ended = repository.job("backfill", "next")
    listed, *dispatched = repository.gh_asked[asked_before:]
    assert "repos/owner/models/actions/runs/99/artifacts?per_page=100" in listed
    if not dispatched:
        return ended, None
    path = "repos/owner/models/actions/workflows/backfill.yml/dispatches"
    assert dispatched[0][:5] == ["api", "--silent", "--method", "POST", path]
    fields = dispatched[0][5:]
    assert fields[::2] == ["--raw-field"] * (len(fields) // 2)
    return ended, dict(field.split("=", 1) for field in fields[1::2])


def dispatched_inputs() -> dict[str, Any]:
    found: dict[str, Any] = workflow("backfill")["on"]["workflow_dispatch"]["inputs"]
    return found


def test_the_next_turn_is_begun_for_the_parts_that_are_unfinished_with_the_same_inputs(repository: Repository) -> None:
    inputs: dict[str, Value] = {
        "dry_run": False,
        "select": "a* $(touch x) 'b\"",
        "keep_going": True,
        "force": True,
        "overwrite_remote_edits": False,
        "max_duration": "90m",
        "shards": '["1/3", "2/3", "3/3"]',
        "resume": "77-1",
    }
    artifacts = ["syncjob-backfill-1-1-of-3-unfinished", "syncjob-backfill-1-2-of-3"]
    artifacts += ["syncjob-backfill-1-3-of-3-unfinished"]
    ended, dispatched = next_turn(repository, artifacts, **inputs)
    assert ended.status == 0, ended.out
    assert dispatched is not None
    assert dispatched.pop("ref") == "main"
    carried = {name: str(value).lower() if isinstance(value, bool) else value for name, value in inputs.items()}
    expected = carried | {"shards": '["1/3","3/3"]', "resume": "99-1"}
    assert dispatched == {f"inputs[{name}]": value for name, value in expected.items()}
    assert set(expected) == set(dispatched_inputs())


@pytest.mark.parametrize(
    "artifacts",
    [
        [],
        ["syncjob-backfill-1-1-of-1"],
        ["syncjob-backfill-2-1-of-1-unfinished"],  # of another attempt, which has begun its own
        ["syncjob-backfill-1-1-of-1-unfinished-not", "xsyncjob-backfill-1-1-of-1-unfinished"],
        ['syncjob-backfill-1-1-of-1"]-unfinished', "syncjob-sync-1"],
    ],
)
def test_no_turn_is_begun_where_no_part_is_unfinished(repository: Repository, artifacts: list[str]) -> None:
    ended, dispatched = next_turn(repository, artifacts, dry_run=False)
    assert (ended.status, dispatched) == (0, None)


@pytest.mark.parametrize(
    ("is_cancelled", "is_dry", "result", "runs"),
    [
        (False, False, "success", True),
        (False, False, "failure", True),  # of one part; the others go on
        (True, False, "cancelled", False),
        (False, True, "success", False),
        (False, False, "skipped", False),
    ],
)
def test_when_a_next_turn_is_thought_of(is_cancelled: bool, is_dry: bool, result: str, runs: bool) -> None:
    known: dict[str, Value] = {"cancelled()": is_cancelled, "inputs.dry_run": is_dry, "needs.backfill.result": result}
    assert evaluate(job("backfill", "next")["if"], known) is runs


def test_where_artifacts_cannot_be_listed_the_job_fails(repository: Repository) -> None:
    (repository.programs / "fails").touch()
    ended, dispatched = next_turn(repository, [], dry_run=False)
    assert (ended.status, dispatched) == (1, None)


def test_turns_follow_each_other_until_all_is_done(repository: Repository) -> None:
    """Over real HTTP: the time of a turn is over at its ninth request."""
    ids = [f"m{number:02}" for number in range(12)]
    repository.remote.add(*ids, texts=dict.fromkeys(ids, "text"))
    repository.commit(**dict.fromkeys(ids, "text\n"))
    config = repository.workspace.folder / "config.yaml"
    config.write_text(config.read_text("utf-8").replace("http: {", "http: {workers: 1, "), "utf-8")
    of_turn: list[str] = []
    over = repository.workspace.folder.parent / "over"
    repository.runner.environment = {**repository.runner.environment, **until(over)}

    def tires(method: str, target: str) -> None:
        of_turn.append(target)
        if len(of_turn) > 8:
            over.touch()

    kept: dict[str, Path] = {}

    def fetch(inputs: dict[str, str]) -> None:
        (name,) = (name for name in kept if name.removesuffix("-unfinished") == inputs["pattern"].partition("{")[0])
        shutil.copytree(kept[name], inputs["path"])

    repository.remote.script = tires
    repository.runner.actions |= {
        "actions/upload-artifact": lambda inputs: kept.update({inputs["name"]: Path(inputs["path"])}),
        "actions/download-artifact": fetch,
    }
    resume, turns = "", 0
    while True:
        of_turn.clear()
        over.unlink(missing_ok=True)
        turns += 1
        ended = backfill(repository, dry_run=False, max_duration="4s", resume=resume)
        assert ended.status == 0, ended.out
        _, dispatched = next_turn(repository, uploaded(ended), dry_run=False)
        if dispatched is None:
            break
        resume = dispatched["inputs[resume]"]
        shutil.rmtree(repository.runner.temp / "before", ignore_errors=True)  # the next machine
    assert turns > 1
    assert repository.remote.counts == {"GET": 12}  # no text was asked for twice
    assert repository.read_ids == set(ids)


# The hook of pre-commit.


def hook() -> dict[str, Any]:
    found: dict[str, Any] = yaml_list(ROOT / ".pre-commit-hooks.yaml")[0]
    return found


def yaml_list(path: Path) -> list[Any]:
    loaded: Any = load(path)
    assert isinstance(loaded, list)
    return loaded


@pytest.mark.parametrize(
    ("path", "is_checked"),
    [
        ("descriptions/flux.1-dev.md", True),
        ("descriptions/a name.md", True),
        ("descriptions/inner/one.md", False),
        ("descriptions/one.txt", False),
        ("docs/descriptions/one.md", False),
    ],
)
def test_the_hook_is_for_descriptions_alone(path: str, is_checked: bool) -> None:
    assert bool(re.search(hook()["files"], path)) is is_checked


@pytest.mark.parametrize(("text", "status"), [("fine\n", 0), ("{asset: x}\n", 1)])
def test_the_hook_checks_the_files_that_it_is_given(repository: Repository, text: str, status: int) -> None:
    repository.write(**{"-one": text, "two": "{asset: y}\n"})
    program, *arguments = shlex.split(hook()["entry"])
    assert program == "syncjob"
    ended = repository.workspace.run(
        *arguments, "descriptions/-one.md", SCENARIO_SDK_API_KEY="", SCENARIO_SDK_API_SECRET=""
    )
    assert ended.status == status, ended.err
    assert repository.remote.asked == []
