"""Long runs: planned and written in slices, in parts, for a time."""

import json
import re
import signal
import subprocess
import sys
import threading
import time
from itertools import groupby

import pytest

from syncjob.control.progress import Progress, duration
from syncjob.local.select import Shard
from syncjob.report.item_store import Spool
from syncjob.sandbox.records import model_row
from syncjob.scenario.answers import Answer
from tests.support.faulty_server import PATIENCE
from tests.support.loopback import Loopback, json_answer
from tests.support.unhurried import UNHURRIED, until
from tests.support.workspace import Workspace


def models(workspace: Workspace, remote: Loopback, count: int, text: str = "text of {}") -> list[str]:
    """So many descriptions in files, of models that have none on Scenario."""
    ids = [f"m{number:05}" for number in range(count)]
    remote.add(*ids)
    for id_ in ids:
        workspace.write(id_, text.format(id_))
    return ids


def turns(remote: Loopback) -> list[tuple[str, int]]:
    """The requests about descriptions, in order, as runs of one method: [("GET", 1000), ("PUT", 1000), …]."""
    methods = [method for method, target, _ in remote.asked if target.endswith("/description")]
    return [(method, len(list(run))) for method, run in groupby(methods)]


def pace(workspace: Workspace, settings: str) -> None:
    path = workspace.folder / "config.yaml"
    path.write_text(re.sub("http: .*", f"http: {{{settings}}}", path.read_text()))


@pytest.mark.deep
def test_a_create_costs_one_get_and_one_put_however_many_there_are(workspace: Workspace, remote: Loopback) -> None:
    models(workspace, remote, 2100)
    ended = workspace.json("sync")
    assert (ended.status, ended.report["summary"]["applied"]) == (0, 2100)
    assert (remote.counts["GET"], remote.counts["PUT"]) == (2100, 2100)
    assert 42 <= remote.counts["POST"] <= 45
    assert [method for method, _ in turns(remote)] == ["GET", "PUT"] * 3
    assert all(count <= 1100 for _, count in turns(remote))  # what was in flight comes along
    assert [item["model_id"] for item in ended.report["items"]] == sorted(f"m{number:05}" for number in range(2100))


@pytest.mark.deep
def test_later_slices_fit_into_the_rate_window_so_that_what_was_read_is_not_read_again(
    workspace: Workspace, remote: Loopback
) -> None:
    models(workspace, remote, 1200)
    pace(workspace, "requests_per_minute: 2600, recheck_after: 10")
    started = time.monotonic()
    assert workspace.run("sync").status == 0
    is_in_time = time.monotonic() - started < 10  # on a machine that is too slow, what was read grows old
    (_, first), _, (_, second), *_ = turns(remote)
    assert 1000 <= first <= 1100
    assert second == min(195, 1200 - first) or not is_in_time
    assert remote.counts["PUT"] == 1200
    assert remote.counts["GET"] == 1200 or not is_in_time


@pytest.mark.deep
def test_up_to_a_thousand_writes_nothing_is_written_before_all_is_known(workspace: Workspace, remote: Loopback) -> None:
    ids = models(workspace, remote, 1500)
    for id_ in ids[20:]:
        remote.sandbox.put(id_, f"text of {id_}")
    workspace.write(ids[-1], "{asset:missing}")
    workspace.held({ids[-1]: f"text of {ids[-1]}"})
    workspace.write(ids[-1], "{asset:missing}")
    ended = workspace.json("sync")
    assert (ended.status, remote.counts["PUT"]) == (1, 0)
    assert ended.report["summary"] | {"create": 20, "not_attempted": 20, "invalid": 1} == ended.report["summary"]


def test_below_a_thousand_it_makes_no_difference_what_comes_last(workspace: Workspace, remote: Loopback) -> None:
    ids = models(workspace, remote, 1098)
    for id_ in ids[:100]:
        remote.sandbox.put(id_, f"text of {id_}")
    remote.sandbox.put(ids[-1], "somebody's")
    pace(workspace, "requests_per_minute: 0, workers: 32")
    ended = workspace.json("sync")
    assert (ended.status, remote.counts["PUT"]) == (1, 0)
    assert ended.report["summary"] | {"create": 997, "conflict": 1} == ended.report["summary"]


