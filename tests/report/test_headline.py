"""The outcome of a run comes first in every format: that nothing is written, and why; and in words that are true."""

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec import structs

from syncjob.problems import CALLED_OFF
from syncjob.report.build import summarise
from syncjob.report.headline import headline, next_line, obstacle, page_heading, summary_line
from syncjob.report.markdown.document import COMMENT, render
from syncjob.report.model import Item, ItemError, ItemProblem, Report, RunProblem
from syncjob.report.text import render_plan
from tests.report.test_markdown import diff_of, item_of, report_of
from tests.support.loopback import Loopback, json_answer
from tests.support.workspace import Workspace

EDITED = item_of("e", diff_of("a", "b"), "conflict", problems=(ItemProblem("remote-edited", "error", "not in git"),))
UNKNOWN = item_of(
    "u", "", "conflict", problems=(ItemProblem("remote-edited", "error", "cannot tell: shallow", doubtful=True),)
)
BEHIND = item_of("z", "", "conflict", problems=(ItemProblem("behind", "error", "merge that branch"),))
BAD = item_of("i", "", "invalid", problems=(ItemProblem("tag-malformed", "error", "write {asset:x}"),))
DOWN = item_of("n", "", "invalid", error=ItemError("unavailable", "no answer", 503, 5))
READY = [item_of(f"r{number}", diff_of("a", "b")) for number in range(7)]
MANY = RunProblem("too-many-changes", "error", "40 of 50 would be changed; look at the diff, then use --force")
CUT = RunProblem("interrupted", "error", "stopped early: SIGTERM")
KEEPS: dict[str, Any] = {"keep_going": True}


def report(items: Sequence[Item], problems: Sequence[RunProblem] = (), **facts: object) -> Report:
    return report_of(*items, problems=problems, **{"summary": summarise(items), **facts})


@pytest.mark.parametrize(
    ("items", "problems", "facts", "said"),
    [
        ([EDITED, BAD, BAD, *READY], [], {}, "Blocked: sync would write nothing. 1 edited on Scenario, 2 invalid; 7 ready."),
        ([EDITED], [], {}, "Blocked: sync would write nothing. 1 edited on Scenario."),
        ([UNKNOWN, BEHIND, EDITED], [], {}, "Blocked: sync would write nothing. 1 edited on Scenario, 2 in conflict."),
        ([DOWN, *READY], [], {}, "Blocked: sync would write nothing. 1 not compared; 7 ready."),
        (READY, [MANY], {}, "Blocked: sync would write nothing (too-many-changes). 7 ready."),
        (READY, [MANY], KEEPS, "Blocked: sync would write nothing (too-many-changes). 7 ready."),
        ([DOWN, *READY], [CUT], {}, "Incomplete (interrupted): 1 not compared; 7 ready."),
        ([DOWN, DOWN], [], {}, "Nothing was compared."),
        ([], [CUT], {}, "Nothing was compared."),
        ([EDITED, BAD, BAD, *READY], [], KEEPS, "sync would write 7 and refuse 3: 1 edited on Scenario, 2 invalid."),
        ([EDITED], [], KEEPS, "sync would write nothing and refuse 1: 1 edited on Scenario."),
        ([EDITED, *READY], [], {"command": "rollback"}, "rollback would write 7 and refuse 1: 1 edited on Scenario."),
        (READY, [], {}, "Plan: 0 to create, 7 to update, 0 to delete, 0 unchanged."),
    ],
)  # fmt: skip
def test_the_first_line_says_what_would_come_of_it(
    items: Sequence[Item], problems: Sequence[RunProblem], facts: dict[str, object], said: str
) -> None:
    made = report(items, problems, **facts)
    assert headline(made) == said
    assert render(made, COMMENT).split("\n")[2] == f"**{said}**"
    if obstacle(made):
        assert render_plan(made, color=False).startswith(f"{said}\n\n")
    else:
        assert summary_line(made) == said
    assert page_heading(made) == (
        "7 descriptions would change" if said.startswith("Plan: ") else said.removesuffix(".")
    )


def _ended(status: str, *items: Item) -> list[Item]:
    return [Item(each.model_id, None, each.path, each.action, status) for each in items]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("items", "problems", "said"),
    [
        ([*_ended("refused", BEHIND), *_ended("not_attempted", *READY)], [], "Blocked: nothing was written. 1 in conflict; 7 ready."),
        (_ended("refused", *READY), [MANY], "Blocked: nothing was written (too-many-changes). 7 ready."),
        (_ended("applied", *READY), [], "Applied 7, 0 failed, 0 refused."),
        (_ended("not_attempted", *READY), [RunProblem(CALLED_OFF.code, "error", "no")], "Cancelled; nothing was written."),
        (_ended("not_attempted", *READY), [CUT], "Nothing was written: 0 failed, 0 refused, 7 not attempted."),
        ([*_ended("applied", *READY), *_ended("refused", BEHIND)], [CUT], "Applied 7, 0 failed, 1 refused."),
    ],
)  # fmt: skip
def test_after_a_sync_it_says_what_came_of_it(items: Sequence[Item], problems: Sequence[RunProblem], said: str) -> None:
    assert headline(report(items, problems, command="sync", dry_run=False)) == said


