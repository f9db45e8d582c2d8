"""A run of an old commit: when `sync.yml` and `backfill.yml` write nothing."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support.checked_out import Repository, executable
from tests.support.fake_github import GitHub
from tests.support.steps import Value, evaluate, workflow

pytestmark = pytest.mark.skipif(not shutil.which("jq"), reason="needs jq, which gh has built in")

WRITE = "Write to Scenario"


def run(number: int, commit: str, step: str = "completed", status: str = "completed", **more: Any) -> dict[str, Any]:
    """A run of a workflow, as GitHub lists it, by what became of the step that writes: its status, or `skipped`."""
    is_skipped = step == "skipped"
    steps = [
        {"number": 1, "name": "Set up job", "status": "completed", "conclusion": "success"},
        {
            "number": 7,
            "name": WRITE,
            "status": "completed" if is_skipped else step,
            "conclusion": step if is_skipped else "failure",
        },
    ]
    known = {"id": number + 100, "run_number": number, "run_attempt": 1, "head_sha": commit, "branch": "main"}
    return {**known, "file": "sync.yml", "status": status, "conclusion": "failure", "steps": steps, **more}


@dataclass(frozen=True)
class Case:
    """What GitHub says to run 9, of C; commits are named by their letters: A - B - C - D, and T apart from them."""

    name: str
    tip: str = "D"
    runs: tuple[tuple[int, str, Mapping[str, Any]], ...] = ()
    attempt: str = "2"
    fails: bool = False
    said: str = field(default="", kw_only=True)


STRANGERS: dict[str, Any] = {"event": "pull_request", "head_repository": {"full_name": "stranger/models"}}
REFUSED = [
    Case("a later one was green or red", runs=((12, "D", {}),), said="(#12, of "),
    Case("a later one is writing", runs=((12, "D", {"step": "in_progress", "status": "in_progress"}),)),
    Case("a later one waits for the second time", runs=((12, "D", {"status": "queued", "run_attempt": 2}),)),
    Case("a later one of several", runs=((13, "D", {"step": "skipped"}), (12, "D", {}))),
    Case("a later commit ran before", runs=((8, "D", {}),), attempt="1"),
    Case("main was replaced by another", tip="T", runs=((12, "T", {}),)),
    Case("main was reset to an earlier commit", tip="B", runs=((12, "B", {}),)),
    Case("GitHub does not say, in a re-run", fails=True, said="cannot find out from GitHub"),
]
ALLOWED = [
    Case("a later one ended before it wrote", runs=((12, "D", {"step": "skipped"}),)),
    Case("a fork's", runs=((12, "E", STRANGERS), (8, "D", STRANGERS))),
    Case("a later one has not come so far", runs=((12, "D", {"step": "pending", "status": "in_progress"}),)),
    Case("a later one waits", runs=((12, "D", {"status": "queued"}),)),
    Case("main was reset to this commit", tip="C", runs=((12, "D", {}),)),
    Case("only earlier ones", runs=((8, "B", {}), (7, "T", {}))),
    Case("another run of this commit", runs=((12, "C", {}),)),
    Case("a pull request's", runs=((12, "D", {"event": "pull_request"}),)),
    Case("no other"),
    Case("GitHub does not say, at first", fails=True, attempt="1"),
]


@pytest.mark.parametrize(
    ("refused", "allowed"),
    [(REFUSED[:2], ALLOWED[:2]), pytest.param(REFUSED[2:], ALLOWED[2:], marks=pytest.mark.deep)],
    ids=["most likely", "others"],
)
def test_a_run_is_refused_if_a_later_one_has_begun_to_write(
    repository: Repository, refused: list[Case], allowed: list[Case]
) -> None:
    github = GitHub.start(repository.programs.parent / "github", repository.programs)
    executable(repository.programs / "syncjob", "#!/bin/sh\necho WRITES\n")
    commits = {name: repository.commit(one=f"{name}\n") for name in "AB"}
    repository.git("checkout", "--quiet", "--detach")
    commits |= {name: repository.commit(one=f"{name}\n") for name in "T"}
    repository.git("checkout", "--quiet", "main")
    commits |= {name: repository.commit(one=f"{name}\n") for name in "CD"} | {"E": "e" * 40}
    repository.git("checkout", "--quiet", "--detach", commits["C"])
    for case in refused + allowed:
        github.point("main", commits[case.tip])
        github.change(fails=case.fails, runs=[run(number, commits[name], **more) for number, name, more in case.runs])
        ended = repository.job("sync", "sync", github__run_attempt=case.attempt)
        assert (ended.status, "WRITES" in ended.out) == ((1, False) if case in refused else (0, True)), (
            f"{case.name}: {ended.out}"
        )
        assert ("::error title=syncjob::" in ended.out) is (case in refused), case.name
        assert case.said in ended.out, case.name


def test_a_run_that_waits_is_not_asked_for_its_jobs(repository: Repository) -> None:
    """A hundred may wait, and each would be a request."""
    github = GitHub.start(repository.programs.parent / "github", repository.programs)
    executable(repository.programs / "syncjob", "#!/bin/sh\n")
    old = repository.commit(one="old\n")
    tip = repository.commit(one="new\n")
    repository.git("checkout", "--quiet", "--detach", old)
    github.point("main", tip)
    github.change(runs=[run(number, tip, status="queued") for number in range(10, 30)])
    assert repository.job("sync", "sync").status == 0
    assert not [asked for asked in github.state["asked"] if asked.endswith("/jobs")]


def test_a_green_run_of_a_fork_hides_nothing_that_was_never_synced(repository: Repository) -> None:
    """Its head branch is called `main` too, and has been merged since."""
    github = GitHub.start(repository.programs.parent / "github", repository.programs)
    executable(repository.programs / "syncjob", '#!/bin/sh\necho "$@"\n')
    last = repository.commit(one="old\n")
    repository.commit(one="new\n")  # its sync was cancelled
    tip = repository.commit(two="of the fork\n")
    github.point("main", tip)
    green: dict[str, Any] = {"conclusion": "success"}
    strangers = [run(number, tip, **green, **STRANGERS) for number in (8, 7)]
    github.change(runs=[*strangers, run(6, last, **green)])
    assert f"--since={last}" in repository.job("sync", "sync").out


def test_a_text_that_was_reverted_does_not_come_back_by_running_its_sync_again(repository: Repository) -> None:
    github = GitHub.start(repository.programs.parent / "github", repository.programs)
    repository.remote.add("one", texts={"one": "good"})
    repository.commit(one="good\n")
    bad = repository.commit(one="bad\n")
    good = repository.commit(one="good\n")
    repository.git("checkout", "--quiet", "--detach", bad)
    github.point("main", good)
    github.change(runs=[run(10, good)])
    ended = repository.job("sync", "sync", github__run_attempt="2")
    assert ended.status == 1
    assert repository.remote.sandbox.description("one") == "good"
    assert repository.remote.asked == []


@pytest.mark.parametrize(
    ("is_dry", "attempt", "is_asked"), [(False, "1", False), (True, "2", False), (False, "2", True)]
)
def test_only_a_backfill_that_runs_again_and_writes_may_be_old(is_dry: bool, attempt: str, is_asked: bool) -> None:
    (step,) = [
        each for each in workflow("backfill")["jobs"]["backfill"]["steps"] if "old state" in each.get("name", "")
    ]
    known: dict[str, Value] = {"inputs.dry_run": is_dry, "github.run_attempt": attempt}
    assert evaluate(step["if"], known) is is_asked


def test_the_step_that_writes_has_the_name_by_which_a_run_is_known_to_have_begun() -> None:
    steps = workflow("sync")["jobs"]["sync"]["steps"]
    assert [step["name"] for step in steps if step.get("uses") == "./"] == [WRITE]
    (script,) = [step["run"] for step in steps if "old state" in step.get("name", "")]
    assert f'"{WRITE}"' in script
