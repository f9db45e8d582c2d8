"""A gateway that answers in the place of Scenario: what it says of a write is no word of Scenario's."""

import json

import pytest

from syncjob import errors
from syncjob.report.summary import outcome_line
from syncjob.scenario.answers import Answer, failure
from tests.remote.test_write_ends import BUSY, effects, staged
from tests.support.in_process import rollback, sync, told
from tests.support.loopback import Loopback, json_answer
from tests.support.workspace import Workspace

PAGE = b"<html><h1>Blocked (outbound rule 950100)</h1></html>"
KUBERNETES = {
    "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": 404, "details": {},
    "message": "the server could not find the requested resource", "reason": "NotFound",
}  # fmt: skip


@pytest.mark.parametrize(
    ("status", "body"),
    [(400, PAGE), (403, PAGE), (403, b""), (403, b'{"message": "Forbidden"}'), (422, b'{"reason": ""}'), (429, PAGE)],
)
def test_what_landed_behind_a_page_of_a_gateway_is_applied(
    workspace: Workspace, remote: Loopback, status: int, body: bytes
) -> None:
    staged(workspace, remote, "one", "two")

    def script(method: str, target: str) -> Answer | None:
        model_id = target.split("/")[3]
        if method == "PUT":
            remote.sandbox.put(model_id, "new")
            return json_answer(status, body)
        return BUSY if model_id == "two" and remote.sandbox.description("two") == "new" else None

    remote.script = script
    report = sync(workspace, attempts=1, lag=0)
    assert told(report)["one"] == ("update", "applied", [])
    assert told(report)["two"][:2] == ("update", "failed")
    assert told(report)["two"][2][0] == "write-uncertain"
    assert effects(workspace) == {"one": "written", "two": "unknown"}
    remote.script = lambda method, target: None
    assert rollback(workspace, report.run, lag=0).exit_code == 0
    assert {remote.sandbox.description(id_) for id_ in ("one", "two")} == {"old"}


@pytest.mark.parametrize("status", [400, 403, 429])
def test_what_a_look_does_not_show_may_still_come(workspace: Workspace, remote: Loopback, status: int) -> None:
    staged(workspace, remote, "one")
    remote.script = lambda method, target: json_answer(status, PAGE) if method == "PUT" else None
    report = sync(workspace, attempts=1, lag=0, max_wait=0.2)
    assert told(report)["one"][2][0] == "write-uncertain"
    assert outcome_line(report.summary) == "Applied 0, 1 failed, 0 refused, 1 may have been written."


def test_a_429_of_a_gateway_is_looked_at_before_it_is_sent_again(workspace: Workspace, remote: Loopback) -> None:
    staged(workspace, remote, "one")

    def script(method: str, target: str) -> Answer | None:
        if method == "PUT" and remote.counts["PUT"] == 1:
            remote.sandbox.put("one", "new")
            return json_answer(429, PAGE, retry_after_ms="1")
        return None

    remote.script = script
    assert told(sync(workspace, lag=0))["one"] == ("update", "applied", [])
    assert remote.counts["PUT"] == 1


def error_of(body: object, asked: str) -> errors.ScenarioError | None:
    return failure(json_answer(404, json.dumps(body).encode()), (), is_bearer=False, max_retry_after=1, asked=asked)


@pytest.mark.parametrize(
    ("body", "asked", "is_own"),
    [
        ({"reason": "Model flux.1-dev not found"}, "flux.1-dev", True),
        ({"reason": "no such model: flux.1-dev."}, "flux.1-dev", True),
        ({"reason": "Model 'flux.1-dev' not found", "requestId": "7", "statusCode": 404}, "flux.1-dev", True),
        ({"reason": "Not found"}, "flux.1-dev", True),
        ({"reason": "Not found", "name": "NotFoundError", "details": {"id": 1}}, "flux.1-dev", True),
        ({"reason": "Not found", "requestId": "7"}, "flux.1-dev", False),
        ({"reason": "Model flux.1-dev2 not found", "requestId": "7"}, "flux.1-dev", False),
        (KUBERNETES, "flux.1-dev", False),
        (KUBERNETES, "d", False),
        ({**KUBERNETES, "reason": "NotFound"}, "NotFound", False),
        ({"reason": "x", "name": 7}, "flux.1-dev", True),
    ],
)
def test_the_own_404_names_what_was_asked_for_or_says_nothing_else(body: object, asked: str, is_own: bool) -> None:
    assert isinstance(error_of(body, asked), errors.NotFound if is_own else errors.ProtocolError)


def test_a_404_in_the_form_of_kubernetes_creates_nothing_over_an_edit(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one", texts={"one": "somebody's edit"})
    workspace.write("one", "ours")
    workspace.commit()
    stray = json_answer(404, json.dumps(KUBERNETES).encode())
    remote.script = lambda method, target: stray if method == "GET" and target.endswith("/description") else None
    report = sync(workspace, lag=0)
    assert told(report)["one"] == ("invalid", "failed", ["protocol"])
    assert (remote.counts["PUT"], remote.sandbox.description("one")) == (0, "somebody's edit")
