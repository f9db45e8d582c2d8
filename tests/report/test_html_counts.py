"""The numbers at the top of the page lead to what they count; codes lead to what is said of them."""

import re

from msgspec import structs

from syncjob.plan.compare import Change
from syncjob.problems import Failure, Problem, warning
from syncjob.report.html.counts import counts, kinds
from syncjob.report.html.page import parts
from syncjob.report.markdown import document
from syncjob.report.model import Item, ItemError, ItemProblem, Report
from tests.report.test_html import Read, change, harmless, page, report

HELP = "https://github.com/acme/syncjob/blob/v0/docs/troubleshooting.md"


def some() -> list[Change]:
    return [
        change("a", "b", "update", "a"),
        change("", "b", "create", "b"),
        change("a", "c", "conflict", "c", problems=(Problem("remote-edited", "edited there"),)),
        change(action="invalid", model_id="d", problems=(Problem("file-empty", "it is empty"),)),
        change(action="invalid", model_id="e", failure=Failure("unavailable", "try later", 503, 5)),
        change("a", "b", "update", "f"),
        change(action="unchanged", model_id="g"),
        change(action="unchanged", model_id="h", problems=(warning("deleted-locally", "deleted here"),)),
    ]


def test_each_number_leads_to_the_first_model_that_it_counts() -> None:
    made = page(*some())
    harmless(made)
    top = made.partition('<ul class="counts"')[2].partition("</ul>")[0]
    assert re.findall(r'<li class="(\w+)">(?:<a href="#([\w-]+)">)?<b>(\d)', top) == [
        ("create", "model-b", "1"),
        ("update", "model-a", "2"),
        ("zero", "", "0"),
        ("unchanged", "model-h", "2"),
        ("conflict", "model-c", "1"),
        ("invalid", "model-d", "1"),
        ("unseen", "model-e", "1"),
    ]
    rows = made.partition("<nav")[2].partition("</nav>")[0]
    assert re.findall(r'<li class="(.*?)"><a href="#model-(\w)">', rows) == [
        ("conflict refused", "c"),  # what blocks the others comes first
        ("invalid refused", "d"),
        ("update", "a"),
        ("create", "b"),
        ("unseen failed", "e"),
        ("update", "f"),
        ("unchanged", "h"),
    ]


def test_the_numbers_of_a_run_that_wrote_are_those_of_its_summary() -> None:
    item = Item("one", None, "descriptions/one.md", "update", "applied")
    uncertain = (ItemProblem("write-uncertain", "error", "look again"),)
    items = (
        item,
        structs.replace(item, model_id="two", status="failed", error=ItemError("remote-normalised", "a part", None, 1)),
        structs.replace(item, model_id="three", status="failed", problems=uncertain),
        structs.replace(item, model_id="four", action="invalid", status="not_attempted"),
    )
    made = report(items=items, dry_run=False)
    shown = list(counts(made, [(each, each.model_id) for each in items]))
    for count in shown:
        counted = [each.model_id for each in items if count.kind in kinds(each)]
        assert (count.number, count.first) == (len(counted), counted[0] if counted else None), count


def with_help(made: Report) -> Report:
    return structs.replace(made, help=HELP)


def test_codes_lead_to_what_is_said_of_them_if_its_address_is_known() -> None:
    changes, of_run = some(), [Problem("too-many-changes", "too many")]
    made = report(*changes, problems=of_run)
    codes = {"too-many-changes", "remote-edited", "file-empty", "unavailable", "deleted-locally"}
    for text in ("".join(parts(with_help(made), changes)), document.render(with_help(made), document.COMMENT)):
        links = re.findall(rf'<a href="{re.escape(HELP)}#([\w-]+)"[^>]*><code>([\w-]+)</code></a>', text)
        assert {anchor for anchor, _ in links} == codes
        assert all(anchor == code for anchor, code in links)
    harmless("".join(parts(with_help(made), changes)))
    for text in ("".join(parts(made, changes)), document.render(made, document.COMMENT)):
        assert "troubleshooting" not in text
        assert all(f"<code>{code}</code>" in text for code in codes)


def test_the_page_of_a_rollback_says_that_texts_are_put_back() -> None:
    source = "run/20260102T030405Z-abcd/one"
    read = Read(page(change("same\n\nan old fox", "same\n\na new fox", source=source)))
    assert "On ScenarioPut back" in read.within("h3")
    assert "item update back" in [each["class"] for each in read.of("article")]
    assert "The text before that run; Scenario had none" in Read(
        page(change("", "text", "create", source=source))
    ).within("h3")
    assert "and not before that run" in Read(page(change("text", "", "delete", source=source))).within("h3")
    assert "In the file" in Read(page(change("an old fox", "a new fox"))).within("h3")
