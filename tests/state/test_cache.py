"""The memory of what was read: it saves requests, and what it loses costs requests alone."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from syncjob.sandbox.records import model_row
from syncjob.scenario.resources import Page
from syncjob.scenario.types import Model
from syncjob.state import cache

OLD, NEW = "2026-01-05T09:00:00.000Z", "2026-01-05T09:00:00.001Z"
LISTED = datetime(2026, 1, 5, 12, tzinfo=UTC)  # by Scenario's clock
A, B = "a" * 64, "b" * 64


def model(model_id: str, updated_at: str = OLD) -> Model:
    return msgspec.convert({**model_row(model_id), "updatedAt": updated_at}, Model)


def listed(remembered: cache.Memory, *models: Model, at: datetime | None = LISTED) -> None:
    assert [each.id for each in remembered.listing([Page(models, at)])] == [each.id for each in models]


def remember(folder: Path, model_id: str = "one", sha256: str | None = A, updated_at: str = OLD) -> None:
    with cache.opened(folder, "test", "here") as remembered:
        listed(remembered, model(model_id, updated_at))
        remembered.remember([(model_id, sha256)])


def test_what_has_not_changed_since_it_was_read_is_held(tmp_path: Path) -> None:
    remember(tmp_path)
    with cache.opened(tmp_path, "test", "here") as remembered:
        assert not remembered.holds("one", A)  # nothing was listed yet in this run
        listed(remembered, model("one"), model("two"))
        assert remembered.holds("one", A)
        assert not remembered.holds("one", B)
        assert not remembered.holds("one", None)
        assert not remembered.holds("two", A)


def test_no_text_is_remembered_as_such(tmp_path: Path) -> None:
    remember(tmp_path, sha256=None)
    with cache.opened(tmp_path, "test", "here") as remembered:
        listed(remembered, model("one"))
        assert remembered.holds("one", None)
        assert not remembered.holds("one", A)


def test_a_model_that_has_changed_is_read_again(tmp_path: Path) -> None:
    remember(tmp_path)
    with cache.opened(tmp_path, "test", "here") as remembered:
        listed(remembered, model("one", NEW))
        assert not remembered.holds("one", A)
        remembered.remember([("one", B)])
        assert remembered.holds("one", B)


def test_a_model_that_is_not_listed_any_more_is_read(tmp_path: Path) -> None:
    remember(tmp_path)
    with cache.opened(tmp_path, "test", "here") as remembered:
        listed(remembered, model("two"))
        assert not remembered.holds("one", A)
        remembered.remember([("one", B)])
        assert not remembered.holds("one", B)


@pytest.mark.parametrize("profile_and_target", [("other", "here"), ("test", "there")])
def test_another_profile_or_project_knows_nothing(tmp_path: Path, profile_and_target: tuple[str, str]) -> None:
    remember(tmp_path)
    with cache.opened(tmp_path, *profile_and_target) as remembered:
        listed(remembered, model("one"))
        assert not remembered.holds("one", A)


@pytest.mark.parametrize("updated_at", ["", "yesterday", "2026-01-05", "2026-01-05T09:00:00", "2999-01-01T00:00:00Z"])
def test_a_time_that_tells_nothing_is_not_trusted(tmp_path: Path, updated_at: str) -> None:
    remember(tmp_path, updated_at=updated_at)
    with cache.opened(tmp_path, "test", "here") as remembered:
        listed(remembered, model("one", updated_at))
        assert not remembered.holds("one", A)


def test_a_model_that_changed_minutes_ago_is_not_trusted_yet(tmp_path: Path) -> None:
    for age, is_held in ((timedelta(0), False), (timedelta(seconds=30), False), (timedelta(minutes=6), True)):
        updated_at = (LISTED - age).isoformat()
        remember(tmp_path, updated_at=updated_at)
        with cache.opened(tmp_path, "test", "here") as remembered:
            listed(remembered, model("one", updated_at))
            assert remembered.holds("one", A) is is_held


def path_of(folder: Path) -> Path:
    return folder / "test.memory.sqlite3"


def test_a_damaged_file_is_begun_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    remember(tmp_path)
    path_of(tmp_path).write_bytes(b"no database, whatever its name says" * 100)
    with cache.opened(tmp_path, "test", "here") as remembered:
        listed(remembered, model("one"))
        assert not remembered.holds("one", A)
        remembered.remember([("one", A)])
    with cache.opened(tmp_path, "test", "here") as remembered:
        listed(remembered, model("one"))
        assert remembered.holds("one", A)


def test_a_count_that_is_no_number_is_none(tmp_path: Path) -> None:
    remember(tmp_path)
    with sqlite3.connect(path_of(tmp_path)) as damaged:
        damaged.execute("UPDATE target SET models = 'many'")
    damaged.close()
    with cache.opened(tmp_path, "test", "here") as remembered:
        assert remembered.models == 0


def test_a_file_that_another_run_holds_is_done_without_and_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    remember(tmp_path)
    other = sqlite3.connect(path_of(tmp_path), isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with cache.opened(tmp_path, "test", "here") as remembered:
        listed(remembered, model("one"))
        assert not remembered.holds("one", A)
        remembered.remember([("one", A)])
    assert "cannot be used, so all is read" in "".join(capsys.readouterr())
    other.execute("ROLLBACK")
    other.close()
    with cache.opened(tmp_path, "test", "here") as remembered:
        listed(remembered, model("one"))
        assert remembered.holds("one", A)


def test_a_file_that_cannot_be_made_is_done_without(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path_of(tmp_path).mkdir()
    with cache.opened(tmp_path, "test", "here") as remembered:
        listed(remembered, model("one"))
        assert not remembered.holds("one", A)
    assert "cannot be used, so all is read" in "".join(capsys.readouterr())


def test_it_holds_no_text(tmp_path: Path) -> None:
    remember(tmp_path)
    with sqlite3.connect(path_of(tmp_path)) as database:
        assert database.execute("SELECT * FROM seen").fetchall() == [("one", OLD, A)]
    database.close()


def test_what_the_first_format_kept_is_not_trusted(tmp_path: Path) -> None:
    remember(tmp_path)
    with sqlite3.connect(path_of(tmp_path)) as older:
        older.execute("UPDATE target SET name = 'here'")
    older.close()
    with cache.opened(tmp_path, "test", "here") as remembered:
        listed(remembered, model("one"))
        assert not remembered.holds("one", A)
