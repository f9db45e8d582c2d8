"""The window against servers that count otherwise, in simulated time: hours in a second, and the same at each run."""

from itertools import pairwise

import pytest

from syncjob.scenario.rate_limit import Lowered, Window
from tests.support.limiters import START, Server, Simulation, fixed, run, seeded, sliding


def simulated(
    configured: int, server: Server, latency: tuple[float, float], minutes: float, workers: int = 0
) -> Simulation:
    """With half as many workers again as the limit needs at that latency, and eight at least."""
    enough = max(8, int(configured / 60 * latency[1] * 1.5) + 1)
    simulation = Simulation(Window(configured), server, workers or enough, latency, seeded(0))
    run(minutes, simulation)
    return simulation


LATENCIES = [(0.02, 0.02), (0.2, 0.2), (1.0, 1.0), (0.02, 1.0)]


@pytest.mark.parametrize("latency", LATENCIES, ids=str)
@pytest.mark.parametrize(("limit", "minutes"), [(60, 60), (100, 60), (600, 30), (3_000, 10)])
@pytest.mark.parametrize("kind", ["sliding", "fixed"])
def test_nothing_is_refused_and_next_to_nothing_is_left_of_the_limit(
    kind: str, limit: int, minutes: int, latency: tuple[float, float]
) -> None:
    server = sliding(limit) if kind == "sliding" else fixed(limit, seeded((limit, latency)).uniform(0, 60))
    ran = simulated(limit, server, latency, minutes)
    assert ran.refused == []
    assert ran.share(limit) >= 0.97


def test_few_workers_and_slow_answers_are_what_is_left_then() -> None:
    ran = simulated(600, sliding(600), (2.0, 2.0), minutes=30, workers=8)
    assert ran.refused == []
    assert ran.lowered == []
    assert len(ran.admitted) == pytest.approx(30 * 60 * 8 / 2.0, rel=0.01)


def by_kind(kind: str, limit: int) -> Server:
    return sliding(limit) if kind == "sliding" else fixed(limit, 17.3)


@pytest.mark.parametrize("latency", LATENCIES, ids=str)
@pytest.mark.parametrize(("configured", "limit"), [(100, 99), (100, 60), (100, 10), (600, 100), (3_000, 60)])
@pytest.mark.parametrize("kind", ["sliding", "fixed"])
def test_a_limit_below_the_configured_one_is_found_within_minutes_and_used(
    kind: str, configured: int, limit: int, latency: tuple[float, float]
) -> None:
    ran = simulated(configured, by_kind(kind, limit), latency, minutes=120, workers=8)
    lowered = [event for time, event in ran.lowered if time < 10 * 60]
    if limit < 0.9 * configured:  # closer ones are kept by sending a little slower
        assert lowered[0].before == configured
        assert lowered[-1].after == pytest.approx(limit, rel=0.2)
    assert ran.share(limit, since=5) >= 0.93
    # Every few minutes more is tried, and refused.
    assert len(ran.refused) <= 0.08 * len(ran.admitted) + 30


@pytest.mark.parametrize("latency", LATENCIES, ids=str)
def test_what_another_run_has_just_used_is_waited_for_and_lowers_nothing(latency: tuple[float, float]) -> None:
    server = sliding(100)
    for ago in range(100):
        server(START - 10 + ago / 10)
    ran = simulated(100, server, latency, minutes=30, workers=8)
    assert ran.lowered == []
    assert ran.window.limit == 100
    assert ran.refused[-1] < 60
    assert ran.share(100, since=2) >= 0.97


def test_a_budget_that_was_shared_for_a_while_is_used_whole_again() -> None:
    server = sliding(100)
    random_ = seeded(1)
    ran = Simulation(Window(100), server, 8, (0.1, 0.3), random_)
    other = Simulation(
        Window(50), server, 8, (0.1, 0.3), random_, rests=lambda now: 0.0 if now < START + 1_800 else 1e9
    )
    run(180, ran, other)
    assert min(event.after for _, event in ran.lowered) <= 70
    assert ran.window.limit == 100
    assert ran.share(100, since=120) >= 0.97


