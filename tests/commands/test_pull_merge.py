"""`pull --merge`: both sides' changes in one file, from the right base, or said plainly that somebody has to look."""

import pytest

from syncjob.commands.pull import merging
from syncjob.commands.run import Options
from tests.commands.test_pull_edits import digest, lines_of, told
from tests.support import in_process
from tests.support.cases import mostly_deep
from tests.support.loopback import Loopback
from tests.support.workspace import Workspace

BASE = "# One\n\nfirst\n\nsecond\n\nthird\n\nfourth"
FILE = BASE.replace("first", "first, by git")
EDIT = BASE.replace("fourth", "fourth, by Scenario")
BOTH = FILE.replace("fourth", "fourth, by Scenario")


def edit(remote: Loopback, **texts: str) -> None:
    """What somebody writes on Scenario."""
    remote.add(*texts, texts=texts)


def sent(remote: Loopback) -> list[bytes]:
    return [body for method, _, body in remote.asked if method == "PUT"]


@pytest.fixture
def diverged(workspace: Workspace, remote: Loopback) -> Workspace:
    """One was synced, then edited on both sides, in different paragraphs; its last commit is not synced."""
    workspace.expect_no_lag()
    edit(remote, one="before")
    workspace.held({"one": "before"})
    workspace.held({"one": BASE})
    workspace.git("tag", "synced")
    workspace.held({"one": FILE})
    edit(remote, one=EDIT)
    return workspace


def text_of(workspace: Workspace, model_id: str = "one") -> str:
    return (workspace.descriptions / f"{model_id}.md").read_text()


@pytest.mark.parametrize("way", ["merge", "squash", "rebase"])
def test_two_commands_and_a_commit_keep_both_sides_however_they_are_merged(
    diverged: Workspace, remote: Loopback, way: str
) -> None:
    diverged.git("checkout", "-q", "-b", "mine")
    ended = diverged.json("pull", "--merge", "--since", "synced")
    assert (ended.status, told(ended)["one"]) == (0, ("update", "applied", ["merged"]))
    assert text_of(diverged) == f"{BOTH}\n"
    assert lines_of(diverged, "one") == f"test {digest(EDIT)}\n"
    diverged.commit("both")
    diverged.held({"one": f"{BOTH}\n\nmore"})  # and an edit on top, so that no commit of main has the merge alone
    assert diverged.json("diff", "--since", "main").status == 0
    diverged.git("checkout", "-q", "main")
    diverged.held({"other": "elsewhere, so that the branch is no fast forward"})
    edit(remote, other="elsewhere, so that the branch is no fast forward")
    if way == "rebase":
        diverged.git("checkout", "-q", "mine")
        diverged.git("rebase", "-q", "main")
        diverged.git("checkout", "-q", "main")
    diverged.git("merge", "-q", *(["--squash"] if way == "squash" else ["--no-edit"]), "mine")
    diverged.commit("merged")
    ended = diverged.json("sync")
    assert ended.status == 0, ended.out
    assert [b"by git" in body and b"by Scenario" in body and b"more" in body for body in sent(remote)] == [True]


def test_what_overlaps_is_between_markers_and_refused_until_it_is_settled(
    diverged: Workspace, remote: Loopback
) -> None:
    edit(remote, one=BASE.replace("first", "first, by Scenario").replace("fourth", "fourth too"))
    ended = diverged.json("pull", "--merge", "--since", "synced")
    assert (ended.status, told(ended)["one"]) == (1, ("conflict", "applied", ["merged", "merge-marker"]))
    marker = ended.item("one")["problems"][-1]
    assert (marker["line"], marker["column"], marker["severity"]) == (3, 1, "error")
    expected = "<<<<<<< your file\nfirst, by git\n=======\nfirst, by Scenario\n>>>>>>> Scenario"
    assert text_of(diverged) == f"{BASE.replace('first', expected).replace('fourth', 'fourth too')}\n"
    assert lines_of(diverged, "one") is not None
    diverged.commit()
    for command in ("check", "sync"):
        problem = diverged.json(command).item("one")["problems"][0]
        assert (problem["code"], problem["line"]) == ("merge-marker", 3)
    ended = diverged.json("pull", "--merge", "--back")
    assert ended.status == 2
    edit(remote, one=f"{EDIT}\n\nonce more")
    ended = diverged.json("pull", "--merge", "--since", "synced")
    assert (ended.status, told(ended)["one"]) == (1, ("conflict", "refused", ["merge-marker"]))
    assert sent(remote) == []


