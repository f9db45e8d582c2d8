"""The pull request of drift: the script of the job that writes, over a bare repository and a stand-in for `gh`."""

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.fake_github import GitHub
from tests.support.steps import Ended, Runner, Value, base_environment, evaluate, workflow

pytestmark = pytest.mark.skipif(not shutil.which("jq"), reason="needs jq, which gh has built in")

BRANCH = "syncjob/drift"
LINE = f"production {'a' * 64}\n"


@dataclass(frozen=True)
class Nights:
    """The job `pull-request` of `drift.yml`, night after night; each has a machine of its own."""

    folder: Path
    github: GitHub

    def run(self, edits: Mapping[str, str] | None, body: str = "who is affected\n", **context: Value) -> Ended:
        """A night that found these texts, by model id; None means that no edit is left, {} that none can be merged."""
        return self.job(lambda folder: hand_over(folder, edits, body) if edits is not None else None, **context)

    def job(self, hands_over: Callable[[Path], object], **context: Value) -> Ended:
        """A night whose artifact is what `hands_over` makes; `__` in names of the context stand for dots."""
        folder = self.folder / f"night-{len(list(self.folder.glob('night-*')))}"
        (folder / "temp").mkdir(parents=True)
        hands_over(folder / "temp" / "edits")
        has_artifact = os.path.lexists(folder / "temp" / "edits")
        known: dict[str, Value] = {
            "github.repository": "owner/models",
            "github.token": "token-of-the-job",
            "github.server_url": self.github.url,
            "github.ref_name": "main",
            "github.sha": self.github.tip("main"),
            "github.run_id": folder.name.removeprefix("night-"),
            "needs.drift.outputs.artifact": "4711" if has_artifact else "",
            "vars.SYNCJOB_APP_CLIENT_ID": "",
        }
        known |= {name.replace("__", "."): value for name, value in context.items()}
        environment = {**base_environment(self.github.folder), "GIT_CONFIG_GLOBAL": str(self.folder / "gitconfig")}
        return Runner(folder, folder, environment, known).job("drift", "pull-request")

    @property
    def pulls(self) -> list[dict[str, Any]]:
        pulls: list[dict[str, Any]] = self.github.state["pulls"]
        return pulls

    @property
    def comments(self) -> list[str]:
        return [comment["body"] for comment in self.github.state["comments"]]

    @property
    def brought(self) -> dict[str, str]:
        """What the branch would change on main, by path."""
        return self.github.changes(BRANCH)


def hand_over(folder: Path, edits: Mapping[str, str], body: str) -> None:
    """The artifact of the job that holds the key."""
    (folder / "descriptions" / ".acknowledged").mkdir(parents=True)
    (folder / "body.md").write_text(body, "utf-8")
    for id_, text in edits.items():
        (folder / "descriptions" / f"{id_}.md").write_text(text, "utf-8")
        (folder / "descriptions" / ".acknowledged" / id_).write_text(LINE, "utf-8")


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    github = GitHub.start(tmp_path / "github")
    github.commit("main", **{"descriptions__one.md": "one\n", "descriptions__two.md": "two\n", "README.md": "hello\n"})
    (tmp_path / "gitconfig").write_text("[core]\nautocrlf = input\n", "ascii")
    return Nights(tmp_path, github)


# Edits, from the first to the last.


def test_edits_become_one_branch_on_main_and_one_pull_request(nights: Nights) -> None:
    ended = nights.run({"one": "one, edited\n"}, "@nobody is affected\n")
    assert ended.status == 0, ended.out
    assert nights.brought == {"descriptions/one.md": "one, edited\n", "descriptions/.acknowledged/one": LINE}
    (pull,) = nights.pulls
    url = f"{nights.github.url}/owner/models/actions/runs/0"
    assert (pull["state"], pull["title"], pull["head"]["ref"]) == ("open", "Edits made on Scenario", BRANCH)
    assert pull["body"] == f"<!-- syncjob drift -->\n[The run that found this]({url})\n\n@nobody is affected\n"
    message, parent = (
        nights.github.git("log", "-1", "--format=%B", BRANCH),
        nights.github.git("log", "-1", "--format=%P", BRANCH),
    )
    assert message == f"Take over edits made on Scenario\n\nSyncjob-Run: {url}"
    assert parent == nights.github.tip("main")


