"""A probe that did not put its model's own text back is found, named, and keeps the next one from starting."""

import re
import signal
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from syncjob.commands.probe import unfinished
from syncjob.commands.run import Options, begin, new_id
from syncjob.config import config
from syncjob.sandbox.behaviours import Plays, parse
from syncjob.scenario.answers import Answer
from syncjob.state.journal import Begin, Intent, Result
from syncjob.text.canonical import canonical, sha256
from syncjob.text.probe_texts import ODD, SIZES, is_of_a_probe, tagged
from tests.support.faulty_server import PATIENCE, wait_for
from tests.support.loopback import Loopback, json_answer
from tests.support.unhurried import UNHURRIED, send
from tests.support.workspace import Ended, Workspace, untracked

QUICK = (
    "-c",
    "from syncjob import __main__; from syncjob.commands.probe import scratch as s; s.PAUSE, s._STEP = .05, .05; __main__.main()",
)
OWN = "# Own text"


@pytest.fixture
def scratch(workspace: Workspace, remote: Loopback) -> Workspace:
    remote.sandbox.plays = Plays()
    workspace.expect_no_lag()  # what is put back by hand is no late reading
    remote.add("scratch", "other", texts={"scratch": OWN, "other": "text of other"})
    workspace.write("other", "text of other")
    workspace.commit()
    return replace(workspace, program=QUICK)


def probe(workspace: Workspace, model_id: str = "scratch") -> Ended:
    return workspace.run("doctor", "--probe", model_id, "--yes")