@pytest.mark.parametrize(
    ("items", "problems", "facts", "said"),
    [
        ([DOWN], [], {}, "Nothing was compared"),
        ([DOWN, BAD], [], {"command": "check"}, "2 descriptions, not compared with Scenario"),
        ([], [], {}, "No description would change"),
        (READY[:1], [], {}, "1 description would change"),
        (_ended("applied", *READY), [], {"command": "sync", "dry_run": False}, "7 descriptions written to Scenario"),
        (_ended("not_attempted", *READY), [CUT], {"command": "sync", "dry_run": False}, "0 descriptions written to Scenario"),
        ([structs.replace(DOWN, status="refused")], [], {"command": "sync", "dry_run": False}, "Nothing was compared"),
    ],
)  # fmt: skip
def test_a_page_that_has_the_counts_says_it_in_fewer_words(
    items: Sequence[Item], problems: Sequence[RunProblem], facts: dict[str, object], said: str
) -> None:
    assert page_heading(report(items, problems, **facts)) == said


def test_that_nothing_was_compared_is_said_once(workspace: Workspace, remote: Loopback) -> None:
    assert render_plan(report([DOWN]), color=False).count("Nothing was compared.") == 1
    remote.script = lambda method, target: json_answer(403, b'{"reason": "not yours"}')
    workspace.write("one", "text\n")
    workspace.commit()
    ended = workspace.run("diff", "--format", "json")
    assert (ended.status, ended.err.count("Nothing was compared."), "Plan: " in ended.err) == (1, 1, False)


def test_before_a_sync_that_is_refused_nothing_is_said_of_what_earlier_slices_wrote() -> None:
    made = report([*_ended("refused", BEHIND), *READY], command="sync", dry_run=False)
    assert headline(made) == "Blocked: sync writes none of this. 1 in conflict; 7 ready."


def test_the_next_step_is_told_only_if_it_helps() -> None:
    assert next_line(report([EDITED, *READY])) == ("Next: settle what is refused, or write the rest with --keep-going.")
    assert next_line(report([EDITED])) is None
    assert next_line(report([EDITED, *READY], [MANY])) is None
    assert next_line(report([EDITED, *READY], **KEEPS)) is None
    assert next_line(report(READY)) is None


def test_problems_come_before_changes_and_the_next_step_last() -> None:
    change = item_of("a", diff_of("a", "b"))
    warned = RunProblem("file-nested", "warning", "deep/x.md is not looked at")
    lines = render_plan(report([change, BAD, EDITED], [warned]), color=False).splitlines()
    order = ["Blocked:", "syncjob: warning", "descriptions/i.md: error", "conflict e", "update a", "Plan: ", "Next: "]
    assert [next(place for place, line in enumerate(lines) if line.startswith(start)) for start in order] == sorted(
        next(place for place, line in enumerate(lines) if line.startswith(start)) for start in order
    )
    assert lines[-1].startswith("Next: ")


def test_too_many_changes_are_told_on_stderr_if_the_output_is_elsewhere(workspace: Workspace, remote: Loopback) -> None:
    ids = [f"m{number:02}" for number in range(11)]
    remote.add(*ids, texts=dict.fromkeys(ids, "old"))
    workspace.held(dict.fromkeys(ids, "old"))
    for id_ in ids:
        workspace.write(id_, "new")
    workspace.commit()
    why = "error too-many-changes: 11 of 11 descriptions would be changed"
    for arguments in (["--output", "o.txt"], ["--format", "json"]):
        ended = workspace.run("diff", *arguments)
        assert (ended.status, ended.err.count(why), ended.err.count("Blocked: ")) == (1, 1, 1)
    assert (workspace.folder / "o.txt").read_text().startswith("Blocked: sync would write nothing (too-many-changes)")
    assert workspace.run("diff").err == ""
    ended = workspace.run("sync", "--output", "o.txt")
    assert (ended.status, why in ended.err, "Blocked: nothing was written" in ended.err) == (1, True, True)
    ended = workspace.run("diff", "--format", "json", GITHUB_ACTIONS="true")
    assert (ended.err.count("too-many-changes::11 of 11"), ended.err.count(why)) == (1, 0)
