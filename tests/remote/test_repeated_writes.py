"""A write is never sent again without another look, unless Scenario refused it for the rate just now."""

from collections.abc import Iterator

import pytest

from syncjob.remote import attempt
from syncjob.scenario.answers import Answer
from tests.remote.test_write_ends import effects, staged
from tests.support.in_process import sync, told
from tests.support.loopback import Loopback, json_answer
from tests.support.workspace import Workspace

AGAIN = {
    409: json_answer(409, b'{"reason": "busy"}', retry_after_ms="1"),
    425: json_answer(425, b'{"reason": "early"}', retry_after_ms="1"),
    408: json_answer(408, b"{}", retry_after_ms="1"),
    500: json_answer(500, b"{}", retry_after_ms="1"),
    503: json_answer(503, b"{}", retry_after_ms="1"),
    418: json_answer(418, b'{"reason": "tea"}', retry_after_ms="1", x_should_retry="true"),
}
SLOW = json_answer(429, b'{"reason": "slow down"}', retry_after_ms="1")


def order(remote: Loopback) -> list[str]:
    """What was asked of descriptions, in order."""
    return [method for method, target, _ in remote.asked if target.endswith("/description")]


def refusing(remote: Loopback, answers: Iterator[Answer], edit_at: int = 0) -> None:
    """The first PUTs get these answers; somebody edits the text right after the PUT of that number."""

    def script(method: str, target: str) -> Answer | None:
        if method != "PUT":
            return None
        if remote.counts["PUT"] == edit_at:
            remote.sandbox.put("one", "somebody's edit")
        return next(answers, None)

    remote.script = script


@pytest.mark.parametrize("status", AGAIN)
def test_a_refused_write_is_looked_at_before_it_is_sent_again(
    workspace: Workspace, remote: Loopback, status: int
) -> None:
    staged(workspace, remote, "one")
    refusing(remote, iter([AGAIN[status]]))
    assert told(sync(workspace, lag=0))["one"] == ("update", "applied", [])
    assert order(remote) == ["GET", "PUT", "GET", "PUT"]


@pytest.mark.parametrize("status", AGAIN)
def test_an_edit_between_two_tries_is_left_alone(workspace: Workspace, remote: Loopback, status: int) -> None:
    staged(workspace, remote, "one")
    refusing(remote, iter([AGAIN[status]]), edit_at=1)
    codes = ["remote-edited", *(["write-uncertain"] if status in (408, 500, 503) else [])]
    assert told(sync(workspace, lag=0))["one"] == ("conflict", "refused", codes)
    assert (remote.counts["PUT"], remote.sandbox.description("one")) == (1, "somebody's edit")


def test_after_a_429_a_reading_of_the_last_seconds_counts(workspace: Workspace, remote: Loopback) -> None:
    staged(workspace, remote, "one")
    refusing(remote, iter([SLOW, SLOW]))
    assert told(sync(workspace))["one"] == ("update", "applied", [])
    assert order(remote) == ["GET", "PUT", "PUT", "PUT"]


def test_after_a_429_an_older_reading_does_not(
    workspace: Workspace, remote: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt, "_YOUNG", 0.0)
    staged(workspace, remote, "one")
    refusing(remote, iter([SLOW]), edit_at=1)
    assert told(sync(workspace))["one"] == ("conflict", "refused", ["remote-edited"])
    assert order(remote) == ["GET", "PUT", "GET"]


def test_a_look_that_fails_ends_the_write(workspace: Workspace, remote: Loopback) -> None:
    staged(workspace, remote, "one")

    def script(method: str, target: str) -> Answer | None:
        if method == "PUT":
            return AGAIN[409]
        return json_answer(400, b"{}") if remote.counts["PUT"] else None

    remote.script = script
    assert told(sync(workspace, lag=0))["one"] == ("conflict", "refused", ["remote-edited"])
    assert (order(remote), effects(workspace)) == (["GET", "PUT", "GET"], {"one": "none"})


def test_the_attempts_of_the_config_hold_for_a_write_with_its_looks(workspace: Workspace, remote: Loopback) -> None:
    staged(workspace, remote, "one")
    refusing(remote, iter([AGAIN[503]] * 9))
    report = sync(workspace, attempts=3, lag=0)
    assert told(report)["one"] == ("update", "failed", ["write-uncertain", "unavailable"])
    (item,) = report.items
    assert item.error
    assert (item.error.attempts, item.error.http_status) == (3, 503)
    assert order(remote) == ["GET", "PUT", "GET", "PUT", "GET", "PUT", "GET"]
