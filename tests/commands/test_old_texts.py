"""A run that writes for minutes after it has read reads hardly anything twice, once a probe has seen `updatedAt` move."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from syncjob.commands import run
from syncjob.commands.run import Options
from syncjob.remote.descriptions import Remote
from syncjob.state.probe_results import Learnt, Probed
from tests.support import in_process
from tests.support.loopback import Loopback
from tests.support.workspace import Workspace

_SECONDS = 1.0  # that each request takes
MOVES = Learnt(updated_at_moves=True, bulk_updated_at_moves=True)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch, remote: Loopback) -> None:
    """How old a text is goes by the requests that were sent."""
    made = run._remote

    def remote_of(*given: Any) -> Remote:
        return replace(made(*given), clock=lambda: _SECONDS * len(remote.asked))

    monkeypatch.setattr(run, "_remote", remote_of)


def folder(workspace: Workspace, remote: Loopback, count: int, changed: int, learnt: Learnt = MOVES) -> None:
    """Descriptions that git held; some files say something else since."""
    ids = [f"m{number:05}" for number in range(count)]
    remote.add(*ids, texts={id_: f"text of {id_}" for id_ in ids})
    for id_ in ids:
        workspace.write(id_, f"text of {id_}")
    (workspace.folder / ".gitignore").write_text(".syncjob/\n")
    workspace.commit()
    state = workspace.folder / ".syncjob"
    state.mkdir(exist_ok=True)
    (state / ".gitignore").write_text("*\n")
    probed = Probed(1, "test", remote.url, None, "scratch", "2026-01-01T00:00:00Z", learnt, ())
    (state / "test.learnt.json").write_bytes(msgspec.json.encode(probed))
    in_process.diff(workspace)  # so that what is in step is remembered
    for id_ in ids[: count // changed * changed : count // changed]:
        workspace.write(id_, f"new text of {id_}")
    workspace.commit()
    remote.asked.clear()


def sync(workspace: Workspace, options: Options | None = None, **http: Any) -> int:
    report = in_process.sync(workspace, options or Options(force=True), **http)
    assert report.exit_code == 0, in_process.told(report)
    return report.summary.applied


def test_a_change_costs_a_get_and_a_put_however_long_the_writes_take(workspace: Workspace, remote: Loopback) -> None:
    folder(workspace, remote, 140, 70)
    assert sync(workspace, audit=0) == 70
    assert (remote.counts["PUT"], remote.counts["GET"]) == (70, 71)  # with the listing
    assert len(remote.asked) <= 2.1 * 70


@pytest.mark.deep
def test_600_changes_among_2000_cost_2_1_requests_each(workspace: Workspace, remote: Loopback) -> None:
    folder(workspace, remote, 2000, 600)
    assert sync(workspace) == 600
    assert len(remote.asked) <= 2.1 * 600


def test_a_run_that_lists_no_models_looks_them_up_before_it_reads(workspace: Workspace, remote: Loopback) -> None:
    folder(workspace, remote, 70, 70)
    assert sync(workspace, Options(since="HEAD~1", force=True), requests_per_minute=155) == 70
    assert (remote.counts["PUT"], remote.counts["GET"]) == (70, 70)
    assert len(remote.asked) <= 2.1 * 70


@pytest.mark.parametrize(
    "learnt",
    [Learnt(), Learnt(updated_at_moves=True), Learnt(bulk_updated_at_moves=True)],
    ids=["no-probe", "a-probe-that-did-not-ask-in-bulk", "no-probe-finds-this"],
)
def test_only_a_probe_says_that_a_stamp_tells_anything(workspace: Workspace, remote: Loopback, learnt: Learnt) -> None:
    folder(workspace, remote, 70, 70, learnt)
    assert sync(workspace) == 70
    assert remote.counts["GET"] >= 130


def test_a_short_run_asks_for_no_stamp(workspace: Workspace, remote: Loopback) -> None:
    folder(workspace, remote, 20, 20)
    assert sync(workspace, Options(since="HEAD~1", force=True), requests_per_minute=1000) == 20
    assert dict(remote.counts) == {"GET": 20, "PUT": 20, "POST": 1}
