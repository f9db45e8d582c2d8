"""Plans as files."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from syncjob.config.config import Config
from syncjob.config.schema import Http, Safety
from syncjob.errors import UsageError
from syncjob.local.document import Document
from syncjob.plan.compare import Change, Plan
from syncjob.plan.drift import over_edit
from syncjob.plan.saved_plan import SavedItem, SavedPlan, as_planned, as_reviewed, blocked, load, save
from syncjob.report.build import plan_items, to_save
from syncjob.text.canonical import sha256

OLD, NEW = sha256("old"), sha256("new")
UPDATE = Change("x", "descriptions/x.md", "update", "old", "new", OLD, NEW)


def config(**other: Any) -> Config:
    made = Config(
        path=Path("config.yaml"),
        profile="test",
        base_url="https://api.invalid/v1",
        project_id="proj",
        original_assets=False,
        folder=Path("descriptions"),
        shown_folder="descriptions",
        state_dir=Path(".syncjob"),
        http=Http(),
        safety=Safety(),
        credentials=None,
    )
    return msgspec.structs.replace(made, **other)


def written(*changes: Change) -> str:
    """A plan's file."""
    return save(to_save(plan_items(Plan(changes))), config())


def saved(*changes: Change) -> SavedPlan:
    return load(written(*changes).encode(), config(), "plan.json")


def test_a_plan_comes_back_as_it_was_saved_without_what_changes_nothing() -> None:
    plan = saved(
        UPDATE,
        replace(UPDATE, model_id="gone", action="delete", after_sha256=None),
        replace(UPDATE, model_id="new", action="create", before_sha256=None),
        replace(UPDATE, model_id="same", action="unchanged"),
        replace(UPDATE, model_id="edited", action="conflict"),
    )
    assert [(item.model_id, item.action, item.before_sha256, item.after_sha256) for item in plan.items] == [
        ("x", "update", OLD, NEW),
        ("gone", "delete", OLD, None),
        ("new", "create", None, NEW),
        ("edited", "conflict", OLD, NEW),
    ]


def test_a_plan_holds_no_text() -> None:
    text = written(replace(UPDATE, before="precious", after="secret"))
    assert "precious" not in text
    assert "secret" not in text


def edited(**other: Any) -> bytes:
    plan = json.loads(written(UPDATE))
    return json.dumps({**plan, **other}).encode()


ITEM = {"model_id": "x", "action": "update", "before_sha256": OLD, "after_sha256": NEW}


@pytest.mark.parametrize(
    "data",
    [
        edited(items=[]),
        edited(items=[{**ITEM, "action": "delete"}]),
        edited(items=[{**ITEM, "model_id": "y"}]),
        edited(items=[{**ITEM, "before_sha256": NEW}]),
        edited(items=[{**ITEM, "after_sha256": None}]),
        edited(items=[ITEM, ITEM]),
        edited(items=[ITEM, {**ITEM, "model_id": "y"}]),
        edited(items=[{**ITEM, "model_id": "../x"}]),
        edited(items=[{**ITEM, "model_id": "x\n"}]),
        edited(items=[{**ITEM, "overwrites_remote_edit": True}]),
        edited(profile="production"),
        edited(base_url="https://elsewhere.invalid/v1"),
        edited(digest=""),
        edited(digest="sha256:" + "0" * 64),
    ],
)
def test_a_plan_that_was_edited_is_refused(data: bytes) -> None:
    with pytest.raises(UsageError, match=r"plan\.json was changed since it was written"):
        load(data, config(), "plan.json")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b"not json",
        b"\xff",
        b"[" * 100_000,
        edited(version=2),
        edited(more=1),
        edited(items=[{**ITEM, "action": "unchanged"}]),
        edited(items=[{**ITEM, "before_sha256": "abc"}]),
        edited(items=None),
    ],
)
def test_what_is_no_plan_is_refused(data: bytes) -> None:
    with pytest.raises(UsageError, match=r"plan\.json is not a plan of syncjob"):
        load(data, config(), "plan.json")


@pytest.mark.parametrize(
    "other", [{"profile": "sandbox"}, {"base_url": "sandbox:"}, {"project_id": None}, {"project_id": "proj2"}]
)
def test_a_plan_for_another_project_is_refused(other: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="is a plan for the profile 'test'"):
        load(written(UPDATE).encode(), config(**other), "plan.json")


@pytest.mark.parametrize(
    ("action", "text", "message"),
    [
        ("update", "new", None),
        ("update", "other", "the file has changed since the plan was made; make a new plan"),
        ("update", "", "the file is gone since the plan was made; make a new plan"),
        ("delete", "", None),
        ("delete", "new", "the file is here again since the plan was made; make a new plan"),
    ],
)
def test_a_file_that_has_changed_since_is_stale(action: Any, text: str, message: str | None) -> None:
    plan = saved(replace(UPDATE, action=action, after_sha256=None if action == "delete" else NEW))
    document = as_reviewed(Document("x", "descriptions/x.md", text), plan.writes["x"])
    assert [(problem.code, problem.message) for problem in document.problems] == (
        [("stale-plan", message)] if message else []
    )
    assert document.is_valid == (message is None)


def test_a_remote_text_that_has_changed_since_is_a_conflict() -> None:
    item = SavedItem("x", "update", OLD, NEW)
    assert as_planned(UPDATE, item) is UPDATE
    stale = as_planned(replace(UPDATE, before_sha256=sha256("edited")), item)
    assert (stale.action, stale.problems[0].code) == ("conflict", "stale-plan")
    assert as_planned(replace(UPDATE, action="delete"), item).action == "conflict"
    # What is there already is no news, and what could not be read has its own reason.
    for action in ("unchanged", "invalid"):
        change = replace(UPDATE, action=action, before_sha256=NEW)
        assert as_planned(change, item) is change


@pytest.mark.parametrize("action", ["conflict", "invalid"])
def test_what_a_plan_holds_as_refused_stays_refused(action: Any) -> None:
    change = blocked(SavedItem("x", action, OLD, NEW), "descriptions")
    assert change.path == "descriptions/x.md"
    assert change.is_blocked
    assert not change.is_write
    assert change.problems[0].code == "stale-plan"


def test_a_plan_says_what_it_overwrites_and_so_does_the_run_that_applies_it() -> None:
    (item,) = saved(over_edit(UPDATE)).items
    assert item.overwrites_remote_edit
    (problem,) = as_planned(UPDATE, item).problems
    assert (problem.code, problem.is_error) == ("remote-edited", False)
    assert not saved(UPDATE).items[0].overwrites_remote_edit


@pytest.mark.parametrize("digest_of", ["../x", "x\n", ".", ""])
def test_a_write_for_what_is_no_model_is_refused_whatever_its_digest(digest_of: str) -> None:
    data = written(replace(UPDATE, model_id=digest_of)).encode()
    with pytest.raises(UsageError):
        load(data, config(), "plan.json")


def test_bad_names_stay_in_a_plan_as_refused() -> None:
    bad = Change("\xe9", "descriptions/\xe9.md", "invalid")
    assert [item.model_id for item in saved(bad, bad, UPDATE).blocked] == ["\xe9", "\xe9"]


def test_what_is_blocked_is_a_line_that_acts_on_nothing() -> None:
    blocked = SavedItem("\x1b]0;owned\x07", "invalid", None, NEW)
    data = save([blocked], config()).encode()  # a digest without a key keeps nobody out
    with pytest.raises(UsageError, match="was changed since it was written"):
        load(data, config(), "plan.json")
    assert load(save([SavedItem("a b", "invalid", None, NEW)], config()).encode(), config(), "plan.json").items
