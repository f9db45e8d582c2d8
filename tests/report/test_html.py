"""The page for reviewers as a pure function of a run: what it shows, what it marks, and that nothing in it acts."""

import hashlib
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from syncjob.git.history.texts import Version
from syncjob.plan.compare import Action, Change, Plan
from syncjob.plan.references import Entry
from syncjob.problems import Failure, Problem, warning
from syncjob.report.build import plan_items, run_problems, summarise
from syncjob.report.html.cards import tag_cards
from syncjob.report.html.escape import escape
from syncjob.report.html.page import parts
from syncjob.report.html.pairs import paired
from syncjob.report.html.prose import blocks
from syncjob.report.html.sides import both_sides
from syncjob.report.html.words import Block, all_marked, marked_pair
from syncjob.report.model import Item, ItemProblem, Report, Requests
from syncjob.text.matching import equal_runs
from syncjob.text.sanitize import one_line
from syncjob.text.tags import find

VOID = {"meta", "br", "hr", "img", "input"}
PAGE_TAGS = {
    "html", "head", "meta", "title", "style", "script", "body", "main", "nav", "header", "article", "section", "details", "summary",
    "label", "input", "output", "kbd", "dl", "dt", "dd", "time", "h1", "h2", "h3", "small",
}  # fmt: skip
TEXT_TAGS = {
    "a", "blockquote", "br", "code", "data", "del", "div", "em", "h4", "h5", "h6", "hr", "ins", "li", "ol", "p", "pre", "s", "small",
    "span", "strong", "b", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "class", "href", "id", "tabindex", "rel", "datetime", "aria-label", "aria-labelledby",
    "aria-describedby", "hidden", "for", "type", "autocomplete", "spellcheck", "value", "dir", "start",
    "open",  # of details: what a conflict unfolds
}  # fmt: skip
OBEYED = re.compile(r"##\[|(?:^|[\r\n])(?:\s|\ufeff)*::")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")

PIECES = st.sampled_from(
    ["{asset:a}", "{model:m}", "{asset:", "}", "\n", "\n\n", "`", "```\n", "| a | b |\n|:-:|--|\n| ", "|", "**", "_", "~~", "# ", "- ", "1. ",
     "> ", "[x](", "![y](", "](", ")", "http://h/", "javascript:", "data:text/html,", "<b>", "</article>", "<script>", "-->", "<!--", "&lt;",
     "&#0;", "&", '"', "'", "\\", "::error::", "##[error]", "\u202e", "\u2028", "\x1b[2J", "\x00", "\x85", "e\u0301", "図", "🦊", "    ",
     "\n===\n", "word", " ", "[r]: http://r\n", "\ud800"]
)  # fmt: skip
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=12).map("".join)
WORDS = st.lists(st.sampled_from(["one", "two", "three", "four", ",", ".", "**five**", "`six`", "{asset:a}", "\n\n", "図"]), max_size=25).map(
    " ".join
)  # fmt: skip