class Asked:
    """Requests one after another on a clock, each answered at once."""

    def __init__(self, limit: int) -> None:
        self.window = Window(limit)
        self.now = START

    def send(self, is_refused: bool = False) -> Lowered | None:
        """Waits for a place as a worker would."""
        while (wait := self.window.enter(self.now)) > 0:
            self.now += wait
        return self.window.leave(self.now, self.now, is_refused=is_refused)

    def watch_a_minute(self) -> None:
        """Ten requests that are admitted, and then a minute is over."""
        for _ in range(10):
            self.now += 6
            self.send()
        self.now += 6


def test_after_three_refusals_in_a_row_the_limit_is_what_was_admitted_in_the_last_minute() -> None:
    asked = Asked(100)
    for _ in range(20):
        asked.now += 3
        asked.send()
    asked.now += 3
    assert asked.send(is_refused=True) is None
    assert asked.send(is_refused=True) is None
    assert asked.send(is_refused=True) == Lowered(100, 19)  # the first of the twenty was more than a minute ago
    assert asked.window.limit == 19


def refused_after_a_minute(asked: Asked) -> int:
    """The limit after a minute in which twenty were admitted, and three refusals in a row."""
    for _ in range(21):
        asked.now += 3
        asked.send()
    for _ in range(3):
        asked.send(is_refused=True)
    return asked.window.limit


def test_half_of_a_limit_that_was_admitted_once_is_not_given_up_for_ten_minutes() -> None:
    asked = Asked(100)
    for _ in range(50):
        asked.send()
    assert refused_after_a_minute(asked) == 50
    asked.send()
    asked.now += 600
    assert refused_after_a_minute(asked) < 25


def test_who_is_refused_from_the_beginning_gives_up_half_at_most_because_others_have_the_rest() -> None:
    asked = Asked(100)
    asked.send(is_refused=True)
    assert refused_after_a_minute(asked) == 50
    first = Asked(100)
    first.send()
    first.send(is_refused=True)
    assert refused_after_a_minute(first) < 25


def test_a_refused_request_takes_no_place() -> None:
    asked = Asked(2)
    asked.send(is_refused=True)
    asked.send()
    asked.now += 30
    began = asked.now
    asked.send()
    assert asked.now == began
    asked.send()
    assert began < asked.now <= began + 60


@pytest.mark.parametrize(("told", "least"), [(100, 10), (5, 5)])
def test_the_limit_is_never_lowered_below_ten(told: int, least: int) -> None:
    asked = Asked(told)
    asked.send()
    asked.now += 55
    asked.send()
    asked.now += 10
    for _ in range(9):
        asked.send(is_refused=True)
    assert asked.window.limit == least
    asked.send()


def test_refusals_of_requests_that_were_in_flight_together_count_once() -> None:
    asked = Asked(100)
    asked.watch_a_minute()
    for _ in range(8):
        assert asked.window.enter(asked.now) == 0
    assert [asked.window.leave(asked.now, asked.now + 1, is_refused=True) for _ in range(8)] == [None] * 8
    assert asked.window.limit == 100
    pause = asked.window.enter(asked.now + 1)
    assert 0 < pause <= 0.7  # one interval at 100 a minute


def test_after_a_refusal_requests_are_spread() -> None:
    asked = Asked(100)
    for _ in range(10):
        asked.send()
    assert asked.now == START
    asked.send(is_refused=True)
    times = []
    for _ in range(10):
        asked.send()
        times.append(asked.now)
    apart = [later - earlier for earlier, later in pairwise(times)]
    assert apart == pytest.approx([0.6] * 9, rel=0.06)


def test_the_pause_doubles_with_each_refusal_up_to_five_seconds() -> None:
    asked = Asked(100)
    pauses = []
    for _ in range(7):
        asked.send(is_refused=True)
        pauses.append(round(asked.window.enter(asked.now), 2))
    assert pauses[:4] == pytest.approx([0.6, 1.2, 2.4, 4.8], rel=0.06)
    assert pauses[4:] == [5, 5, 5]


@pytest.mark.parametrize(("admitted", "pause"), [(0, 2), (1, 5)])
def test_who_was_never_admitted_asks_again_sooner(admitted: int, pause: float) -> None:
    asked = Asked(100)
    for _ in range(admitted):
        asked.send()
    for _ in range(8):
        asked.send(is_refused=True)
    assert asked.window.enter(asked.now) == pause


