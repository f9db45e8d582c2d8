"""What is admitted and refused under limits of all kinds, in simulated time: half an hour each, and the same at each run.

The figures are in docs/decisions.md. Every limiter meets latencies of 50 ms to 1 s and 1 to 32 workers.
"""

from collections.abc import Callable
from functools import partial

import pytest

from syncjob.scenario.rate_limit import Window
from tests.support.limiters import (
    START,
    Server,
    Simulation,
    anywhere,
    bucket,
    changing,
    evenly,
    fixed,
    gcra,
    run,
    seeded,
    sliding,
    stray,
    with_stranger,
)

TOLD = 100
MINUTES, HALF = 30.0, 15.0
CASES = [(0.05, 1), (0.05, 32), (0.2, 8), (1.0, 1), (1.0, 32)]

# What is told the right rate.
RIGHT: dict[str, Callable[[], Server]] = {
    "sliding": lambda: sliding(TOLD),
    "fixed": lambda: fixed(TOLD, 17.3),
    "bucket of 1": lambda: bucket(TOLD, 1),
    "bucket of 2": lambda: bucket(TOLD, 2),
    "bucket of 20": lambda: bucket(TOLD, 20),
    "bucket of 50": lambda: bucket(TOLD, 50),
    "bucket of 100": lambda: bucket(TOLD, 100),
    "GCRA of 1": lambda: gcra(TOLD, 1),
    "GCRA of 10": lambda: gcra(TOLD, 10),
}
STRAY = {
    f"{name}, {share:.0%} stray": (share, lambda make=make, share=share: stray(make(), share))
    for share in (0.01, 0.05, 0.1)
    for name, make in RIGHT.items()
    if name in ("sliding", "bucket of 1", "bucket of 20")
}
# How much a minute before the half and after it.
OTHERS: dict[str, tuple[float, float, Callable[[], Server]]] = {
    "sliding, halved": (100, 50, lambda: changing(sliding(100), sliding(50), HALF * 60)),
    "bucket, halved": (100, 50, lambda: changing(bucket(100, 20), bucket(50, 20), HALF * 60)),
    "sliding, doubled": (50, 100, lambda: changing(sliding(50), sliding(100), HALF * 60)),
    "bucket, doubled": (50, 100, lambda: changing(bucket(50, 20), bucket(100, 20), HALF * 60)),
    "sliding, a stranger takes half": (50, 50, lambda: with_stranger(sliding(100), 50)),
    "bucket, a stranger takes half": (50, 50, lambda: with_stranger(bucket(100, 20), 50)),
    "sliding, lower than told": (60, 60, lambda: sliding(60)),
    "bucket, lower than told": (60, 60, lambda: bucket(60, 20)),
    "bucket, a little lower than told": (90, 90, lambda: bucket(90, 20)),
}


def simulated(name: str, make: Callable[[], Server], latency: float, workers: int, told: int = TOLD) -> Simulation:
    counted = evenly if "of 1" in name or "of 2," in f"{name}," else anywhere
    simulation = Simulation(Window(told), make(), workers, (latency, latency), seeded(0), counted=counted)
    run(MINUTES, simulation)
    return simulation


def worst(name: str, make: Callable[[], Server], before: float = TOLD, after: float = TOLD) -> tuple[float, float]:
    """The least that was admitted, of what the server and the workers allow, and the most that was refused."""
    admitted, refused = [], []
    for latency, workers in CASES:
        ran = simulated(name, make, latency, workers)
        most = 60 * workers / latency
        allowed = (min(before, most) * (HALF - 2) + min(after, most) * (MINUTES - HALF)) / (MINUTES - 2)
        admitted.append(ran.used(allowed, 2, MINUTES))
        refused.append(ran.refusals)
    return min(admitted), max(refused)


@pytest.mark.parametrize("name", RIGHT)
def test_told_the_right_rate_nearly_all_is_used_and_next_to_nothing_refused(name: str) -> None:
    admitted, refused = worst(name, RIGHT[name])
    assert admitted >= 0.93
    assert refused <= (0 if name in ("sliding", "fixed", "bucket of 100") else 0.025)


def finished(name: str, latency: float, workers: int, items: int) -> Simulation:
    """A run that ends once so many were admitted."""
    counted = evenly if name.endswith(("of 1", "of 2")) else anywhere
    ran = Simulation(Window(TOLD), RIGHT[name](), workers, (latency, latency), seeded(0), counted=counted)
    ran.rests = partial(until_done, ran, START, items)
    run(1 + 2 * items / TOLD, ran)
    assert len(ran.admitted) >= items
    return ran


