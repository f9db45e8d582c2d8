"""`acknowledge`, and what its lines allow: a text that was seen may be replaced, by a line that HEAD has."""

from pathlib import Path

import pytest

from syncjob.local.acknowledged_lines import FOLDER, Line, render
from syncjob.text.canonical import sha256
from tests.support.loopback import Loopback
from tests.support.workspace import Ended, Workspace

EDIT = "text one\n\nedited on Scenario"


@pytest.fixture
def edited(workspace: Workspace, remote: Loopback) -> Workspace:
    """Two descriptions in step, then `one` edited on Scenario and in its file."""
    texts = {"one": "text one", "two": "text two"}
    remote.add(*texts, texts=texts)
    workspace.held(texts)
    workspace.expect_no_lag()
    remote.sandbox.put("one", EDIT)
    workspace.write("one", "text one of the file")
    workspace.commit("an edit")
    return workspace


def lines(workspace: Workspace, model_id: str) -> Path:
    return workspace.descriptions / FOLDER / model_id


def acknowledge(workspace: Workspace, model_id: str = "one", text: str = EDIT, profile: str = "test") -> None:
    lines(workspace, model_id).parent.mkdir(exist_ok=True)
    lines(workspace, model_id).write_bytes(render([Line(profile, sha256(text) or "")]))


def codes(ended: Ended, model_id: str = "one") -> tuple[str, list[str]]:
    item = ended.item(model_id)
    return item["action"], [f"{problem['severity']} {problem['code']}" for problem in item["problems"]]


def test_git_s_text_wins_in_two_commands_and_one_commit(edited: Workspace, remote: Loopback) -> None:
    refused = edited.json("sync")
    assert (refused.status, codes(refused)) == (1, ("conflict", ["error remote-edited"]))
    assert "`syncjob acknowledge one`, then commit" in refused.item("one")["problems"][0]["message"]
    seen = edited.run("acknowledge", "one", "--yes")
    assert (seen.status, "-edited on Scenario" in seen.out) == (0, True), seen.err
    assert seen.err == "Next: `git add descriptions/.acknowledged`, review `git diff --cached`, and commit.\n"
    assert lines(edited, "one").read_text() == f"test {sha256(EDIT)}\n"
    edited.commit("seen")
    written = edited.json("sync")
    assert (written.status, codes(written)) == (0, ("update", ["warning edit-acknowledged"]))
    assert written.item("one")["remote_edit"]["diff"]
    assert remote.sandbox.description("one") == "text one of the file"


def test_only_lines_of_this_profile_that_head_has_count(edited: Workspace, remote: Loopback) -> None:
    acknowledge(edited)
    conflict = edited.json("sync")
    assert (conflict.status, codes(conflict)) == (1, ("conflict", ["error remote-edited"]))
    assert "acknowledged here, but not committed" in conflict.item("one")["problems"][0]["message"]
    acknowledge(edited, profile="sandbox")
    edited.commit()
    acknowledge(edited, text="another text")
    for told in (edited.json("sync"), edited.json("diff", "one")):
        assert (told.status, codes(told)) == (1, ("conflict", ["error remote-edited"]))
    assert remote.counts["PUT"] == 0


def test_another_edit_after_the_line_is_a_conflict_again(edited: Workspace, remote: Loopback) -> None:
    acknowledge(edited)
    edited.commit()
    remote.sandbox.put("one", "edited again")
    assert codes(edited.json("sync")) == ("conflict", ["error remote-edited"])
    assert remote.sandbox.description("one") == "edited again"


def test_a_file_that_is_none_in_head_is_never_obeyed(edited: Workspace, remote: Loopback) -> None:
    line = render([Line("test", sha256(EDIT) or "")])
    elsewhere = edited.folder / "elsewhere"
    elsewhere.write_bytes(line)

    def refused(words: str) -> None:
        edited.commit()
        told = edited.json("sync", "one")
        assert codes(told) == ("conflict", ["warning acknowledged-line", "error remote-edited"])
        assert words in told.item("one")["problems"][0]["message"]

    acknowledge(edited)
    for data, words in (
        (line + b"torn", "line 2"),
        (line[:-9], "line 1"),
        (b"\xff" + line, "UTF-8"),
        (line * 2000, "more than 100,000 bytes"),
    ):
        lines(edited, "one").write_bytes(data)
        refused(words)
    lines(edited, "one").unlink()
    lines(edited, "one").symlink_to(elsewhere)
    refused("is not a regular file in git")
    lines(edited, "one").unlink()
    lines(edited, "one").mkdir()
    (lines(edited, "one") / "one").write_bytes(line)
    refused("is not a regular file in git")
    assert remote.counts["PUT"] == 0


