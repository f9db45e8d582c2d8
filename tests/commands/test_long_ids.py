"""Ids that are too long for a file's name are told before the first file is written."""

import os

import pytest

from tests.support.loopback import Loopback
from tests.support.workspace import Workspace

LONGEST = "m" * 252  # with .md as long as a name may be
TOO_LONG = "m" * 253


@pytest.mark.parametrize("arguments", [("--all",), ("a", TOO_LONG), ("*",)])
def test_an_id_that_makes_no_file_name_refuses_the_pull(
    workspace: Workspace, remote: Loopback, arguments: tuple[str, ...]
) -> None:
    remote.add("a", TOO_LONG, texts={"a": "text", TOO_LONG: "text"})
    workspace.descriptions.mkdir()
    ended = workspace.json("pull", *arguments)
    assert ended.status == 1
    (problem,) = ended.item(TOO_LONG)["problems"]
    assert problem["code"] == "file-name"
    assert "256 bytes; this folder allows 255" in problem["message"]
    assert os.listdir(workspace.descriptions) == []


def test_the_longest_id_that_makes_one_is_pulled_and_written_again(workspace: Workspace, remote: Loopback) -> None:
    remote.add(LONGEST, texts={LONGEST: "text"})
    assert workspace.run("pull", LONGEST).status == 0
    path = workspace.descriptions / f"{LONGEST}.md"
    assert path.read_text() == "text\n"
    remote.sandbox.put(LONGEST, "another")
    assert workspace.run("pull", "--force", "--back").status == 0
    assert path.read_text() == "another\n"
    assert sorted(os.listdir(workspace.descriptions)) == [".acknowledged", path.name]
    assert os.listdir(workspace.descriptions / ".acknowledged") == [LONGEST]


def test_a_prune_deletes_what_no_file_could_hold(workspace: Workspace, remote: Loopback) -> None:
    remote.add("a", TOO_LONG, texts={"a": "text", TOO_LONG: "unfiled"})
    workspace.held({"a": "text"})
    ended = workspace.json("diff", "--prune")
    assert ended.item(TOO_LONG)["action"] == "conflict"  # git never held it, and that is all that is wrong
