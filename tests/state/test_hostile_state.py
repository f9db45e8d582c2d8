"""Files of the state folder with bytes changed at random: a value of the right form, or one message, and never more."""

import re
from pathlib import Path

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncjob.config.config import Config
from syncjob.errors import UsageError
from syncjob.plan import saved_plan
from syncjob.plan.saved_plan import SavedItem
from syncjob.state import probe_results
from syncjob.state.journal import Begin, Confirmed, Finish, Intent, Record, Result, read, started
from syncjob.state.probe_results import Answers, Finding, Learnt
from syncjob.text.sanitize import visible
from syncjob.text.tags import is_id
from tests.plan.test_saved import config

AT = "2026-01-01T00:00:00Z"
DIGEST = "a" * 64
RECORDS: list[Record] = [
    Begin(1, "r", "sync", "test", "https://api.invalid/v1", "proj", AT),
    Confirmed("two", DIGEST),
    Intent("one", "descriptions/one.md", "old", DIGEST),
    Result("one", "failed", None, "unavailable"),
    Finish(AT, 1, {"failed": 1}),
]
PROBED = Answers(
    "scratch",
    AT,
    Learnt(updated_at_moves=True, refused_bytes=400_000),
    (Finding("a", "b", "c"),),
)
PIECES = st.sampled_from(
    [b"", b"\x1b[2J", b"\\u001b", b"\xff", b"\0", b"null", b"-1", b"1e999", b'"', b"{", b"[" * 2000, b"../", b"\n", b"\\ud800", b"0" * 400]
)  # fmt: skip
CHANGES = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), PIECES), min_size=1, max_size=3)


def changed(data: bytes, changes: list[tuple[float, int, bytes]]) -> bytes:
    for place, length, piece in changes:
        at = int(place * len(data))
        data = data[:at] + piece + data[at + length :]
    return data


@settings(suppress_health_check=list(HealthCheck), deadline=None)
@given(changes=CHANGES)
def test_a_journal_holds_records_of_the_right_form_or_is_refused(
    tmp_path: Path, changes: list[tuple[float, int, bytes]]
) -> None:
    begin, *others = RECORDS
    path = tmp_path / "runs" / "r.jsonl"
    path.unlink(missing_ok=True)
    assert isinstance(begin, Begin)
    with started(tmp_path, begin) as journal:
        journal.write(*others)
        journal.keep()
    path.write_bytes(changed(path.read_bytes(), changes))
    try:
        found = list(read(tmp_path, "r"))
    except UsageError:
        return
    for record in found:
        if isinstance(record, Confirmed | Intent | Result):
            assert is_id(record.model_id)
        for value in msgspec.structs.asdict(record).values():
            if isinstance(value, str) and value != getattr(record, "before", None):
                assert visible(value) == value
                assert "\n" not in value


@settings(suppress_health_check=list(HealthCheck), deadline=None)
@given(changes=CHANGES)
def test_what_was_found_out_has_the_right_form_or_is_nothing(
    tmp_path: Path, changes: list[tuple[float, int, bytes]]
) -> None:
    ours: Config = config(path=tmp_path / "config.yaml", base_url="https://api.invalid/v1")
    probe_results.save(ours, PROBED)
    path = ours.api_file
    path.write_bytes(changed(path.read_bytes(), changes))
    probed = probe_results.load(ours, is_believed=False)
    if probed:
        assert is_id(probed.model_id)
        assert re.fullmatch(r"[0-9TZ:-]{20}", probed.probed_at)
        assert probed.learnt.refused_bytes is None or probed.learnt.refused_bytes >= 10_000
        assert ours.with_limit(probed.learnt.refused_bytes).safety.max_file_bytes >= 9_999


@settings(suppress_health_check=list(HealthCheck), deadline=None)
@given(changes=CHANGES)
def test_a_plan_is_the_one_that_was_written_or_is_refused(changes: list[tuple[float, int, bytes]]) -> None:
    items = [SavedItem("one", "update", DIGEST, DIGEST), SavedItem("x y", "invalid", None, DIGEST)]
    data = saved_plan.save(items, config()).encode()
    try:
        saved = saved_plan.load(changed(data, changes), config(), "plan.json")
    except UsageError:
        return
    assert list(saved.items) == items
