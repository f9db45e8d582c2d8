"""The thresholds guard what nobody asked for: a commit since REV is asked for, and a deletion never is."""

import hashlib

import pytest

from tests.support.loopback import Loopback
from tests.support.workspace import Ended, Workspace

FILES = 20
IDS = [f"m{number:02}" for number in range(FILES)]
LOUD = "changes 12 of 20 descriptions (60 %)"


@pytest.fixture
def in_step(workspace: Workspace, remote: Loopback) -> Workspace:
    """More files than may change at once; git and Scenario hold them alike."""
    remote.add(*IDS, texts=dict.fromkeys(IDS, "old"))
    workspace.held(dict.fromkeys(IDS, "old"))
    return workspace


def edit(workspace: Workspace, ids: list[str], text: str = "new") -> None:
    for id_ in ids:
        workspace.write(id_, text)


def above(ended: Ended) -> list[tuple[str, str]]:
    return [
        (problem["severity"], problem["message"])
        for problem in ended.report["problems"]
        if problem["code"] == "too-many-changes"
    ]


def test_what_commits_since_the_revision_changed_does_not_count_and_is_said_loudly(
    in_step: Workspace, remote: Loopback
) -> None:
    edit(in_step, IDS[:12])
    in_step.commit()
    refused = in_step.json("diff")  # a full run knows of no commit
    assert (refused.status, [severity for severity, _ in above(refused)]) == (1, ["error"])
    reviewed = in_step.json("diff", "--since", "HEAD~1")
    assert reviewed.status == 0
    ((severity, message),) = above(reviewed)
    assert (severity, LOUD in message) == ("warning", True)
    comment = in_step.run("diff", "--since", "HEAD~1", "--format", "markdown").out
    assert "> [!WARNING]\n> **This changes 12 of 20 descriptions (60 %)" in comment
    assert in_step.run("sync", "--since", "HEAD~1").status == 0
    assert remote.counts["PUT"] == 12


def test_few_changes_are_not_said_loudly(in_step: Workspace) -> None:
    edit(in_step, IDS[:3])
    in_step.commit()
    ended = in_step.json("diff", "--since", "HEAD~1")
    assert (ended.status, ended.report["problems"]) == (0, [])


def test_what_is_not_committed_as_it_is_counts(in_step: Workspace, remote: Loopback) -> None:
    edit(in_step, IDS[:12])
    in_step.commit()
    edit(in_step, IDS[:11], "newer, and in no commit")
    ended = in_step.json("sync", "--since", "HEAD~1")
    ((severity, message),) = above(ended)
    assert (ended.status, severity) == (1, "error")
    assert "11 of 20 descriptions" in message
    assert remote.counts["PUT"] == 0


def test_a_file_that_a_commit_since_changed_and_another_put_back_does_not_count(
    in_step: Workspace, remote: Loopback
) -> None:
    base = in_step.git("rev-parse", "HEAD").strip()
    edit(in_step, IDS[:12])
    in_step.commit()
    assert in_step.run("sync", "--since", base).status == 0
    edit(in_step, IDS[:12], "old")
    in_step.commit()
    in_step.expect_no_lag()
    assert in_step.json("sync", "--since", base).report["summary"]["applied"] == 12


def test_deletions_count_whoever_committed_them(in_step: Workspace, remote: Loopback) -> None:
    for id_ in IDS[:11]:
        (in_step.descriptions / f"{id_}.md").unlink()
    in_step.commit()
    ended = in_step.json("sync", "--since", "HEAD~1", "--prune")
    assert (ended.status, [severity for severity, _ in above(ended)]) == (1, ["error", "error"])
    assert remote.counts["PUT"] == 0