@pytest.mark.deep
def test_a_saved_plan_is_applied_whole_or_not_at_all_however_long(workspace: Workspace, remote: Loopback) -> None:
    ids = models(workspace, remote, 1200)
    workspace.commit()
    assert workspace.run("diff", "--plan-out", "plan.json").status == 0
    remote.sandbox.put(ids[1150], "somebody's")
    ended = workspace.json("sync", "--plan", "plan.json")
    assert (ended.status, remote.counts["PUT"]) == (1, 0)
    assert ended.item(ids[1150])["problems"][0]["code"] == "stale-plan"


@pytest.mark.deep
def test_a_slice_that_is_refused_ends_the_run_and_it_can_be_gone_on_with(
    workspace: Workspace, remote: Loopback
) -> None:
    ids = models(workspace, remote, 3100)
    workspace.write(ids[1500], "{asset:missing}")
    ended = workspace.json("sync")
    summary = ended.report["summary"]
    written = summary["applied"]
    assert (ended.status, remote.counts["PUT"]) == (1, written)
    assert 1000 <= written <= 1100
    assert summary["not_attempted"] == 3100 - written - 1
    assert len(ended.report["items"]) == 3100
    (problem,) = ended.report["problems"]
    assert problem["code"] == "interrupted"
    resume = re.search(r"continue with the same options and --resume (\S+)", problem["message"])
    assert resume

    workspace.write(ids[1500], "mended")
    remote.asked.clear()
    again = workspace.json("sync", "--resume", resume[1])
    assert (again.status, again.report["summary"]["applied"]) == (0, 3100 - written)
    assert remote.counts["GET"] == 3100 - written
    assert workspace.run("diff", "--exit-code").status == 0


@pytest.mark.deep
def test_with_keep_going_only_what_is_wrong_is_left_out_of_a_slice(workspace: Workspace, remote: Loopback) -> None:
    ids = models(workspace, remote, 1100)
    workspace.write(ids[3], "{asset:missing}")
    workspace.write(ids[1050], "{asset:missing}")
    ended = workspace.json("sync", "--keep-going")
    assert (ended.status, ended.report["summary"]["applied"]) == (1, 1098)
    # An id that one slice looked up is known to the next.
    assert sum(target.startswith("/v1/assets") for _, target, _ in remote.asked) == 1


@pytest.mark.deep
def test_the_threshold_counts_all_slices(workspace: Workspace, remote: Loopback) -> None:
    ids = models(workspace, remote, 1200, "old {}")
    for id_ in ids:
        remote.sandbox.put(id_, f"old {id_}")
    workspace.commit()
    for id_ in ids:
        workspace.write(id_, f"new {id_}")
    workspace.commit()
    config = workspace.folder / "config.yaml"
    config.write_text(config.read_text() + "safety: {max_change_percent: 90}\n")
    ended = workspace.json("sync")  # 1,000 are under 90 % of 1,200, and 1,200 are not
    summary = ended.report["summary"]
    assert (ended.status, summary["applied"] + summary["refused"]) == (1, 1200)
    assert 1000 <= summary["applied"] <= 1100
    assert [problem["code"] for problem in ended.report["problems"]] == ["too-many-changes"]


@pytest.mark.deep
def test_a_diff_tells_the_threshold_once_and_of_all(workspace: Workspace, remote: Loopback) -> None:
    ids = models(workspace, remote, 1200, "old {}")
    for id_ in ids:
        remote.sandbox.put(id_, f"old {id_}")
    workspace.commit()
    for id_ in ids:
        workspace.write(id_, f"new {id_}")
    workspace.commit()
    ended = workspace.json("diff", "--plan-out", "plan.json")
    assert ended.status == 1
    (problem,) = ended.report["problems"]
    assert problem["message"].startswith("1200 of 1200 descriptions")
    assert len(json.loads((workspace.folder / "plan.json").read_text())["items"]) == 1200
    assert workspace.run("sync", "--plan", "plan.json", "--force").status == 0
    assert remote.sandbox.description(ids[-1]) == f"new {ids[-1]}"


