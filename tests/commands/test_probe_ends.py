"""How a probe ends that meets what it did not expect: the model is as it was, the journal has its end, and what is said is so."""

import json
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from syncjob.sandbox.behaviours import Plays
from syncjob.scenario.answers import Answer
from syncjob.scenario.pacer import Pacer
from tests.commands.test_probe_unfinished import QUICK, found, probe
from tests.support.cases import mostly_deep
from tests.support.faulty_server import PATIENCE, wait_for
from tests.support.loopback import Loopback, json_answer
from tests.support.unhurried import UNHURRIED
from tests.support.workspace import SECRET, Workspace

OWN = "# Own text"
PATH = "/v1/models/scratch/description"
PAGE = b"<html>Forbidden</html>"


@pytest.fixture
def scratch(workspace: Workspace, remote: Loopback) -> Workspace:
    remote.sandbox.plays = Plays()
    workspace.expect_no_lag()
    remote.add("scratch", texts={"scratch": OWN})
    workspace.write("scratch", OWN)
    workspace.commit()
    return replace(workspace, program=QUICK)


def ends(workspace: Workspace) -> list[str]:
    """The last record of each journal."""
    return [
        json.loads(path.read_text().splitlines()[-1])["record"]
        for path in sorted((workspace.folder / ".syncjob" / "runs").glob("*.jsonl"))
    ]


@pytest.mark.parametrize(
    "body", mostly_deep([b'{"models": null}', b'{"models": [null, 7]}', b"7", b'{"models": {"id": 1}}'])
)
def test_a_listing_of_another_form_is_an_answer(scratch: Workspace, remote: Loopback, body: bytes) -> None:
    def script(method: str, target: str) -> Answer | None:
        return json_answer(200, body) if "pageSize=500" in target and remote.counts["PUT"] else None

    remote.script = script
    ended = probe(scratch)
    assert (ended.status, remote.sandbox.description("scratch")) == (0, OWN), ended.err
    assert "not shown in the listing" in ended.out


@pytest.mark.parametrize("body", mostly_deep([b'{"model": null}', b'{"model": {"updatedAt": [1]}}', b"[]"]))
def test_a_record_of_another_form_is_an_answer(scratch: Workspace, remote: Loopback, body: bytes) -> None:
    remote.script = lambda method, target: json_answer(200, body) if target.endswith("/models/scratch") else None
    ended = probe(scratch)
    assert (ended.status, remote.sandbox.description("scratch")) == (0, OWN), ended.err
    assert "not shown in the model" in ended.out


@pytest.mark.parametrize("body", mostly_deep([b'{"models": null}', b'{"models": []}', b"7"]))
def test_a_bulk_call_that_does_not_show_it_is_an_answer(scratch: Workspace, remote: Loopback, body: bytes) -> None:
    remote.script = lambda method, target: json_answer(200, body) if "get-bulk" in target else None
    ended = probe(scratch)
    assert (ended.status, remote.sandbox.description("scratch")) == (0, OWN), ended.err
    assert "not shown in a bulk call" in ended.out
    (found,) = json.loads((scratch.folder / "scenario-api.json").read_text())["apis"].values()
    learnt = found["learnt"]
    assert (learnt["updated_at_moves"], learnt["bulk_updated_at_moves"]) == (True, False)


def test_what_nobody_foresaw_ends_the_probe_in_order(scratch: Workspace, remote: Loopback) -> None:
    broken = "; from syncjob.commands.probe import questions as q; q._about_tags = lambda model: 1 / 0; __main__.main()"
    program = ("-c", QUICK[1].replace("; __main__.main()", broken))
    ended = probe(replace(scratch, program=program))
    assert (ended.status, remote.sandbox.description("scratch")) == (1, OWN)
    assert "internal error, please report it" in ended.err
    assert "ZeroDivisionError" in ended.err
    assert ends(scratch) == ["end"]
    assert probe(scratch).status == 0


def test_what_nobody_foresaw_while_it_is_put_back_is_told_with_what_to_do(scratch: Workspace, remote: Loopback) -> None:
    broken = "; s.Scratch._put_back = lambda self: 1 / 0; __main__.main()"
    ended = probe(replace(scratch, program=("-c", QUICK[1].replace("; __main__.main()", broken))))
    assert ended.status == 1
    assert "NOT put back" in ended.err
    restored = re.search(r"syncjob (rollback \S+ --force)", ended.err)
    assert restored
    assert scratch.run(*restored[1].split()).status == 0
    assert remote.sandbox.description("scratch") == OWN