def test_a_folder_that_is_a_link_in_head_is_not_followed(edited: Workspace, remote: Loopback) -> None:
    (edited.folder / "elsewhere").mkdir()
    (edited.folder / "elsewhere" / "one").write_bytes(render([Line("test", sha256(EDIT) or "")]))
    (edited.descriptions / FOLDER).symlink_to("../elsewhere")
    edited.commit()
    assert codes(edited.json("sync", "one")) == ("conflict", ["error remote-edited"])
    seen = edited.run("acknowledge", "one", "--yes")
    assert (seen.status, "not a folder of its own" in seen.out) == (1, True)
    checked = edited.run("check")
    assert (checked.status, "descriptions/.acknowledged: error acknowledged-line" in checked.out) == (1, True)
    assert remote.counts["PUT"] == 0


def test_prune_deletes_what_was_acknowledged(edited: Workspace, remote: Loopback) -> None:
    (edited.descriptions / "one.md").unlink()
    edited.commit("one is gone")
    assert codes(edited.json("sync", "--prune")) == ("conflict", ["error remote-edited"])
    assert edited.run("acknowledge", "one", "--yes").status == 0
    edited.commit("seen")
    written = edited.json("sync", "--prune", "--since", "HEAD~1")
    assert (written.status, codes(written)) == (0, ("delete", ["warning edit-acknowledged"]))
    assert remote.sandbox.description("one") == ""


def test_since_takes_in_models_of_which_only_the_lines_changed(edited: Workspace, remote: Loopback) -> None:
    acknowledge(edited)
    acknowledge(edited, "never-there")
    edited.commit("nothing but lines")
    review = edited.json("diff", "--since", "HEAD~1")
    assert (review.status, codes(review), len(review.report["items"])) == (
        0,
        ("update", ["warning edit-acknowledged"]),
        1,
    )
    assert edited.json("check", "--since", "HEAD~1").item("one")["action"] == "checked"
    assert edited.json("diff", "--since", "HEAD").report["items"] == []
    lines(edited, "one").unlink()
    edited.commit("and back")
    assert edited.json("diff", "--since", "HEAD~2").item("one")["action"] == "conflict"


def test_a_saved_plan_is_held_to_the_lines_of_head_again(edited: Workspace, remote: Loopback) -> None:
    acknowledge(edited)
    edited.commit("seen")
    assert edited.run("diff", "--plan-out", "plan.json").status == 0
    edited.git("reset", "--quiet", "--hard", "HEAD~1")
    refused = edited.json("sync", "--plan", "plan.json")
    assert (refused.status, codes(refused)) == (1, ("conflict", ["error remote-edited"]))
    edited.git("reset", "--quiet", "--hard", "HEAD@{1}")
    written = edited.json("sync", "--plan", "plan.json")
    assert (written.status, codes(written)) == (0, ("update", ["warning edit-acknowledged"]))
    assert remote.sandbox.description("one") == "text one of the file"


def test_the_line_counts_in_a_clone_without_history(edited: Workspace, remote: Loopback, tmp_path: Path) -> None:
    acknowledge(edited)
    edited.commit("seen")
    edited.git("clone", "--quiet", "--depth=1", f"file://{edited.folder}", str(tmp_path / "shallow"))
    shallow = Workspace(tmp_path / "shallow")
    assert codes(shallow.json("sync")) == ("update", ["warning edit-acknowledged"])


def test_what_needs_no_line_gets_none_and_stale_lines_go(edited: Workspace, remote: Loopback) -> None:
    remote.add("three", "four")
    edited.write("three", "no text there yet")
    edited.write("four", "text four")
    edited.commit()
    remote.sandbox.put("one", "text one")  # which git's history has
    remote.sandbox.put("four", "edited")
    for model_id in ("one", "two", "three"):
        acknowledge(edited, model_id, "a text of before")
    acknowledge(edited, "four", "edited")
    lines(edited, "two").write_bytes(render([Line("live", "1" * 64), Line("test", "2" * 64)]))
    ended = edited.json("acknowledge", "*", "--yes")
    told = {item["model_id"]: item["problems"][0]["message"] for item in ended.report["items"]}
    assert (ended.status, {item["action"] for item in ended.report["items"]}) == (0, {"unchanged"})
    assert "git's history holds" in told["one"]
    assert "Scenario holds what the file says" in told["two"]
    assert "no description" in told["three"]
    assert all(
        f"is dropped: commit descriptions/.acknowledged/{name}" in told[name] for name in ("one", "two", "three")
    )
    assert "commit descriptions/.acknowledged/four" in told["four"]
    left = {path.name: path.read_text() for path in (edited.descriptions / FOLDER).iterdir()}
    assert left == {"two": f"live {'1' * 64}\n", "four": f"test {sha256('edited')}\n"}


