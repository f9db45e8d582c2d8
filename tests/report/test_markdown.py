"""The Markdown for GitHub: within its limits, whole, and nothing in it acts but what syncjob wrote."""

import re
from collections.abc import Sequence
from html.parser import HTMLParser

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from msgspec import structs

from syncjob.report.markdown.document import COMMENT, SUMMARY, Limit, render
from syncjob.report.markdown.sentences import prose
from syncjob.report.model import (
    Item,
    ItemAction,
    ItemError,
    ItemProblem,
    RemoteEdit,
    Report,
    Requests,
    RunProblem,
    Summary,
)
from syncjob.text.canonical import unified_diff
from syncjob.text.sanitize import one_line, visible

PIECES = [
    "```", "````", "`" * 40, "~~~", "~~~~~~", "`", "``", "@everyone", "@org/team", "#123", "owner/repo#1", "GH-1",
    "</details>", "<details>", "</summary>", "</code>", "</pre>", "<!--", "-->", "<![CDATA[", "]]>", "<?", "?>",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<a href=https://evil.invalid>", "</ul></li>",
    "| a |", "|---|", "[x](https://evil.invalid)", "![x](https://evil.invalid)", "https://evil.invalid", "[x]: /evil",
    "**bold**", "***", "---", "===", "# head", "> quote", "- item", "1. item", "    code", "\t", "&lt;", "&#64;x", "\\", "\\`",
    "\n", "\n\n", "\r", "\r\n", " ", "\x00", "\x1b[31m", "\x7f", "\x85", "\u2028", "\u202e", "\u200b", "\ufeff", "$x$", "é", "🦊", ":+1:",
]  # fmt: skip
HOSTILE = st.lists(
    st.sampled_from(PIECES) | st.text(st.characters(exclude_categories=["Cs"]), max_size=5), max_size=12
).map("".join)


_TABLE = {"table", "tr", "th", "td"}
# What GitHub makes of a text outside of code: mentions, references to issues and commits, addresses, :emoji:, formulas.
ACTIVE = re.compile(r"[@#/\\_$<>&`*~|^{}\[\]]|www\.|:\w|GH-[0-9]|[0-9a-f]{7}(?![^\W_])|[0-9]{7}", re.IGNORECASE)


