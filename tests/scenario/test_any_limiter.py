"""What is admitted and refused under limits of all kinds, in simulated time: half an hour each, and the same at each run.

The figures are in docs/decisions.md. Every limiter meets latencies of 50 ms to 1 s and 1 to 32 workers.
"""

from collections.abc import Callable

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


@pytest.mark.parametrize("latency", [0.1, 1.0])
@pytest.mark.parametrize("name", SHARED)
def test_two_runs_beside_each_other_both_come_to_their_end(name: str, latency: float) -> None:
    server, items = SHARED[name](), 600
    runs = [Simulation(Window(TOLD), server, 8, (0.8 * latency, 1.2 * latency), seeded(each)) for each in range(2)]
    runs[0].rests = lambda now: 0.0 if len(runs[0].admitted) < items else 1e9
    runs[1].rests = lambda now: max(0.0, START + 7 - now) if len(runs[1].admitted) < items else 1e9
    run(25, *runs)
    assert min(len(each.admitted) for each in runs) >= items


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


@pytest.mark.parametrize(
    ("told", "allowed", "make"),
    [(3_000, 3_000, lambda: bucket(3_000, 50)), (3_000, 60, lambda: bucket(60, 5)), (600, 100, lambda: gcra(100, 20))],
    ids=["50 a second in bursts of 50", "told fifty times too much", "told six times too much"],
)
def test_other_rates(told: int, allowed: float, make: Callable[[], Server]) -> None:
    ran = Simulation(Window(told), make(), 8, (0.1, 0.1), seeded(0))
    run(6, ran)
    assert ran.used(min(allowed, 8 * 60 / 0.1), 2, 6) >= 0.9
