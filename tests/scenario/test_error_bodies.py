"""What a server says in an error is cut before it is searched, and no secret shows for that."""

import signal
import subprocess
import sys

import pytest

from syncjob.credentials import basic, redact
from syncjob.scenario import answers
from syncjob.scenario.answers import Answer
from tests.support.faulty_server import PATIENCE, wait_for
from tests.support.loopback import Loopback, json_answer
from tests.support.workspace import KEY, SECRET, Workspace

CUT = 65_536
SECRETS = basic(KEY, SECRET).secrets


def message(body: bytes) -> str:
    error = answers.failure(
        Answer(500, {"content-type": "application/json"}, body), SECRETS, is_bearer=False, max_retry_after=1
    )
    assert error
    return error.message


@pytest.mark.parametrize("piece", [b"X-Amz-", b"https://", b'{"reason": "X-Amz-', b"[", b"\xff", b"Signature"])
def test_a_hostile_body_holds_nothing_up(workspace: Workspace, remote: Loopback, piece: bytes) -> None:
    remote.add("one")
    workspace.write("one", "text")
    body = piece * (512 * 1024 // len(piece))
    remote.script = lambda method, target: json_answer(400, body)
    process = subprocess.Popen(
        [sys.executable, "-m", "syncjob", "diff"],
        cwd=workspace.folder,
        env=workspace.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert process.returncode == 1


def test_a_signal_is_heard_while_such_bodies_come(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one")
    workspace.write("one", "text")
    body = b"X-Amz-" * (2 * 1024 * 1024 // 6)
    remote.script = lambda method, target: json_answer(503, body, retry_after_ms="1")
    process = subprocess.Popen(
        [sys.executable, "-m", "syncjob", "diff"],
        cwd=workspace.folder,
        env=workspace.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    wait_for(lambda: remote.asked, "the first request")
    process.send_signal(signal.SIGTERM)
    try:
        _, said = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert process.returncode == 128 + signal.SIGTERM
    assert b"quitting without a report" not in said


@pytest.mark.parametrize(
    "before", [b"https://x.invalid/a?%s ", b"Signature=%s ", b"%s ", b"https://x.invalid/%s ", b"%s"]
)
def test_a_secret_that_the_cut_halves_does_not_show(before: bytes) -> None:
    room = CUT - len(before) + 2
    for held in (SECRET, SECRETS[2]):
        for shown in range(1, len(held)):
            body = (before % (b"a" * (room - shown)) + held.encode()).ljust(CUT + 100, b"z")
            assert held[:5] not in redact(answers._reason(body)[0], SECRETS)
            assert held[:5] not in message(body)


def test_a_long_body_of_one_word_says_nothing() -> None:
    assert message(b"a" * (CUT + 1)) == "HTTP 500"
    assert message(b"a" * CUT).startswith("HTTP 500: aaa")
    assert message(b"slow down " * CUT).startswith("HTTP 500: slow down")
    assert message(b" " * (CUT + 1)) == "HTTP 500"


def test_a_secret_in_the_escapes_of_json_does_not_show() -> None:
    credentials = basic("key/of/the/tests", "secret/of+the/tests")
    for held in credentials.secrets:
        assert held not in redact(held.replace("/", "\\/"), credentials.secrets).replace("\\/", "/")


@pytest.mark.parametrize(
    "body",
    [b"[" * depth + b"]" * depth for depth in (900, 990, 5_000, 30_000)]
    + [b'{"reason":' * depth + b"1" + b"}" * depth for depth in (900, 990, 5_000)]
    + [b"1" * 5_000, b"1e999", b'{"reason": "\\ud800"}', b"\xff\xfe", b"null", b'"' + b"\\" * CUT, b'{"reason": NaN}'],
    ids=lambda body: f"{body[:12]!r}, {len(body)}",
)
def test_no_form_of_a_body_is_more_than_a_message(body: bytes) -> None:
    assert message(body).startswith("HTTP 500")
