"""A fault of syncjob's own at one description fails that description alone, and hides nothing that the run wrote."""

from typing import Any

import pytest

from syncjob.commands import judging, reading, rollback
from syncjob.commands.pull import job
from syncjob.commands.pull import judging as pulling
from syncjob.remote import attempt, lookup, write
from syncjob.report.summary import outcome_line
from syncjob.scenario.answers import Answer
from syncjob.text.normalised import folded
from tests.remote.test_write_ends import effects, staged
from tests.support import in_process
from tests.support.in_process import told
from tests.support.loopback import Loopback, json_answer
from tests.support.workspace import Workspace

BOMB = "see &#" + "1" * 5000 + ";"


def test_a_character_reference_of_any_length_has_a_meaning() -> None:
    assert folded("&#65; &#x41; &#0000000000000065; &#1114112;") == "A A A \ufffd"
    for digits in ("1" * 5000, "0" * 5000, "9" * 8, "x" + "F" * 5000):
        assert folded(f"a &#{digits}; b") == "a \ufffd b"


def test_a_text_with_such_a_reference_hides_no_other(workspace: Workspace, remote: Loopback) -> None:
    remote.add("harmless", "victim", texts={"victim": BOMB})
    workspace.write("harmless", "new text")
    workspace.write("victim", "file text")
    workspace.commit()
    ended = workspace.json("diff")
    assert ended.status == 1
    assert [(item["action"], item["status"]) for item in ended.report["items"]] == [
        ("create", "planned"),
        ("conflict", "refused"),
    ]


def test_an_answer_with_such_a_reference_hides_nothing_that_was_written(workspace: Workspace, remote: Loopback) -> None:
    remote.add("aa", "bb", "cc")
    for id_ in ("aa", "bb", "cc"):
        workspace.write(id_, f"text of {id_}")
    workspace.commit()

    def script(method: str, target: str) -> Answer | None:
        if method == "PUT" and "/bb/" in target:
            remote.sandbox.put("bb", "text of bb " + BOMB)
            stored = f'{{"description": {{"value": "text of bb {BOMB}", "assets": [], "models": []}}}}'
            return json_answer(200, stored.encode())
        return None

    remote.script = script
    ended = workspace.json("sync", "--yes")
    assert ended.status == 0
    assert {item["model_id"]: item["status"] for item in ended.report["items"]} == dict.fromkeys(
        ("aa", "bb", "cc"), "applied"
    )


def failing(monkeypatch: pytest.MonkeyPatch, where: Any, name: str, model_id: str) -> None:
    """Has a function raise what nobody foresaw when it is about that model."""
    real = getattr(where, name)

    def work(subject: Any, *more: Any, **named: Any) -> Any:
        about = getattr(subject, "change", None) or getattr(subject, "intent", None) or subject
        if about.model_id == model_id:
            raise ZeroDivisionError("of a kind that nobody foresaw")
        return real(subject, *more, **named)

    monkeypatch.setattr(where, name, work)


@pytest.mark.parametrize(
    ("where", "name"), [(reading, "compare"), (judging, "with_history"), (lookup, "with_references")]
)
def test_what_cannot_be_planned_is_one_items_failure(
    workspace: Workspace, remote: Loopback, monkeypatch: pytest.MonkeyPatch, where: Any, name: str
) -> None:
    staged(workspace, remote, "one", "two")
    failing(monkeypatch, where, name, "one")
    report = in_process.diff(workspace)
    assert told(report) == {"one": ("invalid", "failed", ["internal"]), "two": ("update", "planned", [])}
    assert report.exit_code == 1


def test_what_fails_before_it_is_sent_was_not_written(
    workspace: Workspace, remote: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged(workspace, remote, "one", "two")
    failing(monkeypatch, write, "Attempt", "one")
    report = in_process.sync(workspace)
    assert told(report) == {"one": ("update", "failed", ["internal"]), "two": ("update", "applied", [])}
    assert (report.exit_code, effects(workspace)) == (1, {"two": "written"})


def test_what_fails_once_it_was_sent_may_have_been_written(
    workspace: Workspace, remote: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged(workspace, remote, "one", "two")
    failing(monkeypatch, attempt, "unresolved", "one")
    report = in_process.sync(workspace)
    assert told(report) == {
        "one": ("update", "failed", ["write-uncertain", "internal"]),
        "two": ("update", "applied", []),
    }
    assert (report.exit_code, report.summary.uncertain) == (1, 1)
    assert outcome_line(report.summary) == "Applied 1, 1 failed, 0 refused, 1 may have been written."
    assert effects(workspace) == {"one": "unknown", "two": "written"}


@pytest.mark.parametrize(("where", "name"), [(job, "compared"), (pulling, "judged"), (job, "fitting")])
def test_a_rollback_and_a_pull_go_on_with_the_others(
    workspace: Workspace, remote: Loopback, monkeypatch: pytest.MonkeyPatch, where: Any, name: str
) -> None:
    staged(workspace, remote, "one", "two")
    run = in_process.sync(workspace).run
    workspace.commit()
    failing(monkeypatch, rollback, "put_back", "one")
    report = in_process.rollback(workspace, run)
    assert told(report) == {"one": ("invalid", "failed", ["internal"]), "two": ("update", "applied", [])}
    failing(monkeypatch, where, name, "two")
    remote.sandbox.put("one", "new of Scenario")
    remote.sandbox.put("two", "new of Scenario")
    report = in_process.pull(workspace, lag=0)
    assert told(report) == {
        "one": ("update", "not_attempted", ["own-changes"]),
        "two": ("invalid", "failed", ["internal"]),
    }


def test_a_model_without_a_file_that_cannot_be_read_is_told(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one", "two", texts={"one": "text", "two": "text"})
    refused = json_answer(403, b'{"reason": "no"}')
    remote.script = lambda method, target: refused if "/two/description" in target else None
    ended = workspace.json("pull", "--all")
    assert ended.status == 1
    assert ended.item("two")["error"]["code"] == "forbidden"
