"""Links within links on the page, and whatever else CommonMark lets stand within a link."""

import json
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from msgspec import structs

from syncjob.report.html.cards import tag_cards
from syncjob.report.html.prose import blocks
from syncjob.report.html.sides import both_sides
from syncjob.report.markdown import document
from syncjob.report.model import ItemProblem
from tests.report.test_html import ATTRIBUTES, TEXT_TAGS, Read, change, harmless, page, prose
from tests.report.test_markdown import Page, diff_of, item_of, report_of
from tests.support.loopback import Loopback
from tests.support.workspace import Workspace

INNER = '<span class="unlinked">https://x.y</span> <small class="target">(https://x.y)</small>'
MAIL = '<span class="unlinked">me@x.y</span> <small class="target">(mailto:me@x.y)</small>'
LINK = '<a href="https://x.y" rel="noopener noreferrer nofollow">https://x.y</a>'
OUTER = '<a href="https://z.z" rel="noopener noreferrer nofollow">'


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[see <https://x.y> here](https://z.z)", f"{OUTER}see {INNER} here</a>"),
        ("[<me@x.y> and <https://x.y>](https://z.z)", f"{OUTER}{MAIL} and {INNER}</a>"),
        (
            "[see <https://x.y> here](/rel)",
            f'<span class="unlinked">see {LINK} here</span> <small class="target">(/rel)</small>',
        ),
    ],
)
def test_a_link_within_a_link_is_text_with_its_target(text: str, shown: str) -> None:
    assert prose(text) == f"<p>{shown}</p>"


@pytest.mark.parametrize(
    "text",
    [
        "[see <https://x.y> here][r]\n\n[r]: https://z.z",
        "[![alt [l](http://m)](http://i) <https://x.y>](http://o)",
        "![<https://x.y> [a](b)](http://i)",
        "[**<https://x.y>** `<https://x.y>`](https://z.z)",
        "[<javascript:alert(1)> <https://x.y>](javascript:alert(1))",
        "[{asset:a} <https://x.y>](asset:a)",
        "| [<https://x.y>](https://z.z) |\n|---|\n| [<https://x.y>](/rel) |",
        "# [<https://x.y>](https://z.z)\n\n- [<https://x.y>](https://z.z)\n> [<https://x.y>](/rel)",
        "[a <https://x.y](https://z.z)>",
    ],
)
def test_no_link_ever_stands_within_another(text: str) -> None:
    read = harmless(page(change("", text, "create")))
    harmless(page(change(text, "other", "update")))
    assert read.of("article")


class _Nested(Read):
    """Prose as a browser nests it: nothing but our elements, attributes and schemes, and no link within another."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TEXT_TAGS | {"section", "details", "summary", "h3"}
        assert tag != "a" or "a" not in self.open
        assert {name for name, _ in attrs} <= ATTRIBUTES - {"id", "name", "content", "type"}
        assert tag != "a" or urlsplit(dict(attrs)["href"] or "").scheme in ("http", "https", "mailto")
        super().handle_starttag(tag, attrs)


INLINE = st.sampled_from(
    ["[", "]", "](https://z.z)", "](/rel)", "](javascript:x)", "<https://x.y>", "<me@x.y>", "![", "![a](i)", "][r]", "{asset:a}",
     "*", "**", "`", "~~", "<b>", "\\", "|", "\n", "> ", "- ", "# ", "\n\n[r]: https://r.r\n\n", " ", "w", "\n|--|\n|", "&lt;", '"', "(", ")"]
)  # fmt: skip
MARKDOWN = st.recursive(
    st.lists(INLINE, max_size=8).map("".join),
    lambda inner: st.one_of(
        inner.map("[{}](https://z.z)".format),
        inner.map("[{}](/rel)".format),
        inner.map("![{}](https://i.i/p.png)".format),
        inner.map("[{}][r]\n\n[r]: https://r.r".format),
        inner.map("> {}".format),
        inner.map("| {} | b |\n|---|:-:|\n| c | d |".format),
        st.tuples(inner, inner).map(" ".join),
    ),
    max_leaves=6,
)


@given(MARKDOWN, MARKDOWN)
@settings(max_examples=60, deadline=None)
def test_whatever_is_nested_the_page_is_well_formed_and_no_link_is_in_another(before: str, after: str) -> None:
    _Nested(prose(before))
    harmless(page(change(before, after)))


@pytest.mark.deep
@pytest.mark.parametrize("part", range(8))
def test_of_20_000_texts_none_ends_the_page_or_the_comment_or_acts_in_it(part: int) -> None:
    @seed(part)
    @given(MARKDOWN, MARKDOWN)
    @settings(max_examples=1_250, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def none_acts(before: str, after: str) -> None:
        sides = [list(blocks(text, tag_cards({}, (), "not resolved"))) for text in (before, after)]
        for side in sides:
            _Nested("\n".join(side))
        _Nested(both_sides(*sides))
        problem = ItemProblem("rejected", "error", before)
        if before != after:
            item = structs.replace(item_of("m", diff_of(before, after)), model_name=after, problems=(problem,))
            Page(document.render(report_of(item), document.COMMENT))

    none_acts()


def test_a_link_within_a_link_ends_no_run_that_asks_for_html(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one")
    workspace.write("one", "[see <https://x.y> here](https://z.z)\n")
    ended = workspace.run("sync", "--format", "html", "--output", "page.html", "--report", "report.json")
    assert (ended.status, "internal error" in ended.err) == (0, False)
    assert json.loads((workspace.folder / "report.json").read_text())["summary"]["applied"] == 1
    assert "see " in (workspace.folder / "page.html").read_text()
