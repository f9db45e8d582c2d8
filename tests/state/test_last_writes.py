"""What this machine's journals say that Scenario was last left with."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from syncjob.config.config import load
from syncjob.state.journal import Begin, Confirmed, Effect, Intent, Record, Result, started
from syncjob.state.last_writes import Form, LastWrite, LastWrites
from syncjob.text.canonical import sha256
from tests.support.workspace import Workspace

URL = "http://127.0.0.1:9/v1"


def wrote(before: str, after: str, effect: Effect = "written", stored: str | None = None) -> tuple[Record, Record]:
    at = datetime.now(UTC)
    result = Result("one", "applied" if effect == "written" else "failed", sha256(stored or after), None, effect, at)
    return Intent("one", "descriptions/one.md", before or None, sha256(after), at), result


def journal(folder: Path, number: int, *records: Record, profile: str = "test", command: str = "sync") -> None:
    run = f"2026010{number}T000000.000000Z-abcdef"
    with started(folder, Begin(1, run, command, profile, URL, None, "2026-01-01T00:00:00Z")) as opened:
        opened.write(*records)
        opened.keep()


@pytest.fixture
def state(workspace: Workspace) -> Path:
    workspace.configure(URL)
    return workspace.folder / ".syncjob"


def left(workspace: Workspace, *, is_believed: bool = True) -> LastWrite:
    config = load(workspace.folder / "config.yaml", None, workspace.environment())
    return LastWrites(config, but="", is_believed=is_believed).of("one")


def digests(*texts: str) -> frozenset[str | None]:
    return frozenset(map(sha256, texts))


def test_the_last_that_was_sent_or_found_counts(workspace: Workspace, state: Path) -> None:
    assert left(workspace) == LastWrite()
    journal(state, 1, *wrote("", "A"))
    assert left(workspace) == LastWrite(sha256("A"), digests(""), written=sha256("A"))
    journal(state, 2, *wrote("A", "B", stored="b"))
    form = Form("20260102T000000.000000Z-abcdef", sha256("B"), sha256("b"))
    assert left(workspace) == LastWrite(sha256("B"), digests("", "A"), form, sha256("B"))
    journal(state, 3, Confirmed("one", sha256("C")))
    assert left(workspace) == LastWrite(sha256("C"), digests("", "A"), form, sha256("B"))
    journal(state, 4, *wrote("C", "D", "none"))
    assert left(workspace) == LastWrite(sha256("C"), digests("", "A"), form, sha256("B"))
    journal(state, 5, *wrote("C", "E", "unknown"))
    assert left(workspace) == LastWrite(None, digests("", "A", "C"), form)
    assert left(workspace, is_believed=False) == LastWrite()


def test_another_profile_says_nothing_and_a_damaged_journal_hides_itself_alone(
    workspace: Workspace, state: Path
) -> None:
    journal(state, 1, *wrote("", "A"))
    journal(state, 2, *wrote("A", "B"), profile="production")
    journal(state, 3, *wrote("A", "C"))
    path = next((state / "runs").glob("20260103*"))
    path.write_bytes(path.read_bytes().split(b"\n")[0] + b"\n{torn")
    assert left(workspace) == LastWrite(sha256("A"), digests(""), written=sha256("A"))


def test_what_a_sync_sent_is_told_from_what_it_found_and_what_was_put_back(workspace: Workspace, state: Path) -> None:
    def from_file(*texts: str) -> list[bool]:
        return [left(workspace).is_from_file(sha256(text)) for text in texts]

    journal(state, 1, *wrote("", "A", stored="a"))
    assert from_file("A", "a", "b", "") == [True, False, False, False]
    journal(state, 2, Confirmed("one", sha256("A")))
    assert from_file("A", "a") == [True, False]
    journal(state, 3, Confirmed("one", sha256("b")))
    assert from_file("A", "a", "b") == [False, False, False]
    journal(state, 4, *wrote("b", "A", stored="a"), command="rollback")
    assert from_file("A", "a", "b") == [False, False, False]


def test_which_of_two_texts_is_there_may_be_unknown_but_not_that_one_is(workspace: Workspace, state: Path) -> None:
    found = [left(workspace).has_text]
    cases = (wrote("", "A", "unknown"), wrote("A", "B", "unknown"), wrote("B", "", "unknown"), wrote("B", ""))
    for number, records in enumerate(cases, 1):
        journal(state, number, *records)
        found.append(left(workspace).has_text)
    assert found == [None, None, True, None, False]