@pytest.mark.parametrize(
    ("name", "latency", "workers"),
    [("bucket of 1", 0.05, 32), ("GCRA of 1", 0.2, 8), ("bucket of 2", 0.1, 32), ("bucket of 20", 1.0, 32)],
)
def test_of_a_run_of_three_windows_next_to_nothing_is_refused_either(name: str, latency: float, workers: int) -> None:
    assert finished(name, latency, workers, 3 * TOLD).refusals <= 0.03


@pytest.mark.deep
@pytest.mark.parametrize("name", RIGHT)
def test_nor_is_it_whatever_the_latency_and_the_workers_are(name: str) -> None:
    cases = [(latency, workers) for latency in (0.05, 0.1, 0.2, 0.5, 1.0) for workers in (1, 8, 32)]
    assert max(finished(name, *case, 3 * TOLD).refusals for case in cases) <= 0.03


@pytest.mark.parametrize(("latency", "workers", "most"), [(0.05, 8, 1), (0.2, 8, 1.5), (0.1, 32, 2), (1.0, 8, 4)])
def test_a_slow_start_costs_a_run_at_a_window_next_to_nothing(latency: float, workers: int, most: float) -> None:
    ran = finished("sliding", latency, workers, 3 * TOLD)
    ideal = 2 * 60 + TOLD * latency / workers
    assert ran.admitted[3 * TOLD - 1] - ideal <= most


@pytest.mark.parametrize("latency", [0.05, 0.2, 1.0])
def test_a_run_of_three_requests_takes_a_fraction_of_a_second_longer(latency: float) -> None:
    assert finished("sliding", latency, 8, 3).admitted[2] <= latency + 0.5


@pytest.mark.parametrize("name", ["bucket of 1", "GCRA of 1"])
@pytest.mark.parametrize(("latency", "workers"), [(0.1, 8), (0.2, 8), (0.05, 32)])
def test_where_no_burst_is_admitted_the_first_minute_refuses_what_was_in_flight(
    name: str, latency: float, workers: int
) -> None:
    ran = Simulation(Window(TOLD), RIGHT[name](), workers, (latency, latency), seeded(0), counted=evenly)
    run(1.5, ran)
    assert len(ran.refused) <= workers
    assert len(ran.admitted) >= 0.9 * 1.5 * TOLD


@pytest.mark.parametrize("name", STRAY)
def test_stray_refusals_cost_little_more_than_themselves(name: str) -> None:
    share, make = STRAY[name]
    admitted, refused = worst(name, make)
    assert admitted >= {0.01: 0.90, 0.05: 0.75, 0.1: 0.6}[share]
    assert refused <= share + 0.025


@pytest.mark.parametrize("name", OTHERS)
def test_a_limit_that_changes_is_shared_or_is_lower_than_told_is_used(name: str) -> None:
    before, after, make = OTHERS[name]
    admitted, refused = worst(name, make, before, after)
    assert admitted >= (0.88 if "doubled" in name else 0.94)
    assert refused <= 0.12


SHARED = {name: RIGHT[name] for name in ("sliding", "fixed", "bucket of 20", "bucket of 100")}


@pytest.mark.parametrize("latency", [0.1, 1.0])
@pytest.mark.parametrize("name", SHARED)
def test_a_short_run_beside_a_long_one_that_leaves_a_fifth_is_soon_done(name: str, latency: float) -> None:
    server, begins = SHARED[name](), START + 125
    long = Simulation(Window(80), server, 8, (latency, latency), seeded(1))
    short = Simulation(Window(TOLD), server, 3, (latency, latency), seeded(2), rests=lambda now: max(0.0, begins - now))
    run(4, long, short)
    assert short.admitted[8] - (begins - START) <= 60
    assert long.used(TOLD, 0, 4) >= 0.3


def of_two_machines(name: str, latency: float, begins: float) -> list[Simulation]:
    """Two runs of 600 requests that know nothing of each other; the second begins so many seconds later."""
    server, items = RIGHT[name](), 600
    runs = [Simulation(Window(TOLD), server, 8, (0.8 * latency, 1.2 * latency), seeded(each)) for each in range(2)]
    for its, at in zip(runs, (0.0, begins), strict=True):
        its.rests = partial(until_done, its, START + at, items)
    run(25, *runs)
    return runs


