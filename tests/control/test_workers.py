"""Bounded workers and the stop."""

import itertools
import threading
import time
from typing import Any

import pytest

from syncjob.control import workers
from syncjob.control.workers import Stop, run
from syncjob.errors import Stopped
from tests.support.faulty_server import PATIENCE, wait_for


def test_every_item_is_done_once() -> None:
    done = dict(run(range(100), lambda item: item * 2, 7, Stop()))
    assert done == {item: item * 2 for item in range(100)}


def test_no_more_threads_work_than_allowed() -> None:
    busy, peak, lock, all_work = 0, 0, threading.Lock(), threading.Barrier(4)

    def work(item: int) -> None:
        nonlocal busy, peak
        with lock:
            busy += 1
            peak = max(peak, busy)
        all_work.wait(PATIENCE)  # as many as are allowed do work at once
        time.sleep(0.001)
        with lock:
            busy -= 1

    assert len(list(run(range(40), work, 4, Stop()))) == 40
    assert peak == 4


def test_items_are_taken_one_at_a_time_from_an_endless_iterator() -> None:
    stop = Stop()
    done = 0
    for item, _ in run(itertools.count(), lambda item: None, 3, stop):
        done += 1
        if item == 50:
            stop.request("enough")
    assert done > 50


def test_an_item_that_is_stopped_has_no_result() -> None:
    stop = Stop()

    def work(item: int) -> int:
        if item == 2:
            stop.request("now")
            stop.sleep(600)
        return item

    assert dict(run(range(10), work, 1, stop)) == {0: 0, 1: 1}


def test_an_error_of_the_work_is_raised_where_results_are_taken_and_stops_the_rest() -> None:
    stop = Stop()
    with pytest.raises(ZeroDivisionError):
        list(run(itertools.count(), lambda item: 1 // (3 - item), 2, stop))
    assert stop.requested


def test_leaving_the_results_early_stops_the_workers() -> None:
    stop = Stop()
    for _ in run(itertools.count(), lambda item: item, 2, stop):
        break
    # The generator is closed when it is collected, at the latest.
    assert stop.requested


def test_the_first_reason_of_a_stop_stays() -> None:
    stop = Stop()
    stop.request("first")
    stop.request("second")
    assert stop.reason == "first"
    with pytest.raises(Stopped, match="first"):
        stop.sleep(5)


def test_what_hangs_after_a_stop_is_not_waited_for_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_DRAIN", 0.1)
    stop, release = Stop(), threading.Event()

    def work(item: int) -> int:
        if item:
            release.wait(PATIENCE)
        return item

    results = run([0, 1], work, 2, stop)
    try:
        assert next(results) == (0, 0)
        stop.request("now")
        assert list(results) == []
    finally:
        release.set()


def test_a_sleep_ends_soon_after_a_noted_stop_and_after_the_time_is_over() -> None:
    noted, due = Stop(), Stop()
    threading.Timer(0.05, lambda: noted.note("now")).start()
    due.request_after(0.05, "over")
    for stop in (noted, due):
        with pytest.raises(Stopped):
            stop.sleep(600)
    assert (noted.is_due, due.is_due) == (False, True)


def test_what_is_held_off_is_not_stopped() -> None:
    stop = Stop()
    stop.request("now")
    with stop.held_off():
        stop.sleep(0.01)
        assert not stop.requested
    with pytest.raises(Stopped):
        stop.sleep(0.01)


def test_a_signal_after_the_time_was_over_has_its_own_few_seconds() -> None:
    stop = Stop()
    stop.request_after(0, "over")
    assert stop.requested
    assert stop.is_due
    stop.note("interrupted")
    assert (stop.is_due, stop.reason) == (False, "over")


def test_what_is_done_when_nothing_more_is_waited_for_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_DRAIN", 0.1)
    stop, release, pools = Stop(), threading.Event(), list[Any]()
    made = workers._Pool

    def pool(*given: Any) -> Any:
        pools.append(made(*given))
        return pools[-1]

    monkeypatch.setattr(workers, "_Pool", pool)
    results = run(range(5), lambda item: item < 4 or release.wait(PATIENCE), 5, stop)
    told = [next(results)[0]]
    # Three results, and the ends of all workers but the one that hangs.
    wait_for(lambda: pools[0]._done.qsize() == 3 + pools[0].running - 1, "the others to be done")
    stop.request("now")
    time.sleep(0.15)  # whoever takes the results is held up for longer than there is time
    told += [item for item, _ in results]
    release.set()
    assert sorted(told) == [0, 1, 2, 3]


def test_what_outlasts_the_time_of_a_run_is_no_other_reason_to_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_DRAIN_IN_TIME", 0.1)
    stop, release = Stop(), threading.Event()
    stop.request_after(0.2, "the time is over")
    assert list(run([0], lambda item: release.wait(PATIENCE), 1, stop)) == []
    release.set()
    assert (stop.reason, stop.is_due) == ("the time is over", True)


def test_whoever_sees_that_the_time_is_over_sees_that_it_is_that(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another thread may look at any moment: a run whose time was over would end as one that failed."""
    stop = Stop()
    seen: list[tuple[str | None, bool]] = []
    monkeypatch.setattr(stop._event, "set", lambda: seen.append((stop.reason, stop.is_due)))
    stop.request_after(0, "over")
    assert stop.requested
    assert seen == [("over", True)]


def test_a_signal_leaves_time_for_the_report_within_the_five_seconds_that_are_promised() -> None:
    assert 0 < workers._CALLED_OFF < workers._DRAIN < workers.LAST_WAIT <= 5 < workers.LAST_WORK <= 10