def test_a_later_edit_rebuilds_the_branch_from_main_and_renews_the_body(nights: Nights) -> None:
    nights.run({"one": "one, edited\n"})
    compared = nights.github.tip("main")
    main = nights.github.commit("main", **{"README.md": "hello again\n"})
    ended = nights.run(
        {"one": "one, edited again\n", "two": "two, edited\n"}, "two are affected\n", github__sha=compared
    )
    assert ended.status == 0, ended.out
    assert {path for path in nights.brought if ".ack" not in path} == {"descriptions/one.md", "descriptions/two.md"}
    assert nights.brought["descriptions/one.md"] == "one, edited again\n"
    assert nights.github.git("log", "-1", "--format=%P", BRANCH) == main
    (pull,) = nights.pulls
    assert pull["body"].endswith("\ntwo are affected\n")


@pytest.mark.deep
def test_the_same_edits_leave_the_commit_as_it_is_and_its_reviews_with_it(nights: Nights) -> None:
    nights.run({"one": "one, edited\n"}, "first\n")
    tip = nights.github.tip(BRANCH)
    nights.github.commit("main", **{"README.md": "hello again\n"})
    nights.run({"one": "one, edited\n"}, "second\n")
    assert nights.github.tip(BRANCH) == tip
    assert nights.pulls[0]["body"].endswith("second\n")


@pytest.mark.deep
def test_a_merged_pull_request_is_the_end_and_a_new_edit_the_beginning_of_another(nights: Nights) -> None:
    nights.run({"one": "one, edited\n"})
    nights.github.merge(BRANCH, 1, keeps_branch=True)
    ended = nights.run(None)  # what is left of the branch goes
    assert (ended.status, nights.github.tip(BRANCH), nights.comments) == (0, "", [])
    nights.run({"one": "one, edited later\n"})
    assert [pull["state"] for pull in nights.pulls] == ["closed", "open"]
    assert nights.brought == {"descriptions/one.md": "one, edited later\n"}  # its lines are on main


def test_a_pull_request_is_closed_and_its_branch_deleted_if_no_edit_is_left(nights: Nights) -> None:
    nights.run({"one": "one, edited\n"})
    ended = nights.run(None)
    assert ended.status == 0, ended.out
    assert nights.github.tip(BRANCH) == ""
    assert [pull["state"] for pull in nights.pulls] == ["closed"]
    assert "Scenario holds no edit any more that is not on `main`." in nights.comments[0]
    asked = len(nights.github.state["asked"])
    assert nights.run(None).status == 0
    assert nights.github.state["asked"][asked:] == ["GET pulls"]  # nothing is left to do


@pytest.mark.deep
def test_edits_that_main_holds_meanwhile_are_none(nights: Nights) -> None:
    nights.run({"one": "one, edited\n"})
    nights.github.commit("main", **{"descriptions__one.md": "one, edited\n", "descriptions__.acknowledged__one": LINE})
    assert nights.run({"one": "one, edited\n"}).status == 0
    assert [pull["state"] for pull in nights.pulls] == ["closed"]


def test_of_two_edits_that_which_cannot_be_merged_is_named_and_not_brought(nights: Nights) -> None:
    """The job with the key hands over what may be brought, and names the rest in the body."""
    nights.run({"one": "one, merged\n"}, "one is merged, two has conflicts\n")
    assert set(nights.brought) == {"descriptions/one.md", "descriptions/.acknowledged/one"}
    assert "two has conflicts" in nights.pulls[0]["body"]
    ended = nights.run({}, "one and two have conflicts\n")
    assert ended.status == 0, ended.out
    assert [pull["state"] for pull in nights.pulls] == ["closed"]
    assert "No edit on Scenario can be merged without a person." in nights.comments[0]


@pytest.mark.deep
def test_lines_that_are_not_handed_over_go_with_the_text_that_they_were_of(nights: Nights) -> None:
    nights.github.commit("main", **{"descriptions__.acknowledged__one": LINE})

    def without_lines(folder: Path) -> None:
        hand_over(folder, {"one": "one, edited\n"}, "")
        (folder / "descriptions" / ".acknowledged" / "one").unlink()

    assert nights.job(without_lines).status == 0
    assert nights.brought == {"descriptions/one.md": "one, edited\n", "descriptions/.acknowledged/one": ""}


@pytest.mark.deep
def test_texts_are_committed_as_they_are_whatever_attributes_say(nights: Nights) -> None:
    nights.github.commit("main", **{".gitattributes": "*.md text eol=crlf ident filter=evil\n"})
    text = "$Id$ one\r\nedited \u00e4\n"
    assert nights.job(lambda folder: hand_over(folder, {"one": text}, "")).status == 0
    assert nights.github.git("cat-file", "-s", f"{BRANCH}:descriptions/one.md") == str(len(text.encode()))


# What is left alone.