@pytest.mark.deep
def test_the_text_tells_each_slice_and_sums_up_once(workspace: Workspace, remote: Loopback) -> None:
    models(workspace, remote, 1200)
    ended = workspace.run("sync", "--plan-out", "plan.json")
    assert ended.status == 0
    lines = ended.out.splitlines()
    assert sum(line.startswith("Plan: ") for line in lines) == 2
    assert sum(line.startswith("created m") for line in lines) == 1200
    assert any(re.match("This is one slice; [0-9]+ descriptions are still to be compared", line) for line in lines)
    assert [line for line in lines if line.startswith("Applied")] == ["Applied 1200, 0 failed, 0 refused."]
    assert len(json.loads((workspace.folder / "plan.json").read_text())["items"]) == 1200


# --max-duration


def test_a_run_ends_in_order_when_its_time_is_over_and_goes_on_where_it_was(
    workspace: Workspace, remote: Loopback
) -> None:
    ids = models(workspace, remote, 400)
    for id_ in ids[:-20]:
        remote.sandbox.put(id_, f"text of {id_}")
    pace(workspace, "requests_per_minute: 0, workers: 4")
    over = workspace.folder / "over"
    remote.script = lambda method, target: over.touch() if len(remote.asked) >= 100 else None
    ended = workspace.json("sync", "--max-duration", "1s", **until(over))
    assert ended.status == 4
    summary = ended.report["summary"]
    (problem,) = ended.report["problems"]
    found = re.fullmatch(
        r"stopped early: --max-duration 1 s is over; continue with the same options and --resume (\S+)",
        problem["message"],
    )
    assert found
    assert 0 < summary["unchanged"] < 380

    remote.script = lambda method, target: None
    remote.asked.clear()
    again = workspace.json("sync", "--resume", found[1])
    assert again.status == 0
    assert again.report["summary"] | {"unchanged": 380, "applied": 20} == again.report["summary"]
    assert remote.counts["GET"] == 400 - summary["unchanged"]


@pytest.mark.deep
def test_a_run_whose_last_write_outlasts_its_time_is_done(workspace: Workspace, remote: Loopback) -> None:
    models(workspace, remote, 1)
    over = workspace.folder / "over"
    remote.script = lambda method, target: over.touch() if method == "PUT" else None
    ended = workspace.json("sync", "--max-duration", "1s", **until(over))
    assert (ended.status, ended.report["problems"], ended.report["summary"]["applied"]) == (0, [], 1)


def test_a_listing_that_has_to_wait_ends_with_the_time(workspace: Workspace, remote: Loopback) -> None:
    models(workspace, remote, 1)
    remote.script = lambda method, target: json_answer(429, b"{}", retry_after="30")
    assert workspace.run("sync", "--prune", "--max-duration", "1s").status == 4
    assert len(remote.asked) <= 1  # it has not waited for the half minute


def test_what_a_rollback_put_back_is_asked_for_again_by_a_resumed_run(workspace: Workspace, remote: Loopback) -> None:
    ids = models(workspace, remote, 3)
    assert workspace.run("sync").status == 0
    (row,) = json.loads(workspace.run("runs", "--format", "json").out)
    assert workspace.run("rollback", row["run"]).status == 0
    assert remote.sandbox.description(ids[0]) == ""
    assert workspace.run("sync", "--resume", row["run"]).status == 0
    assert remote.sandbox.description(ids[0]) == f"text of {ids[0]}"


def test_refresh_asks_for_everything_also_in_a_resumed_run(workspace: Workspace, remote: Loopback) -> None:
    models(workspace, remote, 3)
    assert workspace.run("sync").status == 0
    (row,) = json.loads(workspace.run("runs", "--format", "json").out)
    remote.asked.clear()
    assert workspace.run("sync", "--resume", row["run"]).status == 0
    assert remote.counts["GET"] == 0
    assert workspace.run("sync", "--resume", row["run"], "--refresh").status == 0
    assert remote.counts["GET"] == 3


def test_a_run_that_is_done_in_time_is_done(workspace: Workspace, remote: Loopback) -> None:
    models(workspace, remote, 3)
    assert workspace.run("sync", "--max-duration", "5h30m").status == 0
    assert remote.counts["PUT"] == 3


@pytest.mark.parametrize("duration_", ["", "5", "h", "5h5h", "-1s", "1.5h", "0s", "1d", "5 h", "٣s"])
def test_what_is_no_duration_is_refused(workspace: Workspace, remote: Loopback, duration_: str) -> None:
    models(workspace, remote, 1)
    ended = workspace.run("sync", "--max-duration", duration_)
    assert (ended.status, remote.asked) == (2, [])
    assert "5h30m" in ended.err


