"""Canonical text, its digest and its diff."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncjob.text.canonical import canonical, count_changes, same, sha256, unified_diff

# What str.splitlines takes for a line's end and git does not.
NO_LINE_ENDS = ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e"]
PIECES = ["\n", "\r", "\r\n", " ", "\t", "\ufeff", "a", "b", "+", "-", "--- a", "+++ b", "@@", *NO_LINE_ENDS]
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=3)).map("".join)
CANONICAL = TEXTS.map(canonical)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("a", "a"),
        ("\ufeffa", "a"),
        ("\ufeff\ufeffa", "a"),
        ("a\ufeff", "a\ufeff"),
        ("\n\ufeffa", "\n\ufeffa"),
        ("a\r\nb\rc\n", "a\nb\nc"),
        ("a\r\r\nb", "a\n\nb"),
        ("a\n\n \t\n", "a"),
        ("a  \n", "a  "),
        ("a  \n\t\n", "a  "),
        ("  \n a\n\n\nb", "  \n a\n\n\nb"),
        (" \t\r\n ", ""),
        ("\ufeff\r\n", ""),
        ("a\n\u2028", "a\n\u2028"),
        ("a\n\xa0\n", "a\n\xa0"),
    ],
)
def test_the_canonical_form(text: str, expected: str) -> None:
    assert canonical(text) == expected


@given(TEXTS)
@settings(deadline=None)
def test_canonical_is_idempotent(text: str) -> None:
    assert canonical(canonical(text)) == canonical(text)


@given(TEXTS)
@settings(deadline=None)
def test_a_canonical_text_has_no_bom_no_carriage_return_and_nothing_blank_at_its_end(text: str) -> None:
    form = canonical(text)
    assert not form.startswith("\ufeff")
    assert "\r" not in form
    assert form == "" or form.split("\n")[-1].strip(" \t")


@given(TEXTS)
@settings(deadline=None)
def test_canonical_drops_nothing_but_what_it_promises(text: str) -> None:
    form = canonical(text)
    lines = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = form.split("\n") if form else []
    assert lines[: len(kept)] == kept
    assert "".join(lines[len(kept) :]).strip(" \t") == ""


@given(TEXTS, st.sampled_from(["", "\n", "\r\n", "\n\n \n"]))
@settings(deadline=None)
def test_line_ends_a_bom_and_a_blank_end_make_no_difference(text: str, end: str) -> None:
    assert canonical("\ufeff" + text.replace("\r", "").replace("\n", "\r\n") + end) == canonical(text.replace("\r", ""))


@pytest.mark.parametrize(
    ("desired", "existing", "equal"),
    [
        ("é", "é", True),
        ("é", "e\u0301", True),
        ("e\u0301", "é", True),
        ("é", "e", False),
        ("ﬁ", "fi", False),
        ("a", "A", False),
        ("a ", "a", False),
        ("", "a", False),
    ],
)
def test_texts_are_the_same_under_nfc_alone(desired: str, existing: str, equal: bool) -> None:
    assert same(desired, existing) is equal


def test_the_digest_is_that_of_the_utf8_bytes_and_no_text_has_none() -> None:
    assert sha256("é\n🦊") == hashlib.sha256("é\n🦊".encode()).hexdigest()
    assert sha256("") is None


def diff(before: str, after: str) -> list[str]:
    return unified_diff(before, after, before_name="a/x", after_name="b/x")


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ("", "", []),
        ("a", "a", []),
        ("", "a\nb", ["--- /dev/null", "+++ b/x", "@@ -0,0 +1,2 @@", "+a", "+b"]),
        ("a\n\nb", "", ["--- a/x", "+++ /dev/null", "@@ -1,3 +0,0 @@", "-a", "-", "-b"]),
        ("a\nb", "a\nc", ["--- a/x", "+++ b/x", "@@ -1,2 +1,2 @@", " a", "-b", "+c"]),
        ("-- a", "++ b", ["--- a/x", "+++ b/x", "@@ -1 +1 @@", "--- a", "+++ b"]),
    ],
)
def test_the_diff(before: str, after: str, lines: list[str]) -> None:
    assert diff(before, after) == lines


@pytest.mark.parametrize("character", NO_LINE_ENDS, ids=ascii)
def test_what_is_no_line_end_stays_inside_its_line(character: str) -> None:
    assert diff(f"a{character}b", f"a{character}c")[3:] == [f"-a{character}b", f"+a{character}c"]


@given(CANONICAL, CANONICAL)
@settings(deadline=None)
def test_a_diff_is_of_whole_lines_of_both_texts(before: str, after: str) -> None:
    old, new = (text.split("\n") if text else [] for text in (before, after))
    signs = {" ": (old, new), "-": (old,), "+": (new,)}
    for line in diff(before, after)[2:]:
        if not line.startswith("@@ "):
            assert all(line[1:] in text for text in signs[line[0]])


@given(CANONICAL, CANONICAL)
@settings(max_examples=200, deadline=None)
def test_the_changes_of_a_diff_account_for_both_texts(before: str, after: str) -> None:
    lines = diff(before, after)
    added, removed = count_changes(lines)
    assert added - removed == len(after.split("\n") if after else []) - len(before.split("\n") if before else [])
    assert (added, removed) == (0, 0) if before == after else added + removed > 0


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ("", "", (0, 0)),
        ("", "a\nb", (2, 0)),
        ("a\nb", "", (0, 2)),
        ("-- a", "++ b\nc", (2, 1)),
    ],
)
def test_the_headers_of_a_diff_are_no_changes(before: str, after: str, changes: tuple[int, int]) -> None:
    assert count_changes(diff(before, after)) == changes


def test_texts_that_repeat_too_much_to_compare_are_replaced_whole() -> None:
    rows = [f"| row {number} |" for number in range(150)] * 70
    before, after = "\n".join(rows), "\n".join(reversed(rows))
    diff = unified_diff(before, after, before_name="old", after_name="new")
    assert diff[:3] == ["--- old", "+++ new", f"@@ -1,{len(rows)} +1,{len(rows)} @@"]
    assert count_changes(diff) == (len(rows), len(rows))
    assert unified_diff(before, before, before_name="old", after_name="new") == []