def killed(workspace: Workspace, remote: Loopback, puts: int, number: int = signal.SIGKILL) -> str:
    """The id of a probe that got a signal while the server was at its PUT of that number."""

    has_begun = threading.Event()

    def script(method: str, target: str) -> Answer | None:
        has_begun.wait(PATIENCE)
        if remote.counts["PUT"] == puts and method == "PUT":
            send(process, signal.Signals(number))
        return None

    remote.asked.clear()
    remote.script = script
    process = subprocess.Popen(
        [sys.executable, *QUICK, "doctor", "--probe", "scratch", "--yes"],
        cwd=workspace.folder,
        env=workspace.environment(**UNHURRIED),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    has_begun.set()
    process.communicate(timeout=PATIENCE)
    wait_for(lambda: not remote.open_connections, "what was in flight to land")
    remote.script = lambda method, target: None
    return newest(workspace).stem


def left(workspace: Workspace, remote: Loopback, run: str = "20260101T000000.000000Z-aaaaaa", own: str = OWN) -> str:
    """What a probe that was killed leaves: its journal, and a text of its own on Scenario."""
    folder = workspace.folder / ".syncjob" / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    (folder.parent / ".gitignore").write_text("*\n")
    first = Begin(1, run, "doctor", "test", remote.url, None, "2026-01-01T00:00:00Z")
    digest = sha256(canonical(ODD))
    records = (first, Intent("scratch", "", own, digest), Result("scratch", "applied", digest))
    path = folder / f"{run}.jsonl"
    path.write_bytes(b"".join(msgspec.json.encode(record) + b"\n" for record in records))
    path.chmod(0o600)
    remote.sandbox.put("scratch", ODD)
    return run


def found(workspace: Workspace) -> list[tuple[str, str]]:
    """The run and the model of each probe that is told of."""
    loaded = config.load(workspace.folder / "config.yaml", None, workspace.environment())
    with begin(new_id(), "doctor", loaded, Options(), untracked) as begun:
        return [(each.run, each.model_id) for each in unfinished.of(begun)]


def newest(workspace: Workspace) -> Path:
    return max((workspace.folder / ".syncjob" / "runs").glob("*.jsonl"))


@pytest.mark.deep
def test_a_killed_probe_is_found_named_and_settled(scratch: Workspace, remote: Loopback) -> None:
    run = killed(scratch, remote, 4)
    assert remote.sandbox.description("scratch") != OWN
    ended = scratch.run("doctor")
    assert ended.status == 1
    (line,) = [line for line in ended.out.splitlines() if line.startswith("FAILED")]
    assert f"the probe {run} has not put back the description of scratch" in line
    remote.asked.clear()
    ended = probe(scratch, "other")
    assert (ended.status, remote.asked) == (2, [])
    assert f"+++ run/{run}/scratch\n" in scratch.run("rollback", run, "--dry-run").out
    assert f"syncjob rollback {run} --force" in ended.err
    assert scratch.run("rollback", run, "--force").status == 0
    assert remote.sandbox.description("scratch") == OWN
    assert found(scratch) == []


@pytest.mark.deep
@pytest.mark.parametrize("left_text", [ODD, "x" * 10_000, *tagged("scratch")])
def test_a_text_that_a_probe_left_is_named_and_never_pulled(
    scratch: Workspace, remote: Loopback, left_text: str
) -> None:
    left(scratch, remote)
    remote.sandbox.put("scratch", left_text)
    scratch.held({"scratch": "git's text"})
    scratch.write("scratch", "git's new text")
    scratch.commit()
    for command in (["diff"], ["sync", "--yes"]):
        item = scratch.json(*command).item("scratch")
        assert (item["action"], item["problems"][0]["code"]) == ("conflict", "remote-edited")
        assert "a text of a probe" in item["problems"][0]["message"]
        assert "`syncjob pull" not in item["problems"][0]["message"]
    for more in ([], ["--force"], ["--all"]):
        ended = scratch.json("pull", *more)
        assert ended.status == 1
        assert [problem["code"] for problem in ended.item("scratch")["problems"]] == ["probe-text"]
    assert (scratch.descriptions / "scratch.md").read_text() == "git's new text"
    assert remote.sandbox.description("scratch") == left_text


def test_the_first_of_several_holds_the_models_own_text(scratch: Workspace, remote: Loopback) -> None:
    """A version before this one let the second begin."""
    first = left(scratch, remote)
    left(scratch, remote, "20260102T000000.000000Z-bbbbbb", own=ODD)
    assert found(scratch) == [(first, "scratch")]
    assert scratch.run("rollback", first, "--force").status == 0
    assert found(scratch) == []


@pytest.mark.deep
@pytest.mark.parametrize("puts", [1, 4, 7, 8])
def test_whenever_it_was_killed_it_can_be_settled(scratch: Workspace, remote: Loopback, puts: int) -> None:
    run = killed(scratch, remote, puts)
    assert scratch.run("doctor").status == 1
    assert scratch.run("rollback", run, "--force").status == 0
    assert remote.sandbox.description("scratch") == OWN
    assert scratch.run("doctor").status == 0
    assert probe(scratch).status == 0


def test_a_rollback_that_finds_nothing_to_write_settles_it(scratch: Workspace, remote: Loopback) -> None:
    """It was killed when its own text was back already."""
    run = left(scratch, remote)
    remote.sandbox.put("scratch", OWN)
    assert scratch.run("rollback", run, "--dry-run").status == 0
    assert found(scratch) == [(run, "scratch")]
    assert scratch.run("rollback", run, "--force").status == 0
    assert remote.counts["PUT"] == 0
    assert found(scratch) == []


def test_another_run_that_wrote_the_model_settles_it(scratch: Workspace, remote: Loopback) -> None:
    left(scratch, remote)
    scratch.write("scratch", "a new text\n")
    assert scratch.run("sync", "--overwrite-remote-edits", "--yes").status == 0
    assert found(scratch) == []


def test_a_rollback_that_is_refused_settles_nothing(scratch: Workspace, remote: Loopback) -> None:
    run = left(scratch, remote)
    remote.script = lambda method, target: json_answer(403, b'{"reason": "no"}') if method == "PUT" else None
    assert scratch.run("rollback", run, "--force").status == 1
    assert found(scratch) == [(run, "scratch")]


def test_a_probe_that_failed_and_was_restored_is_finished(scratch: Workspace, remote: Loopback) -> None:
    refused = json_answer(400, b"{}")
    remote.script = lambda method, target: refused if "sortBy" in target and remote.counts["PUT"] else None
    ended = probe(scratch)
    assert (ended.status, remote.sandbox.description("scratch")) == (1, OWN)
    assert found(scratch) == []


def test_a_probe_that_was_interrupted_and_restored_is_finished(scratch: Workspace, remote: Loopback) -> None:
    killed(scratch, remote, 4, signal.SIGTERM)
    assert remote.sandbox.description("scratch") == OWN
    assert found(scratch) == []


def test_a_probe_that_could_not_restore_is_not(scratch: Workspace, remote: Loopback) -> None:
    down = json_answer(503, b"{}", x_should_retry="false")
    remote.script = lambda method, target: down if remote.counts["PUT"] > 3 else None
    assert "NOT put back" in probe(scratch).err
    assert [model_id for _, model_id in found(scratch)] == ["scratch"]


def test_one_that_left_somebodys_edit_alone_is_finished(scratch: Workspace, remote: Loopback) -> None:
    def script(method: str, target: str) -> Answer | None:
        if "get-bulk" in target:
            remote.sandbox.put("scratch", "somebody's")
        return None

    remote.script = script
    ended = probe(scratch)
    assert (ended.status, remote.sandbox.description("scratch")) == (1, "somebody's")
    assert "their text was kept" in ended.err
    assert found(scratch) == []


def test_what_may_still_arrive_keeps_the_next_one_away(scratch: Workspace, remote: Loopback) -> None:
    lost = json_answer(504, b"{}", x_should_retry="false")
    remote.script = lambda method, target: lost if method == "PUT" and remote.counts["PUT"] == 3 else None
    assert "may still arrive" in probe(scratch).err
    assert [model_id for _, model_id in found(scratch)] == ["scratch"]


def test_one_of_another_project_is_no_matter(scratch: Workspace, remote: Loopback) -> None:
    left(scratch, remote)
    path = newest(scratch)
    path.write_text(path.read_text().replace(remote.url, "https://elsewhere.invalid/v1"))
    assert found(scratch) == []


@pytest.mark.parametrize("damage", [b"", b"[" * 5000 + b"\n", b"\xff\xfe\n", b'{"record":"end"}\n'])
def test_a_damaged_journal_hides_only_itself(scratch: Workspace, remote: Loopback, damage: bytes) -> None:
    run = left(scratch, remote)
    for name in ("00000000T000000.000000Z-000000", "99999999T000000.000000Z-000000"):
        newest(scratch).with_name(f"{name}.jsonl").write_bytes(damage)
    assert found(scratch) == [(run, "scratch")]


def test_a_plain_doctor_makes_no_folder(scratch: Workspace) -> None:
    assert scratch.run("doctor").status == 0
    assert not (scratch.folder / ".syncjob" / "runs").exists()


# A model that holds a probe's text, whose journal is elsewhere


@pytest.mark.parametrize("play", ["crlf=kept", "crlf=lf ending=stripped unicode=nfc"])
def test_a_text_of_a_probe_is_not_taken_for_the_models_own(scratch: Workspace, remote: Loopback, play: str) -> None:
    held = parse(play.split()).stored(ODD)
    remote.sandbox.put("scratch", held)
    ended = probe(scratch)
    assert (ended.status, remote.counts["PUT"]) == (2, 0)
    assert "holds a text of a probe" in ended.err
    assert "syncjob rollback RUN --force" in ended.err
    assert remote.sandbox.description("scratch") == held


@pytest.mark.deep
@pytest.mark.parametrize("puts", range(3, 8))
def test_the_probe_knows_its_own_texts(scratch: Workspace, remote: Loopback, puts: int) -> None:
    remote.sandbox.plays = parse(["crlf=lf", "ending=stripped", "unicode=nfc"])
    killed(scratch, remote, puts)
    held = remote.sandbox.description("scratch")
    assert held not in ("", OWN)
    for path in (scratch.folder / ".syncjob" / "runs").glob("*"):
        path.unlink()
    remote.asked.clear()
    ended = probe(scratch)
    assert (ended.status, remote.counts["PUT"]) == (2, 0)
    assert "holds a text of a probe" in ended.err
    assert "syncjob rollback RUN --force" in ended.err
    assert remote.sandbox.description("scratch") == held


@pytest.mark.parametrize("text", ["x", "x" * 40, "Probe", "Syncjob probes."])
def test_what_only_looks_a_little_like_one_is_a_text(text: str) -> None:
    assert not is_of_a_probe(text, "scratch")


@pytest.mark.parametrize("text", [ODD, *tagged("scratch"), *("x" * size for size in SIZES), "x" * 8192])
def test_its_own_texts_are_known_whatever_became_of_their_white_space(text: str) -> None:
    stored = (
        text,
        text.replace("\r\n", "\n"),
        text.rstrip(),
        unicodedata.normalize("NFC", text),
        "\n".join(text.split()),
    )
    assert [is_of_a_probe(each, "scratch") for each in stored] == [True] * len(stored)
    assert not is_of_a_probe(f"{text} and more", "scratch")


# Signals


def hangs(remote: Loopback, where: Callable[[str, str], bool]) -> Callable[[str, str], Answer | None]:
    def script(method: str, target: str) -> Answer | None:
        if where(method, target):
            time.sleep(600)
        return None

    return script


@pytest.mark.parametrize(
    ("puts", "is_told"), [pytest.param(0, False, marks=pytest.mark.deep), pytest.param(3, True, marks=pytest.mark.deep)]
)
def test_a_signal_ends_a_probe_whose_request_hangs(
    scratch: Workspace, remote: Loopback, puts: int, is_told: bool
) -> None:
    remote.script = hangs(remote, lambda method, target: method == "GET" and remote.counts["PUT"] >= puts)
    process = subprocess.Popen(
        [sys.executable, *QUICK, "doctor", "--probe", "scratch", "--yes"],
        cwd=scratch.folder,
        env=scratch.environment(**UNHURRIED),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    wait_for(lambda: remote.counts["PUT"] >= puts and remote.asked and remote.asked[-1][0] == "GET", "what hangs")
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + signal.SIGTERM
    assert (b"NOT put back" in err) is is_told, err
    assert not is_told or re.search(rb"syncjob rollback \S+ --force", err)
    assert is_told or b"as it was" in err
