"""Texts that git left unfinished, conflicts and pointers of Git LFS: neither published nor taken over unseen."""

import pytest

from syncjob.local.document import parse
from syncjob.local.unfinished import is_pointer
from tests.support.loopback import Loopback
from tests.support.workspace import Workspace

CONFLICT = "# One\n\n<<<<<<< HEAD\nours\n=======\ntheirs\n>>>>>>> branch\n"
DIFF3 = "# One\n\n<<<<<<< HEAD\nours\n||||||| base\nboth\n=======\ntheirs\n>>>>>>> branch\n"
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'4d7a' * 16}\nsize 12345\n"
IN_CODE = f"An example:\n\n```\n{CONFLICT}```\n"


def problems(text: str) -> list[tuple[str, int | None]]:
    found = parse("one", "descriptions/one.md", text.encode()).problems
    return [(problem.code, problem.line) for problem in found if problem.is_error]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CONFLICT, [("merge-marker", 3)]),
        (DIFF3, [("merge-marker", 3)]),
        (CONFLICT.replace("\n", "\r\n"), [("merge-marker", 3)]),
        (CONFLICT + CONFLICT, [("merge-marker", 3), ("merge-marker", 10)]),
        (CONFLICT.replace("ours\n", "").replace("theirs\n", ""), [("merge-marker", 3)]),
        (IN_CODE, []),
        (IN_CODE + "\n" + CONFLICT, [("merge-marker", 15)]),
        ("A heading\n=======\n\ntext\n", []),
        ("<<<<<<< HEAD\ntext\n>>>>>>> branch\n", []),
        (">>>>>>> branch\n=======\n<<<<<<< HEAD\n", []),
        ("=======\n<<<<<<< HEAD\n>>>>>>> branch\n", []),
        (" <<<<<<< HEAD\n=======\n>>>>>>> branch\n", []),
        ("<<<<<<<HEAD\n=======\n>>>>>>>branch\n", []),
        ("<<<<<<< HEAD\n======= x\n>>>>>>> branch\n", []),
        ("<<<<<<<<< HEAD\n=======\n>>>>>>>>> branch\n", []),
        (POINTER, [("file-special", None)]),
        (POINTER.replace("oid", "ext-0-foo sha256:12\noid").rstrip(), [("file-special", None)]),
        (f"A pointer begins so:\n\n{POINTER}", []),
        (f"{POINTER}and more\n", []),
        ("version https://git-lfs.github.com/spec/v1\n", []),
    ],
)
def test_markers_outside_code_and_pointers_are_errors(text: str, expected: list[tuple[str, int | None]]) -> None:
    assert problems(text) == expected


OWN = "<<<<<<< your file\nours\n=======\ntheirs\n>>>>>>> Scenario\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (OWN, [1]),
        (f"text\n\n```\n{OWN}```\n", [4]),
        (f"<pre>\n{OWN}</pre>\n", [2]),
        (f"~~~\n{OWN.replace('ours', '~~~')}", [2]),
        (f"{OWN}\n```\n{OWN}```\n", [1, 8]),
        ("```\n<<<<<<< your file\nours\n```\n", [2]),  # left over
        ("```\nours\n>>>>>>> Scenario\n```\n", [3]),
        ("ours\n>>>>>>> Scenario\n\n>>>>>>> branch\n", [2]),
        (OWN.replace("\n", "\r\n"), [1]),
        (OWN.replace("\n", " \t\n").join(["```\n", "```\n"]), [2]),  # an editor left blanks at the ends
        ("```\nours\n>>>>>>> Scenario \n```\n", [3]),
        ("```\n<<<<<<< your files\n>>>>>>> Scenario.\n```\n", []),
        ("```\n <<<<<<< your file\n```\n", []),
        ("the line `<<<<<<< your file` is written by a pull\n", []),
    ],
)
def test_markers_that_a_pull_writes_are_errors_in_code_too(text: str, expected: list[int]) -> None:
    found = parse("one", "descriptions/one.md", text.encode()).problems
    assert [(problem.line, problem.column) for problem in found if problem.is_error] == [(line, 1) for line in expected]
    assert {problem.code for problem in found} <= {"merge-marker"}


