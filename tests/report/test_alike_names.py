"""Files whose names are shown alike are items of their own."""

import os
from collections import Counter

import pytest

from tests.support.loopback import Loopback
from tests.support.workspace import Workspace

# The last two are shown alike, to the letter.
ALIKE = (b"\xff", b"\\xff", b"a b", b"a  b", b"a\nb", b"a\x1bb", b"a\\x1bb", b"\x9b", "\x9b".encode())


@pytest.mark.parametrize(
    ("command", "status"), [("check", 1), ("diff", 1), ("sync", 1), ("pull", 1)], ids=lambda value: str(value)
)
def test_each_is_told_on_its_own(workspace: Workspace, remote: Loopback, command: str, status: int) -> None:
    remote.add("one", texts={"one": "old"})
    workspace.held({"one": "old"})
    workspace.write("one", "new")
    for name in ALIKE:
        (workspace.descriptions / f"{os.fsdecode(name)}.md").write_text("text")
    ended = workspace.json(command)
    assert ended.status == status
    items = ended.report["items"]
    assert len(items) == len(ALIKE) + 1
    assert max(Counter((item["model_id"], item["path"]) for item in items).values()) > 1
    if command != "check":
        assert ended.report["summary"]["invalid"] == len(ALIKE) + (command == "sync")


def test_those_of_other_slices_are_kept_too(workspace: Workspace, remote: Loopback) -> None:
    ids = [f"m{number:04}" for number in range(12)]
    remote.add(*ids)
    for model_id in ids:
        workspace.write(model_id, "new")
    for name in ALIKE:
        (workspace.descriptions / f"{os.fsdecode(name)}.md").write_text("text")
    ended = workspace.json("sync", "--keep-going")
    summary = ended.report["summary"]
    assert (summary["applied"], summary["invalid"], len(ended.report["items"])) == (12, len(ALIKE), 12 + len(ALIKE))