# --shard


def test_shards_are_disjoint_and_together_all(workspace: Workspace, remote: Loopback) -> None:
    ids = models(workspace, remote, 30)
    parts = [
        [item["model_id"] for item in workspace.json("sync", "--shard", f"{number}/3").report["items"]]
        for number in (1, 2, 3)
    ]
    assert sorted(id_ for part in parts for id_ in part) == ids
    assert all(3 <= len(part) <= 20 for part in parts)
    assert remote.counts["PUT"] == 30


def test_the_part_of_a_model_is_the_same_for_ever() -> None:
    held = {id_: next(n for n in range(1, 8) if Shard(n, 7).holds(id_)) for id_ in ("flux.1-dev", "model_a", "x")}
    assert held == {"flux.1-dev": 5, "model_a": 6, "x": 2}


def test_a_shard_without_any_description_has_nothing_to_do(workspace: Workspace, remote: Loopback) -> None:
    models(workspace, remote, 1)
    done = [workspace.json("sync", "--shard", f"{number}/50") for number in range(1, 51, 7)]
    assert {ended.status for ended in done} == {0}


def test_prune_deletes_only_the_shards_own(workspace: Workspace, remote: Loopback) -> None:
    ids = [f"gone{number}" for number in range(8)]
    remote.add("here", *ids, texts=dict.fromkeys(ids, "old"))
    workspace.write("here", "text")
    workspace.held(dict.fromkeys(ids, "old"))
    for id_ in ids:
        (workspace.descriptions / f"{id_}.md").unlink()
    ended = workspace.json("sync", "--prune", "--shard", "1/2")
    assert ended.status == 0
    own = {id_ for id_ in ids if Shard(1, 2).holds(id_)}
    assert {id_ for id_ in ids if not remote.sandbox.description(id_)} == own
    assert 0 < len(own) < 8


@pytest.mark.parametrize("shard", ["0/2", "3/2", "1", "1/0", "a/b", "1/2/3", "-1/2", "1/٢", ""])
def test_what_is_no_shard_is_refused(workspace: Workspace, remote: Loopback, shard: str) -> None:
    models(workspace, remote, 1)
    ended = workspace.run("diff", "--shard", shard)
    assert (ended.status, remote.asked) == (2, [])
    assert "use I/N, such as 2/5" in ended.err


# Progress


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_is_left_is_told_from_what_was_needed() -> None:
    clock, sent = Clock(), 0
    progress = Progress(lambda: sent, lambda: 100, clock)
    progress.expect(1000)
    assert progress.standing().requests_left is None
    for _ in range(100):
        progress.done()
    sent, clock.now = 100, 60.0
    standing = progress.standing()
    assert (standing.done, standing.rate, standing.requests_left, standing.seconds_left) == (100, 100, 900, 540)
    assert str(standing) == "900 requests left, 9 min at 100/min"


def test_what_was_read_and_is_still_to_be_written_is_half_done() -> None:
    clock = Clock()
    progress = Progress(lambda: 50, lambda: 0, clock)
    progress.expect(100)
    progress.half_done(50)
    clock.now = 30.0
    assert progress.standing().requests_left == 150
    progress.half_done(50)
    assert progress.standing().requests_left == 50


def test_the_first_burst_promises_no_more_than_the_limit() -> None:
    clock = Clock()
    progress = Progress(lambda: 100, lambda: 100, clock)
    progress.expect(1000)
    for _ in range(100):
        progress.done()
    clock.now = 2.0
    assert progress.standing().rate == 100


def test_time_goes_on_while_the_limit_lets_nothing_through() -> None:
    clock, held = Clock(), [0.0]
    progress = Progress(lambda: 10, lambda: 10, clock, lambda: held[0])
    progress.expect(20)
    progress.half_done(20)
    told = []
    for clock.now, held[0] in ((1.0, 0.0), (1.5, 40.0), (21.0, 40.0), (22.0, 39.0), (90.0, 0.0)):
        told.append(str(progress.standing()))
    assert told == [
        "10 requests left, 1 min at 10/min",
        "10 requests left, 60 s at 10/min",
        "10 requests left, 40 s; next in 40 s",
        "10 requests left, 39 s; next in 39 s",
        "10 requests left, 54 s at 10/min",
    ]


