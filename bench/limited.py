"""The same clients against a server that refuses more than a number of requests a minute."""

from collections.abc import Iterator

from bench.clients import AIOHTTP, ASYNC, HTTPX, MISLED, SYNCJOB, Client
from bench.limits import ideal_seconds
from bench.reading import Sample, sample
from bench.results import Goal, Row, Section, Table
from bench.sizes import Limited, Size

_CLIENTS = (SYNCJOB, MISLED, ASYNC, AIOHTTP, HTTPX)
_LATENCY, _WORKERS = 0.1, 32
_HEADER = ("client", "wall s", "wall / ideal", "429s", "descriptions not read", "requests")


def compare(size: Size) -> Section:
    """Once each: a run takes minutes, and what it shows is not a matter of a percent."""
    runs = {limited: {client: _run(client, limited) for client in _CLIENTS} for limited in size.limits}
    tables = [
        Table(_title(limited), _HEADER, [_row(client, limited, run) for client, run in of.items()])
        for limited, of in runs.items()
    ]
    goals = [goal for limited, of in runs.items() for goal in _goals(limited, of[SYNCJOB])]
    return Section(tables, goals)


def _run(client: Client, limited: Limited) -> Sample:
    # The read that is not counted is one of the window's requests.
    return sample(client, limited.items - 1, _WORKERS, _LATENCY, (limited.kind, limited.per_minute))


def _title(limited: Limited) -> str:
    window = "sliding minute" if limited.kind == "sliding" else "fixed minute"
    latency = f"latency {1000 * _LATENCY:.0f} ms, {_WORKERS} workers"
    return f"{limited.per_minute:,} requests a {window}, {limited.items:,} descriptions, {latency}"


def _row(client: Client, limited: Limited, run: Sample) -> Row:
    return (
        client.name,
        f"{run.cost.wall:.2f}",
        f"{_over_ideal(limited, run):.3f}" if not run.cost.failed else "-",
        f"{run.count.refused:,}",
        f"{run.cost.failed:,}",
        f"{run.count.requests:,}",
    )


def _over_ideal(limited: Limited, run: Sample) -> float:
    return run.cost.wall / ideal_seconds(limited.items, limited.per_minute, _LATENCY, _WORKERS)


def _goals(limited: Limited, run: Sample) -> Iterator[Goal]:
    what = f"{limited.items:,} reads at {limited.per_minute:,} a {limited.kind} minute"
    yield Goal(f"429s to syncjob, {what}", [run.count.refused], 0, digits=0)
    yield Goal(f"wall / ideal of syncjob, {what}", [_over_ideal(limited, run)], 1.03, digits=3)