AUTHOR, COMMITTER = (
    (
        "-c",
        f"{role}.name=github-actions[bot]",
        "-c",
        f"{role}.email=41898282+github-actions[bot]@users.noreply.github.com",
    )
    for role in ("author", "committer")
)
# Commits that take the place of the bot's own, by how they are its own in part: git's options, and the trailer.
IN_PART = {
    "a person's": ((), "Syncjob-Run: URL/actions/runs/0"),
    "the bot's by its author": (AUTHOR, "Syncjob-Run: URL/actions/runs/0"),
    "the bot's by its committer": (COMMITTER, "Syncjob-Run: URL/actions/runs/0"),
    "the bot's, but of no run": ((*AUTHOR, *COMMITTER), "a message"),
    "the bot's, but of another repository": ((*AUTHOR, *COMMITTER), "Syncjob-Run: URL-2/actions/runs/0"),
    "the bot's, but a merge": ((*AUTHOR, *COMMITTER), "Syncjob-Run: URL/actions/runs/0"),
}


@pytest.mark.parametrize("whose", ["on top", *(pytest.param(whose, marks=pytest.mark.deep) for whose in IN_PART)])
def test_a_branch_with_a_commit_of_a_person_is_left_with_one_comment(nights: Nights, whose: str) -> None:
    nights.run({"one": "one, edited\n"})
    if whose == "on top":
        theirs = nights.github.commit(BRANCH, **{"descriptions__one.md": "one, bettered\n"})
    else:
        options, trailer = IN_PART[whose]
        message = f"a message\n\n{trailer.replace('URL', f'{nights.github.url}/owner/models')}"
        tree, main, tip = nights.github.git("rev-parse", f"{BRANCH}^{{tree}}", "main", BRANCH).split()
        parents = ["-p", main, "-p", tip] if whose.endswith("merge") else ["-p", main]
        theirs = nights.github.git(*options, "commit-tree", tree, *parents, "-m", message)
        nights.github.point(BRANCH, theirs)
    for _ in range(2):
        ended = nights.run({"one": "one, edited again\n"})
        assert ended.status == 0, ended.out
    assert nights.github.tip(BRANCH) == theirs
    assert nights.run(None).status == 0
    assert nights.github.tip(BRANCH) == theirs
    assert [pull["state"] for pull in nights.pulls] == ["open"]
    (comment,) = nights.comments
    assert "holds commits of somebody else" in comment
    assert "actions/runs/3)" in comment


@pytest.mark.deep
def test_a_commit_of_the_bot_that_is_not_on_main_is_left(nights: Nights) -> None:
    nights.run({"one": "one, edited\n"})
    nights.github.point("main", nights.github.commit("new-main", **{"descriptions__one.md": "one\n"}))
    tip = nights.github.tip(BRANCH)
    nights.run({"one": "one, edited again\n"})
    assert nights.github.tip(BRANCH) == tip


@pytest.mark.deep
def test_a_branch_of_a_person_that_was_merged_is_free_again(nights: Nights) -> None:
    nights.run({"one": "one, edited\n"})
    nights.github.commit(BRANCH, **{"descriptions__one.md": "one, bettered\n"})
    nights.github.merge(BRANCH, 1, keeps_branch=True)
    ended = nights.run({"two": "two, edited\n"})
    assert ended.status == 0, ended.out
    assert [pull["state"] for pull in nights.pulls] == ["closed", "open"]
    assert set(nights.brought) == {"descriptions/two.md", "descriptions/.acknowledged/two"}


@pytest.mark.deep
def test_a_pull_request_that_a_person_closed_stays_closed_until_there_is_another_edit(nights: Nights) -> None:
    nights.run({"one": "one, edited\n"})
    pulls = nights.pulls
    nights.github.change(pulls=[pulls[0] | {"state": "closed"}])
    ended = nights.run({"one": "one, edited\n"})
    assert "so it stays closed" in ended.out
    assert len(nights.pulls) == 1
    nights.run({"one": "one, edited again\n"})
    assert [pull["state"] for pull in nights.pulls] == ["closed", "open"]


@pytest.mark.deep
def test_a_pull_request_that_a_person_closed_stays_closed_though_its_branch_was_deleted(nights: Nights) -> None:
    nights.run({"one": "one, edited\n"})
    nights.github.point(BRANCH, "")  # closes it too
    nights.github.commit("main", **{"README.md": "hello again\n"})
    ended = nights.run({"one": "one, edited\n"})
    assert ended.status == 0, ended.out
    assert "so it stays closed" in ended.out
    assert ([pull["state"] for pull in nights.pulls], nights.github.tip(BRANCH)) == (["closed"], "")
    nights.run({"one": "one, edited again\n"})
    assert [pull["state"] for pull in nights.pulls] == ["closed", "open"]


