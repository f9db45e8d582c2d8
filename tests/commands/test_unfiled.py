"""`diff --unfiled` lists own models that hold a description and have no file, for few requests."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler

import pytest

from syncjob.local.select import Shard
from syncjob.sandbox.behaviours import Plays
from syncjob.sandbox.records import model_row
from syncjob.scenario.answers import Answer
from syncjob.state.probe_results import Learnt
from tests.support.loopback import Loopback, json_answer
from tests.support.workspace import Ended, Workspace, found_out

HELD = ["loose", "old-name"]


@pytest.fixture
def loose(workspace: Workspace, remote: Loopback) -> Workspace:
    """`new-name` was `old-name`, `loose` never had a file, `bare` holds no description."""
    remote.add("new-name", "old-name", "loose", "bare", texts={"old-name": "text", "loose": "theirs"})
    workspace.held({"old-name": "text"})
    workspace.git("mv", "descriptions/old-name.md", "descriptions/new-name.md")
    workspace.commit()
    return workspace


def with_memory(workspace: Workspace, remote: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    """A memory that is on, and models that have long not changed."""
    remote.sandbox.plays = Plays()
    workspace.set_http("audit: 0")
    found_out(workspace.folder, remote.url, Learnt(updated_at_moves=True))
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    monkeypatch.setattr(BaseHTTPRequestHandler, "date_time_string", lambda self, timestamp=None: later)


def unfiled(ended: Ended) -> list[str]:
    return [item["model_id"] for item in ended.report["items"] if "unfiled" in _codes(item)]


def _codes(item: dict[str, object]) -> list[str]:
    problems = item["problems"]
    assert isinstance(problems, list)
    return [problem["code"] for problem in problems]


def test_they_are_named_with_what_helps_and_are_no_change(loose: Workspace) -> None:
    ended = loose.json("diff", "--unfiled", "--exit-code", "new-name", "*o*")
    assert unfiled(ended) == HELD
    item = ended.item("loose")
    assert (item["action"], item["status"], item["model_name"]) == ("unchanged", "unchanged", "Name of loose")
    (problem,) = item["problems"]
    assert problem["severity"] == "warning"
    assert problem["message"] == 'Scenario describes "Name of loose", which has no file; `syncjob pull loose` makes one'
    (renamed,) = ended.item("old-name")["problems"]
    assert "whose file was deleted or renamed here" in renamed["message"]
    assert ended.status == 3  # for new-name is to be created
    assert "bare" not in [item["model_id"] for item in ended.report["items"]]
    assert loose.run("diff", "--unfiled", "loose").status == 0
    assert unfiled(loose.json("diff")) == []


def test_text_and_comment_show_them(loose: Workspace) -> None:
    for form in ("text", "markdown", "html"):
        out = loose.run("diff", "--unfiled", "--format", form).out
        assert all(f"Name of {model_id}" in out for model_id in HELD)
        assert "loose.md" not in out  # there is no such file
    assert loose.run("diff", "--unfiled").out.startswith("loose: warning unfiled: ")
    assert "::warning title=unfiled (loose)::" in loose.run("diff", "--unfiled", GITHUB_ACTIONS="true").out


def test_a_name_that_would_act_on_who_reads_it_does_not(loose: Workspace, remote: Loopback) -> None:
    name = "</code></li><img src=x onerror=y>@everyone\n::error::x \x1b[31m\u202e" + "x" * 500
    remote.sandbox.add_models([model_row("hostile", name)], {"hostile": "text"})
    for form in ("text", "markdown", "html"):
        ended = loose.run("diff", "--unfiled", "hostile", "--format", form, GITHUB_ACTIONS="true")
        assert ended.status == 0
        assert not any(line.startswith("::error") for line in (ended.out + ended.err).splitlines())
        assert "\x1b" not in ended.out
        assert "\u202e" not in ended.out
        assert form == "text" or "<img" not in ended.out
    assert len(loose.json("diff", "--unfiled", "hostile").item("hostile")["problems"][0]["message"]) < 250


def test_select_and_shard_narrow_them_and_a_slip_is_one(loose: Workspace, remote: Loopback) -> None:
    assert unfiled(loose.json("diff", "--unfiled", "old*")) == ["old-name"]
    parts = [loose.json("diff", "--unfiled", "--shard", f"{number}/2") for number in (1, 2)]
    assert [unfiled(part) for part in parts] == [
        [model_id for model_id in HELD if Shard(number, 2).holds(model_id)] for number in (1, 2)
    ]
    assert loose.run("diff", "--unfiled", "nowhere").status == 2


def test_what_changed_since_a_revision_is_another_question(loose: Workspace, remote: Loopback) -> None:
    ended = loose.run("diff", "--unfiled", "--since", "HEAD")
    assert (ended.status, "drop one of the two" in ended.err, remote.asked) == (2, True, [])


def test_what_prune_would_delete_is_told_once(loose: Workspace) -> None:
    ended = loose.json("diff", "--unfiled", "--prune")
    assert (unfiled(ended), ended.item("old-name")["action"]) == ([], "delete")


def test_a_file_in_a_subfolder_is_named(loose: Workspace) -> None:
    (loose.descriptions / "deep").mkdir()
    (loose.descriptions / "deep" / "loose.md").write_text("theirs")
    (problem,) = loose.json("diff", "--unfiled").item("loose")["problems"]
    assert (problem["code"], "its file is deep/loose.md" in problem["message"]) == ("unfiled", True)


def test_a_model_that_cannot_be_read_is_an_error_and_hides_no_other(loose: Workspace, remote: Loopback) -> None:
    def script(method: str, target: str) -> Answer | None:
        return json_answer(403, b'{"reason": "no"}') if "/models/loose/description" in target else None

    remote.script = script
    ended = loose.json("diff", "--unfiled")
    assert (ended.status, unfiled(ended)) == (1, ["old-name"])
    assert ended.item("loose")["error"]["code"] == "forbidden"


def test_a_listing_that_fails_is_an_error(loose: Workspace, remote: Loopback) -> None:
    remote.script = lambda method, target: json_answer(403, b'{"reason": "no"}') if "/models?" in target else None
    ended = loose.json("diff", "--unfiled")
    assert (ended.status, ended.report["problems"][0]["code"]) == (1, "forbidden")


def test_what_is_remembered_costs_no_request(
    workspace: Workspace, remote: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [f"m{number:03}" for number in range(120)]
    remote.add("one", *ids, texts={"one": "text", **dict.fromkeys(ids[:3], "theirs")})
    workspace.held({"one": "text"})
    with_memory(workspace, remote, monkeypatch)
    for asked in (1 + 121, 1):  # a page, and then each model that nothing is known of
        remote.asked.clear()
        assert unfiled(workspace.json("diff", "--unfiled")) == ids[:3]
        assert remote.counts == {"GET": asked}
    remote.asked.clear()
    assert unfiled(workspace.json("diff", "--unfiled", "m*2")) == [ids[2]]
    assert remote.counts == {"GET": 1}


def test_a_model_that_has_changed_is_read_again(
    loose: Workspace, remote: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_memory(loose, remote, monkeypatch)
    assert unfiled(loose.json("diff", "--unfiled")) == HELD
    remote.sandbox.put("bare", "somebody's")
    remote.asked.clear()
    assert unfiled(loose.json("diff", "--unfiled")) == ["bare", *HELD]
    assert "/v1/models/loose/description" not in [target for _, target, _ in remote.asked]
    remote.asked.clear()
    assert unfiled(loose.json("diff", "--unfiled", "--refresh")) == ["bare", *HELD]
    assert "/v1/models/loose/description" in [target for _, target, _ in remote.asked]