class Page(HTMLParser):
    """What GitHub's renderer makes of a Markdown text, HTML in it included."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.code: list[str] = []
        self.outside = ""
        self._open: list[str] = []
        self.feed(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text))
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert attrs in ([], [("class", "language-diff")])
        assert tag in {"h3", "p", "strong", "sub", "code", "pre", "details", "summary", "b", "ul", "li"} | _TABLE
        self.tags.append(tag)
        self._open.append(tag)
        if tag == "code":
            self.code.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "code" in self._open:
            self.code[-1] += data
        else:
            self.outside += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data!r}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration: {decl!r}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"a declaration: {data!r}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data!r}")


def report_of(*items: Item, problems: Sequence[RunProblem] = (), **facts: object) -> Report:
    given = {"command": "diff", "dry_run": True, "summary": Summary(update=len(items))} | facts
    return Report(
        version=1,
        run="20261122T101112Z-abcdef",
        profile="test",
        started_at="",
        finished_at="",
        exit_code=0,
        requests=Requests(),
        items=items,
        problems=tuple(problems),
        **given,  # type: ignore[arg-type]
    )


def diff_of(before: str, after: str) -> str:
    return "\n".join(unified_diff(before, after, before_name="scenario/m", after_name="descriptions/m.md")) + "\n"


def item_of(model_id: str, diff: str = "", action: ItemAction = "update", **facts: object) -> Item:
    return Item(model_id, None, f"descriptions/{model_id}.md", action, "planned", diff=diff, **facts)  # type: ignore[arg-type]


def shown(text: str) -> list[str]:
    """The ids of the models that are shown, in order."""
    start = r"^(?:<details><summary>|<p>)<b>[a-z]+</b>[^<]*(?:<b>[^<]*</b>)?[^<]* <code>([^<]*)</code>"
    return re.findall(start, text, re.MULTILINE)


def left_out(text: str) -> int:
    found = re.findall(r"^\*\*([0-9,]+) more models? (?:is|are) not shown here\*\*", text, re.MULTILINE)
    return sum(int(number.replace(",", "")) for number in found)


def test_a_diff_stands_in_a_folded_section_below_the_counts() -> None:
    item = item_of("one", diff_of("old", "new"), lines_added=1, lines_removed=1)
    text = render(report_of(item), COMMENT)
    assert text == (
        "### What a sync would change on Scenario\n\n"
        "**Plan: 0 to create, 1 to update, 0 to delete, 0 unchanged.**\n\n"
        "<p><sub>profile <code>test</code>, run <code>20261122T101112Z-abcdef</code></sub></p>\n\n"
        "<details><summary><b>update</b> +1 -1 <code>one</code></summary>\n\n"
        "```diff\n--- scenario/m\n+++ descriptions/m.md\n@@ -1 +1 @@\n-old\n+new\n```\n\n</details>\n"
    )


@pytest.mark.parametrize(
    ("command", "dry_run", "title", "counts"),
    [
        ("check", True, "Descriptions checked", "Checked 0 descriptions: 0 errors, 0 warnings."),
        (
            "diff",
            True,
            "What a sync would change on Scenario",
            "Plan: 0 to create, 2 to update, 0 to delete, 0 unchanged.",
        ),
        (
            "sync",
            True,
            "What a sync would change on Scenario",
            "Plan: 0 to create, 2 to update, 0 to delete, 0 unchanged.",
        ),
        (
            "sync",
            False,
            "What was written to Scenario",
            "Applied 2, 0 failed, 0 refused.",
        ),
    ],
)
def test_a_report_says_first_what_it_is_and_how_many(command: str, dry_run: bool, title: str, counts: str) -> None:
    summary = Summary(update=2, applied=0 if dry_run else 2)
    page = Page(render(report_of(command=command, dry_run=dry_run, summary=summary), COMMENT))
    assert page.outside.split("\n")[:2] == [title, counts]


def test_what_is_unchanged_is_counted_and_not_shown() -> None:
    assert shown(render(report_of(item_of("one", action="unchanged"), item_of("two", diff_of("a", "b"))), COMMENT)) == [
        "two"
    ]


def test_problems_and_errors_stand_in_front_with_their_place() -> None:
    wrong = ItemProblem("tag-malformed", "error", "write {asset:x}", 3, 7)
    warned = ItemProblem("deleted-locally", "warning", "deleted here")
    failed = ItemError("unavailable", "no answer", 503, 5)
    items = [
        item_of("a", diff_of("a", "b")),
        item_of("b", problems=(warned,), action="unchanged"),
        item_of("c", problems=(wrong,), action="invalid"),
        item_of("d", error=failed, action="invalid"),
    ]
    text = render(report_of(*items), COMMENT)
    assert shown(text) == ["c", "d", "a", "b"]
    outside = Page(text).outside
    assert "error , line 3, column 7: write \n" in outside
    assert "error , HTTP 503: no answer\n" in outside
    assert "warning : deleted here\n" in outside


def test_an_edit_made_on_scenario_is_shown_before_what_would_replace_it() -> None:
    edit = RemoteEdit("0123456789abcdef", diff_of("git's", "theirs"))
    page = Page(render(report_of(item_of("one", diff_of("theirs", "ours"), "conflict", remote_edit=edit)), COMMENT))
    assert page.code[-3:] == ["0123456789", edit.diff, diff_of("theirs", "ours")]


def test_all_three_sides_of_an_edit_are_shown_and_a_guess_is_called_one() -> None:
    edit = RemoteEdit("0123456789abcdef", diff_of("git's", "theirs"), diff_of("git's", "ours"))
    page = Page(render(report_of(item_of("one", diff_of("theirs", "ours"), "conflict", remote_edit=edit)), COMMENT))
    assert page.code[-5:] == ["0123456789", edit.diff, "0123456789", edit.own_diff, diff_of("theirs", "ours")]
    assert "Edited on Scenario; closest commit " in page.outside
    assert "(a guess)" in page.outside


@pytest.mark.parametrize("run", ["```", "````", "`" * 50, " ```", "   ```diff", "~~~", "~~~~"])
def test_no_line_of_a_text_ends_its_fence(run: str) -> None:
    diff = diff_of(f"a\n{run}\nb\n@x", f"a\n{run}\nc\n@x")
    page = Page(render(report_of(item_of("one", diff)), COMMENT))
    assert page.code[-1] == diff
    assert "@x" not in page.outside


BENIGN = "text"


def _report(name: str, message: str, before: str, after: str) -> Report:
    """One model with all that a section can hold, and one below it, so that nothing may run over."""
    problem = ItemProblem("tag-malformed", "error", message, 1, 2)
    edit = RemoteEdit("0123456789abcdef", diff_of(after, before))
    full = Item(
        name,
        f"{name}.",
        f"descriptions/{name}.md",
        "conflict",
        "refused",
        lines_added=1,
        lines_removed=1,
        diff=diff_of(before, after),
        remote_edit=edit,
        problems=(problem,),
        error=ItemError("rejected", message, 400, 1),
    )
    last = Item("~", None, "descriptions/~.md", "update", "planned", diff=diff_of("x", "y"))
    return report_of(full, last, problems=(RunProblem("interrupted", "error", message),))


@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
@settings(max_examples=200, deadline=None)
def test_whatever_the_texts_are_they_are_in_code_or_plain_words_and_all_else_is_the_same(
    name: str, message: str, before: str, after: str
) -> None:
    assume(before != after)
    page = Page(render(_report(name, message, before, after), COMMENT))
    expected = Page(render(_report(BENIGN, BENIGN, "old", "new"), COMMENT))
    own = ("code", "b")  # how much of a sentence or a name is code depends on its words
    assert [tag for tag in page.tags if tag not in own] == [tag for tag in expected.tags if tag not in own]
    assert [code for code in page.code if code.startswith("--- ") and "\n" in code] == [  # no name has two lines
        *(visible(diff_of(after, before)), visible(diff_of(before, after)), diff_of("x", "y"))
    ]
    assert page.code.count(one_line(name)) >= 2  # the id, in the table and above its problems
    ours = Page(render(_report(BENIGN, "", "old", "new"), COMMENT)).outside
    for sign in set(ACTIVE.findall(ours)):
        page.outside = page.outside.replace(sign, "")
    assert ACTIVE.findall(page.outside) == []


@given(HOSTILE)
@settings(max_examples=300, deadline=None)
def test_a_sentence_says_what_it_said_and_nothing_outside_of_code_acts(message: str) -> None:
    page = Page(f"<p>{prose(message)}</p>")
    assert set(page.tags) <= {"p", "code"}
    assert ACTIVE.findall(page.outside) == []
    read = HTMLParser(convert_charrefs=True)
    texts: list[str] = []
    read.handle_data = texts.append  # type: ignore[method-assign,assignment]
    read.feed(prose(message))
    read.close()
    assert "".join(texts).replace("`", "") == one_line(message).replace("`", "")


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("Keep it: `syncjob pull ID`, then commit.", "Keep it: <code>syncjob pull ID</code>, then commit."),
        ("write {asset: x}, not {asset:x}", "write <code>{asset: x}</code>, not <code>{asset:x}</code>"),
        ("10,000 bytes (42 %), 2.31 or newer", "10,000 bytes (42 %), 2.31 or newer"),
        ("see @team and #1, GH-1: 0123abc", "see <code>@team</code> and <code>#1</code>, <code>GH-1</code>: <code>0123abc</code>"),
        ("ask www.evil.invalid now", "ask <code>www.evil.invalid</code> now"),
    ],
)  # fmt: skip
def test_a_sentence_is_prose_and_ids_alone_are_code(message: str, said: str) -> None:
    assert prose(message) == said


def test_reasons_and_repairs_are_open_and_texts_are_folded() -> None:
    wrong = ItemProblem("remote-edited", "error", "edited. Keep it: `syncjob pull two`, then commit")
    text = render(
        report_of(item_of("one", diff_of("a", "b")), item_of("two", diff_of("a", "b"), problems=(wrong,))), COMMENT
    )
    is_folded = [
        text[:place].count("<details>") > text[:place].count("</details>")
        for place in (text.index("Keep it"), text.index("+b"))
    ]
    assert is_folded == [False, True]


def test_counts_come_before_names_so_that_one_from_right_to_left_turns_nothing_round() -> None:
    text = render(
        report_of(structs.replace(item_of("one", diff_of("a", "b"), lines_added=2), model_name="דוגמנית יפה")), COMMENT
    )
    assert "<b>update</b> +2 -0 <code>one</code> דוגמנית יפה</summary>" in text


def test_all_models_are_named_in_a_table_that_folds() -> None:
    items = [item_of(f"m{place:03}", diff_of("", "x" * 2000)) for place in range(100)]
    text = render(report_of(*items), COMMENT)
    assert "<summary>All 100 models</summary>" in text
    assert re.findall("<td><code>(m[0-9]+)</code></td>", text) == [item.model_id for item in items]
    assert len(shown(text)) + left_out(text) == 100
    assert "<summary>All" not in render(report_of(items[0]), COMMENT)


@given(st.lists(HOSTILE, min_size=1, max_size=8), st.integers(400, 3000), st.sampled_from([COMMENT, SUMMARY]))
@settings(max_examples=100, deadline=None)
def test_whatever_the_limit_is_sections_are_whole_and_the_rest_is_counted(
    texts: list[str], size: int, limit: Limit
) -> None:
    items = [item_of(f"m{place}", diff_of("", f"x{text}" * 5)) for place, text in enumerate(texts)]
    text = render(report_of(*items), Limit(size, limit.measure))
    head = limit.measure(render(report_of(summary=Summary(update=len(items))), limit))
    assert limit.measure(text) <= max(size, head + 300)
    assert len(shown(text)) + left_out(text) == len(items)
    assert Page(text).tags.count("details") == len(shown(text)) + text.count("<table>")


def test_a_section_that_does_not_fit_is_left_out_and_a_smaller_one_is_not() -> None:
    items = [
        item_of("a", diff_of("", "x" * 50_000)),
        item_of("b", diff_of("", "y" * 50_000)),
        item_of("c", diff_of("", "z")),
    ]
    text = render(report_of(*items), COMMENT)
    assert shown(text) == ["a", "c"]
    assert "**1 more model is not shown here**" in text


def test_a_comment_is_measured_in_characters_and_a_summary_in_bytes() -> None:
    item = item_of("one", diff_of("", "🦊" * 50_000))
    assert shown(render(report_of(item), COMMENT)) == ["one"]
    assert shown(render(report_of(item), Limit(60_000, SUMMARY.measure))) == []
    assert (COMMENT.size, SUMMARY.size, SUMMARY.measure("é")) == (60_000, 1_000_000, 2)


def _large(number: int) -> Report:
    """A diff of many models, as different as texts are; one in a hundred has an error, one in ten is the same."""
    items = []
    for place in range(number):
        model_id = f"model_{place:05}"
        if place % 10 == 9:
            items.append(item_of(model_id, action="unchanged"))
            continue
        before = "\n".join(PIECES[place % len(PIECES)] + f" line {line}" for line in range(place % 40))
        diff = diff_of(before, f"{before}\nnew 🦊 ```` @everyone {place}")
        problems = (ItemProblem("asset-missing", "error", f"no {PIECES[place % 7]}", 1, 1),) if place % 100 == 0 else ()
        items.append(item_of(model_id, diff, "invalid" if problems else "update", problems=problems))
    return report_of(*items, summary=Summary(update=number * 9 // 10 - number // 100, invalid=number // 100))


@pytest.mark.parametrize("limit", [COMMENT, SUMMARY], ids=["comment", "summary"])
def test_a_diff_of_five_thousand_models_fits_and_says_what_it_leaves_out(limit: Limit) -> None:
    text = render(_large(5000), limit)
    assert 0.9 * limit.size < limit.measure(text) <= limit.size
    ids = shown(text)
    assert len(ids) + left_out(text) == 4500
    assert ids[:50] == [f"model_{place:05}" for place in range(0, 5000, 100)]
    page = Page(text)
    assert page.tags.count("details") == page.tags.count("summary") == len(ids) + 1
    assert page.tags.count("table") == 1
    assert page.tags.count("pre") == len(ids)
    assert "@everyone" not in page.outside
    assert "4450 to update" in page.outside


def test_a_profile_is_no_markdown() -> None:
    profile = "[x](https://evil.invalid) `a` **b** <b> ![x](https://evil.invalid/i.png)"
    page = Page(render(structs.replace(report_of(), profile=profile), COMMENT))
    assert page.code[0] == profile