@pytest.mark.deep
def test_an_edit_that_was_taken_back_and_made_again_is_brought_again(nights: Nights) -> None:
    """Nobody rejected it: the job closed its pull request when nothing was left of it."""
    nights.run({"one": "one, edited\n"})
    nights.run(None)
    nights.run({"one": "one, edited\n"})
    assert [pull["state"] for pull in nights.pulls] == ["closed", "open"]


@pytest.mark.deep
def test_nothing_is_brought_that_was_compared_with_another_state_of_main(nights: Nights) -> None:
    """The merged text of a night would take back what main has got since."""
    nights.run({"one": "one, edited\n"})
    compared, tip = nights.github.tip("main"), nights.github.tip(BRANCH)
    nights.github.commit("main", **{"descriptions__one.md": "one, by a colleague\n"})
    for edits in ({"one": "one, edited again\n"}, None):
        ended = nights.run(edits, github__sha=compared)
        assert (ended.status, nights.github.tip(BRANCH)) == (0, tip)
        assert "have changed since the comparison" in ended.out
    nights.github.point("main", nights.github.commit("other", **{"README.md": "x\n"}))
    assert "have changed" in nights.run({"one": "one, edited again\n"}, github__sha="ab" * 20).out


# What may fail.


@pytest.mark.deep
def test_if_pull_requests_may_not_be_opened_the_run_is_red_and_names_the_setting(nights: Nights) -> None:
    nights.github.change(may_open=False)
    ended = nights.run({"one": "one, edited\n"})
    assert ended.status == 1
    assert "Allow GitHub Actions to create and approve pull requests" in ended.out
    nights.github.change(may_open=True)
    assert nights.run({"one": "one, edited\n"}).status == 0
    assert [pull["state"] for pull in nights.pulls] == ["open"]


@pytest.mark.deep
def test_if_github_does_not_answer_nothing_is_pushed(nights: Nights) -> None:
    nights.github.change(fails=True)
    assert nights.run({"one": "one, edited\n"}).status == 1
    assert nights.github.tip(BRANCH) == ""


@pytest.mark.parametrize(
    ("client_id", "token"), [("", "token-of-the-job"), ("Iv1.x", "token-of-the-app")], ids=["workflow", "App"]
)
def test_the_token_is_that_of_the_app_if_there_is_one(nights: Nights, client_id: str, token: str) -> None:
    (step,) = [step for step in workflow("drift")["jobs"]["pull-request"]["steps"] if "GH_TOKEN" in step.get("env", {})]
    known: dict[str, Value] = {"steps.app.outputs.token": "token-of-the-app" if client_id else ""}
    assert evaluate(step["env"]["GH_TOKEN"], {**known, "github.token": "token-of-the-job"}) == token


@pytest.mark.parametrize(
    ("edits", "artifact", "changed", "runs"),
    [
        ("some", "4711", {}, True),
        ("some", "", {}, False),  # not every edit could be read
        ("none", "", {}, True),
        ("", "", {}, False),  # not everything could be compared
        ("none", "", {"cancelled()": True}, False),
        ("none", "", {"github.ref": "refs/heads/topic"}, False),
        ("none", "", {"vars.SYNCJOB_DRIFT_PULL_REQUEST": "true"}, True),
        ("none", "", {"vars.SYNCJOB_DRIFT_PULL_REQUEST": "false"}, False),
    ],
)
def test_when_a_pull_request_is_thought_of(edits: str, artifact: str, changed: dict[str, Value], runs: bool) -> None:
    known: dict[str, Value] = {
        "github.ref": "refs/heads/main",
        "vars.SYNCJOB_DRIFT_PULL_REQUEST": "",
        "needs.drift.outputs.edits": edits,
        "needs.drift.outputs.artifact": artifact,
        "cancelled()": False,
        **changed,
    }
    assert evaluate(workflow("drift")["jobs"]["pull-request"]["if"], known) is runs


# Hostile artifacts.


def link(path: Path, target: str = "/proc/self/environ") -> None:
    """A link in the place of a file or folder, which moves to the target if there is none."""
    if not os.path.lexists(target):
        path.rename(target)
    elif path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def text(path: Path, data: str = "x") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(data, "utf-8")


def write_many(folder: Path) -> None:
    for number in range(1_001):
        text(folder / f"m{number}.md")