@pytest.mark.parametrize(
    ("pattern", "status", "words"),
    [
        ("missing", 2, "no description matches"),
        ("on", 2, "did you mean one"),
        ("bad", 1, "tag-malformed"),
        ("", 2, "SELECT"),
    ],
)
def test_what_cannot_be_acknowledged_is_said_and_nothing_is_written(
    edited: Workspace, pattern: str, status: int, words: str
) -> None:
    edited.write("bad", "{asset: x}")
    asked = [pattern, "one"] if pattern else []
    ended = edited.run("acknowledge", *asked, "--yes")
    assert (ended.status, words in ended.out + ended.err) == (status, True), ended.out + ended.err
    assert not (edited.descriptions / FOLDER).exists()


def test_off_a_terminal_it_needs_a_yes(edited: Workspace, remote: Loopback) -> None:
    ended = edited.run("acknowledge", "one")
    assert (ended.status, "check `syncjob diff`, then pass --yes" in ended.err) == (2, True)
    assert remote.asked == []


def test_check_reads_every_file_of_lines(edited: Workspace) -> None:
    acknowledge(edited)
    lines(edited, "two").write_text(f"test {'1' * 64}\n\nnonsense\n")
    lines(edited, "one.md").write_text(f"test {'1' * 64}\n")
    lines(edited, "not an id").write_text("")
    (edited.descriptions / FOLDER / "three").mkdir()
    ended = edited.run("check", "descriptions/one.md")
    assert ended.status == 1
    told = [line.partition(" acknowledged-line: ") for line in ended.out.splitlines() if ".acknowledged" in line]
    assert [place for place, _, _ in told] == [
        "descriptions/.acknowledged/not an id: error",
        "descriptions/.acknowledged/three: error",
        "descriptions/.acknowledged/two:2:1: error",
        "descriptions/.acknowledged/two:3:1: error",
    ]
    annotated = edited.run("check", "--format", "github").out
    assert "::error file=descriptions/.acknowledged/two,line=3,col=1,title=acknowledged-line::" in annotated


def test_the_path_of_lines_selects_their_model_also_if_it_has_no_file(edited: Workspace) -> None:
    acknowledge(edited)
    acknowledge(edited, "gone")
    assert edited.json("check", "descriptions/.acknowledged/one").item("one")["action"] == "checked"
    assert edited.json("check", "descriptions/.acknowledged/gone").report["items"] == []
    assert edited.run("check", "descriptions/.acknowledged/nowhere").status == 2


# Review knows what a squash forgets


@pytest.fixture
def adopted(edited: Workspace, remote: Loopback) -> Workspace:
    """A branch that took the edit over by hand in one commit, and changed it in another."""
    edited.git("switch", "--quiet", "-c", "adopting")
    edited.write("one", EDIT)
    edited.commit("taken over")
    edited.write("one", f"{EDIT} and in git")
    edited.commit("edited")
    return edited


def test_a_text_that_a_squash_would_forget_is_a_warning_that_one_command_mends(
    adopted: Workspace, remote: Loopback
) -> None:
    review = adopted.json("diff", "--since", "main")
    assert (review.status, codes(review)) == (0, ("update", ["warning unacknowledged"]))
    assert "`syncjob acknowledge one --since main`, then commit" in review.item("one")["problems"][0]["message"]
    assert codes(adopted.json("diff")) == ("update", [])
    seen = adopted.run("acknowledge", "one", "--since", "main", "--yes")
    assert (seen.status, lines(adopted, "one").read_text()) == (0, f"test {sha256(EDIT)}\n"), seen.err
    adopted.commit("seen")
    assert codes(adopted.json("diff", "--since", "main")) == ("update", [])
    adopted.git("switch", "--quiet", "main")
    adopted.git("merge", "--quiet", "--squash", "adopting")
    adopted.commit("squashed")
    written = adopted.json("sync", "--since", "HEAD~1")
    assert (written.status, codes(written)) == (0, ("update", ["warning edit-acknowledged"]))
    assert remote.sandbox.description("one") == f"{EDIT} and in git"