def test_the_journal_of_this_machine_knows_the_base(workspace: Workspace, remote: Loopback) -> None:
    workspace.expect_no_lag()
    edit(remote, one="before")
    workspace.held({"one": "before"})
    workspace.held({"one": BASE})
    assert workspace.run("sync").status == 0
    workspace.held({"one": FILE})
    edit(remote, one=EDIT.replace("\n\nsecond", ""))
    ended = workspace.json("pull", "--merge")
    assert (ended.status, told(ended)["one"]) == (0, ("update", "applied", ["merged"]))
    assert text_of(workspace) == BOTH.replace("\n\nsecond", "") + "\n"


DRAFT = BASE.replace("second", "second, a draft")
FINAL = FILE.replace("second", "second, at last")


@pytest.fixture
def drafted(workspace: Workspace, remote: Loopback) -> Workspace:
    """A sync wrote a draft that git never got; the file has moved on from it."""
    workspace.expect_no_lag()
    edit(remote, one=BASE)
    workspace.held({"one": BASE})
    workspace.write("one", DRAFT)
    assert in_process.sync(workspace).exit_code == 0
    workspace.held({"one": FINAL})
    return workspace


@pytest.mark.parametrize("since", mostly_deep([None, "HEAD~1"]))
def test_what_a_sync_here_wrote_before_its_commit_is_the_base_itself(
    drafted: Workspace, remote: Loopback, since: str | None
) -> None:
    report = in_process.pull(drafted, Options(merge=True, since=since))
    assert (report.exit_code, in_process.told(report)["one"]) == (0, ("unchanged", "unchanged", ["merged"]))
    assert "a sync here wrote Scenario's text" in next(iter(report.items)).problems[0].message
    assert (text_of(drafted), lines_of(drafted, "one")) == (FINAL, f"test {digest(DRAFT)}\n")
    drafted.commit()
    assert in_process.sync(drafted).exit_code == 0
    assert remote.sandbox.description("one") == FINAL


def test_an_edit_of_what_a_sync_here_wrote_before_its_commit_is_merged_over_that(
    drafted: Workspace, remote: Loopback
) -> None:
    edit(remote, one=DRAFT.replace("fourth", "fourth, by Scenario"))
    report = in_process.pull(drafted, Options(merge=True))
    assert (report.exit_code, in_process.told(report)["one"]) == (0, ("update", "applied", ["merged"]))
    assert text_of(drafted) == FINAL.replace("fourth", "fourth, by Scenario") + "\n"
    assert "since the last sync here" in next(iter(report.items)).problems[0].message


@pytest.mark.deep
def test_an_edit_of_it_that_was_merged_and_then_undone_on_scenario_does_not_come_back(
    drafted: Workspace, remote: Loopback
) -> None:
    edit(remote, one=f"{DRAFT}\n\nfifth")
    assert in_process.pull(drafted, Options(merge=True)).exit_code == 0
    drafted.commit()
    edit(remote, one=DRAFT)
    report = in_process.pull(drafted, Options(merge=True))  # git does not have the edit, so there is no sure base
    assert report.exit_code == 1
    assert "merge-guess" in in_process.told(report)["one"][2]


def test_an_edit_of_it_that_was_pulled_is_the_base_if_it_is_undone_on_scenario(
    workspace: Workspace, remote: Loopback
) -> None:
    workspace.expect_no_lag()
    edit(remote, one=BASE)
    workspace.held({"one": BASE})
    workspace.write("one", DRAFT)
    assert in_process.sync(workspace).exit_code == 0
    workspace.write("one", BASE)
    edit(remote, one=f"{DRAFT}\n\nfifth")
    assert in_process.pull(workspace, Options()).exit_code == 0
    workspace.commit()
    workspace.held({"one": f"{FINAL}\n\nfifth"})
    edit(remote, one=DRAFT)
    report = in_process.pull(workspace, Options(merge=True))
    assert (report.exit_code, in_process.told(report)["one"]) == (0, ("update", "applied", ["merged"]))
    assert text_of(workspace) == f"{FINAL}\n"


@pytest.mark.deep
def test_that_is_so_only_if_a_sync_wrote_it_here_and_nothing_else_was_written_since(
    drafted: Workspace, remote: Loopback
) -> None:
    merge = ("pull", "--merge", "--dry-run")
    edit(remote, one=FINAL.replace("fourth", ""))  # as if another machine had synced the commit
    assert told(drafted.json(*merge))["one"][2][0] == "merge-guess"
    edit(remote, one=DRAFT)
    assert drafted.json(*merge).status == 0
    # A rollback put it back: what it was made from is another text.
    assert drafted.run("sync", "--overwrite-remote-edits").status == 0
    assert drafted.run("rollback", "last").status == 0
    assert told(drafted.json(*merge))["one"][2][0] == "merge-guess"
    # On another machine nobody knows.
    edit(remote, one=DRAFT)
    for journal in (drafted.folder / ".syncjob" / "runs").iterdir():
        journal.unlink()
    assert told(drafted.json(*merge))["one"][2][0] == "merge-guess"


