"""A server that cannot be reached, or that goes away, and credentials that it refuses: one message, and no file is blamed."""

import re
import socket
import threading
from contextlib import suppress

import pytest

from tests.support.loopback import Loopback, json_answer
from tests.support.workspace import Ended, Workspace

IDS = [f"m{number:03}" for number in range(300)]
NOWHERE = "127.0.0.1:1"
UNREACHED = f"cannot reach Scenario at {NOWHERE} (connection refused, 2 attempts); check your network and `base_url`"


@pytest.fixture
def offline(workspace: Workspace) -> Workspace:
    """300 descriptions, committed, and nobody at the profile's address."""
    workspace.configure(f"http://{NOWHERE}/v1")
    workspace.set_http("attempts: 2")
    for id_ in IDS:
        workspace.write(id_, "text {asset:asset_1}\n")
    workspace.commit()
    return workspace


def said(ended: Ended) -> list[str]:
    """The lines of both streams that say something."""
    return [line for line in [*ended.out.splitlines(), *ended.err.splitlines()] if line]


@pytest.mark.parametrize(
    ("command", "ends"),
    [
        ("diff", "Nothing was compared."),
        ("diff --prune --unfiled", "Nothing was compared."),
        ("sync --prune", "Nothing was written: 0 failed, 0 refused, 300 not attempted."),
        ("pull", "No file was written: 0 unchanged, 1 problem, 300 not read."),
        ("pull --all", "No file was written: 0 unchanged, 1 problem, 300 not read."),
        ("check --remote", "Checked 300 descriptions: 1 error, 0 warnings, 300 not looked up."),
        ("acknowledge m* --yes", "Acknowledged nothing, 1 problem, 300 not read."),
    ],
)
def test_a_server_that_cannot_be_reached_is_one_message(offline: Workspace, command: str, ends: str) -> None:
    ended = offline.run(*command.split())
    assert ended.status == 1
    assert ended.out.count("cannot reach") == 1
    assert f"syncjob: error unavailable: {UNREACHED}\n" in ended.out
    assert ends in said(ended)
    assert "descriptions/" not in ended.out
    assert len(said(ended)) <= 5


def test_the_report_of_a_run_that_reached_nobody_is_whole(offline: Workspace) -> None:
    ended = offline.json("sync")
    assert (ended.status, ended.report["exit_code"]) == (1, 1)
    assert [(each["code"], each["message"]) for each in ended.report["problems"]] == [("unavailable", UNREACHED)]
    assert len(ended.report["items"]) == len(IDS)
    assert ended.report["summary"]["not_attempted"] >= 290
    assert ended.report["requests"]["total"] <= 4


def test_a_rollback_that_reaches_nobody_is_one_message(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one", "two")
    for id_ in ("one", "two"):
        workspace.write(id_, "text\n")
    workspace.commit()
    run = workspace.json("sync").report["run"]
    workspace.set_http("attempts: 1")

    def closes(method: str, target: str) -> None:
        raise ConnectionAbortedError

    remote.script = closes
    for options in (("--dry-run",), ()):
        ended = workspace.run("rollback", run, *options)
        problem, *lines = said(ended)
        assert (ended.status, len(lines)) == (1, 1 if options else 2), lines
        assert problem.startswith("syncjob: error unavailable: no complete response from Scenario at 127.0.0.1:")
        assert lines[0] == "Nothing was compared."


def test_a_server_that_goes_away_is_told_once_and_with_how_far_the_run_came(
    workspace: Workspace, remote: Loopback
) -> None:
    remote.add(*IDS[:100], texts=dict.fromkeys(IDS, "text"))
    for id_ in IDS[:100]:
        workspace.write(id_, "text\n")
    workspace.commit()
    workspace.set_http("attempts: 1")

    def until_it_dies(method: str, target: str) -> None:
        if len(remote.asked) > 50:
            raise ConnectionAbortedError  # the connection is closed without a response

    remote.script = until_it_dies
    ended = workspace.run("sync")
    assert ended.status == 4
    first, plan, last, *rest = said(ended)
    assert first.startswith("syncjob: error unavailable: stopped early: 20 failures in a row, the last: no complete")
    assert re.search(r"continue with the same options and --resume \S+$", first)
    assert plan == "Plan: 0 to create, 0 to update, 0 to delete, 50 unchanged, 50 not compared."
    assert last.startswith("Nothing was written: ")
    assert rest == []


@pytest.mark.parametrize(
    ("status", "headers", "environment", "told", "exit_code"),
    [
        (401, {}, {}, "check SCENARIO_SDK_API_KEY and SCENARIO_SDK_API_SECRET", 2),
        (
            403,
            {"x_amzn_errortype": "AccessDeniedException"},
            {"SCENARIO_SDK_API_KEY": "", "SCENARIO_SDK_JWT": "aaaa.bbbb.cccc"},
            "check SCENARIO_SDK_JWT, which may have expired",
            2,
        ),
        (403, {}, {}, "these credentials may not do this", 4),
    ],
    ids=["wrong key", "expired token", "no scope"],
)
def test_refused_credentials_are_one_message_and_blame_no_file(
    offline: Workspace,
    remote: Loopback,
    status: int,
    headers: dict[str, str],
    environment: dict[str, str],
    told: str,
    exit_code: int,
) -> None:
    remote.script = lambda method, target: json_answer(status, b'{"reason": "no"}', **headers)
    ended = offline.run("diff", SCENARIO_BASE_URL=remote.url, **environment)
    assert ended.status == exit_code
    assert len(remote.asked) == 1 if exit_code == 2 else len(remote.asked) < 100
    (problem,) = [line for line in said(ended) if " error " in line]
    assert problem.startswith("syncjob: error ")
    assert told in problem
    assert "descriptions/" not in ended.out


def test_a_key_with_a_colon_is_refused_before_any_request(offline: Workspace, remote: Loopback) -> None:
    ended = offline.run("diff", SCENARIO_BASE_URL=remote.url, SCENARIO_SDK_API_KEY="key:secret")
    assert (ended.status, remote.asked, ended.out) == (2, [], "")
    assert ended.err.startswith("syncjob: SCENARIO_SDK_API_KEY holds a colon; ")
    assert "key:secret" not in ended.err


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("https://scenario.invalid/v1", "cannot reach Scenario at scenario.invalid (no such host name, 1 attempt)"),
        ("https://PORT/v1", "cannot reach Scenario at PORT (TLS failed: "),
        ("http://PORT/v1", "no complete response from Scenario at PORT ("),
    ],
)
def test_each_way_not_to_be_reached_has_its_words(workspace: Workspace, url: str, what: str) -> None:
    """Of no name, of a server without TLS, and of one that closes at once."""
    workspace.write("one", "text\n")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = f"127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=_garbled, args=(listener,), daemon=True)
        thread.start()
        workspace.configure(url.replace("PORT", port))
        workspace.set_http("attempts: 1")
        ended = workspace.run("diff")
    assert ended.status == 1
    assert f"syncjob: error unavailable: {what.replace('PORT', port)}" in ended.out
    assert "Errno" not in ended.out
    assert "_ssl.c" not in ended.out


def _garbled(listener: socket.socket) -> None:
    with suppress(OSError), listener.accept()[0] as connection:
        connection.recv(100)
        connection.sendall(b"no HTTP, no TLS\r\n\r\n")
