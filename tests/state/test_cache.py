"""The memory of what was read: it saves requests, and what it loses costs requests alone."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from syncjob.config.config import Target
from syncjob.sandbox.records import model_row
from syncjob.scenario.resources import Page
from syncjob.scenario.types import Model
from syncjob.state.memory import cache
from syncjob.state.memory.cache import Memory
from syncjob.state.memory.file import MemoryFile

OLD, NEW = "2026-01-05T09:00:00.000Z", "2026-01-05T09:00:00.001Z"
LISTED = datetime(2026, 1, 5, 12, tzinfo=UTC)  # by Scenario's clock
A, B = "a" * 64, "b" * 64


def path_of(folder: Path, profile: str = "test") -> Path:
    return folder / f"{profile}.memory.jsonl"


def memory(folder: Path, profile: str = "test", base_url: str = "here") -> Memory:
    return Memory(MemoryFile(path_of(folder, profile), Target(profile, base_url, None)))


@contextmanager
def opened(folder: Path, profile: str, base_url: str) -> Iterator[Memory]:
    """A memory that is on, and saved at the end."""
    with closing(memory(folder, profile, base_url)) as remembered:
        remembered.open()
        yield remembered


def model(model_id: str, updated_at: str = OLD) -> Model:
    return msgspec.convert({**model_row(model_id), "updatedAt": updated_at}, Model)


def listed(remembered: Memory, *models: Model, at: datetime | None = LISTED) -> None:
    assert [each.id for each in remembered.listing([Page(models, at)])] == [each.id for each in models]


def remember(folder: Path, model_id: str = "one", sha256: str | None = A, updated_at: str = OLD) -> None:
    with opened(folder, "test", "here") as remembered:
        listed(remembered, model(model_id, updated_at))
        remembered.remember([(model_id, sha256)])


def test_what_has_not_changed_since_it_was_read_is_held(tmp_path: Path) -> None:
    remember(tmp_path)
    with opened(tmp_path, "test", "here") as remembered:
        assert not remembered.holds("one", A)  # nothing was listed yet in this run
        listed(remembered, model("one"), model("two"))
        assert remembered.holds("one", A)
        assert not remembered.holds("one", B)
        assert not remembered.holds("one", None)
        assert not remembered.holds("two", A)


def test_no_text_is_remembered_as_such(tmp_path: Path) -> None:
    remember(tmp_path, sha256=None)
    with opened(tmp_path, "test", "here") as remembered:
        listed(remembered, model("one"))
        assert remembered.holds("one", None)
        assert not remembered.holds("one", A)


def test_a_model_that_has_changed_is_read_again(tmp_path: Path) -> None:
    remember(tmp_path)
    with opened(tmp_path, "test", "here") as remembered:
        listed(remembered, model("one", NEW))
        assert not remembered.holds("one", A)
        remembered.remember([("one", B)])
        assert remembered.holds("one", B)


def test_a_model_that_is_not_listed_any_more_is_read(tmp_path: Path) -> None:
    remember(tmp_path)
    with opened(tmp_path, "test", "here") as remembered:
        listed(remembered, model("two"))
        assert not remembered.holds("one", A)
        remembered.remember([("one", B)])
        assert not remembered.holds("one", B)


@pytest.mark.parametrize("profile_and_target", [("other", "here"), ("test", "there")])
def test_another_profile_or_project_knows_nothing(tmp_path: Path, profile_and_target: tuple[str, str]) -> None:
    remember(tmp_path)
    path_of(tmp_path, "other").write_bytes(path_of(tmp_path).read_bytes())
    with opened(tmp_path, *profile_and_target) as remembered:
        listed(remembered, model("one"))
        assert not remembered.holds("one", A)


@pytest.mark.parametrize("updated_at", ["", "yesterday", "2026-01-05", "2026-01-05T09:00:00", "2999-01-01T00:00:00Z"])
def test_a_time_that_tells_nothing_is_not_trusted(tmp_path: Path, updated_at: str) -> None:
    remember(tmp_path, updated_at=updated_at)
    with opened(tmp_path, "test", "here") as remembered:
        listed(remembered, model("one", updated_at))
        assert not remembered.holds("one", A)


def test_a_model_that_changed_minutes_ago_is_not_trusted_yet(tmp_path: Path) -> None:
    for age, is_held in ((timedelta(0), False), (timedelta(seconds=30), False), (timedelta(minutes=6), True)):
        updated_at = (LISTED - age).isoformat()
        remember(tmp_path, updated_at=updated_at)
        with opened(tmp_path, "test", "here") as remembered:
            listed(remembered, model("one", updated_at))
            assert remembered.holds("one", A) is is_held


LINE = ["one", OLD, A, 1]


def lines(path: Path) -> list[list[object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def rewrite(path: Path, *more: object, **header: object) -> None:
    """The file with other values in its header, and more lines, each as JSON or as the bytes that it is."""
    first, *others = lines(path)
    names = ("version", "target", "round", "models")
    first = [header.get(name, value) for name, value in zip(names, first, strict=True)]
    encoded = (line if isinstance(line, bytes) else json.dumps(line).encode() for line in (first, *others, *more))
    path.write_bytes(b"".join(line + b"\n" for line in encoded))


DAMAGED: dict[str, Callable[[Path], object]] = {
    "another program's": lambda path: path.write_bytes(b"no memory, whatever its name says" * 100),
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "its first line alone, cut": lambda path: path.write_bytes(path.read_bytes()[:20]),
    "a version to come": lambda path: rewrite(path, version=2),
    "a round that has not been": lambda path: rewrite(path, ["two", OLD, B, 2]),
    "the last round": lambda path: rewrite(path, round=1_000_000_000),
    "no round": lambda path: rewrite(path, ["two", OLD, B, -1]),
    "a model twice": lambda path: rewrite(path, LINE),
    "a path": lambda path: rewrite(path, ["../two", OLD, B, 1]),
    "an escape": lambda path: rewrite(path, ["two", "\x1b[2J", B, 1]),
    "no digest": lambda path: rewrite(path, ["two", OLD, "text", 1]),
    "one more value": lambda path: rewrite(path, ["two", OLD, B, 1, "text"]),
    "a number": lambda path: rewrite(path, [2, OLD, B, 1]),
    "a count that is none": lambda path: rewrite(path, models="many"),
    "a line without an end": lambda path: rewrite(path, b"[" * 1_000_000),
    "not UTF-8": lambda path: rewrite(path, b'["\xff", "", null, 1]'),
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
def test_a_file_with_one_thing_that_syncjob_does_not_write_is_begun_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: Callable[[Path], object]
) -> None:
    remember(tmp_path)
    damage(path_of(tmp_path))
    with opened(tmp_path, "test", "here") as remembered:
        assert remembered.models == 0
        listed(remembered, model("one"), model("two"))
        assert not remembered.holds("one", A)
        assert not remembered.holds("two", B)
        remembered.remember([("one", A)])
    told = "".join(capsys.readouterr())
    assert "is damaged, so everything is read" in told
    assert "\x1b" not in told
    with opened(tmp_path, "test", "here") as remembered:
        listed(remembered, model("one"))
        assert remembered.holds("one", A)


def test_a_file_that_is_larger_than_any_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    remember(tmp_path)
    monkeypatch.setattr("syncjob.state.memory.file._MAX_BYTES", 10)
    with opened(tmp_path, "test", "here") as remembered:
        assert remembered.due(1) == []
    assert "is damaged" in "".join(capsys.readouterr())


@pytest.mark.parametrize("put", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("elsewhere")])
def test_what_is_no_file_is_done_without_and_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], put: Callable[[Path], object]
) -> None:
    put(path_of(tmp_path))
    kind = path_of(tmp_path).lstat().st_mode
    with opened(tmp_path, "test", "here") as remembered:
        listed(remembered, model("one"))
        assert not remembered.holds("one", A)
        remembered.remember([("one", A)])
        remembered.forget(["one"])
    assert "cannot be used, so all is read" in "".join(capsys.readouterr())
    assert path_of(tmp_path).lstat().st_mode == kind


def test_it_holds_no_text_and_no_address(tmp_path: Path) -> None:
    remember(tmp_path)
    header, *seen = lines(path_of(tmp_path))
    assert seen == [LINE]
    assert [header[0], *header[2:]] == [1, 1, 1]
    assert len(str(header[1])) == 64


# What is forgotten


def test_a_model_is_forgotten_in_the_file_before_it_is_written(tmp_path: Path) -> None:
    with opened(tmp_path, "test", "here") as remembered:
        listed(remembered, model("one"), model("two"))
        remembered.remember([("one", A), ("two", B)])
        remembered.forget({"one"})
        assert lines(path_of(tmp_path))[1:] == [["two", OLD, B, 1]]
        remembered.remember([("one", A)])  # what was read before the write
    assert lines(path_of(tmp_path))[1:] == [["two", OLD, B, 1]]


def test_a_run_without_the_memory_forgets_too(tmp_path: Path) -> None:
    remember(tmp_path)
    Memory(MemoryFile(path_of(tmp_path), Target("test", "here", None)), wanted=False).forget({"one", "two"})
    assert lines(path_of(tmp_path))[1:] == []


def test_a_run_forgets_what_another_one_has_saved_in_the_meantime(tmp_path: Path) -> None:
    with opened(tmp_path, "test", "here") as first:
        remember(tmp_path)
        first.forget({"one"})
        assert lines(path_of(tmp_path))[1:] == []


def test_what_another_run_forgot_in_the_meantime_does_not_come_back(tmp_path: Path) -> None:
    with opened(tmp_path, "test", "here") as first:
        listed(first, model("one"))
        first.remember([("one", A)])  # read before the other one wrote
        memory(tmp_path).forget({"one"})
    assert lines(path_of(tmp_path))[1:] == []


def test_what_cannot_be_forgotten_is_not_left_behind(tmp_path: Path) -> None:
    remember(tmp_path)
    rewrite(path_of(tmp_path), b"damaged")
    memory(tmp_path).forget({"two"})
    assert not path_of(tmp_path).exists()


def test_what_is_not_listed_any_more_is_forgotten_once_all_is_listed(tmp_path: Path) -> None:
    remember(tmp_path)
    for is_whole in (False, True):
        with opened(tmp_path, "test", "here") as remembered:
            listed(remembered, model("two"))
            if is_whole:
                remembered.listed_all()
        assert (lines(path_of(tmp_path))[1:] == []) is is_whole


def test_a_long_run_saves_on_its_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_SAVE_EVERY", -1.0)
    with opened(tmp_path, "test", "here") as remembered:
        listed(remembered, model("one"))
        remembered.remember([("one", A)])
        assert lines(path_of(tmp_path))[1:] == [LINE]


# What is audited


def remember_many(folder: Path, count: int) -> list[str]:
    ids = [f"m{number:04}" for number in range(count)]
    with opened(folder, "test", "here") as remembered:
        listed(remembered, *map(model, ids))
        remembered.remember((id_, A) for id_ in ids)
    return ids


@pytest.mark.parametrize(
    ("count", "least", "due"), [(10, 20, 10), (100, 20, 20), (2101, 20, 22), (300, 0, 0), (0, 20, 0)]
)
def test_one_in_a_hundred_is_due_and_no_fewer_than_asked_for(tmp_path: Path, count: int, least: int, due: int) -> None:
    ids = remember_many(tmp_path, count)
    with opened(tmp_path, "test", "here") as remembered:
        listed(remembered, *map(model, ids))
        assert len(remembered.due(least)) == due


def test_each_is_due_within_a_hundred_runs_whatever_a_stranger_says_of_when_it_was_read(tmp_path: Path) -> None:
    ids = remember_many(tmp_path, 250)
    path = path_of(tmp_path)
    first, *others = lines(path)
    first[2] = 999_999_000
    for line in others:
        line[3] = 999_999_000 if line[0] == "m0007" else 0  # as if it alone had just been read
    path.write_text("".join(json.dumps(line) + "\n" for line in (first, *others)))
    read: list[str] = []
    runs = 0
    while "m0007" not in read:
        runs += 1
        with opened(tmp_path, "test", "here") as remembered:
            listed(remembered, *map(model, ids))
            audited = [seen.model_id for seen in remembered.due(1)]
            remembered.remember((id_, A) for id_ in audited)
        read += audited
    assert runs <= 100
    assert len(set(read)) == 250


def test_a_forged_count_keeps_the_listing_away_for_a_hundred_runs_at_most(tmp_path: Path) -> None:
    remember(tmp_path)
    rewrite(path_of(tmp_path), models=1_000_000)
    counts = []
    while 0 not in counts:
        with opened(tmp_path, "test", "here") as remembered:
            counts.append(remembered.models)
    assert len(counts) <= 100


def test_one_that_was_wrong_is_off_and_forgotten(tmp_path: Path) -> None:
    remember(tmp_path)
    with opened(tmp_path, "test", "here") as remembered:
        listed(remembered, model("one"))
        remembered.give_up()
        assert not remembered.is_on
        assert not remembered.holds("one", A)
        remembered.remember([("one", A)])
        remembered.open()
        assert not remembered.is_on
    assert not path_of(tmp_path).exists()
