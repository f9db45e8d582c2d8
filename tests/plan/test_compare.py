"""The plan as a pure function of documents, what exists, and what is referred to."""

import pytest

from syncjob.local.document import Document, parse
from syncjob.plan.compare import Plan, compare, in_order, not_compared, with_references
from syncjob.plan.existing import Absent, Existing, Held
from syncjob.plan.references import Catalogue, Entry
from syncjob.problems import Failure
from syncjob.text.canonical import sha256

FAILURE = Failure("unavailable", "HTTP 503", 503, 5)


def document(text: str, model_id: str = "one") -> Document:
    return parse(model_id, f"descriptions/{model_id}.md", text.encode())


def held(text: str, *known: Entry) -> Held:
    return Held(text, known, 1.0)


@pytest.mark.parametrize(
    ("desired", "existing", "action"),
    [
        ("text", held("text"), "unchanged"),
        ("caf\u00e9", held("cafe\u0301"), "unchanged"),
        ("text", held("other"), "update"),
        ("text", held(""), "create"),
        ("text", Absent(1.0), "create"),
        ("text", FAILURE, "invalid"),
    ],
)
def test_the_action_follows_from_both_sides(desired: str, existing: Existing, action: str) -> None:
    assert compare(document(desired), existing).action == action


def test_an_unchanged_item_keeps_the_digests_and_no_text() -> None:
    change = compare(document("caf\u00e9"), held("cafe\u0301"))
    assert (change.before, change.after) == ("", "")
    assert (change.before_sha256, change.after_sha256) == (sha256("cafe\u0301"), sha256("caf\u00e9"))


def test_a_model_without_answer_is_unknown_unless_a_look_up_finds_it() -> None:
    change = compare(document("text"), Absent(1.0))
    unknown = with_references(change, Catalogue())
    assert (unknown.action, [problem.code for problem in unknown.problems]) == ("invalid", ["model-unknown"])
    found = with_references(change, Catalogue({("model", "one"): Entry("model", "one", "One", "private")}))
    assert (found.action, found.model_name, found.problems) == ("create", "One", ())
    failed = with_references(change, Catalogue(failures={("model", "one"): FAILURE}))
    assert (failed.action, failed.failure) == ("invalid", FAILURE)


def test_a_reference_that_could_not_be_looked_up_is_a_failure_and_not_missing() -> None:
    change = compare(document("{asset:a}"), held("old"))
    settled = with_references(change, Catalogue(failures={("asset", "a"): FAILURE}))
    assert (settled.action, settled.failure, settled.problems) == ("invalid", FAILURE, ())


def test_what_the_remote_text_refers_to_is_known_to_exist() -> None:
    change = compare(document("new {asset:a}"), held("old {asset:a}", Entry("asset", "a", None, "private")))
    assert with_references(change, Catalogue()).problems == ()


@pytest.mark.parametrize(
    ("privacy", "codes"),
    [("public", ["reference-private"] * 2), ("unlisted", ["reference-private"] * 2), ("private", []), (None, [])],
)
def test_only_a_model_that_others_see_is_warned_of_private_references(privacy: str | None, codes: list[str]) -> None:
    records = [
        Entry("model", "one", None, privacy),
        Entry("asset", "a", None, "private"),
        Entry("model", "m", None, "private"),
        Entry("asset", "b", None, "public"),
    ]
    catalogue = Catalogue({(record.kind, record.id): record for record in records})
    change = with_references(compare(document("{asset:a} {model:m} {asset:b}"), held("")), catalogue)
    assert [problem.code for problem in change.problems] == codes
    assert change.action == "create"


def test_a_plan_is_sorted_and_one_blocked_item_refuses_it() -> None:
    changes = [compare(document("text", "b"), held("old")), not_compared(document("text", "a"))]
    plan = Plan(in_order(changes))
    assert [change.model_id for change in plan.changes] == ["a", "b"]
    assert [change.model_id for change in plan.writes] == ["b"]
    assert plan.is_refused
