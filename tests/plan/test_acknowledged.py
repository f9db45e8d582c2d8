"""What a line allows, and what it is written for; the rest is tests/commands/test_acknowledge.py, over git and HTTP."""

from dataclasses import replace

import pytest

from syncjob.git.history.texts import Version
from syncjob.local.acknowledged_lines import Line, Read
from syncjob.plan.acknowledged import by_lines, forgettable, kept_by_file, to_acknowledge
from syncjob.plan.compare import Change
from syncjob.problems import Failure, Problem, warning

DIGEST, OTHER = "1" * 64, "2" * 64
OWN = warning("file-encoding", "a byte order mark")
UPDATE = Change("x", "descriptions/x.md", "update", before="there", after="here", before_sha256=DIGEST, problems=(OWN,))
CONFLICT = replace(
    UPDATE, action="conflict", base=Version("c" * 40, "base"), problems=(OWN, Problem("remote-edited", "edited"))
)
SEEN = Read(frozenset({Line("test", DIGEST)}))
FAULTY = Read(SEEN.lines, (Problem("acknowledged-line", "is torn", 2),))


def codes(change: Change) -> tuple[str, list[str]]:
    return change.action, [problem.code for problem in change.problems]


@pytest.mark.parametrize(
    ("committed", "expected"),
    [
        (SEEN, ("update", ["file-encoding", "edit-acknowledged"])),
        (Read(), ("conflict", ["file-encoding", "remote-edited"])),
        (Read(frozenset({Line("test", OTHER)})), ("conflict", ["file-encoding", "remote-edited"])),
        (Read(frozenset({Line("other", DIGEST)})), ("conflict", ["file-encoding", "remote-edited"])),
        (FAULTY, ("conflict", ["file-encoding", "acknowledged-line", "remote-edited"])),
    ],
)
def test_only_a_line_of_head_for_the_profile_and_the_text_allows_the_write(
    committed: Read, expected: tuple[str, list[str]]
) -> None:
    judged = by_lines(UPDATE, CONFLICT, committed, Read(), "test")
    assert (codes(judged), judged.base) == (expected, CONFLICT.base)
    told = by_lines(UPDATE, CONFLICT, committed, SEEN, "test")
    assert told.action == expected[0]
    assert ("not committed" in told.problems[-1].message) is (expected[0] == "conflict")


@pytest.mark.parametrize(("committed", "here"), [(("prod",), ()), (("prod",), ("prod",)), ((), ("prod",))])
def test_a_line_of_another_profile_is_named(committed: tuple[str, ...], here: tuple[str, ...]) -> None:
    head, tree = (Read(frozenset(Line(name, DIGEST) for name in names)) for names in (committed, here))
    judged = by_lines(UPDATE, CONFLICT, head, tree, "test")
    assert judged.problems[-1].message == "acknowledged for profile prod only, and this is test: edited"


def test_what_replaces_a_text_and_what_deletes_it_is_called_so() -> None:
    for after, word in (("here", "replaces"), ("", "deletes")):
        change = replace(UPDATE, after=after)
        assert by_lines(change, CONFLICT, SEEN, Read(), "test").problems[-1].message.startswith(word)


@pytest.mark.parametrize(
    ("judged", "words"),
    [
        (UPDATE, "git's history holds"),
        (by_lines(UPDATE, CONFLICT, SEEN, Read(), "test"), "acknowledged already"),
        (replace(UPDATE, action="unchanged"), "in another form"),
    ],
)
def test_what_may_be_replaced_already_needs_no_line(judged: Change, words: str) -> None:
    found = to_acknowledge(UPDATE, judged, Read(), "test")
    assert (codes(found), found.before) == (("unchanged", ["file-encoding", "nothing-acknowledged"]), "")
    assert (found.problems[-1].severity, words in found.problems[-1].message) == ("note", True)


def test_an_edit_and_what_a_squash_forgets_need_one() -> None:
    for judged in (CONFLICT, forgettable(UPDATE, "main")):
        assert codes(to_acknowledge(UPDATE, judged, Read(), "test")) == ("update", ["file-encoding"])
        assert "not committed" in to_acknowledge(UPDATE, judged, SEEN, "test").problems[-1].message
        assert to_acknowledge(UPDATE, judged, FAULTY, "test").is_write  # which writes the file anew


def test_what_is_wrong_stays_wrong() -> None:
    behind = replace(CONFLICT, problems=(OWN, Problem("behind", "main has it")))
    for judged in (behind, replace(UPDATE, action="invalid"), replace(UPDATE, failure=Failure("unavailable", "no"))):
        assert to_acknowledge(UPDATE, judged, Read(), "test") is judged


def test_a_revision_is_quoted_as_a_shell_reads_it() -> None:
    assert "--since 'a; b $(c)'`" in forgettable(UPDATE, "a; b $(c)").problems[-1].message


@pytest.mark.parametrize(
    ("edited", "file", "is_kept"),
    [
        ("a\nb2\nc", "a\nb2\nc\nown", True),
        ("a\nb2\nc", "own\n\n b2\nc", True),
        ("a\nb2\nc", "a\nb\nb2\nc\nown", False),  # what the edit took away is there again
        ("a\nb2\nc", "a\nb3\nc", False),
        ("a\nc", "a\nc\nown", True),
        ("a\nc", "a\nb\nc\nown", False),
        ("a\nb\nc\nb", "a\nb\nc\nown", False),
        ("c\nb\na", "a\nb\nc\nown", False),  # only moved: nobody can tell
        ("a\nb2\nc", "", False),
    ],
)
def test_a_file_with_all_of_an_edit_discards_nothing(edited: str, file: str, is_kept: bool) -> None:
    change = replace(UPDATE, before=edited, after=file)
    versions = [Version("a" * 40, file), Version("b" * 40, "a\nb\nc"), Version("c" * 40, "x\ny")]
    seen = kept_by_file(by_lines(change, CONFLICT, SEEN, Read(), "test"), versions).problems[-1]
    assert (seen.code, seen.severity) == ("edit-acknowledged", "note" if is_kept else "warning")
    assert kept_by_file(by_lines(change, CONFLICT, SEEN, Read(), "test"), []).problems[-1].severity == "warning"
