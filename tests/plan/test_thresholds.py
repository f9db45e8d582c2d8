"""How much a run may change, as a pure function of its changes."""

import pytest

from syncjob.config.schema import Safety
from syncjob.local.document import Document, parse
from syncjob.plan.compare import Change, compare
from syncjob.plan.existing import Held
from syncjob.plan.thresholds import Tally, large_review, over_threshold


def document(text: str, model_id: str) -> Document:
    return parse(model_id, f"descriptions/{model_id}.md", text.encode())


def held(text: str) -> Held:
    return Held(text, (), 1.0)


def updates(count: int) -> list[Change]:
    return [compare(document("new", f"m{number:03}"), held("old")) for number in range(count)]


@pytest.mark.parametrize(
    ("count", "files", "is_allowed"),
    [(10, 10, True), (11, 11, False), (30, 100, True), (31, 100, False), (11, 37, True), (12, 37, False)],
)
def test_updates_above_the_threshold_refuse_the_plan(count: int, files: int, is_allowed: bool) -> None:
    problems = [problem.code for problem in over_threshold(Tally().plus(updates(count)), files, Safety())]
    assert problems == ([] if is_allowed else ["too-many-changes"])


def test_the_threshold_is_for_all_slices_of_a_run() -> None:
    tally = Tally().plus(updates(6)).plus(updates(4))
    assert not list(over_threshold(tally, 10, Safety()))
    assert list(over_threshold(tally.plus(updates(1)), 10, Safety()))


def test_deletes_have_a_threshold_of_their_own_and_creates_have_none() -> None:
    deletes = [Change(f"m{number}", "", "delete", before="old") for number in range(4)]
    creates = [compare(document("new", f"c{number}"), held("")) for number in range(50)]
    tally = Tally().plus(deletes + creates)
    assert not list(over_threshold(tally, 60, Safety(max_deletes=4)))
    assert [problem.code for problem in over_threshold(tally, 60, Safety(max_deletes=3))] == ["too-many-changes"]


@pytest.mark.parametrize(
    ("updated", "deleted", "files", "said"),
    [
        (
            60,
            0,
            143,
            [
                "changes 60 of 143 descriptions (42 %); commits changed their files or acknowledged lines, so no threshold stops this"
            ],
        ),
        (42, 0, 143, []),
        (
            11,
            9,
            11,
            [
                "changes 20 of 20 descriptions (100 %); commits changed their files or acknowledged lines, so no threshold stops this"
            ],
        ),
    ],
)
def test_a_review_of_much_is_said_loudly(updated: int, deleted: int, files: int, said: list[str]) -> None:
    deletes = [Change(f"d{number}", "", "delete", before="old") for number in range(deleted)]
    tally = Tally().plus([*updates(updated), *deletes], lambda change: True)
    assert (tally.touched, tally.deleted, tally.reviewed) == (deleted, deleted, updated)
    assert [problem.message for problem in large_review(tally, files, Safety())] == said
    assert not list(over_threshold(tally, files, Safety()))
