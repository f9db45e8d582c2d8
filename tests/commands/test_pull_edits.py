"""A pull adopts edits and nothing else: what git knows better stays, and is said; what it adopts, it writes down."""

import errno
import hashlib

import pytest

from syncjob.commands.run import Options
from syncjob.local import acknowledged
from syncjob.report.headline import summary_line
from tests.support import in_process
from tests.support.loopback import Loopback
from tests.support.workspace import Ended, Workspace


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def lines_of(workspace: Workspace, model_id: str) -> str | None:
    path = workspace.descriptions / ".acknowledged" / model_id
    return path.read_text() if path.exists() else None


def told(ended: Ended) -> dict[str, tuple[str, str, list[str]]]:
    """(action, status, codes) of each item."""
    return {
        item["model_id"]: (item["action"], item["status"], [problem["code"] for problem in item["problems"]])
        for item in ended.report["items"]
    }


@pytest.fixture
def team(workspace: Workspace, remote: Loopback) -> Workspace:
    """Edited on Scenario: edited. Git has moved on from ahead, and deleted gone; new has no file; bare no description."""
    texts = {"edited": "an edit", "ahead": "old", "gone": "text of gone", "new": "new", "fresh": "fresh"}
    remote.add(*texts, "bare", texts=texts)
    workspace.held({"edited": "old", "ahead": "old", "gone": "text of gone", "bare": "not there yet"})
    (workspace.descriptions / "gone.md").unlink()
    workspace.held({"ahead": "newer"})
    return workspace


def test_bare_pull_adopts_edits_and_goes_back_nowhere(team: Workspace, remote: Loopback) -> None:
    ended = team.json("pull")
    assert ended.status == 0, ended.err
    assert told(ended) == {
        "edited": ("update", "applied", []),
        "ahead": ("unchanged", "unchanged", ["ahead"]),
        "bare": ("unchanged", "unchanged", []),
    }
    (note,) = ended.item("ahead")["problems"]
    assert (note["severity"], "--back" in note["message"]) == ("note", True)
    assert team.git("log", "-1", "--format=%h", "HEAD~1").strip()[:7] in note["message"]
    assert (team.descriptions / "ahead.md").read_text() == "newer"
    assert lines_of(team, "edited") == f"test {digest('an edit')}\n"
    assert lines_of(team, "ahead") is None
    assert not (team.descriptions / "new.md").exists()
    team.commit()
    assert team.json("diff").item("edited")["action"] == "unchanged"
    ended = team.run("pull")
    assert "Pulled 0 files, 2 unchanged, 1 without a description.\n" in ended.out
    assert "descriptions/ahead.md: note ahead: Scenario still has the text of commit" in ended.out
    assert remote.counts["PUT"] == 0


def test_all_takes_new_models_but_not_what_git_saw_deleted(team: Workspace) -> None:
    ended = team.json("pull", "--all")
    assert ended.status == 0, ended.err
    assert told(ended)["gone"] == ("unchanged", "unchanged", ["deleted-locally"])
    assert told(ended)["new"] == told(ended)["fresh"] == ("create", "applied", [])
    assert not (team.descriptions / "gone.md").exists()
    assert lines_of(team, "new") is None  # the new file is the record
    ended = team.json("pull", "gone")
    assert told(ended) == {"gone": ("create", "applied", [])}


def test_back_takes_the_old_text_and_says_what_to_do_next(team: Workspace) -> None:
    ended = team.run("pull", "ahead", "--back")
    assert (team.descriptions / "ahead.md").read_text() == "old\n"
    assert ended.err == "Next: `git add descriptions`, review `git diff --cached`, and commit.\n"
    assert team.run("pull", "--back", "--merge").status == 2
    assert team.run("pull", "--since", "HEAD").status == 2


