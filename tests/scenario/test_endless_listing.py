"""A listing whose pages never end is an error: what it leaves out is neither deleted nor forgotten without a word."""

import json
from collections.abc import Callable
from itertools import count

import pytest

from syncjob import errors
from syncjob.sandbox.records import model_row
from syncjob.scenario import Scenario, resources
from syncjob.scenario.answers import Answer
from tests.support.loopback import Loopback, Script, json_answer
from tests.support.workspace import Workspace


def page(ids: list[str], token: str | None) -> Answer:
    models = [model_row(id_) for id_ in ids]
    return json_answer(200, json.dumps({"models": models, "nextPaginationToken": token}).encode())


def endless(ids: Callable[[int], list[str]]) -> Script:
    """Pages with tokens that are ever new."""
    number = count()

    def script(method: str, target: str) -> Answer | None:
        if not target.startswith("/v1/models?"):
            return None
        this = next(number)
        return page(ids(this), f"token-{this}")

    return script


PAGES: dict[str, Callable[[int], list[str]]] = {
    "the same models": lambda _: ["filed", "unfiled"],
    "nothing": lambda _: [],
    "something first": lambda number: ["filed", "unfiled"] if number < 3 else [],
    "in turns": lambda number: [["filed"], ["unfiled"], []][number % 3],
}
EACH = pytest.mark.parametrize("ids", PAGES.values(), ids=PAGES)


@EACH
def test_the_library_raises(remote: Loopback, ids: Callable[[int], list[str]]) -> None:
    remote.script = endless(ids)
    with (
        Scenario(base_url=remote.url, requests_per_minute=0) as scenario,
        pytest.raises(errors.ProtocolError, match=r"the listing of models does not end: \d+ pages"),
    ):
        list(scenario.models.list())
    assert len(remote.asked) < 20


def test_pages_with_ever_new_models_end_too(remote: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "_PAGES", 30)
    remote.script = endless(lambda number: [f"m{number}"])
    with (
        Scenario(base_url=remote.url, requests_per_minute=0) as scenario,
        pytest.raises(errors.ProtocolError, match="does not end: 30 pages"),
    ):
        list(scenario.models.list())
    assert len(remote.asked) == 30


@pytest.mark.parametrize("tokens", ["11", "121"])
def test_a_token_that_came_before_is_no_end(pruned: Workspace, remote: Loopback, tokens: str) -> None:
    """docs/openapi.yaml: missing or empty on the last page."""
    remote.script = lambda method, target: next(answers) if target.startswith("/v1/models?") else None
    answers = iter([page([f"m{number}"], token) for number, token in enumerate(tokens)])
    with (
        Scenario(base_url=remote.url, requests_per_minute=0) as scenario,
        pytest.raises(errors.ProtocolError, match=f"does not end: {len(tokens)} pages"),
    ):
        list(scenario.models.list())
    answers = iter([page([f"m{number}"], token) for number, token in enumerate(tokens)])
    ended = pruned.json("pull", "--all")
    assert ended.status == 1
    assert "the listing of models does not end" in ended.report["problems"][0]["message"]


def test_pages_that_a_filter_leaves_empty_are_no_end(remote: Loopback) -> None:
    answers = iter([page(["a"], "0"), *(page([], f"{number + 1}") for number in range(8)), page(["b"], None)])
    remote.script = lambda method, target: next(answers)
    with Scenario(base_url=remote.url, requests_per_minute=0) as scenario:
        assert [model.id for model in scenario.models.list()] == ["a", "b"]


@pytest.fixture
def pruned(workspace: Workspace, remote: Loopback) -> Workspace:
    remote.add("filed", "unfiled", texts={"filed": "text", "unfiled": "text"})
    workspace.held({"unfiled": "text", "filed": "text"})
    (workspace.descriptions / "unfiled.md").unlink()
    workspace.commit()
    return workspace


@pytest.mark.parametrize("keep_going", [(), ("--keep-going",)], ids=["all", "by item"])
def test_nothing_is_deleted_on_its_word(pruned: Workspace, remote: Loopback, keep_going: tuple[str, ...]) -> None:
    remote.script = endless(PAGES["something first"])
    ended = pruned.json("sync", "--prune", "--force", *keep_going)
    assert ended.status == 1
    assert "the listing of models does not end" in ended.report["problems"][0]["message"]
    assert remote.counts["PUT"] == 0
    assert remote.sandbox.description("unfiled") == "text"


@pytest.mark.parametrize("command", [("diff", "--prune"), ("pull", "--all")])
def test_a_command_that_needs_it_fails(pruned: Workspace, remote: Loopback, command: tuple[str, ...]) -> None:
    remote.script = endless(PAGES["something first"])
    ended = pruned.json(*command)
    assert ended.status == 1
    assert "the listing of models does not end" in ended.report["problems"][0]["message"]
    assert sorted(path.name for path in pruned.descriptions.iterdir()) == ["filed.md"]
