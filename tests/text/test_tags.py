"""Tags, near misses, and what is neither."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncjob.text.tags import NearMiss, Tag, find, is_id, near_misses

# The form that is promised to writers, spelled out once more.
WELL_FORMED = re.compile(r"\{(asset|model):([A-Za-z0-9_-][A-Za-z0-9._-]{0,255})\}")

IDS = st.from_regex(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,30}", fullmatch=True)
PLAIN = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="{}") | st.sampled_from("\n\r\t \u2028\x85\x0b`:")
)
PIECES = st.sampled_from(
    ["{", "}", "asset", "model", "Asset", "s", ":", "=", " ", "\t", "\n", "x", ".", "-1", "\u2028", "é", '"', "{asset:a}"]
)  # fmt: skip
SNIPPETS = st.lists(PIECES, max_size=30).map("".join)


@pytest.mark.parametrize("text", ["a", "_", "-", "9", "a.b", "flux.1-dev", "A" * 256, "a..", "model_x-1.1"])
def test_an_id(text: str) -> None:
    assert is_id(text)


@pytest.mark.parametrize("text", ["", ".", "..", ".a", "a b", "a/b", "a\n", "é", "a:b", "A" * 257, "a%2f", "a\0"])
def test_no_id(text: str) -> None:
    assert not is_id(text)


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("", ()),
        ("{asset:x}", (Tag("asset", "x", 1, 1),)),
        ("{model:flux.1-dev}", (Tag("model", "flux.1-dev", 1, 1),)),
        ("a\n é🦊{model:_-9}", (Tag("model", "_-9", 2, 4),)),
        ("{asset:x}{asset:x}", (Tag("asset", "x", 1, 1), Tag("asset", "x", 1, 10))),
        ("{{asset:x}}", (Tag("asset", "x", 1, 2),)),
        ("{asset:" + "a" * 256 + "}", (Tag("asset", "a" * 256, 1, 1),)),
        ("\n\n`{model:x}`\n", (Tag("model", "x", 3, 2),)),
        ("a\u2028b\x85{asset:x}", (Tag("asset", "x", 1, 5),)),
    ],
)
def test_well_formed_tags_are_found_with_their_place(text: str, tags: tuple[Tag, ...]) -> None:
    assert find(text) == (tags, ())


def test_a_tag_reads_as_it_is_written() -> None:
    assert str(Tag("asset", "x.1", 3, 4)) == "{asset:x.1}"


# The text, the part of it that is named (None: all of it), and the repair.
NEAR_MISSES = [
    ("{asset: x}", None, "{asset:x}"),
    ("{asset :x}", None, "{asset:x}"),
    ("{ asset:x}", None, "{asset:x}"),
    ("{asset:x }", None, "{asset:x}"),
    ("{\tmodel\t:\tx\t}", None, "{model:x}"),
    ("{Asset:x}", None, "{asset:x}"),
    ("{MODEL:X.1}", None, "{model:X.1}"),
    ("{assets:x}", None, "{asset:x}"),
    ("{Models : x}", None, "{model:x}"),
    ("{model=x}", None, "{model:x}"),
    ("{asset = x}", None, "{asset:x}"),
    ('{model="x"}', None, "{model:x}"),
    ("{asset:'x'}", None, "{asset:x}"),
    ("{asset:`x`}", None, "{asset:x}"),
    ("{asset:<x>}", None, "{asset:x}"),
    ("{asset:x", None, "{asset:x}"),
    ("{asset:x and so on", "{asset:x ", "{asset:x}"),
    ("{asset:x\n}", "{asset:x", "{asset:x}"),
    ("{asset:x{", "{asset:x", "{asset:x}"),
    ("{model: two words}", "{model: two ", "{model:two}"),
    ("{asset:}", None, None),
    ("{asset:", None, None),
    ("{asset:.x}", None, None),
    ("{asset:..}", None, None),
    ("{asset:a/b}", None, None),
    ("{asset:é}", None, None),
    ("{asset:x\xa0}", "{asset:x", "{asset:x}"),
    ("{asset:x,y}", None, None),
    ("{asset:" + "a" * 257 + "}", None, None),
    ("{model:asset:x}", None, None),
]


@pytest.mark.parametrize(("text", "part", "repair"), NEAR_MISSES)
def test_a_near_miss_is_named_with_its_place_and_its_repair(text: str, part: str | None, repair: str | None) -> None:
    assert find(text) == ((), (NearMiss(part or text, repair, 1, 1),))
    assert find(f"a\n\n🦊 {text}") == ((), (NearMiss(part or text, repair, 3, 3),))


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "{model}",
        "{asset}",
        "{assets}",
        "{foo:bar}",
        "{model-id:x}",
        "{modelling:x}",
        "{my asset:x}",
        "{_asset:x}",
        "{asset: }",
        "{ asset:}",
        "{ asset:.x}",
        "{model = }",
        "{model: é}",
        "{Asset:}",
        '{"asset": "x"}',
        "{'model':'x'}",
        "{asset\n:x}",
        "{\nasset:x}",
        "asset:x}",
        "(asset:x)",
        "asset: x",
        "{asset;x}",
        "{asset/x}",
        "${asset}",
        "{% model %}",
        "{a\u017f\u017fet:x}",
        "{model\u017f:x}",
    ],
)
def test_whatever_else_stands_in_braces_is_text(text: str) -> None:
    assert find(text) == ((), ())


def test_tags_and_near_misses_come_in_the_order_of_the_text() -> None:
    tags, misses = find("{model:b} {asset: c} {asset:a}\n{Model:d}{model:b}")
    assert [(str(tag), tag.line, tag.column) for tag in tags] == [
        ("{model:b}", 1, 1),
        ("{asset:a}", 1, 22),
        ("{model:b}", 2, 10),
    ]
    assert [(miss.repair, miss.line, miss.column) for miss in misses] == [("{asset:c}", 1, 11), ("{model:d}", 2, 1)]


@given(PLAIN, PLAIN, st.sampled_from(["asset", "model"]), IDS)
@settings(deadline=None)
def test_a_tag_planted_in_any_text_is_found_where_it_is(before: str, after: str, kind: str, id_: str) -> None:
    lines = before.split("\n")
    ((tag,), misses) = find(f"{before}{{{kind}:{id_}}}{after}")
    assert (tag.kind, tag.id, tag.line, tag.column) == (kind, id_, len(lines), len(lines[-1]) + 1)
    assert misses == ()


@given(SNIPPETS)
@settings(max_examples=300, deadline=None)
def test_the_tags_are_what_the_promised_form_finds(text: str) -> None:
    tags, misses = find(text)
    assert [(tag.kind, tag.id) for tag in tags] == WELL_FORMED.findall(text)
    lines = text.split("\n")
    for place in tags:
        assert lines[place.line - 1][place.column - 1 :].startswith(str(place))
    for miss in misses:
        assert lines[miss.line - 1][miss.column - 1 :].startswith(miss.text)


@given(SNIPPETS)
@settings(max_examples=300, deadline=None)
def test_a_repair_is_a_tag(text: str) -> None:
    for miss in find(text)[1]:
        if miss.repair is not None:
            ((tag,), misses) = find(miss.repair)
            assert str(tag) == miss.repair
            assert misses == ()


@given(SNIPPETS)
def test_near_misses_are_found_alone_as_with_the_tags(text: str) -> None:
    assert near_misses(text) == find(text)[1]


def test_tags_as_they_should_be_are_not_counted_to_find_no_near_miss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syncjob.text.tags.find", None)
    assert near_misses("{asset:a} {model:b}{asset:c.1} {assets} { model }" * 100) == ()