def test_uncommitted_work_on_a_file_that_is_ahead_refuses_nothing(team: Workspace) -> None:
    team.write("ahead", "newer still, not committed")
    ended = team.json("pull")
    assert ended.status == 0
    assert told(ended)["ahead"] == ("unchanged", "unchanged", ["ahead"])
    assert (team.descriptions / "edited.md").read_text() == "an edit\n"


def test_what_head_acknowledges_is_left_and_a_line_of_another_profile_says_nothing(team: Workspace) -> None:
    folder = team.descriptions / ".acknowledged"
    folder.mkdir()
    other = f"production {digest('an edit')}\n"
    (folder / "edited").write_text(other)
    (folder / "ahead").write_text(f"production {digest('x')}\ntest {digest('gone from Scenario')}\n")
    team.commit()
    ended = team.json("pull", "--dry-run")
    assert told(ended)["edited"][0] == "update"
    (folder / "edited").write_text(f"{other}test {digest('an edit')}\n")
    uncommitted = team.json("pull", "--dry-run")
    assert told(uncommitted)["edited"] == ("unchanged", "unchanged", ["acknowledged"])
    assert "acknowledged here, not committed yet" in uncommitted.item("edited")["problems"][0]["message"]
    team.commit()
    dry = team.run("pull", "--dry-run")
    assert "syncjob: note lines-dropped: dropped 1 acknowledged line that nothing needs any more\n" in dry.out
    assert "Next:" not in dry.err
    ended = team.json("pull")
    assert [problem["code"] for problem in ended.report["problems"]] == ["lines-dropped"]
    assert "Next: `git add descriptions`" in ended.err
    assert told(ended)["edited"] == ("unchanged", "unchanged", ["acknowledged"])
    assert (team.descriptions / "edited.md").read_text() == "old"
    assert lines_of(team, "edited") == f"{other}test {digest('an edit')}\n"
    assert lines_of(team, "ahead") == f"production {digest('x')}\n"  # Scenario no longer holds the other
    assert told(team.json("pull", "--back"))["edited"] == ("update", "applied", [])


def test_a_refused_pull_and_a_dry_run_write_no_lines(team: Workspace) -> None:
    folder = team.descriptions / ".acknowledged"
    folder.mkdir()
    (folder / "ahead").write_text(f"test {digest('gone from Scenario')}\n")
    team.commit()
    team.write("edited", "not committed")
    assert team.run("pull").status == 1
    team.git("checkout", "-q", "--", "descriptions/edited.md")
    assert team.run("pull", "--dry-run").status == 0
    assert lines_of(team, "edited") is None
    assert lines_of(team, "ahead") is not None


def test_a_near_miss_of_a_tag_is_pulled_with_its_repair(team: Workspace, remote: Loopback) -> None:
    remote.add("edited", texts={"edited": "see\n{asset: x}"})
    ended = team.json("pull", "edited")
    (problem,) = ended.item("edited")["problems"]
    assert (ended.status, problem["code"], problem["severity"]) == (0, "tag-malformed", "warning")
    assert (problem["line"], "{asset:x}" in problem["message"]) == (2, True)
    assert (team.descriptions / "edited.md").exists()


def test_a_link_in_the_place_of_the_lines_is_not_written_through(team: Workspace) -> None:
    elsewhere = team.folder / "elsewhere"
    elsewhere.mkdir()
    lines = team.descriptions / ".acknowledged"
    lines.symlink_to(elsewhere)
    team.commit()
    ended = team.json("pull")
    assert ended.status == 1
    assert told(ended)["edited"] == ("conflict", "refused", ["acknowledged-line"])
    assert list(elsewhere.iterdir()) == []
    assert (team.descriptions / "edited.md").read_text() == "old"
    lines.unlink()
    team.commit()
    assert told(team.json("pull"))["edited"] == ("update", "applied", [])
    assert lines_of(team, "edited") == f"test {digest('an edit')}\n"


