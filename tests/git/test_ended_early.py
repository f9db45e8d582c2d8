"""A git that is ended before it has printed all says nothing by what it did not print."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from syncjob.commands.run import Options
from syncjob.errors import UsageError
from syncjob.git.call import EndedEarly, ErrorStatus, failure, split
from syncjob.plan.saved_plan import SavedPlan, _digest
from syncjob.report.model import Report
from syncjob.text.canonical import sha256
from tests.support import hostile_repository, in_process
from tests.support.loopback import Loopback
from tests.support.workspace import Workspace

Run = Callable[[Workspace], Report]
LONG = "".join(f"line {number}\n" for number in range(12))


@pytest.mark.parametrize(
    ("status", "is_early"), [(-9, True), (137, True), (0, True), (1, False), (128, False), (129, False), (255, False)]
)
def test_a_signal_is_told_from_an_error_of_gits_own(status: int, is_early: bool) -> None:
    ended = failure("log", status, b"fatal: bad object\n")
    assert isinstance(ended, EndedEarly if is_early else ErrorStatus)
    assert str(ended) == {
        0: "git log ended before it had printed all; run this again",
        1: "git: bad object",
        128: "git: bad object",
        129: "git: bad object",
        255: "git: bad object",
    }.get(status, "git log was ended by signal 9 before it had printed all; run this again")


@pytest.mark.parametrize("out", [b"one", b"one\0tw", b"one\0two\n"])
def test_output_without_its_end_is_none(out: bytes) -> None:
    with pytest.raises(EndedEarly):
        split(out, command="ls-files")
    assert split(b"one\0two\0", command="ls-files") == split(b"one\ntwo\n", "\n", command="rev-parse") == ["one", "two"]


# What a run may do that is told only half


def acknowledge(workspace: Workspace, text: str) -> None:
    folder = workspace.descriptions / ".acknowledged"
    folder.mkdir(exist_ok=True)
    (folder / "one").write_text(f"test {sha256(text)}\n")
    workspace.commit()


def changed(workspace: Workspace, remote: Loopback) -> Run:
    """An update over a text of history, by a name of before a rename."""
    remote.add("one", "two", texts={"one": f"old\n{LONG}", "two": "text two"})
    workspace.held({"zero": f"old\n{LONG}", "two": "text two"})
    workspace.git("mv", "descriptions/zero.md", "descriptions/one.md")
    workspace.commit()
    workspace.held({"one": "new"})
    return in_process.diff


def uncommitted(workspace: Workspace, remote: Loopback) -> Run:
    changed(workspace, remote)
    workspace.write("one", "newer")
    return in_process.diff


def reviewed(workspace: Workspace, remote: Loopback) -> Run:
    """What a squash would forget."""
    changed(workspace, remote)
    remote.sandbox.put("one", "new")
    workspace.held({"one": "newer"})
    return lambda workspace: in_process.diff(workspace, Options(since="HEAD~2"))


def edited(workspace: Workspace, remote: Loopback) -> Run:
    """An edit that HEAD acknowledges."""
    changed(workspace, remote)
    remote.sandbox.put("one", "edited on Scenario")
    acknowledge(workspace, "edited on Scenario")
    return in_process.diff


def deleted(workspace: Workspace, remote: Loopback) -> Run:
    changed(workspace, remote)
    (workspace.descriptions / "two.md").unlink()
    workspace.commit()
    return lambda workspace: in_process.diff(workspace, Options(prune=True, since="HEAD~1"))


def reverted(workspace: Workspace, remote: Loopback) -> Run:
    """A branch that HEAD is behind has put back what HEAD replaced; in a blob of its own, which says the same."""
    remote.add("one", texts={"one": "good"})
    workspace.held({"one": "good"})
    workspace.held({"one": "bad claim"})
    workspace.git("switch", "--quiet", "-c", "mine")
    workspace.git("switch", "--quiet", "main")
    workspace.held({"one": "good\n"})
    workspace.git("switch", "--quiet", "mine")
    workspace.git("branch", "--quiet", "--set-upstream-to=main")
    return in_process.sync


def old(workspace: Workspace, remote: Loopback) -> Run:
    """The same, of which only --since knows."""
    reverted(workspace, remote)
    workspace.git("branch", "--quiet", "--unset-upstream")
    return lambda workspace: in_process.sync(workspace, Options(since="main"))


def behind(workspace: Workspace, remote: Loopback) -> Run:
    """Another branch has the text that a line of HEAD acknowledges."""
    remote.add("one", texts={"one": "text one"})
    workspace.held({"one": "text one"})
    workspace.git("switch", "--quiet", "-c", "mine")
    workspace.git("switch", "--quiet", "main")
    workspace.held({"one": "theirs"})
    remote.sandbox.put("one", "theirs")
    workspace.git("switch", "--quiet", "mine")
    workspace.git("branch", "--quiet", "--set-upstream-to=main")
    workspace.held({"one": "mine"})
    acknowledge(workspace, "theirs")
    return in_process.sync


def forged(workspace: Workspace, remote: Loopback) -> Run:
    """A saved plan that somebody changed, so that it overwrites an edit."""
    changed(workspace, remote)
    path = workspace.folder / "plan.json"
    assert workspace.run("diff", "--plan-out", "plan.json").status == 0
    plan = msgspec.json.decode(path.read_bytes(), type=SavedPlan)
    items = tuple(msgspec.structs.replace(item, before_sha256=sha256("edited")) for item in plan.items)
    plan = msgspec.structs.replace(plan, items=items)
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(plan, digest=_digest(plan))))
    remote.sandbox.put("one", "edited")
    return lambda workspace: in_process.sync(workspace, Options(plan=path))


def kept(workspace: Workspace, remote: Loopback) -> Run:
    """A pull that leaves a file to which a sync will go."""
    edited(workspace, remote)
    return in_process.pull


def unmerged(workspace: Workspace, remote: Loopback) -> Run:
    """A pull of what another branch has."""
    behind(workspace, remote)
    (workspace.descriptions / ".acknowledged" / "one").unlink()
    workspace.commit()
    return in_process.pull


def outcome(run: Run, workspace: Workspace) -> tuple[tuple[int, object] | None, frozenset[str]]:
    """What a run comes to, None if it could not start, and what it says of it."""
    try:
        report = run(workspace)
    except UsageError as error:
        return None, frozenset({str(error)})
    problems = (*report.problems, *(problem for item in report.items for problem in item.problems))
    said = frozenset(f"{problem.code} {problem.message}" for problem in problems)
    return (report.exit_code, {item.model_id: (item.action, item.status) for item in report.items}), said


def codes(said: frozenset[str]) -> set[str]:
    return {message.partition(" ")[0] for message in said}


@pytest.mark.deep
@pytest.mark.parametrize(
    "prepare", [changed, uncommitted, reviewed, edited, deleted, reverted, old, behind, forged, kept, unmerged]
)
def test_whichever_git_is_killed_a_run_does_the_same_or_says_so_and_writes_nothing(
    workspace: Workspace,
    remote: Loopback,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    prepare: Callable[[Workspace, Loopback], Run],
) -> None:
    run = prepare(workspace, remote)
    calls, at = tmp_path / "calls", tmp_path / "at"
    half = '"$GIT" "$@" | { dd bs=1 count=30 2>/dev/null; kill -9 $$; }'
    script = f'echo >>{calls}; [ $(wc -l <{calls}) = $(cat {at}) ] && {half}; exec $GIT "$@"'
    at.write_text("0")
    monkeypatch.setenv("PATH", hostile_repository.put_before_git(tmp_path / "bin", script))
    whole, said = outcome(run, workspace)
    count = calls.read_text().count("\n")
    assert count > 8
    files = {path.name: path.read_bytes() for path in workspace.descriptions.glob("*.md")}
    for number in range(1, count + 1):
        calls.unlink()
        at.write_text(str(number))
        came_to, says = outcome(run, workspace)
        assert came_to == whole or came_to is None or came_to[0] == 1, number
        if came_to != whole or codes(says) != codes(said):
            assert any("git " in message for message in says - said), number
    assert remote.counts["PUT"] == 0
    assert {path.name: path.read_bytes() for path in workspace.descriptions.glob("*.md")} == files


@pytest.mark.deep
def test_a_text_at_a_branchs_tip_that_is_lost_is_not_taken_for_another(workspace: Workspace, remote: Loopback) -> None:
    run = reverted(workspace, remote)
    blob = workspace.git("rev-parse", "main:descriptions/one.md").strip()
    (workspace.folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    came_to, said = outcome(run, workspace)
    assert came_to == (1, {"one": ("conflict", "refused")})
    assert any("git lacks objects" in message for message in said)
    assert remote.sandbox.description("one") == "good"


def test_a_killed_git_hides_no_branch_that_head_is_behind(
    workspace: Workspace, remote: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = reverted(workspace, remote)
    script = 'case "$*" in *for-each-ref*) kill -9 $$;; esac; exec $GIT "$@"'
    monkeypatch.setenv("PATH", hostile_repository.put_before_git(tmp_path / "bin", script))
    came_to, said = outcome(run, workspace)
    assert came_to == (1, {"one": ("conflict", "refused")})
    why = "git for-each-ref was ended by signal 9 before it had printed all; run this again"
    assert said == {f"behind cannot tell whether a branch that HEAD is behind has this text: {why}"}
    assert remote.sandbox.description("one") == "good"