def test_a_wait_for_the_limit_slows_no_estimate_down() -> None:
    clock, sent, held = Clock(), [2], [0.0]
    progress = Progress(lambda: sent[0], lambda: 100, clock, lambda: held[0])
    progress.expect(51)
    told = []
    for clock.now, sent[0], held[0] in ((1.0, 2, 0.0), (2.5, 4, 0.0), (4.0, 4, 56.0), (30.0, 4, 30.0), (60.0, 14, 0.0)):
        progress.half_done(2 * (sent[0] - progress.standing().done))
        told.append(progress.standing())
    assert [round(each.rate) for each in told] == [100, 96, 100, 100, 100]
    assert str(told[3]) == "47 requests left, 30 s; next in 30 s"
    assert str(told[4]) == "37 requests left, 22 s at 100/min"


def test_a_server_that_does_not_respond_is_no_wait_for_the_limit() -> None:
    clock, is_silent = Clock(), True
    progress = Progress(lambda: 10, lambda: 10, clock, lambda: 28.0, lambda: is_silent)
    progress.expect(20)
    progress.half_done(20)
    clock.now = 5.0
    progress.standing()
    clock.now = 20.0
    assert str(progress.standing()) == "no response; trying again"
    is_silent = False
    assert str(progress.standing()) == "10 requests left, 45 s; next in 28 s"


def test_nothing_left_is_no_estimate() -> None:
    clock = Clock()
    progress = Progress(lambda: 10, lambda: 10, clock, lambda: 40.0)
    progress.expect(5)
    for _ in range(5):
        progress.done()
    progress.standing()
    clock.now = 20.0
    assert str(progress.standing()) == "waiting 40 s for the limit"


def test_there_is_news_once_a_minute() -> None:
    clock = Clock()
    progress = Progress(lambda: 1, lambda: 0, clock)
    told = []
    for clock.now in (0.0, 59.0, 60.0, 61.0, 119.0, 121.0):
        told.append(progress.news() is not None)
    assert told == [False, False, True, False, False, True]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59, "59 s"), (60, "1 min"), (3540, "59 min"), (3600, "1 h 0 min"), (19800, "5 h 30 min")],
)
def test_durations_are_told_in_their_own_size(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_the_items_of_a_run_that_broke_off_may_be_thrown_away_by_any_thread() -> None:
    spools = [Spool()]
    thread = threading.Thread(target=spools.clear)  # an error in it would end this test
    thread.start()
    thread.join()


@pytest.mark.deep
def test_a_listing_that_does_not_come_holds_no_signal_back(workspace: Workspace, remote: Loopback) -> None:
    models(workspace, remote, 1)
    workspace.commit()
    asked, release = threading.Semaphore(0), threading.Event()

    def script(method: str, target: str) -> None:
        if target.startswith("/v1/models?"):
            asked.release()
            release.wait(PATIENCE)

    remote.script = script
    # Each takes the five seconds that a run has to end, so they take them together.
    commands = (("sync", "--prune"), ("pull", "--all"), ("doctor",))
    began = [
        subprocess.Popen(
            [sys.executable, "-m", "syncjob", *command],
            cwd=workspace.folder, env=workspace.environment(**UNHURRIED), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for command in commands
    ]  # fmt: skip
    try:
        for _ in commands:
            assert asked.acquire(timeout=PATIENCE)
        for process in began:
            process.send_signal(signal.SIGTERM)
        for command, process in zip(commands, began, strict=True):
            assert process.wait(PATIENCE) == 143, command
    finally:
        release.set()
        for process in began:
            process.wait(PATIENCE)


@pytest.mark.deep
def test_an_endless_listing_ends_with_the_time(workspace: Workspace, remote: Loopback) -> None:
    models(workspace, remote, 1)
    tokens = iter(range(10**9))

    def script(method: str, target: str) -> Answer | None:
        if not target.startswith("/v1/models?"):
            return None
        token = next(tokens)
        page = {"models": [model_row(f"other-{token}")], "nextPaginationToken": str(token)}
        return json_answer(200, json.dumps(page).encode())

    remote.script = script
    assert workspace.run("sync", "--prune", "--max-duration", "1s").status == 4
