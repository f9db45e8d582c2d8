"""An edit made on Scenario and a pull request: from the review to the sync, over a remote that all clones share."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.cases import mostly_deep
from tests.support.loopback import Loopback
from tests.support.workspace import Ended, Workspace

TEXT = "# One\n\nfirst\n\nsecond\n\nthird\n\nfourth"
EDIT = TEXT.replace("fourth", "fourth, by Scenario")


@dataclass(frozen=True)
class Team:
    """`writer` is somebody's clone, `runner` the one in which pull requests are reviewed, merged and synced."""

    writer: Workspace
    runner: Workspace
    remote: Loopback

    def edit(self, text: str) -> None:
        """Somebody edits one on Scenario."""
        self.remote.sandbox.put("one", text)

    def commit(self, branch: str, **texts: str) -> None:
        """The writer's commit on a branch that may be new."""
        for name, text in texts.items():
            self.writer.write(name, f"{text}\n")
        if self.writer.git("branch", "--show-current").strip() != branch:
            self.writer.git("switch", "--quiet", "-c", branch, "origin/main")
        self.writer.commit()
        self.writer.git("push", "--quiet", "origin", branch)

    def review(self, branch: str) -> Ended:
        self.runner.git("fetch", "--quiet")
        self.runner.git("checkout", "--quiet", "--detach", f"origin/{branch}")
        return self.runner.json("diff", "--since", "origin/main")

    def merged(self, branch: str, way: str) -> Ended:
        """The pull request gets into main in one way or another, and main is synced from what it was before."""
        git = self.runner.git
        git("fetch", "--quiet")
        git("checkout", "--quiet", "-B", "main", "origin/main")
        before = git("rev-parse", "main").strip()
        if way == "rebase":
            git("checkout", "--quiet", "-B", "rebased", f"origin/{branch}")
            git("rebase", "--quiet", "main")
            git("checkout", "--quiet", "main")
            git("merge", "--quiet", "--ff-only", "rebased")
        else:
            git(
                "merge", "--quiet", *(["--squash"] if way == "squash" else ["--no-edit", "--no-ff"]), f"origin/{branch}"
            )
            self.runner.commit("a squash" if way == "squash" else "nothing more")
        git("push", "--quiet", "origin", "main")
        return self.runner.json("sync", "--since", before)

    @property
    def sent(self) -> list[str]:
        return [body.decode() for method, _, body in self.remote.asked if method == "PUT"]


@pytest.fixture
def team(workspace: Workspace, remote: Loopback, tmp_path: Path) -> Team:
    """In step; what a colleague merges meanwhile keeps each pull request from being a fast forward."""
    texts = {"one": TEXT, "two": "text two"}
    remote.add(*texts, texts=texts)
    workspace.expect_no_lag()
    (workspace.folder / ".gitignore").write_text(".syncjob/\n")
    workspace.held(texts)
    for name in ("writer", "runner"):
        workspace.git("clone", "--quiet", str(workspace.folder), str(tmp_path / name))
    workspace.git("switch", "--quiet", "--detach")  # it stands for the server, so that main can be pushed to
    return Team(Workspace(tmp_path / "writer"), Workspace(tmp_path / "runner"), remote)


def codes(ended: Ended) -> list[str]:
    return [problem["code"] for problem in ended.item("one")["problems"]]


@pytest.mark.parametrize("way", mostly_deep(["squash", "merge", "rebase"]))
def test_both_sides_of_a_description_get_through_in_two_commands_and_one_commit(team: Team, way: str) -> None:
    team.edit(EDIT)
    team.commit("mine", one=TEXT.replace("first", "first, by git"))
    assert codes(team.review("mine")) == ["remote-edited"]
    ended = team.writer.run("pull", "--merge", "--since", "origin/main")
    assert ended.status == 0, ended.out
    team.commit("mine")
    ended = team.review("mine")
    assert (ended.status, codes(ended)) == (0, ["edit-acknowledged"])
    team.runner.git("checkout", "--quiet", "-B", "colleague", "origin/main")
    team.runner.write("two", "text two, by a colleague\n")
    team.runner.commit()
    team.runner.git("push", "--quiet", "origin", "colleague")
    assert team.merged("colleague", "merge").status == 0
    ended = team.merged("mine", way)
    assert (ended.status, ended.report["summary"]["applied"]) == (0, 1), ended.out
    assert team.remote.sandbox.description("one") == EDIT.replace("first", "first, by git")
    assert len(team.sent) == 2
    assert team.runner.json("diff").report["summary"]["unchanged"] == 2
    journals = (team.runner.folder / ".syncjob" / "runs").glob("*.jsonl")
    assert any("fourth, by Scenario" in journal.read_text() for journal in journals)


@pytest.mark.parametrize("way", mostly_deep(["squash", "rebase"]))
def test_what_was_adopted_and_then_edited_is_forgotten_by_no_merge(team: Team, way: str) -> None:
    team.edit(EDIT)
    team.writer.git("switch", "--quiet", "-c", "mine")
    assert team.writer.run("pull").status == 0
    team.commit("mine")
    team.commit("mine", one=EDIT.replace("second", "second, by git"))
    assert team.review("mine").status == 0
    assert team.merged("mine", way).status == 0
    assert team.remote.sandbox.description("one") == EDIT.replace("second", "second, by git")
    team.commit("next", two="text two, once more")
    assert team.review("next").status == 0
    assert team.merged("next", way).status == 0


def test_an_edit_that_was_discarded_stays_discarded(team: Team) -> None:
    team.edit(EDIT)
    team.commit("mine", one=TEXT.replace("first", "first, by git"))
    assert team.writer.run("acknowledge", "one", "--yes").status == 0
    team.commit("mine")
    assert codes(team.review("mine")) == ["edit-acknowledged"]
    team.commit("mine", one=TEXT.replace("first", "first, and more, by git"))
    assert team.merged("mine", "squash").status == 0
    assert team.remote.sandbox.description("one") == TEXT.replace("first", "first, and more, by git")
