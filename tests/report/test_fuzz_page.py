"""The page and the comment of generated Markdown: no error, nothing foreign in the page, no way out of a fence."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncjob.git.history.texts import Version
from syncjob.plan.compare import Change
from syncjob.report.html.page import parts
from syncjob.report.markdown.document import Limit
from syncjob.report.markdown.document import render as render_comment
from syncjob.text.canonical import canonical
from syncjob.text.sanitize import visible
from tests.report.test_html import Read, change, harmless, report
from tests.report.test_markdown import Page
from tests.support.generated import Text

_PAIRS = 20  # texts before and after, on one page
_BLOCKS = {
    "p",
    "div",
    "ul",
    "ol",
    "li",
    "table",
    "pre",
    "blockquote",
    "hr",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "article",
    "section",
    "details",
}
_ALONE = {"a", "data", "p", "ins", "del"}  # none of them within one of its own
_WHOLE = Limit(10**9, len)


def changes_of(seed: int) -> list[Change]:
    """Changes of texts that the seed makes; each third is one of a text that was edited on Scenario too."""
    made: list[Change] = []
    for number in range(_PAIRS):
        text = Text(seed * _PAIRS + number)
        before = canonical(text.text())
        after = canonical(text.edited(before))
        if before != after:
            base = Version("0" * 40, canonical(text.edited(before))) if number % 3 == 0 else None
            made.append(change(before, after, "conflict" if base else "update", f"m{number:03}", base=base))
    return made


class Nested(Read):
    """Elements that a browser would take apart where they stand in such an element."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in _ALONE or tag not in self.open, f"<{tag}> within <{tag}>"
        assert not {"p", "h4", "h5", "h6", "summary", "data"} & set(self.open) or tag not in _BLOCKS, (
            f"<{tag}> in a line"
        )
        super().handle_starttag(tag, attrs)


def check_page(changes: Sequence[Change]) -> None:
    harmless("".join(parts(report(*changes), changes)), Nested)


def check_comment(changes: Sequence[Change]) -> None:
    made = report(*changes)
    edits = [(item, item.remote_edit) for item in made.items]
    sides = [
        (edit.diff, edit.own_diff if edit.diff else "", item.diff) if edit else (item.diff,) for item, edit in edits
    ]
    diffs = [visible(diff) for of_item in sides for diff in of_item if diff]
    page = Page(render_comment(made, _WHOLE))
    # Each fence is whole, and holds all that is told of a text.
    assert [code for code in page.code if code.startswith("--- ")] == diffs
    assert page.tags.count("pre") == len(diffs)
    assert page.tags.count("details") == len(made.items) + page.tags.count("table")


def check(seed: int) -> None:
    """Both, and where a page fails each change by itself, so that the failure names its texts."""
    changes = changes_of(seed)
    for renders in (check_page, check_comment):
        try:
            renders(changes)
        except Exception:
            for each in changes:
                try:
                    renders([each])
                except Exception as error:
                    raise AssertionError(f"{each.before!r}\n-> {each.after!r}") from error
            raise


def test_the_texts_are_what_they_are_said_to_be() -> None:
    texts = "\n".join(each.before for seed in range(15) for each in changes_of(seed))
    for sign in ("](https:", "![", "<https://x.y>", "| ", "<script>", "[^1]", "> ", "{asset:a}", "\u202e", "~~", "]: "):
        assert sign in texts


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 2**40))
def test_a_hundred_texts_make_pages_and_comments_that_do_nothing(seed: int) -> None:
    check(seed)


@pytest.mark.deep
@settings(max_examples=500, deadline=None)
@given(st.integers(0, 2**40))
def test_twenty_thousand_texts_make_pages_and_comments_that_do_nothing(seed: int) -> None:
    check(seed)