def test_what_the_base_of_a_review_held_too_needs_no_line(adopted: Workspace, remote: Loopback) -> None:
    for text in ("text one", "text one of the file"):  # of the base's past, and of the base
        remote.sandbox.put("one", text)
        assert codes(adopted.json("diff", "--since", "main")) == ("update", [])
    adopted.git("mv", "descriptions/one.md", "descriptions/three.md")
    adopted.commit("renamed")
    remote.add("three", texts={"three": "text one"})
    assert codes(adopted.json("diff", "--since", "main"), "three") == ("update", [])


def test_a_sync_does_not_warn_of_what_is_merged_already(adopted: Workspace) -> None:
    adopted.git("switch", "--quiet", "main")
    adopted.git("merge", "--quiet", "--no-ff", "-m", "merged", "adopting")
    assert codes(adopted.json("sync", "--since", "HEAD~1")) == ("update", [])


def test_a_reviewer_sees_at_once_what_replaces_an_edit_and_the_text_that_goes(edited: Workspace) -> None:
    edited.write("another", "a new file")
    acknowledge(edited)
    edited.commit("seen")
    terminal = edited.run("diff").out
    assert (
        "descriptions/one.md: warning edit-acknowledged: replaces an edit made on Scenario, acknowledged here"
        in terminal
    )
    comment = edited.run("diff", "--format", "markdown").out
    title = next(line for line in comment.splitlines() if line.startswith("<p>") and ">one<" in line)
    assert "<b>update</b>" in title
    assert "<b>replaces an edit made on Scenario</b>" in title
    page = edited.run("diff", "--format", "html").out
    assert page.count('<span class="badge refused">replaces an edit</span>') == 2  # in the list, and above the text
    for shown in (terminal, comment):
        assert shown.index("+edited on Scenario") < shown.index("-edited on Scenario")


def test_what_the_reviewed_against_branch_holds_too_needs_no_line(adopted: Workspace, remote: Loopback) -> None:
    adopted.git("switch", "--quiet", "main")
    adopted.write("one", EDIT)
    adopted.commit("a colleague took it over too")
    adopted.write("one", "and changed it otherwise")
    adopted.commit("a colleague's change")
    adopted.git("switch", "--quiet", "adopting")
    assert codes(adopted.json("diff", "--since", "main")) == ("update", [])


def test_a_text_that_another_branch_holds_is_to_be_merged_and_not_acknowledged(edited: Workspace) -> None:
    edited.git("switch", "--quiet", "-c", "colleague")
    edited.write("one", EDIT)
    edited.commit("taken over")
    edited.git("switch", "--quiet", "main")
    ended = edited.json("acknowledge", "one", "--since", "colleague", "--yes")
    assert (ended.status, codes(ended)) == (1, ("conflict", ["error behind"]))
    assert not (edited.descriptions / FOLDER).exists()


def test_check_warns_of_a_line_of_a_profile_that_the_config_does_not_have(edited: Workspace) -> None:
    acknowledge(edited, profile="prodction")
    acknowledge(edited, "two")
    ended = edited.json("check")
    (problem,) = ended.report["problems"]
    assert (ended.status, problem["code"], problem["severity"]) == (0, "acknowledged-line", "warning")
    assert problem["path"] == "descriptions/.acknowledged/one"
    assert "config.yaml has no profile prodction" in problem["message"]


def test_a_step_of_github_actions_gets_its_summary_and_the_lines_are_annotated(edited: Workspace) -> None:
    summary = edited.folder / "summary"
    in_step = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    ended = edited.run("acknowledge", "one", "two", "--yes", **in_step)
    assert ended.status == 0
    assert ended.out.count("Acknowledged 1 text, 1 needed no line.") == 1
    assert "### Texts on Scenario that a sync may replace" in summary.read_text()
    assert "**Acknowledged 1 text, 1 needed no line.**" in summary.read_text()
    lines(edited, "one").write_text("torn")
    assert edited.run("check", **in_step).status == 1
    assert "in <code>descriptions/.acknowledged/one</code>, line 1" in summary.read_text()