HOSTILE: dict[str, Callable[[Path], object]] = {
    "a workflow": lambda edits: text(edits / ".github" / "workflows" / "x.yml"),
    "another folder": lambda edits: text(edits / "docs" / "one.md"),
    "a file beside": lambda edits: text(edits / "config.yaml"),
    "a subfolder": lambda edits: text(edits / "descriptions" / "inner" / "one.md"),
    "no description": lambda edits: text(edits / "descriptions" / "one.txt"),
    "no id": lambda edits: text(edits / "descriptions" / ".md"),
    "a hidden id": lambda edits: text(edits / "descriptions" / ".one.md"),
    "an id with a space": lambda edits: text(edits / "descriptions" / "a b.md"),
    "an id with a line end": lambda edits: text(edits / "descriptions" / "a\nf 1 descriptions" / "b.md"),
    "an id of two lines": lambda edits: text(edits / "descriptions" / "a\nb.md"),
    "an id with an accent": lambda edits: text(edits / "descriptions" / "\u00e4.md"),
    "a command": lambda edits: text(edits / "descriptions" / "$(touch pwned).md"),
    "a git folder": lambda edits: text(edits / "descriptions" / ".git" / "config"),
    "attributes": lambda edits: text(edits / "descriptions" / ".gitattributes"),
    "a linked text": lambda edits: link(edits / "descriptions" / "one.md"),
    "a linked body": lambda edits: link(edits / "body.md"),
    "a linked folder": lambda edits: link(edits / "descriptions", "/etc"),
    "a linked artifact": lambda edits: link(edits, str(edits.with_name("elsewhere"))),
    "a pipe": lambda edits: os.mkfifo(edits / "descriptions" / "two.md"),
    "a folder for a text": lambda edits: (edits / "descriptions" / "two.md").mkdir(),
    "no body": lambda edits: (edits / "body.md").unlink(),
    "a long body": lambda edits: text(edits / "body.md", "x" * 250_001),
    "a huge text": lambda edits: os.truncate(edits / "descriptions" / "one.md", 4_000_001),
    "a text beyond numbers": lambda edits: os.truncate(edits / "descriptions" / "one.md", 2**40),
    "too many": lambda edits: write_many(edits / "descriptions"),
    "lines of no text": lambda edits: text(edits / "descriptions" / ".acknowledged" / "two", LINE),
    "lines of nothing": lambda edits: text(edits / "descriptions" / ".acknowledged" / "one", ""),
    "lines that are none": lambda edits: text(edits / "descriptions" / ".acknowledged" / "one", f"{LINE}x\n"),
    "an empty line": lambda edits: text(edits / "descriptions" / ".acknowledged" / "one", f"\n{LINE}"),
}


LIKELIEST = ("a workflow", "a hidden id", "a linked text", "a huge text", "too many", "lines that are none")


@pytest.mark.parametrize(
    "names",
    [LIKELIEST, pytest.param(HOSTILE.keys() - {*LIKELIEST}, marks=pytest.mark.deep)],
    ids=["likeliest", "others"],
)
def test_an_artifact_that_holds_anything_else_pushes_nothing(nights: Nights, names: Iterable[str]) -> None:
    for name in sorted(names):
        spoil = HOSTILE[name]

        def hands_over(folder: Path, spoil: Callable[[Path], object] = spoil) -> None:
            hand_over(folder, {"one": "one, edited\n"}, "")
            spoil(folder)

        ended = nights.job(hands_over)
        assert ended.status == 1, name
        assert "::error title=syncjob::the artifact holds something" in ended.out, name
        assert ended.out.count("::") == 2, name
    assert (nights.github.state["asked"], nights.github.tip(BRANCH)) == ([], "")


@pytest.mark.deep
def test_ids_that_look_like_options_and_paths_are_ids(nights: Nights) -> None:
    ids = ["-rf", "--all", "a.md", "a..b", "_", "x" * 200]
    ended = nights.run(dict.fromkeys(ids, "a text\n"))
    assert ended.status == 0, ended.out
    assert {path for path in nights.brought if path.endswith(".md")} >= {f"descriptions/{id_}.md" for id_ in ids}


def test_what_a_body_or_a_text_says_is_not_run(nights: Nights) -> None:
    evil = f"$(touch {nights.folder}/pwned) `touch {nights.folder}/pwned` ${{GH_TOKEN}}\n::error::x\n@file\n"
    ended = nights.run({"one": evil}, evil)
    assert ended.status == 0, ended.out
    assert nights.brought["descriptions/one.md"] == evil
    assert nights.pulls[0]["body"].endswith(evil)
    assert not (nights.folder / "pwned").exists()
    assert "::error::" not in ended.out