def test_a_commit_that_was_not_synced_takes_no_change_of_the_file_without_a_word(diverged: Workspace) -> None:
    ended = diverged.json("pull", "--merge", "--since", "HEAD")
    assert (ended.status, told(ended)["one"]) == (0, ("update", "applied", ["adopted", "own-changes"]))
    warning = ended.item("one")["problems"][1]["message"]
    assert "the base of this merge: look for changes that the file has lost" in warning


def test_a_guess_is_written_and_is_called_one(diverged: Workspace) -> None:
    ended = diverged.json("pull", "--merge")
    assert (ended.status, told(ended)["one"]) == (1, ("conflict", "applied", ["merge-guess"]))
    assert "a guess" in ended.item("one")["problems"][0]["message"]
    assert "check the errors above, then `git add" in ended.err
    assert text_of(diverged) == f"{BOTH}\n"


def test_a_second_edit_starts_from_the_first_that_was_adopted(diverged: Workspace, remote: Loopback) -> None:
    diverged.git("reset", "-q", "--hard", "synced")
    first = f"{EDIT}\n\nfifth"
    edit(remote, one=first)
    assert diverged.run("pull").status == 0
    diverged.commit("adopted")
    diverged.held({"one": first.replace("first", "first, by git")})
    edit(remote, one=EDIT.replace("second", "SECOND"))  # and what it had added is gone again
    ended = diverged.json("pull", "--merge", "--since", "synced")
    assert (ended.status, told(ended)["one"]) == (0, ("update", "applied", ["merged"]))
    assert text_of(diverged) == BOTH.replace("second", "SECOND") + "\n"


def test_a_second_edit_after_a_merge_is_a_guess_until_it_is_synced(diverged: Workspace, remote: Loopback) -> None:
    assert diverged.run("pull", "--merge", "--since", "synced").status == 0
    diverged.commit("merged")
    edit(remote, one=EDIT.replace("second", "SECOND"))
    ended = diverged.json("pull", "--merge", "--since", "synced", "--dry-run")
    assert (ended.status, told(ended)["one"]) == (1, ("conflict", "planned", ["merge-guess"]))
    edit(remote, one=EDIT)
    assert diverged.run("sync").status == 0
    diverged.git("tag", "-f", "synced")
    edit(remote, one=BOTH.replace("second", "SECOND"))
    diverged.held({"one": f"{BOTH}\n\nfifth"})
    ended = diverged.json("pull", "--merge", "--since", "synced")
    assert (ended.status, told(ended)["one"]) == (0, ("update", "applied", ["merged"]))


def test_one_that_cannot_be_merged_holds_up_no_other(diverged: Workspace, remote: Loopback) -> None:
    texts = {"two": "theirs", "three": "three", "bad": "text"}
    edit(remote, **texts, unreadable="x")
    diverged.held({"three": "3", "bad": "bad", "two": "two"})
    diverged.write("two", "uncommitted")
    remote.add("bad", texts={"bad": "a\0b"})
    ended = diverged.json("pull", "--merge", "--since", "synced")
    assert ended.status == 1
    assert told(ended) == {
        "one": ("update", "applied", ["merged"]),
        "two": ("conflict", "refused", ["file-uncommitted"]),
        "three": ("update", "applied", ["adopted"]),
        "bad": ("invalid", "refused", ["file-encoding"]),
    }


def test_a_file_that_is_unchanged_since_the_base_is_said_to_be_replaced(diverged: Workspace) -> None:
    head = diverged.git("rev-parse", "HEAD")[:10]
    note, _ = diverged.json("pull", "--merge", "--since", "HEAD").item("one")["problems"]
    assert (note["code"], note["severity"]) == ("adopted", "note")
    assert note["message"] == f"the file is unchanged since commit {head}, so Scenario's text replaces it"


def test_what_the_file_has_already_only_needs_its_line(diverged: Workspace, remote: Loopback) -> None:
    edit(remote, one=BASE.replace("third", "third!"))
    diverged.held({"one": FILE.replace("third", "third!") + "\n\nmore"})
    ended = diverged.json("pull", "--merge", "--since", "synced")
    assert (ended.status, told(ended)["one"]) == (0, ("unchanged", "unchanged", ["merged"]))
    assert lines_of(diverged, "one") is not None
    assert "Next: " in ended.err
    diverged.commit()
    assert diverged.json("diff").item("one")["action"] == "update"


