"""The answers of probes beside the config: committed, so anybody's, and never more than answers."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from syncjob.sandbox.behaviours import Plays
from syncjob.scenario.answers import Answer
from syncjob.state.probe_results import Learnt
from tests.commands.test_doctor import HURRIED
from tests.support.cases import mostly_deep
from tests.support.in_process import diff, sync, told
from tests.support.loopback import Loopback, json_answer
from tests.support.workspace import Ended, Workspace, found_out

OTHER = {
    "model_id": "theirs",
    "probed_at": "2026-01-01T00:00:00Z",
    "learnt": {
        "null_is_no_description": False,
        "updated_at_moves": True,
        "bulk_updated_at_moves": False,
        "refused_bytes": 20_000,
        "no_description": "404",
    },
    "findings": [],
}


@pytest.fixture
def edited(workspace: Workspace, remote: Loopback) -> Workspace:
    """One description, edited on Scenario since."""
    remote.sandbox.plays = Plays()
    remote.add("one", "scratch", texts={"one": "somebody's edit", "scratch": "its own text"})
    workspace.write("one", "ours")
    workspace.commit()
    return workspace


def probe(workspace: Workspace) -> Ended:
    return replace(workspace, program=HURRIED).run("doctor", "--probe", "scratch", "--yes")


def path_of(workspace: Workspace) -> Path:
    return workspace.folder / "scenario-api.json"


def test_a_probe_writes_its_answers_beside_those_of_other_apis(edited: Workspace, remote: Loopback) -> None:
    path_of(edited).write_text(json.dumps({"version": 1, "apis": {"https://other.invalid/v1": OTHER}}))
    ended = probe(edited)
    assert ended.status == 0
    assert "Commit scenario-api.json" in ended.out
    apis = json.loads(path_of(edited).read_text())["apis"]
    assert apis["https://other.invalid/v1"] == OTHER
    assert (apis[remote.url]["model_id"], apis[remote.url]["learnt"]["updated_at_moves"]) == ("scratch", True)
    assert not (edited.folder / ".syncjob" / "test.learnt.json").exists()


def test_the_answers_count_wherever_the_repository_is_checked_out(
    edited: Workspace, remote: Loopback, tmp_path: Path
) -> None:
    assert probe(edited).status == 0
    edited.commit()
    edited.git("clone", "--quiet", ".", str(tmp_path / "clone"))
    ended = Workspace(tmp_path / "clone").run("doctor")
    assert "what is in step need not be read again" in ended.out
    config = tmp_path / "clone" / "config.yaml"
    config.write_text(config.read_text().replace("test:", "renamed:").replace("profile: test", "profile: renamed"))
    assert "what is in step need not be read again" in Workspace(tmp_path / "clone").run("doctor").out


CONFLICT = b'<<<<<<< ours\n{"version": 1, "apis": {}}\n=======\n{}\n>>>>>>> theirs\n'
SPOILT: dict[str, Callable[[dict[str, Any]], object]] = {
    "another version": lambda file: {**file, "version": 2},
    "one more member": lambda file: {**file, "more": 1},
    "no mapping": lambda file: {**file, "apis": []},
    "one more answer": lambda file: file["apis"]["URL"]["learnt"].update(more=1) or file,
    "a size that no probe asks for": lambda file: file["apis"]["URL"]["learnt"].update(refused_bytes=1) or file,
    "another API's answer that is none": lambda file: file["apis"].update(other={**OTHER, "model_id": "../x"}) or file,
    "an address that acts": lambda file: file["apis"].update({"a\nb": OTHER}) or file,
    "an escape": lambda file: file["apis"]["URL"].update(probed_at="\x1b[2J") or file,
    "a word that is none": lambda file: file["apis"]["URL"]["learnt"].update(no_description="yes") or file,
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_a_file_that_no_probe_writes_is_not_used(
    edited: Workspace, remote: Loopback, spoil: Callable[[dict[str, Any]], object]
) -> None:
    path = found_out(edited.folder, "URL", Learnt(updated_at_moves=True, refused_bytes=10_000))
    path.write_text(json.dumps(spoil(json.loads(path.read_text()))).replace("URL", remote.url))
    edited.write("one", "x" * 10_000)
    ended = edited.run("check")
    assert ended.status == 0
    assert "syncjob doctor --probe makes it anew" in ended.err
    assert "\x1b" not in ended.err


def test_a_file_in_conflict_is_not_used_and_not_replaced_by_an_older_one(edited: Workspace, remote: Loopback) -> None:
    path_of(edited).write_bytes(CONFLICT)
    assert "cannot be read" in edited.run("diff").err
    assert path_of(edited).read_bytes() == CONFLICT
    assert probe(edited).status == 0
    assert list(json.loads(path_of(edited).read_text())["apis"]) == [remote.url]


@pytest.mark.skipif(os.geteuid() != 0, reason="a file cannot be given away")
def test_a_file_of_another_user_counts_only_where_the_config_is_theirs_too(edited: Workspace, remote: Loopback) -> None:
    os.chown(found_out(edited.folder, remote.url, Learnt(refused_bytes=10_000)), 4711, 4711)
    edited.write("one", "x" * 10_000)
    ended = edited.run("check")
    assert (ended.status, "belongs to another user" in ended.err) == (0, True)
    os.chown(edited.folder / "config.yaml", 4711, 4711)
    assert edited.run("--config", "config.yaml", "check").status == 1


EVIL = [
    Learnt(updated_at_moves=True, no_description="404"),
    Learnt(no_description="empty"),
    Learnt(no_description="null-value"),
    Learnt(refused_bytes=10_000, no_description="null", null_is_no_description=True, updated_at_moves=True),
]


@pytest.mark.parametrize("learnt", mostly_deep(EVIL))
def test_no_answer_lets_an_edit_be_overwritten(edited: Workspace, remote: Loopback, learnt: Learnt) -> None:
    found_out(edited.folder, remote.url, learnt)
    for report in (diff(edited), sync(edited)):
        assert report.exit_code == 1
    assert remote.counts["PUT"] == 0
    edited.write("one", "x" * 10_000)
    edited.commit()
    assert sync(edited).exit_code == 1
    assert (remote.counts["PUT"], remote.sandbox.description("one")) == (0, "somebody's edit")


def test_where_null_counts_as_nothing_a_single_one_overwrites_nothing(edited: Workspace, remote: Loopback) -> None:
    learnt = Learnt(null_is_no_description=True, no_description="null")
    found_out(edited.folder, remote.url, learnt)
    null = [json_answer(200, b'{"description": null}')]

    def script(method: str, target: str) -> Answer | None:
        return null.pop() if method == "GET" and "one/description" in target and null else None

    remote.script = script
    assert told(sync(edited))["one"][1] == "refused"
    assert (remote.counts["PUT"], remote.sandbox.description("one")) == (0, "somebody's edit")
