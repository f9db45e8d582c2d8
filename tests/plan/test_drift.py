"""What is git's own text on Scenario, and what is an edit made there."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from syncjob.git.history.texts import Version
from syncjob.plan.compare import Action, Change
from syncjob.plan.drift import behind, with_history
from syncjob.problems import Problem, warning

UPDATE = Change("x", "descriptions/x.md", "update", before="there", after="here")


def judge(
    change: Change, *texts: str, gap: str | None = None, may_overwrite: bool = False
) -> tuple[Action, list[str], Version | None]:
    versions = [Version(f"commit {number}", text) for number, text in enumerate(texts)]
    judged = with_history(change, versions, lambda: gap, may_overwrite=may_overwrite)
    return judged.action, [f"{problem.severity} {problem.code}" for problem in judged.problems], judged.base


@pytest.mark.parametrize("action", ["update", "delete"])
def test_a_text_that_git_held_may_be_overwritten_also_where_history_is_not_whole(action: Action) -> None:
    change = replace(UPDATE, action=action)
    assert judge(change, "here", "there") == (action, [], None)
    assert judge(change, "there", gap="shallow") == (action, [], None)


def test_texts_are_equal_under_nfc() -> None:
    assert judge(replace(UPDATE, before="e\u0301"), "é")[0] == "update"


@pytest.mark.parametrize("action", ["update", "delete"])
def test_a_text_that_git_never_held_is_a_conflict(action: Action) -> None:
    change = replace(UPDATE, action=action)
    assert judge(change, "here") == ("conflict", ["error remote-edited"], Version("commit 0", "here"))
    assert judge(change) == ("conflict", ["error remote-edited"], None)


def test_it_goes_ahead_where_that_is_asked_for_and_says_so() -> None:
    assert judge(UPDATE, "here", may_overwrite=True) == (
        "update",
        ["warning remote-edited"],
        Version("commit 0", "here"),
    )
    assert judge(UPDATE, gap="shallow", may_overwrite=True) == ("update", ["warning remote-edited"], None)


def test_where_history_is_not_whole_the_conflict_says_that_it_cannot_tell() -> None:
    judged = with_history(UPDATE, [], lambda: "shallow; fetch-depth: 0", may_overwrite=False)
    assert judged.action == "conflict"
    assert judged.problems[0].message.startswith("cannot tell")
    assert "fetch-depth: 0" in judged.problems[0].message


@pytest.mark.parametrize("action", ["unchanged", "invalid", "create"])
def test_what_overwrites_nothing_is_not_judged(action: Action) -> None:
    versions = (pytest.fail("asked") for _ in range(1))
    change = replace(UPDATE, action=action, before="there" if action != "create" else "")
    assert with_history(change, versions, lambda: None, may_overwrite=False) is change


def test_no_more_of_history_is_read_than_the_answer_needs() -> None:
    def versions() -> Iterator[Version]:
        yield Version("newest", "there")
        pytest.fail("read on")

    assert with_history(UPDATE, versions(), lambda: None, may_overwrite=False) is UPDATE


def test_the_base_is_not_the_files_own_text_if_another_is_as_close() -> None:
    change = replace(UPDATE, before="a\nb\nedited", after="a\nb\nmine")
    for texts, commit in (
        (("a\nb\nmine", "a\nb\nolder", "a\nb\noldest"), "commit 1"),
        (("a\nb\nnewer", "a\nb\nmine"), "commit 0"),
        (("a\nb\nmine", "a\nx\nolder"), "commit 0"),
        (("a\nb\nmine", "a\nb\nolder", "a\nb\nedit\nedited"), "commit 2"),
    ):
        base = judge(change, *texts)[2]
        assert (base and base.commit) == commit, texts


def test_what_a_branch_holds_is_behind_and_no_edit() -> None:
    conflict = replace(
        UPDATE, action="conflict", problems=(warning("asset-missing", "x"), Problem("remote-edited", "y"))
    )
    held = [
        ("origin/old", Version("a" * 40, "else")),
        ("origin/main", Version("b" * 40, "there")),
        ("third", Version("c" * 40, "there")),
    ]
    judged = behind(conflict, held)
    assert [problem.code for problem in judged.problems] == ["asset-missing", "behind"]
    assert judged.problems[-1].message == "origin/main has this text (bbbbbbb): merge that branch"
    assert behind(conflict, held[:1]) is conflict
    untouched = (pytest.fail("asked") for _ in range(1))
    assert behind(UPDATE, untouched) is UPDATE


@pytest.mark.parametrize(
    ("texts", "base"),
    [
        (["a\nb\nc", "a\nb"], "commit 1"),
        (["a\nb", "a\nb\nc"], "commit 0"),
        (["x\ny", "b\na"], "commit 1"),
        (["a\nq", "a\nr"], "commit 0"),
        (["a\na\na\na\na\nb\nedited", "a\nb"], "commit 1"),
    ],
)
def test_the_base_is_the_text_with_the_fewest_other_lines_and_the_newest_of_equals(texts: list[str], base: str) -> None:
    found = judge(replace(UPDATE, before="a\nb\nedited"), *texts)[2]
    assert found is not None
    assert found.commit == base