def test_no_answer_is_kept_or_printed_with_a_secret_in_it(scratch: Workspace, remote: Loopback) -> None:
    def script(method: str, target: str) -> Answer | None:
        if target.endswith("/models/scratch"):
            moved = {"model": {"updatedAt": SECRET + str(remote.counts["PUT"])}}
            return json_answer(200, json.dumps(moved).encode())
        return None

    remote.script = script
    ended = probe(scratch)
    assert ended.status == 0
    kept = (scratch.folder / "scenario-api.json").read_text()
    assert SECRET not in ended.out + ended.err + kept
    assert "[redacted]" in kept


@pytest.mark.deep
@pytest.mark.parametrize("status", [400, 403, 401])
def test_a_refusal_of_the_first_write_leaves_nothing_to_be_put_back(
    scratch: Workspace, remote: Loopback, status: int
) -> None:
    remote.script = lambda method, target: json_answer(status, b'{"reason": "no write"}') if method == "PUT" else None
    ended = probe(scratch)
    assert ended.status == (2 if status == 401 else 1)
    assert "NOT put back" not in ended.err
    assert (remote.counts["PUT"], found(scratch)) == (1, [])
    (path,) = (scratch.folder / ".syncjob" / "runs").glob("*.jsonl")
    remote.script = lambda method, target: None
    assert "\nscratch: warning nothing-written: " in "\n" + scratch.run("rollback", path.stem, "--dry-run").out
    remote.script = lambda method, target: None
    assert scratch.run("doctor").status == 0
    assert probe(scratch).status == 0


def test_a_refused_write_of_a_killed_probe_leaves_nothing_either(scratch: Workspace, remote: Loopback) -> None:
    remote.script = lambda method, target: json_answer(403, b'{"reason": "no write"}') if method == "PUT" else None
    assert probe(scratch).status == 1
    (path,) = (scratch.folder / ".syncjob" / "runs").glob("*.jsonl")
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    assert found(scratch) == []


def test_a_page_of_a_gateway_in_place_of_the_first_answer_is_not_called_a_text_that_is_lost(
    scratch: Workspace, remote: Loopback
) -> None:
    """Its effect is not known, but the model holds its own text."""
    remote.script = lambda method, target: json_answer(403, PAGE) if method == "PUT" else None
    ended = probe(scratch)
    assert ended.status == 1
    assert "holds its own description" in ended.err
    assert "may still arrive" in ended.err
    assert "NOT put back" not in ended.err


def test_a_model_that_cannot_be_read_is_not_said_to_hold_its_own_text(scratch: Workspace, remote: Loopback) -> None:
    refused = json_answer(403, b'{"reason": "no"}')

    def script(method: str, target: str) -> Answer | None:
        if method == "PUT":
            return json_answer(403, PAGE)
        return refused if remote.counts["PUT"] and target.startswith(PATH) else None

    remote.script = script
    ended = probe(scratch)
    assert ended.status == 1
    assert "NOT put back" in ended.err
    assert "holds its own" not in ended.err


def test_an_edit_in_the_answer_to_a_write_is_left_alone(scratch: Workspace, remote: Loopback) -> None:
    def script(method: str, target: str) -> Answer | None:
        if method != "PUT" or remote.counts["PUT"] != 3:
            return None
        remote.sandbox.put("scratch", "somebody's")
        return json_answer(200, b'{"description": {"value": "somebody\'s", "assets": [], "models": []}}')

    remote.script = script
    ended = probe(scratch)
    assert (ended.status, remote.sandbox.description("scratch")) == (1, "somebody's")
    assert "edited by somebody else during the probe" in ended.err


def waits(remote: Loopback) -> bool:
    """Whether the last of some requests, a write among them, was long ago."""
    before = len(remote.asked)
    time.sleep(0.4)
    return bool(remote.counts["PUT"]) and before == len(remote.asked)


@pytest.mark.parametrize("per_minute", [12, pytest.param(8, marks=pytest.mark.deep)])
def test_after_a_signal_the_own_text_does_not_wait_for_its_turn(
    scratch: Workspace, remote: Loopback, per_minute: int
) -> None:
    config = scratch.folder / "config.yaml"
    config.write_text(config.read_text().replace("requests_per_minute: 0", f"requests_per_minute: {per_minute}"))
    process = subprocess.Popen(
        [sys.executable, *scratch.program, "doctor", "--probe", "scratch", "--yes"],
        cwd=scratch.folder,
        env=scratch.environment(**UNHURRIED),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    wait_for(lambda: waits(remote), "the pacing")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, remote.sandbox.description("scratch")) == (130, OWN), err
    assert b"NOT put back" not in err
    assert found(scratch) == []


def test_the_wait_for_a_turn_ends_once_it_is_urgent() -> None:
    urgent: list[bool] = []
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        urgent.extend([True] if now >= 3 else [])

    pacer = Pacer(1, clock=lambda: now, sleep=sleep, is_urgent=lambda: bool(urgent))
    for _ in range(2):
        with pacer.place():
            pass
    assert 3 <= now <= 4
