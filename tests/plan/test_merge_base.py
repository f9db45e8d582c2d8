"""Which text a merge starts from, and when that is only a guess."""

import pytest

from syncjob.git.history.texts import Version
from syncjob.plan.pull.base import LastSynced, MergeBase, find_base, later
from syncjob.text.canonical import sha256

A, B, C = "one\ntwo\nthree", "one\ntwo\nthree\nfour", "one\ntwo\nthree\nfour\nfive"


def versions(*texts: str) -> list[Version]:
    """Newest first."""
    return [Version(f"commit of {text[-5:]}", text) for text in texts]


def synced(text: str | None, *replaced: str) -> LastSynced:
    return LastSynced(Version("synced", text) if text else None, frozenset(map(sha256, replaced)))


def base_of(
    ours: str, theirs: str, held: list[Version], last: LastSynced | None = None, *seen: str
) -> tuple[str, bool] | None:
    found = find_base(ours, theirs, held, last, [digest for text in seen if (digest := sha256(text))])
    return (found.version.text, found.is_guess) if found else None


@pytest.mark.parametrize(
    ("last", "seen", "theirs", "expected"),
    [
        # The last sync says it, whatever is closer: Scenario deleted what B had added.
        (synced(B), (), "one\ntwo\nTHREE", (B, False)),
        (synced(A), (), "zero\none\ntwo\nthree", (A, False)),
        # A later version is closer: another machine may have synced it.
        (synced(A), (), f"{B}\nmore", (A, True)),
        # Nobody knows: the closest, of equals not the file's own.
        (None, (), f"{B}\nmore", (B, True)),
        (None, (), "one\ntwo\nthree\nfour\nFIVE", (B, True)),
        (synced(None), (), f"{A}\nmore", (A, True)),
        # Nobody has edited it: Scenario stores it in another form.
        (None, (), "one\n\ntwo\n\nthree", (A, False)),
        # What was adopted since the sync is what Scenario's text was made from.
        (synced(A), (B,), "one\ntwo\nthree\nIV", (B, False)),
        (synced(A, B), (B,), "one\ntwo\nthree\nIV", (A, False)),  # and was replaced by that sync
        # A text that was merged, or acknowledged, is in no version.
        (synced(A), ("an edit",), f"{A}\nmore", (A, True)),
        (synced(A, "an edit"), ("an edit",), f"{A}\nmore", (A, False)),
        (synced(A), (B, "an edit"), "one\ntwo\nthree\nIV", (B, True)),
    ],
)
def test_the_base_of_a_merge(
    last: LastSynced | None, seen: tuple[str, ...], theirs: str, expected: tuple[str, bool]
) -> None:
    assert base_of(C, theirs, versions(C, B, A), last, *seen) == expected


def test_a_text_of_the_journal_alone_is_the_base_unless_git_has_a_closer_one() -> None:
    draft = LastSynced(Version("", f"{A}\na draft"))
    found = find_base(C, f"{A}\na draft\nmore", versions(C, B, A), draft, ())
    assert found == MergeBase(Version("", f"{A}\na draft"), is_guess=False)
    found = find_base(C, f"{B}\nmore", versions(C, B, A), draft, ())
    assert found
    assert (found.version.text, found.is_guess, found.is_sent) == (B, True, False)


def test_without_a_text_in_git_there_is_no_base() -> None:
    assert base_of(C, "theirs", []) is None


def test_a_file_that_never_changed_has_nothing_to_lose() -> None:
    assert base_of(A, "theirs", versions(A)) == (A, False)
    assert base_of(B, "theirs", versions(A)) == (A, True)


def test_a_base_of_another_history_is_taken_at_its_word() -> None:
    assert base_of(C, f"{B}\nmore", versions(C, B), synced(A)) == (A, False)


@pytest.mark.parametrize(
    ("named", "written", "expected"),
    [
        (A, None, A),
        (A, B, B),  # by a run that was red for another model's sake
        (A, A, A),
        (B, A, B),  # by a run before that commit's
        (None, B, B),  # the file is younger than the commit
        ("elsewhere", B, "elsewhere"),
    ],
)
def test_a_journal_knows_better_than_a_commit_what_was_written_after_it(
    named: str | None, written: str | None, expected: str
) -> None:
    found = later(synced(named, "x"), synced(written, "y"), versions(C, B, A))
    assert found.version
    assert found.version.text == expected
    assert found.replaced == (synced(None, "x", "y") if expected != named else synced(None, "x")).replaced
