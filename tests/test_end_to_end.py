"""The command as a process, over real HTTP to the served stand-in."""

from tests.loopback import Loopback
from tests.workspace import Workspace


def test_a_sync_writes_what_differs_and_the_next_one_writes_nothing(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one", "two", "three", texts={"one": "old", "two": "same"})
    workspace.write("one", "new\n")
    workspace.write("two", "same\r\n\r\n")
    workspace.write("three", "fresh\n")
    first = workspace.json("sync")
    assert first.status == 0
    assert first.report["summary"] | {"create": 1, "update": 1, "unchanged": 1, "applied": 2} == first.report["summary"]
    assert {id_: remote.sandbox.description(id_) for id_ in ("one", "two", "three")} == {
        "one": "new",
        "two": "same",
        "three": "fresh",
    }
    assert workspace.json("diff", "--exit-code").status == 0
    second = workspace.json("sync")
    assert second.status == 0
    assert second.report["requests"]["put"] == 0
