"""A 404 that is not the API's own answer is an error and never "no description"; the API's own is asked for once more."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from syncjob import errors
from syncjob.commands.run import Options
from syncjob.credentials import basic
from syncjob.scenario import Scenario
from syncjob.scenario.answers import Answer
from syncjob.state.probe_results import Learnt
from tests.support.in_process import diff, pull, rollback, sync, told
from tests.support.loopback import PLAYS, Loopback, json_answer
from tests.support.workspace import Workspace, found_out

STRAY = [
    Answer(404, {"content-type": "text/plain"}, b"404 page not found\n"),
    Answer(404, {}, b""),
    Answer(404, {"content-type": "text/html"}, b"<html>Not here</html>"),
    json_answer(404, b'{"message": "Not Found"}'),
    json_answer(404, b'{"error": "no such route"}'),
    json_answer(404, b'{"reason": ""}'),
    json_answer(404, b'{"reason": 404}'),
    json_answer(404, b'{"reason": null, "message": "Not Found"}'),
    json_answer(404, b'["reason"]'),
    json_answer(404, b'"reason"'),
    json_answer(404, b'{"reason": "cut'),
    json_answer(404, b'{"errors": [{"reason": "Model one not found"}]}'),
    json_answer(404, b'\xff{"reason": "no UTF-8"}'),
]
OWN = json_answer(404, b'{"reason": "Description of one not found"}')


@pytest.fixture
def client(remote: Loopback) -> Iterator[Scenario]:
    with Scenario(basic("key", "secret"), base_url=remote.url, requests_per_minute=0, sleep=lambda _: None) as client:
        yield client


def answering(remote: Loopback, method: str, *answers: Answer | None) -> None:
    """The first requests of a method for a description get these answers, the last one for ever."""
    left = list(answers)

    def script(how: str, target: str) -> Answer | None:
        if how != method or not target.partition("?")[0].endswith("/description"):
            return None
        return left.pop(0) if len(left) > 1 else left[0]

    remote.script = script


def test_only_the_own_form_of_a_404_says_that_there_is_nothing(client: Scenario, remote: Loopback) -> None:
    for answer in STRAY:
        answering(remote, "GET", answer)
        with pytest.raises(errors.ProtocolError, match=r"^HTTP 404.*base_url") as caught:
            client.models.description.retrieve("one")
        assert (caught.value.http_status, caught.value.ambiguous) == (404, True)
    answering(remote, "GET", OWN)
    with pytest.raises(errors.NotFound, match="HTTP 404: Description of one not found"):
        client.models.description.retrieve("one")


def test_a_stray_404_creates_nothing_over_an_edit(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one", texts={"one": "somebody's edit"})
    workspace.write("one", "ours")
    workspace.commit()
    answering(remote, "GET", STRAY[0])
    ended = workspace.json("sync", "--keep-going")
    assert ended.status == 1
    assert ended.item("one")["error"]["code"] == "protocol"
    assert (remote.counts["PUT"], remote.sandbox.description("one")) == (0, "somebody's edit")


def test_a_create_that_rests_on_the_own_404_is_preceded_by_another_reading(
    workspace: Workspace, remote: Loopback
) -> None:
    remote.add("one", texts={"one": "somebody's edit"})
    workspace.write("one", "ours")
    workspace.commit()
    answering(remote, "GET", OWN, None)
    report = sync(workspace)
    assert told(report)["one"] == ("conflict", "refused", ["remote-edited"])
    assert remote.counts == {"GET": 2, "POST": 1}
    assert remote.sandbox.description("one") == "somebody's edit"


def test_the_reading_before_a_create_may_be_a_stray_404_itself(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one", texts={"one": "somebody's edit"})
    workspace.write("one", "ours")
    workspace.commit()
    answering(remote, "GET", OWN, STRAY[1])
    assert told(sync(workspace))["one"] == ("create", "failed", ["protocol"])
    assert (remote.counts["PUT"], remote.sandbox.description("one")) == (0, "somebody's edit")


def test_a_model_without_a_description_that_answers_404_gets_one(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one")
    workspace.write("one", "ours")
    workspace.commit()
    answering(remote, "GET", OWN)
    assert told(sync(workspace))["one"] == ("create", "applied", [])
    assert remote.counts == {"GET": 2, "POST": 1, "PUT": 1}


@pytest.mark.parametrize("stray", [(STRAY[3],), (OWN, None)])
def test_a_rollback_of_a_deletion_is_not_fooled(
    workspace: Workspace, remote: Loopback, stray: tuple[Answer | None, ...]
) -> None:
    remote.add("one", "two", texts={"one": "to go"})
    workspace.held({"one": "to go"})
    workspace.write("two", "stays")
    (workspace.descriptions / "one.md").unlink()
    deleted = sync(workspace, Options(since="HEAD", prune=True))
    assert told(deleted)["one"] == ("delete", "applied", [])
    remote.sandbox.put("one", "somebody's edit")
    answering(remote, "GET", *stray)
    report = rollback(workspace, deleted.run)
    assert report.exit_code == 1
    assert told(report)["one"][1] in ("failed", "refused")
    assert remote.sandbox.description("one") == "somebody's edit"


@pytest.mark.parametrize("stray", [(STRAY[3],), (OWN, None)])
def test_a_saved_plan_is_not_fooled(
    workspace: Workspace, remote: Loopback, tmp_path: Path, stray: tuple[Answer | None, ...]
) -> None:
    remote.add("one")
    workspace.write("one", "ours")
    workspace.commit()
    plan = tmp_path / "plan.json"
    assert workspace.json("diff", "--plan-out", str(plan)).status == 0
    remote.sandbox.put("one", "somebody's edit")
    answering(remote, "GET", *stray)
    report = sync(workspace, Options(plan=plan))
    assert report.exit_code == 1
    assert (remote.counts["PUT"], remote.sandbox.description("one")) == (0, "somebody's edit")


def test_an_update_whose_second_reading_is_a_stray_404_is_not_sent(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one", texts={"one": "old"})
    workspace.held({"one": "old"})
    workspace.write("one", "new")
    answering(remote, "GET", None, STRAY[1])
    assert told(sync(workspace, recheck_after=0))["one"] == ("update", "failed", ["protocol"])
    assert (remote.counts["PUT"], remote.sandbox.description("one")) == (0, "old")


def test_a_lost_delete_is_not_called_done_by_a_stray_404(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one", "two", texts={"one": "to go"})
    workspace.held({"one": "to go"})
    workspace.write("two", "stays")
    (workspace.descriptions / "one.md").unlink()
    answers = iter([None, STRAY[0], STRAY[0], STRAY[0]])

    def script(method: str, target: str) -> Answer | None:
        if "/one/" in target and method == "PUT":
            raise ConnectionAbortedError
        return next(answers) if "/one/" in target and method == "GET" else None

    remote.script = script
    report = sync(workspace, Options(since="HEAD", prune=True))
    assert told(report)["one"] == ("delete", "failed", ["write-uncertain", "unavailable"])
    assert remote.sandbox.description("one") == "to go"


def test_a_stray_404_to_a_write_says_nothing_of_its_effect(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one", texts={"one": "old"})
    workspace.held({"one": "old"})
    workspace.write("one", "new")

    def script(method: str, target: str) -> Answer | None:
        if method != "PUT":
            return None
        remote.sandbox.put("one", "new")
        return STRAY[1]

    remote.script = script
    assert told(sync(workspace))["one"] == ("update", "applied", [])


@pytest.mark.parametrize("known", ["empty", "null-value", "null"])
def test_where_the_probe_saw_otherwise_the_own_404_is_an_error_too(
    workspace: Workspace, remote: Loopback, known: Literal["empty", "null-value", "null"]
) -> None:
    remote.add("one", texts={"one": "somebody's edit"})
    workspace.write("one", "ours")
    workspace.commit()
    found_out(
        workspace.folder,
        remote.url,
        Learnt(null_is_no_description=PLAYS.no_description == "null", no_description=known),
    )
    answering(remote, "GET", OWN)
    for report in (sync(workspace), diff(workspace), pull(workspace)):
        assert report.exit_code == 1
        assert told(report)["one"] == ("invalid", "failed", ["model-unknown"])
        (item,) = report.items
        assert item.error
        assert "doctor --probe" in item.error.message
    assert (remote.counts["PUT"], remote.sandbox.description("one")) == (0, "somebody's edit")


def test_a_bulk_call_answered_by_a_stray_404_is_no_list_of_what_is_missing(
    workspace: Workspace, remote: Loopback
) -> None:
    ids = [f"m{number}" for number in range(8)]
    remote.add(*ids)
    for id_ in ids:
        workspace.write(id_, "ours {asset:asset_a}")
    workspace.commit()
    remote.script = lambda method, target: STRAY[0] if method == "POST" else None
    report = sync(workspace)
    assert report.exit_code == 1
    assert {codes[-1] for _, _, codes in told(report).values()} == {"protocol"}
    assert (remote.counts["POST"], remote.counts["PUT"]) == (2, 0)
