"""A file that changes while a pull is under way is left alone, whatever it was and whatever it has become."""

import pytest

from tests.commands.test_pull_edits import told
from tests.support import in_process
from tests.support.loopback import Loopback
from tests.support.workspace import Workspace

WORK = "an hour of work that is in no commit\n"


@pytest.mark.parametrize("how", ["--all", "o*"])
def test_an_edit_made_while_models_are_listed_is_left_alone(workspace: Workspace, remote: Loopback, how: str) -> None:
    remote.add("one", "two", texts={"one": "an edit on Scenario", "two": "two"})
    workspace.held({"one": "old", "two": "two"})
    path = workspace.descriptions / "one.md"

    def edit(method: str, target: str) -> None:
        if "/description" not in target:
            path.write_text(WORK)

    remote.script = edit
    ended = workspace.json("pull", how)
    assert path.read_text() == WORK
    assert told(ended)["one"] == ("conflict", "refused", ["file-uncommitted"])


@pytest.mark.parametrize(
    ("before", "after"),
    [(b"\xff", b"\xe9 notes"), (b"", b"\n \n"), (b"a\0", b"b\0"), (b"a" * 1_000_001, b"b" * 1_000_001)],
)
def test_a_file_that_is_no_text_and_became_another_is_left_alone(
    workspace: Workspace, remote: Loopback, before: bytes, after: bytes
) -> None:
    remote.add("one", texts={"one": "an edit"})
    path = workspace.write("one", before)
    workspace.commit()

    def edit(method: str, target: str) -> None:
        path.write_bytes(after)

    remote.script = edit
    report = in_process.pull(workspace)
    assert path.read_bytes() == after
    assert in_process.told(report)["one"] == ("conflict", "refused", ["file-uncommitted"])
    path.write_bytes(before)
    remote.script = lambda method, target: None
    assert in_process.told(in_process.pull(workspace))["one"] == ("update", "applied", [])