class Read(HTMLParser):
    """A page as a browser nests it; anything that is not closed where it should be is an error."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[tuple[str, ...], str]] = []
        self.feed(markup)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs)
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in VOID
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((tuple(self.open), data))

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def text(self, *without: str) -> str:
        return "".join(text for stack, text in self.texts if not set(without) & set(stack))

    def of(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def within(self, tag: str) -> str:
        return "".join(text for stack, text in self.texts if tag in stack)


def change(
    before: str = "", after: str = "", action: Action = "update", model_id: str = "one", **more: object
) -> Change:
    made = Change(model_id, f"descriptions/{model_id}.md", action, before, after, tags=find(after)[0])
    return replace(made, **more)  # type: ignore[arg-type]


def report(
    *changes: Change,
    problems: Sequence[Problem] = (),
    items: tuple[Item, ...] | None = None,
    dry_run: bool = True,
    profile: str = "production",
) -> Report:
    items = items or plan_items(Plan(changes))
    return Report(
        version=1,
        run="20260102T030405Z-abcd",
        command="diff" if dry_run else "sync",
        profile=profile,
        dry_run=dry_run,
        started_at="2026-01-02T03:04:05Z",
        finished_at="2026-01-02T03:04:06Z",
        exit_code=0,
        summary=summarise(items),
        requests=Requests(),
        items=items,
        problems=run_problems(problems),
    )


def page(*changes: Change, problems: Sequence[Problem] = ()) -> str:
    return "".join(parts(report(*changes, problems=problems), changes))


def prose(text: str, *known: Entry, missing: Sequence[tuple[str, str]] = ()) -> str:
    keys = {(record.kind, record.id): record for record in known}
    return "\n".join(blocks(text, tag_cards(keys, missing, "not resolved")))  # type: ignore[arg-type]


def marks(before: str, after: str) -> tuple[str, str]:
    pair = marked_pair(Block(prose(before)), Block(prose(after)))
    assert pair
    return pair


# --- Nothing in the page acts ---------------------------------------------------------------------


def harmless(markup: str, reads: type[Read] = Read) -> Read:
    """The page as it is read, with every rule on what may stand in one checked."""
    read = reads(markup)
    assert {tag for tag, _ in read.elements} <= PAGE_TAGS | TEXT_TAGS
    assert {name for _, attributes in read.elements for name in attributes} <= ATTRIBUTES
    assert len(read.of("script")) == len(read.of("style")) == 1
    assert {
        link["href"][0] == "#" or link["href"].lower().startswith(("http:", "https:", "mailto:"))
        for link in read.of("a")
    } <= {True}
    assert all("noopener" in link["rel"] for link in read.of("a") if not link["href"].startswith("#"))
    names = Counter(attributes["id"] for _, attributes in read.elements if "id" in attributes)
    assert set(names.values()) <= {1}
    assert {link["href"][1:] for link in read.of("a") if link["href"].startswith("#")} <= set(names)
    assert not OBEYED.search(markup)
    assert not CONTROL.search(markup)
    markup.encode()
    return read


@settings(deadline=None)
@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_whatever_the_texts_are_the_page_is_well_formed_and_harmless(
    before: str, after: str, name: str, message: str
) -> None:
    hostile = change(
        before,
        after,
        "conflict",
        model_id=name,
        path=message,
        model_name=message,
        problems=(Problem(name, message, 1, 2), warning("asset-missing", message)),
        failure=Failure(name, message, 500, 2),
        known=(Entry("asset", "a", name, message), Entry("model", "m", message, None)),
        base=Version("0" * 40, name),
    )
    other = change(after, "", "delete", model_id=name)
    made = report(hostile, other, problems=[Problem("protocol", message)], profile=name)
    harmless("".join(parts(made, (hostile, other))))


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)>",
        "</div></article><h1>mine</h1>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](vbscript:x)",
        "[x](data:text/html,<script>alert(1)</script>)",
        "[x](file:///etc/passwd)",
        "[x](//elsewhere.example/)",
        "<javascript:alert(1)>",
        "![x](data:image/svg+xml,<svg/onload=alert(1)>)",
        '![" onerror="alert(1)](x)',
        '[x](http://h/ "\\" onclick=alert(1)")',
        '```"><script>\nx\n```',
        "| a |\n|:-:|\n| <b onclick=x> |",
        "[r]\n\n[r]: javascript:alert(1)",
        "\u202ecod.exe\u2066",
        "::set-output name=x::y\n\n ##[command]x",
        "- ::error::x\n\n  ::error::y\n\n```\n::error::z\n```",
        "x\n::error::y\n\n```\nx\n  ::error::z\n```\n\n| ::a |\n|---|",
        "```\n<script>alert(1)</script></code></pre>\n```",
        "    <script>alert(1)</script>\n\n`<b onclick=x>`",
    ],
)
def test_markup_of_a_text_is_shown_and_does_nothing(text: str) -> None:
    harmless(page(change("", text, "create")))
    harmless(page(change(text, "other", "update")))


def test_no_attribute_is_left_open_by_a_name() -> None:
    read = harmless(page(change("a", "b", model_name='"><script>x</script>', path='"onload="')))
    assert '"><script>x</script>' in read.within("h2")


def test_the_policy_knows_our_style_and_script_and_nothing_else() -> None:
    text = page(change("old", "new"))
    digests = [
        b64encode(hashlib.sha256(re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)[0].encode()).digest()).decode()
        for tag in ("style", "script")
    ]
    policy = next(
        meta["content"] for meta in Read(text).of("meta") if meta.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digests[0]}'; script-src 'sha256-{digests[1]}'; base-uri 'none'; form-action 'none'"
    )


def test_the_policy_stands_before_all_that_it_rules() -> None:
    text = page(change("old", "new"))
    assert text.index("Content-Security-Policy") < min(text.index("<style"), text.index("<script"), text.index("<body"))
    assert "url(" not in text
    assert "@import" not in text


def test_the_same_run_makes_the_same_page() -> None:
    changes = [
        change("a {asset:b}", "c {model:d}", known=(Entry("asset", "b", None, None),)),
        change("x", "", "delete", "two"),
    ]
    assert page(*changes) == page(*changes)


def test_control_characters_are_seen_in_the_text_and_the_source() -> None:
    read = harmless(page(change("", "a\x1b[2Jb \u202ec", "create")))
    assert read.within("p").count(r"a\x1b[2Jb") == 1
    assert r"+a\x1b[2Jb \u202ec" in read.within("pre")
    assert "change the order of what is read" in read.text()


def test_escaped_text_reads_as_it_was() -> None:
    assert unescape(escape("##[x] ::y \"a\" 'b' <c> &amp;\n\t")) == "##[x] ::y \"a\" 'b' <c> &amp;\n\t"
    assert escape(one_line("a\n \x1b b")) == r"a \x1b b"


# --- Prose ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[x](http://h/a?b&c)", '<a href="http://h/a?b&amp;c" rel="noopener noreferrer nofollow">x</a>'),
        ("<https://h/>", '<a href="https://h/" rel="noopener noreferrer nofollow">https://h/</a>'),
        ("<me@h.example>", '<a href="mailto:me@h.example" rel="noopener noreferrer nofollow">me@h.example</a>'),
        ("[x](/y)", '<span class="unlinked">x</span> <small class="target">(/y)</small>'),
        ("[x](ftp://h/)", '<span class="unlinked">x</span> <small class="target">(ftp://h/)</small>'),
        ("[x](http%3A//h/)", '<span class="unlinked">x</span> <small class="target">(http://h/)</small>'),
        ("[x]()", '<span class="unlinked">x</span> <small class="target">()</small>'),
    ],
)
def test_only_web_and_mail_addresses_are_links(text: str, shown: str) -> None:
    assert prose(text) == f"<p>{shown}</p>"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("![A *dark* `x`](https://img.example:8/a.png?sig=1)", "image A dark x img.example"),
        ("![](a.png)", "image no alternative text no host"),
        ("![x](mailto:a)", "image x mailto: address"),
        ("![x](http://[:]/)", "image x no host"),
        ("![x](http://good.example%2F@evil.example/y)", "image x evil.example"),
        ("![a {asset:b} ![c](d)](http://h/)", "image a {asset:b} c h"),
    ],
)
def test_an_image_is_a_card_with_its_host_and_is_not_loaded(text: str, said: str) -> None:
    read = Read(prose(text))
    assert read.text() == said
    assert {tag for tag, _ in read.elements} <= {"p", "data", "span", "b"}


def test_tags_are_cards_with_what_is_known_of_them() -> None:
    known = Entry("asset", "a", "Fox <i>", "private"), Entry("model", "m", None, None)
    read = Read(prose("{asset:a} and {model:m}", *known))
    assert read.text() == "asset Fox <i> a private and model m"
    assert [card["value"] for card in read.of("data")] == ["{asset:a}", "{model:m}"]


@pytest.mark.parametrize(
    ("text", "cards"),
    [
        ("`{asset:a}`", 0),
        ("    {asset:a}", 0),
        ("```\n{asset:a}\n```", 0),
        ("{asset: a} {Asset:a} {asset:.} {asset:}", 0),
        (r"\{asset:a}", 0),
        ("x{asset:a}y", 1),
        ("**{asset:a}**", 1),
        ("| {asset:a} |\n|---|\n| {model:m} |", 2),
        ("[{asset:a}](http://h/)", 1),
        ("![]({asset:a})", 1),
        ("[x]({asset:a})", 1),
        ("# {asset:a}", 1),
    ],
)
def test_tags_are_cards_outside_code_only(text: str, cards: int) -> None:
    assert len(Read(prose(text)).of("data")) == cards


def test_a_missing_reference_is_told_from_one_that_was_not_resolved() -> None:
    text = "{asset:gone} {asset:odd} `{asset:coded}`"
    problems = (
        Problem("asset-missing", "no such asset", 1, 1),
        warning("asset-missing", "no such asset, in code", 1, 26),
        warning("asset-missing", "only a warning", 1, 14),
    )
    read = Read(page(change("{asset:gone}", text, "invalid", problems=problems)))
    classes = [card["class"] for card in read.of("data")]
    assert classes == ["card asset unresolved", "card asset missing", "card asset unresolved"]
    for said in ("gone not resolved", "gone does not exist", "odd not looked up"):
        assert said in read.text()


def test_headings_of_a_text_stand_below_those_of_the_page() -> None:
    read = Read(prose("# a\n\n## b\n\n### c\n\n#### d\n\nSet\n==="))
    headings = [(tag, attributes["class"]) for tag, attributes in read.elements]
    assert headings == [("h4", "h1"), ("h5", "h2"), ("h6", "h3"), ("h6", "h4"), ("h4", "h1")]


def test_no_style_attribute_is_left_that_the_policy_would_refuse() -> None:
    markup = prose("| a | b | c |\n|:-:|--:|---|\n| 1 | 2 | 3 |")
    assert "style=" not in markup
    assert [cell.get("class") for cell in Read(markup).of("td")] == ["center", "right", None]


def test_markdown_is_rendered_block_by_block() -> None:
    text = "# a\n\nb ~~c~~\n\n- d\n\n  e\n\n```py x\nf\n```\n\n> g\n\n---\n\n[r]: http://h/"
    parts = list(blocks(text, tag_cards({}, (), "")))
    assert [Read(part).elements[0][0] for part in parts] == ["h4", "p", "ul", "p", "blockquote", "hr"]
    assert Read(parts[3]).text() == "py xf\n"
    assert "<s>c</s>" in parts[1]


# --- Words ----------------------------------------------------------------------------------------


def plain(markup: str) -> str:
    return re.sub(r"</?(?:ins|del)>", "", markup)


def unmarked_words(markup: str) -> list[str]:
    return Block(re.sub(r"<(ins|del)>.*?</\1>", " ", markup, flags=re.DOTALL)).words


@settings(max_examples=300, deadline=None)
@given(st.one_of(WORDS, TEXTS), st.one_of(WORDS, TEXTS))
def test_what_is_not_marked_is_equal_and_what_is_marked_is_all_that_differs(before: str, after: str) -> None:
    old, new = Block(prose(before)), Block(prose(after))
    pair = marked_pair(old, new)
    assert pair
    assert plain(pair[0]) == old.markup
    assert plain(pair[1]) == new.markup
    assert unmarked_words(pair[0]) == unmarked_words(pair[1])
    assert ("<del>" in pair[0] or "<ins>" in pair[1]) == (old.words != new.words)
    for marked in pair:
        Read(marked)


@settings(deadline=None)
@given(st.one_of(WORDS, TEXTS))
def test_no_character_is_lost_between_words(text: str) -> None:
    block = Block(prose(text))
    assert "".join(block.pieces) == block.markup
    assert plain(all_marked(block, "ins")) == block.markup
    assert unmarked_words(all_marked(block, "ins")) == []


@pytest.mark.parametrize(
    ("before", "after", "old", "new"),
    [
        ("a cat sat here", "a dog sat here", "a <del>cat</del> sat here", "a <ins>dog</ins> sat here"),
        ("in five seconds", "in five or ten seconds", "in five seconds", "in five <ins>or ten</ins> seconds"),
        ("one, two, three", "one, three", "one, <del>two, </del>three", "one, three"),
        ("about 0.9 here", "about 0.8 here", "about <del>0.9</del> here", "about <ins>0.8</ins> here"),
        ("it is **very** good", "it is good", "it is <strong><del>very</del></strong> good", "it is good"),
        ("it is **so** so", "it is so so", "it is <strong>so</strong> so", "it is so so"),
        ("x &lt; y and z", "x &gt; y and z", "x <del>&lt;</del> y and z", "x <ins>&gt;</ins> y and z"),
        ("漢字 です", "漢語 です", "漢<del>字</del> です", "漢<ins>語</ins> です"),
        ("cafe\u0301 noir", "caf\u00e9 noir", "cafe\u0301 noir", "caf\u00e9 noir"),
        ("same same\nsame", "same  same same", "same same\nsame", "same  same same"),
    ],
)
def test_words_are_marked_where_they_differ(before: str, after: str, old: str, new: str) -> None:
    marked = marks(before, after)
    assert (re.sub(r" </del>", "</del> ", marked[0]), marked[1]) == (
        f"<p>{re.sub(r' </del>', '</del> ', old)}</p>",
        f"<p>{new}</p>",
    )


def test_a_mark_never_crosses_an_element() -> None:
    assert (
        marks("a **b** c d e f", "x **y** z d e f")[1]
        == "<p><ins>x</ins> <strong><ins>y</ins></strong> <ins>z</ins> d e f</p>"
    )


def test_a_card_is_one_word_whatever_is_known_of_it() -> None:
    known, unknown = prose("see {asset:a} now", Entry("asset", "a", "Fox", "public")), prose("see {asset:a} now")
    pair = marked_pair(Block(known), Block(unknown))
    assert pair == (known, unknown)
    old, new = marks("see the {asset:a} now", "see the {asset:b} now")
    assert old.count("<del><data ") == new.count("<ins><data ") == 1


def test_an_image_with_another_address_is_another_word() -> None:
    old, new = marks("see the ![x](http://h/a) now", "see the ![x](http://h/b) now")
    assert "<del><data " in old
    assert "<ins><data " in new


def test_texts_with_little_in_common_are_marked_whole() -> None:
    old, new = marks("the one and only fox of this place", "the rivers run deep where we sail")
    assert old == "<p><del>the one and only fox of this place</del></p>"
    assert new == "<p><ins>the rivers run deep where we sail</ins></p>"


def test_an_equal_word_between_two_larger_changes_is_no_crumb_in_them() -> None:
    start, end = "it begins with these words", "and it ends with those"
    new = marks(f"{start} gardens a flowers {end}", f"{start} mountain a valleys {end}")[1]
    assert "<ins>mountain a valleys</ins>" in new


# --- Runs and pairs -------------------------------------------------------------------------------

ITEMS = st.lists(st.sampled_from("abcdefgh"), max_size=30)


@settings(deadline=None)
@given(ITEMS, ITEMS)
def test_runs_are_equal_in_order_and_cover_both_ends(before: list[str], after: list[str]) -> None:
    runs = equal_runs(before, after)
    assert runs is not None
    assert runs[-1] == (len(before), len(after), 0)
    ends = (0, 0)
    for old, new, size in runs:
        assert before[old : old + size] == after[new : new + size]
        assert (old, new) >= ends
        assert new >= ends[1]
        ends = (old + size, new + size)
    equal = {(old, new) for old, new, size in runs if size}
    assert (before == after) == (sum(size for _, _, size in runs) == max(len(before), len(after)))
    assert equal or not (before and after and before[0] == after[0])


def numbered(letter: str, count: int) -> list[str]:
    return [f"{letter}{number}" for number in range(count)]


def test_long_texts_are_cut_where_both_hold_a_word_once() -> None:
    before = [word for pair in zip(numbered("x", 5_000), numbered("c", 5_000), strict=True) for word in pair]
    after = [word for pair in zip(numbered("y", 5_000), numbered("c", 5_000), strict=True) for word in pair]
    runs = equal_runs(before, after)
    assert runs
    assert sum(size for _, _, size in runs) == 5_000


def test_long_texts_in_another_order_keep_their_longest_rise() -> None:
    before = numbered("w", 2_000)
    runs = equal_runs(before, before[1_500:] + before[:1_500])
    assert runs
    assert sum(size for _, _, size in runs) == 1_500


@pytest.mark.parametrize(
    ("before", "after"),
    [("a b c d " * 2_000, "b c a d " * 2_000), ("x\n" * 1_000, "y x z\n" * 1_000)],
)
def test_words_that_would_take_minutes_are_not_marked_and_the_page_says_so(before: str, after: str) -> None:
    markup = page(change(before, after))
    read = Read(markup)
    assert "Too much differs here to mark single words." in read.text()
    assert read.of("ins") == read.of("del") == []


def block_lists() -> st.SearchStrategy[list[Block]]:
    text = st.lists(st.sampled_from(["one", "two", "three", "four", "five", "six"]), min_size=1, max_size=5).map(
        " ".join
    )
    return st.lists(text.map(lambda words: Block(f"<p>{words}</p>")), max_size=8)


@settings(max_examples=200, deadline=None)
@given(block_lists(), block_lists())
def test_every_block_is_in_one_pair_in_order(before: list[Block], after: list[Block]) -> None:
    pairs = paired(before, after)
    assert [old for old, _ in pairs if old] == before
    assert [new for _, new in pairs if new] == after


def test_blocks_without_end_are_paired_all_the_same() -> None:
    before = [Block(f"<p>{number % 7}</p>") for number in range(2_000)]
    after = [Block(f"<p>{number % 5}</p>") for number in range(2_000)]
    assert [old for old, _ in paired(before, after)] == before


@pytest.mark.parametrize(
    ("before", "after", "rows"),
    [
        ("a a\n\nb b", "a a\n\nnew\n\nb b", [("a a", "a a"), (None, "new"), ("b b", "b b")]),
        ("a a\n\nold\n\nb b", "a a\n\nb b", [("a a", "a a"), ("old", None), ("b b", "b b")]),
        ("one two three", "zero\n\none two four", [(None, "zero"), ("one two three", "one two four")]),
        ("here\n\none two", "one three\n\nthere", [("here", None), ("one two", "one three"), (None, "there")]),
        ("alpha", "beta", [("alpha", "beta")]),
        ("", "beta", [(None, "beta")]),
    ],
)
def test_like_stands_beside_like(before: str, after: str, rows: list[tuple[str | None, str | None]]) -> None:
    old, new = ([Block(part) for part in blocks(text, tag_cards({}, (), ""))] for text in (before, after))
    shown = [tuple(block and re.sub("<.*?>", "", block.markup) for block in pair) for pair in paired(old, new)]
    assert shown == rows


# --- Side by side ---------------------------------------------------------------------------------


def sides(before: str, after: str) -> str:
    old, new = (list(blocks(text, tag_cards({}, (), ""))) for text in (before, after))
    return both_sides(old, new)


def rows(markup: str) -> list[str]:
    return re.findall(r'<(?:div class="row|details class=)[ "](equal|changed|fold)">', markup)


def paragraphs(count: int) -> str:
    return "\n\n".join(f"paragraph {number}" for number in range(count))


def test_equal_blocks_far_from_a_change_are_folded() -> None:
    markup = sides(f"{paragraphs(9)}\n\nold\n\n{paragraphs(9)}", f"{paragraphs(9)}\n\nnew\n\n{paragraphs(9)}")
    assert rows(markup) == ["fold", *["equal"] * 9, "changed", "equal", "fold", *["equal"] * 8]
    assert "<summary>8 equal blocks</summary>" in markup


def test_a_few_equal_blocks_are_not_folded() -> None:
    text = sides(f"old\n\n{paragraphs(3)}\n\nold", f"new\n\n{paragraphs(3)}\n\nnew")
    assert rows(text) == ["changed", *["equal"] * 3, "changed"]


def test_markup_that_differs_around_the_same_words_is_said() -> None:
    text = sides("some **words** here", "some words here")
    assert "The words are the same; their markup differs." in text
    assert "<ins>" not in text


def test_what_is_known_of_a_reference_makes_no_block_differ() -> None:
    missing = Problem("asset-missing", "no such asset", 1, 1)
    markup = page(change("{asset:a}\n\nold", "{asset:a}\n\nnew", "invalid", problems=(missing,)))
    assert rows(markup) == ["equal", "changed"]
    assert rows(page(change("{asset:a}\n\nold", "\\{asset:a}\n\nnew"))) == ["changed", "changed"]


def test_links_that_lead_elsewhere_are_said() -> None:
    read = Read(
        sides("see [this](http://old.example/) [x](http://h/)", "see [this](http://new.example/?a&b) [x](http://h/)")
    )
    assert "Links no longer lead to http://old.example/." in read.text()
    assert "Links now lead to http://new.example/?a&b." in read.text()


def test_a_new_description_is_one_column_without_marks() -> None:
    read = Read(page(change("", "all *new*", "create")))
    assert "In the file, and not on Scenario before" in read.text()
    assert read.of("ins") == []


def test_a_deleted_description_is_one_column_without_marks() -> None:
    read = Read(page(change("all *old*", "", "delete")))
    assert "On Scenario, and no longer in git" in read.text()
    assert read.of("del") == []


def test_a_text_that_shows_nothing_is_a_text_all_the_same() -> None:
    read = Read(page(change("words", "[r]: http://h/")))
    assert "no longer in git" not in read.text()
    assert read.within("del") == "words"


# --- The page -------------------------------------------------------------------------------------


def test_the_top_says_which_run_it_was_and_counts() -> None:
    changes = [
        change("", "x", "create", "a"),
        change("x", "y", "update", "b"),
        change(action="unchanged", model_id="c"),
    ]
    text = " ".join(
        Read(page(*changes, problems=[Problem("too-many-changes", "use --force")])).within("header").split()
    )
    assert text.startswith("Blocked: sync would write nothing (too-many-changes). 2 ready Command")
    facts = "Command syncjob diff Profile production Started 2026-01-02 03:04:05 UTC Mode dry run, nothing was written"
    assert facts in text
    assert "1 to create 1 to update 0 to delete 1 unchanged 0 in conflict 0 invalid" in text
    assert "error too-many-changes use --force" in text
    assert "applied" not in text


def test_what_was_not_compared_is_not_counted_as_invalid() -> None:
    failure = Failure("unavailable", "no answer", 503, 5)
    down = replace(change("", "", "invalid"), model_id="down", failure=failure)
    text = " ".join(Read(page(change("x", "y", "update"), down)).within("header").split())
    assert text.startswith("Blocked: sync would write nothing. 1 not compared; 1 ready ")
    assert "0 in conflict 0 invalid 1 not compared" in text


def test_a_run_that_wrote_counts_what_became_of_each() -> None:
    made = (change("", "x", "create", "a"), change("x", "y", "update", "b"))
    item, other = plan_items(Plan(made))
    items = (
        Item(item.model_id, None, item.path, "create", "applied", diff=item.diff),
        Item(other.model_id, None, other.path, "update", "failed", diff=other.diff),
    )
    text = " ".join(Read("".join(parts(report(items=items, dry_run=False), made))).text().split())
    assert "1 description written to Scenario" in text
    assert "1 applied 1 failed 0 refused 0 not attempted" in text
    assert "update failed descriptions/b.md" in text


def test_nothing_to_do_is_a_page_too() -> None:
    read = harmless(page(change(action="unchanged")))
    assert "No description would change" in read.text()
    assert "1 unchanged description, not listed." in read.text()
    assert read.of("article") == []
    assert harmless(page()).of("article") == []


def test_an_unchanged_item_is_listed_for_its_problem_alone() -> None:
    noted = change(action="unchanged", model_id="b", problems=(warning("deleted-locally", "deleted here"),))
    read = Read(page(change(action="unchanged", model_id="a"), noted))
    assert [article["id"] for article in read.of("article")] == ["model-b"]
    assert "warning deleted-locally deleted here" in read.within("article")
    assert "1 problem" in read.within("nav")


def test_a_problem_is_told_with_its_place_and_a_failure_with_its_cause() -> None:
    problem = Problem("tag-malformed", "{asset: x} is no tag", 3, 7)
    failed = change("a", "b", "invalid", problems=(problem,), failure=Failure("unavailable", "try later", 503, 5))
    text = Read(page(failed)).within("article")
    assert "descriptions/one.md:3:7 error tag-malformed {asset: x} is no tag" in text
    assert "failed unavailable try later, HTTP 503, 5 attempts" in text


def test_an_item_without_texts_is_a_line() -> None:
    unseen = change(action="invalid", is_compared=False)
    read = Read(page(unseen))
    assert "not compared" in read.within("article")
    assert read.of("details") == read.of("section") == []


def test_the_source_diff_is_folded_and_told_by_line() -> None:
    markup = page(change("same\n--- old\ngone", "same\n+++ new\nmore"))
    assert re.findall(r'<span class="(add|cut|file|hunk)">(.*?)\n</span>', markup) == [
        ("file", "--- scenario/one"),
        ("file", "+++ descriptions/one.md"),
        ("hunk", "@@ -1,3 +1,3 @@"),
        ("cut", "---- old"),
        ("cut", "-gone"),
        ("add", "++++ new"),
        ("add", "+more"),
    ]
    assert "open" not in Read(markup).of("details")[0]


def test_a_conflict_shows_what_was_edited_since_which_commit() -> None:
    edited = change(
        "title\nedited there",
        "title\nchanged here",
        "conflict",
        base=Version("0123456789" + "f" * 30, "title\nas it was"),
    )
    read = Read(page(edited))
    assert "Edited on Scenario; closest commit 0123456789 (a guess)" in read.text()
    assert "f" * 30 not in read.text()
    assert "--- git/0123456789/descriptions/" in read.within("pre")  # as the other formats name it
    assert "-as it was\n+edited there\n" in read.within("pre")
    assert "A guess: of all that git held" in read.text()
    assert "Your file, compared with commit 0123456789 (a guess)" in read.text()
    assert "-as it was\n+changed here\n" in read.within("pre")
    assert ["open" in each for each in read.of("details") if each.get("class") == "source"] == [False, True, True]


def test_each_model_has_a_fragment_of_its_own() -> None:
    ids = ["flux.1-dev", "flux.1-dev", "not an id", "models", "filter"]
    changes = [change("a", "b", model_id=model_id) for model_id in ids]
    read = harmless(page(*changes))
    assert [article["id"] for article in read.of("article")] == [
        "model-flux.1-dev",
        "item-2",
        "item-3",
        "model-models",
        "model-filter",
    ]
    skip, update, *listed = [link["href"][1:] for link in read.of("a")]
    assert (skip, update) == ("models", "model-flux.1-dev")
    assert listed == [article["id"] for article in read.of("article")]


def test_headings_descend_one_by_one() -> None:
    edited = change("# a\n\n## b", "# a\n\n## c", problems=(warning("x", "y"),))
    levels = [
        int(tag[1])
        for tag, _ in Read(page(edited, problems=[Problem("protocol", "z")])).elements
        if re.fullmatch("h[1-6]", tag)
    ]
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    assert levels.count(1) == 1


def test_what_the_page_has_no_room_for_is_counted() -> None:
    changes = [change("a", "b", model_id="one"), change("c", "d", model_id="two")]
    page = "".join(parts(report(*changes), changes[:1]))
    assert "1 more description omitted for length" in page
    assert ('id="model-one"' in page, 'id="model-two"' in page) == (True, False)


def test_a_check_is_a_page_too() -> None:
    item = Item("one", None, "descriptions/one.md", "checked", "unchanged")
    wrong = Item(
        "two",
        None,
        "descriptions/two.md",
        "invalid",
        "refused",
        problems=(ItemProblem("file-empty", "error", "empty"),),
    )
    made = structs.replace(report(items=(item, wrong)), command="check")
    read = harmless("".join(parts(made, (change(action="unchanged"), change(action="invalid", model_id="two")))))
    assert [article["id"] for article in read.of("article")] == ["model-two"]
