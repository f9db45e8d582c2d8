"""What a descriptions folder holds, and every way in which a file of it can be refused."""

import contextlib
import os
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncjob.errors import UsageError
from syncjob.local.document import Document, Folder, list_folder, parse
from syncjob.local.names import model_id_of
from syncjob.problems import Problem
from syncjob.text.canonical import canonical
from syncjob.text.tags import Tag

LIMIT = 100
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0") | st.sampled_from("\n\r\t{}`\ufeff"))


@contextlib.contextmanager
def promptly() -> Iterator[None]:
    """Ends what blocks: whoever opens a pipe that nobody writes to waits for ever."""

    def ring(*_: object) -> NoReturn:
        pytest.fail("blocked")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(10)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def read(folder: Path) -> dict[str, Document]:
    """The documents by path less the folder's name."""
    with promptly():
        names = list_folder(folder)
        of_folder = Folder(folder, "d", names, LIMIT)
        documents = [of_folder.read(name) for name in sorted(names, key=model_id_of)]
    return {each.path.removeprefix("d/"): each for each in documents}


def the_problem(document: Document) -> Problem:
    (problem,) = document.problems
    assert not document.is_valid
    assert document.text == ""
    return problem


# The bytes of a file, and the code, line, column and a part of the message of its one problem.
BAD_BYTES = [
    ("bad byte", b"fine\nh\xc3\xa9 \xff\n", "file-encoding", 2, 4, "byte 0xff"),
    ("bad byte after the widest characters", "🦊中\u2028é".encode() + b"\x80", "file-encoding", 1, 5, "byte 0x80"),
    ("bad byte first", b"\xc0\xaf", "file-encoding", 1, 1, "byte 0xc0"),
    ("bad byte after line ends", b"\r\n\r\n\xfe", "file-encoding", 3, 1, "byte 0xfe"),
    ("character cut short", b"a\n\xe2\x82", "file-encoding", 2, 1, "byte 0xe2"),
    ("surrogate", b"ab\xed\xa0\x80", "file-encoding", 1, 3, "byte 0xed"),
    ("UTF-16", "text".encode("utf-16"), "file-encoding", 1, 1, "byte 0xff"),
    ("NUL", b"a\n\xc3\xa9\0b\0", "file-encoding", 2, 2, "NUL"),
    ("bad byte before a NUL", b"\xff\0", "file-encoding", 1, 1, "byte 0xff"),
    ("empty", b"", "file-empty", None, None, "is empty"),
    ("newline", b"\r\n", "file-empty", None, None, "is empty"),
    ("blank", b" \n\t\n ", "file-empty", None, None, "is empty"),
    ("wide space", "\u3000\u2028\xa0".encode(), "file-empty", None, None, "is empty"),
]


@pytest.mark.parametrize(
    ("data", "code", "line", "column", "part"), [case[1:] for case in BAD_BYTES], ids=[case[0] for case in BAD_BYTES]
)
def test_bytes_that_are_no_description_are_refused_with_their_place(
    data: bytes, code: str, line: int | None, column: int | None, part: str
) -> None:
    problem = the_problem(parse("x", "d/x.md", data))
    assert (problem.code, problem.line, problem.column, problem.severity) == (code, line, column, "error")
    assert part in problem.message


def test_a_byte_order_mark_is_dropped_with_a_warning() -> None:
    document = parse("x", "d/x.md", b"\xef\xbb\xbftext {asset:a}\r\n")
    assert (document.text, document.tags, document.is_valid) == ("text {asset:a}", (Tag("asset", "a", 1, 6),), True)
    ((code, severity),) = [(problem.code, problem.severity) for problem in document.problems]
    assert (code, severity) == ("file-encoding", "warning")


def test_a_byte_order_mark_alone_is_empty() -> None:
    document = parse("x", "d/x.md", b"\xef\xbb\xbf\n")
    assert [problem.code for problem in document.problems] == ["file-encoding", "file-empty"]
    assert not document.is_valid


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("a\n  {asset: x}", [(2, 3, "{asset: x} is not a tag: write {asset:x}, or wrap it in backticks")]),
        ("{asset:}", [(1, 1, "{asset:} is not a tag: write {asset:<id>} or {model:<id>}, or wrap it in backticks")]),
        ("{model=a} `{model=b}`\n{model=c}", [(1, 1, "{model=a} is"), (2, 1, "{model=c} is")]),
        ("{asset:\tx\t", [(1, 1, "{asset: x is not a tag")]),
        ("a\r{Model:x}\r\n{asset:y}", [(2, 1, "{Model:x} is not a tag: write {model:x}")]),
    ],
)
def test_a_near_miss_outside_code_is_malformed_and_says_how_to_mend_it(
    text: str, problems: list[tuple[int, int, str]]
) -> None:
    document = parse("x", "d/x.md", text.encode())
    assert not document.is_valid
    assert document.text == canonical(text)
    for problem, (line, column, start) in zip(document.problems, problems, strict=True):
        assert (problem.code, problem.line, problem.column) == ("tag-malformed", line, column)
        assert problem.message.startswith(start)


def test_a_long_near_miss_is_shortened_in_its_message() -> None:
    (problem,) = parse("x", "d/x.md", b"{asset:" + b"!" * 100_000).problems
    assert len(problem.message) < 400


def test_many_near_misses_beside_much_code_are_told_apart() -> None:
    # With a look at every span for every near miss, this alone takes minutes.
    document = parse("x", "d/x.md", b"`a`{asset:}\n" * 20_000)
    assert len(document.problems) == 20_000


@pytest.mark.parametrize(
    "text", ["`{asset: x}`", "```\n{asset:\n```", "    {Model:x}", "> `a\n> {models:x}`", "{model}"]
)
def test_a_near_miss_in_code_is_text(text: str) -> None:
    assert parse("x", "d/x.md", text.encode()) == Document("x", "d/x.md", text)


def test_tags_in_code_are_tags_as_well() -> None:
    assert parse("x", "d/x.md", b"`{asset:a}`\n").tags == (Tag("asset", "a", 1, 2),)


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_whatever_the_bytes_are_they_make_a_document(data: bytes) -> None:
    document = parse("x", "d/x.md", data)
    assert document.is_valid is (document.text != "" and not [each for each in document.problems if each.is_error])
    assert document.text == canonical(document.text)


@given(TEXTS)
@settings(deadline=None)
def test_a_text_that_is_not_blank_is_kept_in_its_canonical_form(text: str) -> None:
    document = parse("x", "d/x.md", text.encode())
    assert document.text == (canonical(text) if canonical(text).strip() else "")


@given(TEXTS.map(lambda text: text.replace("\r", "")), st.sampled_from([b"\xff", b"\0"]), TEXTS)
@settings(deadline=None)
def test_the_place_of_a_bad_byte_counts_lines_and_characters(before: str, bad: bytes, after: str) -> None:
    problem = the_problem(parse("x", "d/x.md", before.encode() + bad + after.encode()))
    lines = before.split("\n")
    assert (problem.line, problem.column) == (len(lines), len(lines[-1]) + 1)


def test_a_folder_is_read_in_the_order_of_its_ids(tmp_path: Path) -> None:
    for name in ("b", "a.1", "a", "_", "A-1", "x.md"):
        (tmp_path / f"{name}.md").write_bytes(b"text of " + name.encode() + b"\r\n\r\n")
    documents = read(tmp_path)
    assert list(documents) == ["A-1.md", "_.md", "a.md", "a.1.md", "b.md", "x.md.md"]
    assert documents["a.1.md"] == Document("a.1", "d/a.1.md", "text of a.1")
    assert all(document.is_valid for document in documents.values())


def test_other_files_and_folders_are_no_descriptions(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("text")
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "b.md").write_text("text")
    for name in ("notes.txt", "a.md~", "a.markdown", "md", ".gitkeep"):
        (tmp_path / name).write_bytes(b"\xff")
    assert list(read(tmp_path)) == ["a.md"]


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("a b.md", "is not a valid model id"),
        ("..md", "is not a valid model id"),
        ("...md", "is not a valid model id"),
        (".x.md", "is not a valid model id"),
        (".md", "is not a valid model id"),
        ("é.md", "is not a valid model id"),
        ("a:b.md", "is not a valid model id"),
        ("x.MD", "in lower case"),
        ("x.Md", "in lower case"),
    ],
)
def test_a_name_that_is_no_id_is_refused(tmp_path: Path, name: str, part: str) -> None:
    (tmp_path / name).write_text("text")
    ((path, document),) = read(tmp_path).items()
    assert (path, document.model_id) == (name, name[:-3])
    problem = the_problem(document)
    assert (problem.code, problem.line, problem.column) == ("file-name", None, None)
    assert part in problem.message


def test_a_name_that_cannot_be_printed_is_refused_and_shown_as_escapes(tmp_path: Path) -> None:
    for name in (b"caf\xe9.md", b"a\x1b\n::error.md"):
        Path(os.fsdecode(bytes(tmp_path) + b"/" + name)).write_text("text")
    documents = read(tmp_path)
    assert {path: the_problem(document).code for path, document in documents.items()} == {
        "caf\\xe9.md": "file-name",
        "a\\x1b\\n::error.md": "file-name",
    }
    assert {document.model_id for document in documents.values()} == {"caf\\xe9", "a\\x1b\\n::error"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a.md", "A.md"),
        ("model.md", "moDel.md"),
        ("x.md", "x.MD"),
        ("\u00e9.md", "e\u0301.md"),
        ("\u00c9.md", "e\u0301.md"),
    ],
    ids=ascii,
)
def test_names_that_are_one_file_elsewhere_are_both_refused(tmp_path: Path, one: str, other: str) -> None:
    for name in (one, other, "b.md"):
        (tmp_path / name).write_text("text")
    documents = read(tmp_path)
    assert documents["b.md"].is_valid
    for name, twin in ((one, other), (other, one)):
        first = documents[name].problems[0]
        assert (first.code, first.severity) == ("file-collision", "error")
        assert first.message == f"differs from {twin} only in case or Unicode form; keep one"
        assert not documents[name].is_valid


def test_each_of_three_that_collide_names_another(tmp_path: Path) -> None:
    for name in ("ab.md", "aB.md", "AB.md"):
        (tmp_path / name).write_text("text")
    named = [document.problems[0].message.split()[2] for document in read(tmp_path).values()]
    assert sorted(named) == ["AB.md", "aB.md", "ab.md"]


def test_a_collision_does_not_hide_what_else_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"\xff")
    (tmp_path / "A.md").write_bytes(b"{asset: x}")
    codes = {path: [problem.code for problem in document.problems] for path, document in read(tmp_path).items()}
    assert codes == {"a.md": ["file-collision", "file-encoding"], "A.md": ["file-collision", "tag-malformed"]}


def test_a_file_may_be_as_large_as_the_limit_and_no_larger(tmp_path: Path) -> None:
    (tmp_path / "fits.md").write_bytes(b"x" * LIMIT)
    (tmp_path / "over.md").write_bytes(b"x" * (LIMIT + 1))
    (tmp_path / "far-over.md").write_bytes(b"x" * 1_234)
    documents = read(tmp_path)
    assert documents["fits.md"].text == "x" * LIMIT
    assert the_problem(documents["over.md"]) == Problem(
        "file-too-large",
        "holds 101 bytes; 100 are allowed (safety.max_file_bytes, or what doctor --probe saw accepted)",
    )
    assert the_problem(documents["far-over.md"]).message.startswith("holds 1,234 bytes;")


def test_special_files_are_refused_and_never_opened(tmp_path: Path) -> None:
    target = tmp_path / "target.txt"
    target.write_text("not to be sent")
    (tmp_path / "link.md").symlink_to(target)
    (tmp_path / "dangling.md").symlink_to("nowhere")
    (tmp_path / "loop.md").symlink_to("loop.md")
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "folder.md").mkdir()
    problems = {path: the_problem(document) for path, document in read(tmp_path).items()}
    assert {problem.code for problem in problems.values()} == {"file-special"}
    assert {path: problem.message.split(";")[0] for path, problem in problems.items()} == {
        "link.md": "is a symbolic link",
        "dangling.md": "is a symbolic link",
        "loop.md": "is a symbolic link",
        "pipe.md": "is a named pipe",
        "folder.md": "is a folder",
    }


def test_a_socket_is_refused() -> None:
    # A socket's path is at most 107 bytes long, which tmp_path may exceed.
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"{folder}/s.md")
        problem = the_problem(read(Path(folder))["s.md"])
    assert (problem.code, problem.message) == ("file-special", "is a socket; a description is a regular file")


# What becomes of a file between the look at it and its opening, and what is then said.
SWAPS = [
    ("pipe", os.mkfifo, "changed its kind while it was read"),
    ("link", lambda path: path.symlink_to("elsewhere.txt"), "cannot be read: "),
    ("nothing", lambda path: None, "cannot be read: No such file"),
]


@pytest.mark.parametrize(("swap", "message"), [case[1:] for case in SWAPS], ids=[case[0] for case in SWAPS])
def test_a_file_that_becomes_something_else_is_neither_followed_nor_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, swap: Callable[[Path], object], message: str
) -> None:
    (tmp_path / "elsewhere.txt").write_text("not to be sent")
    (tmp_path / "a.md").write_text("text")
    look = os.lstat

    def look_and_swap(path: str) -> os.stat_result:
        status = look(path)
        Path(path).unlink()
        swap(Path(path))
        return status

    with monkeypatch.context() as patched:
        patched.setattr(os, "lstat", look_and_swap)
        problem = the_problem(read(tmp_path)["a.md"])
    assert problem.code == "file-special"
    assert problem.message.startswith(message)


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.md"
    path.write_text("text")
    look = os.fstat

    def look_and_grow(descriptor: int) -> os.stat_result:
        status = look(descriptor)
        path.write_bytes(b"x" * 10 * LIMIT)
        return status

    with monkeypatch.context() as patched:
        patched.setattr(os, "fstat", look_and_grow)
        problem = the_problem(read(tmp_path)["a.md"])
    assert (problem.code, problem.message) == ("file-special", "grew while it was read; try again")


def test_only_names_that_end_like_a_description_are_listed(tmp_path: Path) -> None:
    for name in ("notes.txt", "a.md", "B.MD", ".md"):
        (tmp_path / name).write_text("text")
    assert list_folder(tmp_path) == (".md", "B.MD", "a.md")


@pytest.mark.parametrize(("name", "reason"), [("missing", "No such file"), ("file", "Not a directory")])
def test_a_folder_that_cannot_be_listed_is_an_error_that_names_the_setting(
    tmp_path: Path, name: str, reason: str
) -> None:
    (tmp_path / "file").write_text("text")
    with pytest.raises(UsageError) as refused:
        read(tmp_path / name)
    assert str(refused.value).startswith("cannot list the descriptions folder /")
    assert reason in str(refused.value)
    assert "`descriptions` in the config" in str(refused.value)