def test_updates_that_a_commit_made_do_not_add_to_deletions(in_step: Workspace, remote: Loopback) -> None:
    edit(in_step, IDS[:8])
    for id_ in IDS[8:16]:
        (in_step.descriptions / f"{id_}.md").unlink()
    in_step.commit()
    ended = in_step.json("sync", "--since", "HEAD~1", "--prune")
    ((severity, message),) = above(ended)
    assert (ended.status, severity, "changes 16 of 20 " in message) == (0, "warning", True)
    assert remote.counts["PUT"] == 16


def test_a_revision_that_names_no_commit_makes_a_full_run(in_step: Workspace) -> None:
    edit(in_step, IDS[:12])
    in_step.commit()
    ended = in_step.json("diff", "--since", "f" * 40)
    assert (ended.status, [severity for severity, _ in above(ended)]) == (1, ["error"])


@pytest.mark.parametrize(
    ("command", "in_actions", "helps"),
    [
        (("sync",), False, "look at the diff, then use --force"),
        (("sync", "--dry-run"), False, "look at the diff, then use --force"),
        (("diff",), False, "then raise safety.max_change_percent in the config or run `syncjob sync --force`"),
        (("diff",), True, "then raise safety.max_change_percent in the config or run `syncjob sync --force`"),
        (("sync",), True, "then raise safety.max_change_percent in the config or run `syncjob sync --force`"),
    ],
)
def test_the_message_names_only_what_helps(
    in_step: Workspace, command: tuple[str, ...], in_actions: bool, helps: str
) -> None:
    edit(in_step, IDS[:12])
    ended = in_step.json(*command, GITHUB_ACTIONS="true" if in_actions else "")
    ((_, message),) = above(ended)
    assert message.endswith(helps)


@pytest.mark.deep
@pytest.mark.parametrize(("changed", "times"), [(10, 0), (11, 2)])
def test_the_reason_is_also_below_a_plan_that_a_terminal_does_not_hold(
    changed: int, times: int, in_step: Workspace
) -> None:
    edit(in_step, IDS[:changed])
    in_step.commit()
    out = in_step.run("sync", "--yes").out
    assert out.count("error too-many-changes") == times
    assert out.endswith(f"Applied {changed}, 0 failed, 0 refused.\n") is (times == 0)
    assert not times or out.index("Plan: ") < out.rindex("error too-many-changes") < out.index("Nothing was written")


def test_an_emptied_folder_has_no_limit_to_raise(in_step: Workspace) -> None:
    for id_ in IDS:
        (in_step.descriptions / f"{id_}.md").unlink()
    (in_step.folder / "config.yaml").write_text(
        (in_step.folder / "config.yaml").read_text() + "safety: {max_deletes: 100, max_change_percent: 100}\n"
    )
    in_step.commit()
    ended = in_step.json("diff", "--since", "HEAD~1", "--prune")
    messages = [message for _, message in above(ended)]
    assert any(message.endswith("look at the diff, then run `syncjob sync --force`") for message in messages)


def test_lines_of_another_profile_review_nothing(in_step: Workspace, remote: Loopback) -> None:
    """A backup of Scenario was restored, and commits changed lines alone."""
    in_step.held(dict.fromkeys(IDS, "new"))
    acknowledge(in_step, "staging", IDS, "an edit there")
    ended = in_step.json("sync", "--since", "HEAD~1", "--yes")
    assert (ended.status, [severity for severity, _ in above(ended)]) == (1, ["error"])
    assert remote.counts["PUT"] == 0
    remote.add(*IDS, texts=dict.fromkeys(IDS, "an edit here"))
    acknowledge(in_step, "test", IDS, "an edit here")
    ended = in_step.json("diff", "--since", "HEAD~1")
    assert (ended.status, [severity for severity, _ in above(ended)]) == (0, ["warning"])


def acknowledge(workspace: Workspace, profile: str, ids: list[str], text: str) -> None:
    folder = workspace.descriptions / ".acknowledged"
    folder.mkdir(exist_ok=True)
    for id_ in ids:
        (folder / id_).write_text(f"{profile} {hashlib.sha256(text.encode()).hexdigest()}\n")
    workspace.commit()
