"""How a write may end: written, not written, or nobody knows; and what the report, the journal and the exit status say."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from syncjob.report.headline import summary_line
from syncjob.report.summary import outcome_line
from syncjob.scenario.answers import Answer
from tests.support.in_process import sync, told
from tests.support.loopback import Loopback, json_answer
from tests.support.workspace import Workspace

BUSY = json_answer(503, b'{"reason": "busy"}')
Script = Callable[[str, str], Answer | None]


def staged(workspace: Workspace, remote: Loopback, *ids: str) -> None:
    """Models that hold "old", which git held too, and files that want "new"."""
    remote.add(*ids, texts=dict.fromkeys(ids, "old"))
    workspace.held(dict.fromkeys(ids, "old"))
    for id_ in ids:
        workspace.write(id_, "new")


def results(workspace: Workspace) -> dict[str, dict[str, Any]]:
    (journal,) = (workspace.folder / ".syncjob" / "runs").glob("*.jsonl")
    records = [json.loads(line) for line in journal.read_text().splitlines()]
    return {record["model_id"]: record for record in records if record["record"] == "result"}


def effects(workspace: Workspace) -> dict[str, str]:
    return {model_id: record["effect"] for model_id, record in results(workspace).items()}


def losing(remote: Loopback, *, has_effect: bool, look: Answer | None) -> Script:
    """Writes get no answer, and the looks after them get `look`, or no answer either."""

    def script(method: str, target: str) -> Answer | None:
        if method == "PUT":
            if has_effect:
                remote.sandbox.put(target.split("/")[3], "new")
            raise ConnectionAbortedError
        if method == "GET" and remote.counts["PUT"]:
            if look is None:
                raise ConnectionAbortedError
            return look
        return None

    return script


@pytest.mark.parametrize("has_effect", [True, False])
@pytest.mark.parametrize("look", [BUSY, None, json_answer(200, b"<html>"), json_answer(401, b"{}")])
def test_a_write_whose_look_failed_too_may_have_been_written(
    workspace: Workspace, remote: Loopback, has_effect: bool, look: Answer | None
) -> None:
    staged(workspace, remote, "one")
    remote.script = losing(remote, has_effect=has_effect, look=look)
    report = sync(workspace, attempts=1, lag=0)
    action, status, codes = told(report)["one"]
    assert (action, status, codes[0]) == ("update", "failed", "write-uncertain")
    assert (report.exit_code, report.summary.failed, report.summary.uncertain) == (1, 1, 1)
    assert outcome_line(report.summary) == "Applied 0, 1 failed, 0 refused, 1 may have been written."
    assert "Nothing was written" not in summary_line(report)
    assert effects(workspace) == {"one": "unknown"}


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        (BUSY, "its response did not say whether it was written"),
        (json_answer(200, b"<html>"), "its response did not say whether it was written"),
        (None, "no response came"),
    ],
)
def test_the_message_says_what_became_of_the_response(
    workspace: Workspace, remote: Loopback, lost: Answer | None, said: str
) -> None:
    staged(workspace, remote, "one")

    def script(method: str, target: str) -> Answer | None:
        if method == "PUT" and lost is None:
            raise ConnectionAbortedError
        return lost if method == "PUT" else BUSY if method == "GET" and remote.counts["PUT"] else None

    remote.script = script
    (item,) = sync(workspace, attempts=1, lag=0).items
    (problem,) = [problem for problem in item.problems if problem.code == "write-uncertain"]
    assert f"may have been written: {said}, and then a look failed" in problem.message


def test_every_format_names_what_may_have_been_written(workspace: Workspace, remote: Loopback) -> None:
    staged(workspace, remote, "one")
    workspace.expect_no_lag()
    config = workspace.folder / "config.yaml"
    config.write_text(config.read_text().replace("lag: 0", "lag: 0, attempts: 1"))
    remote.script = losing(remote, has_effect=True, look=BUSY)
    for form in ("text", "json", "markdown", "html"):
        remote.asked.clear()
        remote.sandbox.put("one", "old")
        ended = workspace.run("sync", "--format", form, SYNCJOB_PROFILE="test")
        assert ended.status == 1
        shown = ended.out + ended.err
        assert "may have been written" in shown, form
        assert "write-uncertain" in ended.out, form
        assert "Nothing was written" not in shown, form


def test_a_401_for_the_next_item_does_not_say_that_nothing_was_written(workspace: Workspace, remote: Loopback) -> None:
    staged(workspace, remote, "one", "two")

    def script(method: str, target: str) -> Answer | None:
        if method == "PUT" and "/one/" in target:
            remote.sandbox.put("one", "new")
            raise ConnectionAbortedError
        if method == "GET" and "/one/" in target and remote.counts["PUT"]:
            return BUSY
        return json_answer(401, b"{}") if method == "PUT" else None

    remote.script = script
    report = sync(workspace, attempts=1, workers=1, lag=0)
    assert report.exit_code == 1
    assert told(report)["one"][2] == ["write-uncertain", "unavailable"]
    assert told(report)["two"][2] == ["unauthorized"]
    assert effects(workspace) == {"one": "unknown", "two": "none"}


def test_a_first_write_that_gets_a_401_is_no_exit_2(workspace: Workspace, remote: Loopback) -> None:
    staged(workspace, remote, "one")
    remote.script = lambda method, target: json_answer(401, b"{}") if method == "PUT" else None
    assert sync(workspace).exit_code == 1
    remote.script = lambda method, target: json_answer(401, b"{}")
    assert sync(workspace).exit_code == 2


@pytest.mark.parametrize(
    ("answer", "status", "code", "effect"),
    [
        (json_answer(400, b'{"reason": "no"}'), "failed", "rejected", "none"),
        (json_answer(403, b'{"reason": "no"}'), "failed", "forbidden", "none"),
        (json_answer(404, b'{"reason": "no model"}'), "failed", "model-unknown", "none"),
        (json_answer(409, b'{"reason": "busy"}'), "refused", "remote-edited", "none"),
        (json_answer(413, b'{"reason": "large"}'), "failed", "rejected", "none"),
        (json_answer(425, b'{"reason": "early"}'), "failed", "unavailable", "none"),
        (json_answer(429, b'{"reason": "slow"}', retry_after_ms="1"), "failed", "rate-limited", "none"),
        (json_answer(408, b"{}"), "failed", "unavailable", "unknown"),
        (json_answer(500, b"{}"), "failed", "unavailable", "unknown"),
        (json_answer(501, b"{}"), "failed", "rejected", "unknown"),
        (json_answer(504, b"{}"), "failed", "unavailable", "unknown"),
        (json_answer(404, b"404 page not found"), "failed", "protocol", "unknown"),
        (json_answer(201, b"{}"), "failed", "protocol", "unknown"),
        (json_answer(200, b"<html>"), "failed", "protocol", "unknown"),
        (json_answer(303, b"", location="/elsewhere"), "failed", "redirected", "unknown"),
        (Answer(200, {"content-encoding": "gzip"}, b"x"), "failed", "protocol", "unknown"),
    ],
)
def test_each_answer_to_a_write_is_written_not_written_or_unknown(
    workspace: Workspace, remote: Loopback, answer: Answer, status: str, code: str, effect: str
) -> None:
    """With a look that shows the old text; where Scenario holds the new one it is applied, and else it may be."""
    staged(workspace, remote, "one")
    remote.script = lambda method, target: answer if method == "PUT" else None
    report = sync(workspace, attempts=2, lag=0, max_wait=0)
    is_unknown = effect == "unknown"
    assert told(report)["one"][1:] == (status, [*(["write-uncertain"] if is_unknown else []), code])
    assert effects(workspace) == {"one": effect}
    assert report.summary.uncertain == is_unknown
    assert outcome_line(report.summary).startswith("Applied 0" if is_unknown else "Nothing was written")
    assert [problem.severity for item in report.items for problem in item.problems if item.error] == (
        ["warning"] if is_unknown else []
    )


@pytest.mark.parametrize("status", [408, 500, 504, 303, 201, 404])
def test_what_landed_behind_any_of_them_is_applied_or_may_be(
    workspace: Workspace, remote: Loopback, status: int
) -> None:
    staged(workspace, remote, "seen", "unseen")

    def script(method: str, target: str) -> Answer | None:
        model_id = target.split("/")[3]
        if method == "PUT":
            remote.sandbox.put(model_id, "new")
            return json_answer(status, b"<html>")
        landed = remote.sandbox.description(model_id) == "new"
        return BUSY if model_id == "unseen" and landed else None

    remote.script = script
    report = sync(workspace, attempts=1, lag=0)
    assert told(report)["seen"] == ("update", "applied", [])
    assert told(report)["unseen"][2][0] == "write-uncertain"
    assert effects(workspace) == {"seen": "written", "unseen": "unknown"}


def test_a_refusal_after_a_try_without_an_answer_is_no_proof(workspace: Workspace, remote: Loopback) -> None:
    staged(workspace, remote, "one")
    answers = iter([json_answer(504, b"{}"), json_answer(403, b'{"reason": "no"}')])
    remote.script = lambda method, target: next(answers) if method == "PUT" else None
    assert told(sync(workspace, lag=0))["one"] == ("update", "failed", ["write-uncertain", "forbidden"])
    assert effects(workspace) == {"one": "unknown"}


def test_a_text_that_came_before_the_write_was_sent_is_unchanged(workspace: Workspace, remote: Loopback) -> None:
    staged(workspace, remote, "one")

    def script(method: str, target: str) -> Answer | None:
        if method == "PUT":
            remote.sandbox.put("one", "new")  # somebody else's
            return json_answer(409, b'{"reason": "busy"}')
        return None

    remote.script = script
    report = sync(workspace, lag=0)
    assert told(report)["one"] == ("unchanged", "unchanged", [])
    assert (report.exit_code, report.summary.unchanged, report.summary.applied) == (0, 1, 0)
    assert effects(workspace) == {"one": "none"}
    (item,) = report.items
    assert (item.before_sha256, item.diff) == (item.after_sha256, "")


def test_an_answer_with_the_text_from_before_is_no_success(workspace: Workspace, remote: Loopback) -> None:
    staged(workspace, remote, "kept", "taken")

    def script(method: str, target: str) -> Answer | None:
        if method == "PUT" and "/taken/" in target:
            remote.sandbox.put("taken", "new")
        old = b'{"description": {"value": "old", "assets": [], "models": []}}'
        return json_answer(200, old) if method == "PUT" else None

    remote.script = script
    report = sync(workspace, lag=0)
    assert told(report) == {
        "kept": ("update", "failed", ["write-uncertain", "protocol"]),
        "taken": ("update", "applied", []),
    }
    assert effects(workspace) == {"kept": "unknown", "taken": "written"}
