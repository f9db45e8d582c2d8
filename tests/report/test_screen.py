"""An item on a terminal: its heading, its diff folded with the changed words marked; and off a terminal as it ever was."""

import re

import pytest

from syncjob.report.model import Item, ItemProblem, Report, Requests, Summary
from syncjob.report.screen import diff_rows, heading
from syncjob.report.text import render_plan
from syncjob.text.canonical import unified_diff

BEFORE = "# Title\n\nA paragraph of words that goes on for more than one row, with five seconds."
AFTER = "# Title\n\nA paragraph of words that goes on for more than one row, with ten seconds.\n\tA tab\x1b[2J."
DIFF = "\n".join(unified_diff(BEFORE, AFTER, before_name="scenario/one", after_name="descriptions/one.md")) + "\n"


def item(**more: object) -> Item:
    facts = {"model_name": "שם", "action": "update", "lines_added": 2, "lines_removed": 1, "diff": DIFF, **more}
    return Item(model_id="one", path="descriptions/one.md", status="planned", **facts)  # type: ignore[arg-type]


def report(*items: Item) -> Report:
    return Report(
        1,
        "run",
        "diff",
        "test",
        dry_run=True,
        started_at="",
        finished_at="",
        exit_code=0,
        summary=Summary(update=1),
        requests=Requests(),
        items=items,
    )


def plain(text: str) -> str:
    return re.sub(r"\x1b\[\d+m", "", text)


def test_an_item_on_a_terminal_has_one_heading_and_rows_that_fit() -> None:
    assert plain(render_plan(report(item()), color=True, width=40)) == (
        "update one +2 -1 (שם)\n"
        "@@ -1,3 +1,4 @@\n # Title\n \n"
        "-A paragraph of words that goes on for\n-  more than one row, with five seconds.\n"
        "+A paragraph of words that goes on for\n+  more than one row, with ten seconds.\n"
        "+    A tab\\x1b[2J.\n"
        "\nPlan: 0 to create, 1 to update, 0 to\n  delete, 0 unchanged.\n"
    )


@pytest.mark.parametrize("color", [False, True])
def test_off_a_terminal_the_unified_diff_is_as_it_is(color: bool) -> None:
    shown = plain(render_plan(report(item()), color=color))
    assert shown.startswith("update one (שם)\n" + DIFF.replace("\x1b", "\\x1b"))


def test_the_words_that_differ_are_reversed() -> None:
    rows = list(diff_rows(DIFF, 40, color=True))
    assert rows[-4].endswith("with \x1b[0m\x1b[7m\x1b[31mfive\x1b[0m\x1b[31m seconds.\x1b[0m")
    assert "with \x1b[0m\x1b[7m\x1b[32mten\x1b[0m\x1b[32m seconds" in rows[-2]
    assert "\x1b" not in "".join(diff_rows(DIFF, 40, color=False))


@pytest.mark.parametrize(
    ("action", "tone"), [("create", 32), ("update", 33), ("delete", 31), ("conflict", 35), ("invalid", 31)]
)
def test_each_action_has_its_colour(action: str, tone: int) -> None:
    assert heading(item(action=action), color=True).startswith(f"\x1b[1m\x1b[{tone}m{action}\x1b[0m \x1b[1mone\x1b[0m")


def test_an_invalid_item_has_a_heading_too() -> None:
    wrong = ItemProblem("tag-malformed", "error", "write {asset:x}")
    bad = item(action="invalid", diff="", lines_added=0, lines_removed=0, problems=(wrong,))
    expected = "invalid one (שם)\ndescriptions/one.md: error tag-malformed: write {asset:x}\n\nPlan:"
    assert render_plan(report(bad), color=False, width=80).startswith(expected)
    assert render_plan(report(bad), color=False).startswith("descriptions/one.md: error")
