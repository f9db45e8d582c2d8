"""The YAML that a config may be written in, and what is refused with its place."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncjob.config.strict_yaml import MAX_BYTES, Parsed, YamlProblem, parse

KEYS = st.text("abcxyz_-é", min_size=1, max_size=5)
SCALARS = st.none() | st.booleans() | st.integers() | st.text("abc 012.:-#'\"{}[]&*!é\n", max_size=10)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)
PIECES = st.sampled_from(
    ["a", "b", ":", ": ", "- ", "\n", "\n  ", "[", "]", "{", "}", ",", "&a ", "*a", "!", "!!str ", "!!bool ", "!!int ", "!!timestamp ", '"\\UFFFFFFFF"', "!<x> ", "? ", "|\n", ">",
     "'", '"', "\\", "\\x", "#", "%", "%YAML 1.1\n", "---\n", "...", "@", "`", "\t", "\r", "\0", "\x85", "\u2028", "\ufeff",
     "1", "-0", ".5", "1e9", "<<: ", "=", "~", "null", "yes", "é", "🦊"]
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("Null", None),
        ("true", True),
        ("False", False),
        ("TRUE", True),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("Off", "Off"),
        ("y", "y"),
        ("truE", "truE"),
        ("0", 0),
        ("-0", 0),
        ("+12", 12),
        ("-7", -7),
        ("012", "012"),
        ("1_000", "1_000"),
        ("0x1F", "0x1F"),
        ("0b1", "0b1"),
        ("1:30", "1:30"),
        ("'8'", "8"),
        ('"8"', "8"),
        ("1.5", 1.5),
        ("-.5", -0.5),
        ("2.", 2.0),
        ("1.5e3", 1500.0),
        (".", "."),
        (".inf", ".inf"),
        ("01.5", "01.5"),
        ("2001-01-01", "2001-01-01"),
        ("=", "="),
        ("<<", "<<"),
    ],
)
def test_scalars_are_read_as_yaml_1_2_reads_them(text: str, value: Any) -> None:
    assert parse(f"a: {text}\n".encode()).value == {"a": value}
    assert type(parse(f"a: {text}\n".encode()).value["a"]) is type(value)


@pytest.mark.parametrize("data", [b"", b"\n", b"# a remark\n", b"---\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_nothing(data: bytes) -> None:
    assert parse(data) == Parsed(None, {})


def test_every_path_has_its_line() -> None:
    parsed = parse(b"\xef\xbb\xbfa: 1\r\n# remark\r\nb:\r\n  c: {d: [x, {e: 2}],\r\n   f: 3}\r\n")
    assert parsed.value == {"a": 1, "b": {"c": {"d": ["x", {"e": 2}], "f": 3}}}
    assert parsed.lines == {"a": 1, "b": 3, "b.c": 4, "b.c.d": 4, "b.c.f": 5}


def test_a_merge_key_merges_nothing() -> None:
    assert parse(b"a: {<<: {b: 1}}").value == {"a": {"<<": {"b": 1}}}


PROBLEMS = [
    ("duplicate key", b"a: 1\nb: 2\na: 3", "duplicate key 'a', first on line 1", 3, 1),
    ("duplicate inner key", b"a:\n  b: 1\n  b: 1", "duplicate key 'b', first on line 2", 3, 3),
    ("duplicate key by quotes", b"a: 1\n'a': 1", "duplicate key 'a', first on line 1", 2, 1),
    ("anchor", b"a: &x 1", "anchors (&) and aliases (*) are not allowed", 1, 4),
    ("alias", b"a: 1\nb: *x", "anchors (&) and aliases (*) are not allowed", 2, 4),
    ("merge bomb", b"a: &a [x]\nb: &b [*a, *a]\n<<: *b", "anchors (&) and aliases (*) are not allowed", 1, 4),
    ("number as a key", b"a: {1: b}", "a key must be plain text", 1, 5),
    ("null as a key", b"~: b", "a key must be plain text", 1, 1),
    ("boolean as a key", b"a: 1\ntrue: b", "a key must be plain text", 2, 1),
    ("list as a key", b"? [a]\n: b", "a key must be plain text", 1, 3),
    ("list that poses as a text", b"? !!str [a]\n: b", "tags (!) are not allowed", 1, 3),
    ("list as a key in a list", b"- {[a]: b}", "a key must be plain text", 1, 4),
    ("duplicate key in a list", b"- {a: 1, a: 2}", "duplicate key 'a', first on line 1", 1, 10),
    ("two documents", b"a: 1\n---\nb: 1", "but found another document", 2, 1),
    ("bad indentation", b"a: 1\n  b: 2", "mapping values are not allowed here", 2, 4),
    ("unclosed bracket", b"a: [1", "'[' is never closed", 1, 4),
    ("tab", b"a:\n\tb: 1", "found character '\\t' that cannot start any token", 2, 1),
    ("foreign tag", b"a: !x 1", "tags (!) are not allowed", 1, 4),
    ("code", b"a: !!python/name:os.system x", "tags (!) are not allowed", 1, 4),
    ("not UTF-8", b"a: 1\nb: \xff", "is not UTF-8", 2, None),
    ("control character", b"a: \x01", "holds a character that YAML does not allow", None, None),
    ("number out of range", b"a: " + b"9" * 5000, "is nested too deeply or holds a value out of range", None, None),
    ("escape out of range", b'a: "\\U00110000"', "is nested too deeply or holds a value out of range", None, None),
    ("deep brackets", b"[\n" * 32_000, "is nested too deeply", 51, 1),
    ("deep brackets in a line", b"[" * 40_000, "is nested too deeply", 1, 51),
    ("deep braces in a line", b"{" * 40_000, "is nested too deeply", 1, 51),
    ("deep lists", b"- " * 32_000, "is nested too deeply", 1, 101),
    ("deep keys", b"? " * 32_000, "is nested too deeply", 1, 101),
    ("tag that PyYAML makes an AttributeError", b"a: !!timestamp x", "tags (!) are not allowed", 1, 4),
    ("tag that PyYAML makes an IndexError", b"a: !!int ''", "tags (!) are not allowed", 1, 4),
    ("tag that PyYAML makes a KeyError", b"a: !!bool x", "tags (!) are not allowed", 1, 4),
    ("escape far out of range", b'a: "\\UFFFFFFFF"', "out of range", None, None),
    ("half a surrogate pair", b'a: "\\ud800"', "half a surrogate pair", 1, 4),
    ("NUL", b'a: "\\0"', "holds NUL", 1, 4),
    ("not UTF-8 after a byte order mark", b"\xef\xbb\xbfa\n\xff", "is not UTF-8", 2, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "part", "line", "column"), [case[1:] for case in PROBLEMS], ids=[case[0] for case in PROBLEMS]
)
def test_a_problem_is_named_with_its_place(data: bytes, part: str, line: int | None, column: int | None) -> None:
    with pytest.raises(YamlProblem) as refused:
        parse(data)
    assert part in str(refused.value)
    assert (refused.value.line, refused.value.column) == (line, column)


def test_a_file_may_be_as_large_as_the_limit_and_no_larger() -> None:
    assert parse(b"a: 1\n#" + b"x" * (MAX_BYTES - 6)).value == {"a": 1}
    with pytest.raises(YamlProblem, match="holds 65,537 bytes; at most 65,536 are read"):
        parse(b"a: 1\n#" + b"x" * (MAX_BYTES - 5))


@given(VALUES)
@settings(deadline=None)
def test_json_is_yaml_and_keeps_its_values(value: Any) -> None:
    assert parse(json.dumps(value, ensure_ascii=False).encode()).value == value
    assert parse(json.dumps(value, indent=2).encode()).value == value


def named_lines(data: bytes) -> list[int]:
    """The lines of what is parsed, or of the problem; any other exception is a fault."""
    try:
        return list(parse(data).lines.values())
    except YamlProblem as problem:
        return [problem.line or 1]


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_whatever_the_bytes_are_nothing_but_a_problem_is_raised(data: bytes) -> None:
    assert all(1 <= line <= len(data) + 1 for line in named_lines(data))


@given(st.lists(PIECES, max_size=30).map("".join))
@settings(deadline=None, max_examples=300)
def test_whatever_the_text_is_nothing_but_a_problem_is_raised(text: str) -> None:
    assert all(1 <= line <= len(text) + 1 for line in named_lines(text.encode()))
