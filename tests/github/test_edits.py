"""What a workflow is told of edits made on Scenario: whether there are any, and which of them a pull request may bring."""

import pytest
from msgspec.structs import replace

from syncjob.github import edits
from syncjob.github.annotations import render
from syncjob.report.build import summarise
from syncjob.report.model import Item, ItemError, ItemProblem, Report, RunProblem
from tests.github.test_step import report_of

DOWN = ItemError("unavailable", "no response", 503, 5)


def item(
    id_: str,
    action: str,
    status: str = "planned",
    code: str = "",
    error: ItemError | None = None,
    *,
    doubtful: bool = False,
) -> Item:
    problems = (ItemProblem(code, "error", "", doubtful=doubtful),) if code else ()
    return Item(id_, None, "", action, status, "0" * 64, problems=problems, error=error)  # type: ignore[arg-type]


def ended(
    command: str, exit_code: int, *items: Item, problems: tuple[RunProblem, ...] = (), dry: bool = False
) -> Report:
    made = report_of(summarise(items), *items)
    facts = {"command": command, "exit_code": exit_code, "problems": problems, "dry_run": dry or command == "diff"}
    return type(made)(**{name: getattr(made, name) for name in made.__struct_fields__} | facts)


EDITED = item("edited", "conflict", code="remote-edited")
UNSURE = item("unsure", "conflict", code="remote-edited", doubtful=True)
BEHIND = item("behind", "conflict", code="behind")
BAD = item("bad", "invalid", code="tag-malformed")
UNREAD = replace(item("unread", "invalid", error=DOWN), path="descriptions/unread.md")
GONE = replace(UNREAD, model_id="gone", error=ItemError("model-unknown", "no such model", 404, 1))
MANY = [replace(UNREAD, model_id=f"unread{number}") for number in range(500)]
SAME = item("same", "unchanged", "unchanged")
TORN = RunProblem("unavailable", "error", "the list of models")


@pytest.mark.parametrize(
    ("report", "found", "ids"),
    [
        (ended("diff", 0, SAME), "none", ""),
        (ended("diff", 0), "none", ""),
        (ended("diff", 3, item("one", "update")), "none", ""),
        (ended("diff", 1, EDITED, SAME), "some", "edited"),
        (ended("diff", 1, EDITED, BAD, GONE), "some", "edited"),
        # What was not read may be edited too: a pull tries again, and is not complete if it cannot either.
        (ended("diff", 1, UNREAD, BAD, EDITED), "some", "edited unread"),
        (ended("diff", 1, EDITED, *MANY[1:]), "some", " ".join(["edited", *(each.model_id for each in MANY[1:])])),
        (ended("diff", 1, EDITED, *MANY), "", ""),  # they do not fit
        (ended("diff", 1, EDITED, replace(UNREAD, path="")), "some", "edited"),  # of a model without a file
        (ended("diff", 1, UNSURE), "some", "unsure"),  # it may be nobody's: a pull looks, and says
        (ended("diff", 1, item("moved", "conflict")), "some", "moved"),
        (ended("diff", 1, BEHIND), "none", ""),  # a branch has this text: nobody wrote it on Scenario
        (ended("diff", 1, BEHIND, EDITED), "some", "edited"),
        (ended("diff", 1, BAD), "", ""),  # what could not be compared may be edited
        (ended("diff", 1, UNREAD), "", ""),
        (ended("diff", 1, problems=(TORN,)), "", ""),
        (ended("diff", 1, SAME, problems=(TORN,)), "none", ""),
        (ended("diff", 4, EDITED), "", ""),
        (ended("diff", 2), "", ""),
        (ended("diff", 143, EDITED), "", ""),
        (ended("sync", 1, EDITED), "", ""),
        (ended("check", 1, BAD), "", ""),
        (ended("pull", 1, item("one", "conflict", "refused")), "", ""),
    ],
)
def test_what_a_comparison_says_of_edits(report: Report, found: str, ids: str) -> None:
    told = edits.outputs(report)
    assert (told["edits"], told["edited"]) == (found, ids)
    if report.command == "diff":
        assert (told["brought"], told["complete"]) == ("", "")


@pytest.mark.parametrize(
    ("one", "is_brought"),
    [
        (item("one", "update", "applied"), True),
        (item("one", "create", "applied"), True),
        (item("one", "update", "applied", "merged"), True),
        (item("one", "conflict", "applied"), False),  # merged by a guess, or with markers
        (item("one", "update", "applied", "merge-marker"), False),  # Scenario's own text has them
        (item("one", "update", "applied", "merge-guess"), False),
        (item("one", "unchanged", "unchanged"), True),  # its acknowledged line, if it got one
        (item("one", "unchanged", "unchanged", "ahead"), True),
        (item("one", "unchanged", "unchanged", "merge-guess"), False),
        (Item("one", None, "", "unchanged", "unchanged"), False),  # there is no file
        (item("one", "conflict", "refused"), False),
        (item("one", "update", "planned"), False),
        (item("../one", "update", "applied"), False),  # no id of a model
        (item("one", "update", "failed"), None),
        (item("one", "invalid", "not_attempted"), None),
        (item("one", "invalid", "refused", error=DOWN), None),
    ],
)
def test_what_of_a_pull_may_be_brought(one: Item, is_brought: bool | None) -> None:
    """None: not every edit could be read, or its file written."""
    told = edits.outputs(ended("pull", 1, one, item("two", "update", "applied")))
    assert told["brought"].split() == (["one", "two"] if is_brought else ["two"])
    assert told["complete"] == ("false" if is_brought is None else "true")
    assert (told["edits"], told["edited"]) == ("", "")


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (ended("pull", 0), "true"),
        (ended("pull", 1, problems=(TORN,)), "false"),
        (ended("pull", 1, problems=(RunProblem("since-unknown", "warning", ""),)), "true"),
        (ended("pull", 4, item("one", "update", "applied")), "false"),
        (ended("pull", 143, item("one", "update", "applied")), "false"),
        (ended("pull", 0, item("one", "unchanged", "unchanged"), dry=True), ""),
        (ended("diff", 0, SAME), ""),
        (ended("sync", 0, item("one", "update", "applied")), ""),
    ],
)
def test_only_a_pull_that_wrote_what_it_was_to_is_complete(report: Report, said: str) -> None:
    told = edits.outputs(report)
    assert told["complete"] == said
    assert said or not told["brought"]


def test_an_output_names_five_hundred_and_says_how_many_there_are() -> None:
    many = [item(f"-m{number}", "conflict") for number in range(501)]
    told = edits.outputs(ended("diff", 1, *many, SAME))
    assert told["edited"].split() == [each.model_id for each in many[:500]]
    (said,) = [line for line in render(ended("diff", 1, *many), "") if "title=edited" in line]
    assert said == "::warning title=edited::501 edits on Scenario: the output `edited` names the first 500"
    assert not [line for line in render(ended("diff", 1, *many[:500]), "") if "title=edited" in line]
    pulled = [item(f"m{number}", "update", "applied") for number in range(501)]
    told = edits.outputs(ended("pull", 0, *pulled))
    assert (len(told["brought"].split()), told["complete"]) == (500, "false")  # nobody takes a part for all
    assert edits.outputs(ended("pull", 0, *pulled[1:]))["complete"] == "true"
    assert render(ended("pull", 0, *pulled), "") == []
