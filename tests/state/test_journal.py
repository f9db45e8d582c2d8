"""The journal: what is in it, what a crash may leave of it, and what it tells afterwards."""

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncjob.errors import UsageError
from syncjob.state.journal import Begin, Confirmed, Finish, Intent, Journal, Record, Result, read, run_ids, started
from syncjob.state.past_runs import confirmed, writes

BEGIN = Begin(1, "run-1", "sync", "test", "https://api.invalid/v1", None, "2026-01-01T00:00:00Z")
INTENT = Intent("one", "descriptions/one.md", "old\u2028 text\n\N{OLD PERSIAN SIGN A}", "a" * 64)
RESULT = Result("one", "applied", "a" * 64)
FINISH = Finish("2026-01-01T00:00:01Z", 0, {"applied": 1})


def journal_of(state: Path, *records: Record, run: str = "run-1") -> Path:
    with started(
        state, Begin(1, run, "sync", "test", "https://api.invalid/v1", None, "2026-01-01T00:00:00Z")
    ) as journal:
        for record in records:
            journal.write(record)
        journal.keep()
    return state / "runs" / f"{run}.jsonl"


def test_records_come_back_as_they_were_written(tmp_path: Path) -> None:
    records: list[Record] = [Confirmed("two", None), INTENT, RESULT, FINISH]
    journal_of(tmp_path / "state", *records)
    begin, *others = read(tmp_path / "state", "run-1")
    assert isinstance(begin, Begin)
    assert others == records


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = journal_of(tmp_path / "state", INTENT)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_journal_without_an_intent_is_removed_unless_it_is_to_be_kept(tmp_path: Path) -> None:
    for records, is_kept, is_there in (
        ((), False, False),
        ((INTENT,), False, True),
        ((Confirmed("x", None),), True, True),
    ):
        with started(tmp_path, BEGIN) as journal:
            for record in records:
                journal.write(record)
            if is_kept:
                journal.keep()
        path = tmp_path / "runs" / "run-1.jsonl"
        assert path.exists() == is_there
        path.unlink(missing_ok=True)


def test_a_journal_is_never_written_over(tmp_path: Path) -> None:
    path = journal_of(tmp_path, INTENT)
    held = path.read_bytes()
    with pytest.raises(UsageError, match="cannot make the journal"), started(tmp_path, BEGIN):
        pytest.fail("begun")
    assert path.read_bytes() == held


def test_a_folder_that_cannot_be_written_is_known_before_anything_is(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(UsageError, match="journals"), started(tmp_path, BEGIN):
        pytest.fail("begun")


def test_after_the_end_nothing_is_written(tmp_path: Path) -> None:
    with started(tmp_path, BEGIN) as journal:
        journal.write(INTENT)
    with pytest.raises(OSError, match="closed"):
        journal.write(RESULT)
    assert list(read(tmp_path, "run-1"))[1:] == [INTENT]


@pytest.mark.parametrize("room", [1, 60, 130])
def test_a_record_that_does_not_fit_is_taken_back_and_nothing_follows_it(tmp_path: Path, room: int) -> None:
    pid = os.fork()
    if not pid:  # a limit on the size of files, as a full disk, in a process of its own
        os._exit(_fill(tmp_path, room))
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert list(read(tmp_path, "run-1"))[1:] == [INTENT]


def _fill(state: Path, room: int) -> int:
    import resource
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with started(state, BEGIN) as journal:
        journal.write(INTENT, is_durable=True)
        size = (state / "runs" / "run-1.jsonl").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + room, size + room))
        failures = 0
        for record in (Intent("two", "descriptions/two.md", "x" * 500, None), RESULT):
            try:
                journal.write(record, is_durable=True)
            except OSError:
                failures += 1
    return 0 if failures == 2 else 1


