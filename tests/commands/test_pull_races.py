"""A file that changes while a pull is under way is left alone, whatever it was and whatever it has become."""

import pytest

from tests.commands.test_pull_edits import told
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
