"""What syncjob's pacing gets through each minute under limits of all kinds, in simulated time: the same at each run."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from bench.results import Goal, Row, Section, Table
from bench.sizes import Size
from syncjob.scenario.rate_limit import Window
from tests.support.limiters import (
    Server,
    Simulation,
    bucket,
    changing,
    evenly,
    fixed,
    run,
    seeded,
    sliding,
    stray,
    with_stranger,
)

ALLOWED, ADMITTED, REFUSED = "Allowed in each minute", "Admitted in each minute", "Refused with 429 in each minute"
_TOLD, _MINUTES, _HALF = 100, 20, 10
_WORKERS, _LATENCY = 8, 0.2
_SETTLED = 2  # minutes, after which the goals are judged


class _Limiter(NamedTuple):
    """`before` and `after` the half, what it leaves to syncjob a minute."""

    name: str
    before: float
    after: float
    make: Callable[[], Server]


_LIMITERS = (
    _Limiter("sliding minute", 100, 100, lambda: sliding(_TOLD)),
    _Limiter("fixed minute", 100, 100, lambda: fixed(_TOLD, 17.3)),
    _Limiter("token bucket, burst 1", 100, 100, lambda: bucket(_TOLD, 1)),
    _Limiter("token bucket, burst 20", 100, 100, lambda: bucket(_TOLD, 20)),
    _Limiter("1 % refused at random", 99, 99, lambda: stray(sliding(_TOLD), 0.01)),
    _Limiter("a stranger takes half", 50, 50, lambda: with_stranger(sliding(_TOLD), 50)),
    _Limiter("halved after 10 minutes", 100, 50, lambda: changing(sliding(_TOLD), sliding(50), 60 * _HALF)),
    _Limiter("doubled after 10 minutes", 50, 100, lambda: changing(bucket(50, 20), bucket(_TOLD, 20), 60 * _HALF)),
)


def simulate(_: Size) -> Section:
    """Told 100 requests a minute, whatever the server's limit is."""
    runs = {limiter: _run(limiter) for limiter in _LIMITERS}
    header = ("limiter", *(str(minute) for minute in range(1, _MINUTES + 1)))
    counts = (
        (ALLOWED, [_row(limiter, _allowed(limiter)) for limiter in runs]),
        (ADMITTED, [_row(limiter, _by_minute(ran.admitted)) for limiter, ran in runs.items()]),
        (REFUSED, [_row(limiter, _by_minute(ran.refused)) for limiter, ran in runs.items()]),
    )
    goals = [goal for limiter, ran in runs.items() for goal in _goals(limiter, ran)]
    return Section([Table(title, header, rows) for title, rows in counts], goals)


def _run(limiter: _Limiter) -> Simulation:
    latency = (0.8 * _LATENCY, 1.2 * _LATENCY)
    ran = Simulation(Window(_TOLD), limiter.make(), _WORKERS, latency, seeded(limiter.name), counted=evenly)
    run(_MINUTES, ran)
    return ran


def _allowed(limiter: _Limiter) -> Sequence[float]:
    return [limiter.before if minute < _HALF else limiter.after for minute in range(_MINUTES)]


def _by_minute(times: Sequence[float]) -> Sequence[int]:
    return [sum(60 * minute <= time < 60 * (minute + 1) for time in times) for minute in range(_MINUTES)]


def _row(limiter: _Limiter, counts: Sequence[float]) -> Row:
    return (limiter.name, *(f"{count:.0f}" for count in counts))


def _goals(limiter: _Limiter, ran: Simulation) -> Sequence[Goal]:
    """A limit that changes, or is not syncjob's alone, has no goal for its refusals."""
    lost = 1 - ran.used(sum(_allowed(limiter)[_SETTLED:]) / (_MINUTES - _SETTLED), _SETTLED, _MINUTES)
    goals = [Goal(f"unused after two minutes, {limiter.name}", [100 * max(0.0, lost)], 10, digits=1)]
    if limiter.before == limiter.after == _TOLD:
        goals.append(Goal(f"429s in a hundred requests, {limiter.name}", [100 * ran.refusals], 3, digits=1))
    return goals
