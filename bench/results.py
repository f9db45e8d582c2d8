"""Measured numbers as aligned tables, ratios and goals. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.clients import AIOHTTP, ASYNC, SYNCJOB, WORKERS, Client
from bench.startup import HELP, NOTHING

Row = tuple[str, ...]
HEADER = ("client", "wall s", "wall / ideal", "CPU ms / request", "connections", "requests")


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of one client. `ideal` is the wall time of a client that costs nothing; 0 without latency."""

    wall: float
    cpu_per_request: float
    ideal: float
    connections: int
    requests: int


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure of each round, whose median should be at most `limit`."""

    name: str
    figures: Sequence[float]
    limit: float
    digits: int = 2

    @property
    def row(self) -> Row:
        verdict = "met" if median(self.figures) <= self.limit else "MISSED"
        return (verdict, self.name, spread(self.figures, self.digits), f"at most {self.limit:g}")


# The samples of each client by latency in milliseconds.
Samples = Mapping[int, Mapping[Client, Sequence[Sample]]]


def client_row(client: Client, samples: Sequence[Sample]) -> Row:
    has_ideal = all(sample.ideal for sample in samples)
    return (
        client.name,
        spread([sample.wall for sample in samples]),
        spread([sample.wall / sample.ideal for sample in samples]) if has_ideal else "-",
        spread([sample.cpu_per_request * 1000 for sample in samples], digits=3),
        spread([sample.connections for sample in samples], digits=0),
        spread([sample.requests for sample in samples], digits=0),
    )


def start_rows(times: Mapping[str, Sequence[float]]) -> Iterator[Row]:
    for name, seconds in times.items():
        yield name, spread([1000 * value for value in seconds], digits=1), spread(_ratios(seconds, times[NOTHING]))


def since_rows(times: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> Iterator[Row]:
    for name, (wall, cpu) in times.items():
        yield name, spread(wall, digits=3), spread(cpu, digits=3)


def goals(samples: Samples, times: Mapping[str, Sequence[float]], since: Sequence[float]) -> Iterator[Goal]:
    for latency, clients in samples.items():
        for other, limit in ((ASYNC, 0.3), (AIOHTTP, 0.55)):
            figures = _ratios(_cpu(clients[SYNCJOB]), _cpu(clients[other]))
            yield Goal(f"CPU per request, syncjob / {other.name}, {latency} ms", figures, limit)
    for latency, clients in samples.items():
        own = clients[SYNCJOB]
        if latency:
            yield Goal(f"wall / ideal of syncjob, {latency} ms", [sample.wall / sample.ideal for sample in own], 1.15)
        most = max(sample.connections for sample in own)
        yield Goal(f"connections of syncjob, {latency} ms", [most], WORKERS, digits=0)
    yield Goal(f"{HELP} / {NOTHING}", _ratios(times[HELP], times[NOTHING]), 4.2)
    yield Goal("seconds of diff --since, 10,000 files, 100 commits", since, 1.0)


def table(rows: Sequence[Row]) -> str:
    """Rows of one length with their columns aligned."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def spread(values: Sequence[float], digits: int = 2) -> str:
    """The median, with the least and the greatest where they differ."""
    middle, least, greatest = (f"{value:.{digits}f}" for value in (median(values), min(values), max(values)))
    return middle if least == greatest else f"{middle} ({least}..{greatest})"


def _cpu(samples: Sequence[Sample]) -> Sequence[float]:
    return [sample.cpu_per_request for sample in samples]


def _ratios(values: Sequence[float], base: Sequence[float]) -> Sequence[float]:
    """Round by round, so that both sides of a ratio met the machine as busy."""
    return [value / other for value, other in zip(values, base, strict=True)]
