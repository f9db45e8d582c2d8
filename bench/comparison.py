"""Clients side by side: the same descriptions, at several latencies and numbers of workers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from bench import clients
from bench.clients import AIOHTTP, ASYNC, SYNCJOB, Client
from bench.limits import ideal_seconds
from bench.reading import Sample, sample
from bench.results import Goal, Row, Section, Table, ratios, spread
from bench.sizes import Cell, Size

_HEADER = (
    "client",
    "wall s",
    "wall / ideal",
    "CPU ms / request",
    "connections",
    "requests",
    "not read",
    "peak MiB",
    "server busy",
)
_GOALS_AT = 20  # milliseconds


class _Place(NamedTuple):
    latency: int
    workers: int


_Samples = Mapping[_Place, Mapping[Client, Sequence[Sample]]]


def compare(size: Size) -> Section:
    samples = {_Place(cell.latency, cell.workers): _runs(cell, size.rounds) for cell in size.cells}
    tables = [_table(place, runs) for place, runs in samples.items()]
    return Section(tables, tuple(_goals(samples)))


def _runs(cell: Cell, rounds: int) -> Mapping[Client, Sequence[Sample]]:
    """The samples of each client; the clients take turns, so that a busy machine slows all of them."""
    fitting = [client for client in clients.ALL if client.has_workers or cell.workers == 1]
    runs: dict[Client, list[Sample]] = {client: [] for client in fitting}
    for _ in range(rounds):
        for client, samples in runs.items():
            samples.append(sample(client, cell.items, cell.workers, cell.latency / 1000))
    return runs


def _table(place: _Place, runs: Mapping[Client, Sequence[Sample]]) -> Table:
    items = next(iter(runs.values()))[0].items
    workers = "1 worker" if place.workers == 1 else f"{place.workers} workers"
    title = f"Latency {place.latency} ms, {workers}, {items:,} descriptions"
    return Table(title, _HEADER, [_row(client, samples, place) for client, samples in runs.items()])


def _row(client: Client, samples: Sequence[Sample], place: _Place) -> Row:
    name = f"{client.name}, a loop" if place.workers == 1 and client is clients.HTTPX else client.name
    busy = [100 * sample.count.cpu / sample.cost.wall for sample in samples]
    return (
        name,
        spread([sample.cost.wall for sample in samples]),
        spread(_over_ideal(samples, place)) if place.latency else "-",
        spread([sample.cpu_ms for sample in samples], digits=3),
        spread([sample.count.connections for sample in samples], digits=0),
        spread([sample.count.requests for sample in samples], digits=0),
        spread([sample.cost.failed for sample in samples], digits=0),
        spread([sample.cost.peak_mib for sample in samples], digits=0),
        f"{sorted(busy)[len(busy) // 2]:.0f} %",
    )


def _over_ideal(samples: Sequence[Sample], place: _Place) -> Sequence[float]:
    """The ideal is a client that costs nothing; there is none without latency."""
    return [
        sample.cost.wall / ideal_seconds(sample.items, sample.items, place.latency / 1000, place.workers)
        for sample in samples
    ]


def _goals(samples: _Samples) -> Iterator[Goal]:
    at_32, at_64, at_8 = (samples[_Place(_GOALS_AT, workers)] for workers in (32, 64, 8))
    for other, limit in ((ASYNC, 0.25), (AIOHTTP, 0.5)):
        name = f"CPU per request of syncjob over {other.name}, {_GOALS_AT} ms, 32 workers"
        yield Goal(name, ratios(_cpu(at_32[SYNCJOB]), _cpu(at_32[other])), limit)
    figures = _over_ideal(at_32[SYNCJOB], _Place(_GOALS_AT, 32))
    items = at_32[SYNCJOB][0].items
    yield Goal(f"wall / ideal of syncjob, {_GOALS_AT} ms, 32 workers, {items:,} items", figures, 1.12)
    figures = ratios(_cpu(at_64[SYNCJOB]), _cpu(at_8[SYNCJOB]))
    yield Goal(f"CPU per request of syncjob at 64 workers over at 8, {_GOALS_AT} ms", figures, 1.15)
    opened = [sample.count.connections / place.workers for place, of in samples.items() for sample in of[SYNCJOB]]
    yield Goal("connections of syncjob over its workers, the most of all runs", [max(opened)], 1.0)


def _cpu(samples: Sequence[Sample]) -> Sequence[float]:
    return [sample.cpu_ms for sample in samples]