def test_a_guess_that_leaves_nothing_to_write_acknowledges_nothing(diverged: Workspace, remote: Loopback) -> None:
    edit(remote, one=BASE.replace("third", "third!"))
    diverged.held({"one": FILE.replace("third", "third!") + "\n\nmore"})
    ended = diverged.json("pull", "--merge")
    assert (ended.status, told(ended)["one"]) == (1, ("conflict", "refused", ["merge-guess"]))
    assert "syncjob acknowledge one" in ended.item("one")["problems"][0]["message"]
    assert lines_of(diverged, "one") is None


def test_what_git_cannot_merge_is_left_as_it_is(diverged: Workspace, remote: Loopback) -> None:
    edit(remote, binary="theirs")
    diverged.held({"binary": "a\0b"})
    diverged.held({"binary": "ours"})
    ended = diverged.json("pull", "--merge", "binary")
    assert (ended.status, told(ended)["binary"]) == (1, ("conflict", "refused", ["merge-base"]))
    assert text_of(diverged, "binary") == "ours"


@pytest.mark.parametrize(("revision", "status"), [("mistyped", 2), ("0" * 40, 1), ("f" * 40, 1), ("--all", 2)])
def test_a_last_sync_that_is_no_commit(diverged: Workspace, revision: str, status: int) -> None:
    ended = diverged.run("pull", "--merge", f"--since={revision}")
    assert ended.status == status
    assert "since-unknown" in ended.out if status == 1 else text_of(diverged) == FILE


def test_markdown_says_who_is_affected_and_what_was_not_merged(diverged: Workspace, remote: Loopback) -> None:
    edit(remote, two="adopted", three=f"{BASE}\n\n@everyone </code> <script>", four="x\0")
    diverged.git("reset", "-q", "--hard", "synced")
    diverged.held({"three": BASE})
    diverged.git("tag", "-f", "synced")
    diverged.held({"one": FILE, "two": "two", "three": f"{BASE}\n\nby git", "four": "x"})
    ended = diverged.run("pull", "--merge", "--since", "synced", "--format", "markdown")
    assert ended.status == 1
    assert ended.out.startswith("### Edits made on Scenario\n\n**Pulled 3 files, 0 unchanged, ")
    assert "\nAdopted: <code>two</code>\n" in ended.out
    assert "\nMerged: <code>one</code>\n" in ended.out
    assert "\nTo be checked by hand: <code>three</code>\n" in ended.out
    assert "\nNot adopted: <code>four</code>\n" in ended.out


def test_a_merged_edit_is_kept_and_no_reader_is_told_of_a_discard(workspace: Workspace, remote: Loopback) -> None:
    base = "a\nb\nc\nd\ne"
    remote.add("one", texts={"one": base.replace("e", "e, and much\nmore\nof it")})
    workspace.held({"one": base})
    workspace.held({"one": base.replace("a", "a of the file")})
    assert workspace.run("pull", "--merge", "--since", "HEAD~1").status == 0
    workspace.commit()
    workspace.write("one", (workspace.descriptions / "one.md").read_text().replace("b\n", "b, improved\n"))
    workspace.commit()
    for since in ((), ("--since", "HEAD~2")):
        (kept,) = workspace.json("diff", *since).item("one")["problems"]
        assert (kept["code"], kept["severity"]) == ("edit-acknowledged", "note") or not since
    assert kept["message"] == "goes on from an edit made on Scenario, and keeps it"
    for form in ("text", "markdown", "html"):
        shown = workspace.run("diff", "--since", "HEAD~2", "--format", form).out
        assert "goes on from an edit" in shown
        assert "replaces an edit" not in shown


def test_a_faulty_file_of_lines_is_no_base(diverged: Workspace, remote: Loopback) -> None:
    """It would name an earlier text that was adopted, which git does not have: a guess."""
    folder = diverged.descriptions / ".acknowledged"
    folder.mkdir(exist_ok=True)
    (folder / "one").write_text(f"=======\ntest {'0' * 64}\n")
    diverged.commit()
    ended = diverged.json("pull", "--merge", "--since", "synced")
    assert [problem["code"] for problem in ended.item("one")["problems"]] == ["merged"]


def test_a_history_of_very_much_text_is_not_kept_and_its_base_is_a_guess(
    diverged: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "_MOST", len(FILE) + 1)
    report = in_process.pull(diverged, Options(merge=True, since="synced"))
    assert in_process.told(report)["one"] == ("conflict", "applied", ["merge-guess"])
    assert text_of(diverged) == f"{BOTH}\n"