def test_calm_minutes_bring_more_until_the_limit_is_the_configured_one() -> None:
    asked = Asked(100)
    for _ in range(60):
        asked.now += 1
        asked.send()
    for _ in range(3):
        asked.send(is_refused=True)
    found = asked.window.limit
    assert 50 <= found <= 60
    limits = []
    for _ in range(10 * 60):
        asked.send()
        limits.append(asked.window.limit)
    assert limits == sorted(limits)
    assert limits[-1] == 100


def test_refusals_of_the_first_minute_lower_nothing() -> None:
    asked = Asked(100)
    for _ in range(12):
        assert asked.send(is_refused=True) is None
    assert asked.now - START < 60
    assert asked.window.limit == 100


def test_after_an_idle_minute_the_watch_begins_anew() -> None:
    asked = Asked(100)
    asked.watch_a_minute()
    asked.now += 3_600
    for _ in range(5):
        assert asked.send(is_refused=True) is None
    assert asked.window.limit == 100


def test_what_others_sent_before_takes_places() -> None:
    asked = Asked(3)
    asked.window.hold([START - 50, START - 20])
    asked.send()
    assert asked.now == START
    asked.send()
    assert asked.now == START + 10
    asked.send()
    assert asked.now == START + 40


def test_without_a_limit_a_refusal_makes_none() -> None:
    asked = Asked(0)
    for _ in range(200):
        assert asked.send(is_refused=True) is None
        asked.now += 1
    assert asked.window.limit == 0
    assert asked.now == START + 200


def test_a_place_that_was_not_used_is_free_again() -> None:
    window = Window(1)
    assert window.enter(0.0) == 0
    assert window.leave(0.0, 5.0, is_sent=False, is_refused=False) is None
    assert window.enter(5.0) == 0
    window.leave(5.0, 6.0, is_refused=False)
    assert window.enter(6.0) == 60


def sent_at_once(window: Window, now: float) -> int:
    """How many are let in, each answered at once."""
    count = 0
    while window.enter(now) == 0:
        window.leave(now, now, is_refused=False)
        count += 1
    return count


def test_runs_beside_each_other_take_equal_parts_and_one_that_ended_counts_for_a_window() -> None:
    window = Window(100)
    window.share(3, START)
    assert (window.limit, sent_at_once(window, START)) == (33, 33)
    window.share(1, START + 30)
    assert window.limit == 33
    window.share(2, START + 59)
    window.share(1, START + 60)
    assert (window.limit, sent_at_once(window, START + 60)) == (50, 50)
    window.share(1, START + 119)
    assert (window.limit, sent_at_once(window, START + 120)) == (100, 100)


def test_of_one_that_ended_and_left_what_it_sent_nothing_else_counts() -> None:
    window = Window(100)
    window.share(2, START)
    assert sent_at_once(window, START + 10) == 50
    window.share(1, START + 20, ended=[START + 5.0] * 20)
    assert window.limit == 100
    assert sent_at_once(window, START + 20) == 30
    assert sent_at_once(window, START + 65) == 20  # its own came back later
    assert sent_at_once(window, START + 70) == 50


def test_one_that_joins_makes_the_part_smaller_at_once() -> None:
    window = Window(100)
    assert sent_at_once(window, START) == 100
    window.share(2, START + 10)
    assert window.limit == 50
    assert sent_at_once(window, START + 60) == 50


@pytest.mark.parametrize(("told", "runs", "limit"), [(100, 1_000, 1), (1, 2, 1), (0, 5, 0)])
def test_a_part_is_one_request_a_minute_at_least(told: int, runs: int, limit: int) -> None:
    window = Window(told)
    window.share(runs, START)
    assert window.limit == limit
    assert window.enter(START) == 0


def test_what_was_found_out_about_the_limit_holds_for_its_parts() -> None:
    asked = Asked(100)
    for _ in range(21):
        asked.now += 3
        asked.send()
    lowered = [asked.send(is_refused=True) for _ in range(3)][-1]
    found = asked.window.limit
    asked.window.share(2, asked.now)
    assert asked.window.limit == found // 2
    asked.window.share(1, asked.now + 61)
    assert asked.window.limit == found
    assert lowered == Lowered(100, found)


def test_what_a_lowered_part_says_is_the_limit_as_a_whole() -> None:
    asked = Asked(100)
    asked.window.share(2, START)
    for _ in range(25):
        asked.now += 3
        asked.send()
    assert [asked.send(is_refused=True) for _ in range(3)][-1] == Lowered(100, 2 * 19)
