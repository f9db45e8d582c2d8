"""How far apart the first requests are, on a clock of the test's own."""

import pytest

from syncjob.scenario.slow_start import SlowStart


def gap(start: SlowStart, *latencies: float, is_full: bool = False) -> float:
    """How long the next request waits after one is sent, once others were admitted after so many seconds each."""
    for latency in latencies:
        start.enter(0.0)
        start.admit(latency, is_full=is_full)
    start.enter(0.0)
    return start.wait(0.0)


def test_the_first_two_wait_for_nothing_and_the_others_until_one_was_admitted() -> None:
    start = SlowStart(100, 60)
    assert start.wait(0.0) <= 0
    assert gap(start) <= 0
    assert gap(start) == 0.05  # and then it is asked again, because one may be admitted before
    assert [start.wait(at) > 0 for at in (0.27, 0.28)] == [True, False]


@pytest.mark.parametrize(("admitted", "in_flight"), [(2, 4), (3, 5), (6, 7), (50, 7)])
def test_each_that_is_admitted_lets_one_more_be_in_flight_up_to_seven(admitted: int, in_flight: int) -> None:
    assert gap(SlowStart(100, 60), *[0.1] * admitted) == pytest.approx(0.1 / in_flight)


def test_answers_that_take_long_do_not_slow_it_down_for_longer_than_eleven_seconds_a_window() -> None:
    assert gap(SlowStart(100, 60), 20.0, 20.0) == pytest.approx(0.6 / 5.5)


def test_nor_does_a_low_limit_for_longer_than_a_moment() -> None:
    assert gap(SlowStart(9, 60), 20.0, 20.0) == 0.3
    hanging = SlowStart(9, 60)
    assert gap(hanging) <= 0
    assert gap(hanging) > 0
    assert hanging.wait(0.3) <= 0


def test_answers_that_become_faster_make_it_faster() -> None:
    start = SlowStart(100, 60)
    connecting = gap(start, *[0.4] * 8)
    assert gap(start, *[0.1] * 30) < connecting / 3


def test_once_a_whole_window_was_admitted_nothing_waits() -> None:
    start = SlowStart(100, 60)
    assert gap(start, 0.1, 0.1) > 0
    assert gap(start, 0.1, is_full=True) == 0
    assert gap(start, 0.1) == 0


@pytest.mark.parametrize("told", [0, 1, 7])
def test_a_limit_of_seven_or_none_has_no_slow_start(told: int) -> None:
    assert gap(SlowStart(told, 60)) == 0


def test_at_a_high_limit_more_are_in_flight() -> None:
    start = SlowStart(3_000, 60)
    assert [gap(start) for _ in range(59)] == [0] * 59
    assert gap(start, 0.1) == pytest.approx(0.1 / 61)
