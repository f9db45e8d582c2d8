"""The figures of docs/benchmarks.md as numbers for its charts, so that a chart is no second measurement. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bench.page import tables
from bench.results import Table
from bench.simulated import ADMITTED, ALLOWED, REFUSED


class Spread(NamedTuple):
    """A median with the least and the greatest."""

    median: float
    least: float
    greatest: float


class Minutes(NamedTuple):
    """Requests in each minute under one limiter."""

    allowed: Sequence[float]
    admitted: Sequence[float]
    refused: Sequence[float]


class Requests(NamedTuple):
    """What a task sent, and what a plain loop would have."""

    sent: float
    of_a_loop: float


def spread_of(cell: str) -> Spread:
    """What `bench.results.spread` wrote."""
    numbers = [float(number.replace(",", "")) for number in re.findall(r"[\d,]+(?:\.\d+)?", cell)]
    return Spread(*(numbers if len(numbers) == 3 else [numbers[0]] * 3))


def by_workers(page: str, column: str, latency: int) -> Mapping[str, Mapping[int, Spread]]:
    """Of each client that was measured with more than one worker, the figures of a column by workers."""
    found: dict[str, dict[int, Spread]] = {}
    for table in tables(page):
        if at := re.match(rf"Latency {latency} ms, (\d+) workers?", table.title):
            for client, cell in _column(table, column).items():
                found.setdefault(re.sub(", a loop$", "", client), {})[int(at[1])] = spread_of(cell)
    return {client: figures for client, figures in found.items() if len(figures) > 1}


def requests_of_tasks(page: str) -> Mapping[str, Requests]:
    (table,) = (table for table in tables(page) if table.title == "Whole runs")
    loop = _column(table, "of a plain loop")
    sent = _column(table, "requests")
    return {
        task.replace("`", ""): Requests(spread_of(cell).median, spread_of(loop[task]).median)
        for task, cell in sent.items()
    }


def by_minute(page: str) -> Mapping[str, Minutes]:
    """The simulated limiters."""
    of = {table.title: {row[0]: [float(cell) for cell in row[1:]] for row in table.rows} for table in _simulated(page)}
    return {name: Minutes(allowed, of[ADMITTED][name], of[REFUSED][name]) for name, allowed in of[ALLOWED].items()}


def _simulated(page: str) -> Sequence[Table]:
    return [table for table in tables(page) if table.title in (ALLOWED, ADMITTED, REFUSED)]


def _column(table: Table, name: str) -> Mapping[str, str]:
    """Cells of a column by those of the first."""
    return {row[0]: row[table.header.index(name)] for row in table.rows}