def slower_over_faster(runs: list[Simulation], begins: float) -> float:
    took = [its.admitted[599] - at for its, at in zip(runs, (0.0, begins), strict=True)]
    return max(took) / min(took)


@pytest.mark.parametrize("latency", [0.1, 1.0])
@pytest.mark.parametrize("name", SHARED)
def test_two_runs_beside_each_other_both_come_to_their_end(name: str, latency: float) -> None:
    runs = of_two_machines(name, latency, 7)
    assert min(len(each.admitted) for each in runs) >= 600
    assert slower_over_faster(runs, 7) <= 2


@pytest.mark.deep
@pytest.mark.parametrize("begins", [0, 65, 200])
@pytest.mark.parametrize("name", SHARED)
def test_neither_of_them_starves_the_other(name: str, begins: float) -> None:
    for latency in (0.1, 1.0):
        assert slower_over_faster(of_two_machines(name, latency, begins), begins) <= 2


def until_done(its: Simulation, begins: float, items: int, now: float) -> float:
    return max(0.0, begins - now) if len(its.admitted) < items else 1e9


@pytest.mark.parametrize("begins", [0, 7, 65])
@pytest.mark.parametrize("name", [*SHARED, "GCRA of 10"])
def test_two_runs_of_one_machine_take_equal_parts(name: str, begins: float) -> None:
    server, items, starts = RIGHT[name](), 600, (0.0, begins)

    def sending(now: float) -> int:
        return sum(now >= START + at and len(its.admitted) < items for at, its in zip(starts, runs, strict=True))

    runs = [Simulation(Window(TOLD), server, 8, (0.1, 1.0), seeded(at), beside=sending) for at in starts]
    for at, its in zip(starts, runs, strict=True):
        its.rests = partial(until_done, its, START + at, items)
    run(25, *runs)
    took = [its.admitted[items - 1] - at for at, its in zip(starts, runs, strict=True)]
    assert max(took) / min(took) <= 1.3
    assert max(each.refusals for each in runs) <= 0.05
    assert 2 * items / TOLD * 60 / (begins + took[1]) >= 0.9


def test_what_strangers_took_for_a_while_is_used_again() -> None:
    limit, hog = sliding(TOLD), iter(range(6_000))
    due = [START + 300.0]

    def server(now: float) -> bool:
        while due[0] <= now and next(hog, None) is not None:
            limit(due[0])
            due[0] += 0.1
        return limit(now)

    ran = Simulation(Window(TOLD), server, 8, (0.2, 0.2), seeded(0))
    run(45, ran)
    assert ran.used(TOLD, 6, 14) < 0.2
    assert ran.used(TOLD, 30, 45) >= 0.9


@pytest.mark.parametrize(("share", "least"), [(0.05, 0.75), (0.1, 0.45)])
def test_stray_refusals_never_bring_it_down_however_long_it_takes(share: float, least: float) -> None:
    ran = Simulation(Window(TOLD), stray(sliding(TOLD), share), 8, (0.2, 0.2), seeded(share))
    run(180, ran)
    assert min(ran.used(TOLD, since, since + 30) for since in range(0, 180, 30)) >= least


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(4))
def test_nor_does_a_streak_of_them(seed: int) -> None:
    limit, dice = sliding(TOLD), seeded((0.1, seed))
    ran = Simulation(Window(TOLD), lambda now: dice.random() >= 0.1 and limit(now), 8, (0.2, 0.2), seeded(seed))
    run(180, ran)
    assert min(ran.used(TOLD, since, since + 30) for since in range(0, 180, 30)) >= 0.5


@pytest.mark.parametrize(
    ("told", "allowed", "make"),
    [(3_000, 3_000, lambda: bucket(3_000, 50)), (3_000, 60, lambda: bucket(60, 5)), (600, 100, lambda: gcra(100, 20))],
    ids=["50 a second in bursts of 50", "told fifty times too much", "told six times too much"],
)
def test_other_rates(told: int, allowed: float, make: Callable[[], Server]) -> None:
    ran = Simulation(Window(told), make(), 8, (0.1, 0.1), seeded(0))
    run(6, ran)
    assert ran.used(min(allowed, 8 * 60 / 0.1), 2, 6) >= 0.9
