"""`diff --keep-going` says what a sync that keeps going would write, and what it would refuse."""

import json

import pytest

from tests.support.loopback import Loopback
from tests.support.workspace import Workspace

WOULD = "sync would write 2 and refuse 2"
WHY = f"{WOULD}: 1 edited on Scenario, 1 invalid"


@pytest.fixture
def mixed(workspace: Workspace, remote: Loopback) -> Workspace:
    """Two to write, a conflict and a bad file."""
    ids = ("one", "two", "edited", "bad")
    remote.add(*ids, texts=dict.fromkeys(ids, "old"))
    workspace.held(dict.fromkeys(ids, "old"))
    remote.sandbox.put("edited", "edited there")
    for id_ in ids:
        workspace.write(id_, "{asset: x}" if id_ == "bad" else "new")
    workspace.commit()
    return workspace


@pytest.mark.parametrize("command", [("diff",), ("sync", "--dry-run")], ids=" ".join)
def test_every_format_says_it_and_what_is_refused_stays_red(mixed: Workspace, command: tuple[str, ...]) -> None:
    for form in ("text", "markdown", "html"):
        ended = mixed.run(*command, "--keep-going", "--format", form)
        assert (ended.status, WHY in ended.out, "Blocked" in ended.out) == (1, True, False)
    assert f"<h1>{WHY}</h1>" in ended.out


def test_it_is_what_sync_then_does(mixed: Workspace) -> None:
    planned = mixed.json("diff", "--keep-going").report
    done = mixed.json("sync", "--keep-going").report["summary"]
    assert (planned["exit_code"], planned["keep_going"], planned["dry_run"]) == (1, True, True)
    assert (done["applied"], done["refused"]) == (2, 2)


def test_the_environment_is_read_like_a_flag(mixed: Workspace) -> None:
    assert WHY in mixed.run("diff", SYNCJOB_DIFF_KEEP_GOING="true").out
    assert "Blocked: sync would write nothing" in mixed.run("diff", SYNCJOB_DIFF_KEEP_GOING="false").out


def test_nothing_is_said_of_a_plan_without_a_refusal_and_nothing_is_called_nothing(mixed: Workspace) -> None:
    for command in ("diff", "sync --dry-run"):
        ended = mixed.run(*command.split(), "one", "--keep-going")
        assert (ended.status, "would" in ended.out) == (0, False)
    assert (
        "sync would write nothing and refuse 1: 1 edited on Scenario."
        in mixed.run("diff", "edited", "--keep-going").out
    )
    assert mixed.run("diff", "one", "--keep-going", "--exit-code").status == 3


def test_above_a_threshold_keeping_going_writes_nothing_and_says_so(mixed: Workspace) -> None:
    config = mixed.folder / "config.yaml"
    config.write_text(config.read_text() + "safety: {max_deletes: 0}\n")
    (mixed.descriptions / "two.md").unlink()
    ended = mixed.run("diff", "--prune", "--keep-going")
    assert (ended.status, "sync would write 2" in ended.out) == (1, False)
    assert ended.out.startswith(
        "Blocked: sync would write nothing (too-many-changes). 1 edited on Scenario, 1 invalid; 2 ready."
    )


def test_in_a_step_the_comment_says_it(mixed: Workspace) -> None:
    mixed.run("diff", "--keep-going", "--report", "r.json", GITHUB_ACTIONS="true", RUNNER_TEMP=str(mixed.folder))
    report = json.loads((mixed.folder / "r.json").read_text())
    assert WHY in (mixed.folder / f"syncjob-{report['run']}.md").read_text()


def test_a_sync_that_compared_nothing_does_not_promise_a_rest(mixed: Workspace, remote: Loopback) -> None:
    ended = mixed.run("sync")
    assert remote.asked == []
    assert "writes the rest" not in ended.out
    assert ended.out.endswith("Nothing was compared: fix 1 invalid description, or skip it with --keep-going.\n")
    assert "Nothing was compared" not in mixed.run("sync", "bad").out


def test_exit_code_without_a_dry_run_is_said_to_have_no_effect(mixed: Workspace) -> None:
    ended = mixed.run("sync", "one", "--exit-code")
    assert (ended.status, ended.err) == (0, "--exit-code has no effect without --dry-run.\n")
    assert "no effect" not in mixed.run("sync", "two", "--exit-code", "--dry-run").err


def test_the_sentence_on_what_belongs_to_a_plan_ends_as_one(mixed: Workspace) -> None:
    ended = mixed.run("sync", "one", "--plan", "plan.json")
    assert (ended.status, "(diff, or sync --dry-run). See `syncjob sync --help`." in ended.err) == (2, True)
