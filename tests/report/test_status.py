"""Exit statuses, as docs/interface.md lists them."""

import pytest

from syncjob.problems import Failure, Problem
from syncjob.report.model import Item, ItemAction, ItemStatus
from syncjob.report.status import End, exit_code

UNAUTHORIZED = Failure("unauthorized", "HTTP 401", 401, 1, is_fatal=True)
PLAN_LIMIT = Failure("plan-limit", "HTTP 429", 429, 1, is_fatal=True)
UNTRUSTED = Failure("unavailable", "certificate", is_fatal=True)
DOWN = Failure("unavailable", "HTTP 503", 503, 5)


def item(action: ItemAction, status: ItemStatus) -> Item:
    return Item("one", None, "descriptions/one.md", action, status)


CASES = [
    (End(), [], 0),
    (End(), [item("unchanged", "unchanged")], 0),
    (End(), [item("update", "planned")], 3),
    (End(), [item("update", "planned"), item("invalid", "refused")], 1),
    (End(), [item("update", "failed")], 1),
    (End(), [item("update", "not_attempted")], 1),
    (End("interrupted", signal=2), [item("update", "applied")], 130),
    (End("interrupted", signal=15, failure=UNAUTHORIZED), [item("update", "failed")], 143),
    (End("refused", failure=UNAUTHORIZED), [item("invalid", "failed")], 2),
    (End("refused", failure=UNAUTHORIZED, has_sent=True), [item("update", "applied"), item("update", "failed")], 1),
    (End("refused", failure=UNAUTHORIZED, has_sent=True), [item("update", "failed")], 1),
    (End("ceiling", failure=PLAN_LIMIT), [item("update", "failed")], 4),
    (End("20 failures", failure=DOWN, is_tripped=True), [item("update", "failed")], 4),
    (End("certificate", failure=UNTRUSTED), [item("invalid", "failed")], 1),
]


@pytest.mark.parametrize(("end", "items", "status"), CASES)
def test_the_exit_status_follows_from_the_end_and_the_items(end: End, items: list[Item], status: int) -> None:
    assert exit_code(end, items, [], changes_are_3=True) == status


def test_changes_are_no_failure_unless_that_is_asked_for() -> None:
    items = [item("update", "planned"), item("update", "applied")]
    assert exit_code(End(), items, [], changes_are_3=False) == 0


def test_a_problem_of_the_run_is_a_failure() -> None:
    problem = Problem("too-many-changes", "31 of 100")
    assert exit_code(End(), [], [problem], changes_are_3=True) == 1


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (End("interrupted by SIGINT", signal=2, failure=DOWN), "interrupted"),
        (End("ceiling", failure=PLAN_LIMIT), "plan-limit"),
        (End("an internal reason"), "interrupted"),
    ],
)
def test_an_early_end_is_a_problem_with_its_reason(end: End, code: str) -> None:
    (problem,) = end.problems()
    assert problem.code == code
    assert problem.message == f"stopped early: {end.reason}"


def test_a_run_that_did_not_end_early_has_no_such_problem() -> None:
    assert list(End().problems()) == []