def test_a_folder_in_the_place_of_a_line_keeps_the_file_from_being_written(team: Workspace) -> None:
    (team.descriptions / ".acknowledged" / "edited").mkdir(parents=True)
    ended = team.run("pull")
    (refused, *_, last) = [line for line in ended.out.splitlines() if "acknowledged" in line or "written" in line]
    assert (ended.status, last) == (1, "No file was written: 1 unchanged, 1 without a description, 1 problem.")
    assert "error acknowledged-line: was left alone, because descriptions/.acknowledged/edited cannot be" in refused
    assert (team.descriptions / "edited.md").read_text() == "old"
    (team.descriptions / ".acknowledged" / "edited").rmdir()
    assert told(team.json("pull"))["edited"] == ("update", "applied", [])


def test_a_line_that_could_not_be_written_says_how_to_pull_again(
    team: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    (team.descriptions / ".acknowledged").mkdir(exist_ok=True)
    (team.descriptions / ".acknowledged" / "new").write_text(f"test {digest('earlier')}\n")  # else it needs no line
    team.commit()
    monkeypatch.setattr(acknowledged, "write", full)
    report = in_process.pull(team, Options(patterns=("edited", "new")))
    edited, new = (item.error for item in report.items)
    assert edited is not None
    assert new is not None
    assert {edited.code, new.code} == {"acknowledged-line"}
    assert edited.message == (
        "the file was written, but descriptions/.acknowledged/edited cannot be written: no space left; "
        "mend that, run `git restore descriptions/edited.md`, and pull again"
    )
    assert "delete descriptions/new.md, and pull again" in new.message
    assert (team.descriptions / "edited.md").read_text() == "an edit\n"
    assert summary_line(report) == "Pulled 2 files, 0 unchanged, 2 problems."


def test_a_shallow_clone_cannot_tell(team: Workspace, remote: Loopback) -> None:
    remote.add("ahead", "edited", texts={"ahead": "old", "edited": "old"})
    team.git("clone", "-q", "--depth", "1", f"file://{team.folder}", "shallow")
    clone = Workspace(team.folder / "shallow")
    clone.configure(remote.url)
    ended = clone.json("pull")
    assert ended.status == 1
    assert told(ended)["ahead"] == ("conflict", "refused", ["history-missing"])
    assert clone.run("pull", "--force").status == 1  # which is about what is not committed
    assert (clone.descriptions / "ahead.md").read_text() == "newer"
    assert clone.run("pull", "--back").status == 0


def test_what_another_branch_holds_is_to_be_merged_and_not_pulled(team: Workspace) -> None:
    team.git("checkout", "-q", "-b", "up")
    team.held({"edited": "an edit", "new": "new"})
    team.git("checkout", "-q", "main")
    team.git("branch", "-q", "--set-upstream-to=up", "main")
    ended = team.json("pull", "--all")
    assert told(ended)["edited"] == told(ended)["new"] == ("unchanged", "unchanged", ["behind"])
    assert "up has Scenario's text" in ended.item("edited")["problems"][0]["message"]
    assert told(ended)["fresh"] == ("create", "applied", [])
    assert told(team.json("pull", "--back", "edited"))["edited"] == ("update", "applied", [])


def test_the_first_pull_of_a_new_repository_and_a_second_one(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one", "a.md", texts={"one": "text", "a.md": "of an odd id"})
    workspace.git("init", "--quiet", "--initial-branch=main")
    ended = workspace.run("pull", "--all")
    assert (ended.status, ended.out.splitlines()[-1]) == (0, "Pulled 2 files, 0 unchanged.")
    again = workspace.run("pull", "--all")
    assert (again.status, again.out, again.err) == (0, "Pulled 0 files, 2 unchanged.\n", "")
    assert workspace.run("check").status == 0
    workspace.commit()
    remote.add("one", texts={"one": "edited"})
    assert told(workspace.json("pull", "--merge"))["one"] == ("update", "applied", ["adopted"])
    assert lines_of(workspace, "one") == f"test {digest('edited')}\n"


@pytest.mark.parametrize(("own", "is_warned"), [("a\nb\nc\nown", True), ("a\nb\nc", False)])
def test_a_file_s_own_changes_do_not_go_without_a_word(
    own: str, is_warned: bool, workspace: Workspace, remote: Loopback
) -> None:
    remote.add("one", texts={"one": "a\nb\nc, edited"})
    workspace.held({"one": "a\nb\nc"})
    workspace.held({"one": own})
    (edited,) = workspace.json("diff").item("one")["problems"]
    assert ("`syncjob pull --merge one`" in edited["message"]) is is_warned
    assert ("`syncjob pull one`" in edited["message"]) is not is_warned
    ended = workspace.json("pull")
    codes = [problem["code"] for problem in ended.item("one")["problems"]]
    assert (ended.status, codes) == (0, ["own-changes"] if is_warned else [])
    both = "to keep both, run `git restore descriptions/one.md`, then `syncjob pull --merge one`"
    assert [problem["message"].endswith(both) for problem in ended.item("one")["problems"]] == [True] * is_warned
    assert (workspace.descriptions / "one.md").read_text() == "a\nb\nc, edited\n"


def test_what_was_committed_after_a_sync_does_not_go_without_a_word(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one", "two", texts={"one": "a\nb", "two": "a\nb"})
    workspace.held({"one": "a\nb", "two": "a\nb"})
    workspace.write("one", "a\nb\nx\ny")
    assert workspace.run("sync", "--yes").status == 0
    workspace.held({"one": "a\nmore\nb\nx\ny", "two": "a\nb\ncut"})
    remote.add("two", texts={"two": "a\nb\ncu"})
    ended = workspace.json("diff")
    (written,), (cut,) = (ended.item(each)["problems"] for each in ("one", "two"))
    assert "a run here wrote this text, and git does not have it" in written["message"]
    assert "or written here after a sync" in cut["message"]
    assert written["doubtful"]
    assert "Edited on Scenario" not in workspace.run("diff").out
    ended = workspace.json("pull")
    for each, why in (("one", "since a run here wrote Scenario's text"), ("two", "the file loses its end")):
        (problem,) = ended.item(each)["problems"]
        assert (problem["code"], why in problem["message"]) == ("own-changes", True), problem
        assert f"`git restore descriptions/{each}.md`, then `syncjob acknowledge {each}`" in problem["message"]
    workspace.git("restore", "descriptions/one.md")
    assert workspace.run("acknowledge", "one", "--yes").status == 0
    workspace.commit()
    assert workspace.run("sync", "one").status == 0
    assert remote.sandbox.description("one") == "a\nmore\nb\nx\ny"


def test_a_faulty_file_of_lines_counts_for_nothing_here_too(team: Workspace, remote: Loopback) -> None:
    folder = team.descriptions / ".acknowledged"
    folder.mkdir()
    line = f"test {digest('an edit')}\n"
    (folder / "edited").write_text(f"<<<<<<< HEAD\n{line}=======\n>>>>>>> other\n")
    team.commit()
    assert told(team.json("pull", "edited"))["edited"] == ("update", "applied", [])
    assert lines_of(team, "edited") == line


def test_in_a_sparse_checkout_no_line_of_another_profile_goes(team: Workspace) -> None:
    folder = team.descriptions / ".acknowledged"
    folder.mkdir()
    (folder / "edited").write_text(f"staging {'0' * 64}\n")
    team.commit()
    team.git("sparse-checkout", "set", "--no-cone", "/*", "!/descriptions/.acknowledged/")
    assert not folder.exists()
    for command in (("pull", "edited"), ("acknowledge", "edited", "--yes")):
        ended = team.json(*command)
        assert (ended.status, told(ended)["edited"]) == (1, ("invalid", "refused", ["file-special"]))
        assert lines_of(team, "edited") is None
    assert (team.descriptions / "edited.md").read_text() == "old"