@given(cut=st.integers(1, 400))
def test_a_torn_last_line_is_left_out(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    state = tmp_path_factory.mktemp("state")
    path = journal_of(state, INTENT, RESULT, FINISH)
    whole = path.read_bytes()
    path.write_bytes(whole[: max(len(whole) - cut, 0)])
    kept = whole[: max(len(whole) - cut, 0)].count(b"\n")
    assert list(read(state, "run-1"))[1:] == [INTENT, RESULT, FINISH][: max(kept - 1, 0)]


@pytest.mark.parametrize(
    "line",
    [b"no json\n", b"{}\n", b'{"record": "other"}\n', b'{"record": "intent"}\n', b"\xff\n", b"[" * 100_000 + b"\n"],
)
def test_what_is_no_record_is_told_with_its_line(tmp_path: Path, line: bytes) -> None:
    path = journal_of(tmp_path, INTENT)
    path.write_bytes(path.read_bytes() + line + b"{}\n")
    with pytest.raises(UsageError, match=r"run-1\.jsonl:3: not a record of a journal"):
        list(read(tmp_path, "run-1"))


def test_a_journal_begins_with_its_run(tmp_path: Path) -> None:
    path = journal_of(tmp_path, INTENT)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))
    with pytest.raises(UsageError, match=r"run-1\.jsonl:1"):
        list(read(tmp_path, "run-1"))


@pytest.mark.parametrize("run", ["", ".", "..", "nope", "../runs/run-1", "/etc/passwd", "run-1.jsonl", "a\nb"])
def test_a_run_that_there_is_not_is_told(tmp_path: Path, run: str) -> None:
    journal_of(tmp_path, INTENT)
    with pytest.raises(UsageError, match="no run") as refused:
        read(tmp_path, run)
    assert str(refused.value).isprintable()


def test_runs_are_listed_newest_first(tmp_path: Path) -> None:
    for run in ("20260101T000000.000002Z-aa", "20260101T000000.000010Z-00", "20251231T235959.999999Z-ff"):
        journal_of(tmp_path, INTENT, run=run)
    (tmp_path / "runs" / "notes.txt").write_text("no journal")
    assert run_ids(tmp_path) == [
        "20260101T000000.000010Z-00", "20260101T000000.000002Z-aa", "20251231T235959.999999Z-ff",
    ]  # fmt: skip


def test_writes_are_intents_with_their_results_and_what_scenario_said_it_stored() -> None:
    other = Intent("two", "descriptions/two.md", None, "b" * 64)
    found = writes([BEGIN, Confirmed("three", None), INTENT, other, Result("one", "applied", "c" * 64), FINISH])
    assert list(found) == ["one", "two"]
    assert found["one"].result == Result("one", "applied", "c" * 64)
    assert [digest * 64 in found["one"].left for digest in "abc"] == [True, False, True]
    assert found["two"].result is None
    assert [digest in found["two"].left for digest in ("b" * 64, None)] == [True, False]


def test_a_deletion_has_left_no_text() -> None:
    gone = Intent("one", "descriptions/one.md", "text", None)
    (write,) = writes([BEGIN, gone, Result("one", "applied", None)]).values()
    assert None in write.left
    assert "a" * 64 not in write.left


def test_what_was_confirmed_is_what_was_in_step_or_applied() -> None:
    failed = Intent("two", "descriptions/two.md", None, "b" * 64)
    records: list[Record] = [BEGIN, Confirmed("three", "d" * 64), INTENT, failed, RESULT, Result("two", "failed")]
    assert confirmed(records) == {"one": "a" * 64, "three": "d" * 64}


def test_threads_share_it(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    intents = [Intent(f"m{number}", f"descriptions/m{number}.md", "x" * number, None) for number in range(200)]
    with started(tmp_path, BEGIN) as journal, ThreadPoolExecutor(8) as pool:
        list(pool.map(journal.write, intents))
    assert sorted(read(tmp_path, "run-1"), key=repr)[1:] == sorted(intents, key=repr)
    assert isinstance(journal, Journal)