def test_a_pointer_is_small() -> None:
    assert is_pointer(POINTER.strip())
    assert not is_pointer(POINTER.strip() + "0" * 1024)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# One\n\ntext\n>>>>>>> branch\n", [4]),
        ("<<<<<<< HEAD\ntext\n", [1]),
        ("<<<<<<< HEAD\ntext\n>>>>>>> branch\n", [1]),
        (">>>>>>> branch\n=======\n<<<<<<< HEAD\n", [1]),
        (CONFLICT + "text\n>>>>>>> branch\n", [9]),
        (">>>>>>> branch\n" + CONFLICT, [1]),
        (CONFLICT, []),
        (CONFLICT + CONFLICT, []),
        ("```\n>>>>>>> branch\n```\n", []),
        ("<<<<<<<HEAD\n>>>>>>>branch\n", []),
        (">>>>>>> branch\n" * 1000, [1]),
    ],
)
def test_a_marker_that_was_left_over_is_a_warning(text: str, expected: list[int]) -> None:
    found = parse("one", "descriptions/one.md", text.encode()).problems
    assert [problem.line for problem in found if not problem.is_error] == expected
    assert {problem.code for problem in found} <= {"merge-marker"}


def test_a_pull_takes_a_marker_that_was_left_over_as_it_is(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one", texts={"one": "text\n>>>>>>> branch"})
    ended = workspace.json("pull", "one")
    assert ended.status == 0
    (problem,) = ended.item("one")["problems"]
    assert (problem["code"], problem["line"], problem["severity"]) == ("merge-marker", 2, "warning")
    assert "left over" in problem["message"]


FENCES = "# T\n\n<<<<<<< HEAD\n```python\nours\n=======\n```sh\ntheirs\n>>>>>>> branch\n```\n\nend\n"


@pytest.mark.parametrize(
    "text",
    [
        FENCES,
        FENCES.replace("=======\n", "||||||| base\n```\nboth\n=======\n"),
        FENCES.replace("```python\n", "~~~\n").replace("```sh\n", "~~~\n"),
        "<<<<<<< HEAD\n```\n=======\n~~~\n>>>>>>> branch\ncode\n",
        "<<<<<<< HEAD\n<pre>\n=======\n\n    code\n>>>>>>> branch\n",
    ],
)
def test_markers_that_broke_the_fences_are_a_conflict(text: str) -> None:
    assert [code for code, _ in problems(text)] == ["merge-marker"]


@pytest.mark.parametrize("text", [CONFLICT, DIFF3, FENCES, POINTER])
def test_nothing_is_sent_where_a_file_holds_one(workspace: Workspace, remote: Loopback, text: str) -> None:
    remote.add("one", "two")
    workspace.write("one", text)
    workspace.write("two", "text")
    ended = workspace.json("sync")
    assert ended.status == 1
    assert remote.asked == []
    code, line = problems(text)[0]
    (problem,) = ended.item("one")["problems"]
    assert (problem["code"], problem["line"], problem["severity"]) == (code, line, "error")
    assert workspace.run("check").status == 1


def test_a_conflict_of_git_is_found_in_the_file_that_git_wrote(workspace: Workspace, remote: Loopback) -> None:
    workspace.write("one", "# One\n\nbase\n")
    workspace.commit()
    workspace.git("checkout", "--quiet", "-b", "other")
    workspace.write("one", "# One\n\ntheirs\n")
    workspace.commit()
    workspace.git("checkout", "--quiet", "main")
    workspace.write("one", "# One\n\nours\n")
    workspace.commit()
    with pytest.raises(AssertionError):
        workspace.git("merge", "--quiet", "other")
    workspace.git("add", "--all")  # so the index no longer knows of it
    (problem,) = workspace.json("check").item("one")["problems"]
    assert (problem["code"], problem["line"]) == ("merge-marker", 3)


def test_a_pull_takes_a_published_conflict_over_with_a_warning_and_no_pointer(
    workspace: Workspace, remote: Loopback
) -> None:
    remote.add("one", "two", texts={"one": CONFLICT.rstrip(), "two": POINTER.rstrip()})
    ended = workspace.json("pull", "one")
    assert ended.status == 0
    (problem,) = ended.item("one")["problems"]
    assert (problem["code"], problem["line"], problem["severity"]) == ("merge-marker", 3, "warning")
    assert workspace.json("check").status == 1
    ended = workspace.json("pull", "two")
    assert (ended.status, ended.item("two")["problems"][0]["code"]) == (1, "file-special")
    assert not (workspace.descriptions / "two.md").exists()
